"""Shared by the tests of the package: the unpacked app, the sample, and searches over it."""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
import unittest
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Every file that needs tools/spl imports this module first.
sys.path.insert(0, str(ROOT / "tools" / "spl"))

from spl import Splunk  # noqa: E402
from spl.splunkd.app import App, AppError, unpack  # noqa: E402
from spl.splunkd.options import Options  # noqa: E402
from spl.splunkd.rows import Event, load_events  # noqa: E402

PACKAGES = ROOT / "target" / "package"
SAMPLE = ROOT / "data" / "sample_stream_dns.ndjson"
INDEX = "botsv2"
OUTPUTS = (
    "ut_domain", "ut_subdomain", "ut_domain_without_tld", "ut_tld", "ut_subdomain_count", "ut_subdomain_length",
    "ut_shannon", "ut_suffix_type",
)  # fmt: skip


def newest_package() -> Path:
    """The package under test: the one that DNSENTROPY_SPL names, else the newest in target/package."""
    if named := os.environ.get("DNSENTROPY_SPL"):
        return Path(named)
    packages = sorted(PACKAGES.glob("*.spl"), key=lambda path: path.stat().st_mtime)
    if not packages:
        raise AppError("target/package/*.spl is missing: run bin/package first")
    return packages[-1]


def encoded_label(number: int, characters: int = 16) -> str:
    """A label in base32, which holds ten bytes in sixteen characters; it differs for each number."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[(number * 7_919 + 37 * at * at + 11 * at * number) % 32] for at in range(characters))


class PackageTest(unittest.TestCase):
    """A test of the newest package, which is unpacked once for each class."""

    home: Path
    app: App
    sample: list[Event]

    @classmethod
    def setUpClass(cls) -> None:
        home = tempfile.mkdtemp(prefix="package-test-")
        cls.addClassCleanup(shutil.rmtree, home)
        cls.home = Path(home)
        cls.app = unpack(newest_package(), cls.home / "splunk" / "etc" / "apps")
        cls.sample = load_events(SAMPLE, INDEX)

    def folder(self) -> Path:
        """A new folder, removed after the test."""
        path = tempfile.mkdtemp(dir=self.home)
        self.addCleanup(shutil.rmtree, path)
        return Path(path)

    def splunk(self, peers: int = 0, options: Options = Options(), app: App | None = None) -> Splunk:
        """A server, or a search head with peers, that has the app."""
        return Splunk(app or self.app, self.folder(), peers, options)

    def search(self, text: str, events: Sequence[Event], peers: int = 0, options: Options = Options()) -> list[Event]:
        """The results of a search."""
        return self.splunk(peers, options).search(text, events)

    def split(self, name: str, arguments: str = "query") -> dict[str, str]:
        """The fields that the command adds to an event with this name; each has one value."""
        (event,) = self.search(f"index=x | dnsentropy {arguments}", [{"index": ["x"], "query": [name]}])
        self.assertEqual((event.pop("index"), event.pop("query")), (["x"], [name]))
        return {field: "\n".join(values) for field, values in event.items()}

    def assert_same_events(self, found: Sequence[Event], expected: Sequence[Event]) -> None:
        """Like assertEqual, but shows the first difference only: thousands of events take minutes to compare."""
        self.assertEqual(len(found), len(expected))
        for number, (new, old) in enumerate(zip(found, expected)):
            names = [name for name in new | old if new.get(name) != old.get(name)]
            shown = [f"{name} is {str(new.get(name))[:80]}, not {str(old.get(name))[:80]}" for name in names]
            self.assertFalse(shown, f"event {number}")


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
