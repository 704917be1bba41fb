"""A plan → a sheet: the clinician's edition with everything, the patient's in plain words.

Every label is a text of the edition, so a sheet speaks the plan's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ..aftercare import Line as AdviceLine
from ..aftercare import Triage
from ..choice import Choice
from ..course import Course, Session
from ..formulation import Cream, Formulation, IngredientDose
from ..injection_map import InjectionMap
from ..knowledge import Cited, Edition, grouped
from ..screening import Finding, Screening
from ..values import plain
from . import map_blocks
from .choice_blocks import ChoiceBlocks
from .sheet import (
    Block,
    Column,
    Entries,
    Entry,
    Glance,
    Line,
    Mark,
    Notice,
    Paragraph,
    Said,
    Section,
    Sheet,
    SourceLine,
    SourceList,
    Step,
    Steps,
    Strip,
    Table,
    Tone,
)
from .treatment_plan import Practice, TreatmentPlan
from .words import Words

if TYPE_CHECKING:
    from ..injection_map.documents import Pictures

_QUOTED = re.compile(r'"([^"]+)"')  # the ids that a condition names

_TONES: dict[str, Tone] = {
    "contraindicated": "stop",
    "defer": "wait",
    "needs-clinician-decision": "wait",
    "proceed-with-precautions": "go",
    "clear": "go",
    "absolute-contraindication": "stop",
    "deferral": "wait",
    "relative-contraindication": "wait",
    "precaution": "wait",
    "information": "go",
    "within-limits": "go",
    "over-limit": "stop",
    "not-allowed": "stop",
    "volume-mismatch": "wait",
    "needs-data": "wait",
    "no-ceiling-known": "wait",
    "scheduled": "go",
    "scheduled-with-notes": "go",
    "accepted": "go",
    "refused": "stop",
    "conflict": "stop",
    "emergency": "stop",
    "expected": "go",
}


def tone_of(word: str) -> Tone:
    """The colour of a verdict or a severity."""
    return _TONES.get(word, "wait")


def clinician(plan: TreatmentPlan, edition: Edition, drawn: Pictures | None = None) -> Sheet:
    """Everything the plan holds, each number with its source; `drawn` are the pictures of its map."""
    return _Clinician(plan, edition, drawn).sheet()


def patient(plan: TreatmentPlan, edition: Edition, drawn: Pictures | None = None) -> Sheet:
    """What the patient needs, in plain words: dates, preparation, what is normal, whom to call."""
    return _Patient(plan, edition, drawn).sheet()


class _Rooms:
    """Each room's answer as blocks; remembers the sources it named, for the list at the end."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.say = edition, Words(edition, language)
        self.refs: dict[str, None] = {}  # in the order of their naming
        self.choice = ChoiceBlocks(edition, language, self.ref)

    def ref(self, sources: Iterable[Cited]) -> tuple[str, ...]:
        """The keys, remembered for the list of sources."""
        keys = tuple(dict.fromkeys(source.ref for source in sources))
        self.refs.update(dict.fromkeys(keys))
        return keys

    def named(self, record: str | None, *kinds: str) -> tuple[str, ...]:
        """A record as kind/id, looked for among `kinds` and then among all; empty where it is none."""
        for kind in (*kinds, "values", "protocols", "rules", "advice") if record else ():
            if record in getattr(self.edition, kind):
                return (f"{kind}/{record}",)
        return ()

    # --- screening -----------------------------------------------------------------------------------------

    def screening(self, screening: Screening) -> Iterator[Block]:
        say = self.say
        if screening.earliest_date is not None:
            yield Notice(tone="wait", title=say("earliest", day=say.day(screening.earliest_date)), text=say("counted"))
        if screening.order_gaps:
            yield Notice(tone="wait", title=say("order-gaps"), text="; ".join(screening.order_gaps))
        if not screening.findings:
            yield Paragraph(text=say("no-findings"))
        else:
            yield Entries(entries=tuple(self.finding(finding) for finding in screening.findings))
        for taken in screening.accepted:
            words = {"quote": taken.quote, "reason": taken.reason}
            yield Paragraph(text=self.edition.say("accepted.effect", self.say.language, **words))

    def finding(self, finding: Finding) -> Entry:
        say = self.say
        lines: list[Line] = []
        for because in finding.because:
            quotes = "; ".join(f"“{quote}”" for quote in because.quotes if quote)
            quotes += f" ({', '.join(because.read_as)})" if quotes and because.read_as else ""
            value = "" if because.value is True else f": {self.shown(because.value, finding.rule)}"
            confirm = f" ({say('confirm')})" if because.confirm else ""
            lines.append(
                Line(label=say("because"), text=f"{because.title}{value}{f' — {quotes}' if quotes else ''}{confirm}")
            )
        lines.append(Line(label=say("do"), text=finding.do))
        if finding.earliest_date is not None:
            lines.append(Line(label=say("until"), text=say.day(finding.earliest_date)))
        elif finding.until:
            lines.append(Line(label=say("until"), text=finding.until.removeprefix("until ")))
        stated = grouped(finding.sources)
        silent = tuple(source for source in finding.sources if not source.says)
        lines.append(
            Line(label=say("reason"), text=f"{finding.reason} ({_grade(finding.grade)})", refs=self.ref(silent))
        )
        self.ref(finding.sources)
        for number, (says, keys) in enumerate(stated.items()):
            lines.append(Line(label="" if number else say("source"), text=says, refs=keys))
        for dissent in finding.dissent:
            self.ref(dissent.sources)
            lines.append(Line(label=say("disagrees"), text=dissent.line))
        if finding.clinic_decision:
            lines.append(Line(label=say("clinic-decision"), text=finding.clinic_decision))
        return Entry(
            mark=say(f"severity-{finding.severity}"),
            tone=tone_of(finding.severity),
            title=finding.title,
            records=(f"rules/{finding.rule}",),
            lines=tuple(lines),
        )

    def shown(self, value: object, rule: str) -> str:
        """A fact's value in words. Of a list only what the rule asks for, where it names any of it."""
        if not isinstance(value, tuple | list):
            return _shown(value)
        asked = {
            word for position in self.edition.rules[rule].positions for word in _QUOTED.findall(position.when or "")
        }
        return ", ".join(self.title(str(one)) for one in [one for one in value if one in asked] or value)

    def title(self, name: str) -> str:
        """A region, substance or product by its title, a class by its id in words."""
        edition = self.edition
        for kind in (edition.regions, edition.substances, edition.products):
            if name in kind:
                return edition.text(kind[name].title, self.say.language)
        return name.replace("-", " ")

    def questions(self, screening: Screening) -> Iterator[Block]:
        say = self.say
        if screening.open_questions:
            yield Table(
                columns=(Column(title=say("question"), wide=True), Column(title=say("could-be"))),
                rows=tuple(
                    (Said(text=question.question), Said(text=say(f"severity-{question.could_be}")))
                    for question in screening.open_questions
                ),
            )
        if screening.order_questions:
            names = ", ".join(question.title for question in screening.order_questions)
            yield Paragraph(
                text=say("order-questions", count=str(len(screening.order_questions)), titles=names), quiet=True
            )

    # --- mixture -------------------------------------------------------------------------------------------

    def formulation(self, formulation: Formulation) -> Iterator[Block]:
        say = self.say
        yield Notice(
            tone=tone_of(formulation.verdict), title=say(f"formula-{formulation.verdict}"), text=formulation.statement
        )
        if formulation.ingredients:
            yield Table(
                columns=(
                    Column(title=say("ingredient")),
                    Column(title=say("amount"), align="right"),
                    Column(title="mg/mL", align="right"),
                    Column(title="mg/kg", align="right"),
                    Column(title=say("ceiling"), align="right"),
                    Column(title=say("governs"), wide=True),
                ),
                rows=tuple(self.dose(dose) for dose in formulation.ingredients),
                note=say("doses-note"),
            )
        yield from self.formulation_details(formulation)

    def dose(self, dose: IngredientDose) -> tuple[Said, ...]:
        """One ingredient's row: what there is of it, what limits it, and on whose word."""
        say, governing = self.say, dose.governing
        amount = say("not-stated") if dose.mg is None else f"{_figure(dose.mg)} mg"
        if dose.iu is not None:
            amount = f"{plain(dose.iu)} IU"
        if governing is not None:
            limit = f"{plain(governing.value)} {governing.unit}"
            because = f"{say(f'dose-{dose.status}')}: {governing.title}"
            keys = self.ref(governing.sources)
        else:
            limit = ""
            because = say(f"dose-{dose.status}")
            keys = self.ref((*dose.sources, *(source for part in dose.parts for source in part.sources)))
        if dose.searched and dose.status == "no-ceiling-known":
            because += f" ({say('searched', what=dose.searched)})"
        if dose.refused:
            because += f". {dose.refused}"
        if dose.dissent:
            because += f" {say('disagrees')}: {'; '.join(dose.dissent)}"
        return (
            Said(text=dose.title, strong=True),
            Said(text=amount),
            Said(text="" if dose.mg_per_ml is None else _figure(dose.mg_per_ml)),
            Said(text="" if dose.mg_per_kg is None else _figure(dose.mg_per_kg)),
            Said(text="" if dose.ceiling_mg is None else f"{_figure(dose.ceiling_mg)} mg"),
            Said(
                text=f"{because}{f' — {limit}' if limit and dose.ceiling_mg is None else ''}",
                refs=keys,
                records=(f"values/{governing.record}",) if governing is not None else (),
            ),
        )

    def formulation_details(self, formulation: Formulation) -> Iterator[Block]:
        say = self.say
        for refusal in formulation.refusals:
            self.ref(refusal.sources)
            yield Notice(tone="stop", title=refusal.name, text=refusal.why)
        for together in formulation.together:
            yield Paragraph(text=together.text)
        for cream in formulation.creams:
            yield Entries(entries=(self.cream(cream),))
        if formulation.compatibility:
            yield Table(
                columns=(
                    Column(title=say("pair")),
                    Column(title=say("compatibility")),
                    Column(title=say("why-pair"), wide=True),
                ),
                rows=tuple(
                    (
                        Said(text=" + ".join(pair.pair)),
                        Said(text=say(pair.verdict), strong=pair.verdict == "incompatible"),
                        Said(text=pair.why, refs=self.ref(pair.sources)),
                    )
                    for pair in formulation.compatibility
                ),
            )
        steps = [
            Step(text=f"{step.step}. {step.name}", when=say("ml", amount=plain(step.volume_ml)))
            for step in formulation.draw_up
        ]
        if steps and formulation.verdict not in ("over-limit", "not-allowed"):  # of these nothing is drawn up
            yield Paragraph(text=say("draw-up"))
            yield Steps(boxes=True, steps=tuple(steps))
        for vial in formulation.vials:
            if vial.open is not None and vial.left_over_ml is not None:
                yield Paragraph(
                    text=say("vials", count=str(vial.open), product=vial.title, left=plain(vial.left_over_ml))
                )
        for note in formulation.notes:
            yield Paragraph(text=note, quiet=True)

    def cream(self, cream: Cream) -> Entry:
        """A numbing cream: what is put on, against its own limits."""
        say = self.say
        given = [
            say(f"cream-{key}", amount=plain(amount))
            for key, amount in (("grams", cream.grams), ("area", cream.area_cm2), ("dwell", cream.dwell_min))
            if amount is not None
        ]
        if cream.applied_by:
            given.append(say(f"cream-by-{cream.applied_by}"))
        lines = [Line(label=say("ordered-cream"), text=", ".join(given) or say("not-given"))]
        for limit in cream.limits:
            value, unit = plain(limit.value), limit.unit.replace("cm2", "cm²")
            used = say("cream-used", used="?" if limit.used is None else _figure(limit.used), value=value, unit=unit)
            lines.append(
                Line(
                    label=say(f"dose-{limit.status}"),
                    text=f"{limit.title}: {used}",
                    refs=self.ref(limit.sources),
                    records=(f"values/{limit.record}",),
                )
            )
        lines.append(Line(label=say("note"), text=cream.note))
        return Entry(
            mark=say(f"dose-{cream.status}"), tone=tone_of(cream.status), title=cream.title, lines=tuple(lines)
        )

    def strip(self, course: Course) -> Strip | None:
        days = [session.date for session in course.sessions]
        if not days:
            return None
        first, last = min(days), max(days)
        span = max((last - first).days, 1)
        marks = tuple(
            Mark(
                at=(session.date - first).days / span,
                label=str(session.number),
                day=self.say.short_day(session.date),
                phase=session.phase,
            )
            for session in course.sessions
        )
        says = self.say("strip", dates=", ".join(self.say.day(day) for day in days))
        return Strip(marks=marks, says=says)

    def course(self, course: Course) -> Iterator[Block]:
        say = self.say
        for conflict in course.conflicts:
            yield Notice(tone="stop", title=conflict.what, text=conflict.way_out)
            self.ref(conflict.sources)
        strip = self.strip(course)
        if strip is not None:
            yield strip
            yield Table(
                columns=(
                    Column(title=say("session"), align="right"),
                    Column(title=say("date")),
                    Column(title=say("phase")),
                    Column(title=say("why"), wide=True),
                ),
                rows=tuple(
                    (
                        Said(text=str(session.number)),
                        Said(text=say.day(session.date), strong=True),
                        Said(text=say(f"phase-{session.phase}")),
                        Said(
                            text=" ".join(p for p in (session.why, session.moved or "") if p),
                            refs=self.moved_by(session),
                        ),
                    )
                    for session in course.sessions
                ),
            )
        yield from self.regimens(course)

    def moved_by(self, session: Session) -> tuple[str, ...]:
        """Sources of what moved a session; those of the regimen stand with it, once."""
        return self.ref(source for reason in session.moved_by for source in reason.sources)

    def regimens(self, course: Course) -> Iterator[Block]:
        """Why this regimen and this least gap, what to note, and what others published."""
        say, regimen = self.say, course.regimen
        lines = [Line(label=say("regimen"), text=f"{regimen.words}.", refs=self.ref(regimen.sources))]
        lines.append(Line(label=say("why-regimen"), text=regimen.because))
        if course.minimum is not None:
            least = course.minimum
            lines.append(
                Line(
                    label=say("least-gap"),
                    text=least.text,
                    refs=self.ref(least.sources),
                    records=self.named(least.record),
                )
            )
        if regimen.evidence:
            lines.append(Line(label=say("evidence"), text=regimen.evidence))
        lines += [Line(label=say("note"), text=note.text, refs=self.ref(note.sources)) for note in course.notes]
        lines += [
            Line(label=say("review"), text=" ".join(p for p in (say.day(r.due) if r.due else "", r.text) if p))
            for r in course.reviews
        ]
        yield Entries(
            entries=(
                Entry(
                    mark=say("course"),
                    title=regimen.title,
                    records=self.named(regimen.protocol, "protocols"),
                    lines=tuple(lines),
                ),
            )
        )
        if course.others:
            yield Table(
                long=True,
                columns=(Column(title=say("regimens"), wide=True), Column(title=say("grade"))),
                rows=tuple(
                    (
                        Said(
                            text=other.words,
                            refs=self.ref(other.sources),
                            records=self.named(other.record, "protocols") if other.record != regimen.protocol else (),
                        ),
                        Said(text=_grade(other.grade)),
                    )
                    for other in course.others
                ),
            )

    def sources(self) -> SourceList:
        lines = []
        for key in sorted(self.refs):
            source = self.edition.sources.get(key)
            if source is None:
                continue
            year = f" ({source.year})" if source.year else ""
            seen = self.say(f"seen-{source.seen}")
            lines.append(SourceLine(key=key, text=f"{source.title}{year}. {seen}", url=source.url))
        return SourceList(sources=tuple(lines))


def practice_line(practice: Practice, say: Words) -> str:
    """The clinic and each practitioner with register and number, on one line."""
    people = (
        f"{person.name} ({say(f'role-{person.role}')}, {person.register_name} {person.number})"
        for person in practice.practitioners
    )
    return " · ".join((practice.clinic, *people)) + "."


class _Composer:
    def __init__(self, plan: TreatmentPlan, edition: Edition, drawn: Pictures | None) -> None:
        self.plan, self.edition, self.drawn = plan, edition, drawn
        self.rooms = _Rooms(edition, plan.language)
        self.say = self.rooms.say

    def treatment(self) -> str:
        order = self.plan.order
        names = [*order.products, *(line.product or line.ingredient or "" for line in order.mixture)]
        return ", ".join(dict.fromkeys(names)) or self.say("not-given")

    def foot(self) -> str:
        plan = self.plan
        made = self.say(
            "foot", software=plan.software, edition=f"{plan.edition_version} ({plan.edition})",
            day=self.say.day(plan.asked_on, weekday=False),
        )  # fmt: skip
        return made if plan.practice is None else f"{practice_line(plan.practice, self.say)} {made}"

    def call(self, practice: Practice) -> Iterator[Block]:
        """Whom to call, with the numbers."""
        if practice.phone:
            yield Paragraph(text=self.say("practice-phone", clinic=practice.clinic, phone=practice.phone))
        if practice.emergency_phone:
            yield Paragraph(text=self.say("practice-emergency", phone=practice.emergency_phone))

    def start(self) -> tuple[str, str]:
        plan = self.plan
        first = next((s.date for s in plan.course.sessions), None) if plan.course else plan.order.planned_start
        if first is None:
            return self.say("not-given"), ""
        clock = " ".join(part for part in (plan.order.planned_time, plan.order.time_zone) if part)
        return self.say.day(first), clock or self.say("no-time")


class _Clinician(_Composer):
    def sheet(self) -> Sheet:
        plan, say, screening = self.plan, self.say, self.plan.screening
        sections = [s for s in self.sections() if s.blocks]
        sections.append(Section(title=say("sources"), blocks=(self.rooms.sources(),)))
        who = plan.patient.name or plan.reference
        tone = "wait" if screening.incomplete and tone_of(screening.verdict) == "go" else tone_of(screening.verdict)
        return Sheet(
            language=plan.language,
            day=plan.asked_on,
            title=say("title", patient=who),
            subtitle=say(
                "subtitle", indication=plan.indication or say("not-given"), day=say.day(plan.asked_on, weekday=False)
            ),
            tone=tone,
            verdict=say(f"verdict-{screening.verdict}") if not self.unclear() else say("verdict-unclear"),
            statement=screening.statement,
            glance=() if screening.deceased else tuple(self.glance()),
            sections=tuple(sections),
            foot=self.foot(),
        )

    def unclear(self) -> bool:
        return self.plan.screening.verdict == "clear" and self.plan.screening.incomplete

    def glance(self) -> Iterator[Glance]:
        plan, say, place = self.plan, self.say, self.plan.placement
        person = plan.patient
        about = [
            say("years", count=str(person.age_years)) if person.age_years is not None else say("age-unknown"),
            say(f"sex-{person.sex}") if person.sex else "",
            say("phototype", type=("I", "II", "III", "IV", "V", "VI")[person.phototype - 1])
            if person.phototype
            else "",
        ]
        yield Glance(
            label=say("patient"), value=person.name or plan.reference, note=", ".join(part for part in about if part)
        )
        where = ", ".join(place.areas) or say("areas-not-given")
        yield Glance(
            label=say("treatment"), value=self.treatment(), note=", ".join(p for p in (place.title, where) if p)
        )
        if place.volume_ml is not None and place.volume_per_point_ml is not None:
            volume = say("ml", amount=plain(place.volume_ml))
            note = say("points-of", points=str(place.points), each=plain(place.volume_per_point_ml))
        else:
            volume, note = say("not-given"), say("to-sign-points")
        yield Glance(label=say("volume"), value=volume, note=note)
        day, clock = self.start()
        yield Glance(label=say("first-session"), value=day, note=clock)
        course = plan.course
        if course is not None and course.sessions:
            count = len([session for session in course.sessions if session.phase != "maintenance"])
            yield Glance(
                label=say("course"),
                value=say("one-session") if count == 1 else say("sessions", count=str(count)),
                note=course.regimen.words,
            )
        else:
            yield Glance(label=say("course"), value=say("no-dates"), note="")
        count = len(plan.to_sign)
        left = say("open-points", count=str(count)) if count else say("nothing-open")
        if plan.screening.verdict in ("contraindicated", "defer"):
            left = say("not-as-planned")
        yield Glance(label=say("before-signing"), value=left)

    def sections(self) -> Iterator[Section]:
        plan, say = self.plan, self.say
        if plan.screening.deceased:
            return
        if plan.to_sign:
            steps = tuple(Step(text=item.text) for item in plan.to_sign)
            yield Section(
                title=say("to-sign"),
                blocks=(Paragraph(text=say("to-sign-note"), quiet=True), Steps(boxes=True, steps=steps)),
            )
        yield Section(title=say("screening"), blocks=tuple(self.rooms.screening(plan.screening)))
        if plan.screening.open_questions or plan.screening.order_questions:
            yield Section(title=say("questions"), blocks=tuple(self.rooms.questions(plan.screening)))
        yield Section(title=say("assessment"), blocks=tuple(self.rooms.choice.assessment(plan.assessment)))
        if plan.formulation is not None:
            yield Section(title=say("mixture"), blocks=tuple(self.rooms.formulation(plan.formulation)))
        yield Section(title=say("placement"), blocks=tuple(self.placement()))
        if plan.map is not None:
            blocks = map_blocks.for_clinician(plan.map, self.drawn, say, self.rooms.ref)
            yield Section(title=say("map"), blocks=tuple(blocks))
        yield Section(title=say("course"), blocks=tuple(self.course()))
        if plan.choice is not None:
            yield Section(title=say("choice"), blocks=tuple(self.rooms.choice.known(plan.choice)))
        yield Section(title=say("risks"), blocks=tuple(self.rooms.choice.risks(plan.risks)))
        if plan.screening.checklist:
            steps = tuple(
                Step(
                    text=f"{item.title}: {item.do}",
                    refs=self.rooms.ref(item.sources),
                    records=(f"rules/{item.rule}",),
                )
                for item in plan.screening.checklist
            )
            yield Section(
                title=say("checklist"),
                blocks=(Paragraph(text=say("checklist-note"), quiet=True), Steps(boxes=True, steps=steps)),
            )
        if plan.home_care is not None:
            yield Section(title=say("home-care"), blocks=tuple(self.rooms.choice.home(plan.home_care)))
        if plan.aftercare is not None:
            care = plan.aftercare
            yield Section(title=say("before"), blocks=(self.advice((*care.before, *care.during)),))
            yield Section(title=say("after"), blocks=(self.advice(care.after),))
            yield Section(title=say("normal"), blocks=(self.advice(care.normal),))
            yield Section(
                title=say("warnings"),
                blocks=tuple(
                    block
                    for warning in care.warnings
                    for block in (
                        Notice(
                            tone="stop" if warning.level == "emergency" else "wait",
                            title=self.edition.say(f"aftercare.level.{warning.level}", plan.language),
                        ),
                        self.advice(warning.lines),
                    )
                ),
            )
            yield Section(title=say("told"), blocks=tuple(self.told(care.about)))

    def placement(self) -> Iterator[Block]:
        say, place = self.say, self.plan.placement
        keys = self.rooms.ref(place.sources)
        if place.title:
            yield Paragraph(text=f"{place.title}. {place.says or ''}".strip(), refs=keys)
        if place.volume_ml is not None and place.volume_per_point_ml is not None:
            yield Paragraph(
                text=say(
                    "points-total",
                    points=str(place.points),
                    each=plain(place.volume_per_point_ml),
                    total=plain(place.volume_ml),
                )
            )
        ordered = [
            say(f"ordered-{key}", amount=plain(amount))
            for key, amount in (("depth", place.depth_mm), ("spacing", place.spacing_mm), ("area", place.area_cm2))
            if amount is not None
        ]
        if ordered:
            yield Paragraph(text=f"{say('ordered')} {'; '.join(ordered)}.")
        if place.published:
            yield Paragraph(text=f"{say('published')} {'; '.join(place.published)}.", refs=keys)
        if self.plan.map is None:
            yield Paragraph(text=f"{say('no-map')} {self.plan.map_note or ''}".strip(), quiet=True)

    def course(self) -> Iterator[Block]:
        if self.plan.course_note:
            yield Notice(tone="wait", title=self.plan.course_note)
        if self.plan.course is not None:
            yield from self.rooms.course(self.plan.course)

    def advice(self, lines: Iterable[AdviceLine]) -> Block:
        say = self.say
        rows = []
        for line in lines:
            keys = self.rooms.ref(line.sources)
            dissent = f" {say('disagrees')}: {'; '.join(line.dissent)}" if line.dissent else ""
            said = Said(text=f"{line.text}{dissent}", refs=keys, records=self.rooms.named(line.id, "advice"))
            rows.append((Said(text=line.title, strong=True), said))
        return Table(columns=(Column(title=say("about")), Column(title=say("line"), wide=True)), rows=tuple(rows))

    def told(self, lines: Iterable[AdviceLine]) -> Iterator[Block]:
        """What stands word for word on the patient's sheet: here only on whose word, and who disagrees."""
        rows = tuple(
            (
                Said(text=line.title, strong=True),
                Said(
                    text="; ".join(line.dissent),
                    refs=self.rooms.ref(line.sources),
                    records=self.rooms.named(line.id, "advice"),
                ),
            )
            for line in lines
        )
        if rows:
            columns = (Column(title=self.say("about")), Column(title=self.say("told-line"), wide=True))
            yield Table(columns=columns, rows=rows, note=self.say("told-note"))


class _Patient(_Composer):
    def sheet(self) -> Sheet:
        plan, say, screening = self.plan, self.say, self.plan.screening
        unclear = screening.incomplete and screening.verdict in ("clear", "proceed-with-precautions")
        key = "unclear" if unclear else screening.verdict
        day, clock = self.start()
        dated = plan.course is not None and bool(plan.course.sessions)
        glance = [Glance(label=say("patient-treatment"), value=self.plainly())]
        if dated:
            glance.append(Glance(label=say("first-session"), value=day, note=clock))
        return Sheet(
            language=plan.language,
            day=plan.asked_on,
            title=say("patient-title"),
            subtitle=say(
                "patient-subtitle",
                patient=plan.patient.name or plan.reference,
                day=say.day(plan.asked_on, weekday=False),
            ),
            tone="wait" if unclear else tone_of(screening.verdict),
            verdict=say(f"patient-verdict-{key}"),
            statement=self.statement(key),
            glance=() if screening.deceased else tuple(glance),
            sections=() if screening.deceased else tuple(s for s in self.sections() if s.blocks),
            foot=self.foot(),
        )

    def plainly(self) -> str:
        """The concern in the patient's words, where its name is a clinician's."""
        key = f"plainly-{self.plan.choice.id}" if self.plan.choice else ""
        if f"plan.{key}" in self.edition.texts:
            return self.say(key)
        return self.plan.indication or self.treatment()

    def statement(self, key: str) -> str:
        if self.plan.screening.deceased:
            return self.plan.screening.statement
        day = self.plan.screening.earliest_date
        if key == "defer" and day is not None:
            return self.say("patient-says-defer-date", day=self.say.day(day))
        return self.say(f"patient-says-{key}")

    def sections(self) -> Iterator[Section]:
        plan, say = self.plan, self.say
        told = tuple(dict.fromkeys(finding.tell for finding in plan.screening.findings))
        if told:
            yield Section(title=say("patient-found"), blocks=(Steps(steps=tuple(Step(text=text) for text in told)),))
        questions = tuple(dict.fromkeys(q.question for q in plan.screening.open_questions))
        if questions:
            yield Section(
                title=say("patient-questions"),
                blocks=(
                    Paragraph(text=say("patient-questions-note"), quiet=True),
                    Steps(boxes=True, steps=tuple(Step(text=text) for text in questions)),
                ),
            )
        if plan.course is not None and plan.course.sessions:
            strip = self.rooms.strip(plan.course)
            dates = Steps(
                steps=tuple(
                    Step(
                        text=say("patient-review")
                        if s.phase == "maintenance"
                        else say("patient-session", number=str(s.number)),
                        when=say.day(s.date),
                    )
                    for s in plan.course.sessions
                )
            )
            yield Section(
                title=say("patient-dates"),
                blocks=(*((strip,) if strip else ()), dates, Paragraph(text=say("patient-dates-note"), quiet=True)),
            )
        if plan.map is not None and plan.map.points and plan.screening.verdict != "contraindicated":
            # A zone that was painted is told to the patient by the region it lies on.
            regions = [(self.edition.regions.get(zone.site), zone.title) for zone in plan.map.zones]
            titles = (self.edition.text(region.title, plan.language) if region else title for region, title in regions)
            shown = map_blocks.for_patient(plan.map, self.drawn, titles, say)
            yield Section(title=say("patient-map"), blocks=tuple(shown))
        care = plan.aftercare
        if care is None or plan.screening.verdict == "contraindicated":
            yield Section(title=say("patient-contact"), blocks=self.contact(say("patient-contact-plain")))
            yield from self.consent()
            return
        for title, lines in (
            ("before", care.before),
            ("during", care.during),
            ("after", care.after),
            ("normal", care.normal),
        ):
            kept = [line for line in lines if line.governed_by is None]
            if kept:
                steps = tuple(Step(text=line.text) for line in kept)
                yield Section(title=say(f"patient-{title}"), blocks=(Steps(steps=steps),))
        if plan.home_care is not None:
            yield Section(title=say("patient-home"), blocks=(self.rooms.choice.home_steps(plan.home_care),))
        blocks: list[Block] = []
        for warning in care.warnings:
            blocks.append(
                Notice(
                    tone="stop" if warning.level == "emergency" else "wait",
                    title=self.edition.say(f"aftercare.level.{warning.level}", plan.language),
                )
            )
            blocks.append(Steps(steps=tuple(Step(text=line.text) for line in warning.lines)))
        yield Section(title=say("patient-warnings"), blocks=tuple(blocks))
        yield Section(title=say("patient-contact"), blocks=self.contact(care.contact))
        yield from self.consent()
        about = tuple(Step(text=f"{line.title}. {line.text}") for line in care.about)
        yield Section(title=say("patient-about"), blocks=(Steps(steps=about),) if about else ())

    def contact(self, text: str) -> tuple[Block, ...]:
        practice = self.plan.practice
        return (*(self.call(practice) if practice else ()), Paragraph(text=text))

    def consent(self) -> Iterator[Section]:
        """What can go wrong, and the other ways, doing nothing among them."""
        plan, say = self.plan, self.say
        if plan.risks:
            note = Paragraph(text=say("patient-risks-note"), quiet=True)
            yield Section(title=say("patient-risks"), blocks=(note, self.rooms.choice.risk_steps(plan.risks)))
        if plan.choice is not None and plan.choice.alternatives:
            steps = tuple(Step(text=f"{a.title}: {a.use}.") for a in plan.choice.alternatives if a.id != "mesotherapy")
            note = Paragraph(text=say("patient-choice-note"), quiet=True)
            yield Section(title=say("patient-choice"), blocks=(note, Steps(steps=steps)))


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, float | Decimal):
        return plain(Decimal(str(value)))
    return str(value)


def _figure(amount: Decimal) -> str:
    """An amount to at most three decimals; what is exact stays exact in the JSON."""
    return plain(amount.quantize(Decimal("0.001")) if amount % Decimal("0.001") else amount)


def _grade(grade: str) -> str:
    return grade.replace("-", " ")


# --- one room alone, for the terminal ----------------------------------------------------------------------------


def summary(plan: TreatmentPlan, edition: Edition) -> Sheet:
    """The clinician's sheet cut down to what fits a terminal: verdict, findings, questions, doses, dates."""
    whole = clinician(plan, edition)
    say = Words(edition, plan.language)
    wanted = {say(key) for key in ("to-sign", "screening", "questions", "mixture", "map", "course")}
    kept = [section for section in whole.sections if section.title in wanted]
    return whole.model_copy(update={"sections": tuple(map(_shortened, kept))})


def _shortened(section: Section) -> Section:
    """A section without its long tables."""
    return section.model_copy(
        update={"blocks": tuple(b for b in section.blocks if not (isinstance(b, Table) and b.long))}
    )


def screening_sheet(screening: Screening, edition: Edition, language: str) -> Sheet:
    """A screening by itself."""
    rooms = _Rooms(edition, language)
    say = rooms.say
    unclear = screening.verdict == "clear" and screening.incomplete
    return _room(
        rooms, screening.asked_on, say("screening"),
        tone="wait" if unclear else tone_of(screening.verdict),
        verdict=say("verdict-unclear") if unclear else say(f"verdict-{screening.verdict}"),
        statement=screening.statement,
        sections=()
        if screening.deceased
        else (
            Section(title=say("screening"), blocks=tuple(rooms.screening(screening))),
            Section(title=say("questions"), blocks=tuple(rooms.questions(screening))),
        ),
    )  # fmt: skip


def formulation_sheet(formulation: Formulation, edition: Edition, language: str) -> Sheet:
    """A mixture by itself."""
    rooms = _Rooms(edition, language)
    say = rooms.say
    return _room(
        rooms, edition.on, say("mixture"), tone=tone_of(formulation.verdict),
        verdict=say(f"formula-{formulation.verdict}"), statement=formulation.statement,
        sections=(Section(title=say("mixture"), blocks=tuple(rooms.formulation(formulation))[1:]),),
    )  # fmt: skip


def course_sheet(course: Course, edition: Edition, language: str) -> Sheet:
    """A course by itself."""
    rooms = _Rooms(edition, language)
    say = rooms.say
    return _room(
        rooms, edition.on, say("course"), tone=tone_of(course.verdict),
        verdict=say(f"course-{course.verdict}"), statement=course.statement,
        sections=(Section(title=say("course"), blocks=tuple(rooms.course(course))),),
    )  # fmt: skip


def choice_sheet(choice: Choice, edition: Edition, language: str, reference: str) -> Sheet:
    """A choice by itself."""
    rooms = _Rooms(edition, language)
    title = edition.say("choice.title", language, patient=reference)
    return _room(
        rooms, choice.asked_on, title, tone="go" if choice.offers else "wait",
        verdict=edition.say(f"choice.verdict-{'offers' if choice.offers else 'none'}", language),
        statement=choice.statement, sections=tuple(rooms.choice.sections(choice)),
    )  # fmt: skip


def triage_sheet(triage: Triage, edition: Edition) -> Sheet:
    """A patient's report, read."""
    rooms = _Rooms(edition, triage.language)
    say = rooms.say
    unclear = triage.level == "expected" and triage.incomplete

    def told(key: str, **words: str) -> str:
        return edition.say(f"triage.{key}", triage.language, **words)

    entries = []
    for finding in triage.findings:
        lines = [
            Line(label=told("because"), text=f"{why.title}{': ' if why.said else ''}{'; '.join(why.said)}")
            for why in finding.why
        ]
        if finding.assumed:
            titles = "; ".join(edition.text(edition.facts[fact].title, triage.language) for fact in finding.assumed)
            lines.append(Line(label=told("assumed"), text=titles))
        lines += [
            Line(label=say("do"), text=finding.do),
            Line(label=told("tell"), text=finding.tell),
            *([Line(label=told("ctcae"), text=finding.ctcae)] if finding.ctcae else []),
            Line(
                label=say("reason"), text=f"{finding.reason} ({_grade(finding.grade)})", refs=rooms.ref(finding.sources)
            ),
        ]
        for dissent in finding.dissent:
            rooms.ref(dissent.sources)
            lines.append(Line(label=say("disagrees"), text=f"{dissent.line}: {dissent.level}"))
        entries.append(
            Entry(
                mark=told(f"level.{finding.level}"),
                tone=tone_of(finding.level),
                title=finding.title,
                lines=tuple(lines),
            )
        )
    asked = Table(
        columns=(Column(title=say("question"), wide=True), Column(title=say("could-be"))),
        rows=tuple(
            (
                Said(text=" ".join((question.question, *(f"[{words}]" for words in question.because)))),
                Said(text=told(f"level.{question.could_be}")),
            )
            for question in triage.ask
        ),
    )
    outbreak = [Notice(tone="stop", title=told("outbreak"), text=" ".join(triage.outbreak.do))] * triage.outbreak.flag
    return _room(
        rooms, edition.on, told("title"),
        tone="wait" if unclear else tone_of(triage.level),
        verdict=told("level.unclear") if unclear else told(f"level.{triage.level}"),
        statement=triage.statement + (f" {told('by', moment=triage.act_by)}" if triage.act_by else ""),
        sections=(
            Section(title=told("found"), blocks=(*outbreak, Entries(entries=tuple(entries)))),
            Section(title=say("questions"), blocks=(asked,) if triage.ask else ()),
        ),
    )  # fmt: skip


def map_sheet(map: InjectionMap, edition: Edition, language: str) -> Sheet:
    """A map by itself."""
    rooms = _Rooms(edition, language)
    say = rooms.say
    kinds: set[str] = {notice.kind for notice in map.notices}
    kinds |= {{"refused": "refuse"}.get(zone.depth.verdict, zone.depth.verdict) for zone in map.zones}
    worst = next((kind for kind in ("refuse", "ask", "warn") if kind in kinds), "drawn")
    return _room(
        rooms, edition.on, say("map"), tone=_MAP_TONES[worst], verdict=say(f"map-is-{worst}"),
        statement=say("map-points-in", points=str(len(map.points)), zones=str(len(map.zones))),
        sections=(Section(title=say("map"), blocks=tuple(map_blocks.for_clinician(map, None, say, rooms.ref))),),
    )  # fmt: skip


_MAP_TONES: dict[str, Tone] = {"refuse": "stop", "ask": "wait", "warn": "wait", "drawn": "go"}


def _room(
    rooms: _Rooms, day: date, title: str, *, tone: Tone, verdict: str, statement: str, sections: tuple[Section, ...]
) -> Sheet:
    return Sheet(
        language=rooms.say.language,
        day=day,
        title=title,
        subtitle="",
        tone=tone,
        verdict=verdict,
        statement=statement,
        glance=(),
        sections=tuple(section for section in sections if section.blocks),
        foot=rooms.say("foot-short", edition=rooms.edition.version),
    )
