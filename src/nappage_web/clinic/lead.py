"""What the lead changes: the clinic's settings and prices, who works there as what, and their registrations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.db import models
from django.utils.translation import gettext as _

from nappage.choice import PriceList
from nappage.intake.files import validated
from nappage.knowledge import Edition
from nappage.values import InputError

from .access import EVERYONE, Actor
from .commands import Refused, command, note
from .models import Clinic, Registration, Role, Staff

IDLE_MINUTES = range(1, 16)
SETTINGS = ("name", "address", "phone", "emergency_phone", "email", "jurisdiction", "language", "time_zone",
            "idle_minutes", "cooling_off_days")  # fmt: skip
ENTRY = ("register", "number", "expires", "prescriber", "insurer", "indemnity_expires", "techniques", "areas")


@command("clinic.settings", {Role.LEAD})
def change_settings(actor: Actor, /, **settings: Any) -> Clinic:
    """Any of `SETTINGS`. Raises InputError at the field that cannot be used."""
    clinic = _held(actor)
    if unknown := set(settings) - set(SETTINGS):
        raise InputError(sorted(unknown)[0], _("a clinic has no such setting"), _("Leave it out"))
    if not settings.get("name", clinic.name).strip():
        raise InputError("name", _("it is missing"), _("Write the clinic's name"))
    if settings.get("idle_minutes", IDLE_MINUTES[0]) not in IDLE_MINUTES:
        raise InputError("idle_minutes", _("it is not 1 to 15"), _("Choose 1 to 15 minutes"))
    if settings.get("time_zone", clinic.time_zone) not in available_timezones():
        raise InputError("time_zone", _("it is no time zone"), _("Write one like Europe/Paris"))
    note(clinic, before=_set(clinic, settings))
    return clinic


@command("clinic.prices", {Role.LEAD})
def set_prices(actor: Actor, prices: Mapping[str, Any], edition: Edition) -> Clinic:
    """The clinic's own price list; an empty one takes it away. Raises InputError at the price that cannot be used."""
    clinic = _held(actor)
    if prices:
        validated(PriceList, dict(prices), _("prices")).known_in(edition)
    _set(clinic, {"prices": dict(prices)})
    note(clinic, currency=prices.get("currency", ""), kept=len(prices) > 0)
    return clinic


@command("staff.roles", {Role.LEAD})
def set_roles(actor: Actor, staff: Staff, roles: Collection[str]) -> Staff:
    """What somebody does here. A clinic keeps a lead."""
    if not roles or not set(roles) <= set(Role.values):
        raise InputError("roles", _("no role is chosen"), _("Choose at least one"))
    _held(actor)
    _keep_a_lead(actor, staff, Role.LEAD.value in roles)
    note(staff, before=_set(staff, {"roles": sorted(roles)}), roles=sorted(roles))
    return staff


@command("staff.deactivate", {Role.LEAD})
def deactivate(actor: Actor, staff: Staff) -> Staff:
    """Somebody who works here no more: cannot sign in here; what they did keeps their name."""
    if actor.staff is not None and staff.pk == actor.staff.pk:
        raise Refused(_("You cannot deactivate yourself."), _("Ask another lead to do it."))
    _held(actor)
    _keep_a_lead(actor, staff, False)
    note(staff, before=_set(staff, {"active": False}))
    return staff


@command("staff.reactivate", {Role.LEAD})
def reactivate(actor: Actor, staff: Staff) -> Staff:
    note(staff, before=_set(staff, {"active": True}))
    return staff


@command("registration.enter", {Role.LEAD})
def enter_registration(
    actor: Actor,
    staff: Staff,
    *,
    register: str,
    number: str,
    expires: date,
    prescriber: bool,
    insurer: str,
    indemnity_expires: date | None,
    techniques: Collection[str],
    areas: Collection[str],
) -> Registration:
    """A practitioner's register entry, indemnity and training, new or as it changed. `techniques` and `areas` are ids
    of the edition, or `registration.ANY` alone."""
    for field, said in (("register", register), ("number", number)):
        if not said.strip():
            raise InputError(field, _("it is missing"), _("It stands on every document the patient gets"))
    given: dict[str, Any] = {
        "register": register.strip(), "number": number.strip(), "expires": expires, "prescriber": prescriber,
        "insurer": insurer.strip(), "indemnity_expires": indemnity_expires, "techniques": list(techniques),
        "areas": list(areas),
    }  # fmt: skip
    entry = Registration.objects.of(actor).filter(staff=staff).first()
    if entry is None:
        entry = Registration.objects.create(clinic=actor.here, staff=staff, **given)
        note(entry, staff=str(staff.pk), **given)
    else:
        note(entry, staff=str(staff.pk), before=_set(entry, given))
    return entry


@command("clinic.switch", EVERYONE)
def switch(actor: Actor, to: Staff) -> Clinic:
    """That somebody of several clinics goes on in another one. The session is the page's to change."""
    note(to.clinic, to=str(to.clinic.pk))
    return to.clinic


def _held(actor: Actor) -> Clinic:
    """The clinic as it is now, kept for this transaction, so that two leads do not take each other's role away."""
    return Clinic.objects.select_for_update().get(pk=actor.here.pk)


def _keep_a_lead(actor: Actor, staff: Staff, leads: bool) -> None:
    others = Staff.objects.of(actor).filter(active=True).exclude(pk=staff.pk)
    if not leads and not any(Role.LEAD.value in other.roles for other in others):
        raise Refused(_("A clinic needs a clinical lead."), _("Make somebody else lead first."))


def _set(row: models.Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Writes what differs; returns how it was."""
    before = {key: getattr(row, key) for key, value in fields.items() if getattr(row, key) != value}
    for key in before:
        setattr(row, key, fields[key])
    if before:
        row.save(update_fields=list(before))
    return before
