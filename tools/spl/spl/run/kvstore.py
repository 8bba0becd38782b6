"""The collections of the KV store, as strict as what is known of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from spl.errors import SearchError
from spl.splunkd.rows import Event

KEY = "_key"


@dataclass
class Store:
    """The collections of a search head, one file each; tests choose how they fail and who else writes.

    Two facts are not known for sure, so that a search must work with both: whether an update keeps the fields that the
    new record lacks, and whether a replaced collection keeps the keys that the rows name.
    """

    folder: Path
    update_keeps_fields: bool = False
    replace_keeps_keys: bool = True
    # Collections that cannot be read.
    unreadable: set[str] = field(default_factory=set)
    # Another writer: it runs once, after a search has read and before it writes.
    meanwhile: Callable[[], object] | None = None
    _ids: count[int] = field(default_factory=lambda: count(1))

    def read(self, collection: str, columns: list[str]) -> list[Event]:
        """The records with their keys, in the order of the keys; fields that the lookup does not list stay hidden."""
        if collection in self.unreadable:
            raise SearchError(f"the collection {collection} cannot be read")
        records = self._load(collection)
        return [_shown(record, columns) | {KEY: [key]} for key, record in sorted(records.items())]

    def replace(self, collection: str, rows: list[Event], columns: list[str], key: str = "") -> None:
        """Remove all records, and write these."""
        self._interleave()
        named = key if self.replace_keeps_keys else ""
        self._save(collection, {self._key(row, named): _shown(row, columns) for row in rows})

    def add(self, collection: str, rows: list[Event], columns: list[str], key: str = "") -> None:
        """Write these records beside the others; with `key`, a record replaces the one of the same key."""
        self._interleave()
        records = self._load(collection)
        for row in rows:
            name = self._key(row, key)
            kept = records.get(name, {}) if self.update_keeps_fields else {}
            records[name] = kept | _shown(row, columns)
        self._save(collection, records)

    def _key(self, row: Event, key: str) -> str:
        """The key that a row names, else a new one."""
        return row[key][0] if key in row else f"{next(self._ids):024x}"

    def _interleave(self) -> None:
        other, self.meanwhile = self.meanwhile, None
        if other:
            other()

    def _load(self, collection: str) -> dict[str, Event]:
        path = self.folder / f"{collection}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def _save(self, collection: str, records: dict[str, Event]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{collection}.json"
        path.write_text(json.dumps(records), encoding="utf-8")


def _shown(record: Event, columns: list[str]) -> Event:
    return {name: values for name, values in record.items() if name in columns and name != KEY}
