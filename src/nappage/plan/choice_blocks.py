"""What could be done, its evidence and cost, the skin assessment, the risks to be told and home care, as blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from ..choice import (
    Against,
    AlternativeChoice,
    Assessment,
    Care,
    Choice,
    Cost,
    Found,
    HomeCare,
    IndicationChoice,
    ProtocolChoice,
    PublishedPrice,
    ToldRisk,
)
from ..knowledge import Cited, Edition
from ..values import plain
from .sheet import (
    Block,
    Column,
    Entries,
    Entry,
    Line,
    Notice,
    Paragraph,
    Said,
    Section,
    Step,
    Steps,
    Table,
    Tone,
)
from .words import Words

Refs = Callable[[Iterable[Cited]], tuple[str, ...]]
_STANDING: dict[str, Tone] = {"offered": "go", "not-offered": "stop"}
_MOST_PERIODS = 5  # more are told by their length
_KEYS = re.compile(r" \([A-Z][A-Z0-9]+(, [A-Z][A-Z0-9]+)*\)")
_FIRST_SENTENCE = re.compile(r"(?<=[^\d ])[.;:]\s+(?=[A-Z])")


class ChoiceBlocks:
    """Writes the blocks of one sheet; `ref` remembers the sources they name."""

    def __init__(self, edition: Edition, language: str, ref: Refs) -> None:
        self.edition, self.language, self.ref = edition, language, ref
        self.words = Words(edition, language)

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"choice.{key}", self.language, **words)

    def bare(self, key: str, **words: str) -> str:
        """A phrase to stand inside another one."""
        return self.say(key, **words).removeprefix("[en] ")

    # --- a choice by itself ----------------------------------------------------------------------------------

    def sections(self, choice: Choice) -> Iterator[Section]:
        say = self.say
        yield Section(title=say("concerns"), blocks=tuple(self.concerns(choice)))
        if choice.ask:
            steps = tuple(Step(text=question) for question in choice.ask)
            yield Section(title=say("ask"), blocks=(Steps(boxes=True, steps=steps),))
        if choice.against:
            yield Section(title=say("against"), blocks=(Entries(entries=tuple(map(self.told, choice.against))),))
        yield Section(title=say("assessment"), blocks=tuple(self.assessment(choice.assessment)))
        for indication in choice.indications:
            yield Section(title=say("protocols", title=indication.title), blocks=tuple(self.protocols(indication)))
            yield Section(
                title=say("alternatives-of", title=indication.title),
                blocks=tuple(self.alternatives(indication.alternatives)),
            )
        if choice.published:
            yield Section(title=say("published"), blocks=tuple(self.published(choice.published)))

    def concerns(self, choice: Choice) -> Iterator[Block]:
        say = self.say
        if choice.concerns:
            yield Table(
                columns=(Column(title=say("words"), wide=True), Column(title=say("read-as"), wide=True)),
                rows=tuple(
                    (Said(text=f"“{c.words}”"), Said(text=c.title or say("not-read"), strong=c.title is not None))
                    for c in choice.concerns
                ),
            )
        for note in choice.notes:
            yield Paragraph(text=note.text, refs=self.ref(note.sources))

    def protocols(self, indication: IndicationChoice) -> Iterator[Block]:
        for text in (indication.diagnosis_first, indication.note):
            if text:
                yield Notice(tone="wait", title=text)
        yield from self.cautions(indication)
        if indication.protocols:
            yield Entries(entries=tuple(self.protocol(p) for p in indication.protocols))

    def cautions(self, indication: IndicationChoice) -> Iterator[Block]:
        for note in indication.cautions:
            yield Paragraph(text=note.text, refs=self.ref(note.sources))

    def protocol(self, protocol: ProtocolChoice) -> Entry:
        """Everything known of one protocol for this patient."""
        say = self.say
        tone: Tone = _STANDING.get(protocol.standing, "wait")
        lines = [Line(label=say("regimen"), text=f"{protocol.regimen}.", refs=self.ref(protocol.sources))]
        if protocol.earliest_date is not None:
            lines.append(Line(label=self.words("until"), text=self.words.day(protocol.earliest_date)))
        lines += self.labelled(say("speaks-against"), map(self.finding, protocol.against))
        lines += self.labelled(say("questions"), ((question, ()) for question in protocol.questions))
        lines.append(Line(label=say("benefit"), text=protocol.says))
        lines.append(Line(label=say("summary"), text=protocol.evidence))
        lines += self.results(protocol, whole=True)
        lines += self.labelled(say("products"), self.products(protocol))
        lines += self.disagreement(protocol)
        lines += self.costs(protocol)
        return Entry(mark=protocol.standing_says, tone=tone, title=protocol.title, lines=tuple(lines))

    def products(self, protocol: ProtocolChoice) -> Iterator[tuple[str, tuple[str, ...]]]:
        for product in protocol.products:
            parts = [f"{product.title}: {product.says}"]
            if product.regulatory:
                parts.append(product.regulatory)
            parts += [self.finding(against)[0] for against in product.against]
            yield " ".join(parts), self.ref(s for found in product.found for s in found.sources)

    def finding(self, against: Against) -> tuple[str, tuple[str, ...]]:
        because = f" ({'; '.join(against.because)})" if against.because else ""
        return f"{self.severity(against)}: {against.title}{because}. {against.do}", ()

    def told(self, against: Against) -> Entry:
        lines = [Line(label=self.words("because"), text=text) for text in against.because]
        lines.append(Line(label=self.words("do"), text=against.do))
        tone: Tone = "stop" if against.severity == "absolute-contraindication" else "wait"
        return Entry(mark=self.severity(against), tone=tone, title=against.title, lines=tuple(lines))

    def severity(self, against: Against) -> str:
        return self.words(f"severity-{against.severity}")

    def results(self, protocol: ProtocolChoice, *, whole: bool) -> Iterator[Line]:
        """What came of it: no difference first, then benefit; what was never compared is counted only."""
        labels = {"no-different": "no-difference", "worse": "no-difference", "mixed": "result", "better": "result"}
        order = list(labels)
        alone = [found for found in protocol.found if found.outcome == "not-compared"]
        compared = sorted((f for f in protocol.found if f not in alone), key=lambda f: order.index(f.outcome))
        shown = compared or alone
        last = ""
        for found in shown:
            label = self.say(labels.get(found.outcome, "not-compared"))
            text, refs = self.result(found, whole), self.ref(found.sources)
            yield Line(label="" if label == last else label, text=text, refs=refs)
            last = label
        if compared and alone:
            refs = self.ref(source for found in alone for source in found.sources)
            yield Line(
                label=self.say("not-compared"), text=self.say("more-uncompared", count=str(len(alone))), refs=refs
            )

    def result(self, found: Found, whole: bool) -> str:
        text = found.says if whole else _FIRST_SENTENCE.split(found.says)[0].rstrip(".") + "."
        about = [found.design.replace("-", " ")]
        if found.people:
            about.append(self.bare("people", count=str(found.people)))
        if found.against:
            about.append(self.bare("versus", against=found.against))
        return f"{text} ({', '.join(about)})"

    def disagreement(self, protocol: ProtocolChoice) -> Iterator[Line]:
        if protocol.others:
            names = dict.fromkeys(source.ref for other in protocol.others for source in other.sources)
            text = self.say("others", count=str(len(protocol.others)), sources=", ".join(names))
            self.ref(source for other in protocol.others for source in other.sources)
            yield Line(label=self.say("disagree"), text=f"{text}.")

    def costs(self, protocol: ProtocolChoice) -> Iterator[Line]:
        said = []
        for cost, one, several in (
            (protocol.course_cost, "costs", "course-costs"),
            (protocol.year_cost, "year-cost", "year-costs"),
        ):
            if cost is not None:
                said.append(self.cost(cost, one, several))
        text = "; ".join(said)
        yield Line(
            label=self.say("cost"), text=" ".join(p for p in (f"{text}." if text else "", protocol.cost_note) if p)
        )

    def cost(self, cost: Cost, one: str, several: str) -> str:
        key = one if cost.low == cost.high else several
        return self.say(key, low=plain(cost.low), high=plain(cost.high), currency=cost.currency, words=cost.words)

    def labelled(self, label: str, texts: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Line]:
        for number, (text, refs) in enumerate(texts):
            yield Line(label="" if number else label, text=text, refs=refs)

    def published(self, prices: Iterable[PublishedPrice]) -> Iterator[Block]:
        yield Paragraph(text=self.say("published-note"), quiet=True)
        steps = tuple(Step(text=price.words, refs=self.ref(price.sources)) for price in prices)
        yield Steps(steps=steps)

    def alternatives(self, alternatives: Iterable[AlternativeChoice]) -> Iterator[Block]:
        say = self.say
        rows = tuple(map(self.alternative, alternatives))
        if not rows:
            return
        yield Table(
            columns=_columns((say("alternative"), 3), (say("use"), 6), (say("benefit"), 6)),
            rows=rows,
            note=f"{say('alternatives-note')} {say('published-note')}",
        )

    def alternative(self, found: AlternativeChoice) -> tuple[Said, ...]:
        say = self.say
        use = found.use + (f"; {self.bare('not-for', what=found.not_for)}" if found.not_for else "")
        course = [_capital(part) for part in (found.course,) if part]
        if not found.id.startswith("nothing"):
            course.append(say("lasts", what=found.lasts) if found.lasts else say("no-length"))
        here = [f"{say('cost')}: {self.cost(found.cost, 'costs', 'course-costs')}."] if found.cost else []
        prices = (
            [say("elsewhere", prices="; ".join(price.words for price in found.published))] if found.published else []
        )
        refs = self.ref((*found.sources, *(source for price in found.published for source in price.sources)))
        return (
            Said(text=found.title, strong=True),
            Said(text=" ".join([f"{_capital(use)}.", *(f"{part}." for part in course), *here, *prices])),
            Said(text=found.evidence, refs=refs),
        )

    # --- blocks of a plan ------------------------------------------------------------------------------------

    def known(self, indication: IndicationChoice) -> Iterator[Block]:
        """For a plan: what was found of its protocol, shortly, and what else there is."""
        say = self.say
        for text in (indication.diagnosis_first, indication.note):
            if text:
                yield Notice(tone="wait", title=text)
        yield from self.cautions(indication)
        entries = []
        for protocol in indication.protocols:
            lines = [Line(label=say("benefit"), text=protocol.says)]
            lines += self.results(protocol, whole=False)
            lines += self.labelled(say("products"), self.products(protocol))
            if protocol.course_cost is not None:
                lines += self.costs(protocol)
            entries.append(Entry(mark="", title=protocol.title, lines=tuple(lines)))
        if entries:
            yield Entries(entries=tuple(entries))
        yield from self.alternatives(indication.alternatives)

    def assessment(self, assessment: Assessment) -> Iterator[Block]:
        say = self.say
        if assessment.scores:
            rows = []
            for score in assessment.scores:
                more = "; ".join(f"{name.replace('_', ' ')} {plain(value)}" for name, value in score.details.items())
                bounds = ""
                if score.low is not None and score.high is not None:
                    bounds = self.bare("bounds", low=plain(score.low), high=plain(score.high))
                meaning = "; ".join(part for part in (score.label or "", more) if part)
                rows.append(
                    (
                        Said(text=score.title, strong=True),
                        Said(text=" ".join(part for part in (plain(score.value), bounds) if part)),
                        Said(text=meaning, refs=self.ref(score.sources)),
                    )
                )
            yield Table(
                columns=_columns((say("scale"), 4), (say("value"), 2), (say("meaning"), 6)),
                rows=tuple(rows),
            )
        for fault in assessment.faults:
            yield Notice(tone="wait", title=say("not-scored"), text=fault)

    def risks(self, risks: Iterable[ToldRisk]) -> Iterator[Block]:
        say = self.say
        rows = tuple(
            (
                Said(text=f"{risk.title} ({self.bare('grave')})" if risk.grave else risk.title, strong=True),
                Said(text=f"{risk.tell} {say('unsure')}" if risk.unsure else risk.tell, refs=self.ref(risk.sources)),
                Said(text=risk.frequency or say("frequency-unknown")),
            )
            for risk in risks
        )
        if rows:
            columns = _columns((say("risk"), 5), (say("risk-tell"), 14), (say("how-often"), 5))
            yield Table(columns=columns, rows=rows, note=say("risks-note"), long=True)

    def home(self, care: HomeCare) -> Iterator[Block]:
        say = self.say
        rows = tuple(
            (
                Said(text=_capital(line.what), strong=True),
                Said(text=f"{line.text}{self.dissent(line)}", refs=self.ref(line.sources)),
                Said(text=self.when(line, kind)),
            )
            for kind, lines in (("use", care.use), ("wait", care.wait), ("ask", care.ask))
            for line in lines
        )
        yield Table(
            columns=_columns((say("home-what"), 3), (say("home-how"), 7), (say("home-when"), 4)),
            rows=rows,
        )

    def home_steps(self, care: HomeCare) -> Steps:
        """The same for the patient, without sources."""
        return Steps(
            steps=tuple(
                Step(text=f"{_capital(line.what)}: {line.text}", when=self.when(line, kind))
                for kind, lines in (("use", care.use), ("wait", care.wait), ("ask", care.ask))
                for line in lines
            )
        )

    def risk_steps(self, risks: Iterable[ToldRisk]) -> Steps:
        """The same for the patient, without sources."""
        return Steps(
            steps=tuple(Step(text=f"{r.title}. {r.tell}", when=_KEYS.sub("", r.frequency or "")) for r in risks)
        )

    def dissent(self, line: Care) -> str:
        return f" {self.words('disagrees')}: {'; '.join(line.dissent)}" if line.dissent else ""

    def when(self, line: Care, kind: str) -> str:
        say = self.say
        if kind == "use":
            return say("every-day")
        if kind == "ask":
            return ""
        if 0 < len(line.periods) <= _MOST_PERIODS:
            return "; ".join(say("resume", first=self.day(p.first), resume=self.day(p.resume)) for p in line.periods)
        before, after = (self.days(count or 0) for count in (line.before_days, line.after_days))
        return say("undated", before=before, after=after) if line.before_days else say("undated-after", after=after)

    def days(self, count: int) -> str:
        return self.bare("one-day") if count == 1 else self.bare("days", count=str(count))

    def day(self, day: date) -> str:
        return self.words.short_day(day)


def _columns(*columns: tuple[str, int]) -> tuple[Column, ...]:
    return tuple(Column(title=title, wide=True, parts=parts) for title, parts in columns)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
