"""The interview in the patient's own words: for the review before sending, and for the clinician's page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ..intake.answers import Answers
from ..knowledge import Edition
from ..values import InputError
from .asking import question
from .days import written
from .documents import UNSURE, Field, Question, Reply, Said


def in_their_words(
    replies: Iterable[Reply], edition: Edition, on: date, *, known: Answers | None = None, language: str = "en"
) -> tuple[Said, ...]:
    """Each question that was replied to, in the order first asked, with its answers as the patient gave them. Details
    of a line that was taken back are left out; that it was stands at the list in which it was ticked."""
    log = tuple(replies)
    earlier: dict[str, list[Any]] = {}
    for reply in log:
        earlier.setdefault(reply.question, []).append(reply.value)
    out = []
    for question_id, values in earlier.items():
        try:
            asked = question(log, question_id, edition, on, known=known, language=language)
        except InputError:
            continue
        answers, unknown = _told(asked, values[-1], edition, language)
        before = dict.fromkeys(words for value in values[:-1] for words in _told(asked, value, edition, language)[0])
        none = {asked.none, ""}
        out.append(
            Said(
                question_id=question_id,
                question=asked.text,
                answers=answers,
                unknown=unknown,
                taken_back=tuple(words for words in before if words not in answers and words not in none),
            )
        )
    return tuple(out)


def _told(asked: Question, value: Any, edition: Edition, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was answered, and what is not known."""
    labels = {option.value: option.label for option in asked.options}
    if asked.kind == "checklist" and isinstance(value, dict):
        yes = [labels.get(item, item) for item in value["yes"]]
        rows = [_row(asked, row, edition, language) for row in value["entries"]]
        unknown = tuple(labels.get(item, item) for item in value[UNSURE])
        nothing = [asked.none] if value["no"] and not (yes or rows or unknown) else []
        return tuple(yes + rows + nothing), unknown
    if value == UNSURE:
        return (), (asked.unsure,)
    if asked.kind == "details" and isinstance(value, dict):
        told = tuple(f"{f.label} {_word(f, value[f.id], edition, language)}" for f in asked.fields if f.id in value)
        return told, tuple(field.label for field in asked.fields if field.id not in value)
    return (labels.get(value, str(value)),), ()


def _row(asked: Question, row: dict[str, Any], edition: Edition, language: str) -> str:
    """“Sintrom (Did a doctor or dentist prescribe it? Yes)”."""
    assert asked.rows is not None
    more = [f"{f.label} {_word(f, row[f.id], edition, language)}" for f in asked.rows.fields[1:] if f.id in row]
    return f"{row['name']} ({' '.join(more)})" if more else str(row["name"])


def _word(field: Field, value: Any, edition: Edition, language: str) -> str:
    if isinstance(value, bool):
        return edition.say("interview.yes" if value else "interview.no", language)
    if field.kind in ("past-date", "coming-date"):
        return written(value, edition, language)
    return str(value)
