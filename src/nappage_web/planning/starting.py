"""What a protocol, one of the clinic's own or an earlier plan gives a draft to start from: edits, as a person would
make them. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext

from nappage.choice import ProtocolChoice
from nappage.course.request import WEEKDAYS
from nappage.knowledge import Edition
from nappage.values import plain

_VISIT_MIN = 30
_AT = "10:00"
# Of this visit alone, or a clinician's reason for one patient: never carried to another plan.
_OF_ONE_PLAN = ("planned_start", "planned_time", "time_zone", "accepted_without_ceiling", "jurisdiction", "given")


def from_protocol(
    offer: ProtocolChoice, indication: str, order: Mapping[str, Any], edition: Edition, *, first_day: date, zone: str
) -> dict[str, Any]:
    """Path → value for a published protocol. What was entered already stays, but for the protocol's own parts."""
    protocol = edition.protocols[offer.id]
    technique = order.get("technique")
    if protocol.techniques and technique not in protocol.techniques:
        technique = protocol.techniques[0]
    out: dict[str, Any] = {
        "order.protocol": offer.id,
        "order.indication": indication,
        "order.regimen": None,
        "order.sessions": None,
        "schedule.proposed": None,
    }
    if technique is not None:
        out["order.technique"] = technique
    if not order.get("areas") and len(protocol.areas) == 1:
        out["order.areas"] = [protocol.areas[0]]
    product = next((p for p in offer.products if not p.against), None)
    if product is not None and not order.get("mixture"):
        out["order.mixture"] = [_line(product.id, edition)]
    for path, value in {
        "order.visit_minutes": _VISIT_MIN,
        "order.map.aim": "field",
        "order.purpose": "cosmetic",
        "order.planned_start": f"{first_day}T{_AT} {zone}",
    }.items():
        at: Any = order
        for name in path.split(".")[1:]:
            at = at.get(name) if isinstance(at, Mapping) else None
        if at in (None, ""):
            out[path] = value
    out |= for_technique(out.get("order.technique"), order, edition)
    return out


def for_technique(technique: str | None, order: Mapping[str, Any], edition: Edition) -> dict[str, Any]:
    """What a technique's published ranges propose where nothing was entered: the middle of its spacing, and the
    shallowest of its depths."""
    record = edition.techniques.get(technique or "")
    if record is None:
        return {}
    out: dict[str, Any] = {}
    if record.spacing_mm and not order.get("spacing_mm") and not order.get("points"):
        out["order.spacing_mm"] = plain(record.spacing_mm[1])
    if record.depth_mm and not order.get("depth_mm") and not order.get("inserted_mm"):
        key = "inserted_mm" if record.depth_is == "inserted" else "depth_mm"
        out[f"order.{key}"] = plain(record.depth_mm[0])
        if key == "inserted_mm" and record.angle_deg and not order.get("angle_deg"):
            out["order.angle_deg"] = plain(record.angle_deg[0])
    return out


def _line(product: str, edition: Edition) -> dict[str, Any]:
    record = edition.products[product]
    line: dict[str, Any] = {"product": edition.text(record.title)}
    if record.container_ml:
        line["volume_ml"] = plain(record.container_ml)
    return line


def kept_for_protocol(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a draft that a protocol of the clinic's own keeps: mixture, map and course, and nothing of the
    patient."""
    order = {k: copy.deepcopy(v) for k, v in (body.get("order") or {}).items() if k not in _OF_ONE_PLAN}
    own = order.get("map")
    if isinstance(own, dict):
        order["map"] = {k: v for k, v in own.items() if k not in ("erase", "add", "enter")}
    return {"order": order}


def from_order(order: Mapping[str, Any], *, first_day: date, zone: str, at: str = _AT) -> dict[str, Any]:
    """Path → value that makes a draft's order this one, from a first day on."""
    kept = {k: copy.deepcopy(v) for k, v in order.items() if k not in _OF_ONE_PLAN and v not in (None, [], {})}
    kept["planned_start"] = f"{first_day}T{at} {zone}"
    return {"order": kept, "schedule.proposed": None}


def next_open(day: date, closed: Mapping[str, Any]) -> date:
    """The first day from `day` on that the clinic is open."""
    weekdays = {WEEKDAYS.index(name) for name in closed.get("closed_weekdays") or ()}
    spans = []
    for span in closed.get("closed_dates") or ():
        first, _, last = str(span).partition("/")
        spans.append((date.fromisoformat(first), date.fromisoformat(last or first)))
    for ahead in range(400):
        one = day + timedelta(days=ahead)
        if one.weekday() not in weekdays and not any(a <= one <= b for a, b in spans):
            return one
    return day


@dataclass(frozen=True)
class Difference:
    """One place of two orders that is not the same. An empty text: it is not there."""

    path: str
    before: str
    now: str


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Where two orders differ, place by place; equal numbers are equal however they are written."""
    a, b = _flat(before, ""), _flat(now, "")
    out: dict[str, Difference] = {}
    for path in {**a, **b}:
        if a.get(path, "") == b.get(path, ""):
            continue
        drawn = _DRAWN.match(path)
        if drawn is None:
            out[path] = Difference(path, a.get(path, ""), b.get(path, ""))
        elif drawn[1] not in out:  # what was drawn is one place: its spots mean nothing to a reader
            then, there = _spots(a, drawn[1]), _spots(b, drawn[1])
            out[drawn[1]] = Difference(
                drawn[1], then, gettext("{}, drawn anew").format(there) if then == there else there
            )
    return tuple(out.values())


_DRAWN = re.compile(r"(.*\bmap\.(?:zones \d+\.border|erase|add)) \d+\.")


def _spots(flat: Mapping[str, str], where: str) -> str:
    found = {path[len(where) :].split(".")[0] for path in flat if path.startswith(f"{where} ")}
    return ngettext("{} spot", "{} spots", len(found)).format(len(found)) if found else ""


def _flat(value: Any, path: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {
            k: v for name, inner in value.items() for k, v in _flat(inner, f"{path}.{name}" if path else name).items()
        }
    if isinstance(value, list | tuple):
        if all(not isinstance(one, Mapping | list | tuple) for one in value):
            return {path: ", ".join(_words(one) for one in value)} if value else {}
        return {k: v for i, inner in enumerate(value, 1) for k, v in _flat(inner, f"{path} {i}").items()}
    return {} if value in (None, "") else {path: _words(value)}


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return plain(Decimal(str(value)))
    except ArithmeticError:
        return str(value)
