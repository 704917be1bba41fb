"""The consultation: concerns, areas and skin, the screening beside them, and what could be done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from nappage.intake import region_id
from nappage.knowledge import Edition
from nappage.scales import Item, filled, given_at, items_of, missing, score
from nappage.values import InputError

from ...clinic.access import CLINICAL, get, page
from ...clinic.commands import Refused
from ...clinic.models import Role
from ...patients import documents, drafts
from ...patients.models import Document, Draft
from .. import commands, desk, questions, stages
from .. import reading as readings
from ..desk import DOSE, Desk
from ..diary import tried
from ..models import ClinicProtocol
from ..words import REASONS, SCALE_ITEMS
from .formulation import doses, prescribers

_GRADES = (
    "glogau", "rhytids", "fitzpatrick-wrinkles", "lemperle", "wsrs", "goodman-baron", "nurnberger-muller",
)  # fmt: skip
_COMPOSITE: dict[str, tuple[str, ...]] = {  # scales of several items, and the concerns that open their forms
    "mmasi": ("melasma",), "masi": (), "hexsel": ("cellulite",), "dlqi": (),
    "pain": ("musculoskeletal-pain",), "hair": ("androgenetic-alopecia", "hair-loss", "alopecia-areata"),
}  # fmt: skip
_GROUPS = (("face", True), ("head-neck", False), ("scalp", False), ("body", False))


@require_GET
@page("plan.consultation", CLINICAL)
def consultation(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = stages.desk_of(request, draft)
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
        "composites": _composites(at, chosen),
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
    return stages.shown(request, at, "consultation", context)


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
    scored = {found.scale: found for found in at.reading.assessment.scores}
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


def _composites(at: Desk, concerns: list[str]) -> list[dict[str, Any]]:
    """Forms of the scales of several items, as the core lists them, with the score so far or what it lacks."""
    scored = {found.scale: found for found in at.reading.assessment.scores}
    out = []
    for one, wanted_by in _COMPOSITE.items():
        scale = at.edition.scales.get(one)
        if scale is None:
            continue
        given = at.reading.answers.assessment.get(one) or {}
        groups: dict[str, list[dict[str, Any]]] = {}
        for item in items_of(scale, given):
            held = given_at(given, item.name)
            group, _dot, name = item.name.rpartition(".")
            groups.setdefault(str(SCALE_ITEMS.get(group, group)), []).append(
                {
                    "path": f"answers.assessment.{one}.{item.name}",
                    "name": _item_named(name, scale.rated_by),
                    "steps": _steps(item),
                    "value": "" if held is None else str(held),
                    "needed": item.needed,
                }
            )
        lacks = [_whole_name(name, scale.rated_by) for name in missing(scale, given)]
        started = filled(given)
        out.append(
            {
                "id": one,
                "title": at.edition.text(scale.title, at.language),
                "note": at.edition.text(scale.method, at.language) if scale.method else "",
                "groups": list(groups.items()),
                "open": started or any(concern in wanted_by for concern in concerns),
                "started": started,
                "score": scored.get(one),
                "missing": lacks,
                "fault": _unscored(at, one) if started and not lacks and one not in scored else "",
                "sources": ", ".join(dict.fromkeys(c.ref for c in scale.source)),
            }
        )
    return out


def _unscored(at: Desk, one: str) -> str:
    """Why items that are all there give no score, in the core's words."""
    try:
        score(one, at.reading.answers.assessment[one], at.edition, at.language)
    except InputError as error:
        return error.sentence
    return ""


def _steps(item: Item) -> list[tuple[str, str]]:
    """Each whole number that may be chosen; none where a number is typed."""
    if not item.whole or item.high is None or item.high > 10:
        return []
    numbers = range(item.low, item.high + 1)
    return [(str(n), f"{n}: {item.steps[n - item.low]}" if item.steps else str(n)) for n in numbers]


def _item_named(name: str, rated_by: str) -> str:
    number = name.removeprefix("item_")
    if number == name:
        return str(SCALE_ITEMS.get(name, name))
    # The questions of a licensed form are on the form; here they have their number alone.
    return (_("Question %(n)s") if rated_by == "patient" else _("Item %(n)s")) % {"n": number}


def _whole_name(path: str, rated_by: str) -> str:
    group, _dot, name = path.rpartition(".")
    named = _item_named(name, rated_by)
    return f"{SCALE_ITEMS.get(group, group)}: {named}" if group else named


@require_GET
@page("plan.scores", CLINICAL)
def scores_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The scores of the scales of several items, each put where its form stands."""
    at = stages.desk_of(request, draft)
    return desk.shown(request, "planning/_scores.html", {"composites": _composites(at, [])})


def _screening(at: Desk, error: str = "", said: Mapping[str, str] | None = None) -> dict[str, Any]:
    reading = at.reading
    screening = reading.screening
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
        "unread": reading.faults,
        "findings": findings,
        "asked": questions.controls(screening.open_questions, at.edition, at.draft.body),
        "lapsed": reading.facts.lapsed,
        "answered_on": reading.facts.answered_on,
        "today": at.on,
        "faults": [f for f in reading.faults if readings.stage_of(f.path) == "consultation"],
        "other_faults": [
            (f, stages.url_of(stage, at.draft))
            for f in reading.faults
            if (stage := readings.stage_of(f.path)) != "consultation"
        ],
        "reasons": list(REASONS.items()),
        "prescribes": at.actor.has(Role.PRESCRIBER),
        "prescribers": [] if at.actor.has(Role.PRESCRIBER) else prescribers(at.actor),
        "error": error,
        "said": said or {},
        "editable": at.draft.status == Draft.Status.OPEN,
    }


@require_GET
@page("plan.screening", CLINICAL)
def screening_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    return desk.shown(request, "planning/_screening.html", _screening(stages.desk_of(request, draft)))


@require_POST
@page("plan.decide", {Role.PRESCRIBER})
def decide(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """A prescriber's decision on a finding, or its withdrawal; answers with the panel."""
    at = stages.desk_of(request, draft)
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
        return desk.shown(request, "planning/_doses.html", doses(again, error, said), status=status)
    return desk.shown(request, "planning/_screening.html", _screening(again, error, said), status=status)


@require_GET
@page("plan.choice", CLINICAL)
def choice_panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """What could be done for the concerns: the clinic's own protocols, then the published ones."""
    at = stages.desk_of(request, draft)
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
    at = stages.desk_of(request, draft)
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
