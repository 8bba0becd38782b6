"""Parses the arguments of `search`: terms with AND, OR, NOT and parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spl.errors import SearchError
from spl.language.clauses import bare

QUOTED = r'"(?:\\.|[^"\\])*"'
TERM = re.compile(
    rf"\s*(?:(?P<sign>[()])"
    rf"|(?P<field>{QUOTED}|'[^']+'|[\w.{{}}:*-]+)\s*(?P<operator>!=|<=|>=|=|<|>)\s*(?P<value>{QUOTED}|[^\s()\",]+)"
    rf"|(?P<one_of>[\w.{{}}:*-]+)\s+IN\s*\((?P<values>[^()]*)\)"
    rf"|(?P<text>{QUOTED}|[^\s()\"]+))",
    re.DOTALL,
)


@dataclass(frozen=True)
class Comparison:
    """`field operator value`; several values for IN. Without a field: a text anywhere in the event."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Junction:
    """AND, OR or NOT of terms."""

    kind: str
    terms: tuple[Term, ...]


Term = Comparison | Junction


def parse_terms(text: str) -> Term:
    """Parse the terms of a search; without terms, every event matches."""
    tokens = list(_tokens(text))
    tree = _any_of(tokens) if tokens else Junction("AND", ())
    if tokens:
        raise SearchError(f"the search {text!r} is malformed at {tokens[0]!r}")
    return tree


def comparisons(term: Term) -> Iterator[Comparison]:
    """All comparisons of a tree."""
    if isinstance(term, Comparison):
        yield term
    else:
        for inner in term.terms:
            yield from comparisons(inner)


def _tokens(text: str) -> Iterator[str | Comparison]:
    at = 0
    while text[at:].strip():
        found = TERM.match(text, at)
        if found is None:
            raise SearchError(f"the search term {text[at:]!r} is malformed")
        at = found.end()
        if found["sign"] or found["text"] in ("AND", "OR", "NOT"):
            yield found["sign"] or found["text"]
        elif found["field"]:
            yield Comparison(bare(found["field"]), found["operator"], (bare(found["value"]),))
        elif found["one_of"]:
            values = re.findall(rf"{QUOTED}|[^\s,\"]+", found["values"])
            yield Comparison(found["one_of"], "IN", tuple(bare(value) for value in values))
        else:
            yield Comparison("", "=", (bare(found["text"]),))


def _any_of(tokens: list[str | Comparison]) -> Term:
    terms = [_all_of(tokens)]
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        terms.append(_all_of(tokens))
    return terms[0] if len(terms) == 1 else Junction("OR", tuple(terms))


def _all_of(tokens: list[str | Comparison]) -> Term:
    terms = []
    while tokens and tokens[0] not in ("OR", ")"):
        if tokens[0] == "AND":
            tokens.pop(0)
        terms.append(_one(tokens))
    if not terms:
        raise SearchError("a search term is missing")
    return terms[0] if len(terms) == 1 else Junction("AND", tuple(terms))


def _one(tokens: list[str | Comparison]) -> Term:
    if not tokens:
        raise SearchError("a search term is missing")
    token = tokens.pop(0)
    if token == "NOT":
        return Junction("NOT", (_one(tokens),))
    if token == "(":
        inner = _any_of(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise SearchError("a parenthesis is not closed")
        return inner
    if isinstance(token, str):
        raise SearchError(f"{token} is misplaced in the search terms")
    return token
