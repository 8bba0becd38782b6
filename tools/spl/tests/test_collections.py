"""Collections of the KV store: keys, updates, replacements, failures, and two writers at once."""

from __future__ import annotations

import unittest

from spl.errors import SearchError
from tests.test_spl import Spl


class Collections(Spl):
    """Collections of the KV store."""

    def kept(self) -> list[dict[str, str]]:
        """The records without their keys."""
        return self.rows("| inputlookup strict=true kept | fields - _key | sort 0 key value")

    def upsert(self, key: str, fields: str) -> None:
        """Write a record by its key."""
        self.rows(f'| makeresults | eval {fields}, _key="{key}" | outputlookup append=true key_field=_key kept')

    def test_records_have_keys_and_the_fields_of_the_definition(self) -> None:
        """Other fields are dropped; without a key, append adds."""
        self.assertEqual(self.rows("| inputlookup kept"), [])
        self.rows('| makeresults | eval key="a", value=1, other=2 | outputlookup kept')
        self.rows('| makeresults | eval key="b", value=2 | outputlookup append=true kept')
        self.rows('| makeresults | eval key="b", value=3 | outputlookup append=true kept')
        wanted = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}, {"key": "b", "value": "3"}]
        self.assertEqual(self.kept(), wanted)
        self.assertEqual(len({row["_key"] for row in self.rows("| inputlookup kept")}), 3)
        (row,) = self.rows('| makeresults | eval k="a" | lookup kept key AS k OUTPUT value | fields value')
        self.assertEqual(row["value"], "1")

    def test_a_record_replaces_the_one_with_its_key(self) -> None:
        """A row without a key is a new record; the old fields may stay or go."""
        for keeps, wanted in ((False, {"value": "2"}), (True, {"key": "a", "value": "2"})):
            self.splunk.store.update_keeps_fields = keeps
            self.rows("| inputlookup kept | outputlookup override_if_empty=true kept")
            self.rows("| makeresults count=0 | outputlookup kept")
            self.upsert("one", 'key="a", value=1')
            self.upsert("one", "value=2")
            self.rows('| makeresults | eval key="z" | outputlookup append=true key_field=_key kept')
            self.assertIn(wanted, self.kept())
            self.assertEqual(len(self.kept()), 2)

    def test_a_replaced_collection_may_lose_its_keys(self) -> None:
        """An empty result replaces too, unless override_if_empty=false."""
        for keeps in (True, False):
            self.splunk.store.replace_keeps_keys = keeps
            self.upsert("one", 'key="a"')
            self.rows("| inputlookup kept | outputlookup key_field=_key kept")
            self.assertEqual(self.rows("| inputlookup kept")[0]["_key"] == "one", keeps)
        self.rows("| inputlookup kept | where key=1 | outputlookup override_if_empty=false kept")
        self.assertEqual(self.kept(), [{"key": "a"}])
        self.rows("| inputlookup kept | where key=1 | outputlookup kept")
        self.assertEqual(self.kept(), [])

    def test_a_collection_that_cannot_be_read_stops_a_strict_search(self) -> None:
        """Otherwise it seems empty."""
        self.upsert("one", 'key="a"')
        self.splunk.store.unreadable.add("kept")
        self.assertEqual(self.rows("| inputlookup kept"), [])
        self.assertEqual(self.splunk.messages, [("WARN", "the collection kept cannot be read")])
        for text in ("| inputlookup strict=true kept", '| makeresults | eval key="a" | lookup kept key OUTPUT value'):
            with self.subTest(search=text), self.assertRaises(SearchError):
                self.rows(text)

    def test_another_writer_comes_between_reading_and_writing(self) -> None:
        """It runs once; rewriting loses its record, an update keeps it."""
        for text, wanted in (
            ("| inputlookup kept | outputlookup kept", 1),
            ("| inputlookup kept | outputlookup append=true key_field=_key kept", 2),
        ):
            self.upsert("one", 'key="a"')
            self.splunk.store.meanwhile = lambda: self.upsert("two", 'key="b"')
            self.rows(text)
            self.assertEqual(len(self.kept()), wanted, text)
            self.rows("| makeresults count=0 | outputlookup kept")


if __name__ == "__main__":
    unittest.main()
