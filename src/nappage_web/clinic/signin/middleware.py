"""The gate that every signed-in request passes: ended sessions, second factor, idle lock, language."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from ..access import actor_of, refused, wants_page
from ..models import User
from . import lock

_ALWAYS = ("/static/", "/unlock", "/lock", "/session/state", "/i/", "/c/", "/health", "/accounts/logout/")
_ENROL = "/accounts/"  # where a second factor is set up
FACTORS = ("totp", "webauthn")


class Gate:
    """Locked: 423 to scripts, the unlock page to people. Without a second factor: only its set-up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        row = lock.of(request, user)
        if row is None:
            logout(request)
            return self.get_response(request)
        request.signed_in = row  # type: ignore[attr-defined]
        if request.path.startswith(_ALWAYS):
            return self.get_response(request)
        actor = actor_of(request)
        language = user.language or (actor.here.language if actor else "")
        if language and not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        if lock.is_locked(row, actor):
            return _locked(request)
        lock.touch(row)
        if not request.path.startswith(_ENROL):
            if not settings.DEMO and not is_mfa_enabled(user, FACTORS):
                return HttpResponseRedirect(reverse("mfa_index")) if wants_page(request) else refused(request)
            if actor is None:  # signed in, but at no clinic any more
                return refused(request)
        return self.get_response(request)


def _locked(request: HttpRequest) -> HttpResponse:
    if wants_page(request) and request.method == "GET":
        return HttpResponseRedirect(f"{reverse('unlock')}?{urlencode({'next': request.get_full_path()})}")
    if wants_page(request) and request.accepts("text/html"):
        return render(request, "423.html", status=423)
    told = {"wrong": "this session is locked", "remedy": "unlock it; what you typed is kept"}
    return JsonResponse({"error": told}, status=423)
