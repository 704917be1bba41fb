"""The stages of a draft, in the order of the consultation, as the bar above its pages shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..patients.models import Draft
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
    open: int  # what stands in the way there, where that was counted


def url_of(stage: str, draft: Draft) -> str:
    """The page of a stage, such as an obstacle names it."""
    return next((reverse(name, args=[draft.pk]) for key, _word, name in _STAGES if key == stage), "")


def frame(at: Desk, stage: str, counts: Mapping[str, int] | None = None) -> dict[str, Any]:
    """What every page of a draft needs: the bar of stages, the next one, whose draft it is, whether it is open."""
    draft = at.draft
    stages = [
        Stage(key, str(word), reverse(name, args=[draft.pk]), key == stage, (counts or {}).get(key, 0))
        for key, word, name in _STAGES
    ]
    keys = [one.key for one in stages]
    follow = stages[keys.index(stage) + 1] if stage in keys[:-1] else None
    return {
        "desk": at, "draft": draft, "patient": draft.patient, "stages": stages, "stage": stage, "next": follow,
        "heading": draft.patient.name, "editable": draft.status == Draft.Status.OPEN,
    }  # fmt: skip
