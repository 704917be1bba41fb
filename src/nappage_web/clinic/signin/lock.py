"""The idle lock: who was away too long proves again who they are; what they typed stays where it is.

The server decides: a browser that did nothing for the clinic's `idle_minutes` is locked at its next request, and stays
so until the PIN or the password is given. After five wrong tries it is signed out, and the full sign-in is asked for.
"""

from __future__ import annotations

import re
from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ..access import Actor
from ..models import SignedIn, User

KEY = "signed-in"  # in the session: the id of its row
MOST_TRIES = 5
DEFAULT_MINUTES = 5
_MINUTES = range(1, 16)
_NOTED_EVERY = timedelta(seconds=20)  # so that reading pages stays cheap
_LONGEST = timedelta(hours=12)


def of(request: HttpRequest, user: User) -> SignedIn | None:
    """The row of this browser, made at its first request; None where it was ended, from here or elsewhere."""
    key = request.session.get(KEY)
    if key is None:
        row = SignedIn(user=user, device=device(request.headers.get("User-Agent", "")))
        row.save(force_insert=True)
        request.session[KEY] = str(row.pk)
        return row
    return SignedIn.objects.filter(pk=key, user=user, ended=None, started__gt=timezone.now() - _LONGEST).first()


def open_ones(user: User) -> QuerySet[SignedIn]:
    """Where a person is signed in now, the latest activity first."""
    rows = SignedIn.objects.filter(user=user, ended=None, started__gt=timezone.now() - _LONGEST)
    return rows.order_by("-last_active")


def seconds_left(row: SignedIn, actor: Actor | None) -> int:
    """Until the lock; 0 where it is locked."""
    wanted = actor.here.idle_minutes if actor else DEFAULT_MINUTES
    minutes = min(max(wanted, _MINUTES[0]), _MINUTES[-1])
    left = row.last_active + timedelta(minutes=minutes) - timezone.now()
    return 0 if row.locked else max(0, int(left.total_seconds()))


def is_locked(row: SignedIn, actor: Actor | None) -> bool:
    """Whether it is locked; locks it when its time has run out."""
    if not row.locked and seconds_left(row, actor) <= 0:
        lock(row)
    return row.locked


def lock(row: SignedIn) -> None:
    SignedIn.objects.filter(pk=row.pk).update(locked=True)
    row.locked = True


def touch(row: SignedIn) -> None:
    """That somebody did something."""
    now = timezone.now()
    if now - row.last_active > _NOTED_EVERY:
        SignedIn.objects.filter(pk=row.pk, locked=False).update(last_active=now)
        row.last_active = now


def unlock(row: SignedIn, user: User, proof: str) -> bool:
    """Whether the PIN or the password was right; then the session goes on."""
    if not proves(row, user, proof):
        return False
    SignedIn.objects.filter(pk=row.pk).update(locked=False, last_active=timezone.now())
    return True


def proves(row: SignedIn, user: User, proof: str, *, pin: bool = True) -> bool:
    """Whether it is the person's PIN or password (`pin=False`: the password). A try is counted before it is looked at,
    so that many at the same time are no way round the limit; the last wrong one ends the session."""
    if not SignedIn.objects.filter(pk=row.pk, ended=None, tries__lt=MOST_TRIES).update(tries=F("tries") + 1):
        end(SignedIn.objects.filter(pk=row.pk))
        return False
    if (pin and user.pin and check_password(proof, user.pin)) or user.check_password(proof):
        SignedIn.objects.filter(pk=row.pk).update(tries=0)
        return True
    if tries_left(row) <= 0:
        end(SignedIn.objects.filter(pk=row.pk))
    return False


def tries_left(row: SignedIn) -> int:
    row.refresh_from_db(fields=["tries"])
    return MOST_TRIES - row.tries


def end(rows: QuerySet[SignedIn]) -> int:
    """Signs out at each browser's next request; returns how many were still signed in."""
    return rows.filter(ended=None).update(ended=timezone.now())


def device(agent: str) -> str:
    """What a person recognises a browser by: 'Firefox, Windows'. Browsers name their ancestors too, so order counts."""
    browsers = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox|FxiOS": "Firefox",
                "Chrom|CriOS": "Chrome", "Safari": "Safari"}  # fmt: skip
    systems = {"iPad": "iPad", "iPhone": "iPhone", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS",
               "Mac OS": "macOS", "Linux": "Linux"}  # fmt: skip
    found = (next((word for mark, word in kind.items() if re.search(mark, agent)), "") for kind in (browsers, systems))
    return ", ".join(filter(None, found))
