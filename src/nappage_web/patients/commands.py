"""What may be written of a patient: see clinic.commands for what a command is."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from nappage.intake import Answers
from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor
from ..clinic.commands import Refused, command, note
from ..clinic.models import Role
from . import documents, drafts, search
from .answers import of_document, with_another, with_identity
from .models import Document, Draft, Link, Merge, Patient, SearchTerm

_DESK = CLINICAL | {Role.FRONT_DESK}
SEXES = ("female", "male", "other", "")
OWN = ("name", "birth_date", "sex", "phone", "email", "language")  # what is the patient's own


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
        raise InputError("name", _("it is missing"), _("Write the patient's name"))
    if len(name) > 200:
        raise InputError("name", _("it has more than 200 letters"), _("Shorten it"))
    _lived(actor, birth_date)
    if sex not in SEXES:
        raise InputError("sex", _("it is not understood"), _("Choose one of the list"))
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
        raise InputError("days", _("so many days are not offered"), _("Choose from 1 to 90"))
    documents.hold(actor, patient)
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


@command("intake.revoke", _DESK)
def revoke_link(actor: Actor, link: Link) -> None:
    """The address opens nothing more. What was answered through it stays."""
    if link.revoked is None:
        Link.objects.of(actor).filter(pk=link.pk).update(revoked=timezone.now())
    note(link, patient=link.patient_id)


@command("draft.open", CLINICAL)
def open_draft(actor: Actor, patient: Patient, *, body: dict[str, Any] | None = None) -> Draft:
    """The patient's open plan draft, or a new one. `body` is what a new one starts from."""
    _ours(actor, patient)
    documents.hold(actor, patient)
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
    told = {"path": path, "edit": key, "revision": done.revision, "kept_aside": bool(done.conflict)}
    note(draft, patient=draft.patient_id, **told, **({"again": True} if done.again else {}))
    return done


@command("draft.leave", CLINICAL)
def leave_draft(actor: Actor, draft: Draft) -> None:
    """Gives a draft up. It and its edits stay."""
    now = Draft.objects.of(actor).select_for_update().get(pk=draft.pk)  # it may have been signed since it was read
    if now.status == Draft.Status.DONE:
        raise Refused(_("This draft was signed."), _("Amend the plan instead."))
    Draft.objects.of(actor).filter(pk=draft.pk).update(status=Draft.Status.LEFT)
    note(draft, patient=draft.patient_id)


@command("patient.change", _DESK)
def change_patient(actor: Actor, /, patient: Patient, **fields: Any) -> Patient:
    """Name, birth date, sex, phone, e-mail or language, corrected. What they were is in the audit."""
    before = {key: str(getattr(patient, key)) for key in fields if key in OWN}
    for key in before:
        setattr(patient, key, fields[key])
    if not patient.name.strip():
        raise InputError("name", _("it is missing"), _("Write the patient's name"))
    _lived(actor, patient.birth_date)
    patient.save(update_fields=list(before))
    _found_by(patient)
    changed = {key: was for key, was in before.items() if was != str(fields[key])}
    note(patient, patient=patient, before=changed)
    return patient


@command("patient.merge", _DESK)
def merge(
    actor: Actor, keep: Patient, duplicate: Patient, reason: str, *, take: Collection[str] | None = None
) -> Merge:
    """Two rows are one person: `keep` is the patient, the other one's history is theirs. Nothing is moved. `take`: the
    fields of OWN in which the duplicate is right; where nobody chose, those that `keep` leaves empty."""
    for one in sorted((keep, duplicate), key=lambda one: one.pk):  # as they are now: others may have merged them since
        documents.hold(actor, one)
        one.refresh_from_db()
    if keep.pk == duplicate.pk or duplicate.merged_into_id is not None or keep.merged_into_id is not None:
        raise Refused(_("These two cannot be merged."), _("Choose two different patients who were not merged yet."))
    if Draft.objects.of(actor).filter(patient=duplicate, kind=Draft.Kind.PLAN, status=Draft.Status.OPEN).exists():
        raise Refused(
            _("A plan is under way for the one that would go."),
            _("Let that one stay, or have its draft signed or given up first."),
        )
    if len(reason.strip()) < 3:
        raise InputError("reason", _("it is missing"), _("Write how you know that they are the same person"))
    fields = {}
    for key in OWN:
        was, other = getattr(keep, key), getattr(duplicate, key)
        if was != other and (not was if take is None else key in take):
            fields[key] = [str(was), str(other)]
            setattr(keep, key, other)
    keep.save(update_fields=list(fields))
    joined = _joined_answers(actor, keep, duplicate)
    before: dict[str, Any] = {"fields": fields, "answers": str(joined.pk) if joined else None}
    duplicate.merged_into = keep
    duplicate.save(update_fields=["merged_into"])
    made = Merge.objects.create(
        clinic=keep.clinic, patient=keep, duplicate=duplicate, before=before, reason=reason.strip()[:500],
        by_name=actor.name,
    )  # fmt: skip
    SearchTerm.objects.filter(patient=duplicate).delete()
    _found_by(keep)
    note(keep, patient=keep, duplicate=duplicate.pk, before={key: was for key, (was, _now) in fields.items()})
    note(duplicate, patient=duplicate, kept=keep.pk)
    return made


@command("patient.unmerge", {Role.LEAD})
def unmerge(actor: Actor, merged: Merge) -> None:
    """Takes a merge back: both are patients again, as they were."""
    if merged.undone is not None:
        raise Refused(_("This merge was taken back already."), "")
    keep, duplicate = merged.patient, merged.duplicate
    if keep.merged_into_id is not None:
        raise Refused(_("The patient who stayed was merged into another one since."), _("Take that back first."))
    filled = {key: ["", value] for key, value in merged.before.get("filled", {}).items()}  # as merges were kept before
    for key, (was, taken) in {**filled, **merged.before.get("fields", {})}.items():
        if str(getattr(keep, key)) == taken:  # what was corrected since stays
            field = Patient._meta.get_field(key)
            assert isinstance(field, Field)
            setattr(keep, key, field.to_python(was))
    keep.save(update_fields=OWN)
    duplicate.merged_into = None
    duplicate.save(update_fields=["merged_into"])
    Merge.objects.of(actor).filter(pk=merged.pk).update(undone=timezone.now())
    _part_answers(actor, keep, merged.before.get("answers"))
    _found_by(keep)
    _found_by(duplicate)
    note(keep, patient=keep, duplicate=duplicate.pk)
    note(duplicate, patient=duplicate, kept=keep.pk)


@command("answers.edit", CLINICAL)
def edit_answers(
    actor: Actor, patient: Patient, answers: Answers, reason: str, edition: str, *, over: uuid.UUID | None = None
) -> Document:
    """A clinician's new version of the answers, with a reason. The patient's own stay as they are. `over`: the version
    that these were made from; raises InputError where there is a newer one by now."""
    if len(reason.strip()) < 3:
        raise InputError("reason", _("it is missing"), _("Write why the answers are changed"))
    documents.hold(actor, patient.kept())
    before = documents.latest(actor, patient, Document.Kind.ANSWERS)
    if over is not None and (before is None or before.pk != over):
        raise newer_answers()
    made = documents.file(
        actor, Document.Kind.ANSWERS, patient, answers, edition=edition, reason=reason.strip()[:500], replaces=before
    )
    note(made, patient=patient, version=made.version)
    return made


@command("record.import", _DESK)
def import_record(actor: Actor, patient: Patient, record: Answers, edition: str, sha256: str) -> Document:
    """What another system's record holds of the patient: evidence of presence, which closes nothing. `sha256`: of the
    file it was read from."""
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
    note(made, patient=patient, sha256=sha256)
    return made


def newer_answers() -> InputError:
    return InputError(
        "answers", _("they were changed since this page was opened"),
        _("Open the page anew; what you typed still stands here, to copy"),
    )  # fmt: skip


def _lived(actor: Actor, birth_date: date) -> None:
    if not date(1900, 1, 1) <= birth_date <= actor.here.today():
        raise InputError("birth_date", _("nobody here was born on that day"), _("Write the day of birth"))


def _joined_answers(actor: Actor, keep: Patient, duplicate: Patient) -> Document | None:
    """Where both had answered, the newer answers with the older ones beside them as a record: what either names is
    present, and what contradicts becomes a question. Nothing that was said falls away by a merge."""
    told = [documents.latest(actor, one, Document.Kind.ANSWERS) for one in (keep, duplicate)]
    both = sorted((one for one in told if one is not None), key=lambda one: one.created)
    if len(both) < 2:
        return None
    older, newer = (with_identity(of_document(one.body), keep) for one in both)
    return documents.file(
        actor, Document.Kind.ANSWERS, keep, with_another(newer, older), edition=both[1].edition, replaces=told[0],
        language=both[1].language, reason=_("two records of the same patient were merged"),
    )  # fmt: skip


def _part_answers(actor: Actor, keep: Patient, joined: str | None) -> None:
    """After a merge is taken back: the answers that `keep` had before it, unless others were given since."""
    newest = documents.latest(actor, keep, Document.Kind.ANSWERS)
    if newest is None or str(newest.pk) != joined or newest.replaces is None:
        return
    documents.file(
        actor, Document.Kind.ANSWERS, keep, of_document(newest.replaces.body), edition=newest.replaces.edition,
        replaces=newest, language=newest.replaces.language, reason=_("a merge was taken back"),
    )  # fmt: skip


def _found_by(patient: Patient) -> None:
    SearchTerm.objects.filter(patient=patient).delete()
    SearchTerm.objects.bulk_create(search.rows(patient, patient.everyone()))


def _ours(actor: Actor, patient: Patient) -> None:
    if patient.clinic_id != actor.here.pk:
        raise InputError("patient", "is of another clinic", "Choose one of this clinic")
