"""Makes what is measured: the program as bin/package builds it, the floors, an environment for the rival in Python."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHES = ROOT / "benches"
TARGET = (ROOT / os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
FOLDER = TARGET / "bench"
SUFFIX_LIST = ROOT / "data/public_suffix_list.dat"
TRIPLE = "x86_64-unknown-linux-gnu"


@dataclass(frozen=True)
class Builds:
    """Where the programs are."""

    app: Path
    """The installed app."""
    floors: Path
    """The folder of the floors."""
    python: Path
    """The interpreter that has splunk-sdk and tldextract."""

    @property
    def program(self) -> Path:
        return self.app / f"bin/dnsentropy-bin/dnsentropy-{platform.machine()}"


def make() -> Builds:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return Builds(install_app(), build_floors(), install_rival())


def install_app() -> Path:
    """Builds the package and installs it, as an admin would."""
    package = run([ROOT / "bin/package"]).splitlines()[-1]
    apps = FOLDER / "apps"
    apps.mkdir(exist_ok=True)
    run(["tar", "-xzf", package, "-C", apps])
    return apps / "dnsentropy"


def build_floors() -> Path:
    """The floors, with the profile and the static linking of the real program."""
    target = FOLDER / "floors"
    command: list[str | Path] = ["cargo", "build", "--release", "--locked", "--target", TRIPLE, "--target-dir", target]
    run(command, BENCHES / "floors", {"CARGO_ENCODED_RUSTFLAGS": "-Ctarget-feature=+crt-static"})
    return target / TRIPLE / "release"


def install_rival() -> Path:
    """A virtual environment with the pinned packages, unless there is one."""
    folder = FOLDER / "venv"
    wanted = (BENCHES / "requirements.txt").read_text()
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted:
        run([sys.executable, "-m", "venv", "--clear", folder])
        requirements = BENCHES / "requirements.txt"
        run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "-r", requirements])
        installed.write_text(wanted)
    return folder / "bin/python"


def run(command: Sequence[str | Path], cwd: Path = ROOT, more: Mapping[str, str] | None = None) -> str:
    """Runs a tool; what it printed. `more` is added to the environment."""
    environment = os.environ | (more or {})
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{done.stderr}")
    return done.stdout
