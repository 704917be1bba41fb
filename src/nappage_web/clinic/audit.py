"""The audit chain: every write and every look at a record, each link holding the hash of the one before.

`append` is called by the command layer and by sign-in, inside the transaction of what it tells of. Triggers (in the
first migration) refuse UPDATE and DELETE; `verify` finds a link that was changed, removed or put between others.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import AuditEvent

if TYPE_CHECKING:
    from .access import Actor

START = "0" * 64
_LOCK = 0x6E617070  # PostgreSQL's advisory lock of the chain's end; SQLite has one writer anyway
_SEEN_AGAIN = timedelta(minutes=5)


def append(
    actor: Actor,
    action: str,
    subject: models.Model | None,
    *,
    patient: uuid.UUID | None = None,
    outcome: str = "done",
    details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """One more link. Must run inside a transaction, so that it stands or falls with what it tells of."""
    if not connection.in_atomic_block:
        raise RuntimeError("an audit event is written inside the transaction of what it tells of")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = AuditEvent.objects.order_by("-seq").values_list("seq", "hash").first() or (0, START)
    event = AuditEvent(
        seq=last[0] + 1,
        at=timezone.now(),
        clinic=actor.clinic.pk if actor.clinic else None,
        actor_kind=actor.kind,
        actor=actor.id,
        actor_name=actor.name,
        action=action,
        outcome=outcome,
        subject_kind="" if subject is None else subject._meta.model_name or "",
        subject="" if subject is None else str(subject.pk),
        patient=patient,
        details=json.dumps(details or {}, sort_keys=True, ensure_ascii=False, default=str),
        previous=last[1],
    )
    event.hash = hash_of(event)
    event.save(force_insert=True)
    return event


def looked(
    actor: Actor, action: str, subject: models.Model, *, patient: uuid.UUID | None, again: timedelta = _SEEN_AGAIN
) -> None:
    """That somebody looked at a record; once for the same person and record within `again`."""
    since = timezone.now() - again
    seen = AuditEvent.objects.filter(subject=str(subject.pk), action=action, actor=actor.id, at__gte=since)
    if not seen.exists():
        with transaction.atomic():
            append(actor, action, subject, patient=patient)


def refused(actor: Actor, page: str, path: str) -> None:
    """That somebody asked for a page that their roles do not open."""
    with transaction.atomic():
        append(actor, "page.refused", None, outcome="refused", details={"page": page, "path": path})


@dataclass(frozen=True)
class Verified:
    """How many links hold, the hash of the last, and the first fault; all after a fault hang on it."""

    links: int
    head: str
    fault: str | None = None


def verify(*, expect_head: str | None = None) -> Verified:
    """Walks the whole chain. `expect_head`: a hash noted earlier, which must still be in it (a chain cut at its end is
    whole in itself)."""
    previous, count, met = START, 0, expect_head in (None, START)
    for event in _links():
        count += 1
        if event.seq != count:
            return Verified(
                count - 1, previous, _("link {0} is missing: the next one found is {1}").format(count, event.seq)
            )
        if event.previous != previous:
            return Verified(count - 1, previous, _("link {0} does not hang on link {1}").format(count, count - 1))
        if event.hash != hash_of(event):
            return Verified(count - 1, previous, _("link {0} was changed after it was written").format(count))
        previous = event.hash
        met = met or previous == expect_head
    gone = _("the link {0} noted earlier is gone: the end was cut").format(expect_head)
    return Verified(count, previous, None if met else gone)


def _links() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("seq").iterator(chunk_size=2000)


def hash_of(event: AuditEvent) -> str:
    """SHA-256, in hexadecimal, over all that a link tells and the hash of the one before it."""
    told = [
        event.seq, _moment(event.at), str(event.clinic or ""), event.actor_kind, event.actor, event.actor_name,
        event.action, event.outcome, event.subject_kind, event.subject, str(event.patient or ""), event.details,
        event.previous,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
