"""What is answered: a Choice with its indications, protocols, products, alternatives and costs."""

from __future__ import annotations

from datetime import date
from typing import Literal

from .. import __version__
from ..course import Other
from ..knowledge import Cited
from ..scales import Score
from ..values import Amount, Document


class Concern(Document):
    """The patient's words and what they were read as; None: they are asked about."""

    words: str
    indication: str | None = None
    title: str | None = None


class Against(Document):
    """A finding that speaks against, with what it rests on."""

    rule: str
    severity: str
    title: str
    do: str
    because: tuple[str, ...] = ()
    earliest_date: date | None = None


class Found(Document):
    """One result: who was compared with what, and what came of it. `people`: how many took part, where it was read."""

    id: str
    says: str
    design: str
    people: int | None = None
    against: str | None = None
    outcome: str
    sources: tuple[Cited, ...]


class Cost(Document):
    """What something costs at the clinic's own prices, and the sum it comes from."""

    currency: str
    low: Amount
    high: Amount
    words: str


class ProductChoice(Document):
    """A product with what was found for it. `against`: what speaks against it beyond what its protocol shares."""

    id: str
    title: str
    regulatory: str | None = None
    found: tuple[Found, ...] = ()
    says: str
    against: tuple[Against, ...] = ()


Standing = Literal["offered", "clinician-decides", "wait", "ask", "other-area", "not-offered"]
Benefit = Literal["found", "mixed", "no-difference", "not-compared", "none"]


class ProtocolChoice(Document):
    """A published protocol for this patient. `says`: its evidence in plain words, a missing benefit among them."""

    id: str
    title: str
    regimen: str
    grade: str | None
    sessions: tuple[int, int]
    others: tuple[Other, ...]
    standing: Standing
    standing_says: str
    earliest_date: date | None = None
    against: tuple[Against, ...] = ()
    questions: tuple[str, ...] = ()
    benefit: Benefit
    says: str
    evidence: str
    found: tuple[Found, ...] = ()
    products: tuple[ProductChoice, ...] = ()
    course_cost: Cost | None = None
    year_cost: Cost | None = None
    cost_note: str
    sources: tuple[Cited, ...]


class PublishedPrice(Document):
    """What was asked somewhere, in its own currency."""

    words: str
    currency: str
    low: Amount | None
    high: Amount | None
    sources: tuple[Cited, ...]


class AlternativeChoice(Document):
    id: str
    title: str
    use: str
    not_for: str | None = None
    course: str | None = None
    sessions: tuple[int, int] | None = None
    lasts: str | None = None
    evidence: str
    design: str
    published: tuple[PublishedPrice, ...] = ()
    cost: Cost | None = None
    cost_note: str
    sources: tuple[Cited, ...]


class Note(Document):
    text: str
    sources: tuple[Cited, ...] = ()


class IndicationChoice(Document):
    """`diagnosis_first`: why no protocol is shown before a diagnosis; `note`: why there is none at all.
    `cautions`: what the skin assessment means for it."""

    id: str
    title: str
    diagnosis_first: str | None = None
    note: str | None = None
    cautions: tuple[Note, ...] = ()
    protocols: tuple[ProtocolChoice, ...] = ()
    alternatives: tuple[AlternativeChoice, ...] = ()


class Assessment(Document):
    """The scales that were filled in, scored; `faults`: those that could not be, and what to correct."""

    scores: tuple[Score, ...] = ()
    faults: tuple[str, ...] = ()


class Choice(Document):
    """What could be done for one patient's concerns. Self-contained: words, sources and versions are in it."""

    document: Literal["choice"] = "choice"
    software: str = __version__
    language: str
    asked_on: date
    edition: str
    edition_version: str
    statement: str
    concerns: tuple[Concern, ...]
    ask: tuple[str, ...]  # what must be answered before a protocol can be named
    against: tuple[Against, ...]  # speaks against any injection, whatever is injected
    assessment: Assessment
    notes: tuple[Note, ...]
    indications: tuple[IndicationChoice, ...]
    published: tuple[PublishedPrice, ...] = ()  # of mesotherapy itself
    price_note: str | None = None

    @property
    def offers(self) -> bool:
        """Whether a protocol stands that may be planned for this patient."""
        return any(p.standing == "offered" for i in self.indications for p in i.protocols)
