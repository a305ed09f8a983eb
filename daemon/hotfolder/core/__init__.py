"""
Every decision of the daemon, as values in and values out.

Nothing in here opens a file or a socket, reads a clock, starts a thread or writes a log line.
"""
