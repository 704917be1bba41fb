"""A plan → the text its patient consents to; and the separate permissions for photographs, teaching and advertising.

The text is made from this very plan: the risks of its products at its sites, what was found for and against it, the
other ways with doing nothing among them, what the patient's own answers mean. It is frozen as it was read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal

from .. import __version__
from ..choice import ToldRisk
from ..knowledge import Cited, Edition, cited
from ..values import Document
from .compose import _Composer, practice_line
from .sheet import Block, Figure, Glance, Paragraph, Section, Sheet, Step, Steps
from .treatment_plan import Practice, TreatmentPlan
from .words import Words

Kind = Literal["treatment", "photographs", "teaching", "marketing"]
_STATEMENTS: dict[Kind, tuple[str, ...]] = {
    "treatment": ("read", "asked", "risks", "other", "answers", "treatment"),
    "photographs": ("read", "photographs"),
    "teaching": ("read", "teaching"),
    "marketing": ("read", "marketing"),
}


class Statement(Document):
    """One line that the patient agrees to by itself."""

    id: str
    text: str


class CoolingOff(Document):
    """Days between the consent and the signature, the tightest that applies, and what else is said of it."""

    days: int
    because: str
    sources: tuple[Cited, ...]
    dissent: tuple[str, ...] = ()


class Consent(Document):
    """What is read and signed. `text`: the fingerprint of every word in it, so that a version can be named."""

    document: Literal["consent"] = "consent"
    kind: Kind
    software: str = __version__
    edition: str
    edition_version: str
    language: str
    asked_on: date
    text: str
    sheet: Sheet
    statements: tuple[Statement, ...]
    cooling_off: CoolingOff | None = None
    sign_from: date | None = None
    plan: str | None = None  # fingerprint of the plan it was made from


def fingerprint(plan: TreatmentPlan) -> str:
    """What a consent is bound to: what is injected, where, how and when, the risks told, and what the patient's own
    answers mean, and what it costs. Counts of days, which go on by themselves, a clinician's reasons, and what is still
    open are no part of it."""
    bound = {
        "patient": plan.patient.name,
        "order": plan.order.model_dump(
            mode="json", exclude={"planned_start", "planned_time", "accepted_without_ceiling"}
        ),
        "cost": _cost(plan),
        "placement": plan.placement.model_dump(mode="json", exclude={"sources"}),
        "dates": [session.date.isoformat() for session in plan.course.sessions] if plan.course else [],
        "risks": [(risk.id, risk.tell, risk.frequency) for risk in plan.risks],
        "findings": sorted((f.rule, f.severity, f.tell) for f in plan.screening.findings),
    }
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()[:16]


def cooling_off(row: Mapping[str, Any], edition: Edition, own_days: int | None = None) -> CoolingOff:
    """The longest of what applies to these facts, or may where they are unknown, or the clinic's own longer one."""
    applying = [
        record
        for record in edition.values.values()
        if record.measure == "min-days-before-signature"
        and (record.when is None or edition.reader(record.when)(row).answer is not False)
    ]
    longest = max(applying, key=lambda record: record.adopted.value or 0)
    days = int(longest.adopted.value or 0)
    dissent = tuple(
        f"{p.value} {p.unit} ({', '.join(dict.fromkeys(source.ref for source in p.source))})"
        for record in applying
        for p in record.positions
        if p.value != longest.adopted.value
    )
    return CoolingOff(
        days=max(days, own_days or 0),
        because=longest.because,
        sources=cited(edition, longest.adopted.source),
        dissent=dissent,
    )


def consent(
    plan: TreatmentPlan,
    edition: Edition,
    on: date,
    *,
    row: Mapping[str, Any],
    own_days: int | None = None,
    decided: Mapping[str, str] | None = None,
) -> Consent:
    """Consent to the plan's treatment, read on `on`. `row`: the facts it was screened by; `decided`: a prescriber's
    words on a finding, by its rule; `own_days`: a clinic's own, longer time to think."""
    pause = cooling_off(row, edition, own_days)
    sign_from = on + timedelta(days=pause.days)
    composer = _Consent(plan, edition, on)
    sections = tuple(s for s in composer.sections(sign_from, decided or {}) if s.blocks)
    return composer.whole("treatment", sections, cooling_off=pause, sign_from=sign_from, plan=fingerprint(plan))


def permission(
    kind: Kind, edition: Edition, on: date, *, patient: str, language: str = "en", practice: Practice | None = None
) -> Consent:
    """Consent to photographs for the record, or to their use in teaching or advertising; each by itself."""
    say = _Say(edition, language)
    lines = [say(f"use-{kind}")] + ([say("use-photographs-strip")] if kind == "photographs" else [])
    rights = (say("right-ask"), say("right-withdraw"), say("right-copy"))
    sections = (
        Section(title=say("use"), blocks=_steps(lines)),
        Section(title=say("rights"), blocks=_steps(rights)),
    )
    who = patient if practice is None else f"{patient} · {practice.clinic}"
    words = Words(edition, language)
    foot = practice_line(practice, words) if practice else ""
    return _frozen(kind, edition, language, on, who, sections, words.day(on, weekday=False), foot)


class Signature(Document):
    """Who signed a consent and how that is known. `at`: in the clinic's own time; `strokes`: the drawn name, a path of
    absolute M and L in a box of 400 by 180."""

    name: str
    at: datetime
    identity: str
    witness: str
    strokes: str


def copy(
    consent: Consent, edition: Edition, signature: Signature | None = None, taken_back: date | None = None
) -> Sheet:
    """The text to take home: with what was agreed to and the signature, or said to be unsigned. Its words are the
    frozen ones; the edition gives only the labels around them."""
    say, words, sheet = _Say(edition, consent.language), Words(edition, consent.language), consent.sheet
    if signature is None:
        return sheet.model_copy(update={"tone": "wait", "verdict": say("to-read")})
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 180"><path fill="none" stroke="#10242a" '
        f'stroke-width="2.5" stroke-linecap="round" d="{signature.strokes}"/></svg>'
    )
    alt = say("signature-of", name=signature.name)
    signed = Section(title=say("signature"), blocks=(
        Steps(steps=tuple(Step(text=f"✓ {statement.text}") for statement in consent.statements)),
        Figure(svg=drawn, alt=alt, caption=alt, width_mm=60),
    ))  # fmt: skip
    at = f"{words.day(signature.at.date(), weekday=False)}, {signature.at:%H:%M}"
    glance = [Glance(label=say(f"signed-{label}"), value=value, note=note) for label, value, note in (
        ("by", signature.name, f"{say('signed-identity')}: {signature.identity}"), ("at", at, ""),
        ("witness", signature.witness, ""),
    )]  # fmt: skip
    listed = any(block.kind == "sources" for block in sheet.sections[-1].blocks)
    body, sources = (sheet.sections[:-1], sheet.sections[-1:]) if listed else (sheet.sections, ())
    return sheet.model_copy(update={
        "tone": "go" if taken_back is None else "stop",
        "verdict": say("signed") if taken_back is None else say("taken-back", day=words.day(taken_back)),
        "glance": tuple(glance), "sections": (*body, signed, *sources),
    })  # fmt: skip


class _Say:
    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.language = edition, language

    def __call__(self, key: str, **words: str) -> str:
        return self.edition.say(f"consent.{key}", self.language, **words)


class _Consent(_Composer):
    def __init__(self, plan: TreatmentPlan, edition: Edition, on: date) -> None:
        super().__init__(plan, edition, None)
        self.on, self.words = on, _Say(edition, plan.language)

    def whole(self, kind: Kind, sections: tuple[Section, ...], **fields: Any) -> Consent:
        plan = self.plan
        sections = (*sections, Section(title=self.say("sources"), blocks=(self.rooms.sources(),)))
        who = plan.patient.name or plan.reference
        foot = practice_line(plan.practice, self.say) if plan.practice else ""
        day = self.say.day(self.on, weekday=False)
        return _frozen(kind, self.edition, plan.language, self.on, who, sections, day, foot, **fields)

    def sections(self, sign_from: date, decided: Mapping[str, str]) -> Iterator[Section]:
        plan, say = self.plan, self.words
        yield Section(title=say("planned"), blocks=_steps(self.planned()))
        chosen = _chosen(plan)
        if chosen is not None:
            about = [p for p in chosen.products if p.regulatory]
            steps = tuple(Step(text=f"{p.title}. {p.regulatory}") for p in about)
            yield Section(title=say("product"), blocks=(Steps(steps=steps),) if steps else ())
        benefit = (
            Step(text=chosen.says, refs=self.rooms.ref(chosen.sources)) if chosen else Step(text=say("no-evidence"))
        )
        yield Section(title=say("benefit"), blocks=(Steps(steps=(benefit, Step(text=say("no-promise")))),))
        yield Section(title=say("risks"), blocks=tuple(self.risks()))
        yield Section(title=say("yours"), blocks=_steps(self.yours(decided)))
        yield Section(title=say("other"), blocks=(Steps(steps=tuple(self.other())),))
        yield Section(title=say("cost"), blocks=_steps([_cost(plan) or say("cost-unknown")]))
        rights = [say("right-time", day=self.say.day(sign_from))]
        rights += [say(f"right-{name}") for name in ("ask", "withdraw", "medicines", "copy")]
        yield Section(title=say("rights"), blocks=_steps(rights))

    def planned(self) -> Iterator[str]:
        plan, say = self.plan, self.words
        yield say("what", treatment=self.treatment(), technique=plan.placement.title or self.say("not-given"))
        if plan.placement.areas:
            yield say("where", areas=", ".join(plan.placement.areas))
        sessions = plan.course.sessions if plan.course else ()
        if not sessions:
            yield say("no-dates")
        elif len(sessions) == 1:
            yield say("session", day=self.say.day(sessions[0].date))
        else:
            yield say("sessions", count=str(len(sessions)), day=self.say.day(sessions[0].date))

    def risks(self) -> Iterator[Block]:
        """The grave ones by themselves, first. That most were never counted is said once."""
        for grave in (True, False):
            some = [risk for risk in self.plan.risks if risk.grave == grave]
            if some:
                yield Paragraph(text=self.words("risks-grave" if grave else "risks-other"))
                yield Steps(steps=tuple(map(self.risk, some)))
        if any(risk.frequency is None for risk in self.plan.risks):
            yield Paragraph(text=self.words("often"), quiet=True)

    def risk(self, risk: ToldRisk) -> Step:
        return Step(
            text=f"{risk.title}. {risk.tell}", when=risk.frequency or "", refs=self.rooms.ref(risk.sources)
        )  # fmt: skip

    def yours(self, decided: Mapping[str, str]) -> Iterator[str]:
        told: dict[str, None] = {}
        for finding in self.plan.screening.findings:
            told[finding.tell] = None
            if finding.rule in decided:
                told[self.words("decided", words=decided[finding.rule])] = None
        yield from told

    def other(self) -> Iterator[Step]:
        for one in self.plan.choice.alternatives if self.plan.choice else ():
            if one.id != "mesotherapy":
                yield Step(text=f"{one.title}: {one.use}.", refs=self.rooms.ref(one.sources))
        yield Step(text=self.words("nothing"))


def _chosen(plan: TreatmentPlan) -> Any:
    """The plan's protocol, as it was offered."""
    offered = plan.choice.protocols if plan.choice else ()
    return next((p for p in offered if p.id == plan.order.protocol), None)


def _cost(plan: TreatmentPlan) -> str:
    chosen = _chosen(plan)
    return chosen.course_cost.words if chosen and chosen.course_cost else ""


def _steps(lines: Iterable[str]) -> tuple[Block, ...]:
    steps = tuple(Step(text=line) for line in lines if line)
    return (Steps(steps=steps),) if steps else ()


def _frozen(
    kind: Kind,
    edition: Edition,
    language: str,
    on: date,
    who: str,
    sections: tuple[Section, ...],
    day: str,
    foot: str = "",
    **fields: Any,
) -> Consent:
    say = _Say(edition, language)
    statements = tuple(Statement(id=name, text=say(f"agree-{name}")) for name in _STATEMENTS[kind])
    sheet = Sheet(
        language=language, day=on, title=say(f"title-{kind}"), subtitle=say("subtitle", patient=who, day=day),
        tone="go", verdict="", statement=say(f"statement-{kind}"), glance=(), sections=sections, foot="",
    )  # fmt: skip
    words = "\n".join([*sheet.words(), *(s.text for s in statements)])
    text = hashlib.sha256(words.encode()).hexdigest()[:16]
    made = say("foot", software=__version__, edition=edition.version, version=text, day=day)
    return Consent(
        kind=kind, edition=edition.fingerprint, edition_version=edition.version, language=language, asked_on=on,
        text=text, sheet=sheet.model_copy(update={"foot": f"{foot} {made}".strip()}), statements=statements, **fields,
    )  # fmt: skip
