"""What a download needs for as long as it lasts: its source, a client, sole use of the folder."""

import contextlib
from collections.abc import Callable, Iterator

from isone.download import location_list
from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.download.progress import DownloadProgress
from isone.market.datasets import DATASETS
from isone.response import report_places
from isone.run import missing, sources, status
from isone.run.log import Redaction
from isone.run.settings import Settings
from isone.run.sources import Source
from isone.store.store import Store


@contextlib.contextmanager
def open_downloader(
    settings: Settings,
    dataset: str,
    name: str,
    *,
    days: int,
    redaction: Redaction,
    requests_after: int = 0,
    tell: Callable[..., None] = lambda **_: None,
) -> Iterator[Downloader]:
    """All that a download needs, for as long as it lasts: sole use of the folder, source, client.

    Raises DownloadError while another process downloads into the folder, and UsageError for a
    location that does not exist.
    """
    store = Store(settings.store_dir)
    with (
        store.sole_downloader(name),
        open_source(settings) as source,
        _open_run_client(store, source, settings) as client,
        DownloadProgress(name, client, days, requests_after=requests_after, tell=tell) as progress,
    ):
        if source.credentials:
            redaction.hide(source.credentials)
        client.retries.progress = progress
        noted = location_list.require_known(store, client, settings.locations)
        if noted:
            tell(noted=noted)
        report_places.learn_from(store)
        yield Downloader(
            store,
            client,
            DATASETS[dataset],
            missing.accepted_flaws(settings.accepted_flaws, dataset),
            progress=progress,
            keep_prelim=settings.revision == "both",
        )


@contextlib.contextmanager
def _open_run_client(store: Store, source: Source, settings: Settings) -> Iterator[Client]:
    """A client that knows whether the service has answered to this run before."""
    known = status.has_answered(store, source.base_url)
    with Client(source, settings.http, has_answered=known) as client:
        try:
            yield client
        finally:
            if client.retries.has_answered and not known:
                status.note_answer(store, source.base_url)


@contextlib.contextmanager
def open_client(settings: Settings, redaction: Redaction) -> Iterator[Client]:
    """A client of the configuration's source, for jobs that are no downloads."""
    with open_source(settings) as source, Client(source, settings.http) as client:
        if source.credentials:
            redaction.hide(source.credentials)
        yield client


@contextlib.contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """The source of a configuration; a sandbox is started for as long as it is needed."""
    if settings.source != "sandbox":
        yield sources.open_service(settings)
    elif settings.base_url:
        yield Source("sandbox", settings.base_url)
    else:
        from isone.download import sandbox_process

        with sandbox_process.running(settings.sandbox) as url:
            yield Source("sandbox", url)
