"""The stages of a draft, in the order of the consultation, as the bar above its pages shows them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..clinic.access import acting
from ..clinic.audit import looked
from ..patients.models import Draft
from . import desk
from .desk import Desk

_STAGES = (
    ("consultation", _("Consultation"), "plan-consultation"),
    ("formulation", _("Formulation"), "plan-formulation"),
    ("map", _("Map"), "plan-map"),
    ("course", _("Course"), "plan-course"),
    ("review", _("Review"), "plan-review"),
    ("photographs", _("Photographs"), "draft-photographs"),
    ("consent", _("Consent"), "draft-consent"),
    ("sign", _("Sign"), "draft-sign"),
)


@dataclass(frozen=True)
class Stage:
    key: str
    word: str
    url: str
    here: bool


def url_of(stage: str, draft: Draft) -> str:
    """The page of a stage, such as an obstacle names it."""
    return next((reverse(name, args=[draft.pk]) for key, _word, name in _STAGES if key == stage), "")


def desk_of(request: HttpRequest, draft: uuid.UUID) -> Desk:
    """What lies on the desk for a page of a draft; opening it is a look at it."""
    at = desk.at(acting(request), draft)
    if request.method == "GET":
        looked(at.actor, "draft.view", at.draft, patient=at.draft.patient_id)
    return at


def shown(request: HttpRequest, at: Desk, stage: str, context: Mapping[str, Any]) -> HttpResponse:
    """A stage's page with the bar of stages."""
    return desk.shown(request, f"planning/{stage}.html", {**frame(at, stage), **context})


def frame(at: Desk, stage: str) -> dict[str, Any]:
    """What every page of a draft needs: the bar of stages, the next one, whose draft it is, whether it is open."""
    draft = at.draft
    stages = [Stage(key, str(word), reverse(name, args=[draft.pk]), key == stage) for key, word, name in _STAGES]
    keys = [one.key for one in stages]
    follow = stages[keys.index(stage) + 1] if stage in keys[:-1] else None
    return {
        "desk": at, "draft": draft, "patient": draft.patient, "stages": stages, "stage": stage, "next": follow,
        "heading": draft.patient.name, "editable": draft.status == Draft.Status.OPEN,
    }  # fmt: skip
