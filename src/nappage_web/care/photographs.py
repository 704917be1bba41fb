"""Baseline photographs: which views a plan needs, which are there, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from nappage.outcomes import VIEWS, View

from ..clinic.access import Actor
from ..patients.models import Document, Draft, Patient
from ..planning.desk import Desk
from .models import Photograph

TITLES: dict[str, object] = {
    "front": _("front"),
    "right-oblique": _("right oblique"),
    "left-oblique": _("left oblique"),
    "right-profile": _("right profile"),
    "left-profile": _("left profile"),
    "scalp": _("scalp"),
    "body": _("body area"),
}
FACE: tuple[View, ...] = ("front", "right-oblique", "left-oblique", "right-profile", "left-profile")
_SCALP = ("scalp", "hair", "temple", "vertex", "crown")
_BODY = (
    "abdomen", "thigh", "buttock", "flank", "arm", "hand", "back", "knee", "lumbar", "shoulder", "calf", "hip", "elbow",
    "foot", "leg", "chest",
)  # fmt: skip


def wanted(draft: Draft) -> tuple[View, ...]:
    """The standard views of the areas ordered; the face's where no area is named yet."""
    order = draft.body.get("order") or {}
    areas = [str(area).casefold() for area in (order.get("areas") or ())] if isinstance(order, dict) else []
    views: list[View] = []
    for area in areas or ["face"]:
        if any(word in area for word in _SCALP):
            views.append("scalp")
        elif any(word in area for word in _BODY):
            views.append("body")
        else:
            views += FACE
    return tuple(view for view in VIEWS if view in views)


def skipped(draft: Draft) -> str:
    """The reason why views are left out; empty: none was given."""
    consultation = draft.body.get("consultation") or {}
    reason = consultation.get("photographs_skipped") if isinstance(consultation, dict) else None
    return str(reason).strip() if reason else ""


def taken(actor: Actor, draft: Draft) -> dict[str, Photograph]:
    """The newest picture of each view of this draft whose consent stands, without its bytes."""
    rows = list(Photograph.objects.of(actor).filter(draft=draft).defer("content").order_by("created"))
    consents = {row.consent_id for row in rows}
    back = Document.objects.of(actor).filter(kind=Document.Kind.WITHDRAWAL, replaces__in=consents)
    gone = set(back.values_list("replaces", flat=True))
    return {row.view: row for row in rows if row.consent_id not in gone}


def withdrawn(actor: Actor, photo: Photograph) -> bool:
    """Whether the consent to a picture was taken back: it is kept, and shown to nobody."""
    return Document.objects.of(actor).filter(kind=Document.Kind.WITHDRAWAL, replaces=photo.consent_id).exists()


def missing(actor: Actor, draft: Draft) -> tuple[View, ...]:
    """Views still to be taken; empty where they are there, or a reason is written."""
    if len(skipped(draft)) >= 3:
        return ()
    there = taken(actor, draft)
    return tuple(view for view in wanted(draft) if view not in there)


def shown(actor: Actor, patient: Patient) -> tuple[list[Photograph], datetime | None]:
    """A patient's pictures whose consent stands, the newest first, without their bytes; and when the consent to others
    was taken back, if it was."""
    rows = Photograph.objects.of(actor).filter(patient__in=patient.everyone()).defer("content").order_by("-created")
    back = Document.objects.of(actor).filter(kind=Document.Kind.WITHDRAWAL, patient__in=patient.everyone())
    taken_back = {one.replaces_id: one.created for one in back.order_by("created")}
    days = [taken_back[row.consent_id] for row in rows if row.consent_id in taken_back]
    return [row for row in rows if row.consent_id not in taken_back], max(days, default=None)


def fitted(desk: Desk) -> str:
    """The picture that a draft's map is fitted to, by its id; empty: none."""
    consultation = desk.draft.body.get("consultation")
    kept = consultation.get("fit") if isinstance(consultation, Mapping) else None
    return str(kept.get("photograph") or "") if isinstance(kept, Mapping) else ""
