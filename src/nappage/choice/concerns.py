"""Words of a concern → indications."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..intake import Answers, normal
from ..knowledge import Edition
from .document import Concern

# A part that denies something is asked about, whatever it names: "no pain", "not the wrinkles".
_DENIED = re.compile(r"\b(no|not|none|never|without|nothing|sans|pas|\w+n['’]t)\b", re.I)
_APART = re.compile(r"[,;/\n]|\b(?:and|et|but|sowie)\b", re.I)


def concerns_of(answers: Answers, edition: Edition) -> tuple[Concern, ...]:
    """What the patient wants treated: the concerns, else the order's indication, else the goals."""
    given = answers.concerns
    if given is None and answers.order is not None and answers.order.indication:
        given = answers.order.indication
    if given is None:
        given = answers.goals
    texts: Iterable[str] = (given,) if isinstance(given, str) else given or ()
    return tuple(dict.fromkeys(concern for text in texts for concern in _read(text, edition)))


def _read(text: str, edition: Edition) -> Iterator[Concern]:
    """A text as a whole where it is a name, else each of its parts by the longest names within it."""
    whole = _named(normal(text), edition)
    if whole is not None:
        yield _concern(text, whole, edition)
        return
    for part in filter(None, map(str.strip, _APART.split(text))):
        found = [] if _DENIED.search(part) else list(_within(normal(part), edition))
        if not found:
            yield Concern(words=part)
        for indication in found:
            yield _concern(part, indication, edition)


def _named(word: str, edition: Edition) -> str | None:
    return next((i for i, concept in edition.indications.items() if word in (i, *map(normal, concept.names))), None)


def _within(words: str, edition: Edition) -> Iterator[str]:
    """The indications whose names stand in the words, the longest names first; no word is used twice."""
    left = f"-{words}-"
    names = sorted(
        ((normal(name), i) for i, concept in edition.indications.items() for name in (i, *concept.names)),
        key=lambda found: -len(found[0]),
    )
    seen: set[str] = set()
    for name, indication in names:
        if f"-{name}-" in left:
            left = left.replace(f"-{name}-", "--")
            if indication not in seen:
                seen.add(indication)
                yield indication


def _concern(words: str, indication: str, edition: Edition) -> Concern:
    return Concern(words=words, indication=indication, title=indication_title(edition, indication))


def indication_title(edition: Edition, indication: str) -> str:
    """The indication as people say it."""
    concept = edition.indications.get(indication)
    return (concept.title if concept else None) or indication.replace("-", " ").capitalize()
