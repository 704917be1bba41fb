"""A patient's own words → the signs they speak of, told from those denied, feared, past, or of somebody else.

The patterns stand with each sign in `data/facts/report.yaml`; here is the grammar around them: where a denial
reaches, what is only asked or feared, whose sign it is, and whether it gets worse. Whatever this grammar cannot
settle is `unsure` and is asked; what matches nothing is returned as `unread`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from ..knowledge import Edition
from ..rules import facts_of
from ..values import Document

Status = Literal["yes", "no", "unsure"]
_GAP, _APART = 3, 4  # words that "..", and the sides of "~", may have between them
_BACK = 40  # words before a sign that are read with it
_REACH = 6  # words over which a denial reaches
_LETTERS = 5  # shortest word that may be a misspelling


class Mention(Document):
    """A sign in the patient's words. `qualities`: worse, better, severe, mild, large. `guess`: read through a
    misspelling."""

    sign: str
    status: Status
    quote: str
    qualities: frozenset[str] = frozenset()
    guess: bool = False


class Heard(Document):
    """`unread`: clauses that may speak of the body and were not understood. `chatter`: clauses with words that are not
    known but none of the body; they say something only where nobody asked."""

    mentions: tuple[Mention, ...] = ()
    unread: tuple[str, ...] = ()
    chatter: tuple[str, ...] = ()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that say nothing where they stand between two that do. In three languages.
_FILLERS = _set("""a an the my your his her our their is are was were be been being am i im ive id he she we they
    you this that these those of in on at to for from by very really so quite just rather pretty
    some any bit little also still now again too there theres as s le la les un une des du de mon
    ma mes je j est suis el los las una mi mis me se en al del lo que es esta estoy ai ne""")
_CONTRAST = _set("""but however although though except yet whereas while because then mais pero aber sauf aunque
    sino otherwise""")
_JOINS = _set("and or nor et ou ni y o")
_EITHER = _set("or nor ou ni o")
# A list goes on with these; a comma or an 'and' before them ends no clause.
_GOES_ON = _set("""lip lips tongue throat face eye eyes eyelid eyelids mouth cheek cheeks neck nose chin forehead
    grey gray dusky mottled arm
    arms leg legs hand hands breathe breathing swallow swallowing see speak talk move speaking
    talking white pale cold blue purple black numb weak swollen tight hot red sore tender blurry
    blurred double painful itchy hard slurred froid froide""")
_VERBS = _set("is are was were feels feel felt looks look has have seems seem est sont esta estan")
# A new statement begins with these, so a denial before them does not reach it.
_SUBJECTS = _set("""i im ive my it its the there theres he she his her this that these we they now today yesterday
    just only some a an have has got feel feels suddenly since je mon ma mes le la il elle tengo
    mi el ahora""")
_NOT = _set("""no not never none without nor neither denies denied deny nil dont doesnt didnt havent hasnt
    hadnt isnt arent wasnt werent aint pas aucun aucune sans jamais ni sin ningun ninguna nunca
    tampoco free negative absent""")
_NOT_BEFORE = {
    "not": _set("""only just because normal right good ok okay well happy nice better improving gone going
    settling fading stopping stop leaving sleeping sleep slept"""),
    "no": _set("longer idea doubt better relief improvement change matter wonder sooner sense"),
    "without": _set("warning sleep sleeping"),
    "pas": _set("normal bien mieux"),
}
_ANSWERED = _set("i im ive my it its the she he")  # "no I cannot see": an answer, then what there is
_DID_NOT = _set("dont doesnt didnt")
_HAS_NOT = _set("havent hasnt hadnt")
_BECOME = _set("turned become changed spread appeared started come grown swollen bled fainted vomited lost")
_SEEN = _set("""have had has feel felt see seen notice noticed get got hurt itch seem look experience
    experienced show any been burn sting bleed suffer develop developed appear really even
    actually a the""")
_DOUBT = re.compile(
    r"\b(not (sure|certain)|unsure|(dont|do not|cannot|didnt) (know|tell|remember|think|believe)|no idea|whether|"
    r"hard to (say|tell)|je ne sais pas|no se si)\b"
)
_DETERMINED = _set("my the this these its that mon ma mes cette ce mi esta este")
_FEARED = re.compile(
    r"\b(if|should i|(could|can|will|would) (it|this|i|that|he|she|they|you)|is it possible|risks? of|(afraid|scared|"
    r"frightened|terrified|fear|worr(y|ied)|concerned|anxious) (of|about)|in case|(watch|look) (out )?for|"
    r"(read (about|of|that|online|on|in|it|you|somewhere|up)|heard|googled|saw online|leaflet|"
    r"internet|warned|told me)|(can|could|does|do|will|would) \w+ (make|give)|"
    r"(cause|causes|lead to|turn into|become|end up|"
    r"chance of|prevent|"
    r"avoid|peur de|miedo)|est ce que|puede|peut)\b"
)
_COULD = re.compile(r"\b(can|could|might|may)( \w+)? (go|turn|get|become|happen|be|lose|cause)\b")
_PAST = re.compile(
    r"\b(last time|years? ago|as a (child|kid|teenager)|when i was (a |\d|young|little|pregnant|at school)|in the past|"
    r"history of|used to|la derniere fois|la ultima vez|hace anos|il y a \w+ ans)\b"
)
# The session itself may have been then.
_PERHAPS_PAST = re.compile(
    r"\b(last (year|summer|winter)|(previous|earlier|other) (session|treatment|time|visit)s?|in (19|20)\d\d|"
    r"before (this|the|my) (session|treatment))\b"
)
_PRESENT = re.compile(r"\b(now|since|still|again|today|currently|right now|this time|maintenant|ahora)\b")
_KIN = _set("""mother father mum mom mama dad sister brother aunt uncle grandmother grandfather grandma
    grandpa son daughter cousin husband wife partner boyfriend girlfriend friend flatmate
    colleague neighbour neighbor niece nephew soeur mere frere hermana madre amiga copine""")
_REPORTS = _set("""says said thinks thought noticed told tells asked reckons saw sees pointed mentioned insists
    drove took brought worried wants""")
_HAD_IT = re.compile(
    rf"\b({'|'.join(sorted(_KIN))})( (just|has|also))* (had|got|has|received|underwent|came|went|was|is)( \w+){{0,3}} "
    r"(sessions?|treatments?|treated|injections?|injected|mesotherapy|appointment|procedure)\b"
)
_FAMILY = "|".join(sorted(_KIN))
_AFTER_THEIRS = re.compile(r"\b(after|during|at|from|with) (hers|his|theirs)\b")  # a session of their own, elsewhere
_WRITES_FOR = re.compile(
    rf"\b(({_FAMILY}) (here|writing|typing|speaking|texting|messaging)|this is (her|his|my|the|your \w+s?) ({_FAMILY})|"
    rf"(i am|im) (her|his|the \w+s|\w+s) ({_FAMILY})|on behalf of|(writing|calling|messaging|texting|asking|ringing) "
    rf"(this |you |in )?(for|about) (my|our|a) ({_FAMILY})|your (patient|client)|found (her|him)|"
    rf"(i am|im) (with|looking after) (my|our) ({_FAMILY})|"
    r"(she|he) (cannot|cant|is not able to) (type|write|talk|hold))\b"
)
_IS_NOW = re.compile(
    rf"\b({_FAMILY})( just| now| suddenly| has| have| s)* "
    r"(is|s|are|isnt|cannot|cant|(can|won|doesn|isn|hasn|couldn|didn) t|wont|doesnt|keeps|looks|feels|says|has|got|"
    r"ne|est|tremble|fait|no|esta|tiene|se|just|seems|sounds|suddenly|collapsed|fainted|fell|passed|started|went|"
    r"woke|thinks|complains|stopped)\b"
)
_PRESSED = re.compile(
    r"\b((when|if|where|once) (i |you |we )?(press|push|touch|pressed|pushed)|press(ed|ing)?|"
    r"under (my|a|the) fingers?)\b"
)
_STAYS = re.compile(
    r"\b(stay\w*|remain\w*|still|(no|not|never|doesnt|wont|isnt)\b.{0,24}\b(back|return\w*|pink|again))\b"
)
_COMES_BACK = re.compile(
    r"\b(pink|red|colou?r|normal)( \w+){0,3} (straight|again|back|after|away|immediately|at once|quickly|right away)\b"
)
_OVER = re.compile(
    r"\b(gone|disappeared|resolved|stopped|subsided|cleared|settled|healed|vanished|went (away|down)|"
    r"passed|over now|parti|"
    r"disparu|desaparecido)\b"
)
_QUALITIES = {
    "worse": re.compile(
        r"\b(worse|worsen\w*|bigger|larger|grow\w*|increas\w*|spread\w*|more and more|pire|empire|peor|crece|aggrav\w*|"
        r"not (getting )?(any )?(better|improving|going (away|down)|settling|healing|stopping)|(wont|doesnt|does not|"
        r"will not|not) (stop|go away|settle)|keeps? (bleeding|growing|going|(pass|faint|collaps|black)ing)|"
        r"no (better|improvement))\b"
    ),
    "better": re.compile(
        r"\b(better|improv\w*|fad(ing|es|ed)|(going|gone|went) down|settling|subsid\w*|recovered|(fine|ok|"
        r"okay|good|normal) "
        r"(now|after|again|since|within)|came (back )?(round|around|to)|mieux|mejor|passed (quickly|after|in|within))\b"
    ),
    "severe": re.compile(
        r"\b(severe\w*|terribl[ey]|horribl[ey]|awful\w*|unbearable|excruciating|extreme\w*|massive\w*|agony|"
        r"a lot|badly|"
        r"heav(y|ily)|gush\w*|pouring|soak\w*|tense|intense\w*|really bad|very bad|shut|dreadful\w*)\b"
    ),
    "large": re.compile(
        r"\b(large|big|huge|massive|enormous|size of|egg|golf|palm|whole|entire|grande?s?|gros\w*|enorme\w*|giant)\b"
    ),
    "mild": re.compile(
        r"\b(mild\w*|slight\w*|(a|tiny|little) bit|a little|minor|tiny|small|barely|hardly|un peu|leger\w*|"
        r"poco|un poco|"
        r"leve\w*|petit\w*)\b"
    ),
}
# A clause without a sign that speaks of a part of the body or of a colour is understood only where it says that all is
# well, or speaks of the session and its care.
_BODY = _set("""skin cheek cheeks face head eye eyes eyelid eyelids lid lids brow eyebrow eyebrows lip lips
    mouth tongue throat nose chin jaw neck forehead temple ear ears scalp chest back arm arms leg
    legs hand hands finger fingers foot feet toes calf thigh thighs tummy stomach belly heart
    pulse breath breathing vision sight eyesight seeing speech voice speaking talking smile pupil
    pupils urine blood vein veins peau joue visage bouche oeil yeux piel cara ojo ojos boca""")
_COLOURS = _set("""white whitish pale blue bluish purple violet black grey gray yellow green brown dark dusky
    mottled blanc blanche bleu noir gris negro negra azul blanco blanca""")
_OF_BRUISES = _set("yellow green brown")
_WELL = _set("""fine ok okay well good great perfect normal happy lovely amazing better clear healed gone
    unchanged calm soft smooth bien bon bueno perfecto""")
_CARE = _set("""session sessions treatment treatments treated injection injections injected needle needles
    done makeup cream sunscreen sun wash ice apply massage touch photo photos picture pictures
    attached gym exercise procedure appointment mesotherapy meso sport shower sauna swim swimming
    alcohol seance sesion""")
_DENIED_QUALITY = re.compile(
    r"\b(not|no|isnt|arent|wasnt|hasnt|havent|doesnt|didnt|without|nor|never|pas|sin)\b(\W+\w+){0,2}\W*$"
)
_THERE_IS_NONE = re.compile(
    r"\b(can'?t|cannot|can not|couldn'?t|don'?t|didn'?t|do not|did not) "
    r"(see|notice|feel|find|spot) (any|a|much)\b(?! (thing|more))"
)


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int
    guess: bool = False


@dataclass(frozen=True, slots=True)
class _Pattern:
    """`sides`: one or two rows of (element, words that may stand before it)."""

    sign: str
    fine: bool
    sides: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def needs(self) -> frozenset[int]:
        return frozenset(element for side in self.sides for element, _ in side)


class Lexicon:
    """The patterns of an edition, indexed by their words. Build it with `Lexicon.of`, which keeps it."""

    def __init__(self, edition: Edition) -> None:
        self._ids: dict[str, int] = {}
        self._exact: dict[str, set[int]] = {}
        self._stems: dict[str, set[int]] = {}
        self._from: dict[int, list[_Pattern]] = {}
        self.unless: dict[str, tuple[str, ...]] = {}  # sign → stems that void its patterns in a clause
        self.fact_of: dict[str, str] = {}
        for name, fact in edition.facts.items():
            if fact.asked != "report" or "words" not in fact.derive:
                continue
            sign = fact.derive.get("sign", name)
            self.fact_of[sign] = name
            if "unless" in fact.derive:
                self.unless[sign] = tuple(fact.derive["unless"])
            for key in ("words", "fine"):
                for text in fact.derive.get(key, ()):
                    self._add(sign, key == "fine", flat(text))
        self.mild = self._in_rules(edition, "expected")
        self.grave = self._in_rules(edition, "emergency")
        self.alarming = self.grave - self.mild
        ordinary = [
            words
            for key, said in edition.texts.items()
            if key.startswith("triage.ordinary-")
            for words in said.values()
        ]
        said = frozenset(flat(" ".join(ordinary)).split())
        phrases = sorted(
            (flat(p).strip() for said in edition.texts.get("triage.idioms", {}).values() for p in said.split(";")),
            key=len,
            reverse=True,
        )
        # What means no sign, whatever its words: "a blind date".
        self.idioms = re.compile(
            r"\b(?:" + "|".join(re.escape(p).replace(r"\ ", r"\s+") for p in phrases if p) + r")\b"
        )
        self.spellings = dict(
            pair.split("=")
            for said in edition.texts.get("triage.spellings", {}).values()
            for pair in flat(said).split()
        )
        self.ordinary = said.union(
            _FILLERS, _CONTRAST, _JOINS, _GOES_ON, _SUBJECTS, _NOT, _SEEN, _KIN, _REPORTS, _VERBS
        )
        self._likely = sorted(
            {w for w in self._exact if len(w) >= _LETTERS - 1}
            | {f"{stem}{end}" for stem in self._stems for end in ("", "s", "ed", "ing", "ness", "en") if len(stem) > 3}
        )
        self._plain = sorted(word for word in self.ordinary if len(word) >= _LETTERS)
        self._longer = [word for word in self._likely if len(word) > _LETTERS]

    def _in_rules(self, edition: Edition, level: str) -> frozenset[str]:
        """The signs that rules of a level read."""
        read: set[str] = set()
        for rule in edition.triage.values():
            if rule.adopted.level == level and rule.adopted.when:
                read |= facts_of(edition.condition(rule.adopted.when))
        return frozenset(sign for sign, fact in self.fact_of.items() if fact in read)

    @staticmethod
    def of(edition: Edition) -> Lexicon:
        return _lexicon(_Keyed(edition))

    def _element(self, text: str) -> int | None:
        """The number of an element; None where all its words are fillers."""
        words = [word for word in text.split("|") if word not in _FILLERS]
        if not words:
            return None
        number = self._ids.setdefault("|".join(words), len(self._ids))
        for word in words:
            (self._stems if word.endswith("*") else self._exact).setdefault(word.rstrip("*"), set()).add(number)
        return number

    def _add(self, sign: str, fine: bool, text: str) -> None:
        sides = []
        for side in text.split(" ~ "):
            row: list[tuple[int, int]] = []
            gap = 0
            for part in side.split():
                if part == "..":
                    gap = _GAP
                    continue
                element = self._element(part)
                if element is not None:
                    row.append((element, gap))
                gap = 0
            if row:
                sides.append(tuple(row))
        pattern = _Pattern(sign, fine, tuple(sides))
        self._from.setdefault(pattern.sides[0][0][0], []).append(pattern)

    @lru_cache(maxsize=1 << 15)  # noqa: B019 - a lexicon lives as long as its edition
    def elements(self, word: str) -> frozenset[int]:
        """The elements that a word is."""
        found = set(self._exact.get(word, ()))
        for length in range(2, len(word) + 1):
            found |= self._stems.get(word[:length], set())
        return frozenset(found)

    @lru_cache(maxsize=1 << 15)  # noqa: B019
    def spelled(self, word: str) -> str | None:
        """The word of the lexicon that an unknown word misspells, or None."""
        if len(word) < _LETTERS or not word.isalpha() or self.elements(word) or self.known(word):
            return None
        from rapidfuzz import process  # only where something is unknown
        from rapidfuzz.distance import OSA

        most = 1 if len(word) < 9 else 2
        # A short word with another letter is often another word (child, chill); with one missing seldom.
        likely = self._longer if len(word) == _LETTERS else self._likely
        found = process.extractOne(word, likely, scorer=OSA.distance, score_cutoff=most)
        return None if found is None or found[0][0] not in word[:2] else str(found[0])

    def known(self, word: str) -> bool:
        """Whether a word is one that says nothing of a sign by itself."""
        if word.isdigit() or len(word) < 3 or word in self.ordinary:
            return True
        stems = {word.removesuffix(end) for end in ("s", "d", "ed", "ing", "ly", "er", "est", "es", "ish", "y")}
        stems |= {f"{word[:-3]}y" for end in ("ies", "ied", "ily") if word.endswith(end)}
        stems |= {stem[:-1] for stem in stems if len(stem) > 3 and stem[-1] == stem[-2]}
        return bool(self.ordinary & (stems | {f"{stem}e" for stem in stems}))

    @lru_cache(maxsize=1 << 15)  # noqa: B019
    def plain(self, word: str) -> bool:
        """Whether a word is known, or misspells one that is."""
        if self.known(word):
            return True
        if len(word) < _LETTERS or not word.isalpha():
            return False
        from rapidfuzz import process  # only where something is unknown
        from rapidfuzz.distance import OSA

        return process.extractOne(word, self._plain, scorer=OSA.distance, score_cutoff=1) is not None

    def matches(self, words: list[str]) -> Iterator[tuple[_Pattern, frozenset[int], tuple[int, int]]]:
        """Patterns in a clause's words: pattern, the places it takes, first and last."""
        at: dict[int, list[int]] = {}
        for place, word in enumerate(words):
            for element in self.elements(word):
                at.setdefault(element, []).append(place)
        for element, places in list(at.items()):
            for pattern in self._from.get(element, ()):
                if not all(need in at for need in pattern.needs):
                    continue
                for place in places:
                    first = self._row(pattern.sides[0], words, place)
                    if first is None:
                        continue
                    if len(pattern.sides) == 1:
                        yield pattern, frozenset(first), (first[0], first[-1])
                        continue
                    for other in at[pattern.sides[1][0][0]]:
                        second = self._row(pattern.sides[1], words, other)
                        if second is None or set(first) & set(second):
                            continue
                        apart = max(second[0] - first[-1], first[0] - second[-1]) - 1
                        if 0 <= apart <= _APART:
                            taken = sorted((*first, *second))
                            yield pattern, frozenset(taken), (taken[0], taken[-1])
                            break

    def _row(self, side: tuple[tuple[int, int], ...], words: list[str], start: int) -> list[int] | None:
        places = [start]
        for element, gap in side[1:]:
            after = places[-1] + 1
            for place in range(after, min(after + gap + 1, len(words))):
                if element in self.elements(words[place]):
                    places.append(place)
                    break
            else:
                return None
        return places


class _Keyed:
    """An edition that is the same key for the same knowledge."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition

    def __hash__(self) -> int:
        return hash(self.edition.fingerprint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and other.edition.fingerprint == self.edition.fingerprint


@lru_cache(maxsize=4)
def _lexicon(keyed: _Keyed) -> Lexicon:
    return Lexicon(keyed.edition)


@lru_cache(maxsize=1 << 12)
def _base(char: str) -> str:
    lower = char.lower()[:1]
    return unicodedata.normalize("NFKD", lower)[:1] or lower


def flat(text: str) -> str:
    """Small letters without accents, one for one."""
    return "".join(_base(char) for char in text.replace("œ", "oe").replace("Œ", "Oe").replace("’", "'"))


_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*(?:\.\d+)?|[,:()–—/]|(?<=\s)-(?=\s)")
_SENTENCE = re.compile(r"[^.!?;\n…]*(?:\d\.\d[^.!?;\n…]*)*[.!?;\n…]*")
_ELIDED = re.compile(r"^(j|l|d|m|t|s|c|n|qu)'(?=[a-z]{2})")


_OTHER_LETTERS = re.compile(r"[^\W\d_a-zA-Z\u00aa-\u024f\u1e00-\u1eff]{2}")


def listen(texts: Iterable[str], edition: Edition) -> Heard:
    """What a patient's texts say."""
    lexicon = Lexicon.of(edition)
    mentions: list[Mention] = []
    unread: list[str] = []
    chatter: list[str] = []
    for text in texts:
        heard = _Text(text.replace("œ", "oe").replace("Œ", "Oe").replace("’", "'"), lexicon).hear()
        mentions += heard.mentions
        unread += heard.unread
        chatter += heard.chatter
        if _OTHER_LETTERS.search(text):  # another script: not a word of it was read
            unread.append(text.strip()[:200])
    return Heard(mentions=tuple(mentions), unread=tuple(dict.fromkeys(unread)), chatter=tuple(dict.fromkeys(chatter)))


class _Text:
    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text, self.lexicon = text, lexicon
        self.flat = lexicon.idioms.sub(lambda m: " " * len(m.group()), flat(text))
        words = re.findall(r"[a-z]+", self.flat)
        kin = [i for i, word in enumerate(words) if word in _KIN]
        own = any(w in ("i", "im", "ive", "me", "je", "jai") for w in words) or any(
            w in ("my", "mon", "ma", "mi") and (i + 1 >= len(words) or words[i + 1] not in _KIN)
            for i, w in enumerate(words)
        )
        self.kin = bool(kin)
        # Written for somebody: "my wife had her session yesterday, her face is drooping"; "mum is shaking".
        told = " ".join(words)
        self.for_kin = _WRITES_FOR.search(told) is not None or (
            not own
            and _AFTER_THEIRS.search(told) is None
            and (_HAD_IT.search(told) or _IS_NOW.search(told)) is not None
        )
        self.mentions: list[Mention] = []
        self.unread: list[str] = []
        self.chatter: list[str] = []

    def hear(self) -> Heard:
        sentences = [m for m in _SENTENCE.finditer(self.flat) if m.group().strip()]
        for number, match in enumerate(sentences):
            follows = sentences[number + 1].group().split() if number + 1 < len(sentences) else []
            answered_no = (
                match.group().rstrip().endswith("?")
                and follows[:1] != []
                and follows[0].strip(",.") in ("no", "nope", "none", "non")
                and follows[1:2] not in (["idea"], ["but"], ["matter"])
            )
            self._sentence(match.start(), match.group(), answered_no)
        return Heard(mentions=tuple(self.mentions), unread=tuple(self.unread), chatter=tuple(self.chatter))

    def _sentence(self, offset: int, said: str, answered_no: bool) -> None:
        said = _THERE_IS_NONE.sub(lambda m: "no".ljust(len(m.group())), said)
        tokens = self._tokens(said, offset)
        if not tokens:
            return
        clauses = list(self._clauses(tokens))
        self.then = False
        for first, last in clauses:
            self._clause(tokens, first, last, answered_no)
            # "last year (another clinic) my lips swelled"
            self.then = (last - first <= 6 and bool(_PERHAPS_PAST.search(self._said(tokens, first, last)))) or (
                self.then and last - first <= 3
            )
        for (first, middle), (after, last) in pairwise(clauses):
            if tokens[middle].word in (",", "and", "et", "y") and after == middle + 1:
                self._across(tokens, first, last)

    def _across(self, tokens: list[_Token], first: int, last: int) -> None:
        """A grave sign told over a comma or an 'and' ("my eye is swollen and it hurts") is asked about."""
        places = self._places(tokens, first, last)
        heard = {mention.sign for mention in self.mentions}
        for pattern, taken, span in self.lexicon.matches([tokens[i].word for i in places]):
            sign = pattern.sign
            if pattern.fine or sign in heard or sign in self.lexicon.mild or sign not in self.lexicon.grave:
                continue
            if self._status(tokens, places, taken, span, first, last, answered_no=False) == "yes":
                heard.add(sign)
                self.mentions.append(Mention(sign=sign, status="unsure", quote=self._quote(tokens, first, last)))

    @staticmethod
    def _said(tokens: list[_Token], first: int, last: int) -> str:
        return " ".join(token.word for token in tokens[first:last])

    def _tokens(self, said: str, offset: int) -> list[_Token]:
        out: list[_Token] = []
        for match in _TOKEN.finditer(said):
            word = match.group()[:_BACK]
            word = _ELIDED.sub("", word).replace("'", "")
            word = "cannot" if word in ("cant", "couldnt", "cannot") else word
            word = self.lexicon.spellings.get(word, word)
            guess = False
            if out and word == "not" and out[-1].word in ("can", "could"):
                out[-1] = _Token("cannot", out[-1].start, offset + match.end())
                continue
            if out and word == "able" and out[-1].word in ("not", "isnt", "wasnt", "arent"):
                out[-1] = _Token("unable", out[-1].start, offset + match.end())
                continue
            likely = None if self._name(match, said, offset) else self.lexicon.spelled(word)
            if likely is not None:
                word, guess = likely, True
            out.append(_Token(word, offset + match.start(), offset + match.end(), guess))
        return out

    def _name(self, match: re.Match[str], said: str, offset: int) -> bool:
        """Whether a word may be a name: unknown, with a capital, and not the first of a sentence."""
        word = match.group()
        written = self.text[offset + match.start() : offset + match.end()]
        return written.istitle() and bool(said[: match.start()].strip()) and not self.lexicon.known(word)

    def _clauses(self, tokens: list[_Token]) -> Iterator[tuple[int, int]]:
        """First and past-last place of each clause."""
        first = 0
        for place, token in enumerate(tokens):
            word = token.word
            stop = word in _CONTRAST
            if word in _JOINS or (not word[0].isalnum() and word != ":"):
                following = next(
                    (t.word for t in tokens[place + 1 :] if t.word not in _FILLERS and t.word not in _JOINS), ""
                )
                stop = following not in _GOES_ON or self._begins(tokens, place)
            if stop:
                if place > first:
                    yield first, place
                first = place + 1
        if first < len(tokens):
            yield first, len(tokens)

    @staticmethod
    def _begins(tokens: list[_Token], place: int) -> bool:
        """Whether a statement of its own follows: 'my throat is …' begins one, 'tongue and throat are' ends a list."""
        after = [token.word for token in tokens[place + 1 : place + 4]]
        return len(after) > 2 and after[0] in _DETERMINED and after[2] in _VERBS

    @staticmethod
    def _places(tokens: list[_Token], first: int, last: int) -> list[int]:
        """Where the words of a clause stand, fillers and joints left out."""
        return [
            i
            for i in range(first, last)
            if tokens[i].word not in _FILLERS and tokens[i].word[0].isalnum() and tokens[i].word not in _JOINS
        ]

    def _clause(self, tokens: list[_Token], first: int, last: int, answered_no: bool) -> None:
        places = self._places(tokens, first, last)
        words = [tokens[i].word for i in places]
        said = " ".join(token.word for token in tokens[first:last])
        best: dict[str, tuple[_Pattern, frozenset[int], tuple[int, int]]] = {}
        fine: list[tuple[_Pattern, frozenset[int], tuple[int, int]]] = []
        voided = {sign for sign, stems in self.lexicon.unless.items() if any(word.startswith(stems) for word in words)}
        for pattern, taken, span in self.lexicon.matches(words):
            if pattern.sign in voided:
                continue
            if pattern.fine:
                fine.append((pattern, taken, span))
            elif pattern.sign not in best or len(taken) > len(best[pattern.sign][1]):
                best[pattern.sign] = (pattern, taken, span)
        denied_fine = {f[0].sign for f in fine if self._denied_here(tokens, places, f[1], f[2], anything=True) == "no"}
        good = {f[0].sign for f in fine} - denied_fine
        covered = frozenset().union(*(taken for _, taken, _ in best.values())) if best else frozenset()
        found: list[Mention] = []
        for sign, (_, taken, span) in best.items():
            if any(taken < other for s, (_, other, _) in best.items() if s != sign):
                continue  # 'swollen' in 'swollen eyelid' is the eyelid's
            if sign in good and any(taken <= whole for p, whole, _ in fine if p.sign == sign):
                continue
            status = self._status(tokens, places, taken, span, first, last, answered_no, fine=sign in denied_fine)
            if status is None:
                continue
            found.append(self._mention(sign, status, tokens, places, taken, said, first, last))
        for sign in denied_fine - {m.sign for m in found}:
            taken, span = next((t, s) for p, t, s in fine if p.sign == sign)
            status = self._status(tokens, places, taken, span, first, last, answered_no, fine=True)
            if status is not None:
                found.append(self._mention(sign, status, tokens, places, taken, said, first, last))
        for sign in good - {m.sign for m in found}:
            found.append(Mention(sign=sign, status="no", quote=self._quote(tokens, first, last)))
        self._follow(found, said, tokens, first, last)
        self.mentions += found
        self._note_unread(words, places, bool(best or fine), covered, said, tokens, first, last)

    # --- one mention ------------------------------------------------------------------------------------------

    def _mention(
        self, sign: str, status: Status, tokens: list[_Token], places: list[int], taken: frozenset[int], said: str,
        first: int, last: int,
    ) -> Mention:  # fmt: skip
        qualities = frozenset(_qualities(said))
        after = " ".join(t.word for t in tokens[places[max(taken)] + 1 : last][:6])
        over = _OVER.search(after)
        if over and status == "yes" and not _DENIED_QUALITY.search(after[: over.start()] or " "):
            qualities |= {"better"}
            if sign in self.lexicon.mild and sign not in ("faint", "lump"):
                status = "no"
        return Mention(
            sign=sign, status=status, quote=self._quote(tokens, first, last), qualities=qualities,
            guess=any(tokens[places[i]].guess for i in taken),
        )  # fmt: skip

    def _quote(self, tokens: list[_Token], first: int, last: int) -> str:
        return " ".join(self.text[tokens[first].start : tokens[last - 1].end].split())

    def _status(
        self, tokens: list[_Token], places: list[int], taken: frozenset[int], span: tuple[int, int], first: int,
        last: int, answered_no: bool, fine: bool = False,
    ) -> Status | None:  # fmt: skip
        """None: somebody else's, or long past."""
        start, end = places[span[0]], places[span[1]]
        before = " ".join(t.word for t in tokens[max(0, start - _BACK) : start])
        around = " ".join(t.word for t in tokens[first:last])
        if self._of_others(tokens, start) or (_PAST.search(around) and not _PRESENT.search(around)):
            return None
        if self.then and not _PRESENT.search(around):
            return "unsure"
        if fine:
            return "yes"
        if answered_no:
            return "no"
        denial = self._denied_here(tokens, places, taken, span)
        if denial is not None:
            return denial
        if self._answered_after(tokens, end, last):
            return "no"
        if _PERHAPS_PAST.search(around) and not _PRESENT.search(around):
            return "unsure"
        within = before.rsplit(" but ", 1)[-1]
        if _DOUBT.search(within[-60:]):
            return "unsure"
        feared = list(_FEARED.finditer(within))
        if feared:
            determined = any(t.word in _DETERMINED for t in tokens[max(0, start - 2) : start])
            conditional = feared[-1].group().startswith(("if", "in case")) or _COULD.search(around) is not None
            if conditional or not determined:
                return "unsure"
        if _PRESSED.search(self._said(tokens, 0, len(tokens))) and any(
            tokens[places[i]].word in ("white", "pale", "blanche", "blanches", "blanching") for i in taken
        ):
            # Skin that is pressed goes white; whether its colour comes back is asked unless it is told.
            told = self._said(tokens, 0, len(tokens))
            if _STAYS.search(told):
                return "yes"
            return "no" if _COMES_BACK.search(told) else "unsure"
        return "yes"

    def _denied_here(
        self,
        tokens: list[_Token],
        places: list[int],
        taken: frozenset[int],
        span: tuple[int, int],
        anything: bool = False,
    ) -> Status | None:
        """'no' where a denial reaches the mention, 'unsure' where it may, None where there is none."""
        own = {places[i] for i in taken}
        start, end = places[span[0]], places[span[1]]
        for place in range(end - 1, max(-1, start - _BACK), -1):
            token = tokens[place]
            if place in own:
                continue
            if place < start and self._stops(tokens, place):
                return None
            if token.word in _NOT and (anything or self._negates(tokens, place, own)):
                if anything and any(t.word == "," for t in tokens[place:start]):
                    return None  # "not swollen, breathing normal"
                return self._reaches(tokens, place, start, end)
            if anything and token.word in ("cannot", "unable"):
                return "no"
        return None

    def _stops(self, tokens: list[_Token], place: int) -> bool:
        word = tokens[place].word
        if word in _CONTRAST:
            return True
        if word in _JOINS or not word[0].isalnum():
            following = tokens[place + 1].word if place + 1 < len(tokens) else ""
            return following in _SUBJECTS
        return False

    def _negates(self, tokens: list[_Token], place: int, own: set[int]) -> bool:
        word = tokens[place].word
        following = tokens[place + 1].word if place + 1 < len(tokens) else ""
        if following in _NOT_BEFORE.get(word, ()) or (word == "no" and following in _ANSWERED):
            return False
        if word == "free":
            return following in ("of", "from")
        if word in _DID_NOT or word in _HAS_NOT:
            return following in _SEEN or place + 1 in own or (word in _HAS_NOT and following in _BECOME)
        return True

    def _reaches(self, tokens: list[_Token], cue: int, start: int, end: int) -> Status | None:
        if _DOUBT.match(" ".join(t.word for t in tokens[cue : cue + 3])):
            return "unsure"
        between = tokens[cue + 1 : start]
        if tokens[cue].word in ("without", "sans", "sin") and any(t.word in ("i", "je") for t in between):
            return None
        joins = [t.word for t in between if t.word in _JOINS or not t.word[0].isalnum()]
        count = sum(t.word not in _FILLERS and t.word[0].isalnum() and t.word not in _JOINS for t in between)
        if tokens[cue].word in ("denies", "denied", "deny"):
            return "no"  # as a clinician writes, of the whole list
        if not joins:
            return "no" if count <= _REACH else "unsure"
        rest = []
        for place in range(cue + 1, min(cue + _BACK, len(tokens))):
            if self._stops(tokens, place):
                break
            rest.append(tokens[place].word)
        return "no" if any(word in _EITHER for word in rest) else "unsure"

    @staticmethod
    def _answered_after(tokens: list[_Token], end: int, last: int) -> bool:
        """'fever: no', 'chills - none', 'fever absent'."""
        after = [t.word for t in tokens[end + 1 : end + 4]]
        if after and not after[0][0].isalnum():
            return (
                len(after) > 1
                and after[1] in ("no", "none", "nil", "nope", "negative", "absent")
                and len(tokens) <= end + 3
            )
        return bool(after) and after[0] in ("negative", "absent", "denied", "none")

    def _of_others(self, tokens: list[_Token], start: int) -> bool:
        if not self.kin or self.for_kin:
            return False
        for place in range(start - 1, max(-1, start - _BACK), -1):
            word = tokens[place].word
            if word in _CONTRAST or word in ("i", "im", "ive", "me"):
                return False
            if word == "my" and tokens[place + 1].word not in _KIN:
                return False
            if word in _KIN:
                return tokens[place + 1].word not in _REPORTS
            if word in ("she", "he", "her", "his"):
                return True
        return False

    # --- what follows -----------------------------------------------------------------------------------------

    def _follow(self, found: list[Mention], said: str, tokens: list[_Token], first: int, last: int) -> None:
        """A clause without a sign of its own goes on about those before it: "and it is getting worse"."""
        qualities = frozenset(_qualities(said)) & {"worse", "better", "severe"}
        here = [m for m in found if m.status == "yes"]
        if qualities and not found:
            for place, mention in enumerate(self.mentions):
                if mention.status == "yes":
                    grown = mention.qualities | qualities
                    self.mentions[place] = mention.model_copy(update={"qualities": grown})
            here = [m for m in self.mentions if m.status == "yes"]
        if "spread" in said and "worse" in qualities and any(m.sign in ("redness", "rash", "warmth") for m in here):
            found.append(Mention(sign="spreading-redness", status="yes", quote=self._quote(tokens, first, last)))

    def _note_unread(
        self,
        words: list[str],
        places: list[int],
        matched: bool,
        covered: frozenset[int],
        said: str,
        tokens: list[_Token],
        first: int,
        last: int,
    ) -> None:
        strange = [
            word for i, word in enumerate(words)
            if i not in covered and len(word) > 3 and not self.lexicon.elements(word) and not self.lexicon.plain(word)
            and not self._titled(tokens[places[i]], first)
        ]  # fmt: skip
        loose = [
            word
            for i, word in enumerate(words)
            if i not in covered and self.lexicon.elements(word) and not self.lexicon.known(word)
        ]
        start, end = tokens[first].start, tokens[last - 1].end
        idiom = self.flat[start:end] != flat(self.text[start:end])
        told = matched or idiom or (any(_qualities(said)) and any(m.status == "yes" for m in self.mentions))
        every = said.split()
        body = bool(_BODY.intersection(words))
        if (
            every[0] in ("no", "nothing", "without", "sans", "sin") or (every[0] == "not" and not strange)
        ) and not body:
            return  # whatever it is, it is not there
        bruised = any(m.sign == "bruise" and m.status == "yes" for m in self.mentions)
        if bruised and not body and _COLOURS.intersection(words) <= _OF_BRUISES:
            told = True
        well = bool(_WELL.intersection(words)) and not _NOT.intersection(every)
        coloured = bool(_COLOURS.intersection(words))
        speaks = not well and not _CARE.intersection(words) and (body or coloured)
        quote = self._quote(tokens, first, last)
        if len(strange) > 2 or (
            not told and ((body and strange) or (speaks and coloured) or (body and len(loose) > 1))
        ):
            self.unread.append(quote)
        elif not told and (strange or loose or speaks):
            self.chatter.append(quote)

    def _titled(self, token: _Token, first: int) -> bool:
        """Whether a word is written as a name within a sentence."""
        before = self.text[: token.start].rstrip()
        return self.text[token.start].isupper() and bool(before) and before[-1] not in ".!?\n…"


def _qualities(said: str) -> Iterator[str]:
    for name, pattern in _QUALITIES.items():
        for match in pattern.finditer(said):
            if not _DENIED_QUALITY.search(said[: match.start()] or " "):
                yield name
                break
