"""What a patient writes through a link of their own."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from nappage.interview import ask, fold, reply

from ..clinic.access import Actor
from ..clinic.commands import PATIENT, Refused, command, note
from ..patients import documents, drafts
from ..patients.models import Document, Draft, Link
from .links import Opened


@command("intake.opened", {PATIENT})
def note_opening(actor: Actor, link: Link) -> None:
    """That the link was opened for the first time."""
    Link.objects.of(actor).filter(pk=link.pk, opened=None).update(opened=timezone.now())
    note(link, patient=link.patient_id)


@command("intake.reply", {PATIENT})
def save_reply(actor: Actor, opened: Opened, question: str, value: Any, key: uuid.UUID, language: str) -> None:
    """One answer, kept at once. The same key again is the same answer. Raises InputError at the field at fault."""
    draft = _held(actor, opened)
    log = reply(
        opened.replies, question, value, opened.edition, opened.on, known=opened.known, language=language
    )  # fmt: skip
    drafts.apply(actor, draft, key, draft.revision, f"replies.{len(log) - 1}", log[-1].model_dump(mode="json"))
    draft.refresh_from_db()
    opened.link.draft = draft
    note(draft, patient=draft.patient_id, question=question)


@command("intake.hand-in", {PATIENT})
def hand_in(actor: Actor, opened: Opened, language: str) -> Document:
    """The answers become a document that nothing changes. Refused while a question is open."""
    draft = _held(actor, opened)
    if ask(opened.replies, opened.edition, opened.on, known=opened.known) is not None:
        raise Refused(_("One question is still open."), _("Answer it, or say that you do not know."))
    answers = fold(opened.replies, opened.edition, opened.on, known=opened.known)
    before = documents.latest(actor, draft.patient, Document.Kind.ANSWERS)
    made = documents.file(
        actor, Document.Kind.ANSWERS, draft.patient, answers, edition=opened.edition.fingerprint, language=language,
        replaces=before,
    )  # fmt: skip
    Draft.objects.of(actor).filter(pk=draft.pk).update(status=Draft.Status.DONE, updated=timezone.now())
    note(made, patient=draft.patient_id, version=made.version)
    return made


def _held(actor: Actor, opened: Opened) -> Draft:
    """The intake's draft as it is now, kept for this transaction. Raises Refused once it was sent."""
    if opened.link.draft_id is None:
        raise RuntimeError("the link of an intake has a draft")
    draft = opened.link.draft = Draft.objects.of(actor).select_for_update().get(pk=opened.link.draft_id)
    if draft.status != Draft.Status.OPEN:
        raise Refused(_("You have sent your answers already."), _("To change something, call the clinic."))
    return draft
