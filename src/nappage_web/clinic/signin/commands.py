"""What a signed-in person changes of their own sign-in, and whom the lead invites."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from itertools import pairwise

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from nappage.values import InputError

from ..access import EVERYONE, Actor
from ..commands import SYSTEM, Refused, command, note
from ..models import Role, SignedIn, Staff, User
from . import lock


@command("pin.set", EVERYONE)
def set_pin(actor: Actor, pin: str) -> None:
    """The quick unlock. Six digits or more, not all alike and not in a row."""
    if not re.fullmatch(r"\d{6,12}", pin):
        raise InputError("pin", _("it is not 6 to 12 digits"), _("Choose at least six digits"))
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise InputError("pin", _("it is too easy to guess"), _("Choose digits that do not follow one another"))
    user = actor.member.user
    user.pin = make_password(pin)
    user.save(update_fields=["pin"])
    note(user)


@command("session.end", EVERYONE)
def end_session(actor: Actor, id: str) -> None:
    """Ends one of the person's own sessions: that browser is signed out at its next request."""
    own = actor.member.user.signed_in
    try:
        rows = own.filter(pk=uuid.UUID(id))
    except ValueError:
        rows = own.none()
    if not lock.end(rows):
        raise InputError("session", _("it has ended already"), _("Load the list again"))
    note(actor.member.user, session=id)


@command("session.unlocked", EVERYONE)
def unlocked(actor: Actor) -> None:
    """That a locked session was opened again by its owner."""
    note(actor.member.user)


@command("session.unlock-failed", EVERYONE)
def unlock_failed(actor: Actor, tries_left: int) -> None:
    """That a wrong PIN or password was given, at a locked session or for what asks for it again."""
    note(actor.member.user, tries_left=tries_left)


def proven(actor: Actor, row: SignedIn, proof: str, *, pin: bool = True) -> bool:
    """Whether the one who is signed in proved it again, for what an open browser alone must not do. Wrong tries are
    noted, and count with those at the lock."""
    if lock.proves(row, actor.member.user, proof, pin=pin):
        return True
    unlock_failed(actor, lock.tries_left(row))
    return False


@command("staff.invite", {Role.LEAD})
def invite(actor: Actor, *, name: str, email: str, roles: Collection[str], language: str = "") -> Staff:
    """Somebody new at this clinic, or somebody of another one. Who is new has no password until the link that is mailed
    to them sets one. Raises InputError where a field cannot be used."""
    name, email = name.strip(), email.strip().casefold()
    if not name:
        raise InputError("name", _("it is missing"), _("Write the name that stands on documents"))
    try:
        validate_email(email)
    except ValidationError:
        raise InputError("email", _("it is no e-mail address"), _("Write one like ana@clinic.example")) from None
    if not roles or not set(roles) <= set(Role.values):
        raise InputError("roles", _("no role is chosen"), _("Choose at least one"))
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, None, name=name, language=language)
    elif user.memberships.filter(clinic=actor.here).exists():
        raise InputError("email", _("they work here already"), _("Change their roles instead"))
    staff = Staff.objects.create(clinic=actor.here, user=user, roles=sorted(roles))
    note(staff, roles=sorted(roles), email=email)
    return staff


@command("factor.lost", {Role.LEAD, SYSTEM})
def reset_factor(actor: Actor, staff: Staff, *, reason: str) -> None:
    """Takes the second factors and recovery codes of somebody who lost them, and ends their sessions: their password
    alone signs them in once more, to nothing but the set-up of a new one. Nobody does it for themselves, and no lead
    for somebody whom another organisation trusts too."""
    user, reason = staff.user, reason.strip()
    if actor.staff is not None and user.pk == actor.member.user_id:
        raise Refused(_("You cannot reset your own second factor."), _("Use a recovery code, or ask another lead."))
    elsewhere = user.memberships.filter(active=True).exclude(clinic__organisation=staff.clinic.organisation)
    if actor.kind == "staff" and elsewhere.exists():
        raise Refused(
            _("They work for another organisation too."), _("Whoever runs this server can reset it, with both agreed.")
        )
    if len(reason) < 3:
        raise InputError("reason", _("it is missing"), _("Write how you know that it is they who ask"))
    factors = Authenticator.objects.filter(user=user)
    kinds = sorted(factors.values_list("type", flat=True))
    if not kinds:
        raise Refused(_("They have no second factor."), _("They set one up when they sign in."))
    factors.delete()
    ended = lock.end(user.signed_in.all())
    note(staff, reason=reason[:300], factors=kinds, sessions_ended=ended)
