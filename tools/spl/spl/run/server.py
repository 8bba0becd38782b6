"""A search head with its peers, which plans searches and runs their commands as splunkd does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spl.commands import COMMANDS, Missing
from spl.errors import SearchError
from spl.language.pipeline import Command, Pipeline, parse
from spl.run import sources
from spl.run.context import Context, Runner
from spl.run.functions import Clock
from spl.run.kvstore import Store
from spl.splunkd.app import App
from spl.splunkd.program import Call, Options, ask, run
from spl.splunkd.rows import Event


@dataclass(frozen=True)
class Stage:
    """One command of a planned search."""

    command: Command
    streaming: bool
    preop: str = ""


class Splunk:
    """A search head with its peers; without peers, one machine does both. `home` is a folder for its files."""

    def __init__(
        self, app: App, home: Path, peers: int = 0, options: Options = Options(), clock: Clock | None = None
    ) -> None:
        self.app, self.home, self.options = app, home, options
        self.clock = clock or Clock(now=time.time())
        self.messages: list[tuple[str, str]] = []
        self.jobs: list[Event] = []
        self.store = Store(app.root.parent / f"{app.name}.kvstore")
        self.endpoints = {sources.PEERS: sources.peers(peers)}
        self._peers = [self._peer(number) for number in range(peers)]
        self._seconds: dict[str, tuple[float, int, int]] = {}

    def _peer(self, number: int) -> App:
        bundles = self.home / f"peer{number}" / "var" / "run" / "searchpeers"
        return self.app.replicate(bundles / "head-1503612000" / "apps")

    def search(self, text: str, events: Sequence[Event], clock: Clock | None = None) -> list[Event]:
        """The results of a search over these events; raises SearchError or CommandError."""
        self._seconds = {}
        clock = clock or self.clock
        results = self._distribute(parse(text, self.app), list(events), text, clock)
        self.jobs.append(sources.job(len(self.jobs), text, clock.now, self._seconds))
        return results

    def chain(self, text: str, rows: Sequence[Event], clock: Clock | None = None) -> list[Event]:
        """The results of further commands on a search's results, as in a dashboard's chain searches."""
        return self._on_head(
            parse("| " + text.strip().removeprefix("|"), self.app), list(rows), text, clock or self.clock
        )

    def _distribute(self, pipeline: Pipeline, events: list[Event], text: str, clock: Clock) -> list[Event]:
        first = COMMANDS.get(pipeline[0].name)
        if first and first.starts == "rows":
            return self._on_head(pipeline, [], text, clock, events)
        stages = [self._plan(command, text) for command in pipeline]
        head = next((at for at, stage in enumerate(stages) if not stage.streaming), len(stages))
        preop = stages[head].preop if head < len(stages) and self.options.preop else ""
        mapping = list(parse("| " + preop)) if preop else []
        results: list[Event] = []
        for number, peer in enumerate(self._peers or [self.app]):
            share = events[number :: len(self._peers) or 1]
            commands = [stage.command for stage in stages[:head]] + mapping
            results += self._run(commands, share, peer, text, self._context(peer, events, text, clock))
        return self._on_head([stage.command for stage in stages[head:]], results, text, clock, events)

    def _plan(self, command: Command, text: str) -> Stage:
        if not self.app.has_command(command.name):
            known = COMMANDS.get(command.name)
            return Stage(command, known is not None and known.streaming(command))
        call = Call(command.name, self.app.command(command.name), command.arguments, text)
        reply = ask(call, self.options, self._dispatch())
        return Stage(command, reply.get("type", "streaming") == "streaming", reply.get("streaming_preop", ""))

    def _on_head(
        self, commands: Sequence[Command], rows: list[Event], text: str, clock: Clock, events: Sequence[Event] = ()
    ) -> list[Event]:
        return self._run(commands, rows, self.app, text, self._context(self.app, list(events), text, clock))

    def _context(self, app: App, events: list[Event], text: str, clock: Clock) -> Context:
        def subsearch(pipeline: Pipeline, rows: list[Event] | None) -> list[Event]:
            if rows is None:
                return self._distribute(pipeline, events, text, clock)
            return self._on_head(pipeline, rows, text, clock, events)

        def warn(said: str) -> None:
            self.messages.append(("WARN", said))

        return Context(app, self.options, clock, subsearch, self.store, warn, self.jobs, self.endpoints)

    def _run(
        self, commands: Sequence[Command], events: list[Event], app: App, text: str, context: Context
    ) -> list[Event]:
        for command in commands:
            started, before = time.monotonic(), len(events)
            if app.has_command(command.name):
                call = Call(command.name, app.command(command.name), command.arguments, text)
                outcome = run(call, events, self.options, self._dispatch())
                self.messages += outcome.messages
                events = outcome.events
            else:
                events = _runner(command)(context, command)(events)
            spent, into, out = self._seconds.get(command.name, (0.0, 0, 0))
            self._seconds[command.name] = (spent + time.monotonic() - started, into + before, out + len(events))
        return events

    def _dispatch(self) -> Path:
        folder = self.home / "dispatch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _runner(command: Command) -> Runner:
    if command.name not in COMMANDS:
        raise SearchError(f"the command {command.name} is unknown")
    runner = COMMANDS[command.name].run
    if isinstance(runner, Missing):
        raise SearchError(f"the command {command.name} is not supported by the interpreter: {runner.reason}")
    return runner
