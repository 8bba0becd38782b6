"""Every setting of the app, and every one that the documents name, exists in Splunk 9.0."""

from __future__ import annotations

import re
import unittest
from collections.abc import Iterator
from unittest.mock import patch

from harness import ROOT, PackageTest
from spl.check.project import DOCUMENTS
from spl.check.specs import SPECS, Setting, files_with, problems
from spl.splunkd.app import Settings, read_settings

# Settings that Splunk would ignore or refuse, and the problem that is reported.
BROKEN = (
    ("commands.conf", "[a]\nchunked = true\ntype = python", "no setting type in"),
    ("commands.conf", "[a]\nchunked = yes", "chunked = yes is not allowed"),
    ("savedsearches.conf", "[a]\nalert.digestmode = 1", "no setting alert.digestmode"),
    ("savedsearches.conf", "[a]\naction.notable.param.drilldown_searches = [{]", "is not allowed"),
    ("savedsearches.conf", "[a]\ncron_schedule = 7 * * *", "is not allowed"),
    ("transforms.conf", "[a]\ncheck_permissions = true", "no setting check_permissions"),
    ("transforms.conf", "[a]\nfilename = ../a.csv", "is not allowed"),
    ("app.conf", "[triggers]\nreload.commands = simple", "no stanza [triggers]"),
    ("default.meta", "[]\naccess = read : [ * ], write : [ * ]", "is not allowed"),
    ("default.meta", "[lookup]\nexport = system", "no stanza [lookup]"),
    ("unheard.conf", "[a]\nb = c", "no stanza [a]"),
)


class SettingsTest(PackageTest):
    """The files of the package and the snippets in the documents."""

    def test_every_setting_of_the_app_is_known(self) -> None:
        """Its stanza, its key and its value."""
        files = [*(self.app.root / "default").glob("*.conf"), self.app.root / "metadata" / "default.meta"]
        self.assertGreater(len(files), 7)
        for path in files:
            with self.subTest(file=path.name):
                settings = read_settings(path.read_text(encoding="utf-8"))
                self.assertTrue(settings)
                self.assertEqual(list(problems(path.name, settings)), [])

    def test_every_setting_in_the_documents_is_known(self) -> None:
        """Snippets that begin with a stanza, and settings in the text such as `alert.track = 1`."""
        snippets = list(self.snippets())
        self.assertGreater(len(snippets), 3)
        for where, settings in snippets:
            for stanza, keys in settings.items():
                with self.subTest(where=where, stanza=stanza):
                    files = files_with(stanza)
                    self.assertTrue(files, "no file has such a stanza")
                    self.assertIn([], [list(problems(file, {stanza: keys})) for file in files])
        known = [pattern for stanzas in SPECS.values() for keys in stanzas.values() for pattern in keys]
        for where, text in self.documents():
            for key in re.findall(r"`([a-z][\w.]*) = [^`]+`", text):
                with self.subTest(where=where, key=key):
                    self.assertTrue(any(re.fullmatch(pattern, key) for pattern in known))

    def test_errors_are_found(self) -> None:
        """Each kind of error, in a file of its own."""
        for file, text, said in BROKEN:
            with self.subTest(file=file, text=text):
                (problem,) = problems(file, read_settings(text))
                self.assertIn(said, problem)

    def test_a_newer_setting_must_be_harmless(self) -> None:
        """A setting that Splunk 9.0 lacks is refused, unless older versions ignore it."""
        newer = {"new.conf": {"a": {"b": Setting(since=(9, 4)), "c": Setting(since=(9, 4), ignored=True)}}}
        with patch.dict(SPECS, newer):
            found = list(problems("new.conf", {"a": {"b": "1", "c": "1"}}))
        self.assertEqual(found, ["new.conf, [a]: b is unknown before 9.4"])

    def documents(self) -> Iterator[tuple[str, str]]:
        """Each document: its name and its text."""
        for pattern in DOCUMENTS:
            for path in sorted(ROOT.glob(pattern)):
                yield path.name, path.read_text(encoding="utf-8")

    def snippets(self) -> Iterator[tuple[str, Settings]]:
        """Indented lines that begin with a stanza."""
        for where, text in self.documents():
            for block in re.findall(r"(?m)(?:^ {4,}\[[^\]\n]*\]\n(?:^ {4,}\S.*\n?)+)", text):
                yield where, read_settings(block)


if __name__ == "__main__":
    unittest.main()
