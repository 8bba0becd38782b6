"""The app's lookups and their columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

from spl.check.fields import Fields
from spl.check.project import MADE_BY_USERS
from spl.errors import SearchError
from spl.run.kvstore import KEY
from spl.splunkd.app import App


@dataclass
class Lookups:
    """The lookups that searches can use."""

    app: App
    # Files that searches write.
    written: set[str] = field(default_factory=set)

    def columns(self, name: str) -> set[str]:
        """The columns of a lookup, from its definition or its file; none for a file that a search writes."""
        stanza = self.app.settings("transforms.conf").get(name)
        if stanza and "fields_list" in stanza:
            return {column.strip() for column in stanza["fields_list"].split(",")}
        file = stanza["filename"] if stanza else name
        if file in MADE_BY_USERS:
            return MADE_BY_USERS[file]
        if name in self.written:
            return set()
        path = self.app.root / "lookups" / file
        if not name or not path.is_file():
            raise SearchError(f"the lookup {name} does not exist")
        with path.open(encoding="utf-8", newline="") as file:
            return set(next(csv.reader(file)))

    def is_collection(self, name: str) -> bool:
        """Whether the lookup is in the KV store."""
        return self.app.settings("transforms.conf").get(name, {}).get("external_type") == "kvstore"

    def is_open(self, name: str) -> bool:
        """Whether the lookup is a file whose columns are not known."""
        return name in self.written and name not in MADE_BY_USERS

    def check_written(self, name: str, fields: Fields, strict: bool) -> None:
        """Raise a SearchError if a search writes a lookup with other columns than it has."""
        if name.endswith(".csv") and name not in MADE_BY_USERS:
            self.written.add(name)
            return
        columns = self.columns(name)
        if fields.any_other and not strict:
            return
        # The key of a record is internal: a search may name it or not.
        if fields.any_other or fields.known - {KEY} != columns - {KEY}:
            differing = sorted((fields.known ^ columns) - {KEY}) or ["any fields"]
            raise SearchError(f"outputlookup {name}: its columns are {sorted(columns)}; different: {differing}")
