"""The course on the calendar, and its sessions in the diary."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ...clinic.access import CLINICAL, get, page
from ...clinic.commands import Refused
from ...clinic.models import Staff
from ...patients import drafts
from ...patients.models import Draft
from .. import commands, course_days, desk, stages, starting
from .. import reading as readings
from ..desk import Desk
from ..diary import counted, practitioners, tried, whole
from ..models import Appointment, Room


@require_GET
@page("plan.course", CLINICAL)
def course(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = stages.desk_of(request, draft)
    return stages.shown(request, at, "course", _course(at))


def _course(at: Desk, error: str = "") -> dict[str, Any]:
    reading = at.reading
    found = reading.course
    order = at.draft.body.get("order") or {}
    booked = {
        a.session: a
        for a in Appointment.objects.of(at.actor).filter(draft=at.draft).select_related("staff__user", "room")
        if a.status != Appointment.Status.CANCELLED
    }
    wins = {}
    if found is not None and reading.request is not None:
        wins = {w.session: w for w in course_days.windows(reading.request, found, at.edition, at.language)}
    sessions = []
    for session in found.sessions if found else ():
        window = wins.get(session.number)
        sessions.append(
            {
                "session": session,
                "window": window,
                "earlier": _near(session.date, -1, window),
                "later": _near(session.date, 1, window),
                "appointment": booked.get(session.number),
                "reviews": [r for r in found.reviews if r.after_session == session.number] if found else [],
            }
        )
    cream = max((c.dwell_min or 0 for c in reading.order.anaesthetic or ()), default=0)
    return {
        "desk": at,
        "draft": at.draft,
        "patient": at.draft.patient,
        "course": found,
        "sessions": sessions,
        "months": _months(at, sessions),
        "reading": reading,
        "moved": bool(drafts.value_at(at.draft.body, "schedule.proposed")),
        "order": order,
        "start": reading.order.planned_start,
        "clock": reading.order.planned_time or "10:00",
        "minutes": reading.order.visit_minutes or 30,
        "cream_minutes": int(cream),
        "staff": practitioners(at.actor),
        "me": at.actor.staff.pk if at.actor.staff else None,
        "rooms": list(Room.objects.of(at.actor).filter(active=True).order_by("name")),
        "booked": booked,
        "faults": [f for f in reading.faults if readings.stage_of(f.path) == "course"],
        "regimens": _regimens(at),
        "packages": [one for one in counted(at.actor, at.draft.patient) if one["left"]],
        "error": error,
        "editable": at.draft.status == Draft.Status.OPEN,
    }  # fmt: skip


def _regimens(at: Desk) -> list[tuple[str, str, bool]]:
    found = at.reading.course
    if found is None:
        return []
    now = [(found.regimen.position or "", found.regimen.words, True)]
    return now + [(o.position, f"{o.words} ({o.grade})", False) for o in found.others]


def _near(day: date, step: int, window: course_days.Window | None) -> date | None:
    """The next day in one direction on which the session may stand."""
    if window is None:
        return None
    for n in range(1, 60):
        one = day + timedelta(days=step * n)
        if window.allows(one):
            return one
        if one < window.first or (window.last and one > window.last):
            return None
    return None


def _months(at: Desk, sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Month grids from the first to the last session, at most eight, each day with what it may be used for."""
    if not sessions:
        return []
    days = [s["session"].date for s in sessions]
    by_day = {s["session"].date: s for s in sessions}
    closed = at.closed
    months = []
    wanted = sorted({(d.year, d.month) for d in days})
    shown = set(wanted)
    for a, b in pairwise(wanted):  # the months between two sessions, where they are few
        gap = (b[0] - a[0]) * 12 + b[1] - a[1]
        if gap <= 2:
            shown |= {((a[0] * 12 + a[1] - 1 + n) // 12, (a[0] * 12 + a[1] - 1 + n) % 12 + 1) for n in range(gap)}
    for year, month in sorted(shown)[:8]:
        first = date(year, month, 1)
        offset = first.weekday()
        cells: list[dict[str, Any]] = [{"blank": True}] * offset
        day = first
        while day.month == month:
            allowed = [
                s["session"].number for s in sessions
                if (w := s["window"]) and w.allows(day) and (w.longest is None or day <= w.longest)
                and (day - s["session"].date).days < 90
            ]  # fmt: skip
            cells.append(
                {
                    "day": day,
                    "session": by_day.get(day),
                    "allowed": allowed,
                    "closed": starting.next_open(day, closed) != day,
                    "past": day < at.on,
                    "today": day == at.on,
                }
            )
            day += timedelta(days=1)
        cells += [{"blank": True}] * (-len(cells) % 7)
        months.append({"first": first, "weeks": [cells[i : i + 7] for i in range(0, len(cells), 7)]})
    return months


@require_GET
@page("plan.dates", CLINICAL)
def course_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    return desk.shown(request, "planning/_course.html", _course(stages.desk_of(request, draft)))


@require_POST
@page("plan.move", CLINICAL)
def course_move(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Moves one session within the rules; or has all dates planned again. Answers with the calendar."""
    at = stages.desk_of(request, draft)
    error = ""
    try:
        if request.POST.get("again"):
            commands.plan_dates_again(at.actor, at.draft)
        else:
            day = date.fromisoformat(request.POST.get("day", ""))
            commands.move_session(at.actor, at.draft, session=int(request.POST.get("session", "0")), day=day)
    except Refused as refused:
        error = f"{refused.sentence} {refused.way_out}"
    except ValueError:
        error = _("That is not a day. Choose one on the calendar.")
    again = desk.at(at.actor, draft)
    answer = desk.shown(request, "planning/_course.html", _course(again, error), status=422 if error else 200)
    answer["HX-Trigger"] = json.dumps({"draft:followed": {"revision": again.draft.revision}})
    return answer


@require_POST
@page("plan.book", CLINICAL)
def course_book(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Books every session of the course."""
    at = stages.desk_of(request, draft)
    data = request.POST
    staff = get(at.actor, Staff, data.get("staff"))
    room = get(at.actor, Room, data["room"]) if data.get("room") else None
    minutes, cream = whole(data.get("minutes"), 30), whole(data.get("cream_minutes"), 0)
    done = tried(
        request,
        lambda: commands.book_course(
            at.actor,
            at.draft,
            staff=staff,
            room=room,
            clock=data.get("clock", ""),
            minutes=minutes,
            cream_minutes=cream,
        ),
        _("The sessions stand in the diary."),
    )
    return redirect("plan-review" if done else "plan-course", draft)
