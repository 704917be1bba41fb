"""Whether a practitioner's registration lets them sign, and how it stands on a patient's documents. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from nappage.knowledge import Edition

from .models import Registration

ANY = "*"


def may_sign(
    registration: Registration | None, on: date, techniques: Iterable[str], areas: Iterable[str], edition: Edition
) -> tuple[str, ...]:
    """What stands in the way, in sentences; empty: nothing. `techniques` and `areas` are ids of the edition."""
    if registration is None:
        return (_("You have no entry in a register here. Ask the clinical lead to enter it."),)
    said = []
    if registration.expires < on:
        said.append(
            _("Your registration ended on %(day)s. Ask the lead to enter its renewal.") % {"day": registration.expires}
        )
    if registration.indemnity_expires is None:
        said.append(_("No indemnity insurance is entered for you. Ask the lead to enter it."))
    elif registration.indemnity_expires < on:
        day = {"day": registration.indemnity_expires}
        said.append(_("Your indemnity insurance ended on %(day)s. Ask the lead to enter its renewal.") % day)
    for kind, wanted, trained in (
        ("techniques", techniques, registration.techniques),
        ("regions", areas, registration.areas),
    ):
        lacking = () if ANY in trained else [one for one in dict.fromkeys(wanted) if one not in trained]
        if lacking:
            records = getattr(edition, kind)
            names = ", ".join(edition.text(records[one].title) if one in records else one for one in lacking)
            said.append(
                _("You are not entered as trained for: %(names)s. A colleague who is may sign.") % {"names": names}
            )
    return tuple(said)


def practitioner_line(registration: Registration) -> str:
    """Register and number, as they stand on every patient document."""
    return f"{registration.register} {registration.number}"
