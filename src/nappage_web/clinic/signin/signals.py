"""What allauth does, told to the audit: signing in and out, wrong passwords, passwords and second factors changed."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction

from .. import audit
from ..access import SYSTEM_ACTOR, Actor, actor_of
from ..models import User


def _tell(action: str, request: Any, user: User | None, **details: Any) -> None:
    actor = (actor_of(request) if request is not None and hasattr(request, "user") else None) or _as(user)
    with transaction.atomic():
        audit.append(actor, action, user, details=details, outcome="refused" if action.endswith("failed") else "done")


def _as(user: User | None) -> Actor:
    return SYSTEM_ACTOR if user is None else Actor("staff", str(user.pk), str(user), None)


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

    def failed(sender: Any, credentials: dict[str, Any], request: Any = None, **more: Any) -> None:
        with transaction.atomic():
            audit.append(SYSTEM_ACTOR, "signin.failed", None, outcome="refused", details={"email": _email(credentials)})

    user_login_failed.connect(failed, weak=False, dispatch_uid="audit-signin-failed")


def _email(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "")[:120]
