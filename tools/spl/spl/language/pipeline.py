"""The text of a search -> its commands, with their subsearches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spl.errors import SearchError
from spl.splunkd.app import App

COMMENT = re.compile(r"```.*?```", re.DOTALL)
PAIRS = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Command:
    """One command of a pipeline: its arguments as written, and the searches in brackets among them."""

    name: str
    arguments: str
    subsearches: tuple[Pipeline, ...] = ()


Pipeline = tuple[Command, ...]


def parse(text: str, app: App | None = None) -> Pipeline:
    """The commands of a search; its macros are put in first if the app is given."""
    text = COMMENT.sub(" ", text)
    text = app.expand(text) if app else text
    parts = [part.strip() for part in split(text, "|")]
    if parts[0]:
        # The first command is `search` without saying so.
        parts[0] = parts[0] if re.match(r"search\b", parts[0]) else "search " + parts[0]
    else:
        parts = parts[1:]
    if not all(parts):
        raise SearchError(f"a command is missing between two bars: {text}")
    return tuple(_command(part) for part in parts)


def _command(text: str) -> Command:
    found = re.match(r"[A-Za-z_]\w*", text)
    if found is None:
        raise SearchError(f"no command: {text!r}")
    arguments = text[found.end() :].strip()
    # These take commands that go on with the rows, others a search of its own.
    lead = "| " if found[0] in ("appendpipe", "foreach") else ""
    return Command(found[0], arguments, tuple(parse(lead + inner) for inner in brackets(arguments)))


def brackets(text: str) -> list[str]:
    """What stands in the outermost brackets of a command's arguments."""
    return [inner for kind, inner in _chunks(text) if kind == "["]


def without_brackets(text: str) -> str:
    """The arguments without their subsearches."""
    return "".join(chunk if kind != "[" else " " for kind, chunk in _chunks(text)).strip()


def words(text: str) -> list[str]:
    """The words between white space and commas; quotes, parentheses and brackets hold a word together."""
    return [word for word in split(text, " \t\r\n,") if word]


def split(text: str, at: str) -> list[str]:
    """The text cut at each of these characters that is outside quotes, parentheses and brackets."""
    parts = [""]
    for kind, chunk in _chunks(text):
        if kind == "" and chunk in at:
            parts.append("")
        else:
            parts[-1] += f"{kind}{chunk}{PAIRS[kind]}" if kind in PAIRS else chunk
    return parts


def _chunks(text: str) -> Iterator[tuple[str, str]]:
    """Quoted texts (kind `"`), what is in parentheses or brackets (that kind), and single characters (kind empty)."""
    at = 0
    while at < len(text):
        character = text[at]
        if character == '"':
            found = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL).match(text, at)
            if found is None:
                raise SearchError(f"a quote does not end: {text[at:]}")
            yield '"', found[0]
            at = found.end()
        elif character in PAIRS:
            end = _end_of(text, at)
            yield character, text[at + 1 : end]
            at = end + 1
        elif character in PAIRS.values():
            raise SearchError(f"{character!r} closes nothing: {text}")
        else:
            yield "", character
            at += 1


def _end_of(text: str, start: int) -> int:
    """Where the bracket or parenthesis at `start` is closed."""
    open_ones = []
    for token in re.compile(r'"(?:\\.|[^"\\])*"|[()\[\]]', re.DOTALL).finditer(text, start):
        if token[0] in PAIRS:
            open_ones.append(PAIRS[token[0]])
        elif len(token[0]) == 1 and open_ones.pop() != token[0]:
            break
        if not open_ones:
            return token.start()
    raise SearchError(f"{text[start]!r} is not closed: {text[start:]}")
