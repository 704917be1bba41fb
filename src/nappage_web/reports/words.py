"""What an audit event says, in a reader's words: those of a patient's timeline, and the clinic's own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ..patients.timeline import WORDS as _OF_PATIENTS

WORDS: dict[str, Any] = {
    **_OF_PATIENTS,
    "signin": _("signed in"),
    "signout": _("signed out"),
    "signin.failed": _("a sign-in that failed"),
    "password.changed": _("changed their password"),
    "password.reset": _("set a new password by mail"),
    "factor.added": _("added a second factor"),
    "factor.removed": _("took a second factor away"),
    "factor.reset": _("reset a second factor"),
    "factor.lost": _("reset a colleague's lost second factor"),
    "pin.set": _("set their PIN"),
    "session.end": _("ended a session"),
    "session.unlocked": _("unlocked a session"),
    "session.unlock-failed": _("a wrong PIN or password"),
    "staff.invite": _("invited somebody"),
    "staff.roles": _("changed somebody's roles"),
    "staff.deactivate": _("deactivated somebody"),
    "staff.reactivate": _("reactivated somebody"),
    "registration.enter": _("entered a registration"),
    "clinic.found": _("founded the clinic"),
    "clinic.settings": _("changed the clinic's settings"),
    "clinic.prices": _("changed the prices"),
    "clinic.switch": _("went on in another clinic"),
    "appointment.book": _("booked a visit"),
    "appointment.move": _("moved a visit"),
    "appointment.cancel": _("cancelled a visit"),
    "appointment.done": _("marked a visit as done"),
    "course.book": _("booked a visit of a course"),
    "package.sell": _("sold prepaid sessions"),
    "room.add": _("added a room"),
    "room.close": _("closed a room"),
    "closure.add": _("closed days in the diary"),
    "closure.end": _("opened days in the diary"),
    "protocol.save": _("saved a protocol of the clinic"),
    "protocol.retire": _("retired a protocol"),
    "finding.decide": _("decided on a finding"),
    "finding.withdraw": _("took a decision back"),
    "page.refused": _("asked for a page that their roles do not open"),
    "audit.view": _("looked at the audit"),
    "audit.verify": _("verified the audit chain"),
    "audit.export": _("exported the audit"),
}


def word(action: str) -> str:
    return str(WORDS.get(action, action))
