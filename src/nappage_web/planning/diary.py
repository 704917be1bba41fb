"""The diary: who is treated when, by whom and where; rooms and closed days; sessions paid beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor, acting, get, page
from ..clinic.audit import looked
from ..clinic.commands import Refused
from ..clinic.models import Role, Staff
from ..patients.models import Document, Draft, Edit, Patient
from . import commands, desk, starting
from . import reading as readings
from .models import Appointment, Closure, Package, Room

_OPENS, _SHUTS = time(8), time(20)  # between these the free hours of a day are told


def tried(request: HttpRequest, act: Callable[[], Any], done: str = "") -> Any:
    """Runs a command; a refusal is a message, and None is answered."""
    try:
        result = act()
    except Refused as refused:
        messages.error(request, f"{refused.sentence} {refused.way_out}")
        return None
    except InputError as error:
        messages.error(request, error.sentence)
        return None
    if done:
        messages.success(request, done)
    return result or True


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise


def practitioners(actor: Actor) -> list[Staff]:
    rows = Staff.objects.of(actor).filter(active=True).select_related("user")
    return [row for row in rows if {Role.INJECTOR.value, Role.PRESCRIBER.value} & set(row.roles)]


def of_days(actor: Actor, first: date, last: date) -> list[Appointment]:
    """What stands in the diary from one day to another, cancelled visits left out."""
    zone = actor.here.zone()
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    rows = Appointment.objects.of(actor).filter(starts__gte=start, starts__lt=end)
    rows = rows.exclude(status=Appointment.Status.CANCELLED)
    return list(rows.select_related("patient", "staff__user", "room").order_by("starts"))


@require_GET
@page("today")
def today(request: HttpRequest) -> HttpResponse:
    """Where everybody begins: today's visits, consultations under way, and who has told their history and waits."""
    actor = acting(request)
    day = actor.here.today()
    sees = actor.has(*commands.DIARY)
    clinical = actor.has(*CLINICAL)
    visits = of_days(actor, day, day) if sees else []
    typed = Edit.objects.of(actor).filter(draft=OuterRef("pk"), outcome=Edit.Outcome.APPLIED)
    under_way = Draft.objects.of(actor).filter(kind=Draft.Kind.PLAN, status=Draft.Status.OPEN)
    under_way = under_way.annotate(hand=Subquery(typed.order_by("-revision").values("author_name")[:1]))
    told = Document.objects.of(actor).filter(kind=Document.Kind.ANSWERS, patient__merged_into=None)
    busy = Draft.objects.of(actor).filter(kind=Draft.Kind.PLAN).values("patient")
    waiting = told.exclude(patient__in=busy).select_related("patient").order_by("-created")[:40]
    context = {
        "heading": _("Today"), "day": day, "visits": visits, "sees": sees, "clinical": clinical, "me": actor.staff,
        "drafts": under_way.select_related("patient").order_by("-updated")[:12] if clinical else [],
        "audits": actor.has(Role.AUDITOR),
        "waiting": list({row.patient_id: row for row in waiting}.values())[:12] if sees else [],
    }  # fmt: skip
    return desk.shown(request, "planning/today.html", context)


@require_GET
@page("diary", commands.DIARY)
def diary(request: HttpRequest) -> HttpResponse:
    """One day with a column for each practitioner, or a week with one for each day."""
    actor = acting(request)
    now = actor.here.today()
    day = _day(request.GET.get("day"), now)
    week = request.GET.get("view") == "week"
    first = day - timedelta(days=day.weekday()) if week else day
    last = first + timedelta(days=6) if week else day
    visits = of_days(actor, first, last)
    zone = actor.here.zone()
    closed = desk.closed_days(actor)
    columns: list[dict[str, Any]]
    if week:
        days = [first + timedelta(days=n) for n in range(7)]
        columns = [
            {"title": one, "day": one, "closed": starting.next_open(one, closed) != one,
             "visits": [v for v in visits if v.starts.astimezone(zone).date() == one]}
            for one in days
        ]  # fmt: skip
    else:
        orphans = [v for v in visits if v.nobodys]
        people = practitioners(actor)
        people += [v.staff for v in visits if v.staff not in people and v not in orphans]
        columns = [{"title": _("Nobody"), "nobody": True, "visits": orphans}] if orphans else []
        columns += [
            {
                "title": str(one),
                "visits": (own := [v for v in visits if v.staff_id == one.pk and v not in orphans]),
                "free": _free(own, day, zone),
            }
            for one in dict.fromkeys(people)
        ]
    rooms = [
        {"room": room, "free": _free([v for v in visits if v.room_id == room.pk], day, zone)}
        for room in Room.objects.of(actor).filter(active=True).order_by("name")
    ]
    step = timedelta(days=7 if week else 1)
    context = {
        "heading": _("Diary"), "day": day, "first": first, "last": last, "week": week,
        "columns": columns, "visits": visits,
        "rooms": [] if week else rooms, "before": day - step, "after": day + step, "today": now,
        "closed": not week and starting.next_open(day, closed) != day, "lead": actor.has(Role.LEAD),
        "clinical": actor.has(*CLINICAL),
    }  # fmt: skip
    return desk.shown(request, "planning/diary.html", context)


def _free(visits: list[Appointment], day: date, zone: Any) -> list[tuple[datetime, datetime]]:
    """The stretches of a day, between eight and eight, in which nothing stands."""
    at, end = datetime.combine(day, _OPENS, zone), datetime.combine(day, _SHUTS, zone)
    out = []
    for visit in visits:
        starts = visit.starts.astimezone(zone)
        if starts > at:
            out.append((at, min(starts, end)))
        at = max(at, starts + timedelta(minutes=visit.minutes + visit.cream_minutes))
    if at < end:
        out.append((at, end))
    return [(a, b) for a, b in out if (b - a) >= timedelta(minutes=15)]


@require_http_methods(["GET", "POST"])
@page("diary.book", commands.DIARY)
def book(request: HttpRequest) -> HttpResponse:
    """A visit outside a course, for the patient in `?patient=`."""
    actor = acting(request)
    data = request.POST if request.method == "POST" else request.GET
    patient = get(actor, Patient, data.get("patient"))
    looked(actor, "patient.view", patient, patient=patient.pk)
    day = _day(data.get("day"), actor.here.today())
    if request.method == "POST":
        staff = get(actor, Staff, data.get("staff"))
        room = get(actor, Room, data.get("room")) if data.get("room") else None

        def act() -> Appointment:
            starts = commands.moment(actor, day, data.get("clock", ""))
            return commands.book(
                actor, patient, staff=staff, room=room, starts=starts, minutes=whole(data.get("minutes"), 30),
                cream_minutes=whole(data.get("cream_minutes"), 0), reason=data.get("reason", ""),
            )  # fmt: skip

        if tried(request, act, _("The visit stands in the diary.")):
            return redirect(f"{reverse('diary')}?day={day}")
    context = {
        "heading": _("A new visit"), "patient": patient, "staff": practitioners(actor), "day": day, "said": data,
        "rooms": Room.objects.of(actor).filter(active=True).order_by("name"),
    }  # fmt: skip
    return desk.shown(request, "planning/book.html", context, status=200 if request.method == "GET" else 422)


def whole(text: Any, otherwise: int) -> int:
    try:
        return int(str(text))
    except ValueError:
        return otherwise


@require_http_methods(["GET", "POST"])
@page("appointment", commands.DIARY)
def appointment(request: HttpRequest, appointment: uuid.UUID) -> HttpResponse:
    """One visit: move it, cancel it, mark it done."""
    actor = acting(request)
    row = get(actor, Appointment, appointment)
    looked(actor, "appointment.view", row, patient=row.patient_id)
    zone = actor.here.zone()
    if request.method == "POST":
        data = request.POST
        what = data.get("what")
        if what == "cancel":
            done = tried(
                request, lambda: commands.cancel_appointment(actor, row, reason=data.get("reason", "")), _("Cancelled.")
            )
        elif what == "done":
            done = tried(request, lambda: commands.finish_appointment(actor, row), _("The session counts as given."))
        else:
            staff = get(actor, Staff, data.get("staff"))
            room = get(actor, Room, data.get("room")) if data.get("room") else None

            def act() -> Appointment:
                day = _day(data.get("day"), row.starts.astimezone(zone).date())
                starts = commands.moment(actor, day, data.get("clock", ""))
                return commands.move_appointment(
                    actor, row, starts=starts, staff=staff, room=room, reason=data.get("reason", "")
                )

            done = tried(request, act, _("Moved."))
        if done:
            row.refresh_from_db()
            return redirect(f"{reverse('diary')}?day={row.starts.astimezone(zone).date()}")
    said = request.POST if request.method == "POST" else {}
    context = {
        "heading": row.patient.name, "appointment": row, "patient": row.patient, "staff": practitioners(actor),
        "rooms": Room.objects.of(actor).filter(active=True).order_by("name"), "said": said,
        "booked": row.status == Appointment.Status.BOOKED, "clinical": actor.has(*CLINICAL),
        "starts": row.starts.astimezone(zone),
        "ends": row.starts.astimezone(zone) + timedelta(minutes=row.minutes + row.cream_minutes),
        "packages": counted(actor, row.patient),
    }  # fmt: skip
    return desk.shown(request, "planning/appointment.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@page("diary.rooms", {Role.LEAD})
def rooms(request: HttpRequest) -> HttpResponse:
    """Rooms and closed days, for the lead."""
    actor = acting(request)
    if request.method == "POST":
        data = request.POST
        what = data.get("what")
        if what == "room":
            tried(request, lambda: commands.add_room(actor, name=data.get("name", "")))
        elif what == "close-room":
            row = get(actor, Room, data.get("room"))
            tried(request, lambda: commands.close_room(actor, row))
        elif what == "weekday":
            tried(request, lambda: commands.add_closure(actor, weekday=whole(data.get("weekday"), -1)))
        elif what == "days":
            first = _day(data.get("first"), date.min)
            tried(
                request,
                lambda: commands.add_closure(
                    actor, first=None if first == date.min else first, last=_day(data.get("last"), first),
                    title=data.get("title", ""),
                ),
            )  # fmt: skip
        elif what == "open":
            closure = get(actor, Closure, data.get("closure"))
            tried(request, lambda: commands.end_closure(actor, closure))
        return redirect("diary-rooms")
    closures = list(Closure.objects.of(actor).filter(ended=None).order_by("weekday", "first"))
    names = [str(WEEKDAYS[n]) for n in range(7)]
    context = {
        "heading": _("Rooms and closed days"),
        "rooms": Room.objects.of(actor).filter(active=True).order_by("name"),
        "closures": [(c, names[c.weekday] if c.weekday is not None else "") for c in closures],
        "weekdays": list(enumerate(names)),
    }
    return desk.shown(request, "planning/rooms.html", context)


def counted(actor: Actor, patient: Patient) -> list[dict[str, Any]]:
    """A patient's packages with what was used of each: sessions done since it was paid, the oldest package first."""
    everyone = patient.everyone()
    packages = list(Package.objects.of(actor).filter(patient__in=everyone).order_by("paid_on", "created"))
    done = Appointment.objects.of(actor).filter(patient__in=everyone, status=Appointment.Status.DONE).order_by("starts")
    zone = actor.here.zone()
    used = dict.fromkeys((p.pk for p in packages), 0)
    for visit in done:
        day = visit.starts.astimezone(zone).date()
        for package in packages:
            fits = not package.protocol or package.protocol == _protocol_of(visit)
            if package.paid_on <= day and used[package.pk] < package.sessions and fits:
                used[package.pk] += 1
                break
    return [{"package": p, "used": used[p.pk], "left": p.sessions - used[p.pk]} for p in packages]


def _protocol_of(visit: Appointment) -> str:
    """The protocol a visit belongs to, by the draft it was booked from."""
    body = visit.draft.body if visit.draft is not None else {}
    return str((body.get("order") or {}).get("protocol") or "")


@require_http_methods(["GET", "POST"])
@page("packages", commands.DIARY)
def packages(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """Sessions paid beforehand: what is left, and a new one."""
    actor = acting(request)
    row = get(actor, Patient, patient)
    looked(actor, "patient.view", row, patient=row.pk)
    if request.method == "POST":
        data = request.POST

        def act() -> Package:
            try:
                price = Decimal(data.get("price", "").replace(",", "."))
            except InvalidOperation:
                raise InputError("price", _("that is no price"), _("Write an amount like 450")) from None
            if not price.is_finite():
                raise InputError("price", _("that is no price"), _("Write an amount like 450"))
            return commands.sell_package(
                actor, row, title=data.get("title", ""), sessions=whole(data.get("sessions"), 0), price=price,
                currency=_currency(actor), protocol=data.get("protocol", ""),
            )  # fmt: skip

        if tried(request, act, _("Sold.")):
            return redirect("packages", row.pk)
    edition = readings.edition_on(actor.here.today())
    context = {
        "heading": _("Prepaid sessions"), "patient": row, "packages": counted(actor, row), "currency": _currency(actor),
        "protocols": [(p.id, edition.text(p.title)) for p in edition.protocols.values()],
        "said": request.POST if request.method == "POST" else {},
    }  # fmt: skip
    return desk.shown(request, "planning/packages.html", context, status=422 if request.method == "POST" else 200)


def _currency(actor: Actor) -> str:
    return str((actor.here.prices or {}).get("currency") or "EUR")
