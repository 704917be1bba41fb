"""A clinician's or patient's items → a score with its bounds; two scores → what changed, and whether that matters.

No patient data and no judgement: an item that is missing or out of bounds is an error, never a guess. Which scales
there are, their labels, sources and test vectors stand in the knowledge base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from .knowledge import Cited, Edition, Scale, cited
from .values import Amount, Document, InputError, plain, to_decimal

Items = Mapping[str, Any]


class Score(Document):
    """A scale's value with its bounds. `details` are further figures of the same items, by name and unit."""

    scale: str
    title: str
    value: Amount
    low: Amount | None
    high: Amount | None
    better: str | None
    label: str | None = None
    details: dict[str, Amount] = {}
    sources: tuple[Cited, ...]


class Change(Document):
    """After against before. `important`: yes, no, or None where no source says how large a change matters."""

    scale: str
    difference: Amount
    percent: Amount | None  # of the first value; None where that is 0
    better: bool | None
    important: bool | None
    because: str


class Item(Document):
    """One figure of a scale. `name`: its place among the items, dotted where one lies in another ("chin.area");
    `steps`: what each whole number from `low` stands for, where it stands for something."""

    name: str
    low: int = 0
    high: int | None
    whole: bool = True
    needed: bool = True  # without it there is no score
    steps: tuple[str, ...] = ()


def items_of(scale: Scale, given: Items) -> tuple[Item, ...]:
    """What is entered one by one for a scale of more than a grade, in the form in which some were given already; none
    for other scales, and none where all were given as one list."""
    listed = _ITEMS.get(scale.id)
    return () if listed is None or given.get("items") is not None else listed(scale, given)


def missing(scale: Scale, given: Items) -> tuple[str, ...]:
    """Names of the items without which there is no score."""
    return tuple(item.name for item in items_of(scale, given) if item.needed and given_at(given, item.name) is None)


def given_at(given: Items, name: str) -> Any:
    """What was given for an item, by its dotted name; None where nothing was."""
    at: Any = given
    for part in name.split("."):
        at = at.get(part) if isinstance(at, Mapping) else None
    return at


def filled(given: Items) -> bool:
    """Whether anything was given at all: an item taken back leaves its place empty."""
    return any(filled(one) if isinstance(one, Mapping) else one is not None for one in given.values())


def score(scale_id: str, items: Items, edition: Edition, language: str = "en") -> Score:
    """The score of one scale. Raises InputError on a scale that is none or is not computed, and on items that are
    missing, unknown or out of bounds."""
    scale = edition.scales.get(scale_id)
    if scale is None:
        known = ", ".join(s for s, found in edition.scales.items() if found.computed)
        raise InputError(f"scale '{scale_id}'", "there is no such scale", f"Write one of {known}")
    if not scale.computed:
        raise InputError(f"scale '{scale_id}'", "it is not computed here", edition.text(scale.method or scale.title))
    read = _Items(scale_id, items)
    value, details = _COMPUTED[scale_id](read, scale)
    read.none_left()
    step = int(value - (scale.low or 0)) if scale.labels and value == int(value) else None
    return Score(
        scale=scale_id,
        title=edition.text(scale.title, language),
        value=value,
        low=scale.low,
        high=scale.high,
        better=scale.better,
        label=None if step is None else edition.text(scale.labels[step], language),
        details=details,
        sources=cited(edition, scale.source),
    )


# The smallest changes that matter, each with its source: absolute, and in per cent of the first value.
_MATTERS = {"pain": (Decimal(23), Decimal(34), "23 mm or 34 % in chronic pain (VASC); in acute pain 8 to 40 mm (VASA)")}


def change(before: Score, after: Score) -> Change:
    """What changed between two scores of one scale. Raises InputError where they are of two scales."""
    if before.scale != after.scale:
        raise InputError(f"'{before.scale}' and '{after.scale}'", "these are two scales", "Compare scores of one")
    difference = after.value - before.value
    percent = None if before.value == 0 else (100 * difference / before.value).quantize(Decimal("0.1"))
    better = None
    if difference and before.better in ("lower", "higher"):
        better = (difference < 0) == (before.better == "lower")
    matters = _MATTERS.get(before.scale)
    if matters is None:
        important, because = None, "no source says how large a change of this scale matters"
    else:
        least, least_percent, because = matters
        important = abs(difference) >= least or (percent is not None and abs(percent) >= least_percent)
    return Change(
        scale=before.scale, difference=difference, percent=percent, better=better, important=important, because=because
    )


class _Items:
    """The items of one scale, taken one by one, so that what is left over is found."""

    def __init__(self, place: str, items: Any) -> None:
        if not isinstance(items, Mapping):
            raise InputError(place, "these are no items", "Write them by name")
        self.place, self.items, self.taken = place, items, set[str]()

    def wrong(self, what: str, remedy: str) -> NoReturn:
        raise InputError(self.place, what, remedy)

    def has(self, name: str) -> bool:
        return self.items.get(name) is not None

    def take(self, name: str) -> Any:
        self.taken.add(name)
        if not self.has(name):
            self.wrong(f"'{name}' is missing", "Enter it; a missing item is not counted as 0")
        return self.items[name]

    def number(self, name: str, low: int, high: int | None = None, *, whole: bool = False) -> Decimal:
        return self.bounded(name, self.take(name), low, high, whole)

    def bounded(self, name: str, value: Any, low: int, high: int | None, whole: bool) -> Decimal:
        number = to_decimal(value)
        if not isinstance(number, Decimal):
            self.wrong(f"'{name}' is '{value}', which is no number", "Write a number")
        if number < low or (high is not None and number > high) or (whole and number != int(number)):
            bounds = f"from {low} to {high}" if high is not None else f"of at least {low}"
            self.wrong(f"'{name}' is {plain(number)}", f"Write a {'whole ' if whole else ''}number {bounds}")
        return number

    def choice(self, name: str, words: tuple[str, ...]) -> str:
        word = str(self.take(name)).strip().casefold().replace(" ", "-").replace("_", "-")
        if word not in words:
            self.wrong(f"'{name}' is '{self.items[name]}'", f"Write one of {', '.join(words)}")
        return word

    def under(self, name: str) -> _Items:
        return _Items(f"{self.place}, {name}", self.take(name))

    def none_left(self) -> None:
        left = sorted(set(self.items) - self.taken)
        if left:
            self.wrong(f"'{left[0]}' is no item of this scale", f"Leave it out; its items are {', '.join(self.taken)}")


Computed = tuple[Decimal, dict[str, Decimal]]
# Of the face: MASIALT, MASIALG, MASIPSK.
_WEIGHTS = {
    "forehead": Decimal("0.3"), "left_malar": Decimal("0.3"), "right_malar": Decimal("0.3"), "chin": Decimal("0.1"),
}  # fmt: skip
_AREA_FROM_PERCENT = (10, 30, 50, 70, 90)
_AREA_HIGH, _SEVERITY_HIGH, _SUMMED_HIGH = 6, 4, 3


def _area(region: _Items) -> Decimal:
    """Points of the area: as given, or from its per cent."""
    if not region.has("area_percent"):
        return region.number("area", 0, _AREA_HIGH, whole=True)
    percent = region.number("area_percent", 0, 100)
    return Decimal(0 if percent == 0 else 1 + sum(percent >= bound for bound in _AREA_FROM_PERCENT))


def _melasma(items: _Items, *, homogeneity: bool) -> Computed:
    parts = {}
    for name, weight in _WEIGHTS.items():
        region = items.under(name)
        severity = region.number("darkness", 0, _SEVERITY_HIGH, whole=True)
        if homogeneity:
            severity += region.number("homogeneity", 0, _SEVERITY_HIGH, whole=True)
        parts[name] = weight * _area(region) * severity
        region.none_left()
    return sum(parts.values(), Decimal(0)), parts


def _melasma_items(scale: Scale, given: Items) -> tuple[Item, ...]:
    ends = (*(end - 1 for end in _AREA_FROM_PERCENT[1:]), 100)
    bands = tuple(f"{start}–{end} %" for start, end in zip(_AREA_FROM_PERCENT, ends, strict=True))
    steps = ("0 %", f"< {_AREA_FROM_PERCENT[0]} %", *bands)
    out = []
    for region in _WEIGHTS:
        if given_at(given, f"{region}.area_percent") is not None:
            out.append(Item(name=f"{region}.area_percent", high=100, whole=False))
        else:
            out.append(Item(name=f"{region}.area", high=_AREA_HIGH, steps=steps))
        for name in ("darkness", "homogeneity") if scale.id == "masi" else ("darkness",):
            out.append(Item(name=f"{region}.{name}", high=_SEVERITY_HIGH))
    return tuple(out)


def _grade(items: _Items, scale: Scale) -> Computed:
    low, high = scale.low, scale.high
    assert low is not None and high is not None
    return items.number("grade", int(low), int(high), whole=True), {}


def _summed(scale: Scale) -> int:
    """How many items: as many as the scale's highest value has room for."""
    assert scale.high is not None
    return int(scale.high) // _SUMMED_HIGH


def _sum(items: _Items, scale: Scale) -> Computed:
    """Items of 0 to 3, as one list or by name (item_1, item_2 …)."""
    count = _summed(scale)
    if not items.has("items"):
        if not items.items:
            items.wrong("'items' is missing", "Enter them; a missing item is not counted as 0")
        named = (items.number(f"item_{n}", 0, _SUMMED_HIGH, whole=True) for n in range(1, count + 1))
        return sum(named, Decimal(0)), {}
    given = items.take("items")
    if not isinstance(given, list | tuple) or len(given) != count:
        items.wrong("the items are not complete", f"Write all {count} numbers; a missing one is not counted as 0")
    return sum((items.bounded(f"item {n}", v, 0, _SUMMED_HIGH, True) for n, v in enumerate(given, 1)), Decimal(0)), {}


def _sum_items(scale: Scale, _given: Items) -> tuple[Item, ...]:
    return tuple(Item(name=f"item_{n}", high=_SUMMED_HIGH) for n in range(1, _summed(scale) + 1))


def _pain(items: _Items, scale: Scale) -> Computed:
    if items.has("out_of_ten"):
        return 10 * items.number("out_of_ten", 0, 10), {}
    return items.number("mm", 0, 100), {}


def _pain_items(_scale: Scale, given: Items) -> tuple[Item, ...]:
    if given_at(given, "out_of_ten") is not None:
        return (Item(name="out_of_ten", high=10, whole=False),)
    return (Item(name="mm", high=100, whole=False),)


def _hair_items(_scale: Scale, given: Items) -> tuple[Item, ...]:
    kinds = all(given_at(given, kind) is not None for kind in ("terminal", "vellus"))
    some = any(given_at(given, kind) is not None for kind in ("terminal", "vellus"))
    return (
        Item(name="field_cm2", high=None, whole=False),
        Item(name="count", high=None, needed=not kinds),
        Item(name="terminal", high=None, needed=some),
        Item(name="vellus", high=None, needed=some),
        Item(name="anagen", high=None, needed=False),
    )


def _hair(items: _Items, scale: Scale) -> Computed:
    field = items.number("field_cm2", 0)
    if field == 0:
        items.wrong("'field_cm2' is 0", "Write the area of the marked field")
    details: dict[str, Decimal] = {}
    terminal = vellus = None
    if items.has("terminal") or items.has("vellus"):
        terminal, vellus = items.number("terminal", 0, whole=True), items.number("vellus", 0, whole=True)
    if items.has("count") or terminal is None or vellus is None:
        count = items.number("count", 0, whole=True)
    else:
        count = terminal + vellus
    if terminal is not None and vellus is not None:
        if terminal + vellus != count:
            items.wrong("terminal and vellus hairs are not the hairs counted", "Count again, or leave one out")
        if vellus:
            details["terminal_to_vellus"] = (terminal / vellus).quantize(Decimal("0.01"))
    if items.has("anagen"):
        anagen = items.number("anagen", 0, whole=True)
        if anagen > count or count == 0:
            items.wrong("more hairs grow than were counted", "Count again")
        details["anagen_percent"] = (100 * anagen / count).quantize(Decimal("0.1"))
    return (count / field).quantize(Decimal("0.1")), details


_BURNS = ("always", "easily", "a-little", "rarely", "hardly-ever", "never")
_TANS = ("never", "little", "evenly", "easily", "very-easily", "deeply-pigmented")


def _phototype(items: _Items, scale: Scale) -> Computed:
    burns = _BURNS.index(items.choice("burns", _BURNS)) + 1
    tans = _TANS.index(items.choice("tans", _TANS)) + 1
    # A source lets type V never burn.
    if burns == tans or (burns == 6 and tans == 5):
        return Decimal(tans), {}
    items.wrong(
        f"it burns as type {_roman(burns)} does and tans as type {_roman(tans)}",
        "Ask again, or enter the phototype that the clinician sees",
    )


def _roman(number: int) -> str:
    return ("I", "II", "III", "IV", "V", "VI")[number - 1]


_COMPUTED: dict[str, Callable[[_Items, Scale], Computed]] = {
    "phototype": _phototype,
    "masi": lambda items, _: _melasma(items, homogeneity=True),
    "mmasi": lambda items, _: _melasma(items, homogeneity=False),
    "hexsel": _sum,
    "dlqi": _sum,
    "pain": _pain,
    "hair": _hair,
    **dict.fromkeys(
        ("glogau", "rhytids", "wsrs", "fitzpatrick-wrinkles", "lemperle", "goodman-baron", "nurnberger-muller"), _grade
    ),
}
_ITEMS: dict[str, Callable[[Scale, Items], tuple[Item, ...]]] = {
    "masi": _melasma_items,
    "mmasi": _melasma_items,
    "hexsel": _sum_items,
    "dlqi": _sum_items,
    "pain": _pain_items,
    "hair": _hair_items,
}
