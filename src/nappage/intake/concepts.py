"""A patient's own words and a record's codes → concepts: names, brands, classes, combinations, misspellings.

A code outweighs the words beside it. Negated and family history are told apart and never count as the
patient's own. A misspelling is a guess: it is used, shown, and asked about. What is not recognised is returned
empty, so that the caller asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from ..knowledge import Concept, Edition
from ..values import Document

_SALTS = [
    "hydrochloride",
    "hydrocholoride",
    "sodium",
    "potassium",
    "maleate",
    "succinate",
    "tartrate",
    "citrate",
    "acetate",
    "phosphate",
    "sulfate",
    "sulphate",
    "hydrobromide",
    "bitartrate",
    "monohydrate",
    "mesylate",
    "fumarate",
    "besylate",
    "calcium",
    "hcl",
]
_FORMS = [
    "tablet",
    "tablets",
    "tab",
    "tabs",
    "capsule",
    "capsules",
    "cap",
    "caps",
    "mg",
    "mcg",
    "g",
    "ml",
    "iu",
    "oral",
    "solution",
    "suspension",
    "cream",
    "gel",
    "ointment",
    "extended",
    "release",
    "chewable",
    "daily",
    "once",
    "twice",
    "weekly",
    "a",
    "day",
    "injection",
    "injectable",
]
# The more exact way first: a mucosal spray in puffs ("actuat"), vaginal tablets, eye ointment.
_ROUTE_WORDS = {
    "eye drop": "eye", "eye drops": "eye", "eye ointment": "eye", "eye gel": "eye", "ear drops": "ear",
    "vaginal": "vaginal", "pessary": "vaginal", "sublingual": "sublingual", "mucosal": "sublingual",
    "under the tongue": "sublingual", "suppository": "rectal", "suppositories": "rectal",
    "inhaler": "inhaled", "inhalant": "inhaled", "inhalation": "inhaled", "inhaled": "inhaled", "nasal": "inhaled",
    "nebuliser": "inhaled", "nebulizer": "inhaled", "patch": "patch", "patches": "patch", "transdermal": "patch",
    "injection": "injected", "injections": "injected", "injectable": "injected", "injected": "injected",
    "syringe": "injected", "infusion": "infused", "drip": "infused", "iv": "infused",
    "cream": "topical", "gel": "topical", "ointment": "topical", "lotion": "topical", "topical": "topical",
    "mouthwash": "topical", "shampoo": "topical", "foam": "topical", "serum": "topical",
    "tablet": "oral", "tablets": "oral", "capsule": "oral", "capsules": "oral", "oral": "oral", "pill": "oral",
    "pills": "oral", "by mouth": "oral", "actuat": "inhaled",
}  # fmt: skip
_NEGATION = re.compile(
    r"\b(no|not|never|denies|denied|without|negative for|ruled out|free of|none|nil|no history of|"
    r"(do|does|did|has|have|had|is|are|was)n['’]?t)\b",
    re.I,
)
_NO_DENIAL = re.compile(
    r"\b(not (well )?controlled|no longer|not (sure|certain)|(not|don['’]?t) (know|remember|recall)|no idea|"
    r"not otherwise|non(?!e\b)[- ]?\w+|no cure|no\W{0,2}\d+)\b|"
    r"(\bnot|n['’]?t)\b(?=[^.;,]*\b(any ?more|any longer|at the moment|at present|right now|currently|since)\b)",
    re.I,
)
_SENTENCE = re.compile(r"[;\n]|\.\s|\b(?:but|except|however|apart from)\b", re.I)
_CLAUSE = re.compile(r"[,:()]|\s[-–]\s")
_DENIES_ALL = re.compile(r"^\W*(no|not|never|denies|denied|without|none of)\b.*\b(or|nor)\b", re.I)
_DENIALS = frozenset({"no", "not", "none", "never", "nil", "denied", "at", "all", "ruled", "out", "negative"})
# A text that is nothing but a denial, in words that name no concept: "no regular medicines", "NKDA".
_NOTHING = re.compile(
    r"^((i|im|am|do|have|ive|patient|currently|on|take|takes|taking|known|allerg(y|ies)|medications?|medicines?) )*"
    r"(no|not|none|nil|never|nothing|nka|nkda|n a|na|denies|denied|without|dont|doesnt|havent|aucune?|rien|pas d\w*)\b"
)
_SOMETHING = re.compile(r"\b(sure|certain|know|remember|recall|idea|clue|called|longer|controlled|no \d+)\b")
_FAMILY = re.compile(
    r"\b(family history|family|mother|father|mum|mom|dad|sister|brother|aunt|uncle|grand(mother|father|ma|pa)|"
    r"parents?|son|daughter|cousin)('s|s')?\b", re.I
)  # fmt: skip
# Words of the patient's own in a clause that also names a relative: "I have had epilepsy since my son's birth".
_OWN = re.compile(
    r"\b(i|i['’]?m|i['’]?ve|me|myself)\b(?!.*\b(family history|in (the|my) family)\b)|\b(took|use[ds]?|borrowed)\b",
    re.I,
)
# A clause that only says whose: "(mother)", "in my brother", "family history".
_WHOSE = re.compile(
    r"^((my|in|on|the|of|side|both|has|had|it|only|maternal|paternal|family|history|mother|father|mum|mom|dad|"
    r"sister|brother|aunt|uncle|grand(mother|father|ma|pa)|parent|son|daughter|cousin)s?\b ?)+$"
)
_SPEAKER = re.compile(r"[.;,:()\n]|\s[-–]\s|\b(?:but|while|whereas)\b|\band\s+(?=i\b|my\b|his\b|her\b)", re.I)
_ITEM = re.compile(r"[,;+&/\n]|\b(?:and|plus|with)\b", re.I)
_CODE_PREFIX = ("icd10", "atc")  # hierarchical: a code stands for all that begin with it
# Shortest word that may be read through a misspelling, and how alike it must be (0–100).
_FUZZY_LETTERS, _FUZZY_RATIO = 6, 87


class Recognition(Document):
    """`concepts`: ids found with all their classes and components; empty when nothing was recognised.
    `guess`: the name a misspelling was read as. `route`: the one the words imply."""

    concepts: frozenset[str] = frozenset()
    guess: str | None = None
    route: str | None = None
    negated: bool = False
    family: bool = False
    matched: tuple[str, ...] = ()


class Dictionary:
    """One map of concepts, ready to be asked. Build it with `Dictionary.of`, which keeps it."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self.concepts = concepts

    @staticmethod
    def of(edition: Edition, kind: str) -> Dictionary:
        """The dictionary of an edition's `medicines`, `conditions`, `allergens`, `procedures`, …"""
        return _dictionary(_Keyed(getattr(edition, kind), edition.fingerprint, kind))

    @cached_property
    def by_name(self) -> dict[str, frozenset[str]]:
        names: dict[str, set[str]] = {}
        for concept_id, concept in self.concepts.items():
            for name in (concept_id.replace("-", " "), *concept.names, *concept.brands):
                names.setdefault(plain(name), set()).add(concept_id)
        return {name: frozenset(ids) for name, ids in names.items()}

    @cached_property
    def longest(self) -> int:
        return max((name.count(" ") + 1 for name in self.by_name), default=1)

    @cached_property
    def by_code(self) -> dict[tuple[str, str], frozenset[str]]:
        codes: dict[tuple[str, str], set[str]] = {}
        for concept_id, concept in self.concepts.items():
            for system, values in concept.codes.items():
                for value in values:
                    codes.setdefault((system, value.upper()), set()).add(concept_id)
        return {code: frozenset(ids) for code, ids in codes.items()}

    @lru_cache(maxsize=8192)  # noqa: B019 - a dictionary lives as long as its edition
    def closure(self, concept_id: str) -> frozenset[str]:
        """A concept with its classes and components, and theirs."""
        concept = self.concepts.get(concept_id)
        out = {concept_id}
        for other in (*concept.is_a, *concept.contains) if concept else ():
            out |= self.closure(other)
        return frozenset(out)

    def recognise(self, text: str, codes: Mapping[str, Any] | None = None) -> Recognition:
        """What words and codes mean. `codes`: system → code or codes (snomed, icd10, rxnorm, atc)."""
        words = plain(text)
        found = self._by_codes(codes or {})
        matched: tuple[str, ...] = ()
        guess = None
        named, matched = self._by_words(words)
        # Names that hold a denial of their own, like 'no spleen', deny nothing.
        whole = tuple(n for n in matched if n == words or (_NEGATION.search(n) and not set(n.split()) <= _DENIALS))
        spoken = words if whole else text
        for name in whole:
            spoken = spoken.replace(name, " , ")
        negated = not named and _nothing(words)
        if named and _negated(spoken):
            named = self._not_denied(spoken).union(*(self._by_words(name)[0] for name in whole))
            negated = not named
        family = bool(_FAMILY.search(text))
        if family and named:
            own = self._of_the_patient(text) & named
            named, family = own or named, not own
        if not found:
            found = named
        if not found and not matched and not (codes and not text):
            found, guess = self._by_guess(_split_at_denial(words)[0] if negated else words)
            matched = (guess,) if guess else ()
            negated = negated and not guess
        elif found and not codes and not family and spoken == text and not _negated(text):
            for item in _ITEM.split(text):  # 'aspirin and klopidogrel'
                if not self._by_words(plain(item))[0]:
                    more, heard = self._by_guess(plain(item), whole=True)
                    found, guess = found | more, heard or guess
        every = frozenset().union(*(self.closure(concept) for concept in found)) if found else frozenset()
        routes = {self.concepts[c].route for c in found if c in self.concepts and self.concepts[c].route}
        return Recognition(
            concepts=every,
            guess=guess,
            route=_route(words, matched, routes, single=len(found) == 1),
            negated=negated,
            family=family,
            matched=matched,
        )

    def _by_codes(self, codes: Mapping[str, Any]) -> set[str]:
        out: set[str] = set()
        for system, values in codes.items():
            for value in (values,) if isinstance(values, str) else tuple(values):
                code = str(value).upper()
                if system in _CODE_PREFIX:
                    hits = [
                        c
                        for c in (code[:n] for n in range(len(code), 1, -1))
                        if (system, c.rstrip(".")) in self.by_code
                    ]
                    if hits:  # the longest prefix known is the most exact
                        out |= self.by_code[(system, hits[0].rstrip("."))]
                elif (system, code) in self.by_code:
                    out |= self.by_code[(system, code)]
        return out

    def _by_words(self, words: str) -> tuple[set[str], tuple[str, ...]]:
        """The longest known names inside a phrase, left to right, none inside another."""
        tokens = words.split()
        found: set[str] = set()
        matched: list[str] = []
        start = 0
        while start < len(tokens):
            for end in range(min(len(tokens), start + self.longest), start, -1):
                name = " ".join(tokens[start:end])
                hit = self.by_name.get(name) or self.by_name.get(_singular(name))
                if hit:
                    found |= hit
                    matched.append(name)
                    start = end
                    break
            else:
                start += 1
        return found, tuple(matched)

    def _not_denied(self, text: str) -> set[str]:
        """The names a text with a denial in it does not deny: 'epilepsy, no seizures' still says epilepsy."""
        found: set[str] = set()
        for sentence in _SENTENCE.split(_spoken(text)):
            if _DENIES_ALL.search(sentence):  # no diabetes, epilepsy or asthma
                continue
            clauses = [plain(clause) for clause in _CLAUSE.split(sentence)]
            for clause, following in zip(clauses, [*clauses[1:], ""], strict=True):
                before, denial, after = _split_at_denial(clause)
                names, words = self._by_words(before)
                if not names:
                    continue
                answered_no = following and set(following.split()) <= _DENIALS  # diabetes: no
                ends_in_no = denial and set(after.split()) <= _DENIALS and before.endswith(words[-1])  # diabetes denied
                if not (answered_no or ends_in_no):
                    found |= names
        return found

    def _of_the_patient(self, text: str) -> set[str]:
        """The names a text with a relative in it still says of the patient: 'asthma; my father had eczema'."""
        own: set[str] = set()
        for sentence in _SENTENCE.split(text):
            latest: set[str] = set()
            relative = False
            for clause in _SPEAKER.split(sentence):
                names = self._by_words(plain(clause))[0]
                if _OWN.search(clause):
                    relative = False
                elif _FAMILY.search(clause):
                    if _WHOSE.search(plain(clause)):
                        relative = not latest  # 'mother: diabetes' – what follows is hers
                        own -= latest  # 'breast cancer (mother)' – what came before is, too
                    latest = set()
                    continue
                latest = set() if relative else names
                own |= latest
        return own

    def _by_guess(self, words: str, whole: bool = False) -> tuple[set[str], str | None]:
        """The name a misspelling is likest to; `whole`: all words together, none of them alone."""
        candidates = [w for w in words.split() if len(w) >= _FUZZY_LETTERS and w not in _FORMS and w not in _SALTS]
        phrase = " ".join(w for w in words.split() if w not in _FORMS and w not in _SALTS and not w.isdigit())
        if not candidates:
            return set(), None
        from rapidfuzz import fuzz, process  # only when something is misspelt: keeps the start quick

        for query in (phrase,) if whole else dict.fromkeys((phrase, *candidates)):
            heard = _sound(query)
            best = process.extractOne(heard, self._by_sound.keys(), scorer=fuzz.ratio, score_cutoff=_FUZZY_RATIO)
            if best and best[0][:1] == heard[:1]:
                name = self._by_sound[best[0]]
                return set(self.by_name[name]), name
        return set(), None

    @cached_property
    def _by_sound(self) -> dict[str, str]:
        return {_sound(name): name for name in self.by_name if len(name) >= _FUZZY_LETTERS}


class _Keyed:
    """Concepts hashed by their edition, so that each dictionary is built once."""

    def __init__(self, concepts: Mapping[str, Concept], fingerprint: str, kind: str) -> None:
        self.concepts, self.key = concepts, (fingerprint, kind)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


@lru_cache(maxsize=32)
def _dictionary(keyed: _Keyed) -> Dictionary:
    return Dictionary(keyed.concepts)


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation: 'Crohn’s disease' → 'crohns disease'."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    bare = re.sub(r"['’]", "", bare)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _sound(name: str) -> str:
    """A spelling with the letters that are often taken for one another made one: 'ibuprophen' → 'ibuprofen'."""
    for written, spoken in (("ph", "f"), ("th", "t"), ("k", "c"), ("y", "i"), ("z", "s"), ("oe", "e"), ("ae", "e")):
        name = name.replace(written, spoken)
    return re.sub(r"([a-z])\1", r"\1", name)


def _route(words: str, matched: tuple[str, ...], routes: set[str | None], single: bool) -> str | None:
    """The route that words beside the names say; else the one the names always mean; else one within a name.
    Two routes said of several names leave it open."""
    beside = f" {words} "
    for name in matched:
        beside = beside.replace(f" {name} ", " ")
    for place in (beside, f" {words} "):
        said = list(dict.fromkeys(route for word, route in _ROUTE_WORDS.items() if f" {word} " in place))
        if said and (place == beside or len(routes) != 1):
            return said[0] if single or len(said) == 1 else None
    return routes.pop() if len(routes) == 1 else None


def _nothing(words: str) -> bool:
    """Whether words that name no concept only say that there is none."""
    return bool(_NOTHING.search(words)) and not _SOMETHING.search(words)


def _negated(text: str) -> bool:
    """Whether anything is denied in a text."""
    return bool(_NEGATION.search(_spoken(text)))


def _spoken(text: str) -> str:
    """A text without the words that only look like a denial: 'not controlled', 'no longer', 'not sure'."""
    return _NO_DENIAL.sub(" ", text)


def _split_at_denial(clause: str) -> tuple[str, str, str]:
    """What stands before the first denial of a clause, the denial, and what stands after it."""
    denial = _NEGATION.search(clause)
    if denial is None:
        return clause, "", ""
    return clause[: denial.start()].strip(), denial.group(), clause[denial.end() :].strip()
