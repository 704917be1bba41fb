"""Where the tip lies, what is asked about, what is warned of and what is refused."""

from __future__ import annotations

import math
import statistics
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nappage.injection_map.depth import aim_of, check_depth, layer_chances, skins, tip_depth_mm
from nappage.injection_map.document import DepthCheck
from nappage.knowledge import load
from nappage.values import InputError

EDITION = load(date(2026, 11, 25))
STUDIED = ("forehead", "temple", "lower-lid", "malar")  # the women's faces of the study


def check(site: str | None = "forehead", **asked: Any) -> DepthCheck:
    return check_depth(edition=EDITION, **{"site": site, "sex": "female", "technique": "papule", **asked})


def of_set(result: DepthCheck, words: str) -> dict[str, float]:
    chance = next(c for c in result.chances if words in c.thickness_set)
    return {"epidermis": chance.epidermis, "dermis": chance.dermis, "fat": chance.fat}


@pytest.mark.parametrize(
    ("inserted", "angle", "tip"), [(5, 30, 2.5), (8, 30, 4.0), (5, 45, 3.54), (2, 30, 1.0), (4, 90, 4.0)]
)
def test_the_tip_is_sine_times_length(inserted: float, angle: float, tip: float) -> None:
    assert tip_depth_mm(inserted, angle) == pytest.approx(tip, abs=0.005)
    result = check("thighs", inserted_mm=inserted, angle_deg=angle)
    assert result.tip_depth_mm == pytest.approx(tip, abs=0.005)


# The study's table: the probability of the dermis, least and most over its female face sites, and at the deltoid.
# It took the epidermis as 0.1 mm without spread; here it has its own, hence a point or two of difference.
@pytest.mark.parametrize(
    ("inserted", "angle", "face", "deltoid"),
    [
        (4, 45, (0.0, 0.0), 0.08),
        (4, 30, (0.0, 0.02), 0.59),
        (2, 45, (0.02, 0.23), 0.92),
        (4, 15, (0.19, 0.53), None),
    ],
)
def test_the_dermis_is_missed_as_often_as_the_study_says(
    inserted: float, angle: float, face: tuple[float, float], deltoid: float | None
) -> None:
    found = [of_set(check(site, inserted_mm=inserted, angle_deg=angle), "118")["dermis"] for site in STUDIED]
    assert (min(found), max(found)) == pytest.approx(face, abs=0.02)
    if deltoid is not None:
        arm = of_set(check("upper-arms", inserted_mm=inserted, angle_deg=angle), "100 adults")
        assert arm["dermis"] == pytest.approx(deltoid, abs=0.01)


def test_one_and_a_half_millimetres_upright_suits_the_sites_it_was_published_for() -> None:
    found = {
        site: of_set(check(site, inserted_mm=1.5, angle_deg=90, tip_sd_mm=0.1), words)["dermis"]
        for site, words in (("upper-arms", "100 adults"), ("shoulder", "342"), ("flanks", "342"), ("thighs", "342"))
    }
    assert found == pytest.approx({"upper-arms": 0.93, "shoulder": 0.98, "flanks": 0.85, "thighs": 0.56}, abs=0.01)


depths = st.floats(0.05, 12)
spreads = st.floats(0.01, 0.6)


@given(depths, spreads, st.floats(0.5, 4), spreads, st.floats(0.05, 0.4), st.floats(0, 0.2))
def test_probabilities_are_probabilities(
    tip: float, sd: float, skin: float, skin_sd: float, e: float, e_sd: float
) -> None:
    chances = layer_chances(tip, sd, (skin, skin_sd), (e, e_sd))
    assert sum(chances.values()) == pytest.approx(1)
    assert all(-1e-12 <= chance <= 1 + 1e-12 for chance in chances.values())


@given(st.lists(depths, min_size=2, max_size=6), st.sampled_from(["forehead", "lower-lid", "thighs", "scalp-crown"]))
def test_deeper_is_never_less_likely_in_fat(tips: list[float], site: str) -> None:
    for skin in skins(EDITION, site, "male"):
        found = [layer_chances(tip, 0.3, skin.whole_mm, skin.epidermis_mm) for tip in sorted(tips)]
        for shallow, deep in pairwise(found):
            assert deep["fat"] >= shallow["fat"] - 1e-12
            assert deep["epidermis"] <= shallow["epidermis"] + 1e-12


def test_the_layers_against_drawn_tips() -> None:
    """Closed form against counting: quantiles of three normals, every combination."""
    nodes = [statistics.NormalDist().inv_cdf((i + 0.5) / 60) for i in range(60)]
    tip, tip_sd, skin, skin_sd = 1.1, 0.3, 1.06, 0.163
    fat = sum(tip + tip_sd * a > skin + skin_sd * b for a in nodes for b in nodes) / 3600
    epidermis = sum(tip + tip_sd * a < 0.2 + 0.03 * b for a in nodes for b in nodes) / 3600
    chances = layer_chances(tip, tip_sd, (skin, skin_sd), (0.2, 0.03))
    assert chances["fat"] == pytest.approx(fat, abs=0.01)
    assert chances["epidermis"] == pytest.approx(epidermis, abs=0.005)


def test_both_sets_stand_side_by_side_and_a_borrowed_figure_says_from_where() -> None:
    result = check("cheek", tip_depth_mm=1)
    assert [(c.thickness_set, c.borrowed_from) for c in result.chances] == [
        ("Ultrasound, 118 adults, women", "zygoma"),
        ("Ultrasound at 50 MHz, 200 adults, women", None),
    ]
    assert all(c.sources for c in result.chances)
    assert of_set(result, "118")["fat"] > of_set(result, "200")["fat"]


def test_two_millimetres_on_a_womans_face_miss_the_dermis_and_a_way_is_shown() -> None:
    result = check("forehead", inserted_mm=4, angle_deg=30, needle_mm=4)
    assert (result.verdict, result.aim) == ("warn", "dermis")
    assert "probability of <1 % (Ultrasound, 118 adults, women)" in result.says[0]
    assert result.suggestion is not None and result.suggestion.startswith("4 mm of needle at 10°")
    followed = check("forehead", inserted_mm=4, angle_deg=10, needle_mm=4)
    assert (followed.verdict, followed.says, followed.suggestion) == ("as-aimed", (), None)


def test_where_the_sets_differ_it_is_said() -> None:
    result = check("forehead", tip_depth_mm=1.5)
    assert result.verdict == "warn"
    assert any("disagree" in line for line in result.says)


@pytest.mark.parametrize("technique", ["papule", "nappage", "point-by-point"])
@pytest.mark.parametrize("site", ["forehead", "cheek", "lower-lid", "nose"])
def test_above_four_millimetres_is_refused_on_the_face(site: str, technique: str) -> None:
    assert check(site, technique=technique, inserted_mm=4.1, angle_deg=90).verdict == "refused"
    assert check(site, technique=technique, inserted_mm=4, angle_deg=90).verdict != "refused"
    assert check(site, technique=technique, inserted_mm=8, angle_deg=30).verdict != "refused"


@pytest.mark.parametrize("site", ["thighs", "abdomen", "submental", "neck", "scalp-vertex"])
def test_elsewhere_it_is_warned_of(site: str) -> None:
    result = check(site, technique="point-by-point", inserted_mm=6, angle_deg=90)
    assert result.verdict == "warn"
    assert any("above 4 mm" in line for line in result.says)
    assert {"SEED000"} <= {source.ref for source in result.sources}


def test_a_depot_in_fat_is_as_aimed_within_four_millimetres() -> None:
    assert check("thighs", technique="point-by-point", inserted_mm=4, angle_deg=90).verdict == "as-aimed"
    short = check("thighs", technique="point-by-point", inserted_mm=1, angle_deg=90)
    assert short.verdict == "warn" and short.suggestion is not None and "fat" in short.suggestion


def test_a_bare_depth_is_asked_about_where_the_technique_is_published_along_the_needle() -> None:
    for technique in ("nappage", "point-by-point"):
        result = check("thighs", technique=technique, tip_depth_mm=2)
        assert result.verdict == "ask", technique
        assert "depth of the tip, or the length of needle" in result.says[0]
        assert "BTP" in {source.ref for source in result.sources}
    nappage = check("thighs", technique="nappage", tip_depth_mm=2)
    assert "1–1.7 mm deep" in nappage.says[0]  # 30 to 60 degrees
    assert check("thighs", technique="papule", tip_depth_mm=1).verdict == "as-aimed"
    assert check("thighs", technique="nappage", inserted_mm=2, angle_deg=30).verdict == "as-aimed"
    assert check("thighs", technique="nappage", tip_depth_mm=1, angle_deg=90).verdict == "as-aimed"


def test_without_an_angle_the_steepest_published_one_counts_and_it_is_asked() -> None:
    nappage = check(technique="nappage", inserted_mm=2)
    assert (nappage.verdict, nappage.angle_deg) == ("ask", None)
    assert nappage.tip_depth_mm == pytest.approx(2 * math.sin(math.radians(60)), abs=0.001)
    assert "60°" in nappage.says[0]
    assert check(technique="mixed", inserted_mm=2).tip_depth_mm == 2


def test_without_a_depth_it_is_asked_and_the_dermis_is_found() -> None:
    result = check(technique="papule", needle_mm=4)
    assert (result.verdict, result.chances, result.tip_depth_mm) == ("ask", (), None)
    assert result.suggestion is not None and "10°" in result.suggestion


def test_length_and_angle_that_contradict_the_depth_are_asked_about_and_the_deeper_counts() -> None:
    result = check(inserted_mm=2, angle_deg=30, tip_depth_mm=2)
    assert (result.verdict, result.tip_depth_mm) == ("ask", 2)
    assert check(inserted_mm=2, angle_deg=30, tip_depth_mm=1).tip_depth_mm == pytest.approx(1)


def test_an_unknown_sex_is_asked_where_it_decides_and_both_are_shown() -> None:
    decides = check("forehead", sex=None, tip_depth_mm=1.1, technique="papule")
    assert decides.verdict == "ask"
    assert [c.thickness_set.rsplit(", ")[-1] for c in decides.chances] == ["women", "men", "women", "men"]
    assert check("forehead", sex=None, tip_depth_mm=3).verdict == "warn"
    body = check("flanks", sex=None, tip_depth_mm=1)
    assert (body.verdict, body.says) == ("as-aimed", ())


@pytest.mark.parametrize("site", [None, "groin", "face", "elsewhere"])
def test_a_site_without_a_figure_is_asked_about(site: str | None) -> None:
    result = check(site, tip_depth_mm=1)
    assert (result.verdict, result.chances, result.suggestion) == ("ask", (), None)


def test_a_region_takes_the_figure_of_the_one_it_lies_in() -> None:
    (first, *_) = skins(EDITION, "lip", "female")
    assert first.borrowed_from == "zygoma"


@pytest.mark.parametrize(
    ("asked", "place", "words"),
    [
        ({"inserted_mm": 6, "angle_deg": 45, "needle_mm": 4}, "order.inserted_mm", "of a needle of 4 mm"),
        ({"tip_depth_mm": 5, "needle_mm": 4}, "order.depth_mm", "it is 4 mm long"),
        ({"tip_depth_mm": 3, "angle_deg": 30, "needle_mm": 4}, "order.depth_mm", "needs 6 mm of needle at 30°"),
        ({"inserted_mm": 4, "angle_deg": 0}, "order.angle_deg", "0°"),
        ({"inserted_mm": 4, "angle_deg": 91}, "order.angle_deg", "91°"),
        ({"inserted_mm": -1, "angle_deg": 45}, "order.inserted_mm", "cannot be"),
        ({"tip_depth_mm": math.nan}, "order.depth_mm", "cannot be"),
    ],
)
def test_what_cannot_be_is_said(asked: dict[str, float], place: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        check(**asked)
    assert error.value.place == place
    assert words in error.value.wrong


def test_what_techniques_aim_at() -> None:
    aims = {id: aim_of(id, EDITION) for id in EDITION.techniques}
    assert {id for id, aim in aims.items() if aim == "dermis"} == {
        "papule", "nappage", "hydrolifting", "linear-retrograde",
    }  # fmt: skip
    assert (aims["epidermic"], aims["point-by-point"], aims["mixed"]) == ("epidermis", "fat", None)
    assert aim_of(None, EDITION) is None


def test_a_depth_of_no_aim_is_only_warned_of_below_the_dermis() -> None:
    assert check("dorsal-hands", technique="mixed", tip_depth_mm=1).verdict == "as-aimed"
    below = check("dorsal-hands", technique="mixed", tip_depth_mm=3)
    assert below.verdict == "warn" and "may well lie below the dermis" in below.says[0]


def test_french_has_no_english_left_in_its_sentences() -> None:
    for asked in ({"tip_depth_mm": 5}, {"inserted_mm": 4}, {"inserted_mm": 4, "angle_deg": 45}, {}):
        result = check("cheek", sex=None, language="fr", **asked)
        texts = (*result.says, result.suggestion or "", *(c.thickness_set for c in result.chances))
        assert not any("[en]" in text for text in texts)


def test_every_zone_of_face_neck_decolletage_hands_and_scalp_has_a_thickness() -> None:
    for site in (
        "forehead", "glabella", "temple", "crows-feet", "lower-lid", "nose", "malar", "cheek", "nasolabial", "perioral",
        "chin", "jawline", "submental", "neck", "decolletage", "dorsal-hands", "scalp-frontal", "scalp-vertex",
        "scalp-crown", "abdomen", "flanks", "thighs", "buttocks", "knees", "upper-arms", "back", "lower-back", "nape",
        "shoulder",
    ):  # fmt: skip
        assert skins(EDITION, site, "female"), site
