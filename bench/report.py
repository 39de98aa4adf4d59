"""The report's page.

Of hourly day-ahead and real-time prices at hub and zones, whole years, from packed files.
"""

import contextlib
import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.lines import Line, memory
from bench.options import Options
from isone.download.client import Client
from isone.download.complete_year import download_year
from isone.download.downloader import Downloader
from isone.load import duckdb_file, packed
from isone.load.outputs import packed_names
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.pack.year import pack_year
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

SETS = ("lmp_da_hourly", "lmp_rt_hourly")


def years_at_hand(folder: Path, years: int) -> Path:
    """A data folder with so many packed and loaded years up to 2024; made if missing."""
    data = folder / f"{years}-years"
    store = Store(data / "sandbox")
    if not store.duckdb_path.exists():
        policy = read_settings({}).http
        with (
            Sandbox(nodes=2) as sandbox,
            Client(Source("sandbox", sandbox.url), policy) as client,
        ):
            for year in range(2025 - years, 2025):
                for name in SETS:
                    job = DatasetYear(name, year, dt.date(year, 1, 1), dt.date(year, 12, 31), HUBS)
                    downloader = Downloader(store, client, DATASETS[name])
                    download_year(downloader, job, newest_first=False)
                    pack_year(store, name, job.period, HUBS)
        duckdb_file.build(store, packed.packed_files(store, packed_names(store)))
    return data


def measure(options: Options) -> Iterator[Line]:
    """The page of one year and of seven, with its memory."""
    for years in (1,) if options.quick else (1, 7):
        yield line(options, years)


def line(options: Options, years: int) -> Line:
    """The page of so many years."""
    years_at_hand(options.folder, years)
    what = f"the report's page, {years} year{'s' * (years > 1)}"
    return memory(what, "report", str(options.folder), str(years))


def subjects(options: Options) -> dict[str, list[str]]:
    """What to look into."""
    return {"the page of one year": [str(options.folder), "1"]}


def subject(folder: str, years: str) -> None:
    """Write the page."""
    from isone.report.jobs import make_page
    from isone.report.outputs import Outputs

    data = years_at_hand(Path(folder), int(years))
    with (
        tempfile.TemporaryDirectory() as target,
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        make_page(read_settings(configuration(data, int(years))), Outputs(Path(target)))


def configuration(data: Path, years: int) -> dict[str, str]:
    """That of a data folder with so many years."""
    return {
        "source": "sandbox",
        "data_dir": str(data),
        "log_dir": str(data / "logs"),
        "years": f"{2025 - years}-2024",
        "data_types": "lmp",
        "markets": "da rt-hourly",
    }
