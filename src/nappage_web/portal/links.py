"""A private address and what it opens: one patient's intake, or their dates. Only the hash of its secret is kept, so
that nobody who reads the database can open it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from django.utils import timezone

from nappage.intake import Answers
from nappage.interview import Reply
from nappage.knowledge import Edition

from ..clinic.access import Actor, patient_actor
from ..patients import documents
from ..patients.models import Document, Draft, Link
from ..planning.reading import edition_on

State = Literal["open", "done", "expired", "revoked"]


@dataclass
class Opened:
    """A link that was found by its secret, whatever its state."""

    link: Link

    @cached_property
    def actor(self) -> Actor:
        return patient_actor(self.link.patient, str(self.link.pk))

    @property
    def state(self) -> State:
        if self.link.draft is not None and self.link.draft.status == Draft.Status.DONE:
            return "done"
        if self.link.revoked is not None:
            return "revoked"
        return "expired" if self.link.expires <= timezone.now() else "open"

    @cached_property
    def on(self) -> date:
        return self.link.clinic.today()

    @cached_property
    def edition(self) -> Edition:
        return edition_on(self.on)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """The log as it stands in the draft."""
        body = self.link.draft.body if self.link.draft else {}
        return tuple(Reply.model_validate(one) for one in body.get("replies") or ())

    @cached_property
    def known(self) -> Answers:
        """What the clinic knows beforehand: who it is, and what another system's record holds."""
        patient = self.link.patient
        who = {"name": patient.name, "birth_date": patient.birth_date.isoformat()}
        if patient.sex:
            who["sex"] = patient.sex
        known: dict[str, object] = {"patient": who}
        answers = Answers.model_validate(known)
        newest = documents.latest(self.actor, patient, Document.Kind.ANSWERS)
        before = None if newest is None else Answers.model_validate_json(newest.body)
        if before is not None and before.record is not None:  # of all imports, and of a duplicate that was merged
            answers = answers.model_copy(update={"record": before.record, "record_until": before.record_until})
        return answers


def opened(secret: str, purpose: Link.Purpose) -> Opened | None:
    """The link of a secret, or None. The secret is long and random: its hash is all that is looked up."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    rows = Link._base_manager.select_related("patient", "clinic", "draft")
    link = rows.filter(secret=digest, purpose=purpose).first()
    return None if link is None else Opened(link)
