"""How the events of a search are spread over the search peers, and how their rows reach the search head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from spl.splunkd.app import App
from spl.splunkd.options import Options
from spl.splunkd.rows import Event


@dataclass(frozen=True)
class Share:
    """The events of one machine, or half of them, and how often it runs the map phase on them."""

    machine: int
    app: App
    events: Sequence[Event]
    map_runs: int


def shares(events: Sequence[Event], machines: Sequence[App], options: Options) -> list[Share]:
    """What each machine works on. A lone machine maps some of its events by mapping the first half of them."""
    spread = _spread(events, len(machines), options.spread)
    runs = {"once": 1, "skipped": 0, "some": 1, "twice": 2}[options.map_phase]
    if options.map_phase == "some" and len(machines) == 1:
        middle = len(events) // 2
        return [Share(0, machines[0], events[:middle], runs), Share(0, machines[0], events[middle:], 0)]
    skips = options.map_phase == "some"
    return [
        Share(number, app, share, 0 if skips and number % 2 else runs)
        for number, (app, share) in enumerate(zip(machines, spread))
    ]


def _spread(events: Sequence[Event], count: int, how: str) -> list[Sequence[Event]]:
    """The events of each of `count` machines."""
    if how == "by fields":
        # Events with the same fields are on the same machine: it may lack a field that others have.
        found: list[list[Event]] = [[] for _ in range(count)]
        numbers: dict[frozenset[str], int] = {}
        for event in events:
            names = frozenset(name for name, values in event.items() if values)
            found[numbers.setdefault(names, len(numbers)) % count].append(event)
        return list(found)
    if how == "one empty" and count > 1:
        return [[], *_spread(events, count - 1, "even")]
    return [events[number::count] for number in range(count)]


def arrive(parts: Sequence[Sequence[Event]], options: Options) -> list[Event]:
    """The rows of all machines, in the order in which they reach the search head."""
    if options.arrival == "interleaved":
        return [row for several in zip_longest(*parts) for row in several if row is not None]
    return list(chain.from_iterable(parts))
