"""The review: the whole plan, and what stands in its way. Here a draft is given up, too."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ...clinic.access import CLINICAL, page
from ...patients import documents
from ...patients.commands import leave_draft
from ...patients.models import Document, Draft
from .. import desk, places, stages, starting
from .. import reading as readings
from ..diary import tried
from ..words import REASONS

_NOT_ORDERED = ("planned_start", "planned_time", "time_zone", "jurisdiction", "purpose")  # no treatment yet
_STAGES = ("consultation", "formulation", "map", "course", "review")


@require_GET
@page("plan.review", CLINICAL)
def review(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = stages.desk_of(request, draft)
    return stages.shown(request, at, "review", {})


@require_GET
@page("plan.whole", CLINICAL)
def review_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The whole plan and what stands in its way; asked for after the page, since the first map takes seconds."""
    from nappage.plan import compose

    at = stages.desk_of(request, draft)
    plan = at.plan()
    obstacles = readings.ready_to_sign(at.reading, plan, dose_decided=at.dose_decided)
    last = documents.latest(at.actor, at.draft.patient, Document.Kind.PLAN)
    changed: tuple[starting.Difference, ...] = ()
    if last is not None:
        changed = starting.differences(
            _comparable(json.loads(last.body)["order"]),
            _comparable(at.reading.order.model_dump(mode="json", exclude_unset=True)),
        )
    sheet = compose.summary(plan, at.edition) if plan is not None else None
    context = {
        "desk": at, "draft": at.draft, "patient": at.draft.patient, "plan": plan, "obstacles": obstacles,
        "urls": {one: reverse(f"plan-{one}", args=[draft]) for one in _STAGES},
        "empty": not any(v for k, v in (at.draft.body.get("order") or {}).items() if k not in _NOT_ORDERED),
        "last": last, "changed": places.differences_in_words(changed, at.edition, at.language), "sheet": sheet,
        "cost": _cost(plan), "decisions": list(at.decisions.values()),
        "reasons": {code: str(word) for code, word in REASONS.items()},
        "consent": reverse("draft-consent", args=[draft]), "sign": reverse("draft-sign", args=[draft]),
        "editable": at.draft.status == Draft.Status.OPEN,
    }  # fmt: skip
    return desk.shown(request, "planning/_review.html", context)


def _cost(plan: Any) -> Any:
    if plan is None or plan.choice is None:
        return None
    return next((p for p in plan.choice.protocols if p.id == plan.order.protocol), None)


def _comparable(order: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in order.items() if k not in ("planned_start", "planned_time", "time_zone", "jurisdiction")}


@require_POST
@page("draft.leave", CLINICAL)
def leave(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Gives the draft up: it can be read, no longer changed, and another one can be begun."""
    at = stages.desk_of(request, draft)
    done = tried(request, lambda: leave_draft(at.actor, at.draft), _("The draft is given up. It can still be read."))
    return redirect("patient", at.draft.patient.kept().pk) if done else redirect("plan-review", draft)
