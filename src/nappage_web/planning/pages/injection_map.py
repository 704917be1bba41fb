"""The injection map's page, and what its editor sends."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from nappage.injection_map.document import DangerDrawn
from nappage.values import InputError

from ...clinic.access import CLINICAL, page
from ...clinic.commands import Refused
from ...patients import drafts
from ...patients.edits import sent_json
from .. import commands, desk, map_payload, stages, starting
from .. import reading as readings
from ..desk import Desk
from ..diary import tried
from .formulation import technique_named

_QUANTITIES = {
    "spacing_mm": gettext_lazy("spacing {} mm"),
    "depth_mm": gettext_lazy("depth of the tip {} mm"),
    "inserted_mm": gettext_lazy("needle inserted {} mm"),
    "angle_deg": gettext_lazy("angle {}°"),
}


@require_GET
@page("plan.map", CLINICAL)
def injection_map(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = stages.desk_of(request, draft)
    order = at.draft.body.get("order") or {}
    technique = at.edition.techniques.get(technique_named(at.edition, order.get("technique")) or "")
    proposed = starting.for_technique(technique_named(at.edition, order.get("technique")), order, at.edition)
    context = {
        "faults": [f for f in at.reading.faults if readings.stage_of(f.path) == "map"],
        "technique": technique and at.edition.text(technique.title, at.language),
        "sources": technique.source if technique and proposed else (),
        "dangers": _dangers(at),
        "lacks": (lacks := _lacking(at, at.reading.map_lacks)) and readings.Fault("", lacks.wrong, lacks.remedy),
        "no_protocol": not order.get("protocol"),
        "proposed": [str(_QUANTITIES[path.rpartition(".")[2]]).format(value) for path, value in proposed.items()],
    }
    return stages.shown(request, at, "map", context)


_LACKING = {
    "order.technique": (gettext_lazy("no technique is chosen yet"), gettext_lazy("Choose one beside the map")),
    "order.areas": (gettext_lazy("no area is chosen yet"), gettext_lazy("Tap one on the body")),
    "order.spacing_mm": (
        gettext_lazy("no spacing is given, and none is published for this technique"),
        gettext_lazy("Enter a spacing or a number of points"),
    ),
}


def _lacking(at: Desk, lacks: InputError | None) -> InputError | None:
    """What an order lacks for a map, said for this page; what is there and is not known keeps the core's words."""
    if lacks is None or lacks.place not in _LACKING:
        return lacks
    place = lacks.place.removeprefix("order.")
    said = (at.draft.body.get("order") or {}).get(place)
    wrong, remedy = _LACKING[lacks.place]
    return InputError(lacks.place, lacks.wrong if said else str(wrong), str(remedy))


def _dangers(at: Desk) -> list[tuple[DangerDrawn, str | None]]:
    """The danger zones in reach of the map that may be entered for a reason, each with the reason or None."""
    drawn = at.reading.map.dangers if at.reading.map else ()
    return [(danger, danger.entered) for danger in drawn if at.edition.danger[danger.id].may_enter]


@require_POST
@page("plan.ranges", CLINICAL)
def ranges(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Starts the map from what is published for the technique."""
    at = stages.desk_of(request, draft)
    tried(request, lambda: commands.use_published_ranges(at.actor, at.draft))
    return redirect("plan-map", draft)


@require_POST
@page("plan.map_edit", CLINICAL)
def map_edit(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """What the map editor sends: {edits: [{path, value}], skin, base, mode}. Answers the new state; 422 with a sentence
    where it cannot be so (nothing is kept of it), 409 where somebody else was there first."""
    at = stages.desk_of(request, draft)
    try:
        asked = sent_json(request)
        mark = asked.get("mode") == "mark"
        edits = [(_map_path(str(one["path"]), mark), one["value"]) for one in asked["edits"]]
        skin, base = asked.get("skin"), asked.get("base")
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"sentence": _("This is no edit of a map. Load the page again.")}, status=422)
    body = at.draft.body
    try:
        for path, value in edits:
            drafts.read_edit({"id": str(uuid.uuid4()), "base": 0, "path": path, "value": value})
            body = drafts.put(body, path, value)
        state = _map_state(at, body, skin, edited=bool(edits))
        if edits:
            revision = commands.edit_map(at.actor, at.draft, base=base if isinstance(base, int) else None, edits=edits)
        else:
            revision = at.draft.revision
    except InputError as error:
        return JsonResponse({"sentence": readings.Fault(error.place, error.wrong, error.remedy).sentence}, status=422)
    except Refused as refused:
        at = desk.at(at.actor, draft)
        state = _map_state(at, at.draft.body, None)
        told = {"sentence": f"{refused.sentence} {refused.way_out}", "state": state, "revision": at.draft.revision}
        return HttpResponse(map_payload.dumps(told), content_type="application/json", status=409)
    state["revision"] = revision
    return HttpResponse(map_payload.dumps(state), content_type="application/json")


def _map_path(path: str, mark: bool) -> str:
    if path == "marks" and mark:
        return "consultation.marks"
    if not path.startswith("order."):
        raise KeyError(path)
    return path


def _map_state(at: Desk, body: Mapping[str, Any], skin: str | None, *, edited: bool = False) -> dict[str, Any]:
    """The editor's state for a draft's body. Raises InputError where an edited order cannot be laid out; where it
    stands so already it is shown without what cannot be, or nobody could mend it."""
    reading = readings.read(
        at.said, body, at.edition, at.on, at.language, jurisdiction=at.actor.here.jurisdiction,
        closed=at.closed, prices=at.actor.here.prices or None, fit=at.fit, decided=frozenset(at.decisions),
    )  # fmt: skip
    drawn, lacks = reading.map, _lacking(at, reading.map_lacks)
    wrong = next((f for f in reading.faults if readings.stage_of(f.path) == "map"), None)
    if wrong is not None and edited:
        raise InputError(wrong.path, wrong.wrong, wrong.remedy)
    sex = reading.answers.patient.sex
    state = map_payload.state(
        drawn, reading.order, at.edition, at.language, sex=sex, fit=at.fit, lacks=lacks, has_skin=skin,
    )  # fmt: skip
    return state | {"marks": (body.get("consultation") or {}).get("marks") or []}
