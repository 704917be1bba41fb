"""Who may open which page, and reach which record.

Every URL's view is declared by `page` (staff, by role) or `open_page` (without sign-in, with the reason). The registry
`PAGES` is what the permission matrix is made from.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from . import audit
from .models import Clinic, Record, Role, Staff, User

M = TypeVar("M", bound=Record)
View = Callable[..., HttpResponseBase]
CLINICAL = frozenset({Role.INJECTOR, Role.PRESCRIBER, Role.LEAD})
EVERYONE = frozenset(Role)


class NotAllowed(Exception):
    """The actor's roles do not allow this."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a member of staff at one clinic, a patient through a link of their own, or the system."""

    kind: Literal["staff", "patient", "system"]
    id: str
    name: str
    clinic: Clinic | None
    staff: Staff | None = None
    roles: frozenset[Role] = frozenset()
    patient_id: uuid.UUID | None = None

    def has(self, *roles: Role) -> bool:
        return bool(self.roles & set(roles))

    @property
    def here(self) -> Clinic:
        """The clinic. Raises where the actor has none, which no page allows."""
        if self.clinic is None:
            raise RuntimeError("this actor belongs to no clinic")
        return self.clinic

    @property
    def member(self) -> Staff:
        """The member of staff. Raises where the actor is none, which no page allows, nor a command by roles alone."""
        if self.staff is None:
            raise RuntimeError("this actor is no member of staff")
        return self.staff


SYSTEM_ACTOR = Actor("system", "system", "nappage", None)


def staff_actor(staff: Staff) -> Actor:
    roles = frozenset(Role(role) for role in staff.roles)
    return Actor("staff", str(staff.pk), str(staff.user), staff.clinic, staff, roles)


def patient_actor(patient: Any, through: str) -> Actor:
    """A patient through a link; `through` is the link's id, the name says whose it is."""
    return Actor("patient", through, patient.name, patient.clinic, patient_id=patient.pk)


def system_actor(clinic: Clinic) -> Actor:
    return Actor("system", "system", "nappage", clinic)


@dataclass(frozen=True)
class Page:
    name: str
    roles: frozenset[Role]  # empty: open
    open_because: str = ""


PAGES: dict[str, Page] = {}


def page(name: str, roles: Iterable[Role] = EVERYONE) -> Callable[[View], View]:
    """Declares a staff page. The view gets `request.actor`; a record of another clinic is 404 to it."""

    def declare(view: View) -> View:
        declared = _register(Page(name, frozenset(roles)))

        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = actor_of(request)
            if actor is None:
                return _sign_in(request)
            request.actor = actor  # type: ignore[attr-defined]
            if not actor.has(*declared.roles):
                audit.refused(actor, declared.name, request.path)
                return refused(request)
            try:
                with timezone.override(actor.here.zone()):  # times are read at the clinic's clock
                    return view(request, *args, **kwargs)
            except NotAllowed:
                return refused(request)

        run.page = declared  # type: ignore[attr-defined]
        return run

    return declare


def open_page(name: str, because: str) -> Callable[[View], View]:
    """Declares a page that asks for no sign-in, and says why it may."""

    def declare(view: View) -> View:
        declared = _register(Page(name, frozenset(), because))

        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        run.page = declared  # type: ignore[attr-defined]
        return run

    return declare


def _register(declared: Page) -> Page:
    if declared.name in PAGES:
        raise RuntimeError(f"two pages are called {declared.name}")
    PAGES[declared.name] = declared
    return declared


def actor_of(request: HttpRequest) -> Actor | None:
    """The member of staff who is signed in, at the clinic chosen in the session, or the first of theirs."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    known: tuple[Any, Actor | None] | None = getattr(request, "known_actor", None)
    if known is not None and known[0] == (user.pk, request.session.get("clinic")):
        return known[1]  # the gate has asked already
    memberships = Staff._base_manager.filter(user=user, active=True).select_related("clinic__organisation", "user")
    chosen = request.session.get("clinic")
    staff = (memberships.filter(clinic=chosen).first() if chosen else None) or memberships.order_by("created").first()
    actor = None if staff is None else staff_actor(staff)
    request.known_actor = (user.pk, chosen), actor  # type: ignore[attr-defined]
    return actor


def acting(request: HttpRequest) -> Actor:
    """Who acts, on a page that `page` declares."""
    return request.actor  # type: ignore[attr-defined, no-any-return]


def get(actor: Actor, model: type[M], pk: Any) -> M:
    """The record, if it is of the actor's clinic; otherwise 404, which does not tell that it exists. `pk`: an id, or
    what was sent as one."""
    try:
        record = model.objects.of(actor).filter(pk=pk).first()
    except ValidationError:  # no id at all
        record = None
    if record is None:
        raise Http404
    return record


def wants_page(request: HttpRequest) -> bool:
    """Whether a person navigates here, rather than a script of ours asking for a part."""
    return not (request.headers.get("HX-Request") or request.headers.get("X-Requested-With") == "fetch")


def _sign_in(request: HttpRequest) -> HttpResponse:
    if wants_page(request) and request.method == "GET":
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    said = {"wrong": _("you are signed out"), "remedy": _("sign in; nothing is lost")}
    return JsonResponse({"error": said}, status=401)


def refused(request: HttpRequest) -> HttpResponse:
    if wants_page(request):
        return render(request, "403.html", status=403)
    return JsonResponse(
        {"error": {"wrong": _("your role does not allow this"), "remedy": _("ask the lead")}}, status=403
    )
