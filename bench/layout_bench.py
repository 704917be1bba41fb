"""Our grids beside Poisson disks, farthest points and trimesh's even sampling, all judged by exact geodesics.

The zones and the judge are those of the tests. Every method gets the zone's skin and the spacing; the clock is CPU
time, and ours runs from the bare mesh, flattening included.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import point_cloud_utils
import trimesh

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.injection_map.fixed_zones import NAMES, fixed_zone
from tests.injection_map.geodesics import distances_mm, gaps_mm, marked

from nappage.injection_map.flatten import flatten
from nappage.injection_map.layout import lattice_count, lay_grid, no_points
from nappage.injection_map.mesh import Surface

SPACINGS_MM = (5.0, 10.0)
SPOTS = 1500

Places = tuple[np.ndarray, np.ndarray]  # faces (k,), weights (k, 3)


@dataclass(frozen=True)
class Judged:
    count: float  # ÷ what a hexagonal lattice has on the area
    least: float  # nearest pair ÷ spacing
    cv: float  # of the distances to the nearest point
    covered: float  # share of the zone within 0.65 of the spacing
    gap: float  # widest ÷ spacing
    seconds: float


def strict(skin: Surface, spacing_mm: float) -> Places:
    laid = lay_grid(flatten(skin), spacing_mm)
    return laid.faces, laid.weights


def cover(skin: Surface, spacing_mm: float) -> Places:
    laid = lay_grid(flatten(skin), spacing_mm, mode="cover")
    return laid.faces, laid.weights


def poisson(skin: Surface, spacing_mm: float) -> Places:
    return point_cloud_utils.sample_mesh_poisson_disk(
        skin.vertices_mm, skin.triangles, -1, radius=spacing_mm, use_geodesic_distance=True, random_seed=1
    )


def farthest(skin: Surface, spacing_mm: float, stop: float) -> Places:
    """Farthest points one after the other, of 20,000 spots, until none is `stop` spacings away from all; by chords."""
    rng = np.random.default_rng(1)
    faces = rng.choice(len(skin.triangles), 20_000, p=skin.areas_mm2 / skin.areas_mm2.sum())
    weights = rng.dirichlet([1.0, 1.0, 1.0], len(faces))
    spots = skin.at(faces, weights)
    chosen = [int(np.linalg.norm(spots - spots.mean(axis=0), axis=1).argmin())]
    away = np.linalg.norm(spots - spots[chosen[0]], axis=1)
    while away.max() > stop * spacing_mm:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(spots - spots[chosen[-1]], axis=1))
    return faces[chosen], weights[chosen]


def even(skin: Surface, spacing_mm: float, share: float, radius_mm: float | None) -> Places:
    """`share` of a lattice's points asked for, none nearer than `radius_mm` (None: trimesh's own for the count)."""
    mesh = trimesh.Trimesh(skin.vertices_mm, skin.triangles, process=False)
    count = round(share * lattice_count(skin.areas_mm2.sum(), spacing_mm))
    points, faces = trimesh.sample.sample_surface_even(mesh, count, radius=radius_mm, seed=1)
    return np.asarray(faces), trimesh.triangles.points_to_barycentric(mesh.triangles[faces], points)


METHODS: dict[str, Callable[[Surface, float], Places]] = {
    "ours, strict": strict,
    "ours, cover": cover,
    "Poisson disk (point-cloud-utils)": poisson,
    "farthest point, down to 1.0": lambda skin, spacing: farthest(skin, spacing, 1.0),
    "farthest point, down to 0.8": lambda skin, spacing: farthest(skin, spacing, 0.8),
    # The most that it lays at the spacing: asked for more, it takes away more.
    "trimesh, even sampling at the spacing": lambda skin, spacing: even(skin, spacing, 0.5, spacing),
    "trimesh, even sampling, a lattice's number": lambda skin, spacing: even(skin, spacing, 1.0, None),
}


def judged(skin: Surface, spacing_mm: float, method: Callable[[Surface, float], Places]) -> Judged:
    start = time.process_time()
    faces, weights = method(skin, spacing_mm)
    seconds = time.process_time() - start
    faces, weights = np.asarray(faces, dtype=np.int64), np.asarray(weights, dtype=np.float64)
    nearest = distances_mm(marked(skin, faces, weights), np.arange(len(faces)), 4 * spacing_mm).min(axis=1)
    rng = np.random.default_rng(2)
    spots = rng.choice(len(skin.triangles), SPOTS, p=skin.areas_mm2 / skin.areas_mm2.sum())
    everything = marked(
        skin, np.concatenate([faces, spots]), np.vstack([weights, rng.dirichlet([1.0, 1.0, 1.0], SPOTS)])
    )
    gaps = gaps_mm(everything, everything.at[: len(faces)])
    return Judged(
        count=len(faces) / lattice_count(skin.areas_mm2.sum(), spacing_mm),
        least=float(nearest.min()) / spacing_mm,
        cv=float(nearest.std() / nearest.mean()),
        covered=float((gaps[everything.at[len(faces) :]] <= 0.65 * spacing_mm).mean()),
        gap=float(gaps.max()) / spacing_mm,
        seconds=seconds,
    )


def run() -> list[str]:
    """Each method over all zones and spacings, then the ratios to ours, as lines of two tables."""
    cases = [(name, fixed_zone(name, "female"), spacing) for name in NAMES for spacing in SPACINGS_MM]
    lay_grid(flatten(cases[0][1]), 10.0, near_mm=no_points())  # imports and first calls apart
    rows = {method: [judged(skin, spacing, lay) for _, skin, spacing in cases] for method, lay in METHODS.items()}
    lines = [
        f"| five zones × {', '.join(f'{s:g}' for s in SPACINGS_MM)} mm: mean, (worst) | points ÷ lattice "
        "| nearest pair ÷ spacing | CV of the spacing | within 0.65 of the spacing | widest gap ÷ spacing "
        "| CPU s a zone |",
        "|---|---|---|---|---|---|---|",
    ]
    mean = {}
    for method, results in rows.items():
        of = {key: np.array([getattr(one, key) for one in results]) for key in Judged.__dataclass_fields__}
        mean[method] = {key: float(values.mean()) for key, values in of.items()}
        lines.append(
            f"| {method} | {of['count'].mean():.2f} | {of['least'].mean():.2f} ({of['least'].min():.2f}) "
            f"| {of['cv'].mean():.3f} ({of['cv'].max():.3f}) "
            f"| {of['covered'].mean():.1%} ({of['covered'].min():.1%}) "
            f"| {of['gap'].mean():.2f} ({of['gap'].max():.2f}) "
            f"| {of['seconds'].mean():.2f} ({of['seconds'].max():.2f}) |"
        )
    ours, covering = mean["ours, strict"], mean["ours, cover"]
    lines += [
        "",
        "| it / ours | CV, to strict | skin left uncovered, to cover | points, to cover | CPU, to strict |",
        "|---|---|---|---|---|",
    ]
    for method in list(METHODS)[2:]:
        it = mean[method]
        lines.append(
            f"| {method} | {it['cv'] / ours['cv']:.0f} | {(1 - it['covered']) / (1 - covering['covered']):.0f} "
            f"| {it['count'] / covering['count']:.2f} | {it['seconds'] / ours['seconds']:.2f} |"
        )
    return lines
