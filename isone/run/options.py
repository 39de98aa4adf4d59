"""The configuration as a person writes it: each key with type, limits, default and description.

`schemas/config.schema.yaml` is written from it (`python -m isone.run.schemas --write`).
"""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from msgspec import Meta, Struct

from isone.market import flaws
from isone.market.datasets import ALL, DATA_TYPES, EVERYTHING, words_of

_THIRTY_DAYS = 2592000  # seconds

if TYPE_CHECKING:  # the words follow from the table of datasets
    _DataType: TypeAlias = str
    _Market: TypeAlias = str
    _Service: TypeAlias = str
else:
    _DataType = Literal[(*DATA_TYPES, ALL, EVERYTHING)]
    _Market = Literal[words_of("markets")]
    _Service = Literal[words_of("services")]
_IN_ALL = " ".join(each.name for each in DATA_TYPES.values() if each.in_all)
_Source = Literal["auto", "webservices", "reports", "sandbox"]
_Revision = Literal["latest", "final", "both"]


def _in_order(words: Any) -> Meta:
    """The words of a type in the order in which a sentence names them; msgspec sorts them."""
    return Meta(extra={"words": get_args(words)})


_Place = Annotated[str, Meta(pattern=r"^(hubs|all|[0-9]{1,9})$", examples=["hubs", "all", 4000])]
_Address = Annotated[
    str,
    Meta(pattern=r"^https?://[^/@\s]+(/[^@\s]*)?$", examples=["http://127.0.0.1:8080/api/v1.1"]),
]
_Folder = Annotated[str, Meta(min_length=1)]
_Patience = Annotated[float, Meta(gt=0, le=_THIRTY_DAYS)]


class AcceptedFlaw(Struct, frozen=True, forbid_unknown_fields=True):
    """A flaw of ISO-NE's own, on one day of a dataset, that the user accepts, and why."""

    dataset: str
    day: dt.date
    reason: Annotated[str, Meta(min_length=1)]
    flaw: str = flaws.MISSING


_Flaw = Annotated[
    AcceptedFlaw,
    Meta(examples=['{dataset: reserve_5min, day: 2024-06-01, reason: "never published"}']),
]


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key of config.yaml and of --config; text is coerced to these types first."""

    years: Annotated[
        tuple[str, ...],
        Meta(
            description='Years to download, such as 2024, 2019-2023, "2025 2024 2019-2023" or '
            "[2024, 2025]."
        ),
    ] = ()
    data_types: Annotated[
        tuple[Annotated[_DataType, _in_order(_DataType)], ...],
        Meta(
            min_length=1,
            description=", ".join(f"{each.name} ({each.short})" for each in DATA_TYPES.values())
            + f"; all means {_IN_ALL}, everything each of them.",
        ),
    ] = ("lmp", "as")
    markets: Annotated[
        tuple[Annotated[_Market, _in_order(_Market)], ...],
        Meta(
            min_length=1,
            description="For lmp and constraints, da (day-ahead hourly) and rt (real-time "
            "five-minute); for lmp also rt-hourly (real-time hourly), for constraints rt-15min; "
            "for prelim, rt and rt-hourly.",
        ),
    ] = ("da", "rt")
    services: Annotated[
        tuple[Annotated[_Service, _in_order(_Service)], ...],
        Meta(
            min_length=1,
            description="For as, regulation and reserves (five-minute), day-ahead, "
            "day-ahead-strikes, regulation-hourly, reserves-hourly.",
        ),
    ] = ("regulation", "reserves")
    locations: Annotated[
        tuple[_Place, ...],
        Meta(
            min_length=1,
            description="hubs (the hub and the eight load zones), all, or a list of location ids.",
        ),
    ] = ("hubs",)
    newest_first: Annotated[
        bool, Meta(description="Download newer years and days before older ones.")
    ] = True
    source: Annotated[
        _Source,
        _in_order(_Source),
        Meta(
            description="webservices (the API, free account), reports (public CSV, no account), "
            "sandbox (synthetic prices, no network) or auto (the API with an account, "
            "else the reports)."
        ),
    ] = "auto"
    revision: Annotated[
        _Revision,
        _in_order(_Revision),
        Meta(
            description="latest (recent days preliminary where final prices are not out, replaced "
            "by them later), final (days that are final, nothing else) or both (as "
            "latest, and preliminary responses are kept beside the final ones)."
        ),
    ] = "latest"
    smd: Annotated[
        str | None,
        Meta(
            description="ISO-NE's yearly workbook of hourly zonal data (.xlsx), for the target "
            "`reconcile` to compare with."
        ),
    ] = None
    recheck_days: Annotated[
        int,
        Meta(
            ge=1,
            le=36600,
            description="How many of the newest final days the target `recheck` asks for again.",
        ),
    ] = 7
    base_url: Annotated[
        _Address | None,
        Meta(
            description="Another address of the same service; of a running sandbox, with source "
            "sandbox."
        ),
    ] = None
    through: Annotated[
        dt.date | None,
        Meta(
            description="Last operating day to download (YYYY-MM-DD); by default the newest that "
            "is published."
        ),
    ] = None
    downloads: Annotated[
        str | None,
        Meta(
            description="A JSON file with custom downloads (name, script, args, stop_on_failure)."
        ),
    ] = None
    stop_on_failure: Annotated[
        bool, Meta(description="Start no further download once one has failed for good.")
    ] = False
    retry_delay: Annotated[
        float,
        Meta(
            ge=0,
            le=_THIRTY_DAYS,
            description="Seconds to wait before a download's second attempt; doubled before each "
            "later one.",
        ),
    ] = 300
    data_dir: Annotated[_Folder, Meta(description="Folder of everything that is downloaded.")] = (
        "data"
    )
    log_dir: Annotated[_Folder, Meta(description="Folder of the logs, one per attempt.")] = "logs"
    database: Annotated[
        str | None,
        Meta(
            description="PostgreSQL to load into, such as postgresql://user@host/name or "
            "service=NAME; no password in it."
        ),
    ] = None
    timescaledb: Annotated[
        bool,
        Meta(
            description="In PostgreSQL, make hypertables of the TimescaleDB extension instead of "
            "yearly partitions."
        ),
    ] = False
    refetch: Annotated[
        bool,
        Meta(
            description="In a deep check, move damaged responses aside, so that the next run "
            "fetches just these again."
        ),
    ] = False
    accepted_flaws: Annotated[
        tuple[_Flaw, ...],
        Meta(
            description="Flaws of ISO-NE's own, each with dataset, day (YYYY-MM-DD), flaw "
            "(missing, unless given) and reason."
        ),
    ] = ()
    connect_timeout: Annotated[_Patience, Meta(description="Seconds to wait for a connection.")] = (
        15
    )
    read_timeout: Annotated[
        _Patience, Meta(description="Seconds without a byte after which a try is given up.")
    ] = 60
    total_timeout: Annotated[
        _Patience,
        Meta(description="Seconds after which a try is given up, whatever it has received."),
    ] = 300
    backoff_first: Annotated[
        _Patience,
        Meta(description="Seconds of the first wait after a 429, a 5xx or a transport error."),
    ] = 5
    backoff_longest: Annotated[
        _Patience,
        Meta(description="Seconds that one such wait may reach; each is twice the one before."),
    ] = 300
    backoff_total: Annotated[
        _Patience,
        Meta(description="Seconds of waiting for one request after which the attempt fails."),
    ] = 1200
    ca_bundle: Annotated[
        str | None,
        Meta(description="A file of certificate authorities to trust instead of the system's."),
    ] = None
    sandbox_nodes: Annotated[
        int,
        Meta(
            ge=0,
            description="Network nodes of the sandbox besides hub, zones and external nodes; 1184 "
            "is full scale.",
        ),
    ] = 12
    sandbox_latency: Annotated[
        float, Meta(ge=0, le=86400, description="Seconds the sandbox takes over each response.")
    ] = 0
    sandbox_faults: Annotated[
        tuple[str, ...],
        Meta(
            description="Faults the sandbox commits, as `python -m isone.sandbox --list-faults` "
            "names them."
        ),
    ] = ()
