"""`outputlookup name.csv` makes a file that is not there yet, as Splunk does: importing this tells the interpreter."""

from __future__ import annotations

from pathlib import Path

import harness  # noqa: F401
from spl.language.clauses import options_of
from spl.language.pipeline import Command, words
from spl.run import server
from spl.run.context import Context, Step
from spl.run.files import outputlookup, write
from spl.splunkd.rows import Event, columns_of


def _making(context: Context, command: Command) -> Step:
    _, names = options_of(words(command.arguments), anywhere=True)
    path: Path = context.app.root / "lookups" / names[0]

    def step(events: list[Event]) -> list[Event]:
        if names[0].endswith(".csv") and not path.is_file():
            write(path, [], columns_of(events))
        return outputlookup(context, command)(events)

    return step


server.COMMANDS["outputlookup"] = _making
