"""The formulation: the mixture's lines, its doses and their ceilings."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from nappage.formulation import Formulation
from nappage.intake import normal, technique_id
from nappage.knowledge import Edition
from nappage.values import InputError

from ...clinic.access import CLINICAL, Actor, acting, page
from ...clinic.commands import Refused
from ...clinic.models import Role, Staff
from ...patients.models import Draft
from .. import commands, desk, stages
from .. import reading as readings
from ..desk import Desk
from ..words import REASONS


@require_GET
@page("plan.formulation", CLINICAL)
def formulation(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = stages.desk_of(request, draft)
    return stages.shown(request, at, "formulation", {**_lines(at), **doses(at)})


def _lines(at: Desk) -> dict[str, Any]:
    order = at.draft.body.get("order") or {}
    mixture = [line if isinstance(line, dict) else {} for line in order.get("mixture") or ()]
    creams = [line if isinstance(line, dict) else {} for line in order.get("anaesthetic") or ()]

    def faults(root: str, number: int) -> dict[str, str]:
        here = f"order.{root}.{number}"
        return {
            (f.path.removeprefix(here).lstrip(".") or "product"): str(f)
            for f in at.reading.faults
            if f.path == here or f.path.startswith(f"{here}.")
        }

    return {
        "mixture": [
            {
                "n": n,
                "line": line,
                "name": line.get("product") or line.get("ingredient") or "",
                "faults": faults("mixture", n),
            }
            for n, line in enumerate(mixture)
        ],
        "anaesthetic": [{"n": n, "line": line, "faults": faults("anaesthetic", n)} for n, line in enumerate(creams)],
        "no_anaesthetic": order.get("anaesthetic") == [],
        "order": order,
        "units": ("mg/ml", "%", "mcg/ml", "iu/ml", "mg/vial", "iu/vial"),
        "techniques": [
            (
                one,
                at.edition.text(record.title, at.language),
                one == technique_named(at.edition, order.get("technique")),
            )
            for one, record in at.edition.techniques.items()
        ],
    }


def technique_named(edition: Edition, name: Any) -> str | None:

    return technique_id(edition, name) if isinstance(name, str) and name else None


def doses(at: Desk, error: str = "", said: Mapping[str, str] | None = None) -> dict[str, Any]:
    found: Formulation | None = at.reading.formulation
    waiting = [] if found is None else [
        row for row in found.ingredients if row.status == "no-ceiling-known" and not row.accepted
    ]  # fmt: skip
    key = "" if found is None else readings.dose_hash(found)
    return {
        "desk": at,
        "draft": at.draft,
        "formulation": found,
        "ordered": bool(at.reading.order.mixture or at.reading.order.anaesthetic),
        "waiting": waiting,
        "dose_hash": key,
        "dose_decision": at.decisions.get(key),
        "faults": [f for f in at.reading.faults if readings.stage_of(f.path) == "formulation"],
        "reasons": list(REASONS.items()),
        "prescribes": at.actor.has(Role.PRESCRIBER),
        "prescribers": [] if at.actor.has(Role.PRESCRIBER) else prescribers(at.actor),
        "order": at.draft.body.get("order") or {},
        "error": error,
        "said": said or {},
        "editable": at.draft.status == Draft.Status.OPEN,
    }


def prescribers(actor: Actor) -> list[str]:
    rows = Staff.objects.of(actor).filter(active=True).select_related("user")
    return [str(row) for row in rows if Role.PRESCRIBER.value in row.roles]


@require_GET
@page("plan.doses", CLINICAL)
def doses_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    return desk.shown(request, "planning/_doses.html", doses(stages.desk_of(request, draft)))


@require_GET
@page("plan.lines", CLINICAL)
def lines_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The mixture's lines, after one was added or taken away."""
    at = stages.desk_of(request, draft)
    return desk.shown(request, "planning/_lines.html", {"draft": at.draft, "editable": True, **_lines(at)})


@require_POST
@page("plan.accept", CLINICAL)
def accept(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Accepts ingredients without a known ceiling, with a reason."""
    at = stages.desk_of(request, draft)
    error = ""
    try:
        commands.accept_doses(
            at.actor, at.draft, ingredients=request.POST.getlist("ingredient"), reason=request.POST.get("reason", "")
        )
    except (Refused, InputError) as wrong:
        error = str(wrong) if isinstance(wrong, Refused) else wrong.sentence
    again = desk.at(at.actor, draft)
    answer = desk.shown(request, "planning/_doses.html", doses(again, error), status=422 if error else 200)
    answer["HX-Trigger"] = json.dumps({"draft:followed": {"revision": again.draft.revision}})
    return answer


@require_GET
@page("plan.suggest", CLINICAL)
def suggest(request: HttpRequest) -> JsonResponse:
    """Products and ingredients whose name holds what is typed."""
    edition = readings.edition_on(acting(request).here.today())
    typed = normal(request.GET.get("q", ""))[:60]
    if len(typed) < 2:
        return JsonResponse([], safe=False)
    creams = request.GET.get("kind") == "cream"
    found = []
    for kind, records in (("product", edition.products), ("substance", edition.substances)):
        for one, record in records.items():
            if kind == "product" and (getattr(record, "form", "") == "cream") != creams:
                continue
            if kind == "substance" and creams:
                continue
            title = edition.text(record.title)
            names = [normal(name) for name in (title, one, *record.names)]
            if any(typed in name for name in names):
                found.append((not any(name.startswith(typed) for name in names), title))
    return JsonResponse([title for _rank, title in sorted(set(found))[:12]], safe=False)
