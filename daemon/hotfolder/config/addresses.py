"""
The addresses of the outside: server, ledger, status page, and those that the server is to call.

Regions and hosts are those of PROTOCOL 1.1 (Adobe, "Image Production System API", pages c-http-post and
c-wsdl-versions): UploadFile and the SOAP service live on two host families.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from hotfolder.config.table import Check

REGIONS = {"north-america": "s7sps1", "emea": "s7sps3", "asia-pacific": "s7sps5"}
_SUFFIXES = {"production": "", "staging": "-staging"}
_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql+psycopg://"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*(?::[1-9][0-9]{{0,4}})?"
_PATH = r"(?:[/?][A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
"""
Hosts and paths of addresses that the server is to call: only what every reader of addresses takes alike.

Backslashes, blanks, names before an "@" or a "#" could make the server see another host than we do.
"""

LISTEN_WANTED = 'an address and port such as "127.0.0.1:8480", or ""'


def region_urls(region: str, environment: str) -> tuple[str, str]:
    """Return the addresses of UploadFile and of the SOAP service."""
    host, suffix = REGIONS[region], _SUFFIXES[environment]
    return (
        f"https://{host}ssl{suffix}.scene7.com/scene7/UploadFile",
        f"https://{host}apissl{suffix}.scene7.com/scene7/services/IpsApiService",
    )


def base_urls(base_url: str) -> tuple[str, str]:
    """Return the addresses of UploadFile and of the SOAP service below one base."""
    base = base_url.rstrip("/")
    return f"{base}/UploadFile", f"{base}/services/IpsApiService"


def proxy_host(url: str) -> str | None:
    """Return the host of an HTTP proxy, None if that is no address of one."""
    found = re.fullmatch(r"http://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})/?", url)
    return found[1].strip("[]") if found is not None and 0 < int(found[2]) <= 65535 else None


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def ledger_file(url: str) -> Path | None:
    """Return the file of a SQLite ledger, None for a database server."""
    return Path(url.removeprefix(_SQLITE).partition("?")[0]) if url.startswith(_SQLITE) else None


def absolute_ledger_url(url: str, base: Path) -> str:
    """Return the URL with the SQLite file below `base`, unless it is absolute already."""
    file = ledger_file(url)
    if file is None:
        return url
    query = url.removeprefix(_SQLITE).partition("?")[1:]
    return f"{_SQLITE}{base / file}{''.join(query)}"


def split_listen(listen: str) -> tuple[str, int]:
    """Return host and port of "127.0.0.1:8480" or "[::1]:8480"; raises ValueError with what is wanted."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", listen)
    if found is None or int(found[2]) > 65535:
        raise ValueError(LISTEN_WANTED)
    return found[1].strip("[]"), int(found[2])


def url_host(url: str) -> str | None:
    """Return the host of an address for the server to call, with its port if one is named; None if it is none."""
    found = re.fullmatch(rf"https://({_HOST}){_PATH}", url)
    return found[1] if found else None


def same_host(one: str, other: str) -> bool:
    """Tell whether two hosts are the same, with port 443 where none is named."""
    plain = [host.lower().removesuffix(":443") for host in (one, other)]
    return plain[0] == plain[1]


def _check_base_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "a URL"
    if parts.scheme not in {"https", "http"} or not host or re.search(r"\s", url):
        return 'a URL such as "https://ips.example.com/scene7"'
    if parts.username is not None or parts.password is not None:
        return "a URL without user and password; they have keys of their own"
    if parts.query or parts.fragment:
        return 'a URL without "?" and "#"'
    if parts.scheme == "http" and not is_loopback(host):
        return "https, since plain http would show the password to the network (allowed only to this machine)"
    return None


def _check_ledger_url(url: str) -> str | None:
    if re.search(r"[\x00-\x1f\x7f]", url):
        return "a URL without control characters"
    if url.startswith(_POSTGRESQL):
        try:
            database = urlsplit(url).path.strip("/")
        except ValueError:
            return "a URL"
        return None if database else f"a database at its end: {_POSTGRESQL}HOST/DATABASE"
    if not url.startswith("sqlite:"):
        return f'"{_SQLITE}FILE" or "{_POSTGRESQL}USER:PASSWORD@HOST/DATABASE"'
    file = ledger_file(url)
    if file is None or file == Path() or ":memory:" in url:
        return f'a file as in "{_SQLITE}ledger.db"; a ledger in memory would forget what was sent'
    return None


def _check_listen(listen: str) -> str | None:
    if not listen:
        return None
    try:
        split_listen(listen)
    except ValueError as error:
        return str(error)
    return None


def _check_post_url(url: str) -> str | None:
    if not url or url_host(url) is not None:
        return None
    if url.lower().startswith("http://"):
        return "https, since plain http can be read and changed on its way"
    if "@" in re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0]:
        return "an address without user and password"
    return _POST_URL_WANTED


def _check_post_host(host: str) -> str | None:
    return None if re.fullmatch(_HOST, host) else _POST_HOST_WANTED


def _check_proxy(url: str) -> str | None:
    if "@" in url:
        return "a URL without user and password; they go into proxy_login_file"
    return None if proxy_host(url) is not None else _PROXY_WANTED


def _check_address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _ADDRESS_WANTED
    return "one address, since it is bound to" if address.is_unspecified or address.is_multicast else None


_PROXY_WANTED = 'an HTTP proxy with its port, such as "http://proxy.example.com:3128"'
_ADDRESS_WANTED = 'an address of this machine such as "192.0.2.10"'
_POST_URL_WANTED = 'an address such as "https://hooks.example.com/done", or "" for none'
_POST_HOST_WANTED = 'a host such as "hooks.example.com", with its port if that is not 443'
BASE_URL = Check(
    wanted='a URL such as "https://ips.example.com/scene7"',
    test=_check_base_url,
    pattern=r"^(https://[^\s/?#@]+|http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?)(/[^\s?#]*)?$",
)
PROXY = Check(
    wanted=_PROXY_WANTED,
    test=_check_proxy,
    pattern=r"^http://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}/?$",
)
ADDRESS = Check(
    wanted=_ADDRESS_WANTED,
    test=_check_address,
    pattern=r"^[0-9a-fA-F:.]+$",
)
LEDGER_URL = Check(
    wanted="the URL of a ledger",
    test=_check_ledger_url,
    pattern=r"^(sqlite:///(?!\?|:memory:|$)|postgresql\+psycopg://[^/]*/[^/?])[^\x00-\x1f\x7f]*$",
)
LISTEN = Check(
    wanted=LISTEN_WANTED,
    test=_check_listen,
    pattern=r"^((\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})?$",
)
POST_URL = Check(
    wanted=_POST_URL_WANTED,
    test=_check_post_url,
    pattern=rf"^(?:https://{_HOST}{_PATH})?$",
)
POST_HOST = Check(
    wanted=_POST_HOST_WANTED,
    test=_check_post_host,
    pattern=rf"^{_HOST}$",
)
