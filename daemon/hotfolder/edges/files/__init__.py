"""
The files of one hot folder: walking, looking, claiming, reading, filing.

Everything is done beneath a descriptor of the folder's root and never through a link; nothing is ever replaced. Knows
paths, identities and bytes; what they mean is the coordinator's.
"""

from hotfolder.edges.files.folder import FolderFiles
from hotfolder.edges.files.owner import Owner
from hotfolder.edges.files.probes import FileSystem
from hotfolder.edges.files.syscalls import Syscalls

__all__ = ["FileSystem", "FolderFiles", "Owner", "Syscalls"]
