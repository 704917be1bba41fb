"""What may be written in planning: decisions on findings, drafts filled in from a protocol or an earlier plan, edits of
the map, the diary, packages, the clinic's own protocols and closed days."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from nappage.intake import technique_id
from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor
from ..clinic.commands import Refused, command, note
from ..clinic.models import Clinic, Registration, Role, Staff
from ..patients import documents, drafts
from ..patients.models import Document, Draft, Patient
from . import course_days, starting
from . import reading as readings
from .desk import DOSE, Desk, closed_days
from .models import Appointment, ClinicProtocol, Closure, Override, Package, Room
from .words import REASONS

DIARY = frozenset({Role.INJECTOR, Role.PRESCRIBER, Role.LEAD, Role.FRONT_DESK})
_LONGEST_VISIT = timedelta(hours=12)


# --- decisions ------------------------------------------------------------------------------------------------------


@command("finding.decide", {Role.PRESCRIBER})
def decide_finding(actor: Actor, draft: Draft, *, rule: str, finding: str, code: str, text: str) -> Override:
    """A prescriber goes on against one finding of this draft's screening. It holds for that finding as it reads now."""
    _open(Draft.objects.of(actor).select_for_update().get(pk=draft.pk))
    text = text.strip()
    if code not in REASONS:
        raise InputError("code", _("no reason was chosen"), _("Choose one"))
    if len(text) < 3:
        raise InputError("text", _("the reason is not explained"), _("Write a sentence"))
    entry = Registration.objects.of(actor).filter(staff=actor.staff).first()
    if entry is None or not entry.prescriber or entry.expires < actor.here.today():
        raise Refused(_("Your registration as a prescriber is missing or has expired."), _("Ask the lead to enter it."))
    desk = Desk(actor, draft)
    if rule == DOSE:
        formulation = desk.reading.formulation
        same = formulation is not None and readings.dose_hash(formulation) == finding
        allowed = same and formulation is not None and formulation.verdict == "needs-clinician-decision"
    else:
        found = next((f for f in desk.reading.screening.findings if f.rule == rule), None)
        same = found is not None and readings.finding_hash(found) == finding
        allowed = found is not None and readings.may_be_decided(found)
    if not same:
        raise Refused(_("This finding says something else now."), _("Read it again and decide anew."))
    if not allowed:
        raise Refused(_("Nobody may go on against this finding."), _("Change the plan, or do not treat."))
    made = Override.objects.create(
        clinic=draft.clinic, patient=draft.patient, draft=draft, rule=rule, finding=finding, decision="accepted",
        code=code, text=text[:500], by=actor.member,
    )  # fmt: skip
    note(made, patient=draft.patient_id, rule=rule, code=code, draft=draft.pk)
    return made


@command("finding.withdraw", {Role.PRESCRIBER})
def withdraw_decision(actor: Actor, draft: Draft, *, finding: str) -> None:
    """Takes a decision back: the finding stands again."""
    _open(Draft.objects.of(actor).select_for_update().get(pk=draft.pk))
    last = Override.objects.of(actor).filter(draft=draft, finding=finding).order_by("-created").first()
    if last is None or last.decision != "accepted":
        raise Refused(_("There is no such decision."), _("Load the page again."))
    made = Override.objects.create(
        clinic=draft.clinic, patient=draft.patient, draft=draft, rule=last.rule, finding=finding,
        decision="withdrawn", code=last.code, text=last.text, by=actor.member,
    )  # fmt: skip
    note(made, patient=draft.patient_id, rule=last.rule, draft=draft.pk)


# --- filling a draft ------------------------------------------------------------------------------------------------


def _put(actor: Actor, draft: Draft, base: int | None, edits: Mapping[str, Any]) -> drafts.Acknowledged:
    """Several edits at once, all or none. Raises Refused where somebody changed one of the places since `base`."""
    done = drafts.Acknowledged(draft.revision, uuid.uuid4())
    start = draft.revision if base is None else base
    changed = {path: value for path, value in edits.items() if drafts.value_at(draft.body, path) != value}
    put: list[str] = []  # our own places are no conflict with each other
    for path, value in changed.items():
        again = any(f"{path}.".startswith(f"{one}.") or f"{one}.".startswith(f"{path}.") for one in put)
        done = drafts.apply(actor, draft, uuid.uuid4(), draft.revision if again else start, path, value)
        put.append(path)
        if done.conflict is not None:
            raise Refused(
                _("{who} changed the same place: {path}.").format(who=done.conflict.by, path=path),
                _("Load the page again and look at it."),
            )
        draft.refresh_from_db()
    return done


@command("draft.use_protocol", CLINICAL)
def use_protocol(actor: Actor, draft: Draft, *, protocol: str, indication: str) -> int:
    """Fills the order from a published protocol. Returns the draft's revision."""
    _open(draft)
    desk = Desk(actor, draft)
    choice = desk.reading.choice
    offers = [(i.id, p) for i in (choice.indications if choice else ()) for p in i.protocols]
    found = next((p for i, p in offers if p.id == protocol and i == indication), None)
    if found is None:
        raise Refused(_("This protocol is not among those for the patient's concerns."), _("Load the page again."))
    earliest = max(desk.on + timedelta(days=1), found.earliest_date or desk.on)
    edits = starting.from_protocol(
        found, indication, draft.body.get("order") or {}, desk.edition, zone=actor.here.time_zone,
        first_day=starting.next_open(earliest, desk.closed),
    )  # fmt: skip
    done = _put(actor, draft, None, edits)
    note(draft, patient=draft.patient_id, protocol=protocol, revision=done.revision)
    return done.revision


@command("draft.use_own_protocol", CLINICAL)
def use_own_protocol(actor: Actor, draft: Draft, protocol: ClinicProtocol) -> int:
    """Fills the order from a protocol of the clinic's own."""
    _open(draft)
    if protocol.retired:
        raise Refused(_("This protocol was retired."), _("Choose another."))
    start = starting.next_open(actor.here.today() + timedelta(days=1), closed_days(actor))
    edits = starting.from_order(protocol.body.get("order") or {}, first_day=start, zone=actor.here.time_zone)
    done = _put(actor, draft, None, edits)
    note(draft, patient=draft.patient_id, protocol=protocol.pk, version=protocol.version, revision=done.revision)
    return done.revision


@command("draft.start_from_last", CLINICAL)
def start_from_last(actor: Actor, draft: Draft) -> int:
    """Fills the order from the patient's last plan."""
    _open(draft)
    last = documents.latest(actor, draft.patient, Document.Kind.PLAN)
    if last is None:
        raise Refused(_("This patient has no earlier plan."), _("Choose a protocol."))
    order = json.loads(last.body)["order"]
    start = starting.next_open(actor.here.today() + timedelta(days=1), closed_days(actor))
    edits = starting.from_order(order, first_day=start, zone=actor.here.time_zone)
    done = _put(actor, draft, None, edits)
    note(draft, patient=draft.patient_id, plan=last.pk, revision=done.revision)
    return done.revision


@command("draft.use_ranges", CLINICAL)
def use_published_ranges(actor: Actor, draft: Draft) -> int:
    """Starts the map from the technique's published spacing and depth, where none was entered."""
    _open(draft)
    desk = Desk(actor, draft)
    order = draft.body.get("order") or {}
    edits = starting.for_technique(technique_id(desk.edition, str(order.get("technique") or "")), order, desk.edition)
    if not edits:
        raise Refused(_("No spacing or depth is published for this technique."), _("Enter them on the map."))
    done = _put(actor, draft, None, edits)
    note(draft, patient=draft.patient_id, paths=list(edits), revision=done.revision)
    return done.revision


@command("draft.edit_map", CLINICAL)
def edit_map(actor: Actor, draft: Draft, *, base: int | None, edits: Sequence[tuple[str, Any]]) -> int:
    """What was done on the map, together. Returns the draft's revision."""
    _open(draft)
    done = _put(actor, draft, base, dict(edits))
    note(draft, patient=draft.patient_id, paths=[path for path, _value in edits], revision=done.revision)
    return done.revision


@command("draft.accept_doses", CLINICAL)
def accept_doses(actor: Actor, draft: Draft, *, ingredients: Sequence[str], reason: str) -> int:
    """A clinician answers for ingredients without a known ceiling, with a reason."""
    _open(draft)
    reason = reason.strip()
    if len(reason) < 3:
        raise InputError("reason", _("the reason is not explained"), _("Write a sentence"))
    accepted = dict((draft.body.get("order") or {}).get("accepted_without_ceiling") or {})
    accepted |= dict.fromkeys(ingredients, f"{reason} ({actor.name})")
    done = _put(actor, draft, None, {"order.accepted_without_ceiling": accepted})
    note(draft, patient=draft.patient_id, ingredients=list(ingredients), revision=done.revision)
    return done.revision


@command("draft.set_dates", CLINICAL)
def move_session(actor: Actor, draft: Draft, *, session: int, day: date) -> list[date]:
    """One session of the draft's course to another day; those after it follow where they must. Raises Refused with the
    rule's own sentence."""
    _open(draft)
    reading = Desk(actor, draft).reading
    try:
        days = course_days.moved(reading, session, day)
    except course_days.NotPossible as error:
        raise Refused(error.sentence, error.way_out) from None
    edits: dict[str, Any] = {"schedule.proposed": [one.isoformat() for one in days]}
    if session == 1:
        edits["order.planned_start"] = course_days.start_text(draft.body, days[0], actor.here.time_zone)
    done = _put(actor, draft, None, edits)
    note(draft, patient=draft.patient_id, session=session, day=day.isoformat(), revision=done.revision)
    return days


@command("draft.plan_dates", CLINICAL)
def plan_dates_again(actor: Actor, draft: Draft) -> int:
    """Lets the protocol set every date again."""
    _open(draft)
    done = _put(actor, draft, None, {"schedule.proposed": None})
    note(draft, patient=draft.patient_id, revision=done.revision)
    return done.revision


# --- the diary --------------------------------------------------------------------------------------------------------


@command("course.book", CLINICAL)
def book_course(
    actor: Actor, draft: Draft, *, staff: Staff, room: Room | None, clock: str, minutes: int, cream_minutes: int
) -> list[Appointment]:
    """Every coming session of the draft's course as an appointment at the same time of day; all or none."""
    course = Desk(actor, draft).reading.course
    if course is None or course.verdict in ("conflict", "refused"):
        raise Refused(_("The course has no dates that fit."), _("Settle them on the calendar first."))
    _locked(actor)
    known = {a.session: a for a in _of_course(actor, draft)}
    made = []
    for session in course.sessions:
        starts = moment(actor, session.date, clock)
        old = known.get(session.number)
        if old is not None and old.status == Appointment.Status.DONE:
            continue
        if old is not None:
            Appointment.objects.of(actor).filter(pk=old.pk).update(
                status=Appointment.Status.CANCELLED, reason=_("Booked again with the course")
            )
            note(old, patient=draft.patient_id, session=session.number, replaced=True)
        made.append(
            _booked(
                actor, draft.patient, staff, room, starts, minutes, cream_minutes, draft=draft, session=session.number
            )
        )
    for one in made:
        note(one, patient=draft.patient_id, session=one.session, starts=one.starts)
    if not made:
        raise Refused(_("Every session is booked already."), _("Move one in the diary."))
    return made


@command("appointment.book", DIARY)
def book(
    actor: Actor,
    patient: Patient,
    *,
    staff: Staff,
    room: Room | None,
    starts: datetime,
    minutes: int,
    cream_minutes: int = 0,
    reason: str = "",
) -> Appointment:
    """A visit outside a course."""
    _locked(actor)
    made = _booked(actor, patient, staff, room, starts, minutes, cream_minutes, reason=reason)
    note(made, patient=patient, starts=starts)
    return made


@command("appointment.move", DIARY)
def move_appointment(
    actor: Actor, appointment: Appointment, *, starts: datetime, staff: Staff, room: Room | None, reason: str = ""
) -> Appointment:
    """Another time, practitioner or room. A session of a course moves within the course's rules, and another day needs
    a reason."""
    _is_booked(actor, appointment)
    zone = actor.here.zone()
    before, day = appointment.starts.astimezone(zone).date(), starts.astimezone(zone).date()
    if day != before and not reason.strip():
        raise InputError("reason", _("another day needs a reason"), _("Write why it is moved"))
    if day != before and appointment.draft is not None and appointment.session is not None:
        _within_course(actor, appointment, day)
    _free(actor, appointment.patient, staff, room, starts, appointment.minutes + appointment.cream_minutes, appointment)
    Appointment.objects.of(actor).filter(pk=appointment.pk).update(
        starts=starts, staff=staff, room=room, reason=reason[:300]
    )
    appointment.refresh_from_db()
    note(appointment, patient=appointment.patient_id, starts=starts, was=before.isoformat())
    return appointment


@command("appointment.cancel", DIARY)
def cancel_appointment(actor: Actor, appointment: Appointment, *, reason: str) -> None:
    _is_booked(actor, appointment)
    if not reason.strip():
        raise InputError("reason", _("there is no reason"), _("Write why it is cancelled"))
    Appointment.objects.of(actor).filter(pk=appointment.pk).update(
        status=Appointment.Status.CANCELLED, reason=reason[:300]
    )
    note(appointment, patient=appointment.patient_id, session=appointment.session)


@command("appointment.done", DIARY)
def finish_appointment(actor: Actor, appointment: Appointment) -> None:
    """The session was given: it counts against what was paid beforehand."""
    _is_booked(actor, appointment)
    if appointment.starts > timezone.now() + timedelta(hours=12):
        raise Refused(_("This appointment has not come yet."), _("Mark it done on its day."))
    Appointment.objects.of(actor).filter(pk=appointment.pk).update(status=Appointment.Status.DONE)
    note(appointment, patient=appointment.patient_id, session=appointment.session)


def moment(actor: Actor, day: date, clock: str) -> datetime:
    """A day and a clock time of the clinic, as a moment. Raises InputError on a time that is none."""
    try:
        local = datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=actor.here.zone())
    except ValueError:
        raise InputError("time", _("'{}' is not a time").format(clock), _("Write it like 10:30")) from None
    return local.astimezone(timezone.get_default_timezone())


def _booked(
    actor: Actor,
    patient: Patient,
    staff: Staff,
    room: Room | None,
    starts: datetime,
    minutes: int,
    cream_minutes: int,
    **more: Any,
) -> Appointment:
    if not 5 <= minutes <= 480 or not 0 <= cream_minutes <= 180:
        raise InputError("minutes", _("a visit lasts 5 to 480 minutes, and cream at most 180"), _("Correct it"))
    _free(actor, patient, staff, room, starts, minutes + cream_minutes, None)
    return Appointment.objects.create(
        clinic=actor.here, patient=patient, staff=staff, room=room, starts=starts, minutes=minutes,
        cream_minutes=cream_minutes, **more,
    )  # fmt: skip


def _locked(actor: Actor) -> None:
    """One booking at a time at a clinic: on PostgreSQL its row is locked, SQLite has one writer anyway."""
    Clinic.objects.select_for_update().get(pk=actor.here.pk)


def _free(
    actor: Actor,
    patient: Patient,
    staff: Staff,
    room: Room | None,
    starts: datetime,
    minutes: int,
    but: Appointment | None,
) -> None:
    """Raises Refused where the practitioner, the room or the patient is taken, or the clinic is closed."""
    for one in (patient, staff, room):
        if one is not None and one.clinic_id != actor.here.pk:
            raise InputError("appointment", _("it is of another clinic"), _("Choose one of this clinic"))
    if not staff.active:
        raise Refused(_("{} works here no more.").format(staff), _("Choose somebody else."))
    day = starts.astimezone(actor.here.zone()).date()
    if starting.next_open(day, closed_days(actor)) != day:
        raise Refused(_("The clinic is closed on {}.").format(date_format(day)), _("Choose another day."))
    ends = starts + timedelta(minutes=minutes)
    near = Appointment.objects.of(actor).filter(
        status=Appointment.Status.BOOKED, starts__lt=ends, starts__gt=starts - _LONGEST_VISIT
    )
    if but is not None:
        near = near.exclude(pk=but.pk)
    for other in near.select_related("staff__user", "room", "patient"):
        if other.starts + timedelta(minutes=other.minutes + other.cream_minutes) <= starts:
            continue
        at = f"{other.starts.astimezone(actor.here.zone()):%H:%M}"
        way_out = _("Choose another time, practitioner or room.")
        for same, sentence in (
            (other.staff_id == staff.pk, _("{who} has another appointment at {at} on {day}.")),
            (room is not None and other.room_id == room.pk, _("{room} is taken at {at} on {day}.")),
            (other.patient_id == patient.pk, _("{patient} has another appointment at {at} on {day}.")),
        ):
            if same:
                words = {
                    "who": str(staff),
                    "room": str(room),
                    "patient": patient.name,
                    "at": at,
                    "day": day.isoformat(),
                }
                raise Refused(sentence.format(**words), way_out)


def _of_course(actor: Actor, draft: Draft) -> Sequence[Appointment]:
    rows = Appointment.objects.of(actor).filter(draft=draft).exclude(status=Appointment.Status.CANCELLED)
    return list(rows.order_by("starts"))


def _within_course(actor: Actor, appointment: Appointment, day: date) -> None:
    """Whether the course still holds with one session on another day. Raises Refused with the rule's sentence."""
    zone = actor.here.zone()
    draft, session = appointment.draft, appointment.session
    assert draft is not None and session is not None
    rows = {a.session: a.starts.astimezone(zone).date() for a in _of_course(actor, draft) if a.session}
    rows[session] = day
    days = [rows[number] for number in sorted(rows)]
    reading = Desk(actor, draft).reading
    refused = course_days.refusal(reading, days, session)
    if refused is not None:
        raise Refused(refused.sentence, refused.way_out)


def _is_booked(actor: Actor, appointment: Appointment) -> None:
    """As it is now, and not as the page showed it: somebody else may have cancelled it since."""
    _locked(actor)
    appointment.refresh_from_db(fields=["status"])
    if appointment.status != Appointment.Status.BOOKED:
        raise Refused(_("This appointment is over or cancelled."), _("Book a new one."))


def _open(draft: Draft) -> None:
    if draft.status != Draft.Status.OPEN:
        raise Refused(_("This draft is closed."), _("Start a new one from its plan."))


# --- rooms, closed days, packages, protocols --------------------------------------------------------------------------


@command("room.add", {Role.LEAD})
def add_room(actor: Actor, *, name: str) -> Room:
    name = name.strip()
    if not name or len(name) > 80:
        raise InputError("name", _("the room has no name, or one that is too long"), _("Write up to 80 letters"))
    if Room.objects.of(actor).filter(name=name, active=True).exists():
        raise InputError("name", _("there is a room of that name"), _("Choose another"))
    room = Room.objects.create(clinic=actor.here, name=name)
    note(room, name=name)
    return room


@command("room.close", {Role.LEAD})
def close_room(actor: Actor, room: Room) -> None:
    Room.objects.of(actor).filter(pk=room.pk).update(active=False)
    note(room)


@command("closure.add", {Role.LEAD})
def add_closure(
    actor: Actor, *, weekday: int | None = None, first: date | None = None, last: date | None = None, title: str = ""
) -> Closure:
    """A weekday, or days, on which no session is given. Appointments that stand there stay until they are moved."""
    if (weekday is None) == (first is None) or (weekday is not None and not 0 <= weekday <= 6):
        raise InputError("first", _("neither a weekday nor a day was chosen"), _("Choose one of the two"))
    if first and last and last < first:
        raise InputError("last", _("it lies before the first day"), _("Write the earlier day first"))
    made = Closure.objects.create(clinic=actor.here, weekday=weekday, first=first, last=last, title=title[:80])
    note(made, weekday=weekday, first=first, last=last)
    return made


@command("closure.end", {Role.LEAD})
def end_closure(actor: Actor, closure: Closure) -> None:
    Closure.objects.of(actor).filter(pk=closure.pk).update(ended=timezone.now())
    note(closure)


@command("package.sell", DIARY)
def sell_package(
    actor: Actor, patient: Patient, *, title: str, sessions: int, price: Decimal, currency: str, protocol: str = ""
) -> Package:
    """Sessions paid beforehand."""
    if patient.clinic_id != actor.here.pk:
        raise InputError("patient", _("is of another clinic"), _("Choose one of this clinic"))
    if not 1 <= sessions <= 100:
        raise InputError("sessions", _("a package holds 1 to 100 sessions"), _("Correct it"))
    if price < 0 or price >= 10_000_000:
        raise InputError("price", _("that is no price"), _("Write an amount"))
    made = Package.objects.create(
        clinic=actor.here, patient=patient, title=title.strip()[:200] or _("Prepaid sessions"), protocol=protocol,
        sessions=sessions, price=price, currency=currency, paid_on=actor.here.today(),
    )  # fmt: skip
    note(made, patient=patient, sessions=sessions, price=price, currency=currency)
    return made


@command("protocol.save", CLINICAL)
def save_protocol(actor: Actor, draft: Draft, *, name: str) -> ClinicProtocol:
    """The draft's mixture, map and course under a name; the same name again is a new version."""
    name = name.strip()[:120]
    if len(name) < 2:
        raise InputError("name", _("the protocol has no name"), _("Write one"))
    body = starting.kept_for_protocol(draft.body)
    if not body["order"].get("mixture") and not body["order"].get("technique"):
        raise Refused(_("There is nothing in this plan to save yet."), _("Fill in its mixture first."))
    _locked(actor)
    known = ClinicProtocol.objects.of(actor).filter(name=name)
    last = known.order_by("-version").first()
    version = 1 + (known.aggregate(n=Max("version"))["n"] or 0)
    made = ClinicProtocol.objects.create(
        clinic=actor.here, name=name, version=version, body=body, edition=Desk(actor, draft).edition.fingerprint,
        author_name=actor.name, replaces=last,
    )  # fmt: skip
    note(made, name=name, version=version, draft=draft.pk)
    return made


@command("protocol.retire", {Role.LEAD})
def retire_protocol(actor: Actor, protocol: ClinicProtocol) -> None:
    """Takes a protocol off the list, with all its versions; plans made from it stay."""
    ClinicProtocol.objects.of(actor).filter(name=protocol.name).update(retired=True)
    note(protocol, name=protocol.name)
