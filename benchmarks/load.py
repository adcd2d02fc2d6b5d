"""Load generators: wrk for HTTP, pgbench for plain SQL; both run for a fixed time."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from marketplace.kernel import postgres
from marketplace.settings import Settings

FLOORS: Final = Path(__file__).parent / "floors"
WRK_SCRIPT: Final = FLOORS / "requests.lua"
POSTS_SCRIPT: Final = FLOORS / "posts.lua"
SPARE_SECONDS: Final = 60
_RATE: Final = re.compile(r"tps = ([\d.]+)")
_LATENCY: Final = re.compile(r"latency average = ([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `typical_ms` is the median of wrk and the mean of pgbench, which has no p99."""

    per_second: float
    typical_ms: float
    p99_ms: float | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Requests:
    """What to ask of a server: paths, one a line in a file, asked in turn from the beginning."""

    url: str
    paths: Path
    method: str = "GET"
    token: str = ""

    def run(self, connections: int, seconds: int) -> Measured:
        """Ask with wrk over so many connections."""
        asked = {"PATHS": str(self.paths), "METHOD": self.method, "TOKEN": self.token}
        return _wrk(self.url, WRK_SCRIPT, asked, connections, seconds)


@dataclass(frozen=True, slots=True)
class Letters:
    """Signed bodies to post to a server: signature, tab and body on each line of a file."""

    url: str
    letters: Path

    def run(self, connections: int, seconds: int) -> Measured:
        """Post with wrk over so many connections."""
        asked = {"LETTERS": str(self.letters)}
        return _wrk(self.url, POSTS_SCRIPT, asked, connections, seconds)


def _wrk(
    url: str, script: Path, asked: Mapping[str, str], connections: int, seconds: int
) -> Measured:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("the benchmarks need wrk: apt-get install wrk")
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    done = _output([*command, "-s", str(script), url], seconds, {**os.environ, **asked})
    found = json.loads(done[done.index("{") :])
    return Measured(**found)


@dataclass(frozen=True, slots=True)
class Transactions:
    """A pgbench script against a database; variables are numbers that the script uses."""

    settings: Settings
    script: str

    def run(self, clients: int, seconds: int, **variables: int) -> Measured:
        """Run with prepared statements, as the product does."""
        command = [str(postgres.binaries() / "pgbench"), "-n", "-M", "prepared", "-j", "1"]
        command += ["-c", str(clients), "-T", str(seconds), "-f", str(FLOORS / self.script)]
        for name, value in variables.items():
            command += ["-D", f"{name}={value}"]
        done = _output([*command, self.settings.asyncpg_url()], seconds, os.environ)
        rate, latency = _RATE.search(done), _LATENCY.search(done)
        assert rate, done
        assert latency, done
        return Measured(float(rate[1]), float(latency[1]))


def _output(command: list[str], seconds: int, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds + SPARE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr}{done.stdout}")
    return done.stdout
