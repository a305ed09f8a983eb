"""
The sandbox as a command: serve until SIGINT or SIGTERM.
"""

import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from hotfolder.sandbox.account import FAR_AWAY
from hotfolder.sandbox.box import Sandbox
from hotfolder.sandbox.errors import SandboxError
from hotfolder.sandbox.names import OverwriteMode


def run_sandbox(
    *,
    port: int,
    data: Path,
    company: str,
    user: str,
    password: str,
    speed: float,
    job_timeout_s: float,
    faults: Path | None,
    overwrite_mode: str = OverwriteMode.FULL_NAME_ANY_FOLDER.value,
    serial: bool = False,
    auth_namespace: str = "versioned",
    password_expires_s: float | None = None,
) -> int:
    """
    Serve on loopback until SIGINT or SIGTERM; must be called in the main thread.

    Prints the base URL as one line on stdout when it is ready.
    Gives the exit code: 0, or 2 with a message on stderr if it cannot start.
    """
    stop = threading.Event()
    expires = FAR_AWAY
    if password_expires_s is not None:
        expires = datetime.now(UTC) + timedelta(seconds=password_expires_s)

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Sandbox(
            data=data,
            port=port,
            company=company,
            user=user,
            password=password,
            speed=speed,
            job_timeout=job_timeout_s,
            faults=faults,
            overwrite_mode=overwrite_mode,
            serial=serial,
            auth_namespace=auth_namespace,
            password_expires=expires,
        ) as box:
            sys.stdout.write(f"{box.base_url}\n")
            sys.stdout.flush()
            stop.wait()
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
