"""The shapes of the records under `data/`. One clinical question, one file; several positions, one adopted.

A record that says something clinical (Rule, ValueRecord, Protocol, Advice, TriageRule) holds *positions*. Each position
carries its own source, dates and grade. `adopts` names the one in force and `because` gives the reason.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..values import Amount, Document


class KnowledgeError(Exception):
    """A record that may not be published: names file, key, what is wrong."""


Severity = Literal["absolute-contraindication", "deferral", "relative-contraindication", "precaution", "information"]
# Gravest first; the order in which findings are shown and verdicts chosen.
SEVERITIES: tuple[Severity, ...] = (
    "absolute-contraindication", "deferral", "relative-contraindication", "precaution", "information",
)  # fmt: skip

Level = Literal["emergency", "same-day-review", "routine-review", "expected"]
# Most urgent first.
LEVELS: tuple[Level, ...] = ("emergency", "same-day-review", "routine-review", "expected")

Grade = Literal[
    "guideline", "label", "regulation", "regulator-warning", "systematic-review", "rct", "cohort",
    "case-series", "case-report", "outbreak-report", "pharmacovigilance", "survey", "review", "experimental",
    "expert-opinion", "clinic-leaflet", "seed-article", "secondary-web", "press", "background", "proposal",
    "unsourced",
]  # fmt: skip

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
FactId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _only_english(value: Any) -> Any:
    return {"en": " ".join(value.split())} if isinstance(value, str) else value


# A text by language; a bare string is English. `Edition.text` chooses, and falls back visibly.
Text = Annotated[dict[str, str], BeforeValidator(_only_english), Field(min_length=1)]


class Citation(Document):
    """Where a position stands: a key of sources.yaml and the place in it."""

    ref: str
    at: str = ""
    says: str = ""  # the position as this source has it, paraphrased, with its figures


class Source(Document):
    """A publication. `seen` tells how much of it was read by whoever made the record."""

    title: str
    kind: Grade | None = None
    seen: Literal["full-text", "excerpt", "abstract", "abstract-and-headings", "not-retrieved"]
    url: str | None = None
    year: int | None = None


class Valid(Document):
    since: date | None = None
    until: date | None = None

    def on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Wait(Document):
    """When a deferral ends: so long after a past event (`since`: a fact counting days since it), or after a
    coming one (`after`: a fact counting days until it). Without a length: until `text`, no date."""

    since: FactId | None = None
    after: FactId | None = None
    days: int | None = None
    months: int | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Wait:
        if (self.days or self.months) and not (self.since or self.after):
            raise ValueError("a wait of days or months needs 'since' or 'after'")
        if not (self.days or self.months or self.text):
            raise ValueError("a wait needs days, months or a text")
        return self


class Position(Document):
    """One answer to the record's question. A rule's says `says` where `when` holds; a value's gives `value`
    with `unit`; an advice's may give `value`; a protocol's gives `phases`."""

    id: Id
    source: tuple[Citation, ...] = Field(min_length=1)
    grade: Grade
    note: str = ""
    valid: Valid = Valid()
    # rule
    says: Severity | Literal["none"] | None = None
    when: str | None = None
    wait: Wait | None = None
    # value, advice
    value: Amount | None = None
    unit: str | None = None
    # protocol
    phases: tuple[Phase, ...] = ()
    # triage: where `when` holds, so urgent, and looked at within so many hours
    level: Level | None = None
    within_hours: Annotated[int, Field(ge=0)] | None = None


class Phase(Document):
    """Part of a course. Either `sessions` (a number or [low, high]) at `every` days/weeks/months, or
    `offsets_days` from the first session of the phase. `min_days`/`max_days` bound the gap."""

    name: Literal["initial", "taper", "maintenance"]
    sessions: int | tuple[int, int] | None = None
    every: Amount | None = None
    unit: Literal["day", "week", "month"] | None = None
    at_most: Amount | None = None  # the interval's upper end, in `unit`
    offsets_days: tuple[int, ...] = ()
    review: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Phase:
        if bool(self.offsets_days) == bool(self.every):
            raise ValueError("a phase has either 'every' with 'unit', or 'offsets_days'")
        if self.every and not self.unit:
            raise ValueError("'every' needs a 'unit'")
        return self


class Example(Document):
    """A case that is a test, in both readings. `expect` maps position id → severity, none or ask;
    a bare word is what the adopted position says."""

    given: dict[str, Any]
    expect: str | dict[str, str]


class _Record(Document):
    """What every clinical record has."""

    id: Id
    title: Text
    records: tuple[str, ...] = ()  # dossier records it carries
    positions: tuple[Position, ...] = Field(min_length=1)
    adopts: Id
    because: str = Field(min_length=1)
    review_by: date

    @model_validator(mode="after")
    def _consistent(self) -> _Record:
        ids = [position.id for position in self.positions]
        if len(set(ids)) != len(ids):
            raise ValueError("two positions share an id")
        if self.adopts not in ids:
            raise ValueError(f"adopts '{self.adopts}', which is none of its positions ({', '.join(ids)})")
        return self

    @property
    def adopted(self) -> Position:
        """The position in force."""
        return next(position for position in self.positions if position.id == self.adopts)

    @property
    def dissent(self) -> tuple[Position, ...]:
        """The other positions, kept to be shown."""
        return tuple(position for position in self.positions if position.id != self.adopts)


class Rule(_Record):
    """May this patient have this order? Each position says a severity where its condition holds."""

    topic: Literal[
        "age", "pregnancy", "bleeding", "medicines", "skin", "scarring", "immunity", "conditions", "allergy",
        "interaction", "procedures", "events", "psychology", "preparation", "product", "technique",
        "jurisdiction", "conduct",
    ]  # fmt: skip
    do: Text  # for the clinician: what to do, or what would change it
    tell: Text  # for the patient, in plain words
    checklist: bool = False  # part of every session's conduct, not a finding about this patient
    examples: tuple[Example, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _says(self) -> Rule:
        for position in self.positions:
            if position.says is None or (position.when is None) != (position.says == "none"):
                raise ValueError(f"position '{position.id}' needs 'says' with 'when', or says: none alone")
            if position.says == "deferral" and position.wait is None:
                raise ValueError(f"position '{position.id}' defers, so it needs 'wait'")
        return self


class ValueRecord(_Record):
    """A number that limits: ceiling, washout, spacing, depth. The tightest that applies governs."""

    about: str  # substance, product, technique, region or procedure id it limits
    measure: Literal[
        "max-mg-per-kg-per-session", "max-mg-per-session", "max-mg-per-point", "max-ml-per-point",
        "max-ml-per-session", "max-points-per-session", "max-mg-per-cm2", "max-mg-per-ml", "max-g-per-session",
        "max-g-per-cm2", "max-cm2", "max-dwell-min", "min-dwell-min", "max-sessions", "min-days-between-sessions",
        "min-months-between-sessions", "min-spacing-mm", "max-depth-mm", "max-mg-per-day", "max-course-days",
        "max-strength-percent", "days-before-session", "days-after-session", "max-ug-per-ml",
        "max-days-since-answered", "min-days-before-signature", "max-days-before-plan",
    ]  # fmt: skip
    when: str | None = None  # over patient and order facts; absent: always
    refuse_beyond: Id | None = None  # between the adopted and this position a prescriber decides; past it: refused

    @model_validator(mode="after")
    def _valued(self) -> ValueRecord:
        for position in self.positions:
            if position.value is None or not position.unit:
                raise ValueError(f"position '{position.id}' needs a value and a unit")
        if self.refuse_beyond and self.refuse_beyond not in {p.id for p in self.positions}:
            raise ValueError(f"refuse_beyond names '{self.refuse_beyond}', which is none of its positions")
        return self


class Protocol(_Record):
    """A published regimen family for an indication; each position is one regimen."""

    indications: tuple[str, ...] = Field(min_length=1)
    substances: tuple[str, ...] = ()  # what is put into the skin, where the regimen means something in particular
    areas: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    missed: Literal["moves-the-rest", "is-dropped"] = "moves-the-rest"
    evidence: Text

    @model_validator(mode="after")
    def _phased(self) -> Protocol:
        for position in self.positions:
            if not position.phases:
                raise ValueError(f"position '{position.id}' needs phases")
        return self


class Advice(_Record):
    """One line of a patient's sheet. `{until}` or `{from}` in `tell` becomes this session's clock time."""

    rank: int = 0  # its place among the lines of its phase; of equals, by id
    phase: Literal["about", "before", "during", "after", "normal", "warning"]
    topic: Id
    when: str | None = None  # over the treatment facts; absent: everyone
    prescribed: bool = False  # speaks of something that may be prescribed: never an instruction to stop
    tell: Text
    act: Level | None = None


class TriageRule(_Record):
    """What a report after a session means: each position gives a level where its condition over the report's facts
    (and the treatment's) holds. `ask` are the signs whose answers would settle it."""

    topic: Id
    do: Text  # for the clinician: what to do now
    tell: Text  # for the patient, in plain words
    ask: tuple[FactId, ...] = ()
    ctcae: Text | None = None  # the grade it would have, where the scale has the term
    reportable: bool = False  # a regulator wants to know of it
    examples: tuple[Example, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _levels(self) -> TriageRule:
        for position in self.positions:
            if position.level is None or position.when is None:
                raise ValueError(f"position '{position.id}' needs 'level' and 'when'")
            if position.level != "expected" and position.within_hours is None:
                raise ValueError(f"position '{position.id}' is no 'expected', so it needs 'within_hours'")
        return self


class Evidence(Document):
    """What one publication, or several that agree, found or states, with its figures."""

    id: Id
    says: Text
    about: Id  # what it speaks of: efficacy, duration, onset, technique, depth, pain, cost, mechanism …
    indications: tuple[str, ...] = ()  # concept ids
    substances: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    design: Grade
    people: int | None = None
    against: Text | None = None  # what it was compared with; absent: nothing
    outcome: Literal["better", "no-different", "worse", "mixed", "not-compared"] | None = None
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


class Risk(Document):
    """An effect that consent must name. No `frequency`: none was found, and consent says so."""

    id: Id
    title: Text
    frequency: Text | None = None
    grave: bool = False  # may leave lasting harm, or need a hospital
    when: str | None = None  # over the treatment's facts: products, ingredients, technique, areas …; absent: always
    tell: Text  # for the patient, in plain words
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


class Price(Document):
    """What was asked for something, somewhere: a published range."""

    id: Id
    title: Text
    of: Id  # an alternative's id, or `mesotherapy`
    country: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    low: Amount | None = None
    high: Amount | None = None
    per: Literal["session", "course", "syringe", "area"]
    year: int | None = None
    note: str = ""
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


class Alternative(Document):
    """What else could be done for a concern, doing nothing among it."""

    id: Id
    title: Text
    indications: tuple[str, ...] = Field(min_length=1)  # concept ids
    use: Text
    not_for: Text | None = None
    course: Text | None = None
    sessions: tuple[int, int] | None = None  # of a usual course
    lasts: Text | None = None
    evidence: Text
    design: Grade
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


class Scale(Document):
    """A way to measure. Computed ones stand in `nappage.scales`; of licensed ones only that they exist."""

    id: Id
    title: Text
    measures: Text
    rated_by: Literal["clinician", "patient", "instrument", "photograph"]
    low: Amount | None = None
    high: Amount | None = None
    better: Literal["lower", "higher", "neither"] | None = None
    computed: bool = False
    method: Text | None = None
    labels: tuple[Text, ...] = ()  # of its steps, from the lowest
    important_change: Text | None = None  # the smallest that matters, with its source
    licence: Text | None = None  # why its items are not here
    vectors: tuple[dict[str, Any], ...] = ()  # {items: {…}, score: n}
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


# What is asked of a ticked item.
Detail = Literal[
    "which", "controlled", "now", "ended", "when", "where", "since", "current", "last", "prescribed", "reaction",
    "cause", "product",
]  # fmt: skip


class InterviewItem(Document):
    """One line of a checklist. Ticked, it writes `words` into the part of the answers that `into` names; not ticked, it
    answers *no* to the facts of `settles`, once every other item that names them does."""

    label: Text
    into: Literal[
        "conditions", "medications", "allergies", "procedures", "planned_events", "skin_state", "previous_mesotherapy",
        "recent_sun", "unwell", "needle_fear", "breastfeeding", "pregnancy",
    ]  # fmt: skip
    words: str = ""  # as the dictionaries read them; several apart by ';'; none: only what `which` answers
    settles: tuple[FactId, ...] = ()
    details: tuple[Detail, ...] = ()
    only_if: str | None = None  # over sex and age; where it does not hold, the item is *no* without being shown
    family: bool = False  # of a relative
    route: str | None = None
    within_days: int | None = None  # asks of this much of the past only; no rule looks further back


class InterviewQuestion(Document):
    """One screen of the patient's interview. A choice writes its `answer`; a checklist has items, and `rows` for what
    else belongs on a list of the answers."""

    id: Id
    kind: Literal["identity", "choice", "checklist"]
    text: Text
    help: Text | None = None
    why: Text
    only_if: str | None = None  # over sex and age
    answer: str | None = None  # patient.sex, answered.<fact>
    settles: tuple[FactId, ...] = ()
    options: dict[str, Text] = {}
    items: dict[Id, InterviewItem] = {}
    rows: Literal["medications", "allergies", "procedures"] | None = None
    closes: tuple[str, ...] = ()  # topics whose facts that no item names are *no* once this is answered


class Fact(Document):
    """One column of a patient's row. `derive` says how intake fills it; see intake/read.py."""

    type: Literal["boolean", "number", "text", "list"]
    title: Text  # a noun phrase: "oral isotretinoin now or in the past"
    unit: str | None = None
    values: tuple[str, ...] = ()  # of a text or list fact
    question: Text | None = None
    topic: Id  # what `not_asked` names
    asked: Literal["everyone", "clinician", "order", "report", "never"] = "everyone"
    only_if: str | None = None  # asked only where this holds or is unknown
    derive: dict[str, Any]


class Concept(Document):
    """Something a patient names: medicine, class, condition, allergen, procedure, area, skin state."""

    names: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    is_a: tuple[str, ...] = ()  # classes it belongs to, by concept id; transitive
    contains: tuple[str, ...] = ()  # a combination's active components, by concept id
    codes: dict[str, tuple[str, ...]] = {}  # snomed, icd10 (prefix), rxnorm, atc (prefix)
    route: str | None = None  # the route this name always means
    # Of the words of a class, those that leave open which of its kinds is meant; absent: all, empty: none.
    open: tuple[str, ...] | None = None
    may_be: tuple[str, ...] = ()  # concepts it may be a word for without belonging to them
    title: str | None = None
    records: tuple[str, ...] = ()


class Substance(Document):
    """An ingredient of a mixture."""

    title: Text
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # e.g. local-anaesthetic-amide, vitamin, nsaid
    salt_of: str | None = None
    base_fraction: Amount | None = None  # mass of base per mass of salt
    base_fraction_source: Citation | None = None
    ceiling_searched: str = ""  # what was searched where no ceiling is known
    refused: Text | None = None
    only_in: str | None = None  # the region that its label names as the only one
    source: tuple[Citation, ...] = ()
    records: tuple[str, ...] = ()


class Content(Document):
    substance: str
    amount: Amount | None = None
    unit: str | None = None  # mg/mL, %, mg/vial, IU/vial, mg/g


class Product(Document):
    """Something with a label. `contents` is what its label says; None: not known."""

    title: Text
    names: tuple[str, ...] = ()
    contents: tuple[Content, ...] | None = None
    excipients: tuple[str, ...] | None = None
    container_ml: Amount | None = None
    form: Literal["injection", "gel", "cream", "device"] = "injection"
    classes: tuple[str, ...] = ()
    mixable: bool | None = None
    regulatory: Text | None = None
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


class Technique(Document):
    title: Text
    names: tuple[str, ...] = ()
    says: Text
    device: Literal["needle", "cartridge", "pressure", "electroporation", "gun"] = "needle"
    depth_mm: tuple[Amount, Amount] | None = None
    volume_per_point_ml: tuple[Amount, Amount] | None = None
    spacing_mm: tuple[Amount, Amount] | None = None
    angle_deg: tuple[Amount, Amount] | None = None
    # Whether the published depth is that of the tip, or the length of needle inserted; and who says so.
    depth_is: Literal["tip", "inserted", "unclear"] | None = None
    depth_source: tuple[Citation, ...] = ()
    aim: Literal["epidermis", "dermis", "fat"] | None = None  # the layer it is meant for
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


class Region(Document):
    title: Text
    names: tuple[str, ...] = ()
    parent: str | None = None  # face, head-neck, body, scalp
    borders: Text | None = None  # where the map's zone ends, in clinical landmarks
    source: tuple[Citation, ...] = ()
    records: tuple[str, ...] = ()


class Reach(Document):
    """How far a structure lies from a landmark, as published: the range over the sources named."""

    mm: tuple[Amount, Amount]
    source: tuple[Citation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Reach:
        if self.mm[0] > self.mm[1]:
            raise ValueError("a range starts with its lower end")
        return self


class Danger(Document):
    """A place where one does not inject, or only knowingly: an area, a point or a line with a margin around it. `lies`
    are published ranges by what was measured; the drawing covers them."""

    id: Id
    title: Text
    says: Text
    kind: Literal["area", "point", "line"]
    may_enter: bool = False  # whether points may be placed in it for a reason that the clinician gives
    lies: dict[Id, Reach] = {}
    depth_mm: tuple[Amount, Amount] | None = None  # below the skin, means over the sources
    source: tuple[Citation, ...] = ()  # without `lies`, the first says where it lies
    margin_mm: Amount = Field(gt=0)
    margin_because: Text
    margin_source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()  # dossier records it carries

    @model_validator(mode="after")
    def _cited(self) -> Danger:
        if not self.source and not self.lies:
            raise ValueError("a danger zone needs a source, if only UNSOURCED")
        return self

    @property
    def sources(self) -> tuple[Citation, ...]:
        """All citations of where it lies, then of its margin."""
        return (*(c for reach in self.lies.values() for c in reach.source), *self.source, *self.margin_source)

    @property
    def sourced(self) -> bool:
        """Whether a publication says where it lies. What is only proposed is drawn dashed."""
        told = [reach.source for reach in self.lies.values()] or [self.source[:1]]
        return all(any(c.ref not in ("UNSOURCED", "NAPPAGE") for c in citations) for citations in told)


class Point(Document):
    """A single point and how it is found. `lies` are the distances by which it is measured out."""

    title: Text
    found: Text
    lies: dict[Id, Reach] = {}
    source: tuple[Citation, ...] = Field(min_length=1)

    @property
    def sources(self) -> tuple[Citation, ...]:
        """All citations of where it lies."""
        return (*self.source, *(c for reach in self.lies.values() for c in reach.source))

    @property
    def sourced(self) -> bool:
        """Whether publications say where it lies and give every distance."""
        told = (self.source, *(reach.source for reach in self.lies.values()))
        return all(any(c.ref not in ("UNSOURCED", "NAPPAGE") for c in citations) for citations in told)


class PointSet(Document):
    """Single named points that are injected together."""

    id: Id
    title: Text
    names: tuple[str, ...] = ()
    says: Text
    volume_ml: Amount | None = Field(default=None, gt=0)  # at each point, as published
    volume_source: tuple[Citation, ...] = ()
    source: tuple[Citation, ...] = Field(min_length=1)
    points: dict[Id, Point] = Field(min_length=1)
    records: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _volume_cited(self) -> PointSet:
        if (self.volume_ml is None) != (not self.volume_source):
            raise ValueError("a volume needs a source, and a source of a volume the volume")
        return self

    @property
    def sources(self) -> tuple[Citation, ...]:
        """All citations: of the set, of its volume, of its points."""
        return (*self.source, *self.volume_source, *(c for point in self.points.values() for c in point.sources))


class Compatibility(Document):
    """Two substances (or classes) in one syringe."""

    pair: tuple[str, str]
    verdict: Literal["compatible", "incompatible"]
    why: Text
    source: tuple[Citation, ...] = Field(min_length=1)
    records: tuple[str, ...] = ()


MeanSd = tuple[float, float]  # mean and standard deviation, mm


class Figure(Document):
    """A number with where it comes from; UNSOURCED where it is assumed."""

    value: float
    source: tuple[Citation, ...] = Field(min_length=1)


class FigureRange(Document):
    """Two numbers, low and high (or mean and standard deviation), with where they come from."""

    value: tuple[float, float]
    source: tuple[Citation, ...] = Field(min_length=1)


class SkinThickness(Document):
    """As published: the dermis and its epidermis, or the skin as a whole (epidermis and dermis together)."""

    epidermis_mm: MeanSd | None = None
    dermis_mm: MeanSd | None = None
    skin_mm: MeanSd | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> SkinThickness:
        if (self.skin_mm is None) == (self.dermis_mm is None) or (self.dermis_mm is None) != (
            self.epidermis_mm is None
        ):
            raise ValueError("give either skin_mm, or epidermis_mm with dermis_mm")
        return self

    @property
    def whole_mm(self) -> MeanSd:
        """Mean and standard deviation of epidermis and dermis together; the two layers count as independent."""
        if self.skin_mm is not None:
            return self.skin_mm
        assert self.epidermis_mm is not None and self.dermis_mm is not None
        (epidermis, first), (dermis, second) = self.epidermis_mm, self.dermis_mm
        return epidermis + dermis, (first * first + second * second) ** 0.5


class SkinSite(Document):
    """One measured site. `at` are the regions it was measured in, `lent_to` regions without a figure of their own."""

    title: Text
    at: tuple[str, ...] = ()
    lent_to: tuple[str, ...] = ()
    female: SkinThickness | None = None
    male: SkinThickness | None = None
    any: SkinThickness | None = None  # the sexes together
    sd: Literal["published", "assumed"] = "published"
    note: str = ""

    @model_validator(mode="after")
    def _measured(self) -> SkinSite:
        if (self.any is None) == (self.female is None) or (self.female is None) != (self.male is None):
            raise ValueError("give either 'any', or 'female' and 'male'")
        return self


class ThicknessSet(Document):
    """One publication's thicknesses. `epidermis_mm` stands in where only the whole skin was measured."""

    title: Text
    people: int
    epidermis_mm: FigureRange | None = None
    source: tuple[Citation, ...] = Field(min_length=1)
    sites: dict[str, SkinSite]
    records: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _layered(self) -> ThicknessSet:
        whole = [key for key, s in self.sites.items() for t in (s.any, s.female, s.male) if t and t.skin_mm]
        if whole and self.epidermis_mm is None:
            raise ValueError(f"'{whole[0]}' has the skin as a whole, so the set needs epidermis_mm")
        return self


class Thickness(Document):
    """How thick the skin is: all published sets, and how exactly a tip is placed."""

    tip_sd_mm: Figure
    sets: dict[str, ThicknessSet]


class Blebs(Document):
    """The published bleb law: diameter_mm = coefficient_mm · volume_ml ** exponent, in adults."""

    coefficient_mm: Figure
    exponent: Figure
    exponent_sd: Figure
    law_sd: Figure  # of the logarithm of the diameter, common to all points of one practitioner
    point_cv: Figure  # from point to point
    placement_sd_mm: Figure  # along each axis
    failed: FigureRange  # share of points that raise no bleb
    valid_ml: FigureRange
    stop_scatter: Figure  # own wheals that scatter more allow no coverage map
    reading_mm: Figure  # to which a wheal's diameter is read


Position.model_rebuild()
