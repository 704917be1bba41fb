"""The area under the blebs, against closed forms, against counting, and against what a practitioner measured."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from tests.injection_map.validation import flat, grid

from nappage.injection_map.coverage import (
    BlebLaw,
    calibrated,
    cover,
    hex_share,
    lattice_share,
    published,
    random_share,
    spacing_for,
    square_share,
    volume_for,
)
from nappage.injection_map.document import Coverage
from nappage.injection_map.mesh import Floats, Surface
from nappage.intake import Wheals
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
LAW = published(EDITION)
PERFECT = replace(LAW, law_sd=0, point_cv=0, placement_sd_mm=0, failed=(0, 0))
EXECUTED = replace(LAW, law_sd=0, failed=(0.05, 0.05))


def covered(surface: Surface, points: Floats, volume: float, law: BlebLaw, **more: Any) -> Coverage:
    asked = {"bleb": law, "aim": "field", "edition": EDITION, **more}
    return cover(surface, points, [volume] * len(points), **asked)[0]


@pytest.mark.parametrize(("volume", "diameter"), [(0.02, 5.0), (0.03, 5.7), (0.04, 6.3), (0.05, 6.8), (0.1, 8.5)])
def test_the_published_law(volume: float, diameter: float) -> None:
    assert LAW.diameter_mm(volume) == pytest.approx(diameter, abs=0.05)
    assert LAW.volume_ml(LAW.diameter_mm(volume)) == pytest.approx(volume)
    assert LAW.diameter_mm(volume, 1) / LAW.diameter_mm(volume) == pytest.approx(math.exp(0.15))


def test_ninety_percent_needs_these_pitches() -> None:
    square = brentq(lambda ratio: square_share(ratio) - 0.9, 0.5, 1.4)
    hexagonal = brentq(lambda ratio: hex_share(ratio) - 0.9, 0.5, 1.15)
    assert 1 / square == pytest.approx(0.90, abs=0.005)
    assert 1 / hexagonal == pytest.approx(1.00, abs=0.005)
    # Set down at random, the points are 2.6 times as many.
    hex_points = 100 / (math.sqrt(3) / 2 / hexagonal**2)  # per cm2, for a diameter of 1 mm
    random_points = brentq(lambda n: random_share(n, 1.0) - 0.9, 1, 1000)
    assert random_points / hex_points == pytest.approx(2.6, abs=0.05)


@pytest.mark.parametrize("share", [square_share, hex_share])
def test_closed_forms_are_those_of_discs(share: Any) -> None:
    assert share(0.5) == pytest.approx(math.pi / 16 / (1 if share is square_share else math.sqrt(3) / 2))
    assert share(1.5) == 1
    line = np.linspace(0.1, 1.5, 60)
    assert all(b >= a for a, b in pairwise(share(x) for x in line))


@pytest.mark.parametrize(("pattern", "closed"), [("square", square_share), ("hex", hex_share)])
@pytest.mark.parametrize("spacing", [4.0, 6.0, 10.0])
def test_a_perfect_hand_gives_the_closed_form(pattern: Any, closed: Any, spacing: float) -> None:
    found = lattice_share(spacing, 0.02, PERFECT, pattern)
    assert found == pytest.approx(closed(LAW.diameter_mm(0.02) / spacing), abs=0.02)


def counted(spacing: float, volume: float, law: BlebLaw, pattern: str, seed: int) -> float:
    """The same by throwing dice: a lattice on a torus, every bleb drawn, places drawn."""
    dice = np.random.default_rng(seed)
    rows, columns = 16, 16
    lean, across = (spacing / 2, spacing * math.sqrt(3) / 2) if pattern == "hex" else (0.0, spacing)
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    width, height = columns * spacing, rows * across
    total = []
    for _ in range(12):
        x = i * spacing + (j % 2) * lean + dice.normal(0, law.placement_sd_mm, i.size)
        y = j * across + dice.normal(0, law.placement_sd_mm, i.size)
        radius = np.maximum(0, law.diameter_mm(volume) / 2 * (1 + law.point_cv * dice.standard_normal(i.size)))
        radius[dice.random(i.size) < sum(law.failed) / 2] = -1
        u, v = dice.random(1500) * width, dice.random(1500) * height
        dx = np.abs(u[:, None] - x % width)
        dy = np.abs(v[:, None] - y % height)
        away = np.hypot(np.minimum(dx, width - dx), np.minimum(dy, height - dy))
        total.append((away <= radius).any(axis=1).mean())
    return float(np.mean(total))


@pytest.mark.parametrize(
    ("spacing", "volume", "pattern"),
    [(5.0, 0.02, "square"), (5.0, 0.02, "hex"), (4.0, 0.02, "hex"), (10.0, 0.1, "hex")],
)
def test_the_executed_lattice_against_dice(spacing: float, volume: float, pattern: Any) -> None:
    found = lattice_share(spacing, volume, EXECUTED, pattern)
    assert found == pytest.approx(counted(spacing, volume, EXECUTED, pattern, seed=7), abs=0.012)


@pytest.mark.parametrize(
    ("pattern", "volume", "ratio"),
    [("square", 0.02, 0.72), ("square", 0.1, 0.77), ("hex", 0.02, 0.77), ("hex", 0.1, 0.84)],
)
def test_the_pitch_under_real_execution(pattern: Any, volume: float, ratio: float) -> None:
    found = spacing_for(0.9, volume, EXECUTED, pattern) / LAW.diameter_mm(volume)
    assert found == pytest.approx(ratio, abs=0.012)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_spacing_and_volume_invert_the_share(share: float) -> None:
    spacing = spacing_for(share, 0.03, LAW)
    assert lattice_share(spacing, 0.03, LAW) == pytest.approx(share, abs=0.003)
    assert volume_for(share, spacing, LAW) == pytest.approx(0.03, rel=0.01)
    for wrong in (0, 1, -1, 2):
        with pytest.raises(ValueError, match="share"):
            spacing_for(wrong, 0.03, LAW)


def test_ideal_volume_per_area_grows_with_the_pitch() -> None:
    for spacing, expected in ((5.0, 91), (10.0, 183)):
        diameter = brentq(lambda d, s=spacing: hex_share(d / s) - 0.9, spacing * 0.5, spacing * 1.15)
        per_cm2 = LAW.volume_ml(diameter) * 1000 / (spacing**2 * math.sqrt(3) / 2) * 100
        assert per_cm2 == pytest.approx(expected, rel=0.02)


def test_a_zone_has_the_band_of_the_study() -> None:
    """5 mm, 0.02 mL: 45, 65 and 85 % with the published law; narrower with twenty wheals of one's own."""
    surface, points = flat(60, 60, 3), grid(5, 60)
    band = covered(surface, points, 0.02, LAW).share
    assert (band.low, band.middle, band.high) == pytest.approx((0.45, 0.65, 0.85), abs=0.02)
    own = covered(surface, points, 0.02, replace(LAW, law_sd=0.2 / math.sqrt(20), failed=(0, 0.03))).share
    assert (own.low, own.middle, own.high) == pytest.approx((0.62, 0.69, 0.77), abs=0.025)


def test_a_zone_against_dice_with_the_common_factor() -> None:
    """Twelve points of two volumes, a border, everything drawn: the mean and the band."""
    surface = flat(24, 18, 2)
    points = np.array([(x, y, 0.0) for x in (3, 9, 15, 21) for y in (3, 9, 15)])
    volumes = np.array([0.02, 0.05] * 6)
    coverage, probability = cover(surface, points, list(volumes), bleb=LAW, aim="field", edition=EDITION)
    dice = np.random.default_rng(11)
    places = dice.random((700, 2)) * (24, 18)
    middle = np.array([LAW.diameter_mm(v) / 2 for v in volumes])
    shares, overlaps, at_corner = [], [], []
    for _ in range(900):
        factor, failed = math.exp(0.15 * dice.standard_normal()), dice.uniform(0, 0.13)
        centres = points[:, :2] + dice.normal(0, 1, (12, 2))
        radius = np.maximum(0, middle * factor * (1 + 0.2 * dice.standard_normal(12)))
        radius[dice.random(12) < failed] = -1
        under = (np.linalg.norm(places[:, None] - centres, axis=2) <= radius).sum(axis=1)
        shares.append((under > 0).mean())
        overlaps.append((under > 1).mean())
        at_corner.append((np.linalg.norm(centres - (4.0, 4.0), axis=1) <= radius).any())
    assert coverage.share.middle == pytest.approx(np.median(shares), abs=0.02)
    # The dice's band also holds the chance of twelve single points, so it is a little wider.
    assert np.quantile(shares, 0.05) - 0.02 < coverage.share.low < np.quantile(shares, 0.2)
    assert np.quantile(shares, 0.8) < coverage.share.high < np.quantile(shares, 0.95) + 0.02
    assert coverage.overlap == pytest.approx(np.mean(overlaps), abs=0.015)
    (vertex,) = np.flatnonzero((surface.vertices_mm[:, :2] == (4, 4)).all(axis=1))
    assert probability[vertex] == pytest.approx(np.mean(at_corner), abs=0.04)


def test_neither_the_mesh_nor_the_pose_matters() -> None:
    points = grid(6, 48)
    fine, coarse = flat(48, 48, 1.5), flat(48, 48, 12)
    expected = covered(fine, points, 0.02, LAW).share.middle
    assert covered(coarse, points, 0.02, LAW).share.middle == pytest.approx(expected, abs=0.005)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    turned = Surface(fine.vertices_mm @ turn.T + 100, fine.triangles)
    assert covered(turned, points @ turn.T + 100, 0.02, LAW).share.middle == pytest.approx(expected, abs=0.002)


def test_density_overlap_and_one_bleb() -> None:
    surface = flat(40, 40, 2)
    two = covered(surface, np.array([[20.0, 20, 0], [20, 20, 0]]), 0.1, PERFECT)
    disc = math.pi * LAW.diameter_mm(0.1) ** 2 / 4 / 1600
    assert two.share.middle == pytest.approx(disc, rel=0.03)
    assert two.overlap == pytest.approx(disc, rel=0.06)
    assert two.punctures_per_cm2 == pytest.approx(2 / 16)
    assert two.ml_per_cm2 == pytest.approx(0.2 / 16)
    one = covered(surface, np.array([[20.0, 20, 0]]), 0.1, LAW)
    assert one.bleb_mm.middle == pytest.approx(8.54, abs=0.01)
    assert one.bleb_mm.low < one.bleb_mm.middle < one.bleb_mm.high
    assert one.overlap == pytest.approx(0, abs=1e-6)


def test_a_thread_is_a_string_of_blebs() -> None:
    surface, start, end = flat(40, 40, 2), np.array([[12.0, 20, 0]]), np.array([[26.0, 20, 0]])
    thread = covered(surface, start, 0.05, PERFECT, to_mm=end)
    width = thread.bleb_mm.middle
    count = 0.05 / PERFECT.volume_ml(width)
    assert count * width == pytest.approx(14, rel=0.01)  # they touch
    area = math.pi * width**2 / 4 + 14 * width
    assert thread.share.middle == pytest.approx(area / 1600, rel=0.03)
    assert any("string of blebs" in line for line in thread.says)
    assert covered(surface, start, 0.05, PERFECT, to_mm=start).share == covered(surface, start, 0.05, PERFECT).share


def test_without_points_nothing_is_covered() -> None:
    coverage = covered(flat(20, 20, 2), np.zeros((0, 3)), 0.02, LAW)
    assert (coverage.share.high, coverage.overlap, coverage.punctures_per_cm2) == (0, 0, 0)


@settings(max_examples=25, deadline=None)
@given(st.floats(3, 15), st.floats(3, 15), st.floats(0.005, 0.2), st.floats(0.005, 0.2))
def test_closer_and_more_never_cover_less(spacing: float, wider: float, volume: float, more: float) -> None:
    near, far = sorted((spacing, wider))
    small, large = sorted((volume, more))
    assert lattice_share(near, small, LAW) >= lattice_share(far, small, LAW) - 0.004
    assert lattice_share(near, large, LAW) >= lattice_share(near, small, LAW) - 0.004
    assert lattice_share(near, small, replace(LAW, failed=(0.1, 0.3))) <= lattice_share(near, small, LAW) + 1e-9


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), min_size=1, max_size=12))
def test_another_point_takes_nothing_away(spots: list[tuple[float, float]]) -> None:
    surface = flat(30, 30, 3)
    points = np.array([(*spot, 0.0) for spot in spots])
    volumes = [0.03] * len(points)
    _, less = cover(surface, points[:-1], volumes[:-1], bleb=LAW, aim="points", edition=EDITION)
    _, more = cover(surface, points, volumes, bleb=LAW, aim="points", edition=EDITION)
    assert (more >= less - 1e-9).all()
    assert (more >= 0).all() and (more <= 1 + 1e-9).all()


def test_the_aim_decides_what_is_said() -> None:
    surface, points = flat(60, 60, 3), grid(20, 60)
    field = covered(surface, points, 0.1, LAW)
    assert any("out of reach of every bleb" in line for line in field.says)
    assert any("90 % of a field" in line for line in field.says)
    single = covered(surface, points, 0.1, LAW, aim="points")
    assert single.share == field.share
    assert single.says == ("The aim is single points: how much of the area lies under blebs is no fault here.",)


def test_what_is_suggested_brings_what_was_wanted() -> None:
    spacing = spacing_for(0.9, 0.02, LAW)
    assert lattice_share(spacing, 0.02, LAW) == pytest.approx(0.9, abs=0.003)
    dense = covered(flat(40, 40, 2), grid(3, 40), 0.02, LAW)
    assert dense.share.middle > 0.9
    assert not any("For 90 %" in line for line in dense.says)


@pytest.mark.parametrize(("volume", "noted"), [(0.02, False), (0.1, False), (0.05, False), (0.01, True), (0.2, True)])
def test_a_volume_outside_the_known_range_is_noted(volume: float, noted: bool) -> None:
    says = covered(flat(30, 30, 3), grid(10, 30), volume, LAW).says
    assert any("extrapolation" in line for line in says) is noted


def wheals(*pairs: tuple[float, float]) -> Wheals:
    made = [{"volume_ml": volume, "diameter_mm": diameter} for volume, diameter in pairs]
    return Wheals.model_validate({"by": "Dr A. Example", "measured_on": "2026-11-01", "wheals": made})


def test_own_wheals_of_one_volume_keep_the_published_exponent() -> None:
    own, says = calibrated(wheals(*[(0.02, d) for d in (5.5, 6, 6, 6.5, 6, 5.5, 6.5, 6)]), EDITION)
    assert own is not None
    assert own.diameter_mm(0.02) == pytest.approx(6, abs=0.02)
    assert own.exponent == pytest.approx(1 / 3)
    assert own.law_sd < LAW.law_sd
    assert own.law_sd_at(0.1) > own.law_sd_at(0.02)  # the exponent was not measured
    assert own.calibrated_by == "Dr A. Example, 2026-11-01, n = 8"
    assert any("one volume" in line for line in says)
    assert any("one practitioner's" in line for line in says)


def test_own_wheals_of_two_volumes_bring_their_own_exponent() -> None:
    true = [(v, 18 * v**0.25 * f) for v in (0.02, 0.05, 0.1) for f in (0.95, 1, 1.05, 1)]
    own, says = calibrated(wheals(*true), EDITION)
    assert own is not None
    assert own.exponent == pytest.approx(0.25, abs=0.01)
    assert own.diameter_mm(0.05) == pytest.approx(18 * 0.05**0.25, rel=0.01)
    assert own.valid_ml == (0.02, 0.1)
    assert any("0.25" in line and "0.33" in line for line in says)


def test_more_wheals_are_worth_more() -> None:
    few, _ = calibrated(wheals(*[(0.02, d) for d in (4, 5, 6, 5, 5)]), EDITION)
    many, _ = calibrated(wheals(*[(0.02, d) for d in (4, 5, 6, 5, 5)] * 4), EDITION)
    assert few is not None and many is not None
    assert many.law_sd < 0.5 * few.law_sd
    surface, points = flat(60, 60, 3), grid(5, 60)
    wide, narrow = (covered(surface, points, 0.02, law).share for law in (few, many))
    assert narrow.high - narrow.low < wide.high - wide.low
    assert covered(surface, points, 0.02, many).calibrated_by == "Dr A. Example, 2026-11-01, n = 20"


def test_five_wheals_are_uncertain_as_student_has_it() -> None:
    own, _ = calibrated(wheals(*[(0.02, d) for d in (4, 5, 6, 5, 5)]), EDITION)
    assert own is not None
    scatter = float(np.std(np.log([4, 5, 6, 5, 5]), ddof=1))
    assert own.point_cv == pytest.approx(scatter)
    assert own.law_sd == pytest.approx(scatter / math.sqrt(5) * math.sqrt(4 / 2))  # four degrees of freedom


def test_wheals_read_alike_are_not_taken_as_exact() -> None:
    own, _ = calibrated(wheals(*[(0.02, 5)] * 6), EDITION)
    assert own is not None
    assert own.point_cv == pytest.approx(1 / math.sqrt(12) / 5)
    assert own.law_sd > 0


def test_the_stop_rule() -> None:
    law, says = calibrated(wheals(*[(0.02, d) for d in (2, 3, 5, 8, 10)]), EDITION)
    assert law is None
    assert len(says) == 1
    assert says[0].startswith("No coverage is shown: the 5 wheals of Dr A. Example scatter by")
    assert "30 %" in says[0]
    scattered = [5 * math.exp(x) for x in (-0.28, 0.28, -0.28, 0.28, -0.28, 0.28)]
    assert calibrated(wheals(*[(0.02, d) for d in scattered]), EDITION)[0] is None  # 0.307
    calmer = [(0.02, 5 * (d / 5) ** 0.96) for d in scattered]  # 0.294
    assert calibrated(wheals(*calmer), EDITION)[0] is not None


def test_nothing_speaks_of_a_drug_or_a_result() -> None:
    for key, text in EDITION.texts.items():
        if key.startswith("map.cover-"):
            said = text["en"].replace("Not a prediction of drug level or result.", "")
            assert not any(word in said for word in ("drug", "mg", "concentration", "effect", "result", "lasts")), key
            assert "fr" in text
