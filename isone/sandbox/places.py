"""The synthetic network: the market's own hub, load zones and external nodes, and made-up nodes.

How a place's price hangs on the system's is fixed here: a share of the energy price lost or saved
on the way (`loss`), and a share of what each of three congested interfaces costs (`shares`).
"""

from dataclasses import dataclass
from functools import lru_cache

from isone.errors import UsageError
from isone.market.locations import CORE_LOCATIONS, HUB, RESERVE_ZONES
from isone.sandbox import noise

FIRST_NODE_ID = 10001
MOST_NODES = 20000
_RETIRED_EACH, _RETIRED_REST = 300, 108  # the eighth node, and each three hundredth after it

INTERFACES = ("northern export", "Boston import", "southwestern import")
"""What the three numbers of `Place.shares` stand for."""


CONSTRAINTS: tuple[tuple[str, str | int, str], ...] = (
    ("NORTHEXP", "Interface", "Y"),
    ("BOSTIMP", "Interface", "Y"),
    ("HERON-EGRET 1999 A LN", 399, "N"),
)
"""The same three as the lists of binding constraints have them: name, contingency, flag."""


@dataclass(frozen=True)
class Place:
    """A location as the service lists it, and how its price follows the system's."""

    id: int
    name: str
    type: str
    area: str
    node_type: str | None
    loss: int
    """Loss component, in 1/100,000 of the energy component."""
    shares: tuple[int, int, int]
    """Congestion component, in 1/1,000 of each interface's shadow price."""


_FACTORS = {
    4000: (650, (15, -10, -5)),
    4001: (-3200, (-900, 5, 0)),
    4002: (-500, (-250, 20, 0)),
    4003: (1400, (-120, -10, 20)),
    4004: (300, (10, -20, 400)),
    4005: (-600, (20, -30, 60)),
    4006: (350, (20, 100, 20)),
    4007: (550, (15, -15, 10)),
    4008: (750, (30, 650, -10)),
}

EXTERNAL_NODES = {
    4010: (".I.NORTHEAST345 1", -5500, (-950, 0, 0)),
    4011: (".I.WESTTIE  345 1", -1500, (5, -20, 150)),
    4012: (".I.NORTH_DC 345 5", -2500, (10, -10, 0)),
    4013: (".I.NORTHTIE 120 2", -1800, (-100, -10, 10)),
    4014: (".I.SOUND_DC 138 9", 900, (10, -20, 350)),
    4017: (".I.SOUND_AC 138 5", 1200, (10, -20, 450)),
    4018: (".I.NORTHNEW 345 1", -2000, (-600, 0, 0)),
}
"""The market's ids under synthetic names."""

_STATIONS = tuple(
    "AVOCET BITTERN BUNTING CURLEW DIPPER DUNLIN EGRET FULMAR GADWALL GANNET GODWIT GOSHAWK GREBE "
    "HARRIER HOBBY JACKDAW KESTREL LAPWING LINNET MERLIN NUTHATCH ORIOLE OSPREY PETREL PIPIT "
    "PLOVER POCHARD REDWING ROOK SHRIKE SISKIN SKUA SNIPE STARLING STONECHT TEAL TURNSTON TWITE "
    "WAGTAIL WHIMBREL WIGEON".split()
)
_VOLTAGES = ("13.8", "34.5", "115 ", "23  ", "69  ", "345 ")


@lru_cache(maxsize=8)
def priced_places(seed: int, nodes: int) -> tuple[Place, ...]:
    """Every place that has a price, by id: hub, eight zones, seven external nodes, the nodes.

    Raises UsageError for a number of nodes that cannot be.
    """
    if not 0 <= nodes <= MOST_NODES:
        raise UsageError(f"The sandbox can have 0 to {MOST_NODES} nodes, not {nodes}.")
    core = [
        Place(id_, name, type_, "INTERNAL", None, *_FACTORS[id_])
        for id_, (name, type_) in CORE_LOCATIONS.items()
    ]
    external = [
        Place(id_, name, "EXT. NODE", "EXTERNAL", None, loss, shares)
        for id_, (name, loss, shares) in EXTERNAL_NODES.items()
    ]
    return (*core, *external, *(_node(seed, number) for number in range(nodes)))


def listed_places(seed: int, nodes: int) -> tuple[Place, ...]:
    """What `locations/all` lists: the priced places, some retired nodes left out, and the zones."""
    zones = [
        Place(
            id_,
            name,
            "SYSTEM" if id_ == min(RESERVE_ZONES) else "RESERVE ZONE",
            "INTERNAL",
            None,
            0,
            (0, 0, 0),
        )
        for id_, name in RESERVE_ZONES.items()
    ]
    listed = (place for place in priced_places(seed, nodes) if not is_retired(place))
    return tuple(sorted((*listed, *zones), key=lambda place: place.id))


def is_retired(place: Place) -> bool:
    """Whether a priced node is in no list of locations any more: one of 12, four of 1,184."""
    return place.id >= FIRST_NODE_ID and place.id % _RETIRED_EACH == _RETIRED_REST


def _node(seed: int, number: int) -> Place:
    """A network node: its zone's price, and a little of its own."""
    zone = HUB + 1 + number % (len(CORE_LOCATIONS) - 1)
    loss, shares = _FACTORS[zone]
    own = noise.units(seed, "node", number, 1 + len(INTERFACES))
    unit_kind = number % 3 == 0
    station = _STATIONS[number % len(_STATIONS)]
    voltage = _VOLTAGES[number // len(_STATIONS) % len(_VOLTAGES)]
    return Place(
        id=FIRST_NODE_ID + number,
        name=f"{'UN' if unit_kind else 'LD'}.{station:<8}{voltage}{number:04d}",
        type="NETWORK NODE",
        area="INTERNAL",
        node_type="UNIT" if unit_kind else "LOAD",
        loss=loss + int((own[0] - 0.5) * 3000),
        shares=(
            int(shares[0] * (0.7 + 0.6 * own[1])),
            int(shares[1] * (0.7 + 0.6 * own[2])),
            int(shares[2] * (0.7 + 0.6 * own[3])),
        ),
    )
