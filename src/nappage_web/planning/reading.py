"""What a draft says now: answers and order as the core reads them, and what each room of the core makes of them.

Pure. What cannot be read is left out, so that it is unknown and never safe, and is told as a `Fault` at the place where
it was typed; an order or answers with a fault are never ready to sign. Rooms are asked only when their page wants them,
and a reading is kept by its content, so that panels of one draft ask once.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any, TypeVar

from django.utils.translation import gettext
from pydantic import ValidationError

from nappage.choice import Choice, PriceList, assess, assessed, choose
from nappage.choice.document import Assessment
from nappage.course import Constraints, Course, Request, plan_course
from nappage.formulation import Formulation, formulate
from nappage.injection_map import Fit, InjectionMap
from nappage.injection_map.wishes import budget_ml
from nappage.intake import Answers, Facts, Order, validated
from nappage.intake import read as read_facts
from nappage.knowledge import Edition, load
from nappage.plan import Practice, TreatmentPlan, draft
from nappage.plan.treatment_plan import ToSign, course_request, with_map
from nappage.screening import Finding, Screening, screen
from nappage.values import Document, InputError

from ..patients.drafts import value_at
from . import map_payload
from .places import named, way_out, wrong_in_words

D = TypeVar("D", bound=Document)
_KEPT = 64  # readings in this process
_ROWS = {  # by what a line of a list is known, so that a clinician's words on it go to the same line
    "conditions": "text", "medications": "name", "allergies": "substance", "procedures": "name",
    "previous_mesotherapy": "product", "skincare": "product", "planned_events": "event",
}  # fmt: skip
_LINES = ("mixture", "anaesthetic")
_SCHEDULE = ("proposed", "given", "missed", "closed_weekdays", "closed_dates", "available")


@lru_cache(maxsize=4)
def edition_on(on: date) -> Edition:
    """The knowledge in force on a day; loaded once."""
    return load(on)


@dataclass(frozen=True)
class Fault:
    """Something typed that cannot be read. `path`: where, as a draft's edit writes it."""

    path: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        """What is wrong and the way out, to be shown at the field itself."""
        wrong = wrong_in_words(self.wrong)
        return f"{wrong[:1].upper()}{wrong[1:]}. {way_out(self.remedy)}."

    @property
    def place(self) -> str:
        """Where, in words."""
        return named(self.path)

    @property
    def sentence(self) -> str:
        """With its place in words, to be shown anywhere else."""
        return f"{self.place}: {self}" if self.place else str(self)


class Reading:
    """One draft, read. Every part is asked for once; a part that cannot be is None, with a fault that says why."""

    def __init__(
        self,
        patient_answers: Mapping[str, Any] | None,
        body: Mapping[str, Any],
        edition: Edition,
        on: date,
        language: str = "en",
        *,
        jurisdiction: str | None = None,
        prices: Mapping[str, Any] | None = None,
        closed: Mapping[str, Any] | None = None,
        fit: Fit | None = None,
        decided: frozenset[str] = frozenset(),
    ) -> None:
        self.edition, self.on, self.language, self.fit, self.decided = edition, on, language, fit, decided
        self.body = body
        found: list[Fault] = []
        answers = merged(patient_answers or {}, _part(body, "answers"))
        consulted = _part(body, "consultation")
        concerns = [c for c in (*(consulted.get("concerns") or ()), consulted.get("own_words")) if c]
        for key, value in (("concerns", concerns), ("goals", consulted.get("goals"))):
            if value:
                answers[key] = value
        if _counts_for_a_plan(answers.get("answered_on"), edition, on):
            del answers["answered_on"]
        ordered = copy.deepcopy(_part(body, "order"))
        ordered.setdefault("jurisdiction", jurisdiction)
        schedule = {**(closed or {}), **{k: v for k, v in _part(body, "schedule").items() if k in _SCHEDULE}}
        self.answers, more = _readable(Answers, answers, "answers", edition, on)
        self.order, faults = _readable(Order, ordered, "order", edition, on)
        self.schedule, stray = _schedule(schedule)
        self.prices, priced = _prices(prices, edition)
        found += (*more, *faults, *stray, *priced)
        self._faults = tuple(found)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that could not be read, of every part that was asked so far."""
        return self._faults

    def _wrong(self, error: InputError, path: str) -> None:
        place = error.place.replace("[", ".").replace("]", "").split(", ")[-1]
        if place in ("protocol", "regimen", "sessions"):  # of a course's request, which an order fills
            place = f"order.{place}"
        where = place if place.split(".")[0] in ("order", "answers", "schedule") else path
        fault = Fault(where, error.wrong, error.remedy)
        if fault not in self._faults:
            self._faults = (*self._faults, fault)

    # --- rooms ---------------------------------------------------------------------------------------------------

    @cached_property
    def _drawn(self) -> tuple[InjectionMap | None, InputError | None]:
        sex = self.answers.patient.sex or (self.answers.record.patient.sex if self.answers.record else None)
        try:
            return map_payload.lay(self.order, self.edition, sex=sex, fit=self.fit, language=self.language)
        except InputError as error:
            self._wrong(error, "order.map")
            return None, error

    @property
    def map(self) -> InjectionMap | None:
        return self._drawn[0]

    @property
    def map_lacks(self) -> InputError | None:
        """What an order lacks for a map, or why it has none."""
        return self._drawn[1]

    @cached_property
    def settled(self) -> Order:
        """The order with what its map settles: points, area, volumes, depth."""
        return self.order if self.map is None else with_map(self.order, self.map)

    @cached_property
    def asked(self) -> Answers:
        """The answers with the settled order and what the skin assessment says."""
        return assessed(self.answers.model_copy(update={"order": self.settled}), self.edition)

    @cached_property
    def facts(self) -> Facts:
        return read_facts(self.asked, self.edition, self.on)

    @cached_property
    def screening(self) -> Screening:
        return screen(self.facts, self.edition, self.language)

    @cached_property
    def formulation(self) -> Formulation | None:
        planned = None if self.map is None else self.map.volume_ml
        try:
            return formulate(self.settled, self.facts, self.edition, self.language, planned_ml=planned)
        except InputError as error:
            self._wrong(error, "order.mixture")
            return None

    @cached_property
    def assessment(self) -> Assessment:
        return assess(self.answers, self.edition, self.language)

    @cached_property
    def start(self) -> date | None:
        """The day the first session is wanted: the first proposed, or the planned one, never before what defers it."""
        start = self.schedule.proposed[0] if self.schedule.proposed else self.order.planned_start
        earliest = self.earliest
        return max(start, earliest) if start and earliest and not self.schedule.proposed else start

    @property
    def deferring(self) -> tuple[Finding, ...]:
        """What defers the session and was not decided."""
        return tuple(
            f for f in self.screening.findings
            if f.severity == "deferral" and finding_hash(f) not in self.decided
        )  # fmt: skip

    @property
    def earliest(self) -> date | None:
        days = [f.earliest_date for f in self.deferring if f.earliest_date]
        return max(days, default=None)

    @cached_property
    def request(self) -> Request | None:
        """What the course is planned from; None without a protocol or a first day."""
        if self.start is None:
            return None
        try:
            made = course_request(self.asked, self.facts, self.edition, self.start)
        except (InputError, ValidationError) as error:
            self._wrong(_as_input_error(error), "order.protocol")
            return None
        if made is None:
            return None
        constraints = made.constraints.model_copy(
            update={
                "closed_weekdays": self.schedule.closed_weekdays,
                "closed_dates": self.schedule.closed_dates,
                "available": self.schedule.available,
            }
        )
        extra = {"given": self.schedule.given, "missed": self.schedule.missed, "proposed": self.schedule.proposed}
        return made.model_copy(update={"constraints": constraints, **extra})

    @cached_property
    def course(self) -> Course | None:
        if self.screening.verdict == "contraindicated" or self.request is None:
            return None
        if self.deferring and self.earliest is None:
            return None
        try:
            return plan_course(self.request, self.edition, self.language)
        except InputError as error:
            self._wrong(error, "order.protocol")
            return None

    @cached_property
    def choice(self) -> Choice | None:
        try:
            return choose(self.asked, self.facts, self.edition, self.on, self.prices, self.language)
        except InputError as error:
            self._wrong(error, "order.protocol")
            return None

    def whole(self, *, reference: str = "patient", practice: Practice | None = None) -> TreatmentPlan | None:
        """The plan as it would be signed; None where the order cannot be planned at all."""
        plan = self._plan
        return plan and plan.model_copy(update={"reference": reference, "practice": practice})

    @cached_property
    def _plan(self) -> TreatmentPlan | None:
        """The plan, in nobody's name yet."""
        try:
            return draft(
                self.answers.model_copy(update={"order": self._dated()}), self.edition, self.on,
                language=self.language, fit=self.fit, prices=self.prices, course=self.course,
            )  # fmt: skip
        except (InputError, ValidationError) as error:
            self._wrong(_as_input_error(error), "order")
            return None

    def _dated(self) -> Order:
        """The order beginning on the day of the course's first session."""
        first = next((s.date for s in self.course.sessions), None) if self.course else None
        if first is None or first == self.order.planned_start:
            return self.order
        return self.order.model_copy(update={"planned_start": first})


class Schedule(Document):
    """What a draft's calendar holds."""

    proposed: tuple[date, ...] | None = None
    given: tuple[date, ...] = ()
    missed: tuple[date, ...] = ()
    closed_weekdays: tuple[str, ...] = ()
    closed_dates: tuple[Any, ...] = ()
    available: tuple[Any, ...] | None = None


# --- readings that are kept -----------------------------------------------------------------------------------------

_kept: OrderedDict[str, Reading] = OrderedDict()
_lock = Lock()


def read(
    patient_answers: Mapping[str, Any] | None,
    body: Mapping[str, Any],
    edition: Edition,
    on: date,
    language: str = "en",
    **more: Any,
) -> Reading:
    """A reading of a draft's body over the patient's newest answers; the same content gives the same one. `more`:
    `jurisdiction`, `prices` (the clinic's list), `closed` (its closed days), `fit` (the patient's skin), `decided`
    (hashes of the findings that a prescriber decided)."""
    said = {k: v.model_dump_json() if isinstance(v, Document) else sorted(v) if isinstance(v, frozenset) else v
            for k, v in more.items()}  # fmt: skip
    content = [patient_answers, body, edition.fingerprint, on.isoformat(), language, said]
    key = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    reading = Reading(patient_answers, body, edition, on, language, **more)
    with _lock:
        _kept[key] = reading
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return reading


# --- reading what was typed -------------------------------------------------------------------------------------------


def merged(patient: Mapping[str, Any], clinician: Mapping[str, Any]) -> dict[str, Any]:
    """The patient's answers with the clinician's over them. Lists are joined, never replaced: a line of the same name
    is one line; nothing the patient said goes away. What the clinician answers is no longer open."""
    out: dict[str, Any] = _over(copy.deepcopy(dict(patient)), clinician, "")
    said = set(_names(clinician))
    if open_now := [name for name in out.get("not_asked") or () if name not in said]:
        out["not_asked"] = open_now
    else:
        out.pop("not_asked", None)
    return out


def _over(below: Any, above: Any, key: str) -> Any:
    if isinstance(below, dict) and isinstance(above, Mapping):
        for name, value in above.items():
            below[name] = _over(below.get(name), value, name)
        return below
    if isinstance(below, list) and isinstance(above, list):
        name = _ROWS.get(key)
        for line in _as_lines(above, key):
            same = None
            if name and isinstance(line, Mapping) and line.get(name):
                same = next((one for one in below if isinstance(one, dict) and one.get(name) == line[name]), None)
            if same is not None:
                same |= line
            elif line not in below:
                below.append(copy.deepcopy(line))
        return below
    if isinstance(above, list):
        return _as_lines(above, key)
    if isinstance(above, Mapping):
        return {name: _over(None, value, name) for name, value in above.items()}
    return above


def _as_lines(said: list[Any], key: str) -> list[Any]:
    """A list as the answers hold it: a line typed as words alone is a line of that name."""
    name = _ROWS.get(key)
    return [{name: line} if name and isinstance(line, str) else copy.deepcopy(line) for line in said]


def _names(said: Mapping[str, Any]) -> list[str]:
    """Topics and single questions that are answered."""
    out = []
    for name, value in said.items():
        out.append(name)
        if name in ("patient", "lifestyle", "context", "answered") and isinstance(value, Mapping):
            out += [inner for inner in value if value[inner] is not None]
    return out


def _counts_for_a_plan(answered_on: Any, edition: Edition, on: date) -> bool:
    """Whether answers of that day are new enough to draw up a plan from. At each session they are asked again."""
    try:
        age = (on - date.fromisoformat(str(answered_on))).days
    except ValueError:
        return False
    records = [r for r in edition.values.values() if r.measure == "max-days-before-plan"]
    return 0 <= age <= min((r.adopted.value or 0 for r in records), default=0)


def _part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name)
    return dict(part) if isinstance(part, Mapping) else {}


def _readable(
    model: type[D], given: dict[str, Any], root: str, edition: Edition, on: date
) -> tuple[D, tuple[Fault, ...]]:
    """The document, without what cannot be read, and the faults. A line of a list that cannot be read opens the whole
    list again, since a list without it would say that there is nothing else."""
    data = copy.deepcopy(given)
    numbers: dict[int, int] = {}  # line of a mixture → its number as it was typed
    if root == "order":
        for key in _LINES:
            lines = data[key] if isinstance(data.get(key), list) else []
            numbers |= {id(line): number for number, line in enumerate(lines)}
        data = _blank_lines_left_out(data)
    faults: list[Fault] = []
    for _ in range(200):
        try:
            read = validated(model, data, root)
            if isinstance(read, Answers):
                read_facts(read, edition, on)
            return read, tuple(faults)
        except InputError as error:
            if error.place == "not_asked":  # a word of ours that no topic has: nothing closes such a field
                data["not_asked"] = [word for word in data["not_asked"] if f"'{word}'" not in error.wrong]
                continue
            place = _place(model, data, root) or error.place.replace(f"{root}, ", "")
            path, wrong = (place[0], place[1]) if isinstance(place, tuple) else (place, error)
            typed = _as_typed(path, data, numbers)
            path = path or _culprit(model, data)
            typed = typed or path
            if not _leave_out(data, path, root):
                faults.append(Fault(root, wrong.wrong, wrong.remedy))
                return model(), tuple(faults)
            if f"{root}.{typed}" not in {one.path for one in faults}:
                faults.append(Fault(f"{root}.{typed}", wrong.wrong, wrong.remedy))
    return model(), (*faults, Fault(root, gettext("too much of it cannot be read"), gettext("Load the page again")))


def _as_typed(path: str, data: dict[str, Any], numbers: Mapping[int, int]) -> str:
    """A path as the draft has it: a line of the mixture by its number there, a line of the answers by its list."""
    names = path.split(".")
    for index, name in enumerate(names):
        if name.isdigit():
            line = value_at(data, ".".join(names[: index + 1]))
            if id(line) not in numbers:
                return ".".join(names[:index])
            names[index] = str(numbers[id(line)])
    return ".".join(names)


def _culprit(model: type[Document], data: dict[str, Any]) -> str:
    """The one key without which the rest can be read, where the document as a whole was refused; empty if none is."""
    for key in data:
        try:
            model.model_validate({name: value for name, value in data.items() if name != key})
        except ValidationError as error:
            if error.errors()[0]["loc"]:  # another fault, at a place of its own
                return key
        else:
            return key
    return ""


def _place(model: type[Document], data: dict[str, Any], root: str) -> tuple[str, InputError] | None:
    """Where validation stops first: a dotted path that exists in what was given."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        one = error.errors()[0]
        path: list[str] = []
        at: Any = data
        for step in one["loc"]:
            listed = isinstance(at, list) and isinstance(step, int) and step < len(at)
            if not listed and not (isinstance(at, Mapping) and step in at):
                continue
            at = at[step]
            path.append(str(step))
        try:
            validated(model, data, root)
        except InputError as told:
            wrong = told.wrong.split("; ")[0]
            return ".".join(path), InputError(told.place, wrong, told.remedy)
    return None


def _leave_out(data: dict[str, Any], path: str, root: str) -> bool:
    """Takes the place out of what was given, as *not asked*. False where there is nothing to take."""
    if not path:
        return False
    names = path.split(".")
    if root == "answers":
        for index, name in enumerate(names):
            if name.isdigit() and index == len(names) - 1:  # a line of a list: the list is open again
                names = names[:index]
                break
    *way, last = names
    at = value_at(data, ".".join(way)) if way else data
    if isinstance(at, list):
        if not (last.isdigit() and int(last) < len(at)):
            return False
        del at[int(last)]
    elif isinstance(at, dict) and last in at:
        del at[last]
    else:
        return False
    if root == "answers" and not any(name.isdigit() for name in names):  # a field of a line is only not known
        data["not_asked"] = [*(data.get("not_asked") or ()), last]
    return True


def _blank_lines_left_out(order: dict[str, Any]) -> dict[str, Any]:
    """Lines of a mixture of which nothing was typed yet are no lines."""
    for key in _LINES:
        if isinstance(order.get(key), list):
            order[key] = [line for line in order[key] if not isinstance(line, dict) or any(v for v in line.values())]
    return order


def _schedule(given: dict[str, Any]) -> tuple[Schedule, tuple[Fault, ...]]:
    faults: list[Fault] = []
    kept: dict[str, Any] = {}
    for key, value in given.items():
        if value in (None, [], ""):
            continue
        try:
            if key in ("proposed", "given", "missed"):
                days = [date.fromisoformat(str(day)) for day in value]
                kept[key] = tuple(sorted(days)) if key != "proposed" else tuple(days)
            else:
                read = Constraints.model_validate({key: value})
                kept[key] = getattr(read, key)
        except (ValueError, TypeError) as error:
            wrong = _as_input_error(error)
            faults.append(Fault(f"schedule.{key}", wrong.wrong, gettext("Write days as YYYY-MM-DD")))
    return Schedule(**kept), tuple(faults)


def _prices(given: Mapping[str, Any] | None, edition: Edition) -> tuple[PriceList | None, tuple[Fault, ...]]:
    if not given:
        return None, ()
    try:
        return validated(PriceList, dict(given), "prices").known_in(edition), ()
    except InputError as error:
        return None, (Fault(f"prices.{error.place.removeprefix('prices, ')}", error.wrong, error.remedy),)


def _as_input_error(error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    if isinstance(error, ValidationError):
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        return InputError("", said, gettext("Correct it"))
    return InputError("", str(error), gettext("Correct it"))


# --- deciding on findings -----------------------------------------------------------------------------------------


def finding_hash(finding: Finding) -> str:
    """What a finding says and rests on: another hash is another finding, and is decided anew."""
    said: list[Any] = [finding.rule, finding.position, finding.severity]
    said += [[b.fact, b.value, b.quotes] for b in finding.because]
    return hashlib.sha256(json.dumps(said, default=str, ensure_ascii=False).encode()).hexdigest()


def may_be_decided(finding: Finding) -> bool:
    """Whether a prescriber may go on against a finding. Never against an absolute contraindication; against a deferral
    only where a published position asks for less of this very patient; a relative contraindication is for them."""
    if finding.severity == "relative-contraindication":
        return True
    milder = ("relative-contraindication", "precaution", "information", "none")
    return finding.severity == "deferral" and any(d.says in milder for d in finding.dissent)


# --- ready to sign ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Obstacle:
    """Why a plan cannot be signed yet, the way out, and its stage: consultation, formulation, map, course."""

    sentence: str
    way_out: str
    stage: str
    path: str = ""


def ready_to_sign(
    reading: Reading, plan: TreatmentPlan | None = None, *, dose_decided: bool = False
) -> tuple[Obstacle, ...]:
    """All that stands in the way of a signature, in the order in which it is met; empty: nothing does. The reading
    knows which findings a prescriber decided; `dose_decided`: a prescriber decided on this very formulation."""
    say = _Say(reading)
    plan = plan or reading.whole()
    out = [Obstacle(say("fault", wrong=fault.sentence), say("fault-out"), stage_of(fault.path), fault.path)
           for fault in reading.faults]  # fmt: skip
    screening = reading.screening if plan is None else plan.screening
    if screening.deceased:
        return (Obstacle(screening.statement, say("deceased-out"), "consultation"),)
    out += _by_findings(reading, screening, say)
    if screening.incomplete or (screening.open_questions and _graver_open(reading, screening)):
        questions = tuple(q.question for q in screening.open_questions)
        out.append(
            Obstacle(
                say("incomplete", count=str(len(questions)), first=questions[0]), say("incomplete-out"), "consultation"
            )
        )
    if plan is None:
        return tuple(dict.fromkeys(out)) or (Obstacle(say("no-plan"), say("no-plan-out"), "formulation"),)
    formulation = plan.formulation
    if screening.verdict != "contraindicated":
        if formulation is None:
            out.append(Obstacle(say("no-formulation"), say("no-formulation-out"), "formulation"))
        elif formulation.verdict != "within-limits" and not (
            formulation.verdict == "needs-clinician-decision" and dose_decided
        ):
            out.append(Obstacle(formulation.statement, say(f"dose-{formulation.verdict}-out"), "formulation"))
        out += _by_volume(reading, say)
        if plan.course is None:
            out.append(Obstacle(plan.course_note or say("no-course"), say("no-course-out"), "course"))
        elif plan.course.verdict in ("conflict", "refused"):
            out += [Obstacle(c.what, c.way_out, "course") for c in plan.course.conflicts]
        first = next((s.date for s in plan.course.sessions), None) if plan.course else None
        if first is not None and first < reading.on:
            out.append(Obstacle(say("past"), say("past-out"), "course", "order.planned_start"))
    told = {one.sentence for one in out}
    decided = dose_decided and formulation is not None and formulation.verdict == "needs-clinician-decision"
    for missing in plan.to_sign:
        if missing.room == "formulation" and decided:
            continue
        if missing.text in told or _told_already(missing.room, missing.text, reading, plan):
            continue
        out.append(
            Obstacle(missing.text, say(f"missing-{missing.room}-out"), _stage_of_missing(missing, reading, plan))
        )
    return tuple(dict.fromkeys(out))


_ROOM_STAGE = {
    "order": "formulation", "screening": "consultation", "formulation": "formulation", "course": "course", "map": "map",
}  # fmt: skip
# What an order lacks is not all filled in on one page.
_LACK_STAGE = {
    "indication": "consultation", "areas": "consultation", "points": "map", "start": "course", "past": "course",
    "time": "course",
}  # fmt: skip


def _stage_of_missing(missing: ToSign, reading: Reading, plan: TreatmentPlan) -> str:
    if missing.room == "order":
        for lack, stage in _LACK_STAGE.items():
            if missing.text == reading.edition.say(f"plan.to-sign-{lack}", reading.language):
                return stage
        if any(fault in missing.text for fault in plan.assessment.faults):
            return "consultation"
    return _ROOM_STAGE[missing.room]


_STAGE = {
    "consultation": "consultation", "answers": "consultation", "schedule": "course",
    "order.map": "map", "order.areas": "map", "order.spacing_mm": "map", "order.points": "map", "order.depth_mm": "map",
    "order.inserted_mm": "map", "order.angle_deg": "map", "order.volume_per_point_ml": "map",
    "order.planned_start": "course", "order.visit_minutes": "course", "order.sessions": "course",
    "order.regimen": "course", "order.protocol": "course", "order": "formulation",
}  # fmt: skip


def stage_of(path: str) -> str:
    """The page on which a place of the draft is filled in."""
    names = path.split(".")
    for length in (2, 1):
        found = _STAGE.get(".".join(names[:length]))
        if found:
            return found
    return "review"


def _by_findings(reading: Reading, screening: Screening, say: _Say) -> list[Obstacle]:
    out = []
    for finding in screening.findings:
        if finding.severity not in ("absolute-contraindication", "deferral", "relative-contraindication"):
            continue
        if finding_hash(finding) in reading.decided and may_be_decided(finding):
            continue
        if finding.severity == "deferral":
            first = reading.start
            if finding.earliest_date and first and finding.earliest_date <= first:
                continue
            if finding.earliest_date:
                way = say("deferred-out", day=finding.earliest_date.isoformat())
                out.append(Obstacle(say("deferred", title=finding.title), way, "course"))
            else:
                out.append(Obstacle(say("deferred", title=finding.title), finding.do, "consultation"))
        elif finding.severity == "absolute-contraindication":
            out.append(Obstacle(say("contraindicated", title=finding.title), finding.do, "consultation"))
        else:
            out.append(Obstacle(say("undecided", title=finding.title), say("undecided-out"), "consultation"))
    return out


def _graver_open(reading: Reading, screening: Screening) -> bool:
    """Whether a question is open that could be graver than all that stands once decided findings are set aside."""
    grave = ("absolute-contraindication", "deferral", "relative-contraindication")
    standing = [f.severity for f in screening.findings if finding_hash(f) not in reading.decided]
    worst = min((grave.index(s) for s in standing if s in grave), default=len(grave))
    return any(q.could_be in grave[:worst] for q in screening.open_questions)


def _by_volume(reading: Reading, say: _Say) -> list[Obstacle]:
    drawn, held = reading.map, budget_ml(reading.order)
    if drawn is None or held is None or drawn.volume_ml is None:
        return []
    if drawn.volume_ml == held:
        return []
    words = {"map": f"{drawn.volume_ml.normalize():f}", "held": f"{held.normalize():f}"}
    return [Obstacle(say("volume", **words), say("volume-out"), "map")]


def _told_already(room: str, text: str, reading: Reading, plan: TreatmentPlan) -> bool:
    """What the core lists and an obstacle above says with its way out."""
    if room == "screening" or (room == "course" and plan.course is not None and plan.course.verdict == "conflict"):
        return True
    return plan.formulation is not None and text == plan.formulation.statement


class _Say:
    """Sentences of this module, in the words of the interface (gettext)."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def __call__(self, key: str, **words: str) -> str:
        from .words import SENTENCES

        return str(SENTENCES[key]).format(**words)


def dose_hash(formulation: Formulation) -> str:
    """What a formulation holds and how each part is judged, in no language; a prescriber decides on exactly this."""
    said = [
        formulation.verdict,
        formulation.total_volume_ml,
        formulation.volume.planned_ml,
        [[row.ingredient, row.mg, row.mg_given, row.iu, row.status] for row in formulation.ingredients],
        [[cream.product, cream.grams, cream.area_cm2, cream.dwell_min, cream.status] for cream in formulation.creams],
        [[one.ingredients, one.percent, one.status] for one in formulation.together],
        [[pair.pair, pair.verdict] for pair in formulation.compatibility],
    ]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()
