"""The micro-benchmarks, on the same events as all the rest."""

import os
import subprocess
from pathlib import Path

from . import streams
from .builds import BENCHES, FOLDER
from .feeder import Failure
from .names import Resolver
from .wide import wide

EVENTS = 50_000


def run() -> None:
    """Writes their data and runs them; they print their own table."""
    data = FOLDER / "micro-data"
    data.mkdir(exist_ok=True)
    queries = Resolver().queries(EVENTS)
    made = {"narrow": streams.narrow(queries), "wide": wide(queries[: EVENTS // 10]), "map": streams.map_phase(queries)}
    for name, stream in made.items():
        (data / name).write_bytes(b"".join(stream.requests))
        (data / f"{name}.rows").write_text(str(stream.rows))
    (data / "names").write_text("\n".join(query.name for query in queries))
    (data / "subdomains").write_text("\n".join(query.subdomain for query in queries))
    print("\nstages, in memory", flush=True)
    command: list[str | Path] = ["cargo", "bench", "--quiet", "--target-dir", FOLDER / "micro"]
    done = subprocess.run(command, cwd=BENCHES / "micro", env=os.environ | {"BENCH_DATA": str(data)}, check=False)
    if done.returncode != 0:
        raise Failure("the micro-benchmarks failed")
