"""Download speed against curl: the same URLs, one connection each, in turn.

A sandbox in a process of its own serves recorded replies. Ours includes everything that a job does:
checks, proof, digests, fsync, ledger. Prints median seconds and curl's time as a share of ours
(1.00 is as fast as curl). At full scale (--nodes 1184) an hourly day has all 1,200 locations.
"""

import argparse
import datetime as dt
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isone.datasets import DATASETS, HUBS, Part  # noqa: E402
from isone.download.client import Client  # noqa: E402 - found only now
from isone.download.year import Downloader  # noqa: E402
from isone.settings import read_settings  # noqa: E402
from isone.sources import Source  # noqa: E402
from isone.store import Store  # noqa: E402

PROJECT = Path(__file__).resolve().parent.parent
_LAST = dt.date(2024, 6, 30)


def parts_of(datasets: tuple[str, ...], days: int) -> list[Part]:
    """What a selection asks for over so many days."""
    return [
        part
        for name in datasets
        for offset in range(days)
        for part in DATASETS[name].day_parts(_LAST - dt.timedelta(days=offset), HUBS)
    ]


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """A sandbox in its own process; yields its base URL."""
    command = [sys.executable, "-m", "isone.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            yield re.search(r"http\S+", line).group()  # type: ignore[union-attr]
        finally:
            server.terminate()


def record(parts: list[Part], nodes: int, folder: Path) -> None:
    """Let the sandbox invent the replies once, and keep them as it sent them."""
    with sandbox("--nodes", str(nodes)) as url:
        curl(parts, url, folder / "api" / "v1.1", suffix=".json.gz")


def curl(parts: list[Part], url: str, folder: Path, suffix: str = "") -> float:
    """Seconds that one curl takes for all parts over one connection."""
    lines = ["silent", "fail", "create-dirs", 'header = "Accept-Encoding: gzip"']
    lines.append('header = "Accept: application/json"')
    for part in parts:
        path = DATASETS[part.dataset].url_path(part)
        lines += [f'url = "{url}/{path}"', f'output = "{folder / (path + suffix)}"']
    started = time.perf_counter()
    subprocess.run(["curl", "--config", "-"], input="\n".join(lines), text=True, check=True)
    return time.perf_counter() - started


def ours(parts: list[Part], url: str, folder: Path) -> float:
    """Seconds that our downloader takes for the same, from opening a session to the last fsync."""
    settings = read_settings({"years": 2024})
    started = time.perf_counter()
    with Client(Source("webservices", url), settings.http) as client:
        for name in dict.fromkeys(part.dataset for part in parts):
            days = sorted({part.day for part in parts if part.dataset == name}, reverse=True)
            outcome = Downloader(Store(folder), client, DATASETS[name]).bring(days, HUBS)
            if outcome.missing:
                raise SystemExit(f"{name}: {outcome.missing_days}")
    if client.requests_sent != len(parts):
        raise SystemExit(f"{client.requests_sent} requests for {len(parts)} parts")
    return time.perf_counter() - started


def measure(what: str, parts: list[Part], recorded: Path, latency: float, rounds: int) -> None:
    """Time both in turn against a fresh server and print a line."""
    pairs = []
    with sandbox("--replay", str(recorded), "--replay-only", "--latency", str(latency)) as url:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=recorded.parent) as folder:
                mine = ours(parts, url, Path(folder) / "ours")
                pairs.append((mine, curl(parts, url, Path(folder) / "curl")))
    mine, its = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    asked = f"{what:42} {len(parts):5} {latency * 1e3:5.0f} ms"
    print(f"{asked} {mine:8.2f} s {its:8.2f} s {ratio:8.2f}", flush=True)


def main() -> None:
    """Run the comparisons that the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="days of each dataset")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=1184, help="of the full-scale comparison")
    options = parser.parse_args()
    if not shutil.which("curl"):
        raise SystemExit("this compares with curl, and curl is not installed")
    print(f"{'':42} {'asked':>5} {'latency':>8} {'ours':>10} {'curl':>10} {'speed':>8}")
    selections = {
        "default year's mix, default sandbox": (
            ("lmp_da_hourly", "lmp_rt_5min", "regulation_5min", "reserve_5min"),
            12,
        ),
        f"hourly LMP, {options.nodes + 16} locations": (
            ("lmp_da_hourly", "lmp_rt_hourly"),
            options.nodes,
        ),
    }
    for what, (datasets, nodes) in selections.items():
        parts = parts_of(datasets, options.days)
        with tempfile.TemporaryDirectory() as temporary:
            recorded = Path(temporary) / "recorded"
            record(parts, nodes, recorded)
            for latency in (0.05, 0.0):
                measure(what, parts, recorded, latency, options.rounds)


if __name__ == "__main__":
    main()
