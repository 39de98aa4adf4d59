"""Which requests tell most of a source: one day of each dataset, then what nobody has observed."""

import datetime as dt
from collections.abc import Iterable, Mapping

from isone.audit.doctor.probes import Answer, Probe
from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATA_TYPES, DATASETS, PRELIM_AFTER
from isone.market.locations import HUB
from isone.market.requests import Request

EMPTY_DAY = dt.date(2015, 2, 17)
"""A day without day-ahead constraints, as clients have seen."""
EARLY_DAYS = (dt.date(2003, 3, 5), dt.date(2003, 8, 5))
"""Days of the market's first half year."""
AVERAGES_YEAR = 2017
LOAD_BEGINS = ("load_5min", "forecast_hourly")
"""Datasets whose first days are asked for: they may have gone by now."""
SUPPLY_BEGINS = ("fuel_mix", "interchange_hourly", "flows_5min")
"""Datasets whose first days are asked for: they may have gone by now."""
NECEC_DAY = dt.date(2026, 1, 16)
"""The first day of business of the newest tie."""
UNLISTED = 1
"""An id that no location has."""
MOST_API, MOST_CSV = 30, 22
"""Requests of each plan, at most; of public CSV some are the page that hands out the cookie."""
MOST_API_OF_ALL, MOST_CSV_OF_ALL = 48, 30
"""The same with the datasets that explain prices."""

_LMP_DAY_AHEAD, _LMP_5MIN = DATASETS["lmp_da_hourly"], DATASETS["lmp_rt_5min"]


def infos(now: dt.datetime) -> list[Probe]:
    """What says up to when the web services publish; it decides on the days of what follows."""
    day = now.date()
    asked = (
        ("lmp_da_hourly", False),
        ("lmp_rt_5min", False),
        ("lmp_rt_hourly", True),
        ("constraints_da_hourly", False),
        ("constraints_rt_5min", False),
        ("regulation_5min", True),
    )
    return [
        Probe(
            _info_name(name, prelim),
            DATASETS[name].request.info_path(Request(name, day, prelim=prelim)),
            needed=name.startswith("lmp") and not prelim,
        )
        for name, prelim in asked
    ]


def web_services(now: dt.datetime, answers: Mapping[str, Answer]) -> list[Probe]:
    """One day of each dataset, and what else settles lines of docs/unverified.md."""
    day_ahead = published_day(answers.get("info lmp_da_hourly")) or _newest("lmp_da_hourly", now)
    final = published_day(answers.get("info lmp_rt_5min")) or _newest("lmp_rt_5min", now)
    days = {
        **{name: _newest(name, now) for name in DATASETS},
        **dict.fromkeys(("lmp_da_hourly", "constraints_da_hourly"), day_ahead),
        **dict.fromkeys(("lmp_rt_5min", "constraints_rt_5min"), final),
    }
    probes = [_of_day(name, day, needed=True) for name, day in days.items()]
    probes.append(Probe("locations/all", "locations/all", needed=True))
    prelim_day = DATASETS["reserve_hourly"].last_published(PRELIM_AFTER, now)
    regulation = Request("regulation_5min", days["regulation_5min"])
    probes += [
        _of_day("reserve_hourly", prelim_day, prelim=True),
        _of_day("regulation_5min", regulation.day, prelim=True),
        Probe("no version", f"fiveminutercp/day/{regulation.day:%Y%m%d}", regulation),
        *(_of_day("constraints_da_hourly", day) for day in (EMPTY_DAY, *EARLY_DAYS)),
        *(_of_day(name, DATASETS[name].first_day) for name in LOAD_BEGINS),
        _of_day("lmp_rt_hourly_prelim", a_year_ago(now)),
        *(_of_day(name, DATASETS[name].first_day) for name in SUPPLY_BEGINS),
        _of_day("interchange_hourly", NECEC_DAY),
        _current("lmp_da_hourly", "hourlylmp/da/final/current", now),
        _current("regulation_5min", "fiveminutercp/prelim/current", now),
        _current("reserve_da_hourly", "daasreservedata/current", now),
        Probe("monthly averages", f"lmpIndex/monthly/da/year/{AVERAGES_YEAR}/location/{HUB}"),
        Probe("unlisted location", f"locations/{UNLISTED}"),
    ]
    return probes


def public_csv(now: dt.datetime) -> list[Probe]:
    """The same of public CSV: what needs no cookie comes first, so that it is sent without one."""
    rows = [row for row in DATASETS.values() if row.public_csv]
    static = [row.name for row in rows if row.public_csv and "static" in row.public_csv.path]
    made = [row.name for row in rows if row.name not in static]
    prices = [row.name for row in csv_of_prices()]
    prelim_day = DATASETS["lmp_rt_hourly"].last_published(PRELIM_AFTER, now)
    autumn = autumn_day(now)
    return [
        *(_csv_of_day(name, _newest(name, now), needed=True) for name in static),
        _csv_of_day("lmp_rt_hourly", prelim_day, prelim=True),
        *(_csv_of_day(name, DATASETS[name].public_since) for name in static if name in prices),
        _csv_of_day("lmp_rt_5min", autumn),
        *(_csv_of_day(name, _newest(name, now), needed=True) for name in made),
        _csv_of_day("reserve_hourly", prelim_day, prelim=True),
        *(_csv_of_day(name, DATASETS[name].public_since) for name in made if name in prices),
        *(_csv_of_day(name, autumn) for name in made if name in prices),
    ]


def most(*, is_csv: bool, everything: bool) -> int:
    """How many requests are sent at most."""
    if everything:
        return MOST_CSV_OF_ALL if is_csv else MOST_API_OF_ALL
    return MOST_CSV if is_csv else MOST_API


def of_prices(probes: Iterable[Probe]) -> list[Probe]:
    """The probes without those of datasets that explain prices."""
    return [each for each in probes if each.request is None or is_price(each.request.dataset)]


def is_price(name: str) -> bool:
    """Whether a dataset is of prices or of what makes them, and not of what explains them."""
    return DATA_TYPES[DATASETS[name].data_type].in_all


def first_days(datasets: Iterable[str]) -> list[str]:
    """What the probes of the first days of some datasets are called."""
    return [name_of(name, DATASETS[name].first_day) for name in datasets]


def csv_of_prices() -> list[Dataset]:
    """The datasets of prices in public CSV, which are asked for more than their newest day."""
    return [row for row in DATASETS.values() if row.public_csv and is_price(row.name)]


def name_of(dataset: str, day: dt.date, *, prelim: bool = False) -> str:
    """What the probe of a day is called."""
    return f"{dataset} {day}{' prelim' if prelim else ''}"


def a_year_ago(now: dt.datetime) -> dt.date:
    """A day of a past year."""
    return now.date() - dt.timedelta(days=365)


def autumn_day(now: dt.datetime) -> dt.date:
    """The newest day with 25 hours of which final prices have to be out."""
    last = _newest("lmp_rt_hourly", now)
    days = [dt.date(year, 11, day) for year in (last.year, last.year - 1) for day in range(1, 8)]
    long = [day for day in days if len(market_time.interval_starts(day, 60)) == 25]
    return max(day for day in long if day <= last)


def published_day(answer: Answer | None) -> dt.date | None:
    """The operating day of the newest published interval, as an `info` says."""
    instant = latest_of(answer)
    return None if instant is None else market_time.local_time(instant).date()


def latest_of(answer: Answer | None) -> int | None:
    """The newest interval's beginning (UTC seconds) that an `info` names; None without one."""
    info = answer.json.get("ServiceInfo") if answer and isinstance(answer.json, dict) else None
    text = info.get("LatestBeginDate") if isinstance(info, dict) else None
    try:
        return market_time.parse_timestamp(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None


def _newest(name: str, now: dt.datetime) -> dt.date:
    """The newest day that should be out, by the calendar."""
    return DATASETS[name].last_published(DATASETS[name].publication_lag, now)


def _info_name(name: str, prelim: bool) -> str:
    return f"info {name}{' prelim' if prelim else ''}"


def _of_day(name: str, day: dt.date, *, prelim: bool = False, needed: bool = False) -> Probe:
    dataset = DATASETS[name]
    request = dataset.day_requests(day, (HUB,))[0]
    request = request.preliminary if prelim else request
    path = dataset.request.url_path(request)
    return Probe(name_of(name, day, prelim=prelim), path, request, needed=needed)


def _csv_of_day(name: str, day: dt.date, *, prelim: bool = False, needed: bool = False) -> Probe:
    dataset = DATASETS[name]
    request = dataset.csv_requests(day)[0]
    if prelim:
        request = request.preliminary
    path = dataset.csv_path(request)
    return Probe(name_of(name, day, prelim=prelim), path, request, needed=needed)


def _current(name: str, path: str, now: dt.datetime) -> Probe:
    return Probe(f"current {name}", path, Request(name, now.date()), version=False)
