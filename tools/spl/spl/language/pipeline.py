"""Splits the text of a search into commands and subsearches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spl.errors import SearchError
from spl.splunkd.app import App

# A quoted text is not a comment, whatever it contains.
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|```.*?```', re.DOTALL)
PAIRS = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Command:
    """One command of a pipeline: its arguments as written, and the searches in brackets among them."""

    name: str
    arguments: str
    subsearches: tuple[Pipeline, ...] = ()


Pipeline = tuple[Command, ...]


def parse(text: str, app: App | None = None) -> Pipeline:
    """The commands of a search; macros are expanded first if the app is given."""
    text = COMMENT.sub(lambda found: found[1] or " ", text)
    text = app.expand(text) if app else text
    parts = [part.strip() for part in split(text, "|")]
    if parts[0]:
        # A search that does not begin with a bar begins with the command `search`.
        parts[0] = parts[0] if re.match(r"search\b", parts[0]) else "search " + parts[0]
    else:
        parts = parts[1:]
    if not all(parts):
        raise SearchError(f"a command is missing between two bars: {text}")
    return tuple(_command(part) for part in parts)


def _command(text: str) -> Command:
    found = re.match(r"[A-Za-z_]\w*", text)
    if found is None:
        raise SearchError(f"a command must begin with its name: {text!r}")
    arguments = text[found.end() :].strip()
    # Their brackets hold commands that continue with the rows; those of other commands hold a whole search.
    lead = "| " if found[0] in ("appendpipe", "foreach") else ""
    return Command(found[0], arguments, tuple(parse(lead + inner) for inner in brackets(arguments)))


def brackets(text: str) -> list[str]:
    """The texts in the outermost brackets of a command's arguments."""
    return [inner for kind, inner in _chunks(text) if kind == "["]


def without_brackets(text: str) -> str:
    """The arguments without their subsearches."""
    return "".join(chunk if kind != "[" else " " for kind, chunk in _chunks(text)).strip()


def words(text: str) -> list[str]:
    """The words of a text, separated by white space and commas outside quotes, parentheses and brackets."""
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
            raise SearchError(f"{character!r} does not close a bracket: {text}")
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
