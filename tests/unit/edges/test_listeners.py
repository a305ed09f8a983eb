"""Sockets that listen."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from hotfolder.edges.listeners import ControlSocket, ListenError, open_tcp


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(path))


# --- the control socket ---


def test_it_listens_for_its_user_and_group_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    control = ControlSocket(path)
    connect(path)
    assert stat.S_IMODE(path.lstat().st_mode) == 0o660
    control.close()
    control.close()
    assert not path.exists()


def test_a_socket_file_of_a_dead_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    dead = ControlSocket(path)
    dead.listener.close()
    with pytest.raises(ConnectionRefusedError):
        connect(path)

    alive = ControlSocket(path)

    connect(path)
    dead.close()  # it must not take away what is another's by now
    connect(path)
    alive.close()


def test_a_socket_that_somebody_answers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    alive = ControlSocket(path)
    with pytest.raises(ListenError, match="another daemon answers there"):
        ControlSocket(path)
    connect(path)
    alive.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("somebody's")
    with pytest.raises(ListenError, match="is there and is no socket; move it away"):
        ControlSocket(path)
    assert path.read_text() == "somebody's"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ListenError, match="is no socket"):
        ControlSocket(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("nowhere/control.sock", "nowhere is not a directory; create it"), ("x" * 120, "correct \\[control\\] socket")],
)
def test_a_place_that_cannot_be_had_is_told(tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(ListenError, match=reason):
        ControlSocket(tmp_path / path)


# --- TCP ---


def test_a_free_port_is_taken() -> None:
    listeners = open_tcp("127.0.0.1", 0)
    port = listeners[0].getsockname()[1]
    socket.create_connection(("127.0.0.1", port)).close()
    for listener in listeners:
        listener.close()


def test_a_name_with_several_addresses_has_one_port_on_all() -> None:
    listeners = open_tcp("localhost", 0)
    assert len({listener.getsockname()[1] for listener in listeners}) == 1
    for listener in listeners:
        listener.close()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"^127.0.0.1:{port}: another program has it; "):
            open_tcp("127.0.0.1", port)


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ListenError, match=r"^192\.0\.2\.1:8480: .*\[web\] listen"):
        open_tcp("192.0.2.1", 8480)


def test_a_port_can_be_had_again_at_once() -> None:
    port = free_port()
    for _ in range(2):
        (listener,) = open_tcp("127.0.0.1", port)
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = listener.accept()
        served.close()
        client.close()
        listener.close()
