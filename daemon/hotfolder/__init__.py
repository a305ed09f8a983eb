"""
hotfolder gets every file that people drop into shared folders into Adobe Dynamic Media Classic.

The way in: `cli` parses a command, `compose` builds the daemon from concrete parts, `services` carry out what the pure
`core.coordinator` decides, `edges` touch the outside world, and `ips` knows the server's documents.
`sandbox` is a server to try it all on; it imports nothing of the rest.
"""

__version__ = "0.1.0"
