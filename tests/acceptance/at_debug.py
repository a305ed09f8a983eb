"""
The daemon with a log that keeps nothing to itself: `python -m tests.acceptance.at_debug CONFIG`, until a signal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hotfolder.cli.running import running_daemon
from hotfolder.config import load, read_server_password


def main(config: Path) -> None:
    """Run it; its exit code says nothing."""
    with running_daemon(
        load(config, os.environ).settings,
        read_password=lambda name: read_server_password(config, os.environ, name),
        until=lambda daemon: False,
        log_level="debug",
    ):
        pass


if __name__ == "__main__":
    main(Path(sys.argv[1]))
