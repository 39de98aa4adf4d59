"""The stand-in answers at ISO-NE's URLs in ISO-NE's shapes."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isone.market import market_time
from isone.market.datasets import DATASETS
from isone.market.locations import CORE_LOCATIONS, HUB, RESERVE_ZONES
from isone.sandbox import Sandbox
from isone.sandbox.places import priced_places
from isone.sandbox.synthetic import Synthetic

Get = Callable[[str], Any]
PLACES = 9 + 7 + 5
SYNTHETIC = Synthetic(0, 0)
SPRING, SUMMER, AUTUMN = dt.date(2026, 3, 8), dt.date(2025, 7, 15), dt.date(2025, 11, 2)
LMP_KEYS = [
    "BeginDate",
    "Location",
    "LmpTotal",
    "EnergyComponent",
    "CongestionComponent",
    "LossComponent",
]
RESERVE_KEYS = [
    "BeginDate",
    "ReserveZoneId",
    "ReserveZoneName",
    "TenMinSpinRequirement",
    "Total10MinRequirement",
    "Total30MinRequirement",
    "TmsrDesignatedMw",
    "TmnsrDesignatedMw",
    "TmorDesignatedMw",
    "TmsrClearingPrice",
    "TmnsrClearingPrice",
    "TmorClearingPrice",
]


def inside(content: Any, *wrapper: str) -> Any:
    beside = ["market_day"] if len(wrapper) > 2 else []
    for number, key in enumerate(wrapper, start=1):
        assert list(content) == [*(beside if number == len(wrapper) else []), key]
        content = content[key]
    return content


def begins(record: Any, keys: tuple[str, ...] = ("BeginDate",)) -> int:
    for key in keys:
        record = record[key]
    return market_time.parse_timestamp(record)


@pytest.mark.parametrize("day", [SPRING, SUMMER, AUTUMN], ids=["spring", "summer", "autumn"])
@pytest.mark.parametrize("name", [name for name, row in DATASETS.items() if row.times.owes_rows])
def test_each_datasets_own_paths_bring_every_interval_of_a_day_once_for_each_place(
    get: Get, name: str, day: dt.date
) -> None:
    dataset = DATASETS[name]
    request = dataset.day_requests(day, (HUB,))[0]
    records = inside(get(dataset.request.url_path(request)), *dataset.wrapper)
    places = 1
    if dataset.chooses_locations and not dataset.per_location:
        places = PLACES
    elif dataset.id_key and request.location is None:
        places = len(dataset.id_key.owed(day))
    fields = [key.column.field for key in dataset.text_keys]  # each publication is whole
    places *= len({tuple(record[field] for field in fields) for record in records})
    counted = Counter(begins(record, dataset.begins) for record in records)
    assert counted == dict.fromkeys(
        market_time.interval_starts(day, dataset.interval_minutes), places
    )


@pytest.mark.parametrize("name", DATASETS)
def test_every_required_field_of_the_table_is_in_every_record(get: Get, name: str) -> None:
    dataset = DATASETS[name]
    request = dataset.day_requests(SUMMER, (HUB,))[0]
    fields = {column.field for column in dataset.columns if column.required}
    for record in inside(get(dataset.request.url_path(request)), *dataset.wrapper):
        assert fields <= set(record)


def test_an_lmp_record_has_the_service_s_keys_in_its_order(get: Get) -> None:
    first = inside(get("hourlylmp/da/final/day/20240101"), "HourlyLmps", "HourlyLmp")[0]
    assert list(first) == LMP_KEYS
    assert first["BeginDate"] == "2024-01-01T00:00:00.000-05:00"
    assert first["Location"] == {"@LocId": "4000", "@LocType": "HUB", "$": ".H.INTERNAL_HUB"}


def test_whole_prices_are_integers_and_no_price_has_more_than_two_decimals(
    sandbox: Any, session: Any
) -> None:
    text = session.get(f"{sandbox.url}/hourlylmp/da/final/day/20240101").text
    numbers: list[str] = []
    json.loads(text, parse_float=lambda t: numbers.append(t) or 0.0)
    assert len(numbers) > 1000
    for number in numbers:
        assert not number.endswith("0"), number
        assert len(number.partition(".")[2]) <= 2, number


@pytest.mark.parametrize(
    "path",
    [
        "hourlylmp/da/final/day/20240101/location/{}",
        "hourlylmp/rt/final/day/20240101/location/{}",
        "hourlylmp/rt/prelim/day/20240101/location/{}",
        "fiveminutelmp/final/day/20240101/location/{}",
        "fiveminutelmp/prelim/day/20240101/location/{}",
    ],
)
def test_a_location_s_own_path_brings_that_location_alone(get: Get, path: str) -> None:
    (wrapped,) = get(path.format(4003)).values()
    (records,) = wrapped.values()
    assert {record["Location"]["@LocId"] for record in records} == {"4003"}
    assert len(records) == (24 if path.startswith("hourly") else 288)


@pytest.mark.parametrize("base", ["hourlylmp/da/final", "hourlylmp/rt/final"])
def test_a_location_s_own_path_has_the_same_records_as_the_whole_day(get: Get, base: str) -> None:
    day = inside(get(f"{base}/day/20240101"), "HourlyLmps", "HourlyLmp")
    own = inside(get(f"{base}/day/20240101/location/10003"), "HourlyLmps", "HourlyLmp")
    assert own == [record for record in day if record["Location"]["@LocId"] == "10003"]


def test_five_minute_prices_by_hour_and_by_location_are_the_same(get: Get) -> None:
    wrapper = ("FiveMinLmps", "FiveMinLmp")
    hour = inside(get("fiveminutelmp/final/day/20240101/starthour/17"), *wrapper)
    assert len(hour) == 12 * PLACES
    own = inside(get("fiveminutelmp/final/day/20240101/location/4005"), *wrapper)
    of_place = [record for record in hour if record["Location"]["@LocId"] == "4005"]
    assert of_place == own[17 * 12 : 18 * 12]


def test_the_repeated_hour_of_autumn_comes_twice_under_one_start_hour(get: Get) -> None:
    wrapper = ("FiveMinLmps", "FiveMinLmp")
    records = inside(get("fiveminutelmp/final/day/20251102/starthour/01"), *wrapper)
    assert len(records) == 24 * PLACES
    assert {record["BeginDate"][-6:] for record in records} == {"-04:00", "-05:00"}


def test_the_hour_that_spring_skips_is_empty(get: Get) -> None:
    assert get("fiveminutelmp/final/day/20260308/starthour/02") == {"FiveMinLmps": ""}


@pytest.mark.parametrize("version", ["final", "prelim"])
def test_regulation_has_two_prices_and_the_hour_ending(get: Get, version: str) -> None:
    records = inside(get(f"fiveminutercp/{version}/day/20240101"), "FiveMinRcps", "FiveMinRcp")
    keys = ["BeginDate", "RegServiceClearingPrice", "RegCapacityClearingPrice", "HourEnd"]
    assert all(list(record) == keys for record in records)
    assert [record["HourEnd"] for record in records[::12]] == [f"{h:02d}" for h in range(1, 25)]


def test_the_repeated_hour_has_the_same_hour_ending_twice(get: Get) -> None:
    records = inside(get("hourlyrcp/final/day/20251102"), "HourlyRcps", "HourlyRcp")
    assert [record["HourEnd"] for record in records[:4]] == ["01", "02", "02", "03"]


def test_before_the_end_of_march_2015_regulation_has_one_price(get: Get) -> None:
    old = inside(get("hourlyrcp/final/day/20150330"), "HourlyRcps", "HourlyRcp")
    new = inside(get("hourlyrcp/final/day/20150331"), "HourlyRcps", "HourlyRcp")
    assert list(old[0]) == ["BeginDate", "RegClearingPrice", "HourEnd"]
    assert "RegCapacityClearingPrice" in new[0]


@pytest.mark.parametrize(
    ("path", "wrapper"),
    [
        ("fiveminutereserveprice/final", ("FiveMinReservePrices", "FiveMinReservePrice")),
        ("fiveminutereserveprice/prelim", ("FiveMinReservePrices", "FiveMinReservePrice")),
        ("hourlyfinalreserveprice", ("FinalHourlyReservePrices", "FinalHourlyReservePrice")),
        ("hourlyprelimreserveprice", ("PrelimHourlyReservePrices", "PrelimHourlyReservePrice")),
    ],
)
def test_only_the_system_s_reserve_zone_has_ten_minute_requirements(
    get: Get, path: str, wrapper: tuple[str, str]
) -> None:
    records = inside(get(f"{path}/day/20240101"), *wrapper)
    five_minute = ["IntervalBeginDate"] if path.startswith("five") else []
    assert list(records[0]) == [*RESERVE_KEYS, *five_minute]
    for record in records:
        local = record["ReserveZoneId"] != 7000
        assert record["ReserveZoneName"] == RESERVE_ZONES[record["ReserveZoneId"]]
        assert ("TenMinSpinRequirement" not in record) is local
        assert ("Total10MinRequirement" not in record) is local
        prices = [record[f"{kind}ClearingPrice"] for kind in ("Tmsr", "Tmnsr", "Tmor")]
        assert prices == sorted(prices, reverse=True)
        assert prices[-1] >= 0


def test_one_reserve_zone_can_be_asked_for(get: Get) -> None:
    wrapper = ("FiveMinReservePrices", "FiveMinReservePrice")
    records = inside(get("fiveminutereserveprice/final/day/20240101/reserveZone/7002"), *wrapper)
    assert {record["ReserveZoneName"] for record in records} == {"CT"}
    assert len(records) == 288


def test_day_ahead_services_tell_each_hour_in_two_ways_and_the_day_in_a_third(get: Get) -> None:
    wrapper = DATASETS["reserve_da_hourly"].wrapper
    records = inside(get("daasreservedata/day/20250715"), *wrapper)
    assert records[17]["market_hour"] == {
        "gmt_begin_date": "2025-07-15T00:00:00.000-04:00",
        "local_day": "2025-07-15T17:00:00.000-04:00",
        "local_hour_end": "18",
    }
    columns = [column.field for column in DATASETS["reserve_da_hourly"].columns]
    assert list(records[0]) == ["market_hour", *columns]


@pytest.mark.parametrize("name", DATASETS)
def test_a_day_before_the_first_and_a_day_to_come_are_200_and_empty(get: Get, name: str) -> None:
    dataset = DATASETS[name]
    *outer, _ = dataset.wrapper
    empty: Any = ""
    for key in reversed(outer):
        empty = {key: empty}
    for day in (dataset.first_day - dt.timedelta(days=1), dt.date(2026, 6, 17)):
        request = dataset.day_requests(day, (HUB,))[0]
        assert get(dataset.request.url_path(request)) == empty


def test_preliminary_prices_are_out_before_the_final_ones(get: Get) -> None:
    assert get("hourlylmp/rt/final/day/20260613") == {"HourlyLmps": ""}
    assert inside(get("hourlylmp/rt/prelim/day/20260613"), "HourlyLmps", "HourlyLmp")


def test_a_location_that_does_not_exist_has_no_prices(get: Get) -> None:
    assert get("hourlylmp/da/final/day/20240101/location/9") == {"HourlyLmps": ""}


@pytest.mark.parametrize(
    "path",
    [
        "hourlylmp/da/final/day/2024-01-01",
        "hourlylmp/da/final/day/20240230",
        "hourlylmp/da/final/day/00000101",
        "hourlylmp/da/final/day/",
        "hourlylmp/da/final/day/20240101/location/hub",
        "fiveminutelmp/final/day/20240101/starthour/24",
        "fiveminutelmp/final/day/20240101/starthour/1",
        "lmpIndex/monthly/da/year/24/location/4000",
    ],
)
def test_what_cannot_be_a_day_hour_or_id_is_rejected_in_html(
    sandbox: Any, session: Any, path: str
) -> None:
    response = session.get(f"{sandbox.url}/{path}")
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "hourlylmp",
        "hourlylmp/da/prelim/day/20240101",
        "hourlylmp/da/final/day/20240101/reserveZone/7000",
        "fiveminutelmp/final/day/20240101",
        "fiveminutelmp/final/day/20240101/location/4000/more",
        "daasreservedata/day/20250715/location/4000",
        "lmpIndex/weekly/da/year/2024/location/4000",
        "lmpIndex/monthly/da/year/2024",
        "../../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_a_path_the_service_does_not_have_is_404_in_html(
    sandbox: Any, session: Any, path: str
) -> None:
    response = session.get(f"{sandbox.url}/{path}")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


_WORDS = st.sampled_from(
    "hourlylmp da rt final prelim day location starthour reserveZone info lmpIndex monthly year "
    "locations all fiveminutelmp 20240101 20240310 99999999 2024 4000 7000 02 24 -1 ٢٤ ..".split()
)


@given(st.one_of(st.text(), st.lists(_WORDS, max_size=8).map("/".join)))
@settings(max_examples=300, deadline=None)
def test_whatever_the_path_the_answer_is_200_400_or_404(path: str) -> None:
    response = SYNTHETIC.answer(path, market_time.now())
    assert response.status in (200, 400, 404)
    assert response.body


def test_the_core_locations_are_the_twenty_that_are_known(get: Get) -> None:
    listed = inside(get("locations"), "Locations", "Location")
    ids = [place["LocationID"] for place in listed]
    external = [4010, 4011, 4012, 4013, 4014, 4017, 4018]
    assert ids == [*CORE_LOCATIONS, *external, *RESERVE_ZONES]
    names = {place["LocationID"]: place["LocationName"] for place in listed}
    for place, (name, _) in CORE_LOCATIONS.items():
        assert names[place] == name


def test_all_locations_are_the_core_and_the_nodes_each_once(get: Get) -> None:
    listed = inside(get("locations/all"), "Locations", "Location")
    assert len(listed) == 20 + 5
    assert len({place["LocationID"] for place in listed}) == len(listed)
    node = listed[-1]
    assert list(node) == [
        "LocationID",
        "NetworkNodeType",
        "AreaType",
        "LocationType",
        "LocationName",
    ]
    assert node["LocationType"] == "NETWORK NODE"


def test_node_names_are_synthetic_and_each_is_used_once(shared: Any) -> None:
    real = json.loads((shared / "examples" / "locations_all.json").read_text())
    real_names = {place["LocationName"] for place in real["Locations"]["Location"]}
    synthetic = [p.name for p in priced_places(0, 1184) if p.id not in CORE_LOCATIONS]
    assert len(set(synthetic)) == len(synthetic)
    assert real_names.isdisjoint(synthetic)


@pytest.mark.parametrize("base", ["hourlylmp/da/final", "daasreservedata", "lmpIndex/monthly"])
def test_info_tells_the_newest_interval(get: Get, base: str) -> None:
    info = inside(get(f"{base}/info"), "ServiceInfo")
    assert list(info) == ["CreationDate", "LatestBeginDate"]
    assert info["CreationDate"] == "2026-06-15T12:00:00.000-04:00"
    assert market_time.parse_timestamp(info["LatestBeginDate"])


@pytest.mark.parametrize(("market", "year"), [("da", 2024), ("rt", 2024), ("rt", 2026)])
def test_the_monthly_index_is_the_mean_of_the_prices_served(
    get: Get, market: str, year: int
) -> None:
    months = inside(
        get(f"lmpIndex/monthly/{market}/year/{year}/location/4008"), "LmpIndexes", "LmpIndex"
    )
    assert len(months) == (12 if year == 2024 else 5)
    for month in (months[2], months[-1]):
        first = dt.date.fromisoformat(month["BeginDate"][:10])
        path = f"hourlylmp/{market}/final/day/{{:%Y%m%d}}/location/4008"
        records = [
            record
            for day in market_time.days(first, first + dt.timedelta(days=30))
            if day.month == first.month
            for record in inside(get(path.format(day)), "HourlyLmps", "HourlyLmp")
        ]
        cents = [round(100 * record["LmpTotal"]) for record in records]
        assert abs(month["Average"] * 100 - sum(cents) / len(cents)) <= 0.5 + 1e-6
        low, high = sorted((month["OnPeak"], month["OffPeak"]))
        assert low <= month["Average"] <= high


def test_an_index_year_before_the_markets_is_empty(get: Get) -> None:
    assert get("lmpIndex/monthly/da/year/1999/location/4000") == {"LmpIndexes": ""}
    assert get("lmpIndex/monthly/da/year/0000/location/4000") == {"LmpIndexes": ""}
    assert get("lmpIndex/monthly/da/year/9999/location/4000") == {"LmpIndexes": ""}


def test_an_index_with_one_month_comes_as_an_object() -> None:
    with Sandbox(today=dt.date(2026, 2, 10)) as early:
        response = SYNTHETIC.answer("lmpIndex/monthly/rt/year/2026/location/4000", early.at())
    month = json.loads(response.body)["LmpIndexes"]["LmpIndex"]
    assert isinstance(month, dict)
    assert month["BeginDate"] == "2026-01-01T00:00:00.000-05:00"
