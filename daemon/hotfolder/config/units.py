"""
Durations, sizes, bandwidths and times of day as people write them.

The parsers raise ValueError with what is wanted; the checks for the model carry limits and never raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from decimal import Decimal

from hotfolder.config.table import Check
from hotfolder.core.settings import PublishWhen

_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_BYTES = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(("k", "M", "G", "T"), start=1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T"), start=1)},
    "KB": 1000,  # not SI, but what most people write
}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS = rf"(?P<begin>{_TIME_OF_DAY})-(?P<end>{_TIME_OF_DAY}|24:00)"
_DURATION = rf"({_NUMBER})(ms|s|m|h|d)"
_SIZE = rf"({_NUMBER}) ?([KMGT]iB|[kKMGT]?B)"

DURATION_WANTED = 'a duration such as "5s" or "2m"'
SIZE_WANTED = 'a size such as "64MiB" or "20MB"'
PUBLISH_WANTED = '"never", "after-job" or a time of day such as "22:00"'
DAILY_WANTED = '"never" or a time of day such as "18:00"'
NEVER = "never"
BANDWIDTH_WANTED = '"unlimited" or a size per second such as "20MB/s"'
HOURS_WANTED = 'hours such as "08:00-18:00", or over midnight "22:00-06:00"'


def parse_duration(text: str) -> float:
    """Return seconds: "250ms", "2s", "1.5m", "1h" or "1d"."""
    return float(_parse(_DURATION, text, DURATION_WANTED, _SECONDS.__getitem__))


def parse_size(text: str) -> int:
    """Return bytes: "512B", "20MB" (thousands) or "64MiB" (1,024s)."""
    return int(_parse(_SIZE, text, SIZE_WANTED, lambda unit: Decimal(_BYTES[unit])))


def parse_bandwidth(text: str) -> float | None:
    """Return bytes per second, None for "unlimited"."""
    if text == "unlimited":
        return None
    if not text.endswith("/s"):
        raise ValueError(BANDWIDTH_WANTED)
    try:
        return float(parse_size(text.removesuffix("/s")))
    except ValueError:
        raise ValueError(BANDWIDTH_WANTED) from None


def parse_hours(text: str) -> tuple[time, time]:
    """Return beginning and end of "08:00-18:00"; "24:00" as an end is midnight."""
    found = re.fullmatch(_HOURS, text)
    if found is None:
        raise ValueError(HOURS_WANTED)
    begin, end = found["begin"], found["end"]
    if begin == end:
        raise ValueError('an end other than the beginning; a whole day is "00:00-24:00"')
    return time.fromisoformat(begin), time(0) if end == "24:00" else time.fromisoformat(end)


def parse_publish(text: str) -> PublishWhen | time:
    """Return when to publish: "never", "after-job" or "22:00"."""
    if re.fullmatch(_TIME_OF_DAY, text):
        return time.fromisoformat(text)
    try:
        return PublishWhen(text)
    except ValueError:
        raise ValueError(PUBLISH_WANTED) from None


def parse_daily(text: str) -> time | None:
    """Return a time of every day, None for "never"."""
    if text == NEVER:
        return None
    if re.fullmatch(_TIME_OF_DAY, text):
        return time.fromisoformat(text)
    raise ValueError(DAILY_WANTED)


def _check_daily(text: str) -> str | None:
    try:
        parse_daily(text)
    except ValueError as error:
        return str(error)
    return None


def _check_hours(text: str) -> str | None:
    try:
        parse_hours(text)
    except ValueError as error:
        return str(error)
    return None


def _check_publish(text: str) -> str | None:
    try:
        parse_publish(text)
    except ValueError as error:
        return str(error)
    return None


def _parse(form: str, text: str, wanted: str, factor: Callable[[str], Decimal]) -> Decimal:
    found = re.fullmatch(form, text)
    if found is None:
        raise ValueError(wanted)
    return Decimal(found[1]) * factor(found[2])


def duration(least: str = "0s", most: str = "30d") -> Check:
    """Return the check of a duration within limits, both allowed."""
    return _limited(parse_duration, DURATION_WANTED, _DURATION, least, most)


def size(least: str, most: str) -> Check:
    """Return the check of a size within limits, both allowed."""
    return _limited(parse_size, SIZE_WANTED, _SIZE, least, most)


def _check_bandwidth(text: str) -> str | None:
    try:
        rate = parse_bandwidth(text)
    except ValueError as error:
        return str(error)
    return None if rate is None or rate >= 1000 else 'at least "1kB/s"'  # below it no file of today ever arrives


def _limited(parse: Callable[[str], float], wanted: str, form: str, least: str, most: str) -> Check:
    lower, upper = parse(least), parse(most)
    kind = wanted.partition(" such ")[0]

    def test(text: str) -> str | None:
        try:
            value = parse(text)
        except ValueError as error:
            return str(error)
        return None if lower <= value <= upper else f'{kind} from "{least}" to "{most}"'

    return Check(wanted=wanted, test=test, pattern=f"^{form}$")


BANDWIDTH = Check(wanted=BANDWIDTH_WANTED, test=_check_bandwidth, pattern=rf"^(unlimited|{_SIZE}/s)$")
HOURS = Check(wanted=HOURS_WANTED, test=_check_hours, pattern=rf"^{_TIME_OF_DAY}-({_TIME_OF_DAY}|24:00)$")
PUBLISH = Check(wanted=PUBLISH_WANTED, test=_check_publish, pattern=rf"^(never|after-job|{_TIME_OF_DAY})$")
DAILY = Check(wanted=DAILY_WANTED, test=_check_daily, pattern=rf"^(never|{_TIME_OF_DAY})$")
