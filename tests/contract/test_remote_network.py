"""
`IpsRemote` against networks and servers that misbehave in ways no well-meant server can be scripted to.

What matters each time: may the server have got the POST, and is a doubtful connection ever used again?
"""

import gzip
import logging
import shutil
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from tests.contract.fronts import make_certificate
from tests.contract.odd_server import (
    ACCEPTED,
    FAULT,
    Behaviour,
    Head,
    OddServer,
    Peer,
    answer,
    hang_after,
    reply,
    reply_early,
    reset_after,
)
from tests.contract.parts import CANARY, COMPANY, Bytes, later, make_remote, opening, part, settings

from hotfolder.config.secret import SecretError
from hotfolder.core.server import Company, Kind, RemoteError
from hotfolder.edges.remote import IpsRemote
from hotfolder.ports import ChangedError, FolderError, PostFile, PostRequest, Progress

SMALL = b"x" * 50_000
LARGE = b"y" * (17 * 1024 * 1024)
EARLY_PAGE = answer(b"<html><title>Oops</title></html>", 500)


def ignore(sent_bytes: int) -> None:
    pass


@pytest.fixture
def serve() -> Iterator[Callable[..., OddServer]]:
    with ExitStack() as stack:
        yield lambda *script, **given: stack.enter_context(OddServer(*script, **given))


@pytest.fixture
def connect() -> Iterator[Callable[..., IpsRemote]]:
    """Makes remotes for an address."""
    with ExitStack() as stack:

        def make(
            address: str, *, scheme: str = "http", where: dict[str, Any] | None = None, **limits: Any
        ) -> IpsRemote:
            urls = (f"{scheme}://{address}/scene7/UploadFile", f"{scheme}://{address}/scene7/services/IpsApiService")
            remote = make_remote(settings(*urls, **(where or {})), **limits)
            stack.callback(remote.close)
            return remote

        yield make


def failed_post(remote: IpsRemote, request: PostRequest | None = None, progress: Progress = ignore) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        remote.post(request or opening(part(1, "a.jpg", Bytes(SMALL))), progress)
    return caught.value


# --- never sent ---


def test_a_refused_connection_means_not_sent(connect: Callable[..., IpsRemote]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    trouble = failed_post(connect(f"127.0.0.1:{port}")).trouble
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert "no connection to 127.0.0.1: Connection refused" in trouble.text
    with pytest.raises(RemoteError) as caught:
        connect(f"127.0.0.1:{port}").sign_in()
    assert (caught.value.trouble.kind, caught.value.trouble.reached) == (Kind.TRANSIENT, False)


def test_a_name_that_cannot_be_resolved_means_not_sent(connect: Callable[..., IpsRemote]) -> None:
    trouble = failed_post(connect("no-such-host.invalid")).trouble
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert "no-such-host.invalid cannot be resolved" in trouble.text


def test_a_connection_that_does_not_come_means_not_sent(connect: Callable[..., IpsRemote]) -> None:
    with ExitStack() as stack:
        full = stack.enter_context(closing(socket.socket()))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # what fits into its queue; the next one is not answered
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        remote = connect(f"127.0.0.1:{full.getsockname()[1]}", connect_timeout_s=0.3)
        trouble = failed_post(remote).trouble
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert "within 0.3 s" in trouble.text


def test_a_failed_handshake_means_not_sent(connect: Callable[..., IpsRemote], serve: Callable[..., OddServer]) -> None:
    plain = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        connection, _ = plain.accept()
        with closing(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Speak plainly\r\n\r\n")

    thread = threading.Thread(target=greet)
    thread.start()
    with closing(plain):
        trouble = failed_post(connect(f"127.0.0.1:{plain.getsockname()[1]}", scheme="https")).trouble
        thread.join()
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert "no secure connection" in trouble.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that vouches for itself, and a server's context with it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and it is not here")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_a_certificate_nobody_vouches_for_means_not_sent(
    connect: Callable[..., IpsRemote], serve: Callable[..., OddServer], certificate: tuple[Path, ssl.SSLContext]
) -> None:
    server = serve(reply(ACCEPTED), tls=certificate[1])
    trouble = failed_post(connect(server.address.replace("127.0.0.1", "localhost"), scheme="https")).trouble
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert "certificate of localhost is not trusted" in trouble.text
    assert server.heads == []


def test_a_trusted_certificate_for_another_name_means_not_sent(
    connect: Callable[..., IpsRemote],
    serve: Callable[..., OddServer],
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = serve(reply(ACCEPTED), tls=certificate[1])
    trouble = failed_post(connect(server.address, scheme="https")).trouble
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert server.heads == []


def test_posts_share_a_secure_connection(
    connect: Callable[..., IpsRemote],
    serve: Callable[..., OddServer],
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What TLS itself sends between requests must not be taken for a closed connection."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = serve(reply(ACCEPTED), tls=certificate[1])
    remote = connect(server.address.replace("127.0.0.1", "localhost"), scheme="https")
    for number, data in enumerate((SMALL, LARGE, SMALL)):
        posted = remote.post(opening(part(number, "a.jpg", Bytes(data))), ignore)
        assert posted.files[0].size_bytes == len(data)
    assert server.accepted == 1


def test_an_early_answer_is_heard_on_a_secure_connection(
    connect: Callable[..., IpsRemote],
    serve: Callable[..., OddServer],
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = serve(hang_after(FAULT, read=1000), tls=certificate[1])
    remote = connect(server.address.replace("127.0.0.1", "localhost"), scheme="https", read_timeout_s=0.5)
    error = failed_post(remote, opening(part(1, "a.jpg", Bytes(LARGE)), part(2, "b.jpg", Bytes(LARGE))))
    assert (error.trouble.kind, error.trouble.code) == (Kind.FATAL, 10001)


# --- may have been sent ---


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (reset_after(0), "connection"),
        (reset_after(20_000), "connection"),
        (reply(b"", keep=False), "closed the connection without an answer"),
        (reply(ACCEPTED[:-20], keep=False), "broke before the answer was complete"),
        (reply(b"no HTTP at all\r\n\r\n", keep=False), "broke before the answer was complete"),
        (reply(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n12345"), "answer"),
        (hang_after(), "did not answer within 0.5 s"),
        (hang_after(ACCEPTED[:-5]), "broke before the answer was complete"),
    ],
)
def test_whatever_breaks_on_the_way_is_unknown(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], behaviour: Behaviour, says: str, data: bytes
) -> None:
    server = serve(behaviour, reply(ACCEPTED))
    remote = connect(server.address, read_timeout_s=0.5)
    error = failed_post(remote, opening(part(1, "a.jpg", Bytes(data))))
    assert error.trouble.kind is Kind.UNKNOWN
    assert error.trouble.reached
    assert says in error.trouble.text
    assert remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore).job_handle == "j|1||x|2"
    assert server.accepted == 2


@pytest.mark.parametrize(
    ("said", "text"), [(b"", "the connection broke while sending"), (b"HTTP/1.1 200 O", "HTTP 200, before everything")]
)
def test_a_server_that_goes_away_while_we_send_is_unknown(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], said: bytes, text: str
) -> None:
    error = failed_post(connect(serve(reply_early(said)).address), opening(part(1, "a.jpg", Bytes(LARGE))))
    assert error.trouble.kind is Kind.UNKNOWN
    assert text in error.trouble.text
    assert error.files == ()


def test_a_server_that_stops_reading_is_unknown(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    remote = connect(serve(hang_after(read=1000)).address, read_timeout_s=0.3)
    error = failed_post(remote, opening(part(1, "a.jpg", Bytes(LARGE)), part(2, "b.jpg", Bytes(LARGE))))
    assert error.trouble.kind is Kind.UNKNOWN
    assert "did not take anything for 0.3 s" in error.trouble.text
    assert len(error.files) <= 1


def test_a_server_that_hardly_reads_is_unknown(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    """Every send moves something within the time-out, and the whole would take for ever (RELIABILITY E18)."""
    ticks = iter(range(0, 100_000_000, 1000))  # by our clock each send takes a quarter of an hour
    remote = connect(serve(reply(ACCEPTED)).address, monotonic=lambda: float(next(ticks)))
    error = failed_post(remote, opening(part(1, "a.jpg", Bytes(LARGE)), part(2, "b.jpg", Bytes(LARGE))))
    assert error.trouble.kind is Kind.UNKNOWN
    assert "took next to nothing while we were sending: only " in error.trouble.text


@pytest.mark.parametrize("more", [b"", b"and it keeps the connection"], ids=["closes", "keeps it open"])
@pytest.mark.parametrize(
    ("early", "kind"),
    [
        (FAULT, Kind.FATAL),
        (answer(b"<html></html>", 503, Retry_After="5"), Kind.TRANSIENT),
        (answer(b"", 429), Kind.TRANSIENT),
        (answer(b"", 413), Kind.PERMANENT),
        (EARLY_PAGE, Kind.UNKNOWN),
        (answer(b"", 404), Kind.UNKNOWN),
        (ACCEPTED, Kind.UNKNOWN),
    ],
    ids=["fault", "503", "429", "413", "500", "404", "accepted"],
)
def test_an_answer_before_the_body_was_read_is_heard(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], early: bytes, kind: Kind, more: bytes
) -> None:
    behaviour = hang_after(early, read=1000) if more else reply_early(early, after=1000)
    remote = connect(serve(behaviour).address, read_timeout_s=0.5)
    error = failed_post(remote, opening(part(1, "a.jpg", Bytes(LARGE)), part(2, "b.jpg", Bytes(LARGE))))
    assert error.trouble.kind is kind
    assert error.trouble.status is not None


def test_an_answer_without_end_is_not_read_to_its_end(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    def pour(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
        while True:
            peer.send(b" " * 65536)

    error = failed_post(connect(serve(pour).address))
    assert error.trouble.kind is Kind.UNKNOWN
    assert "too large" in error.trouble.text


@pytest.mark.parametrize("first", [0, 100, len(ACCEPTED) - 10], ids=["from its status", "from its head", "its body"])
def test_an_answer_that_drips_is_given_up(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], first: int
) -> None:
    """A byte now and then is not silence, and no time-out of a socket ends it (RELIABILITY E18)."""

    def drip(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length)
        peer.send(ACCEPTED[:first])
        for byte in ACCEPTED[first:]:
            peer.pause(0.05)
            peer.send(bytes((byte,)))
        peer.hang()
        return False

    error = failed_post(connect(serve(drip).address, read_timeout_s=0.3))
    assert error.trouble.kind is Kind.UNKNOWN
    assert "its answer came too slowly: only " in error.trouble.text


def test_an_answer_that_takes_too_long_as_a_whole_is_given_up(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    ticks = iter(range(0, 10_000, 2))

    def drip(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
        while True:
            peer.send(b" " * 65536)

    error = failed_post(connect(serve(drip).address, read_timeout_s=1.0, monotonic=lambda: float(next(ticks))))
    assert error.trouble.kind is Kind.UNKNOWN
    assert "not complete by now" in error.trouble.text


def test_a_packed_answer_is_unpacked_and_a_packed_bomb_is_not(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    body = ACCEPTED.partition(b"\r\n\r\n")[2]
    server = serve(
        reply(answer(gzip.compress(body), Content_Encoding="gzip")),
        reply(answer(gzip.compress(b" " * 200_000_000), Content_Encoding="gzip")),
    )
    remote = connect(server.address)
    assert remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore).job_handle == "j|1||x|2"
    assert "too large" in failed_post(remote).trouble.text
    assert "Accept-Encoding: gzip" in server.heads[0].text


def test_an_answer_for_another_job_is_unknown(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    remote = connect(serve(reply(ACCEPTED)).address)
    assert remote.post(later(part(1, "a.jpg", Bytes(SMALL))), ignore).job_handle == "j|1||x|2"
    error = failed_post(remote, later(part(1, "a.jpg", Bytes(SMALL)), handle="j|1||x|22"))
    assert error.trouble.kind is Kind.UNKNOWN
    assert [sent.drop for sent in error.files] == [1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], status: int
) -> None:
    elsewhere = serve(reply(ACCEPTED))
    location = f"http://user:hunter2@{elsewhere.address}/login?token=hunter2"
    remote = connect(serve(reply(answer(b"", status, Location=location))).address)
    trouble = failed_post(remote).trouble
    assert trouble.kind is Kind.TRANSIENT
    assert "redirect to 127.0.0.1" in trouble.text
    with pytest.raises(RemoteError) as caught:
        remote.sign_in()
    assert "redirect to 127.0.0.1" in caught.value.trouble.text
    assert "hunter2" not in trouble.text + caught.value.trouble.text
    assert elsewhere.accepted == 0


def test_the_environment_and_netrc_do_not_matter(
    serve: Callable[..., OddServer],
    connect: Callable[..., IpsRemote],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    proxy = serve(reply(ACCEPTED))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{proxy.address}")
    monkeypatch.setenv("HOME", str(tmp_path))
    server = serve(reply(ACCEPTED))
    remote = connect(server.address)
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    with pytest.raises(RemoteError):
        remote.sign_in()
    assert proxy.accepted == 0
    assert not any("uthorization" in head.text or "ookie" in head.text for head in server.heads)


# --- connections that are kept ---


def test_a_connection_that_the_server_has_closed_is_not_used(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    server = serve(reply(ACCEPTED, keep=False), reply(ACCEPTED))
    remote = connect(server.address)
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    server.closed.acquire()
    remote.post(later(part(2, "b.jpg", Bytes(SMALL))), ignore)
    remote.post(later(part(3, "c.jpg", Bytes(SMALL))), ignore)
    assert server.accepted == 2


def test_a_connection_on_which_more_was_said_is_not_used(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    """A late or second answer must never be taken for that of the next POST."""
    answered, said_more = threading.Event(), threading.Event()

    def say_more(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length)
        peer.send(ACCEPTED)
        answered.wait()
        peer.send(FAULT)
        said_more.set()
        return True

    server = serve(say_more, reply(ACCEPTED))
    remote = connect(server.address)
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    answered.set()
    said_more.wait()
    assert remote.post(later(part(2, "b.jpg", Bytes(SMALL))), ignore).job_handle == "j|1||x|2"
    assert server.accepted == 2


def test_a_connection_that_was_idle_for_long_is_not_used(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    """A server may be about to close it, and then nobody could tell whether the POST was taken."""
    server = serve(reply(ACCEPTED))
    now = [100.0]
    remote = connect(server.address, monotonic=lambda: now[0])
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    now[0] += 2.0
    remote.post(later(part(2, "b.jpg", Bytes(SMALL))), ignore)
    assert server.accepted == 1
    now[0] += 3.5
    remote.post(later(part(3, "c.jpg", Bytes(SMALL))), ignore)
    assert server.accepted == 2


def test_no_more_connections_are_kept_than_were_asked_for(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    together = threading.Barrier(2)

    def meet(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length)
        if not head.text.startswith("POST /scene7/UploadFile"):
            return False
        if len(server.heads) <= 2:
            together.wait()
        peer.send(ACCEPTED)
        return True

    server = serve(meet)
    remote = connect(server.address, connections=1)
    threads = [
        threading.Thread(target=remote.post, args=(opening(part(number, "a.jpg", Bytes(SMALL))), ignore))
        for number in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.closed.acquire()  # one of the two
    remote.post(later(part(3, "b.jpg", Bytes(SMALL))), ignore)
    assert server.accepted == 2


def test_a_request_to_close_is_respected(serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]) -> None:
    server = serve(reply(ACCEPTED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)), reply(ACCEPTED))
    remote = connect(server.address)
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    remote.post(later(part(2, "b.jpg", Bytes(SMALL))), ignore)
    assert server.accepted == 2


# --- files that are not what they were ---


def gone(drop: int, error: Exception) -> PostFile:
    def fail() -> Bytes:
        raise error

    return PostFile(drop=drop, header_name=f"{drop}.jpg", size_bytes=10, open=fail)


@pytest.mark.parametrize("size", [50_000, 17 * 1024 * 1024], ids=["small", "large"])
def test_a_missing_file_costs_nothing(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], size: int
) -> None:
    server = serve(reply(ACCEPTED))
    good = Bytes(b"x" * size)
    request = opening(part(1, "1.jpg", good), gone(2, ChangedError("2.jpg is not there")))
    error = failed_post(connect(server.address), request)
    assert error.trouble.kind is Kind.TRANSIENT
    assert error.trouble.reached
    assert error.trouble.text.startswith("nothing was sent: ")
    assert error.changed == (2,)
    assert error.files == ()
    assert server.accepted == 0
    assert good.is_closed


@pytest.mark.parametrize("error", [FolderError("the share is gone"), PermissionError(13, "Permission denied")])
def test_a_file_that_cannot_be_opened_is_not_called_changed(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], error: Exception
) -> None:
    server = serve(reply(ACCEPTED))
    failure = failed_post(connect(server.address), opening(gone(1, error)))
    assert (failure.trouble.kind, failure.changed) == (Kind.TRANSIENT, ())
    assert server.accepted == 0


def changed_readers(size: int) -> list[Bytes]:
    data = b"x" * size
    return [Bytes(data, unchanged=False), Bytes(data, size_bytes=size - 1), Bytes(data, size_bytes=size + 1)]


def test_every_small_file_that_changed_is_named_and_nothing_is_sent(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    server = serve(reply(ACCEPTED))
    readers = [Bytes(SMALL), *changed_readers(1000)]
    files = [part(number, f"{number}.jpg", reader) for number, reader in enumerate(readers)]
    error = failed_post(connect(server.address), opening(*files))
    assert error.trouble.kind is Kind.TRANSIENT
    assert error.changed == (1, 2, 3)
    assert server.accepted == 0
    assert all(reader.is_closed for reader in readers)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["other times", "grown", "shrunk"])
def test_a_large_file_that_changes_on_the_way_cuts_the_post_off(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], which: int
) -> None:
    """The server must not get the closing delimiter, nor as many bytes as were announced."""
    got: list[tuple[int, int]] = []

    def count(peer: Peer, head: Head) -> bool:
        got.append((peer.skip(head.content_length), head.content_length))
        return False

    server = serve(count)
    reader = changed_readers(17 * 1024 * 1024)[which]
    error = failed_post(connect(server.address), opening(part(1, "1.jpg", Bytes(LARGE)), part(2, "2.jpg", reader)))
    assert error.trouble.kind is Kind.UNKNOWN
    assert error.changed == (2,)
    assert [sent.drop for sent in error.files] == [1]
    assert reader.is_closed
    server.closed.acquire()
    ((received, announced),) = got
    assert received < announced


def test_a_file_that_cannot_be_read_on_the_way_cuts_the_post_off(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    class Torn(Bytes):
        def blocks(self) -> Iterator[memoryview]:
            yield memoryview(LARGE)[: 1024 * 1024]
            raise OSError(5, "Input/output error")

    error = failed_post(connect(serve(reply(ACCEPTED)).address), opening(part(1, "1.jpg", Torn(LARGE))))
    assert (error.trouble.kind, error.changed, error.files) == (Kind.UNKNOWN, (), ())
    assert "Input/output error" in error.trouble.text


def test_what_progress_raises_cuts_the_post_off_and_comes_out(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    class StoppedError(Exception):
        pass

    def stop(sent_bytes: int) -> None:
        raise StoppedError

    server = serve(reply(ACCEPTED))
    remote = connect(server.address)
    reader = Bytes(LARGE)
    with pytest.raises(StoppedError):
        remote.post(opening(part(1, "a.jpg", reader)), stop)
    assert reader.is_closed
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    assert server.accepted == 2


def test_a_large_file_that_is_replaced_on_the_way_cuts_the_post_off(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    class Replaced(Bytes):
        def blocks(self) -> Iterator[memoryview]:
            yield memoryview(LARGE)[: 1024 * 1024]
            raise ChangedError("in/1.jpg: a bad block")

    error = failed_post(connect(serve(reply(ACCEPTED)).address), opening(part(1, "1.jpg", Replaced(LARGE))))
    assert (error.trouble.kind, error.changed) == (Kind.UNKNOWN, (1,))
    assert "a bad block" in error.trouble.text


# --- answers to reads that nobody should believe ---


def envelope(inside: str) -> bytes:
    start = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    return answer(f"{start}{inside}</e:Body></e:Envelope>".encode())


@pytest.mark.parametrize(
    "inside",
    [
        "<getJobLogDetailsReturn/>",
        '<getActiveJobsReturn xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="none:such"/>',
        "<getActiveJobsReturn><jobArray><?x?></jobArray></getActiveJobsReturn>",
        "<getActiveJobsReturn><jobArray><items/></jobArray><jobArray><items/></jobArray></getActiveJobsReturn>",
    ],
)
def test_a_strange_answer_is_not_an_empty_list(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], inside: str
) -> None:
    remote = connect(serve(reply(envelope(inside))).address)
    with pytest.raises(RemoteError) as caught:
        remote.active_jobs(COMPANY)
    assert caught.value.trouble.kind is Kind.TRANSIENT


def test_jobs_of_another_name_or_handle_are_left_out(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    """A server that ignores what it was asked for must not make us adopt the job of somebody else."""
    job = "<jobHandle>j|1||x|22</jobHandle><originalName>x-2</originalName><originalJobName>x-2</originalJobName>"
    jobs = envelope(f"<getActiveJobsReturn><jobArray><items>{job}</items></jobArray></getActiveJobsReturn>")
    logs = envelope(f"<getJobLogDetailsReturn><jobLogArray><items>{job}</items></jobLogArray></getJobLogDetailsReturn>")
    remote = connect(serve(reply(jobs), reply(logs)).address)
    assert remote.active_jobs(COMPANY, original_name="x") == []
    assert remote.job_logs(COMPANY, handle="j|1||x|2") == []
    assert remote.job_logs(COMPANY, original_name="x") == []
    assert len(remote.job_logs(COMPANY, original_name="x-2")) == 1


def test_what_cannot_be_an_asset_is_not_asked_for(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    server = serve(reply(ACCEPTED))
    assert connect(server.address).assets(COMPANY, ["", "a\x00"]) == []
    assert server.accepted == 0


# --- what cannot be sent ---


def test_what_cannot_be_said_is_permanent_and_not_sent(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    server = serve(reply(ACCEPTED))
    remote = connect(server.address)
    file = part(1, "a.jpg", Bytes(SMALL))
    limited = Company(handle="c|1", name="X", root_path="X/", max_post_bytes=len(SMALL) + 100)
    for request in (
        opening(file, file_name="bell\x07.jpg"),
        opening(file, options='{"overwrite": 1}'),
        opening(part(1, 'a".jpg', Bytes(SMALL))),
        opening(file, company=limited),
    ):
        trouble = failed_post(remote, request).trouble
        assert trouble.kind is Kind.PERMANENT
    assert "too large for the server" in trouble.text
    assert server.accepted == 0


def test_a_password_that_cannot_be_read_or_sent_is_fatal(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote]
) -> None:
    def unreadable() -> str:
        raise SecretError("no file ips-password", "a file that holds the password")

    server = serve(reply(ACCEPTED))
    for read in (unreadable, lambda: "hunter2\x01"):
        remote = connect(server.address, password=read)
        with pytest.raises(RemoteError) as caught:
            remote.sign_in()
        assert caught.value.trouble.kind is Kind.FATAL
        assert "hunter2" not in str(caught.value)
    assert not connect(server.address, password=unreadable).credentials_changed()
    assert server.accepted == 0


# --- secrets ---


def test_no_secret_is_in_any_log_or_error(
    serve: Callable[..., OddServer], connect: Callable[..., IpsRemote], caplog: pytest.LogCaptureFixture
) -> None:
    """Even when a server repeats what it was sent, and every logger is as loud as it can be."""
    caplog.set_level(logging.DEBUG)
    forms = [CANARY, escape(CANARY), escape(CANARY, {'"': "&quot;"}), quote(CANARY, safe="")]
    echo = f"you said {escape(CANARY)} and {quote(CANARY, safe='')}, that is {escape(escape(CANARY))}"
    fault = f"<ipsApiFault><code>30001</code><reason>{echo}</reason></ipsApiFault>"
    page = f"<html><head><title>{echo}</title></head></html>"
    envelope = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'
    soap_fault = envelope.format(f"<e:Fault><faultstring>{echo}</faultstring><detail>{fault}</detail></e:Fault>")
    nonsense = envelope.format(f"<unknown>{echo}</unknown>")
    errors: list[BaseException] = []
    for body in (fault, page, echo, soap_fault, nonsense, nonsense[:-3], fault.replace("code", "c")):
        for status in (200, 500):
            remote = connect(serve(reply(answer(body.encode(), status))).address)
            errors.append(failed_post(remote))
            for call in (remote.sign_in, lambda r=remote: r.active_jobs(COMPANY)):
                with pytest.raises(RemoteError) as caught:
                    call()
                errors.append(caught.value)
            assert CANARY not in repr(remote)
    said = "\n".join(["".join(traceback.format_exception(error)) for error in errors])
    said += "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records)
    said += "\n".join(f"{error!r} {vars(error)}" for error in errors)
    assert not [form for form in forms if form in said]
    assert "[redacted]" in said
    assert "c4n" not in said
