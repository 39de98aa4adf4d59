"""What a run is going to do, counted from the files that are there when it starts."""

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from isone.market import market_time
from isone.market.locations import ALL_LOCATIONS, HUBS
from isone.run import missing
from isone.run.dataset_year import DatasetYear
from isone.run.settings import Settings
from isone.store.store import Store
from isone.text import count

if TYPE_CHECKING:
    from isone.run.custom import CustomDownload

DOWNLOADS = frozenset(("download_prices", "download_custom"))
"""The rules that download."""


class Planned(msgspec.Struct, frozen=True):
    """A download of a run, as the plan has it."""

    name: str
    marker: str
    what: str
    requests: int | None
    """Requests left to send; None where a custom program decides."""
    complete: bool
    maybe: int = 0
    """Further requests for days that may not be final yet."""
    days: int = 0
    """The operating days that it is to have; 0 for a custom program."""
    bytes: int = 0
    """About what its responses will take on the disk; 0 for a custom program."""


class Plan(msgspec.Struct, frozen=True):
    """What a run was going to do when it started."""

    source: str
    data_dir: str
    log_dir: str
    downloads: tuple[Planned, ...]
    remarks: tuple[str, ...]
    attempts: int = 0
    started: str = ""
    process: int = 0
    host: str = ""
    """Where that process is; on a cluster, jobs run elsewhere."""
    rules: tuple[str, ...] = ()
    """The rules that have jobs to do in this run."""
    page: str = ""
    """Where the report is, once it is made."""
    left_out: int = 0
    """How many things were asked for that no download brings; the remarks name them."""
    listing: bool = False
    """Whether the list of locations may have to be asked for, too."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for, as for a list of the rules or a drawing of them."""
        return not self.downloads

    @property
    def requests(self) -> int:
        """Requests left to send, custom programs not counted."""
        return sum(download.requests or 0 for download in self.downloads)

    @property
    def bytes(self) -> int:
        """About what is left to download will take on the disk, custom programs not counted."""
        return sum(download.bytes for download in self.downloads)

    @property
    def maybe(self) -> int:
        """Further requests that may be needed."""
        todo = any(not download.complete for download in self.downloads)
        return sum(download.maybe for download in self.downloads) + (self.listing and todo)

    def heading(self, name: str) -> str:
        """Which of the downloads to do this is: `Download 1/4: …`; empty for none of them."""
        names = [download.name for download in self.downloads if not download.complete]
        if name not in names:
            return ""
        return f"Download {names.index(name) + 1}/{len(names)}: {name}"

    def requests_after(self, name: str) -> int:
        """Requests of the downloads that come after this one."""
        names = [download.name for download in self.downloads]
        later = self.downloads[names.index(name) + 1 :] if name in names else ()
        return sum(download.requests or 0 for download in later)


def planned_year(store: Store, job: DatasetYear, settings: Settings) -> Planned:
    """What there is to do for a dataset-year."""
    marker = store.marker_path(job.dataset, job.period)
    days = (job.last - job.first).days + 1
    is_whole = (job.first, job.last) == (dt.date(job.year, 1, 1), dt.date(job.year, 12, 31))
    which = "the whole year" if is_whole else f"{job.first} to {job.last}"
    requests = missing.requests_left(store, job, settings)
    return Planned(
        name=job.name,
        marker=str(marker),
        what=f"{which}, {count(days, 'day')}",
        requests=requests.sure,
        complete=marker.exists(),
        maybe=requests.maybe,
        days=days,
        bytes=requests.bytes,
    )


def planned_custom(store: Store, download: "CustomDownload") -> Planned:
    """What there is to do for a custom download."""
    marker = store.marker_path("custom", download.name)
    done = marker.exists()
    return Planned(download.name, str(marker), download.shown, 0 if done else None, done)


def may_need_location_list(store: Store, settings: Settings) -> bool:
    """Whether the list of locations may have to be asked for, too."""
    wanted = settings.locations
    if wanted != ALL_LOCATIONS and set(wanted) <= set(HUBS):
        return False
    folder = store.location_list_dir
    return not any(folder.glob(f"{market_time.now():%Y%m%d}.*"))
