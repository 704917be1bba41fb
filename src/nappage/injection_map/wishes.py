"""What the order wishes of the map: which zones on which side, in which pattern, how dense, with how much.

No geometry here. Counts and volumes are settled by rule: of spacing, volume per point and the syringe's content, the
third follows from the other two, and what contradicts is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..intake import Order, ZoneOrder, region_id, technique_id
from ..knowledge import Edition, Technique, cited
from ..values import InputError, plain
from .document import Notice, Side
from .volumes import shared

Say = Callable[..., str]
Pattern = Literal["grid", "lines", "threads", "fan", "named"]

# How a technique is laid out where the order does not say; a technique without a needle has no points to lay out.
_PATTERNS: dict[str, Pattern] = {"nappage": "lines", "epidermic": "lines", "linear-retrograde": "threads"}
# Regions whose zone is left out of a larger one unless it is named: a nose is not meant by "face".
_ONLY_BY_NAME = frozenset({"nose"})


@dataclass(frozen=True)
class Wish:
    """One zone on one side. `spacing_mm` None: it follows from the count. `asked` holds the zone's own lines of the
    order."""

    zone: str
    side: Side
    pattern: Pattern
    spacing_mm: float | None
    pitch_mm: float | None
    asked: ZoneOrder

    @property
    def id(self) -> str:
        return self.zone if self.side == "midline" else f"{self.zone}-{self.side}"


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
    named: Mapping[tuple[str, Side], ZoneOrder] | None = None,
) -> tuple[str, tuple[Wish, ...], tuple[Notice, ...]]:
    """The technique, one wish for each zone and side in the order in which they stand on the body, and what has to be
    asked. `zones` are the atlas's zones, `sided` those with a left and a right; `named` are zones that hold single
    named points, whether the order's areas name them or not.

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
    chosen = _zones(order, edition, zones, sided, notices, say)
    spacing = _spacing(order, edition, record, notices, say) if chosen else None
    for (zone, side), asked in (named or {}).items():
        chosen.setdefault(zone, {}).setdefault(side, asked)
    out = []
    for zone in zones:
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
    return technique, tuple(out), tuple(notices)


def _zones(
    order: Order, edition: Edition, zones: Sequence[str], sided: frozenset[str], notices: list[Notice], say: Say
) -> dict[str, dict[Side, ZoneOrder]]:
    """Zone → side → the zone's own lines. The order's areas name regions; `map.zones` names zones, and may narrow or
    add."""
    chosen: dict[str, dict[Side, ZoneOrder]] = {}

    def add(zone: str, asked: ZoneOrder, side: str) -> None:
        sides: tuple[Side, ...] = ("midline",)
        if zone in sided:
            sides = ("right", "left") if side == "both" else (("left",) if side == "left" else ("right",))
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
    for place, asked in enumerate(order.map.zones):
        region = region_id(edition, asked.zone)
        inside = () if region is None else (region,) if region in zones else _zones_in(edition, region, zones)
        if not inside:
            raise InputError(
                f"order.map.zones[{place}].zone",
                f"'{asked.zone}' is no zone of the atlas",
                f"Name one of {', '.join(zones)}",
            )
        for zone in inside:
            if asked.side != "both" and zone in sided and not any(z.zone == zone for z in order.map.zones[:place]):
                chosen.pop(zone, None)  # naming one side leaves the other out
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
    order: Order, wished: Sequence[Wish], counts: Sequence[int], edition: Edition, language: str
) -> tuple[tuple[tuple[Decimal, ...] | None, ...], tuple[Notice, ...]]:
    """For each wish the volume of each of its points, mL (None: nothing says), and what has to be asked.

    Where the mixture's volumes are known the points hold exactly that; a volume per point that would need another
    amount is asked about and drawn with what there is.
    """

    def say(key: str, **words: str) -> str:
        return edition.say(f"map.lay-{key}", language, **words)

    per_zone: dict[str, int] = {}
    for wish, count in zip(wished, counts, strict=True):
        per_zone[wish.zone] = per_zone.get(wish.zone, 0) + count
    each: list[Decimal | None] = []
    for wish in wished:
        asked = wish.asked
        if asked.volume_per_point_ml is not None:
            each.append(asked.volume_per_point_ml)
        elif asked.volume_ml is not None and per_zone[wish.zone]:
            each.append(asked.volume_ml / per_zone[wish.zone])
        else:
            each.append(None)
    own = [value is not None for value in each]
    each = [order.volume_per_point_ml if value is None else value for value in each]
    budget = budget_ml(order)
    if budget is None and order.points and order.volume_per_point_ml and not any(own):
        budget = order.points * order.volume_per_point_ml
    used = list(counts)
    if budget is None:
        known: list[tuple[Decimal, ...] | None] = []
        for wish, value, count in zip(wished, each, used, strict=True):
            total = None if value is None else value * count
            if wish.asked.volume_ml is not None and wish.asked.volume_per_point_ml is None and total is not None:
                total = total.quantize(Decimal("0.0001"))
            known.append(None if total is None else (shared(total, [Decimal(1)] * count) if count and total else ()))
        missing = [wish.id for wish, value, count in zip(wished, each, used, strict=True) if value is None and count]
        notes = (Notice(kind="ask", about="volume", text=say("volume")),) if missing else ()
        return tuple(known), notes
    fixed = sum((v * c for v, c in zip(each, used, strict=True) if v is not None), Decimal(0))
    free = sum(count for value, count in zip(each, used, strict=True) if value is None)
    notices: list[Notice] = []
    if free and fixed < budget:
        rest = (budget - fixed) / free
        weights = [rest if value is None else value for value in each]
    else:
        weights = [Decimal(1) if value is None else value for value in each]
        if abs(fixed - budget) > Decimal("0.0005") * max(1, sum(used)) or free:
            notices.append(
                Notice(
                    kind="ask",
                    about="volume",
                    text=say(
                        "mismatch",
                        points=str(sum(used)),
                        needed=plain(fixed.quantize(Decimal("0.01"))),
                        held=plain(budget),
                        each=plain((budget / max(1, sum(used))).quantize(Decimal("0.0001"))),
                    ),
                )
            )
    flat = [weight for weight, count in zip(weights, used, strict=True) for _ in range(count)]
    if not flat:
        return tuple(() for _ in used), tuple(notices)
    parts = shared(budget, flat)
    out: list[tuple[Decimal, ...]] = []
    at = 0
    for count in used:
        out.append(parts[at : at + count])
        at += count
    return tuple(out), tuple(notices)
