"""Evaluates eval expressions on an event."""

from __future__ import annotations

import re
from collections.abc import Callable

from spl.errors import SearchError
from spl.language.expression import Call, Expression, Field, Literal
from spl.run.functions import FUNCTIONS, Clock
from spl.run.values import Value, from_field, number, text, truth
from spl.splunkd.rows import Event


def evaluate(tree: Expression, event: Event, clock: Clock) -> Value:
    """The value of an expression; None if it is null."""
    if isinstance(tree, Literal):
        return tree.value
    if isinstance(tree, Field):
        return (
            {"true": True, "false": False}.get(tree.name)
            if tree.name in ("true", "false") and tree.name not in event
            else from_field(event.get(tree.name, []))
        )
    if tree.name in LAZY:
        return LAZY[tree.name](tree, event, clock)
    values = [evaluate(argument, event, clock) for argument in tree.arguments]
    if tree.name in OPERATORS:
        return OPERATORS[tree.name](*values)
    if tree.name.lower() not in FUNCTIONS:
        raise SearchError(f"the function {tree.name}() is unknown")
    return FUNCTIONS[tree.name.lower()](clock, *values)


def _case(tree: Call, event: Event, clock: Clock) -> Value:
    for condition, result in zip(tree.arguments[::2], tree.arguments[1::2]):
        if truth(evaluate(condition, event, clock)):
            return evaluate(result, event, clock)
    return None


def _validate(tree: Call, event: Event, clock: Clock) -> Value:
    for condition, result in zip(tree.arguments[::2], tree.arguments[1::2]):
        if not truth(evaluate(condition, event, clock)):
            return evaluate(result, event, clock)
    return None


def _if(tree: Call, event: Event, clock: Clock) -> Value:
    condition, yes, no = tree.arguments
    return evaluate(yes if truth(evaluate(condition, event, clock)) else no, event, clock)


def _and(tree: Call, event: Event, clock: Clock) -> Value:
    return all(truth(evaluate(argument, event, clock)) for argument in tree.arguments)


def _or(tree: Call, event: Event, clock: Clock) -> Value:
    return any(truth(evaluate(argument, event, clock)) for argument in tree.arguments)


def _coalesce(tree: Call, event: Event, clock: Clock) -> Value:
    return next((v for v in (evaluate(a, event, clock) for a in tree.arguments) if v is not None), None)


def _in(tree: Call, event: Event, clock: Clock) -> Value:
    first, *others = (evaluate(argument, event, clock) for argument in tree.arguments)
    return None if first is None else any(_equal(first, other) for other in others)


def _per_value(name: str, tree: Call, event: Event, clock: Clock) -> Value:
    """mvmap and mvfilter: evaluates the last argument for each value of the field."""
    first = tree.arguments[0]
    field = first.name if isinstance(first, Field) else _only_field(first)
    kept: list[str] = []
    for value in event.get(field, []):
        found = evaluate(tree.arguments[-1], event | {field: [value]}, clock)
        if name == "mvmap" and found is not None:
            kept += found if isinstance(found, list) else [text(found)]
        elif name == "mvfilter" and truth(found):
            kept.append(value)
    return from_field(kept)


def _only_field(tree: Expression) -> str:
    from spl.language.expression import fields_of

    names = set(fields_of(tree))
    if len(names) != 1:
        raise SearchError(f"mvfilter() reads {sorted(names)}: it takes one field")
    return names.pop()


LAZY: dict[str, Callable[[Call, Event, Clock], Value]] = {
    "case": _case, "validate": _validate, "if": _if, "AND": _and, "OR": _or, "coalesce": _coalesce, "in": _in,
    "mvmap": lambda tree, event, clock: _per_value("mvmap", tree, event, clock),
    "mvfilter": lambda tree, event, clock: _per_value("mvfilter", tree, event, clock),
}  # fmt: skip


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, list):
        return any(_equal(value, right) for value in left)
    one, other = number(left), number(right)
    return one == other if one is not None and other is not None else text(left) == text(right)


def _compare(holds: Callable[[float], bool]) -> Callable[[Value, Value], Value]:
    """Compares numbers as numbers and other values as texts; null if one of them is null."""

    def compare(left: Value, right: Value) -> Value:
        if left is None or right is None:
            return None
        one, other = number(left), number(right)
        if one is not None and other is not None:
            return holds((one > other) - (one < other))
        return holds((text(left) > text(right)) - (text(left) < text(right)))

    return compare


def _arithmetic(compute: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def apply(left: Value, right: Value) -> Value:
        one, other = number(left), number(right)
        if one is None or other is None:
            return None
        try:
            return compute(one, other)
        except ZeroDivisionError:
            return None

    return apply


def _plus(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str) and (number(left) is None or number(right) is None):
        return left + right
    return _arithmetic(lambda a, b: a + b)(left, right)


def _like(left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    pattern = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in text(right))
    return re.fullmatch(pattern, text(left), re.DOTALL) is not None


OPERATORS: dict[str, Callable[..., Value]] = {
    "==": lambda left, right: None if left is None or right is None else _equal(left, right),
    "!=": lambda left, right: None if left is None or right is None else not _equal(left, right),
    "<": _compare(lambda sign: sign < 0), "<=": _compare(lambda sign: sign <= 0),
    ">": _compare(lambda sign: sign > 0), ">=": _compare(lambda sign: sign >= 0),
    "+": _plus, "-": _arithmetic(lambda a, b: a - b), "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b), "%": _arithmetic(lambda a, b: a % b),
    ".": lambda left, right: None if left is None or right is None else text(left) + text(right),
    "negate": lambda value: None if number(value) is None else -(number(value) or 0),
    "plus": lambda value: value,
    "NOT": lambda value: not truth(value),
    "XOR": lambda left, right: truth(left) != truth(right),
    "LIKE": _like, "like": _like,
}  # fmt: skip
