"""Locking, unlocking, the PIN, the list of one's sessions, and the invitation of somebody new."""

from __future__ import annotations

import uuid

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import logout
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from nappage.values import InputError

from ..access import actor_of, get, open_page, page, wants_page
from ..commands import Refused
from ..models import Role, Staff, User
from . import commands, lock


@open_page("session.state", "says only whether this browser's own session is locked")
def state(request: HttpRequest) -> JsonResponse:
    """{signed_in, locked, seconds_left}. Asking is no activity."""
    if not isinstance(request.user, User):
        return JsonResponse({"signed_in": False, "locked": False, "seconds_left": 0})
    row, actor = request.signed_in, actor_of(request)  # type: ignore[attr-defined]
    locked = lock.is_locked(row, actor)
    return JsonResponse({"signed_in": True, "locked": locked, "seconds_left": lock.seconds_left(row, actor)})


@require_POST
@open_page("session.lock", "anybody may lock the session of their own browser")
def lock_now(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        lock.lock(request.signed_in)  # type: ignore[attr-defined]
    return HttpResponseRedirect(reverse("unlock")) if wants_page(request) else JsonResponse({"locked": True})


@require_http_methods(["GET", "POST"])
@open_page("session.unlock", "a locked session is opened here by the one who signed in")
def unlock(request: HttpRequest) -> HttpResponse:
    """The PIN or the password. A script gets {unlocked}; a person goes on where they were."""
    user = request.user
    if not isinstance(user, User):
        if wants_page(request):
            return HttpResponseRedirect(reverse("account_login"))
        return JsonResponse({"unlocked": False, "tries_left": 0}, status=401)
    row = request.signed_in  # type: ignore[attr-defined]
    way = request.GET.get("next") or request.POST.get("next") or "/"
    if not url_has_allowed_host_and_scheme(way, {request.get_host()}, require_https=request.is_secure()):
        way = "/"
    if request.method == "GET":
        if not row.locked:
            return HttpResponseRedirect(way)
        return render(request, "clinic/unlock.html", {"next": way, "left": lock.tries_left(row)})
    actor = actor_of(request)
    if lock.unlock(row, user, request.POST.get("proof", "")):
        if actor is not None:
            commands.unlocked(actor)
        return HttpResponseRedirect(way) if wants_page(request) else JsonResponse({"unlocked": True})
    left = lock.tries_left(row)
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
    actor, own = request.actor, request.signed_in  # type: ignore[attr-defined]
    error = None
    if request.method == "POST":
        try:
            if "end" in request.POST:
                commands.end_session(actor, request.POST["end"])
                messages.success(request, _("That session has ended."))
            else:
                if not commands.proven(actor, own, request.POST.get("password", ""), pin=False):
                    raise InputError("password", _("it is not your password"), _("Write it again"))
                commands.set_pin(actor, request.POST.get("pin", ""))
                messages.success(request, _("Your PIN is set."))
            return HttpResponseRedirect(reverse("account-own"))
        except InputError as wrong:
            error = wrong
    rows = sorted(lock.open_ones(actor.staff.user), key=lambda row: row != own)  # this one first
    context = {"sessions": rows, "own": own, "error": error, "has_pin": bool(actor.staff.user.pin)}
    return render(request, "clinic/account.html", context, status=422 if error else 200)


@require_http_methods(["GET", "POST"])
@page("staff.invite", {Role.LEAD})
def invite(request: HttpRequest) -> HttpResponse:
    """Somebody new: the link to set a password goes to their address."""
    actor, error = request.actor, None  # type: ignore[attr-defined]
    if request.method == "POST":
        given = request.POST
        try:
            staff = commands.invite(
                actor, name=given.get("name", ""), email=given.get("email", ""), roles=given.getlist("roles")
            )
        except InputError as wrong:
            error = wrong
        else:
            mail_invitation(request, staff)
            told = _("An invitation was sent to %(email)s. Its link works for three days.")
            messages.success(request, told % {"email": staff.user.email})
            return HttpResponseRedirect(reverse("staff-invite"))
    context = {"roles": Role.choices, "given": request.POST, "chosen": request.POST.getlist("roles"), "error": error}
    return render(request, "clinic/invite.html", context, status=422 if error else 200)


def mail_invitation(request: HttpRequest, staff: Staff) -> None:
    """The link that sets the password, or, for who has one, the word that this clinic is theirs too."""
    user = staff.user
    link = reverse("account_login")
    if not user.has_usable_password():
        secret = EmailAwarePasswordResetTokenGenerator().make_token(user)
        link = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), secret])
    context = {"staff": staff, "link": request.build_absolute_uri(link), "new": not user.has_usable_password()}
    with translation.override(user.language or staff.clinic.language):
        text = render_to_string("clinic/mail/invitation.txt", context)
        subject = _("You are invited to %(clinic)s") % {"clinic": staff.clinic.name}
    send_mail(subject, text, None, [user.email])


@require_http_methods(["GET", "POST"])
@page("staff.factor", {Role.LEAD})
def factor(request: HttpRequest, staff: uuid.UUID) -> HttpResponse:
    """A colleague who lost their second factor gets to set up a new one; the lead proves who does it, and says why."""
    actor, error, refusal = request.actor, None, ""  # type: ignore[attr-defined]
    one = get(actor, Staff, staff)
    if request.method == "POST":
        try:
            if not commands.proven(actor, request.signed_in, request.POST.get("proof", "")):  # type: ignore[attr-defined]
                raise InputError("proof", _("that is not your PIN or password"), _("Write it again"))
            commands.reset_factor(actor, one, reason=request.POST.get("reason", ""))
        except InputError as wrong:
            error = wrong
        except Refused as no:
            refusal = f"{no.sentence} {no.way_out}"
        else:
            told = _("%(name)s sets up a new second factor at the next sign-in.") % {"name": one}
            unsent = _("No mail could be sent.")
            messages.success(request, told if _mail_reset(actor.name, one) else f"{told} {unsent}")
            return HttpResponseRedirect(reverse("staff", args=[one.pk]))
    context = {"staff": one, "error": error, "refusal": refusal, "given": request.POST, "has": factors_of(one)}
    return render(request, "clinic/factor.html", context, status=200 if request.method == "GET" else 422)


def factors_of(staff: Staff) -> list[str]:
    """What somebody proves who they are with, besides the password, in words."""
    words = {"totp": _("an app with codes"), "webauthn": _("a passkey"), "recovery_codes": _("recovery codes")}
    kinds = Authenticator.objects.filter(user=staff.user).order_by("type").values_list("type", flat=True)
    return [words[kind] for kind in dict.fromkeys(kinds)]


def _mail_reset(by: str, staff: Staff) -> bool:
    """Tells them: whoever did not ask for it must know. False where it could not be sent."""
    context = {"staff": staff, "by": by}
    with translation.override(staff.user.language or staff.clinic.language):
        text = render_to_string("clinic/mail/factor_reset.txt", context)
        subject = _("Your second factor was reset")
    try:
        return bool(send_mail(subject, text, None, [staff.user.email]))
    except OSError:
        return False
