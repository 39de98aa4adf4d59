"""The eight load zones as areas, drawn by hand for the page: a few dozen corners, no survey.

Corners are longitude and latitude. Borders of states are those of the zones but in Massachusetts,
whose three zones roughly follow counties.
"""

from dataclasses import dataclass

_WEST, _NORTH = -73.9, 47.6
_SCALE = 60  # pixels of a degree of latitude
_NARROW = 0.735  # a degree of longitude there, in degrees of latitude
WIDTH, HEIGHT = 350, 410

_Corner = tuple[float, float]
_RIVER: list[_Corner] = [  # the Connecticut, from Canada to Massachusetts
    *((-71.5, 45.01), (-71.6, 44.5), (-72.03, 44.08), (-72.33, 43.6), (-72.4, 43.35)),
    *((-72.45, 43.1), (-72.46, 42.73)),
]
_MAINES_WEST: list[_Corner] = [
    *((-70.7, 43.07), (-70.82, 43.24), (-70.97, 43.4), (-70.97, 43.9), (-71.03, 44.65)),
    (-71.08, 45.3),
]
_WORCESTER: list[_Corner] = [(-71.6, 42.7), (-71.55, 42.45), (-71.5, 42.25)]
_BOSTON: list[_Corner] = [(-71.5, 42.25), (-71.15, 42.2), (-71.0, 42.3)]
_RHODE_ISLANDS_EAST: list[_Corner] = [
    *((-71.12, 41.49), (-71.13, 41.66), (-71.34, 41.8), (-71.38, 42.02), (-71.5, 42.01)),
]
_CORNERS: dict[int, list[_Corner]] = {
    4001: [
        *_MAINES_WEST,
        *((-70.85, 45.24), (-70.4, 45.73), (-70.26, 45.95), (-70.31, 46.19), (-70.05, 46.42)),
        *((-69.99, 46.7), (-69.23, 47.46), (-68.9, 47.18), (-68.33, 47.36), (-67.79, 47.07)),
        *((-67.78, 45.94), (-67.8, 45.69), (-67.45, 45.6), (-67.47, 45.28), (-66.97, 44.8)),
        *((-67.55, 44.53), (-68.2, 44.3), (-68.8, 44.4), (-69.05, 44.05), (-69.75, 43.75)),
        *((-70.2, 43.6), (-70.55, 43.25)),
    ],
    4002: [*_RIVER, *((-71.3, 42.7), (-71.18, 42.79), (-70.81, 42.88)), *_MAINES_WEST],
    4003: [
        *_RIVER,
        *((-73.26, 42.75), (-73.25, 43.55), (-73.39, 44.0), (-73.33, 44.4), (-73.34, 45.01)),
    ],
    4004: [
        *((-73.49, 42.05), (-72.75, 42.03), (-71.8, 42.02), (-71.79, 41.6), (-71.86, 41.31)),
        *((-72.9, 41.24), (-73.65, 40.99), (-73.73, 41.1), (-73.48, 41.21), (-73.55, 41.3)),
    ],
    4005: [
        *((-71.8, 42.02), *reversed(_RHODE_ISLANDS_EAST)),
        *((-71.48, 41.36), (-71.86, 41.31), (-71.79, 41.6)),
    ],
    4006: [
        *_BOSTON,
        *((-70.72, 42.2), (-70.65, 41.95), (-70.53, 41.78), (-70.1, 41.77), (-70.0, 41.87)),
        *((-70.08, 42.02), (-70.22, 42.08), (-69.97, 41.9), (-69.95, 41.67), (-70.63, 41.53)),
        (-70.72, 41.72),
        *_RHODE_ISLANDS_EAST,
        (-71.48, 42.13),
    ],
    4007: [
        *((-73.26, 42.75), (-72.46, 42.73)),
        *_WORCESTER,
        *((-71.48, 42.13), (-71.5, 42.01), (-71.8, 42.02), (-72.75, 42.03), (-73.49, 42.05)),
    ],
    4008: [
        *_WORCESTER,
        *_BOSTON[1:],
        *((-70.9, 42.45), (-70.6, 42.66), (-70.81, 42.88), (-71.18, 42.79), (-71.3, 42.7)),
    ],
}
_LABELS: dict[int, _Corner] = {
    **{4001: (-69.2, 45.4), 4002: (-71.55, 43.6), 4003: (-72.75, 44.2), 4004: (-72.7, 41.62)},
    **{4005: (-70.95, 41.1), 4006: (-69.45, 42.05), 4007: (-72.4, 42.4), 4008: (-69.75, 42.65)},
}
"""Where a zone's name is: within it, or beside one that is too small, out at sea."""


@dataclass(frozen=True)
class Area:
    """A zone as SVG has it: the path of its outline, and where its name is, in pixels."""

    zone: int
    name: str
    path: str
    x: float
    y: float


def areas(names: dict[int, str]) -> list[Area]:
    """The zones that have a name here."""
    return [
        Area(zone, names[zone], _path(corners), *_place(_LABELS[zone]))
        for zone, corners in _CORNERS.items()
        if zone in names
    ]


def _path(corners: list[_Corner]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in map(_place, corners)) + "Z"


def _place(corner: _Corner) -> tuple[float, float]:
    longitude, latitude = corner
    x, y = (longitude - _WEST) * _NARROW * _SCALE, (_NORTH - latitude) * _SCALE
    return round(x, 1), round(y, 1)
