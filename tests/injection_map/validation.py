"""The validation page of depth and coverage: what was published, what the code gives, and where they part.

`python -m tests.injection_map.validation` writes docs/explanation/validation.md; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from nappage.injection_map.coverage import (
    cover,
    hex_share,
    lattice_share,
    published,
    random_share,
    spacing_for,
    square_share,
)
from nappage.injection_map.depth import Skin, layer_chances, skins, tip_depth_mm
from nappage.injection_map.mesh import Floats, Surface
from nappage.knowledge import load

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "validation.md"
EDITION = load(date(2026, 11, 25))
LAW = published(EDITION)
EXECUTED = replace(LAW, law_sd=0, failed=(0.05, 0.05))  # as the study had it
TIP_SD_MM = EDITION.thickness.tip_sd_mm.value
STUDIED = ("forehead", "temple", "lower-lid", "malar")  # the study's sites of the female face

INTRODUCTION = """# How far depth and coverage can be trusted

Written by `make reference` from the code; a test fails when it is stale. *Study* is the feasibility study that came
before the injection map and fixed what may be shown; its numbers were made with other code. A verdict is computed:
*pass* where the middle of nappage lies in the published range, *marginal* where only its band (one standard deviation
of the bleb law) reaches into it, *fail* where not even that; *agrees* where nappage gives the study's number again.

nappage shows two things and no more: how likely a needle's tip lies in epidermis, dermis or fat, and how much of an
area lies under blebs. Both are geometry. No mesotherapy data set was found against which either could be tested; what
follows compares with skin tests, vaccines and ultrasound.

## Width of a bleb

diameter = 18.4 · volume^(1/3), mm and mL, with 15 % from hand to hand and 20 % from point to point. Its one anchor, a
median of 5 mm at 0.02 mL in 1096 injections (ENDA2020), is not counted as a test. Rows 1 to 4 are the study's.
"""

DEPTH = """## Depth of the tip

depth = sin(angle) · length inserted; the hand scatters by 0.3 mm (assumed). P(dermis) by the ultrasound of 118 adults
(MENG2022T), least and most over forehead, temple, eyelid and zygoma of women, and at the deltoid by the ultrasound of
100 (VAXID2015). The study took the epidermis as 0.1 mm everywhere; nappage takes the published one, hence a point of
difference here and there.
"""

THICKER = """The second published set of the face (HFUS50, 200 adults) measures the skin nearly twice as thick. Neither
is averaged away: each check shows both, and an aim counts as met only where both say so.
"""

WHY_NOT = """## Why there is no concentration and no duration

The study built and checked a kinetic model too: diffusion and clearance of the injected product, in layers. Its
numerics are sound (row 13), its predictions are not. These are its rows, as it reported them; nappage contains none
of that code.
"""

AFTER_KINETICS = """With every uncertain input drawn from what is published, the mean concentration of a small
molecule in the dermis spans a factor of 150 after one hour and seven powers of ten after four. A number or a colour
scale would look like knowledge. So nappage shows no concentration, no duration, no comparison of products and no
effect, and its coverage is worded as an *estimated area under the blebs, not a prediction of drug level or result*.

## What is not covered

Children and newborns (row 4), scarred or swollen skin, gels that are cross-linked, pressing and tenting of the skin
by the needle, fluid that spreads below the rim of a bleb, and threads, for which no published width was found: they
count as strings of blebs that touch. Outside 0.02 to 0.1 mL a share is called an extrapolation.
"""


# The study's kinetic rows, as it reported them: number, quantity, published, its source, what the model gave, verdict.
KINETICS = (
    ("5", "dextran of 150 kDa, fall of the signal to 24 h", "4.1 ± 3.9",
     "https://insights.ovid.com/vascular-research/jvree/2001/38/050/"
     "measurement-lymphatic-clearance-human-skin-using/2/00001682",
     "4.9 (2.4 to 8.2)", "pass, weak: the spread is as large as the mean"),
    ("6", "half-life of dilute hyaluronic acid", "12 to 24 h", "https://pubmed.ncbi.nlm.nih.gov/2386226",
     "11.7 h", "borderline"),
    ("7", "diffusion of 70 to 500 kDa in human dermis", "1 to 20 µm²/s",
     "https://pmc.ncbi.nlm.nih.gov/articles/PMC6288161", "4.7 and 1.3", "pass"),
    ("8", "diffusion of albumin in living ear tissue", "58 ± 13 µm²/s", "https://doi.org/10.1073/pnas.86.14.5385",
     "4.9", "**fail**, 12 times too slow"),
    ("11", "deeper injection, larger slow share (pig)", "in words only",
     "https://doi.org/10.1016/0026-2862%2880%2990006-0", "0.51 to 0.95",
     "pass in words; contradicts [another source](https://studylibfr.com/doc/487062)"),
    ("12", "clearance of small water-soluble molecules", "much faster than albumin",
     "https://scilit.net/publications/5bbbbb9fb03e191ad4779b9431639200", "ascorbate 9.4 h, lidocaine 12 min",
     "**fail**"),
    ("13", "evenness of a grid against own finite volumes", "1.951, 1.361, 0.511", "", "1.954, 1.362, 0.511",
     "pass (numerics only)"),
)  # fmt: skip


def flat(width: float, height: float, step: float) -> Surface:
    """A flat rectangle, mm, in triangles of that step."""
    x, y = np.meshgrid(np.arange(0, width + 1e-9, step), np.arange(0, height + 1e-9, step))
    index = np.arange(x.size).reshape(x.shape)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel()
    vertices = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    return Surface(vertices, np.vstack([np.column_stack([a, b, d]), np.column_stack([a, d, c])]))


def grid(spacing: float, size: float) -> Floats:
    """A square lattice on a square of that size, half a spacing from its border, mm."""
    line = np.arange(spacing / 2, size, spacing)
    x, y = np.meshgrid(line, line)
    return np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])


def wheal_rows() -> list[tuple[str, ...]]:
    """Rows 1 to 4: published range against the law's middle and band."""
    rows = []
    for number, words, volume, low, high, source in (
        ("1", "adult, 0.1 mL", 0.1, 6, 10, "CDCTST; trainers' target 8 to 10, FIPV2017"),
        ("2", "adult, 0.03 mL", 0.03, 4, 6, "ENDA2020T"),
        ("3", "adult, 0.04 mL", 0.04, 4, 6, "ENDA2020T"),
        ("4", "newborn, 0.05 mL", 0.05, 3.7, 3.9, "BCG2017, mean 3.8"),
    ):
        least, middle, most = (LAW.diameter_mm(volume, z) for z in (-1, 0, 1))
        verdict = "pass" if low <= middle <= high else "marginal" if least <= high and most >= low else "fail"
        if verdict == "fail":
            verdict = f"**fail**, {100 * (middle / ((low + high) / 2) - 1):+.0f} %: adults only"
        rows.append(
            (number, words, f"{low:g} to {high:g} mm ({source})", f"{middle:.1f} ({least:.1f} to {most:.1f})", verdict)
        )
    return rows


def pitch_rows() -> list[tuple[str, ...]]:
    """Pitch for 90 % under blebs, as a multiple of the bleb's diameter."""
    rows = []
    for words, share, study, executed in (
        ("square", square_share, 0.90, (0.72, 0.77)),
        ("hexagonal", hex_share, 1.00, (0.77, 0.84)),
    ):
        ideal = 1 / brentq(lambda ratio, share=share: share(ratio) - 0.9, 0.6, 1.15)
        rows.append((f"{words}, perfect hand", f"{study:.2f}", f"{ideal:.2f}", _agrees([ideal], [study], 0.01)))
        pattern = "square" if words == "square" else "hex"
        real = [spacing_for(0.9, v, EXECUTED, pattern) / LAW.diameter_mm(v) for v in (0.02, 0.1)]
        rows.append(
            (
                f"{words}, as executed (20 % width, 1 mm place, 5 % failed), 0.02 and 0.1 mL",
                _range(executed, 2), _range(real, 2), _agrees(real, executed, 0.015),
            )
        )  # fmt: skip
    lattice = brentq(lambda ratio: hex_share(ratio) - 0.9, 0.6, 1.15)
    per_disc = 1 / (math.sqrt(3) / 2 / lattice**2)
    chance = brentq(lambda n: random_share(100 * n, 1.0) - 0.9, 0.1, 20)
    more = chance / per_disc
    rows.append(
        ("points set at random, as a multiple of hexagonal", "2.6", f"{more:.1f}", _agrees([more], [2.6], 0.05))
    )
    return rows


def volume_rows() -> list[tuple[str, ...]]:
    """Volume per area for 90 %, and what a finer lattice does with the same volume."""
    rows = []
    for spacing, study in ((5.0, 91), (10.0, 183)):
        diameter = brentq(lambda d, s=spacing: hex_share(d / s) - 0.9, spacing * 0.6, spacing * 1.15)
        cell_cm2 = spacing**2 * math.sqrt(3) / 200
        found = LAW.volume_ml(diameter) * 1000 / cell_cm2
        rows.append(
            (f"µL/cm² for 90 %, hexagonal at {spacing:g} mm, perfect hand", str(study), f"{found:.0f}",
             _agrees([found], [study], 1.5))
        )  # fmt: skip
        rows.append(
            (
                f"punctures per cm² at {spacing:g} mm",
                f"{115 / spacing**2:.2f}",
                f"{1 / cell_cm2:.2f}",
                _agrees([1 / cell_cm2], [115 / spacing**2], 0.1),
            )
        )
    shares = [square_share(LAW.diameter_mm(20 / 1e5 * s * s) / s) for s in (2.0, 3.0, 5.0, 10.0)]
    growing = all(fine > coarse for fine, coarse in pairwise(shares))
    words = ", ".join(f"{100 * share:.0f}" for share in shares)
    rows.append(
        ("% covered by 20 µL/cm² at 2, 3, 5, 10 mm", "falls with the pitch", words, "agrees" if growing else "differs")
    )
    return rows


def practice_rows() -> list[tuple[str, ...]]:
    """Published practice seen through the law: a square lattice, and the same as really executed."""
    rows = []
    for words, study, plans in (
        ("0.1 to 0.2 mL every 2 to 3 cm (pain)", (6, 23), [(v, s) for v in (0.1, 0.2) for s in (20, 30)]),
        ("0.05 to 0.1 mL every 10 mm", (36, 57), [(0.05, 10), (0.1, 10)]),
        ("0.02 mL every 5 mm", (79, 79), [(0.02, 5)]),
    ):
        ideal = [100 * square_share(LAW.diameter_mm(v) / s) for v, s in plans]
        real = [100 * lattice_share(s, v, LAW, "square") for v, s in plans]
        rows.append((words, _range(study), _range(ideal), _range(real), _agrees(ideal, study, 0.8)))
    return rows


def band_rows() -> list[tuple[str, ...]]:
    """The share of a field of 5 mm and 0.02 mL: 5th, 50th and 95th percentile."""
    surface, points = flat(60, 60, 3), grid(5, 60)
    rows = []
    for words, law, study in (
        ("published law", LAW, (45, 65, 85)),
        ("after twenty wheals of one's own, 0 to 3 % failed", replace(LAW, law_sd=0.2 / 20**0.5, failed=(0, 0.03)),
         (62, 69, 77)),
        ("the same, failed points as published (0 to 13 %)", replace(LAW, law_sd=0.2 / 20**0.5), None),
    ):  # fmt: skip
        coverage, _ = cover(surface, points, [0.02] * len(points), bleb=law, aim="field", edition=EDITION)
        found = [100 * share for share in (coverage.share.low, coverage.share.middle, coverage.share.high)]
        cells = "–".join(f"{share:.0f}" for share in found)
        close = study is None or all(abs(a - b) <= 2.5 for a, b in zip(found, study, strict=True))
        rows.append(
            (
                words,
                "–".join(map(str, study)) if study else "not given",
                cells,
                ("agrees" if close else "differs") if study else "",
            )
        )
    return rows


def depth_rows() -> list[tuple[str, ...]]:
    """P(dermis) of the study's plans."""
    rows = []
    for length, angle, face, arm in (
        (4, 45, (0.0, 0.0), 0.08),
        (4, 30, (0.0, 0.02), 0.59),
        (2, 45, (0.02, 0.23), 0.92),
        (4, 15, (0.19, 0.53), None),
    ):
        tip = tip_depth_mm(length, angle)
        found = [_dermis(tip, _skin(site, "118")) for site in STUDIED]
        deltoid = _dermis(tip, _skin("upper-arms", "100 "))
        least, most = min(found), max(found)
        near = abs(least - face[0]) <= 0.02 and abs(most - face[1]) <= 0.02
        near = near and (arm is None or abs(deltoid - arm) <= 0.01)
        rows.append(
            (
                f"{length} mm at {angle}° ({tip:.1f} mm deep)",
                _chances(*face), _chances(least, most),
                "not given" if arm is None else f"{arm:.2f}", f"{deltoid:.2f}",
                "agrees" if near else "differs",
            )
        )  # fmt: skip
    return rows


def fat_row() -> tuple[str, ...]:
    """Row 9: lengths and angles as published, angles evenly over 15 to 60°, six faces and necks; no scatter of hand."""
    people = [("forehead", "female"), ("temple", "female"), ("malar", "female"), ("malar", "male"), ("neck", "female"),
              ("forehead", "male")]  # fmt: skip
    angles = np.linspace(15, 60, 181)[:-1] + 0.125

    def share(lengths: Iterable[float]) -> float:
        return float(
            np.mean(
                [
                    layer_chances(tip_depth_mm(length, float(a)), 0.0, skin.whole_mm, skin.epidermis_mm)["fat"]
                    for length in lengths
                    for a in angles
                    for skin in (_skin(site, "118", sex) for site, sex in people)
                ]
            )
        )

    short, long = share([2, 4]), share([2, 4, 5, 6, 8])
    verdict = "consistent, weak: the angles are assumed" if short > 0.7 and long > 0.7 else "**fail**"
    return (
        "9", "“intradermal” injections that end in fat", "more than 70 % (MICH2018)",
        f"{100 * short:.0f} % (2 and 4 mm inserted) to {100 * long:.0f} % (2 to 8 mm)", verdict,
    )  # fmt: skip


def upright_row() -> tuple[str, ...]:
    """Row 10: a 1.5 mm needle upright, hand as steady as the needle's stop allows (0.1 mm)."""
    found = {
        words: _dermis(1.5, _skin(site, of), 0.1)
        for words, site, of in (
            ("deltoid", "upper-arms", "100 "), ("above the shoulder blade", "shoulder", "342"),
            ("waist", "flanks", "342"), ("thigh", "thighs", "342"),
        )
    }  # fmt: skip
    suited = [words for words, chance in found.items() if chance >= 0.8]
    named = suited == ["deltoid", "above the shoulder blade", "waist"]
    return (
        "10", "sites suited to 1.5 mm upright", "deltoid, above the shoulder blade, waist; not thigh (LAUR2007)",
        ", ".join(f"{words} {chance:.2f}" for words, chance in found.items()),
        "pass (spread partly assumed)" if named else "**fail**",
    )  # fmt: skip


def page() -> str:
    """The whole page, in Markdown."""
    ranges = ["quantity", "study", "nappage", "verdict"]
    kinetics = [
        (number, words, f"[{value}]({url})" if url else value, model, verdict)
        for number, words, value, url, model, verdict in KINETICS
    ]
    parts = [
        INTRODUCTION,
        _table(["#", "bleb", "published", "nappage, mm", "verdict"], wheal_rows()),
        "## Spacing\n\nPitch at which 90 % of a field lie under blebs, as a multiple of a bleb's diameter.\n",
        _table(ranges, pitch_rows()),
        "## Volume\n",
        _table(ranges, volume_rows()),
        "Many small points cover more than few large ones as long as the exponent of the law stays under 1/2; the"
        " guidance\nfor 0.1 mL allows 0.11 to 0.43. One's own wheals of two volumes settle it.\n",
        "## Practice\n\n% of a field under blebs, square lattice. Where the aim is points, a low share is no fault.\n",
        _table(["plan", "study", "nappage, perfect hand", "nappage, as executed", "verdict"], practice_rows()),
        "Points of 0.02 mL every 5 mm, with everything uncertain that is uncertain (% of the field, 5th–50th–95th"
        " percentile):\n",
        _table(ranges, band_rows()),
        DEPTH,
        _table(["plan", "face, study", "face, nappage", "deltoid, study", "deltoid, nappage", "verdict"], depth_rows()),
        THICKER,
        _table(["#", "quantity", "published", "nappage", "verdict"], [fat_row(), upright_row()]),
        WHY_NOT,
        _table(["#", "quantity", "published", "kinetic model", "verdict"], kinetics),
        AFTER_KINETICS,
    ]
    return "\n".join(parts)


def _table(head: list[str], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def _skin(site: str, words: str, sex: str = "female") -> Skin:
    return next(skin for skin in skins(EDITION, site, sex) if words in skin.label)


def _dermis(tip_mm: float, skin: Skin, tip_sd_mm: float = TIP_SD_MM) -> float:
    return layer_chances(tip_mm, tip_sd_mm, skin.whole_mm, skin.epidermis_mm)["dermis"]


def _agrees(found: Iterable[float], study: Iterable[float], within: float) -> str:
    found, study = list(found), list(study)
    near = abs(min(found) - min(study)) <= within and abs(max(found) - max(study)) <= within
    return "agrees" if near else "differs"


def _range(values: Iterable[float], digits: int = 0) -> str:
    values = list(values)
    least, most = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return least if least == most else f"{least} to {most}"


def _chances(least: float, most: float) -> str:
    if most < 0.01:
        return "<0.01"
    return f"{'<0.01' if least < 0.01 else f'{least:.2f}'} to {most:.2f}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
