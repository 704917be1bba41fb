"""`read(answers, edition, on)` → `Facts`: the patient's words become the columns that rules read.

Each fact of `facts/*.yaml` says in `derive` which kind of reading fills it. Three rules hold for every kind:
what was not asked is unknown; a closed list answers *no* for what it does not mention, unless some of its words
were not recognised; a record system's list (`answers.record`) can only ever say *yes*.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

from ..knowledge import Edition, Fact
from ..rules import MORE
from ..values import InputError, age_in_years, day_bounds, whole_months_between
from .answers import Answers, ConditionEntry, Context, Lifestyle, MedicationEntry, Order, Patient, ProcedureEntry
from .concepts import Dictionary, Line, Part, plain
from .facts import Accepted, Contradiction, Evidence, Facts, Unread
from .words import FORMS, strange

# The answer list behind each kind of reading; `topic` of the questions that ask for it.
_SYSTEMIC = frozenset({"oral", "injected", "infused", "rectal", "patch", "systemic", "sublingual", "vaginal"})
# Where words are looked up that their own list does not know.
_ELSEWHERE = {
    "medications": ("conditions", "procedures"),
    "conditions": ("medications", "procedures"),
    "procedures": ("medications",),
    "skin-state": ("conditions",),
}
_ALLERGIC = re.compile(r"\b(allerg|intoleran|sensitiv|react)", re.I)
_ALLERGIC_TO = re.compile(r"\b(allergic|allergy|intolerant|intolerance|sensitive|react(s|ed|ion)?) to\b", re.I)
# Procedures that rules read with their date and that patients name among their illnesses.
_DONE_FOR = frozenset(
    {"stent", "coronary-bypass", "organ-transplant", "pacemaker", "dialysis", "chemotherapy", "radiotherapy"}
)
# Procedures that are the giving of a medicine.
_MEDICINE_OF = {"steroid-injection": "corticosteroid", "succinylcholine": "suxamethonium"}
_DEPOT_DAYS = 90  # a depot steroid does not act longer; before that nobody here knows, and it is asked about
_RECENT_RECORD_DAYS = 365  # unrecognised procedures of a record older than this cannot matter to an interval


@dataclass(frozen=True, slots=True)
class _Mention:
    """One thing the patient or the record names, as the readings need it."""

    concepts: frozenset[str]
    quote: str
    origin: str
    recorded: bool  # from a record system
    may_be: tuple[frozenset[str], ...] = ()  # the kinds its words leave open
    guess: bool = False
    heard: str = ""  # what a guess was read as, in words
    route: str | None = None
    prescribed: bool | None = None
    current: bool | None = None  # on the planned day
    last: date | None = None  # last day of use; day of the event; day it resolved
    since: str | None = None
    until: str | None = None
    family: bool = False
    controlled: bool | None = None  # of a condition; None: not said
    areas: frozenset[str] = frozenset()
    base_area: str | None = None
    note: str = ""

    def evidence(self) -> Evidence:
        return Evidence(
            origin=self.origin,
            quote=self.quote,
            read_as=", ".join(dict.fromkeys(([self.heard] if self.heard else []) + sorted(self.concepts)))[:200],
            guess=self.guess,
            since=self.since,
            until=self.until,
            note=self.note,
        )


# Words by which people leave a topic open, and the topic they mean.
_TOPIC_WORDS = {
    "medication": "medications", "medicines": "medications", "medicine": "medications", "drugs": "medications",
    "supplements": "medications", "condition": "conditions", "illnesses": "conditions", "diseases": "conditions",
    "history": "conditions", "allergy": "allergies", "procedure": "procedures", "treatments": "procedures",
    "skin": "skin-state", "skincare": "skincare", "sun": "recent-sun", "events": "planned-events",
    "previous-mesotherapy": "previous-mesotherapy", "pregnancy": "pregnancy", "breastfeeding": "breastfeeding",
    "unwell": "unwell", "needle-fear": "needle-fear", "weight": "weight-kg", "birth-date": "age", "sex": "sex",
}  # fmt: skip
_KEYS = frozenset(
    key.replace("_", "-") for model in (Patient, Lifestyle, Context, Answers) for key in model.model_fields
)
_NOW = re.compile(r"\b(now|at the moment|currently|today|active|flaring|flare(-| )?up|this week)\b", re.I)
_ONE_SORE = re.compile(r"^\W*(a|an|one)?\s*cold ?sore\W*$", re.I)
_TENDENCY = re.compile(
    r"\b(recurr\w+|histor\w+|prone|tend\w*|sometimes|often|occasional\w*|regular\w*|every|(once|twice|times) a)\b", re.I
)
_NO = frozenset({"no", "none", "never", "false", "non-smoker", "nonsmoker", "well"})
_BURNT = re.compile(r"burn|tann|holiday|beach|intense|ski", re.I)
_AGAINST = re.compile(r"prevent|prophyla|avoid|against|risk|protect|in case|family", re.I)
# Reactions that every session leaves; whoever names only these had none.
_EXPECTED = frozenset({
    "a", "after", "afterwards", "an", "and", "at", "away", "bit", "bleb", "blebs", "bruise", "bruised", "bruises",
    "bruising", "bump", "bumps", "day", "days", "few", "fine", "for", "gone", "hour", "hours", "in", "itch",
    "itching", "itchy", "little", "mark", "marks", "mild", "mildly", "nil", "no", "none", "normal", "nothing", "of",
    "ok", "okay", "on", "one", "or", "pinprick", "quickly", "reaction", "red", "redness", "settled", "slight",
    "slightly", "small", "some", "sore", "soreness", "swelling", "swollen", "tender", "tenderness", "the", "three",
    "tiny", "tolerated", "two", "usual", "week", "well", "went", "with",
})  # fmt: skip
_EXPECTED_DAYS = 14  # a bruise is gone by then
_LASTING = frozenset({"anaphylaxis-history", "keloid", "recurrent-herpes-labialis"})

# Names of the jurisdictions that rules ask for. A law that binds must not be missed for want of a code.
_JURISDICTIONS = {
    "england": "GB-ENG", "en": "GB-ENG", "scotland": "GB-SCT", "wales": "GB-WLS", "northern-ireland": "GB-NIR",
    "uk": "GB", "united-kingdom": "GB", "great-britain": "GB", "britain": "GB", "france": "FR",
    "usa": "US", "us": "US", "united-states": "US", "united-states-of-america": "US", "america": "US",
    "brazil": "BR", "brasil": "BR", "australia": "AU", "european-union": "EU", "europe": "EU", "ireland": "IE",
    "germany": "DE", "deutschland": "DE", "spain": "ES", "espana": "ES", "italy": "IT", "italia": "IT",
    "switzerland": "CH", "austria": "AT", "belgium": "BE", "netherlands": "NL", "portugal": "PT", "canada": "CA",
}  # fmt: skip
# What a fact derives from by its concepts → the list that names them.
_BY_CONCEPT = {
    "medication": "medications", "condition": "conditions", "allergy": "allergies", "procedure": "procedures",
    "planned": "planned-events", "skin_state": "skin-state",
}  # fmt: skip
# A value, the mentions behind it, and what it waits for when it is unknown.
_Read = tuple[Any, list[_Mention], str]


@dataclass
class _Reader:
    edition: Edition
    on: date
    answers: Answers
    order: Order
    unread: list[Unread] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    at_most: dict[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.planned = self.order.planned_start or self.on
        self.dictionaries = {
            "medications": Dictionary.of(self.edition, "medicines"),
            "conditions": Dictionary.of(self.edition, "conditions"),
            "allergies": Dictionary.of(self.edition, "allergens"),
            "procedures": Dictionary.of(self.edition, "procedures"),
            "planned-events": Dictionary.of(self.edition, "events"),
            "skin-state": Dictionary.of(self.edition, "skin_states"),
        }
        self.lapsed = self._lapsed()
        self.reopened = self.lapsed.union(*(self._reopened(topic) for topic in self.answers.not_asked))
        self.areas, self.base_areas, self.areas_read = self._ordered_areas()
        both = [(self.answers, False)]
        if self.answers.record is not None:
            both.append((self.answers.record, True))
        self.mentions: dict[str, list[_Mention]] = {topic: [] for topic in self.dictionaries}
        self.missing_words: dict[str, list[str]] = {}
        for source, recorded in both:
            self._medications(source, recorded)
            self._conditions(source, recorded)
            self._allergies(source, recorded)
            self._procedures(source, recorded)
            self._context(source, recorded)
        self._same_visit()
        for index, entry in enumerate(self.answers.previous_mesotherapy or ()):
            told = entry.reaction or ""
            for part in self.dictionaries["conditions"].line(told, {}, "conditions").parts:
                if part.concepts & _LASTING and part.guess is None:
                    self._carry("conditions", part, told, f"previous_mesotherapy[{index}]", recorded=False)

    def _lapsed(self) -> frozenset[str]:
        """The topics whose answers are older on the planned day than the edition lets them count."""
        answered = self.answers.answered_on
        if answered is None:
            return frozenset()
        age = (self.planned - answered).days
        records = (r for r in self.edition.values.values() if r.measure == "max-days-since-answered")
        return frozenset(normal(r.about) for r in records if age > (r.adopted.value or 0))

    def _reopened(self, topic: str) -> frozenset[str]:
        """The topics, facts or concepts (with their classes) that a word of `not_asked` names."""
        word = _TOPIC_WORDS.get(normal(topic), normal(topic))
        if word in self._topics:
            return frozenset({word})
        found = {
            normal(concept)
            for name, dictionary in self.dictionaries.items()
            for part in dictionary.line(topic, {}, name).parts
            if part.guess is None
            for concept in part.concepts
        }
        if not found:
            near = difflib.get_close_matches(word, sorted(self._topics | set(_TOPIC_WORDS)), 3)
            remedy = f"Did you mean {', '.join(near)}?" if near else f"Write one of {', '.join(sorted(_TOPIC_WORDS))}"
            raise InputError("not_asked", f"'{topic}' is no topic that can be left open", remedy)
        return frozenset(found)

    @cached_property
    def _topics(self) -> frozenset[str]:
        """What is asked about by this edition: topics, facts, lists."""
        facts = self.edition.facts
        names = (*(fact.topic for fact in facts.values()), *facts, *self.dictionaries)
        return _KEYS.union(map(normal, names))

    # --- lists → mentions ----------------------------------------------------------------------------------

    def _see(
        self,
        topic: str,
        text: str,
        codes: Mapping[str, Any],
        origin: str,
        recorded: bool,
        *,
        ask: bool = True,
        ended: bool = False,
    ) -> Line:
        """What the words mean; those that another list knows are read there, the rest goes to `unread`. `ended`: what
        a medicine that is no longer taken was for ("… Cold & Flu") is not there for that."""
        line = self.dictionaries[topic].line(text, codes, topic)
        nothing = not (line.parts or line.relatives or line.denied or line.unread)
        for quote in (text or _code_words(codes),) if nothing else line.unread:
            if not ask or self._of_another_list(topic, quote, origin, recorded, ended):
                continue
            if topic == "conditions" and codes and self._coded_allergy(text, codes, origin, recorded):
                continue
            if topic == "allergies" and self._of_the_order(quote, origin, recorded):
                continue
            self.unread.append(Unread(topic=topic, origin=origin, quote=quote))
            self.missing_words.setdefault(topic, []).append(quote)
        return line

    def _ask_effect(self, line: Line, origin: str) -> None:
        """Medicines known by name only could be anything that a rule asks about."""
        for part in line.parts:
            if part.known:
                self.unread.append(Unread(topic="medications", origin=origin, quote=part.text, known=part.known))
                self.missing_words.setdefault("medications", []).append(part.text)

    def _accept_effect(self, entry: MedicationEntry, origin: str) -> bool:
        """Whether a clinician says of a medicine that it has no effect on a treatment, and may: it is one thing, and
        nothing that a rule asks about is recognised in it, by a guess either."""
        if not entry.no_effect:
            return False
        line = self.dictionaries["medications"].line(entry.name, entry.codes, "medications")
        unknown = not line.parts and len(line.unread) == 1
        by_name = len(line.parts) == 1 and not line.unread and line.parts[0].guess is None
        known = set(line.parts[0].known) if by_name else set()
        if not unknown and not (known and line.parts[0].concepts == known and not line.parts[0].may_be):
            return False
        quote = entry.name or _code_words(entry.codes)
        self.accepted.append(Accepted(origin=origin, quote=quote, reason=entry.no_effect))
        return True

    def _of_the_order(self, text: str, origin: str, recorded: bool) -> bool:
        """Whether an allergy names a product or substance of the edition, not an allergen of the dictionary."""
        named = find_by_name(self.edition.products, text) or find_by_name(self.edition.substances, text)
        if named is None:
            return False
        self.mentions["allergies"].append(_Mention(frozenset({named}), text, origin, recorded, current=True))
        return True

    def _coded_allergy(self, text: str, codes: Mapping[str, Any], origin: str, recorded: bool) -> bool:
        """Whether an illness whose words name nothing ("allergy: yes") has the code of an allergy, which counts."""
        parts = self.dictionaries["allergies"].line("", codes, "allergies").parts if _ALLERGIC.search(text) else ()
        for part in parts:
            self._carry("allergies", part, text, origin, recorded)
        return bool(parts)

    def _of_another_list(self, topic: str, text: str, origin: str, recorded: bool, ended: bool = False) -> bool:
        """Whether words not known in their own list are known in another, where they then count: a medicine among
        the illnesses, a device among the medicines, an allergy to a medicine."""
        if topic == "medications" and FORMS & set(plain(text).split()):  # 'a jab for arthritis' is a medicine
            return False
        allergic = topic == "allergies" or (topic == "conditions" and bool(_ALLERGIC.search(text)))
        for other in ("allergies", "medications") if allergic else _ELSEWHERE.get(topic, ()):
            if other == topic:
                continue
            line = self.dictionaries[other].line(text, {}, other)
            rest = plain(self.dictionaries[other].without_names(text)).split()
            whole = not line.unread and not strange(rest, topic, named=False, begins=True, after_reason=False)
            if line.parts and whole and not any(part.guess for part in line.parts):
                for part in () if ended and other == "conditions" else line.parts:
                    self._carry("allergies" if allergic else other, part, text, origin, recorded)
                return topic != "procedures"  # what was done with it is still to be asked
        return False

    def _carry(self, topic: str, part: Part, quote: str, origin: str, recorded: bool, last: date | None = None) -> None:
        """One thing said in another list than its own; current unless it is a procedure."""
        self.mentions[topic].append(
            _Mention(
                concepts=part.concepts,
                may_be=part.may_be,
                quote=quote,
                origin=origin,
                recorded=recorded,
                guess=part.guess is not None,
                heard=part.guess or "",
                route=part.route,
                current=topic != "procedures",
                last=last if topic == "procedures" else self.planned,
            )
        )

    def _medications(self, source: Answers, recorded: bool) -> None:
        for index, entry in enumerate(source.medications or ()):
            origin = entry.origin or f"medications[{index}]"
            last = day_bounds(entry.stopped)[1] if entry.stopped else None
            if entry.stopped_at_latest and last is not None:
                note = f"stopped; the day is not recorded, {last.isoformat()} at the latest"
            else:
                note = ""
            current = (last >= self.planned) if last is not None else (entry.current is not False)
            accepted = self._accept_effect(entry, origin)
            line = self._see(
                "medications", entry.name, entry.codes, origin, recorded, ask=not accepted, ended=not current
            )
            if not accepted and (current or last is None or (self.planned - last).days <= _RECENT_RECORD_DAYS):
                self._ask_effect(line, origin)
            if current and entry.reason and not recorded and not _AGAINST.search(entry.reason):
                for part in self.dictionaries["conditions"].line(entry.reason, {}, "conditions").parts:
                    if part.guess is None and not part.may_be:
                        self._carry("conditions", part, f"{entry.name}, for {entry.reason}", origin, recorded)
            for part in line.parts:
                if _ALLERGIC_TO.search(part.text):
                    for substance in self.dictionaries["allergies"].line(part.text, {}, "allergies").parts or (part,):
                        self._carry("allergies", substance, part.text, origin, recorded)
                    continue
                if "botulinum-toxin" in part.concepts:
                    self._carry("procedures", part, part.text, origin, recorded, last)
                self.mentions["medications"].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=_words(_quote(entry.name, line, part), entry.dose),
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        route=_route(entry.route) or part.route,
                        prescribed=_prescribed(entry, part),
                        current=current,
                        last=last if not current else self.planned,
                        since=entry.started,
                        until=entry.stopped,
                        note=note,
                    )
                )
        for index, care in enumerate(source.skincare or ()):
            origin = care.origin or f"skincare[{index}]"
            text = ", ".join(part for part in (care.product, care.active) if part)
            last = day_bounds(care.last_used)[1] if care.last_used else None
            line = self._see("medications", text, {}, origin, recorded)
            self._ask_effect(line, origin)
            for part in line.parts:
                self.mentions["medications"].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=_quote(text, line, part),
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        route="topical",
                        prescribed=care.prescribed,
                        current=last is None or last >= self.planned,
                        last=last if last is not None and last < self.planned else self.planned,
                        until=care.last_used,
                    )
                )

    def _conditions(self, source: Answers, recorded: bool) -> None:
        for index, entry in enumerate(source.conditions or ()):
            origin = entry.origin or f"conditions[{index}]"
            if entry.status == "denied":
                self._denied("conditions", entry.text, entry.codes, origin, recorded)
                continue
            if entry.status == "family":  # what else is said of a relative is nobody's business here
                line = self.dictionaries["conditions"].line(entry.text, entry.codes, "conditions")
            else:
                line = self._see("conditions", entry.text, entry.codes, origin, recorded)
            resolved = day_bounds(entry.resolved)[1] if entry.resolved else None
            for part in line.parts:
                past = entry.status == "past" or (resolved is not None and resolved <= self.planned)
                past = past or (entry.status is None and resolved is None and bool(_OVER.search(part.text)))
                controlled = _controlled(part.text, part.concepts) if entry.controlled is None else entry.controlled
                self.mentions["conditions"].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=_quote(entry.text, line, part) or _code_words(entry.codes),
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        family=entry.status == "family",
                        controlled=controlled,
                        current=not past,
                        last=resolved if past else self.planned,
                        since=entry.onset,
                        until=entry.resolved,
                    )
                )
            if entry.status != "family":
                self._within_condition(entry, line, origin, recorded)
                ended = [part for part in line.parts if "pregnancy" in part.concepts]
                if ended and resolved is not None and resolved <= self.planned:
                    birth = ended[0].model_copy(update={"concepts": frozenset({"childbirth"}), "may_be": ()})
                    self._carry("procedures", birth, entry.text, origin, recorded, resolved)
            now = entry.status == "active" or (entry.status is None and bool(_NOW.search(entry.text)))
            now = now and not _TENDENCY.search(entry.text)
            if now and not recorded and self.answers.context.skin_state is None:
                self._on_the_skin(entry.text, origin)
            if line.relatives:
                quote = entry.text or _code_words(entry.codes)
                self.mentions["conditions"].append(_Mention(line.relatives, quote, origin, recorded, family=True))

    def _denied(self, topic: str, text: str, codes: Mapping[str, Any], origin: str, recorded: bool) -> None:
        """A thing that is denied is not there. On a person's form a code beside the denial contradicts it, unless it is
        the code of the very thing that the words name; which of them is right is asked."""
        if recorded or not codes:  # a record system denies by the code itself
            return
        coded = self.dictionaries[topic].line("", codes, topic).parts
        named = [part.concepts for part in self.dictionaries[topic].line(text, {}, topic).parts]
        for part in coded:
            if not any(part.concepts <= concepts for concepts in named):
                quote = f"{text or 'denied'} [{_code_words(codes)}]"
                self.mentions[topic].append(
                    _Mention(frozenset(), quote, origin, recorded, may_be=(part.concepts,), current=True)
                )

    def _on_the_skin(self, text: str, origin: str) -> None:
        """An illness of the skin that is there now, where nobody has looked at the area: it counts as there."""
        for part in self.dictionaries["skin-state"].line(text, {}, "skin-state").parts:
            tendency = "herpes-simplex-active" in part.concepts and not (_NOW.search(text) or _ONE_SORE.search(text))
            if part.guess is None and not tendency:
                self._carry("skin-state", part, text, origin, recorded=False)

    def _within_condition(self, entry: ConditionEntry, line: Line, origin: str, recorded: bool) -> None:
        """What an illness's words say beside it: what was done for it ('a stent'), what is taken ('on warfarin')."""
        day = min(day_bounds(entry.onset)[1], self.planned) if entry.onset else None
        for part in self.dictionaries["procedures"].line(entry.text, {}, "procedures").parts:
            if part.concepts & _DONE_FOR:
                self._carry("procedures", part, entry.text, origin, recorded, day)
        rest = self.dictionaries["conditions"].without_names(entry.text)
        known = {mention.concepts for mention in self.mentions["medications"] if mention.origin == origin}
        if not recorded and entry.status != "past" and not _ALLERGIC.search(entry.text):
            for part in self.dictionaries["medications"].line(rest, {}, "medications").parts:
                if part.guess is None and part.concepts not in known:
                    self._carry("medications", part, entry.text, origin, recorded)

    def _allergies(self, source: Answers, recorded: bool) -> None:
        for index, entry in enumerate(source.allergies or ()):
            origin = entry.origin or f"allergies[{index}]"
            if entry.status == "denied":
                self._denied("allergies", entry.substance, entry.codes, origin, recorded)
                continue
            line = self._see("allergies", entry.substance, entry.codes, origin, recorded)
            told = _words(entry.substance, entry.reaction)
            for part in self.dictionaries["conditions"].line(told, {}, "conditions").parts:
                if "anaphylaxis-history" in part.concepts and part.guess is None:
                    self._carry("conditions", part, told, origin, recorded)
            for part in line.parts:
                self.mentions["allergies"].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=_words(_quote(entry.substance, line, part), entry.reaction),
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        current=True,
                    )
                )

    def _procedures(self, source: Answers, recorded: bool) -> None:
        for index, entry in enumerate(source.procedures or ()):
            origin = entry.origin or f"procedures[{index}]"
            first, day = day_bounds(entry.date) if entry.date else (None, None)
            if first is not None and day is not None and first <= self.planned:
                day = min(day, self.planned)  # "this month", told before the month is over
            long_ago = recorded and day is not None and (self.planned - day).days > _RECENT_RECORD_DAYS
            line = self._see("procedures", entry.name, entry.codes, origin, recorded, ask=not long_ago)
            base, areas = self._region(entry.area) if entry.area else (None, frozenset())
            topic = "planned-events" if day is not None and day > self.planned else "procedures"
            self._given_by_needle(line, entry, day, origin, recorded)
            for part in line.parts:
                self.mentions[topic].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=_words(_quote(entry.name, line, part), entry.area),
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        last=day,
                        until=entry.date,
                        areas=areas,
                        base_area=base,
                    )
                )

    def _given_by_needle(
        self, line: Line, entry: ProcedureEntry, day: date | None, origin: str, recorded: bool
    ) -> None:
        """Medicines that are told as procedures: a steroid injection acts for weeks, so while it may, it is open."""
        for part in line.parts:
            kinds = tuple(
                self.dictionaries["medications"].closure(medicine)
                for done, medicine in _MEDICINE_OF.items()
                if any(done in ids for ids in (part.concepts, *part.may_be))
            )
            over = day is not None and (self.planned - day).days > _DEPOT_DAYS
            if kinds and not (day and day > self.planned):
                sure = kinds[0] if len(kinds) == 1 and part.concepts & _MEDICINE_OF.keys() else frozenset()
                certain = bool(sure) and (day is None or "suxamethonium" in sure)
                self.mentions["medications"].append(
                    _Mention(
                        concepts=sure if certain else frozenset(),
                        may_be=() if certain else kinds,
                        quote=_words(entry.name, entry.date),
                        origin=origin,
                        recorded=recorded,
                        route="injected",
                        current=not over and "suxamethonium" not in sure,
                        last=day,
                        until=entry.date,
                    )
                )

    def _same_visit(self) -> None:
        """What the order combines with is planned for the session's own day."""
        for index, name in enumerate(self.order.combined_with):
            parts = self.dictionaries["procedures"].line(name, {}, "procedures").parts
            for part in parts:
                self._carry("planned-events", part, name, f"order.combined_with[{index}]", recorded=False)
            if not parts:
                self.gaps.append(f"'{name}', combined with this session, is no treatment this edition knows")

    def _context(self, source: Answers, recorded: bool) -> None:
        for index, word in enumerate(source.context.skin_state or ()):
            origin = f"context.skin_state[{index}]"
            for part in self._see("skin-state", word, {}, origin, recorded).parts:
                self.mentions["skin-state"].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=word,
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        current=True,
                    )
                )
        for index, event in enumerate(source.context.planned_events or ()):
            origin = f"context.planned_events[{index}]"
            day, latest = day_bounds(event.date) if event.date else (None, None)
            if day is not None and latest is not None and latest >= self.planned:
                day = max(day, self.planned)
            base, areas = self._region(event.area) if event.area else (None, frozenset())
            # What is planned for before the session will be behind the patient on its day.
            topic = "procedures" if day is not None and day < self.planned else "planned-events"
            for part in self._see("planned-events", event.event, {}, origin, recorded).parts:
                self.mentions[topic].append(
                    _Mention(
                        concepts=part.concepts,
                        may_be=part.may_be,
                        quote=event.event,
                        origin=origin,
                        recorded=recorded,
                        guess=part.guess is not None,
                        heard=part.guess or "",
                        last=day,
                        until=event.date,
                        areas=areas,
                        base_area=base,
                    )
                )
        last_drink = source.lifestyle.alcohol_last
        if last_drink:
            self.mentions["procedures"].append(
                _Mention(
                    frozenset({"alcohol"}),
                    f"alcohol on {last_drink}",
                    "lifestyle.alcohol_last",
                    recorded,
                    last=day_bounds(last_drink)[1],
                    until=last_drink,
                )
            )
        sun = source.context.recent_sun
        if isinstance(sun, str):
            self.mentions["procedures"].append(
                _Mention(
                    frozenset({"intense-sun"}),
                    f"sun on {sun}",
                    "context.recent_sun",
                    recorded,
                    last=day_bounds(sun)[1],
                    until=sun,
                )
            )

    # --- regions -------------------------------------------------------------------------------------------

    def _region(self, name: str) -> tuple[str | None, frozenset[str]]:
        """The region a word means and its closure upwards; (None, empty) when it is none."""
        region = region_id(self.edition, name)
        return (region, closure(self.edition, region)) if region else (None, frozenset())

    def _ordered_areas(self) -> tuple[frozenset[str] | None, frozenset[str], bool]:
        """The ordered regions with those they lie in (None where none is known), without those, and whether all
        were known."""
        every: set[str] = set()
        base: set[str] = set()
        read = True
        for name in self.order.areas:
            region, closed = self._region(name)
            if region is None:
                self.gaps.append(f"the area '{name}' is not one this edition knows; name one of its regions")
                read = False
                continue
            base.add(region)
            every |= closed
        return (frozenset(every) if every else None), frozenset(base), read

    def _here(self, mention: _Mention) -> bool:
        """Whether an event may have touched an ordered area: overlap, or one side not known."""
        if self.areas is None or not self.areas_read or mention.base_area is None:
            return True
        return mention.base_area in self.areas or bool(self.base_areas & mention.areas)

    # --- closing -------------------------------------------------------------------------------------------

    def closed(self, topic: str, fact: Fact, name: str) -> bool:
        """Whether *not mentioned* means *no* for this fact."""
        if self.reopened:
            concepts = (fact.derive[key] for key in fact.derive if key in _BY_CONCEPT)
            if not self.reopened.isdisjoint(map(normal, chain((topic, fact.topic, name), *concepts))):
                return False
        return self.answers.history_complete or topic in self._given

    @cached_property
    def _given(self) -> frozenset[str]:
        """The topics whose list was given."""
        lists: Mapping[str, Any] = {
            "medications": self.answers.medications,
            "conditions": self.answers.conditions,
            "allergies": self.answers.allergies,
            "procedures": self.answers.procedures,
            "skincare": self.answers.skincare,
            "skin-state": self.answers.context.skin_state,
            "planned-events": self.answers.context.planned_events,
            "previous-mesotherapy": self.answers.previous_mesotherapy,
        }
        return frozenset(topic for topic, given in lists.items() if given is not None)

    # --- facts ---------------------------------------------------------------------------------------------

    def read(self) -> Facts:
        values: dict[str, Any] = {}
        evidence: dict[str, tuple[Evidence, ...]] = {}
        waiting: dict[str, str] = {}
        for name, fact in self.edition.facts.items():
            if fact.asked == "report":
                continue
            value, because, wait = self._fact(name, fact)
            values[name] = value
            if because:
                evidence[name] = tuple(mention.evidence() for mention in because)
            if value is None and wait:
                waiting[name] = wait
        person = self.answers.patient
        recorded = self.answers.record.patient if self.answers.record else person
        deceased = person.deceased or recorded.deceased
        return Facts(
            asked_on=self.on,
            planned=self.planned,
            planned_given=self.order.planned_start is not None,
            edition=self.edition.fingerprint,
            values=values,
            evidence=evidence,
            waiting=waiting,
            at_most=self.at_most,
            unread=tuple(self.unread),
            accepted=tuple(self.accepted),
            guesses=tuple(m.evidence() for mentions in self.mentions.values() for m in mentions if m.guess),
            contradictions=self._contradictions(values, evidence),
            order_gaps=tuple(dict.fromkeys(self.gaps)),
            deceased=None if not deceased else "" if deceased is True else str(deceased),
            answered_on=self.answers.answered_on,
            lapsed=tuple(sorted(self.lapsed)),
        )

    def _fact(self, name: str, fact: Fact) -> _Read:
        derive = fact.derive
        if "answer" in derive:
            return self._answer(name, fact)
        if "order" in derive:
            return self._order_fact(derive["order"]), [], "order"
        if "answered" in derive:
            return self._answered(name, fact)
        if "any_allergy" in derive:
            found = [m for m in self.mentions["allergies"] if "no-known-allergy" not in m.concepts]
            return self._flag("allergies", name, fact, found)
        if "allergy_in_order" in derive:
            return self._allergy_in_order(name, fact)
        if "previous_reaction" in derive:
            return self._previous_reaction(name, fact)
        if "condition_uncontrolled" in derive:
            return self._flag(
                "conditions",
                name,
                fact,
                [m for m in self.mentions["conditions"] if m.current and not m.family and m.controlled is False],
            )
        for key, topic in _BY_CONCEPT.items():
            if key in derive:
                wanted = frozenset(derive[key])
                found = [m for m in self.mentions[topic] if m.concepts & wanted]
                reading: _Read = getattr(self, f"_{key}")(name, fact, topic, found, self._open(topic, fact, wanted))
                return reading
        raise KeyError(f"facts: '{name}' has no reading for derive {derive}")

    def _open(self, topic: str, fact: Fact, wanted: frozenset[str]) -> list[_Mention]:
        """Mentions of a class, or of a word for several things, that may be of what a fact asks for."""
        mentions = self.mentions[topic]
        if not mentions:
            return []
        left_out = set(fact.derive.get("except", ()))
        return [
            m
            for m in mentions
            if not m.concepts & (wanted | left_out) and any(kind & wanted and not kind & left_out for kind in m.may_be)
        ]

    def _answer(self, name: str, fact: Fact) -> _Read:
        path, person = fact.derive["answer"], self.answers.patient
        record = self.answers.record
        if path == "age":
            if self._disagreeing("age_years"):
                return None, [], "age"
            for who in (person, record.patient if record else person):
                if who.birth_date:
                    return Decimal(age_in_years(who.birth_date, self.planned)), [], ""
                if who.age is not None:
                    return Decimal(who.age), [], ""
            return None, [], "age"
        if path == "patient.sex" and self._disagreeing("sex"):
            return None, [], "sex"
        value = _path(self.answers, path)
        if value is None and record is not None:
            value = _path(record, path)
        if normal(fact.topic) in self.lapsed and _says_no(
            value
        ):  # what speaks against stands until it is answered anew
            value = None
        sex = None if self._disagreeing("sex") else person.sex or (record.patient.sex if record else None)
        if name == "pregnancy":
            carrying = [
                m for m in self.mentions["conditions"] if "pregnancy" in m.concepts and m.current and not m.family
            ]
            if carrying and value in (None, "no"):
                return "pregnant", carrying, ""
            trying = [m for m in self.mentions["conditions"] if "fertility-treatment" in m.concepts and m.current]
            if [m for m in trying if not m.family] and value in (None, "no"):
                return "planning", trying, ""
        if value is None and sex == "male" and "impossible_if_male" in fact.derive:
            value = fact.derive["impossible_if_male"]
        if name == "recent_sun" and value is None and self._in_the_sun():
            return None, [], fact.topic
        if value is None and self._closed_answer(name, fact):
            value = fact.derive["closed"]
        if fact.type == "boolean" and isinstance(value, str):
            said = normal(value)
            if not said:  # '??' or nothing at all is no answer
                return None, [], fact.topic
            value = said not in _NO
        if fact.type == "number" and value is not None:
            value = Decimal(str(value))
        return value, [], fact.topic

    def _in_the_sun(self) -> bool:
        """Sunbeds, a burn or a holiday among the habits: when it was last is not answered by closing the history."""
        life = self.answers.lifestyle
        beds = life.sunbeds is True or (isinstance(life.sunbeds, str) and normal(life.sunbeds) not in _NO)
        return beds or (isinstance(life.sun, str) and bool(_BURNT.search(life.sun)))

    def _disagreeing(self, fact: str) -> tuple[str, str] | None:
        """What two places say of the person's age or sex, where they cannot both be true."""
        person, record = self.answers.patient, self.answers.record
        if fact == "sex":
            recorded = record.patient.sex if record else None
            return (f"sex: {recorded}", person.sex) if recorded and person.sex and recorded != person.sex else None
        ages = [
            (f"born on {who.birth_date}", age_in_years(who.birth_date, self.on))
            for who in (person, *((record.patient,) if record else ()))
            if who.birth_date
        ]
        if person.age is not None:
            ages.append((f"age {person.age}", person.age))
        # A birthday apart is rounding, not a contradiction; two birth dates are one even then.
        born = {who.birth_date for who in (person, *((record.patient,) if record else ())) if who.birth_date}
        if len(born) < 2 and max((a for _, a in ages), default=0) - min((a for _, a in ages), default=0) < 2:
            return None
        return (ages[-1][0], ages[0][0])

    def _answered(self, name: str, fact: Fact) -> _Read:
        """The answer to one question that the screening, or its checklist, asked by this name."""
        value = self.answers.answered.get(name)
        if value is None or (value is False and normal(fact.topic) in self.lapsed):
            return (fact.derive["closed"] if self._closed_answer(name, fact) else None), [], fact.topic
        given = "boolean" if isinstance(value, bool) else "number" if isinstance(value, Decimal) else "text"
        if given != fact.type or (fact.values and value not in fact.values):
            wanted = ", ".join(fact.values) or {"boolean": "true or false", "number": "a number"}.get(
                fact.type, "a word"
            )
            raise InputError(f"answered.{name}", f"'{value}' is no answer to this question", f"Write {wanted}")
        return value, [], ""

    def _closed_answer(self, name: str, fact: Fact) -> bool:
        asked_as = fact.derive.get("answer", "").rpartition(".")[2]
        open_again = {normal(fact.topic), normal(name), normal(asked_as)} & self.reopened
        return "closed" in fact.derive and self.answers.history_complete and not open_again

    def _previous_reaction(self, name: str, fact: Fact) -> _Read:
        found = [
            _Mention(
                frozenset({"reaction"}),
                _words(entry.product, entry.reaction),
                f"previous_mesotherapy[{i}]",
                False,
            )
            for i, entry in enumerate(self.answers.previous_mesotherapy or ())
            if entry.reaction and _unexpected(entry.reaction.casefold())
        ]
        return self._flag("previous-mesotherapy", name, fact, found)

    def _flag(self, topic: str, name: str, fact: Fact, found: list[_Mention], unsure: str = "") -> _Read:
        """Yes with the words; no where the list is closed and fully read; else unknown and what it waits for."""
        if found:
            return True, found, ""
        if unsure:
            return None, [], unsure
        if not self.closed(topic, fact, name):
            return None, [], topic
        if topic in self.missing_words:
            return None, [], f"unread:{topic}"
        return False, [], ""

    def _medication(self, name: str, fact: Fact, topic: str, found: list[_Mention], open_: list[_Mention]) -> _Read:
        derive, route = fact.derive, fact.derive.get("route")

        def fits(m: _Mention) -> bool:
            accepted = (True, None) if derive.get("prescribed") else (False,)
            return m.route not in derive.get("except_route", ()) and (
                "prescribed" not in derive or m.prescribed in accepted
            )

        found = [m for m in found if fits(m) and not m.concepts & set(derive.get("except", ()))]
        open_ = [m for m in open_ if fits(m) and (not route or m.route is None or _same_route(m.route, route))]
        sure = [m for m in found if not route or (m.route is not None and _same_route(m.route, route))]
        unsure = [m for m in found if route and m.route is None]
        what = derive.get("is", "current")
        if what == "current":
            sure, unsure, open_ = ([m for m in some if m.current] for some in (sure, unsure, open_))
        ask = f"route:{unsure[0].quote}" if unsure else _which(open_)
        if what in ("current", "ever"):
            answer = self._flag(topic, name, fact, sure, ask)
            if answer[0] is False and route == "topical" and not self.closed("skincare", fact, name):
                return None, [], "skincare"
            return answer
        wait = ask or self._flag(topic, name, fact, [])[2]
        if route == "topical" and not wait and not self.closed("skincare", fact, name):
            wait = "skincare"
        return self._elapsed(name, what, sure, wait, ask)

    def _condition(self, name: str, fact: Fact, topic: str, found: list[_Mention], open_: list[_Mention]) -> _Read:
        what = fact.derive.get("is", "ever")
        if what == "family":
            return self._flag(topic, name, fact, [m for m in found if m.family], _which(m for m in open_ if m.family))
        own = [m for m in found if not m.family]
        open_ = [m for m in open_ if not m.family]
        if what in ("active", "unsettled", "uncontrolled"):
            own, open_ = [m for m in own if m.current], [m for m in open_ if m.current]
        if what == "unsettled":  # there, and nobody says that it is controlled
            own = [m for m in own if m.controlled is not True]
        if what in ("active", "unsettled", "ever"):
            return self._flag(topic, name, fact, own, _which(open_))
        if what == "uncontrolled":
            unsure = [m for m in own if m.controlled is None]
            bad = [m for m in own if m.controlled is False]
            open_ = [m for m in open_ if m.controlled is not True]
            return (None, unsure, "") if unsure and not bad else self._flag(topic, name, fact, bad, _which(open_))
        wait = _which(open_) or self._flag(topic, name, fact, [])[2]
        if what == "onset-months":  # of something that happens on a day, like an infarction
            return self._elapsed(name, "months", [_since_onset(m) for m in own], wait, _which(open_))
        return self._elapsed(name, what, own, wait, _which(open_))

    def _allergy(self, name: str, fact: Fact, topic: str, found: list[_Mention], open_: list[_Mention]) -> _Read:
        return self._flag(topic, name, fact, found, _which(open_))

    def _allergy_in_order(self, name: str, fact: Fact) -> _Read:
        """Whether the order contains something the patient is allergic to, under any of its names."""
        contents = contents_of(self.edition, self.order)
        used = contents.ingredients | contents.excipients
        words = {normal(w) for c in used for w in (c, *_names(self.edition.substances, c))}
        hit = [m for m in self.mentions["allergies"] if self._named(m.concepts) & words]
        if not hit and (contents.gaps or not contents.given):
            return None, [], "order"
        open_ = [m for m in self.mentions["allergies"] if any(self._named(kind) & words for kind in m.may_be)]
        return self._flag("allergies", name, fact, hit, _which(open_))

    def _named(self, concepts: frozenset[str]) -> set[str]:
        """All names of what a mention is about; of the classes above it, none: lidocaine is not procaine."""
        above = {
            other
            for concept in concepts
            for other in self.dictionaries["allergies"].closure(concept)
            if other != concept
        }
        return {normal(w) for c in concepts - above for w in (c, *_names(self.edition.allergens, c))}

    def _skin_state(self, name: str, fact: Fact, topic: str, found: list[_Mention], open_: list[_Mention]) -> _Read:
        return self._flag(topic, name, fact, found, _which(open_))

    def _procedure(self, name: str, fact: Fact, topic: str, found: list[_Mention], open_: list[_Mention]) -> _Read:
        if fact.derive.get("in_area"):
            near = frozenset(fact.derive.get("near", ()))  # neighbours that count as the area
            found, open_ = (
                [m for m in some if self._here(m) or m.base_area in near or bool(near & m.areas)]
                for some in (found, open_)
            )
        what = fact.derive.get("is", "ever")
        if what == "ever":
            return self._flag(topic, name, fact, found, _which(open_))
        wait = _which(open_) or self._flag(topic, name, fact, [])[2]
        return self._elapsed(name, what, found, wait, _which(open_))

    def _planned(self, name: str, fact: Fact, topic: str, found: list[_Mention], open_: list[_Mention]) -> _Read:
        here = bool(fact.derive.get("in_area"))
        coming, open_ = (
            [m for m in some if (m.last is None or m.last >= self.planned) and (not here or self._here(m))]
            for some in (found, open_)
        )
        if fact.derive.get("is") != "days":
            return self._flag(topic, name, fact, coming, _which(open_))
        undated = [m for m in coming if m.last is None]
        if not coming:
            return None, [], _which(open_) or self._flag(topic, name, fact, [])[2]
        days = {m: Decimal((m.last - self.planned).days) for m in coming if m.last is not None}
        nearest = min(days, key=lambda m: days[m], default=None)
        if undated or open_:
            if nearest is not None:
                self.at_most[name] = days[nearest]
            wait = f"date:{undated[0].quote}" if undated else _which(open_)
            return None, [*([nearest] if nearest else []), *undated], wait
        assert nearest is not None
        return days[nearest], [nearest], ""

    def _elapsed(self, name: str, unit: str, found: list[_Mention], wait: str, open_: str) -> _Read:
        """Whole days or calendar months from the latest day known to the planned day. `wait`: what it waits for when
        nothing was found. Beside an entry without a day, or one that may be (`open_`), the time since the dated one
        is only the most that it can be."""
        if not found:
            return None, [], wait
        undated = [m for m in found if m.last is None]
        latest = max((m for m in found if m.last is not None), key=lambda m: m.last or date.min, default=None)
        value = None
        if latest is not None and latest.last is not None:
            months = unit == "months"
            passed = whole_months_between(latest.last, self.planned) if months else (self.planned - latest.last).days
            value = Decimal(max(0, passed))
        if undated or open_:
            if value:  # where it is 0 nothing can be more recent
                self.at_most[name] = value
            if value != 0:
                known = [latest] if latest else []
                return None, [*known, *undated], f"date:{undated[0].quote}" if undated else open_
        return value, [latest] if latest else [], ""

    def _order_fact(self, what: str) -> Any:
        order, edition = self.order, self.edition
        match what:
            case "indication":
                return _concept_name(edition, order.indication, self.gaps)
            case "purpose":
                given = order.purpose or self.answers.context.purpose
                medical = "pain" in normal(order.indication or "")
                return given or ("medical" if medical else "cosmetic")
            case "areas":
                if self.areas is None:
                    return None
                unread = any(region_id(edition, name) is None for name in order.areas)
                return (*sorted(self.areas), MORE) if unread else tuple(sorted(self.areas))
            case "technique":
                return technique_id(edition, order.technique, self.gaps) if order.technique else None
            case "device":
                technique = technique_id(edition, order.technique, self.gaps) if order.technique else None
                return edition.techniques[technique].device if technique else None
            case "jurisdiction":
                return self._jurisdiction(order.jurisdiction or self.answers.context.jurisdiction)
            case "points":
                return None if order.points is None else Decimal(order.points)
            case "depth_mm":
                return order.depth_mm
            case "sessions":
                return None if order.sessions is None else Decimal(order.sessions)
            case "anaesthetic_at_home":
                by = {item.applied_by for item in order.anaesthetic or ()}
                return True if "patient" in by else None if None in by else False
            case "combined_with":
                found: set[str] = set()
                for name in order.combined_with:
                    seen = self.dictionaries["procedures"].recognise(name, {})
                    found |= set(seen.concepts) or {normal(name)}
                return tuple(sorted(found))
        contents = contents_of(edition, order)
        self.gaps.extend(contents.gaps)
        if not contents.given:
            return None
        more = (MORE,) if contents.gaps else ()  # something in it was not read, and could be anything
        match what:
            case "ingredients":
                return (*sorted(contents.ingredients | contents.excipients), *more)
            case "products":
                return (*sorted(contents.products), *more)
            case "excipients":
                return tuple(sorted(contents.excipients)) if contents.excipients_known else None
            case "component_count":
                return Decimal(contents.components)
        raise KeyError(f"facts: no order reading called '{what}'")

    def _jurisdiction(self, name: str | None) -> str | None:
        """The code whose law is read: of a country, or of a nation of the United Kingdom; None: not known."""
        if not name or not name.strip():
            return None
        code = _JURISDICTIONS.get(normal(name), name.strip().upper())
        country, _, part = code.partition("-")
        if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", code):
            self.gaps.append(f"the jurisdiction '{name}' is not read; write a code like GB-ENG, GB-SCT, FR or US")
            return None
        return code if country == "GB" or not part else country

    # --- contradictions ------------------------------------------------------------------------------------

    def _contradictions(
        self, values: Mapping[str, Any], evidence: Mapping[str, tuple[Evidence, ...]]
    ) -> tuple[Contradiction, ...]:
        apart = tuple(
            Contradiction(facts=(fact,), origin="patient", quote=said[0], answered=said[1])
            for fact in ("age_years", "sex")
            if (said := self._disagreeing(fact))
        )
        if self.answers.record is None:
            return apart
        by_words: dict[tuple[str, str, str], list[str]] = {}
        for name, found in evidence.items():
            fact = self.edition.facts[name]
            topic = next(
                (
                    t
                    for k, t in (("condition", "conditions"), ("medication", "medications"), ("allergy", "allergies"))
                    if k in fact.derive
                ),
                None,
            )
            if name == "pregnancy" and self.answers.patient.pregnancy == "no" and values[name] == "pregnant":
                topic = "pregnancy"
            elif (
                topic is None
                or fact.type != "boolean"
                or values[name] is not True
                or (topic == "medications" and fact.derive.get("is") == "ever")
                or not self.closed(topic, fact, name)
            ):
                continue
            if any(not item.origin.startswith("record") for item in found):
                continue
            for item in found:
                by_words.setdefault((item.origin, item.quote, topic), []).append(name)
        return apart + tuple(
            Contradiction(facts=tuple(names), origin=origin, quote=quote, answered="no" if topic == "pregnancy" else "")
            for (origin, quote, topic), names in by_words.items()
        )


def read(answers: Answers, edition: Edition, on: date) -> Facts:
    """The facts about this patient for `answers.order`, counted to its planned day (else to `on`).

    Raises InputError where `answered` names no question of the edition, or answers it with what is no answer.
    """
    born = answers.patient.birth_date
    if born is not None and born > on:
        raise InputError("patient.birth_date", f"{born} lies after {on}, the day this is asked for", "Check the year")
    if answers.answered_on is not None and answers.answered_on > on:
        wrong = f"{answers.answered_on} lies after {on}, the day this is asked for"
        raise InputError("answered_on", wrong, "Write the day on which the patient answered")
    for name in answers.answered:
        if name not in edition.facts or "answered" not in edition.facts[name].derive:
            remedy = "Use the name that the screening or its checklist gives"
            raise InputError(f"answered.{name}", "no single question is called that", remedy)
    return _Reader(edition, on, answers, answers.order or Order()).read()


# --- names → ids, shared with the other rooms ------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def normal(text: str) -> str:
    """A name as ids are spelled: 'Crow's feet' → 'crow-s-feet', 'Tranexamic acid' → 'tranexamic-acid'."""
    return re.sub(r"[^a-z0-9]+", "-", _plain(text)).strip("-")


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


_STRENGTH = re.compile(r"\b\d+(?:[.,]\d+)?\s*(?:%|(?:mg|g|mcg|µg|iu|ie|ui)(?:\s*/\s*ml)?(?![a-z]))\s*$", re.I)
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_RATIO = re.compile(r"\b1\s*(?::|/|in\b)\s*\d[\d .,]*\b")


def find_by_name(entries: Mapping[str, Any], name: str) -> str | None:
    """The id whose id, title or one of whose names is `name`, however it is spelled, and however dilute what is in
    it is said to be: "lidocaine with adrenaline 1:200 000"."""
    wanted = normal(_RATIO.sub(" ", name))
    if wanted in entries:
        return wanted
    for entry_id, entry in entries.items():
        title = entry.title if isinstance(entry.title, dict) else {}
        if any(normal(word) == wanted for word in (*entry.names, *title.values())):
            return entry_id
    bare = _IN_BRACKETS.sub(" ", name)  # "polynucleotides (salmon DNA)"
    return find_by_name(entries, bare) if bare != name and normal(bare) else None


def region_id(edition: Edition, name: str) -> str | None:
    """The region a word means; a side ("left cheek") is left off."""
    bare = re.sub(r"\b(left|right|both|bilateral|my|the|inner|outer)\b", " ", name, flags=re.I).strip()
    return find_by_name(edition.regions, name) or find_by_name(edition.regions, bare or name)


def closure(edition: Edition, region: str) -> frozenset[str]:
    """A region and those it lies in."""
    out = set()
    here: str | None = region
    while here and here not in out:
        out.add(here)
        here = edition.regions[here].parent if here in edition.regions else None
    return frozenset(out)


def technique_id(edition: Edition, name: str, gaps: list[str] | None = None) -> str | None:
    found = find_by_name(edition.techniques, name)
    if found is None and gaps is not None:
        gaps.append(
            f"the technique '{name}' is not one this edition knows; name one of {', '.join(edition.techniques)}"
        )
    return found


def _concept_name(edition: Edition, name: str | None, gaps: list[str]) -> str | None:
    if name is None:
        return None
    wanted = normal(name)
    for concept_id, concept in edition.indications.items():
        if wanted == concept_id or any(normal(word) == wanted for word in concept.names):
            return concept_id
    gaps.append(f"the indication '{name}' is not one this edition knows; name one of {', '.join(edition.indications)}")
    return wanted


@dataclass(frozen=True)
class Contents:
    """What an order puts on or into the skin: substance ids with their classes, products, excipients."""

    given: bool
    ingredients: frozenset[str]
    products: frozenset[str]
    excipients: frozenset[str]
    excipients_known: bool
    components: int
    gaps: tuple[str, ...]


def contents_of(edition: Edition, order: Order) -> Contents:
    """Resolve an order's products, mixture and anaesthetics to substances, classes included."""
    ingredients: set[str] = set()
    products: set[str] = set()
    excipients: set[str] = set()
    gaps: list[str] = []
    known, components = True, 0

    def substance(name: str) -> None:
        entry = edition.substances.get(name)
        ingredients.add(name)
        if entry:
            ingredients.update(entry.classes)
            if entry.salt_of:
                substance(entry.salt_of)

    def add(name: str, *, mixed: bool) -> None:
        nonlocal known, components
        found = find_by_name(edition.products, name)
        if found is not None:
            product = edition.products[found]
            products.add(found)
            ingredients.update(product.classes)
            ingredients.add(found)
            for content in product.contents or ():
                substance(content.substance)
            if product.contents is None:
                gaps.append(f"what '{name}' contains is not known here; enter its label")
            known = known and product.excipients is not None
            excipients.update(product.excipients or ())
        else:
            # A strength changes what is in a product, not what a substance is: "organic silicon 0.5%".
            single = find_by_name(edition.substances, name) or find_by_name(
                edition.substances, _STRENGTH.sub(" ", name)
            )
            if single is None:
                gaps.append(f"'{name}' is neither a product nor an ingredient this edition knows; check the name")
            else:
                substance(single)
                if mixed and single not in ("sodium-chloride", "water-for-injection"):
                    components += 1
            known = False
        if found is not None and mixed:
            components += 1

    for line in order.mixture:
        add(line.product or line.ingredient or "", mixed=True)
        if line.product and line.ingredient:
            named = find_by_name(edition.substances, line.ingredient)
            if named:
                substance(named)
            elif find_by_name(edition.products, line.product) is None:  # no label says what is in it
                gaps.append(f"'{line.ingredient}' is no ingredient this edition knows; check the name")
    in_mixture = {normal(line.product or line.ingredient or "") for line in order.mixture}
    for name in order.products:
        if normal(name) not in in_mixture:
            add(name, mixed=True)
    for item in order.anaesthetic or ():
        add(item.product, mixed=False)
    given = bool(order.mixture or order.products or order.anaesthetic)
    return Contents(
        given,
        frozenset(ingredients),
        frozenset(products),
        frozenset(excipients),
        known,
        components,
        tuple(gaps),
    )


# --- small readings ------------------------------------------------------------------------------------------


def _unexpected(reaction: str) -> bool:
    """Whether a reaction is more, or lasted longer, than what every session leaves."""
    lasted = re.findall(r"(\d+)\W*(day|week)", reaction)
    days = max((int(count) * (7 if unit == "week" else 1) for count, unit in lasted), default=0)
    return days > _EXPECTED_DAYS or bool(set(re.findall(r"[a-z]+", reaction)) - _EXPECTED)


def _says_no(value: Any) -> bool:
    return value is False or (isinstance(value, str) and normal(value) in _NO)


def _names(entries: Mapping[str, Any], entry: str) -> tuple[str, ...]:
    return entries[entry].names if entry in entries else ()


def _path(answers: Answers, path: str) -> Any:
    value: Any = answers
    for part in path.split("."):
        value = getattr(value, part)
    return value


def _code_words(codes: Mapping[str, Any]) -> str:
    """Codes as people read them: "code L91.0 (icd10)"."""
    each = ((system, code if isinstance(code, str) else ", ".join(code)) for system, code in codes.items())
    return "; ".join(f"code {code} ({system})" for system, code in each)


def _words(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


_ROUTES = {
    "oral": "oral",
    "mouth": "oral",
    "tablet": "oral",
    "capsule": "oral",
    "po": "oral",
    "swallowed": "oral",
    "topical": "topical",
    "cream": "topical",
    "gel": "topical",
    "ointment": "topical",
    "skin": "topical",
    "lotion": "topical",
    "cutaneous": "topical",
    "inhaled": "inhaled",
    "inhaler": "inhaled",
    "inhalation": "inhaled",
    "nasal": "inhaled",
    "eye": "eye",
    "ophthalmic": "eye",
    "drops": "eye",
    "injection": "injected",
    "injected": "injected",
    "subcutaneous": "injected",
    "intramuscular": "injected",
    "im": "injected",
    "sc": "injected",
    "iv": "infused",
    "intravenous": "infused",
    "infusion": "infused",
    "rectal": "rectal",
    "suppository": "rectal",
    "patch": "patch",
    "transdermal": "patch",
    "vaginal": "vaginal",
    "sublingual": "sublingual",
    "systemic": "systemic",
    "intraarticular": "injected",
}


def _route(text: str | None) -> str | None:
    if not text:
        return None
    return next((_ROUTES[word] for word in re.findall(r"[a-z]+", text.casefold()) if word in _ROUTES), None)


# Taken against clots: aspirin somebody buys for this is as much a treatment as a prescribed one.
_PROTECTS = re.compile(
    r"heart(?!\s*-?burn)|cardi|stroke|\btia\b|stent|bypass|clot|thromb|embol|angina|circulation", re.I
)
_LOW_DOSE = re.compile(r"\b(75|81|100) ?mg\b|low[- ]dose|\bbaby\b|\bmini\b|cardio|\baspirin (75|81|100)\b", re.I)
_BADLY = re.compile(
    r"uncontrolled|\b(poorly|badly|not|ill)[- ]?(well[- ])?controlled|out of control|unstable|brittle|"
    r"decompensated|\bflar|\b(mal|pas|non|no|n[aã]o|poco|schlecht|nicht|kaum)\s+(bien\s+|gut\s+|bene\s+|bem\s+)?"
    r"(contr[oô]l+[aeéè]\w*|equilibr\w*|[ée]quilibr\w*|eingestellt|kontrolliert|compensad\w*|stabil\w*)|"
    r"\bd[ée]s[ée]quilibr|\bdescompensad|\bdescontrolad|\bscompensat|\bentgleist|\bunkontrolliert|\bincontrolad",
    re.I,
)
_OVER = re.compile(r"\bin remission\b|\bcured\b|\bin the past\b|\bprevious(ly)?\b|\bformer(ly)?\b", re.I)
_WELL = re.compile(
    r"controlled|\bstable\b|seizure[- ]free|remission|quiescent|\bcontrolad[oa]s?\b|\bcontrollat[oaei]\b|"
    r"\bcontr[oô]l[ée]e?s?\b|\b[ée]quilibr[ée]e?s?\b|\bgut eingestellt\b|\bgut kontrolliert\b|\bcompensat[oa]\b",
    re.I,
)


def _quote(text: str, line: Line, part: Part) -> str:
    """The words of one thing of a line; all of them where it names nothing else."""
    return text if len(line.parts) == 1 else part.text


def _prescribed(entry: MedicationEntry, part: Part) -> bool | None:
    """Whether it is prescribed; not known where somebody bought it, yet takes it against clots."""
    against_clots = _PROTECTS.search(entry.reason or "") or (
        "aspirin" in part.concepts and (_LOW_DOSE.search(_words(part.text, entry.dose)) or _PROTECTS.search(part.text))
    )
    return None if entry.prescribed is False and against_clots else entry.prescribed


def _controlled(text: str, concepts: frozenset[str]) -> bool | None:
    """What the words say of control: 'poorly controlled asthma' no, 'stable angina' yes, 'asthma' nothing."""
    if "uncontrolled" in concepts or _BADLY.search(text):
        return False
    return True if _WELL.search(text) else None


def _since_onset(mention: _Mention) -> _Mention:
    """The mention dated by when it began, where that is known; one without any date stays undated."""
    if mention.since:
        return replace(mention, last=day_bounds(mention.since)[1], until=mention.since)
    return replace(mention, last=mention.last if mention.until else None)


def _which(mentions: Iterable[_Mention]) -> str:
    """What a fact waits for where words leave the kind open."""
    return next((f"kind:{mention.quote}" for mention in mentions), "")


def _same_route(route: str, wanted: str) -> bool:
    return (
        route in _SYSTEMIC if wanted == "systemic" else route == wanted or (route == "systemic" and wanted in _SYSTEMIC)
    )
