"""Parses eval expressions into trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spl.errors import SearchError

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*")|'(?P<field>[^']+)'|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"""
    r"""|(?P<word>[A-Za-z_][\w{}:]*)|(?P<sign>==|!=|<=|>=|[-+*/%.<>=(),]))""",
    re.DOTALL,
)
# Operators, from those that bind loosest to those that bind tightest.
LEVELS = (("OR",), ("XOR",), ("AND",), ("NOT",), ("==", "=", "!=", "<=", ">=", "<", ">", "LIKE", "IN"), ("+", "-", "."),
          ("*", "/", "%"))  # fmt: skip
NEGATION = LEVELS.index(("NOT",))
WORDS = {"OR", "XOR", "AND", "NOT", "LIKE", "IN"}


@dataclass(frozen=True)
class Literal:
    """A text or a number."""

    value: str | float


@dataclass(frozen=True)
class Field:
    """A field of the event."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function or an operator; operators have names of signs or capital letters."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Literal | Field | Call


def parse_expression(text: str) -> Expression:
    """Parse a whole expression; raises a SearchError if it is malformed."""
    reader = _Reader(text)
    tree = reader.expression()
    reader.end()
    return tree


def parse_assignments(text: str) -> list[tuple[str, Expression]]:
    """Parse `a=expression, b=expression`, the arguments of eval."""
    reader = _Reader(text)
    found = []
    while True:
        kind, target = reader.take()
        if kind not in ("word", "field", "text") or reader.take() != ("sign", "="):
            raise SearchError(f"the arguments of eval are malformed: {text}")
        found.append((target.strip('"'), reader.expression()))
        if not reader.skip(","):
            break
    reader.end()
    return found


def fields_of(tree: Expression) -> Iterator[str]:
    """The fields that an expression reads."""
    if isinstance(tree, Field):
        yield tree.name
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from fields_of(argument)


def calls_of(tree: Expression) -> Iterator[str]:
    """The functions and operators that an expression calls."""
    if isinstance(tree, Call):
        yield tree.name
        for argument in tree.arguments:
            yield from calls_of(argument)


def unquote(text: str) -> str:
    """A text without its quotes; a backslash escapes a quote and another backslash only."""
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])


class _Reader:
    """The tokens of an expression, read from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise SearchError(f"the expression {text!r} is malformed at {text[at:]!r}")
            kind = str(found.lastgroup)
            value = found[kind]
            if kind == "word" and value.upper() in WORDS and not text[found.end() :].lstrip().startswith("("):
                kind, value = "sign", value.upper()
            elif kind == "word" and value in ("AND", "OR", "NOT", "XOR", "IN"):
                kind = "sign"
            self._tokens.append((kind, value))
            at = found.end()

    def take(self) -> tuple[str, str]:
        """The next token; raises a SearchError at the end."""
        self._at += 1
        if self._at > len(self._tokens):
            raise SearchError(f"the expression ends too early: {self._text!r}")
        return self._tokens[self._at - 1]

    def skip(self, *signs: str) -> str:
        """Takes and returns the next token if it is one of these signs, else returns an empty text."""
        if self._at < len(self._tokens) and self._tokens[self._at] in [("sign", sign) for sign in signs]:
            return self.take()[1]
        return ""

    def end(self) -> None:
        """Raise a SearchError unless all tokens were taken."""
        if self._at < len(self._tokens):
            raise SearchError(f"the expression {self._text!r} is malformed at {self._tokens[self._at][1]!r}")

    def expression(self, level: int = 0) -> Expression:
        """Parse operators of this level and those that bind tighter."""
        if level == len(LEVELS):
            return self._operand()
        if level == NEGATION:
            return Call("NOT", (self.expression(level),)) if self.skip("NOT") else self.expression(level + 1)
        tree = self.expression(level + 1)
        while sign := self.skip(*LEVELS[level]):
            if sign == "IN":
                self._expect("(")
                tree = Call("in", (tree, *self._arguments()))
            else:
                tree = Call("==" if sign == "=" else sign, (tree, self.expression(level + 1)))
        return tree

    def _operand(self) -> Expression:
        if sign := self.skip("-", "+"):
            return Call("negate" if sign == "-" else "plus", (self._operand(),))
        if self.skip("("):
            tree = self.expression()
            self._expect(")")
            return tree
        kind, value = self.take()
        if kind == "text":
            return Literal(unquote(value))
        if kind == "number":
            return Literal(float(value))
        if kind == "word" and self.skip("("):
            return Call(value, self._arguments())
        if kind in ("word", "field"):
            return Field(value)
        raise SearchError(f"the expression {self._text!r} is malformed at {value!r}")

    def _arguments(self) -> tuple[Expression, ...]:
        if self.skip(")"):
            return ()
        found = [self.expression()]
        while self.skip(","):
            found.append(self.expression())
        self._expect(")")
        return tuple(found)

    def _expect(self, sign: str) -> None:
        if not self.skip(sign):
            raise SearchError(f"the expression {self._text!r} is incomplete: {sign!r} is missing")
