"""Our months against ISO-NE's own averages."""

import datetime as dt
import json
from pathlib import Path

import pytest
from filled import config_for, fill
from reading import records_of
from running import Snakemake, reconcile

from isone.audit.reconcile import averages, jobs, ours, verdict
from isone.audit.reconcile.averages import AGREES, DIFFERS, FLAT, NOT_PUBLISHED, NOT_WHOLE
from isone.download.client import Client
from isone.errors import ResponseError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUB, HUBS
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox
from isone.sandbox.synthetic import Synthetic
from isone.store.store import Store


def real_hours(folder: Path, market: str, dataset: str) -> ours.Hours:
    """ISO-NE's real hours of January to March 2017 at the hub."""
    hours = {}
    for path in sorted((folder / f"api/v1.1/hourlylmp/{market}/final/day").glob("2017*.json")):
        for row in records_of(DATASETS[dataset], path.read_bytes()):
            if row.place.id == HUB:
                hours[market_time.parse_timestamp(row.begins)] = row.lmp
    return hours


@pytest.mark.parametrize(
    ("market", "dataset", "published"),
    [
        ("da", "lmp_da_hourly", {1: 40.30, 2: 30.02, 3: 35.78}),
        ("rt", "lmp_rt_hourly", {1: 36.66, 2: 28.05, 3: 34.86}),
    ],
)
def test_real_months_agree_and_march_with_a_day_of_24_hours(
    replay_folder: Path, market: str, dataset: str, published: dict[int, float]
) -> None:
    hours = real_hours(replay_folder, market, dataset)
    months = averages.compare_year(market, HUB, 2017, published, hours)
    assert [month.verdict for month in months[:2]] == [AGREES, AGREES]
    assert months[2].verdict in {AGREES, FLAT}
    assert {month.verdict for month in months[3:]} == {NOT_WHOLE}
    wrong = averages.compare_year(market, HUB, 2017, {1: published[1] + 0.05}, hours)
    assert (wrong[0].verdict, wrong[1].verdict) == (DIFFERS, NOT_PUBLISHED)
    assert wrong[0].difference is not None and abs(wrong[0].difference + 0.05) < 0.006


@pytest.mark.parametrize("month", [3, 11], ids=["spring", "autumn"])
def test_a_month_of_flat_days_is_told_from_a_wrong_one(month: int) -> None:
    expected = ours.month_hours(2023, month)
    hours = {hour: 30 + hour // 3600 % 24 / 4 for hour in expected}
    flat = round(len(expected) / 24) * 24
    extra = 31.0 if flat > len(expected) else -31.0
    published = {month: round((sum(hours.values()) + extra) / flat, 2)}
    found = averages.compare_year("da", HUB, 2023, published, hours)[month - 1]
    assert found.verdict in {FLAT, AGREES}
    off = averages.compare_year("da", HUB, 2023, {month: published[month] + 1}, hours)
    assert off[month - 1].verdict == DIFFERS


def synthetic_january(market: str, seed: int = 0) -> dict[int, ours.Hours]:
    """The sandbox's hours of a January at hub and zones."""
    synthetic, hours = Synthetic(seed, 0), {}
    name = "lmp_da_hourly" if market == "da" else "lmp_rt_hourly"
    at = dt.datetime(2026, 6, 1, tzinfo=market_time.MARKET_ZONE)
    for day in market_time.days(dt.date(2024, 1, 1), dt.date(2024, 1, 31)):
        response = synthetic.answer(f"hourlylmp/{market}/final/day/{day:%Y%m%d}", at)
        for row in records_of(DATASETS[name], response.body):
            prices = hours.setdefault(row.place.id, {})
            prices[market_time.parse_timestamp(row.begins)] = row.lmp
    return hours


@pytest.mark.parametrize("market", ["da", "rt"])
def test_a_year_is_asked_for_once_a_place_and_each_response_is_kept(
    tmp_path: Path, market: str
) -> None:
    store = Store(tmp_path)
    with (
        Sandbox(nodes=0) as sandbox,
        Client(Source("sandbox", sandbox.url), read_settings({}).http) as client,
    ):
        months = jobs.reconcile_year(store, client, market, 2024, synthetic_january(market))
        others = jobs.reconcile_year(store, client, market, 2024, synthetic_january(market, seed=1))
        assert len(sandbox.requests) == 18
    assert len(months) == 9 * 12
    assert {month.verdict for month in months if month.month == "2024-01"} == {AGREES}
    assert {month.verdict for month in months if month.month != "2024-01"} == {NOT_WHOLE}
    assert {month.verdict for month in others if month.month == "2024-01"} == {DIFFERS}
    kept = (tmp_path / "raw" / "lmp_index" / market / "2024").iterdir()
    assert {path.name for path in kept} == {f"{id}.json.gz" for id in HUBS}


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (b'{"LmpIndexes":{"LmpIndex":[{"BeginDate":"x"}]}}', "no list of monthly averages"),
        (b"<html>", "no list of monthly averages"),
        (b"[]", "no list of monthly averages"),
    ],
)
def test_another_form_is_rejected(response: bytes, sentence: str) -> None:
    with pytest.raises(ResponseError, match=sentence):
        averages.read_averages(response, 2024, HUB)


def test_averages_of_another_year_or_place_are_rejected() -> None:
    index = {
        "BeginDate": "2023-01-01T00:00:00.000-05:00",
        "Location": {"@LocId": "4000", "@LocType": "HUB", "$": ".H.INTERNAL_HUB"},
        "OnPeak": 1,
        "OffPeak": 1,
        "Average": 1.5,
    }
    response = json.dumps({"LmpIndexes": {"LmpIndex": index}}).encode()
    assert averages.read_averages(response, 2023, HUB) == {1: 1.5}
    assert averages.read_averages(b'{"LmpIndexes":""}', 2023, HUB) == {}
    for year, place in ((2024, HUB), (2023, 4001)):
        with pytest.raises(ResponseError, match="the averages are of 2023-01 at 4000"):
            averages.read_averages(response, year, place)


def month(verdict_word: str) -> averages.Month:
    return averages.Month("da", HUB, "hub", "2024-01", 1.0, 1.0, 0.0, verdict_word)


def test_the_verdict_counts_only_months_that_were_compared_and_says_why_others_were_not() -> None:
    words = [DIFFERS, AGREES, AGREES, FLAT, *[NOT_WHOLE] * 99, NOT_PUBLISHED]
    found = verdict.on_months([month(word) for word in words])
    assert (found.compared, found.differ) == (4, 1)
    assert found.text == (
        "1 of 4 compared monthly averages differ from ISO-NE's own figures; 1 agree only as a "
        "month of days with 24 hours; 100 were not compared: 99 not whole here, 1 not published"
    )
    agreeing = verdict.on_months([month(AGREES)])
    assert agreeing.text == "of 1 compared monthly average, all agree with ISO-NE's own figures"


@pytest.mark.parametrize(
    ("days", "why"),
    [
        pytest.param(None, "no packed table of energy prices is chosen", id="no table"),
        pytest.param(3, "of 108 monthly averages, 108 not whole here", id="no whole month"),
    ],
)
def test_a_reconciliation_of_nothing_ends_with_a_sentence_and_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int | None, why: str
) -> None:
    store = Store(tmp_path / "sandbox")
    tables = []
    if days:
        fill(store, ["lmp_da_hourly"], "2026-03-01", f"2026-03-0{days}")
        tables = [str(store.parquet_path("lmp_da_hourly", f"2026.through-2026030{days}"))]
    assert reconcile(config_for(store), tables) == 1
    sentence = f"nothing was compared with ISO-NE's own figures: {why}"
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert store.reconcile_summary_path.read_text().startswith(sentence)


@pytest.mark.workflow
def test_the_workflow_reconciles_what_it_has_and_says_so(
    workflow: Path, snakemake: Snakemake
) -> None:
    config = ("years=2024", "through=2024-01-31", "source=sandbox", "data_types=lmp", "markets=da")
    done = snakemake(*config, targets=("reconcile",))
    assert done.returncode == 0, done.stdout
    (log,) = (workflow / "logs").glob("reconcile*_attempt*.log")
    assert "da .H.INTERNAL_HUB" in log.read_text()
    results = workflow / "data" / "sandbox" / "reconciled" / "monthly_averages.json"
    months = json.loads(results.read_text())
    assert {m["verdict"] for m in months if m["month"] == "2024-01"} == {AGREES}
