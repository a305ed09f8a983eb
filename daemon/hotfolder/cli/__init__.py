"""
The commands. Each parses, runs and returns; only `main` turns errors into exit codes.
"""

from hotfolder.cli.app import main

__all__ = ["main"]
