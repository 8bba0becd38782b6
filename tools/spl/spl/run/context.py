"""What a runner knows of its search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from spl.language.pipeline import Command, Pipeline
from spl.run.functions import Clock
from spl.run.kvstore import Store
from spl.splunkd.app import App
from spl.splunkd.options import Options
from spl.splunkd.rows import Event

Step = Callable[[list[Event]], list[Event]]


@dataclass(frozen=True)
class Context:
    """The app, the server, the time, and a function that runs a subsearch on given rows, or (None) on all events."""

    app: App
    options: Options
    clock: Clock
    subsearch: Callable[[Pipeline, list[Event] | None], list[Event]]
    # The collections, which only the search head has, and a function that warns the user.
    store: Store
    warn: Callable[[str], None]
    # The searches that the server ran, as its REST endpoint returns them.
    jobs: list[Event] = field(default_factory=list)
    # What other REST endpoints return, by their path.
    endpoints: dict[str, list[Event]] = field(default_factory=dict)


Runner = Callable[[Context, Command], Step]
