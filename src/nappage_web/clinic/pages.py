"""The clinic's own pages: settings, prices, staff, registrations; and another clinic of the same person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from nappage.knowledge import Edition, load
from nappage.values import InputError

from . import lead
from .access import EVERYONE, Actor, acting, get, page
from .commands import Refused
from .forms import PricesForm, RegistrationForm, SettingsForm
from .models import Clinic, Registration, Role, Staff
from .registration import ANY
from .signin.views import factors_of

WARN_DAYS = 60
_LOOK = frozenset({Role.LEAD, Role.AUDITOR})


def _edition(actor: Actor) -> Edition:
    return load(actor.here.today())


def _language() -> str:
    return (get_language() or "en")[:2]


@dataclass(frozen=True)
class Ends:
    """When a registration or insurance ends, and how near that is: "stop" past or missing, "wait" soon, "go"."""

    what: str
    on: date | None
    state: str
    mark: str


def ends(what: str, on: date | None, today: date) -> Ends:
    if on is None or on < today:
        return Ends(what, on, "stop", "✕")
    soon = (on - today).days <= WARN_DAYS
    return Ends(what, on, "wait" if soon else "go", "!" if soon else "✓")


def entry_of(staff: Staff) -> Registration | None:
    """The registration, where there is one; `staff` was selected with it."""
    return getattr(staff, "registration", None)


def dates_of(staff: Staff, today: date) -> list[Ends]:
    """What ends when for a practitioner; empty for who needs no registration and has none."""
    entry = entry_of(staff)
    if entry is None:
        practises = {Role.INJECTOR.value, Role.PRESCRIBER.value} & set(staff.roles)
        return [ends(_("registration"), None, today)] if practises else []
    return [
        ends(_("registration"), entry.expires, today),
        ends(_("insurance"), entry.indemnity_expires, today),
    ]


def people(actor: Actor) -> list[Staff]:
    """Everybody of this clinic, who works here first."""
    rows = Staff.objects.of(actor).select_related("user", "registration")
    return sorted(rows, key=lambda one: (not one.active, str(one).casefold()))


def elsewhere(actor: Actor) -> list[Staff]:
    """The same person at other clinics."""
    if actor.staff is None:
        return []
    rows = actor.staff.user.memberships.filter(active=True).exclude(pk=actor.staff.pk).select_related("clinic")
    return list(rows.order_by("created"))


def role_words(staff: Staff) -> list[str]:
    return [str(Role(role).label) for role in Role.values if role in staff.roles]


@require_GET
@page("clinic.view", _LOOK)
def clinic(request: HttpRequest) -> HttpResponse:
    """What the clinic is, and who works there as what."""
    actor = acting(request)
    today = actor.here.today()
    staff = [
        {"staff": one, "roles": role_words(one), "dates": dates_of(one, today), "entry": entry_of(one),
         "new": not one.user.has_usable_password()}
        for one in people(actor)
    ]  # fmt: skip
    prices = actor.here.prices or {}
    priced = sum(len(prices.get(place) or ()) for place in ("sessions", "products", "alternatives"))
    context = {
        "clinic": actor.here, "staff": staff, "lead": actor.has(Role.LEAD), "currency": prices.get("currency"),
        "session": prices.get("session"), "priced": priced,
    }  # fmt: skip
    return render(request, "clinic/clinic.html", context)


@require_http_methods(["GET", "POST"])
@page("clinic.settings", {Role.LEAD})
def settings(request: HttpRequest) -> HttpResponse:
    actor = acting(request)
    form = SettingsForm(request.POST or None, instance=Clinic.objects.get(pk=actor.here.pk))
    if _kept(request, form, lambda: lead.change_settings(actor, **form.cleaned_data), _("The settings are kept.")):
        return redirect("clinic")
    return _form(request, "clinic/settings.html", form)


@require_http_methods(["GET", "POST"])
@page("clinic.prices", {Role.LEAD})
def prices(request: HttpRequest) -> HttpResponse:
    actor, edition = acting(request), _edition(acting(request))
    form = PricesForm(request.POST or None, edition=edition, language=_language(), prices=actor.here.prices or {})
    if _kept(request, form, lambda: lead.set_prices(actor, form.prices(), edition), _("The prices are kept.")):
        return redirect("clinic")
    return _form(request, "clinic/prices.html", form)


@require_http_methods(["GET", "POST"])
@page("staff.view", _LOOK)
def staff(request: HttpRequest, staff: uuid.UUID) -> HttpResponse:
    """One of the staff: roles, registration, whether they work here. Changed by the lead."""
    actor = acting(request)
    one = get(actor, Staff, staff)
    error: InputError | None = None
    if request.method == "POST":
        try:
            if request.POST.get("what") == "deactivate":
                lead.deactivate(actor, one)
                told = _("%(name)s works here no more. What they did keeps their name.") % {"name": one}
            elif request.POST.get("what") == "reactivate":
                lead.reactivate(actor, one)
                told = _("%(name)s works here again.") % {"name": one}
            else:
                lead.set_roles(actor, one, request.POST.getlist("roles"))
                told = _("The roles are kept.")
            messages.success(request, told)
            return redirect("staff", one.pk)
        except Refused as no:
            messages.error(request, f"{no.sentence} {no.way_out}")
            one.refresh_from_db()
        except InputError as wrong:
            error = wrong
    entry = entry_of(one)
    chosen = request.POST.getlist("roles") if error else one.roles
    context = {
        "staff": one, "roles": Role.choices, "chosen": chosen, "error": error, "entry": entry,
        "dates": dates_of(one, actor.here.today()), "role_words": role_words(one), "lead": actor.has(Role.LEAD),
        "factors": factors_of(one),
        "myself": actor.staff is not None and one.pk == actor.staff.pk, "trained": _trained(actor, entry),
    }  # fmt: skip
    return render(request, "clinic/staff.html", context, status=422 if request.method == "POST" else 200)


@require_GET
@page("staff.leaving", {Role.LEAD})
def leaving(request: HttpRequest, staff: uuid.UUID) -> HttpResponse:
    """What it means that somebody works here no more, before it is confirmed: their booked visits above all."""
    return render(request, "clinic/leaving.html", {"staff": get(acting(request), Staff, staff)})


def _trained(actor: Actor, entry: Registration | None) -> list[tuple[str, list[str]]]:
    """Techniques and areas in words; an id that the edition knows no more is shown as it is."""
    if entry is None:
        return []
    edition = _edition(actor)
    out = []
    for word, records, ids in (
        (_("Techniques"), edition.techniques, entry.techniques),
        (_("Areas"), edition.regions, entry.areas),
    ):
        names = [edition.text(records[one].title, _language()).removeprefix("[en] ") if one in records else one
                 for one in ids if one != ANY]  # fmt: skip
        out.append((word, [_("all")] if ANY in ids else names))
    return out


@require_http_methods(["GET", "POST"])
@page("staff.registration", {Role.LEAD})
def registration(request: HttpRequest, staff: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    one = get(actor, Staff, staff)
    kept = Registration.objects.of(actor).filter(staff=one).first()
    form = RegistrationForm(request.POST or None, instance=kept, edition=_edition(actor), language=_language())

    def act() -> Registration:
        return lead.enter_registration(actor, one, **{name: form.cleaned_data[name] for name in lead.ENTRY})

    if _kept(request, form, act, _("The registration is kept.")):
        return redirect("staff", one.pk)
    return _form(request, "clinic/registration.html", form, staff=one)


@require_POST
@page("clinic.switch", EVERYONE)
def switch(request: HttpRequest) -> HttpResponse:
    """Goes on in another clinic where the same person works."""
    actor = acting(request)
    assert actor.staff is not None
    to = actor.staff.user.memberships.filter(active=True, clinic=_uuid(request.POST.get("clinic"))).first()
    if to is None:
        raise Http404
    lead.switch(actor, to)
    request.session["clinic"] = str(to.clinic_id)
    return HttpResponseRedirect("/")


def _uuid(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        raise Http404 from None


def _kept(request: HttpRequest, form: Any, act: Callable[[], Any], done: str) -> bool:
    """Whether what was posted is kept: runs the command, and shows what it cannot use at its field."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        act()
    except InputError as error:
        form.blame(error)
        return False
    except Refused as no:
        form.add_error(None, f"{no.sentence} {no.way_out}")
        return False
    messages.success(request, done)
    return True


def _form(request: HttpRequest, template: str, form: Any, **more: Any) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, template, {"form": form, **more}, status=status)
