"""Splunk's times: modifiers such as -24h@h, spans such as 5m. All times are UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from spl.errors import SearchError

UNITS = {
    "s": ("s", "sec", "secs", "second", "seconds"), "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"), "d": ("d", "day", "days"), "w": ("w", "week", "weeks"),
    "mon": ("mon", "month", "months"), "y": ("y", "yr", "yrs", "year", "years"),
}  # fmt: skip
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def unit(name: str) -> str:
    """The short name of a unit of time."""
    for short, names in UNITS.items():
        if name.lower() in names:
            return short
    raise SearchError(f"the unit of time {name!r} is unknown")


def seconds(span: str) -> float:
    """The length of a span in seconds; a number without a unit is seconds."""
    found = re.fullmatch(r"(\d+)([A-Za-z]*)", span)
    if found is None or (short := unit(found[2] or "s")) not in SECONDS:
        raise SearchError(f"the span {span!r} is malformed: use a number and a unit of time")
    return int(found[1]) * SECONDS[short]


def moment(modifier: str, now: float) -> float:
    """The epoch of a modifier: `now`, an epoch, `-7d@d`, `@d+3h`, `0`."""
    text = modifier.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if text in ("", "now", "now()"):
        return now
    time = datetime.fromtimestamp(now, UTC)
    step = re.compile(r"([-+])(\d*)([A-Za-z]+)|@([A-Za-z]+)(\d*)")
    if not re.fullmatch(f"(?:{step.pattern})+", text):
        raise SearchError(f"the time modifier {modifier!r} is malformed")
    for sign, count, name, snap, weekday in step.findall(text):
        time = _snap(time, unit(snap), int(weekday or 0)) if snap else _shift(time, sign, int(count or 1), unit(name))
    return time.timestamp()


def _shift(time: datetime, sign: str, count: int, short: str) -> datetime:
    count = -count if sign == "-" else count
    if short in SECONDS:
        return time + timedelta(seconds=count * SECONDS[short])
    months = time.year * 12 + time.month - 1 + (count if short == "mon" else 12 * count)
    return time.replace(year=months // 12, month=months % 12 + 1, day=min(time.day, 28))


def _snap(time: datetime, short: str, weekday: int) -> datetime:
    if short == "w":
        # A week begins on Sunday, @w1 on Monday.
        time = time - timedelta(days=(time.isoweekday() - weekday) % 7)
        short = "d"
    parts = {"s": 6, "m": 5, "h": 4, "d": 3, "mon": 2, "y": 1}[short]
    return datetime(*(time.timetuple()[:parts] + (1,) * (3 - parts)), tzinfo=UTC)  # type: ignore[arg-type, misc]
