"""The command line: python3 -m spl."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Main(unittest.TestCase):
    """Searches of an app that is empty."""

    def spl(self, *arguments: str, events: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        with tempfile.TemporaryDirectory(prefix="spl-test-") as app:
            argv = [sys.executable, "-m", "spl", arguments[0], app, *arguments[1:]]
            return subprocess.run(argv, input=events, capture_output=True, text=True, cwd=ROOT, check=False)

    def test_run_prints_the_rows(self) -> None:
        ended = self.spl("run", "n>1 | stats count BY k", events='{"k": "a", "n": 1}\n{"k": ["a", "b"], "n": 2}\n')
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(ended.stdout, '{"k": "a", "count": "1"}\n{"k": "b", "count": "1"}\n')

    def test_check_prints_the_fields(self) -> None:
        ended = self.spl("check", "index=x | stats count BY k")
        self.assertEqual((ended.returncode, ended.stdout), (0, "count k\n"))

    def test_a_wrong_search_is_refused(self) -> None:
        for action, search in (("run", "k=1 | hed 1"), ("check", "index=x | stats count BY k | where n>1")):
            ended = self.spl(action, search)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertRegex(ended.stderr, "^spl: .*(the command hed is unknown|where reads n)")


if __name__ == "__main__":
    unittest.main()
