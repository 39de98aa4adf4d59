"""What is selected decides what is missing: exactly what lacks is asked for."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from isone.errors import StopRunError
from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import HUBS, Locations
from isone.run import missing, selection
from isone.run.dataset_year import DatasetYear
from isone.run.settings import read_settings
from isone.store.ledger import Entry
from isone.store.store import Store

AT = dt.datetime(2026, 11, 20, 15, tzinfo=market_time.MARKET_ZONE)


def entry(request: str, **facts: object) -> Entry:
    """A ledger's line, as far as it matters here."""
    return Entry(
        request=request,
        size=1,
        sha256="",
        rows=1,
        fetched="2024-02-01T00:00:00+00:00",
        source="",
        revision="final",
        **facts,
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dataset", "year", "period"),
    [
        pytest.param("lmp_da_hourly", 2024, "2024", id="a closed year"),
        pytest.param("lmp_da_hourly", 2026, "2026.through-20261121", id="tomorrow is out"),
        pytest.param(
            "lmp_rt_hourly", 2026, "2026.through-20261119.final-20261114", id="final comes later"
        ),
    ],
)
def test_an_open_year_carries_its_last_day_in_its_name(
    dataset: str, year: int, period: str
) -> None:
    data_type = {"data_types": "lmp", "markets": DATASETS[dataset].choice}
    chosen = selection.select(read_settings({"years": year, **data_type}), AT)
    assert [job.period for job in chosen.dataset_years] == [period]


def test_where_only_final_days_are_wanted_the_year_ends_with_the_last_of_them() -> None:
    config = {"years": 2026, "data_types": "lmp", "markets": "rt-hourly", "revision": "final"}
    (job,) = selection.select(read_settings(config), AT).dataset_years
    assert job.period == "2026.through-20261114"


@pytest.mark.parametrize(
    ("day", "period"),
    [
        (dt.date(2027, 1, 2), "2026.through-20261231.final-20261227"),
        (dt.date(2027, 1, 3), "2026.through-20261231.final-20261228"),
        (dt.date(2027, 1, 6), "2026"),
    ],
    ids=str,
)
def test_a_year_is_closed_only_when_all_of_it_is_final(day: dt.date, period: str) -> None:
    config = {"years": 2026, "data_types": "lmp", "markets": "rt-hourly"}
    at = dt.datetime.combine(day, dt.time(12), market_time.MARKET_ZONE)
    (job,) = selection.select(read_settings(config), at).dataset_years
    assert job.period == period
    assert DatasetYear.of_period(job.dataset, period, HUBS) == job


def test_a_marker_with_more_final_days_replaces_the_one_before() -> None:
    job = DatasetYear.of_period("lmp_rt_hourly", "2026.through-20261231.final-20261228", HUBS)
    before = ["2026.through-20261231.final-20261227", "2026.through-20261220.final-20261215"]
    others = ["2026", "2026.through-20261231.final-20261229", "2025", "2026.through-20261231"]
    assert job.superseded([*before, *others, job.period]) == before
    closed = DatasetYear.of_period("lmp_rt_hourly", "2026", HUBS)
    assert closed.superseded([job.period, "2026.through-20261220"]) == [
        job.period,
        "2026.through-20261220",
    ]


def test_through_pins_the_last_day() -> None:
    chosen = selection.select(read_settings({"years": 2017, "through": "2017-03-31"}), AT)
    assert chosen.dataset_years[0].period == "2017.through-20170331"
    later = selection.select(read_settings({"years": 2017, "through": "2018-03-31"}), AT)
    assert later.dataset_years[0].period == "2017"


@pytest.mark.parametrize(
    ("config", "remark"),
    [
        ({"services": "day-ahead"}, "reserve_da_hourly begins on 2025-03-01: 2016 has nothing"),
        ({"services": "regulation"}, "regulation_5min begins on 2017-12-01: 2016 has nothing"),
    ],
    ids=["day-ahead ancillary services", "five-minute regulation"],
)
def test_a_year_before_a_datasets_first_day_is_said_to_have_nothing(
    config: dict[str, str], remark: str
) -> None:
    chosen = selection.select(
        read_settings({"years": 2016, "source": "webservices", "data_types": "as", **config}), AT
    )
    assert chosen.dataset_years == ()
    assert chosen.left_out == (remark,)


def test_a_datasets_first_year_begins_with_its_first_day() -> None:
    config = {"years": 2017, "source": "webservices", "data_types": "as", "services": "regulation"}
    (job,) = selection.select(read_settings(config), AT).dataset_years
    assert (job.first, job.last) == (dt.date(2017, 12, 1), dt.date(2017, 12, 31))


@pytest.mark.parametrize(
    ("newest_first", "years"), [(True, [2025, 2024, 2019]), (False, [2019, 2024, 2025])]
)
def test_years_and_days_run_in_the_order_that_is_asked_for(
    newest_first: bool, years: list[int]
) -> None:
    config = {"years": "2025 2019 2024", "data_types": "lmp", "markets": "da"}
    settings = read_settings(config | {"newest_first": newest_first})
    jobs = selection.select(settings, AT).dataset_years
    assert [job.year for job in jobs] == years
    days = jobs[0].days(newest_first=newest_first)
    assert days == sorted(days, reverse=newest_first)


@pytest.mark.parametrize("locations", [HUBS, "all", (4000,), (321, 4000)], ids=str)
@pytest.mark.parametrize("dataset", ["lmp_da_hourly", "lmp_rt_5min"])
def test_a_period_leads_back_to_its_job(dataset: str, locations: Locations) -> None:
    job = DatasetYear(dataset, 2026, dt.date(2026, 1, 1), dt.date(2026, 11, 14), locations)
    assert DatasetYear.of_period(dataset, job.period, locations) == job


def test_only_a_dataset_asked_for_by_location_names_them_in_its_period() -> None:
    days = (2024, dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    assert DatasetYear("lmp_da_hourly", *days, "all").period == "2024"
    assert DatasetYear("lmp_rt_5min", *days, HUBS).period == "2024"
    assert DatasetYear("lmp_rt_5min", *days, "all").period == "2024.all"
    one, other = (
        DatasetYear("lmp_rt_5min", *days, (4000,)),
        DatasetYear("lmp_rt_5min", *days, (4001,)),
    )
    assert one.period != other.period


def test_a_longer_year_supersedes_the_shorter_ones_of_the_same_locations_only() -> None:
    job = DatasetYear("lmp_rt_5min", 2026, dt.date(2026, 1, 1), dt.date(2026, 11, 14), HUBS)
    periods = [
        "2026.through-20261113",
        "2026.through-20261114",
        "2026.through-20261115",
        "2026.through-20261113.all",
        "2026",
        "2025.through-20251113",
    ]
    assert job.superseded(periods) == ["2026.through-20261113"]


def test_hubs_then_all_locations_asks_for_the_hours_and_back_for_nothing() -> None:
    dataset, day = DATASETS["lmp_rt_5min"], dt.date(2024, 1, 1)
    hubs = {p.name: entry(p.name) for p in dataset.day_requests(day, HUBS)}
    hours = {p.name: entry(p.name) for p in dataset.day_requests(day, "all")}
    assert len(missing.missing_requests(dataset, [day], "all", hubs, {})) == 24
    assert missing.missing_requests(dataset, [day], HUBS, hours, {}) == []
    one_more = missing.missing_requests(dataset, [day], (321, *HUBS), hubs, {})
    assert [request.location for request in one_more] == [321]


def test_many_locations_are_asked_for_by_the_hour_which_is_fewer_requests() -> None:
    dataset, day = DATASETS["lmp_rt_5min"], dt.date(2024, 1, 1)
    assert len(dataset.day_requests(day, tuple(range(24)))) == 24
    assert {request.hour for request in dataset.day_requests(day, tuple(range(25)))} == set(
        range(24)
    )


def test_a_day_stored_with_a_gap_counts_only_while_the_gap_is_accepted() -> None:
    dataset, day = DATASETS["reserve_5min"], dt.date(2024, 6, 1)
    had = {"20240601": entry("20240601", missing=("13:00",))}
    assert missing.missing_requests(dataset, [day], HUBS, had, {day: {"missing": "x"}}) == []
    assert len(missing.missing_requests(dataset, [day], HUBS, had, {})) == 1


def test_the_default_year_costs_as_few_requests_as_there_can_be(tmp_path: Path) -> None:
    settings = read_settings({"years": 2024, "source": "webservices", "data_dir": str(tmp_path)})
    jobs = selection.select(settings, AT).dataset_years
    left = {job.dataset: missing.requests_left(Store(tmp_path), job, settings).sure for job in jobs}
    assert left == {
        "lmp_da_hourly": 366,
        "lmp_rt_5min": 366 * 9,
        "regulation_5min": 366,
        "reserve_5min": 366,
    }
    assert sum(left.values()) <= 4400


def test_a_day_had_from_the_public_reports_is_not_asked_for_again_from_the_web_services() -> None:
    dataset, day = DATASETS["lmp_rt_5min"], dt.date(2024, 1, 1)
    blocks = {p.name: entry(p.name) for p in dataset.csv_requests(day)}
    assert missing.missing_requests(dataset, [day], HUBS, blocks, {}) == []
    assert missing.missing_requests(dataset, [day], "all", blocks, {}) == []
    hubs = {p.name: entry(p.name) for p in dataset.day_requests(day, HUBS)}
    assert missing.missing_requests(dataset, [day], HUBS, hubs, {}, from_reports=True) == []
    assert len(missing.missing_requests(dataset, [day], "all", hubs, {}, from_reports=True)) == 6
    assert [e.request for e in missing.requests_of_days(dataset, [day], HUBS, blocks)] == list(
        blocks
    )


def test_without_an_account_the_reports_are_taken_and_what_they_lack_is_said() -> None:
    chosen = selection.select(read_settings({"years": 2024}), AT)
    assert [job.dataset for job in chosen.dataset_years] == [
        "lmp_da_hourly",
        "lmp_rt_5min",
        "reserve_5min",
    ]
    (first,), (second,) = chosen.remarks, chosen.left_out
    assert first.startswith("no account is set: from the public reports")
    assert second.startswith(
        "regulation_5min is in no public CSV report and is left out; to have it,"
    )
    assert "a free ISO Express account" in second


def test_years_before_public_csv_begins_are_left_out_before_anything_is_sent() -> None:
    config = {"years": "2014-2016", "source": "reports", "data_types": "lmp"}
    chosen = selection.select(read_settings(config | {"markets": "da rt-hourly"}), AT)
    assert [(job.dataset, job.year) for job in chosen.dataset_years if "_da_" in job.dataset] == [
        ("lmp_da_hourly", 2016)
    ]
    (remark,) = chosen.left_out
    assert remark.startswith(
        "lmp_da_hourly is in the public CSV from 2016-01-01 on, so it is left out of 2014, 2015; "
        "to have it, set ISONE_USERNAME"
    )
    alone = config | {"years": 2014, "markets": "da"}
    with pytest.raises(
        StopRunError, match="^no public CSV report has lmp_da_hourly 2014: leave out"
    ):
        selection.select(read_settings(alone), AT)
    sentence = (
        "^no ISO-NE account is set, and no public CSV report has lmp_da_hourly 2014: set ISONE"
    )
    with pytest.raises(StopRunError, match=sentence):
        selection.select(read_settings(alone | {"source": "auto"}), AT)


def test_a_year_that_is_in_public_csv_in_request_is_left_out_and_counts_for_an_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dataset = DATASETS["lmp_da_hourly"]
    assert dataset.public_csv is not None
    later = replace(dataset, public_csv=replace(dataset.public_csv, first_day=dt.date(2016, 3, 5)))
    monkeypatch.setitem(selection.DATASETS, dataset.name, later)
    config = {
        **{"years": "2016 2017", "source": "reports", "data_dir": str(tmp_path)},
        **{"data_types": "lmp", "markets": "da"},
    }
    chosen = selection.select(read_settings(config), AT)
    assert [job.period for job in chosen.dataset_years] == ["2017"]
    (remark,) = chosen.left_out
    assert "from 2016-03-05 on, for whole years from 2017, so it is left out of 2016" in remark
    Store(tmp_path).write_marker(dataset.name, "2016", {})
    chosen = selection.select(read_settings(config), AT)
    assert sorted(job.period for job in chosen.dataset_years) == ["2016", "2017"]
    assert chosen.dataset_years[-1].first == dt.date(2016, 1, 1), "as the web services have it"


def test_the_web_services_are_asked_for_years_before_the_public_csv_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ISONE_USERNAME", "someone")
    monkeypatch.setenv("ISONE_PASSWORD", "secret")
    config = {"years": 2014, "data_types": "lmp", "markets": "da"}
    (job,) = selection.select(read_settings(config), AT).dataset_years
    assert (job.period, job.first) == ("2014", dt.date(2014, 1, 1))


def test_a_year_that_an_account_has_brought_stays_request_of_a_run_without_one(
    tmp_path: Path,
) -> None:
    config = {"years": 2024, "data_types": "as", "data_dir": str(tmp_path)}
    Store(tmp_path).write_marker("regulation_5min", "2024", {})
    chosen = selection.select(read_settings(config), AT)
    assert [job.dataset for job in chosen.dataset_years] == ["regulation_5min", "reserve_5min"]
    assert len(chosen.remarks) == 1


def test_with_an_account_everything_is_asked_of_the_web_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ISONE_USERNAME", "someone")
    monkeypatch.setenv("ISONE_PASSWORD", "secret")
    chosen = selection.select(read_settings({"years": 2024}), AT)
    assert len(chosen.dataset_years) == 4
    assert chosen.remarks == ()


def test_what_only_an_account_gives_is_an_error_without_one() -> None:
    config = {"years": 2024, "data_types": "as", "services": "regulation"}
    with pytest.raises(StopRunError, match="no public CSV report has regulation_5min"):
        selection.select(read_settings(config), AT)
