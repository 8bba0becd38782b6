"""The functions of eval. Each takes the clock of the search and the values of its arguments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5, sha256
from ipaddress import ip_address, ip_network
from itertools import zip_longest

from spl.errors import SearchError
from spl.language.times import moment
from spl.run.values import Value, from_field, number, number_text, text, texts


@dataclass(frozen=True)
class Clock:
    """When a search runs, and its time range: epochs; a range without an end has `latest` inf."""

    now: float
    earliest: float = 0
    latest: float = math.inf


Function = Callable[..., Value]


def _numeric(compute: Callable[..., float]) -> Function:
    """A function of numbers; null if an argument is not a number."""

    def apply(_: Clock, *values: Value) -> Value:
        numbers = [number(value) for value in values]
        if any(n is None for n in numbers):
            return None
        try:
            return compute(*numbers)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None

    return apply


def _textual(compute: Callable[..., Value]) -> Function:
    """A function of texts; null if the first argument is null."""
    return lambda _, first=None, *values: None if first is None else compute(text(first), *(text(v) for v in values))


def _several(compute: Callable[..., list[str]]) -> Function:
    """A function of all values of its first argument."""
    return lambda _, first=None, *rest: from_field(compute(texts(first), *rest))


def _round(value: float, places: float = 0) -> float:
    scale = 10 ** int(places)
    rounded = math.floor(abs(value) * scale + 0.5) / scale
    return math.copysign(rounded, value) if rounded else 0.0


def _mvindex(_: Clock, value: Value, start: Value, end: Value = None) -> Value:
    values = texts(value)
    first = int(number(start) or 0)
    last = first if end is None else int(number(end) or 0)
    first, last = (at + len(values) if at < 0 else at for at in (first, last))
    return from_field(values[max(first, 0) : last + 1]) if last >= 0 else None


def _substr(_: Clock, value: Value, start: Value, length: Value = None) -> Value:
    if value is None:
        return None
    characters, first = text(value), int(number(start) or 1)
    at = first - 1 if first > 0 else max(0, len(characters) + first)
    return characters[at:] if length is None else characters[at : at + int(number(length) or 0)]


def _tostring(_: Clock, value: Value, form: Value = None) -> Value:
    amount = number(value)
    if form is None or amount is None:
        return None if value is None else text(value)
    if form == "commas":
        return f"{amount:,.2f}" if amount != int(amount) else f"{int(amount):,}"
    if form == "hex":
        return hex(int(amount))
    if form == "duration":
        days, rest = divmod(int(amount), 86_400)
        return (f"{days}+" if days else "") + f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    raise SearchError(f"the format {form!r} of tostring() is unknown: use commas, hex or duration")


def _strftime(_: Clock, value: Value, form: Value) -> Value:
    epoch = number(value)
    if epoch is None:
        return None
    time = datetime.fromtimestamp(epoch, UTC)
    pattern = (
        text(form).replace("%3N", f"{time.microsecond // 1000:03}").replace("%Q", f"{time.microsecond // 1000:03}")
    )
    return time.strftime(pattern.replace("%N", f"{time.microsecond // 1000:03}"))


def _strptime(_: Clock, value: Value, form: Value) -> Value:
    try:
        time = datetime.strptime(text(value), text(form).replace("%3N", "%f").replace("%Q", "%f").replace("%N", "%f"))
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _relative_time(_: Clock, value: Value, modifier: Value) -> Value:
    epoch = number(value)
    return None if epoch is None else moment(text(modifier), epoch)


def _printf(_: Clock, form: Value, *values: Value) -> Value:
    kinds = re.findall(r"%[-+ 0#',]*\d*(?:\.\d+)?([a-zA-Z%])", text(form))
    given = [int(number(v) or 0) if k in "dioxX" else number(v) if k in "eEfFgG" else text(v)
             for k, v in zip((k for k in kinds if k != "%"), values)]  # fmt: skip
    return text(form) % tuple(given)


def _replace(_: Clock, value: Value, pattern: Value, new: Value) -> Value:
    return None if value is None else re.sub(text(pattern), re.sub(r"\\(\d)", r"\\g<\1>", text(new)), text(value))


def _match(_: Clock, value: Value, pattern: Value) -> Value:
    return None if value is None else any(re.search(text(pattern), one) is not None for one in texts(value))


def _mvfind(_: Clock, value: Value, pattern: Value) -> Value:
    return next((at for at, one in enumerate(texts(value)) if re.search(text(pattern), one)), None)


def _mvzip(_: Clock, one: Value, other: Value, between: Value = ",") -> Value:
    return from_field([a + text(between) + b for a, b in zip(texts(one), texts(other))])


def _mvrange(_: Clock, start: Value, end: Value, step: Value = 1) -> Value:
    at, last, by = number(start) or 0.0, number(end) or 0.0, number(step) or 1.0
    return from_field([number_text(at + by * n) for n in range(max(0, math.ceil((last - at) / by)))])


def _mvappend(_: Clock, *values: Value) -> Value:
    return from_field([one for value in values for one in texts(value)])


def _mvjoin(_: Clock, value: Value, between: Value) -> Value:
    return None if value is None else text(between).join(texts(value))


def _mvsort(values: list[str]) -> list[str]:
    return sorted(values)


def _split(_: Clock, value: Value, between: Value) -> Value:
    if value is None:
        return None
    return from_field(text(value).split(text(between)) if text(between) else list(text(value)))


def _cidrmatch(_: Clock, network: Value, address: Value) -> Value:
    try:
        return ip_address(text(address)) in ip_network(text(network), strict=False)
    except ValueError:
        return False


def _extreme(pick: Callable[..., Value]) -> Function:
    """min and max: numbers come before texts."""

    def apply(_: Clock, *values: Value) -> Value:
        given = [one for value in values for one in (value if isinstance(value, list) else [value]) if one is not None]
        return (
            pick(given, key=lambda v: (1, 0, text(v)) if number(v) is None else (0, number(v), "")) if given else None
        )

    return apply


def _typeof(_: Clock, value: Value = None) -> Value:
    return (
        "Invalid"
        if value is None
        else "Boolean"
        if isinstance(value, bool)
        else "String"
        if number(value) is None
        else "Number"
    )


def _tonumber(_: Clock, value: Value, base: Value = 10) -> Value:
    try:
        return number(value) if number(base) == 10 else int(text(value), int(number(base) or 10))
    except ValueError:
        return None


def _nullif(_: Clock, one: Value, other: Value) -> Value:
    return None if text(one) == text(other) else one


def _json_object(_: Clock, *values: Value) -> Value:
    return json.dumps(dict(zip_longest(map(text, values[::2]), values[1::2])))


FUNCTIONS: dict[str, Function] = {
    "now": lambda clock: float(int(clock.now)), "time": lambda clock: clock.now, "null": lambda _: None,
    "true": lambda _: True, "false": lambda _: False, "pi": lambda _: math.pi,
    "isnull": lambda _, value=None: value is None, "isnotnull": lambda _, value=None: value is not None,
    "isnum": lambda _, value=None: number(value) is not None,
    "isint": lambda _, value=None: (amount := number(value)) is not None and amount % 1 == 0,
    "isstr": lambda _, value=None: value is not None and number(value) is None, "typeof": _typeof, "nullif": _nullif,
    "abs": _numeric(abs), "ceiling": _numeric(math.ceil), "ceil": _numeric(math.ceil), "floor": _numeric(math.floor),
    "exp": _numeric(math.exp), "ln": _numeric(math.log), "log": _numeric(lambda x, base=10: math.log(x, base)),
    "pow": _numeric(pow), "sqrt": _numeric(math.sqrt), "round": _numeric(_round), "exact": _numeric(float),
    "min": _extreme(min), "max": _extreme(max), "tonumber": _tonumber, "tostring": _tostring,
    "len": _textual(len), "lower": _textual(str.lower), "upper": _textual(str.upper),
    "trim": _textual(lambda s, c=" \t": s.strip(c)), "ltrim": _textual(lambda s, c=" \t": s.lstrip(c)),
    "rtrim": _textual(lambda s, c=" \t": s.rstrip(c)), "substr": _substr, "replace": _replace,
    "match": _match, "md5": _textual(lambda s: md5(s.encode("utf-8", "surrogateescape")).hexdigest()),
    "sha256": _textual(lambda s: sha256(s.encode("utf-8", "surrogateescape")).hexdigest()),
    "urldecode": _textual(lambda s: re.sub("%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), s)), "printf": _printf,
    "cidrmatch": _cidrmatch, "split": _split,
    "mvindex": _mvindex, "mvcount": lambda _, value=None: len(texts(value)) or None, "mvjoin": _mvjoin,
    "mvappend": _mvappend, "mvdedup": _several(lambda values: list(dict.fromkeys(values))), "mvsort": _several(_mvsort),
    "mvzip": _mvzip, "mvrange": _mvrange, "mvfind": _mvfind, "strftime": _strftime, "strptime": _strptime,
    "relative_time": _relative_time, "json_object": _json_object,
}  # fmt: skip
