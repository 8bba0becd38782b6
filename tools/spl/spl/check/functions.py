"""Splunk's functions of eval and stats, and the checks of their arguments."""

from __future__ import annotations

import re

from spl.errors import SearchError
from spl.language.expression import Call, Expression, Field, Literal

MANY = 99
# Functions of eval: the least and the greatest number of arguments.
EVAL = {
    "abs": (1, 1), "case": (2, MANY), "ceil": (1, 1), "ceiling": (1, 1), "cidrmatch": (2, 2), "coalesce": (1, MANY),
    "exact": (1, 1), "exp": (1, 1), "false": (0, 0), "floor": (1, 1), "if": (3, 3), "in": (2, MANY), "isint": (1, 1),
    "isnotnull": (1, 1),
    "isnull": (1, 1), "isnum": (1, 1), "isstr": (1, 1), "json_extract": (1, MANY),
    "json_object": (0, MANY), "len": (1, 1),
    "like": (2, 2), "ln": (1, 1), "log": (1, 2), "lower": (1, 1), "ltrim": (1, 2), "match": (2, 2), "max": (1, MANY),
    "md5": (1, 1), "min": (1, MANY), "mvappend": (1, MANY), "mvcount": (1, 1), "mvdedup": (1, 1), "mvfilter": (1, 1),
    "mvfind": (2, 2), "mvindex": (2, 3), "mvjoin": (2, 2), "mvmap": (2, 3), "mvrange": (2, 3), "mvsort": (1, 1),
    "mvzip": (2, 3), "now": (0, 0), "null": (0, 0), "nullif": (2, 2), "pi": (0, 0), "pow": (2, 2), "printf": (1, MANY),
    "random": (0, 0), "relative_time": (2, 2), "replace": (3, 3), "round": (1, 2), "rtrim": (1, 2),
    "searchmatch": (1, 1), "sha256": (1, 1), "spath": (2, 2), "split": (2, 2), "sqrt": (1, 1), "strftime": (2, 2),
    "strptime": (2, 2), "substr": (2, 3), "time": (0, 0), "tonumber": (1, 2), "tostring": (1, 2), "trim": (1, 2),
    "true": (0, 0), "typeof": (1, 1), "upper": (1, 1), "urldecode": (1, 1), "validate": (2, MANY),
}  # fmt: skip
# Functions and operators that return a condition.
PREDICATES = {
    "AND", "OR", "NOT", "XOR", "==", "!=", "<", ">", "<=", ">=", "LIKE", "cidrmatch", "false", "if", "case",
    "in", "isint", "isnotnull", "isnull", "isnum", "isstr", "like", "match", "searchmatch", "true",
    "coalesce",
}  # fmt: skip
TIMES = {"strftime", "strptime"}
# Functions of stats: 1 for those that need an argument.
STATS = {
    "avg": 1, "count": 0, "c": 0, "dc": 1, "distinct_count": 1, "earliest": 1, "earliest_time": 1, "estdc": 1,
    "first": 1, "last": 1, "latest": 1, "latest_time": 1, "list": 1, "max": 1, "mean": 1, "median": 1, "min": 1,
    "mode": 1, "range": 1, "rate": 1, "stdev": 1, "stdevp": 1, "sum": 1, "sumsq": 1, "values": 1, "var": 1, "varp": 1,
}  # fmt: skip
# Functions that the interpreter does not run, and why.
NOT_RUN = {
    "random": "its result differs each time", "rate": "no search runs it", "json_extract": "no search runs it",
    "spath": "no search runs it", "searchmatch": "no search runs it",
}  # fmt: skip
TIMECHART = {"per_second": 1, "per_minute": 1, "per_hour": 1, "per_day": 1}


def check_expression(tree: Expression, predicate: bool = False) -> None:
    """Raise a SearchError for unknown functions, wrong numbers of arguments, and a `where` without a condition."""
    if isinstance(tree, Call):
        known = EVAL.get(tree.name)
        if re.match(r"[a-z]", tree.name) and tree.name not in ("negate", "plus"):
            if known is None:
                raise SearchError(f"the function {tree.name}() is unknown")
            if not known[0] <= len(tree.arguments) <= known[1]:
                raise SearchError(f"{tree.name}() has {len(tree.arguments)} arguments")
            _check_pattern(tree)
        for argument in tree.arguments:
            check_expression(argument)
    if predicate and not (isinstance(tree, Call) and tree.name in PREDICATES):
        raise SearchError("where needs a condition")


def _check_pattern(call: Call) -> None:
    """Check arguments that are written out: regular expressions must compile, formats of times must be texts."""
    if call.name in ("match", "replace", "mvfind") and isinstance(call.arguments[1], Literal):
        try:
            re.compile(str(call.arguments[1].value))
        except re.error as error:
            raise SearchError(f"{call.name}(): {error}") from None
    if call.name in TIMES and isinstance(call.arguments[1], Field):
        raise SearchError(f"{call.name}() takes a text in quotes, not the field {call.arguments[1].name}")


def check_aggregation(function: str, has_argument: bool, more: dict[str, int] | None = None) -> None:
    """Raise a SearchError for a function that stats does not have, or one that lacks its argument."""
    percentile = re.fullmatch(r"(exactperc|upperperc|perc|p)\d{1,2}(\.\d+)?", function)
    if not percentile and function not in STATS | (more or {}):
        raise SearchError(f"the aggregation {function}() is unknown")
    if not has_argument and (percentile or (STATS | (more or {}))[function]):
        raise SearchError(f"{function}() needs an argument")
