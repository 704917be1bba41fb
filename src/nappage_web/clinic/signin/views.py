"""Locking, unlocking, the PIN, and the list of one's sessions."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from nappage.values import InputError

from ..access import actor_of, open_page, page, wants_page
from ..models import User
from . import commands, lock


@open_page("session.state", "says only whether this browser's own session is locked")
def state(request: HttpRequest) -> JsonResponse:
    """{signed_in, locked, seconds_left}. Asking is no activity."""
    if not isinstance(request.user, User):
        return JsonResponse({"signed_in": False, "locked": False, "seconds_left": 0})
    actor = actor_of(request)
    minutes = actor.here.idle_minutes if actor else lock.DEFAULT_MINUTES
    locked = lock.is_locked(request, minutes)
    left = lock.seconds_left(request, minutes)
    return JsonResponse({"signed_in": True, "locked": locked, "seconds_left": left})


@require_POST
@open_page("session.lock", "anybody may lock the session of their own browser")
def lock_now(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        lock.lock(request)
    return HttpResponseRedirect(reverse("unlock")) if wants_page(request) else JsonResponse({"locked": True})


@require_http_methods(["GET", "POST"])
@open_page("session.unlock", "a locked session is opened here by the one who signed in")
def unlock(request: HttpRequest) -> HttpResponse:
    """The PIN or the password. A script gets {unlocked}; a person goes on where they were."""
    if not isinstance(request.user, User):
        return HttpResponseRedirect(reverse("account_login"))
    way = request.GET.get("next") or request.POST.get("next") or "/"
    if not url_has_allowed_host_and_scheme(way, {request.get_host()}, require_https=request.is_secure()):
        way = "/"
    if request.method == "GET":
        if not request.session.get(lock.LOCKED):
            return HttpResponseRedirect(way)
        return render(request, "clinic/unlock.html", {"next": way, "left": lock.tries_left(request)})
    if lock.unlock(request, request.POST.get("proof", "")):
        return HttpResponseRedirect(way) if wants_page(request) else JsonResponse({"unlocked": True})
    left = lock.tries_left(request)
    actor = actor_of(request)
    if actor is not None:
        commands.unlock_failed(actor, left)
    if left <= 0:
        logout(request)
        if wants_page(request):
            messages.error(request, _("Too many wrong tries. Sign in again; what you typed is kept on this device."))
            return HttpResponseRedirect(reverse("account_login"))
        return JsonResponse({"unlocked": False, "tries_left": 0}, status=401)
    if wants_page(request):
        told = {"next": way, "left": left, "error": _("That is not your PIN or password.")}
        return render(request, "clinic/unlock.html", told, status=422)
    return JsonResponse({"unlocked": False, "tries_left": left}, status=422)


@require_http_methods(["GET", "POST"])
@page("account.own")
def account(request: HttpRequest) -> HttpResponse:
    """The person's own PIN, second factors and sessions."""
    actor = request.actor  # type: ignore[attr-defined]
    error = None
    if request.method == "POST":
        try:
            if "end" in request.POST:
                commands.end_session(actor, request.POST["end"])
                messages.success(request, _("That session has ended."))
            else:
                commands.set_pin(actor, request.POST.get("pin", ""))
                messages.success(request, _("Your PIN is set."))
            return HttpResponseRedirect(reverse("account-own"))
        except InputError as wrong:
            error = wrong
    context = {"sessions": _sessions(request), "error": error, "has_pin": bool(actor.staff.user.pin)}
    return render(request, "clinic/account.html", context, status=422 if error else 200)


def _sessions(request: HttpRequest) -> list[dict[str, object]]:
    """One's own open sessions, this one first."""
    found = []
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        data = session.get_decoded()
        if data.get("_auth_user_id") == str(request.user.pk):
            last = data.get(lock.LAST)
            since = timezone.now() - timedelta(seconds=timezone.now().timestamp() - last) if last else None
            own = session.session_key == request.session.session_key
            found.append({"key": session.session_key, "own": own, "active": since, "locked": data.get(lock.LOCKED)})
    return sorted(found, key=lambda session: not session["own"])
