"""What may be written of a patient: see clinic.commands for what a command is."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor
from ..clinic.commands import Refused, command, note
from ..clinic.models import Role
from . import drafts, search
from .models import Draft, Link, Patient, SearchTerm

_DESK = CLINICAL | {Role.FRONT_DESK}
SEXES = ("female", "male", "other", "")


@command("patient.create", _DESK)
def create_patient(
    actor: Actor,
    *,
    name: str,
    birth_date: date,
    sex: str = "",
    phone: str = "",
    email: str = "",
    language: str = "",
) -> Patient:
    """A new patient of the actor's clinic. Raises InputError at the field."""
    name = " ".join(name.split())
    if not name:
        raise InputError("name", "it is missing", "Write the patient's name")
    if not date(1900, 1, 1) <= birth_date <= actor.here.today():
        raise InputError("birth_date", f"nobody here was born on {birth_date}", "Write the day of birth")
    if sex not in SEXES:
        raise InputError("sex", f"'{sex}' is not understood", "Choose female, male or other, or leave it open")
    patient = Patient.objects.create(
        clinic=actor.here, name=name, birth_date=birth_date, sex=sex, phone=phone.strip(), email=email.strip(),
        language=language or actor.here.language,
    )  # fmt: skip
    SearchTerm.objects.bulk_create(search.rows(patient, [patient]))
    note(patient, patient=patient)
    return patient


@command("intake.send", _DESK)
def send_intake_link(actor: Actor, patient: Patient, *, days: int = 14) -> tuple[Link, str]:
    """A private address at which this patient answers, without an account; one given out before ends, its answers stay.
    Returns the link and the secret of its address, of which only the hash is kept."""
    _ours(actor, patient)
    if not 1 <= days <= 90:
        raise InputError("days", f"{days} days is not offered", "Choose from 1 to 90")
    links = Link.objects.of(actor).filter(patient=patient, purpose=Link.Purpose.INTAKE, revoked=None)
    links.update(revoked=timezone.now())
    draft = Draft.objects.of(actor).filter(patient=patient, kind=Draft.Kind.INTAKE, status=Draft.Status.OPEN).first()
    if draft is None:
        draft = Draft.objects.create(clinic=patient.clinic, patient=patient, kind=Draft.Kind.INTAKE)
    secret = secrets.token_urlsafe(24)
    link = Link.objects.create(
        clinic=patient.clinic, patient=patient, purpose=Link.Purpose.INTAKE, draft=draft,
        secret=hashlib.sha256(secret.encode()).hexdigest(), expires=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    note(link, patient=patient, days=days)
    return link, secret


@command("draft.open", CLINICAL)
def open_draft(actor: Actor, patient: Patient, *, body: dict[str, Any] | None = None) -> Draft:
    """The patient's open plan draft, or a new one. `body` is what a new one starts from."""
    _ours(actor, patient)
    draft = Draft.objects.of(actor).filter(patient=patient, kind=Draft.Kind.PLAN, status=Draft.Status.OPEN).first()
    if draft is None:
        draft = Draft.objects.create(clinic=patient.clinic, patient=patient, kind=Draft.Kind.PLAN)
        for path, value in (body or {}).items():
            drafts.apply(actor, draft, uuid.uuid4(), draft.revision, path, value)
            draft.refresh_from_db()
    note(draft, patient=patient)
    return draft


@command("draft.edit", CLINICAL)
def edit_draft(actor: Actor, draft: Draft, key: uuid.UUID, base: int, path: str, value: Any) -> drafts.Acknowledged:
    """One thing typed into a plan's draft. Acknowledged means durable."""
    done = drafts.apply(actor, draft, key, base, path, value)
    note(draft, patient=draft.patient_id, path=path, edit=key, revision=done.revision, kept_aside=bool(done.conflict))
    return done


@command("draft.leave", CLINICAL)
def leave_draft(actor: Actor, draft: Draft) -> None:
    """Gives a draft up. It and its edits stay."""
    if draft.status == Draft.Status.DONE:
        raise Refused("This draft was signed.", "Amend the plan instead.")
    Draft.objects.of(actor).filter(pk=draft.pk).update(status=Draft.Status.LEFT)
    note(draft, patient=draft.patient_id)


def _ours(actor: Actor, patient: Patient) -> None:
    if patient.clinic_id != actor.here.pk:
        raise InputError("patient", "is of another clinic", "Choose one of this clinic")
