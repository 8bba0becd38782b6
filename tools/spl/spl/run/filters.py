"""Commands that keep some of the events, order them, or gather them."""

from __future__ import annotations

import operator
import re
from ipaddress import ip_address

from spl.language.clauses import Order, bare, field_and_pattern, is_true, options_of, orders, wildcard
from spl.language.expression import parse_expression
from spl.language.pipeline import Command, words
from spl.language.terms import Comparison, Term, parse_terms
from spl.language.times import moment
from spl.run.context import Context, Step
from spl.run.evaluate import evaluate
from spl.run.values import NUMBER, truth
from spl.splunkd.rows import Event

ORDERINGS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def search(context: Context, command: Command) -> Step:
    """`search terms`; a subsearch in brackets becomes the terms of its rows."""
    text = command.arguments
    for inner in command.subsearches:
        rows = context.subsearch(inner, None)
        terms = [" ".join(f'{name}="{value}"' for name, values in row.items() for value in values) for row in rows]
        text = re.sub(r"\[[^\[\]]*\]", lambda _: "(" + " OR ".join(f"({t})" for t in terms) + ")", text, count=1)
    tree = parse_terms(text)
    return lambda events: [event for event in events if matches(tree, event, context)]


def matches(tree: Term, event: Event, context: Context) -> bool:
    """Whether an event matches the terms."""
    if isinstance(tree, Comparison):
        return _holds(tree, event, context)
    if tree.kind == "NOT":
        return not matches(tree.terms[0], event, context)
    return {"AND": all, "OR": any}[tree.kind](matches(term, event, context) for term in tree.terms)


def _holds(term: Comparison, event: Event, context: Context) -> bool:
    if term.field in ("earliest", "latest"):
        limit, time = moment(term.values[0], context.clock.now), float(event.get("_time", ["0"])[0])
        return time >= limit if term.field == "earliest" else time < limit
    if not term.field:
        pattern = re.compile(wildcard(term.values[0]).pattern, re.IGNORECASE)
        return term.values[0] == "*" or any(pattern.search(v) for values in event.values() for v in values)
    values = event.get(term.field, [])
    if term.operator in ORDERINGS:
        order, bound = ORDERINGS[term.operator], term.values[0]
        if NUMBER.fullmatch(bound):
            return any(order(float(value), float(bound)) for value in values if NUMBER.fullmatch(value))
        return any(order(value, bound) for value in values)
    found = [any(wildcard(wanted).fullmatch(value) for wanted in term.values) for value in values]
    return not all(found) if term.operator == "!=" else any(found)


def where(context: Context, command: Command) -> Step:
    """`where expression`."""
    tree = parse_expression(command.arguments)
    return lambda events: [event for event in events if truth(evaluate(tree, event, context.clock))]


def regex(_: Context, command: Command) -> Step:
    """`regex field="pattern"`, `regex field!="pattern"`."""
    field, wanted, pattern = field_and_pattern(command.arguments)
    return lambda events: [e for e in events if any(pattern.search(v) for v in e.get(field, [])) == wanted]


def head(_: Context, command: Command) -> Step:
    """`head 10`: the first events."""
    options, rest = options_of(words(command.arguments))
    count = int(options.get("limit") or (rest or ["10"])[0])
    return lambda events: events[:count]


def tail(_: Context, command: Command) -> Step:
    """`tail 10`: the last events, in reverse order."""
    count = int(command.arguments or "10")
    return lambda events: events[: -count - 1 : -1]


def reverse(_: Context, __: Command) -> Step:
    """`reverse`: the last event first."""
    return lambda events: events[::-1]


def localop(_: Context, __: Command) -> Step:
    """`localop`: the commands after it run on the search head."""
    return lambda events: events


def dedup(_: Context, command: Command) -> Step:
    """`dedup [N] a b [sortby -c]`: the first N events of each combination; events that lack a field are dropped."""
    text, _sort, sortby = command.arguments.partition("sortby")
    options, given = options_of(words(text), anywhere=True)
    count = int(given.pop(0)) if given and given[0].isdecimal() else 1
    names = [bare(name) for name in given]
    keep_empty = is_true(options.get("keepempty", "f"))
    order = sorter(*orders(sortby)) if sortby else None

    def step(events: list[Event]) -> list[Event]:
        seen: dict[tuple[str, ...], int] = {}
        kept = []
        for event in events:
            if not all(name in event for name in names):
                kept += [event] if keep_empty else []
                continue
            key = tuple("\n".join(event[name]) for name in names)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= count:
                kept.append(event)
        return order(kept) if order else kept

    return step


def sort(_: Context, command: Command) -> Step:
    """`sort - count`, `sort 0 count -name`: numbers are compared as numbers."""
    return sorter(*orders(command.arguments))


def sorter(count: int, keys: list[Order]) -> Step:
    """Sorts by these keys, and keeps the first `count` events (0: all)."""

    def step(events: list[Event]) -> list[Event]:
        for key in reversed(keys):
            have = [event for event in events if key.field in event]
            lack = [event for event in events if key.field not in event]
            have = sorted(have, key=lambda event: rank(event[key.field][0], key.kind), reverse=key.descending)
            events = have + lack
        return events[:count] if count else events

    return step


def rank(value: str, kind: str = "auto") -> tuple[int, float, str]:
    """The sort key of a value: numbers come before texts."""
    if kind == "ip":
        try:
            return (0, int(ip_address(value)), "")
        except ValueError:
            return (1, 0, value)
    return (0, float(value), "") if kind != "str" and NUMBER.fullmatch(value) else (1, 0, value)
