"""Several companies in one daemon, and the ways to them: each works for itself, whatever becomes of the others."""

from __future__ import annotations

import shutil
import signal
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotfolder.sandbox import Sandbox
from tests.acceptance.asking import over_socket
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, check_all_arrived, numbered
from tests.contract.fronts import ProxyServer, TlsFront, make_certificate

LOGIN = "proxy-user:proxy-word"


class Two:
    """One daemon with two companies: the folder `near` goes to one, `far` to the other."""

    def __init__(self, place: Place, other: Sandbox) -> None:
        self.near = place
        self.far = Place(place.root, other)
        self.other = other

    def configure(self, near: dict[str, Any] | None = None, far: dict[str, Any] | None = None) -> None:
        """Write the settings; `near` and `far` are further keys of the two servers."""
        far_keys = {"base_url": self.other.base_url} | (far or {})
        self.near.configure({"name": "near"}, {"name": "far", "server": "far"}, server=(near or {}) | {"far": far_keys})

    def drop(self, images: list[bytes], count: int = 6) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Drop files of the same names into both folders, but not of the same content."""
        names = [f"photo-{number}{'.png' if number % 2 else '.jpg'}" for number in range(count)]
        dropped = tuple(
            {f"{folder}/{name}": images[first + number] for number, name in enumerate(names)}
            for folder, first in (("near", 0), ("far", 500))
        )
        for contents in dropped:
            for path, content in contents.items():
                self.near.drop(path, content)
        return dropped[0], dropped[1]


@pytest.fixture
def two(make_place: MakePlace) -> Two:
    return Two(make_place(), make_place().box)


def test_files_of_one_name_go_to_two_companies_side_by_side(two: Two, images: list[bytes]) -> None:
    """Asset IDs are company-wide: in another company the same name is another thing, and waits for nothing."""
    slow = two.near.box.add_fault(on="getActiveJobs", do="hold", nth=1)
    two.configure()
    near, far = two.drop(images)
    with two.near.start() as daemon:
        daemon.await_event("drop.filed", times=6, outcome="stored")
        slow.release()
        daemon.await_event("drop.filed", times=12, outcome="stored")
        filed = [event["folder"] for event in daemon.end().named("drop.filed")]
    assert filed == ["far"] * 6 + ["near"] * 6
    check_all_arrived(two.near, near)
    check_all_arrived(two.far, far)


def test_a_company_that_refuses_us_holds_up_no_other(two: Two, images: list[bytes]) -> None:
    two.configure(far={"user": "nobody@example.com"})
    near, far = two.drop(images)
    with two.near.start() as daemon:
        refused = daemon.await_event("server.refused")
        assert refused["server"] == "far"
        daemon.await_event("drop.filed", times=6, outcome="stored", folder="near")
        status = two.near.status()
        ready = over_socket(two.near.root / "control.sock", "GET", "/readyz")
        daemon.end()
    check_all_arrived(two.near, near)
    assert sorted(two.near.originals("far")) == sorted(path.removeprefix("far/") for path in far)
    assert not two.other.assets()
    assert status["server"]["state"] == "refused"
    assert [(server["name"], server["state"]) for server in status["servers"]] == [
        ("default", "ok"),
        ("far", "refused"),
    ]
    assert ready.status == 503
    assert "the server far refuses us" in ready.data["reasons"][0]


def test_a_single_pass_does_what_can_be_done_and_says_that_a_company_refused(two: Two, images: list[bytes]) -> None:
    two.configure(near={"user": "nobody@example.com"}, far={"user": "ingest@example.com"})
    near, far = two.drop(images)
    ended = two.near.run_once()
    assert ended.code == 3
    check_all_arrived(two.far, far)
    assert sorted(two.near.originals("near")) == sorted(path.removeprefix("near/") for path in near)


def test_a_single_pass_does_what_can_be_done_and_says_that_a_company_was_away(two: Two, images: list[bytes]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    two.configure(far={"base_url": f"http://127.0.0.1:{port}/scene7"})
    near, far = two.drop(images)
    ended = two.near.run_once("--timeout", "2s")
    assert ended.code == 4
    check_all_arrived(two.near, near)
    assert sorted(two.near.originals("far")) == sorted(path.removeprefix("far/") for path in far)


def test_a_company_comes_with_a_reload_and_one_with_work_under_way_does_not_go(two: Two, images: list[bytes]) -> None:
    two.near.configure({"name": "near"})
    with two.near.start() as daemon:
        daemon.await_event("daemon.ready")
        two.configure()
        _, far = two.drop(images)
        held = two.other.add_fault(on="getActiveJobs", do="hold", nth=1)
        daemon.send(signal.SIGHUP)
        daemon.await_event("job.closed", folder="far")
        two.near.configure({"name": "near"}, {"name": "far"})
        daemon.send(signal.SIGHUP)
        refused = daemon.await_event("daemon.reload_refused")
        assert "server far: " in refused["reason"]
        assert "put [server.far] back until they are done; nothing was changed" in refused["reason"]
        held.release()
        daemon.await_event("drop.filed", times=6, outcome="stored", folder="far")
        daemon.send(signal.SIGHUP)
        daemon.await_event("daemon.reloaded", times=2)
        assert "servers" not in two.near.status()
        assert daemon.end().code == 0
    check_all_arrived(two.far, far)


def test_a_company_that_is_gone_at_a_start_is_asked_for_while_files_are_there(two: Two, images: list[bytes]) -> None:
    two.configure()
    two.other.add_fault(on="getActiveJobs", do="http-503")
    _, far = two.drop(images)
    with two.near.start() as daemon:
        daemon.await_event("job.closed", folder="far")
        daemon.end()
    two.near.configure({"name": "near"}, {"name": "far"})
    ended = two.near.run_once()
    assert ended.code == 2
    assert "put [server.far] back until they are done" in str(ended)
    two.other.clear_faults()
    two.configure()
    assert two.near.run_once().code == 0
    check_all_arrived(two.far, far)


# --- ways ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and it is not here")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_a_company_behind_a_proxy_and_a_certificate_of_its_own(
    place: Place, images: list[bytes], certificate: tuple[Path, Any]
) -> None:
    login = place.root / "proxy-login"
    login.touch(mode=0o600)
    login.write_text(f"{LOGIN}\n")
    with TlsFront(place.box.port, certificate[1]) as front, ProxyServer(LOGIN) as proxy:
        ways = {
            "base_url": f"https://localhost:{front.port}/scene7",
            "ca_bundle": str(certificate[0]),
            "proxy": f"http://127.0.0.1:{proxy.port}",
            "proxy_login_file": "proxy-login",
        }
        place.configure({"name": "hot"}, server=ways)
        dropped = dict(numbered(images, "hot", 10))
        for path, content in dropped.items():
            place.drop(path, content)
        ended = place.run_once()
        assert ended.code == 0, ended
        check_all_arrived(place, dropped)
        assert {*proxy.asked} == {f"localhost:{front.port}"}
        assert len(front.peers) == len(proxy.asked)
    assert "proxy-word" not in str(ended)


def test_every_post_comes_from_the_address_of_the_settings(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"}, server={"source_address": "127.0.0.2"}, upload={"files_per_post": 2})
    dropped = dict(numbered(images, "hot", 10))
    for path, content in dropped.items():
        place.drop(path, content)
    assert place.run_once().code == 0
    check_all_arrived(place, dropped)
    assert {request.peer[0] for request in place.box.requests} == {"127.0.0.2"}


def test_a_job_goes_on_from_its_own_address_after_a_restart_with_another(place: Place, images: list[bytes]) -> None:
    """PROTOCOL 2.4: all POSTs of a job come from one address; the sandbox refuses others."""
    dropped = dict(numbered(images, "hot", 6))
    all_in_one = {"batch": {"linger": "1h", "max_files": len(dropped)}}
    cut = place.box.add_fault(on="UploadFile", do="hold", nth=2)
    place.configure({"name": "hot"}, server={"source_address": "127.0.0.2"}, upload={"files_per_post": 1}, **all_in_one)
    for path, content in dropped.items():
        place.drop(path, content)
    with place.start() as daemon:
        daemon.await_event("job.posted", post=1)
        assert daemon.has_met(cut)
    cut.release()
    place.configure({"name": "hot"}, server={"source_address": "127.0.0.3"}, upload={"files_per_post": 1}, **all_in_one)
    assert place.run_once().code == 0
    check_all_arrived(place, dropped)
    by_job: dict[str, set[str]] = {}
    for request in place.box.requests:
        if request.operation == "UploadFile":
            name = request.job_name or (request.job_handle or "").rpartition("|")[0].rpartition("|")[2]
            by_job.setdefault(name, set()).add(request.peer[0])
    by_job.pop("", None)  # what was cut off before its job could be read
    first, *later = by_job.values()
    assert first == {"127.0.0.2"}
    assert all(addresses == {"127.0.0.3"} for addresses in later)


def test_a_password_that_expires_soon_is_told(make_place: MakePlace) -> None:
    place = make_place(password_expires=datetime.now(UTC) + timedelta(days=9, hours=1))
    place.configure({"name": "hot"})
    with place.start() as daemon:
        told = daemon.await_event("server.password_expires")
        status = place.status()
        daemon.end()
    assert told["days_left"] == 9
    assert told["level"] == "warning"
    assert status["server"]["password_expires"].partition(".")[0] + "Z" == told["expires_at"]
