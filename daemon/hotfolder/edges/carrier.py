"""
Messages to people by Apprise: mail, chat and whatever else it has a URL for.

Apprise is optional and slow to load, so it is imported when the first message has somewhere to go.
"""

from __future__ import annotations

import logging
import re
import threading

from hotfolder.config.notify import quiet_apprise
from hotfolder.core.wording import tidied
from hotfolder.ports import CarrierError, Letter

CONNECT_S = 15.0
READ_S = 30.0  # a mail server that greets late, or scans what it gets, is a healthy one

PAUSE_S = 1.0  # between two messages; Apprise's own 5.5 s are for programs that do not gather what they say

_CAUSE = "Socket Exception: "
_ADDRESS = re.compile(r" with url: \S+")  # of many services a secret
_REASON_MOST = 3  # lines of what Apprise says of a failure; the first ones tell


class AppriseCarrier:
    """One URL of Apprise's."""

    def __init__(self, url: str) -> None:
        """Raise `CarrierError` if Apprise is missing or does not know such a URL; nothing is sent yet."""
        try:
            import apprise
        except ModuleNotFoundError:
            raise CarrierError("Apprise is not installed: pip install 'hotfolder[notify]'") from None
        self._logger = quiet_apprise()
        self._logger.setLevel(logging.DEBUG)  # at WARNING it says that something failed, and not why
        asset = apprise.AppriseAsset(app_id="hotfolder", app_desc="hotfolder", app_url="")
        plugin = apprise.Apprise.instantiate(url, asset=asset)
        if plugin is None:
            raise CarrierError("Apprise does not understand its URL; 'hotfolder check' says which")
        self._text = apprise.NotifyFormat.TEXT
        if "format=" not in url:
            plugin.notify_format = self._text  # what we write is no HTML, and mail is readable without
        if "cto=" not in url:
            plugin.socket_connect_timeout = CONNECT_S
        if "rto=" not in url:
            plugin.socket_read_timeout = READ_S
        plugin.request_rate_per_sec = min(plugin.request_rate_per_sec, PAUSE_S)
        self._plugin = plugin

    def send(self, letter: Letter) -> None:
        """Deliver a message, or raise `CarrierError`."""
        with _Heard(self._logger) as heard:
            try:
                is_sent = self._plugin.notify(title=letter.title, body=letter.body, body_format=self._text)
            except Exception as error:  # a hundred services, each with errors of its own
                raise CarrierError(tidied(f"{type(error).__name__}: {error}")) from error
        if not is_sent:
            raise CarrierError(heard.reason or "Apprise does not say why")


class _Heard(logging.Handler):
    """What Apprise logs in this thread: it says there, and nowhere else, why something failed."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logging.DEBUG)
        self._logger = logger
        self._thread = threading.get_ident()
        self._lines: list[str] = []

    @property
    def reason(self) -> str:
        return "; ".join(self._lines)

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and len(self._lines) < _REASON_MOST:
            line = _ADDRESS.sub("", tidied(record.getMessage())).rstrip(".")
            if line.startswith(_CAUSE) or record.levelno >= logging.WARNING:
                self._lines.append(line.removeprefix(_CAUSE))

    def __enter__(self) -> _Heard:
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
