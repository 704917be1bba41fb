"""A patient's audit events in plain sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clinic.models import AuditEvent

WORDS: dict[str, Any] = {
    "patient.create": gettext_lazy("entered the patient"),
    "patient.change": gettext_lazy("changed the patient's data"),
    "patient.merge": gettext_lazy("merged a duplicate"),
    "patient.unmerge": gettext_lazy("took a merge back"),
    "patient.view": gettext_lazy("looked at the patient"),
    "answers.view": gettext_lazy("read the answers"),
    "answers.edit": gettext_lazy("changed the answers"),
    "record.import": gettext_lazy("imported a record"),
    "intake.send": gettext_lazy("made an intake link"),
    "intake.revoke": gettext_lazy("ended an intake link"),
    "intake.opened": gettext_lazy("opened the intake link"),
    "intake.reply": gettext_lazy("answered a question"),
    "intake.hand-in": gettext_lazy("sent the answers"),
    "intake.view": gettext_lazy("looked at the intake by its link"),
    "calendar.view": gettext_lazy("read the calendar by its address"),
    "draft.open": gettext_lazy("opened a draft"),
    "draft.edit": gettext_lazy("typed into the draft"),
    "draft.view": gettext_lazy("looked at the draft"),
    "draft.use_protocol": gettext_lazy("started the draft from a protocol"),
    "draft.use_own_protocol": gettext_lazy("started the draft from a protocol of the clinic"),
    "draft.start_from_last": gettext_lazy("started the draft from the last plan"),
    "draft.use_ranges": gettext_lazy("took the published spacing and depth"),
    "draft.accept_doses": gettext_lazy("accepted doses without a known ceiling"),
    "draft.edit_map": gettext_lazy("changed the map"),
    "draft.plan_dates": gettext_lazy("had the dates set by the protocol"),
    "draft.set_dates": gettext_lazy("moved the dates"),
    "draft.fit": gettext_lazy("fitted the map to a photograph"),
    "draft.leave": gettext_lazy("gave the draft up"),
    "consent.give": gettext_lazy("kept a signed consent"),
    "consent.withdraw": gettext_lazy("noted that a consent was taken back"),
    "consent.read": gettext_lazy("showed a consent"),
    "consent.view": gettext_lazy("looked at a consent"),
    "consents.view": gettext_lazy("looked at the consents"),
    "photograph.add": gettext_lazy("took a photograph"),
    "photograph.view": gettext_lazy("looked at a photograph"),
    "photographs.view": gettext_lazy("looked at the photographs"),
    "plan.sign": gettext_lazy("signed the plan"),
    "plan.amend": gettext_lazy("began an amendment"),
    "plan.view": gettext_lazy("looked at a signed plan"),
    "plan.file": gettext_lazy("opened a document of a plan"),
    "plan.mail": gettext_lazy("mailed the patient's sheet"),
    "plan.mail-failed": gettext_lazy("could not mail the patient's documents"),
    "appointment.view": gettext_lazy("looked at a visit"),
    "calendar.link": gettext_lazy("made a calendar address"),
    "timeline.view": gettext_lazy("looked at the timeline"),
}
_OWN = {
    "name": gettext_lazy("Name"), "birth_date": gettext_lazy("Birth date"), "sex": gettext_lazy("Sex"),
    
    "phone": gettext_lazy("Phone"), "email": gettext_lazy("E-mail"), "language": gettext_lazy("Language"),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Which events are wanted: whose (the actor's id), of which kind (an action), from and to which day, looks too."""

    who: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None
    looks: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        first, last = (_day(query.get(name, "")) for name in ("first", "last"))
        return cls(query.get("who", "")[:64], query.get("kind", "")[:64], first, last, query.get("looks") == "1")

    @property
    def narrow(self) -> bool:
        return bool(self.who or self.kind or self.first or self.last)

    def query(self) -> str:
        """As it stands in an address."""
        given = {"who": self.who, "kind": self.kind, "first": self.first, "last": self.last, "looks": int(self.looks)}
        return urlencode({name: value for name, value in given.items() if value})

    def among(self, events: QuerySet[AuditEvent], zone: ZoneInfo) -> QuerySet[AuditEvent]:
        if self.kind:
            events = events.filter(action=self.kind)
        elif not self.looks:
            events = events.exclude(action__endswith=".view")
        if self.who:
            events = events.filter(actor=self.who)
        if self.first and self.first > date.min:
            events = events.filter(at__gte=datetime.combine(self.first, time(), zone))
        if self.last and self.last < date.max:
            events = events.filter(at__lt=datetime.combine(self.last + timedelta(days=1), time(), zone))
        return events


def choices(events: QuerySet[AuditEvent]) -> dict[str, list[tuple[str, str]]]:
    """By whom and by what these events can be narrowed, each as (value, word)."""
    people = dict(events.order_by().values_list("actor", "actor_name").distinct())
    kinds = {kind: str(WORDS.get(kind, kind)) for kind in events.order_by().values_list("action", flat=True).distinct()}
    return {
        name: sorted(each.items(), key=lambda one: one[1].casefold())
        for name, each in (("people", people), ("kinds", kinds))
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Line:
    """Consecutive events of one person and one kind, as one line."""

    at: datetime
    who: str
    what: str
    times: int
    refused: bool
    more: str


def lines(events: Iterable[AuditEvent]) -> list[Line]:
    """Newest first. Many keystrokes in a row are one line with their number."""
    out: list[Line] = []
    last: AuditEvent | None = None
    for event in events:
        if event.action in ("patient.merge", "patient.unmerge") and "kept" in json.loads(event.details or "{}"):
            continue  # a merge is noted at both rows: told once
        line = _line(event)
        same = last is not None and (last.actor, last.action, last.outcome) == (
            event.actor,
            event.action,
            event.outcome,
        )
        if same and not (line.more and out[-1].more):  # what was changed each time is told each time
            out[-1] = replace(out[-1], times=out[-1].times + 1, more=out[-1].more or line.more)
        else:
            out.append(line)
        last = event
    return out


def _kind(event: AuditEvent) -> tuple[str, str, str]:
    return event.actor, event.action, event.outcome


def _line(event: AuditEvent) -> Line:
    what = str(WORDS.get(event.action, event.action))
    details = json.loads(event.details or "{}")
    more = ""
    if event.action in ("patient.change", "patient.merge") and details.get("before"):
        before = details["before"]
        more = ", ".join(f"{word}: {_was(key, before[key])}" for key, word in _OWN.items() if key in before)
        more = _("before: %(was)s") % {"was": more}
    elif details.get("version"):
        more = _("version %(n)s") % {"n": details["version"]}
    return Line(event.at, event.actor_name, what, 1, event.outcome == "refused", more)


def _was(key: str, text: str) -> str:
    return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT") if key == "birth_date" else text or "—"
