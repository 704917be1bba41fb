"""A patient's answers as a clinician reads and edits them: the words, what they were read as, what is unknown.

All functions here are pure. The answers are the core's document; where a topic is absent it was not asked, and is shown
and edited as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from nappage.intake import Answers, Facts, Order, read, validated
from nappage.intake.concepts import Dictionary
from nappage.knowledge import Edition
from nappage.screening import Screening, screen
from nappage.values import InputError

from .models import Patient

Kind = Literal["text", "day", "yes-no", "number", "choice", "said", "words"]


@dataclass(frozen=True)
class Field:
    """One thing that can be said. "said": yes, no, or words; "words": several, one a line."""

    key: str
    label: Any
    kind: Kind = "text"
    choices: tuple[tuple[str | int, Any], ...] = ()


@dataclass(frozen=True)
class Topic:
    """A list that is asked as a whole (`rows`), or single questions. `path`: where it stands in the answers.
    `dictionary`: whose words its first field holds."""

    key: str
    title: Any
    path: tuple[str, ...]
    fields: tuple[Field, ...]
    rows: bool = True
    dictionary: str = ""


_STATUS = (
    ("active", _("now")),
    ("past", _("in the past")),
    ("family", _("in the family")),
    ("denied", _("denied")),
)
TOPICS: tuple[Topic, ...] = (
    Topic("medications", _("Medicines"), ("medications",), (
        Field("name", _("Medicine")), Field("dose", _("Dose")), Field("route", _("How it is taken")),
        Field("started", _("Since"), "day"), Field("stopped", _("Stopped on"), "day"),
        Field("current", _("Taken now"), "yes-no"), Field("prescribed", _("Prescribed"), "yes-no"),
        Field("reason", _("What for")), Field("no_effect", _("Why it has no bearing (clinician)")),
    ), dictionary="medicines"),
    Topic("conditions", _("Illnesses"), ("conditions",), (
        Field("text", _("Illness")), Field("status", _("When"), "choice", _STATUS),
        Field("onset", _("Since"), "day"),
        Field("resolved", _("Over since"), "day"), Field("controlled", _("Well controlled"), "yes-no"),
    ), dictionary="conditions"),
    Topic("allergies", _("Allergies"), ("allergies",), (
        Field("substance", _("To what")), Field("reaction", _("What happened")),
        Field("status", _("When"), "choice", tuple(s for s in _STATUS if s[0] != "family")),
    ), dictionary="allergens"),
    Topic("procedures", _("Operations and treatments"), ("procedures",), (
        Field("name", _("What")), Field("area", _("Where")), Field("date", _("When"), "day"),
    ), dictionary="procedures"),
    Topic("previous_mesotherapy", _("Mesotherapy before"), ("previous_mesotherapy",), (
        Field("product", _("Product")), Field("date", _("When"), "day"), Field("reaction", _("Reaction")),
    )),
    Topic("skincare", _("Skin care"), ("skincare",), (
        Field("product", _("Product")), Field("active", _("Active ingredient")), Field("frequency", _("How often")),
        Field("last_used", _("Last used"), "day"), Field("prescribed", _("Prescribed"), "yes-no"),
    ), dictionary="medicines"),
    Topic("planned_events", _("What is coming up"), ("context", "planned_events"), (
        Field("event", _("What")), Field("date", _("When"), "day"), Field("area", _("Where")),
    ), dictionary="events"),
    Topic("patient", _("Body"), ("patient",), (
        Field("pregnancy", _("Pregnant"), "choice", (
            ("no", _("no")), ("pregnant", _("yes")), ("possible", _("possibly")), ("planning", _("planned")),
        )),
        Field("breastfeeding", _("Breastfeeding"), "yes-no"), Field("weight_kg", _("Weight, kg"), "number"),
        Field("phototype", _("Phototype (Fitzpatrick)"), "choice",
              tuple((n, w) for n, w in enumerate(("I", "II", "III", "IV", "V", "VI"), 1))),
    ), rows=False),
    Topic("context", _("How they are now"), ("context",), (
        Field("unwell", _("Unwell"), "said"), Field("skin_state", _("On the skin"), "words"),
        Field("recent_sun", _("Last strong sun"), "said"), Field("voluntary", _("Of their own will"), "yes-no"),
        Field("expectations", _("Expectations"), "choice", (
            ("realistic", _("realistic")), ("unrealistic", _("unrealistic")),
        )),
        Field("bdd_questionnaire", _("Body image questionnaire"), "choice", (
            ("negative", _("negative")), ("positive", _("positive")),
        )),
        Field("blood_pressure", _("Blood pressure"), "choice", (
            ("controlled", _("controlled")), ("uncontrolled", _("not controlled")),
        )),
    ), rows=False),
    Topic("lifestyle", _("Way of life"), ("lifestyle",), (
        Field("smoking", _("Smoking"), "said"), Field("alcohol", _("Alcohol"), "said"),
        Field("alcohol_last", _("Last alcohol"), "day"), Field("sun", _("Sun exposure"), "said"),
        Field("sunbeds", _("Sunbeds"), "said"), Field("occupation", _("Occupation")),
    ), rows=False),
    Topic("wishes", _("Wishes"), (), (
        Field("goals", _("Goals"), "words"), Field("concerns", _("What bothers"), "words"),
        Field("needle_fear", _("Afraid of needles"), "yes-no"),
    ), rows=False),
)  # fmt: skip
_TOPIC = {topic.key: topic for topic in TOPICS}
_SKIN = ("skin_state", "skin_states")
_TOPIC_OF = {
    "medicines": "medications", "conditions": "conditions", "allergens": "allergies", "procedures": "procedures",
    "events": "planned-events", "skin_states": "skin-state",
}  # fmt: skip


def topic(key: str) -> Topic | None:
    return _TOPIC.get(key)


# --- reading -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """One line: the patient's words, details beside them, what they were read as. `unknown`: the words that nobody
    understood. `record`: told by a record system, not by the patient."""

    words: str
    details: tuple[tuple[str, str], ...] = ()
    read_as: tuple[str, ...] = ()
    guess: str = ""
    effect_unknown: bool = False
    unknown: tuple[str, ...] = ()
    record: bool = False
    origin: str = ""


@dataclass(frozen=True)
class Section:
    """A topic's lines. `asked`: whether it was asked at all; an empty list that was asked means none."""

    topic: Topic
    asked: bool
    lines: tuple[Said, ...]


def sections(answers: Answers, edition: Edition) -> tuple[Section, ...]:
    """Everything the answers hold, topic by topic, those of a record beside the patient's own."""
    given = answers.model_dump(mode="json", exclude_unset=True)
    out = []
    for each in TOPICS:
        own = _at(given, each.path)
        beside = _at(given.get("record") or {}, each.path)
        lines = [*_lines(each, own, edition, record=False), *_lines(each, beside, edition, record=True)]
        if each.rows:
            asked = own is not None or (answers.history_complete and each.key not in answers.not_asked)
        else:
            asked = any(field.key in (own or {}) for field in each.fields)
        out.append(Section(each, asked, tuple(lines)))
    return tuple(out)


def _lines(each: Topic, given: Any, edition: Edition, *, record: bool) -> Iterator[Said]:
    if not each.rows:
        for field in each.fields:
            value = (given or {}).get(field.key)
            if value is not None and not (record and each.key == "wishes"):
                yield _single(field, value, edition, record)
        return
    for entry in given or ():
        first, *rest = each.fields
        words = str(entry.get(first.key) or "")
        if not words and each.key == "skincare":
            words = str(entry.get("active") or "")
        read_as, guess, unknown, effect = _recognised(each.dictionary, words, entry.get("codes") or {}, edition)
        details = [(str(f.label), shown(f, entry[f.key])) for f in rest if entry.get(f.key) is not None]
        codes = [f"{system} {_codes(values)}" for system, values in (entry.get("codes") or {}).items()]
        yield Said(
            words or ", ".join(codes), tuple(details), read_as, guess,
            effect and not entry.get("no_effect"), unknown, record, entry.get("origin") or "",
        )  # fmt: skip


def _single(field: Field, value: Any, edition: Edition, record: bool) -> Said:
    said = shown(field, value)
    if field.key == _SKIN[0]:
        found = [_recognised(_SKIN[1], word, {}, edition) for word in value]
        return Said(
            str(field.label), ((str(field.label), said or gettext("nothing; examined")),),
            tuple(name for names, *_rest in found for name in names), "",
            unknown=tuple(word for _n, _g, words, _e in found for word in words), record=record,
        )  # fmt: skip
    return Said(str(field.label), ((str(field.label), said),), record=record)


def _recognised(
    dictionary: str, words: str, codes: Mapping[str, Any], edition: Edition
) -> tuple[tuple[str, ...], str, tuple[str, ...], bool]:
    """What words and codes were read as, a misspelling's guess, what was not understood, and whether the effect of a
    medicine is not known here."""
    if not dictionary or not (words or codes):
        return (), "", (), False
    concepts = getattr(edition, dictionary)
    asked = Dictionary.of(edition, dictionary)
    line = asked.line(words, codes, _TOPIC_OF[dictionary])
    found = asked.recognise(words, codes)
    names = tuple(sorted(_title(concepts, one) for one in found.own))
    nothing = not (line.parts or line.relatives or line.denied or line.unread)
    if not names and line.relatives:
        names = tuple(sorted(gettext("{} (a relative)").format(_title(concepts, one)) for one in line.relatives))
    if not names and line.denied:
        names = (gettext("none"),)
    unknown = (words or ", ".join(codes),) if nothing and not names else line.unread
    return names, found.guess or "", tuple(unknown), bool(found.known)


def _title(concepts: Mapping[str, Any], one: str) -> str:
    return (concepts[one].title if one in concepts else None) or one.replace("-", " ")


def _codes(values: Any) -> str:
    return values if isinstance(values, str) else ", ".join(values)


def shown(field: Field, value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field.kind == "choice":
        return str(dict(field.choices).get(value, value))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return _day_written(str(value)) if field.kind in ("day", "said") else str(value)


def _day_written(text: str) -> str:
    """A day or a month in words; anything else, a year among it, as it stands."""
    if not re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
        return text
    try:
        day = date.fromisoformat(f"{text}-01"[:10])
    except ValueError:
        return text
    return date_format(day, "SHORT_DATE_FORMAT" if len(text) == 10 else "F Y")


def _at(given: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        given = given.get(key) if isinstance(given, dict) else None
    return given


# --- what changed --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Something said differently. An empty `before` is new, an empty `now` is no longer said."""

    topic: str
    what: str
    before: str
    now: str


def changes(before: Answers, now: Answers) -> tuple[Change, ...]:
    """What the newer answers say differently from the older ones."""
    old, new = (one.model_dump(mode="json", exclude_unset=True) for one in (before, now))
    out: list[Change] = []
    for each in TOPICS:
        was, is_now = _at(old, each.path), _at(new, each.path)
        if not each.rows:
            for field in each.fields:
                a, b = ((one or {}).get(field.key) for one in (was, is_now))
                if a != b:
                    texts = ("" if v is None else shown(field, v) or gettext("none") for v in (a, b))
                    out.append(Change(str(each.title), str(field.label), *texts))
            continue
        out += _list_changes(each, was, is_now)
        if (was is None) != (is_now is None):
            words = {True: gettext("not asked"), False: gettext("asked")}
            out.append(Change(str(each.title), "", words[was is None], words[is_now is None]))
    if (before.record is None) != (now.record is None) or before.record != now.record:
        out.append(Change(gettext("Beside the answers"), "", "", gettext("what another record of this patient holds")))
    return tuple(out)


def _list_changes(each: Topic, was: Any, is_now: Any) -> Iterator[Change]:
    first, *rest = each.fields
    names = [{_name(first, entry): entry for entry in (one or ())} for one in (was, is_now)]
    for name in {**names[0], **names[1]}:
        a, b = (entries.get(name) for entries in names)
        if a != b:
            texts = [
                "" if e is None else ", ".join(
                    f"{f.label}: {shown(f, e[f.key])}" for f in rest if e.get(f.key) is not None
                ) or gettext("said") for e in (a, b)
            ]  # fmt: skip
            if texts[0] != texts[1]:
                yield Change(str(each.title), name, *texts)


def _name(first: Field, entry: Mapping[str, Any]) -> str:
    codes = ", ".join(f"{k} {_codes(v)}" for k, v in (entry.get("codes") or {}).items())
    return str(entry.get(first.key) or entry.get("active") or codes or entry.get("date") or "")


# --- writing -------------------------------------------------------------------------------------------------


def of_document(body: str) -> Answers:
    """The answers that a document of kind "answers" holds."""
    return Answers.model_validate_json(body)


def with_topic(answers: Answers, each: Topic, value: Any) -> Answers:
    """The answers with one topic said anew: a list of rows, None where it was not asked, or a dict of single answers
    (None takes one away). Raises InputError at the field."""
    given = answers.model_dump(mode="json", exclude_unset=True)
    if each.rows:
        *way, last = each.path
        at = given
        for key in way:
            at = at.setdefault(key, {})
        at.pop(last, None)
        if value is not None:
            at[last] = value
        open_now = [word for word in given.get("not_asked") or () if word != each.key]
        if value is None and answers.history_complete:
            open_now.append(each.key)
        given["not_asked"] = open_now
    else:
        at = given
        for key in each.path:
            at = at.setdefault(key, {})
        for field in each.fields:
            at.pop(field.key, None)
            if value.get(field.key) is not None:
                at[field.key] = value[field.key]
    return validated(Answers, given, "answers")


def with_identity(answers: Answers, patient: Patient) -> Answers:
    """The answers with the name, birth date and sex under which the clinic keeps the patient."""
    identity: dict[str, Any] = {"name": patient.name, "birth_date": patient.birth_date}
    if patient.sex in ("female", "male", "other"):
        identity["sex"] = patient.sex
    return answers.model_copy(update={"patient": answers.patient.model_copy(update=identity)})


_LISTS = ("conditions", "medications", "allergies", "procedures", "previous_mesotherapy", "skincare")


def with_another(answers: Answers, other: Answers) -> Answers:
    """The answers with those of another record beside them: what it names is present, what it leaves out is not
    denied, and what contradicts becomes a question."""
    beside = [one for one in (answers.record, other.record, other) if one is not None]
    lists: dict[str, Any] = {}
    for key in _LISTS:
        rows = [row for one in beside for row in getattr(one, key) or ()]
        if rows:
            lists[key] = tuple(rows_by_text(rows))
    last = [one.patient for one in beside if one.patient != type(one.patient)()]
    record = Answers(patient=last[-1] if last else answers.patient, **lists)
    untils = [day for day in (answers.record_until, other.record_until) if day]
    return answers.model_copy(update={"record": record, "record_until": max(untils, default=None)})


def rows_by_text(rows: list[Any]) -> list[Any]:
    """Rows without those that say the very same."""
    seen: dict[str, Any] = {}
    for row in rows:
        seen.setdefault(row.model_dump_json(exclude={"origin"}), row)
    return list(seen.values())


def screened(
    answers: Answers, order: Mapping[str, Any] | None, edition: Edition, on: date, language: str
) -> tuple[Facts, Screening]:
    """What the answers amount to, for an order if there is one that can be read."""
    try:
        wanted = validated(Order, dict(order or {}), "order")
    except InputError:
        wanted = Order()
    facts = read(answers.model_copy(update={"order": wanted}), edition, on)
    return facts, screen(facts, edition, language)


def rows_of(each: Topic, answers: Answers) -> Any:
    """What the answers hold of a topic, as it stands in their document; None where it was not asked."""
    return _at(answers.model_dump(mode="json", exclude_unset=True), each.path)


def read_form(each: Topic, sent: Any, kept: Any) -> Any:
    """What a topic's form says: rows, None where "not asked" is ticked, or a dict of single answers. `kept`: what was
    said before; what the form does not show of a row (its codes) stays with it while its first words do."""
    if not each.rows:
        return {field.key: _given(field, sent.get(field.key, "")) for field in each.fields}
    if sent.get("state") == "not-asked":
        return None
    rows = []
    shown_keys, first = {field.key for field in each.fields}, each.fields[0].key
    for number in range(60):
        row = {f.key: _given(f, sent.get(f"{number}-{f.key}", "")) for f in each.fields}
        row = {key: value for key, value in row.items() if value is not None}
        before = kept[number] if kept and number < len(kept) else {}
        if (before.get(first) or None) == row.get(first):
            row |= {key: value for key, value in before.items() if key not in shown_keys}
        if row:
            rows.append(row)
    return rows


def _given(field: Field, text: str) -> Any:
    """The value that a box means; None where it is empty."""
    text = str(text).strip()
    if not text:
        return None
    if field.kind in ("yes-no", "said") and text in ("true", "false"):
        return text == "true"
    if field.kind == "words":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field.kind == "choice":
        return next((value for value, _word in field.choices if str(value) == text), text)
    return text
