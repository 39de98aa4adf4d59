"""Each line of docs/unverified.md is judged rightly, as assumed and turned over."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT, SERVICE

from isone.audit.doctor import plans
from isone.audit.doctor.assumptions import Seen, Verdict, id_of, judge
from isone.audit.doctor.lines import CHECKS
from isone.audit.doctor.probes import Answer, Asking, Probe, read, short_patience
from isone.download.client import Client
from isone.market import market_time
from isone.market.datasets import REPORTS_PAGE
from isone.market.requests import Request
from isone.run.settings import read_settings
from isone.run.sources import Source
from isone.sandbox import Sandbox

NOW = dt.datetime(2026, 6, 15, 12, 20, tzinfo=market_time.MARKET_ZONE)
AUTUMN = "2025-11-02"
API, CSV = "webservices", "reports"
IDS = [id_of(check) for check in CHECKS]
Change = Callable[[Answer], Answer]


@pytest.fixture(scope="module")
def seen() -> Mapping[str, Seen]:
    """What the doctor sees of an ordinary sandbox, of each source."""
    with Sandbox(today=NOW.date(), server_name=SERVICE) as sandbox:
        sources = {
            API: Source(API, sandbox.url),
            CSV: Source(CSV, sandbox.reports_url, page=REPORTS_PAGE),
        }
        found = {}
        for name, source in sources.items():
            answers: dict[str, Answer] = {}
            with Client(source, short_patience(read_settings({}).http)) as client:
                asking = Asking(client, NOW.date(), plans.MOST_API_OF_ALL)
                probes = plans.public_csv(NOW) if name == CSV else plans.infos(NOW)
                answers |= {probe.name: asking.ask(probe) for probe in probes}
                if name == API:
                    rest = plans.web_services(NOW, answers)
                    answers |= {probe.name: asking.ask(probe) for probe in rest}
            found[name] = Seen(answers, name == CSV, NOW)
    return found


def turned(seen: Seen, name: str, change: Change) -> Seen:
    """The same with some answers changed: of a name, of a glob, or the newest of a dataset."""
    if name.startswith("newest "):
        name = seen.newest(name.removeprefix("newest ")).probe.name
    assert any(fnmatchcase(each, name) for each in seen.answers), name
    changed = {
        each: change(answer) if fnmatchcase(each, name) else answer
        for each, answer in seen.answers.items()
    }
    return Seen(changed, seen.is_csv, seen.now)


def body(content: bytes) -> Change:
    """Another body, read again."""
    return lambda answer: read(
        replace(answer, state="ok", why="", body=content, table=None), NOW.date()
    )


def text(pattern: str, by: str, number: int = 0) -> Change:
    """The body with some of its text replaced."""

    def change(answer: Answer) -> Answer:
        found, times = re.subn(pattern, by, answer.body.decode(), count=number)
        assert times, pattern
        return body(found.encode())(answer)

    return change


def records(change: Callable[[list[dict[str, Any]]], Any]) -> Change:
    """The records of a dataset, or of a list, changed in place."""

    def changed(answer: Answer) -> Answer:
        content = json.loads(answer.body)
        level = content
        while isinstance(level, dict):
            level = next(each for each in level.values() if isinstance(each, dict | list))
        change(level)
        return body(json.dumps(content).encode())(answer)

    return changed


def without(field: str, number: int = 1) -> Change:
    return records(lambda rows: [row.pop(field) for row in rows[:number]])


def setting(field: str, value: object, number: int = 1) -> Change:
    return records(lambda rows: [row.update({field: value}) for row in rows[:number]])


def state(name: Any, *statuses: int) -> Change:
    return lambda answer: replace(
        answer, state=name, statuses=statuses, body=b"", table=None, headers={}
    )


def no_trailer(answer: Answer) -> Answer:
    return body(answer.body[: answer.body.rindex(b'"T"')])(answer)


def reversed_rows(answer: Answer) -> Answer:
    lines = answer.body.decode().splitlines()
    data = [line for line in lines if line.startswith('"D"')]
    others = [line for line in lines if not line.startswith('"D"')]
    return body("\r\n".join([*others[:-1], *data[::-1], others[-1]]).encode())(answer)


def as_ok(answer: Answer) -> Answer:
    return replace(answer, state="ok")


def doubled(rows: list[dict[str, Any]]) -> None:
    rows.append(rows[0] | {"MarginalValue": -1.0})


def day_before(answer: Answer) -> Answer:
    day = answer.records[0]["market_hour"]["local_day"][:10]
    before = dt.date.fromisoformat(day) - dt.timedelta(days=1)
    return text(day, str(before))(answer)


def late(seconds: int) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        instant = market_time.parse_timestamp(rows[0]["BeginDate"])
        rows[0]["BeginDate"] = market_time.timestamp(instant + seconds)

    return records(change)


def object_alone(answer: Answer) -> Answer:
    content = json.loads(answer.body)
    content["FiveMinRcps"]["FiveMinRcp"] = content["FiveMinRcps"]["FiveMinRcp"][0]
    return body(json.dumps(content).encode())(answer)


def latest(hours: float) -> Change:
    def change(answer: Answer) -> Answer:
        content = json.loads(answer.body)
        info = content["ServiceInfo"]
        instant = market_time.parse_timestamp(info["LatestBeginDate"])
        info["LatestBeginDate"] = market_time.timestamp(instant + int(hours * 3600))
        return body(json.dumps(content).encode())(answer)

    return change


NO_DATA = body(b"No data exists for this period.")
NO_LOAD = b'{"FiveMinSystemLoads":""}'
QUIET_DA, QUIET_RT = b'{"DayAheadConstraints":""}', b'{"RealTimeConstraints":""}'

EXPECTED = {
    API: {
        "location-texts": "cannot be told",
        "location-retired": "as assumed",
        "constraints-published": "as assumed",
        "info-latest": "as assumed",
        "constraints-begin": "as assumed",
        "constraint-timestamps": "as assumed",
        "contingency-left-out": "as assumed",
        "marginal-left-out": "cannot be told",
        "prelim-published": "as assumed",
        "final-published": "as assumed",
        "averages-hours": "cannot be told",
        "strike-fields": "as assumed",
        "load-begins": "as assumed",
        "load-sums": "as assumed",
        "load-gaps": "cannot be told",
        "load-fields": "as assumed",
        "forecast-publications": "as assumed",
        "forecast-net": "as assumed",
        "quarter-hour-constraints": "as assumed",
        "prelim-kept": "as assumed",
        "fuel-snapshots": "as assumed",
        "fuel-names": "as assumed",
        "supply-begins": "as assumed",
        "necec-begins": "as assumed",
        "limit-totals": "as assumed",
        "imports-negative": "as assumed",
        "demand-settled": "as assumed",
        "typeless-version": "as assumed",
        "current-day-ahead-services": "as assumed",
        "current-others": "as assumed",
        "location-unlisted": "as assumed",
        "current-in-list": "as assumed",
        "interval-begin-date": "as assumed",
    },
    CSV: {
        "csv-begins": "as assumed",
        "csv-load": "as assumed",
        "csv-supply": "as assumed",
        "csv-headings-5min": "as assumed",
        "csv-headings-reserve": "as assumed",
        "csv-autumn-hour": "as assumed",
        "csv-trailer": "as assumed",
        "csv-trailer-count": "as assumed",
        "csv-static-cookie": "as assumed",
        "csv-blocked": "cannot be told",
        "csv-local-zones": "as assumed",
        "csv-retired-names": "cannot be told",
        "prelim-published": "as assumed",
        "final-published": "as assumed",
        "prelim-reserve-file": "as assumed",
        "prelim-lmp-names": "as assumed",
        "reserve-hourly-headings": "as assumed",
    },
}
"""Of an ordinary sandbox."""

TURNED = [
    (CSV, "csv-begins", "lmp_rt_hourly 2003-03-01", NO_DATA, "otherwise"),
    (CSV, "csv-begins", "reserve_hourly 2006-10-01", state("404", 404), "otherwise"),
    (CSV, "csv-headings-5min", "newest lmp_rt_5min", text("Energy Comp", "The Part"), "otherwise"),
    (CSV, "csv-headings-reserve", "newest reserve_5min", text("Total Reserve", "All"), "otherwise"),
    (CSV, "csv-headings-reserve", "newest reserve_5min", text("Ten-Minute Requ", "U"),
     "as assumed"),
    (CSV, "csv-autumn-hour", f"reserve_hourly {AUTUMN}", text("02X", "25"), "otherwise"),
    (CSV, "csv-autumn-hour", f"reserve_5min {AUTUMN}", reversed_rows, "otherwise"),
    (CSV, "csv-autumn-hour", f"*{AUTUMN}", NO_DATA, "cannot be told"),
    (CSV, "csv-trailer", "newest reserve_hourly", no_trailer, "otherwise"),
    (CSV, "csv-trailer-count", "*", text('"T","[0-9]+', '"T","7'), "as assumed"),
    (CSV, "csv-static-cookie", "newest lmp_da_hourly", state("refused", 403, 403), "otherwise"),
    (CSV, "csv-blocked", "newest lmp_da_hourly", state("refused", 403, 403), "as assumed"),
    (CSV, "csv-blocked", "newest lmp_da_hourly", state("refused", 200, 200), "as assumed"),
    (CSV, "csv-blocked", "newest lmp_da_hourly", state("refused", 429), "otherwise"),
    (CSV, "csv-local-zones", "newest reserve_5min", text(',"",""', ",0.0,0.0"), "otherwise"),
    (CSV, "csv-local-zones", "newest reserve_5min", text(',"",""', ",1.5,2.5"), "otherwise"),
    (CSV, "csv-retired-names", "lmp_rt_5min 2017-03-01", text('"4001"', '"999"'), "as assumed"),
    (CSV, "csv-retired-names", "lmp_rt_5min 2017*", text("Energy Component", "Location Name"),
     "otherwise"),
    (API, "location-texts", "locations/all", without("LocationName"), "as assumed"),
    (CSV, "location-texts", "newest lmp_da_hourly", text('".Z.MAINE"', '""'), "as assumed"),
    (API, "location-retired", "newest lmp_da_hourly", text('"@LocId":"[0-9]+"', '"@LocId":"4000"'),
     "cannot be told"),
    (API, "empty-day", "constraints_da_hourly 2015-02-17", body(QUIET_DA), "as assumed"),
    (API, "empty-day", "constraints_da_hourly 2015-02-17", body(b"{}"), "otherwise"),
    (API, "empty-day", "constraints_da_hourly 2015-02-17", state("404", 404), "otherwise"),
    (API, "empty-day", "constraints_da_hourly 2015-02-17", body(b'{"Other":""}'), "otherwise"),
    (API, "constraints-published", "newest constraints_da_hourly", body(QUIET_DA), "otherwise"),
    (API, "info-latest", "info lmp_da_hourly", latest(-1), "otherwise"),
    (API, "info-latest", "info lmp_rt_5min", latest(1 / 6), "otherwise"),
    (API, "info-latest", "info lmp_rt_5min", body(b'{"ServiceInfo":{}}'), "otherwise"),
    (API, "info-latest", "newest lmp_da_hourly", body(b'{"HourlyLmps":""}'), "otherwise"),
    (API, "constraints-begin", "constraints_da_hourly 2003*", body(QUIET_DA), "cannot be told"),
    (API, "constraint-timestamps", "newest constraints_rt_5min", late(77), "as assumed"),
    (API, "constraint-timestamps", "newest constraints_rt_5min", late(3 * 86400), "otherwise"),
    (API, "constraint-timestamps", "newest constraints_rt_5min", body(QUIET_RT), "cannot be told"),
    (API, "contingency-left-out", "newest constraints_rt_5min", records(doubled), "otherwise"),
    (API, "marginal-left-out", "newest constraints_rt_5min", without("MarginalValue"),
     "as assumed"),
    (API, "marginal-left-out", "newest constraints_rt_5min", setting("MarginalValue", None),
     "as assumed"),
    (API, "prelim-published", "info lmp_rt_hourly prelim", latest(-48), "otherwise"),
    (CSV, "prelim-published", "lmp_rt_hourly * prelim", NO_DATA, "otherwise"),
    (API, "final-published", "newest regulation_5min", body(b'{"FiveMinRcps":""}'), "otherwise"),
    (API, "final-published", "info lmp_rt_5min", latest(-48), "otherwise"),
    (CSV, "final-published", "newest reserve_5min", NO_DATA, "otherwise"),
    (CSV, "prelim-reserve-file", "reserve_hourly * prelim", state("404", 404), "otherwise"),
    (CSV, "prelim-reserve-file", "reserve_hourly * prelim", NO_DATA, "cannot be told"),
    (CSV, "prelim-lmp-names", "lmp_rt_hourly * prelim", text(".Z.MAINE", ".Z.NEW"), "otherwise"),
    (CSV, "prelim-lmp-names", "lmp_rt_hourly * prelim", text('"Location"', '"Location ID"'),
     "otherwise"),
    (API, "strike-fields", "newest strike_da_hourly", without("percentile_10_rt_hub_lmp"),
     "as assumed"),
    (API, "strike-fields", "newest strike_da_hourly", without("strike_price"), "otherwise"),
    (API, "load-begins", "load_5min 2020*", body(NO_LOAD), "otherwise"),
    (API, "load-begins", "forecast_hourly 2024*", state("404", 404), "otherwise"),
    (API, "load-sums", "newest load_5min", setting("ArdDemand", -1), "otherwise"),
    (API, "load-sums", "newest load_hourly", setting("Load", 1), "otherwise"),
    (API, "load-gaps", "newest load_5min", records(lambda rows: rows.pop()), "as assumed"),
    (API, "load-fields", "newest load_5min", without("SystemLoadBtmPv"), "as assumed"),
    (API, "load-fields", "newest load_5min", without("NativeLoad"), "otherwise"),
    (CSV, "csv-load", "newest load_5min", text("Total Load", "The Load"), "otherwise"),
    (CSV, "csv-load", "newest load_5min", text(r"00:00:00", "24:00:00", 1), "otherwise"),
    (API, "forecast-publications", "newest forecast_hourly", records(lambda rows: rows.pop()),
     "otherwise"),
    (API, "forecast-publications", "newest forecast_hourly",
     records(lambda rows: rows.__delitem__(slice(0, 48))), "otherwise"),
    (API, "forecast-net", "newest forecast_hourly", setting("NetLoadMw", 1), "otherwise"),
    (API, "forecast-net", "newest forecast_hourly", setting("LoadAdjustmentMw", 5), "as assumed"),
    (API, "quarter-hour-constraints", "newest constraints_rt_15min",
     without("MarginalValueInterval"), "otherwise"),
    (API, "quarter-hour-constraints", "newest constraints_rt_15min", records(doubled),
     "otherwise"),
    (API, "prelim-kept", "lmp_rt_hourly_prelim 2025*", body(b'{"HourlyLmps":""}'), "otherwise"),
    (API, "fuel-snapshots", "newest fuel_mix", records(lambda rows: rows.__delitem__(slice(99))),
     "otherwise"),
    (API, "fuel-snapshots", "newest fuel_mix", body(b'{"GenFuelMixes":""}'), "cannot be told"),
    (CSV, "fuel-names", "newest fuel_mix", text("Nuclear", "Fusion"), "otherwise"),
    (CSV, "csv-supply", "newest fuel_mix", text("Fuel Category", "Fuel"), "otherwise"),
    (CSV, "csv-supply", "newest interchange_hourly", text("Interface", "Tie"), "otherwise"),
    (API, "supply-begins", "fuel_mix 2020-01-01", body(b'{"GenFuelMixes":""}'), "otherwise"),
    (API, "supply-begins", "flows_5min 2020*", state("404", 404), "otherwise"),
    (API, "necec-begins", "interchange_hourly 2026-01-16", text('"4018"', '"4010"'), "as assumed"),
    (API, "necec-begins", "newest interchange_hourly", text('"4018"', '"4010"'), "otherwise"),
    (API, "limit-totals", "newest flows_5min", setting("TotalImports", -1), "otherwise"),
    (API, "limit-totals", "newest flows_5min", setting("ExportLimit", 77), "otherwise"),
    (API, "imports-negative", "newest flows_5min", setting("Purchase", 5), "otherwise"),
    (API, "imports-negative", "newest interchange_hourly", setting("Sale", -5), "otherwise"),
    (API, "demand-settled", "newest demand_rt_hourly", body(b'{"HourlyRtDemands":""}'),
     "otherwise"),
    (API, "typeless-version", "no version", state("404", 404), "otherwise"),
    (API, "typeless-version", "no version", text(r"(\d)\.(\d+)", r"\1.9\2"), "otherwise"),
    (API, "current-day-ahead-services", "current reserve_da_hourly", day_before, "otherwise"),
    (API, "current-day-ahead-services", "current reserve*", state("404", 404), "otherwise"),
    (API, "current-others", "current regulation_5min", late(-3600), "otherwise"),
    (API, "current-others", "current lmp_da_hourly", state("404", 404), "otherwise"),
    (API, "location-unlisted", "unlisted location", state("ok", 200), "otherwise"),
    (API, "location-unlisted", "unlisted location", state("odd", 400), "otherwise"),
    (API, "current-in-list", "current regulation_5min", object_alone, "otherwise"),
    (API, "interval-begin-date", "newest reserve_5min", without("IntervalBeginDate"), "otherwise"),
    (API, "interval-begin-date", "newest reserve_5min", setting("IntervalBeginDate", "no"),
     "otherwise"),
    (API, "interval-begin-date", "newest reserve_hourly", setting("IntervalBeginDate", "yes"),
     "otherwise"),
    (CSV, "reserve-hourly-headings", "newest reserve_hourly", text("Hour Ending", "HE"),
     "otherwise"),
]  # fmt: skip
NEVER_TOLD = {
    *("averages-hours", "csv-constraints", "flows-gaps"),
    *("workbook-regulation", "workbook-spring"),
}


def verdicts(seen: Seen) -> dict[str, Verdict]:
    return judge(CHECKS, seen)


def test_page_and_code_have_the_same_lines_in_the_same_order() -> None:
    page = (PROJECT / "docs" / "unverified.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE) == IDS
    rows = [line for line in page.splitlines() if re.match(r"\| (?!id |-)", line)]
    assert len(rows) == len(IDS), "a line without an id"
    assert len(set(IDS)) == len(IDS)


def test_every_line_is_turned_over_here_or_known_to_be_open() -> None:
    assert {id for _, id, *_ in TURNED} | NEVER_TOLD == set(IDS)
    doctor = (PROJECT / "docs" / "doctor.md").read_text("utf-8")
    assert all(f"`{id}`" in doctor for id in NEVER_TOLD)


@pytest.mark.parametrize("source", [API, CSV])
def test_an_ordinary_sandbox_is_as_assumed(seen: Mapping[str, Seen], source: str) -> None:
    assert all(each.is_well for each in seen[source].answers.values())
    found = verdicts(seen[source])
    assert {id: found[id].word for id in EXPECTED[source]} == EXPECTED[source]
    assert "otherwise" not in {each.word for each in found.values()}


def test_each_source_says_which_lines_only_the_other_can_tell(seen: Mapping[str, Seen]) -> None:
    elsewhere = {id for s in seen.values() for id, v in verdicts(s).items() if v.elsewhere}
    assert not elsewhere & NEVER_TOLD
    told = {id for s in seen.values() for id, v in verdicts(s).items() if not v.elsewhere}
    assert told == set(IDS)


@pytest.mark.parametrize(
    ("source", "id", "name", "change", "word"),
    TURNED,
    ids=[f"{number}-{id}" for number, (_, id, *_) in enumerate(TURNED)],
)
def test_a_line_that_is_turned_over(
    seen: Mapping[str, Seen], source: str, id: str, name: str, change: Change, word: str
) -> None:
    verdict = verdicts(turned(seen[source], name, change))[id]
    assert verdict.word == word, verdict.why
    assert verdict.why
    assert not verdict.elsewhere


def test_a_path_without_version_that_gives_the_preliminary_one(seen: Mapping[str, Seen]) -> None:
    api = seen[API]
    prelim = next(
        a
        for n, a in api.answers.items()
        if n.startswith("regulation_5min") and n.endswith("prelim")
    )
    found = verdicts(turned(api, "no version", body(prelim.body)))["typeless-version"]
    assert (found.word, found.why) == ("otherwise", "the preliminary one")
    same = turned(
        turned(api, "no version", body(prelim.body)), "newest regulation_5min", body(prelim.body)
    )
    assert verdicts(same)["typeless-version"].word == "cannot be told"


def test_newest_days_without_constraints_and_congestion_tell_nothing(
    seen: Mapping[str, Seen],
) -> None:
    changed = seen[API]
    for name, content in (("da_hourly", QUIET_DA), ("rt_5min", QUIET_RT)):
        changed = turned(changed, f"newest constraints_{name}", body(content))
        no_congestion = text('"CongestionComponent": ?[-0-9.]+', '"CongestionComponent":0')
        changed = turned(changed, f"newest lmp_{name}", no_congestion)
        changed = turned(changed, f"newest lmp_{name}", as_ok)
    assert verdicts(changed)["constraints-published"].word == "cannot be told"


@pytest.mark.parametrize("source", [API, CSV])
def test_what_was_not_answered_tells_nothing(seen: Mapping[str, Seen], source: str) -> None:
    nothing = turned(seen[source], "*", state("no answer"))
    assert {each.word for each in verdicts(nothing).values()} == {"cannot be told"}


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'{"a":[1]}', b'{"a":{"b":[[]]}}', b"x"])
@pytest.mark.parametrize("source", [API, CSV])
def test_no_form_of_a_response_ends_the_doctor(
    seen: Mapping[str, Seen], source: str, content: bytes
) -> None:
    strange = turned(seen[source], "*", lambda answer: replace(answer, body=content, table=None))
    assert set(verdicts(strange)) == set(IDS)


def example(folder: Path, name: str, probe: Probe) -> Answer:
    return read(Answer(probe, "ok", statuses=(200,), body=(folder / name).read_bytes()), NOW.date())


def test_a_real_info_is_understood(examples_folder: Path) -> None:
    answer = example(examples_folder, "fiveminutelmp_info.json", Probe("info", "info"))
    assert answer.state == "ok"
    assert plans.published_day(answer) == dt.date(2026, 7, 27)


def test_real_locations_are_counted(examples_folder: Path, seen: Mapping[str, Seen]) -> None:
    real = body((examples_folder / "locations_all.json").read_bytes())
    changed = turned(seen[API], "locations/all", real)
    assert changed.answers["locations/all"].counts[0] == 1302
    assert verdicts(changed)["location-texts"].word in {"as assumed", "cannot be told"}


def test_a_real_current_record_in_a_list_is_read(examples_folder: Path) -> None:
    request = Request("constraints_da_hourly", dt.date(2026, 7, 27))
    probe = Probe("constraints", "x", request)
    answer = example(examples_folder, "dayaheadconstraints_current.json", probe)
    assert answer.state == "ok"
    assert len(answer.records) == 1


def test_the_head_of_a_real_report_is_read(examples_folder: Path) -> None:
    request = Request("lmp_da_hourly", dt.date(2026, 3, 17))
    probe = Probe("lmp_da_hourly 2026-03-17", "static", request, needed=True)
    answer = example(examples_folder, "WW_DALMP_ISO_20260317.head.csv", probe)
    assert answer.sheet is not None
    assert answer.sheet.column("Location ID")
    found = verdicts(Seen({probe.name: answer}, True, NOW))
    assert found["csv-static-cookie"].word == "as assumed"


def test_a_real_empty_day_of_the_market_day_form_is_read(cases_folder: Path) -> None:
    path = "01-daas-market-day/replay/api/v1.1/daasreservedata/day/20250624.json"
    request = Request("reserve_da_hourly", dt.date(2025, 6, 24))
    probe = Probe("reserve_da_hourly 2025-06-24", "x", request, needed=True)
    answer = example(cases_folder, path, probe)
    assert answer.state == "ok", answer.why
    assert len(answer.records) == 24
