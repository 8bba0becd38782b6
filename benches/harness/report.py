"""The tables, and target/bench.json."""

import datetime
import json
import os
import platform
import statistics
import subprocess
from pathlib import Path

from .builds import ROOT, TARGET
from .contenders import Contender, Part
from .feeder import Sample

RECORDED = 109.7 + 8.8
"""Microseconds an event of URL Toolbox's `ut_parse_extended` and `ut_shannon`, recorded on another day and machine."""


def figures(contender: Contender) -> dict[str, object]:
    """Medians, in microseconds an event."""
    scale = 1e6 / contender.rows
    return {
        "us_per_event": median(contender.streamed, "wall") * scale,
        "us_per_event_best": min(sample.wall for sample in contender.streamed) * scale,
        "cpu_us_per_event": median(contender.streamed, "cpu") * scale,
        "us_per_event_lockstep": median(contender.lockstep, "wall") * scale if contender.lockstep else None,
        "peak_bytes": max(sample.peak for sample in contender.streamed),
        "events": contender.rows,
        "seconds": [sample.wall for sample in contender.streamed],
        "cpu_seconds": [sample.cpu for sample in contender.streamed],
        "seconds_lockstep": [sample.wall for sample in contender.lockstep],
    }


def median(samples: list[Sample], what: str) -> float:
    return statistics.median(getattr(sample, what) for sample in samples)


def print_part(part: Part) -> dict[str, object]:
    """Prints the table of a part; its figures."""
    results = {contender.name: figures(contender) for contender in part.contenders}
    base = results.get(part.base, {}).get("us_per_event")
    print(f"\n{part.title}")
    print(f"{'':36} {'µs/event':>9} {'events/s':>11} {'CPU µs':>8} {'lockstep':>9} {'MiB':>6} {'events':>10} {'x time':>8}")
    for name, result in results.items():
        wall, lockstep = result["us_per_event"], result["us_per_event_lockstep"]
        result["times_ours"] = wall / base if base else None
        print(
            f"{name:36} {wall:9.3f} {1e6 / wall:11,.0f} {result['cpu_us_per_event']:8.3f}"
            f" {lockstep and f'{lockstep:9.3f}' or '-':>9} {result['peak_bytes'] / 2**20:6.1f} {result['events']:10,}"
            f" {f'{wall / base:.2f}' if base else '-':>8}"
        )
    if part.name == "narrow" and "URL Toolbox" not in results:
        ratio = f"{RECORDED / base:.0f}" if base else "-"
        print(f"{'URL Toolbox, as recorded elsewhere':36} {RECORDED:9.3f} {'not measured here: see UTBOX=DIR':>47} {ratio:>8}")
        results["URL Toolbox, as recorded elsewhere"] = {"us_per_event": RECORDED, "measured": False}
    return {"title": part.title, "base": part.base, "contenders": results}


def print_list(title: str, values: dict[str, float], unit: str) -> None:
    print(f"\n{title}")
    for name, value in values.items():
        print(f"{name:36} {value:9,.2f} {unit}")


def print_checks(checks: dict[str, object]) -> None:
    print(f"\nthe same work? Answers to {checks['rows']:,} events that differ from dnsentropy's (entropy: by more than 1e-12)")
    for name, found in checks.items():
        if isinstance(found, dict):
            print(f"{name:36} {found['rows_that_differ']:9,} {', '.join(found['names'])}")


def machine() -> dict[str, object]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    models = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "processor": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
    }


def write(results: dict[str, object]) -> None:
    path = TARGET / "bench.json"
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"\n{path}")
