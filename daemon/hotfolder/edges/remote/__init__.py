"""
The real server: UploadFile over urllib3, SOAP over zeep, behind `ports.Remote`.
"""

from hotfolder.edges.remote.client import IpsRemote

__all__ = ["IpsRemote"]
