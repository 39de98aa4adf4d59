"""Locations, reserve zones and interfaces that are always there, by ISO-NE's ids."""

import datetime as dt
from typing import Final, Literal

HUB = 4000
CORE_LOCATIONS: Final[dict[int, tuple[str, str]]] = {
    4000: (".H.INTERNAL_HUB", "HUB"),
    4001: (".Z.MAINE", "LOAD ZONE"),
    4002: (".Z.NEWHAMPSHIRE", "LOAD ZONE"),
    4003: (".Z.VERMONT", "LOAD ZONE"),
    4004: (".Z.CONNECTICUT", "LOAD ZONE"),
    4005: (".Z.RHODEISLAND", "LOAD ZONE"),
    4006: (".Z.SEMASS", "LOAD ZONE"),
    4007: (".Z.WCMASS", "LOAD ZONE"),
    4008: (".Z.NEMASSBOST", "LOAD ZONE"),
}
"""The hub and the eight load zones: id → (name, type). `locations=hubs` means these."""

SPOKEN_NAMES: Final = {
    ".H.INTERNAL_HUB": "Hub",
    ".Z.MAINE": "Maine",
    ".Z.NEWHAMPSHIRE": "New Hampshire",
    ".Z.VERMONT": "Vermont",
    ".Z.CONNECTICUT": "Connecticut",
    ".Z.RHODEISLAND": "Rhode Island",
    ".Z.SEMASS": "SEMA",
    ".Z.WCMASS": "WCMA",
    ".Z.NEMASSBOST": "NEMA/Boston",
}
"""The hub and the load zones as people say them, by ISO-NE's names."""
POOL: Final = (32, "NEPOOL AREA")
"""All of New England: id and name, where load is published for the whole of it."""

RESERVE_ZONES: Final = {7000: "ROS", 7001: "SWCT", 7002: "CT", 7003: "NEMABSTN"}

INTERFACES: Final = {
    4010: ".I.SALBRYNB345 1",
    4011: ".I.ROSETON 345 1",
    4012: ".I.HQ_P1_P2345 5",
    4013: ".I.HQHIGATE120 2",
    4014: ".I.SHOREHAM138 99",
    4017: ".I.NRTHPORT138 5",
    4018: ".I.HQMRL_RD345 1",
}
"""The ties to New Brunswick, New York and Quebec: id → name."""
INTERFACES_SINCE: Final = {4018: dt.date(2026, 2, 1)}
"""From when on an interface owes its rows; before that it may have some, or none."""

ALL_LOCATIONS: Final = "all"
Locations = tuple[int, ...] | Literal["all"]
HUBS: tuple[int, ...] = tuple(CORE_LOCATIONS)
