"""Whether a practitioner's registration lets them sign or inject. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from nappage.intake import closure
from nappage.knowledge import Edition

from .models import Registration

ANY = "*"


@dataclass(frozen=True)
class Bar:
    """Why somebody may not, and the way out."""

    sentence: str
    way_out: str


def bars(
    registration: Registration | None,
    name: str,
    on: date,
    techniques: Iterable[str],
    areas: Iterable[str],
    edition: Edition,
) -> tuple[Bar, ...]:
    """What stands in the way of this practitioner; empty: nothing. `techniques` and `areas` are ids of the edition; a
    name that is none of them is in nobody's scope but of whoever is entered for all."""
    who = {"name": name}
    if registration is None:
        return (Bar(_("No register entry of %(name)s stands here.") % who, _("Ask the lead to enter it.")),)
    said, spoken = [], "fr" if (get_language() or "").startswith("fr") else "en"
    if not registration.register.strip() or not registration.number.strip():
        said.append(Bar(
            _("The register entry of %(name)s has no number.") % who, _("Ask the lead to enter it.")
        ))  # fmt: skip
    if registration.expires < on:
        words = {**who, "day": date_format(registration.expires)}
        said.append(Bar(
            _("The registration of %(name)s ended on %(day)s.") % words, _("Ask the lead to enter its renewal.")
        ))  # fmt: skip
    if registration.indemnity_expires is None:
        said.append(Bar(_("No indemnity insurance of %(name)s is entered.") % who, _("Ask the lead to enter it.")))
    elif registration.indemnity_expires < on:
        words = {**who, "day": date_format(registration.indemnity_expires)}
        said.append(Bar(
            _("The indemnity insurance of %(name)s ended on %(day)s.") % words,
            _("Ask the lead to enter its renewal."),
        ))  # fmt: skip
    for kind, wanted, trained in (
        ("techniques", techniques, registration.techniques),
        ("regions", areas, registration.areas),
    ):
        lacking = () if ANY in trained else [one for one in dict.fromkeys(wanted) if not _covers(trained, one, edition)]
        if lacking:
            records = getattr(edition, kind)
            names = ", ".join(edition.text(records[one].title, spoken) if one in records else one for one in lacking)
            said.append(Bar(
                _("%(name)s is not entered as trained for: %(what)s.") % {**who, "what": names},
                _("Choose a colleague who is, or ask the lead to enter the training."),
            ))  # fmt: skip
    return tuple(said)


def _covers(trained: Iterable[str], one: str, edition: Edition) -> bool:
    """A region is within the scope of whoever is trained for it or for one that it lies in; a technique by itself."""
    return bool({one, *(closure(edition, one) if one in edition.regions else ())} & set(trained))
