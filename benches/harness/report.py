"""The tables, and target/bench.json."""

import datetime
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import aims
from .builds import ROOT, TARGET
from .contenders import Contender, Part

URL_TOOLBOX = "URL Toolbox"
RECORDED = 109.7 + 8.8
"""Microseconds an event of URL Toolbox's `ut_parse_extended` and `ut_shannon`, measured on another day and machine."""


class Report:
    """Collects what was measured, and prints it as it comes."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._results: dict[str, Any] = {"machine": machine(), "options": options, "parts": {}}
        facts = self._results["machine"]
        print(f"{facts['commit']}, {facts['date']}, {facts['processor']}, {facts['cpus']} cpus, load {facts['load']:.1f}")
        for number, path in enumerate(options["beside"], 1):
            print(f"beside {number}: {path}")

    def part(self, part: Part) -> None:
        base = next((contender for contender in part.contenders if contender.name == part.base), None)
        found = {contender.name: figures(contender, base) for contender in part.contenders}
        if part.name == "narrow" and URL_TOOLBOX not in found and base:
            found[URL_TOOLBOX + ", as recorded elsewhere"] = recorded(found[part.base])
        self._results["parts"][part.name] = {"title": part.title, "base": part.base, "contenders": found}
        print(f"\n{part.title}")
        header, row = (HEADER_OF_KINDS, line_of_kinds) if part.name == "kinds" else (HEADER, line)
        print(header)
        for name, figure in found.items():
            print(row(name, figure))

    def startup(self, milliseconds: dict[str, float]) -> None:
        self._results["startup_ms"] = milliseconds
        print("\nstart-up, to the getinfo reply")
        for name, value in milliseconds.items():
            print(f"{name:44} {value:9.2f} ms")

    def instructions(self, counts: dict[str, float] | None) -> None:
        self._results["instructions_per_event"] = counts
        print("\ninstructions an event, by callgrind" if counts else "\nno instruction count: valgrind is missing")
        for name, value in (counts or {}).items():
            print(f"{name:44} {value:9,.0f}")

    def checks(self, checks: dict[str, dict[str, Any]]) -> None:
        self._results["checks"] = checks
        print("\nthe same work? rows that differ from dnsentropy's (entropy: by more than 1e-12)")
        for name, found in checks.items():
            print(f"{name:44} {found['differ']:9,} of {found['rows']:,} {', '.join(found.get('examples', []))}")

    def aims(self) -> None:
        found = aims.of(self._results)
        self._results["aims"] = [vars(aim) | {"met": aim.met} for aim in found]
        print("\nwhat the program is to reach" if found else "")
        for aim in found:
            print(f"{aim.what:56} {aim.sign} {aim.wanted:7,.2f} {aim.found:9,.2f}  {'yes' if aim.met else 'no'}")

    def write(self) -> None:
        path = TARGET / "bench.json"
        path.write_text(json.dumps(self._results, indent=2, ensure_ascii=False) + "\n")
        print(f"\n{path}")


def figures(contender: Contender, base: Contender | None) -> dict[str, Any]:
    """Medians, in microseconds an event; `times` is how many times the base's time it takes."""
    scale = 1e6 / contender.rows
    walls, cpus = [sample.wall for sample in contender.streamed], [sample.cpu for sample in contender.streamed]
    lockstep = [sample.wall for sample in contender.lockstep]
    lockstep_cpu = [sample.cpu for sample in contender.lockstep]
    return {
        "events": contender.rows,
        "us_per_event": statistics.median(walls) * scale,
        "us_per_event_best": min(walls) * scale,
        "cpu_us_per_event": statistics.median(cpus) * scale,
        "us_per_event_lockstep": statistics.median(lockstep) * scale if lockstep else None,
        "peak_bytes": max(sample.peak for sample in contender.streamed + contender.lockstep),
        "times": times(contender, base, "streamed", "wall") if base else None,
        "times_cpu": times(contender, base, "streamed", "cpu") if base else None,
        "cpu_us_per_event_lockstep": statistics.median(lockstep_cpu) * scale if lockstep else None,
        "times_cpu_lockstep": times(contender, base, "lockstep", "cpu") if base and lockstep and base.lockstep else None,
        "seconds": walls,
        "cpu_seconds": cpus,
        "seconds_lockstep": lockstep,
    }


def times(contender: Contender, base: Contender, runs: str, what: str) -> float:
    """The median over the rounds, as both were run one soon after the other in each."""
    pairs = zip(getattr(contender, runs), getattr(base, runs), strict=False)
    ratios: list[float] = [getattr(one, what) / getattr(other, what) for one, other in pairs]
    return statistics.median(ratios) * base.rows / contender.rows


def recorded(ours: Mapping[str, Any]) -> dict[str, Any]:
    """URL Toolbox where it cannot be measured."""
    return {"us_per_event": RECORDED, "times": RECORDED / ours["us_per_event"], "measured": False}


HEADER = (
    f"{'':44} {'µs/event':>9} {'times':>7} {'events/s':>11} {'CPU µs':>8} {'times':>7} {'lockstep':>9} {'MiB':>6} {'events':>10}"
)


def line(name: str, figure: Mapping[str, Any]) -> str:
    wall = figure["us_per_event"]
    shown = f"{name:44} {wall:9.3f} {ratio(figure['times'])} {1e6 / wall:11,.0f}"
    if not figure.get("measured", True):
        return f"{shown} {'not measured here':>28}"
    lockstep = figure["us_per_event_lockstep"]
    shown += f" {figure['cpu_us_per_event']:8.3f} {ratio(figure['times_cpu'])} {f'{lockstep:.3f}' if lockstep else '-':>9}"
    return f"{shown} {figure['peak_bytes'] / 2**20:6.1f} {figure['events']:10,}"


HEADER_OF_KINDS = f"{'':44} {'lockstep: CPU µs':>17} {'times':>7} {'streamed: CPU µs':>17} {'times':>7}"


def line_of_kinds(name: str, figure: Mapping[str, Any]) -> str:
    """The headline is in lockstep, as splunkd waits for each reply."""
    lockstep = f"{figure['cpu_us_per_event_lockstep']:17.3f} {ratio(figure['times_cpu_lockstep'])}"
    return f"{name:44} {lockstep} {figure['cpu_us_per_event']:17.3f} {ratio(figure['times_cpu'])}"


def ratio(value: float | None) -> str:
    return f"{value:7.2f}" if value else f"{'-':>7}"


def machine() -> dict[str, Any]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    models = [entry.split(":")[1].strip() for entry in cpus if entry.startswith("model name")]
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "processor": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
    }
