"""What a patient reports after a session, and the row of facts that it makes.

Structured answers decide. Words can only add a sign or open a question: a sign that words deny stays unknown, and
one that is ticked *no* and yet told in words becomes unknown, so that somebody asks; where the words tell plainly of
an emergency they outweigh the tick.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ..intake import Order, closure, contents_of, find_by_name, normal, region_id, technique_id
from ..intake.concepts import Dictionary
from ..knowledge import Edition
from ..rules import MORE
from ..values import Amount, Document, InputError, plain
from .words import Heard, Lexicon, Mention, listen

_ANSWERS = {
    True: "yes", False: "no", "y": "yes", "n": "no", "true": "yes", "false": "no", "not sure": "unsure", "unknown":
    "unsure", "maybe": "unsure", "present": "yes", "absent": "no", "oui": "yes", "non": "no",
}  # fmt: skip


def _answer(value: Any) -> Any:
    value = value.strip().casefold() if isinstance(value, str) else value
    return _ANSWERS.get(value, value) if isinstance(value, str | bool) else value


Answer = Annotated[
    Literal["yes", "no", "unsure"],
    BeforeValidator(_answer),
    WithJsonSchema({"enum": ["yes", "no", "unsure", True, False]}),  # in YAML a bare yes is true
]


def _listed(value: Any) -> Any:
    """A name, a list of names, or of lines with a name in them, as a list of names."""
    if value is None:
        return None
    if isinstance(value, str | dict):
        value = [value]
    if isinstance(value, list | tuple):
        return tuple(
            next((str(line[key]) for key in ("product", "ingredient", "name") if line.get(key)), "?")
            if isinstance(line, dict)
            else line
            for line in value
        )
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Treated(Document):
    """What was done at the session, as far as it is known. Absent parts are unknown; a list that is given is whole."""

    products: Names | None = None
    ingredients: Names | None = None
    areas: Names | None = None
    technique: str | None = None
    anaesthetic: Names | None = None
    combined_with: Names | None = None
    jurisdiction: str | None = None

    @classmethod
    def of(cls, order: Order) -> Treated:
        """What an order says was to be done."""
        mixed = [line.product or line.ingredient for line in order.mixture]
        names = tuple(name for name in (*order.products, *mixed) if name)
        numbing = order.anaesthetic
        return cls(
            products=names or None,
            areas=order.areas or None,
            technique=order.technique,
            anaesthetic=None if numbing is None else tuple(line.product for line in numbing),
            combined_with=order.combined_with,
            jurisdiction=order.jurisdiction,
        )


class Sign(Document):
    """A sign with what was said of it. `spreading` and `trend: worse` both mean that it grows."""

    present: Answer | None = "yes"
    trend: Literal["better", "same", "worse"] | None = None
    spreading: Answer | None = None
    severity: Literal["mild", "moderate", "severe"] | None = None
    since_days: Annotated[Amount, Field(ge=0)] | None = None
    since_hours: Annotated[Amount, Field(ge=0)] | None = None

    @property
    def hours(self) -> Decimal | None:
        """How long it has been there."""
        return (
            self.since_hours
            if self.since_hours is not None
            else None
            if self.since_days is None
            else self.since_days * 24
        )


class Report(Document):
    """A patient's report. Times count from the session: `hours_since`, or `days_since`, or both clock times
    `treated` and `reported`. `all_other_signs: no`: every sign and every quality of a sign was asked, and what is
        not named is absent."""

    treatment: Treated = Treated()
    hours_since: Annotated[Amount, Field(ge=0, le=200_000)] | None = None
    days_since: Annotated[Amount, Field(ge=0, le=8_000)] | None = None
    treated: datetime | date | None = None
    reported: datetime | date | None = None
    text: str | tuple[str, ...] | None = None
    signs: dict[str, Answer | Sign | None] = {}
    all_other_signs: Answer | None = None
    temperature_c: Annotated[Amount, Field(ge=25, le=45)] | None = None
    pain_0_10: Annotated[Amount, Field(ge=0, le=10)] | None = None
    patient: dict[str, Any] = {}
    similar_cases: Annotated[int, Field(ge=0)] | None = None
    reference: str | None = None

    @model_validator(mode="after")
    def _other_signs(self) -> Report:
        if self.all_other_signs == "yes":
            raise ValueError(
                "all_other_signs is 'no' (all others were asked and are absent) or left out; name those present"
            )
        return self

    @model_validator(mode="after")
    def _one_time(self) -> Report:
        hours, days = self.hours_since, None if self.days_since is None else self.days_since * 24
        if hours is not None and days is not None and abs(hours - days) > 24:
            raise ValueError(f"{hours} hours and {self.days_since} days since are two times; give one")
        told = days if hours is None else hours
        if told is not None and self.treated is not None and self.reported is not None:
            between = (_day(self.reported) - _day(self.treated)).days * 24
            if abs(told - between) > 48:
                raise ValueError("the time since is not that from treated to reported; give one of the two")
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,) if isinstance(self.text, str) else self.text or ()

    @property
    def hours(self) -> Decimal | None:
        """Hours from the session to the report. Raises InputError where the report came before it."""
        told = (
            self.hours_since
            if self.hours_since is not None
            else None
            if self.days_since is None
            else self.days_since * 24
        )
        if told is not None or self.treated is None or self.reported is None:
            return told
        treated, reported = self.treated, self.reported
        if isinstance(treated, datetime) and isinstance(reported, datetime):
            if (treated.tzinfo is None) != (reported.tzinfo is None):
                raise InputError(
                    "treated, reported", "only one of the two has a zone", "Give both, or neither, an offset"
                )
            gap = Decimal(int((reported - treated).total_seconds())) / 3600
        else:
            gap = Decimal((_day(reported) - _day(treated)).days * 24)
        if gap < 0:
            raise InputError("reported", f"{reported} lies before the session, {treated}", "Check the two times")
        return gap


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


# From 38 °C it is fever (CELL2); from 7 of 10 pain is severe (our reading of the usual scale).
FEVER_FROM_C, SEVERE_FROM = Decimal(38), Decimal(7)


@dataclass
class Row:
    """`values`: fact id → value, absent unknown. `said`: fact id → what it rests on, as printed. `asked`: fact id →
    words that contradict a tick, or that leave open what they mean. `present`: facts of the signs that are there."""

    values: dict[str, Any] = field(default_factory=dict)
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    heard: Heard = field(default_factory=Heard)
    unread: tuple[str, ...] = ()
    unread_names: tuple[str, ...] = ()


def row_of(report: Report, edition: Edition) -> Row:
    """The facts of a report. Raises InputError on a sign that is none."""
    row = Row(heard=listen(report.texts, edition))
    _treatment(report, edition, row)
    by_sign = signs(edition)
    ticks = ticks_of(report, by_sign)
    plainly = Lexicon.of(edition).alarming
    for sign, name in by_sign.items():
        _settle(sign, name, ticks.get(sign), report, row, sign in plainly)
    _measured(report, row, ticks)
    row.present = tuple(name for name in by_sign.values() if row.values.get(name) is True)
    _qualities(report, edition, by_sign, ticks, row)
    _patient(report, edition, row)
    grave = Lexicon.of(edition).grave
    row.values["unasked"] = any(sign in grave and row.values.get(name) is None for sign, name in by_sign.items())
    # Words that are not of the body say something only where nobody asked.
    row.unread = (*row.heard.unread, *(row.heard.chatter if row.values["unasked"] else ()))
    row.values["unread_words"] = bool(row.unread)
    if row.unread:
        row.said["unread_words"] = tuple(f"“{words}”" for words in row.unread)
    others = _quotes(m for m in row.heard.mentions if m.sign == "similar_cases" and m.status == "yes")
    if report.similar_cases is not None:
        row.values["similar_cases"] = Decimal(report.similar_cases)
    elif others:  # how many is not told; one is enough
        row.values["similar_cases"], row.said["similar_cases"] = Decimal(1), others
    if report.hours is not None:
        row.values["hours_since"] = report.hours
    return row


def signs(edition: Edition) -> Mapping[str, str]:
    """Sign, as it is written in a report → its fact."""
    return {
        fact.derive["sign"]: name
        for name, fact in edition.facts.items()
        if fact.asked == "report" and "sign" in fact.derive and "quality" not in fact.derive
    }


def ticks_of(report: Report, by_sign: Mapping[str, str]) -> dict[str, Sign]:
    """Sign → what was answered. Raises InputError on a sign that is none."""
    ticks: dict[str, Sign] = {}
    for given, answer in report.signs.items():
        sign = normal(given)
        if sign not in by_sign:
            near = difflib.get_close_matches(sign, by_sign, 3)
            hint = f"Near it: {', '.join(near)}" if near else f"Write one of {', '.join(by_sign)}, or `other`"
            raise InputError(f"signs.{given}", "no sign is called so", hint)
        tick = answer if isinstance(answer, Sign) else Sign(present=answer or "unsure")  # null: not answered, so open
        if tick.present == "no" and (tick.severity == "severe" or tick.trend == "worse" or tick.spreading == "yes"):
            tick = tick.model_copy(update={"present": "unsure"})  # absent, and yet it grows: one of them is wrong
        ticks[sign] = tick
    return ticks


def _settle(sign: str, name: str, tick: Sign | None, report: Report, row: Row, alarming: bool) -> None:
    """One sign from its tick and the words about it. An alarming one that is told plainly outweighs a ticked no."""
    told = [m for m in row.heard.mentions if m.sign == sign]
    yes = [m for m in told if m.status == "yes"]
    open_ = [m for m in told if m.status == "unsure"]
    ticked = tick.present if tick else None
    if ticked == "yes":
        row.values[name] = True
        row.said[name] = ("answered yes", *_quotes(yes))
    elif ticked == "unsure":
        row.asked[name] = ("answered: not sure", *_quotes(told))
    elif ticked == "no":
        if alarming and any(not m.guess for m in yes):
            row.values[name] = True
            row.said[name] = ("answered no, but told in words", *_quotes(yes))
        elif yes:
            row.asked[name] = ("answered no", *_quotes(yes))
        else:
            row.values[name] = False
    elif yes:
        row.values[name] = True
        row.said[name] = _quotes(yes)
    elif open_:
        row.asked[name] = _quotes(open_)
    elif report.all_other_signs == "no":
        row.values[name] = False


def _quotes(mentions: Iterable[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"“{m.quote}”{' (read through a misspelling)' if m.guess else ''}" for m in mentions))


def _measured(report: Report, row: Row, ticks: Mapping[str, Sign]) -> None:
    """Fever and pain from what was measured; a measured yes outweighs a tick."""
    if report.temperature_c is not None:
        if report.temperature_c >= FEVER_FROM_C:
            row.values["fever"] = True
            row.said["fever"] = (f"{plain(report.temperature_c)} °C",)
            row.asked.pop("fever", None)
        elif "fever" not in ticks and row.values.get("fever") is None and "fever" not in row.asked:
            row.values["fever"] = False
    if report.pain_0_10 is not None:
        severe = report.pain_0_10 >= SEVERE_FROM
        words = (f"pain {plain(report.pain_0_10)} of 10",)
        if severe:
            row.values["severe_pain"] = True
            row.said["severe_pain"] = words
            row.asked.pop("severe_pain", None)
        elif "severe-pain" not in ticks and row.values.get("severe_pain") is None and "severe_pain" not in row.asked:
            row.values["severe_pain"] = False
        if (
            report.pain_0_10 > 0
            and not severe
            and row.values.get("tenderness") is not True
            and "tenderness" not in ticks
        ):
            row.values["tenderness"] = True
            row.said["tenderness"] = words


def _qualities(
    report: Report, edition: Edition, by_sign: Mapping[str, str], ticks: Mapping[str, Sign], row: Row
) -> None:
    closed = report.all_other_signs == "no"
    found: dict[tuple[str, str], bool | None] = {}
    for sign, name in by_sign.items():
        there = row.values.get(name)
        tick = ticks.get(sign)
        words: set[str] = set()
        for mention in row.heard.mentions:
            if mention.sign == sign and mention.status == "yes":
                words |= mention.qualities
        only_words = tick is None or tick.present is None
        trend = tick.trend if tick else None
        severity = tick.severity if tick else None
        spreads = tick.spreading if tick else None
        worse = True if trend == "worse" or spreads == "yes" or "worse" in words else False if trend else None
        severe = True if severity == "severe" or "severe" in words else False if severity else None
        large = True if severity == "severe" or "large" in words else False if severity else None
        # What softens counts from words only where the sign itself is known from words alone.
        better = True if trend == "better" or (only_words and "better" in words) else False if trend or worse else None
        mild = True if severity == "mild" or (only_words and "mild" in words) else False if severity or severe else None
        if only_words and mild and severe is None:
            severe = False
        if closed:
            worse, severe, large = worse or False, severe or False, large or False
        for quality, value in (
            ("worse", worse),
            ("severe", severe),
            ("large", large),
            ("better", better),
            ("mild", mild),
        ):
            found[sign, quality] = value if there is True else False if there is False else None
        if sign == "redness" and there and spreads is not None and "spreading-redness" not in ticks:
            if spreads == "yes":
                row.values["spreading_redness"] = True
                row.said["spreading_redness"] = ("answered: it spreads",)
            elif spreads == "unsure" and row.values.get("spreading_redness") is not True:
                row.values.pop("spreading_redness", None)
                row.asked["spreading_redness"] = ("answered: not sure whether it spreads",)
            elif (
                spreads == "no" and row.values.get("spreading_redness") is None and "spreading_redness" not in row.asked
            ):
                row.values["spreading_redness"] = False
        if sign in ("tenderness", "severe-pain") and there and worse and "increasing-pain" not in ticks:
            row.values["increasing_pain"] = True
            row.said["increasing_pain"] = ("answered: it gets worse",) if trend == "worse" else row.said.get(name, ())
        if sign == "tenderness" and there and severe and "severe-pain" not in ticks and severity == "severe":
            row.values["severe_pain"] = True
            row.said["severe_pain"] = ("answered: severe",)
    row.present = tuple(name for name in by_sign.values() if row.values.get(name) is True)
    for name, fact in edition.facts.items():
        if fact.asked == "report" and "quality" in fact.derive:
            value = found[fact.derive["sign"], fact.derive["quality"]]
            if value is not None:
                row.values[name] = value
                row.said[name] = row.said.get(by_sign[fact.derive["sign"]], ())
    for name, quality in (("something_worse", "worse"), ("something_severe", "severe")):
        told = {sign: found[sign, quality] for sign, fact in by_sign.items() if row.values.get(fact) is True}
        if True in told.values():
            row.values[name] = True
            row.said[name] = tuple(sign.replace("-", " ") for sign, value in told.items() if value)
        elif None not in told.values():
            row.values[name] = False


def _patient(report: Report, edition: Edition, row: Row) -> None:
    given = {
        normal(key).replace("-", "_"): _answer(value) if isinstance(value, str | bool) else None
        for key, value in report.patient.items()
    }
    # "medications: [Eliquis]" says it too.
    listed = listen(
        (str(value) for value in report.patient.values() if isinstance(value, list | tuple | str)), edition
    ).mentions
    for name, fact in edition.facts.items():
        keys = fact.derive.get("patient", ()) if fact.asked == "report" else ()
        answers = {given[key] for key in keys if given.get(key) not in (None, "")}
        told = _quotes(m for m in row.heard.mentions if m.sign == name and m.status == "yes")
        named = _quotes(m for m in listed if m.sign == name and m.status == "yes") if keys else ()
        if answers - {"no", "unsure"} or named:  # yes, or what it is called
            row.values[name] = True
            row.said[name] = ("from the patient's history", *named)
        elif "unsure" in answers:
            row.asked[name] = ("answered: not sure",)
        elif answers:
            row.values[name] = False
            row.said[name] = ("from the patient's history",)
        elif told and keys:
            row.values[name], row.said[name] = True, told


# --- the treatment ---------------------------------------------------------------------------------------------


def _treatment(report: Report, edition: Edition, row: Row) -> None:
    treated = report.treatment
    named = None if treated.products is None and treated.ingredients is None else (
        *(treated.products or ()), *(treated.ingredients or ())
    )  # fmt: skip
    unread: list[str] = []
    botulinum: bool | None = None
    row.values["nothing_injected"] = bool(named) and all(normal(name) in _NOTHING for name in named or ())
    if row.values["nothing_injected"]:
        named = ()
    if named is not None:
        found, strange, botulinum = _contents(named, edition)
        row.values["ingredients"] = found
        unread += strange
        row.values["products"] = found
    if treated.anaesthetic is not None:
        row.values["anaesthetics"], strange, _ = _contents(treated.anaesthetic, edition)
        unread += strange
    others, _, other_botulinum = _contents(treated.combined_with or (), edition)
    if other_botulinum or "botulinum-toxin" in others:
        botulinum = True
    if botulinum is not None:
        row.values["botulinum_toxin"] = botulinum
    if treated.areas is not None:
        regions = {name: region_id(edition, name) for name in treated.areas}
        known = {region for found_ in regions.values() if found_ for region in closure(edition, found_)}
        missing = [name for name, found_ in regions.items() if found_ is None]
        row.values["areas"] = (*sorted(known), *([MORE] if missing else ()))
        unread += missing
    if treated.technique is not None:
        technique = technique_id(edition, treated.technique)
        if (
            technique is None
            and "microneedling" in Dictionary.of(edition, "procedures").recognise(treated.technique).concepts
        ):
            technique = "microneedling-serum"
        if technique is None:
            unread.append(treated.technique)
        else:
            row.values["technique"] = technique
    row.unread_names = tuple(dict.fromkeys(unread))


_NOTHING = frozenset(
    ("none", "nothing", "none-yet", "none-given-yet", "nothing-yet", "not-yet", "nothing-injected",
     "nothing-injected-yet", "not-injected-yet", "not-yet-injected", "none-injected-yet", "none-injected")
)  # fmt: skip


def _contents(names: Iterable[str], edition: Edition) -> tuple[tuple[str, ...], list[str], bool | None]:
    """Substances with their classes and products of some names, the names not read, and whether botulinum toxin is
    among them (unknown where something was not read). What a product holds and is not known leaves the list open."""
    found: set[str] = set()
    unread: list[str] = []
    open_ = botulinum = False
    for name in names:
        if find_by_name(edition.products, name) or find_by_name(edition.substances, name):
            contents = contents_of(edition, Order(products=(name,)))
            found |= contents.ingredients | contents.products
            open_ = open_ or bool(contents.gaps)
            continue
        concepts = Dictionary.of(edition, "procedures").recognise(name).concepts
        if "botulinum-toxin" in concepts:
            found.add("botulinum-toxin")
            botulinum = True
        elif not concepts:
            unread.append(name)
    whole = not unread and not open_
    known = tuple(sorted(found)) if whole else (*sorted(found), MORE)
    return known, unread, True if botulinum else False if not unread else None
