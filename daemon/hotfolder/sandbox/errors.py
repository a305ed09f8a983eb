"""
What can go wrong in the sandbox: `SandboxError` for whoever runs it, `IpsFaultError` for whoever calls it.
"""

from typing import Final

AUTHENTICATION: Final = "authenticationFault"
AUTHORIZATION: Final = "authorizationFault"
IPS_API: Final = "ipsApiFault"


class SandboxError(Exception):
    """The sandbox cannot start or cannot go on; the text says what to change."""


class IpsFaultError(Exception):
    """
    A fault as IPS answers it (PROTOCOL 1.5): one of three elements with a code and a reason.

    `status` is the HTTP status; `None` leaves it to the request's faultHttpStatusCode, else 500.
    """

    def __init__(self, code: int, reason: str, *, status: int | None = None) -> None:
        super().__init__(f"{element_of(code)} {code}: {reason}")
        self.code = code
        self.reason = reason
        self.status = status

    @property
    def element(self) -> str:
        """The local name of the fault element."""
        return element_of(self.code)


def element_of(code: int) -> str:
    """The fault element that carries a code (the table of PROTOCOL 1.5)."""
    if 10000 <= code < 20000:
        return AUTHENTICATION
    if 20000 <= code < 30000:
        return AUTHORIZATION
    return IPS_API


def no_credentials(reason: str) -> IpsFaultError:
    return IpsFaultError(10000, reason)


def invalid_credentials() -> IpsFaultError:
    return IpsFaultError(10001, "Invalid username/password")


def invalid_company(found: str) -> IpsFaultError:
    return IpsFaultError(20000, f"Invalid company handle: {found}")


def internal(reason: str) -> IpsFaultError:
    return IpsFaultError(30000, reason)


def invalid_parameter(reason: str) -> IpsFaultError:
    return IpsFaultError(30001, reason)


def missing_parameter(reason: str) -> IpsFaultError:
    return IpsFaultError(30002, reason)


def invalid_xml(reason: str) -> IpsFaultError:
    return IpsFaultError(30003, reason)
