"""Where the needle's tip will lie: a depth from length and angle, and how likely that is in each layer of the skin.

Tip depth = sin(angle) · inserted length. Pressing, tenting and the bevel's length are not modelled, and no patient's
skin was measured: the published thicknesses are shown side by side, with how widely they scatter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..knowledge import Cited, Edition, SkinSite, Technique, ThicknessSet, cited
from ..knowledge.schema import Citation
from ..values import InputError
from .document import DepthCheck, Layer, LayerChance

_LIKELY = 0.5  # an aim is met where its layer is likelier than not by every set
_SURE = 0.95  # deep enough for a depot in fat
_ANGLES = range(10, 95, 5)  # degrees; a flatter needle than 10° is not held to five degrees
_ALIKE = 0.03  # probabilities this close are not told apart
_SHORTEST_MM = 1.0  # a bevel is about as long


@dataclass(frozen=True)
class Skin:
    """One set's skin at a site for one sex: mean and standard deviation, mm."""

    label: str
    sex: str  # female, male or any
    whole_mm: tuple[float, float]  # epidermis and dermis
    epidermis_mm: tuple[float, float]
    borrowed_from: str | None
    sources: tuple[Cited, ...]


def aim_of(technique: str | None, edition: Edition) -> Layer | None:
    """The layer a technique is meant for; None where it is none or several."""
    record = edition.techniques.get(technique or "")
    return record.aim if record else None


def tip_depth_mm(inserted_mm: float, angle_deg: float) -> float:
    """How deep the tip lies below the skin; the angle is that between needle and skin (MICH2016b)."""
    return math.sin(math.radians(angle_deg)) * inserted_mm


def skins(edition: Edition, site: str, sex: str | None, language: str = "en") -> tuple[Skin, ...]:
    """What every set says of a site; women's and men's where the sex is not known, nothing where no set has a
    figure. A region without one takes that of a neighbour, named in `borrowed_from`, or of the region it lies in."""
    here: str | None = site
    while here is not None:
        found = [
            (thicknesses, skin, here in skin.lent_to or here != site)
            for thicknesses in edition.thickness.sets.values()
            for skin in thicknesses.sites.values()
            if here in skin.at or here in skin.lent_to
        ]
        if found:
            return tuple(s for one in found for s in _skin(edition, *one, sex, language))
        record = edition.regions.get(here)
        here = record.parent if record else None
    return ()


def _skin(
    edition: Edition, thicknesses: ThicknessSet, site: SkinSite, lent: bool, sex: str | None, language: str
) -> list[Skin]:
    wanted = ("any",) if site.any else (sex,) if sex in ("female", "male") else ("female", "male")
    out = []
    for each in wanted:
        figures = {"female": site.female, "male": site.male}.get(str(each), site.any)
        assert figures is not None
        epidermis = figures.epidermis_mm
        if epidermis is None and thicknesses.epidermis_mm is not None:
            epidermis = thicknesses.epidermis_mm.value
        people = edition.say(f"map.sex-{each}", language)
        out.append(
            Skin(
                label=f"{edition.text(thicknesses.title, language)}, {people}",
                sex=str(each),
                whole_mm=figures.whole_mm,
                epidermis_mm=epidermis or (0.0, 0.0),
                borrowed_from=edition.text(site.title, language) if lent else None,
                sources=cited(edition, thicknesses.source),
            )
        )
    return out


def layer_chances(
    tip_mm: float, tip_sd_mm: float, whole_mm: tuple[float, float], epidermis_mm: tuple[float, float]
) -> dict[Layer, float]:
    """The probabilities that a tip meant for `tip_mm` lies in each layer; they sum to 1. Tip and both boundaries are
    taken as normal and independent."""
    above = _normal((epidermis_mm[0] - tip_mm) / max(math.hypot(tip_sd_mm, epidermis_mm[1]), 1e-9))
    below = _normal((tip_mm - whole_mm[0]) / max(math.hypot(tip_sd_mm, whole_mm[1]), 1e-9))
    total = max(1.0, above + below)  # very wide boundaries would cross
    above, below = above / total, below / total
    return {"epidermis": above, "dermis": 1 - above - below, "fat": below}


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def check_depth(
    *,
    site: str | None,
    sex: str | None,
    technique: str | None,
    inserted_mm: float | None = None,
    angle_deg: float | None = None,
    needle_mm: float | None = None,
    tip_depth_mm: float | None = None,
    edition: Edition,
    language: str = "en",
    aim: Layer | None = None,
    tip_sd_mm: float | None = None,
) -> DepthCheck:
    """Where the tip will lie at one site (a region id) and whether that is the layer it is meant for.

    `tip_depth_mm` is a depth ordered bare; `aim` defaults to the technique's, `tip_sd_mm` to the edition's. The
    verdict is `refused` above the face's limit, `ask` where something that decides is not known, `warn` where the aimed
    layer is not likelier than not by every set, or the tip lies deeper than the limit for anywhere.
    Raises InputError where the numbers cannot be: more needle in the skin than there is, an angle beyond 90°.
    """
    return _Check(edition, language, site, sex, technique, aim, tip_sd_mm).of(
        *(None if value is None else float(value) for value in (inserted_mm, angle_deg, needle_mm, tip_depth_mm))
    )


class _Check:
    """One check while it is made."""

    def __init__(
        self,
        edition: Edition,
        language: str,
        site: str | None,
        sex: str | None,
        technique: str | None,
        aim: Layer | None,
        tip_sd_mm: float | None,
    ) -> None:
        self.edition, self.language, self.site, self.sex = edition, language, site, sex
        self.technique: Technique | None = edition.techniques.get(technique or "")
        self.aim = aim or aim_of(technique, edition)
        self.tip_sd_mm = edition.thickness.tip_sd_mm.value if tip_sd_mm is None else tip_sd_mm
        self.skins = skins(edition, site, sex, language) if site else ()
        self.says: list[str] = []
        self.sources: list[Citation] = []
        self.asked = self.warned = self.refused = False

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"map.depth-{key}", self.language, **words)

    def ask(self, key: str, **words: str) -> None:
        self.asked = True
        self.says.append(self.say(key, **words))

    def of(
        self, inserted: float | None, angle: float | None, needle: float | None, ordered: float | None
    ) -> DepthCheck:
        _possible(inserted, angle, needle, ordered)
        tip = self._tip(inserted, angle, ordered)
        if self.site is None:
            self.ask("no-site")
        elif not self.skins:
            record = self.edition.regions.get(self.site)
            self.ask("site", site=self.edition.text(record.title, self.language) if record else self.site)
        suggestion = None
        if tip is not None:
            self._limits(tip)
            self._judge(tip)
        if self.warned or self.refused or tip is None:
            suggestion = self._suggestion(inserted, angle, needle, tip)
        verdict = "refused" if self.refused else "ask" if self.asked else "warn" if self.warned else "as-aimed"
        return DepthCheck(
            site=self.site or "",
            sex=self.sex,
            inserted_mm=inserted,
            angle_deg=angle,
            tip_depth_mm=None if tip is None else round(tip, 3),
            tip_sd_mm=self.tip_sd_mm,
            aim=self.aim,
            verdict=verdict,  # type: ignore[arg-type]
            chances=() if tip is None else tuple(self._chance(tip, skin) for skin in self.skins),
            says=tuple(self.says),
            suggestion=suggestion,
            sources=cited(self.edition, dict.fromkeys([*self.sources, *self.edition.thickness.tip_sd_mm.source])),
        )

    def _tip(self, inserted: float | None, angle: float | None, ordered: float | None) -> float | None:
        """How deep the tip is counted to lie; asks where that is not said."""
        if inserted is not None:
            if angle is None:
                published = self.technique.angle_deg if self.technique else None
                angle = float(published[1]) if published else 90.0
                self.ask("angle" if published else "angle-any", angle=_number(angle))
            computed = tip_depth_mm(inserted, angle)
            if ordered is not None and abs(ordered - computed) > 0.1:
                self.ask(
                    "contradicts", inserted=_number(inserted), angle=_number(angle),
                    computed=_depth(computed), ordered=_number(ordered),
                )  # fmt: skip
                return max(computed, ordered)
            return computed
        if ordered is None:
            self.ask("none")
            return None
        if (
            self.technique
            and self.technique.depth_is in ("inserted", "unclear")
            and self.technique.depth_mm
            and angle != 90
        ):
            low, high = (angle, angle) if angle else (self.technique.angle_deg or (30, 90))
            readings = [_depth(tip_depth_mm(ordered, float(each))) for each in (low, high)]
            self.ask(
                "which",
                depth=_number(ordered),
                technique=self.edition.text(self.technique.title, self.language),
                published="–".join(str(each) for each in self.technique.depth_mm),
                reading="–".join(dict.fromkeys(readings)),
            )
            self.sources += self.technique.depth_source
        return ordered

    def _limits(self, tip: float) -> None:
        for key, word, applies in (
            ("depth-face", "refused", self._on_face()),
            ("depth-anywhere", "over", True),
        ):
            record = self.edition.values.get(key)
            if record is None or not applies or record.adopted.value is None:
                continue
            limit = float(record.adopted.value)
            if tip <= limit + 1e-9:
                continue
            self.says.append(self.say(word, tip=_number(tip), limit=_number(limit)))
            self.sources += record.adopted.source
            if word == "refused":
                self.refused = True
                return
            self.warned = True

    def _on_face(self) -> bool:
        here = self.site
        while here is not None and here != "face":
            record = self.edition.regions.get(here)
            here = record.parent if record else None
        return here == "face"

    def _judge(self, tip: float) -> None:
        if not self.skins:
            return
        layer: Layer = self.aim or "fat"
        met = {skin: (self._chances(tip, skin)[layer] >= _LIKELY) == bool(self.aim) for skin in self.skins}
        sexes = {sex: all(ok for skin, ok in met.items() if skin.sex in (sex, "any")) for sex in ("female", "male")}
        if not all(met.values()):
            self.warned = True
            chances = "; ".join(
                self.say("chance", chance=_percent(self._chances(tip, skin)[layer]), set=skin.label)
                for skin in self.skins
            )
            aim = self.edition.say(f"map.layer-{layer}", self.language)
            self.says.append(self.say("disagree" if self.aim else "beyond", aim=aim, tip=_depth(tip), chances=chances))
            if any(met.values()):
                self.says.append(self.say("sets-differ"))
        if self.sex not in ("female", "male") and any(skin.sex != "any" for skin in self.skins):
            if sexes["female"] != sexes["male"]:
                self.ask("sex")
            else:
                self.says.append(self.say("sex-known"))

    def _chances(self, tip: float, skin: Skin) -> dict[Layer, float]:
        return layer_chances(tip, self.tip_sd_mm, skin.whole_mm, skin.epidermis_mm)

    def _chance(self, tip: float, skin: Skin) -> LayerChance:
        chances = self._chances(tip, skin)
        return LayerChance(
            thickness_set=skin.label,
            epidermis=chances["epidermis"],
            dermis=chances["dermis"],
            fat=chances["fat"],
            skin_mm=skin.whole_mm[0],
            skin_sd_mm=skin.whole_mm[1],
            borrowed_from=skin.borrowed_from,
            sources=skin.sources,
        )

    def _suggestion(
        self, inserted: float | None, angle: float | None, needle: float | None, tip: float | None
    ) -> str | None:
        """Another angle, or another length, that reaches the aimed layer more surely by the set that says least."""
        if self.aim is None or not self.skins:
            return None
        if self.aim == "epidermis":
            return self.say("suggest-epidermis")
        aim: Layer = self.aim

        def worst(depth: float) -> float:
            return min(self._chances(depth, skin)[aim] for skin in self.skins)

        deepest = self._deepest()
        longest = needle or 13.0
        lengths = [_SHORTEST_MM + 0.5 * step for step in range(int((longest - _SHORTEST_MM) / 0.5) + 1)]
        angles: Sequence[float] = _ANGLES
        if inserted is None and angle is None:
            published = self.technique.angle_deg if self.technique else None
            angles = [a for a in _ANGLES if published is None or published[0] <= a <= published[1]] or _ANGLES
            pairs = [(length, float(a)) for a in angles for length in lengths]
        else:
            pairs = [(inserted, float(a)) for a in angles] if inserted is not None else []
            pairs += [(length, angle) for length in lengths] if angle is not None else []
        able = {pair: worst(tip_depth_mm(*pair)) for pair in pairs if tip_depth_mm(*pair) <= deepest}
        if not able:
            return None
        enough = min(max(able.values()) - _ALIKE, _SURE if aim == "fat" else 1.0)
        good = [pair for pair, chance in able.items() if chance >= enough]
        # Of those that are alike: into fat no deeper than needed, into the dermis as flat as may be.
        length, a = min(good, key=(lambda pair: tip_depth_mm(*pair)) if aim == "fat" else (lambda pair: pair[1]))
        depth = tip_depth_mm(length, a)
        if tip is not None and not self.refused and worst(depth) < worst(tip) + 0.02:
            return None
        return self.say(
            "suggest",
            inserted=_number(length),
            angle=_number(a),
            tip=_depth(depth),
            aim=self.edition.say(f"map.layer-{aim}", self.language),
            chance=_percent(worst(depth)),
        )

    def _deepest(self) -> float:
        """A suggestion goes no deeper than what is refused, or warned of where fat is not the aim."""
        record = self.edition.values.get("depth-face" if self._on_face() or self.aim != "fat" else "")
        return float(record.adopted.value) if record and record.adopted.value is not None else math.inf


def _possible(inserted: float | None, angle: float | None, needle: float | None, ordered: float | None) -> None:
    for place, value in (("inserted_mm", inserted), ("needle_mm", needle), ("depth_mm", ordered)):
        if value is not None and not 0 < value < 200:
            raise InputError(f"order.{place}", f"{_number(value)} mm cannot be", "Give millimetres above 0")
    if angle is not None and not 0 < angle <= 90:
        raise InputError(
            "order.angle_deg",
            f"{_number(angle)}° is no angle between needle and skin",
            "Give degrees above 0, up to 90 for a needle that stands upright",
        )
    if needle is None:
        return
    if inserted is not None and inserted > needle:
        raise InputError(
            "order.inserted_mm",
            f"{_number(inserted)} mm are to be inserted of a needle of {_number(needle)} mm",
            "Give a longer needle, or insert less",
        )
    if ordered is not None and inserted is None:
        needed = ordered / math.sin(math.radians(angle or 90))
        if needed > needle * 1.001:
            raise InputError(
                "order.depth_mm",
                f"a tip {_number(ordered)} mm deep needs {_number(needed)} mm of needle"
                f"{f' at {_number(angle)}°' if angle else ''}, and it is {_number(needle)} mm long",
                "If that is the length inserted, give it as inserted_mm with angle_deg",
            )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _depth(value: float) -> str:
    """Computed depths, to a tenth: a hand is no finer."""
    return f"{value:.1f}".removesuffix(".0")


def _percent(share: float) -> str:
    return "<1 %" if share < 0.01 else ">99 %" if share > 0.99 else f"{100 * share:.0f} %"
