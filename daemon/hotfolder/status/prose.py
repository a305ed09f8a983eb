"""
An explanation as people read it on a terminal: a short story with its times, what to do, and then the details.

Owns the sentences; every fact in them is in the explanation. Moments are told by the reader's own clock, the first one
with its zone, and days only where they change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from rich.cells import cell_len

from hotfolder.core import wording
from hotfolder.core.model import Outcome, PostState
from hotfolder.core.wording import isolated, shown
from hotfolder.status import live
from hotfolder.status.explain import THE_FOLDER_ITSELF
from hotfolder.status.live import Next
from hotfolder.status.sizes import size
from hotfolder.status.story import What

Answer = Mapping[str, Any]

ToLocal = Callable[[datetime], datetime]
"""Gives an aware moment in the reader's time zone, by the rules that hold there at that moment."""

_DECIDED: Final = {
    Outcome.STORED: "stored by Adobe",
    Outcome.UPDATED: "stored by Adobe in place of the earlier one",
    Outcome.RENAMED: "stored by Adobe under another name",
    Outcome.DUPLICATE: "skipped",
    Outcome.FAILED: "failed",
    Outcome.REJECTED: "rejected",
    Outcome.UNKNOWN: "given up",
    Outcome.WITHDRAWN: "taken away before it was sent",
}

_TOLD: Final = (wording.STORED, wording.UPDATED, wording.TAKEN_AWAY, live.BEING_SENT, live.SENT)
"""Reasons that the story tells anyhow."""

_NEXT: Final = {
    Next.LOOK: "It is looked at again",
    Next.BATCH: "Its batch forms",
    Next.NAMES: "The server is asked for that again",
    Next.SERVER: "The server is tried again",
    Next.SEND: "It is sent",
    Next.ASK: "Adobe is asked again",
    Next.FILE: "That is tried again",
}

_SUBJECTS: Final = (
    ("waits ", "It "),
    ("being ", "It is "),
    ("still being ", "It is "),
    ("just found", "It was "),
    ("held ", "It is "),
    ("new: ", "It is "),
    ("fewer uploads ", "It waits: there are "),
    ("on its way ", "It is "),
)
"""How a reason becomes a sentence, by how it begins; every other one is a sentence that lacks its capital."""

_PREFIXES: Final = ("complete; ", "taken over; ", "decided; ")
"""Of reasons, where the story has told of it."""

_LABELS: Final = (
    ("path", "Path"),
    ("file", "Dropped as"),
    ("now_at", "Now at"),
    ("folder", "Hot folder"),
    ("rule", "Rule"),
    ("destination", "Destination"),
    ("asset", "Name at Adobe"),
    ("job", "Job"),
    ("job_handle", "Job handle"),
    ("drop", "Number"),
    ("retry_of", "Tried before"),
    ("earlier", "Earlier drops"),
)


def as_text(answer: Answer, now: datetime, *, columns: int = 80, to_local: ToLocal = datetime.astimezone) -> str:
    """Return an explanation as lines for a terminal of so many columns; `now` is aware."""
    # what stands in the way comes first, and what else is worth knowing after what to do
    paragraphs = [f"Caution: {shown(answer['objection'])}."] if answer.get("objection") else []
    paragraphs.append(" ".join(_story(answer, _Times(now, to_local))))
    if answer.get("cure"):
        paragraphs.append(f"What to do: {shown(answer['cure'])}.")
    paragraphs += [f"Caution: {caution}." for caution in _cautions(answer)]
    lines = [line for paragraph in paragraphs for line in _wrapped(paragraph, columns)]
    return "\n".join([*lines, "", *_details(answer)])


def _wrapped(text: str, columns: int) -> list[str]:
    """Wrap by the columns that letters take: there are some that take two."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= columns or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class _Times:
    """Tells moments as they follow each other: nothing twice that has just been said."""

    def __init__(self, now: datetime, to_local: ToLocal) -> None:
        self._to_local = to_local
        self._now = now
        self._last: datetime | None = None

    def at(self, moment: str) -> str:
        """Return a moment, RFC 3339, with what has changed since the one told before."""
        local, last = self._local(moment), self._last
        self._last = local
        parts = [f"{local:%H:%M:%S}"]
        if last is None:
            parts.append(f"{local:%Z}")
        if last is None or last.date() != local.date():
            parts.insert(0, self._day(local))
        return " ".join(parts)

    def after(self, moment: str) -> str:
        """Return a moment after a space; nothing where it is that of the one before, to the second."""
        if self._last is not None and self._local(moment).replace(microsecond=0) == self._last.replace(microsecond=0):
            return ""
        return f" {self.at(moment)}"

    def coming(self, moment: str) -> str:
        """Return a moment that is still to come, and how long it takes until then."""
        left_s = max(0, round((datetime.fromisoformat(moment) - self._now).total_seconds()))
        return f"at {self.at(moment)} (in {_spoken(left_s)})"

    def minute(self, moment: str) -> str:
        """Return a moment with its day, to the minute."""
        self._last = local = self._local(moment)
        return f"{self._day(local)} at {local:%H:%M}"

    def _local(self, moment: str) -> datetime:
        return self._to_local(datetime.fromisoformat(moment))

    def _day(self, local: datetime) -> str:
        today = self._to_local(self._now).date()
        days = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}
        return days.get(local.date(), f"{local:%Y-%m-%d}")


def _spoken(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"


def _taken(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else _spoken(round(seconds))


# --- the story ---


def _story(answer: Answer, times: _Times) -> Iterator[str]:
    """Yield its sentences."""
    reason = shown(answer["reason"] or "")
    if answer["folder"] is None:
        yield f"{_name(answer)} lies {reason}."
        return
    if not answer["inside"]:
        yield f"This is the hot folder {isolated(shown(answer['folder']))}."
        if answer.get("folder_state"):
            yield f"It is {answer['folder_state']}{'' if reason == THE_FOLDER_ITSELF else f': {reason}'}."
        return
    moments = answer.get("story")
    if not moments:
        yield _without_story(answer, reason)
        yield from _before(answer, times)
        return
    yield f"{_name(answer)} {_in_a_row(list(_clauses(answer, moments, times)))}."
    yield from _now(answer, reason, times)
    yield from _goes_live(answer, times)
    yield from _before(answer, times)


def _without_story(answer: Answer, reason: str) -> str:
    """Return the one sentence on a path of which nothing was ever seen."""
    name, rest = _name(answer), reason.removeprefix("it would be rejected: ")
    if rest != reason:
        return f"{name} would be rejected: {rest}."
    if reason.startswith(_NOT_A_DROP):
        return f"{name} is not sent: {reason.removeprefix(_NOT_A_DROP).removeprefix(_LEFT_IN_PLACE)}."
    if reason.startswith(("a directory", "a place", "in a place", "a file of", "new: ")):
        return f"{name} is {reason}."
    if reason.startswith("never seen"):
        as_name = "" if answer.get("asset") is None else f" Dropped there now, it would become {_online(answer)}."
        return f"{name} was {reason}.{as_name}"
    return _sentence(reason)


_NOT_A_DROP: Final = live.NOT_A_DROP.format(why="")
_LEFT_IN_PLACE: Final = wording.LEFT_IN_PLACE.format(unsafe="")


def _clauses(answer: Answer, moments: list[dict[str, Any]], times: _Times) -> Iterator[str]:
    """Yield what happened, as parts of one sentence."""
    outcome = None if answer.get("outcome") is None else Outcome(answer["outcome"])
    for moment in moments:
        match What(moment["what"]):
            case What.SEEN:
                yield f"was seen {times.at(moment['at'])}"
            case What.COMPLETE if outcome is not Outcome.REJECTED:
                evidence = f" ({shown(answer['evidence'])})" if answer.get("evidence") else ""
                at = times.after(moment["at"])
                is_last = moment is moments[-1]
                yield f"{'is complete since' if is_last and at else 'complete'}{at}{evidence}"
            case What.CLAIMED:
                yield f"claimed{times.after(moment['at'])}"
            case What.SENDING:
                yield _sent(moment, times)
            case What.DECIDED if outcome is not None:
                yield f"{_DECIDED[outcome]}{times.after(moment['at'])}"
            case What.FILED if outcome is not Outcome.WITHDRAWN:
                yield f"{_filed(answer)}{times.after(moment['at'])}"


def _sent(moment: Mapping[str, Any], times: _Times) -> str:
    began = times.after(moment["at"])
    if moment.get("answer") is None:
        return f"sent{began}"
    others = {1: "", 2: "with another one, "}.get(moment["files"], f"with {moment['files'] - 1} others, ")
    amount = f"{others}{size(moment['size_bytes'])}"
    match PostState(moment["answer"]):
        case PostState.ACCEPTED:
            took = datetime.fromisoformat(moment["until"]) - datetime.fromisoformat(moment["at"])
            return f"sent{began} ({amount} in {_taken(took.total_seconds())})"
        case PostState.UNKNOWN:
            return f"sent{began} ({amount}; the answer was lost)"
        case _:
            return f"being sent{f' since{began}' if began else ''} ({amount})"


def _filed(answer: Answer) -> str:
    """Return where the original is, from its hot folder on."""
    if answer["now_at"] is None:
        return "deleted here, as its hot folder is set up"
    root = answer["path"].removesuffix(answer["inside"])
    place = answer["now_at"].removeprefix(root)
    if place == answer["file"]:
        return "left in its place"
    return f"filed in {isolated(shown(place.rpartition('/')[0]))}"


def _in_a_row(clauses: list[str]) -> str:
    if len(clauses) == 1:
        return clauses[0]
    return f"{', '.join(clauses[:-1])} and {clauses[-1]}"


def _now(answer: Answer, reason: str, times: _Times) -> Iterator[str]:
    """Yield how it stands, and what comes next."""
    if answer["state"] == "done":
        if reason not in _TOLD:
            yield _sentence(reason)
        if answer.get("is_there") is False:
            yield "It is no longer there."
        return
    if answer.get("sent_bytes") is not None and answer.get("size_bytes"):
        share = answer["sent_bytes"] / answer["size_bytes"]
        yield f"{size(answer['sent_bytes'])} of {size(answer['size_bytes'])} have left ({share:.0%})."
    elif reason == live.SENT:
        progress = answer.get("progress")
        yield "Adobe works on it." if progress is None else f"Adobe works on it; its job is {progress:.0%} done."
    elif reason not in _TOLD and not (reason == live.LINGERS and answer.get("next_at")):
        yield _subject(answer, reason)
    if answer.get("next_at") and answer.get("next"):
        yield f"{_NEXT[Next(answer['next'])]} {times.coming(answer['next_at'])}."
    if answer.get("limit_at"):
        what = "held in its place" if answer["limit"] == "held" else "rejected"
        yield f"If it stays like that, it is {what} {times.coming(answer['limit_at'])}."
    if answer.get("is_there") is False:
        yield "It is not there now."
    if answer.get("daemon") is False and "no daemon" not in reason:
        yield "No daemon is running: it goes on when one is started."


def _subject(answer: Answer, reason: str) -> str:
    """Return a reason as a sentence about the file."""
    for prefix in _PREFIXES:
        reason = reason.removeprefix(prefix)
    if answer["state"] == "held" and not reason.startswith("held "):
        return f"It is held: {reason}."
    if answer.get("limit_at"):
        return f"It is not complete: {reason}."
    if reason.startswith("not yet "):
        return f"It has not yet been {reason.removeprefix('not yet ')}."
    for beginning, subject in _SUBJECTS:
        if reason.startswith(beginning):
            return f"{subject}{reason}."
    return _sentence(reason)


def _goes_live(answer: Answer, times: _Times) -> Iterator[str]:
    visible = answer.get("visible")
    if visible is None or answer["state"] in ("settling", "held"):
        return
    text = shown(visible)
    if answer.get("published_at"):
        text = f"it went live {times.at(answer['published_at'])}"
    elif answer.get("publish_due") and not text.startswith(_AFTER_FAILURE):
        text = f"it goes live with the publish {times.minute(answer['publish_due'])}"
    if visible.endswith(_OLD_ONE_STAYS) and not text.endswith(_OLD_ONE_STAYS):
        text += _OLD_ONE_STAYS
    yield _sentence(text)


_OLD_ONE_STAYS: Final = wording.OLD_ONE_STAYS.format(reason="")
_AFTER_FAILURE: Final = wording.LIVE_AFTER_FAILURE.format(reason="")


def _before(answer: Answer, times: _Times) -> Iterator[str]:
    if answer.get("last_outcome"):
        at = f" {times.at(answer['last_at'])}" if answer.get("last_at") else ""
        yield f"Another file was dropped here before ({answer['last_outcome']}{at})."


def _cautions(answer: Answer) -> Iterator[str]:
    if answer.get("caution"):
        yield shown(answer["caution"])
    if answer.get("possible_second_copy"):
        yield "there may be a second copy of it on the server"


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + ("" if reason[-1:] in ".!?" else ".")


def _name(answer: Answer) -> str:
    inside = answer.get("inside")
    return isolated(shown(str(answer["path"]) if not inside else inside.rpartition("/")[2]))


def _online(answer: Answer) -> str:
    place = f" in {isolated(shown(answer['destination']))}" if answer["destination"] else ""
    return f'"{isolated(shown(answer["asset"]))}"{place}'


# --- the details ---


def _details(answer: Answer) -> Iterator[str]:
    values = dict(answer)
    if answer.get("file") == answer.get("inside"):
        values.pop("file", None)
    if "options" in answer:
        rule = answer["rule"]
        values["rule"] = "none of its rules" if rule is None else f"{rule} of its rules"
        values["destination"] = answer["destination"] or "the top folder of the company"
    if not answer.get("earlier"):
        values.pop("earlier", None)
    for key, label in _LABELS:
        value = values.get(key)
        if value not in (None, ""):
            yield f"  {label + ':':<15}{isolated(shown(str(value)))}"
    options = answer.get("options")
    if options:
        yield "  Options:"
        for name, value in sorted(options.items()):
            yield isolated(shown(f"    {name} = {json.dumps(value, ensure_ascii=False)}"))
