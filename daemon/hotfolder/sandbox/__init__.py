"""
An IPS server to try everything on, in this process or as a command: UploadFile, jobs, logs, assets, scripted faults.

Written from the protocol's description alone and importing nothing else of hotfolder, so that it proves something
about it: what the description asks of a client is demanded here, strictly.
It is no product of Adobe, keeps no secrets and belongs on loopback.

The way of one POST: `server` reads the head, `upload` the body by `multipart` and `documents`, `jobs` takes the files;
when the job runs, `ingest` makes assets and log rows of them, which `soap` and `operations` tell of.
`faults` says what goes wrong on the way.
"""

from hotfolder.sandbox.box import Sandbox
from hotfolder.sandbox.clock import Clock
from hotfolder.sandbox.errors import SandboxError
from hotfolder.sandbox.faults import Fault, FaultFileError
from hotfolder.sandbox.names import OverwriteMode
from hotfolder.sandbox.records import RequestRecord
from hotfolder.sandbox.run import run_sandbox

__all__ = [
    "Clock",
    "Fault",
    "FaultFileError",
    "OverwriteMode",
    "RequestRecord",
    "Sandbox",
    "SandboxError",
    "run_sandbox",
]
