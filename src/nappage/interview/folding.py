"""`fold(replies, …)` → `Answers`: a pure function of the log, the last reply to each question counting.

A *no* is only what was shown by name and not ticked. A fact is *no* once every item that bears on it is; what was left
open, ticked without saying which, or never shown is named in `not_asked` and stays open for the clinician. Replies to
questions that are no longer necessary count all the same: nothing that speaks against a treatment is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ..intake import Facts, normal, read
from ..intake.answers import (
    AllergyEntry,
    Answers,
    ConditionEntry,
    MedicationEntry,
    PlannedEvent,
    PreviousMesotherapy,
    ProcedureEntry,
)
from ..intake.concepts import Dictionary
from ..knowledge import Edition, InterviewItem, InterviewQuestion
from ..values import age_in_years
from .documents import UNSURE, NameKind, Reply

_LISTS = ("conditions", "medications", "allergies", "procedures", "planned_events", "previous_mesotherapy")
_DICTIONARIES = {
    "conditions": ("conditions", "conditions"),
    "medications": ("medicines", "medications"),
    "allergies": ("allergens", "allergies"),
    "procedures": ("procedures", "procedures"),
    "planned_events": ("events", "planned-events"),
    "skin_state": ("skin_states", "skin-state"),
}
FOLLOW_UPS = ("confirm", "kind", "route")  # what may be asked of a row's words
# Facts about how well an illness is controlled, which `controlled` answers whatever its kind.
_BY_CONTROL = ("uncontrolled", "unsettled")


def fold(replies: Iterable[Reply], edition: Edition, on: date, *, known: Answers | None = None) -> Answers:
    """The answers as of `on`. `known`: what is known beforehand (name, birth date, sex, a record, an order); what it
    holds stays, and the replies are added to it."""
    return State(tuple(replies), edition, on, known or Answers()).answers.model_copy(update={"answered_on": on})


@dataclass(frozen=True)
class State:
    """A log of replies, read. Other modules of this room ask it; nobody else does."""

    replies: tuple[Reply, ...]
    edition: Edition
    on: date
    known: Answers

    @cached_property
    def latest(self) -> Mapping[str, Any]:
        return {reply.question: reply.value for reply in self.replies}

    @cached_property
    def person(self) -> Mapping[str, Any]:
        """Sex and age as far as they are known, as `only_if` reads them. Who says that this is not them has no age."""
        patient = self.known.patient
        sex = self.latest.get("sex")
        age: int | None = patient.age
        if patient.birth_date and patient.birth_date <= self.on:
            age = age_in_years(patient.birth_date, self.on)
        return {
            "sex": sex if sex not in (None, UNSURE) else patient.sex,
            "age_years": None if self.latest.get("identity") == "no" else age,
        }

    def holds(self, only_if: str | None) -> bool:
        """Whether a condition over sex and age holds or may hold."""
        return only_if is None or self.edition.reader(only_if)(self.person).answer is not False

    def shown(self, question: InterviewQuestion) -> dict[str, InterviewItem]:
        return {
            i: item for i, item in question.items.items() if self.holds(question.only_if) and self.holds(item.only_if)
        }

    def said(self, question: str, item: str) -> str | None:
        """yes, no or unsure of an item that was answered; None of one that was not."""
        value = self.latest.get(question)
        if isinstance(value, dict):
            return next((word for word in ("yes", "no", UNSURE) if item in value[word]), None)
        return None

    def details(self, question: str, item: str) -> Mapping[str, Any]:
        value = self.latest.get(f"{question}.{item}")
        return value if isinstance(value, dict) else {}

    def ticked(self) -> Iterator[tuple[InterviewQuestion, str, InterviewItem]]:
        for question in self.edition.interview.values():
            for item_id, item in question.items.items():
                if self.said(question.id, item_id) == "yes":
                    yield question, item_id, item

    def rows(self, question: InterviewQuestion) -> tuple[Mapping[str, Any], ...]:
        value = self.latest.get(question.id)
        return tuple(value["entries"]) if isinstance(value, dict) else ()

    # --- facts that are settled ------------------------------------------------------------------------------

    @cached_property
    def bearing(self) -> Mapping[str, tuple[tuple[InterviewQuestion, str, InterviewItem], ...]]:
        """Fact → the items that bear on it."""
        out: dict[str, tuple[tuple[InterviewQuestion, str, InterviewItem], ...]] = {}
        for question in self.edition.interview.values():
            for item_id, item in question.items.items():
                for fact in item.settles:
                    out[fact] = (*out.get(fact, ()), (question, item_id, item))
        return out

    def settled(self, fact: str) -> bool:
        items = self.bearing.get(fact)
        if items is None:
            topic = self.edition.facts[fact].topic
            return any(
                topic in q.closes and self.replied_in_part(q) and not self.unfinished(q.id)
                for q in self.edition.interview.values()
            )
        return all(self._item_settles(fact, *each) for each in items)

    def unfinished(self, question_id: str) -> bool:
        """Whether there is more to say on a list that was begun."""
        value = self.latest.get(question_id)
        return isinstance(value, dict) and value.get("more") is True

    def replied_in_part(self, question: InterviewQuestion) -> bool:
        """Whether a checklist was answered, and not skipped."""
        value = self.latest.get(question.id)
        return isinstance(value, dict) and bool(value["yes"] or value["no"] or value["entries"])

    def _item_settles(self, fact: str, question: InterviewQuestion, item_id: str, item: InterviewItem) -> bool:
        said = self.said(question.id, item_id)
        if said is None:
            return not (self.holds(question.only_if) and self.holds(item.only_if))
        if said == "yes":
            details = self.details(question.id, item_id)
            if item.into == "recent_sun":
                return "when" in details
            by_control = self.edition.facts[fact].derive.get("is") in _BY_CONTROL
            return (
                "which" not in item.details
                or self.names(item, details.get("which"))
                or (by_control and details.get("controlled") is True)
            )
        return said == "no"

    def names(self, item: InterviewItem, which: str | None) -> bool:
        """Whether `which` names something of this item's kind for certain, so that it stands for the item."""
        if not which or item.into not in _DICTIONARIES:
            return False
        kind, topic = _DICTIONARIES[item.into]
        dictionary = Dictionary.of(self.edition, kind)
        line = dictionary.line(which, {}, topic)
        if not line.parts or line.unread or any(part.guess or part.known for part in line.parts):
            return False
        derived = {"conditions": "condition", "medications": "medication", "allergies": "allergy"}.get(
            item.into, {"procedures": "procedure", "planned_events": "planned"}.get(item.into, "skin_state")
        )
        wanted = {c for fact in item.settles for c in self.edition.facts[fact].derive.get(derived, ())}
        for words in item.words.split(";"):
            wanted |= {c for part in dictionary.line(words, {}, topic).parts for c in part.concepts}
        return not wanted or all(part.concepts & wanted for part in line.parts)

    # --- the answers -----------------------------------------------------------------------------------------

    @cached_property
    def facts(self) -> Facts:
        return read(self.answers, self.edition, self.on)

    @cached_property
    def answers(self) -> Answers:
        """Without the day of the answers: while the interview goes on, none of them is out of date."""
        known = self.known
        given: dict[str, list[Any]] = {name: [] for name in _LISTS}
        skin: list[str] = []
        for question, item_id, item in self.ticked():
            details = self.details(question.id, item_id)
            texts = self._texts(item, details.get("which"))
            if item.into == "skin_state":
                skin += texts
            elif item.into in given:
                for entry_list, entry in _entries(item, texts, details):
                    given[entry_list].append(entry)
        for question in self.edition.interview.values():
            if question.rows:
                given[question.rows] += [self._row(question.id, question.rows, row) for row in self.rows(question)]
        reached = self._reached()
        lists: dict[str, Any] = {}
        reopened = list(known.not_asked)
        for name, entries in given.items():
            before = known.context.planned_events if name == "planned_events" else getattr(known, name)
            if before is None and name not in reached:
                continue
            lists[name] = (*(before or ()), *entries)
            if before is None:
                topic = name.replace("_", "-")
                begun = any(q.rows == name and self.unfinished(q.id) for q in self.edition.interview.values())
                reopened += [topic] if begun else [f for f in self._asked_in(topic) if not self.settled(f)]
        context: dict[str, Any] = {"unwell": self._flag("unwell"), "recent_sun": self._sun()}
        if "planned_events" in lists:
            context["planned_events"] = lists.pop("planned_events")
        if skin:  # a person's own look at the skin can say yes; no says whoever examines it
            context["skin_state"] = (*(known.context.skin_state or ()), *skin)
            if known.context.skin_state is None:
                reopened.append("skin-state")
        if any(
            q.closes and self.replied_in_part(q) and not self.unfinished(q.id) for q in self.edition.interview.values()
        ):
            lists["skincare"] = known.skincare or ()
        needles = self._flag("needle_fear")
        return known.model_copy(
            update={
                **lists,
                "patient": known.patient.model_copy(update=self._patient()),
                "context": known.context.model_copy(update={k: v for k, v in context.items() if v is not None}),
                "needle_fear": known.needle_fear if needles is None else needles,
                "answered": {**known.answered, **self._answered()},
                "not_asked": tuple(dict.fromkeys(reopened)),
            }
        )

    def _asked_in(self, topic: str) -> list[str]:
        """The facts of a topic that the interview can leave open: those asked of everyone, or that items bear on."""
        facts = self.edition.facts.items()
        return [i for i, fact in facts if fact.topic == topic and (fact.asked == "everyone" or i in self.bearing)]

    def _texts(self, item: InterviewItem, which: str | None) -> list[str]:
        """What is written for a ticked item: what it is exactly, where that is known for certain to be of its kind;
        else the item's own words, and whatever was said beside them."""
        words = [word.strip() for word in item.words.split(";") if word.strip()]
        if which and (not words or self.names(item, which)):
            return [which]
        return [*words, which] if which else words

    def _row(self, question: str, kind: NameKind, row: Mapping[str, Any]) -> Any:
        """A row as an entry of its list, with what was asked about its words since. Words that say which kind it is
        take the place of the row's own only where they are certainly of its kinds; else both stand."""
        name = row["name"]
        key = normal(name)
        about = {topic: self.latest.get(f"{question}:{topic}:{key}") if key else None for topic in FOLLOW_UPS}
        if about["confirm"] not in (None, "no", UNSURE):
            name = about["confirm"]
        if isinstance(about["kind"], dict) and (which := about["kind"].get("which")):
            name = which if self._is_of(kind, name, which) else f"{name}, {which}"
        route = about["route"] if about["route"] != UNSURE else None
        if kind == "medications":
            return _medication(name, route, row)
        if kind == "allergies":
            return AllergyEntry(substance=name, reaction=row.get("reaction"))
        if kind == "procedures":
            return ProcedureEntry(name=name, date=row.get("when"), area=row.get("where"))
        return ConditionEntry(text=name)

    def _is_of(self, kind: NameKind, name: str, which: str) -> bool:
        """Whether all that `which` names is certain and of a kind that `name` leaves open."""
        dictionary = Dictionary.of(self.edition, _DICTIONARIES[kind][0])
        line = dictionary.line(which, {}, kind)
        wide = {
            c for part in dictionary.line(name, {}, kind).parts for ids in (part.concepts, *part.may_be) for c in ids
        }
        sure = bool(line.parts) and not line.unread and not any(part.guess or part.known for part in line.parts)
        return sure and all(part.concepts & wide for part in line.parts)

    def _reached(self) -> set[str]:
        """The lists that some reply bears on."""
        out: set[str] = set()
        for question in self.edition.interview.values():
            value = self.latest.get(question.id)
            if not isinstance(value, dict):
                continue
            if question.rows and (self.replied_in_part(question)):
                out.add(question.rows)
            out |= {
                question.items[i].into
                for word in ("yes", "no")
                for i in value[word]
                if i in question.items and question.items[i].into in _LISTS
            }
        if self._flags("previous_mesotherapy") & {UNSURE}:
            out.discard("previous_mesotherapy")
        for question, item_id, item in self.ticked():
            if "cause" in item.details and self.details(question.id, item_id).get("cause"):
                out.add("allergies")
        return out

    def _flags(self, into: str) -> set[str | None]:
        return {
            self.said(question.id, item_id)
            for question in self.edition.interview.values()
            for item_id, item in question.items.items()
            if item.into == into
        }

    def _flag(self, into: str) -> bool | None:
        said = self._flags(into)
        return True if "yes" in said else False if said == {"no"} else None

    def _sun(self) -> str | bool | None:
        flag = self._flag("recent_sun")
        for question, item_id, item in self.ticked():
            if item.into == "recent_sun":
                return self.details(question.id, item_id).get("when") or True
        return flag

    def _patient(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if (sex := self.person["sex"]) is not None:
            out["sex"] = sex
        if self.latest.get("identity") == "no":  # whose birth date it is, somebody must find out first
            out |= {"birth_date": None, "age": None}
        ticked = [item.words for _, _, item in self.ticked() if item.into == "pregnancy"]
        if ticked:  # in the order of the checklist: the gravest first
            out["pregnancy"] = ticked[0]
        elif self._flags("pregnancy") == {"no"}:
            out["pregnancy"] = "no"
        if (feeding := self._flag("breastfeeding")) is not None:
            out["breastfeeding"] = feeding
        return out

    def _answered(self) -> dict[str, Any]:
        out = {}
        for question in self.edition.interview.values():
            value = self.latest.get(question.id)
            if question.answer and question.answer.startswith("answered.") and value not in (None, UNSURE):
                fact = question.answer.removeprefix("answered.")
                out[fact] = value == "yes" if self.edition.facts[fact].type == "boolean" else value
        return out


def _entries(item: InterviewItem, texts: list[str], details: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A ticked item as entries, each with its list."""
    for text in texts:
        match item.into:
            case "conditions":
                over = details.get("now") is False or details.get("ended") is not None
                yield (
                    "conditions",
                    ConditionEntry(
                        text=text,
                        status="family" if item.family else "past" if over and details.get("now") is not True else None,
                        controlled=details.get("controlled"),
                        onset=details.get("when"),
                        resolved=details.get("ended") if details.get("now") is not True else None,
                    ),
                )
            case "medications":
                yield "medications", _medication(text, item.route, details)
            case "allergies":
                yield "allergies", AllergyEntry(substance=text, reaction=details.get("reaction"))
            case "procedures":
                yield "procedures", ProcedureEntry(name=text, date=details.get("when"), area=details.get("where"))
            case "planned_events":
                yield "planned_events", PlannedEvent(event=text, date=details.get("when"), area=details.get("where"))
            case "previous_mesotherapy":
                # the item's own words stay before the patient's, who says that it was not expected
                told = f"{text}: {details['reaction']}" if details.get("reaction") else text
                yield (
                    "previous_mesotherapy",
                    PreviousMesotherapy(date=details.get("when"), product=details.get("product"), reaction=told),
                )
    if details.get("cause"):
        yield "allergies", AllergyEntry(substance=details["cause"], reaction=item.words)


def _medication(name: str, route: str | None, details: Mapping[str, Any]) -> MedicationEntry:
    """Whoever still takes it has not stopped, whatever day is named as the last."""
    current, last = details.get("current"), details.get("last")
    return MedicationEntry(
        name=name,
        route=route,
        started=details.get("since"),
        stopped=None if current is True else last,
        current=current,
        prescribed=details.get("prescribed"),
    )
