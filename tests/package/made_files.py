"""`outputlookup name.csv` makes a file that is not there yet, as Splunk does: importing this tells the interpreter."""

from __future__ import annotations

from pathlib import Path

from rows import Event, columns_of
from spl import server
from spl.clauses import options_of
from spl.context import Context, Step
from spl.files import outputlookup, write
from spl.pipeline import Command, words


def _making(context: Context, command: Command) -> Step:
    _, names = options_of(words(command.arguments), anywhere=True)
    path: Path = context.app.root / "lookups" / names[0]

    def step(events: list[Event]) -> list[Event]:
        if names[0].endswith(".csv") and not path.is_file():
            write(path, [], columns_of(events))
        return outputlookup(context, command)(events)

    return step


server.COMMANDS["outputlookup"] = _making
