"""Consent, photographs and signatures."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from nappage.injection_map import Fit
from nappage.injection_map.photograph import read as read_photograph
from nappage.outcomes import Grade, View, grade, stripped
from nappage.plan.consent import Consent
from nappage.values import InputError

from ..clinic.access import CLINICAL, EVERYONE, Actor
from ..clinic.commands import Refused, command, note
from ..clinic.models import Registration, Role
from ..patients import documents, drafts
from ..patients.models import Attachment, Document, Draft, Link, Patient
from ..planning.desk import Desk
from . import consents, photographs, signing
from .models import Photograph

MOST_PHOTOGRAPH_BYTES = 25 * 2**20
_MAY_CONSENT = EVERYONE - {Role.AUDITOR}


@command("consent.give", _MAY_CONSENT)
def give_consent(actor: Actor, patient: Patient, consent: Consent, sent: Mapping[str, Any]) -> Document:
    """What the patient signed on this screen: the exact text, the name as it was drawn, when, and who saw it."""
    signature = consents.read_signature(consent, sent, patient=patient.name)
    signature |= {"at": timezone.now().isoformat(), "witness": actor.name, "witness_id": actor.id}
    document = documents.file(
        actor, Document.Kind.CONSENT, patient, consent, edition=consent.edition, language=consent.language,
        signature=signature,
    )  # fmt: skip
    note(document, patient=patient, kind=consent.kind, text=consent.text, identity=signature["identity"])
    return document


@command("consent.withdraw", _MAY_CONSENT)
def withdraw_consent(actor: Actor, consent: Document, reason: str) -> Document:
    """That a consent was taken back. Both documents stay. No reason is needed from the patient."""
    if consent.kind != Document.Kind.CONSENT:
        raise InputError("consent", "this document is none", "Choose a consent")
    documents.hold(actor, consent.patient.kept())
    if Document.objects.of(actor).filter(kind=Document.Kind.WITHDRAWAL, replaces=consent).exists():
        raise Refused(_("This consent was taken back already."), _("Nothing more is to be done."))
    body = {"consent": str(consent.pk), "at": timezone.now().isoformat(), "reason": reason[:500]}
    made = documents.file(
        actor, Document.Kind.WITHDRAWAL, consent.patient, body, reason=reason[:500], replaces=consent
    )  # fmt: skip
    note(made, patient=consent.patient_id, consent=consent.pk)
    return made


def add_photograph(
    actor: Actor, draft: Draft, view: View, content: bytes, *, keep_because: str = ""
) -> tuple[Photograph | None, Grade]:
    """One standard view, without its metadata. A picture that the gate would take again is kept only with a reason.
    Grading takes a moment, in which nobody's writing waits."""
    _photographs_allowed(actor, draft)
    if len(content) > MOST_PHOTOGRAPH_BYTES:
        raise InputError("photograph", _("the file is larger than 25 MB"), _("Save it as JPEG"))
    picture = read_photograph(content)
    result = grade(picture, view)
    keeps = result.verdict != "retake" or len(keep_because.strip()) >= 3
    clean = stripped(picture) if keeps else None
    return keep_photograph(actor, draft, view, clean, result, keep_because.strip()[:300]), result


@command("photograph.add", CLINICAL)
def keep_photograph(
    actor: Actor, draft: Draft, view: View, clean: bytes | None, result: Grade, because: str
) -> Photograph | None:
    """A picture as it was graded; without one (`clean` None), that it has to be taken again."""
    consent = _photographs_allowed(actor, draft)
    if clean is None:
        note(draft, patient=draft.patient_id, view=view, kept=False)
        return None
    made = Photograph.objects.create(
        clinic=draft.clinic, patient=draft.patient, draft=draft, consent=consent.document, view=view, content=clean,
        media_type="image/jpeg", sha256=hashlib.sha256(clean).hexdigest(), width=result.width_px,
        height=result.height_px, quality={**result.model_dump(mode="json"), "kept_because": because},
        taken_by=actor.member,
    )  # fmt: skip
    note(made, patient=draft.patient_id, view=view, sha256=made.sha256, verdict=result.verdict)
    return made


def _photographs_allowed(actor: Actor, draft: Draft) -> consents.Given:
    consent = consents.standing(actor, draft.patient, "photographs")
    if consent is None:
        raise Refused(_("The patient has not consented to photographs."), _("Ask for that consent first."))
    return consent


@command("draft.fit", CLINICAL)
def fit_face(actor: Actor, draft: Draft, photo: Photograph, fit: Fit | None) -> int:
    """The draft's map on the face of one of the patient's pictures from the front; None: on the atlas again. Returns
    the draft's revision."""
    if draft.status != Draft.Status.OPEN:
        raise Refused(_("This draft was signed or closed already."), _("Amend the signed plan instead."))
    value = None
    if fit is not None:
        if photo.view != "front":
            raise InputError("photo", _("only a view from the front can be fitted"), _("Choose one from the front"))
        if photographs.withdrawn(actor, photo):
            raise Refused(_("The consent to this photograph was taken back."), _("Ask for that consent first."))
        value = {
            "photograph": str(photo.pk), "consent": str(photo.consent_id), "sha256": photo.sha256,
            "fit": fit.model_dump(mode="json"),
        }  # fmt: skip
    draft.refresh_from_db()
    done = drafts.apply(actor, draft, uuid.uuid4(), draft.revision, "consultation.fit", value)
    note(draft, patient=draft.patient_id, photograph=photo.pk if fit else None, revision=done.revision)
    return done.revision


@command("plan.sign", {Role.PRESCRIBER})
def sign_plan(actor: Actor, draft: Draft, prepared: signing.Prepared) -> Document:
    """The plan becomes a document that nothing changes. Raises Refused where something stands in the way, or where any
    of what the prescriber read changed meanwhile: draft, answers, decisions, consents, registrations, knowledge."""
    draft = Draft.objects.of(actor).select_for_update().get(pk=draft.pk)
    documents.hold(actor, draft.patient.kept())  # nobody takes a consent back between the comparison and the signature
    if draft.kind != Draft.Kind.PLAN:
        raise InputError("draft", "it is no draft of a plan", "Choose one of a plan")
    if draft.status != Draft.Status.OPEN:
        raise Refused(_("This draft was signed or closed already."), _("Amend the signed plan instead."))
    if signing.basis(Desk(actor, draft)) != prepared.basis:
        raise Refused(_("Something changed while you were reading."), _("Read it again, and sign what you read."))
    if prepared.obstacles:
        first = prepared.obstacles[0]
        raise Refused(first.sentence, first.way_out)
    if prepared.plan is None or prepared.consent is None:
        raise Refused(_("There is no plan to sign."), _("Finish the draft."))
    entry = Registration.objects.of(actor).get(staff=actor.staff)
    answers = documents.latest(actor, draft.patient, Document.Kind.ANSWERS)
    signature = {
        "name": actor.name, "role": "prescriber", "register": entry.register, "number": entry.number,
        "at": timezone.now().isoformat(), "consent": str(prepared.consent.document.pk), "draft": str(draft.pk),
        "revision": draft.revision, "answers": str(answers.pk) if answers else None, "basis": prepared.basis,
    }  # fmt: skip
    plan = prepared.plan
    document = documents.file(
        actor, Document.Kind.PLAN, draft.patient, plan, edition=plan.edition, language=plan.language,
        replaces=draft.based_on, signature=signature,
    )  # fmt: skip
    for name, content in prepared.files.items():
        documents.attach(document, name, signing.KEPT[name], content)
    Draft.objects.of(actor).filter(pk=draft.pk).update(status=Draft.Status.DONE, updated=timezone.now())
    note(document, patient=draft.patient, version=document.version, sha256=document.sha256, draft=draft.pk)
    return document


@command("plan.amend", CLINICAL)
def amend_plan(actor: Actor, plan: Document) -> Draft:
    """A draft that starts as a signed plan; when it is signed it replaces that one. The plan itself stays as it is."""
    if plan.kind != Document.Kind.PLAN:
        raise InputError("plan", "this document is none", "Choose a signed plan")
    if plan.replaced_by.exists():
        raise Refused(_("A newer version replaces this plan."), _("Amend the newest version."))
    patient = plan.patient.kept()
    documents.hold(actor, patient)
    if Draft.objects.of(actor).filter(patient=patient, kind=Draft.Kind.PLAN, status=Draft.Status.OPEN).exists():
        raise Refused(_("Another draft of this patient is open."), _("Finish it, or leave it, first."))
    source = Draft.objects.of(actor).get(pk=(plan.signature or {})["draft"])
    draft = Draft.objects.create(clinic=plan.clinic, patient=patient, kind=Draft.Kind.PLAN, based_on=plan)
    for root, value in source.body.items():
        drafts.apply(actor, draft, uuid.uuid4(), draft.revision, root, value)
        draft.refresh_from_db()
    note(draft, patient=patient, plan=plan.pk)
    return draft


def mail_plan(actor: Actor, plan: Document) -> None:
    """The patient's sheet, calendar and signed consent by e-mail, with a subject that says nothing of the treatment.
    Printing and sending take seconds, in which nobody's writing waits; and it is noted before it leaves."""
    letter = _letter(actor, plan)
    note_mail(actor, plan)
    try:
        letter.send()
    except OSError as error:
        note_mail_failed(actor, plan)
        raise Refused(_("The mail server does not answer."), _("Print the sheet, or try again later.")) from error


@command("plan.mail", CLINICAL | {Role.FRONT_DESK})
def note_mail(actor: Actor, plan: Document) -> None:
    """That documents of a plan go to the patient's address."""
    note(plan, patient=plan.patient.kept(), to=plan.patient.kept().email)


@command("plan.mail-failed", CLINICAL | {Role.FRONT_DESK})
def note_mail_failed(actor: Actor, plan: Document) -> None:
    """That they did not leave."""
    note(plan, patient=plan.patient.kept())


def _letter(actor: Actor, plan: Document) -> EmailMessage:
    patient = plan.patient.kept()
    if not patient.email:
        raise Refused(_("No e-mail address is entered for this patient."), _("Enter it, or print the sheet."))
    with override(patient.language):
        letter = EmailMessage(
            subject=_("Your documents from %(clinic)s") % {"clinic": actor.here.name},
            body=_("Your sheet, your dates and what you signed are attached. Call us with any question: %(phone)s")
            % {"phone": actor.here.phone},
            to=[patient.email],
            reply_to=[actor.here.email] if actor.here.email else None,
        )
    for one in Attachment.objects.of(actor).filter(document=plan, name__in=("patient.pdf", "course.ics")):
        letter.attach(one.name, bytes(one.content), one.media_type.split(";")[0])
    signed: Any = (plan.signature or {}).get("consent")
    for consent in Document.objects.of(actor).filter(pk=signed):
        letter.attach("consent.pdf", consents.printed(actor, consent), "application/pdf")
    return letter


@command("calendar.link", CLINICAL | {Role.FRONT_DESK})
def calendar_link(actor: Actor, patient: Patient) -> str:
    """A new private address of the patient's calendar; the one before ends. Returns the secret, which is not kept."""
    Link.objects.of(actor).filter(patient=patient, purpose=Link.Purpose.CALENDAR, revoked=None).update(
        revoked=timezone.now()
    )
    secret = secrets.token_urlsafe(32)
    made = Link.objects.create(
        clinic=patient.clinic, patient=patient, purpose=Link.Purpose.CALENDAR,
        secret=hashlib.sha256(secret.encode()).hexdigest(), expires=timezone.now() + timedelta(days=730),
    )  # fmt: skip
    note(made, patient=patient)
    return secret
