"""What lies on the desk when a draft is worked on: the draft, the patient's newest answers, the clinic's prices and
closed days, the decisions taken; and the reading of all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from nappage.course import WEEKDAYS
from nappage.injection_map import Fit
from nappage.knowledge import Edition
from nappage.plan import Practice, Practitioner

from ..clinic.access import Actor, get
from ..clinic.models import Registration
from ..patients import documents
from ..patients.drafts import value_at
from ..patients.models import Document, Draft
from . import reading as readings
from .models import Closure, Override
from .reading import Reading

DOSE = "formulation"  # the rule under which a decision on a whole formulation is kept


@dataclass
class Desk:
    actor: Actor
    draft: Draft

    @cached_property
    def on(self) -> date:
        return self.actor.here.today()

    @cached_property
    def edition(self) -> Edition:
        return readings.edition_on(self.on)

    @property
    def language(self) -> str:
        """The core's words follow the page where it has them, else the clinic's language."""
        language = (get_language() or self.actor.here.language)[:2]
        return language if language in ("en", "fr") else "en"

    @cached_property
    def answers(self) -> Document | None:
        return documents.latest(self.actor, self.draft.patient, Document.Kind.ANSWERS)

    @cached_property
    def said(self) -> dict[str, Any]:
        """The patient's own answers, with what the clinic knows them by."""
        said: dict[str, Any] = json.loads(self.answers.body) if self.answers else {}
        said.pop("order", None)
        patient = self.draft.patient
        known: dict[str, Any] = {"name": patient.name, "birth_date": patient.birth_date.isoformat()}
        if patient.sex in ("female", "male", "other"):
            known["sex"] = patient.sex
        said["patient"] = {**(said.get("patient") or {}), **known}
        return said

    @cached_property
    def decisions(self) -> dict[str, Override]:
        """The decisions that stand, by the hash of their finding."""
        rows = Override.objects.of(self.actor).filter(draft=self.draft).select_related("by__user").order_by("created")
        found = {row.finding: row for row in rows}
        return {key: row for key, row in found.items() if row.decision == "accepted"}

    @cached_property
    def closed(self) -> dict[str, Any]:
        return closed_days(self.actor)

    @cached_property
    def fit(self) -> Fit | None:
        """The patient's face, as the atlas was fitted to a photograph of it; None where it was not, or where no consent
        of this patient to that photograph stands."""
        kept = value_at(self.draft.body, "consultation.fit")
        try:
            found, consent = Fit.model_validate_json(json.dumps(kept["fit"])), UUID(str(kept["consent"]))
        except (KeyError, TypeError, ValueError):
            return None
        everyone = self.draft.patient.kept().everyone()  # a merge that was taken back takes the other one's face along
        given = Document.objects.of(self.actor).filter(pk=consent, kind=Document.Kind.CONSENT, patient__in=everyone)
        back = Document.objects.of(self.actor).filter(kind=Document.Kind.WITHDRAWAL, replaces=consent)
        return found if given.exists() and not back.exists() else None

    @cached_property
    def reading(self) -> Reading:
        return self.reading_in(self.language)

    def reading_in(self, language: str) -> Reading:
        """The same in another language: what a patient reads is in the patient's."""
        clinic = self.actor.here
        return readings.read(
            self.said, self.draft.body, self.edition, self.on, language, jurisdiction=clinic.jurisdiction,
            prices=clinic.prices or None, closed=self.closed, fit=self.fit, decided=frozenset(self.decisions),
        )  # fmt: skip

    def plan(self) -> Any:
        """The plan as it would be signed now."""
        return self.reading.whole(reference=str(self.draft.pk)[:8], practice=practice(self.actor))

    @property
    def dose_decided(self) -> bool:
        formulation = self.reading.formulation
        return formulation is not None and readings.dose_hash(formulation) in self.decisions


def at(actor: Actor, draft: UUID) -> Desk:
    """The desk of one of the clinic's drafts of a plan; 404 for any other."""
    row = get(actor, Draft, draft)
    if row.kind != Draft.Kind.PLAN:
        raise Http404
    return Desk(actor, row)


def closed_days(actor: Actor) -> dict[str, Any]:
    """The clinic's closed days, as a course's constraints."""
    rows = Closure.objects.of(actor).filter(ended=None)
    weekdays = [WEEKDAYS[row.weekday] for row in rows if row.weekday is not None]
    days = [f"{row.first}/{row.last or row.first}" for row in rows if row.weekday is None and row.first]
    return {"closed_weekdays": weekdays, "closed_dates": days}


def practice(actor: Actor) -> Practice:
    """Who answers for the plan, as patient documents name them."""
    clinic = actor.here
    entry = Registration.objects.of(actor).filter(staff=actor.staff).first()
    people: tuple[Practitioner, ...] = ()
    if entry is not None:
        who = Practitioner(
            name=actor.name, role="prescriber" if entry.prescriber else "injector", register_name=entry.register,
            number=entry.number,
        )  # fmt: skip
        people = (who,)
    return Practice(
        clinic=clinic.name, address=clinic.address, phone=clinic.phone, emergency_phone=clinic.emergency_phone,
        practitioners=people,
    )  # fmt: skip


def shown(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page whose times are the clinic's."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    with timezone.override(actor.here.zone()):
        return render(request, template, context, status=status)
