"""Where messages arrive in tests: a mail server and a webhook that keep what they are sent, and ones that do not."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message as its receiver sees it."""

    title: str
    body: str
    to: str = ""


@dataclass
class Sink:
    """What has arrived so far."""

    url: str = ""
    messages: list[Message] = field(default_factory=list)

    def titled(self, part: str) -> Message | None:
        """Return the first message with this in its title, None if none has arrived."""
        return next((message for message in list(self.messages) if part in message.title), None)


@contextmanager
def mail_server() -> Iterator[Sink]:
    """Take every mail, as the simplest server does; its URL lacks the receiver."""
    sink = Sink()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 mail.example.com")
            while line := self.rfile.readline():
                match line.split()[0].upper():
                    case b"DATA":
                        self._say("354 go on")
                        self._take()
                        self._say("250 taken")
                    case b"QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 good")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def _take(self) -> None:
            lines: list[bytes] = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
            part = mail.get_body()
            body = "" if part is None else str(part.get_content())
            sink.messages.append(Message(title=str(mail["Subject"]), body=body, to=str(mail["To"])))

    with socketserver.ThreadingTCPServer((HOST, 0), Session) as server:
        server.daemon_threads = True
        sink.url = f"mailto://{HOST}:{server.server_address[1]}?from=hotfolder@example.com"
        with _served(server):
            yield sink


@contextmanager
def webhook() -> Iterator[Sink]:
    """Take every JSON document that is posted."""
    sink = Sink()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sink.messages.append(Message(title=document["title"], body=document["message"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on stderr."""

    server = ThreadingHTTPServer((HOST, 0), Hook)
    server.daemon_threads = True
    sink.url = f"json://{HOST}:{server.server_address[1]}/hooks/a-secret-of-the-desk"
    with server, _served(server):
        yield sink


@contextmanager
def dead_mail_server() -> Iterator[str]:
    """Give the URL of one that accepts connections and never says a word."""
    with socket.create_server((HOST, 0)) as listener:
        yield f"mailto://desk:s3cret-of-the-desk@{HOST}:{listener.getsockname()[1]}?from=a@example.com&to=b@example.com"


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
