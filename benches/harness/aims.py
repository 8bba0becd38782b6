"""The aims of the program, and whether it meets them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .kinds import KINDS


@dataclass
class Aim:
    """A figure with its bound."""

    what: str
    sign: str
    wanted: float
    found: float

    @property
    def met(self) -> bool:
        return self.found >= self.wanted if self.sign == "≥" else self.found <= self.wanted


def of(results: dict[str, Any]) -> list[Aim]:
    """The aims for the parts that were measured."""
    parts = {name: part["contenders"] for name, part in results["parts"].items()}
    return [*narrow(parts.get("narrow", {})), *others(parts), *kinds_of(parts.get("kinds", {})), *startup(results.get("startup_ms", {}))]


def narrow(found: dict[str, Any]) -> Iterator[Aim]:
    ours = found.get("dnsentropy")
    if not ours:
        return
    yield Aim("narrow: CPU µs an event", "≤", 0.15, ours["cpu_us_per_event"])
    yield Aim("narrow: peak MiB", "≤", 32, ours["peak_bytes"] / 2**20)
    for name, figure in found.items():
        if name.startswith("URL Toolbox"):
            yield Aim(f"narrow: times {name}", "≥", 1000, figure["times"])
        if name.startswith("splunk-sdk"):
            yield Aim(f"narrow: times {name}", "≥", 100, figure["times"])
        if name == "csv crate: echo":
            yield Aim("narrow: CPU of the csv crate's echo", "≤", 1, 1 / figure["times_cpu"])


def others(parts: dict[str, Any]) -> Iterator[Aim]:
    if {"dnsentropy", "csv crate: echo"} <= parts.get("wide", {}).keys():
        yield Aim("wide: times the csv crate's echo", "≥", 3, parts["wide"]["csv crate: echo"]["times"])
    if ours := parts.get("map", {}).get("dnsexfil map"):
        yield Aim("map: million events a second of CPU", "≥", 2.5, 1 / ours["cpu_us_per_event"])
    if ours := parts.get("reduce", {}).get("dnsexfil reduce"):
        yield Aim("reduce: seconds for a million groups in partial rows", "≤", 5, ours["us_per_event"])


def kinds_of(found: dict[str, Any]) -> Iterator[Aim]:
    for kind in KINDS:
        if (figure := found.get(kind.name)) and kind.aim:
            yield Aim(f"{kind.name}: times ordinary names", "≤", kind.aim, figure["times_cpu_lockstep"])


def startup(milliseconds: dict[str, float]) -> Iterator[Aim]:
    if milliseconds:
        empty = milliseconds["empty static program, to its end"]
        yield Aim("start-up: ms more than an empty program", "≤", 1.5, milliseconds["dnsentropy"] - empty)
