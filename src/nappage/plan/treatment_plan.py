"""`draft` asks every room about one patient's order and keeps the answers as one frozen document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal

from .. import __version__
from ..aftercare import Aftercare, Treatment, advise
from ..choice import (
    Assessment,
    HomeCare,
    IndicationChoice,
    PriceList,
    ToldRisk,
    assess,
    assessed,
    choose,
    home_care,
    risks_to_tell,
)
from ..course import Course, Request, plan_course
from ..formulation import Formulation, formulate
from ..injection_map import Fit, InjectionMap, lay_out
from ..injection_map.depth import check_depth
from ..intake import Answers, Facts, Order, contents_of, read, region_id, technique_id
from ..knowledge import Cited, Edition, cited
from ..rules import MORE
from ..screening import Screening, screen
from ..values import Amount, Document, InputError, plain

_DIFFERS = 0.1  # an area that differs from its map's by more than this share is asked about


class Person(Document):
    """What the documents say of the patient."""

    name: str | None = None
    age_years: int | None = None
    sex: str | None = None
    phototype: int | None = None
    weight_kg: Amount | None = None


class Practitioner(Document):
    """Somebody who answers for the plan, and the entry in a register that a patient can look up."""

    name: str
    role: Literal["injector", "prescriber"]
    register_name: str
    number: str


class Practice(Document):
    """Where the treatment is given, whom to call, and who answers for it."""

    clinic: str
    address: str = ""
    phone: str = ""
    emergency_phone: str = ""
    practitioners: tuple[Practitioner, ...] = ()


class Placement(Document):
    """How the product is placed, from the order, its map and the technique's record. `volume_ml` is points × volume
    per point."""

    technique: str | None = None
    title: str | None = None
    says: str | None = None
    areas: tuple[str, ...] = ()
    points: int | None = None
    volume_per_point_ml: Amount | None = None
    volume_ml: Amount | None = None
    depth_mm: Amount | None = None
    spacing_mm: Amount | None = None
    area_cm2: Amount | None = None
    published: tuple[str, ...] = ()  # the technique's published ranges, in words
    sources: tuple[Cited, ...] = ()


class ToSign(Document):
    """Something missing before this plan can be signed. It never changes the patient's screening."""

    room: Literal["order", "screening", "formulation", "course", "map"]
    text: str


class TreatmentPlan(Document):
    """The whole plan for one order. Self-contained: words, sources and versions are in it."""

    document: Literal["treatment-plan"] = "treatment-plan"
    software: str = __version__
    reference: str
    language: str
    asked_on: date
    edition: str
    edition_version: str
    patient: Person
    practice: Practice | None = None
    goals: tuple[str, ...] = ()
    assessment: Assessment = Assessment()
    order: Order
    indication: str | None = None
    screening: Screening
    formulation: Formulation | None = None
    placement: Placement
    map: InjectionMap | None = None
    map_note: str | None = None  # why there is no map
    course: Course | None = None
    course_note: str | None = None  # why there is no course, or why it does not start on the planned day
    choice: IndicationChoice | None = None  # what is known of it, the alternatives and doing nothing
    risks: tuple[ToldRisk, ...] = ()  # to be told before consent
    home_care: HomeCare | None = None
    aftercare: Aftercare | None = None
    to_sign: tuple[ToSign, ...] = ()

    @property
    def may_proceed(self) -> bool:
        """Whether every room that was asked says that this session may go ahead."""
        formula = self.formulation is not None and self.formulation.verdict == "within-limits"
        course = self.course is None or self.course.verdict != "conflict"
        drawn = self.map is None or not self.map.refused
        return self.screening.may_proceed and formula and course and drawn


def draft(
    answers: Answers,
    edition: Edition,
    on: date,
    *,
    reference: str = "patient",
    language: str = "en",
    fit: Fit | None = None,
    prices: PriceList | None = None,
    practice: Practice | None = None,
    course: Course | None = None,
) -> TreatmentPlan:
    """The plan for the answers' order, asked for on `on`; its map is laid out on the patient's own skin where a `fit`
    is given, its cost reckoned at the clinic's `prices`, in the name of a `practice`. `course`: dates that were settled
    beforehand, which then are not planned. Raises InputError where the order names a protocol, a regimen, a zone or a
    date that cannot be, or the price list what is not known."""
    assessment = assess(answers, edition, language)
    answers = assessed(answers, edition)
    ordered = answers.order or Order()
    drawn, map_note = _map(ordered, read(answers, edition, on), edition, fit, language)
    order = ordered if drawn is None else with_map(ordered, drawn)
    answers = answers.model_copy(update={"order": order})
    facts = read(answers, edition, on)
    screening = screen(facts, edition, language)
    person = _person(answers, facts)
    indication = facts["indication"]
    base = TreatmentPlan(
        reference=reference,
        language=language,
        asked_on=on,
        edition=edition.fingerprint,
        edition_version=edition.version,
        patient=person,
        practice=practice,
        goals=(answers.goals,) if isinstance(answers.goals, str) else answers.goals or (),
        assessment=assessment,
        order=ordered,
        indication=_indication_title(edition, indication),
        screening=screening,
        placement=_placement(order, drawn, edition, language),
    )
    if screening.deceased:
        return base
    if screening.verdict == "contraindicated":
        drawn, map_note = None, edition.say("plan.no-map-contraindicated", language)
    formulation = formulate(order, facts, edition, language, planned_ml=None if drawn is None else drawn.volume_ml)
    note = None
    if course is None or screening.verdict == "contraindicated":
        course, note = _course(answers, facts, screening, edition, language)
    # Deferred without a date: the planned day is not the session's, so no line counts from it.
    dateless = screening.verdict == "defer" and course is None
    aftercare = _aftercare(order, facts, course, edition, language, clock=not dateless)
    excluded = screening.verdict == "contraindicated"
    named = (
        order.mixture or order.products or order.technique or order.indication
    )  # else there is nothing to consent to
    start = () if dateless or order.planned_start is None else (order.planned_start,)
    days = tuple(s.date for s in course.sessions) if course else start
    return base.model_copy(
        update={
            "formulation": formulation,
            "map": drawn,
            "map_note": map_note,
            "course": course,
            "course_note": note,
            "choice": _choice(answers, facts, edition, on, prices, language),
            "risks": () if excluded or not named else risks_to_tell(facts.row, edition, language),
            "home_care": None if excluded else home_care(answers, days, on, edition, language),
            "aftercare": aftercare,
            "to_sign": _to_sign(base, order, formulation, drawn, map_note, course, edition, language),
        }
    )


def _person(answers: Answers, facts: Facts) -> Person:
    age = facts["age_years"]
    return Person(
        name=answers.patient.name or (answers.record.patient.name if answers.record else None),
        age_years=None if age is None else int(age),
        sex=facts["sex"],
        phototype=None if facts["phototype"] is None else int(facts["phototype"]),
        weight_kg=facts["weight_kg"],
    )


def _indication_title(edition: Edition, indication: str | None) -> str | None:
    if indication is None:
        return None
    concept = edition.indications.get(indication)
    return (concept.title if concept else None) or indication.replace("-", " ").capitalize()


_MISSING = ("order.technique", "order.areas", "order.spacing_mm")  # what an order may lack and still be planned


def _map(
    order: Order, facts: Facts, edition: Edition, fit: Fit | None, language: str
) -> tuple[InjectionMap | None, str | None]:
    """The map of the order, or why there is none: an order that lacks what a map needs is still planned. Raises
    InputError where what it says of the map cannot be."""
    try:
        return lay_out(order, edition, sex=facts["sex"], fit=fit, language=language), None
    except InputError as error:
        if error.place not in _MISSING:
            raise
        return None, error.sentence


def with_map(order: Order, drawn: InjectionMap) -> Order:
    """The order with what the map settled: how many points, how much the fullest holds, how deep the deepest tip goes,
    how large the zones are. So a ceiling per point, or per square centimetre, holds for what is really injected."""
    settled: dict[str, object] = {}
    if drawn.points:
        settled["points"] = len(drawn.points)
        settled["area_cm2"] = round(sum(zone.area_cm2 for zone in drawn.zones), 1)
        volumes = [point.volume_ml for point in drawn.points if point.volume_ml is not None]
        if len(volumes) == len(drawn.points):
            settled["volume_per_point_ml"] = max(volumes)
    depths = [zone.depth.tip_depth_mm for zone in drawn.zones if zone.depth.tip_depth_mm is not None]
    if depths:
        settled["depth_mm"] = round(max(depths), 2)
    return Order.model_validate({**order.model_dump(exclude_unset=True), **settled})


def _differs(order: Order, drawn: InjectionMap, say: Callable[..., str]) -> list[str]:
    """Where the order says something else than its map, which the map does not itself ask about."""
    area = sum(zone.area_cm2 for zone in drawn.zones)
    out = []
    if order.area_cm2 is not None and abs(float(order.area_cm2) / max(area, 0.1) - 1) > _DIFFERS:
        out.append(say("map-area", ordered=plain(order.area_cm2), mapped=f"{area:.0f}"))
    if order.points is not None and order.points != len(drawn.points):
        out.append(say("map-points", ordered=str(order.points), mapped=str(len(drawn.points))))
    return out


def _too_deep(order: Order, edition: Edition, language: str) -> list[str]:
    """Without a map, the depth is held against the limit of each area all the same."""
    checks = [
        check_depth(
            site=region_id(edition, area), sex=None, technique=technique_id(edition, order.technique or ""),
            inserted_mm=_float(order.inserted_mm), angle_deg=_float(order.angle_deg),
            needle_mm=_float(order.needle_mm), tip_depth_mm=_float(order.depth_mm), edition=edition, language=language,
        )
        for area in order.areas
        if order.depth_mm is not None or order.inserted_mm is not None
    ]  # fmt: skip
    return [text for check in checks if check.verdict == "refused" for text in check.says]


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _placement(order: Order, drawn: InjectionMap | None, edition: Edition, language: str) -> Placement:
    technique = technique_id(edition, order.technique) if order.technique else None
    record = edition.techniques.get(technique) if technique else None
    total = order.points * order.volume_per_point_ml if order.points and order.volume_per_point_ml else None
    if drawn is not None and drawn.volume_ml is not None:
        total = drawn.volume_ml
    regions = [region_id(edition, area) for area in order.areas]
    published: list[str] = []
    if record:
        for key, bounds in (
            ("depth", record.depth_mm),
            ("volume", record.volume_per_point_ml),
            ("spacing", record.spacing_mm),
            ("angle", record.angle_deg),
        ):
            if bounds:
                low, high = (f"{bound.normalize():f}" for bound in bounds)
                published.append(edition.say(f"plan.published-{key}", language, low=low, high=high))
    return Placement(
        technique=technique,
        title=edition.text(record.title, language) if record else order.technique,
        says=edition.text(record.says, language) if record else None,
        areas=tuple(
            edition.text(edition.regions[region].title, language) if region else name
            for region, name in zip(regions, order.areas, strict=True)
        ),
        points=order.points,
        volume_per_point_ml=order.volume_per_point_ml,
        volume_ml=total,
        depth_mm=order.depth_mm,
        spacing_mm=order.spacing_mm,
        area_cm2=order.area_cm2,
        published=tuple(published),
        sources=cited(edition, record.source) if record else (),
    )


def _choice(
    answers: Answers, facts: Facts, edition: Edition, on: date, prices: PriceList | None, language: str
) -> IndicationChoice | None:
    """What is known of the ordered indication's treatment, and what else there is."""
    indication = facts["indication"]
    if indication not in edition.indications:
        return None
    wanted = answers.model_copy(update={"concerns": indication})
    only = _protocol(answers.order or Order(), facts, edition)
    return next(iter(choose(wanted, facts, edition, on, prices, language, only=only or "").indications), None)


def _protocol(order: Order, facts: Facts, edition: Edition) -> str | None:
    """The ordered protocol, or the first for the indication."""
    return order.protocol or next(
        (p.id for p in edition.protocols.values() if facts["indication"] in p.indications), None
    )


def _course(
    answers: Answers, facts: Facts, screening: Screening, edition: Edition, language: str
) -> tuple[Course | None, str | None]:
    """The dates of the ordered protocol, or of the one whose name is the indication's. None with the reason
    where no date may be given."""
    order = answers.order or Order()
    if screening.verdict == "contraindicated":
        return None, edition.say("plan.no-course-contraindicated", language)
    protocol = _protocol(order, facts, edition)
    if protocol is None:
        return None, edition.say("plan.no-course-protocol", language)
    if order.planned_start is None:
        return None, edition.say("plan.no-course-start", language)
    note = None
    start = order.planned_start
    if screening.verdict == "defer":
        if screening.earliest_date is None:
            return None, edition.say("plan.no-course-deferred", language)
        if screening.earliest_date > start:
            start = screening.earliest_date
            note = edition.say("plan.course-deferred", language, day=start.isoformat())
    request = course_request(answers, facts, edition, start)
    assert request is not None
    return plan_course(request, edition, language), note


def course_request(answers: Answers, facts: Facts, edition: Edition, start: date) -> Request | None:
    """What `schedule` is asked for an order that begins on `start`; None where no protocol is known for it."""
    order = answers.order or Order()
    protocol = _protocol(order, facts, edition)
    if protocol is None:
        return None
    events = [
        {"event": event.event, "date": event.date, **({"area": event.area} if event.area else {})}
        for event in answers.context.planned_events or ()
        if event.date is not None and len(event.date) == 10
    ]
    return Request.model_validate(
        {
            "protocol": protocol,
            "regimen": order.regimen,
            "sessions": order.sessions,
            "start": start,
            "indication": facts["indication"],
            "purpose": facts["purpose"],
            "ingredients": sorted(contents_of(edition, order).ingredients),
            "areas": order.areas,
            "constraints": {"events": events},
        }
    )


def _aftercare(
    order: Order, facts: Facts, course: Course | None, edition: Edition, language: str, *, clock: bool
) -> Aftercare | None:
    """The sheet's lines; without `clock` they count in hours from a session whose day is not known."""
    start = next((s.date for s in course.sessions), None) if course else order.planned_start
    if start is None:
        return None
    contents = contents_of(edition, order)
    treatment = Treatment(
        products=tuple(sorted(contents.products)),
        ingredients=tuple(sorted(contents.ingredients)),
        technique=facts["technique"],
        areas=tuple(area for area in facts["areas"] or () if area != MORE),
        start=start,
        time=order.planned_time if clock else None,
        zone=order.time_zone if clock else None,
        combined_with=facts["combined_with"] or (),
        sex=facts["sex"],
        purpose=facts["purpose"] or "cosmetic",
        jurisdiction=facts["jurisdiction"],
        minutes=order.visit_minutes,
    )
    return advise(treatment, edition, language)


def _to_sign(
    plan: TreatmentPlan,
    order: Order,
    formulation: Formulation,
    drawn: InjectionMap | None,
    map_note: str | None,
    course: Course | None,
    edition: Edition,
    language: str,
) -> tuple[ToSign, ...]:
    """What the order lacks, in the order in which it is filled in."""

    def say(key: str, **words: str) -> str:
        return edition.say(f"plan.to-sign-{key}", language, **words)

    out = [ToSign(room="order", text=gap) for gap in plan.screening.order_gaps]
    for missing, key in (
        (not order.indication, "indication"),
        (not order.areas, "areas"),
        (not order.technique, "technique"),
        (not order.points or (not order.volume_per_point_ml and (drawn is None or drawn.volume_ml is None)), "points"),
        (order.planned_start is None, "start"),
        (order.planned_start is not None and order.planned_start < plan.asked_on, "past"),
        (order.planned_start is not None and (order.planned_time is None or order.time_zone is None), "time"),
        (order.visit_minutes is None, "minutes"),
    ):
        if missing:
            out.append(ToSign(room="order", text=say(key)))
    out += [ToSign(room="formulation", text=text) for text in formulation.blocks_signing]
    if drawn is not None:
        out += [ToSign(room="map", text=text) for text in (*drawn.open, *_differs(plan.order, drawn, say))]
    elif map_note is not None:
        if order.technique and order.areas and plan.screening.verdict != "contraindicated":
            out.append(ToSign(room="map", text=map_note))
        out += [ToSign(room="map", text=text) for text in _too_deep(order, edition, language)]
    out += [ToSign(room="order", text=say("assessment", fault=fault)) for fault in plan.assessment.faults]
    if plan.screening.open_questions and plan.screening.incomplete:
        out.append(ToSign(room="screening", text=say("questions")))
    if plan.screening.verdict == "needs-clinician-decision":
        out.append(ToSign(room="screening", text=say("decision")))
    if course is not None and course.verdict == "conflict":
        out.append(ToSign(room="course", text=say("conflict")))
    return tuple(dict.fromkeys(out))
