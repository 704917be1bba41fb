"""Answers → Choice. Every protocol is screened as if it were ordered; every product too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, get_args

from ..course.regimen import choose as regimen_of
from ..course.regimen import find_protocol, others
from ..course.request import Request
from ..course.words import Words
from ..intake import Answers, Facts, Order, read, region_id
from ..intake.read import closure
from ..knowledge import Alternative, Edition, Evidence, Price, Product, Protocol, cited
from ..knowledge.schema import Grade
from ..screening import Finding, Screening, screen
from ..values import plain
from .assessment import assess, assessed
from .concerns import concerns_of, indication_title
from .document import (
    Against,
    AlternativeChoice,
    Benefit,
    Choice,
    Concern,
    Found,
    IndicationChoice,
    Note,
    ProductChoice,
    ProtocolChoice,
    PublishedPrice,
    Standing,
)
from .prices import PriceList, Reckoner

_ABOUT = ("efficacy", "duration", "evidence")
_CONTROLLED = ("better", "no-different", "worse", "mixed")
_GRADES: tuple[str, ...] = get_args(Grade)
_AT_REST = 3  # Glogau class from which wrinkles show at rest
_DARK = 4  # phototype from which inflammation readily leaves dark patches
_SELF = "mesotherapy"  # itself among the alternatives, so that they can be held against it


def choose(
    answers: Answers,
    facts: Facts,
    edition: Edition,
    on: date,
    prices: PriceList | None = None,
    language: str = "en",
    *,
    only: str | None = None,
) -> Choice:
    """What could be done for the concerns of these answers, asked for on `on`; with `only` of that protocol alone, and
    of no product but those ordered. Raises InputError where the price list names what this edition does not know, or
    the order a regimen that is none."""
    return _Chooser(answers, facts, edition, on, prices, language, only).choice()


class _Chooser:
    def __init__(
        self,
        answers: Answers,
        facts: Facts,
        edition: Edition,
        on: date,
        prices: PriceList | None,
        language: str,
        only: str | None,
    ) -> None:
        self.answers, self.facts = assessed(answers, edition), facts
        self.assessment = assess(answers, edition, language)
        self.edition, self.on, self.language, self.only = edition, on, language, only
        self.order = answers.order or Order()
        self.reckoner = Reckoner(prices, self.order, edition, language)
        self.words = Words(edition, language)

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"choice.{key}", self.language, **words)

    def bare(self, key: str) -> str:
        """A phrase to stand inside another one."""
        return self.say(key).removeprefix("[en] ")

    def choice(self) -> Choice:
        edition = self.edition
        concerns = concerns_of(self.answers, edition)
        base = self.screened(mixture=(), indication=None)
        wanted = tuple(dict.fromkeys(c.indication for c in concerns if c.indication))
        indications = tuple(self.indication(i, base) for i in wanted) if self.facts.deceased is None else ()
        choice = Choice(
            language=self.language,
            asked_on=self.on,
            edition=edition.fingerprint,
            edition_version=edition.version,
            statement="",
            concerns=concerns,
            ask=tuple(self.ask(concerns, indications)),
            against=tuple(self.against(f) for f in base.findings if f.severity != "information"),
            assessment=self.assessment,
            notes=tuple(self.notes()),
            indications=indications,
            published=tuple(self.published(_SELF)) if indications else (),
            price_note=self.say("no-prices") if self.reckoner.prices is None else None,
        )
        return choice.model_copy(update={"statement": self.statement(choice, base)})

    def statement(self, choice: Choice, base: Screening) -> str:
        if self.facts.deceased is not None or base.deceased:
            return self.say("says-deceased")
        if not choice.concerns:
            return self.say("says-no-concern")
        if not choice.indications:
            return self.say("says-not-understood")
        standing = [p for i in choice.indications for p in i.protocols]
        for wanted, key in (("offered", "says-offered"), ("clinician-decides", "says-clinician")):
            found = [f"{p.title} ({self.bare(f'short-{p.benefit}')})" for p in standing if p.standing == wanted]
            if found:
                return self.say(key, titles="; ".join(found))
        if not standing:
            first = any(i.diagnosis_first for i in choice.indications)
            return self.say("says-diagnosis-first" if first else "says-no-protocol")
        return self.say("says-none-offered")

    def ask(self, concerns: Iterable[Concern], indications: Iterable[IndicationChoice]) -> Iterator[str]:
        """What is not understood or not known, and must be, before a protocol is named."""
        for concern in concerns:
            if concern.indication is None:
                yield self.say("ask-concern", words=concern.words)
        for indication in indications:
            if indication.diagnosis_first:
                yield self.say("ask-diagnosis", title=indication.title)
        if not self.order.areas and any(i.protocols for i in indications):
            yield self.say("ask-areas")

    def notes(self) -> Iterator[Note]:
        """What the phototype means for the choice."""
        phototype = self.answers.patient.phototype
        if phototype is None:
            yield Note(text=self.say("note-no-phototype"))
        elif phototype >= _DARK:
            yield Note(
                text=self.say("note-phototype", type=("IV", "V", "VI")[phototype - _DARK]),
                sources=cited(self.edition, self.edition.rules["pigment-risk"].adopted.source),
            )

    def cautions(self, indication: str) -> Iterator[Note]:
        """What the class of photoageing means for an indication that mesotherapy is compared in."""
        edition, itself = self.edition, self.edition.alternatives[_SELF]
        glogau = next((s.value for s in self.assessment.scores if s.scale == "glogau"), None)
        if glogau is not None and glogau >= _AT_REST and indication in itself.indications:
            yield Note(
                text=self.say("note-glogau", grade=plain(glogau)),
                sources=cited(edition, (*edition.scales["glogau"].source, *itself.source[:1])),
            )

    # --- one indication ------------------------------------------------------------------------------------

    def indication(self, indication: str, base: Screening) -> IndicationChoice:
        edition = self.edition
        key = f"choice.diagnosis.{indication}"
        first = edition.say(key, self.language) if key in edition.texts else None
        protocols = () if first else tuple(p for p in edition.protocols.values() if indication in p.indications)
        alternatives = sorted(
            (a for a in edition.alternatives.values() if indication in a.indications),
            key=lambda a: (not a.id.startswith("nothing"), _GRADES.index(a.design)),
        )
        return IndicationChoice(
            id=indication,
            title=indication_title(edition, indication),
            diagnosis_first=first,
            note=None if protocols or first else self.say("no-protocol"),
            cautions=tuple(self.cautions(indication)),
            protocols=tuple(self.protocol(p, indication, base) for p in protocols if self.only in (None, p.id)),
            alternatives=tuple(map(self.alternative, alternatives)),
        )

    def protocol(self, protocol: Protocol, indication: str, base: Screening) -> ProtocolChoice:
        edition = self.edition
        named = self.order.regimen if self.order.protocol == protocol.id else None
        start = self.order.planned_start or self.on
        request = Request(protocol=protocol.id, regimen=named, start=start)
        found_protocol = find_protocol(request, edition)
        regimen = regimen_of(request, found_protocol, edition, self.words)
        screening = self.screened(mixture=protocol.substances, indication=indication, protocol=protocol)
        known = {finding.rule for finding in base.findings}
        questions = {q.question for q in base.open_questions}
        standing: Standing = self.standing(screening) if self.fits(protocol) else "other-area"
        found = tuple(self.found(e) for e in self.evidence(protocol, indication))
        fitting = [p for p in self.reckoner.ordered if self.suits(protocol, edition.products[p])]
        course, year, note = self.reckoner.protocol(protocol.id, regimen, start, fitting)
        places = ", ".join(map(self.place, protocol.areas))
        return ProtocolChoice(
            id=protocol.id,
            title=edition.text(protocol.title, self.language),
            regimen=regimen.adopted.words,
            grade=regimen.adopted.grade,
            sessions=regimen.bounds,
            others=others(found_protocol, regimen.adopted.position, edition, self.words),
            standing=standing,
            standing_says=self.say(f"standing-{standing}", areas=places),
            earliest_date=screening.earliest_date if standing == "wait" else None,
            against=tuple(
                self.against(f) for f in screening.findings if f.rule not in known and f.severity != "information"
            ),
            questions=tuple(q.question for q in screening.open_questions if q.question not in questions),
            benefit=_benefit(found),
            says=self.in_words(found),
            evidence=edition.text(protocol.evidence, self.language),
            found=found,
            products=tuple(self.products(protocol, indication, screening)),
            course_cost=course,
            year_cost=year,
            cost_note=note,
            sources=regimen.adopted.sources,
        )

    def place(self, area: str) -> str:
        """An area as people say it; a whole such as `body` is no region of its own."""
        region = self.edition.regions.get(area)
        return area if region is None else self.edition.text(region.title, self.language)

    def screened(
        self, *, mixture: Iterable[str], indication: str | None, protocol: Protocol | None = None, product: str = ""
    ) -> Screening:
        """The screening of an order that holds just this."""
        lines = [{"product": product}] if product else [{"ingredient": name} for name in mixture]
        kept = self.order.model_dump(
            include={"planned_start", "planned_time", "time_zone", "purpose", "jurisdiction", "combined_with"},
            exclude_unset=True,
        )
        areas = self.order.areas or (protocol.areas if protocol else ())
        order = Order.model_validate({**kept, "areas": areas, "mixture": lines, "indication": indication})
        answers = self.answers.model_copy(update={"order": order})
        return screen(read(answers, self.edition, self.on), self.edition, self.language)

    def standing(self, screening: Screening) -> Standing:
        """What the screening makes of it; an answer that could still exclude it is asked for first."""
        by_verdict: dict[str, Standing] = {
            "defer": "wait", "needs-clinician-decision": "clinician-decides",
            "proceed-with-precautions": "offered", "clear": "offered",
        }  # fmt: skip
        if screening.verdict == "contraindicated":
            return "not-offered"
        return "ask" if screening.incomplete else by_verdict[screening.verdict]

    def fits(self, protocol: Protocol) -> bool:
        """Whether one of the ordered areas is among those it was published for, where both are named."""
        regions = [region_id(self.edition, area) for area in self.order.areas]
        if not protocol.areas or not regions or None in regions:
            return True
        published = {region_id(self.edition, area) or area for area in protocol.areas}
        return any(published & closure(self.edition, region) for region in regions if region)

    def against(self, finding: Finding) -> Against:
        own = (b for b in finding.because if self.edition.facts[b.fact].topic != "order")
        quotes = (f"{b.title}: “{'”, “'.join(b.quotes)}”" if b.quotes else b.title for b in own)
        return Against(
            rule=finding.rule, severity=finding.severity, title=finding.title, do=finding.do,
            because=tuple(quotes), earliest_date=finding.earliest_date,
        )  # fmt: skip

    # --- evidence ------------------------------------------------------------------------------------------

    def evidence(self, protocol: Protocol, indication: str) -> list[Evidence]:
        """Results for the indication with what the protocol puts in; the strongest design first."""
        siblings = [p for p in self.edition.protocols.values() if indication in p.indications]
        put_in = {name for other in self.edition.protocols.values() for name in other.substances}
        elsewhere = put_in - set(protocol.substances)
        # What is about nothing that a protocol puts in goes to the one named like the indication, or to all.
        broad = protocol.id == indication or all(sibling.id != indication for sibling in siblings)

        def concerns(record: Evidence) -> bool:
            held = self._held(record)
            return bool(held & set(protocol.substances)) or (broad and not (held and held <= elsewhere))

        return sorted(
            (
                r
                for r in self.edition.evidence.values()
                if indication in r.indications and _is_result(r) and concerns(r)
            ),
            key=lambda record: (_GRADES.index(record.design), -(record.people or 0)),
        )

    def _held(self, record: Evidence) -> set[str]:
        """The substances that a result is about, those of its products among them."""
        products = (self.edition.products[name] for name in record.products if name in self.edition.products)
        return set(record.substances).union(*(_contents(product, self.edition) for product in products))

    def found(self, record: Evidence) -> Found:
        edition = self.edition
        return Found(
            id=record.id,
            says=edition.text(record.says, self.language),
            design=record.design,
            people=record.people,
            against=None if record.against is None else edition.text(record.against, self.language),
            outcome=record.outcome or "not-compared",
            sources=cited(edition, record.source),
        )

    def in_words(self, found: tuple[Found, ...]) -> str:
        """The evidence in one sentence, a missing benefit said as plainly as a found one."""
        better = sum(f.outcome == "better" for f in found)
        none = sum(f.outcome in ("no-different", "worse") for f in found)
        mixed = sum(f.outcome == "mixed" for f in found)
        return self.say(
            f"benefit-{_benefit(found)}", better=str(better), none=str(none), mixed=str(mixed), all=str(len(found))
        )

    def products(self, protocol: Protocol, indication: str, screening: Screening) -> Iterator[ProductChoice]:
        """Products that hold what the protocol puts in and were studied for the indication, and those ordered."""
        edition = self.edition
        shared = {finding.rule for finding in screening.findings}
        ordered = set(self.reckoner.ordered)
        for product_id, product in edition.products.items():
            records = [r for r in edition.evidence.values() if product_id in r.products and indication in r.indications]
            if not self.suits(protocol, product) or not (product_id in ordered or (records and self.only is None)):
                continue
            found = tuple(self.found(record) for record in records if _is_result(record))
            own = self.screened(mixture=(), indication=indication, protocol=protocol, product=product_id)
            yield ProductChoice(
                id=product_id,
                title=edition.text(product.title, self.language),
                regulatory=None if product.regulatory is None else edition.text(product.regulatory, self.language),
                found=found,
                says=self.in_words(found),
                against=tuple(
                    self.against(f) for f in own.findings if f.rule not in shared and f.severity != "information"
                ),
            )

    def suits(self, protocol: Protocol, product: Product) -> bool:
        """Whether it holds what the protocol puts in, where that is something in particular."""
        return not protocol.substances or bool(_contents(product, self.edition) & set(protocol.substances))

    # --- alternatives --------------------------------------------------------------------------------------

    def alternative(self, alternative: Alternative) -> AlternativeChoice:
        edition, language = self.edition, self.language

        def text(words: dict[str, str] | None) -> str | None:
            return None if words is None else edition.text(words, language)

        cost, note = self.reckoner.alternative(alternative) if _priced(alternative) else (None, "")
        return AlternativeChoice(
            id=alternative.id,
            title=edition.text(alternative.title, language),
            use=edition.text(alternative.use, language),
            not_for=text(alternative.not_for),
            course=text(alternative.course),
            sessions=alternative.sessions,
            lasts=text(alternative.lasts),
            evidence=edition.text(alternative.evidence, language),
            design=alternative.design,
            published=() if alternative.id == _SELF else tuple(self.published(alternative.id)),
            cost=cost,
            cost_note=note,
            sources=cited(edition, alternative.source),
        )

    def published(self, alternative: str) -> Iterator[PublishedPrice]:
        """Prices found of an alternative, or of the treatment with which its id begins."""
        for price in self.edition.prices.values():
            if f"{alternative}-".startswith(f"{price.of}-") and (price.low is not None or price.high is not None):
                yield PublishedPrice(
                    words=self.price(price), currency=price.currency, low=price.low, high=price.high,
                    sources=cited(self.edition, price.source),
                )  # fmt: skip

    def price(self, price: Price) -> str:
        low, high = price.low, price.high
        kind: Literal["range", "one", "from"]
        if low is not None and high is not None:
            kind = "one" if low == high else "range"
        else:
            kind = "from"
        bounds = [plain(amount) for amount in (low, high) if amount is not None]
        return self.say(
            f"price-{kind}", title=self.edition.text(price.title, self.language), low=bounds[0], high=bounds[-1],
            currency=price.currency, per=self.bare(f"per-{price.per}"), country=price.country,
            year=str(price.year) if price.year else self.bare("no-year"),
        )  # fmt: skip


def _is_result(record: Evidence) -> bool:
    """Whether it says what came of a treatment, not of one dose or way against another."""
    return record.outcome is not None and record.about in _ABOUT


def _contents(product: Product, edition: Edition) -> set[str]:
    """Substances of a product by its label, salts also as what they are salts of."""
    held = {content.substance for content in product.contents or ()}
    return held | {of for name in held if name in edition.substances and (of := edition.substances[name].salt_of)}


def _priced(alternative: Alternative) -> bool:
    """Whether it has a price of its own: doing nothing has none, mesotherapy's stands with its protocols."""
    return alternative.id != _SELF and not alternative.id.startswith("nothing")


def _benefit(found: tuple[Found, ...]) -> Benefit:
    outcomes = {f.outcome for f in found if f.outcome in _CONTROLLED}
    if not found:
        return "none"
    if not outcomes:
        return "not-compared"
    if outcomes == {"better"}:
        return "found"
    return "no-difference" if outcomes <= {"no-different", "worse"} else "mixed"


__all__ = ["choose"]
