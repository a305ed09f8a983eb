"""A server that refuses us or is not there: nothing is claimed, it is said once, and work goes on by itself after."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hotfolder.sandbox import Sandbox
from tests.acceptance.place import PASSWORD, Place, check_all_arrived, numbered, sha256


def dropped_into(place: Place, images: list[bytes]) -> dict[str, bytes]:
    dropped = dict(numbered(images, "hot", 10))
    for path, content in dropped.items():
        place.drop(path, content)
    return dropped


def check_untouched(place: Place, dropped: dict[str, bytes]) -> None:
    """Every file lies where it was dropped, and nothing of ours is there."""
    assert place.originals("hot") == {path.removeprefix("hot/"): sha256(dropped[path]) for path in sorted(dropped)}
    assert not [path for path in place.hot("hot").iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    ("server", "password"),
    [({}, "wrong"), ({"company": "Other Co"}, PASSWORD), ({"user": "nobody@example.com"}, PASSWORD)],
    ids=["password", "company", "user"],
)
def test_a_refusal_ends_a_single_pass_with_nothing_claimed(
    place: Place, images: list[bytes], server: dict[str, str], password: str
) -> None:
    place.configure({"name": "hot"}, server=server)
    place.set_password(password)
    dropped = dropped_into(place, images)

    ended = place.run_once()

    assert ended.code == 3
    assert len(ended.named("server.refused")) == 1
    assert len(place.box.requests) <= 3
    check_untouched(place, dropped)
    assert place.history() == []


def test_a_wrong_password_is_told_once_and_its_cure_is_noticed(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    place.set_password("wrong")
    with place.start() as daemon:
        daemon.await_event("server.refused")
        dropped = dropped_into(place, images)
        daemon.await_event("drop.ready", times=10)
        check_untouched(place, dropped)
        place.set_password(PASSWORD)
        daemon.await_event("server.recovered")
        refused = len([request for request in place.box.requests if request.fault_code is not None])
        daemon.await_event("drop.filed", times=10, outcome="stored")
        ended = daemon.end()
    assert ended.code == 0
    assert refused <= 3
    assert len(ended.named("server.refused")) == 1
    check_all_arrived(place, dropped)


def test_a_password_that_is_refused_in_the_middle_stops_everything_until_it_is_cured(
    place: Place, images: list[bytes]
) -> None:
    """As if it had expired: the files of the POST that met it are not to blame, and go when it is well again."""
    place.configure({"name": "hot"}, upload={"files_per_post": 2})
    expired = place.box.add_fault(on="UploadFile", do="fault", code=10001, from_=3)
    dropped = dropped_into(place, images)
    with place.start() as daemon:
        daemon.await_event("server.refused", code=10001)
        sent = len(place.box.requests)
        assert daemon.end().code == 0
    assert len(place.box.requests) == sent
    assert expired.hits <= 2  # two jobs may have been under way
    place.box.clear_faults()
    assert place.run_once().code == 0
    check_all_arrived(place, dropped)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_server_that_is_not_there_ends_a_single_pass_with_files_in_place(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"}, server={"base_url": f"http://127.0.0.1:{free_port()}/scene7"})
    dropped = dropped_into(place, images)

    ended = place.run_once("--timeout", "2s", within_s=20.0)

    assert ended.code == 4
    assert len(ended.named("server.unreachable")) == 1
    check_untouched(place, dropped)


def test_work_goes_on_by_itself_when_the_server_comes_back(place: Place, images: list[bytes], tmp_path: Path) -> None:
    port = free_port()
    place.configure({"name": "hot"}, server={"base_url": f"http://127.0.0.1:{port}/scene7"})
    with place.start() as daemon:
        daemon.await_event("server.unreachable")
        dropped = dropped_into(place, images)
        daemon.await_event("drop.ready", times=10)
        check_untouched(place, dropped)
        with Sandbox(data=tmp_path / "late", port=port, password=PASSWORD) as late:
            daemon.await_event("drop.filed", times=10, outcome="stored")
            assert {asset["versions"] for asset in late.assets()} == {1}
            ended = daemon.end()
    assert len(ended.named("server.unreachable")) == 1
    assert len(ended.named("server.recovered")) == 1
    assert {path.partition("/")[0] for path in place.originals("hot")} == {"_done"}
