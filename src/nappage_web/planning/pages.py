"""The pages of one draft: consultation, formulation, map, course, review. Each is one screen whose fields save
themselves, with panels that follow."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from nappage.formulation import Formulation
from nappage.intake import normal, region_id, technique_id
from nappage.knowledge import Edition
from nappage.values import InputError

from ..clinic.access import CLINICAL, Actor, acting, get, page
from ..clinic.audit import looked
from ..clinic.commands import Refused
from ..clinic.models import Role, Staff
from ..patients import documents, drafts
from ..patients.commands import leave_draft
from ..patients.edits import sent_json
from ..patients.models import Document, Draft
from . import commands, course_days, desk, map_payload, questions, stages, starting
from . import reading as readings
from .desk import DOSE, Desk
from .diary import counted, practitioners, tried, whole
from .models import Appointment, ClinicProtocol, Room
from .words import REASONS

_GRADES = (
    "glogau", "rhytids", "fitzpatrick-wrinkles", "lemperle", "wsrs", "goodman-baron", "nurnberger-muller",
)  # fmt: skip
_STAGES = ("consultation", "formulation", "map", "course", "review")
_GROUPS = (("face", True), ("head-neck", False), ("scalp", False), ("body", False))


def _desk(request: HttpRequest, draft: uuid.UUID) -> Desk:
    at = desk.at(acting(request), draft)
    if request.method == "GET":
        looked(acting(request), "draft.view", at.draft, patient=at.draft.patient_id)
    return at


def _page(request: HttpRequest, at: Desk, stage: str, context: dict[str, Any]) -> HttpResponse:
    """A stage's page with the bar of stages. Only the review knows what stands in the way of each."""
    shared = stages.frame(at, stage, context.get("open_by_stage"))
    return desk.shown(request, f"planning/{stage}.html", {**shared, **context})


# --- consultation -----------------------------------------------------------------------------------------------------


@require_GET
@page("plan.consultation", CLINICAL)
def consultation(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = _desk(request, draft)
    body, edition = at.draft.body, at.edition
    consulted = body.get("consultation") or {}
    chosen = [c for c in consulted.get("concerns") or () if isinstance(c, str)]
    said = at.said
    own = said.get("concerns") or ()
    now = {"answers": readings.merged(said, body.get("answers") or {})}  # the patient's answers are shown as given
    context = {
        "indications": [
            (one, concept.title or one.replace("-", " ").capitalize(), one in chosen)
            for one, concept in edition.indications.items()
        ],
        "own_words": consulted.get("own_words") or "",
        "patient_concerns": [own] if isinstance(own, str) else list(own),
        "patient_goals": _listed(said.get("goals")),
        "goals": "\n".join(_listed(consulted.get("goals"))),
        "notes": consulted.get("notes") or "",
        "regions": regions(edition, _listed((body.get("order") or {}).get("areas")), at.language),
        "scales": _scales(at),
        "phototype": str(at.reading.answers.patient.phototype or ""),
        "burns": drafts.value_at(body, "answers.assessment.phototype.burns") or "",
        "tans": drafts.value_at(body, "answers.assessment.phototype.tans") or "",
        "clinical": [
            (label, key, questions.of_fact(key, edition, now))
            for key, label in (
                ("unwell", _("Unwell today")),
                ("blood_pressure", _("Blood pressure")),
                ("expectations", _("Expectations")),
                ("request_voluntary", _("Comes of their own will")),
                ("bdd_questionnaire", _("Body image questionnaire")),
                ("needle_fear", _("Afraid of needles")),
            )
            if key in edition.facts
        ],
        "skin": "\n".join(_listed(drafts.value_at(now, "answers.context.skin_state"))),
        "skin_clear": drafts.value_at(now, "answers.context.skin_state") == [],
        "weight": drafts.value_at(now, "answers.patient.weight_kg") or "",
        "marks": consulted.get("marks") or [],
        "roman": tuple(enumerate(("I", "II", "III", "IV", "V", "VI"), 1)),
        "burn_words": _pairs("always", "easily", "a-little", "rarely", "hardly-ever", "never"),
        "tan_words": _pairs("never", "little", "evenly", "easily", "very-easily", "deeply-pigmented"),
        **_screening(at),
    }
    return _page(request, at, "consultation", context)


def _pairs(*values: str) -> list[tuple[str, str]]:
    return [(value, questions.worded(value)) for value in values]


def _listed(value: Any) -> list[str]:
    return (
        [value]
        if isinstance(value, str) and value
        else [str(v) for v in value]
        if isinstance(value, list | tuple)
        else []
    )


def regions(edition: Edition, chosen: list[str], language: str) -> list[dict[str, Any]]:
    """The areas by group, and those of the order that are none of them by name."""

    picked = {region_id(edition, area) or area for area in chosen}
    placed: set[str] = set()
    out = []

    def below(region: str) -> list[str]:
        found = [region]
        for one in found:
            found += [k for k, r in edition.regions.items() if r.parent == one and k not in found]
        return found

    for group, opened in _GROUPS:
        ids = [one for one in below(group) if one not in placed]
        if group == "head-neck":
            ids = [one for one in ids if one not in below("scalp")]
        placed |= set(ids)
        names = [(_as_chosen(one, chosen, edition), edition.text(edition.regions[one].title, language), one in picked)
                 for one in ids]  # fmt: skip
        if names:
            title = edition.text(edition.regions[group].title, language)
            out.append({"title": title, "open": opened or any(on for *_n, on in names), "areas": names})
    strangers = [(area, area, True) for area in chosen if (region_id(edition, area) or "") not in placed]
    if strangers:
        out.append({"title": _("Other"), "open": True, "areas": strangers})
    return out


def _as_chosen(region: str, chosen: list[str], edition: Edition) -> str:
    """The word under which an area stands in the order already, else its id."""

    return next((area for area in chosen if region_id(edition, area) == region), region)


def _scales(at: Desk) -> list[dict[str, Any]]:
    scored = {score.scale: score for score in at.reading.assessment.scores}
    out = []
    for one in _GRADES:
        scale = at.edition.scales.get(one)
        if scale is None or scale.low is None or not scale.labels:
            continue
        grade = drafts.value_at(at.draft.body, f"answers.assessment.{one}.grade")
        low = int(scale.low)
        out.append(
            {
                "id": one,
                "title": at.edition.text(scale.title, at.language),
                "measures": at.edition.text(scale.measures, at.language),
                "steps": [(str(low + i), at.edition.text(label, at.language)) for i, label in enumerate(scale.labels)],
                "value": "" if grade is None else str(grade),
                "sources": ", ".join(dict.fromkeys(c.ref for c in scale.source)),
                "score": scored.get(one),
            }
        )
    return out


def _screening(at: Desk, error: str = "", said: Mapping[str, str] | None = None) -> dict[str, Any]:
    reading = at.reading
    screening = reading.screening
    shown: str = screening.verdict
    if shown == "clear" and (screening.incomplete or reading.faults):
        shown = "cannot-be-cleared"
    findings = [
        {
            "finding": finding,
            "hash": (key := readings.finding_hash(finding)),
            "may": readings.may_be_decided(finding),
            "grave": finding.severity in ("absolute-contraindication", "deferral", "relative-contraindication"),
            "decision": at.decisions.get(key),
        }
        for finding in screening.findings
    ]
    return {
        "desk": at,
        "draft": at.draft,
        "patient": at.draft.patient,
        "screening": screening,
        "shown": shown,
        "findings": findings,
        "asked": questions.controls(screening.open_questions, at.edition, at.draft.body),
        "lapsed": reading.facts.lapsed,
        "answered_on": reading.facts.answered_on,
        "today": at.on,
        "faults": [f for f in reading.faults if readings.stage_of(f.path) == "consultation"],
        "other_faults": [f for f in reading.faults if readings.stage_of(f.path) != "consultation"],
        "reasons": list(REASONS.items()),
        "prescribes": at.actor.has(Role.PRESCRIBER),
        "prescribers": [] if at.actor.has(Role.PRESCRIBER) else prescribers(at.actor),
        "error": error,
        "said": said or {},
        "editable": at.draft.status == Draft.Status.OPEN,
    }


def prescribers(actor: Actor) -> list[str]:
    rows = Staff.objects.of(actor).filter(active=True).select_related("user")
    return [str(row) for row in rows if Role.PRESCRIBER.value in row.roles]


@require_GET
@page("plan.screening", CLINICAL)
def screening_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    return desk.shown(request, "planning/_screening.html", _screening(_desk(request, draft)))


@require_POST
@page("plan.decide", {Role.PRESCRIBER})
def decide(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """A prescriber's decision on a finding, or its withdrawal; answers with the panel."""
    at = _desk(request, draft)
    error = ""
    data = request.POST
    try:
        if data.get("withdraw"):
            commands.withdraw_decision(at.actor, at.draft, finding=data.get("finding", ""))
        else:
            commands.decide_finding(
                at.actor, at.draft, rule=data.get("rule", ""), finding=data.get("finding", ""),
                code=data.get("code", ""), text=data.get("text", ""),
            )  # fmt: skip
    except Refused as refused:
        error = f"{refused.sentence} {refused.way_out}"
    except InputError as wrong:
        error = wrong.sentence
    again = desk.at(at.actor, draft)
    status = 422 if error else 200
    said = {"finding": data.get("finding", ""), "text": data.get("text", ""), "code": data.get("code", "")}
    if data.get("rule") == DOSE:
        return desk.shown(request, "planning/_doses.html", _doses(again, error, said), status=status)
    return desk.shown(request, "planning/_screening.html", _screening(again, error, said), status=status)


@require_GET
@page("plan.choice", CLINICAL)
def choice_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """What could be done for the concerns: the clinic's own protocols, then the published ones."""
    at = _desk(request, draft)
    own = ClinicProtocol.objects.of(at.actor).filter(retired=False).order_by("name", "-version")
    newest = {row.name: row for row in reversed(list(own))}
    plan = documents.latest(at.actor, at.draft.patient, Document.Kind.PLAN)
    context = {
        "desk": at, "draft": at.draft, "choice": at.reading.choice, "own": [_own(at, row) for row in newest.values()],
        "last": plan, "ordered": (at.draft.body.get("order") or {}).get("protocol"), "prices": at.reading.prices,
        "editable": at.draft.status == Draft.Status.OPEN,
    }  # fmt: skip
    return desk.shown(request, "planning/_choice.html", context)


def _own(at: Desk, row: ClinicProtocol) -> dict[str, Any]:
    """A protocol of the clinic's own, checked again: what this edition says of its mixture today."""
    order = row.body.get("order") or {}
    body = {**at.draft.body, "order": order}
    reading = readings.read(at.said, body, at.edition, at.on, at.language, jurisdiction=at.actor.here.jurisdiction)
    formulation = reading.formulation
    return {
        "row": row,
        "same_edition": row.edition == at.edition.fingerprint,
        "formulation": formulation,
        "faults": reading.faults,
        "indication": order.get("indication"),
    }


@require_POST
@page("plan.use", CLINICAL)
def use(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Fills the order from a published protocol, one of the clinic's own, or the last plan."""
    at = _desk(request, draft)
    data = request.POST
    if own := data.get("own"):
        row = get(at.actor, ClinicProtocol, own)
        done = tried(request, lambda: commands.use_own_protocol(at.actor, at.draft, row))
    elif data.get("last"):
        done = tried(request, lambda: commands.start_from_last(at.actor, at.draft))
    else:
        done = tried(
            request,
            lambda: commands.use_protocol(
                at.actor, at.draft, protocol=data.get("protocol", ""), indication=data.get("indication", "")
            ),
        )
    return redirect("plan-formulation" if done else "plan-consultation", draft)


# --- formulation --------------------------------------------------------------------------------------------------


@require_GET
@page("plan.formulation", CLINICAL)
def formulation(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = _desk(request, draft)
    return _page(request, at, "formulation", {**_lines(at), **_doses(at)})


def _lines(at: Desk) -> dict[str, Any]:
    order = at.draft.body.get("order") or {}
    mixture = [line if isinstance(line, dict) else {} for line in order.get("mixture") or ()]
    creams = [line if isinstance(line, dict) else {} for line in order.get("anaesthetic") or ()]

    def faults(root: str, number: int) -> dict[str, str]:
        here = f"order.{root}.{number}"
        return {
            (f.path.removeprefix(here).lstrip(".") or "product"): str(f)
            for f in at.reading.faults
            if f.path == here or f.path.startswith(f"{here}.")
        }

    return {
        "mixture": [
            {
                "n": n,
                "line": line,
                "name": line.get("product") or line.get("ingredient") or "",
                "faults": faults("mixture", n),
            }
            for n, line in enumerate(mixture)
        ],
        "anaesthetic": [{"n": n, "line": line, "faults": faults("anaesthetic", n)} for n, line in enumerate(creams)],
        "no_anaesthetic": order.get("anaesthetic") == [],
        "order": order,
        "units": ("mg/ml", "%", "mcg/ml", "iu/ml", "mg/vial", "iu/vial"),
        "techniques": [
            (one, at.edition.text(record.title, at.language), one == _technique(at.edition, order.get("technique")))
            for one, record in at.edition.techniques.items()
        ],
    }


def _technique(edition: Edition, name: Any) -> str | None:

    return technique_id(edition, name) if isinstance(name, str) and name else None


def _doses(at: Desk, error: str = "", said: Mapping[str, str] | None = None) -> dict[str, Any]:
    found: Formulation | None = at.reading.formulation
    waiting = [] if found is None else [
        row for row in found.ingredients if row.status == "no-ceiling-known" and not row.accepted
    ]  # fmt: skip
    key = "" if found is None else readings.dose_hash(found)
    return {
        "desk": at,
        "draft": at.draft,
        "formulation": found,
        "waiting": waiting,
        "dose_hash": key,
        "dose_decision": at.decisions.get(key),
        "faults": [f for f in at.reading.faults if readings.stage_of(f.path) == "formulation"],
        "reasons": list(REASONS.items()),
        "prescribes": at.actor.has(Role.PRESCRIBER),
        "prescribers": [] if at.actor.has(Role.PRESCRIBER) else prescribers(at.actor),
        "order": at.draft.body.get("order") or {},
        "error": error,
        "said": said or {},
        "editable": at.draft.status == Draft.Status.OPEN,
    }


@require_GET
@page("plan.doses", CLINICAL)
def doses_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    return desk.shown(request, "planning/_doses.html", _doses(_desk(request, draft)))


@require_GET
@page("plan.lines", CLINICAL)
def lines_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The mixture's lines, after one was added or taken away."""
    at = _desk(request, draft)
    return desk.shown(request, "planning/_lines.html", {"draft": at.draft, "editable": True, **_lines(at)})


@require_POST
@page("plan.accept", CLINICAL)
def accept(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Accepts ingredients without a known ceiling, with a reason."""
    at = _desk(request, draft)
    error = ""
    try:
        commands.accept_doses(
            at.actor, at.draft, ingredients=request.POST.getlist("ingredient"), reason=request.POST.get("reason", "")
        )
    except (Refused, InputError) as wrong:
        error = str(wrong) if isinstance(wrong, Refused) else wrong.sentence
    again = desk.at(at.actor, draft)
    answer = desk.shown(request, "planning/_doses.html", _doses(again, error), status=422 if error else 200)
    answer["HX-Trigger"] = json.dumps({"draft:followed": {"revision": again.draft.revision}})
    return answer


@require_GET
@page("plan.suggest", CLINICAL)
def suggest(request: HttpRequest) -> JsonResponse:
    """Products and ingredients whose name holds what is typed."""
    edition = readings.edition_on(acting(request).here.today())
    typed = normal(request.GET.get("q", ""))[:60]
    if len(typed) < 2:
        return JsonResponse([], safe=False)
    creams = request.GET.get("kind") == "cream"
    found = []
    for kind, records in (("product", edition.products), ("substance", edition.substances)):
        for one, record in records.items():
            if kind == "product" and (getattr(record, "form", "") == "cream") != creams:
                continue
            if kind == "substance" and creams:
                continue
            title = edition.text(record.title)
            names = [normal(name) for name in (title, one, *record.names)]
            if any(typed in name for name in names):
                found.append((not any(name.startswith(typed) for name in names), title))
    return JsonResponse([title for _rank, title in sorted(set(found))[:12]], safe=False)


# --- map ----------------------------------------------------------------------------------------------------------


@require_GET
@page("plan.map", CLINICAL)
def injection_map(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = _desk(request, draft)
    order = at.draft.body.get("order") or {}
    technique = at.edition.techniques.get(_technique(at.edition, order.get("technique")) or "")
    proposed = starting.for_technique(_technique(at.edition, order.get("technique")), order, at.edition)
    context = {
        "faults": [f for f in at.reading.faults if readings.stage_of(f.path) == "map"],
        "technique": technique and at.edition.text(technique.title, at.language),
        "sources": technique.source if technique and proposed else (),
        "proposed": [str(_QUANTITIES[path.rpartition(".")[2]]).format(value) for path, value in proposed.items()],
    }
    return _page(request, at, "map", context)


_QUANTITIES = {
    "spacing_mm": gettext_lazy("spacing {} mm"),
    "depth_mm": gettext_lazy("depth of the tip {} mm"),
    "inserted_mm": gettext_lazy("needle inserted {} mm"),
    "angle_deg": gettext_lazy("angle {}°"),
}


@require_POST
@page("plan.ranges", CLINICAL)
def ranges(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Starts the map from what is published for the technique."""
    at = _desk(request, draft)
    tried(request, lambda: commands.use_published_ranges(at.actor, at.draft))
    return redirect("plan-map", draft)


@require_POST
@page("plan.map_edit", CLINICAL)
def map_edit(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """What the map editor sends: {edits: [{path, value}], skin, base, mode}. Answers the new state; 422 with a sentence
    where it cannot be so (nothing is kept of it), 409 where somebody else was there first."""
    at = _desk(request, draft)
    try:
        asked = sent_json(request)
        mark = asked.get("mode") == "mark"
        edits = [(_map_path(str(one["path"]), mark), one["value"]) for one in asked["edits"]]
        skin, base = asked.get("skin"), asked.get("base")
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"sentence": _("This is no edit of a map. Load the page again.")}, status=422)
    body = at.draft.body
    try:
        for path, value in edits:
            drafts.read_edit({"id": str(uuid.uuid4()), "base": 0, "path": path, "value": value}, Draft.Kind.PLAN)
            body = drafts.put(body, path, value)
        state = _map_state(at, body, skin)
        if edits:
            revision = commands.edit_map(at.actor, at.draft, base=base if isinstance(base, int) else None, edits=edits)
        else:
            revision = at.draft.revision
    except InputError as error:
        return JsonResponse({"sentence": error.sentence}, status=422)
    except Refused as refused:
        at = desk.at(at.actor, draft)
        state = _map_state(at, at.draft.body, None)
        told = {"sentence": f"{refused.sentence} {refused.way_out}", "state": state, "revision": at.draft.revision}
        return HttpResponse(map_payload.dumps(told), content_type="application/json", status=409)
    state["revision"] = revision
    return HttpResponse(map_payload.dumps(state), content_type="application/json")


def _map_path(path: str, mark: bool) -> str:
    if path == "marks" and mark:
        return "consultation.marks"
    if not path.startswith("order."):
        raise KeyError(path)
    return path


def _map_state(at: Desk, body: Mapping[str, Any], skin: str | None) -> dict[str, Any]:
    """The editor's state for a draft's body. Raises InputError where the order cannot be laid out."""
    reading = readings.read(
        at.said, body, at.edition, at.on, at.language, jurisdiction=at.actor.here.jurisdiction,
        closed=at.closed, prices=at.actor.here.prices or None, fit=at.fit, decided=frozenset(at.decisions),
    )  # fmt: skip
    drawn, lacks = reading.map, reading.map_lacks
    wrong = next((f for f in reading.faults if readings.stage_of(f.path) == "map"), None)
    if wrong is not None:
        raise InputError(wrong.path, wrong.wrong, wrong.remedy)
    sex = reading.answers.patient.sex
    state = map_payload.state(
        drawn, reading.order, at.edition, at.language, sex=sex, fit=at.fit, lacks=lacks, has_skin=skin,
    )  # fmt: skip
    return state | {"marks": (body.get("consultation") or {}).get("marks") or []}


# --- course -------------------------------------------------------------------------------------------------------


@require_GET
@page("plan.course", CLINICAL)
def course(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = _desk(request, draft)
    return _page(request, at, "course", _course(at))


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
    return desk.shown(request, "planning/_course.html", _course(_desk(request, draft)))


@require_POST
@page("plan.move", CLINICAL)
def course_move(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Moves one session within the rules; or has all dates planned again. Answers with the calendar."""
    at = _desk(request, draft)
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
    at = _desk(request, draft)
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


# --- review -------------------------------------------------------------------------------------------------------


@require_GET
@page("plan.review", CLINICAL)
def review(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = _desk(request, draft)
    return _page(request, at, "review", {})


@require_GET
@page("plan.whole", CLINICAL)
def review_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The whole plan and what stands in its way; asked for after the page, since the first map takes seconds."""
    from nappage.plan import compose

    at = _desk(request, draft)
    plan = at.plan()
    obstacles = readings.ready_to_sign(at.reading, plan, dose_decided=at.dose_decided)
    last = documents.latest(at.actor, at.draft.patient, Document.Kind.PLAN)
    changed: tuple[starting.Difference, ...] = ()
    if last is not None:
        changed = starting.differences(
            _comparable(json.loads(last.body)["order"]),
            _comparable(at.reading.order.model_dump(mode="json", exclude_unset=True)),
        )
    sheet = compose.summary(plan, at.edition) if plan is not None else None
    context = {
        "desk": at, "draft": at.draft, "patient": at.draft.patient, "plan": plan, "obstacles": obstacles,
        "urls": {one: reverse(f"plan-{one}", args=[draft]) for one in _STAGES},
        "last": last, "changed": changed, "sheet": sheet,
        "cost": _cost(plan), "decisions": list(at.decisions.values()),
        "reasons": {code: str(word) for code, word in REASONS.items()},
        "consent": reverse("draft-consent", args=[draft]), "sign": reverse("draft-sign", args=[draft]),
        "editable": at.draft.status == Draft.Status.OPEN,
    }  # fmt: skip
    return desk.shown(request, "planning/_review.html", context)


def _cost(plan: Any) -> Any:
    if plan is None or plan.choice is None:
        return None
    return next((p for p in plan.choice.protocols if p.id == plan.order.protocol), None)


def _comparable(order: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in order.items() if k not in ("planned_start", "planned_time", "time_zone", "jurisdiction")}


@require_POST
@page("plan.save_protocol", CLINICAL)
def save_protocol(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = _desk(request, draft)
    tried(
        request,
        lambda: commands.save_protocol(at.actor, at.draft, name=request.POST.get("name", "")),
        _("Saved as a protocol of this clinic."),
    )
    return redirect("plan-review", draft)


@require_POST
@page("draft.leave", CLINICAL)
def leave(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Gives the draft up: it can be read, no longer changed, and another one can be begun."""
    at = _desk(request, draft)
    done = tried(request, lambda: leave_draft(at.actor, at.draft), _("The draft is given up. It can still be read."))
    return redirect("patient", at.draft.patient.kept().pk) if done else redirect("plan-review", draft)


@require_GET
@page("plan.protocols", CLINICAL)
def protocols(request: HttpRequest) -> HttpResponse:
    """The clinic's own protocols with their versions."""
    actor = acting(request)
    edition = readings.edition_on(actor.here.today())
    rows = ClinicProtocol.objects.of(actor).order_by("name", "-version")
    groups: dict[str, list[ClinicProtocol]] = {}
    for row in rows:
        groups.setdefault(row.name, []).append(row)
    shown = [
        {
            "newest": versions[0],
            "versions": [
                {"row": row, "changes": starting.differences(older.body if older else {}, row.body) if older else ()}
                for row, older in zip(versions, [*versions[1:], None], strict=True)
            ],
            "same_edition": versions[0].edition == edition.fingerprint,
        }
        for versions in groups.values()
    ]
    context = {"protocols": shown, "heading": _("The clinic's own protocols"), "lead": actor.has(Role.LEAD)}
    return desk.shown(request, "planning/protocols.html", context)


@require_POST
@page("plan.retire_protocol", {Role.LEAD})
def retire(request: HttpRequest, protocol: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    row = get(actor, ClinicProtocol, protocol)
    tried(request, lambda: commands.retire_protocol(actor, row), _("The protocol is retired."))
    return redirect("plan-protocols")
