"""The arguments of Splunk's commands: options, aggregations, renamings, orders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spl.errors import SearchError
from spl.language.expression import Expression, Field, parse_expression, unquote
from spl.language.pipeline import words

AS_AND_BY = ("as", "by", "over")


@dataclass(frozen=True)
class Aggregation:
    """`avg(x) AS y`, `count`, `dc(eval(...))`: a function, its argument for each event, and the name of its result."""

    function: str
    argument: Expression | None
    output: str


@dataclass(frozen=True)
class Aggregations:
    """The arguments of stats, eventstats, streamstats, chart and timechart."""

    functions: tuple[Aggregation, ...]
    by: tuple[str, ...]
    options: dict[str, str]
    over: str = ""


def aggregations(text: str) -> Aggregations:
    """Parse `[option=value ...] function [AS name] ... [OVER field] [BY field ...]`."""
    options, rest = options_of(words(text))
    # Options such as `span=1h` may follow a by-field too.
    functions: list[Aggregation] = []
    while rest and rest[0].lower() not in ("by", "over"):
        call, *rest = rest
        name = call
        if rest and rest[0].lower() == "as":
            if len(rest) < 2:
                raise SearchError(f"{call} AS needs a name")
            name, rest = bare(rest[1]), rest[2:]
        functions.append(_aggregation(call, name, text))
    over, by = "", []
    while rest:
        keyword, *rest = rest
        end = next((at for at, word in enumerate(rest) if word.lower() in ("by", "over")), len(rest))
        more, names = options_of(rest[:end], anywhere=True)
        options |= more
        if not names or (keyword.lower() == "over" and len(names) > 1):
            raise SearchError(f"{keyword} needs a field: {text}")
        if keyword.lower() == "over":
            over = bare(names[0])
        else:
            by += [bare(name) for name in names]
        rest = rest[end:]
    if not functions:
        raise SearchError(f"an aggregation is missing: {text}")
    return Aggregations(tuple(functions), tuple(by), options, over)


def _aggregation(call: str, name: str, text: str) -> Aggregation:
    found = re.fullmatch(r"([A-Za-z]+[\d.]*)(?:\((.*)\))?", call, re.DOTALL)
    if found is None:
        raise SearchError(f"the aggregation {call!r} is malformed: {text}")
    inner = (found[2] or "").strip()
    wrapped = re.fullmatch(r"eval\s*\((.*)\)", inner, re.DOTALL | re.IGNORECASE)
    if wrapped:
        argument: Expression | None = parse_expression(wrapped[1])
    else:
        argument = Field(bare(inner)) if inner else None
    return Aggregation(found[1].lower(), argument, name)


def options_of(given: Sequence[str], anywhere: bool = False) -> tuple[dict[str, str], list[str]]:
    """The leading `name=value` words (with `anywhere`, all of them), and the other words."""
    options: dict[str, str] = {}
    for at, word in enumerate(given):
        found = re.fullmatch(r"(\w+)=(.+)", word, re.DOTALL)
        if found:
            options[found[1]] = bare(found[2])
        elif not anywhere:
            return options, list(given[at:])
    return options, [word for word in given if not re.fullmatch(r"\w+=.+", word, re.DOTALL)]


def is_true(option: str) -> bool:
    """Whether the value of a boolean option is true."""
    return option.lower() in ("t", "true", "1")


def renamings(text: str) -> list[tuple[str, str]]:
    """Parse `a AS b, c.* AS *`."""
    given = words(text)
    if len(given) % 3 or not given or any(word.lower() != "as" for word in given[1::3]):
        raise SearchError(f"the arguments of rename are malformed: {text}")
    return [(bare(old), bare(new)) for old, new in zip(given[::3], given[2::3])]


def regular_expression(text: str) -> re.Pattern[str]:
    """A regular expression in Splunk's (PCRE's) spelling: named groups are `(?<name>…)`."""
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", text))
    except re.error as error:
        raise SearchError(f"the regular expression {text!r} is malformed: {error}") from None


def field_and_pattern(text: str) -> tuple[str, bool, re.Pattern[str]]:
    """The arguments of `regex`: the field, whether it has to match (`=`) or must not (`!=`), and the pattern."""
    found = re.fullmatch(r"(?:([\w.{}]+)\s*(!?=)\s*)?(\".*\")", text, re.DOTALL)
    if found is None:
        raise SearchError(f"the arguments of regex are malformed: {text}")
    return found[1] or "_raw", found[2] != "!=", regular_expression(bare(found[3]))


def moving_average(text: str) -> tuple[int, str, str]:
    """The arguments of `trendline sma5(x) [AS y]`: the number of rows, the field, and the field of the result."""
    found = re.fullmatch(r"(sma(\d+)\((.+?)\))(?:\s+as\s+(\S+))?", text, re.IGNORECASE)
    if found is None:
        raise SearchError(f"trendline {text}: only sma<rows>(<field>) [AS <field>] is supported")
    return int(found[2]), bare(found[3]), bare(found[4] or found[1])


@dataclass(frozen=True)
class Order:
    """One key of sort."""

    field: str
    descending: bool
    kind: str  # auto, num, str or ip


def orders(text: str) -> tuple[int, list[Order]]:
    """Parse `[N] [-|+]field ...`, the arguments of sort: the most rows (0: all), and the keys."""
    given = words(re.sub(r"([-+])\s+", r"\1", text))
    count = 10_000
    if given and re.fullmatch(r"(limit=)?\d+", given[0]):
        count = int(given[0].removeprefix("limit="))
        given = given[1:]
    keys = []
    for word in given:
        found = re.fullmatch(r"([-+]?)(?:(auto|num|str|ip)\((.+)\)|(.+))", word)
        if found is None:
            raise SearchError(f"the arguments of sort are malformed: {text}")
        keys.append(Order(bare(found[3] or found[4]), found[1] == "-", found[2] or "auto"))
    if not keys:
        raise SearchError(f"the arguments of sort are malformed: {text}")
    return count, keys


def names_of(text: str) -> list[str]:
    """Names of fields, separated by commas or white space."""
    found = [bare(word) for word in words(text)]
    if not found:
        raise SearchError("the arguments are empty: name at least one field")
    return found


def bare(word: str) -> str:
    """A word without its quotes."""
    if len(word) > 1 and word[0] == word[-1] == '"':
        return unquote(word)
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == "'" else word


def wildcard(pattern: str) -> re.Pattern[str]:
    """A pattern of values in which `*` is any text and case does not matter."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)


def field_wildcard(pattern: str) -> re.Pattern[str]:
    """A pattern of field names in which `*` is any text: `User` and `user` are two fields."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
