"""A phone's or a scanner's mesh of the patient: read, found, oriented, its unit checked, and the atlas fitted to it.

The face is found on pictures of the mesh, from all sides; what is found there is cast back onto the mesh. Colours and
textures are not used.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
import trimesh
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from ..values import InputError
from . import fit as fits
from . import landmarks as face_finder
from .atlas import Atlas, loop
from .document import Body, Fit
from .fit import Pose
from .kept import kept
from .mesh import Floats, Ints, Surface
from .render import Picture, camera_towards, render

KINDS = {".glb": "glb", ".obj": "obj", ".ply": "ply"}
LARGEST_MB = 250
FACES = 200_000  # a denser mesh is thinned to about this many
COARSE_FACES = 20_000  # enough to find the face

# Units of a mesh file, in mm. glTF is in metres by its specification (Khronos glTF 2.0, 3.4); OBJ and PLY say nothing.
UNITS = {"mm": 1.0, "cm": 10.0, "inch": 25.4, "m": 1000.0}
# Between the outer corners of the eyes; adults' means lie near 88 to 91 (UNSOURCED), the atlas's two at 82 and 87, and
# the face finder reads up to 4 mm short on bare meshes. Units are at least 2.5 times apart.
OUTER_EYES_MM = (72.0, 108.0)

APART_SHARE = 0.05  # of the largest piece's area: a smaller piece, an eyeball say, is not worth a word
HEAD_SHARE = 0.2  # of the largest piece's area, from which another piece could be a head
PRESENT = 0.9  # of the face mesh, on a picture of a scan
SEARCH_PX, LANDMARK_PX = 200, 640
ROUNDS = 5  # looking again from the front that the last look showed
FEWEST_CAST = 0.6  # share of the landmarks that must fall on the mesh
SHAPE_OFF = 0.08  # landmarks off the canonical face by more than this share of the eyes' distance are no face,
SLIPPED = 0.12  # and a single one off by more fell past an edge, on the neck say
Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # brings a mesh whose z runs upwards upright
FACING = (0.55, 0.8)  # cosines to the view: a landmark cast at a more grazing angle slips, and is not used; wholly used

LOOSE = 0.03  # weight of the landmarks in the warp: the scan itself settles the rest
# Drawing the atlas onto the scan: how far along the normal the scan may lie in each pass, and the stiffness.
PASSES = ((12.0, 3.0), (8.0, 1.0), (5.0, 0.3), (4.0, 0.15), (3.0, 0.1))
SAME_SIDE = 0.5  # cosine between the two skins
TANGENT_MM, TANGENT_SHARE = 0.8, 0.3  # the nearest scan point lies along the normal, but for this much
EYEBALL = 1.3  # the atlas within this many radii of an eyeball is lid or socket, and keeps the warp
MOUTH, MOUTH_MM = (78, 81, 13, 311, 308), 5.0  # the line between the lips
EARS, EAR_MM = (234, 454), 36.0  # from a little behind the landmark before the ear
WORTH_SAYING_MM = 1.0  # a median distance to the scan below this is the usual
HOLE_MM2 = 400.0  # of a part of the face without scan, from which it is named;
HOLE_MM, FORWARDS = 6.0, 0.6  # or where skin that faces forwards (cosine) is farther than this from all scan


@dataclass(frozen=True)
class Scan:
    """A mesh as it stands in its file: `surface` in the file's own unit, and what is to be known about it."""

    surface: Surface
    unit: str | None  # by the file format; None: the format has none
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A face on a mesh: `landmarks` (468, 3) in the mesh's unit, NaN where the picture's point met no skin; `weights`
    (468,): how squarely they were seen; `turn` (3, 3): brings the face upright and to the front; `outer_eyes`: from one
    outer corner to the other, in the mesh's unit; `others`: faces beside it in the picture."""

    landmarks: Floats
    weights: Floats
    turn: Floats
    outer_eyes: float
    others: int


# ------------------------------------------------------------------------------------------------------------ reading


def read(path: Path) -> Scan:
    """A GLB, OBJ or PLY file, its scene in one piece, thinned to about 200,000 faces. Opens no other file and no
    address, whatever the file names."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise _wrong(path, f"'{path.suffix or path.name}' is not a mesh that can be read", "Export GLB, OBJ or PLY")
    try:
        size = path.stat().st_size
        if size > LARGEST_MB * 1_000_000:
            raise _wrong(
                path,
                f"the file has {size // 1_000_000} MB, and {LARGEST_MB} MB is the most",
                "Export it with less detail",
            )
        content = path.read_bytes()
    except OSError as error:
        raise _wrong(path, "the file cannot be opened", "Check the path") from error
    if not content.strip():
        raise _wrong(path, "the file is empty", "Export the scan again")
    try:
        # In memory and without a resolver, so that materials and textures cannot reach for other files.
        scene = trimesh.load_scene(io.BytesIO(content), file_type=kind, resolver={}, process=False, skip_materials=True)
        vertices, triangles, points = _merged(scene)
    except Exception as error:  # the readers raise whatever a broken file makes them trip over
        raise _wrong(path, "the file is broken, or is not what its name says", "Export the scan again") from error
    if not len(triangles):
        if points:
            raise _wrong(path, f"it holds {points:,} points and no triangles", "Export a mesh, not a point cloud")
        raise _wrong(path, "it holds no triangles", "Export the scan again, uncompressed")
    vertices, triangles = _used_only(vertices, triangles)
    if not np.isfinite(vertices).all():
        raise _wrong(path, "some of its vertices have no position (NaN or infinity)", "Export the scan again")
    notes = []
    extent = float(np.ptp(vertices, axis=0).max())
    count = len(triangles)
    if extent > 0:
        # Texture seams double vertices; a cell this small only joins those.
        vertices, triangles = _clustered(vertices, triangles, _cell(vertices, triangles, extent))
    if extent <= 0 or not len(triangles) or Surface(vertices, triangles).areas_mm2.sum() < 1e-6 * extent**2:
        raise _wrong(path, "its triangles have no area", "Export the scan again")
    if len(triangles) < count // 2:
        notes.append(f"The scan's {count:,} triangles were thinned to {len(triangles):,}.")
    return Scan(Surface(vertices, triangles), "m" if kind == "glb" else None, tuple(notes))


def _merged(scene: trimesh.Scene) -> tuple[Floats, Ints, int]:
    """All meshes of a scene as vertices and triangles, and the number of points that belong to none."""
    vertices: list[Floats] = [np.zeros((0, 3))]
    triangles: list[Ints] = [np.zeros((0, 3), dtype=np.int64)]
    total = points = 0
    for node in scene.graph.nodes_geometry:
        transform, name = scene.graph[node]
        geometry = scene.geometry[name]
        found = np.asarray(getattr(geometry, "vertices", np.zeros((0, 3))), dtype=np.float64)
        faces = np.asarray(getattr(geometry, "faces", np.zeros((0, 3))), dtype=np.int64)
        if not len(faces):
            points += len(found)
            continue
        if faces.min() < 0 or faces.max() >= len(found):
            raise ValueError("a triangle names a vertex that is not there")
        vertices.append(found @ transform[:3, :3].T + transform[:3, 3])
        # A mirroring transform turns triangles inside out.
        triangles.append((faces if np.linalg.det(transform[:3, :3]) > 0 else faces[:, ::-1]) + total)
        total += len(found)
    return np.vstack(vertices), np.vstack(triangles), points


def _cell(vertices: Floats, triangles: Ints, extent: float, faces: int = FACES) -> float:
    """The side of the cells that leave about so many faces; tiny when there are not more."""
    if len(triangles) <= 1.25 * faces:
        return 1e-6 * extent
    some = vertices[triangles[:: max(1, len(triangles) // 50_000)]]
    area = np.linalg.norm(np.cross(some[:, 1] - some[:, 0], some[:, 2] - some[:, 0]), axis=1).mean() / 2
    # A surface meets about 1.5 cells per cell's area, and has two faces for each vertex.
    return max(float(np.sqrt(1.5 * area * len(triangles) / (faces / 2))), 1e-6 * extent)


def _clustered(vertices: Floats, triangles: Ints, cell: float) -> tuple[Floats, Ints]:
    """Vertices of one cell become their mean; faces that collapse or are doubled go."""
    grid = np.floor((vertices - vertices.min(axis=0)) / cell).astype(np.int64)
    spread = grid.max(axis=0) + 1
    key = (grid[:, 0] * spread[1] + grid[:, 1]) * spread[2] + grid[:, 2]
    _, number, count = np.unique(key, return_inverse=True, return_counts=True)
    number = number.ravel()
    means = np.column_stack([np.bincount(number, weights=vertices[:, axis]) / count for axis in range(3)])
    faces = number[triangles]
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return _used_only(means, faces[np.sort(first)])


def _used_only(vertices: Floats, triangles: Ints) -> tuple[Floats, Ints]:
    """Without the vertices that no triangle has."""
    used = np.zeros(len(vertices), dtype=bool)
    used[triangles] = True
    return vertices[used], (np.cumsum(used) - 1)[triangles]


# ------------------------------------------------------------------------------------------------------------ fitting


def fit(
    scan: Scan, atlas: Atlas, body: Body, units: str | None = None, taken_on: date | None = None, place: str = "scan"
) -> Fit:
    """The atlas fitted to the scan. `units`: one of UNITS, when the file's own word or the eyes' distance does not
    settle it."""
    if units is not None and units not in UNITS:
        raise InputError(place, f"'{units}' is no unit of length known here", f"Write one of {', '.join(UNITS)}")
    place = Path(place).name or place
    notes = list(scan.notes)
    pieces, count = _pieces(scan.surface)
    found, mesh = _face_of(pieces, place)
    if count > 0:
        notes.append(f"The face is on one of {count + 1} large pieces of the scan; the others were left out.")
    unit = _unit(scan, found, units, place)
    mm = UNITS[unit]
    skin = Surface(mesh.vertices_mm * mm, mesh.triangles)
    landmarks = found.landmarks * mm
    laid = fits.pose(atlas, body, landmarks, found.weights)
    skin = Surface(laid.into_body(skin.vertices_mm), skin.triangles)
    landmarks = laid.into_body(landmarks)
    base = fits.fit_landmarks(atlas, body, landmarks, LOOSE * found.weights)
    base, words = _drawn_onto(atlas, body, base, laid.scale, skin)
    return fits.record(
        atlas, base, kind="scan", body=body, body_scale=laid.scale,
        scale=f"from the scan, read in {unit}: the outer corners of the eyes are {found.outer_eyes * mm:.0f} mm apart",
        mm_per_unit=mm, taken_on=taken_on, notes=(*notes, *words),
    )  # fmt: skip


def _pieces(surface: Surface) -> tuple[list[Surface], int]:
    """The connected pieces that could be a head, largest first, and how many others are too large to be an
    eyeball."""
    rank = surface.pieces()
    areas = np.bincount(rank, weights=surface.areas_mm2)
    heads = []
    for number in np.flatnonzero(areas > HEAD_SHARE * areas[0]):
        heads.append(Surface(*_used_only(surface.vertices_mm, surface.triangles[rank == number])))
    return heads, int((areas[1:] > APART_SHARE * areas[0]).sum())


def _face_of(pieces: list[Surface], place: str) -> tuple[Found, Surface]:
    face: tuple[Found, Surface] | None = None
    for piece in pieces:
        # A mesh that is wound inside out shows its face only when it is turned.
        for mesh in (piece, Surface(piece.vertices_mm, piece.triangles[:, ::-1])):
            found = find_face(mesh, None if face is None else face[0].turn)
            if found is None:
                continue
            if face is not None or found.others:
                raise InputError(place, "more than one face is on it", "Cut away all but the patient's head")
            face = found, mesh
            break
    if face is None:
        raise InputError(
            place, "no face was found on it", "Scan the face from the front, hair and hands away, mouth closed"
        )
    return face


def _unit(scan: Scan, found: Found, units: str | None, place: str) -> str:
    apart = found.outer_eyes
    low, high = OUTER_EYES_MM
    fitting = [name for name, mm in UNITS.items() if low <= apart * mm <= high]
    if units is not None:
        if units in fitting:
            return units
        raise InputError(
            place,
            f"read in {units}, the outer corners of the eyes are {apart * UNITS[units]:.4g} mm apart, and {low:g} to "
            f"{high:g} mm are a face's",
            f"Write units: {fitting[0]}" if fitting else "Export the scan at its true size",
        )
    if not fitting:
        raise InputError(
            place,
            f"the outer corners of the eyes are {apart:.4g} units apart, which is no face in {', '.join(UNITS)}",
            "Export the scan at its true size",
        )
    if scan.unit is not None and scan.unit not in fitting:
        raise InputError(
            place,
            f"its format counts in {scan.unit}, in which the outer corners of the eyes would be "
            f"{apart * UNITS[scan.unit]:.4g} mm apart; in {fitting[0]} they are {apart * UNITS[fitting[0]]:.0f} mm",
            f"If that is right, write units: {fitting[0]}; otherwise export the scan again",
        )
    return fitting[0]


# ----------------------------------------------------------------------------------------------------- finding a face


def find_face(mesh: Surface, upright: Floats | None = None) -> Found | None:
    """The face on a mesh in any unit, seen from straight in front. In any orientation; with `upright`, a rotation that
    brings another face upright, only around the same axis."""
    used, triangles = _used_only(mesh.vertices_mm, mesh.triangles)
    extent = float(np.ptp(used, axis=0).max())
    coarse = Surface(*_clustered(used, triangles, _cell(used, triangles, extent, COARSE_FACES)))
    quarters = range(4 if upright is None else 1)
    bare: list[tuple[NDArray[np.uint8], _Side]] = []
    for is_upright, sides in ((True, _upright_sides(used, upright)), (False, _other_sides(used, upright))):
        for turn, centre, field in sides:
            picture = _seen(coarse, turn, centre, field, SEARCH_PX)
            for quarter in quarters:
                image = np.ascontiguousarray(np.rot90(picture.image, quarter))
                faces = face_finder.find(image, small=False, irises=False)
                if is_upright and quarter == 0 and not faces:
                    bare.append((image, (turn, centre, field)))
                if not any(face.presence > PRESENT for face in faces):
                    continue
                found = _from_the_front(mesh, _about_z(np.pi / 2 * quarter) @ turn, centre, field)
                if found is not None:
                    return found
    # Faces that are small on the mesh are looked for last and upright only, since that takes long.
    for image, side in bare:
        if any(face.presence > PRESENT for face in face_finder.find(image, irises=False)):
            found = _from_the_front(mesh, *side)
            if found is not None:
                return found
    return None


_Side = tuple[Floats, Floats, float]  # a rotation (3, 3) that brings it to the front, the point to look at, the width


def _box(points: Floats) -> tuple[Floats, Floats]:
    """The middle of points and how far they extend along each axis."""
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, high - low


def _upright_sides(points: Floats, upright: Floats | None) -> Iterator[_Side]:
    """Around an upright y, then z."""
    centre, extents = _box(points)
    for axes in (np.eye(3), Z_UP) if upright is None else (upright,):
        for yaw in range(0, 360, 45):
            yield _about_y(np.radians(yaw)) @ axes, centre, 1.15 * float(extents.max())


def _other_sides(points: Floats, upright: Floats | None) -> Iterator[_Side]:
    """From above and below, and the ends of what is long, such as a body; none where it is known what is upright."""
    if upright is not None:
        return
    centre, extents = _box(points)
    for pitch in (-45, 45):
        for yaw in range(0, 360, 45):
            yield _about_x(np.radians(pitch)) @ _about_y(np.radians(yaw)), centre, 1.15 * float(extents.max())
    if extents.max() > 3 * extents.min():
        long = int(extents.argmax())
        axes = [np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]]), np.eye(3), Z_UP][long]
        for sign in (1, -1):
            end = points[:, long] * sign > (points[:, long] * sign).max() - 0.15 * extents[long]
            turned = axes if sign > 0 else np.diag([-1.0, -1, 1]) @ axes
            for yaw in range(0, 360, 45):
                yield _about_y(np.radians(yaw)) @ turned, points[end].mean(axis=0), 0.3 * float(extents[long])


def _seen(mesh: Surface, turn: Floats, centre: Floats, field: float, size_px: int) -> Picture:
    """A picture of the mesh from the front after a rotation; scaled, since a renderer has its nearest millimetre."""
    turned = Surface((mesh.vertices_mm - centre) @ turn.T * (300 / field), mesh.triangles)
    return render(turned, camera_towards(np.zeros(3), 900, 300, size_px))


def _from_the_front(mesh: Surface, turn: Floats, centre: Floats, field: float) -> Found | None:
    """Looks, casts the landmarks back, turns the face to the front by what was found, and looks again."""
    found = None
    for _ in range(ROUNDS):
        picture = _seen(mesh, turn, centre, field, LANDMARK_PX)
        points, faces = _landmarks_px(picture.image)
        if not faces:
            return None
        triangles, weights = picture.cast(points)
        hit = triangles >= 0
        if hit.mean() < FEWEST_CAST:
            return None
        landmarks, facing = np.full((len(hit), 3), np.nan), np.zeros(len(hit))
        landmarks[hit] = mesh.at(triangles[hit], weights[hit])
        facing[hit] = (mesh.triangle_normals[triangles[hit]] @ turn.T)[:, 2]
        trust = np.clip((facing - FACING[0]) / (FACING[1] - FACING[0]), 0, 1)
        if (trust > 0).sum() < fits.FEWEST_LANDMARKS:
            return None
        head, off = _head_frame(landmarks, trust)
        if np.median(off[trust > 0]) > SHAPE_OFF:
            return None
        # In the picture's plane, since the corners themselves are cast past lids, or into holes.
        outer_eyes = float(np.linalg.norm(np.subtract(*points[list(face_finder.OUTER_EYES)]))) * field / LANDMARK_PX
        found = Found(landmarks, np.where(off < SLIPPED, trust, 0), head.rotation.T, outer_eyes, faces - 1)
        turn, centre, field = head.rotation.T, head.translation_mm, 300 * head.scale
    return found


def _landmarks_px(image: NDArray[np.uint8]) -> tuple[Floats, int]:
    """(468, 2), and the number of faces. The mean of what is found on the picture and in a mirror, so that neither side
    is favoured."""
    faces = [face for face in face_finder.find(image, irises=False) if face.presence > PRESENT]
    mirror = np.ascontiguousarray(image[:, ::-1])
    mirrored = [face for face in face_finder.find(mirror, irises=False) if face.presence > PRESENT]
    if not faces or not mirrored:
        return np.zeros((468, 2)), 0
    other = mirrored[0].points[_canonical()[1], :2]
    other[:, 0] = image.shape[1] - 1 - other[:, 0]
    return (faces[0].points[:, :2] + other) / 2, max(len(faces), len(mirrored))


def _head_frame(landmarks: Floats, trust: Floats) -> tuple[Pose, Floats]:
    """How the canonical face lies under the landmarks; its sideways axis by the pairs left and right, which are
    steadier than a fit of the whole. And how far each landmark is off it, as a share of the outer eyes' distance."""
    canonical, mirror = _canonical()
    seen = trust > 0
    robust = trust[seen]
    for _ in range(10):
        laid = fits.similarity(canonical[seen], landmarks[seen], robust)
        off = np.linalg.norm(laid.out_of_body(laid.scale * canonical) - landmarks, axis=1)
        off /= laid.scale * np.linalg.norm(np.subtract(*canonical[list(face_finder.OUTER_EYES)]))
        robust = trust[seen] / (1 + (off[seen] / 0.05) ** 2)
    pairs = np.flatnonzero((off < SLIPPED) & (off < SLIPPED)[mirror] & seen & (canonical[:, 0] > 15))
    if not len(pairs):
        return laid, off
    across = (landmarks[pairs] - landmarks[mirror[pairs]]).sum(axis=0)
    across /= np.linalg.norm(across)
    up = laid.rotation[:, 1] - (laid.rotation[:, 1] @ across) * across
    up /= np.linalg.norm(up)
    return Pose(laid.scale, np.column_stack([across, up, np.cross(across, up)]), laid.translation_mm), off


@lru_cache(maxsize=1)
def _canonical() -> tuple[Floats, Ints]:
    """The canonical face (468, 3) about its middle, and each landmark's partner on the other side."""
    from .atlas import load

    face = load().canonical_mm
    face = face - (face.min(axis=0) + face.max(axis=0)) / 2
    away = np.linalg.norm(face[:, None] - face[None] * [-1, 1, 1], axis=2)
    return face, away.argmin(axis=1)


def _about_x(angle: float) -> Floats:
    return np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])


def _about_y(angle: float) -> Floats:
    return np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])


def _about_z(angle: float) -> Floats:
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


# ------------------------------------------------------------------------------------------ drawing the atlas onto it


def _drawn_onto(atlas: Atlas, body: Body, base: Floats, scale: float, scan: Surface) -> tuple[Floats, list[str]]:
    """Base vertices (N, 3) moved until the face lies on the scan, evenly; where there is no scan they follow their
    neighbours. And what is to be said about it.

    Each pass asks the face's vertices to come into the plane of the nearest scan, and neighbours to move alike (point
    to plane, Chen & Medioni 1992; stiff at first, after Amberg, Romdhani & Vetter 2007)."""
    head = atlas.head_base
    operator = sparse.csr_array(loop(atlas.base_triangles, len(base))[0])[:, head]
    face = _face_vertices(atlas, body)
    rows = operator[face]
    ring = sparse.block_diag([_stiffness(atlas)] * 3, format="csc")
    places = atlas.landmarks_mm(atlas.body(body))[atlas.landmark_kept]
    trust = fits.fading(atlas.body(body).vertices_mm[face], places)
    start = scale * atlas.base(body)
    for reach, stiffness in PASSES:
        now = atlas.surface(base)
        along, met = _offsets(now, face, scan, reach)
        normals = now.vertex_normals[face]
        plane = sparse.hstack([sparse.diags_array(normals[:, axis]) @ rows for axis in range(3)], format="csr")
        weight = trust * met
        system = sparse.csc_array(plane.T @ sparse.diags_array(weight) @ plane + stiffness * ring)
        moved = splu(system).solve(np.asarray(plane.T @ (weight * along))).reshape(3, -1).T
        shift = base - start
        shift[head] += moved
        base = fits.unfolded(atlas, start, shift)
    now = atlas.surface(base)
    along, met = _offsets(now, face, scan, PASSES[-1][0])
    return base, _said(atlas, body, now, face, trust > 0.99, along, met, scan)


def _offsets(now: Surface, chosen: Ints, scan: Surface, reach_mm: float) -> tuple[Floats, Floats]:
    """From chosen vertices to the scan along their normals, mm, and 1 where it was met, 0 where it has a hole or lies
    too far."""
    points, normals = now.vertices_mm[chosen], now.vertex_normals[chosen]
    triangles, weights, away = scan.nearest(points, candidates=8)
    offset = scan.at(triangles, weights) - points
    along = (offset * normals).sum(axis=1)
    aside = np.linalg.norm(offset - along[:, None] * normals, axis=1)
    met = (away <= reach_mm) & (aside <= TANGENT_MM + TANGENT_SHARE * np.abs(along))
    met &= (scan.triangle_normals[triangles] * normals).sum(axis=1) > SAME_SIDE
    return np.where(met, along, 0.0), met.astype(np.float64)


@kept(2)
def _face_vertices(atlas: Atlas, body: Body) -> Ints:
    """The fine vertices of the head near the face that are outer skin; without lids, the line of the mouth and ears,
    folds that no scan shows as the atlas has them."""
    surface = atlas.body(body)
    places = atlas.landmarks_mm(surface)[atlas.landmark_kept]
    chosen = fits.fading(surface.vertices_mm, places) > 0
    for eye in atlas.eyes(body):
        chosen &= np.linalg.norm(surface.vertices_mm - eye[:3], axis=1) > EYEBALL * eye[3]
    marks = atlas.landmarks_mm(surface)
    lips = cKDTree(marks[list(MOUTH)]).query(surface.vertices_mm)[0]
    ears = cKDTree(marks[list(EARS)] - [0, 0, EAR_MM / 2]).query(surface.vertices_mm)[0]
    chosen &= (lips > MOUTH_MM) & (ears > EAR_MM)
    near = surface.triangles[chosen[surface.triangles].all(axis=1)]
    middle = places.mean(axis=0)
    outer = np.zeros(len(surface.vertices_mm), dtype=bool)
    # The cavities of mouth and nose are seen from nowhere.
    for yaw, pitch in ((0, 0), (-45, 0), (45, 0), (-90, 0), (90, 0), (0, -40), (0, 40)):
        picture = render(Surface(surface.vertices_mm, near), camera_towards(middle, 900, 300, 480, yaw, pitch))
        outer[near[np.unique(picture.triangle[picture.triangle >= 0])]] = True
    return np.asarray(np.flatnonzero(chosen & outer), dtype=np.int64)


def _stiffness(atlas: Atlas) -> sparse.csc_array:
    """(k, k): the squared differences over the edges of the head; the vertices around the head stand still."""
    count = len(atlas.base_mirror)
    start, end = np.vstack([atlas.base_triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]).T
    # Each edge of a closed mesh stands here twice, once in each direction.
    graph = sparse.coo_array((np.ones(len(start)), (start, end)), shape=(count, count)).tocsr()
    whole = sparse.csr_array(sparse.diags_array(graph.sum(axis=1)) - graph)
    return sparse.csc_array(whole[atlas.head_base][:, atlas.head_base])


def _said(
    atlas: Atlas,
    body: Body,
    now: Surface,
    face: Ints,
    inner: NDArray[np.bool_],
    along: Floats,
    met: Floats,
    scan: Surface,
) -> list[str]:
    """How closely the face lies on the scan, and where the scan has holes."""
    lies = (met > 0) & inner
    words = []
    if lies.any() and np.median(np.abs(along[lies])) > WORTH_SAYING_MM:
        words.append(
            f"The fitted face lies {np.median(np.abs(along[lies])):.2f} mm from the scan (median), "
            f"{np.percentile(np.abs(along[lies]), 95):.1f} mm at the 95th percentile."
        )
    surface = atlas.body(body)
    # Towards the sides, where skin is seen at a slant, only what is missing in all counts.
    hole = scan.nearest(now.vertices_mm[face], candidates=8)[2] > HOLE_MM
    hole &= inner & (now.vertex_normals[face][:, 2] > FORWARDS)
    anchors = atlas.landmarks_mm(surface)[list(PARTS)]
    part = np.linalg.norm(surface.vertices_mm[face][:, None] - anchors, axis=2).argmin(axis=1)
    areas = np.bincount(now.triangles.ravel(), weights=np.repeat(now.areas_mm2 / 3, 3))[face]
    unmet = np.bincount(part[inner], weights=(areas * (1 - met))[inner], minlength=len(PARTS))
    holed = (unmet > HOLE_MM2) | (np.bincount(part[hole], minlength=len(PARTS)) > 0)
    holes = dict.fromkeys(name for name, told in zip(PARTS.values(), holed.tolist(), strict=True) if told)
    if holes:
        words.append(f"The scan has holes at {', '.join(holes)}: there the shape is estimated from what is around.")
    return words


# A landmark in the middle of each part of the face, for naming holes.
PARTS = {
    151: "the forehead", 71: "the right temple", 301: "the left temple", 197: "the nose", 4: "the nose",
    50: "the right cheek", 280: "the left cheek", 164: "the upper lip", 199: "the chin", 138: "the right jaw",
    367: "the left jaw",
}  # fmt: skip


def _wrong(path: Path, wrong: str, remedy: str) -> InputError:
    return InputError(path.name, wrong, remedy)
