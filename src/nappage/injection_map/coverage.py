"""How much of the skin lies under the blebs: a probability, never a drug level, a duration or a result.

A bleb is a disc of diameter coefficient · volume^exponent. The whole law is shifted by a factor common to all points of
a session (nobody measured this practitioner on this skin); around it the points scatter in width and place, and some
raise no bleb. The common factor is summed over fixed nodes and the rest is in closed form, so nothing here is random.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.spatial import cKDTree
from scipy.special import chndtr, ndtr, ndtri

from ..intake import Wheals
from ..knowledge import Cited, Edition, cited
from .document import Band, Coverage
from .mesh import Floats, Ints, Surface

Pattern = Literal["hex", "square"]
Aim = Literal["field", "points"] | None

WANTED = 0.9  # of a field, where a denser plan is suggested
_OUT_OF_REACH = 0.1
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_SPREAD, _SPREAD_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_SPREAD_WEIGHTS = _SPREAD_WEIGHTS / _SPREAD_WEIGHTS.sum()
_STEP_MM = 0.1  # of the tables
_SAMPLES = 12_000  # at most about so many places of a zone are looked at


@dataclass(frozen=True)
class BlebLaw:
    """diameter_mm = `coefficient_mm` · volume_ml ** `exponent`, and how it scatters.

    `law_sd` is the standard deviation of the logarithm of the diameter common to all points; away from `centre_ml` an
    uncertain exponent adds `exponent_sd` per unit of log volume. `failed`: least and most share of points without a
    bleb. `calibrated_by`: whose wheals; None for the published law.
    """

    coefficient_mm: float
    exponent: float
    law_sd: float
    point_cv: float
    placement_sd_mm: float
    failed: tuple[float, float]
    valid_ml: tuple[float, float]
    exponent_sd: float = 0.0
    centre_ml: float = 0.02
    calibrated_by: str | None = None
    sources: tuple[Cited, ...] = ()

    def diameter_mm(self, volume_ml: float, z: float = 0.0) -> float:
        """The diameter where the common factor lies `z` standard deviations from its middle."""
        middle = self.coefficient_mm * volume_ml**self.exponent
        return float(middle * math.exp(z * self.law_sd_at(volume_ml)))

    def law_sd_at(self, volume_ml: float) -> float:
        """The common factor's standard deviation (of the logarithm) at a volume."""
        return math.hypot(self.law_sd, self.exponent_sd * math.log(volume_ml / self.centre_ml))

    def volume_ml(self, diameter_mm: float) -> float:
        """The volume whose middle diameter this is."""
        return float((diameter_mm / self.coefficient_mm) ** (1 / self.exponent))


def published(edition: Edition) -> BlebLaw:
    """The law of the edition: one anchor, adults only."""
    blebs = edition.blebs
    return BlebLaw(
        coefficient_mm=blebs.coefficient_mm.value,
        exponent=blebs.exponent.value,
        law_sd=blebs.law_sd.value,
        point_cv=blebs.point_cv.value,
        placement_sd_mm=blebs.placement_sd_mm.value,
        failed=blebs.failed.value,
        valid_ml=blebs.valid_ml.value,
        sources=cited(
            edition,
            dict.fromkeys(
                [*blebs.coefficient_mm.source, *blebs.exponent.source, *blebs.failed.source, *blebs.valid_ml.source]
            ),
        ),
    )


def calibrated(wheals: Wheals, edition: Edition, language: str = "en") -> tuple[BlebLaw | None, tuple[str, ...]]:
    """A practitioner's own law from measured wheals, and what has to be said of it.

    With two volumes or more the exponent is fitted too, else the published one stays, uncertain. None where the wheals
    scatter more than the edition's stop rule allows: then there is no coverage at all, and the sentence says why.
    """
    law = published(edition)
    blebs = edition.blebs
    volumes = np.array([float(wheal.volume_ml) for wheal in wheals.wheals])
    diameters = np.array([float(wheal.diameter_mm) for wheal in wheals.wheals])
    log_v, log_d = np.log(volumes), np.log(diameters)
    centre = float(log_v.mean())
    spread = float(((log_v - centre) ** 2).sum())
    several = len(np.unique(volumes)) >= 2
    exponent = float(((log_v - centre) * log_d).sum() / spread) if several else law.exponent
    middle = float(log_d.mean())
    left = log_d - middle - exponent * (log_v - centre)
    freedom = len(volumes) - (2 if several else 1)
    scatter = math.sqrt(float((left**2).sum()) / freedom)

    def say(key: str, **words: str) -> str:
        return edition.say(f"map.cover-{key}", language, **words)

    about = {"count": str(len(volumes)), "by": wheals.by, "on": wheals.measured_on.isoformat()}
    if not 0.05 <= exponent <= 1:  # wheals that shrink, or outgrow the volume, are no wheals of these volumes
        return None, (say("no-law", exponent=f"{exponent:.1f}", **about),)
    if scatter > blebs.stop_scatter.value:
        limit = _percent(blebs.stop_scatter.value)
        return None, (say("stop", scatter=_percent(scatter), limit=limit, **about),)
    # Wheals that all read alike still were read to a whole millimetre only.
    scatter = max(scatter, blebs.reading_mm.value / math.sqrt(12) / float(diameters.mean()))
    few = math.sqrt(freedom / (freedom - 2))  # Student's distribution is wider than the normal one
    own = BlebLaw(
        coefficient_mm=math.exp(middle - exponent * centre),
        exponent=exponent,
        law_sd=few * scatter / math.sqrt(len(volumes)),
        point_cv=scatter,
        placement_sd_mm=law.placement_sd_mm,
        failed=law.failed,
        valid_ml=(float(volumes.min()), float(volumes.max())),
        exponent_sd=few * scatter / math.sqrt(spread) if several else blebs.exponent_sd.value,
        centre_ml=math.exp(centre),
        calibrated_by=f"{wheals.by}, {wheals.measured_on.isoformat()}, n = {len(volumes)}",
        sources=law.sources,
    )
    volume = math.exp(centre)
    said = [
        say(
            "calibrated",
            diameter=f"{own.diameter_mm(volume):.1f}",
            volume=_volume(volume),
            scatter=_percent(scatter),
            **about,
        ),
        say("exponent", exponent=f"{exponent:.2f}", published=f"{law.exponent:.2f}") if several else say("one-volume"),
        say("one-operator"),
    ]
    return own, tuple(said)


def hex_share(diameter_over_spacing: float) -> float:
    """Share of the plane under equal discs on a hexagonal lattice, everything executed to perfection."""
    x = diameter_over_spacing / 2
    if x >= 1 / math.sqrt(3):
        return 1.0
    return (math.pi * x * x - 6 * _half_lens(x)) / (math.sqrt(3) / 2)


def square_share(diameter_over_spacing: float) -> float:
    """Share of the plane under equal discs on a square lattice, everything executed to perfection."""
    x = diameter_over_spacing / 2
    if x >= math.sqrt(0.5):
        return 1.0
    return math.pi * x * x - 4 * _half_lens(x)


def random_share(points_per_cm2: float, diameter_mm: float) -> float:
    """Share of the plane under equal discs set down without a plan."""
    return 1 - math.exp(-points_per_cm2 / 100 * math.pi * diameter_mm * diameter_mm / 4)


def _half_lens(x: float) -> float:
    """What two neighbours of radius x at distance 1 share, halved."""
    return x * x * math.acos(0.5 / x) - 0.5 * math.sqrt(x * x - 0.25) if x > 0.5 else 0.0


def lattice_share(
    spacing_mm: float, volume_per_point_ml: float, bleb: BlebLaw, pattern: Pattern = "hex", z: float = 0.0
) -> float:
    """Expected share of a large field under the blebs of a lattice, as it is really executed: widths and places
    scatter and the middle share of points fails. `z`: where the common factor lies, in standard deviations."""
    radius = bleb.diameter_mm(volume_per_point_ml, z) / 2
    hits = _hits(radius, bleb.point_cv, bleb.placement_sd_mm)
    reach = (len(hits) - 1) * _STEP_MM
    across = spacing_mm * (math.sqrt(3) / 2 if pattern == "hex" else 1.0)
    lean = spacing_mm / 2 if pattern == "hex" else 0.0
    steps = np.arange(-math.ceil((reach + 2 * spacing_mm) / across), math.ceil((reach + 2 * spacing_mm) / across) + 1)
    i, j = np.meshgrid(steps, steps)
    nodes = np.column_stack([(i * spacing_mm + j * lean).ravel(), (j * across).ravel()])
    part = (np.arange(12) + 0.5) / 12
    u, v = np.meshgrid(part, part)
    places = np.column_stack([(u * spacing_mm + v * lean).ravel(), (v * across).ravel()])
    nodes = nodes[np.linalg.norm(nodes - places.mean(axis=0), axis=1) < reach + spacing_mm]
    distance = np.hypot(places[:, :1] - nodes[:, 0], places[:, 1:] - nodes[:, 1])
    given = 1 - sum(bleb.failed) / 2
    miss = np.log1p(-given * np.minimum(np.interp(distance, np.arange(len(hits)) * _STEP_MM, hits), 1 - 1e-12))
    return float(1 - np.exp(miss.sum(axis=1)).mean())


@lru_cache(maxsize=256)
def spacing_for(share: float, volume_per_point_ml: float, bleb: BlebLaw, pattern: Pattern = "hex") -> float:
    """The widest spacing, mm, at which points of this volume bring `share` of a field under blebs as really executed.

    Raises ValueError for a share that is not between 0 and 1.
    """
    diameter = bleb.diameter_mm(volume_per_point_ml)
    wanted = _wanted(share)
    return _solved(lambda s: lattice_share(s, volume_per_point_ml, bleb, pattern) - wanted, 0.2 * diameter, diameter)


@lru_cache(maxsize=1024)
def volume_for(share: float, spacing_mm: float, bleb: BlebLaw, pattern: Pattern = "hex") -> float:
    """The least volume per point, mL, that brings `share` of a field under blebs at this spacing as really executed.

    Raises ValueError for a share that is not between 0 and 1.
    """
    wanted = _wanted(share)
    found = _solved(
        lambda d: wanted - lattice_share(spacing_mm, bleb.volume_ml(d), bleb, pattern), 0.3 * spacing_mm, spacing_mm
    )
    return bleb.volume_ml(found)


def _wanted(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"a share of {share} cannot be asked for; it lies between 0 and 1")
    return share


def _solved(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero; the bracket is widened as needed."""
    while falling(low) < 0:
        low /= 2
    while falling(high) > 0:
        high *= 1.5
    return float(brentq(falling, low, high, xtol=1e-3))


def cover(
    surface: Surface,
    points_mm: Floats,
    volumes_ml: Sequence[float],
    *,
    bleb: BlebLaw,
    aim: Aim,
    edition: Edition,
    language: str = "en",
    to_mm: Floats | None = None,
) -> tuple[Coverage, Floats]:
    """The coverage of one zone, and at each of its vertices (n,) the probability to lie under a bleb.

    `points_mm` (k, 3) and `volumes_ml` (k,) on the zone's own surface; `to_mm` (k, 3) are the far ends of threads (a
    row that equals its point is none). Distances are chords. The band of the share holds the spread of the common
    factor and of the failed share; chance among the single points averages out over a zone and is not in it.
    """
    area_cm2 = float(surface.areas_mm2.sum()) / 100
    points = np.asarray(points_mm, dtype=np.float64).reshape(-1, 3)
    volumes = np.asarray([float(volume) for volume in volumes_ml])
    ends = points if to_mm is None else np.asarray(to_mm, dtype=np.float64).reshape(-1, 3)
    lengths = np.linalg.norm(ends - points, axis=1)
    drops = np.array([_drop_ml(v, length, bleb) for v, length in zip(volumes, lengths, strict=True)])
    usual = float(np.median(drops)) if len(drops) else 0.0
    one = math.hypot(bleb.law_sd_at(usual), bleb.point_cv) if usual else 0.0
    middle = bleb.diameter_mm(usual) if usual else 0.0
    samples, weights = _samples(surface, 0.2 * middle if usual else 1.0)
    places = np.vstack([samples, surface.vertices_mm])
    shares, twice, probability = np.zeros((len(_NODES), 2)), 0.0, np.zeros(len(places))
    if len(points):
        shares, twice, probability = _expected(places, weights, points, ends, drops, bleb)
    band = _band(shares, bleb.failed)
    said = []
    if aim == "points":
        said.append("points")
    if len(points) and (lengths > 0).any():
        said.append("threads")
    says = [edition.say(f"map.cover-{key}", language) for key in said]
    far = float(weights[probability[: len(weights)] < _OUT_OF_REACH].sum() / weights.sum())
    if aim == "field" and far >= 0.005:
        says.append(edition.say("map.cover-gaps", language, share=_percent(far)))
    if aim == "field" and len(points) >= 3 and band.middle < WANTED and not (lengths > 0).any():
        spacing = math.sqrt(area_cm2 * 100 / len(points) * 2 / math.sqrt(3))
        says.append(
            edition.say(
                "map.cover-inverse",
                language,
                wanted=_percent(WANTED),
                spacing=f"{spacing_for(WANTED, usual, bleb):.1f}",
                volume=_volume(usual),
                more=_volume(volume_for(WANTED, spacing, bleb)),
            )
        )
    low, high = bleb.valid_ml
    beyond = [v for v in (drops.min(), drops.max()) if not 0.9 * low <= v <= 1.1 * high] if len(drops) else []
    if beyond:
        says.append(
            edition.say(
                "map.cover-extrapolated", language, volume=_volume(float(beyond[0])), low=_volume(low),
                high=_volume(high),
            )
        )  # fmt: skip
    coverage = Coverage(
        aim=aim,
        share=band,
        overlap=round(twice, 4),
        punctures_per_cm2=len(points) / area_cm2,
        ml_per_cm2=float(volumes.sum()) / area_cm2,
        bleb_mm=Band(low=middle * math.exp(-1.645 * one), middle=middle, high=middle * math.exp(1.645 * one)),
        calibrated_by=bleb.calibrated_by,
        says=tuple(says),
        sources=bleb.sources,
    )
    return coverage, probability[len(weights) :]


def _drop_ml(volume_ml: float, length_mm: float, bleb: BlebLaw) -> float:
    """The volume of one bleb of a thread: as many as touch one another along it."""
    count = (length_mm / bleb.diameter_mm(volume_ml)) ** (1 / (1 - bleb.exponent)) if bleb.exponent < 1 else 1.0
    return volume_ml / max(1.0, count)


def _expected(
    places: Floats, weights: Floats, points: Floats, ends: Floats, drops: Floats, bleb: BlebLaw
) -> tuple[Floats, float, Floats]:
    """Shares of the samples (the first of the places) under a bleb at each node of common factor and failed share
    (5, 2), the share under two or more, and each place's probability to lie under one."""
    kinds, kind = np.unique(drops, return_inverse=True)
    radii = [[bleb.diameter_mm(float(v), float(z)) / 2 for v in kinds] for z in _NODES]
    tables = [_stacked([_hits(r, bleb.point_cv, bleb.placement_sd_mm) for r in row]) for row in radii]
    reach = max(table.shape[1] - 1 for table in tables) * _STEP_MM
    near, place, distance = _pairs(places, points, ends, reach)
    at = distance / _STEP_MM
    below = at.astype(np.int64)
    part = at - below
    of_kind = kind[near]
    fails = _fail_nodes(bleb.failed)
    shares, twice, probability = np.zeros((len(_NODES), 2)), 0.0, np.zeros(len(places))
    whole = weights.sum()
    for row, table in enumerate(tables):
        last = table.shape[1] - 1
        first = np.minimum(below, last)
        hit = table[of_kind, first] * (1 - part) + table[of_kind, np.minimum(first + 1, last)] * part
        hit = np.where(below >= last, 0.0, np.minimum(hit, 1 - 1e-9))
        for column, fail in enumerate(fails):
            given = (1 - fail) * hit
            missed = np.exp(np.bincount(place, np.log1p(-given), minlength=len(places)))
            under = 1 - missed
            exactly_one = missed * np.bincount(place, given / (1 - given), minlength=len(places))
            share = _WEIGHTS[row] / 2
            probability += share * under
            shares[row, column] = float(under[: len(weights)] @ weights / whole)
            twice += share * float((under - exactly_one)[: len(weights)] @ weights / whole)
    return shares, twice, probability


def _pairs(places: Floats, points: Floats, ends: Floats, reach: float) -> tuple[Ints, Ints, Floats]:
    """Every point with every place within reach of it: their indices and the distance, to a thread's nearest spot."""
    middles, halves = (points + ends) / 2, np.linalg.norm(ends - points, axis=1) / 2
    found = cKDTree(middles).sparse_distance_matrix(cKDTree(places), reach + float(halves.max()), output_type="ndarray")
    near, place, distance = found["i"], found["j"], found["v"]
    threads = halves[near] > 0
    if threads.any():
        start, along = points[near[threads]], (ends - points)[near[threads]]
        away = places[place[threads]] - start
        share = np.clip((away * along).sum(1) / (along * along).sum(1), 0, 1)
        distance[threads] = np.linalg.norm(away - share[:, None] * along, axis=1)
    kept = distance <= reach
    return near[kept], place[kept], distance[kept]


@lru_cache(maxsize=512)
def _hits_rounded(radius_mm: float, cv: float, placement_sd_mm: float) -> Floats:
    radii = np.maximum(radius_mm * (1 + cv * _SPREAD), 0.0)
    far = radius_mm * (1 + 3.5 * cv) + 4 * placement_sd_mm + 2 * _STEP_MM
    distance = np.arange(math.ceil(far / _STEP_MM) + 1) * _STEP_MM
    if placement_sd_mm > 0:
        # The distance from a place to the bleb's true centre, squared, is noncentral chi-square with two degrees.
        chance = chndtr((radii[:, None] / placement_sd_mm) ** 2, 2, (distance / placement_sd_mm) ** 2)
        table = _SPREAD_WEIGHTS @ chance
    elif cv > 0:
        table = ndtr((radius_mm - distance) / (cv * radius_mm))
    else:
        table = np.clip((radius_mm - distance) / _STEP_MM + 0.5, 0, 1)
    table[-1] = 0.0
    table.flags.writeable = False
    return np.asarray(table)


def _hits(radius_mm: float, cv: float, placement_sd_mm: float) -> Floats:
    """Probability that one bleb of this mean radius covers a place, by the place's distance from the planned point,
    in steps of `_STEP_MM` up to where it is nil."""
    return _hits_rounded(round(radius_mm, 2), cv, placement_sd_mm)


def _stacked(tables: Sequence[Floats]) -> Floats:
    out = np.zeros((len(tables), max(len(table) for table in tables)))
    for row, table in zip(out, tables, strict=True):
        row[: len(table)] = table
    return out


def _fail_nodes(failed: tuple[float, float]) -> tuple[float, float]:
    """Two nodes that sum a smooth function over evenly likely failed shares."""
    middle, half = sum(failed) / 2, (failed[1] - failed[0]) / 2
    return middle - half / math.sqrt(3), middle + half / math.sqrt(3)


def _band(shares: Floats, failed: tuple[float, float]) -> Band:
    """Percentiles of the share over common factor and failed share, between the nodes where it is known."""
    z = ndtri((np.arange(199) + 0.5) / 199)
    low, high = _fail_nodes(failed)
    part = (np.linspace(*failed, 11) - low) / (high - low) if high > low else np.zeros(1)
    curve = np.linalg.solve(np.vander(_NODES, increasing=True), shares)
    over = np.clip(np.vander(z, len(_NODES), increasing=True) @ curve, 0, 1)
    every = over[:, :1] * (1 - part) + over[:, 1:] * part
    found = np.clip(np.quantile(every, [0.05, 0.5, 0.95]), 0, 1)
    return Band(low=float(found[0]), middle=float(found[1]), high=float(found[2]))


def _samples(surface: Surface, apart_mm: float) -> tuple[Floats, Floats]:
    """Places spread over the surface about `apart_mm` apart, (m, 3), with the area each stands for, (m,)."""
    areas = surface.areas_mm2
    apart = max(apart_mm, math.sqrt(float(areas.sum()) / _SAMPLES), 0.2)
    corners = surface.corners
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    parts = np.clip(np.ceil(longest / (1.5 * apart)), 1, 40).astype(np.int64)
    places, weights = [], []
    for count in np.unique(parts):
        rows = np.flatnonzero(parts == count)
        inside = _centroids(int(count))
        places.append((inside @ corners[rows]).reshape(-1, 3))
        weights.append(np.repeat(areas[rows] / len(inside), len(inside)))
    return np.concatenate(places), np.concatenate(weights)


@lru_cache(maxsize=64)
def _centroids(parts: int) -> Floats:
    """(parts², 3): weights of the centroids of the equal triangles into which one is cut, `parts` along each edge."""
    out = []
    for i in range(parts):
        for j in range(parts - i):
            out.append(((i + 1 / 3) / parts, (j + 1 / 3) / parts))
            if i + j < parts - 1:
                out.append(((i + 2 / 3) / parts, (j + 2 / 3) / parts))
    uv = np.array(out)
    return np.column_stack([1 - uv.sum(axis=1), uv])


def _percent(share: float) -> str:
    return "<1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _volume(volume_ml: float) -> str:
    return f"{volume_ml:.3f}".rstrip("0").rstrip(".")
