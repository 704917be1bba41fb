"""What the order wishes of the map: which zones on which side, in which pattern, how dense, with how much.

No geometry here. Counts and volumes are settled by rule: of spacing, volume per point and the syringe's content, the
third follows from the other two, and what contradicts is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..intake import Order, Spot, ZoneOrder, region_id, technique_id
from ..knowledge import Edition, Technique, cited
from ..values import InputError, plain
from .document import Notice, Side
from .volumes import STEP_ML, shared

Say = Callable[..., str]
Pattern = Literal["grid", "lines", "threads", "fan", "named"]

# How a technique is laid out where the order does not say; a technique without a needle has no points to lay out.
_PATTERNS: dict[str, Pattern] = {"nappage": "lines", "epidermic": "lines", "linear-retrograde": "threads"}
# Regions whose zone is left out of a larger one unless it is named: a nose is not meant by "face".
_ONLY_BY_NAME = frozenset({"nose"})
LONGEST_NAME = 60  # of a painted zone, in letters
OWN_NAME = "Give each a name of its own"


@dataclass(frozen=True)
class Wish:
    """One zone on one side. `spacing_mm` None: it follows from the count. `asked` holds the zone's own lines of the
    order."""

    zone: str  # of the atlas; or the name of one that was painted freely
    side: Side
    pattern: Pattern
    spacing_mm: float | None
    pitch_mm: float | None
    asked: ZoneOrder

    @property
    def id(self) -> str:
        name = "-".join(re.findall(r"\w+", self.zone.casefold()))
        return name if self.side == "midline" else f"{name}-{self.side}"


def pattern_of(technique: str) -> Pattern:
    """How a technique's points are laid out by default."""
    return _PATTERNS.get(technique, "grid")


def wishes(
    order: Order,
    edition: Edition,
    language: str,
    *,
    zones: Sequence[str],
    sided: frozenset[str],
    named: frozenset[tuple[str, Side]] = frozenset(),
    painted: Callable[[Sequence[Spot]], Side] = lambda border: "midline",
) -> tuple[str, tuple[Wish, ...], tuple[Notice, ...]]:
    """The technique, one wish for each zone and side in the order in which they stand on the body, and what has to be
    asked. `zones` are the atlas's zones, `sided` those with a left and a right; `named` are zones that hold single
    named points, whether the order's areas name them or not; `painted` says on which side a border drawn by hand lies.

    Raises InputError where the order has no technique or no area, or where none of it can be laid out.
    """

    def say(key: str, **words: str) -> str:
        return edition.say(f"map.lay-{key}", language, **words)

    technique = technique_id(edition, order.technique) if order.technique else None
    if technique is None:
        known = ", ".join(id for id, record in edition.techniques.items() if record.device == "needle")
        raise InputError(
            "order.technique",
            f"'{order.technique}' is not a technique known here" if order.technique else "no technique is named",
            f"Name one of {known}",
        )
    record = edition.techniques[technique]
    if record.device in ("electroporation", "pressure"):
        raise InputError("order.technique", f"'{record.title['en']}' has no needle", "There are no points to lay out")
    notices: list[Notice] = []
    chosen = _zones(order, edition, zones, sided, painted, notices, say)
    spacing = _spacing(order, edition, record, notices, say) if chosen else None
    for zone, side in sorted(named):
        chosen.setdefault(zone, {}).setdefault(side, ZoneOrder(zone=zone, pattern="named"))
    out = []
    for zone in (*zones, *(name for name in chosen if name not in zones)):
        for side, asked in chosen.get(zone, {}).items():
            own = asked.spacing_mm or (None if asked.points else spacing)
            pattern = asked.pattern or pattern_of(technique)
            out.append(
                Wish(
                    zone=zone,
                    side=side,
                    pattern=pattern,
                    spacing_mm=None if own is None else float(own),
                    pitch_mm=None if asked.pitch_mm is None else float(asked.pitch_mm),
                    asked=asked,
                )
            )
    if not out:
        raise InputError(
            "order.areas",
            "none of the areas has a zone on the atlas" if order.areas else "no area is named",
            f"Name one or more of {', '.join(zones)}",
        )
    ids = [wish.id for wish in out]
    for place, asked in enumerate(order.map.zones):
        twice = next((wish for wish in out if wish.asked is asked and ids.count(wish.id) > 1), None)
        if twice is not None:
            raise InputError(f"order.map.zones[{place}].zone", f"two zones are called '{asked.zone}'", OWN_NAME)
    return technique, tuple(out), tuple(notices)


def _zones(
    order: Order,
    edition: Edition,
    zones: Sequence[str],
    sided: frozenset[str],
    painted: Callable[[Sequence[Spot]], Side],
    notices: list[Notice],
    say: Say,
) -> dict[str, dict[Side, ZoneOrder]]:
    """Zone → side → the zone's own lines. The order's areas name regions; `map.zones` names zones, and may narrow or
    add. A border under a name that is no zone's is a zone of its own, painted freely."""
    chosen: dict[str, dict[Side, ZoneOrder]] = {}

    def add(zone: str, asked: ZoneOrder, side: str) -> None:
        sides: tuple[Side, ...] = ("right", "left") if zone in sided else ("midline",)
        if side in ("left", "right"):
            sides = ("left",) if side == "left" else ("right",)  # of a zone on the midline, its half
            chosen.get(zone, {}).pop("midline", None)
        for one in sides:
            chosen.setdefault(zone, {})[one] = asked

    for name in order.areas:
        region = region_id(edition, name)
        inside = _zones_in(edition, region, zones) if region else ()
        if not inside:
            notices.append(Notice(kind="ask", about=name, text=say("no-zone", area=name, zones=", ".join(zones))))
        words = re.findall(r"\b(left|right|gauche|droite?)\b", name.casefold())
        side = "both" if len(set(words)) != 1 else ("left" if words[0] in ("left", "gauche") else "right")
        for zone in inside:
            add(zone, ZoneOrder(zone=zone), side)
    narrowed: set[str] = set()
    for place, asked in enumerate(order.map.zones):
        region = region_id(edition, asked.zone)
        inside = () if region is None else (region,) if region in zones else _zones_in(edition, region, zones)
        if asked.border and len(inside) != 1:
            side = painted(asked.border) if asked.side == "both" else asked.side
            if not re.search(r"\w", asked.zone) or len(asked.zone) > LONGEST_NAME:
                raise InputError(
                    f"order.map.zones[{place}].zone",
                    f"'{asked.zone}' is no name for a zone",
                    f"Name it with letters or numbers, {LONGEST_NAME} at most",
                )
            if side in chosen.get(asked.zone, {}):
                raise InputError(f"order.map.zones[{place}].zone", f"two zones are called '{asked.zone}'", OWN_NAME)
            chosen.setdefault(asked.zone, {})[side] = asked
            continue
        if not inside:
            raise InputError(
                f"order.map.zones[{place}].zone",
                f"'{asked.zone}' is no zone of the atlas",
                f"Name one of {', '.join(zones)}, or give the border of one that is painted",
            )
        for zone in inside:
            if asked.side != "both" and zone not in narrowed:
                chosen.pop(zone, None)  # naming one side leaves the other out
            narrowed.add(zone)
            add(zone, asked, asked.side)
    return chosen


def _zones_in(edition: Edition, region: str, zones: Sequence[str]) -> tuple[str, ...]:
    """The zones that are the region or lie in it; a zone with zones of its own inside gives way to none of them."""
    if region in zones and region in _ONLY_BY_NAME:
        return (region,)

    def lies_in(zone: str) -> bool:
        here: str | None = zone
        while here is not None:
            if here == region:
                return True
            here = edition.regions[here].parent
        return False

    return tuple(zone for zone in zones if lies_in(zone) and zone not in _ONLY_BY_NAME)


def _spacing(order: Order, edition: Edition, record: Technique, notices: list[Notice], say: Say) -> Decimal | None:
    """The spacing for every zone that has none of its own; None where the order's number of points decides."""
    if order.spacing_mm is not None or order.points is not None:
        return None if order.points is not None else order.spacing_mm
    if all(zone.spacing_mm or zone.points for zone in order.map.zones) and order.map.zones and not order.areas:
        return None
    bounds = record.spacing_mm
    if bounds is None:
        raise InputError(
            "order.spacing_mm",
            f"no spacing is ordered, and none is published for '{record.title['en']}'",
            "Give spacing_mm, or points",
        )
    low, high = bounds
    notices.append(
        Notice(
            kind="ask",
            about="spacing",
            text=say("spacing", low=plain(low), high=plain(high)),
            sources=cited(edition, record.source),
        )
    )
    return high


def budget_ml(order: Order) -> Decimal | None:
    """What the syringes hold: the volumes of the mixture; None where one is missing."""
    volumes = [line.volume_ml for line in order.mixture]
    if not volumes or any(volume is None for volume in volumes):
        return None
    return sum((volume for volume in volumes if volume is not None), Decimal(0))


def volumes(
    order: Order, laid: Sequence[tuple[Wish, Sequence[Decimal | None]]], edition: Edition, language: str
) -> tuple[tuple[tuple[Decimal, ...] | None, ...], tuple[Notice, ...]]:
    """For each zone the volume of each of its points, mL (None: nothing says), and what has to be asked. `laid`: each
    wish with one entry a point, its own volume where it has one.

    A point's own volume counts before its zone's, and that before the order's. Where the mixture's volumes are known
    the points hold exactly that; volumes that would need another amount are asked about, and drawn with what there is.
    """
    wanted = _wanted(order, laid)
    flat = [value for zone in wanted for value in zone]
    known = [value for value in flat if value is not None]
    budget = budget_ml(order)

    def say(key: str, **words: str) -> str:
        return edition.say(f"map.lay-{key}", language, **words)

    if budget is None or not flat:
        notes = (Notice(kind="ask", about="volume", text=say("volume")),) if len(known) < len(flat) else ()
        return tuple(None if None in zone else tuple(v for v in zone if v is not None) for zone in wanted), notes
    fixed, free = sum(known, Decimal(0)), len(flat) - len(known)
    notices: list[Notice] = []
    rest = (budget - fixed) / free if free and fixed < budget else Decimal(1)
    if (fixed >= budget) if free else abs(fixed - budget) > STEP_ML * len(flat):
        words = {
            "points": str(len(flat)),
            "needed": plain(fixed.quantize(Decimal("0.01"))),
            "held": plain(budget),
            "each": plain((budget / len(flat)).quantize(STEP_ML)),
        }
        notices.append(Notice(kind="ask", about="volume", text=say("mismatch", **words)))
    parts = iter(shared(budget, [rest if value is None else value for value in flat]))
    return tuple(tuple(next(parts) for _ in zone) for zone in wanted), tuple(notices)


def _wanted(order: Order, laid: Sequence[tuple[Wish, Sequence[Decimal | None]]]) -> list[list[Decimal | None]]:
    """What is ordered for each point of each zone, mL. A zone's volume is shared by its sides."""
    wanted: list[list[Decimal | None]] = [
        [own if own is not None else wish.asked.volume_per_point_ml for own in owns] for wish, owns in laid
    ]
    for asked in {id(wish.asked): wish.asked for wish, _ in laid}.values():
        if asked.volume_ml is None:
            continue
        places = [
            (zone, point)
            for zone, (wish, _) in enumerate(laid)
            for point, value in enumerate(wanted[zone])
            if wish.asked is asked and value is None
        ]
        spent = sum(
            (v for zone, (wish, _) in enumerate(laid) if wish.asked is asked for v in wanted[zone] if v is not None),
            Decimal(0),
        )
        if places and asked.volume_ml > spent:
            for (zone, point), part in zip(
                places, shared(asked.volume_ml - spent, [Decimal(1)] * len(places)), strict=True
            ):
                wanted[zone][point] = part
    return [[order.volume_per_point_ml if value is None else value for value in zone] for zone in wanted]
