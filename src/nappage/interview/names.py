"""What a patient's words are read as, and how they can be completed while typed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from ..intake.concepts import Dictionary, Part, plain
from ..intake.wide import wide
from ..knowledge import Concept, Edition
from .documents import NameKind, Recognised

_DICTIONARY: Mapping[NameKind, str] = {
    "medications": "medicines",
    "conditions": "conditions",
    "allergies": "allergens",
    "procedures": "procedures",
}
_CLASS = "interview.class."
_MOST = 50  # suggestions in one answer


def recognised(kind: NameKind, text: str, edition: Edition, language: str = "en") -> tuple[Recognised, ...]:
    """Each thing that the words name ("Sintrom" → acenocoumarol, a blood thinner), and the words that name nothing."""
    if not text.strip():
        return ()
    dictionary = Dictionary.of(edition, _DICTIONARY[kind])
    line = dictionary.line(text, {}, kind)
    out = [
        Recognised(
            text=part.text,
            name=", ".join(_titles(dictionary, part)),
            what=_what(edition, part, language),
            state="certain" if part.guess is None else "confirm",
        )
        for part in line.parts
    ]
    unread = line.unread or (() if line.parts or line.relatives or line.denied else (text,))
    return (*out, *(Recognised(text=words, state="unread") for words in unread))


def guesses(kind: NameKind, text: str, edition: Edition) -> tuple[str, ...]:
    """The known names that misspelt words were read as."""
    line = Dictionary.of(edition, _DICTIONARY[kind]).line(text, {}, kind)
    return tuple(part.guess for part in line.parts if part.guess)


def _titles(dictionary: Dictionary, part: Part) -> list[str]:
    """The most exact things of a part: none that another of them belongs to, none that one is made of."""
    ids = sorted(part.concepts | set(part.known))
    above = {other for i in ids for other in dictionary.closure(i) if other != i}
    exact = [i for i in ids if i not in above] or ids
    made_of = [i for e in exact if e in dictionary.concepts for i in dictionary.concepts[e].contains]
    return [_title(dictionary.concepts.get(i), i) for i in made_of or exact]


def _title(concept: Concept | None, concept_id: str) -> str:
    return (concept.title if concept else None) or concept_id.replace("-", " ")


def _what(edition: Edition, part: Part, language: str) -> str:
    """The first kind of thing that has words and fits."""
    for key in edition.texts:
        if key.startswith(_CLASS) and key.removeprefix(_CLASS) in part.concepts:
            return edition.say(key, language)
    return ""


def suggest(kind: NameKind, prefix: str, edition: Edition, language: str = "en", limit: int = 8) -> tuple[str, ...]:
    """Names that begin as the typed words do: brands and names this edition knows first, then the wide dictionary's;
    for illnesses, how the interview itself calls them in the patient's language before anything else."""
    wanted = plain(prefix)
    if not wanted:
        return ()
    out: dict[str, str] = {}
    for names in _sorted(kind, edition, language):
        i = bisect_left(names, (wanted, ""))
        found: list[tuple[str, str]] = []
        while i < len(names) and names[i][0].startswith(wanted) and len(found) < _MOST:
            found.append(names[i])
            i += 1
        for key, shown in sorted(found, key=lambda name: (len(name[0]), name[0])):
            out.setdefault(key, shown)
        if len(out) >= limit:
            break
    return tuple(list(out.values())[:limit])


_Names = tuple[list[tuple[str, str]], ...]
_kept: dict[tuple[str, str, str], _Names] = {}


def _sorted(kind: NameKind, edition: Edition, language: str) -> _Names:
    """Sorted lists of (plain name, as shown), the best first. Kept, since an edition does not change."""
    key = (edition.fingerprint, kind, language)
    if key not in _kept:
        if len(_kept) > 32:
            _kept.clear()
        concepts: Mapping[str, Concept] = getattr(edition, _DICTIONARY[kind])
        brands, names = set(), set()
        for concept_id, concept in concepts.items():
            names |= {(plain(name), name) for name in (concept_id.replace("-", " "), *concept.names)}
            brands |= {(plain(name), name) for name in concept.brands}
        lists = [sorted(brands | names)]
        if kind == "medications":
            known = {name for name, _ in lists[0]}
            found = {*wide().products, *wide().codes} - known
            lists.append(sorted((name, name[:1].upper() + name[1:]) for name in found))
        _kept[key] = tuple([entry for entry in part if entry[0]] for part in lists)
    return _kept[key]
