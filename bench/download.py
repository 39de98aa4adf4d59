"""Downloading against curl, and against requests alone.

The same URLs over one connection each, in turn; a sandbox in a process of its own serves recorded
responses. Ours is everything that a job does: checks, validation, digests, fsync, ledger. Curl, and
requests without anything of ours, only write what comes into files. What curl takes without latency
is the sandbox's own time: a faster server would leave ours further behind, a real one is slower;
and of small responses requests alone has no more than half to two thirds of curl's speed there.
Responses of ours that come within a tenth of a second are validated together, while the next is
awaited, and wait for the disk; where the service takes longer than that, as a real one does, each
is by itself, and nothing is waited for. The sandbox waits out its latency before it works, so it
seldom takes the processor from validation, as no service does.
"""

import datetime as dt
import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from bench.lines import PROJECT, Line, median_ratio, median_seconds, take_turns
from bench.options import Options
from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.market.requests import Request
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.store.store import Store

_LAST = dt.date(2024, 6, 30)
_TURNS_WITHOUT_LATENCY = 5  # of each round: they take a second each, and differ much


class Mix(NamedTuple):
    """Datasets, the days of each, and how many nodes the sandbox has besides hub and zones."""

    name: str
    datasets: tuple[str, ...]
    days: int
    nodes: int


_MIXES = {
    "default mix": Mix(
        "default", ("lmp_da_hourly", "lmp_rt_5min", "regulation_5min", "reserve_5min"), 30, 12
    ),
    "1,200 locations": Mix("all", ("lmp_da_hourly",), 120, 1184),
}
"""Of all locations a third of a year, as one job downloads it: nothing is received beside the
validation of a job's last response, 20 ms."""


def requests_of(datasets: tuple[str, ...], days: int) -> list[Request]:
    """What a selection asks for over so many days."""
    return [
        request
        for name in datasets
        for offset in range(days)
        for request in DATASETS[name].day_requests(_LAST - dt.timedelta(days=offset), HUBS)
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


def curl(wanted: list[Request], url: str, folder: Path, suffix: str = "") -> None:
    """Let one curl fetch all requests over one connection."""
    lines = ["silent", "fail", "create-dirs", 'header = "Accept-Encoding: gzip"']
    lines.append('header = "Accept: application/json"')
    for request in wanted:
        path = DATASETS[request.dataset].request.url_path(request)
        lines += [f'url = "{url}/{path}"', f'output = "{folder / (path + suffix)}"']
    subprocess.run(["curl", "--config", "-"], input="\n".join(lines), text=True, check=True)


def requests_alone(wanted: list[Request], url: str, folder: Path) -> None:
    """Let one session of requests fetch all requests, and write them as they are served."""
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
    with requests.Session() as session:
        session.headers.update(headers)
        session.trust_env = False
        for request in wanted:
            address = f"{url}/{DATASETS[request.dataset].request.url_path(request)}"
            with (
                session.get(address, stream=True) as response,
                (folder / f"{request.dataset}.{request.name}").open("wb") as file,
            ):
                response.raise_for_status()
                shutil.copyfileobj(response.raw, file)


def ours(wanted: list[Request], url: str, folder: Path) -> None:
    """Let our downloader do the same, from opening a session to the last fsync."""
    settings = read_settings({"years": 2024})
    with Client(Source("webservices", url), settings.http) as client:
        for name in dict.fromkeys(request.dataset for request in wanted):
            days = sorted(
                {request.day for request in wanted if request.dataset == name}, reverse=True
            )
            outcome = Downloader(Store(folder), client, DATASETS[name]).bring(days, HUBS)
            if outcome.missing:
                raise SystemExit(f"{name}: {outcome.missing_days}")
    if client.requests_sent != len(wanted):
        raise SystemExit(f"{client.requests_sent} requests sent for {len(wanted)}")


def measure(options: Options) -> Iterator[Line]:
    """A line for each mix of datasets and each latency."""
    if not shutil.which("curl"):
        raise SystemExit("this compares with curl, and curl is not installed")
    for what, mix in _MIXES.items():
        wanted, recorded = _recorded(options.folder, mix, options.quick)
        for latency, limits in ((0.1, {"curl": 0.97}), (0.0, {"requests alone": 0.6})):
            rounds = options.rounds * (1 if latency else _TURNS_WITHOUT_LATENCY)
            turns = _in_turn(rounds, wanted, recorded, latency)
            each = {n: f"{median_seconds(t) / len(wanted) * 1e3:.1f} ms" for n, t in turns.items()}
            said = f"a request, {what}, {latency * 1e3:.0f} ms latency"
            for peer in ("curl", "requests alone"):
                ratio = median_ratio(turns[peer], turns["ours"])
                limit = limits.get(peer)
                yield Line(said, each["ours"], peer, each[peer], ratio, at_least=limit)


def _in_turn(
    rounds: int, wanted: list[Request], recorded: Path, latency: float
) -> dict[str, list[tuple[float, float]]]:
    """The times of ours and of its peers against one server."""
    ways = {"ours": ours, "curl": curl, "requests alone": requests_alone}
    with (
        sandbox("--replay", str(recorded), "--replay-only", "--latency", str(latency)) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        runs = {
            name: functools.partial(_into_new_folder, way, wanted, url, folder)
            for name, way in ways.items()
        }
        return take_turns(rounds, runs)


def _into_new_folder(
    way: Callable[[list[Request], str, Path], None], wanted: list[Request], url: str, above: str
) -> None:
    way(wanted, url, Path(tempfile.mkdtemp(dir=above)))


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into: downloading without latency, where only we cost time."""
    return {
        f"{what}, no latency": [name, str(options.folder), *(["quick"] * options.quick)]
        for name, what in ((mix.name, what) for what, mix in _MIXES.items())
    }


def subject(name: str, folder: str, *quick: str) -> None:
    """Download a recorded mix without latency."""
    mix = next(mix for mix in _MIXES.values() if mix.name == name)
    wanted, recorded = _recorded(Path(folder), mix, bool(quick))
    with (
        sandbox("--replay", str(recorded), "--replay-only") as url,
        tempfile.TemporaryDirectory() as target,
    ):
        ours(wanted, url, Path(target))


def _recorded(folder: Path, mix: Mix, quick: bool) -> tuple[list[Request], Path]:
    """Let the sandbox invent the responses once, and keep them as it sent them."""
    days = 3 if quick else mix.days
    wanted = requests_of(mix.datasets, days)
    recorded = folder / f"recorded-{mix.name}-{days}"
    if not recorded.exists():
        aside = recorded.with_name(f".{recorded.name}")
        shutil.rmtree(aside, ignore_errors=True)
        with sandbox("--nodes", str(mix.nodes)) as url:
            curl(wanted, url, aside / "api" / "v1.1", suffix=".json.gz")
        aside.rename(recorded)
    return wanted, recorded
