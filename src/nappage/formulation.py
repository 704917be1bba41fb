"""An order's mixture → Formulation: volumes, doses, ceilings, compatibility, vials, drawing up.

The dose is what is injected: where fewer millilitres are planned than prepared, the planned share. Every
comparison is made on exact products, never on a rounded quotient. Salts stand apart from bases; a ceiling that
a label states for the salt counts milligrams as labelled, one stated for the active part counts what the salt
holds of it. An ingredient without a known ceiling neither passes nor fails: it waits for a clinician.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any, Literal, overload

from .intake import Anaesthetic, Facts, MixtureLine, Order, closure, contents_of, find_by_name, normal, region_id
from .knowledge import Cited, Edition, Position, Product, Text, ValueRecord, cited, said_by
from .knowledge.schema import Citation, Substance
from .values import Amount, Document, InputError, mg_per_ml, normal_unit, plain

Verdict = Literal[
    "within-limits", "over-limit", "not-allowed", "volume-mismatch", "needs-data", "needs-clinician-decision"
]
Status = Literal[
    "not-allowed", "over-limit", "needs-data", "needs-clinician-decision", "no-ceiling-known", "within-limits"
]
# Gravest first. Over a ceiling is over it whatever else is unknown; unknown may still turn out to be over.
_STATUSES: tuple[Status, ...] = (
    "not-allowed", "over-limit", "needs-data", "needs-clinician-decision", "no-ceiling-known", "within-limits",
)  # fmt: skip
_UNWEIGHED = frozenset({"autologous", "homeopathic"})
_REFUSED_CLASSES = frozenset({"unauthorised", "cosmetic-only", "content-unknown"})
_MASS = ("max-mg-per-kg-per-session", "max-mg-per-session", "max-mg-per-day")
_DOSE_MEASURES = (
    *_MASS, "max-mg-per-point", "max-ml-per-point", "max-ml-per-session", "max-points-per-session",
    "max-mg-per-cm2", "max-mg-per-ml",
)  # fmt: skip
_STEP_ML = Decimal("0.0001")
_NOTHING = Decimal(0)
_NEAR, _LETTERS = 80, 6  # how alike two names are, of 100; the letters a single word needs to be compared
_STRENGTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%|percent\b|mg\s*/\s*g\b)")
# Words that say that something is put on the skin, and those that say nothing of what a cream holds.
_ON_SKIN = frozenset({"topical", "topically", "cutaneous", "percutaneous", "cream", "gel", "ointment", "emulsion"})
_CREAM_WORDS = _ON_SKIN | {"and", "with", "plus", "w", "numbing", "anaesthetic", "anesthetic", "strength", "skin"}
# Products of an order's figures are exact in so many digits. Only what one vial is dissolved in divides; such a
# quotient is wrong by less than _FINEST, and no product of the figures let in is as fine as that.
_DIGITS, _FINEST = 400, Decimal("1e-200")
_SMALLEST, _MOST_DECIMALS = Decimal("0.000001"), 30
# Why amides are counted together (the dossier's SAF-106).
_ADD_UP = Citation(ref="LIDOINTC", says="toxic effects add to those of other local anaesthetics")


class Limit(Document):
    """One ceiling held against this order. `used` and `value` are in `unit`; `limit_mg` is the ceiling as a
    session's milligrams where it is one of mass; `percent` of the adopted value. `beyond`: past it, refused
    (`beyond_mg`: as the session's milligrams)."""

    record: str
    position: str
    title: str
    measure: str
    value: Amount
    unit: str
    used: Amount | None
    counted: str = ""
    limit_mg: Amount | None = None
    beyond: Amount | None = None
    beyond_mg: Amount | None = None
    percent: Amount | None = None
    status: Status
    grade: str
    reason: str
    note: str = ""
    sources: tuple[Cited, ...] = ()
    dissent: tuple[str, ...] = ()


class Part(Document):
    """Where an ingredient's amount comes from. `base_mg`: what a salt holds of its active part."""

    substance: str
    source: str  # the line of the order
    route: Literal["mixture", "injected"]
    mg: Amount | None
    base_mg: Amount | None = None
    iu: Amount | None = None
    sources: tuple[Cited, ...] = ()  # of an amount that the product's label gives


class IngredientDose(Document):
    """One ingredient. `mg` is what is prepared, `mg_given` what is injected, over the mixture and injected
    anaesthetics; `mg_per_ml` its strength in the mixture; `applied_mg` what a cream holds, not absorbed."""

    ingredient: str
    title: str
    mg: Amount | None
    mg_given: Amount | None = None
    mg_per_ml: Amount | None = None
    mg_per_kg: Amount | None = None
    iu: Amount | None = None
    applied_mg: Amount | None = None
    ceiling_mg: Amount | None = None
    governing: Limit | None = None
    limits: tuple[Limit, ...] = ()
    status: Status
    sources: tuple[Cited, ...] = ()
    dissent: tuple[str, ...] = ()
    searched: str = ""
    refused: str = ""
    accepted: str = ""  # a clinician's reason for going on without a ceiling
    parts: tuple[Part, ...] = ()


class Pair(Document):
    """Two things in one syringe."""

    pair: tuple[str, str]
    verdict: Literal["compatible", "incompatible", "unknown"]
    why: str
    sources: tuple[Cited, ...] = ()


class Vial(Document):
    """`open` containers give `used_ml`; None where the container's volume is not known."""

    product: str
    title: str
    used_ml: Amount
    open: int | None = None
    left_over_ml: Amount | None = None
    sources: tuple[Cited, ...] = ()  # of the container's volume


class DrawUp(Document):
    step: int
    name: str
    volume_ml: Amount


class Applied(Document):
    ingredient: str
    mg: Amount


class Cream(Document):
    """A numbing cream against its own limits. `applied` milligrams are not added to what is injected."""

    product: str
    title: str
    grams: Amount | None
    area_cm2: Amount | None
    dwell_min: Amount | None
    applied_by: str | None
    applied: tuple[Applied, ...]
    limits: tuple[Limit, ...]
    status: Status
    note: str
    sources: tuple[Cited, ...] = ()


class Volume(Document):
    """Points × volume of each against what is prepared."""

    points: int | None
    each_ml: Amount | None
    planned_ml: Amount | None
    total_ml: Amount | None
    difference_ml: Amount | None  # prepared minus planned
    agrees: bool | None


class Refusal(Document):
    name: str
    why: str
    sources: tuple[Cited, ...] = ()


class Together(Document):
    """Anaesthetics of one kind whose effects add: the sum of their shares of their ceilings."""

    ingredients: tuple[str, ...]
    percent: Amount
    status: Status
    text: str
    sources: tuple[Cited, ...] = ()


class Formulation(Document):
    document: Literal["formulation"] = "formulation"
    language: str
    edition: str
    edition_version: str
    verdict: Verdict
    statement: str
    total_volume_ml: Amount | None
    volume: Volume
    ingredients: tuple[IngredientDose, ...]
    refusals: tuple[Refusal, ...] = ()
    together: tuple[Together, ...] = ()
    creams: tuple[Cream, ...] = ()
    compatibility: tuple[Pair, ...] = ()
    vials: tuple[Vial, ...] = ()
    draw_up: tuple[DrawUp, ...] = ()
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    blocks_signing: tuple[str, ...] = ()


def formulate(
    order: Order, facts: Facts, edition: Edition, language: str = "en", *, planned_ml: Decimal | None = None
) -> Formulation:
    """What the order's mixture holds, held against every ceiling of the edition.

    `facts` gives the weight and whatever a ceiling's condition asks; what the order holds is read from the order
    itself. `planned_ml`: what all points take, where they do not all take the same. Pure; nothing is assumed that was
    not said. Raises InputError on an amount too small to be one."""
    _measurable(order, "order")
    with localcontext(prec=_DIGITS):
        return _Bench(order, facts, edition, language, planned_ml).formulation()


def _measurable(part: Document, place: str) -> None:
    """Raises InputError where an amount is finer than anything that is weighed, drawn up or measured."""
    for name in type(part).model_fields:
        value, here = getattr(part, name), f"{place}.{name}"
        for index, item in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(item, Document):
                _measurable(item, f"{here}[{index}]")
        figures = value.items() if isinstance(value, dict) else [("", value)]
        for key, figure in figures:
            if not isinstance(figure, Decimal) or not figure:
                continue
            exponent = figure.as_tuple().exponent
            fine = not isinstance(exponent, int) or exponent < -_MOST_DECIMALS
            if fine or (figure < _SMALLEST and name != "concentration"):
                where = f"{here}.{key}" if key else here
                raise InputError(where, "that amount is too small to be measured", "Check the figure and its unit")


@dataclass(frozen=True)
class _Line:
    """A line of the order as it is understood: `name` is what is looked up, `title` what it is called."""

    name: str
    title: str
    given: MixtureLine | Anaesthetic
    ml: Decimal | None
    mixed: bool
    beside: str | None  # an ingredient that the line names beside `name`
    brand: str  # the unknown product that `name` comes in
    doubtful: bool = False  # `beside` is not in it: which of the two it is has been asked


@dataclass
class _Amount:
    """So much of a substance: `mg` or `iu` from `ml` millilitres of one line, in the mixture or beside it."""

    substance: str
    of: _Line
    mg: Decimal | None
    iu: Decimal | None
    ml: Decimal | None
    asked: bool  # something is missing and has been asked for

    @property
    def line(self) -> str:
        return self.of.title

    @property
    def mixed(self) -> bool:
        return self.of.mixed

    @property
    def key(self) -> tuple[str, bool, bool]:
        """Lines of one key are one amount."""
        return self.of.title, self.of.mixed, self.of.doubtful


@dataclass
class _Component:
    """One thing that goes into the syringe; lines of the same thing are one component."""

    title: str
    product: str | None
    names: frozenset[str]  # every id and class a compatibility record may call it by
    substances: frozenset[str]
    rank: int  # in drawing up: 0 diluent, 1 solution, 2 gel
    volume: Decimal | None = _NOTHING


@dataclass(frozen=True)
class _Measured:
    """A ceiling holds where amount ≤ value × scale; both exact, so that a boundary is a boundary."""

    amount: Decimal
    scale: Decimal = Decimal(1)

    def within(self, value: Decimal) -> bool:
        return self.amount - value * self.scale <= _FINEST

    @property
    def used(self) -> Decimal:
        return _ratio(self.amount, self.scale)


class _Bench:
    """The table on which one order is worked out."""

    def __init__(self, order: Order, facts: Facts, edition: Edition, language: str, planned_ml: Decimal | None) -> None:
        self.order, self.facts, self.edition, self.language = order, facts, edition, language
        self.planned_ml = planned_ml
        self.weight: Decimal | None = facts["weight_kg"]
        self.known: dict[str, tuple[str | None, str | None]] = {}  # a name of the order → product id, substance id
        self.ceilings: dict[str, list[ValueRecord]] = {}  # active part → its ceilings
        for record in edition.values.values():
            if record.measure in _DOSE_MEASURES:
                self.ceilings.setdefault(self._active(record.about), []).append(record)
        self.substances = dict(edition.substances)  # and those that only this order names
        self.row = self._row()
        self.amounts: list[_Amount] = []
        self.components: dict[str, _Component] = {}
        self.beside: dict[str, Decimal] = {}  # product → mL injected outside the mixture
        self.refusals: list[Refusal] = []
        self.questions: list[str] = []
        self.notes: list[str] = []
        self.signing: list[str] = []
        self.weighed: list[str] = []  # what has a limit for each kilogram, where no weight is known
        self.total: Decimal | None = None

    def formulation(self) -> Formulation:
        for line in sorted(self.order.mixture, key=_line_key):
            self._mixture_line(line)
        self._products_outside_mixture()
        anaesthetics = self.order.anaesthetic or ()
        for item in anaesthetics:
            if not self._is_cream(item):
                self._injected(item)
        volumes = [component.volume for component in self.components.values()]
        self.total = _sum(volumes) if volumes else None
        self.volume = self._volume()
        self.creams = tuple(self._cream(item) for item in anaesthetics if self._is_cream(item))
        rows = self._rows()
        together = self._together(rows)
        pairs = self._pairs()
        vials = self._vials()
        self._remarks(rows, vials)
        if self.weighed:
            self.questions.append(self._say("ask-weight", names=", ".join(_once(self.weighed))))
        verdict, statement = self._verdict(rows, together, pairs)
        return Formulation(
            language=self.language,
            edition=self.edition.fingerprint,
            edition_version=self.edition.version,
            verdict=verdict,
            statement=statement,
            total_volume_ml=self.total,
            volume=self.volume,
            ingredients=rows,
            refusals=tuple(self.refusals),
            together=together,
            creams=self.creams,
            compatibility=pairs,
            vials=vials,
            draw_up=self._draw_up(),
            questions=_once(self.questions),
            notes=_once(self.notes),
            blocks_signing=_once([*self.questions, *self.signing]),
        )

    def _verdict(
        self, rows: tuple[IngredientDose, ...], together: tuple[Together, ...], pairs: tuple[Pair, ...]
    ) -> tuple[Verdict, str]:
        judged: list[tuple[str, Status]] = [(refusal.name, "not-allowed") for refusal in self.refusals]
        judged += [(" + ".join(pair.pair), "not-allowed") for pair in pairs if pair.verdict == "incompatible"]
        judged += [(row.title, row.status) for row in rows]
        judged += [(cream.title, cream.status) for cream in self.creams]
        judged += [(" + ".join(item.ingredients), item.status) for item in together]
        waiting = [row.title for row in rows if row.status == "no-ceiling-known" and not row.accepted]
        checked = any(row.status == "within-limits" for row in rows)

        def named(status: Status) -> str:
            return ", ".join(_once(name for name, found in judged if found == status))

        if not self.order.mixture:
            self.questions.insert(0, self._say("nothing"))
        mismatch = self._say("volume-mismatch", detail=self._difference()) if self.volume.agrees is False else ""
        verdict: Verdict
        if names := named("not-allowed"):
            verdict, said = "not-allowed", self._say("not-allowed", names=names)
        elif names := named("over-limit"):
            verdict, said = "over-limit", self._say("over-limit", names=names)
        elif mismatch:
            return "volume-mismatch", mismatch
        elif not self.order.mixture:
            return "needs-data", self._say("nothing")
        elif self.questions or named("needs-data"):
            asked, names = len(_once(self.questions)), named("needs-data")
            verdict, said = (
                "needs-data",
                self._say("needs-data" if asked else "unjudged", count=str(asked), names=names),
            )
        elif names := named("needs-clinician-decision"):
            verdict, said = "needs-clinician-decision", self._say("needs-clinician-decision", names=names)
        elif waiting and not checked:
            return "needs-clinician-decision", self._say("open-ceilings", names=", ".join(waiting))
        else:
            verdict, said = "within-limits", self._say("within-limits" if checked else "accepted")
        if mismatch:
            said += " " + mismatch
        if waiting:
            said += " " + self._say("open-ceilings", names=", ".join(waiting))
        return verdict, said

    def _row(self) -> Mapping[str, Any]:
        """The patient's facts, with what this order holds read from the order."""
        lines = [self._read(line) for line in self.order.mixture]
        named = [MixtureLine(product=name) for line in lines for name in (line.name, line.beside) if name]
        contents = contents_of(self.edition, self.order.model_copy(update={"mixture": tuple(named)}))
        ingredients = contents.ingredients | contents.excipients
        if any(self._is_cream(item) for item in self.order.anaesthetic or ()):
            ingredients |= {"numbing-cream"}
        return {**self.facts.row, "ingredients": tuple(sorted(ingredients))}

    # --- reading the order ---------------------------------------------------------------------------------

    def _read(self, given: MixtureLine | Anaesthetic) -> _Line:
        """What a line of the order names. A product that is not known is a brand of the ingredient beside it."""
        named = given.ingredient if isinstance(given, MixtureLine) else None
        name, brand = given.product or named or "", ""
        if named and given.product and self._found(given.product) == (None, None):
            name, brand = named, given.product
        beside = named if named and self._found(named) != self._found(name) else None
        title = self._title(name)
        return _Line(
            name, f"{brand} ({title})" if brand else title, given, given.volume_ml, isinstance(given, MixtureLine),
            beside, brand,
        )  # fmt: skip

    def _mixture_line(self, given: MixtureLine) -> None:
        line = self._read(given)
        strength = "" if given.concentration is None else f"{plain(given.concentration)} {given.unit}"
        known = next((found for found in self._found(line.name) if found), line.name.casefold())
        key = " ".join((known, line.brand, strength))
        if key in self.components:
            self.notes.append(self._say("note-twice", name=line.title))
        component = self.components.setdefault(key, self._component(line, strength))
        component.volume = _sum((component.volume, line.ml))
        if line.ml is None:
            self.questions.append(self._say("ask-volume", name=line.title))
        self._contents(line)

    def _injected(self, item: Anaesthetic) -> None:
        """An anaesthetic injected by itself, beside the mixture."""
        line = self._read(item)
        product, _ = self._found(line.name)
        if line.ml is None:
            self.questions.append(self._say("ask-volume", name=line.title))
        elif product:
            self.beside[product] = self.beside.get(product, _NOTHING) + line.ml
        self._contents(line)

    def _contents(self, line: _Line) -> None:
        product, substance = self._found(line.name)
        if product:
            self._of_product(product, line)
        elif not substance:
            self._of_unknown(line)
        elif line.beside is None:
            self._of_substance(substance, line)
        elif self._holds(line.beside, (substance,)):
            self._of_substance(self._found(line.beside)[1] or substance, line)
        else:
            self._contradicted(line, (substance,))

    def _holds(self, ingredient: str, held: tuple[str, ...]) -> str | None:
        """Which of these the name of an ingredient means: it, its salt, or all that a product of that name holds."""
        product, substance = self._found(ingredient)
        contents = self.edition.products[product].contents or () if product else ()
        if len(contents) == 1:
            substance = contents[0].substance
        wanted = self._active(substance or "")
        return next((one for one in held if self._active(one) == wanted), None)

    def _contradicted(self, line: _Line, held: tuple[str, ...]) -> None:
        """The ingredient of a line is not in its product: both are listed, neither is judged."""
        named = line.beside or ""
        self.questions.append(self._say("ask-which", name=line.title, ingredient=named))
        doubted = replace(line, doubtful=True)
        _, other = self._found(named)
        for substance in (*held, *([other] if other and other not in held else [])):
            self._of_substance(substance, doubted)

    def _of_product(self, product_id: str, line: _Line) -> None:
        """What the label says is in it. A strength given in the order is that of the ingredient the line names,
        else of the first on the label."""
        product, given = self.edition.products[product_id], line.given
        self._refuse(product, line.title)
        if product.form == "cream":
            self._refuse_for(self._say("not-injected", name=line.title), product, line.title)
            return
        if product.contents is None:
            if not _REFUSED_CLASSES & set(product.classes):
                self.questions.append(self._say("ask-contents", name=line.title))
            _, named = self._found(line.beside or "")
            if named:
                self._of_substance(named, line)
            return
        held = tuple(content.substance for content in product.contents)
        meant = self._holds(line.beside, held) if line.beside else next(iter(held), None)
        if line.beside and meant is None:
            self._contradicted(line, ())
            line = replace(line, doubtful=True)
        for content in product.contents:
            mg, iu = self._per_ml(content.amount, content.unit, product.container_ml, line.title)
            ingredient = self._title(content.substance)
            if content.substance == meant and given.concentration is not None:
                label = mg
                mg, iu = self._ordered(line, product.container_ml)
                if label is not None and mg is not None and label != mg:
                    words = {"label": plain(_shown(label)), "ordered": plain(_shown(mg)), "ingredient": ingredient}
                    self.questions.append(self._say("ask-label", name=line.title, **words))
            unknown = mg is None and iu is None
            # An amount that nothing limits need not be known; one that a ceiling limits must be.
            limited = bool(self._records(content.substance))
            if unknown and limited:
                self.questions.append(self._say("ask-amount", name=line.title, ingredient=ingredient))
            self._add(content.substance, line, mg, iu, asked=unknown and limited)

    def _of_substance(self, substance: str, line: _Line) -> None:
        classes = set(self.edition.substances[substance].classes)
        if "diluent" in classes:
            return
        mg, iu = self._ordered(line, None)
        if line.given.concentration is None and not _UNWEIGHED & classes:
            self.questions.append(self._say("ask-strength", name=line.title))
        self._add(substance, line, mg, iu, asked=mg is None and iu is None and not _UNWEIGHED & classes)

    def _of_unknown(self, line: _Line) -> None:
        """A name of nothing in this edition. As an ingredient it is dosed and has no ceiling; a product of unknown
        content, or a name that may be a misspelling, waits for an answer. A clinician who sets a limit for a name,
        or accepts that there is none, has said that it is meant as it stands."""
        order, stranger = self.order, self._stranger(line.name)
        settled = stranger in {
            self._stranger(name) for name in (*order.accepted_without_ceiling, *order.own_ceilings_mg)
        }
        near = None if settled else self._near(line.name)
        product = line.name == line.given.product and not (settled and not line.mixed)
        if near:
            self.questions.append(self._say("ask-near", name=line.name, near=near))
        elif product:
            self.questions.append(self._say("ask-unknown", name=line.name))
        elif line.given.concentration is None:
            self.questions.append(self._say("ask-strength", name=line.name))
        self.substances.setdefault(
            stranger, Substance(title={self.language: line.name}, ceiling_searched=self._say("not-in-edition"))
        )
        mg, iu = self._ordered(line, None)
        self._add(stranger, line, mg, iu, asked=bool(near) or product or (mg is None and iu is None))

    def _ordered(self, line: _Line, container: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
        """The strength a line gives. A vial is dissolved in what the line says, else in its container's volume,
        else in the volume of the line."""
        given = line.given
        vial = given.vial_ml or container
        if vial is None and line.ml is not None and given.concentration is not None and given.unit:
            what, _, of = normal_unit(given.unit).partition("/")
            if of == "vial":
                vial, unit = line.ml, {"iu": "IU"}.get(what, what)
                words = {"amount": f"{plain(given.concentration)} {unit}", "volume": plain(line.ml)}
                self.notes.append(self._say("note-vial", name=line.title, **words))
        return self._per_ml(given.concentration, given.unit, vial, line.title)

    def _per_ml(
        self, amount: Decimal | None, unit: str | None, container: Decimal | None, name: str
    ) -> tuple[Decimal | None, Decimal | None]:
        """A strength as mg/mL or IU/mL. One of a whole vial needs the vial's volume."""
        if amount is None:
            return None, None
        if unit is None:
            self.questions.append(self._say("ask-which-unit", name=name, amount=plain(amount)))
            return None, None
        spelled = normal_unit(unit)
        if spelled in ("mg/vial", "iu/vial"):
            if container is None:
                self.questions.append(self._say("ask-vial", name=name))
                return None, None
            return (amount / container, None) if spelled == "mg/vial" else (None, amount / container)
        if spelled == "iu/ml":
            return None, amount
        try:
            return mg_per_ml(amount, spelled), None
        except ValueError:
            self.questions.append(self._say("ask-unit", name=name, unit=unit))
            return None, None

    def _add(self, substance: str, line: _Line, per_ml: Decimal | None, iu_per_ml: Decimal | None, asked: bool) -> None:
        if iu_per_ml is not None and any("mg" in record.measure for record in self._records(substance)):
            self.questions.append(self._say("ask-mg", name=line.title))
            asked = True
        asked = asked or line.doubtful or line.ml is None
        new = _Amount(substance, line, _times(per_ml, line.ml), _times(iu_per_ml, line.ml), line.ml, asked)
        for amount in self.amounts:
            if (amount.substance, amount.key) == (substance, new.key):
                amount.mg, amount.iu = _sum((amount.mg, new.mg)), _sum((amount.iu, new.iu))
                amount.ml, amount.asked = _sum((amount.ml, new.ml)), amount.asked or new.asked
                return
        self.amounts.append(new)

    def _component(self, line: _Line, strength: str) -> _Component:
        name, title = line.name, line.title
        product_id, substance = self._found(name)
        product = self.edition.products[product_id] if product_id else None
        held = {content.substance for content in product.contents or ()} if product else {substance or name}
        held |= {self._active(one) for one in held}
        names = {product_id or name, *held, *(product.classes if product else ())}
        for one in held & set(self.edition.substances):
            names.update(self.edition.substances[one].classes)
        rank = 1
        if substance and "diluent" in names:
            rank = 0
        elif (product and product.form != "injection") or (substance and "hyaluronic-acids" in names):
            rank = 2
        return _Component(
            title if product or not strength else f"{title} {strength}",
            product_id,
            frozenset(names),
            frozenset(held),
            rank,
        )

    def _products_outside_mixture(self) -> None:
        """A product that is ordered but stands in no line has no volume."""
        placed = {name for component in self.components.values() for name in component.names}
        placed |= {self._found(item.product)[0] or "" for item in self.order.anaesthetic or ()}
        named = {normal(line.product) for line in self.order.mixture if line.product}
        for name in self.order.products:
            product, substance = self._found(name)
            if product:
                self._refuse(self.edition.products[product], self._title(name))
            if not product and not substance:
                if normal(name) not in named:
                    self.questions.append(self._say("ask-unknown", name=name))
            elif (product or substance) not in placed:
                self.questions.append(self._say("ask-product-volume", name=self._title(name)))

    def _refuse(self, product: Product, title: str) -> None:
        if _REFUSED_CLASSES & set(product.classes):
            why = product.regulatory
            self._refuse_for(self._text(why) if why else self._say("unauthorised", name=title), product, title)

    def _refuse_for(self, why: str, product: Product, title: str) -> None:
        refusal = Refusal(name=title, why=why, sources=cited(self.edition, product.source))
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    # --- doses and ceilings --------------------------------------------------------------------------------

    def _rows(self) -> tuple[IngredientDose, ...]:
        grouped: dict[str, list[_Amount]] = {}
        for amount in self.amounts:
            grouped.setdefault(self._row_of(amount.substance), []).append(amount)
        return tuple(self._dose(ingredient, grouped[ingredient]) for ingredient in sorted(grouped))

    def _row_of(self, substance: str) -> str:
        """The row a substance stands in. An unnamed salt and the one a label's ceiling is stated for are the
        same thing in a vial; every other salt has a row of its own."""
        about = {record.about for record in self._records(substance)}
        return self._active(substance) if substance in about else substance

    def _dose(self, ingredient: str, amounts: list[_Amount]) -> IngredientDose:
        entry = self.substances[ingredient]
        brands = ", ".join(_once(a.of.brand for a in amounts if a.of.brand))
        title = self._title(ingredient) + (f" ({brands})" if brands else "")
        mg = _sum(a.mg for a in amounts)
        inside = [a for a in amounts if a.mixed]
        strength = _sum(a.mg for a in inside or amounts)
        volume = self.total if inside else _sum(a.ml for a in amounts)
        given = None if mg is None else self._injected_of(amounts, lambda a: a.mg)
        limits = self._limits(ingredient)
        accepted = self._accepted(ingredient, amounts)
        counting = [limit for limit in limits if limit.used is not None or limit.measure in _MASS]
        status: Status = _gravest(limit.status for limit in counting) if counting else "no-ceiling-known"
        if any(a.asked for a in amounts):
            status = _gravest((status, "needs-data"))
        outside = self._outside(ingredient)
        if entry.refused or outside:
            status = "not-allowed"
        governing = min(
            counting, key=lambda limit: (_STATUSES.index(limit.status), -(limit.percent or 0)), default=None
        )
        for amount in amounts:
            if amount.mg is not None and (base := self._base(amount)) is not None:
                words = {"mg": plain(_shown(amount.mg)), "base": plain(_shown(base))}
                words["salt"] = self._title(amount.substance)
                self.notes.append(self._say("note-base", name=self._title(self._active(amount.substance)), **words))
        return IngredientDose(
            ingredient=ingredient,
            title=title,
            mg=_shown(mg),
            mg_given=None if given is None else given.used,
            mg_per_ml=_ratio(strength, volume) if strength is not None and volume else None,
            mg_per_kg=_ratio(given.amount, given.scale * self.weight) if given and self.weight else None,
            iu=_shown(_sum(a.iu for a in amounts)),
            applied_mg=self._applied(ingredient),
            ceiling_mg=min((limit.limit_mg for limit in limits if limit.limit_mg is not None), default=None),
            governing=governing,
            limits=limits,
            status=status,
            sources=governing.sources if governing else cited(self.edition, entry.source),
            dissent=governing.dissent if governing else (),
            searched="" if limits else entry.ceiling_searched,
            refused=self._text(entry.refused) if entry.refused else outside,
            accepted=accepted,
            parts=tuple(
                Part(
                    substance=a.substance,
                    source=a.line,
                    route="mixture" if a.mixed else "injected",
                    mg=_shown(a.mg),
                    base_mg=_shown(self._base(a)),
                    iu=_shown(a.iu),
                    sources=self._label(a.line),
                )
                for a in amounts
            ),
        )

    def _accepted(self, ingredient: str, amounts: list[_Amount]) -> str:
        """Why a clinician goes on without a ceiling, said of the ingredient or of the product it comes in."""
        for name, why in self.order.accepted_without_ceiling.items():
            product, substance = self._found(name)
            if (substance or self._stranger(name)) == ingredient or (
                product and all(a.line == self._title(product) for a in amounts)
            ):
                return why
        return ""

    def _injected_of(self, amounts: Iterable[_Amount], of: Callable[[_Amount], Decimal | None]) -> _Measured:
        """What is injected: all of it, or the planned share of the mixture where less is planned than prepared."""
        inside = outside = _NOTHING
        for amount in amounts:
            if amount.mixed:
                inside += of(amount) or _NOTHING
            else:
                outside += of(amount) or _NOTHING
        planned = self.volume.planned_ml
        if planned is not None and self.total and planned < self.total:
            return _Measured(inside * planned + outside * self.total, self.total)
        return _Measured(inside + outside)

    def _limits(self, ingredient: str) -> tuple[Limit, ...]:
        """Every ceiling of the ingredient's active part, each over all amounts of that part."""
        active = self._active(ingredient)
        family = [a for a in self.amounts if self._active(a.substance) == active]
        found = [self._limit(record, family) for record in self._records(active)]
        for name, own in self.order.own_ceilings_mg.items():
            if self._active(self._found(name)[1] or self._stranger(name)) == active:
                found.append(self._own_limit(own, family))
        return tuple(limit for limit in found if limit is not None)

    def _limit(self, record: ValueRecord, family: list[_Amount]) -> Limit | None:
        salt = self.edition.substances[record.about].salt_of is not None
        measured, missing = self._measure(record, family, salt)
        words = {"salt": self._title(record.about), "name": self._title(record.about)}
        counted = self._say("counted-labelled" if salt else "counted-active", **words)
        limit_mg = None
        if record.measure in _MASS and (record.measure != _MASS[0] or self.weight is not None):
            limit_mg = (record.adopted.value or _NOTHING) * (self.weight or 1 if record.measure == _MASS[0] else 1)
        limit = self._held(record, measured, counted, limit_mg, partial=missing == "amount")
        if limit is not None and missing == "weight":
            self.weighed.append(self._title(self._active(record.about)))
        elif limit is not None and missing in ("points", "area"):
            words = {"limit": limit.title, "missing": self._say(f"missing-{missing}")}
            self.signing.append(self._say("sign-unjudged", name=self._title(record.about), **words))
        return limit

    def _measure(self, record: ValueRecord, family: list[_Amount], salt: bool) -> tuple[_Measured | None, str | None]:
        """What a ceiling is held against, or what is missing: weight, points, area, amount."""
        order, inside = self.order, [a for a in family if a.mixed]

        def milligrams(amount: _Amount) -> Decimal | None:
            base = None if salt else self._base(amount)
            return amount.mg if base is None else base

        each, points = order.volume_per_point_ml, order.points
        if record.measure in ("max-ml-per-point", "max-points-per-session", "max-ml-per-session"):
            if record.measure == "max-points-per-session":
                return (_Measured(Decimal(points)), None) if points else (None, "points")
            if record.measure == "max-ml-per-session":
                known = all(a.ml is not None and not a.of.doubtful for a in family)
                return (self._injected_of(family, lambda a: a.ml), None) if known else (None, "amount")
            if each is not None:
                return _Measured(each), None
            return (_Measured(self.total, Decimal(points)), None) if points and self.total else (None, "points")
        known_of = [a for a in family if a.mg is not None and not a.of.doubtful]
        if len(known_of) < len(family):  # what is known of it may be over already
            if not known_of:
                return None, "amount"
            measured, missing = self._measure(record, known_of, salt)
            return measured, missing or "amount"
        dose = self._injected_of(family, milligrams)
        match record.measure:
            case "max-mg-per-kg-per-session":
                return (_Measured(dose.amount, dose.scale * self.weight), None) if self.weight else (None, "weight")
            case "max-mg-per-session" | "max-mg-per-day":
                return dose, None
            case "max-mg-per-cm2":
                area = order.area_cm2
                return (_Measured(dose.amount, dose.scale * area), None) if area else (None, "area")
            case "max-mg-per-ml":
                held, ml = inside or family, self.total if inside else _sum(a.ml for a in family)
                prepared = sum((milligrams(a) or _NOTHING for a in held), _NOTHING)
                return (_Measured(prepared, ml), None) if ml else (None, "amount")
            case "max-mg-per-point":
                prepared = sum((milligrams(a) or _NOTHING for a in inside), _NOTHING)
                if each is not None and self.total:
                    return _Measured(prepared * each, self.total), None
                return (_Measured(prepared, Decimal(points)), None) if points else (None, "points")
        return None, None

    def _held(
        self,
        record: ValueRecord,
        measured: _Measured | None,
        counted: str = "",
        limit_mg: Decimal | None = None,
        partial: bool = False,
    ) -> Limit | None:
        """A ceiling with what was found; None where it does not hold here. `partial`: there is more than was
        found, so that only being over it is sure."""
        reading = self.edition.reader(record.when)(self.row) if record.when else None
        if reading is not None and reading.answer is False:
            return None
        adopted = record.adopted
        assert adopted.value is not None and adopted.unit is not None
        beyond = next((p for p in record.positions if p.id == record.refuse_beyond), None)
        last = beyond.value if beyond is not None and beyond.value is not None else adopted.value
        status: Status = "needs-data"
        if partial and measured is not None and measured.within(last):
            measured = None
        if measured is not None:
            status = "over-limit"
            if measured.within(adopted.value):
                status = "within-limits"
            elif measured.within(last):
                status = "needs-clinician-decision"
        if reading is not None and reading.answer is None and status != "within-limits":
            facts = sorted(reading.facts)
            if not all(self.edition.facts[f].asked == "order" or f == "age_years" for f in facts):
                # The screening asks for it; here it is only named.
                words = {"limit": self._text(record.title), "value": plain(adopted.value), "unit": adopted.unit}
                self.notes.append(self._say("note-maybe", **words))
                return None
            if measured is not None:
                titles = ", ".join(self._text(self.edition.facts[f].title) for f in facts)
                self.questions.append(self._say("ask-fact", limit=self._text(record.title), facts=titles))
            status = "needs-data"
        percent = None
        if measured is not None and adopted.value > 0:
            percent = _ratio(measured.amount * 100, adopted.value * measured.scale)
        return Limit(
            record=record.id,
            position=adopted.id,
            title=self._text(record.title),
            measure=record.measure,
            value=adopted.value,
            unit=adopted.unit,
            used=None if measured is None else measured.used,
            counted=counted,
            limit_mg=limit_mg,
            beyond=None if beyond is None else beyond.value,
            beyond_mg=None if beyond is None or limit_mg is None else _shown(limit_mg * last / adopted.value),
            percent=percent,
            status=status,
            grade=adopted.grade,
            reason=record.because,
            note=adopted.note,
            sources=cited(self.edition, adopted.source),
            dissent=tuple(_dissent(position) for position in record.dissent),
        )

    def _own_limit(self, own: Decimal, family: list[_Amount]) -> Limit | None:
        """The product's own limit as a clinician entered it, in labelled milligrams of a session."""
        if any(a.mg is None or a.of.doubtful for a in family):
            return None
        dose = self._injected_of(family, lambda a: a.mg)
        return Limit(
            record="order",
            position="own-ceiling",
            title=self._say("own-limit"),
            measure="max-mg-per-session",
            value=own,
            unit="mg",
            used=dose.used,
            limit_mg=own,
            percent=_ratio(dose.amount * 100, own * dose.scale),
            status="within-limits" if dose.within(own) else "over-limit",
            grade="label",
            reason=self._say("own-reason"),
        )

    def _together(self, rows: tuple[IngredientDose, ...]) -> tuple[Together, ...]:
        """Amides injected together: the labels say that their effects add, so their shares of a ceiling do. Past the
        sum of their shares of the highest labels nobody may decide any more."""
        shares: dict[str, Decimal] = {}
        of_the_last = _NOTHING
        for row in rows:
            held = [x for x in row.limits if x.measure in _MASS and x.percent is not None]
            if held and "local-anaesthetic-amide" in self.substances[row.ingredient].classes:
                shares[self._title(self._active(row.ingredient))] = max(
                    x.percent for x in held if x.percent is not None
                )
                of_the_last += max(x.percent * x.value / (x.beyond or x.value) for x in held if x.percent is not None)
        if len(shares) < 2:
            return ()
        percent, names = sum(shares.values(), _NOTHING), tuple(shares)
        status: Status = "within-limits" if percent <= 100 else "needs-clinician-decision"
        return (
            Together(
                ingredients=names,
                percent=percent,
                status="over-limit" if of_the_last > 100 else status,
                text=self._say("together", names=", ".join(names), percent=plain(percent)),
                sources=cited(self.edition, (_ADD_UP,)),
            ),
        )

    # --- numbing cream -------------------------------------------------------------------------------------

    def _is_cream(self, item: Anaesthetic) -> bool:
        """Whether it is put on the skin: by its form, its grams or route, else by what is said of it where no
        millilitres are."""
        product, substance = self._found(item.product)
        if product is not None and self.edition.products[product].form == "cream":
            return True
        if item.grams is not None or _words(item.route) & _ON_SKIN:
            return True
        known = product is not None or substance is not None
        said = (
            item.area_cm2 is not None or item.dwell_min is not None or (not known and _words(item.product) & _ON_SKIN)
        )
        return item.volume_ml is None and bool(said)

    def _cream(self, item: Anaesthetic) -> Cream:
        product_id, substance = self._found(item.product)
        product = self.edition.products[product_id] if product_id else None
        title, area = self._title(item.product), item.area_cm2 or self.order.area_cm2
        refused = product is not None and bool(_REFUSED_CLASSES & set(product.classes))
        if product:
            self._refuse(product, title)
        per_gram, strength = self._strength(item, product, substance, title)
        if not per_gram and not refused:
            self.questions.append(self._say("ask-cream", name=title))
        grams, dwell = item.grams, item.dwell_min
        held: dict[str, tuple[_Measured | None, str]] = {
            "max-g-per-session": (_Measured(grams) if grams else None, "grams"),
            "max-cm2": (_Measured(area) if area else None, "area"),
            "max-g-per-cm2": (_Measured(grams, area) if grams and area else None, "area" if grams else "grams"),
            "max-dwell-min": (_Measured(dwell) if dwell else None, "dwell"),
            "max-strength-percent": (None if strength is None else _Measured(strength, Decimal(10)), "strength"),
        }
        limits: list[Limit] = []
        for record in self.edition.values.values():
            if record.about not in (product_id, "numbing-cream") or record.measure not in held:
                continue
            measured, missing = held[record.measure]
            limit = self._held(record, measured)
            if limit is not None and not (refused and measured is None):
                limits.append(limit)
                if measured is None and (per_gram or missing != "strength"):
                    self.questions.append(self._say(f"ask-{missing}", name=title))
        status: Status = "no-ceiling-known"
        if any(limit.measure == "max-g-per-session" for limit in limits):
            status = _gravest(limit.status for limit in limits)
        elif not any(self._same(name, item.product) for name in self.order.accepted_without_ceiling):
            self.signing.append(self._say("sign-ceiling", name=title))
        if not product and not substance:  # even one that is known by its name has no label here
            status = _gravest((status, "needs-clinician-decision" if per_gram else "needs-data"))
        if strength is None:
            status = _gravest((status, "needs-data"))
        if any(limit.measure == "max-strength-percent" and limit.status == "over-limit" for limit in limits) or refused:
            status = "not-allowed"
        if item.applied_by == "patient":
            self.notes.append(self._say("applied-at-home", name=title))
            status = _gravest((status, "needs-clinician-decision"))
        elif item.applied_by is None:
            self.signing.append(self._say("ask-applied-by", name=title))
        applied = {name: mg for name, mg in per_gram.items() if mg is not None} if grams else {}
        return Cream(
            product=product_id or item.product,
            title=title,
            grams=grams,
            area_cm2=area,
            dwell_min=dwell,
            applied_by=item.applied_by,
            applied=tuple(Applied(ingredient=name, mg=mg * (grams or 0)) for name, mg in applied.items()),
            limits=tuple(limits),
            status=status,
            note=self._say("applied-not-absorbed"),
            sources=cited(self.edition, product.source) if product else (),
        )

    def _strength(
        self, item: Anaesthetic, product: Product | None, substance: str | None, title: str
    ) -> tuple[dict[str, Decimal | None], Decimal | None]:
        """Milligrams in a gram of cream: of each substance, none where its contents are not known, and of all
        together. Where the order contradicts the tube, the stronger counts."""
        ordered = self._per_gram(item.concentration, item.unit, title)
        if substance:
            return {substance: ordered}, ordered
        if product:
            held = {c.substance: self._per_gram(c.amount, c.unit, title) for c in product.contents or ()}
            labelled = _sum(held.values()) if held else None
        else:
            held, labelled = self._in_name(item.product)
            if labelled is None and ordered is not None and len(held) == 1:
                held = dict.fromkeys(held, ordered)
        if ordered is None or labelled is None:
            return held, labelled if ordered is None else ordered
        if ordered != labelled and ordered not in held.values():
            words = {"label": plain(labelled / 10), "ordered": plain(ordered / 10)}
            self.questions.append(self._say("ask-tube", name=title, **words))
        return held, max(ordered, labelled)

    def _in_name(self, name: str) -> tuple[dict[str, Decimal | None], Decimal | None]:
        """What a cream is called by: "lidocaine 23 % tetracaine 7 % cream" holds 230 and 70 mg/g. No substances
        where a word of it is none of them and no word for a cream."""
        parts = _STRENGTH.split(name.casefold())
        words = [" ".join(w for w in re.findall(r"[^\W_]+", part) if w not in _CREAM_WORDS) for part in parts[::3]]
        strengths: list[Decimal | None] = [
            Decimal(figure.replace(",", ".")) * (1 if "mg" in unit else 10)
            for figure, unit in zip(parts[1::3], parts[2::3], strict=True)
        ]
        if strengths and not words[0]:  # "23 % lidocaine": the name follows its strength
            words = [*words[1:], ""]
        total = _sum(strengths) if strengths else None
        found = [self._found(word)[1] if word else None for word in words[: len(strengths) or 1]]
        known = [substance for substance in found if substance]
        if len(known) < len(found) or len(set(known)) < len(known) or any(words[len(found) :]):
            return {}, total
        return dict(zip(known, strengths or [None], strict=True)), total

    def _per_gram(self, amount: Decimal | None, unit: str | None, title: str) -> Decimal | None:
        """A strength in mg/g: 1 % is 10; a millilitre of cream counts as a gram."""
        if amount is None:
            return None
        if unit is None:
            self.questions.append(self._say("ask-which-unit", name=title, amount=plain(amount)))
            return None
        spelled = normal_unit(unit)
        if spelled == "mg/g":
            return amount
        try:
            return mg_per_ml(amount, spelled)
        except ValueError:
            self.questions.append(self._say("ask-unit", name=title, unit=unit))
            return None

    def _applied(self, ingredient: str) -> Decimal | None:
        """What numbing creams hold of it, beside what is injected."""
        active = self._active(ingredient)
        found = [a.mg for cream in self.creams for a in cream.applied if self._active(a.ingredient) == active]
        return sum(found, _NOTHING) if found else None

    # --- the syringe ---------------------------------------------------------------------------------------

    def _volume(self) -> Volume:
        points, each, total = self.order.points, self.order.volume_per_point_ml, self.total
        planned = self.planned_ml
        if planned is None and points is not None and each is not None:
            planned = points * each
        difference = None if planned is None or total is None else total - planned
        return Volume(
            points=points,
            each_ml=each,
            planned_ml=planned,
            total_ml=total,
            difference_ml=difference,
            # The volume per point is written to 0.1 µL; what the points differ by on its account is no difference.
            agrees=None if difference is None or points is None else abs(difference) <= points * _STEP_ML,
        )

    def _difference(self) -> str:
        volume = self.volume
        gap = volume.difference_ml or _NOTHING
        words = {
            "points": str(volume.points),
            "each": plain(volume.each_ml or _NOTHING),
            "planned": plain(volume.planned_ml or _NOTHING),
            "total": plain(volume.total_ml or _NOTHING),
            "gap": plain(abs(gap)),
        }
        return self._say("shortfall" if gap < 0 else "leftover", **words)

    def _pairs(self) -> tuple[Pair, ...]:
        """Each two things in the syringe: known good, known bad, or unknown."""
        things = sorted(self.components.values(), key=lambda component: component.title)
        return tuple(
            self._pair(a, b)
            for i, a in enumerate(things)
            for b in things[i + 1 :]
            if a.product != b.product or a.substances != b.substances
        )

    def _pair(self, a: _Component, b: _Component) -> Pair:
        titles = (a.title, b.title)
        for one in (a, b):
            if one.product and self.edition.products[one.product].mixable is False:
                sources = cited(self.edition, self.edition.products[one.product].source)
                why = self._say("pair-alone", name=one.title)
                return Pair(pair=titles, verdict="incompatible", why=why, sources=sources)
        found = [
            record for record in self.edition.compatibility if _meets(record.pair, a, b) or _meets(record.pair, b, a)
        ]
        found.sort(key=lambda record: record.verdict != "incompatible")
        if not found:
            return Pair(pair=titles, verdict="unknown", why=self._say("pair-unknown"))
        record = found[0]
        sources = cited(self.edition, record.source)
        return Pair(pair=titles, verdict=record.verdict, why=self._text(record.why), sources=sources)

    def _vials(self) -> tuple[Vial, ...]:
        used: dict[str, Decimal] = dict(self.beside)
        for component in self.components.values():
            if component.product and component.volume:
                used[component.product] = used.get(component.product, _NOTHING) + component.volume
        out = []
        for product, volume in sorted(used.items()):
            container = self.edition.products[product].container_ml
            count = None if container is None else int((volume / container).to_integral_value(ROUND_CEILING))
            left = None if container is None or count is None else count * container - volume
            out.append(
                Vial(
                    product=product,
                    title=self._title(product),
                    used_ml=volume,
                    open=count,
                    left_over_ml=left,
                    sources=self._label(product),
                )
            )
        return tuple(out)

    def _draw_up(self) -> tuple[DrawUp, ...]:
        filled = [c for c in self.components.values() if c.volume]
        filled.sort(key=lambda c: (c.rank, -(c.volume or _NOTHING), c.title))
        return tuple(
            DrawUp(step=number, name=c.title, volume_ml=c.volume or _NOTHING) for number, c in enumerate(filled, 1)
        )

    def _remarks(self, rows: tuple[IngredientDose, ...], vials: tuple[Vial, ...]) -> None:
        for row in rows:
            if row.status == "no-ceiling-known" and not row.accepted:
                self.signing.append(self._say("sign-ceiling", name=row.title))
        age = self.facts["age_years"]
        if age is not None and age >= 60 and "local-anaesthetic" in self.row["ingredients"]:
            self.notes.append(self._say("note-older"))
        if any(vial.left_over_ml for vial in vials):
            self.notes.append(self._say("note-discard"))
        if len(self.components) > 1:
            self.notes.append(self._say("note-order"))

    def _outside(self, ingredient: str) -> str:
        """Why a substance may not go where it is ordered, where its label names the only place; nothing otherwise."""
        only = self.substances[ingredient].only_in
        if only is None or not self.order.areas:
            return ""
        named = [region_id(self.edition, area) for area in self.order.areas]
        if all(area is not None and only in closure(self.edition, area) for area in named):
            return ""
        return self._say("outside", name=self._title(ingredient), area=self._text(self.edition.regions[only].title))

    # --- names ---------------------------------------------------------------------------------------------

    def _found(self, name: str) -> tuple[str | None, str | None]:
        """(product id, None), (None, substance id) or (None, None)."""
        if name not in self.known:
            product = find_by_name(self.edition.products, name)
            self.known[name] = product, None if product else find_by_name(self.edition.substances, name)
        return self.known[name]

    def _label(self, name: str) -> tuple[Cited, ...]:
        """Where a product's label was read; nothing for what is no product."""
        product = self._found(name)[0]
        return cited(self.edition, self.edition.products[product].source) if product else ()

    def _same(self, one: str, other: str) -> bool:
        return normal(one) == normal(other) or self._found(one) == self._found(other) != (None, None)

    def _active(self, substance: str) -> str:
        """The part of a salt that acts; any other substance itself."""
        entry = self.edition.substances.get(substance)
        return entry.salt_of if entry and entry.salt_of else substance

    def _records(self, substance: str) -> list[ValueRecord]:
        """The ceilings of a substance, its salts and its active part."""
        return self.ceilings.get(self._active(substance), [])

    def _base(self, amount: _Amount) -> Decimal | None:
        """Milligrams of active part in a salt; None for what is none, or whose share is not known."""
        share = self.substances[amount.substance].base_fraction
        return None if share is None or amount.mg is None else amount.mg * share

    def _title(self, name: str) -> str:
        product, substance = self._found(name)
        if product:
            return self._text(self.edition.products[product].title)
        entry = self.substances.get(substance or name)
        return self._text(entry.title) if entry else name

    def _stranger(self, name: str) -> str:
        """The id of a name that this edition does not know."""
        return normal(name) or name.strip()

    def _near(self, name: str) -> str | None:
        """The known name that this one, or a longer word of it, is spelt nearly like. A vitamin D is no vitamin E,
        a strength may stand behind a name."""
        from rapidfuzz import fuzz, process  # only for what is not known: keeps the start quick

        names: dict[str, str] = {}
        for product in self.edition.products.values():
            names |= {normal(word): word for word in (*product.names, product.title["en"])}
        for substance in self.edition.substances.values():
            title = substance.title["en"]
            mild = title if title[1:2].isupper() else title[:1].lower() + title[1:]
            names |= {normal(word): word for word in (*substance.names, mild)}
        wanted = normal(name)
        figures, short = _marks(wanted)
        for query in (wanted, *(word for word in wanted.split("-") if len(word) >= _LETTERS)):
            for found, _, _ in process.extract(query, names.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR, limit=9):
                others, letters = _marks(found)
                if others <= figures and (letters == short or found == query):
                    return names[found]
        return None

    def _text(self, text: Text) -> str:
        return self.edition.text(text, self.language)

    def _say(self, key: str, **words: str) -> str:
        return self.edition.say(f"formulation.{key}", self.language, **words)


def _meets(pair: tuple[str, str], a: _Component, b: _Component) -> bool:
    """Whether a record speaks of these two; `any` is whatever does not hold the other one itself."""
    one, other = pair
    return one in a.names and (other in b.names or (other == "any" and one not in b.names))


def _line_key(line: MixtureLine) -> tuple[str, ...]:
    figures = (line.concentration, line.unit, line.volume_ml, line.vial_ml)
    return (line.product or line.ingredient or "", line.ingredient or "", *(str(figure) for figure in figures))


def _dissent(position: Position) -> str:
    said = said_by(position.source) or ", ".join(citation.ref for citation in position.source)
    return f"{plain(position.value or _NOTHING)} {position.unit}: {said}"


def _gravest(statuses: Iterable[Status]) -> Status:
    return min(statuses, key=_STATUSES.index)


def _times(per_ml: Decimal | None, ml: Decimal | None) -> Decimal | None:
    return None if per_ml is None or ml is None else per_ml * ml


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, unknown as soon as one of them is."""
    total = _NOTHING
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _ratio(amount: Decimal, scale: Decimal) -> Decimal:
    """A quotient to be shown: six decimals, trailing zeros off. Comparisons never use it."""
    return Decimal(plain((amount / scale).quantize(Decimal("0.000001"))))


@overload
def _shown(amount: Decimal) -> Decimal: ...
@overload
def _shown(amount: None) -> None: ...
def _shown(amount: Decimal | None) -> Decimal | None:
    """An amount as it is written: exact, or with six decimals where a division never ends."""
    if amount is None or len(amount.as_tuple().digits) < _DIGITS:
        return amount
    return _ratio(amount, Decimal(1))


def _marks(name: str) -> tuple[set[str], set[str]]:
    """The figures of a normal name, and its words of one or two signs."""
    words = name.split("-")
    return {w for w in words if w.isdigit()}, {w for w in words if len(w) <= 2 and not w.isdigit()}


def _words(text: str | None) -> set[str]:
    return set(re.findall(r"[^\W_]+", (text or "").casefold()))


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
