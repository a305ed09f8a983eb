"""
`IpsRemote` by the ways that settings can name: proxies, certificates, addresses of ours, and a WSDL of the server's.
"""

from __future__ import annotations

import os
import shutil
import ssl
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tests.contract.fronts import ProxyServer, TlsFront, make_certificate
from tests.contract.odd_server import ACCEPTED, OddServer, reply
from tests.contract.parts import CANARY, COMPANY, Bytes, later, make_remote, opening, part, settings

from hotfolder.core.server import Kind, RemoteError, Trouble
from hotfolder.edges.remote import IpsRemote
from hotfolder.sandbox import Sandbox

SMALL = b"a few bytes\r\n--"
LOGIN = "proxy-user:proxy<word>"

Connect = Callable[..., IpsRemote]


def ignore(sent_bytes: int) -> None:
    pass


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def box(tmp_path: Path, stack: ExitStack) -> Sandbox:
    return stack.enter_context(Sandbox(data=tmp_path / "box", password=CANARY, record_xml=True))


@pytest.fixture
def connect(stack: ExitStack) -> Connect:
    """Makes remotes for a base URL, with further settings."""

    def make(base_url: str, **where: Any) -> IpsRemote:
        urls = (f"{base_url}/UploadFile", f"{base_url}/services/IpsApiService")
        remote = make_remote(settings(*urls, **where))
        stack.callback(remote.close)
        return remote

    return make


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and it is not here")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secure(box: Sandbox, stack: ExitStack, certificate: tuple[Path, ssl.SSLContext]) -> TlsFront:
    """The sandbox behind TLS."""
    return stack.enter_context(TlsFront(box.port, certificate[1]))


def trouble_of(call: Callable[[], object]) -> Trouble:
    with pytest.raises(RemoteError) as caught:
        call()
    said = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "proxy<word>" not in said
    assert CANARY not in said
    return caught.value.trouble


def upload(remote: IpsRemote) -> str:
    """Sign in, and send one file in one POST; return its job's handle."""
    company = remote.sign_in()
    return remote.post(opening(part(1, "a.jpg", Bytes(SMALL)), company=company, end_job=True), ignore).job_handle


# --- certificates ---


def test_a_bundle_of_ones_own_is_trusted(
    connect: Connect, secure: TlsFront, certificate: tuple[Path, ssl.SSLContext], box: Sandbox
) -> None:
    upload(connect(f"https://localhost:{secure.port}/scene7", ca_bundle=certificate[0]))
    assert [request.file_names for request in box.requests if request.status == 200][-1] == ("a.jpg",)


def test_a_bundle_takes_the_place_of_what_the_machine_trusts(
    connect: Connect,
    secure: TlsFront,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    connect(f"https://localhost:{secure.port}/scene7").sign_in()
    (tmp_path / "other").mkdir()
    other, _ = make_certificate(tmp_path / "other")
    trouble = trouble_of(connect(f"https://localhost:{secure.port}/scene7", ca_bundle=other).sign_in)
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert "the certificate of localhost is not trusted" in trouble.text


# --- proxies ---


def test_everything_goes_through_the_proxy_and_stays_secret(
    connect: Connect, secure: TlsFront, certificate: tuple[Path, ssl.SSLContext], stack: ExitStack, box: Sandbox
) -> None:
    proxy = stack.enter_context(ProxyServer(LOGIN))
    remote = connect(
        f"https://localhost:{secure.port}/scene7",
        ca_bundle=certificate[0],
        proxy=f"http://127.0.0.1:{proxy.port}",
        proxy_login=LOGIN,
    )
    upload(remote)
    assert {*proxy.asked} == {f"localhost:{secure.port}"}
    assert len(proxy.asked) == len(secure.peers)
    assert not proxy.refused
    assert [request.file_names for request in box.requests if request.status == 200][-1] == ("a.jpg",)


def test_a_proxy_on_this_machine_also_leads_to_a_server_without_tls(
    connect: Connect, box: Sandbox, stack: ExitStack
) -> None:
    proxy = stack.enter_context(ProxyServer())
    upload(connect(box.base_url, proxy=f"http://127.0.0.1:{proxy.port}"))
    assert {*proxy.asked} == {f"127.0.0.1:{box.port}"}


def test_what_the_server_sees_through_a_proxy_is_not_taken_for_our_address(
    connect: Connect, box: Sandbox, stack: ExitStack
) -> None:
    proxy = stack.enter_context(ProxyServer())
    remote = connect(box.base_url, proxy=f"http://127.0.0.1:{proxy.port}")
    answer = remote.post(opening(part(1, "a.jpg", Bytes(SMALL)), company=remote.sign_in()), ignore)
    assert answer.our_address is None


@pytest.mark.parametrize("login", [None, "proxy-user:proxy<word>2"])
def test_a_proxy_that_wants_another_login_is_told_without_it(
    connect: Connect, box: Sandbox, stack: ExitStack, login: str | None
) -> None:
    """It may repeat what it was sent, as this one does."""
    proxy = stack.enter_context(ProxyServer(LOGIN))
    remote = connect(box.base_url, proxy=f"http://127.0.0.1:{proxy.port}", proxy_login=login)
    trouble = trouble_of(remote.sign_in)
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert trouble.text == (
        "the proxy 127.0.0.1 makes no connection to 127.0.0.1: it wants another login (proxy_login_file)"
    )
    assert len(proxy.refused) == 1
    assert proxy.refused[0] not in trouble.text or not proxy.refused[0]
    assert box.requests == []


def test_a_proxy_that_is_not_there_is_told_from_the_server(connect: Connect, box: Sandbox, stack: ExitStack) -> None:
    with ProxyServer() as proxy:
        port = proxy.port
    trouble = trouble_of(connect(box.base_url, proxy=f"http://127.0.0.1:{port}").sign_in)
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    assert trouble.text == "no connection to the proxy 127.0.0.1: Connection refused"


def test_a_proxy_that_does_not_reach_the_server_means_not_sent(connect: Connect, stack: ExitStack) -> None:
    proxy = stack.enter_context(ProxyServer())
    with ProxyServer() as gone:
        port = gone.port
    remote = connect(f"http://127.0.0.1:{port}/scene7", proxy=f"http://127.0.0.1:{proxy.port}")
    trouble = trouble_of(lambda: remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore))
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)


# --- our own address ---


def test_connections_come_from_the_address_of_the_settings(connect: Connect, box: Sandbox) -> None:
    remote = connect(box.base_url, source_address="127.0.0.2")
    answer = remote.post(opening(part(1, "a.jpg", Bytes(SMALL)), company=remote.sign_in()), ignore)
    assert answer.our_address == "127.0.0.2"
    assert {request.peer[0] for request in box.requests} == {"127.0.0.2"}


def test_an_address_that_is_not_ours_is_named_with_its_key(connect: Connect, box: Sandbox) -> None:
    trouble = trouble_of(connect(box.base_url, source_address="192.0.2.77").sign_in)
    assert (trouble.kind, trouble.reached, trouble.has_moved) == (Kind.TRANSIENT, False, False)
    assert trouble.text == "no connection to 127.0.0.1: 192.0.2.77 (source_address) is not on this machine"


def test_later_posts_of_a_job_come_from_where_it_was_begun(connect: Connect, box: Sandbox) -> None:
    """PROTOCOL 2.4: also when the settings have changed since, or another connection is at hand."""
    remote = connect(box.base_url, source_address="127.0.0.3")
    company = remote.sign_in()
    first = remote.post(opening(part(1, "a.jpg", Bytes(SMALL)), company=company), ignore)
    restarted = connect(box.base_url, source_address="127.0.0.4")
    restarted.sign_in()
    restarted.post(opening(part(2, "b.jpg", Bytes(SMALL)), company=company, job_name="j-2"), ignore)
    for number, name in ((3, "c.jpg"), (4, "d.jpg")):
        request = later(part(number, name, Bytes(SMALL)), handle=first.job_handle, source_address="127.0.0.3")
        assert restarted.post(request, ignore).our_address == "127.0.0.3"
    posts = [request for request in box.requests if request.operation == "UploadFile"]
    assert [request.peer[0] for request in posts] == ["127.0.0.3", "127.0.0.4", "127.0.0.3", "127.0.0.3"]
    assert not any(request.fault_code for request in posts)


def test_a_job_whose_address_is_gone_takes_no_post_from_another(connect: Connect, stack: ExitStack) -> None:
    server = stack.enter_context(OddServer(reply(ACCEPTED)))
    remote = connect(f"http://{server.address}/scene7")
    remote.post(opening(part(1, "a.jpg", Bytes(SMALL))), ignore)
    request = later(part(2, "b.jpg", Bytes(SMALL)), source_address="192.0.2.77")
    trouble = trouble_of(lambda: remote.post(request, ignore))
    assert (trouble.kind, trouble.reached, trouble.has_moved) == (Kind.TRANSIENT, False, True)
    assert len(server.heads) == 1


# --- a WSDL of the server's ---


def ours() -> str:
    return resources.files("hotfolder.ips").joinpath("ips.wsdl").read_text("utf-8")


def test_a_wsdl_from_a_file_is_used_and_its_own_address_is_not(connect: Connect, box: Sandbox, tmp_path: Path) -> None:
    """That of the real server names North America, whoever is asked for it (PROTOCOL 1.1)."""
    file = tmp_path / "IpsApi.wsdl"
    file.write_text(ours().replace('location="', 'location="https://elsewhere.example.com/'))
    remote = connect(box.base_url, wsdl=file)
    upload(remote)
    assert remote.job_logs(remote.sign_in(), original_name="j-1")


def test_an_operation_that_the_wsdl_lacks_is_one_feature_less(connect: Connect, box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "IpsApi.wsdl"
    file.write_text(ours().replace('operation name="getAssetsByName"', 'operation name="getAssetsByOtherName"'))
    remote = connect(box.base_url, wsdl=file)
    company = remote.sign_in()
    trouble = trouble_of(lambda: remote.assets(company, ["a"]))
    assert trouble.kind is Kind.PERMANENT
    assert "has no getAssetsByName" in trouble.text


def test_a_question_that_the_wsdl_does_not_know_is_one_feature_less(
    connect: Connect, box: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "IpsApi.wsdl"
    text = ours()
    start = text.index('<xsd:element name="getAssetsByNameParam">')
    end = text.index("</xsd:element>", start)
    file.write_text(text[:start] + text[start:end].replace('name="nameArray"', 'name="titleArray"') + text[end:])
    remote = connect(box.base_url, wsdl=file)
    company = remote.sign_in()
    trouble = trouble_of(lambda: remote.assets(company, ["a"]))
    assert trouble.kind is Kind.PERMANENT
    assert "does not let getAssetsByName be asked" in trouble.text


def test_what_was_loaded_before_the_first_call_is_not_read_again(
    connect: Connect, box: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "IpsApi.wsdl"
    file.write_text(ours())
    remote = connect(box.base_url, wsdl=file)
    remote.load()
    assert box.requests == []
    file.unlink()
    assert remote.sign_in().name == "Example Co"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<wsdl:types>", '<wsdl:import namespace="x" location="https://x.example.com/more.wsdl"/><wsdl:types>'),
        ('binding name="IpsApiServiceSoapBinding"', 'binding name="Other"'),
        ("<wsdl:types>", "<wsdl:types><unclosed>"),
    ],
    ids=["needs another document", "another binding", "no XML"],
)
def test_a_wsdl_that_cannot_be_used_is_named(
    connect: Connect, box: Sandbox, tmp_path: Path, old: str, new: str
) -> None:
    file = tmp_path / "IpsApi.wsdl"
    file.write_text(ours().replace(old, new, 1))
    remote = connect(box.base_url, wsdl=file)
    remote.load()  # keeps nobody from starting
    trouble = trouble_of(remote.sign_in)
    assert (trouble.kind, trouble.reached) == (Kind.FATAL, False)
    assert f"the WSDL {file} cannot be used" in trouble.text
    assert box.requests == []


def test_the_older_wsdl_of_the_real_server_is_understood(connect: Connect, stack: ExitStack) -> None:
    """Its header is unordered and of another namespace (PROTOCOL 1.4); its answers have the same names."""
    schemas = os.environ.get("HOTFOLDER_IPS_SCHEMAS")
    if schemas is None:
        pytest.skip("HOTFOLDER_IPS_SCHEMAS names the directory with the WSDL, and is not set")
    answer = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        b'<getActiveJobsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2013-02-15"><jobArray><items>'
        b"<companyHandle>c|1</companyHandle><jobHandle>j|1||x|2</jobHandle><name>x-1</name>"
        b"<originalName>x</originalName><state>Running</state></items></jobArray></getActiveJobsReturn>"
        b"</e:Body></e:Envelope>"
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
    server = stack.enter_context(OddServer(reply(head + answer)))
    remote = connect(f"http://{server.address}/scene7", wsdl=Path(schemas, "IpsApi-2013-02-15.wsdl"))
    (job,) = remote.active_jobs(COMPANY)
    assert (job.handle, job.original_name, job.state) == ("j|1||x|2", "x", "Running")
