"""A patient's own words and a record's codes → concepts: names, brands, classes, combinations, misspellings.

A code outweighs the words beside it. Negated and family history are told apart and never count as the
patient's own. A misspelling is a guess: it is used, shown, and asked about. What is not recognised is returned
empty, so that the caller asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from ..knowledge import Concept, Edition
from ..values import Document
from .wide import LONGEST, Product, Wide, wide
from .words import ADDS, FORMS, SALTS, ordinary, separates, strange

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
_SENTENCE = re.compile(
    r"[;\n]|\.\s|\b(?:but|except|however|apart from|other than|besides|excluding|sauf|hormis)\b", re.I
)
# Words that say by themselves that there is nothing, so nothing that follows in their clause is told.
_NONE = re.compile(r"\b(nothing|rien|aucune?|pas d\w*|nka|nkda)\b")
_CLAUSE = re.compile(r"[,:()]|\s[-–]\s")
_DENIES_ALL = re.compile(r"^\W*(no|not|never|denies|denied|without|none of)\b.*\b(or|nor)\b", re.I)
_DENIALS = frozenset({"no", "not", "none", "never", "nil", "denied", "at", "all", "ruled", "out", "negative"})
# A text that is nothing but a denial, in words that name no concept: "no regular medicines", "NKDA".
_NOTHING = re.compile(
    r"^((i|im|am|do|have|ive|patient|currently|on|take|takes|taking|known|allerg(y|ies)|medications?|medicines?) )*"
    r"(no|not|none|nil|never|nothing|nka|nkda|n a|na|denies|denied|without|dont|doesnt|havent|aucune?|rien|pas d\w*)\b"
)
_SOMETHING = re.compile(
    r"\b(sure|certain|know|remember|recall|idea|clue|called|longer|controlled|no \d+|tested|checked|diagnosed|asked)\b|"
    r"^(its |it is )?not (yet )?(known|clear)$|^no (answer|comment|data|details|information)$|"
    r"^(not|without) (yet |been )?(answered|assessed|checking|disclosed|discussed|documented|examined|recorded)$"
)
# People who are not the patient: relatives, and others whose illness is no more the patient's than theirs.
_KIN = (
    r"mother|father|mum|mom|dad|sister|brother|aunt|uncle|grand(?:mother|father|ma|pa)|parents?|son|daughter|cousin|"
    r"husband|wife|partner|boyfriend|girlfriend|friend|flatmate|colleague|neighbour"
)
_FAMILY = re.compile(rf"\b(family history|family|{_KIN})('s|s')?\b", re.I)
# Words of the patient's own in a clause that also names a relative: "I have had epilepsy since my son's birth".
_OWN = re.compile(
    r"\b(i|i['’]?m|i['’]?ve|me|myself)\b(?!.*\b(family history|in (the|my) family)\b)|\b(took|use[ds]?|borrowed)\b|"
    rf"\b(mine|my own|my(?! (?:[a-z]+ )?(?:{_KIN}|family|side|childhood|birth)s?\b))\b",
    re.I,
)
# A clause that only says whose: "(mother)", "in my brother", "family history".
_WHOSE = re.compile(
    rf"^((my|in|on|the|of|side|both|has|had|it|only|best|maternal|paternal|family|history|{_KIN})s?\b ?)+$"
)
_RELATIVE = rf"(?:family history|{_KIN})"
_SPEAKER = re.compile(
    r"[.;,:()\n]|\s[-–]\s|\b(?:but|while|whereas)\b|\band\s+(?=i\b|my\b|his\b|her\b|(?:an?\s+)?" + _RELATIVE + r"\b)",
    re.I,
)
# What a relative has or takes, after which the patient goes on about themselves: 'my husband takes Eliquis, so I know'.
_HAS = re.compile(
    r"\b(has|had|have|takes|took|is on|was on|used|uses|suffers|suffered|died|diagnosed|needs|needed|gets|got)\b", re.I
)
_SO_I = re.compile(
    r"\b(?:and so|so|because|therefore|hence|which is why|that['’]?s why|that is why)\s+(?=i\b|i['’])", re.I
)
# 'me and my sister', 'my mother and I', 'like my mother': what follows is said of both.
_BOTH = re.compile(
    rf"\b(?:i|me|myself)\s+and\s+(?:my\s+)?{_RELATIVE}\b|\b{_RELATIVE}\s+and\s+(?:i|me|myself)\b(?!\s*['’])|"
    rf"\b(?:like|same as|just as|as does|as did)\s+(?:my\s+)?(?:\w+\s+)?{_RELATIVE}\b",
    re.I,
)
_TOO = re.compile(r"\b(too|also|as well|likewise)\b", re.I)
_IN_THE_FAMILY = re.compile(r"\b(in (the|my) family|family history)\b", re.I)
_ITEM = re.compile(r"[,;+&/\n]|\b(?:and|plus|with)\b", re.I)
_GAP = re.compile(r"[,;+&|\n•]|\.\s|\s/\s|\s[-–]\s")
_SLASH_LETTERS = 4  # 'aspirin/clopidogrel' are two, 'mg/hr' and 'and/or' are not
_REASON = re.compile(
    r"\b(for|because|against|due to|pour|contre|gegen|wegen|f[uü]r|para|contra|contro|por|"
    r"per(?! (day|week|month|night|hour)\b))\b",
    re.I,
)
_QUALITIES = frozenset({"uncontrolled", "healthy"})  # said of an illness beside them
# How an illness stands, in words that name none: nothing of it is asked where it stands beside a recognised one.
_STATUS = re.compile(
    r"\b(?:(?:with |an? )?undetectable(?: viral load)?|viral load (?:is )?(?:un|not )detectable|"
    r"(?:signed off|discharged)(?: (?:from|by) (?:the |my )?(?:care|clinic|hospital|team|consultant|specialist|"
    r"oncolog\w+|cardiolog\w+|dermatolog\w+|follow[- ]?up))?|no (?:longer|more) (?:followed|seen)(?: up)?|"
    r"(?:given the )?all[- ]clear|cancer[- ]free|"
    r"(?:only|just) (?:the |some |a few |old |flat |faint )*(?:scars?|marks?)(?: now| left| today| remain\w*)?|"
    r"(?:all )?(?:(?:my|the|last|recent|blood|lab|liver|kidney|thyroid|heart) )*(?:tests?|bloods?|results?|scans?|"
    r"function|ecg|echo) (?:(?:is|are|was|were|came back|been|all|always|now|both) )*"
    r"(?:normal|negative|fine|clear|unremarkable|ok)|scar(?= (?:19|20)\d\d\b))\b"
)
# The long-term sugar value; one above the looser of the usual goals (8 % or 64 mmol/mol) is asked about.
_HBA1C = re.compile(
    r"\b(?:(?:my|last|latest|recent) )*(?:hb ?a1c|a1c|h(?:a)?emoglobin a1c)\b\W*(?:(?:is|was|of|at|about|around|now) )*"
    r"(?P<value>\d{1,3}(?:[.,]\d+)?)(?: ?(?:%|percent|mmol/mol))?"
)
_HBA1C_PERCENT, _HBA1C_MMOL_MOL, _PERCENT_BELOW = 8.0, 64.0, 20.0
# Signs, and the words that rule out what they may be a word for.
_RULED_OUT = {
    "easy-bruising": re.compile(
        r"\b(?:tests?|tested|bloods?|clotting|coagulation|checked|investigated|screened)\b[^.;]*"
        r"\b(?:normal|negative|fine|all clear|unremarkable|ok|nothing found)\b",
        re.I,
    ),
    "scar-of-an-operation": re.compile(
        r"\b(?:flat|thin|pale|white|faded|fine line|invisible|barely visible|healed (?:well|normally)|normal|plate|"
        r"plane|p[aâ]le|blass|flach|plana|pálida|piatta|pallida)\b",
        re.I,
    ),
}
_NOT_NORMAL = re.compile(
    r"\b(?:not|isn['’]?t|wasn['’]?t|weren['’]?t|never|ab-?|waiting|awaiting|except|but|nearly|almost)\s*"
    r"(?:\w+ )?(?:normal|fine|clear|ok|negative|tested|checked|flat|thin|pale)|"
    r"\babnormal|\bwaiting\b|\bawaiting\b|\bpending\b",
    re.I,
)
_CODE_PREFIX = ("icd10", "atc")  # hierarchical: a code stands for all that begin with it
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "œ": "oe", "æ": "ae", "ø": "o", "đ": "d"})  # that NFKD leaves whole
_SPOKEN = (
    ("ph", "f"), ("th", "t"), ("x", "cs"), ("k", "c"), ("y", "i"), ("z", "s"), ("w", "v"), ("oe", "e"), ("ae", "e"),
)  # fmt: skip
# Shortest word that may be read through a misspelling, and how alike it must be (0–100); of the many names of the
# wide dictionary more is asked.
_FUZZY_LETTERS, _FUZZY_RATIO, _MEDICINE_RATIO = 6, 87, 85
_WIDE_LETTERS, _WIDE_RATIO = 7, 87
_NEAR, _ABOUT = 4, 2.0  # how many names are looked at, and how much less alike is still about as near
_OR = " or "
# What the package of a supplement promises: 'krill oil ("natural blood thinner" on the bottle)'.
_PACKAGE = r"(?:on|by) (?:the|its) (?:bottle|label|box|pack(?:et|age|aging)?|tub|jar|tin|leaflet)\b"
_PROMISE = re.compile(
    rf"\(?[\"“”„«](?P<quoted>[^\"“”„«»\n]{{3,80}})[\"“”»](?P<where>\s*(?:it says |written |printed )?{_PACKAGE})?\)?|"
    rf"\(?\b(?:(?:it|which|that) says|(?:it|which|that) is called) (?P<says>[^,;().\n]{{3,80}}?)\s*{_PACKAGE}\)?|"
    r"\(?\b(?:marketed|sold|advertised|labelled|labeled) as (?P<sold>[^,;().\n]{3,80})\)?",
    re.I,
)
_NATURAL = re.compile(r"\b(natural|nature['’]?s|herbal|naturel|naturelle|nat[uü]rlich\w*|naturale)\b", re.I)
_SUPPLEMENTS = frozenset({"bleeding-supplement", "harmless-supplement"})
_ATC_LETTERS = 7  # of a substance; shorter codes are groups


class Recognition(Document):
    """`concepts`: ids found with all their classes and components; empty when nothing was recognised.
    `guess`: what a misspelling, or a name that nobody looked up, was read as. `route`: the one the words imply."""

    concepts: frozenset[str] = frozenset()
    guess: str | None = None
    route: str | None = None
    negated: bool = False
    family: bool = False
    matched: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()  # ids named of the patient, without their classes
    known: tuple[str, ...] = ()  # medicines known by name only, whose effect on a treatment nobody has judged
    relatives: frozenset[str] = frozenset()  # ids named of a relative, with their classes


class Part(Document):
    """One thing a line names. `text`: its words with what was said about it. `may_be`: one set of ids for each
    kind that its words leave open; a member of a class is not denied by the name of the class. `known`: medicines
    known by name only: what they do to a treatment is to be asked."""

    text: str
    concepts: frozenset[str]
    may_be: tuple[frozenset[str], ...] = ()
    route: str | None = None
    guess: str | None = None
    known: tuple[str, ...] = ()


class Line(Document):
    """What a patient's line says: of the patient, of a relative, and the words that were not understood."""

    parts: tuple[Part, ...] = ()
    relatives: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    denied: bool = False


class Dictionary:
    """One map of concepts, ready to be asked. Build it with `Dictionary.of`, which keeps it."""

    def __init__(self, concepts: Mapping[str, Concept], *, wholly: bool = False, behind: bool = False) -> None:
        """`wholly`: a member of a class brings all its own classes with it, as a substance does. `behind`: the wide
        dictionary of medicines stands behind these concepts, which win over it."""
        self.concepts, self.wholly, self.behind = concepts, wholly, behind

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
        return {name: frozenset(ids) for name, ids in names.items() if name}  # '' is a name in another script

    @cached_property
    def longest(self) -> int:
        return max((name.count(" ") + 1 for name in self.by_name), default=1)

    @cached_property
    def by_form(self) -> dict[str, str]:
        """What substances are called across Europe → their name; a form that two of them share is left out."""
        names: dict[str, set[str]] = {}
        for concept_id, concept in self.concepts.items() if self.wholly else ():
            for name in map(plain, (concept_id, *concept.names)):
                if " " not in name and len(name) >= _FUZZY_LETTERS:
                    names.setdefault(abroad(name), set()).add(name)
        return {
            form: min(same, key=len) for form, same in names.items() if len({self.by_name[name] for name in same}) == 1
        }

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
        above = (*concept.is_a, *concept.contains) if concept else self._effect(concept_id)[0] if self.behind else ()
        for other in above:
            out |= self.closure(other)
        return frozenset(out)

    # --- the wide dictionary behind the curated one -----------------------------------------------------------

    @property
    def _wide(self) -> Wide:
        return wide()

    @cached_property
    def _groups(self) -> dict[str, set[str]]:
        """ATC groups that curated classes name → those classes."""
        groups: dict[str, set[str]] = {}
        for concept_id, concept in self.concepts.items():
            for code in concept.codes.get("atc", ()):
                if len(code) < _ATC_LETTERS:
                    groups.setdefault(code, set()).add(concept_id)
        return groups

    def _ids(self, product: Product) -> frozenset[str]:
        """The curated concepts of a product's substances; a substance that none of them is has its own id."""
        out: set[str] = set()
        for substance in product.substances:
            out |= self.by_name.get(substance) or self._foreign(substance) or {substance.replace(" ", "-")}
        return frozenset(out)

    @lru_cache(maxsize=4096)  # noqa: B019 - a dictionary lives as long as its edition
    def _effect(self, concept_id: str) -> tuple[frozenset[str], bool]:
        """The classes of a substance (or ATC group) that no curated concept is, and whether anybody has judged it."""
        codes = self._wide.codes.get(concept_id.replace("-", " "), ())
        if concept_id.startswith("atc-"):
            codes = (concept_id.removeprefix("atc-").upper(),)
        classes: set[str] = set()
        judged = bool(codes)
        for code in codes:
            if len(code) == _ATC_LETTERS:
                classes |= self.by_code.get(("atc", code), frozenset())
            for group in (code[:n] for n in range(len(code), 0, -1)):
                if group in self._groups or group in self._wide.effects:
                    found = self._groups.get(group) or self._wide.effects[group]
                    classes |= set(found or ())
                    judged = judged and found is not None
                    break
            else:
                judged = False
        return frozenset(classes), judged or bool(classes)

    def _known(self, ids: set[str] | frozenset[str]) -> tuple[str, ...]:
        """Of some ids the medicines that are known by name only."""
        if not self.behind:
            return ()
        return tuple(sorted(i for i in ids if i not in self.concepts and not self._effect(i)[1]))

    def _foreign(self, word: str) -> frozenset[str] | None:
        """The concepts of a substance as other languages call it: 'Phenprocoumon', 'enoxaparina', 'levotiroxina'.
        Only -a, -o and -um bring another spelling with them; else it would be a misspelling."""
        if len(word) < _FUZZY_LETTERS:
            return None
        if word.endswith(("a", "o", "um")):
            return self.by_name.get(self.by_form.get(abroad(word), word))
        return self.by_name.get(word[:-1] if word[-1] == "e" else f"{word}e")

    def _foreign_wide(self, word: str) -> frozenset[str] | None:
        """The same, of substances that only the wide dictionary has."""
        if len(word) < _FUZZY_LETTERS:
            return None
        substance = word[:-1] if word[-1] == "e" else f"{word}e"
        if word.endswith(("a", "o", "um")):
            form = abroad(word)
            substance = self._wide_forms.beginning(form[0]).get(form, word)
        return self._ids(Product((substance,))) if substance in self._wide.codes else None

    def _unsure(self, names: Iterable[str]) -> str | None:
        """What the first of some names is, of those that the wide dictionary has from nobody who looked it up."""
        for name in names if self.behind else ():
            if name not in self.by_name and (product := self._wide.find(name)) and not product.sure:
                return " and ".join(product.substances)
        return None

    def _routes(self, ids: set[str] | frozenset[str], names: tuple[str, ...]) -> set[str | None]:
        """The routes that names always mean: a product of the wide dictionary its own, else those of its concepts."""
        if any(_OR in name for name in names):  # a guess between several names
            return set()
        if self.behind and names:
            products = [self._wide.find(name) if name not in self.by_name else None for name in names]
            if all(product and product.route for product in products):
                return {product.route for product in products if product}
        return {self.concepts[c].route for c in ids if c in self.concepts and self.concepts[c].route}

    # --- words and codes → concepts ---------------------------------------------------------------------------

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
        relatives: set[str] = set()
        if family and named:
            own, theirs = self._sides(text)
            relatives = (theirs & named) if own & named else named
            named, family = own & named or named, not own & named
        found = found or named
        if not found and not matched and not (codes and not text):
            heard, guess = self._by_guess(_split_at_denial(words)[0] if negated else words)
            found = set(heard)
            matched = (guess,) if guess else ()
            negated = negated and not guess
        elif found and not codes and not family and spoken == text and not _negated(text):
            for item in _ITEM.split(text):  # 'aspirin and klopidogrel'
                if not self._by_words(plain(item))[0]:
                    more, meant = self._by_guess(plain(item), whole=True)
                    found, guess = found | more, meant or guess
        return Recognition(
            concepts=self._closed(found),
            guess=guess or (None if negated else self._unsure(matched)),
            route=_route(words, matched, self._routes(found, matched), single=len(found) == 1),
            negated=negated,
            family=family,
            matched=matched,
            own=frozenset(() if family else found),
            relatives=self._closed(relatives),
            known=() if family else self._known(found),
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
                    elif system == "atc" and self.behind and self._effect(f"atc-{code.lower()}")[1]:
                        out.add(f"atc-{code.lower()}")
                elif (system, code) in self.by_code:
                    out |= self.by_code[(system, code)]
        return out

    def _by_words(self, words: str) -> tuple[set[str], tuple[str, ...]]:
        """The longest known names inside a phrase, left to right, none inside another."""
        spans = self.spans(words.split())
        return set().union(*(ids for _, _, (_, ids) in spans)), tuple(name for _, _, (name, _) in spans)

    def spans(self, tokens: list[str]) -> list[tuple[int, int, tuple[str, frozenset[str]]]]:
        """Where the longest known names stand among words: first word, word after the last, name and ids."""
        out: list[tuple[int, int, tuple[str, frozenset[str]]]] = []
        start = 0
        while start < len(tokens):
            found = self._name_at(tokens, start)
            if found:
                out.append((start, *found))
            start = found[0] if found else start + 1
            while self.behind and found and start < len(tokens) and tokens[start] in SALTS:
                start += 1  # 'losartan potassium' is one thing
        return out

    def _name_at(self, tokens: list[str], start: int) -> tuple[int, tuple[str, frozenset[str]]] | None:
        """The longest known name that begins at a word: the word after it, the name, its ids. A product whose name
        begins with a curated one, like 'Advil PM', is that and what it holds."""
        end, name, ids = start, "", frozenset[str]()
        for stop in range(min(len(tokens), start + self.longest), start, -1):
            words = " ".join(tokens[start:stop])
            hit = self.by_name.get(words) or self.by_name.get(_singular(words))
            if hit:
                end, name, ids = stop, words, hit
                break
        if not ids and self.wholly and (hit := self._foreign(tokens[start])):
            end, name, ids = start + 1, tokens[start], hit
        if self.behind and (ids or not ordinary(tokens[start], "medications")):
            for stop in range(min(len(tokens), start + LONGEST), end, -1):
                words = " ".join(tokens[start:stop])
                product = self._wide.find(words)
                if product:
                    end, name, ids = stop, words, ids | self._ids(product)
                    break
            if not ids and (hit := self._foreign_wide(tokens[start])):
                end, name, ids = start + 1, tokens[start], hit
        return (end, (name, ids)) if ids else None

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

    def _sides(self, text: str) -> tuple[set[str], set[str]]:
        """The names a text says of the patient, and those it says of a relative: 'asthma; my father had eczema'."""
        own: set[str] = set()
        theirs: set[str] = set()
        for sentence in _SENTENCE.split(_BOTH.sub(" bothofus ", text)):
            latest: set[str] = set()
            relative = False
            waiting = self._clauses(sentence)[::-1]
            while waiting:
                clause = waiting.pop()
                turn = _SO_I.search(clause)
                theirs_first = clause[: turn.start()] if turn else ""
                named_first = relative or _FAMILY.search(theirs_first)
                if turn and named_first and _HAS.search(theirs_first) and not _OWN.search(theirs_first):
                    waiting.append(clause[turn.end() :])
                    clause = theirs_first
                names = self._by_words(plain(clause))[0]
                if "bothofus" in clause:
                    own, theirs = own | names | latest, theirs | names | latest
                elif _OWN.search(clause):
                    relative = False
                elif _FAMILY.search(clause):
                    if not names and _TOO.search(clause):
                        theirs |= latest  # 'diabetes, father too'
                    elif _WHOSE.search(plain(clause)):
                        relative = not latest  # 'mother: diabetes' – what follows is hers
                        own -= latest  # 'breast cancer (mother)' – what came before is, too
                        theirs |= latest
                    theirs |= names
                    latest = set()
                    continue
                latest = set() if relative else names
                own |= latest
                theirs |= names if relative else set()
        return own, theirs

    @staticmethod
    def _clauses(sentence: str) -> list[str]:
        """The clauses of a sentence; 'I have asthma and keloids in the family' is two."""
        out: list[str] = []
        for clause in _SPEAKER.split(sentence):
            before, _, after = clause.rpartition(" and ")
            if before and _IN_THE_FAMILY.search(after) and re.match(r"\s*i\b|\s*i['’]", clause, re.I):
                out += [before, after]
            else:
                out.append(clause)
        return out

    # --- a line and its parts ------------------------------------------------------------------------------

    def line(self, text: str, codes: Mapping[str, Any] | None, topic: str) -> Line:
        """What a line of the list `topic` says, each of its things apart. Raises nothing: what is not understood
        is returned as unread."""
        return self._line(text, codes, topic) if codes else self._worded(text, topic)

    @lru_cache(maxsize=4096)  # noqa: B019 - a dictionary lives as long as its edition
    def _worded(self, text: str, topic: str) -> Line:
        """A line without codes; the same answers are read again and again while they grow."""
        return self._line(text, None, topic)

    def _line(self, text: str, codes: Mapping[str, Any] | None, topic: str) -> Line:
        text = self._without_promises(text)
        whole = self.recognise(text, codes)
        coded = self._by_codes(codes or {})
        if coded:
            if whole.family:
                return Line(relatives=whole.concepts)
            spoken = {name: self.by_name[name] for name in whole.matched if name in self.by_name}
            part = Part(
                text=text,
                concepts=whole.concepts,
                may_be=self._kinds(coded, spoken),
                route=whole.route,
                known=whole.known,
            )
            return Line(parts=(part,), denied=whole.negated)
        parts: list[Part] = []
        unread: list[str] = []
        relatives = set(whole.relatives)
        before = ""  # words ahead of the first name belong to it
        after_reason = False
        for item in _items(self, text, topic):
            ids = frozenset().union(*item.names.values()) & whole.own
            guess = None
            places: list[int] = []
            every = frozenset().union(*item.names.values())
            others = bool(every) and not ids and every <= whole.relatives and not _OWN.search(item.text)
            if not others and (item.names or not item.relative):
                places = strange(
                    item.words,
                    topic,
                    named=bool(item.names),
                    begins=item.begins,
                    joined=item.joined,
                    after_reason=after_reason,
                )
            after_reason = item.reason or (after_reason and not item.names)
            if places:
                heard, guess, left = self._guess_in(item, places)
                if heard and item.relative:
                    relatives |= self._closed(heard)
                else:
                    ids |= heard
                if left:
                    unread.append(item.text)
            if ids and not (topic == "conditions" and ids <= _QUALITIES and parts):
                parts.append(self._part(item, ids, guess, before))
                before = ""
            elif parts and ids:  # 'asthma, badly controlled'
                last = parts[-1]
                said = {"text": f"{last.text}, {item.text}", "concepts": last.concepts | self._closed(ids)}
                parts[-1] = last.model_copy(update=said)
            elif parts:
                parts[-1] = parts[-1].model_copy(update={"text": f"{parts[-1].text}, {item.text}"})
            else:
                before += f"{item.text} "
        if topic == "conditions" and parts and all(part.concepts == {"uncontrolled"} for part in parts):
            return Line(unread=(text,), relatives=frozenset(relatives))  # nobody said what
        if topic == "conditions" and not _NOT_NORMAL.search(text):
            parts = [self._without_causes(part, text) for part in parts]
        if not parts and not relatives and not whole.negated:
            if not whole.concepts:
                return Line(unread=(text,) if text else ())
            if whole.family:
                relatives = set(whole.concepts)
            else:  # read only as a whole, across what separates its words
                parts = [
                    Part(text=text, concepts=whole.concepts, route=whole.route, guess=whole.guess, known=whole.known)
                ]
                unread = []
        return Line(parts=tuple(parts), relatives=frozenset(relatives), unread=tuple(unread), denied=whole.negated)

    def _without_promises(self, text: str) -> str:
        """A text without what the package of a supplement promises, where that is a class of medicines and names
        none of them."""
        if not self.behind:
            return text
        for promise in reversed(list(_PROMISE.finditer(text))):
            quoted = promise["quoted"] or ""
            if quoted and not (promise["where"] or _NATURAL.search(quoted)):
                continue  # 'my "blood thinner"'
            before = _ITEM.split(text[: promise.start()].rstrip(" ,:–-"))[-1]
            named = self._by_words(plain(before))[0]
            promised = self._by_words(plain(quoted or promise["says"] or promise["sold"]))[0]
            supplements = bool(named) and all(self.closure(i) & _SUPPLEMENTS for i in named)
            if supplements and promised and all(self._below(i) or self.concepts[i].may_be for i in promised):
                text = text[: promise.start()].rstrip(" ,:–-") + text[promise.end() :]
        return text

    def without_names(self, text: str) -> str:
        """A text with a comma in place of each name that this dictionary knows."""
        bare, at = _bare(text)
        tokens = list(re.finditer(r"[a-z0-9]+", bare))
        for first, end, _ in reversed(self.spans([token.group() for token in tokens])):
            text = f"{text[: at[tokens[first].start()]]}, {text[at[tokens[end - 1].end() - 1] + 1 :]}"
        return text

    def _part(self, item: _Item, ids: frozenset[str], guess: str | None, before: str) -> Part:
        names = (*item.names, *((guess,) if guess else ()))
        spoken = {name: hit & ids for name, hit in item.names.items()} | ({guess: ids} if guess else {})
        return Part(
            text=f"{before}{item.text}",
            concepts=self._closed(ids),
            may_be=self._kinds(ids, spoken),
            route=_route(plain(item.text), tuple(item.names), self._routes(ids, names), single=len(ids) == 1),
            guess=guess or self._unsure(item.names),
            known=self._known(ids),
        )

    def _guess_in(self, item: _Item, places: list[int]) -> tuple[frozenset[str], str | None, bool]:
        """What the strange words of an item may be misspellings of, and whether any is left unexplained. Beside a name
        that was recognised nothing is guessed: they are asked about."""
        if item.names:
            return frozenset(), None, True
        odd = [item.words[i] for i in places]
        for phrase in (plain(item.text), " ".join(odd)):
            heard, guess = self._by_guess(phrase, whole=True)
            if heard:
                return heard, guess, False
        found: frozenset[str] = frozenset()
        guess = None
        left = []
        for word in odd:
            heard, name = self._by_guess(word, whole=True)
            found, guess = found | heard, name or guess
            left += [] if heard else [word]
        return found, guess, bool(left)

    def _kinds(
        self, ids: set[str] | frozenset[str], spoken: Mapping[str, frozenset[str]]
    ) -> tuple[frozenset[str], ...]:
        """One set of ids for each kind that words leave open, where nothing beside them says which: of a substance,
        all that it is; of an illness, the kinds of that illness, since what else it is has a line of its own."""
        out: set[frozenset[str]] = set()
        for concept_id in ids:
            concept = self.concepts.get(concept_id)
            if concept is None or not (concept.may_be or self._below(concept_id)):
                continue
            names = {name for name, hit in spoken.items() if concept_id in hit}
            names |= {_singular(name) for name in names}
            if concept.open is not None and names.isdisjoint(plain(name) for name in concept.open):
                continue
            below = self._below(concept_id)
            others = frozenset(concept.may_be).union(*(self._below(other) for other in concept.may_be))
            if not (below | others) & ids - {concept_id}:
                out |= {self.closure(kind) if self.wholly else self.closure(kind) & below for kind in below}
                out |= {self.closure(kind) for kind in others}
        return tuple(sorted(out, key=sorted))

    def _without_causes(self, part: Part, text: str) -> Part:
        """A sign without what it may be a word for, where the line says that it is not that."""
        for sign in part.concepts & _RULED_OUT.keys():
            if _RULED_OUT[sign].search(text):
                causes = {
                    self.closure(kind) for other in self.concepts[sign].may_be for kind in (other, *self._below(other))
                }  # as `_kinds` gives them
                part = part.model_copy(update={"may_be": tuple(kind for kind in part.may_be if kind not in causes)})
        return part

    @lru_cache(maxsize=4096)  # noqa: B019 - a dictionary lives as long as its edition
    def _below(self, concept_id: str) -> frozenset[str]:
        """The kinds of a class, at any depth."""
        return self._kin.get(concept_id, frozenset())

    @cached_property
    def _kin(self) -> dict[str, frozenset[str]]:
        below: dict[str, set[str]] = {}

        def climb(kind: str, concept_id: str) -> None:
            for parent in self.concepts[concept_id].is_a if concept_id in self.concepts else ():
                below.setdefault(parent, set()).add(kind)
                climb(kind, parent)

        for concept_id in self.concepts:
            climb(concept_id, concept_id)
        return {name: frozenset(kinds) for name, kinds in below.items()}

    def _closed(self, ids: set[str] | frozenset[str]) -> frozenset[str]:
        return frozenset().union(*(self.closure(concept_id) for concept_id in ids)) if ids else frozenset()

    @lru_cache(maxsize=8192)  # noqa: B019 - a dictionary lives as long as its edition
    def _by_guess(self, words: str, whole: bool = False) -> tuple[frozenset[str], str | None]:
        """The name a misspelling is likest to; `whole`: all words together, none of them alone."""
        candidates = [
            w
            for w in words.split()
            if len(w) >= _FUZZY_LETTERS and w not in FORMS | SALTS and not (self.behind and ordinary(w, "medications"))
        ]
        phrase = " ".join(w for w in words.split() if w not in FORMS | SALTS and not w.isdigit())
        if not candidates:
            return frozenset(), None
        from rapidfuzz import fuzz, process  # only when something is misspelt: keeps the start quick

        for query in (phrase,) if whole else dict.fromkeys((phrase, *candidates)):
            heard = _sound(query)
            least = _MEDICINE_RATIO if self.behind else _FUZZY_RATIO
            near: dict[str, float] = {}
            tables = [(self._curated_sounds, least)]
            if self.behind and len(query) >= _WIDE_LETTERS:
                tables.append((self._wide_sounds, _WIDE_RATIO))
            for sounds, ratio in tables:
                names = sounds.beginning(heard[0])
                for sound, score, _ in process.extract(
                    heard, names.keys(), scorer=fuzz.ratio, score_cutoff=ratio, limit=_NEAR
                ):
                    near.setdefault(names[sound], score)
            # Of names about as near, any may be meant: all of them count until it is confirmed.
            meant = [name for name, score in near.items() if score >= max(near.values()) - _ABOUT]
            if meant:
                return frozenset().union(*(self._named(name) for name in meant)), _OR.join(meant)
        return frozenset(), None

    def _named(self, name: str) -> frozenset[str]:
        """The ids of a name that one of the two dictionaries has."""
        product = None if name in self.by_name else self._wide.find(name)
        return self._ids(product) if product else self.by_name[name]

    @cached_property
    def _curated_sounds(self) -> _Sounds:
        return _Sounds((name for name in self.by_name if len(name) >= _FUZZY_LETTERS), _sound)

    @cached_property
    def _wide_sounds(self) -> _Sounds:
        return _Sounds((n for n in (*self._wide.codes, *self._wide.products) if len(n) >= _WIDE_LETTERS), _sound)

    @cached_property
    def _wide_forms(self) -> _Sounds:
        return _Sounds((n for n in self._wide.codes if " " not in n and len(n) >= _FUZZY_LETTERS), abroad)


class _Sounds:
    """Names by how they sound, made letter by letter when one is asked for: there are many."""

    _WRITTEN = {"f": "fp", "s": "sxzc", "c": "ck", "i": "iy", "v": "vw", "e": "eao", "t": "t"}  # how it may begin

    def __init__(self, names: Iterable[str], sound: Callable[[str], str]) -> None:
        self.sound = sound
        self.names: dict[str, list[str]] = {}
        for name in names:
            self.names.setdefault(name[0], []).append(name)
        self.made: dict[str, dict[str, str]] = {}

    def beginning(self, letter: str) -> dict[str, str]:
        """Sound → name, of those whose sound begins with a letter."""
        if letter not in self.made:
            near = (name for written in self._WRITTEN.get(letter, letter) for name in self.names.get(written, ()))
            heard = ((self.sound(name), name) for name in near)
            self.made[letter] = {sound: name for sound, name in heard if sound[0] == letter}
        return self.made[letter]


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
    kind = keyed.key[1]
    return Dictionary(keyed.concepts, wholly=kind in ("medicines", "allergens"), behind=kind == "medicines")


class _Item:
    """A stretch of a line between two separators: `words` ('' for each inside a name), the names found in it."""

    def __init__(
        self, text: str, words: list[str], names: dict[str, frozenset[str]], begins: bool, joined: bool
    ) -> None:
        self.text, self.words, self.names, self.begins, self.joined = text, words, names, begins, joined
        self.relative = bool(_FAMILY.search(text)) and not _OWN.search(text)
        self.reason = bool(_REASON.search(text))


def _bare(text: str) -> tuple[str, list[int]]:
    """A text in lower case without accents and apostrophes, and where each of its letters stood."""
    letters, at = [], []
    for place, letter in enumerate(text):
        for bare in unicodedata.normalize("NFKD", letter.casefold().translate(_LETTERS)):
            if not unicodedata.combining(bare) and bare not in "'’":
                letters.append(bare)
                at.append(place)
    return "".join(letters), at


def _items(dictionary: Dictionary, text: str, topic: str) -> list[_Item]:
    """The items of a line. A separator inside a name ('fit and well') separates nothing; denied words are blank."""
    bare_text, at = _bare(text)
    tokens = [(m.group(), m.start(), m.end()) for m in re.finditer(r"[a-z0-9]+", bare_text)]
    spans = dictionary.spans([word for word, _, _ in tokens])
    inside = {i for start, end, _ in spans for i in range(start, end)}
    within = {i for start, end, _ in spans for i in range(start + 1, end)}
    denied = _denied_places(bare_text, [(tokens[s][1], tokens[e - 1][2]) for s, e, _ in spans])
    if topic == "conditions" and spans:
        denied |= _status_places(bare_text)
    out: list[_Item] = []
    current: list[int] = []
    joined = False

    def close() -> None:
        if not current:
            return
        named = {name: ids for s, _, (name, ids) in spans if s in current}
        words = []
        bracket = topic in ("allergies", "procedures", "planned-events", "skin-state") and bool(named)
        for i in current:
            word, start, _ = tokens[i]
            aside = bracket and bare_text.count("(", 0, start) > bare_text.count(")", 0, start)
            words.append("" if i in inside or start in denied or aside else word)
        piece = text[at[tokens[current[0]][1]] : at[tokens[current[-1]][2] - 1] + 1]
        out.append(_Item(piece, words, named, begins=not out, joined=joined))
        current.clear()

    for i, (word, start, _) in enumerate(tokens):
        gap = bare_text[tokens[i - 1][2] if i else 0 : start]
        slash = "/" in gap and i and min(len(word), len(tokens[i - 1][0])) >= _SLASH_LETTERS
        if i not in within and (slash or _GAP.search(gap) or (separates(word, topic) and i not in inside)):
            close()
            if separates(word, topic) and i not in inside:
                joined = word in ADDS
                continue
            joined = bool(re.search(r"[&+]", gap))
        current.append(i)
    close()
    return out


def _denied_places(text: str, names: list[tuple[int, int]]) -> set[int]:
    """Places of a line that stand under a denial: after it, to the end of its clause."""
    for start, end in names:  # 'no spleen' denies nothing
        if _NEGATION.search(text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    text = _NO_DENIAL.sub(lambda m: " " * len(m.group()), text)
    out: set[int] = set()
    start = 0
    for stop in [*re.finditer(_SENTENCE, text), None]:
        sentence = text[start : stop.start() if stop else len(text)]
        if _DENIES_ALL.search(sentence):
            out.update(range(start, start + len(sentence)))
        place = start
        for clause in re.split(r"([,:()])", sentence):
            denial = _NEGATION.search(clause) or _NONE.search(clause)
            if denial:
                out.update(range(place + denial.start(), place + len(clause)))
            place += len(clause)
        start = stop.end() if stop else len(text)
    return out


def _status_places(text: str) -> set[int]:
    """Places of a line that say how an illness stands."""
    out: set[int] = set()
    for status in _STATUS.finditer(text):
        out.update(range(*status.span()))
    for measured in _HBA1C.finditer(text):
        value = float(measured["value"].replace(",", "."))
        if value <= (_HBA1C_PERCENT if value < _PERCENT_BELOW else _HBA1C_MMOL_MOL):
            out.update(range(*measured.span()))
    return out


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation: 'Crohn’s disease' → 'crohns disease'."""
    bare = text.casefold()
    if not bare.isascii():
        folded = unicodedata.normalize("NFKD", bare.translate(_LETTERS))
        bare = "".join(c for c in folded if not unicodedata.combining(c)).replace("’", "")
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare.replace("'", "")).split())


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def abroad(name: str) -> str:
    """One spelling for what a substance is called across Europe: 'levothyroxine', 'levotiroxina' → 'levotiroxin'."""
    return " ".join(re.sub(r"(?<=[a-z]{4})(um|us|e|a|o|i)$", "", _spelled(word)) for word in name.split())


def _sound(name: str) -> str:
    """A spelling with the letters that are often taken for one another made one: 'ibuprophen' → 'ibuprofen'."""
    return _spelled(re.sub(r"c(?=[eiy])|^x", "s", name))


def _spelled(name: str) -> str:
    """A spelling without what languages write differently: 'phenytoin' → 'fenitoin'."""
    for written, spoken in _SPOKEN:
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
