"""Responses that come in one moment are stored as each would be by itself."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isone.download import asking
from isone.download.client import Client
from isone.download.downloader import Downloader
from isone.download.validation import Validator
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.store.store import Store

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(14)]
ACCEPTED = {DAYS[3]: {"missing": "known", "null-price": "known", "sum": "known"}}
FAULTS = {
    "doubled-row": 1,
    "sum-off": 2,
    "missing-interval": 3,
    "new-field": 4,
    "wrong-day": 5,
    "cut-gzip": 6,
    "null-price": 7,
    "empty": 8,
    "renamed-field": 9,
}
"""What is wrong, each time, with which day."""


def download(folder: Path, dataset: str) -> tuple[Any, ...]:
    """What a download of DAYS comes to: the ledger, what is missing and why, what is kept aside."""
    store = Store(folder)
    policy, waits = read_settings({}).http, list[float]()
    with (
        Sandbox(nodes=2, today=dt.date(2024, 6, 1)) as sandbox,
        Client(Source("sandbox", sandbox.url), policy, sleep=waits.append) as client,
    ):
        for fault, day in FAULTS.items():
            sandbox.faults.add(f"{fault}:*{DAYS[day]:%Y%m%d}*")
        outcome = Downloader(store, client, DATASETS[dataset], ACCEPTED).bring(DAYS, HUBS)
        assert not waits
    ledger = [
        msgspec.structs.replace(entry, fetched="2024-06-01T00:00:00+00:00")
        for entry in store.read_ledger(dataset, 2024).values()
    ]
    aside = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "rejected").rglob("*")
        if path.is_file()
    }
    assert not store.unvalidated_requests(dataset, 2024)
    missing = {request.name: reason for request, reason in outcome.missing.items()}
    return ledger, missing, outcome.stored, outcome.gaps, aside


@pytest.mark.parametrize(
    "dataset", ["lmp_da_hourly", "lmp_rt_5min", "reserve_5min", "regulation_5min", "load_5min"]
)
def test_it_is_the_same_whether_they_are_stored_together_or_one_by_one(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    validate = Validator.validate

    def counted(self: Validator, received: Any) -> Any:
        sizes.append(len(received))
        return validate(self, received)

    monkeypatch.setattr(Validator, "validate", counted)
    monkeypatch.setattr(asking, "_MOMENT", 0.0)
    alone = download(tmp_path / "alone", dataset)
    assert set(sizes) == {1}
    monkeypatch.setattr(asking, "_MOMENT", 60.0)
    together = download(tmp_path / "together", dataset)
    assert max(sizes) > 5
    assert together == alone
    ledger, missing, *_ = alone
    assert len(ledger) >= len(DAYS) - len(FAULTS) + 1
    assert missing
