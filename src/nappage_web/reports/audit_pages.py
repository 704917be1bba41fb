"""The clinic's audit: every event, newest first, filtered and paged by its number; exported; the chain verified."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ..clinic import audit
from ..clinic.access import Actor, page
from ..clinic.commands import COMMANDS
from ..clinic.models import AuditEvent, Staff
from ..patients import search
from ..patients.models import Patient
from . import commands
from .words import WORDS, word

PER_PAGE = 50
_AT_ONCE = 2000
_COLUMNS = ("seq", "at_utc", "actor_kind", "actor", "actor_name", "action", "outcome", "subject_kind", "subject",
            "patient", "details", "previous", "hash")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The filter as it was typed. `patient`: a name, birth date or phone; what cannot be read filters nothing and is
    told in `faults`."""

    person: str = ""
    action: str = ""
    patient: str = ""
    first: str = ""
    last: str = ""
    refused: str = ""

    @classmethod
    def of(cls, given: Any) -> Asked:
        return cls(**{name: given.get(name, "").strip()[:120] for name in cls.__dataclass_fields__})

    def given(self) -> dict[str, str]:
        return {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name))}

    def faults(self) -> dict[str, str]:
        return {name: _("That is not a day.") for name in ("first", "last")
                if getattr(self, name) and _day(getattr(self, name)) is None}  # fmt: skip


def events(actor: Actor, asked: Asked) -> QuerySet[AuditEvent]:
    """This clinic's events that match, newest first."""
    rows = AuditEvent.objects.filter(clinic=actor.here.pk)
    if asked.person in ("patient", "system"):
        rows = rows.filter(actor_kind=asked.person)
    elif asked.person:
        rows = rows.filter(actor_kind="staff", actor=asked.person)
    if asked.action:
        rows = rows.filter(action=asked.action)
    if asked.refused:
        rows = rows.filter(outcome="refused")
    if asked.patient:
        rows = rows.filter(patient__in=[one.pk for found in _found(actor, asked.patient) for one in found.everyone()])
    zone = actor.here.zone()
    if first := _day(asked.first):
        rows = rows.filter(at__gte=datetime.combine(first, time(), zone))
    if last := _day(asked.last):
        rows = rows.filter(at__lt=datetime.combine(last + timedelta(days=1), time(), zone))
    return rows.order_by("-seq")


def _found(actor: Actor, text: str) -> list[Patient]:
    """The patient of an id (an address leads here with one), or all whom the search finds."""
    try:
        return list(Patient.objects.of(actor).filter(pk=uuid.UUID(text)))
    except ValueError:
        return search.find(actor, text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_GET
@page("audit.list", commands.READERS)
def events_page(request: HttpRequest) -> HttpResponse:
    """Fifty events; `before` is the number of the last one seen."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    asked = Asked.of(request.GET)
    audit.looked(actor, "audit.view", actor.here, patient=None)
    rows = events(actor, asked)
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(seq__lt=min(int(before), 2**62))
    shown = list(rows[: PER_PAGE + 1])
    more, shown = len(shown) > PER_PAGE, shown[:PER_PAGE]
    patients = Patient.objects.of(actor).in_bulk({row.patient for row in shown if row.patient})
    staff = Staff.objects.of(actor).select_related("user")
    lines = [
        {"event": row, "word": word(row.action), "details": _details(row), "patient": patients.get(row.patient)}
        for row in shown
    ]
    older = {**asked.given(), "before": shown[-1].seq} if more else {}
    context = {
        "lines": lines, "asked": asked, "faults": asked.faults(), "filtered": bool(asked.given()), "page": before,
        "older": urlencode(older), "query": urlencode(asked.given()), "per_page": PER_PAGE,
        "staff": sorted(staff, key=lambda one: str(one).casefold()),
        "actions": sorted(((name, word(name)) for name in {*WORDS, *COMMANDS}), key=lambda pair: pair[1].casefold()),
        "links": AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0,
    }  # fmt: skip
    with timezone.override(actor.here.zone()):
        return render(request, "reports/audit.html", context)


def _details(event: AuditEvent) -> str:
    """The event's details in one line: `roles: lead, auditor; email: …`."""
    held = json.loads(event.details or "{}")
    return "; ".join(f"{key}: {_plain(value)}" for key, value in held.items() if value not in (None, "", [], {}))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value) or "–"
    return str(value)


@require_POST
@page("audit.export", commands.READERS)
def export(request: HttpRequest) -> HttpResponseBase:
    """All events that match, as CSV, sent while they are read."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    asked = Asked.of(request.POST)
    commands.exported(actor, asked.given())
    name = f"audit-{slugify(actor.here.name)}-{actor.here.today()}.csv"
    answer = StreamingHttpResponse(_csv(events(actor, asked)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class _Echo:
    """csv writes into this, and gets the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(_COLUMNS)  # the mark by which spreadsheets know UTF-8
    below = None
    while part := list((rows if below is None else rows.filter(seq__lt=below))[:_AT_ONCE]):
        for row in part:
            cells = (row.seq, row.at.astimezone(UTC).isoformat(), row.actor_kind, row.actor, row.actor_name, row.action,
                     row.outcome, row.subject_kind, row.subject, row.patient or "", row.details, row.previous,
                     row.hash)  # fmt: skip
            yield writer.writerow(_harmless(cell) for cell in cells)
        below = part[-1].seq


def _harmless(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@require_POST
@page("audit.verify", commands.READERS)
def verify(request: HttpRequest) -> HttpResponse:
    """Walks the whole chain; `head`: a hash noted earlier, which must still be in it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    head = request.POST.get("head", "").strip().lower()[:64]
    result = audit.verify(expect_head=head or None)  # outside the command: nobody's writing waits for the walk
    commands.verified(actor, result)
    part = request.headers.get("HX-Request")
    context = {"result": result, "head": head, "back": reverse("audit")}
    return render(request, "reports/_verified.html" if part else "reports/verified.html", context)
