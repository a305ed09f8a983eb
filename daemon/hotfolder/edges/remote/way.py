"""
How connections to one server are made: from which address of ours, through which proxy, trusting which certificates.

What the environment says of proxies and logins is never looked at (RELIABILITY E7); certificates are always verified.
"""

from __future__ import annotations

import base64
import errno
import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection

from hotfolder.core.settings import ServerSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """An HTTP proxy; everything goes through it by CONNECT, so it sees hosts and ports and nothing else."""

    host: str
    port: int
    headers: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """What is the same for all connections to one server."""

    proxy: Proxy | None = None
    tls: ssl.SSLContext | None = None  # None = nothing but a server of this machine, without TLS
    source_address: str | None = None  # None = as the machine chooses

    def connection(self, scheme: str, host: str, port: int, *, source: str | None, timeout_s: float) -> HTTPConnection:
        """Return a connection that is not made yet; from `source`, if a job has to go on from where it began."""
        address = source or self.source_address
        bound = None if address is None else (address, 0)
        at_host, at_port = (host, port) if self.proxy is None else (self.proxy.host, self.proxy.port)
        if scheme == "https":
            tls = self.tls or ssl.create_default_context()
            connection: HTTPConnection = HTTPSConnection(
                at_host, at_port, timeout=timeout_s, source_address=bound, ssl_context=tls
            )
        else:
            connection = HTTPConnection(at_host, at_port, timeout=timeout_s, source_address=bound)
        if self.proxy is not None:
            connection.set_tunnel(host, port, headers=self.proxy.headers)
        return connection

    def address_seen(self, connection: HTTPConnection) -> str | None:
        """Return the address of ours that the server sees, None where a proxy's is in its place."""
        if self.proxy is not None or connection.sock is None:
            return None
        address: str = connection.sock.getsockname()[0]
        return address


def way_to(settings: ServerSettings) -> Way:
    """Return the way that the settings describe; raises OSError for a bundle of certificates that cannot be read."""
    tls = None
    if any(urlsplit(url).scheme == "https" for url in (settings.upload_url, settings.soap_url)):
        bundle = settings.ca_bundle
        tls = ssl.create_default_context(cafile=None if bundle is None else str(bundle))  # 40 ms
    return Way(proxy=_proxy(settings), tls=tls, source_address=settings.source_address)


def _proxy(settings: ServerSettings) -> Proxy | None:
    if settings.proxy is None:
        return None
    parts = urlsplit(settings.proxy)
    headers = {}
    if settings.proxy_login is not None:
        login = base64.b64encode(settings.proxy_login.encode()).decode()
        headers["Proxy-Authorization"] = f"Basic {login}"
    return Proxy(host=parts.hostname or "", port=parts.port or 80, headers=headers)


def is_not_ours(error: BaseException) -> bool:
    """Tell whether a connection failed since the address to connect from is no address of this machine (any more)."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno == errno.EADDRNOTAVAIL


def refusal_of_proxy(error: BaseException) -> int | None:
    """Return the status with which a proxy refused to connect, None if that is not what happened."""
    found = re.match(r"Tunnel connection failed: (\d{3})", str(error)) if isinstance(error, OSError) else None
    return int(found[1]) if found is not None else None
