"""The words of a command's arguments, as splunkd sends them."""

from __future__ import annotations

import re

# A word ends at white space outside double quotes. Single quotes are ordinary characters.
WORD = {
    "kept": re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s"]|")+'),
    "stripped": re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s",]|")+'),
}
QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')


def split_arguments(text: str, commas: str = "kept") -> tuple[list[str], list[str]]:
    """`args` and `raw_args`: without and with the quotes. Commas outside quotes are kept, or stripped: each is a blank."""
    raw = WORD[commas].findall(text)
    return [QUOTED.sub(lambda m: re.sub(r'\\(["\\])', r"\1", m[1]), word) for word in raw], raw


def has_doubt(text: str) -> bool:
    """Whether the words depend on what splunkd does with commas."""
    return split_arguments(text, "kept") != split_arguments(text, "stripped")
