"""Runs or checks one search: python3 -m spl run|check APP SEARCH, with events as NDJSON on standard input for run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from spl import Splunk
from spl.check.lookups import Lookups
from spl.check.walk import Check
from spl.errors import SearchError
from spl.splunkd.app import App, AppError
from spl.splunkd.program import CommandError
from spl.splunkd.rows import Event


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status: 1 if Splunk would refuse the search."""
    parser = argparse.ArgumentParser(prog="python3 -m spl", description="Runs or checks a search without Splunk.")
    parser.add_argument("action", choices=("run", "check"))
    parser.add_argument("app", type=Path, help="the folder of an unpacked app")
    parser.add_argument("search")
    parser.add_argument("--peers", type=int, default=0, help="the number of search peers (run)")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="spl-") as home:
        try:
            if given.action == "check":
                print(_check(App(given.app), Path(home), given.search))
            else:
                splunk = Splunk(App(given.app), Path(home), given.peers)
                for row in splunk.search(given.search, list(_events(sys.stdin))):
                    print(json.dumps({name: v[0] if len(v) == 1 else v for name, v in row.items()}))
                print(*splunk.shown, sep="\n", end="", file=sys.stderr)
        except (SearchError, CommandError, AppError) as error:
            print(f"spl: {error}", file=sys.stderr)
            return 1
    return 0


def _check(app: App, home: Path, search: str) -> str:
    fields = Check(app, Lookups(app), home).search(search)
    return " ".join(sorted(fields.known)) + (" ..." if fields.any_other else "")


def _events(lines: Iterable[str]) -> Iterator[Event]:
    """An event for each line: an object whose values are texts, numbers or lists of them."""
    for line in lines:
        event = json.loads(line)
        yield {name: [str(v) for v in (value if isinstance(value, list) else [value])] for name, value in event.items()}


if __name__ == "__main__":
    sys.exit(main())
