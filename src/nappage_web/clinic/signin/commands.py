"""What a signed-in person changes of their own sign-in, and whom the lead invites."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from itertools import pairwise

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from nappage.values import InputError

from ..access import EVERYONE, Actor
from ..commands import command, note
from ..models import Role, SignedIn, Staff, User
from . import lock


@command("pin.set", EVERYONE)
def set_pin(actor: Actor, pin: str) -> None:
    """The quick unlock. Six digits or more, not all alike and not in a row."""
    if not re.fullmatch(r"\d{6,12}", pin):
        raise InputError("pin", "it is not 6 to 12 digits", "Choose at least six digits")
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise InputError("pin", "it is too easy to guess", "Choose digits that do not follow one another")
    assert actor.staff is not None
    user = actor.staff.user
    user.pin = make_password(pin)
    user.save(update_fields=["pin"])
    note(user)


@command("session.end", EVERYONE)
def end_session(actor: Actor, id: str) -> None:
    """Ends one of the person's own sessions: that browser is signed out at its next request."""
    assert actor.staff is not None
    try:
        key = uuid.UUID(id)
    except ValueError:
        key = None
    if not lock.end(actor.staff.user.signed_in.filter(pk=key)):
        raise InputError("session", "it has ended already", "Load the list again")
    note(actor.staff.user, session=id)


@command("session.unlocked", EVERYONE)
def unlocked(actor: Actor) -> None:
    """That a locked session was opened again by its owner."""
    assert actor.staff is not None
    note(actor.staff.user)


@command("session.unlock-failed", EVERYONE)
def unlock_failed(actor: Actor, tries_left: int) -> None:
    """That a wrong PIN or password was given, at a locked session or for what asks for it again."""
    assert actor.staff is not None
    note(actor.staff.user, tries_left=tries_left)


def proven(actor: Actor, row: SignedIn, proof: str, *, pin: bool = True) -> bool:
    """Whether the one who is signed in proved it again, for what an open browser alone must not do. Wrong tries are
    noted, and count with those at the lock."""
    assert actor.staff is not None
    if lock.proves(row, actor.staff.user, proof, pin=pin):
        return True
    unlock_failed(actor, lock.tries_left(row))
    return False


@command("staff.invite", {Role.LEAD})
def invite(actor: Actor, *, name: str, email: str, roles: Collection[str], language: str = "") -> Staff:
    """Somebody new at this clinic, or somebody of another one. Who is new has no password until the link that is mailed
    to them sets one. Raises InputError where a field cannot be used."""
    name, email = name.strip(), email.strip().casefold()
    if not name:
        raise InputError("name", "it is missing", "Write the name that stands on documents")
    try:
        validate_email(email)
    except ValidationError:
        raise InputError("email", "it is no e-mail address", "Write one like ana@clinic.example") from None
    if not roles or not set(roles) <= set(Role.values):
        raise InputError("roles", "no role is chosen", "Choose at least one")
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, None, name=name, language=language)
    elif user.memberships.filter(clinic=actor.here).exists():
        raise InputError("email", "they work here already", "Change their roles instead")
    staff = Staff.objects.create(clinic=actor.here, user=user, roles=sorted(roles))
    note(staff, roles=sorted(roles), email=email)
    return staff
