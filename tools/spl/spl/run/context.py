"""What a command of Splunk's own knows of the search that it stands in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from spl.language.pipeline import Command, Pipeline
from spl.run.functions import Clock
from spl.splunkd.app import App
from spl.splunkd.program import Options
from spl.splunkd.rows import Event

Step = Callable[[list[Event]], list[Event]]


@dataclass(frozen=True)
class Context:
    """The app, the server, the time, and a way to run a subsearch on the search head (on given rows or all events)."""

    app: App
    options: Options
    clock: Clock
    subsearch: Callable[[Pipeline, list[Event] | None], list[Event]]
    # What the server remembers of searches that were run, as its REST endpoint gives it.
    jobs: list[Event] = field(default_factory=list)


Runner = Callable[[Context, Command], Step]
