"""
Who may call: the one company and user of a sandbox, and the authHeader that a request carries (PROTOCOL 1.4).
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from hotfolder.sandbox.documents import FAULT_NAMESPACE, NAMESPACE, is_true, read, split_tag, text_of
from hotfolder.sandbox.errors import invalid_company, invalid_credentials, no_credentials
from hotfolder.sandbox.schemas import AUTH_HEADER

FAR_AWAY: Final = datetime(2099, 1, 1, tzinfo=UTC)

COMPANY_NUMBER: Final = "2101"
"""The number in the handles of the documents' examples (PROTOCOL 2.7)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthHeader:
    """What a request says of its sender."""

    user: str | None
    password: str | None
    client: str  # appName and appVersion
    wants_gzip: bool | None  # None: as Accept-Encoding says
    fault_status: int | None  # HTTP status of faults, None for 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The company and the user of a sandbox."""

    company: str
    user: str
    password: str
    password_expires: datetime | None = FAR_AWAY  # what it tells of it; it goes on taking the password

    @property
    def company_handle(self) -> str:
        return f"c|{COMPANY_NUMBER}"

    @property
    def root_path(self) -> str:
        """IPS paths start with it (PROTOCOL 2.5)."""
        return f"{self.company}/"

    @property
    def user_handle(self) -> str:
        return f"u|41|{self.user}"

    def check(self, auth: AuthHeader) -> None:
        """Fault 10000 without credentials, 10001 with wrong ones."""
        if not auth.user or not auth.password:
            raise no_credentials("authHeader has no user or no password")
        if not self.knows(auth.user, auth.password):
            raise invalid_credentials()

    def knows(self, user: str, password: str) -> bool:
        return user == self.user and hmac.compare_digest(password.encode(), self.password.encode())

    def check_company(self, handle: str | None) -> None:
        """Fault 20000 for any company but ours; None stands for the user's own."""
        if handle is not None and handle != self.company_handle:
            raise invalid_company(handle)


def read_auth(element: etree._Element | None, *, is_versioned: bool = True) -> AuthHeader:
    """The authHeader of a request: ordered, with appName and appVersion; fault 10000 in the wrong namespace."""
    if element is None:
        raise no_credentials("The request has no authHeader")
    namespace, name = split_tag(element)
    wanted = NAMESPACE if is_versioned else FAULT_NAMESPACE
    if (namespace, name) != (wanted, "authHeader"):
        raise no_credentials(f"Found {{{namespace}}}{name}, wanted {{{wanted}}}authHeader")
    for part in element.iter(f"{{{wanted}}}*"):  # the other one is read as if it were versioned
        part.tag = f"{{{NAMESPACE}}}{split_tag(part)[1]}"
    tree = read(element, "authHeader", AUTH_HEADER)
    status = text_of(tree, "faultHttpStatusCode")
    return AuthHeader(
        user=text_of(tree, "user"),
        password=text_of(tree, "password"),
        client=f"{tree['appName']} {tree['appVersion']}",
        wants_gzip=is_true(tree, "gzipResponse") if "gzipResponse" in tree else None,
        fault_status=None if status is None else int(status),
    )
