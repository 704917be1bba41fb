"""The documents of the interview: what is asked, what was replied, what words were read as."""

from __future__ import annotations

from typing import Any, Literal

from ..values import Document

Kind = Literal["identity", "choice", "checklist", "details"]
# The lists a name can belong to, as the patient types it.
NameKind = Literal["medications", "conditions", "allergies", "procedures"]
UNSURE = "unsure"


class Option(Document):
    value: str
    label: str


class Field(Document):
    """One thing asked within a screen. `suggest`: the list whose names complete what is typed. A date may be a day
    (2026-03-20), a month or a year."""

    id: str
    kind: Literal["text", "yes-no", "past-date", "coming-date"]
    label: str
    suggest: NameKind | None = None


class Rows(Document):
    """What else belongs on a list, in the patient's words: any number of entries with these fields, `name` first."""

    kind: NameKind
    label: str
    fields: tuple[Field, ...]


class Question(Document):
    """One screen. What `reply` takes for it, by `kind`:

    identity   "yes" or "no"
    choice     one option's value, or "unsure"
    checklist  {"yes": [values], "unsure": [values], "none": bool, "entries": [{name: …, field: value}], "more": bool},
               or "unsure"
    details    {field: value}; a field left out, empty or "unsure" stays unknown; or "unsure" for all

    `more`: this is not all of it. What is named counts, nothing is denied by it, and the question is asked again first.
    `settles`: the facts that it can settle. `replied`: the reply that counts now, as `reply` keeps it.
    """

    id: str
    kind: Kind
    text: str
    why: str
    help: str = ""
    options: tuple[Option, ...] = ()
    none: str = ""  # the label of "none of these"
    unsure: str = ""  # the label of "I don't know"; empty where that is no reply
    fields: tuple[Field, ...] = ()
    rows: Rows | None = None
    settles: tuple[str, ...] = ()
    replied: Any = None


class Reply(Document):
    """One line of the log: a question's id and its value, as `reply` returned it."""

    question: str
    value: Any


class Said(Document):
    """A question with what the patient answered, in their words. `unknown`: what they did not know. `taken_back`: what
    they ticked or wrote earlier and no longer do; it does not count, and the clinician sees it."""

    question_id: str
    question: str
    answers: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()


class Recognised(Document):
    """What some words were read as. `certain`; `confirm`: through a misspelling or an unsure name; `unread`: kept word
    for word, and asked about by the clinician. `what`: the kind of thing, in plain words; may be empty."""

    text: str
    name: str = ""
    what: str = ""
    state: Literal["certain", "confirm", "unread"]
