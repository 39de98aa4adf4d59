"""A run remembers that the service has answered it; a later job has the usual patience then."""

from pathlib import Path

import pytest

from isone.download.session import open_downloader
from isone.run import status
from isone.run.log import Redaction
from isone.run.settings import Settings, read_settings
from isone.sandbox import Sandbox
from isone.store.store import Store


def knows_of_an_answer(settings: Settings, *, asks: bool) -> bool:
    """Whether a job knows when it begins that the service has answered; it may ask for itself."""
    with open_downloader(settings, "lmp_da_hourly", "job", days=1, redaction=Redaction()) as it:
        known = it.client.retries.has_answered
        if asks:
            it.client.fetch("hourlylmp/da/final/day/20240101")
    return known


@pytest.mark.parametrize("by_hand", [False, True])
def test_an_answer_counts_for_the_run_that_had_it_and_for_that_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    run = status.BY_HAND if by_hand else status.new_id()
    monkeypatch.setenv(status.VARIABLE, run)
    with Sandbox(nodes=0) as sandbox, Sandbox(nodes=0) as other:
        config = {"source": "sandbox", "data_dir": str(tmp_path)}
        here, there = (
            read_settings(config | {"base_url": service.url}) for service in (sandbox, other)
        )
        Store(here.store_dir).run_dir(run).mkdir(parents=True)
        assert not knows_of_an_answer(here, asks=False)
        assert not knows_of_an_answer(here, asks=True)
        assert knows_of_an_answer(here, asks=True) is not by_hand
        assert not knows_of_an_answer(there, asks=False)
    monkeypatch.setenv(status.VARIABLE, status.new_id())
    assert not status.has_answered(Store(here.store_dir), sandbox.url)
