"""
The two XML parts of an UploadFile POST: who we are, and what is to be done with the files (PROTOCOL 1.4, 2.2).

The server's parsers read strictly in sequence, so the order of the elements is part of the format.
"""

from __future__ import annotations

from hotfolder.core.server import Company
from hotfolder.ips.markup import BARE_NAMESPACE, NAMESPACE, add_text, new_root, serialise
from hotfolder.ips.options import add_upload_options

APP_NAME = "hotfolder"
LOCALE = "en-US"
"""Pinned: log messages are localised, and some are read as a last resort (PROTOCOL 1.3, 4.4)."""


def auth_fields(user: str, password: str, app_version: str) -> dict[str, str]:
    """Return the fields of authHeader in wire order, the same for UploadFile and SOAP (PROTOCOL 1.4)."""
    return {"user": user, "password": password, "locale": LOCALE, "appName": APP_NAME, "appVersion": app_version}


def auth_document(user: str, password: str, app_version: str, *, is_versioned: bool = True) -> bytes:
    """
    Return the `auth` part: authHeader in the versioned namespace, or in the bare one; raises `UnfitTextError`.

    The order of the versioned one fits both: the other may have any (PROTOCOL 1.4).
    """
    root = new_root("authHeader", namespace=NAMESPACE if is_versioned else BARE_NAMESPACE)
    for name, text in auth_fields(user, password, app_version).items():
        add_text(root, name, text)
    return serialise(root)


def destination_folder(company: Company, destination: str) -> str:
    """Return a folder as the server writes it: from the company's root, with a slash at the end (PROTOCOL 2.5)."""
    return f"{company.root_path}{destination}/" if destination else company.root_path


def upload_document(
    *,
    company: Company,
    destination: str | None,
    job_name: str | None = None,
    job_handle: str | None = None,
    options: str | None = None,
    file_name: str | None = None,
    end_job: bool = False,
    pretty: bool = False,
) -> bytes:
    """
    Return the `uploadParams` part: uploadPostParam in the order of PROTOCOL 2.2.

    Exactly one of `job_name` (opens a job) and `job_handle` is given; `options` is canonical JSON and belongs to the
    POST that opens. `destination` is below the company root; None leaves it out, for a POST without files.
    Raises `DocumentError` when the values do not make a document.
    """
    if (job_name is None) == (job_handle is None):
        raise ValueError("a POST either opens a job by name or goes on with one by handle")
    root = new_root("uploadPostParam")
    add_text(root, "companyHandle", company.handle)
    if job_name is not None:
        add_text(root, "jobName", job_name)
        add_text(root, "locale", LOCALE)
    if job_handle is not None:
        add_text(root, "jobHandle", job_handle)
    if destination is not None:
        add_text(root, "destFolder", destination_folder(company, destination))
    if file_name is not None:
        add_text(root, "fileName", file_name)
    if end_job:
        add_text(root, "endJob", "true")
    if options is not None:
        add_upload_options(root, options)
    return serialise(root, pretty=pretty)
