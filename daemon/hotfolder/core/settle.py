"""
The settle gate: when a file that somebody is putting into a hot folder counts as complete.

Owns the rule (RELIABILITY 2.1, 3.1); knows nothing of how looks are taken. Its only clock is the monotonic time of the
observations, never a file's own times: clients set those as they like, even while they go on writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hotfolder.core import wording
from hotfolder.core.model import Evidence, FormatEnd, Lease, Observation
from hotfolder.core.settings import SettleSettings

SHORTEST_WAIT_S = 0.25
"""Between two looks at a file that changes: often enough for people, rarely enough for a share full of copies."""

UNTOLD_QUIET_S = 0.5
"""
With `quiet = "0s"` but no event that spoke of a close: two looks this far apart.

A guess: two looks in a row would prove nothing, and who asked for no quiet time wants no delay that can be felt.
"""

LONGEST_WAIT_S = 30.0
"""Between two looks at a file that is incomplete and does not change; any event brings the next look forward."""

STUCK_WAIT_S = 300.0
"""Between two looks at a file held in place; like the usual rescan, which would find the change as well."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of a path that has not settled yet."""

    first_seen_s: float
    observation: Observation  # the latest
    unchanged_since_s: float
    closed: bool  # a close or rename event told us of this version


@dataclass(frozen=True, slots=True)
class Settled:
    """The file is complete."""

    evidence: str  # for people: "unchanged for 5.0 s, no writer, JPEG end found"


@dataclass(frozen=True, slots=True)
class LookAgain:
    """It cannot be told yet."""

    at_s: float  # monotonic; not later than the next time at which the answer may be another one
    missing: str  # for people: "still being written"


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will not be sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """It has been incomplete for too long: held in place, and looked at slowly."""

    at_s: float
    reason: str


def judge(
    settings: SettleSettings, track: Track | None, observation: Observation, *, closed: bool
) -> tuple[Track, Settled | LookAgain | Rejected | Stuck]:
    """
    Decide after one look; `track` is what the look before returned, `closed` whether an event of a close led to it.

    Complete means: identity and ctime unchanged for `quiet_s`, evidence taken on this very look, nobody writing, no
    unfilled hole at the end, and the end of the format there. Without evidence the answer is to look again at once:
    so ask for it on every look that may be the last.
    """
    now_s = observation.at_s
    if track is None:
        track = Track(now_s, observation, now_s, closed)
        changed = False
    elif _is_same(track.observation, observation):
        track = Track(track.first_seen_s, observation, track.unchanged_since_s, track.closed or closed)
        changed = False
    else:
        track = Track(track.first_seen_s, observation, now_s, closed)
        changed = True
    return track, _decide(settings, track, changed=changed)


def _is_same(before: Observation, after: Observation) -> bool:
    return before.identity == after.identity and before.ctime_ns == after.ctime_ns


def _decide(settings: SettleSettings, track: Track, *, changed: bool) -> Settled | LookAgain | Rejected | Stuck:
    observation = track.observation
    now_s = observation.at_s
    unchanged_s = now_s - track.unchanged_since_s
    evidence = observation.evidence
    if observation.identity.size_bytes == 0 and not _has_writer(evidence):
        if unchanged_s >= settings.empty_grace_s:
            return Rejected(wording.STAYED_EMPTY.format(time=_spoken(unchanged_s)))
        wait_s = min(_backoff(settings, unchanged_s), settings.empty_grace_s - unchanged_s)
        return LookAgain(now_s + wait_s, wording.STILL_EMPTY)

    quiet_s = _quiet(settings, closed=track.closed)
    if unchanged_s < quiet_s:
        missing = wording.STILL_WRITTEN if changed else wording.NOT_QUIET.format(time=_spoken(quiet_s))
        wait_s = quiet_s - unchanged_s
        return LookAgain(now_s + (max(wait_s, SHORTEST_WAIT_S) if changed else wait_s), missing)
    if evidence is None:
        return LookAgain(now_s, wording.LAST_LOOK)
    trouble = _trouble(settings, evidence)
    if trouble is None:
        return Settled(_proof(settings, evidence, unchanged_s))
    missing, cure = trouble
    if unchanged_s >= settings.limit_s:
        reason = wording.STUCK.format(missing=missing, time=_spoken(unchanged_s), cure=cure)
        return Stuck(now_s + STUCK_WAIT_S, reason)
    return LookAgain(now_s + min(_backoff(settings, unchanged_s), settings.limit_s - unchanged_s), missing)


def _quiet(settings: SettleSettings, *, closed: bool) -> float:
    if settings.quiet_s > 0:
        return settings.quiet_s
    return 0.0 if closed else UNTOLD_QUIET_S


def _backoff(settings: SettleSettings, unchanged_s: float) -> float:
    """Wait as long as the file has already been unchanged, which doubles; from the quiet time to half a minute."""
    shortest_s = max(settings.quiet_s, SHORTEST_WAIT_S)
    return max(shortest_s, min(unchanged_s, LONGEST_WAIT_S))


def _has_writer(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.lease is Lease.WRITER


def _trouble(settings: SettleSettings, evidence: Evidence) -> tuple[str, str] | None:
    """Return what is missing and how a person cures it, or None when nothing is."""
    if evidence.lease is Lease.WRITER:
        return wording.HAS_WRITER, wording.CLOSE_IT
    if evidence.finder_busy:
        return wording.FINDER_BUSY, wording.COPY_AGAIN
    if evidence.trailing_hole:
        return wording.TRAILING_HOLE, wording.COPY_AGAIN
    if settings.formats and evidence.format_end is FormatEnd.MISSING:
        missing = wording.NO_END.format(format=evidence.format_name) if evidence.format_name else wording.NO_END_OF_FILE
        return missing, wording.COPY_AGAIN
    return None


def _proof(settings: SettleSettings, evidence: Evidence, unchanged_s: float) -> str:
    facts = [wording.UNCHANGED.format(seconds=f"{unchanged_s:.1f}") if unchanged_s > 0 else wording.CLOSED]
    if evidence.lease is Lease.FREE:
        facts.append(wording.NO_WRITER)
    if settings.formats and evidence.format_end is FormatEnd.COMPLETE:
        facts.append(wording.END_FOUND.format(format=evidence.format_name))
    return ", ".join(facts)


@lru_cache(maxsize=64)  # mostly of the few quiet times that are set, once for every look
def _spoken(seconds: float) -> str:
    if seconds < 120:
        return wording.SECONDS.format(seconds=f"{seconds:.1f}".removesuffix(".0"))
    return wording.MINUTES.format(minutes=f"{seconds / 60:.0f}")
