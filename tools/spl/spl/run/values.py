"""Values of eval: absent, numbers, texts, truths and several texts; and how fields hold them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

Value = None | bool | int | float | str | list[str]

NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def from_field(values: Sequence[str]) -> Value:
    """What a field holds."""
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)


def to_field(value: Value) -> list[str]:
    """What a field is to hold; nothing for an absent value."""
    if value is None:
        return []
    return value if isinstance(value, list) else [text(value)]


def text(value: Value) -> str:
    """One text; several values are joined by line ends."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float | int):
        return number_text(value)
    return "\n".join(value) if isinstance(value, list) else value


def number_text(number: float) -> str:
    """A number as Splunk writes it: whole ones without a point."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(float(number))


def number(value: Value) -> float | None:
    """The number that a value is or says."""
    if isinstance(value, bool | list) or value is None:
        return None
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else None
    return value


def texts(value: Value) -> list[str]:
    """All values as texts."""
    return to_field(value)


def truth(value: Value) -> bool:
    """Whether a condition holds; an absent value does not."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
