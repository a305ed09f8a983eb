"""
Having the server publish (PROTOCOL 4.5, submitJob): the one SOAP call of ours that changes something there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hotfolder.core import line_troubles
from hotfolder.core.server import Company, Kind, RemoteError
from hotfolder.edges.remote.soap import NotOfferedError
from hotfolder.ips.documents import LOCALE

PUBLISH_TYPE = "Incremental"
"""What is marked and has changed since the last publish; `Full` makes the server go through the whole company."""

NO_COMPANY = (20000, 20006)
"""Fault codes (PROTOCOL 1.5) about the company: they concern all that we do, not the publish alone."""

UNREADABLE = 30003
"""The server's schema has no such thing."""


def submit_publish(call: Callable[..., Any], company: Company, name: str) -> None:
    """
    Submit an incremental publish under a name, once, without mails, to begin at once.

    Raises `RemoteError`: permanent where the server does not offer it or the role may not, unknown where the answer was
    lost. That it names no handle is no reason to doubt an answer.
    """
    try:
        call(
            "submitJob",
            lambda answer: answer,
            companyHandle=company.handle,
            jobName=name,
            locale=LOCALE,
            imageServingPublishJob={"publishType": PUBLISH_TYPE, "emailSetting": "None"},
        )
    except RemoteError as error:
        if _is_not_for_us(error):
            text = line_troubles.NO_PUBLISHING.format(why=error)
            raise RemoteError(replace(error.trouble, kind=Kind.PERMANENT, text=text)) from error
        raise


def _is_not_for_us(error: RemoteError) -> bool:
    code = error.trouble.code
    if isinstance(error, NotOfferedError) or code == UNREADABLE:
        return True
    return code is not None and 20000 <= code < 30000 and code not in NO_COMPANY
