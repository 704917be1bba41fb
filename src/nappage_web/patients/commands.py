"""What may be written of a patient: see clinic.commands for what a command is."""

from __future__ import annotations

import uuid
from typing import Any

from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor
from ..clinic.commands import Refused, command, note
from . import drafts
from .models import Draft, Patient


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
