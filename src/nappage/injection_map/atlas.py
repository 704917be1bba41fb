"""The atlas: a female and a male body in millimetres with one triangulation, and the face's landmarks on it.

The bodies are MakeHuman's (CC0); the 468 landmarks are those of the canonical face (Apache-2.0). `data/README.md` says
what comes from where. Two meshes are kept apart: the *base*, which a fit to a patient moves, and the *fine* one, made
from it by one Loop subdivision. The subdivision is linear, so every body and every fitted patient shares one set of
triangles, and a place (triangle, barycentric weights) means the same spot of skin on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Literal

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from .mesh import Floats, Ints, Surface

Body = Literal["female", "male"]
VERSION = "2026.11-1"


@dataclass(frozen=True, eq=False)
class Atlas:
    """Millimetres; x to the patient's left, y up, z forwards.

    The triangulation is the same left and right: triangle `t` has its mirror image in `mirror_triangles[t]`, with
    corners in the order 0, 2, 1.
    """

    version: str
    bases: dict[Body, Floats]  # (N, 3) each
    base_triangles: Ints  # (M, 3); the second half mirrors the first
    base_mirror: Ints  # (N,): the base vertex on the other side, itself on the midline
    head_base: Ints  # (k,): base vertices of head, neck and upper chest
    landmark_triangles: Ints  # (468,) fine triangles
    landmark_weights: Floats  # (468, 3)
    landmark_kept: NDArray[np.bool_]  # (468,): on skin that the detector sees well; not lids, lips or nostrils
    canonical_mm: Floats  # (468, 3): the canonical face, not of a patient's size
    canonical_triangles: Ints  # (898, 3)
    eye_balls: dict[Body, Floats]  # (2, 4): right then left; centre x y z and radius, mm

    @cached_property
    def _loop(self) -> tuple[sparse.csr_array, Ints]:
        return loop(self.base_triangles, len(self.base_mirror))

    @property
    def triangles(self) -> Ints:
        """(m, 3): the fine triangles, shared by all bodies; children 4t to 4t+3 of base triangle t."""
        return self._loop[1]

    def subdivide(self, base_vertices: Floats) -> Floats:
        """(n, 3): fine positions from base positions (N, 3)."""
        return np.asarray(self._loop[0] @ base_vertices)

    def base(self, body: Body) -> Floats:
        """(N, 3): the base vertices of a body, mm."""
        return self.bases[body]

    @cached_property
    def _bodies(self) -> dict[Body, Surface]:
        return {body: Surface(self.subdivide(base), self.triangles) for body, base in self.bases.items()}

    def body(self, body: Body) -> Surface:
        """The fine surface of a body."""
        return self._bodies[body]

    def surface(self, base_vertices: Floats) -> Surface:
        """The fine surface of a fitted patient, from base positions (N, 3)."""
        return Surface(self.subdivide(base_vertices), self.triangles)

    @cached_property
    def mirror_triangles(self) -> Ints:
        """(m,): the fine triangle on the other side."""
        half = len(self.base_triangles) // 2
        base = np.arange(len(self.triangles)) // 4
        child = np.array([0, 2, 1, 3])[np.arange(len(self.triangles)) % 4]
        return np.asarray(4 * np.where(base < half, base + half, base - half) + child)

    @cached_property
    def edges(self) -> Ints:
        """(e, 2): each edge of the fine mesh once."""
        start, end = self.triangles.ravel(), self.triangles[:, [1, 2, 0]].ravel()
        return np.column_stack([start, end])[start < end]

    @cached_property
    def mirror(self) -> Ints:
        """(n,): the fine vertex on the other side, itself on the midline."""
        other = np.empty(int(self.triangles.max()) + 1, dtype=np.int64)
        other[self.triangles] = self.triangles[self.mirror_triangles][:, [0, 2, 1]]
        return other

    def mirror_place(self, triangles: Ints, weights: Floats) -> tuple[Ints, Floats]:
        """Places (k,), (k, 3) carried to the other side."""
        return self.mirror_triangles[triangles], weights[..., [0, 2, 1]]

    @property
    def landmarks(self) -> tuple[Ints, Floats]:
        """The places of the 468 landmarks: fine triangles (468,) and weights (468, 3)."""
        return self.landmark_triangles, self.landmark_weights

    def landmarks_mm(self, surface: Surface) -> Floats:
        """(468, 3): the landmarks on a body or a patient."""
        return surface.at(*self.landmarks)

    def eyes(self, body: Body) -> Floats:
        """(2, 4): the eyeballs, right then left, as centre x y z and radius, mm; for drawing."""
        return self.eye_balls[body]


def loop(triangles: Ints, count: int) -> tuple[sparse.csr_array, Ints]:
    """One Loop subdivision of a closed mesh: the operator (n, count) from coarse to fine positions, and the fine
    triangles (4m, 3).

    Each triangle gives its three corners' children in order, then the middle one; old vertices keep their numbers.
    Weights after Loop (1987): 3/8 and 1/8 on an edge, 1 - k·beta and beta around a vertex of valence k.
    """
    # Each edge once in each direction, with the corner that faces it.
    start = triangles[:, [0, 1, 2]].ravel()
    end = triangles[:, [1, 2, 0]].ravel()
    facing = triangles[:, [2, 0, 1]].ravel()
    key = np.minimum(start, end) * count + np.maximum(start, end)
    edges, number = np.unique(key, return_inverse=True)
    low, high = edges // count, edges % count
    row = np.arange(len(edges))
    valence = np.bincount(np.concatenate([low, high]), minlength=count)
    beta = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / np.maximum(valence, 3)) / 4) ** 2) / np.maximum(valence, 1)
    old = np.arange(count)
    weights = [1 - valence * beta, beta[low], beta[high], np.full(2 * len(edges), 3 / 8), np.full(len(key), 1 / 8)]
    rows = [old, low, high, np.tile(row + count, 2), number + count]
    columns = [old, high, low, np.concatenate([low, high]), facing]
    operator = sparse.coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(count + len(edges), count)
    ).tocsr()
    a, b, c = triangles.T
    ab, bc, ca = (number.reshape(-1, 3) + count).T
    children = [[a, ab, ca], [b, bc, ab], [c, ca, bc], [bc, ca, ab]]
    return operator, np.array(children).transpose(2, 0, 1).reshape(-1, 3).astype(np.int64)


@lru_cache(maxsize=1)
def load() -> Atlas:
    """The atlas that ships with nappage."""
    with resources.as_file(resources.files(__package__) / "data" / "atlas.npz") as path, np.load(path) as data:
        kept = {name: data[name] for name in data.files}
    bodies: tuple[Body, ...] = ("female", "male")
    return Atlas(
        version=VERSION,
        bases={body: kept[f"base_{body}"].astype(np.float64) for body in bodies},
        base_triangles=kept["base_triangles"].astype(np.int64),
        base_mirror=kept["base_mirror"].astype(np.int64),
        head_base=kept["head_base"].astype(np.int64),
        landmark_triangles=kept["landmark_triangles"].astype(np.int64),
        landmark_weights=kept["landmark_weights"].astype(np.float64),
        landmark_kept=kept["landmark_kept"].astype(np.bool_),
        canonical_mm=kept["canonical_mm"].astype(np.float64),
        canonical_triangles=kept["canonical_triangles"].astype(np.int64),
        eye_balls={body: kept[f"eyes_{body}"].astype(np.float64) for body in bodies},
    )
