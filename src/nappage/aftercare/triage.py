"""A report → Triage: how urgent, why, what to do now, what to ask, by when.

The gravest finding decides. A sign that is there with the time or the treatment unknown counts as it would at its
gravest. What is unknown is never read as absent: while an answer could raise the level, the report is incomplete,
and what is expected is not called so yet. A sign that no rule explains, and words that were not understood, are
looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from ..knowledge import Cited, Edition, cited, said_by
from ..knowledge.schema import LEVELS, Citation, Level, TriageRule
from ..rules import Reading, facts_of
from ..values import Document, plain
from .report import Report, Row, row_of, signs, ticks_of


class Why(Document):
    """One fact behind a finding: what it is, and the tick, measure or words it was read from."""

    fact: str
    title: str
    said: tuple[str, ...] = ()


class Dissent(Document):
    """A position not in force: the level it would give this report, or `none`, or `ask`."""

    position: str
    level: str
    line: str
    grade: str
    sources: tuple[Cited, ...]


class Finding(Document):
    """`assumed`: facts that are unknown and were read at their gravest."""

    record: str
    title: str
    level: Level
    within_hours: int | None = None
    why: tuple[Why, ...]
    assumed: tuple[str, ...] = ()
    do: str
    tell: str
    ctcae: str | None = None
    reportable: bool = False
    position: str
    grade: str
    reason: str
    sources: tuple[Cited, ...]
    dissent: tuple[Dissent, ...] = ()


class Question(Document):
    """What to ask, the signs it is about, how grave an answer could be, and the words that raised it."""

    topic: str
    question: str
    signs: tuple[str, ...]
    could_be: Level
    because: tuple[str, ...] = ()


class Outbreak(Document):
    """Whether cases may be linked, and what to do then."""

    flag: bool
    similar_cases: int | None = None
    do: tuple[str, ...] = ()


class Receiver(Document):
    name: str
    sources: tuple[Cited, ...]


class Form(Document):
    """Facts for a regulator's form. None is not known here and is filled in by hand; seriousness is the clinician's."""

    reportable: bool
    receiver: Receiver | None = None
    products: tuple[str, ...] | None = None
    lot: str | None = None
    expiry: str | None = None
    areas: tuple[str, ...] | None = None
    technique: str | None = None
    treated: str | None = None
    reported: str | None = None
    hours_to_report: float | None = None
    hours_since_onset: float | None = None
    reaction: tuple[str, ...]
    description: tuple[str, ...]
    patient: dict[str, Any]
    similar_cases: int | None = None
    seriousness: dict[str, Literal["to be judged", "possible"]]
    outcome: str | None = None


class Triage(Document):
    """`within_hours`: from the report; 0 is now, None where nothing is to be looked at. `act_by`: ISO 8601 where the
    time of the report is known, else in words."""

    document: Literal["triage"] = "triage"
    level: Level
    incomplete: bool
    statement: str
    act_by: str | None
    within_hours: int | None
    findings: tuple[Finding, ...]
    ask: tuple[Question, ...]
    not_understood: tuple[str, ...] = ()
    outbreak: Outbreak
    form: Form
    edition: str
    edition_version: str
    language: str


_LAST = frozenset({"unexplained"})  # known only after the other rules were read
_GRAVELY = frozenset({"time", "treatment", "order"})  # topics whose unknown facts are read at their gravest
_SERIOUS = (
    "death",
    "life-threatening",
    "hospital",
    "lasting disability",
    "birth defect",
    "otherwise medically important",
)


def triage(report: Report, edition: Edition, language: str = "en") -> Triage:
    """What a report means under an edition. Raises InputError on a sign or times that cannot be."""
    return _Triager(report, edition, language).triage()


@dataclass(frozen=True)
class _Fired:
    rule: TriageRule
    reading: Reading
    assumed: frozenset[str] = frozenset()


class _Triager:
    def __init__(self, report: Report, edition: Edition, language: str) -> None:
        self.report, self.edition, self.language = report, edition, language
        self.row: Row = row_of(report, edition)
        self.by_sign = signs(edition)
        self.signs = {fact: sign for sign, fact in self.by_sign.items()}
        self.fired: list[_Fired] = []
        self.waiting: list[tuple[TriageRule, Reading]] = []

    def triage(self) -> Triage:
        late = []
        for rule in self.edition.triage.values():
            if self._facts(rule) & _LAST:
                late.append(rule)
            else:
                self._read(rule)
        self._note_unexplained()
        for rule in late:
            self._read(rule)
        self.fired.sort(key=lambda f: (_rank(f.rule), f.rule.adopted.within_hours or 0, f.rule.id))
        level: Level = self._level(self.fired[0].rule) if self.fired else "expected"
        ask = self._questions(level)
        incomplete = bool(ask)
        hours = min(
            (f.rule.adopted.within_hours or 0 for f in self.fired if self._level(f.rule) == level), default=None
        )
        within = None if level == "expected" else hours
        return Triage(
            level=level,
            incomplete=incomplete,
            statement=self._statement(level, incomplete, len(ask)),
            act_by=self._act_by(within),
            within_hours=within,
            findings=tuple(self._finding(fired) for fired in self.fired),
            ask=ask,
            not_understood=self.row.unread,
            outbreak=self._outbreak(),
            form=self._form(level),
            edition=self.edition.fingerprint,
            edition_version=self.edition.version,
            language=self.language,
        )

    # --- rules ------------------------------------------------------------------------------------------------

    @staticmethod
    def _level(rule: TriageRule) -> Level:
        assert rule.adopted.level is not None
        return rule.adopted.level

    def _facts(self, rule: TriageRule) -> frozenset[str]:
        return facts_of(self.edition.condition(rule.adopted.when or ""))

    def _read(self, rule: TriageRule) -> None:
        reading = self.edition.reader(rule.adopted.when or "")(self.row.values)
        if reading.answer:
            self.fired.append(_Fired(rule, reading))
        elif reading.answer is None:
            if all(self._gravely(fact) for fact in reading.facts) and self._level(rule) != "expected":
                self.fired.append(_Fired(rule, reading, reading.facts))
            else:
                self.waiting.append((rule, reading))

    def _gravely(self, fact: str) -> bool:
        return self.edition.facts[fact].topic in _GRAVELY

    def _behind(self, fired: _Fired) -> frozenset[str]:
        """The facts of a finding. Of one that is assumed: all of its condition that hold."""
        if not fired.assumed:
            return fired.reading.facts
        return frozenset(f for f in self._facts(fired.rule) if self.row.values.get(f) is True)

    def _note_unexplained(self) -> None:
        explained = frozenset().union(*(self._behind(fired) for fired in self.fired)) if self.fired else frozenset()
        left = [fact for fact in self.row.present if fact not in explained and fact != "other"]
        self.row.values["unexplained"] = bool(left)
        self.row.said["unexplained"] = tuple(self._title(fact) for fact in left)

    # --- what is found ----------------------------------------------------------------------------------------

    def _finding(self, fired: _Fired) -> Finding:
        rule, adopted = fired.rule, fired.rule.adopted
        behind = sorted(self._behind(fired), key=lambda fact: (self._gravely(fact), fact))
        return Finding(
            record=rule.id,
            title=self._say(rule.title),
            level=self._level(rule),
            within_hours=adopted.within_hours,
            why=tuple(self._why(fact) for fact in behind if self._tells(fact)),
            assumed=tuple(sorted(fired.assumed)),
            do=self._say(rule.do),
            tell=self._say(rule.tell),
            ctcae=self._say(rule.ctcae) if rule.ctcae else None,
            reportable=rule.reportable,
            position=adopted.id,
            grade=adopted.grade,
            reason=rule.because,
            sources=cited(self.edition, adopted.source),
            dissent=tuple(self._dissent(rule)),
        )

    def _tells(self, fact: str) -> bool:
        value = self.row.values.get(fact)
        return value is not None and value is not False

    def _why(self, fact: str) -> Why:
        value = self.row.values.get(fact)
        said = self.row.said.get(fact, ())
        if isinstance(value, Decimal):
            said = (f"{plain(value.quantize(Decimal('0.1')))}",)
        elif isinstance(value, tuple):
            treated = self.report.treatment
            said = treated.areas or () if fact == "areas" else (*(treated.products or ()), *(treated.ingredients or ()))
        return Why(fact=fact, title=self._title(fact), said=said)

    def _dissent(self, rule: TriageRule) -> Iterator[Dissent]:
        for position in rule.dissent:
            answer = self.edition.reader(position.when or "")(self.row.values).answer
            words = said_by(position.source) or f"{position.note} ({', '.join(c.ref for c in position.source)})".strip()
            yield Dissent(
                position=position.id,
                level="ask" if answer is None else str(position.level) if answer else "none",
                line=words,
                grade=position.grade,
                sources=cited(self.edition, position.source),
            )

    # --- what is not known ------------------------------------------------------------------------------------

    def _questions(self, level: Level) -> tuple[Question, ...]:
        """By topic, gravest first; of equals in the order of the texts."""
        stakes: dict[str, tuple[int, set[str]]] = {}

        def stake(fact: str, rank: int) -> None:
            topic = self.edition.facts[fact].topic
            topic = "time" if topic == "time" else "treatment" if topic in ("order", "treatment") else topic
            gravest, facts = stakes.get(topic, (rank, set()))
            stakes[topic] = (min(gravest, rank), facts | {fact})

        for rule, reading in self.waiting:
            if _rank(rule) < LEVELS.index(level):
                there = any(fact in self.row.present for fact in self._facts(rule))
                for fact in reading.facts:
                    # How a sign is, who has it and after what matters once the sign is there.
                    if fact in self.signs or (there and self._asked_of(fact)):
                        stake(fact, _rank(rule))
        for fired in self.fired:
            for fact in fired.assumed:
                stake(fact, _rank(fired.rule))
        if self.row.present and self.row.values.get("hours_since") is None and "time" not in stakes:
            stake("hours_since", LEVELS.index(level))
        if self.row.unread:
            stake("unread_words", 0)
        order = [key.removeprefix("triage.ask.") for key in self.edition.texts if key.startswith("triage.ask.")]
        return tuple(
            self._question(topic, *stakes[topic])
            for topic in sorted(stakes, key=lambda t: (stakes[t][0], order.index(t)))
        )

    def _asked_of(self, fact: str) -> bool:
        of = self.edition.facts[fact].derive.get("sign")
        return not self._gravely(fact) and (of is None or self.by_sign[of] in self.row.present)

    def _question(self, topic: str, rank: int, facts: set[str]) -> Question:
        titles = [self._title(fact) for fact in self.edition.facts if fact in facts]
        because = tuple(dict.fromkeys(words for fact in sorted(facts) for words in self.row.asked.get(fact, ())))
        if topic == "words":
            because = self.row.said["unread_words"]
        if topic == "treatment":
            because = self.row.unread_names
        return Question(
            topic=topic,
            question=self.edition.say(f"triage.ask.{topic}", self.language, signs="; ".join(titles)),
            signs=tuple(self.signs.get(fact, fact) for fact in self.edition.facts if fact in facts),
            could_be=LEVELS[rank],
            because=because,
        )

    # --- the answer -------------------------------------------------------------------------------------------

    def _statement(self, level: Level, incomplete: bool, count: int) -> str:
        titles = [self._say(f.rule.title) for f in self.fired if self._level(f.rule) == level]
        if level == "expected":
            key = "unclear" if incomplete else "expected" if titles else "nothing"
        else:
            key = f"{level}-open" if incomplete else level
        return self.edition.say(f"triage.statement.{key}", self.language, titles="; ".join(titles), count=str(count))

    def _act_by(self, within: int | None) -> str | None:
        if within is None:
            return None
        reported = self.report.reported
        if isinstance(reported, datetime):
            return (reported + timedelta(hours=within)).isoformat()
        return self.edition.say("triage.now" if within == 0 else "triage.within", self.language, hours=str(within))

    def _outbreak(self) -> Outbreak:
        linked = [fired for fired in self.fired if fired.rule.topic == "linked"]
        return Outbreak(
            flag=bool(linked),
            similar_cases=self.report.similar_cases,
            do=tuple(dict.fromkeys(self._say(fired.rule.do) for fired in linked)),
        )

    def _form(self, level: Level) -> Form:
        report = self.report
        treated = report.treatment
        jurisdiction = (treated.jurisdiction or "").upper().split("-")[0]
        ticks = ticks_of(report, self.by_sign).values()
        hours = [tick.hours for tick in ticks if tick.hours is not None and tick.present == "yes"]
        serious = level == "emergency"
        return Form(
            reportable=any(f.rule.reportable and self._level(f.rule) != "expected" for f in self.fired),
            receiver=self._receiver(jurisdiction),
            products=treated.products,
            areas=treated.areas,
            technique=treated.technique,
            treated=report.treated.isoformat() if report.treated else None,
            reported=report.reported.isoformat() if report.reported else None,
            hours_to_report=None if report.hours is None else float(report.hours),
            hours_since_onset=float(max(hours)) if hours else None,
            reaction=tuple(self._title(fact) for fact in self.row.present),
            description=report.texts,
            patient=dict(report.patient),
            similar_cases=report.similar_cases,
            seriousness={
                name: "possible" if serious and name in ("life-threatening", _SERIOUS[-1]) else "to be judged"
                for name in _SERIOUS
            },
        )

    def _receiver(self, jurisdiction: str) -> Receiver | None:
        """Who receives a report: only where a record of the dossier says so (SAF-231)."""
        key = f"triage.receiver.{jurisdiction}"
        if key not in self.edition.texts:
            return None
        name, _, ref = self.edition.say(key, self.language).rpartition(" ")
        return Receiver(name=name, sources=cited(self.edition, [Citation(ref=ref.strip("[]"))]))

    def _say(self, text: Mapping[str, str]) -> str:
        return self.edition.text(dict(text), self.language)

    def _title(self, fact: str) -> str:
        return self._say(self.edition.facts[fact].title)


def _rank(rule: TriageRule) -> int:
    assert rule.adopted.level is not None
    return LEVELS.index(rule.adopted.level)
