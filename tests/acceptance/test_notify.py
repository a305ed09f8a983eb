"""Messages to people far away: what arrives, in how many pieces, and that nothing waits for them."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from PIL import Image

from tests.acceptance import sinks
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, numbered
from tests.acceptance.process import Ended, run

pytest.importorskip("apprise", reason="needs the extra notify")

QUICK = {"gather": "500ms", "quiet": "500ms", "trouble_after": "500ms"}


def notify(place: Place, name: str, *urls: str, **keys: Any) -> dict[str, Any]:
    """Return the table that has messages delivered to these URLs."""
    file = place.root / f"urls-{name}"
    file.touch(mode=0o600)
    file.write_text("# of a test\n" + "\n".join(urls) + "\n", "utf-8")
    return {"name": name, "urls_file": file.name, **QUICK, **keys}


def configure(place: Place, notify_tables: Sequence[dict[str, Any]], *folders: dict[str, Any]) -> None:
    """Write the settings, with messages."""
    place.configure(*folders)
    settings = tomllib.loads(place.config.read_text("utf-8")) | {"notify": list(notify_tables)}
    place.config.write_text(tomli_w.dumps(settings), "utf-8")


def float_tiff(width: int = 30) -> bytes:
    """Return what the server does not take."""
    out = io.BytesIO()
    Image.new("F", (width, 2), 0.5).save(out, "TIFF")
    return out.getvalue()


def test_a_storm_of_failures_is_one_message_with_their_number_and_the_first_names(place: Place) -> None:
    with sinks.webhook() as hook:
        table = notify(place, "desk", hook.url, gather="3s")
        configure(place, [table], {"name": "hot", "contact": "Photo desk, ext. 4711"})
        for number in range(1000):
            place.drop(f"hot/{number:04}.tif", float_tiff(number + 1))
        with place.start() as process:
            message = process.await_that(lambda: hook.titled("1000 files need you"), "the message")
            process.end()

    assert hook.messages == [message]
    assert message.title == "hot: 1000 files need you"
    assert message.body.count("\n- hot: ") == 5
    assert "- and 995 more" in message.body
    assert "Not uploaded: it is a TIFF with floating-point samples" in message.body
    assert "Whom to ask: Photo desk, ext. 4711" in message.body


def test_what_was_dropped_together_is_told_when_it_is_done_to_each_in_their_language(
    place: Place, images: list[bytes]
) -> None:
    hostile = "<script>alert(1)</script> \u202egpj.tif"
    with sinks.mail_server() as mail, sinks.webhook() as hook:
        configure(
            place,
            [
                notify(place, "contacts", f"{mail.url}&to={{contact}}", language="fr"),
                notify(place, "all", hook.url),
            ],
            {"name": "hot", "contact": "Studio <studio@example.com>, ext. 12"},
            {"name": "other", "contact": "nobody by mail"},
        )
        for path, image in numbered(images, "hot", 8):
            place.drop(path, image)
        place.drop(f"hot/{hostile}", float_tiff())
        place.drop("hot/spring\nsale.tif", float_tiff(9))
        place.drop("other/lamp.jpg", images[50])
        ended = place.run_once()

    assert ended.code == 1
    assert not ended.noise
    done = hook.titled("8 uploaded")
    assert done is not None
    assert done.title in ("hot: 8 uploaded, 2 need you", "hot: 8 uploaded")
    assert hook.titled("other: 1 uploaded") is not None
    french = mail.titled("8 envoyés")
    assert french is not None
    assert " ".join(french.title.split()).startswith("hot : 8 envoyés")
    assert french.to == "studio@example.com"
    assert mail.titled("other") is None
    bad = hook.titled("2 files need you")
    assert bad is not None
    assert "<script>alert(1)" in bad.body
    assert "\\u202egpj.tif" in bad.body
    assert "spring\\nsale.tif" in bad.body
    assert not any("\u202e" in message.body + message.title for message in (*hook.messages, *mail.messages))
    assert not [event for event in ended.events if "secret" in str(event) or event["event"] == "daemon.trouble"]


def test_a_folder_that_is_out_of_reach_is_told_and_that_it_is_well_again(place: Place) -> None:
    with sinks.mail_server() as mail:
        configure(place, [notify(place, "desk", f"{mail.url}&to=desk@example.com")], {"name": "hot", "rescan": "200ms"})
        with place.start() as process:
            process.await_event("daemon.ready")
            hot = place.hot("hot")
            away = hot.rename(hot.with_name("away"))
            process.await_event("folder.degraded")
            trouble = process.await_that(lambda: mail.titled("Trouble: the hot folder hot"), "trouble")
            away.rename(hot)
            process.await_event("folder.recovered")
            well = process.await_that(lambda: mail.titled("Well again: the hot folder hot"), "recovery")
            ended = process.end()

    assert ended.code == 0
    assert "Nothing is lost" in trouble.body
    assert str(hot) in trouble.body or "there is no" in trouble.body
    assert "goes on by itself" in well.body
    assert len(mail.messages) == 2


def test_what_is_held_is_told_and_what_a_person_holds_is_not(place: Place, images: list[bytes]) -> None:
    with sinks.webhook() as hook:
        table = notify(place, "desk", hook.url)
        configure(place, [table], {"name": "hot", "settle": {"quiet": "100ms", "limit": "300ms"}}, {"name": "other"})
        with place.start() as process:
            process.await_event("daemon.ready")
            assert run("-c", place.config, "hold", "--folder", "other").code == 0
            process.await_event("folder.held", folder="other")
            place.drop("hot/half.jpg", images[0][:-2])
            message = process.await_that(lambda: hook.titled("waits for you"), "the message")
            process.end()

    assert message.title == "1 file waits for you"
    assert "- hot: half.jpg: the end of the JPEG is missing" in message.body
    assert hook.messages == [message]


def seconds_of_work(ended: Ended) -> float:
    """Return how long the files took, by the times of the log."""
    moments = [
        datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
        for name in ("daemon.ready", "drop.filed")
        for event in ended.named(name)
    ]
    return (max(moments) - min(moments)).total_seconds()


def test_a_dead_mail_server_slows_nothing_and_is_told_once(make_place: MakePlace, images: list[bytes]) -> None:
    took: list[float] = []
    with sinks.dead_mail_server() as silent:
        refusing = "json://127.0.0.1:9/hooks/a-secret-of-the-desk"
        for urls in ((), (silent, refusing)):
            place = make_place()
            configure(place, [notify(place, "desk", *urls)] if urls else [], {"name": "hot"})
            place.drop("hot/bad.tif", float_tiff())
            for path, image in numbered(images, "hot", 150):
                place.drop(path, image)
            ended = place.run_once()
            assert ended.code == 1
            assert len(ended.named("drop.filed", outcome="stored")) == 150
            took.append(seconds_of_work(ended))

    troubles = [event["reason"] for event in ended.named("daemon.trouble")]
    assert len([text for text in troubles if "cannot be delivered" in text]) == len(troubles) <= 2
    assert any("refused" in text for text in troubles)
    assert not any("secret" in text for text in troubles)
    assert took[1] < 2 * took[0] + 3


def test_a_trial_message_shows_whether_messages_arrive(place: Place) -> None:
    with sinks.webhook() as hook:
        good = notify(place, "good", hook.url, language="fr")
        bad = notify(place, "bad", "json://127.0.0.1:9/hooks/a-secret-of-the-desk")
        configure(place, [good], {"name": "hot"})
        went_well = run("-c", place.config, "check", "--trial-messages")
        configure(place, [good, bad], {"name": "hot"})
        went_wrong = run("-c", place.config, "check", "--trial-messages")

    assert went_well.code == 0
    assert "messages to good: delivered" in went_well.stdout
    assert [message.title for message in hook.messages] == ["Un message d'essai"] * 2
    assert went_wrong.code == 4
    assert "messages to bad: not delivered: " in went_wrong.stdout
    assert "secret" not in went_wrong.stdout + "".join(went_wrong.noise)


def test_what_is_wrong_with_messages_is_told_without_their_secrets(place: Place) -> None:
    table = notify(place, "desk", "mailto://desk:s3cret-of-the-desk@", "nonsense://s3cret-of-the-desk", folders=["hto"])
    configure(place, [table], {"name": "hot"})
    Path(place.root / "urls-desk").chmod(0o644)
    others_read = run("-c", place.config, "check")
    Path(place.root / "urls-desk").chmod(0o600)
    wrong = run("-c", place.config, "check")

    assert others_read.code == wrong.code == 2
    assert "chmod 600" in "".join(others_read.noise)
    said = "".join(wrong.noise)
    assert 'notify[0].folders: found "hto"' in said
    assert "line 2, which Apprise does not understand (mailto://" in said
    assert "line 3, which Apprise does not understand (nonsense://" in said
    assert "s3cret" not in said


def test_the_digest_comes_at_its_time_and_tells_what_the_day_brought(place: Place, images: list[bytes]) -> None:
    with sinks.mail_server() as mail:
        table = notify(place, "daily", f"{mail.url}&to={{contact}}", events=[], digest="18:00")
        configure(place, [table], {"name": "hot", "contact": "studio@example.com"})
        for path, image in numbered(images, "hot", 3):
            place.drop(path, image)
        place.drop("hot/float.tif", float_tiff())
        assert len(place.run_once().named("drop.filed")) == 4
        message = next(filter(None, (_digest_at_six(place, mail, ahead_s) for ahead_s in (8, 20, 50))))
    assert len(mail.messages) == 1
    assert "1 need" in message.title
    assert message.to == "studio@example.com"
    assert "- hot: 3 uploaded, 1 need" in message.body
    assert "float.tif" in message.body


def _digest_at_six(place: Place, mail: sinks.Sink, ahead_s: float) -> sinks.Message | None:
    """Return the digest of a daemon for which it is soon six; None if the machine was too busy to start it before."""
    six = datetime.now(UTC) + timedelta(seconds=ahead_s)
    to_six = timedelta(hours=18) - timedelta(hours=six.hour, minutes=six.minute, seconds=six.second)
    with place.start(environment={"TZ": zone(to_six)}) as process:
        process.await_event("daemon.ready")
        is_in_time = datetime.now(UTC) < six.replace(microsecond=0)
        message = process.await_that(lambda: mail.titled("3 uploaded"), "the digest") if is_in_time else None
        process.end()
    return message


def zone(east: timedelta) -> str:
    """Return a time zone, as TZ has it, in which it is later than in UTC by so much, or earlier by less than none."""
    seconds = int(east.total_seconds())
    sign, rest = ("-", seconds) if seconds >= 0 else ("+", -seconds)
    return f"XYZ{sign}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
