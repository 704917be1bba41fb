"""The idle lock: who was away too long proves again who they are; what they typed stays where it is.

The server decides: a session that did nothing for the clinic's `idle_minutes` is locked at its next request, and stays
so until the PIN or the password is given. After five wrong tries it ends, and the full sign-in is asked for.
"""

from __future__ import annotations

import time

from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from ..models import User

LOCKED, LAST, TRIES = "locked", "last-active", "unlock-tries"
MOST_TRIES = 5
DEFAULT_MINUTES = 5


def seconds_left(request: HttpRequest, minutes: int) -> int:
    """Until the lock; 0 where it is locked."""
    if request.session.get(LOCKED):
        return 0
    last = request.session.get(LAST)
    return minutes * 60 if last is None else max(0, int(last + minutes * 60 - time.time()))


def is_locked(request: HttpRequest, minutes: int) -> bool:
    """Whether the session is locked; notes it in the session when it just became so."""
    if not request.session.get(LOCKED) and seconds_left(request, minutes) <= 0:
        lock(request)
    return bool(request.session.get(LOCKED))


def lock(request: HttpRequest) -> None:
    request.session[LOCKED] = True


def touch(request: HttpRequest) -> None:
    """That somebody did something. Written at most every 20 seconds, so that reading pages stays cheap."""
    now = time.time()
    if now - request.session.get(LAST, 0) > 20:
        request.session[LAST] = now


def unlock(request: HttpRequest, proof: str) -> bool:
    """Whether the PIN or the password was right; then the session goes on. Counts wrong tries in the session."""
    user = request.user
    if not isinstance(user, User):
        return False
    right = bool(user.pin and check_password(proof, user.pin)) or user.check_password(proof)
    if right:
        for name in (LOCKED, TRIES):
            request.session.pop(name, None)
        request.session[LAST] = time.time()
    else:
        request.session[TRIES] = request.session.get(TRIES, 0) + 1
    return right


def tries_left(request: HttpRequest) -> int:
    return int(MOST_TRIES - request.session.get(TRIES, 0))
