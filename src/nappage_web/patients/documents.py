"""Filing and reading documents. Only commands call `file`; what is filed is never changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import Max

from nappage import __version__
from nappage.values import Document as CoreDocument

from ..clinic.access import Actor
from .models import Attachment, Document, Patient


def file(
    actor: Actor,
    kind: Document.Kind,
    patient: Patient,
    body: CoreDocument | dict[str, Any],
    *,
    edition: str = "",
    language: str = "",
    reason: str = "",
    replaces: Document | None = None,
    signature: dict[str, Any] | None = None,
) -> Document:
    """A new row: the next version of its kind for this patient. `replaces` names what it amends."""
    if isinstance(body, CoreDocument):
        text = body.model_dump_json(exclude_unset=kind == Document.Kind.ANSWERS)
    else:
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    hold(actor, patient.kept())
    known = Document.objects.of(actor).filter(patient__in=patient.kept().everyone(), kind=kind)
    return Document.objects.create(
        clinic=patient.clinic, patient=patient, kind=kind, version=1 + (known.aggregate(n=Max("version"))["n"] or 0),
        body=text, sha256=hashlib.sha256(text.encode()).hexdigest(), edition=edition, software=__version__,
        language=language, author_kind=actor.kind, author=actor.id, author_name=actor.name, reason=reason,
        replaces=replaces, signature=signature,
    )  # fmt: skip


def hold(actor: Actor, patient: Patient) -> None:
    """Until the transaction ends, others wait who would add what there is one of: the next version, the open draft. On
    SQLite they wait anyway."""
    Patient.objects.of(actor).select_for_update(no_key=True).filter(pk=patient.pk).first()


def attach(document: Document, name: str, media_type: str, content: bytes) -> Attachment:
    return Attachment.objects.create(
        clinic=document.clinic, patient=document.patient, document=document, name=name, media_type=media_type,
        content=content, sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def latest(actor: Actor, patient: Patient, kind: Document.Kind) -> Document | None:
    """The newest, of whichever row it is that the patient was kept under; or None."""
    mine = Document.objects.of(actor).filter(patient__in=patient.kept().everyone(), kind=kind)
    return mine.order_by("-created", "-version").first()


def whole(document: Document) -> bool:
    """Whether the text is the one that was filed."""
    return hashlib.sha256(document.body.encode()).hexdigest() == document.sha256
