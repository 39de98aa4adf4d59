"""The public reports: the synthetic service's responses once more, as comma-separated text.

Layout, headings and oddities follow the real ones: comments, two lines of headings, a trailer whose
count is that of the data in some and not in others, an hour that comes twice written `02X` where
there are places and simply twice in the others, five-minute prices without names, preliminary hours
without ids, hourly reserve prices without names and requirements.
"""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from isone.market import market_time
from isone.market.dataset import Dataset
from isone.market.datasets import DATASETS
from isone.market.requests import Request
from isone.sandbox.feeds import MalformedError, read_day
from isone.sandbox.response import Response, html_response
from isone.sandbox.synthetic import Synthetic

_PAGE = re.compile(r"/isoexpress/web/reports/[a-z0-9/-]+/-/tree/[a-z0-9-]+")
COOKIE = "isox_token=synthetic"
_CSV = "text/csv"
_NO_DATA = b"No data exists for this period."
_ON_REQUEST = "/transform/"
_WITH_BLANKS = "reserve_5min"
"""Its headings have a blank before each quote."""
_WITHOUT_REQUIREMENTS = "reserve_hourly"
"""It has prices before megawatts, ids without names, and no requirements."""
FIRST_DAYS = {"lmp_da_hourly": dt.date(2016, 1, 1)}
"""The first days of reports that begin later than the prices."""
_COUNTED = "reserve_da_hourly"
"""Its trailer counts the lines of data, and comes where there are none, too."""
_OF_LOAD = ("load_5min", "load_hourly")
"""They have other headings of time."""
_PLACELESS = (*_OF_LOAD, "fuel_mix")
"""They say nothing of a place."""
_TIES = "interchange_hourly"
"""It has names without ids, and other headings of time."""
_NO_PLACE = ("Local Date", "Hour Ending", "Location ID")
"""The first columns of a report whose prices are of no place."""
_LONGEST = 366  # days that one report made on request may be of


class ReportFiles:
    """Answers the public host's paths from the responses of the synthetic service."""

    def __init__(self, synthetic: Synthetic) -> None:
        """Serve reports of this service's prices."""
        self._synthetic = synthetic

    def answer(self, target: str, cookies: str, at: dt.datetime) -> Response | None:
        """The answer to a path with its query; None for what is no path of the public host."""
        path = urlsplit(target).path
        if is_page(path):
            cookie = ("Set-Cookie", f"{COOKIE}; Path=/; HttpOnly")
            return html_response(200, "Reports", "The sandbox hands out cookies here.", cookie)
        if path.startswith("/histRpts/"):
            target = f"/static-transform/csv{target}"
        found = _asked_for(target)
        if found is None:
            return None
        if path.startswith(_ON_REQUEST) and COOKIE not in cookies:
            return html_response(403, "Forbidden", "Get a page first.")
        dataset, prelim, requests = found
        records = [
            record
            for request in requests
            for path in _api_paths(dataset, prelim, request)
            for record in _records(dataset, prelim, self._synthetic.answer(path, at))
        ]
        if not records and dataset.name != _COUNTED:
            return Response(200, _NO_DATA, _CSV)
        return Response(200, _write(dataset, prelim, requests, records), _CSV)


def is_page(path: str) -> bool:
    """Whether a path is that of a page of reports; each of them hands out the cookie."""
    return _PAGE.fullmatch(path) is not None


def _asked_for(target: str) -> tuple[Dataset, bool, list[Request]] | None:
    """The dataset, whether in its preliminary version, and the requests that a target asks for."""
    for dataset in DATASETS.values():
        if dataset.public_csv is None:
            continue
        for version in dataset.versions:
            prelim = version == "prelim"
            path = dataset.public_csv.path.replace("{version}", version)
            pattern = re.escape(f"/{path}").replace(r"\{day\}", "(?P<day>[0-9]{8})", 1)
            pattern = pattern.replace(r"\{day\}", "(?P<last>[0-9]{8})")
            pattern = pattern.replace(r"\{hours\}", "(?P<first>[0-9]{2})-[0-9]{2}")
            match = re.fullmatch(pattern, target)
            if match:
                named = match.groupdict()
                try:
                    first = read_day(named["day"])
                    last = read_day(named.get("last", named["day"]))
                except MalformedError:
                    return None
                if not 0 <= (last - first).days < _LONGEST:
                    return None
                block = int(named["first"]) if "first" in named else None
                days = market_time.days(max(first, FIRST_DAYS.get(dataset.name, first)), last)
                return dataset, prelim, [Request(dataset.name, day, block=block) for day in days]
    return None


def _api_paths(dataset: Dataset, prelim: bool, request: Request) -> list[str]:
    """Where the web services have the same prices; those of some hours hour by hour."""
    request = replace(request, prelim=prelim)
    requests = [request]
    if request.block is not None and dataset.public_csv is not None:
        hours = range(request.block, request.block + dataset.public_csv.block_hours)
        requests = [replace(request, block=None, hour=hour) for hour in hours]
    return [dataset.request.url_path(each) for each in requests]


def _records(dataset: Dataset, prelim: bool, response: Response) -> list[Any]:
    if response.status != 200:
        return []
    content = json.loads(response.body)
    for key in dataset.wrapper:
        key = key.replace("Final", "Prelim") if prelim else key
        content = content.get(key, "") if isinstance(content, dict) else ""
    return [content] if isinstance(content, dict) else list(content or ())


def _headings(dataset: Dataset) -> dict[str, str]:
    """The fields that a report has, each with its heading, in the order of its columns."""
    assert dataset.public_csv is not None  # noqa: S101 - _asked_for found it by its report
    headings = {field: names[0] for field, names in dataset.public_csv.headings.items()}
    if dataset.name != _WITHOUT_REQUIREMENTS:
        return headings
    fields = [field for field in headings if "Requirement" not in field]
    fields.sort(key=lambda field: not field.endswith("Price"))
    return {field: headings[field] for field in fields}


def _write(dataset: Dataset, prelim: bool, requests: list[Request], records: list[Any]) -> bytes:
    headings = _headings(dataset)
    firsts = _first_headings(dataset, prelim, records[0]) if records else list(_NO_PLACE)
    text = io.StringIO(newline="")
    words = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    first, last = requests[0].day, requests[-1].day
    words.writerow(["C", dataset.title])
    words.writerow(["C", f"Filename: {dataset.name}_{first:%Y%m%d}.csv"])
    words.writerow(["C", f"Report for: {first:%m/%d/%Y} - {last:%m/%d/%Y}"])
    words.writerow(["C", "Report generated by the sandbox: the prices are synthetic"])
    between = ", " if dataset.name == _WITH_BLANKS else ","
    names = ["H", *firsts, *headings.values()]
    text.write(between.join(f'"{name}"' for name in names) + "\r\n")
    words.writerow(["H", *("String" for _ in firsts), *("Number" for _ in headings)])
    timed: dict[str, tuple[str, ...]] = {}
    for record in records:
        begins = _begins(dataset, record)
        if begins not in timed:
            timed[begins] = tuple(text for _, text in _time(dataset, begins))
        place = [text for _, text in _place(dataset, prelim, record)]
        prices = [record.get(field, "") for field in headings]
        numbers = [v if isinstance(v, str) else float(v) for v in prices]
        words.writerow(["D", *timed[begins], *place, *numbers])
    counted = len(records) + (dataset.name != _COUNTED)
    words.writerow(["T", f"{counted} lines"])
    return text.getvalue().encode()


def _first_headings(dataset: Dataset, prelim: bool, record: Any) -> list[str]:
    """The headings of the columns of time and place."""
    columns = (*_time(dataset, _begins(dataset, record)), *_place(dataset, prelim, record))
    return [heading for heading, _ in columns]


def _begins(dataset: Dataset, record: Any) -> str:
    """The timestamp of a record."""
    timestamp = record
    for key in dataset.begins:
        timestamp = timestamp[key]
    return str(timestamp)


def _time(dataset: Dataset, timestamp: str) -> Iterator[tuple[str, str]]:
    """The columns of time, each under its heading."""
    begins = market_time.local_time(market_time.parse_timestamp(timestamp))
    if dataset.times.minutes is None:
        yield "Date", f"{begins:%m/%d/%Y}"
        yield "Time", f"{begins:%H:%M:%S}"
        return
    if dataset.interval_minutes < 60:
        form = "%H:%M:%S" if dataset.chooses_locations else "%m/%d/%Y %H:%M:%S"
        yield "Date/Time" if dataset.name in _OF_LOAD else "Local Time", f"{begins:{form}}"
        return
    again = "X" if begins.fold and dataset.id_key else ""
    is_plain = dataset.name != _TIES and (dataset.id_key or dataset.name in _OF_LOAD)
    yield "Date" if is_plain else "Local Date", f"{begins:%m/%d/%Y}"
    yield (
        "Local Hour Ending" if dataset.name == _TIES else "Hour Ending",
        f"{begins.hour + 1:02d}{again}",
    )


def _place(dataset: Dataset, prelim: bool, record: Any) -> Iterator[tuple[str, str]]:
    """The columns of place, each under its heading."""
    key = dataset.id_key
    if key and dataset.name == _TIES:
        yield "Interface Name", record[key.outer][key.inner[2]]
    elif key and key.outer:
        of_id, of_type, of_name = key.inner
        location = record[key.outer]
        if dataset.interval_minutes < 60:
            yield "Location ID", location[of_id]
        elif prelim:
            yield "Location", location[of_name]
        else:
            yield "Location ID", location[of_id]
            yield "Location Name", location[of_name]
            yield "Location Type", location[of_type]
    elif key and dataset.name == _WITHOUT_REQUIREMENTS:
        yield "Location ID", str(record[key.field])
    elif key:
        yield "Reserve Zone ID", str(record[key.field])
        yield "Reserve Zone Name", record[key.name_field]
    elif dataset.name not in _PLACELESS:
        yield "Location ID", "7000"
