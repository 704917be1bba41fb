"""Skincare and habits between the sessions of a course: what may be used, what waits from when to when.

What may be prescribed is never told to wait: it is kept, and its prescriber is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from ..intake import Answers
from ..intake.answers import SkincareEntry
from ..intake.concepts import Dictionary
from ..knowledge import Cited, Edition, cited
from ..values import Document


class Period(Document):
    """Left out from `first`; again from `resume`."""

    first: date
    resume: date


class Care(Document):
    """One line: of a product of the patient's, of a habit, or of what everyone uses. `prescribed`: it is or may be, so
    nothing is left out. No `periods` without dates: then `before_days` and `after_days` count from each session."""

    what: str
    text: str
    prescribed: bool = False
    before_days: int | None = None
    after_days: int | None = None
    periods: tuple[Period, ...] = ()
    sources: tuple[Cited, ...] = ()
    dissent: tuple[str, ...] = ()


class HomeCare(Document):
    use: tuple[Care, ...]
    wait: tuple[Care, ...]
    ask: tuple[Care, ...]  # prescribed or not known: kept, and asked about


@dataclass(frozen=True)
class _Kind:
    """What irritates, by the concepts that its names are read as, and the records that say for how long."""

    name: str
    concepts: frozenset[str]
    before: str | None
    after: str | None


_KINDS = tuple(
    _Kind(name, frozenset(concepts.split()), before, after)
    for name, concepts, before, after in (
        ("retinoid", "retinoid", "before-retinoid", "after-retinoid"),
        ("acid", "exfoliating-acid", "home-acid-before-session", "home-acid-after-session"),
        ("lightener", "skin-lightener hydroquinone", "home-lightener-before-session", "home-lightener-after-session"),
        (
            "benzoyl-peroxide", "benzoyl-peroxide",
            "home-benzoyl-peroxide-before-session", "home-benzoyl-peroxide-after-session",
        ),
        ("vitamin-c", "vitamin-c", None, "home-vitamin-c-after-session"),
    )
)  # fmt: skip
_SCRUB = _Kind("scrub", frozenset(), "home-scrub-before-session", "home-scrub-after-session")
_SCRUBS = re.compile(r"scrub|exfoliat|brush|gommage|microdermabrasion|peeling glove|loofah", re.I)
_HARMLESS = frozenset({"skincare", "sunscreen"})
_WEEK = 7
_HABITS = (
    ("hair-removal", "interval-waxing-before-session", "interval-waxing-after-session"),
    ("sun", None, "interval-before-sun"),
    ("alcohol", "before-alcohol", "after-alcohol"),
    ("smoking", None, "home-smoking-after-session"),
)
_NOT = ("no", "none", "never", "false", "non", "nil", "0")


def home_care(answers: Answers, days: Iterable[date], on: date, edition: Edition, language: str = "en") -> HomeCare:
    """What holds around the sessions on `days`; periods that touch are one, and none begins before `on`."""
    return _Writer(answers, tuple(sorted(days)), on, edition, language).write()


class _Writer:
    def __init__(self, answers: Answers, days: tuple[date, ...], on: date, edition: Edition, language: str) -> None:
        self.answers, self.days, self.on = answers, days, on
        self.edition, self.language = edition, language
        self.dictionary = Dictionary.of(edition, "medicines")

    def write(self) -> HomeCare:
        wait: list[Care] = []
        ask: list[Care] = []
        for entry in (*(self.answers.skincare or ()), *self._on_the_skin()):
            care = self._product(entry)
            if care is not None:
                (ask if care.prescribed or not (care.before_days or care.after_days) else wait).append(care)
        if self.answers.skincare is None:
            ask.append(Care(what=self._say("home-skincare"), text=self._say("home-skincare-unknown")))
        wait += [self._habit(*habit) for habit in _HABITS if self._has(habit[0])]
        return HomeCare(use=tuple(self._use()), wait=tuple(wait), ask=tuple(ask))

    def _use(self) -> Iterable[Care]:
        for name in ("home-sunscreen", "home-cleanser", "home-moisturiser"):
            record = self.edition.evidence.get(name)
            if record is not None:
                yield Care(
                    what=self._say(f"use-{name.removeprefix('home-')}"),
                    text=self.edition.text(record.says, self.language),
                    sources=cited(self.edition, record.source),
                )

    def _on_the_skin(self) -> Iterable[SkincareEntry]:
        """Current medicines that are put on the skin and irritate it, the record's among them; of those nothing says
        that they were self-bought."""
        record = self.answers.record
        for entry in (*(self.answers.medications or ()), *((record.medications if record else None) or ())):
            line = self.dictionary.line(entry.name, entry.codes, "medications")
            routes = {part.route for part in line.parts} | {(entry.route or "").strip().casefold()}
            irritates = any(kind.concepts & part.concepts for kind in _KINDS for part in line.parts)
            if irritates and "topical" in routes and entry.current is not False and entry.stopped is None:
                yield SkincareEntry(product=entry.name or "?", prescribed=entry.prescribed)

    def _product(self, entry: SkincareEntry) -> Care | None:
        """A line of the patient's skincare; None: it may stay as it is."""
        words = " ".join(dict.fromkeys(part for part in (entry.product, entry.active or "") if part))
        what = entry.product or entry.active or ""
        line = self.dictionary.line(words, {}, "medications")
        concepts = {concept for part in line.parts for concept in part.concepts}
        kinds = [kind for kind in _KINDS if kind.concepts & concepts]
        if _SCRUBS.search(words) and not any(kind.name == "acid" for kind in kinds):
            kinds.append(_SCRUB)
        if not kinds:
            if concepts and concepts <= _HARMLESS:
                return None
            return Care(what=what, text=self._say("home-unread" if not concepts else "home-other"), prescribed=True)
        if entry.prescribed is True:
            return Care(what=what, text=self._say("home-prescribed"), prescribed=True)
        # Of several actives in one product the longest pause counts.
        befores = [self._length(kind.before) for kind in kinds]
        afters = [self._length(kind.after) for kind in kinds]
        before, after = max(b[0] for b in befores), max(a[0] for a in afters)
        sure = entry.prescribed is False
        return self._care(
            what, "home-self-bought" if sure else "home-unsure", before, after,
            [kind.before for kind in kinds] + [kind.after for kind in kinds],
        )  # fmt: skip

    def _habit(self, name: str, before: str | None, after: str | None) -> Care:
        return self._care(
            self._say(f"habit-{name}"), f"habit-{name}-text", self._length(before)[0], self._length(after)[0],
            [before, after],
        )  # fmt: skip

    def _care(self, what: str, key: str, before: int, after: int, records: Iterable[str | None]) -> Care:
        sources: list[Cited] = []
        dissent: list[str] = []
        for name in records:
            if name is None:
                continue
            _, found, others = self._length(name)
            sources += found
            dissent += others
        return Care(
            what=what,
            text=self._say(key),
            before_days=before,
            after_days=after,
            periods=self._periods(before, after),
            sources=tuple({(s.ref, s.says): s for s in sources}.values()),
            dissent=tuple(dict.fromkeys(dissent)),
        )

    def _length(self, name: str | None) -> tuple[int, tuple[Cited, ...], tuple[str, ...]]:
        """A record's adopted length in whole days, its sources, and who says otherwise."""
        if name is None:
            return 0, (), ()
        record = self.edition.values.get(name) or self.edition.advice[name]
        adopted = record.adopted
        days = _in_days(adopted.value, adopted.unit)
        others = tuple(
            f"{'; '.join(c.says for c in p.source if c.says)} ({', '.join(c.ref for c in p.source)})"
            for p in record.dissent
            if any(c.says for c in p.source)
        )
        return days, cited(self.edition, adopted.source), others

    def _periods(self, before: int, after: int) -> tuple[Period, ...]:
        periods: list[Period] = []
        for day in self.days:
            first = max(day - timedelta(days=before), min(self.on, day))
            resume = day + timedelta(days=after)
            if periods and first <= periods[-1].resume:
                periods[-1] = Period(first=periods[-1].first, resume=max(resume, periods[-1].resume))
            else:
                periods.append(Period(first=first, resume=resume))
        return tuple(periods)

    def _has(self, habit: str) -> bool:
        """Whether a line on this habit is for this patient; what was not asked counts as yes."""
        lifestyle = self.answers.lifestyle
        given = {"smoking": lifestyle.smoking, "alcohol": lifestyle.alcohol}.get(habit)
        return given is None or not (given is False or str(given).strip().casefold() in _NOT)

    def _say(self, key: str) -> str:
        return self.edition.say(f"choice.{key}", self.language)


def _in_days(value: object, unit: str | None) -> int:
    hours = float(str(value)) * {"hour": 1, "day": 24, "week": 24 * _WEEK}[unit or "day"]
    return -(-int(hours) // 24)
