"""What may be written of a patient: see clinic.commands for what a command is."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from nappage.intake import Answers
from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor
from ..clinic.commands import Refused, command, note
from ..clinic.models import Role
from . import documents, drafts, search
from .answers import with_another
from .models import Document, Draft, Link, Merge, Patient, SearchTerm

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


@command("patient.change", _DESK)
def change_patient(actor: Actor, patient: Patient, **fields: Any) -> Patient:
    """Name, birth date, sex, phone, e-mail or language, corrected. What they were is in the audit."""
    allowed = ("name", "birth_date", "sex", "phone", "email", "language")
    before = {key: str(getattr(patient, key)) for key in fields if key in allowed}
    for key in before:
        setattr(patient, key, fields[key])
    if not patient.name.strip():
        raise InputError("name", "it is missing", "Write the patient's name")
    patient.save(update_fields=list(before))
    _found_by(patient)
    changed = {key: was for key, was in before.items() if was != str(fields[key])}
    note(patient, patient=patient, before=changed)
    return patient


@command("patient.merge", _DESK)
def merge(actor: Actor, keep: Patient, duplicate: Patient, reason: str) -> Merge:
    """Two rows are one person: `keep` is the patient, the other one's history is theirs. Nothing is moved."""
    if keep.pk == duplicate.pk or duplicate.merged_into_id is not None or keep.merged_into_id is not None:
        raise Refused(_("These two cannot be merged."), _("Choose two different patients who were not merged yet."))
    if len(reason.strip()) < 3:
        raise InputError("reason", "it is missing", "Write how you know that they are the same person")
    before = {key: str(getattr(keep, key)) for key in ("name", "birth_date", "sex", "phone", "email", "language")}
    for key in ("sex", "phone", "email"):
        if not getattr(keep, key):
            setattr(keep, key, getattr(duplicate, key))
    keep.save()
    duplicate.merged_into = keep
    duplicate.save(update_fields=["merged_into"])
    made = Merge.objects.create(
        clinic=keep.clinic, patient=keep, duplicate=duplicate, before=before, reason=reason.strip()[:500],
        by_name=actor.name,
    )  # fmt: skip
    SearchTerm.objects.filter(patient=duplicate).delete()
    _found_by(keep)
    note(keep, patient=keep, duplicate=duplicate.pk)
    note(duplicate, patient=duplicate, kept=keep.pk)
    return made


@command("patient.unmerge", {Role.LEAD})
def unmerge(actor: Actor, merged: Merge) -> None:
    """Takes a merge back: both are patients again, as they were."""
    if merged.undone is not None:
        raise Refused(_("This merge was taken back already."), "")
    keep, duplicate = merged.patient, merged.duplicate
    for key, value in merged.before.items():
        setattr(keep, key, date.fromisoformat(value) if key == "birth_date" else value)
    keep.save()
    duplicate.merged_into = None
    duplicate.save(update_fields=["merged_into"])
    Merge.objects.of(actor).filter(pk=merged.pk).update(undone=timezone.now())
    _found_by(keep)
    _found_by(duplicate)
    note(keep, patient=keep, duplicate=duplicate.pk)
    note(duplicate, patient=duplicate, kept=keep.pk)


@command("answers.edit", CLINICAL)
def edit_answers(actor: Actor, patient: Patient, answers: Answers, reason: str, edition: str) -> Document:
    """A clinician's new version of the answers, with a reason. The patient's own stay as they are."""
    if len(reason.strip()) < 3:
        raise InputError("reason", "it is missing", "Write why the answers are changed")
    before = documents.latest(actor, patient, Document.Kind.ANSWERS)
    made = documents.file(
        actor, Document.Kind.ANSWERS, patient, answers, edition=edition, reason=reason.strip()[:500], replaces=before
    )
    note(made, patient=patient, version=made.version)
    return made


@command("record.import", _DESK)
def import_record(actor: Actor, patient: Patient, record: Answers, edition: str, resources: int) -> Document:
    """What another system's record holds of the patient: evidence of presence, which closes nothing."""
    made = documents.file(actor, Document.Kind.IMPORT, patient, record, edition=edition)
    before = documents.latest(actor, patient, Document.Kind.ANSWERS)
    base = Answers.model_validate_json(before.body) if before else Answers()
    joined = with_another(base, record)
    documents.file(
        actor,
        Document.Kind.ANSWERS,
        patient,
        joined,
        edition=edition,
        reason=_("a record was imported"),
        replaces=before,
    )
    note(made, patient=patient, resources=resources)
    return made


def _found_by(patient: Patient) -> None:
    SearchTerm.objects.filter(patient=patient).delete()
    SearchTerm.objects.bulk_create(search.rows(patient, patient.everyone()))


def _ours(actor: Actor, patient: Patient) -> None:
    if patient.clinic_id != actor.here.pk:
        raise InputError("patient", "is of another clinic", "Choose one of this clinic")
