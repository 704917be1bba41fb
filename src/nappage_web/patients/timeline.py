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
    "appointment.view": gettext_lazy("looked at a visit"),
    "calendar.link": gettext_lazy("made a calendar address"),
    "timeline.view": gettext_lazy("looked at the timeline"),
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
