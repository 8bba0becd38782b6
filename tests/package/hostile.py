"""Hostile names and clients, what Splunk makes of them in settings and links, and what of it Splunk would run."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

# Texts that end a quote, a macro call, a search, a parameter, a line, a cell or a tag, or begin one.
TEXTS = (
    "a|delete", "a | delete", '"', '""', '"|delete|eval a="', "'", "''", "' OR 1=1", '") OR ("', "`",
    "`dnsentropy_sample`", "```", "a`|delete", "\\", "\\\\", '\\"', "a\\", "\\092", "\\034", "$src$", "$ut_domain$",
    "$result.src$", "$ut_domain|n$", "$$", "${x}", "{{x}}", "$(id)", "[", "]", "[|delete]", "[| delete]", "(", ")",
    "a)`", "a,b", "a, b", ";", "#", "#a", "a#b", "&form.source=x", "a&form.src=*", "?form.src=x", "%7C", "%22", "%60",
    "%0A", "%", "%%", "%s", "\n", "a\n", "a\nb", "\r", "a\r\nb", "\t", "a\tb", "\0", "a\0b", "\x1b[31m", "\x7f", " ", "a b",
    " a", "<b>", "</a><script>alert(1)</script>", "<!--", "&lt;", "javascript:alert(1)", "data:text/html,x", "=cmd()",
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "-", "--", "_", "*", "a*", "*a", "?", "a?b", "!", "~", "^", ":", "::", "/",
    "//", "//evil", "../..", "a@b", "a=b", "src=*", "OR", "NOT", "AND", "TERM(x)", "\u202eabc", "\u200b", "\u2066x",
    "\ufeff", "\u2028", "\u0085", "\u00a0", "\U0001f600", "ünï", "пример", "例え", "é\u0301", "a" * 300, "\u00df" * 150,
    "a\udcff", "\udc80", "NULL", "none", "null()", "1e5", "0x1f",
)  # fmt: skip
HARMLESS = "harmless"
# What findings have in place of a domain, of names without one.
NO_DOMAIN = "(none)"
CLIENT = "10.0.0.1"
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
TOKEN = re.compile(r"\$([\w.: -]*[\w.-])((?:\|[A-Za-z]+)*)\$")
FILTERS = {
    # JSON.stringify, encodeURIComponent, lodash.escape: see DEFAULT_FILTERS in @splunk/dashboard-utils.
    "s": lambda value: json.dumps(value, ensure_ascii=False),
    "u": lambda value: quote(value, safe="-_.!~*'()", errors="surrogateescape"),
    "h": lambda value: html.escape(value),
    "n": lambda value: value,
}  # fmt: skip
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its tokens replaced, in one pass; a token without a value stays."""

    def one(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        value = values[found[1]]
        for name in found[2].split("|")[1:]:
            value = FILTERS[name](value)
        return value

    return TOKEN.sub(one, text)


def is_presentation(name: str) -> bool:
    """Whether a name holds only letters, marks and numbers of any script, `-`, `_`, `.`, and escapes `\\DDD`."""
    rest = re.sub(r"\\\d{3}", "", name)
    return all(character in "-_." or unicodedata.category(character)[0] in "LMN" for character in rest)


@dataclass(frozen=True)
class Shape:
    """What Splunk reads of a search, without the texts in its quotes."""

    skeleton: str
    quotes: int


def shape_of_search(text: str) -> Shape:
    """All outside quotes: pipes, commands, macro calls, brackets, lines. Fails if a quote does not end."""
    skeleton, quotes = QUOTED.subn('""', text)
    if skeleton.count('"') != 2 * quotes:
        raise AssertionError(f"a quote does not end: {text!r}")
    return Shape(skeleton, quotes)


def shape_of_address(address: str) -> tuple[str, str, str, str, tuple[str, ...]]:
    """The scheme, the host, the path and the fragment of an address, and the names of its parameters."""
    if re.search(r"[\x00-\x20\x7f\"<>`|\\]", address):
        raise AssertionError(f"a character must be encoded: {address!r}")
    parts = urlsplit(address)
    names = tuple(name for name, _ in parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
    return parts.scheme, parts.netloc, parts.path, parts.fragment, names


def shape_of_text(text: str) -> tuple[int, ...]:
    """How often a text holds what a mail, a page or a search takes for more than a letter."""
    return (*(text.count(sign) for sign in "|\"'`$[]<>&?=#"), lines_of(text))


def lines_of(text: str) -> int:
    """The number of lines of a text, whichever way they end."""
    return len(re.findall(r"\r\n?|\n", text)) + (text[-1:] not in ("", "\r", "\n"))
