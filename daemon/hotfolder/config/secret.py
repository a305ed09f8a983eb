"""
Where the password comes from: a file of the administrator, a systemd credential, or the environment.

Nothing in here, and no message, ever shows it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

CREDENTIAL = "ips-password"  # the name under LoadCredential= of the systemd unit
CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"
PASSWORD_VARIABLE = "HOTFOLDER_PASSWORD"  # noqa: S105 - the name of a variable
PLACEHOLDER = "put the password here"  # what `hotfolder init` writes; no account of Adobe has it

PASSWORD = "the password"  # noqa: S105 - what messages call it

_LONGEST = 4096  # bytes; a longer "password" is a wrong file
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # it travels in XML 1.0


class SecretError(Exception):
    """There is no usable password; says what was found and what is wanted, never the content."""

    def __init__(self, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(f"found {found}, wanted {wanted}")


def read_password(
    file: Path | None, environment: Mapping[str, str], *, name: str | None = None, shared_file: Path | None = None
) -> str:
    """
    Return the password from `file`, or if that is None from the credential, or from the environment.

    A server with a `name` has a credential of its own; that goes before what it shares with others, of which
    `shared_file` comes first. Of a file one line end at its end is cut off; everything else is kept.
    Raises SecretError; a file that was named and cannot be used is an error, not a reason to look further.
    """
    if file is not None:
        return read_secret(file)
    own = [] if name is None else [f"{CREDENTIAL}-{name}"]
    for credential in own:
        found = _read_credential(credential, environment)
        if found is not None:
            return found
    if shared_file is not None:
        return read_secret(shared_file)
    found = _read_credential(CREDENTIAL, environment)
    if found is not None:
        return found
    password = environment.get(PASSWORD_VARIABLE, "")
    if not password:
        credentials = " or ".join([*own, CREDENTIAL])
        raise SecretError(
            "nothing", f"a file with the password (or the systemd credential {credentials}, or ${PASSWORD_VARIABLE})"
        )
    return _usable(password, f"${PASSWORD_VARIABLE}")


def read_secret(file: Path, *, what: str = PASSWORD) -> str:
    """Return what a file of the administrator holds, without the end of its line; raises SecretError."""
    return _read_file(file, refuse_others=True, what=what)


def read_credential(name: str, environment: Mapping[str, str], *, what: str = PASSWORD) -> str | None:
    """Return a systemd credential, None where there is none of that name; raises SecretError."""
    return _read_credential(name, environment, what=what)


def _read_credential(name: str, environment: Mapping[str, str], *, what: str = PASSWORD) -> str | None:
    """Return a systemd credential, None where there is none of that name."""
    directory = environment.get(CREDENTIALS_DIRECTORY)
    if not directory:
        return None
    credential = Path(directory, name)
    try:
        is_there = credential.exists()
    except OSError as error:
        raise SecretError(f"{credential}: {error.strerror}", "a credential that this user may read") from None
    if not is_there:
        return None
    return _read_file(credential, refuse_others=False, what=what)  # systemd guards it by its own means


def _read_file(file: Path, *, refuse_others: bool, what: str = PASSWORD) -> str:
    """Read through one descriptor, so that what was checked is what is read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO would block without a writer
    except FileNotFoundError:
        raise SecretError(f"no file {file}", f"a file that holds {what}") from None
    except OSError as error:
        raise SecretError(f"{file}: {error.strerror}", "a file that we may read") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SecretError(f"{file}, which is no plain file", f"a file that holds {what}")
        if refuse_others and status.st_mode & (stat.S_IROTH | stat.S_IWOTH):
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise SecretError(f"{file} with mode {mode}", f"that others may not touch it: chmod 600 {file}")
        content = os.read(descriptor, _LONGEST + 1)
    except OSError as error:
        raise SecretError(f"{file}: {error.strerror}", "a file that we may read") from None
    finally:
        os.close(descriptor)
    if len(content) > _LONGEST:
        raise SecretError(f"{file} with more than {_LONGEST} bytes", f"a file that holds {what} and nothing else")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{file}, which is not UTF-8", f"{what} in UTF-8") from None
    return _usable(text.removesuffix("\r\n" if text.endswith("\r\n") else "\n"), str(file), what)


def _usable(password: str, place: str, what: str = PASSWORD) -> str:
    if not password:
        raise SecretError(f"nothing in {place}", what)
    if _NOT_IN_XML.search(password):
        raise SecretError(f"a character in {place} that XML cannot carry", f"{what} as it can be sent")
    return password
