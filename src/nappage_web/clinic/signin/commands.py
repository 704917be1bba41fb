"""What a signed-in person changes of their own sign-in."""

from __future__ import annotations

import re
import uuid
from itertools import pairwise

from django.contrib.auth.hashers import make_password

from nappage.values import InputError

from ..access import EVERYONE, Actor
from ..commands import command, note
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
    """That a wrong PIN or password was given at a locked session."""
    assert actor.staff is not None
    note(actor.staff.user, tries_left=tries_left)
