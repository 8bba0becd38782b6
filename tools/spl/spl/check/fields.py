"""The fields that are known at one point of a search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spl.errors import SearchError
from spl.language.clauses import field_wildcard


@dataclass(frozen=True)
class Fields:
    """The known fields; `any_other` says that events may have more, as those of an index do."""

    known: frozenset[str] = frozenset()
    any_other: bool = False

    def has(self, name: str) -> bool:
        """Whether a field, or any field that a pattern matches, may exist."""
        if self.any_other or name in self.known:
            return True
        return "*" in name and bool(self.matching(name))

    def matching(self, pattern: str) -> set[str]:
        """The known fields that match a pattern."""
        compiled = field_wildcard(pattern)
        return {name for name in self.known if compiled.fullmatch(name)}

    def need(self, names: Iterable[str], reader: str) -> None:
        """Raise a SearchError if `reader` reads fields that do not exist."""
        missing = sorted({name for name in names if not self.has(name)})
        if missing:
            there = ", ".join(sorted(self.known))
            raise SearchError(f"{reader} reads {', '.join(missing)}, but the fields are only {there}")

    def plus(self, names: Iterable[str]) -> Fields:
        """These fields and more."""
        return Fields(self.known | set(names), self.any_other)

    def minus(self, patterns: Iterable[str]) -> Fields:
        """These fields without those that match the patterns."""
        gone = {name for pattern in patterns for name in self.matching(pattern)}
        return Fields(self.known - gone, self.any_other)

    def only(self, patterns: Iterable[str], inner: bool = False) -> Fields:
        """Only the fields that match the patterns; with `inner`, also those whose names begin with an underscore."""
        kept: set[str] = {name for name in self.known if inner and name.startswith("_")}
        for pattern in patterns:
            kept |= self.matching(pattern) if "*" in pattern else {pattern}
        return Fields(frozenset(kept), self.any_other and any("*" in pattern for pattern in patterns))

    def union(self, other: Fields) -> Fields:
        """The fields of both."""
        return Fields(self.known | other.known, self.any_other or other.any_other)


# Every event of an index has these fields, and may have more.
EVENTS = Fields(frozenset({"_time", "_raw", "index", "host", "source", "sourcetype"}), any_other=True)
NONE = Fields()
