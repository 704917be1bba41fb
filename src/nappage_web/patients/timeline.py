"""A patient's audit events in plain sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clinic.models import AuditEvent

_L = gettext_lazy
WORDS: dict[str, Any] = {
    "patient.create": _L("entered the patient"),
    "patient.change": _L("changed the patient's data"),
    "patient.merge": _L("merged a duplicate"),
    "patient.unmerge": _L("took a merge back"),
    "patient.view": _L("looked at the patient"),
    "answers.view": _L("read the answers"),
    "answers.edit": _L("changed the answers"),
    "record.import": _L("imported a record"),
    "intake.send": _L("made an intake link"),
    "intake.revoke": _L("ended an intake link"),
    "intake.opened": _L("opened the intake link"),
    "intake.reply": _L("answered a question"),
    "intake.hand-in": _L("sent the answers"),
    "intake.view": _L("looked at the intake by its link"),
    "calendar.view": _L("read the calendar by its address"),
    "draft.open": _L("opened a draft"),
    "draft.edit": _L("typed into the draft"),
    "draft.view": _L("looked at the draft"),
    "draft.leave": _L("gave the draft up"),
    "consent.give": _L("kept a signed consent"),
    "consent.withdraw": _L("noted that a consent was taken back"),
    "consent.read": _L("showed a consent"),
    "consent.view": _L("looked at a consent"),
    "consents.view": _L("looked at the consents"),
    "photograph.add": _L("took a photograph"),
    "photograph.view": _L("looked at a photograph"),
    "photographs.view": _L("looked at the photographs"),
    "plan.sign": _L("signed the plan"),
    "plan.amend": _L("began an amendment"),
    "plan.view": _L("looked at a signed plan"),
    "plan.file": _L("opened a document of a plan"),
    "plan.mail": _L("mailed the patient's sheet"),
    "appointment.view": _L("looked at a visit"),
    "calendar.link": _L("made a calendar address"),
    "timeline.view": _L("looked at the timeline"),
}


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
        if last is not None and (last.actor, last.action, last.outcome) == (event.actor, event.action, event.outcome):
            out[-1] = Line(out[-1].at, out[-1].who, out[-1].what, out[-1].times + 1, out[-1].refused, out[-1].more)
        else:
            out.append(_line(event))
        last = event
    return out


def _line(event: AuditEvent) -> Line:
    what = str(WORDS.get(event.action, event.action))
    details = json.loads(event.details or "{}")
    more = ""
    if event.action == "patient.change" and details.get("before"):
        more = ", ".join(f"{key}: {was or '—'}" for key, was in details["before"].items())
        more = _("before: %(was)s") % {"was": more}
    elif details.get("version"):
        more = _("version %(n)s") % {"n": details["version"]}
    return Line(event.at, event.actor_name, what, 1, event.outcome == "refused", more)
