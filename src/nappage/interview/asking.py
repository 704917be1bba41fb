"""The next question, one question by its id, and a reply checked against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from ..intake import normal
from ..intake.answers import Answers
from ..knowledge import Edition, InterviewItem, InterviewQuestion
from ..screening import OpenQuestion, screen
from ..values import Document, InputError, day_bounds
from .days import written
from .documents import UNSURE, Field, NameKind, Option, Question, Reply, Rows
from .folding import FOLLOW_UPS, State
from .names import guesses

_ROUTES = ("oral", "topical", "injected", "inhaled", "eye", "vaginal")
_ROW_FIELDS = {
    "medications": ("name", "current", "last", "prescribed"),
    "allergies": ("name", "reaction"),
    "procedures": ("name", "when", "where"),
}
_YES_NO = frozenset({"controlled", "now", "current", "prescribed"})
_DATES = frozenset({"when", "ended", "since", "last"})
_LONGEST = 500  # characters of one reply in words
_MOST_ROWS = 100


class Progress(Document):
    """`asked`: replied to and still part of the interview. `remaining`: what follows if nothing more is ticked; a tick
    can add a question or two."""

    asked: int
    remaining: int


def ask(
    replies: Iterable[Reply], edition: Edition, on: date, *, known: Answers | None = None, language: str = "en"
) -> Question | None:
    """The next question; None when nothing that the patient could say may still change the verdict. What only a
    clinician can tell, and what the patient does not know, stays open in the screening of the folded answers."""
    state = State(tuple(replies), edition, on, known or Answers())
    following = next(_unanswered(state), None)
    return None if following is None else _made(state, following, language)


def question(
    replies: Iterable[Reply],
    question_id: str,
    edition: Edition,
    on: date,
    *,
    known: Answers | None = None,
    language: str = "en",
) -> Question:
    """One question by its id, with the reply that counts now, to look at or change. Raises InputError where this
    interview has no such question."""
    return _made(State(tuple(replies), edition, on, known or Answers()), question_id, language)


def reply(
    replies: Iterable[Reply],
    question_id: str,
    value: Any,
    edition: Edition,
    on: date,
    *,
    known: Answers | None = None,
    language: str = "en",
) -> tuple[Reply, ...]:
    """The log with one reply more (its last line), as it is kept. Raises InputError with the field at fault."""
    log = tuple(replies)
    state = State(log, edition, on, known or Answers())
    made = _made(state, question_id, language)
    return (*log, Reply(question=question_id, value=_checked(made, value, state)))


def progress(replies: Iterable[Reply], edition: Edition, on: date, *, known: Answers | None = None) -> Progress:
    """How many questions were replied to, and how many follow as it stands now."""
    state = State(tuple(replies), edition, on, known or Answers())
    replied = sum(1 for each in state.latest if _exists(state, each) and not state.unfinished(each))
    return Progress(asked=replied, remaining=sum(1 for _ in _unanswered(state)))


# --- which --------------------------------------------------------------------------------------------------------


def _unanswered(state: State) -> Iterator[str]:
    """Ids still to be asked: first the list that was begun and not ended; then in a sensible human order, each question
    with what its answer makes necessary."""
    yield from (asked for asked in state.edition.interview if state.unfinished(asked))
    open_now = screen(state.facts, state.edition).open_questions
    at_stake = {fact for found in open_now for fact in found.facts}
    for asked in state.edition.interview.values():
        if asked.id not in state.latest:
            if _needed(state, asked, at_stake):
                yield asked.id
            continue
        if state.unfinished(asked.id):
            continue
        for question_id in (*_details_of(state, asked), *_about_rows(state, asked, open_now)):
            if question_id not in state.latest:
                yield question_id


def _needed(state: State, asked: InterviewQuestion, at_stake: set[str]) -> bool:
    if asked.kind == "identity":
        return True
    if asked.answer == "patient.sex":
        return state.known.patient.sex is None
    if not state.holds(asked.only_if):
        return False
    facts = {fact for item in state.shown(asked).values() for fact in item.settles} | set(asked.settles)
    facts |= {fact for topic in asked.closes for fact, known in state.edition.facts.items() if known.topic == topic}
    return bool(facts & at_stake)


def _details_of(state: State, asked: InterviewQuestion) -> Iterator[str]:
    for item_id, item in asked.items.items():
        if item.details and state.said(asked.id, item_id) == "yes":
            yield f"{asked.id}.{item_id}"


def _about_rows(state: State, asked: InterviewQuestion, open_now: tuple[OpenQuestion, ...]) -> Iterator[str]:
    """What screening asks about the very words of a row: whether they were read right, which kind, by which route."""
    for row in state.rows(asked):
        if not (key := normal(row["name"])):
            continue  # in another script: two such names could not be told apart
        for found in open_now:
            if found.topic in FOLLOW_UPS and found.quote is not None and normal(found.quote) == _quoted(row):
                yield f"{asked.id}:{found.topic}:{key}"


def _quoted(row: Any) -> str:
    return normal(" ".join(word for word in (row["name"], row.get("where"), row.get("reaction")) if word))


def _exists(state: State, question_id: str) -> bool:
    try:
        _made(state, question_id, "en")
    except InputError:
        return False
    return True


# --- one question in words ----------------------------------------------------------------------------------------


def _made(state: State, question_id: str, language: str) -> Question:
    edition = state.edition
    replied = state.latest.get(question_id)
    if question_id in edition.interview:
        return _main(state, edition.interview[question_id], language, replied)
    main, dot, item_id = question_id.partition(".")
    if dot and main in edition.interview and item_id in edition.interview[main].items:
        item = edition.interview[main].items[item_id]
        if item.details and state.said(main, item_id) == "yes":
            return _details(state, question_id, item, language, replied)
    main, colon, rest = question_id.partition(":")
    topic, _, key = rest.partition(":")
    if colon and main in edition.interview and topic in FOLLOW_UPS:
        for row in state.rows(edition.interview[main]):
            if key and normal(row["name"]) == key:
                return _follow_up(state, edition.interview[main], question_id, topic, row["name"], language, replied)
    raise InputError(question_id, "this interview has no such question", "Go on with the question that is asked now")


def _main(state: State, asked: InterviewQuestion, language: str, replied: Any) -> Question:
    def say(key: str, **words: str) -> str:
        return state.edition.say(f"interview.{key}", language, **words)

    text = state.edition.text
    person = state.known.patient
    settles = tuple(dict.fromkeys((*asked.settles, *(f for i in state.shown(asked).values() for f in i.settles))))
    shared: dict[str, Any] = {
        "id": asked.id,
        "kind": asked.kind,
        "text": text(asked.text, language),
        "why": text(asked.why, language),
        "help": text(asked.help, language) if asked.help else "",
        "settles": settles,
        "replied": replied,
    }
    if asked.kind == "identity":
        day = written(person.birth_date.isoformat(), state.edition, language) if person.birth_date else "?"
        shared["help"] = say("identity", name=person.name or "?", day=day)
        options = tuple(Option(value=word, label=say(f"identity.{word}")) for word in ("yes", "no"))
        return Question(**shared, options=options)
    if asked.kind == "choice":
        options = tuple(Option(value=value, label=text(label, language)) for value, label in asked.options.items())
        return Question(**shared, options=options, unsure=say("unsure"))
    shown = state.shown(asked)
    rows = None
    if asked.rows:
        fields = tuple(_field(state, name, asked.rows, language) for name in _ROW_FIELDS[asked.rows])
        rows = Rows(kind=asked.rows, label=say(f"rows.{asked.rows}"), fields=fields)
    return Question(
        **shared,
        options=tuple(Option(value=i, label=text(item.label, language)) for i, item in shown.items()),
        none=say("none"),
        unsure=say("unsure"),
        rows=rows,
    )


def _details(state: State, question_id: str, item: InterviewItem, language: str, replied: Any) -> Question:
    say = state.edition.say
    kinds: dict[str, NameKind] = {
        "conditions": "conditions", "medications": "medications", "allergies": "allergies", "procedures": "procedures",
        "planned_events": "procedures",
    }  # fmt: skip
    kind = kinds.get(item.into)
    coming = item.into == "planned_events"
    return Question(
        id=question_id,
        kind="details",
        text=say("interview.more", language, label=state.edition.text(item.label, language)),
        help=say("interview.more.help", language),
        why=say("interview.more.why", language),
        unsure=say("interview.unsure", language),
        fields=tuple(_field(state, name, kind, language, coming=coming) for name in item.details),
        settles=item.settles,
        replied=replied,
    )


def _field(state: State, name: str, kind: NameKind | None, language: str, *, coming: bool = False) -> Field:
    if name in _YES_NO:
        field_kind = "yes-no"
    elif name in _DATES:
        field_kind = "coming-date" if coming else "past-date"
    else:
        field_kind = "text"
    suggest = kind if name in ("name", "which") else "allergies" if name == "cause" else None
    label = state.edition.say(f"interview.detail.{name}", language)
    return Field.model_validate({"id": name, "kind": field_kind, "label": label, "suggest": suggest})


def _follow_up(
    state: State, asked: InterviewQuestion, question_id: str, topic: str, name: str, language: str, replied: Any
) -> Question:
    say = state.edition.say
    shared: dict[str, Any] = {
        "id": question_id,
        "why": say(f"interview.{topic}.why", language),
        "unsure": say("interview.unsure", language),
        "replied": replied,
    }
    if topic == "kind":
        field = _field(state, "which", asked.rows, language)
        return Question(**shared, kind="details", text=say("interview.kind", language, quote=name), fields=(field,))
    if topic == "route":
        routes = tuple(Option(value=route, label=say(f"interview.route.{route}", language)) for route in _ROUTES)
        return Question(**shared, kind="choice", text=say("interview.route", language, quote=name), options=routes)
    heard = _heard(state, asked, name)
    options = (
        Option(value=heard, label=say("interview.yes", language)),
        Option(value="no", label=say("interview.no", language)),
    )
    text = say("interview.confirm", language, quote=name, read_as=heard)
    return Question(**shared, kind="choice", text=text, options=options)


def _heard(state: State, asked: InterviewQuestion, name: str) -> str:
    """The known name that a row's words were read as, read without what was replied about them."""
    kind = asked.rows or "conditions"
    return ", ".join(guesses(kind, name, state.edition)) or name


# --- a reply, checked ---------------------------------------------------------------------------------------------


def _checked(asked: Question, value: Any, state: State) -> Any:
    if value == UNSURE and not asked.unsure:
        raise InputError(asked.id, "it cannot be left open", _choose(asked))
    if asked.kind == "checklist":
        return _checklist(asked, value, state)
    if value == UNSURE:
        return UNSURE
    if asked.kind == "details":
        return _fields(asked.id, asked.fields, value, state)
    values = [option.value for option in asked.options]
    if not isinstance(value, str) or value not in values:
        raise InputError(asked.id, f"'{value}' is none of the answers offered", _choose(asked))
    return value


def _choose(asked: Question) -> str:
    return f"Choose one of: {', '.join(option.label for option in asked.options)}"


def _checklist(asked: Question, value: Any, state: State) -> dict[str, Any]:
    shown = [option.value for option in asked.options]
    if value == UNSURE:
        return {"yes": [], "no": [], UNSURE: shown, "entries": []}
    if not isinstance(value, dict) or value.keys() - {"yes", "no", UNSURE, "none", "entries", "more"}:
        raise InputError(asked.id, "it is not a reply to a checklist", "Tick what applies, or “none of these”")
    yes, unsure = (_values(asked, value.get(word) or []) for word in ("yes", UNSURE))
    entries = value.get("entries") or []
    if entries and asked.rows is None:
        raise InputError(f"{asked.id}.entries", "nothing can be added to this list", "Tick one of its lines")
    if not isinstance(entries, list | tuple) or len(entries) > _MOST_ROWS:
        raise InputError(f"{asked.id}.entries", "it is not a list of entries", f"Give at most {_MOST_ROWS}")
    rows = []
    for i, row in enumerate(entries):
        assert asked.rows is not None
        read = _fields(f"{asked.id}.entries[{i}]", asked.rows.fields, row, state)
        if not read.get("name"):
            raise InputError(f"{asked.id}.entries[{i}].name", "the name is missing", "Write a name, or remove the line")
        rows.append(read)
    both = set(yes) & set(unsure)
    if both:
        raise InputError(asked.id, f"'{both.pop()}' is ticked and not known at once", "Choose one of the two")
    said_none = value.get("none") is True or bool(value.get("no"))
    if value.get("none") is True and (yes or rows or unsure):
        raise InputError(asked.id, "“none of these” does not go with a ticked line", "Take away one or the other")
    if value.get("more") is True and (yes or unsure or rows):
        return {"yes": yes, "no": [], UNSURE: unsure, "entries": rows, "more": True}
    if not (yes or unsure or rows or said_none):
        raise InputError(asked.id, "nothing is ticked", "Tick what applies, “none of these” or “I don’t know”")
    no = [item for item in shown if item not in yes and item not in unsure]
    return {"yes": yes, "no": no, UNSURE: unsure, "entries": rows}


def _values(asked: Question, values: Any) -> list[str]:
    shown = [option.value for option in asked.options]
    if not isinstance(values, list | tuple):
        raise InputError(asked.id, "ticked lines come as a list", "Send the value of each ticked line")
    for value in values:
        if value not in shown:
            raise InputError(asked.id, f"'{value}' is no line of this list", "Tick lines that are shown")
    return [value for value in shown if value in values]


def _fields(place: str, fields: tuple[Field, ...], value: Any, state: State) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() - {field.id for field in fields}:
        raise InputError(place, "it has no such fields", f"Fill in {', '.join(field.id for field in fields)}")
    out = {}
    for field in fields:
        given = value.get(field.id)
        if given is None or given == UNSURE or (isinstance(given, str) and not given.strip()):
            continue
        out[field.id] = _one(f"{place}.{field.id}", field, given, state)
    for first, then in (("since", "last"), ("when", "ended")):
        if first in out and then in out and day_bounds(out[then])[1] < day_bounds(out[first])[0]:
            raise InputError(f"{place}.{then}", f"{out[then]} lies before {out[first]}", "Check the two dates")
    return out


def _one(place: str, field: Field, given: Any, state: State) -> Any:
    if field.kind == "yes-no":
        answer = (
            {True: True, "yes": True, False: False, "no": False}.get(given) if isinstance(given, bool | str) else None
        )
        if answer is None:
            raise InputError(place, f"'{given}' is neither yes nor no", "Choose yes, no or “I don’t know”")
        return answer
    if not isinstance(given, str):
        raise InputError(place, "it is not text", "Write it in words")
    text = " ".join(given.split())
    if len(text) > _LONGEST:
        raise InputError(place, f"it is longer than {_LONGEST} characters", "Write it shorter")
    if field.kind == "text":
        return text
    try:
        first, last = day_bounds(text)
    except ValueError:
        raise InputError(
            place, f"'{text}' is not a date", "Write a day, a month or a year: 2025-03-20, 2025-03, 2025"
        ) from None
    born = state.known.patient.birth_date
    if field.kind == "past-date" and first > state.on:
        raise InputError(place, f"{text} has not come yet", "Write a date in the past")
    if field.kind == "coming-date" and last < state.on:
        raise InputError(place, f"{text} is over", "Write a date to come")
    if born is not None and last < born and state.latest.get("identity") != "no":
        raise InputError(place, f"{text} lies before the date of birth", "Check the year")
    return text[:10]
