"""How an open question of a screening is answered where it stands: a control by the kind of its fact. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from nappage.knowledge import Edition
from nappage.screening import OpenQuestion

from ..patients.drafts import value_at

_LISTS = {
    "conditions": "conditions", "medications": "medications", "allergies": "allergies", "procedures": "procedures",
    "previous-mesotherapy": "previous_mesotherapy", "skincare": "skincare",
    "planned-events": "context.planned_events", "skin-state": "context.skin_state",
}  # fmt: skip
_PATHS = {"age": "patient.birth_date"}
_DATES = {"recent_sun"}


@dataclass(frozen=True)
class Control:
    """Where an answer goes, and how it is given: "yes-no", "choice", "number", "lines" (one a line; none is an answer),
    or "elsewhere": it is the patient's own line that must be corrected, or the order that is incomplete."""

    kind: str
    path: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    value: Any = None
    unit: str = ""
    day: bool = False  # a yes may be a day instead


@dataclass(frozen=True)
class Asked:
    question: OpenQuestion
    control: Control
    key: str


def controls(questions: tuple[OpenQuestion, ...], edition: Edition, body: Mapping[str, Any]) -> list[Asked]:
    """Each question with its control; the value is what the draft holds there already."""
    return [Asked(q, _control(q, edition, body), f"q{index}") for index, q in enumerate(questions)]


def of_fact(name: str, edition: Edition, body: Mapping[str, Any]) -> Control:
    """The control of a single fact."""
    fact = edition.facts[name]
    path = _path(name, fact.derive)
    if path is None:
        return Control("elsewhere")
    value = value_at(body, path)
    if fact.type == "boolean":
        return Control("yes-no", path, value=value, day=name in _DATES)
    if fact.values:
        return Control("choice", path, tuple((v, worded(v)) for v in fact.values), value)
    if fact.type == "number":
        return Control("number", path, value=value, unit=fact.unit or "")
    return Control("text", path, value=value)


def worded(value: str) -> str:
    """A value of a closed list in the reader's language."""
    known = {
        "no": _("no"), "pregnant": _("yes"), "possible": _("possibly"), "planning": _("planned"),
        "reliable": _("reliable"), "unreliable": _("not reliable"), "none": _("none"),
        "not-needed": _("not needed"), "female": _("female"), "male": _("male"), "other": _("other"),
        "realistic": _("realistic"), "unrealistic": _("not realistic"), "negative": _("negative"),
        "positive": _("positive"), "controlled": _("controlled"), "uncontrolled": _("not controlled"),
        "always": _("always"), "easily": _("easily"), "a-little": _("a little"), "rarely": _("rarely"),
        "hardly-ever": _("hardly ever"), "never": _("never"), "little": _("little"), "evenly": _("evenly"),
        "very-easily": _("very easily"), "deeply-pigmented": _("deeply pigmented"), "taper": _("wider apart"),
        "maintenance": _("maintenance"), "booked": _("booked"), "cancelled": _("cancelled"), "done": _("done"),
    }  # fmt: skip
    return known.get(value, value.replace("-", " "))


def _control(question: OpenQuestion, edition: Edition, body: Mapping[str, Any]) -> Control:
    topic = question.topic
    if topic in _LISTS and question.quote is None:
        path = f"answers.{_LISTS[topic]}"
        value = value_at(body, path)
        lines = value if isinstance(value, list) else []
        return Control("lines", path, value="\n".join(_line(one) for one in lines))
    if topic in edition.facts and question.quote is None:
        return of_fact(topic, edition, body)
    if topic == "order":
        return Control("order")
    singles = [f for f in question.facts if f in edition.facts and _path(f, edition.facts[f].derive)]
    if question.quote is None and len(singles) == 1:
        return of_fact(singles[0], edition, body)
    return Control("elsewhere")


def _path(name: str, derive: Mapping[str, Any]) -> str | None:
    if "answered" in derive:
        return f"answers.answered.{name}"
    said = derive.get("answer")
    if isinstance(said, str):
        return f"answers.{_PATHS.get(said, said)}"
    return None


def _line(one: Any) -> str:
    if isinstance(one, Mapping):
        return next((str(one[k]) for k in ("name", "text", "substance", "product", "event") if one.get(k)), "")
    return str(one)
