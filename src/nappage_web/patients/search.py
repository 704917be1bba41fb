"""How patients are found while a name is being typed, and how duplicates are noticed.

Each patient has a few `SearchTerm`s: the folded words of the name, the birth date in two orders, every ending of the
phone's digits, the e-mail address. A word that is typed becomes one or more ranges of terms, and a patient matches who
has a term in a range of every word. Ranges are half open, [prefix, prefix + U+10FFFF): both databases compare terms
byte by byte, where nothing sorts after that character, so both read them from the index (clinic, term).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from rapidfuzz import fuzz

from ..clinic.access import Actor
from .models import Patient, SearchTerm

SHOWN = 20  # of a search; who is looked for stands first, or another letter is typed
_READ = 3 * SHOWN  # how many are ranked
_LAST = "\U0010ffff"
_LONGEST = 80  # letters of a term
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th"})
_PHONE, _DAY, _MAIL = "#", "~", "@"  # what a term of digits begins with: a phone, a day before its year; an e-mail
_FEWEST_DIGITS, _NATIONAL = 3, 9  # of a phone: to look for; without the code of a country, at most
_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "janv fevr mars avr mai juin juil aout sept oct nov dec",
    )
    for number, name in enumerate(names.split(), 1)
}
_SPELLED = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|er)?\W+({'|'.join(_MONTHS)})\b\.?(?:\W+(\d{{2,4}}))?")
_SPELLED_US = re.compile(rf"\b({'|'.join(_MONTHS)})\.?\W+(\d{{1,2}})(?:st|nd|rd|th)?\W+(\d{{4}})\b")
_MONTH_YEAR = re.compile(rf"\b({'|'.join(_MONTHS)})\.?\s+(\d{{4}})\b")
_PARTED = re.compile(r"(?<![\w+/.\-])(\d{1,4})[/.\-](\d{1,2})(?:[/.\-](\d{0,4}))?(?![\w/.\-])")
_MONTH_OF = re.compile(r"(?<![\w+/.\-])(\d{1,2})[/.\-](\d{4})(?![\w/.\-])")
_SPACED = re.compile(r"(?<![\w+] )(?<![\w+])(\d{1,2}) (\d{1,2}) (\d{4})(?! ?\w)")
_DIALLED = re.compile(r"(?<!\w)(?:\+?\(?\d[\d()./\- ]*\d|\+?\d)(?!\w)")
_MAILED = re.compile(r"\S+@\S*")


def folded(text: str) -> str:
    """Without accents and case: 'Łucja Ångström' → 'lucja angstrom'."""
    plain = unicodedata.normalize("NFKD", text.replace("\0", " ")).casefold().translate(_LETTERS)
    apart = unicodedata.normalize("NFKD", plain)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS))


def _words(text: str) -> list[str]:
    """'Jean-Luc O’Brien' → jean, luc, o, brien, jeanluc, obrien."""
    out = []
    for word in folded(text).split():
        parts = re.findall(r"[^\W_]+", word)
        out += [*parts, "".join(parts)] if len(parts) > 1 else parts
    return out


def _digits(phone: str) -> str:
    """Without what is dialled in front of it: '+33 (0)6 12' → '33612', '0033612' and '0612' → without the noughts."""
    return re.sub(r"\D", "", re.sub(r"\(0\)", "", phone)).lstrip("0")


def terms(patient: Patient) -> set[str]:
    """All by which a patient is found."""
    born = patient.birth_date
    found = {*_words(patient.name), f"{born:%Y%m%d}", f"{_DAY}{born:%m%d%Y}"}
    digits = _digits(patient.phone)
    found |= {_PHONE + digits[start:] for start in range(max(len(digits) - _FEWEST_DIGITS + 1, 0))}
    if patient.email:
        found.add(_MAIL + folded(patient.email))
    return {term[:_LONGEST] for term in found}


def rows(patient: Patient, of: Iterable[Patient]) -> list[SearchTerm]:
    """The terms that lead to `patient`: those of all who are that patient."""
    found = set().union(*(terms(one) for one in of))
    return [SearchTerm(patient=patient, clinic_id=patient.clinic_id, term=term) for term in sorted(found)]


Ranges = tuple[str, ...]  # prefixes, any of which will do


def read_query(text: str) -> list[Ranges]:
    """What was typed, as one tuple of prefixes for each word; empty where nothing can be looked for yet."""
    rest, wanted = " " + folded(text) + " ", []

    def take(pattern: re.Pattern[str], meaning: object) -> None:
        nonlocal rest
        for match in list(pattern.finditer(rest)):
            ranges = meaning(match)  # type: ignore[operator]
            if ranges:
                wanted.append(ranges)
                rest = rest.replace(match.group(), " ", 1)

    take(_SPELLED, lambda m: _day_first(m[1], str(_MONTHS[m[2]]), m[3] or ""))
    take(_SPELLED_US, lambda m: _day_first(m[2], str(_MONTHS[m[1]]), m[3]))
    take(_MONTH_YEAR, lambda m: (f"{m[2]}{_MONTHS[m[1]]:02}",))
    take(_MAILED, lambda m: (_MAIL + m[0],))
    take(_SPACED, lambda m: (*_day_first(*m.groups()), _PHONE + _digits(m[0])))
    take(_MONTH_OF, lambda m: (f"{m[2]}{int(m[1]):02}", _PHONE + _digits(m[0])) if 1 <= int(m[1]) <= 12 else ())
    take(_PARTED, _parted)
    take(_DIALLED, lambda m: _number(m[0]))
    wanted += [(word,) for word in (w for part in rest.split() for w in re.findall(r"[^\W_]+", part))]
    return [tuple(dict.fromkeys(prefix[:_LONGEST] for prefix in ranges)) for ranges in wanted]


def _day_first(day: str, month: str, year: str) -> Ranges:
    """Prefixes of the term ~MMDDYYYY; a year of two digits is of either century, or still being typed."""
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return ()
    start = f"{_DAY}{int(month):02}{int(day):02}"
    years = (year, f"19{year}", f"20{year}") if len(year) == 2 else (year,)
    return tuple(start + y for y in years)


def _parted(match: re.Match[str]) -> Ranges:
    """14/05/1980, 14.5.80, 14/05, 1980-05-14, 1980-05; both where day and month could be either; or a phone's."""
    first, second, third = match[1], match[2], match[3] or ""
    dialled = _digits(match[0])
    phone = (_PHONE + dialled,) if len(dialled) >= _FEWEST_DIGITS else ()
    if len(first) == 4:
        month = f"{int(second):02}" if third else second
        return (first + month + (f"{int(third):02}" if len(third) == 2 else third), *phone)
    if len(first) == 3:
        return phone
    other = _day_first(second, first, third) if third else ()
    return (*_day_first(first, second, third), *other, *phone)


def _number(text: str) -> Ranges:
    """Digits: of a name, a year or a date without its dots, a part of a phone."""
    digits = re.sub(r"\D", "", text)
    found: list[str] = []
    if digits == text.strip():
        found.append(digits)
        if len(digits) in (6, 8):
            found += (*_day_first(digits[:2], digits[2:4], digits[4:]),)
    dialled = _digits(text)
    if len(dialled) >= _FEWEST_DIGITS:
        found.append(_PHONE + dialled)
    if len(dialled) > _NATIONAL:
        found.append(_PHONE + dialled[-_NATIONAL:])
    return tuple(found) or (digits,)


def _within(ranges: Ranges) -> Q:
    found = Q()
    for prefix in ranges:
        found |= Q(term__gte=prefix, term__lt=prefix + _LAST)
    return found


def find(actor: Actor, text: str, most: int = SHOWN) -> list[Patient]:
    """At most `most` patients of the actor's clinic who match every word, the likeliest first. Nothing is counted, and
    no more is read than can be shown. Empty where nothing was typed."""
    query = read_query(text)
    if not query:
        return []
    query.sort(key=_rarity, reverse=True)
    first, *others = query
    here = SearchTerm.objects.filter(clinic=actor.here)
    matching = here.filter(_within(first))
    for ranges in others:
        matching = matching.filter(Exists(SearchTerm.objects.filter(_within(ranges), patient=OuterRef("patient"))))
    ids = list(dict.fromkeys(matching.order_by("term").values_list("patient", flat=True)[: _READ * 2]))
    patients = Patient.objects.of(actor).filter(pk__in=ids[:_READ])
    return sorted(patients, key=lambda p: _rank(p, query))[:most]


def _rarity(ranges: Ranges) -> tuple[bool, int]:
    """How much a word narrows down: digits most, then long words."""
    return any(prefix[0] in f"{_PHONE}{_DAY}{_MAIL}" or prefix[0].isdigit() for prefix in ranges), len(ranges[0])


def _rank(patient: Patient, query: list[Ranges]) -> tuple[int, int, str]:
    """Whole words before beginnings; then the order of the name; then the name."""
    words = _words(patient.name)
    whole = sum(ranges[0] in words for ranges in query)
    at = [i for ranges in query for i, word in enumerate(words) if word.startswith(ranges[0])]
    return -whole, min(at, default=0), folded(patient.name)


def newest(actor: Actor, most: int = SHOWN) -> QuerySet[Patient]:
    return Patient.objects.of(actor).filter(merged_into=None).order_by("-created")[:most]


@dataclass(frozen=True)
class Alike:
    """Somebody who may be the same person, and why: "birth-date", "phone", "email"."""

    patient: Patient
    because: tuple[str, ...]


_ALIKE = 80.0  # of 100: names of one birth date, in any order, with a letter or two astray


def alike(actor: Actor, *, name: str = "", birth_date: date | None = None, phone: str = "", email: str = "",
          but: Patient | None = None) -> list[Alike]:  # fmt: skip
    """Patients of the clinic who may be the one described: the same birth date and a similar name, the same phone, the
    same e-mail address. `but`: who is described, if already a patient."""
    found: dict[Patient, list[str]] = {}
    themselves = {one.pk for one in but.everyone()} if but else set()
    for why, patients in _candidates(actor, name, birth_date, phone, email):
        for patient in patients:
            if patient.pk not in themselves:
                found.setdefault(patient.kept(), []).append(why)
    return sorted((Alike(p, tuple(why)) for p, why in found.items()), key=lambda a: (-len(a.because), a.patient.name))


def _candidates(
    actor: Actor, name: str, birth_date: date | None, phone: str, email: str
) -> Iterator[tuple[str, Iterable[Patient]]]:
    mine = Patient.objects.of(actor).select_related("merged_into")
    if birth_date and folded(name).strip():
        same_day = mine.filter(birth_date=birth_date)[:200]
        yield "birth-date", [p for p in same_day if similar(p.name, name)]
    digits = _digits(phone)
    exact = {
        "phone": _PHONE + digits[-_NATIONAL:] if len(digits) >= 6 else None,
        "email": _MAIL + folded(email.strip()),
    }
    for why, term in exact.items():
        if term and len(term) > 1:
            of_term = SearchTerm.objects.filter(clinic=actor.here, term=term[:_LONGEST]).values("patient")
            yield why, mine.filter(pk__in=of_term)[:20]


def similar(one: str, other: str) -> bool:
    """Whether two names may be the same person's: words in any order, some missing, a letter astray."""
    a, b = folded(one), folded(other)
    return bool(max(fuzz.token_sort_ratio(a, b), fuzz.token_set_ratio(a, b)) >= _ALIKE)
