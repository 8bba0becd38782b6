"""Labelled captures, and what bin/train-detector and bin/evaluate both make of them."""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ORDINARY, TUNNEL = ("benign", "tricky"), "tunnel"
FOLDS = 5
LENGTHS = (3, 5, 10, 20, None)  # of windows of consecutive queries; None is the whole capture
WINDOWS = 40  # of one length, at most, from one tunnel


class Event(NamedTuple):
    src: str
    query: str


@dataclass(frozen=True)
class Captures:
    """Events in the order in which they were sent: ordinary ones by file, tunnels by file, src and tool."""

    ordinary: dict[str, list[Event]]
    tunnels: dict[tuple[str, str, str], list[Event]]

    def fold(self, fold: int | None) -> Captures:
        return self._chosen(lambda index: fold is None or index % FOLDS == fold)

    def without(self, fold: int | None) -> Captures:
        return self._chosen(lambda index: fold is None or index % FOLDS != fold)

    def _chosen(self, wanted) -> Captures:
        return Captures(
            {key: events for index, (key, events) in enumerate(sorted(self.ordinary.items())) if wanted(index)},
            {key: events for index, (key, events) in enumerate(sorted(self.tunnels.items())) if wanted(index)},
        )

    def ordinary_events(self) -> Iterator[Event]:
        """Ordinary events; the same address in two captures is two clients."""
        for file, events in self.ordinary.items():
            yield from (Event(f"{file} {event.src}", event.query) for event in events)


def read_captures(folder: Path) -> Captures:
    ordinary: dict[str, list[Event]] = defaultdict(list)
    tunnels: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            events = sorted(csv.DictReader(lines), key=lambda line: float(line["_time"]))
        for line in events:
            event = Event(line["src"], line["query"])
            if line["label"] in ORDINARY:
                ordinary[path.name].append(event)
            elif line["label"] == TUNNEL:
                tunnels[path.name, line["src"], line["tool"]].append(event)
    if not ordinary or not tunnels:
        sys.exit(f"{folder}: no CSV files with both ordinary queries and tunnels")
    return Captures(dict(ordinary), dict(tunnels))


def windows(captures: Captures, length: int | None, chance: random.Random) -> list[Event]:
    """Consecutive queries of tunnels, each window as a client of its own."""
    found = []
    for (file, src, tool), events in captures.tunnels.items():
        starts = range(len(events) - length + 1) if length else range(1)
        if len(starts) > WINDOWS:
            starts = sorted(chance.sample(starts, WINDOWS))
        for start in starts:
            window = events[start : start + length] if length else events
            found += [Event(f"{tool} {file} {src} {start}", event.query) for event in window]
    return found


def victims(chance: random.Random, count: int) -> list[Event]:
    """Made victims of slow malware: 1 to 3 queries of 20 to 30 encoded characters before an ordinary name."""
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    regions = ("eu-west-1", "us-west-2", "us-east-1", "us-east-2")
    found = []
    for number in range(count):
        identity = "".join(chance.choices(letters[:32], k=15))
        for _ in range(1 + number % 3):
            text = identity if chance.random() < 0.5 else ""
            text += "".join(chance.choices(letters[: chance.choice((32, 36))], k=chance.randint(20, 30) - len(text)))
            found.append(Event(f"victim {number}", f"{text}.appsync-api.{chance.choice(regions)}.example.com"))
    return found


def judge(events: Iterable[Event], model: Path | None = None) -> list[dict[str, str]]:
    """What the detector says of each pair of src and registrable domain."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Event._fields)
    writer.writerows(events)
    command = [judge_program(), *(("--model", str(model)) if model else ())]
    done = subprocess.run(command, input=text.getvalue().encode(), capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode(errors="replace"))
    return list(csv.DictReader(io.StringIO(done.stdout.decode(errors="replace"))))


_built: list[str] = []


def judge_program() -> str:
    if not _built:
        subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "judge"], cwd=ROOT, check=True)
        target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
        _built.append(str(target / "debug" / "examples" / "judge"))
    return _built[0]
