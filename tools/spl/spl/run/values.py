"""Values of eval (null, numbers, texts, booleans and lists of texts), and how fields hold them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

Value = None | bool | int | float | str | list[str]

NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def from_field(values: Sequence[str]) -> Value:
    """The value of a field."""
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)


def to_field(value: Value) -> list[str]:
    """The values of a field that holds this value; none for null."""
    if value is None:
        return []
    return value if isinstance(value, list) else [text(value)]


def text(value: Value) -> str:
    """The value as one text; several values are joined by line ends."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float | int):
        return number_text(value)
    return "\n".join(value) if isinstance(value, list) else value


def number_text(number: float) -> str:
    """A number as Splunk writes it: an integer without a decimal point."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(float(number))


def number(value: Value) -> float | None:
    """The number that a value is, or that its text spells; else None."""
    if isinstance(value, bool | list) or value is None:
        return None
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else None
    return value


def texts(value: Value) -> list[str]:
    """All values as texts."""
    return to_field(value)


def truth(value: Value) -> bool:
    """Whether a condition is true; null is not."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
