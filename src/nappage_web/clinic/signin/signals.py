"""What allauth does, told to the audit: signing in and out, wrong passwords, passwords and second factors changed. And
what follows from it for the browsers that somebody is signed in with."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.http import HttpRequest

from .. import audit
from ..access import SYSTEM_ACTOR, Actor, actor_of, staff_actor, system_actor
from ..models import SignedIn, Staff, User
from . import lock


def _tell(action: str, request: Any, user: User | None, **details: Any) -> None:
    actor = (actor_of(request) if request is not None and hasattr(request, "user") else None) or _as(user)
    with transaction.atomic():
        audit.append(actor, action, user, details=details)


def _as(user: User | None) -> Actor:
    if user is None:
        return SYSTEM_ACTOR
    staff = _staff_of(user)
    return Actor("staff", str(user.pk), str(user), None) if staff is None else staff_actor(staff)


def _staff_of(user: User) -> Staff | None:
    rows = user.memberships.filter(active=True).select_related("clinic__organisation", "user")
    return rows.order_by("created").first()


def connect() -> None:
    """Called once, when the app is ready."""

    def on(signal: Any, action: str) -> None:
        def told(sender: Any, request: Any = None, user: User | None = None, **more: Any) -> None:
            kind = getattr(more.get("authenticator"), "type", None)
            _tell(action, request, user, **({"kind": str(kind)} if kind else {}))

        signal.connect(told, weak=False, dispatch_uid=f"audit-{action}")

    on(user_logged_in, "signin")
    on(user_logged_out, "signout")
    on(password_changed, "password.changed")
    on(password_reset, "password.reset")
    on(authenticator_added, "factor.added")
    on(authenticator_removed, "factor.removed")
    on(authenticator_reset, "factor.reset")
    user_login_failed.connect(_failed, dispatch_uid="audit-signin-failed")
    user_logged_in.connect(_begun, dispatch_uid="signed-in-begun")
    user_logged_out.connect(_ended, dispatch_uid="signed-in-ended")
    for signal in (password_changed, password_reset):
        signal.connect(_end_others, dispatch_uid=f"signed-in-others-{id(signal)}")


def _failed(sender: Any, credentials: dict[str, Any], request: Any = None, **more: Any) -> None:
    email = str(credentials.get("email") or credentials.get("username") or "")[:120]
    user = User.objects.filter(email=email.casefold()).first()
    staff = user and _staff_of(user)
    with transaction.atomic():
        actor = system_actor(staff.clinic) if staff else SYSTEM_ACTOR  # who tried is not known
        audit.append(actor, "signin.failed", user, outcome="refused", details={"email": email})


def _begun(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    request.session.pop(lock.KEY, None)
    lock.of(request, user)


def _ended(sender: Any, request: HttpRequest, user: User | None, **more: Any) -> None:
    if (key := request.session.get(lock.KEY)) is not None:
        lock.end(SignedIn.objects.filter(pk=key))


def _end_others(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    """Whoever knew the old password is signed out; Django has made their sessions worthless already."""
    others, key = user.signed_in.all(), request.session.get(lock.KEY)
    lock.end(others if key is None else others.exclude(pk=key))
