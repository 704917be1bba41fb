"""Facts and an order → Screening: verdict, findings with their sources and dissent, open questions, dates.

The gravest finding decides. Nothing that fired is hidden. A question that could make the verdict graver leaves
the screening incomplete; a clear that is incomplete is never called clear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from .intake import Accepted, Evidence, Facts, normal
from .knowledge import Cited, Edition, Position, Rule, cited, said_by
from .knowledge.schema import SEVERITIES, Severity
from .rules import MORE, Reader, Reading, facts_of
from .values import Document, InputError, add_months, day_bounds

Verdict = Literal["contraindicated", "defer", "needs-clinician-decision", "proceed-with-precautions", "clear"]
VERDICTS: tuple[Verdict, ...] = (
    "contraindicated",
    "defer",
    "needs-clinician-decision",
    "proceed-with-precautions",
    "clear",
)
_VERDICT: dict[str, Verdict] = dict(zip(SEVERITIES, VERDICTS, strict=True))


class Dissent(Document):
    """A position not in force, in one line: what it would have said of this patient."""

    position: str
    says: str
    line: str
    grade: str
    sources: tuple[Cited, ...]


class Because(Document):
    """The patient's own fact behind a finding: what it is, its value, the words it was read from, and what those were
    read as where they say it otherwise ("Sintrom": acenocoumarol)."""

    fact: str
    title: str
    value: bool | int | float | str | tuple[str, ...] | None
    quotes: tuple[str, ...] = ()
    read_as: tuple[str, ...] = ()
    confirm: bool = False  # read through a misspelling


class Finding(Document):
    rule: str
    title: str
    severity: Severity
    position: str
    because: tuple[Because, ...]
    do: str
    tell: str
    earliest_date: date | None = None
    until: str | None = None
    grade: str
    reason: str  # why this position was adopted
    sources: tuple[Cited, ...]
    dissent: tuple[Dissent, ...] = ()
    clinic_decision: str | None = None


class OpenQuestion(Document):
    """What to ask, why it matters and how grave the answer could be. `facts` it would settle."""

    topic: str
    question: str
    facts: tuple[str, ...]
    could_be: Severity
    rules: tuple[str, ...]
    quote: str | None = None
    count: int = 1


class OrderQuestion(Document):
    """A rule that only the order can settle, once it is complete."""

    rule: str
    title: str
    could_be: Severity
    facts: tuple[str, ...]


class ChecklistItem(Document):
    """Something checked at every session, before the first needle. `facts` a clinician records."""

    rule: str
    title: str
    do: str
    sources: tuple[Cited, ...]
    facts: tuple[str, ...] = ()


class Screening(Document):
    verdict: Verdict
    incomplete: bool
    statement: str
    earliest_date: date | None
    asked_on: date
    planned: date
    edition: str
    edition_version: str
    findings: tuple[Finding, ...]
    open_questions: tuple[OpenQuestion, ...]
    order_questions: tuple[OrderQuestion, ...] = ()
    order_gaps: tuple[str, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    accepted: tuple[Accepted, ...] = ()  # medicines of unknown effect that a clinician answers for
    deceased: bool = False

    @property
    def may_proceed(self) -> bool:
        """Clear, or with precautions, and nothing open that could make it graver."""
        return self.verdict in ("clear", "proceed-with-precautions") and not self.incomplete


def screen(facts: Facts, edition: Edition, language: str = "en") -> Screening:
    """Every rule of the edition read over the facts. `facts.planned` is the day all intervals count to."""
    return _Screener(facts, edition, language).screen()


class ChangedFinding(Document):
    """A rule that says something else of this patient now. *ask*: a missing answer decides. None: nothing."""

    rule: str
    title: str
    before: Severity | Literal["ask"] | None
    now: Severity | Literal["ask"] | None
    because: tuple[Because, ...] = ()  # of now; of then where it says nothing now


class ChangedFact(Document):
    """A fact behind a finding, then and now; None: not so, or not known. `quotes`: the words it is read from."""

    fact: str
    title: str
    before: bool | int | float | str | tuple[str, ...] | None
    now: bool | int | float | str | tuple[str, ...] | None
    quotes: tuple[str, ...] = ()


class ToDecide(Document):
    """What stands between this patient and today's needle. `rule` is None where it is a question to ask."""

    severity: Severity
    says: str
    rule: str | None = None


class Changes(Document):
    """What a screening says that an earlier one of the same patient did not, and the other way round.

    `unsettled`: spoke against the session then, and today nobody knows. `decide`: every open question that could make
    the verdict graver, and every finding a person must decide that is new, graver, or rests on something else now.
    `other_edition`: the knowledge was another one, so a change need not be the patient's."""

    before_planned: date
    planned: date
    before_verdict: Verdict
    verdict: Verdict
    before_incomplete: bool
    incomplete: bool
    earliest_date: date | None
    other_edition: bool
    new: tuple[ChangedFinding, ...]
    graver: tuple[ChangedFinding, ...]
    milder: tuple[ChangedFinding, ...]
    gone: tuple[ChangedFinding, ...]
    unsettled: tuple[ChangedFinding, ...]
    standing: tuple[str, ...]  # rules that say what they said
    facts: tuple[ChangedFact, ...]
    answered: tuple[str, ...]  # questions of then that are settled
    opened: tuple[OpenQuestion, ...]
    decide: tuple[ToDecide, ...]


def changes(before: Screening, now: Screening) -> Changes:
    """What changed from one session's screening to the next. Raises InputError where `before` is the later one."""
    if before.planned > now.planned:
        wrong = f"it is for {before.planned}, after {now.planned}"
        raise InputError("the earlier screening", wrong, "Give the screening of a session before this one")
    then, today = _by_rule(before), _by_rule(now)
    groups: dict[str, list[ChangedFinding]] = {kind: [] for kind in ("new", "graver", "milder", "gone", "unsettled")}
    standing = []
    for rule in {**today, **then}:
        was, one = then.get(rule, _SILENT), today.get(rule, _SILENT)
        shown = one if one.title else was
        change = ChangedFinding(rule=rule, title=shown.title, before=was.says, now=one.says, because=shown.because)
        if was.says == one.says:
            if rule in then and one.says != "ask":
                standing.append(rule)
        elif one.says == "ask":
            if was.says is not None:
                groups["unsettled"].append(change)
        elif one.says is None:
            if was.says != "ask":
                groups["gone"].append(change)
        elif was.says is None or was.says == "ask":
            groups["new"].append(change)
        else:
            graver = SEVERITIES.index(one.says) < SEVERITIES.index(was.says)
            groups["graver" if graver else "milder"].append(change)
    for found in groups.values():
        found.sort(key=lambda change: (_gravity(change), change.rule))
    facts = _changed_facts(before, now)
    # Time that has gone by changes every count of days, and is no news by itself.
    moved = {c.fact for c in facts if not (_is_number(c.before) and _is_number(c.now))}
    fresh = {change.rule for kind in ("new", "graver") for change in groups[kind]}
    gravest = SEVERITIES.index(now.findings[0].severity) if now.findings else len(SEVERITIES)
    asked_then, asked = {_key(q) for q in before.open_questions}, {_key(q) for q in now.open_questions}
    decide = [
        ToDecide(severity=f.severity, says=f.title, rule=f.rule)
        for f in now.findings
        if f.severity in SEVERITIES[:3] and (f.rule in fresh or any(b.fact in moved for b in f.because))
    ]
    decide += [
        ToDecide(severity=q.could_be, says=q.question)
        for q in now.open_questions
        if SEVERITIES.index(q.could_be) < gravest or q.topic.startswith("unread:")
    ]
    return Changes(
        before_planned=before.planned,
        planned=now.planned,
        before_verdict=before.verdict,
        verdict=now.verdict,
        before_incomplete=before.incomplete,
        incomplete=now.incomplete,
        earliest_date=now.earliest_date,
        other_edition=before.edition != now.edition,
        **{kind: tuple(found) for kind, found in groups.items()},
        standing=tuple(sorted(standing)),
        facts=facts,
        answered=tuple(q.question for q in before.open_questions if _key(q) not in asked),
        opened=tuple(q for q in now.open_questions if _key(q) not in asked_then),
        decide=tuple(decide),
    )


def told(changes: Changes, edition: Edition, language: str = "en") -> tuple[str, ...]:
    """The changes in words, one line each: what must be decided first, then what is different and what is not."""

    def say(key: str, **words: str) -> str:
        return edition.say(f"changes.{key}", language, **words)

    verdicts = tuple(
        say(f"{verdict}{'.incomplete' if incomplete else ''}")
        for verdict, incomplete in (
            (changes.before_verdict, changes.before_incomplete),
            (changes.verdict, changes.incomplete),
        )
    )
    lines = [say("verdict", before=verdicts[0], now=verdicts[1], then=changes.before_planned.isoformat())]
    lines += [say("decide" if d.rule else "ask", says=d.says) for d in changes.decide] or [say("nothing-to-decide")]
    if changes.other_edition:
        lines.append(say("other-edition"))
    for kind in ("new", "graver", "milder", "gone", "unsettled"):
        for change in getattr(changes, kind):
            severities = {
                word: say(f"severity.{says}") if says else ""
                for word, says in (("before", change.before), ("now", change.now))
            }
            lines.append(say(kind, title=change.title, **severities))
    lines += [say("answered", question=question) for question in changes.answered]
    lines.append(say("standing", count=str(len(changes.standing))))
    return tuple(lines)


class _Said(Document):
    says: Severity | Literal["ask"] | None = None
    title: str = ""
    because: tuple[Because, ...] = ()


_SILENT = _Said()


def _by_rule(screening: Screening) -> dict[str, _Said]:
    """What each rule says that is not provably silent; of one that speaks and asks, what it speaks."""
    out = {rule: _Said(says="ask") for question in screening.open_questions for rule in question.rules}
    for found in screening.findings:
        out[found.rule] = _Said(says=found.severity, title=found.title, because=found.because)
    return out


def _gravity(change: ChangedFinding) -> int:
    return min(SEVERITIES.index(says) for says in (change.before, change.now) if says is not None and says != "ask")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _key(question: OpenQuestion) -> tuple[str, str | None]:
    return question.topic, question.quote


def _changed_facts(before: Screening, now: Screening) -> tuple[ChangedFact, ...]:
    then, today = ({b.fact: b for f in s.findings for b in f.because} for s in (before, now))
    out = []
    for fact in sorted({*then, *today}):
        was, one = then.get(fact), today.get(fact)
        shown = one or was
        assert shown is not None
        if was is None or one is None or (was.value, was.quotes) != (one.value, one.quotes):
            out.append(
                ChangedFact(
                    fact=fact,
                    title=shown.title,
                    before=was.value if was else None,
                    now=one.value if one else None,
                    quotes=shown.quotes,
                )
            )
    return tuple(out)


def candidates(edition: Edition, row: Mapping[str, Any]) -> dict[str, Reader]:
    """Rules that can be anything but *no* for this row, each with what reads it. Skips only what is provably no: a
    rule is reached from each of its signs that is present or unknown, an unknown list standing for all its words."""
    index = edition.rule_index
    out = dict(index.always)
    for fact, rules in index.flags.items():
        if row.get(fact) is not False:
            out |= rules
    for fact, by_word in index.words.items():
        present = row.get(fact)
        for word in by_word if present is None or MORE in present else present:
            if word in by_word:
                out |= by_word[word]
    return out


def readings(edition: Edition, row: Mapping[str, Any]) -> dict[str, Reading]:
    """Rule id → reading of its adopted position. A rule that is left out is *no*."""
    return {rule: read(row) for rule, read in candidates(edition, row).items()}


class _Screener:
    def __init__(self, facts: Facts, edition: Edition, language: str) -> None:
        self.facts, self.edition, self.language = facts, edition, language
        self.findings: list[Finding] = []
        # fact → (gravest severity at stake, rules that wait for it)
        self.stakes: dict[str, tuple[int, list[str]]] = {}
        self.order_waits: dict[str, OrderQuestion] = {}
        self.asked_of: dict[str, bool] = {}
        self.checklist: list[ChecklistItem] = []

    def screen(self) -> Screening:
        facts, edition = self.facts, self.edition
        read = readings(edition, facts.row)
        for rule in edition.rules.values():
            if rule.id in read:
                self._take(rule, read[rule.id])
        self.findings.sort(key=lambda f: (SEVERITIES.index(f.severity), f.rule))
        questions = self._questions()
        gravest = self.findings[0].severity if self.findings else "information"
        verdict = _VERDICT[gravest]
        if facts.deceased is not None:
            verdict = "contraindicated"
        worst_open = min((SEVERITIES.index(q.could_be) for q in questions), default=len(SEVERITIES))
        incomplete = worst_open < SEVERITIES.index(gravest) or any(q.topic.startswith("unread:") for q in questions)
        incomplete = incomplete and facts.deceased is None
        earliest = self._earliest() if verdict == "defer" else None
        return Screening(
            verdict=verdict,
            incomplete=incomplete,
            earliest_date=earliest,
            statement=self._statement(verdict, incomplete, earliest, len(questions)),
            asked_on=facts.asked_on,
            planned=facts.planned,
            edition=edition.fingerprint,
            edition_version=edition.version,
            findings=tuple(self.findings),
            open_questions=questions,
            order_questions=tuple(self.order_waits.values()),
            order_gaps=facts.order_gaps,
            checklist=tuple(self.checklist),
            accepted=facts.accepted,
            deceased=facts.deceased is not None,
        )

    # --- one rule ------------------------------------------------------------------------------------------

    def _take(self, rule: Rule, reading: Reading) -> None:
        if reading.answer:
            self._fire(rule, rule.adopted, reading)
        elif reading.answer is None and rule.checklist:
            self.checklist.append(self._checklist_item(rule, reading))
        elif reading.answer is None:
            dated = self._by_dates(rule, reading)
            if dated is not None:
                self._fire(rule, rule.adopted, dated)
            self._wait(rule, rule.adopted, reading)

    def _by_dates(self, rule: Rule, reading: Reading) -> Reading | None:
        """The rule's reading by the entries that have a day, where an entry without one leaves it open."""
        if not reading.facts & self.facts.at_most.keys() or rule.adopted.when is None:
            return None
        dated = self.edition.reader(rule.adopted.when)({**self.facts.row, **self.facts.at_most})
        return dated if dated.answer else None

    def _value(self, fact: str) -> Any:
        """What a finding goes by: a fact's value, or the time by the entries that have a day."""
        value = self.facts[fact]
        return self.facts.at_most.get(fact) if value is None else value

    def _fire(self, rule: Rule, adopted: Position, reading: Reading) -> None:
        assert adopted.says is not None and adopted.says != "none"
        earliest, until = self._wait_of(adopted)
        decision = self.edition.decisions.get(rule.id)
        self.findings.append(
            Finding(
                rule=rule.id,
                title=self._say(rule.title),
                severity=adopted.says,
                position=adopted.id,
                because=tuple(
                    self._because(fact) for fact in sorted(reading.facts, key=self._told_first) if self._tells(fact)
                ),
                do=self._say(rule.do),
                tell=self._say(rule.tell),
                earliest_date=earliest,
                until=until,
                grade=adopted.grade,
                reason=rule.because,
                sources=cited(self.edition, adopted.source),
                dissent=tuple(self._dissent(position) for position in rule.dissent),
                clinic_decision=None
                if decision is None
                else f"{decision.decided_by}, {decision.decided_on}: {decision.reason}",
            )
        )

    def _told_first(self, fact: str) -> tuple[bool, str]:
        """What there is before how long ago it was."""
        return self.edition.facts[fact].type == "number", fact

    def _tells(self, fact: str) -> bool:
        return self._value(fact) is not None and self._value(fact) is not False

    def _dissent(self, position: Position) -> Dissent:
        reading = self.edition.reader(position.when)(self.facts.row) if position.when else None
        if position.says == "none" or (reading is not None and reading.answer is False):
            says = "none"
        else:
            says = "ask" if reading is None or reading.answer is None else str(position.says)
        words = said_by(position.source) or f"{position.note} ({', '.join(c.ref for c in position.source)})".strip()
        label = {"none": "no objection here", "ask": "would ask more"}.get(says, says.replace("-", " "))
        return Dissent(
            position=position.id,
            says=says,
            line=f"{words}: {label}",
            grade=position.grade,
            sources=cited(self.edition, position.source),
        )

    def _because(self, fact: str) -> Because:
        evidence = self.facts.evidence.get(fact, ())
        return Because(
            fact=fact,
            title=self._say(self.edition.facts[fact].title),
            value=_as_printed(self._value(fact)),
            quotes=tuple(
                dict.fromkeys(" ".join(w for w in (e.quote, f"[{e.note}]" if e.note else "") if w) for e in evidence)
            ),
            read_as=tuple(dict.fromkeys(name for e in evidence for name in self._names(e))),
            confirm=any(e.guess for e in evidence),
        )

    def _names(self, evidence: Evidence) -> Iterator[str]:
        """What the words were read as, the most exact things only, unless the words say so themselves."""
        kinds = (self.edition.medicines, self.edition.allergens, self.edition.conditions)
        known = {i: kind[i] for i in evidence.read_as.split(", ") for kind in kinds if i in kind}
        above = {parent for concept in known.values() for parent in concept.is_a}
        exact = [i for i in known if i not in above and not known[i].contains]
        exact = [i for i in exact if i not in self.edition.classes] or exact
        said = evidence.quote.casefold()
        for concept_id in exact:
            name = known[concept_id].title or concept_id.replace("-", " ")
            if name.casefold() not in said:
                yield name

    def _wait_of(self, position: Position) -> tuple[date | None, str | None]:
        """Earliest acceptable day of a deferral, and in words until when."""
        wait = position.wait
        if wait is None:
            return None, None
        said = self._say(wait.text) if wait.text else None
        anchor = wait.since or wait.after
        value = self._value(anchor) if anchor else None
        if anchor is None or value is None or not (wait.days or wait.months):
            return None, said
        if wait.since and any(e.until is None for e in self.facts.evidence.get(anchor, ())) and value == 0:
            return None, said or self._length(wait.days, wait.months, "after the last time")
        offset = timedelta(days=int(value))
        day = self.facts.planned - offset if wait.since else self.facts.planned + offset
        if wait.since and self.edition.facts[anchor].unit == "month":
            day = self._event_day(anchor) or add_months(self.facts.planned, -int(value))
        end = add_months(day, wait.months or 0) + timedelta(days=wait.days or 0)
        return (end if end > self.facts.planned else None), said

    def _event_day(self, fact: str) -> date | None:
        ends = [day_bounds(e.until)[1] for e in self.facts.evidence.get(fact, ()) if e.until]
        return max(ends) if ends else None

    @staticmethod
    def _length(days: int | None, months: int | None, since: str) -> str:
        return f"{months} months {since}" if months else f"{days} days {since}"

    def _earliest(self) -> date | None:
        """The day every dated deferral has ended; None when one of them has no date."""
        deferrals = [f for f in self.findings if f.severity == "deferral"]
        dates = [f.earliest_date for f in deferrals]
        return None if any(day is None for day in dates) else max((d for d in dates if d), default=None)

    # --- what is not known ---------------------------------------------------------------------------------

    def _wait(self, rule: Rule, adopted: Position, reading: Reading) -> None:
        assert adopted.says is not None and adopted.says != "none"
        order_only = True
        for fact in sorted(reading.facts):
            if not self._is_asked(fact):
                continue
            order_only = False
            gravity, rules = self.stakes.setdefault(fact, (SEVERITIES.index(adopted.says), []))
            self.stakes[fact] = (min(gravity, SEVERITIES.index(adopted.says)), rules)
            rules.append(rule.id)
        orders = tuple(sorted(f for f in reading.facts if self.edition.facts[f].asked == "order"))
        unread = [fact for fact in orders if MORE in (self.facts[fact] or ())]
        if order_only and unread and self._concerns(adopted):
            for fact in unread:  # what was not read in the order could harm this very patient
                gravity, rules = self.stakes.setdefault(fact, (SEVERITIES.index(adopted.says), []))
                self.stakes[fact] = (min(gravity, SEVERITIES.index(adopted.says)), rules)
                rules.append(rule.id)
        elif order_only and orders:
            self.order_waits[rule.id] = OrderQuestion(
                rule=rule.id, title=self._say(rule.title), could_be=adopted.says, facts=orders
            )

    def _concerns(self, position: Position) -> bool:
        """Whether the patient's side of a condition over patient and order is true of this one."""
        assert position.when is not None
        return any(
            self.facts[fact] is True
            for fact in facts_of(self.edition.condition(position.when))
            if self.edition.facts[fact].asked != "order"
        )

    def _is_asked(self, name: str) -> bool:
        """Whether this fact is asked of this patient for this order."""
        if name not in self.asked_of:
            fact = self.edition.facts[name]
            needed = fact.asked == "everyone"
            if needed and fact.only_if:
                reading = self.edition.reader(fact.only_if)(self.facts.row)
                # Unknown for want of the order alone: the order answers first, the patient is not asked.
                open_to_patient = any(self.edition.facts[f].asked != "order" for f in reading.facts)
                needed = reading.answer is True or (reading.answer is None and open_to_patient)
            self.asked_of[name] = needed
        return self.asked_of[name]

    def _questions(self) -> tuple[OpenQuestion, ...]:
        """One question per thing to ask: a whole list that was never asked, words not read, one detail."""
        groups: dict[tuple[str, str | None], list[str]] = {}
        for fact in self.stakes:
            wait = self.facts.waiting.get(fact, "")
            if wait.startswith("unread:"):
                topic = wait.removeprefix("unread:")
                for unread in self.facts.unread:
                    if unread.topic == topic:
                        groups.setdefault((f"unread:{topic}", unread.quote), []).append(fact)
            elif wait.startswith(("route:", "date:", "kind:")):
                kind, quote = wait.split(":", 1)
                groups.setdefault((kind, quote), []).append(fact)
            elif self.edition.facts[fact].asked == "order":
                groups.setdefault(("order", "; ".join(self.facts.order_gaps)), []).append(fact)
            elif f"ask.{wait}" in self.edition.texts:
                groups.setdefault((wait, None), []).append(fact)
            else:
                groups.setdefault((fact, None), []).append(fact)
        out = [self._question(key, quote, facts) for (key, quote), facts in groups.items()]
        shown = {q.quote for q in out}
        for unread in self.facts.unread:
            if unread.quote not in shown:
                out.append(
                    OpenQuestion(
                        topic=f"unread:{unread.topic}",
                        facts=(),
                        rules=(),
                        could_be="relative-contraindication",
                        quote=unread.quote,
                        question=self._unread(unread.quote),
                    )
                )
        for contradiction in self.facts.contradictions:
            out.append(
                OpenQuestion(
                    topic="contradiction",
                    facts=contradiction.facts,
                    rules=(),
                    could_be="information",
                    quote=contradiction.quote,
                    question=self._phrase(
                        "ask.contradicted" if contradiction.answered else "ask.contradiction",
                        quote=contradiction.quote,
                        answered=contradiction.answered,
                    ),
                )
            )
        guesses = {evidence.quote: evidence for evidence in self.facts.guesses}
        for quote, evidence in guesses.items():
            out.append(
                OpenQuestion(
                    topic="confirm",
                    facts=(),
                    rules=(),
                    could_be="relative-contraindication",
                    quote=quote,
                    question=self._phrase("ask.confirm", quote=quote, read_as=evidence.read_as.split(",")[0]),
                )
            )
        out.sort(key=lambda q: (SEVERITIES.index(q.could_be), -q.count, q.question))
        return tuple(out)

    def _unread(self, quote: str) -> str:
        """What is asked of words that were not read; of a medicine known by name, what it does."""
        known = dict.fromkeys(name for unread in self.facts.unread if unread.quote == quote for name in unread.known)
        if not known:
            return self._phrase("ask.unread", quote=quote)
        return self._phrase("ask.effect", quote=quote, known=", ".join(name.replace("-", " ") for name in known))

    def _question(self, key: str, quote: str | None, facts: list[str]) -> OpenQuestion:
        rules = tuple(dict.fromkeys(rule for fact in facts for rule in self.stakes[fact][1]))
        gravest = min(self.stakes[fact][0] for fact in facts)
        fact = self.edition.facts.get(key)
        if key.startswith("unread:"):
            text = self._unread(quote or "")
        elif key == "order":
            text = self._phrase("ask.order", quote=quote or "")
        elif key in ("route", "date", "kind"):
            own = next((self.edition.facts[f].question for f in facts if self.edition.facts[f].question), None)
            text = self._say(own) if own and key == "date" else self._phrase(f"ask.{key}", quote=quote or "")
        elif fact is not None:
            text = self._say(fact.question) if fact.question else self._phrase("ask.fact", title=self._say(fact.title))
        else:
            text = self._phrase(f"ask.{key}")
        if self.facts.answered_on and normal(fact.topic if fact else key) in self.facts.lapsed:
            text = self._phrase("ask.again", day=self.facts.answered_on.isoformat(), question=text)
        return OpenQuestion(
            topic=key,
            question=text,
            facts=tuple(sorted(facts)),
            could_be=SEVERITIES[gravest],
            rules=rules,
            quote=quote,
            count=len(rules),
        )

    def _checklist_item(self, rule: Rule, reading: Reading) -> ChecklistItem:
        return ChecklistItem(
            rule=rule.id,
            title=self._say(rule.title),
            do=self._say(rule.do),
            sources=cited(self.edition, rule.adopted.source),
            facts=tuple(sorted(f for f in reading.facts if self.edition.facts[f].asked == "clinician")),
        )

    # --- words ---------------------------------------------------------------------------------------------

    def _say(self, text: dict[str, str]) -> str:
        return self.edition.text(text, self.language)

    def _phrase(self, key: str, **words: str) -> str:
        return self.edition.say(key, self.language, **words)

    def _statement(self, verdict: Verdict, incomplete: bool, earliest: date | None, questions: int) -> str:
        if self.facts.deceased is not None:
            day = self.facts.deceased
            return self._phrase("verdict.deceased", day=day) if day else self._phrase("verdict.deceased-undated")
        open_ = str(questions)
        if verdict == "clear" and incomplete:
            said = [self._phrase("verdict.cannot-be-cleared", count=open_)]
        else:
            said = [self._phrase(f"verdict.{verdict}")]
            if verdict == "defer" and earliest:
                said.append(self._phrase("verdict.earliest", day=earliest.isoformat()))
            elif verdict == "defer":
                said.append(self._phrase("verdict.no-date"))
            if incomplete:
                said.append(self._phrase("verdict.incomplete", count=open_))
        return " ".join((*said, *self._no_order()))

    def _no_order(self) -> tuple[str, ...]:
        """Where nothing at all is ordered: that everything which turns on the order is not read."""
        if any(self.facts[fact] is not None for fact in ("ingredients", "areas", "technique", "indication")):
            return ()
        return (self._phrase("verdict.no-order", count=str(len(self.order_waits))),)


def _as_printed(value: Any) -> Any:
    """A fact's value as JSON keeps it: elapsed times and ages are whole or short numbers."""
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)
    return value
