"""Walks along the commands of a search and follows its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from spl.check import programs
from spl.check.fields import NONE, Fields
from spl.check.lookups import Lookups
from spl.check.rules import take_options
from spl.commands import COMMANDS, Missing
from spl.errors import SearchError
from spl.language.clauses import is_true
from spl.language.pipeline import Command, Pipeline, parse
from spl.splunkd.app import App

NUMBER = re.compile(r"(limit=)?\d+\s")


@dataclass(frozen=True)
class Check:
    """Checks the searches of an app; `home` is a folder in which its programs run."""

    app: App
    lookups: Lookups
    home: Path
    # Whether to refuse also what fails on much data only, and lookups written with fields that are not known.
    strict: bool = True

    def search(self, text: str, before: Fields | None = None) -> Fields:
        """The fields of a search's results; `before` are the fields before it if it is the end of a longer search."""
        return self.pipeline(parse(text, self.app), before)

    def pipeline(self, pipeline: Pipeline, before: Fields | None) -> Fields:
        """The fields after the last command; raises a SearchError for what Splunk would refuse."""
        fields = before
        first = COMMANDS.get(pipeline[0].name)
        on_peers = before is not None or (first is not None and first.starts == "events")
        for command, following in zip(pipeline, [*(command.name for command in pipeline[1:]), ""]):
            if self.strict and command.name == "sort" and following != "head" and not NUMBER.match(command.arguments):
                raise SearchError("sort without a number keeps 10,000 rows: say 0 for all")
            if on_peers and command.name == "lookup":
                self._check_place(command)
            on_peers = on_peers and self._is_streaming(command)
            fields = self.command(command, fields)
        return fields or NONE

    def _check_place(self, command: Command) -> None:
        """Only the search head has the collections of the KV store."""
        given, (name, *_) = take_options(command, "local update")
        if self.lookups.is_collection(name) and not is_true(given.get("local", "f")):
            raise SearchError(f"lookup {name} would run on the search peers, which do not have it: say local=true")

    def _is_streaming(self, command: Command) -> bool:
        if self.app.has_command(command.name):
            return programs.call(self.app, command.name, command.arguments, self.home).type == "streaming"
        known = COMMANDS.get(command.name)
        return known is not None and known.streaming(command)

    def command(self, command: Command, before: Fields | None) -> Fields:
        """The fields after a command; `before` is None for the first one."""
        if self.app.has_command(command.name):
            return self._program(command, before)
        if command.name not in COMMANDS:
            raise SearchError(f"the command {command.name} is unknown")
        definition = COMMANDS[command.name]
        if isinstance(definition.check, Missing):
            raise SearchError(f"the command {command.name} is not supported by the checker: {definition.check.reason}")
        if not definition.starts:
            before = _not_first(command, before)
        return definition.check(self, command, before)

    def _program(self, command: Command, before: Fields | None) -> Fields:
        answer = programs.call(self.app, command.name, command.arguments, self.home)
        if answer.generating:
            if before is not None:
                raise SearchError(f"{command.name} makes its own rows: it must be the first command of a search")
            return Fields(answer.gives)
        before = _not_first(command, before)
        before.need(answer.reads, command.name)
        return Fields(answer.gives) if answer.type == "reporting" else before.plus(answer.gives)


def _not_first(command: Command, before: Fields | None) -> Fields:
    if before is None:
        raise SearchError(f"{command.name} makes no events: it cannot be the first command")
    return before
