"""What is known of the fields of a search's results at one point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spl.errors import SearchError
from spl.language.clauses import wildcard


@dataclass(frozen=True)
class Fields:
    """The fields that there are; of events from an index, there may be any others beside them."""

    known: frozenset[str] = frozenset()
    any_other: bool = False

    def has(self, name: str) -> bool:
        """Whether a field, or one that a pattern names, may be there."""
        if self.any_other or name in self.known:
            return True
        return "*" in name and bool(self.matching(name))

    def matching(self, pattern: str) -> set[str]:
        """The known fields of a pattern."""
        compiled = wildcard(pattern)
        return {name for name in self.known if compiled.fullmatch(name)}

    def need(self, names: Iterable[str], reader: str) -> None:
        """Refuse a command that reads what is not there."""
        missing = sorted({name for name in names if not self.has(name)})
        if missing:
            there = ", ".join(sorted(self.known))
            raise SearchError(f"{reader} reads {', '.join(missing)}, but there are only {there}")

    def plus(self, names: Iterable[str]) -> Fields:
        """With more fields."""
        return Fields(self.known | set(names), self.any_other)

    def minus(self, patterns: Iterable[str]) -> Fields:
        """Without the fields of these patterns."""
        gone = {name for pattern in patterns for name in self.matching(pattern)}
        return Fields(self.known - gone, self.any_other)

    def only(self, patterns: Iterable[str], inner: bool = False) -> Fields:
        """The fields of these patterns and no others, but for inner ones where they stay."""
        kept: set[str] = {name for name in self.known if inner and name.startswith("_")}
        for pattern in patterns:
            kept |= self.matching(pattern) if "*" in pattern else {pattern}
        return Fields(frozenset(kept), self.any_other and any("*" in pattern for pattern in patterns))

    def union(self, other: Fields) -> Fields:
        """The fields of both."""
        return Fields(self.known | other.known, self.any_other or other.any_other)


# Every event has these, and may have more.
EVENTS = Fields(frozenset({"_time", "_raw", "index", "host", "source", "sourcetype"}), any_other=True)
NONE = Fields()
