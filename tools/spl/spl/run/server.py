"""A search head with its peers, which plans searches and runs their commands as splunkd does."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from spl.commands import COMMANDS, Missing
from spl.errors import SearchError
from spl.language.pipeline import Command, Pipeline, parse
from spl.run import sources
from spl.run.context import Context, Runner
from spl.run.functions import Clock
from spl.run.kvstore import Store
from spl.run.peers import Share, arrive, shares
from spl.splunkd.app import App
from spl.splunkd.options import Options
from spl.splunkd.program import Call, CommandError, Outcome, ask, generate, run
from spl.splunkd.rows import Event


class Notice(NamedTuple):
    """A message of a command; `peer` is empty if it came from the search head."""

    level: str
    text: str
    peer: str = ""

    def __str__(self) -> str:
        return f"{self.level}: [{self.peer}] {self.text}" if self.peer else f"{self.level}: {self.text}"


@dataclass(frozen=True)
class Stage:
    """One command of a planned search."""

    command: Command
    streaming: bool
    preop: str = ""


class Splunk:
    """A search head with its peers; without peers, one machine does both. `home` is a folder for its files.

    `peer_apps` are the apps of peers, by number, that have another copy of the app than the search head.
    """

    def __init__(
        self,
        app: App,
        home: Path,
        peers: int = 0,
        options: Options = Options(),
        clock: Clock | None = None,
        peer_apps: Mapping[int, App] | None = None,
    ) -> None:
        self.app, self.home, self.options = app, home, options
        self.clock = clock or Clock(now=time.time())
        self.notices: list[Notice] = []
        # The tables that searches showed before they ended, see Options.previews.
        self.previews: list[list[Event]] = []
        self.jobs: list[Event] = []
        self.store = Store(app.root.parent / f"{app.name}.kvstore")
        # Whether searches see the events of their time range only. Otherwise a test gives each search its events.
        self.keeps_to_range = False
        self.endpoints = {sources.PEERS: sources.peers(peers)}
        self._peers = [self._peer(number, (peer_apps or {}).get(number, app)) for number in range(peers)]
        self._seconds: dict[str, tuple[float, int, int]] = {}

    def _peer(self, number: int, app: App) -> App:
        bundles = self.home / f"peer{number}" / "var" / "run" / "searchpeers"
        return app.replicate(bundles / "head-1503612000" / "apps")

    @property
    def messages(self) -> list[tuple[str, str]]:
        """All messages of the commands, those for the log too: their levels and texts."""
        return [(notice.level, notice.text) for notice in self.notices]

    @property
    def shown(self) -> list[str]:
        """What the user sees above the results: each message once, or once for each peer."""
        return list(dict.fromkeys(str(notice) for notice in self.notices if notice.level != "DEBUG"))

    @property
    def is_incomplete(self) -> bool:
        """Whether Splunk says that the results may be incomplete: a peer warned, or failed."""
        return any(notice.peer and notice.level in ("WARN", "ERROR", "FATAL") for notice in self.notices)

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
        if self.app.has_command(pipeline[0].name):
            return self._on_head(pipeline[1:], self._generate(pipeline[0], text), text, clock, events)
        stages = [self._plan(command, text) for command in pipeline]
        head = next((at for at, stage in enumerate(stages) if not stage.streaming), len(stages))
        preop = stages[head].preop if head < len(stages) else ""
        on_peers, on_head = ([stage.command for stage in part] for part in (stages[:head], stages[head:]))
        mapping = list(parse("| " + preop)) if preop else []
        parts: list[list[Event]] = []
        searched = _within(events, pipeline[0], clock) if self.keeps_to_range else events
        for share in shares(searched, self._peers or [self.app], self.options):
            context = self._context(share.app, events, text, clock)
            parts.append(self._on_peer(share, on_peers + mapping * share.map_runs, text, context))
        rows = arrive(parts, self.options)
        if on_head and self.options.previews:
            self._preview(on_head[0], rows, text)
        return self._on_head(on_head, rows, text, clock, events)

    def _plan(self, command: Command, text: str) -> Stage:
        if not self.app.has_command(command.name):
            known = COMMANDS.get(command.name)
            return Stage(command, known is not None and known.streaming(command))
        reply = ask(self._call(self.app, command, text), self.options, self._dispatch())
        return Stage(command, reply.get("type", "streaming") == "streaming", reply.get("streaming_preop", ""))

    def _generate(self, command: Command, text: str) -> list[Event]:
        """The rows of a command that is the first one: the search head asks it what it is, then runs it by itself."""
        started = time.monotonic()
        call = self._call(self.app, command, text)
        ask(call, self.options, self._dispatch())
        outcome = generate(call, self.options, self._dispatch())
        self._keep(command, outcome, "", time.monotonic() - started, 0)
        return outcome.events

    def _preview(self, command: Command, rows: Sequence[Event], text: str) -> None:
        """Run a command of the app on half of its rows, in a process of its own. Its messages do not last."""
        if self.app.has_command(command.name):
            options = replace(self.options, preview=True)
            call = self._call(self.app, command, text)
            self.previews.append(run(call, rows[: len(rows) // 2], options, self._dispatch()).events)

    def _on_peer(self, share: Share, commands: Sequence[Command], text: str, context: Context) -> list[Event]:
        peer = f"peer{share.machine}" if self._peers else ""
        try:
            rows = self._run(commands, list(share.events), share.app, text, context, peer)
        except CommandError as error:
            raise CommandError(error.command, error.text, peer) from None
        replaced = self.options.peer_rows
        return replaced(share.machine, rows) if replaced else rows

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
            self.notices.append(Notice("WARN", said))

        return Context(app, self.options, clock, subsearch, self.store, warn, self.jobs, self.endpoints)

    def _run(
        self, commands: Sequence[Command], events: list[Event], app: App, text: str, context: Context, peer: str = ""
    ) -> list[Event]:
        for command in commands:
            started, before = time.monotonic(), len(events)
            outcome = Outcome({})
            if app.has_command(command.name):
                outcome = run(self._call(app, command, text), events, self.options, self._dispatch())
            else:
                outcome.events = _runner(command)(context, command)(events)
            events = outcome.events
            self._keep(command, outcome, peer, time.monotonic() - started, before)
        return events

    def _keep(self, command: Command, outcome: Outcome, peer: str, seconds: float, before: int) -> None:
        """Keep the messages of a command, and what the job inspector shows of it."""
        self.notices += [Notice(level, said, peer) for level, said in outcome.messages]
        spent, into, out = self._seconds.get(command.name, (0.0, 0, 0))
        self._seconds[command.name] = (spent + seconds, into + before, out + len(outcome.events))

    def _call(self, app: App, command: Command, text: str) -> Call:
        return Call(command.name, app.command(command.name), command.arguments, text)

    def _dispatch(self) -> Path:
        folder = self.home / "dispatch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _within(events: list[Event], first: Command, clock: Clock) -> list[Event]:
    """The events in the time range, unless the first command names a range of its own."""
    if re.search(r"\b(earliest|latest)=", first.arguments):
        return events
    return [event for event in events if clock.earliest <= float(event["_time"][0]) <= clock.latest]


def _runner(command: Command) -> Runner:
    if command.name not in COMMANDS:
        raise SearchError(f"the command {command.name} is unknown")
    runner = COMMANDS[command.name].run
    if isinstance(runner, Missing):
        raise SearchError(f"the command {command.name} is not supported by the interpreter: {runner.reason}")
    return runner
