"""Scans: read, found in any orientation and unit, fitted to known errors; and a sentence for each bad one."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from nappage.injection_map import fit as fits
from nappage.injection_map import scan as scans
from nappage.injection_map.document import Fit
from nappage.injection_map.mesh import Surface
from nappage.injection_map.scan import Scan
from nappage.values import InputError

from .scans import ATLAS, errors, front_scan, head_scan, joined, person, placed, without

UPSIDE_DOWN = np.diag([-1.0, -1, 1])
Z_UP = Rotation.from_euler("x", 90, degrees=True).as_matrix()


def written(folder: Path, surface: Surface, name: str = "scan.ply") -> Path:
    path = folder / name
    trimesh.Trimesh(surface.vertices_mm, surface.triangles, process=False).export(path)
    return path


def fitted(surface: Surface, **words: object) -> Fit:
    return scans.fit(Scan(surface, None), ATLAS, "female", **words)


# ------------------------------------------------------------------------------------------------------------ fitting


@pytest.mark.parametrize(
    ("body", "seed", "turn", "mm", "unit", "inside_out"),
    [
        ("male", 2, Z_UP, 10.0, "cm", True),
        ("female", 1, UPSIDE_DOWN, 1.0, "mm", False),
        ("female", 3, Rotation.random(random_state=5).as_matrix(), 25.4, "inch", False),
    ],
)
def test_a_head_in_any_orientation_and_unit_is_fitted(body, seed, turn, mm, unit, inside_out):
    who = person(body, seed)
    scan = placed(head_scan(who), turn, mm)
    fit = fitted(Surface(scan.vertices_mm, scan.triangles[:, ::-1]) if inside_out else scan, taken_on=date(2026, 4, 1))
    off = errors(fit, who)
    assert np.median(off.surface) < 0.15 and np.percentile(off.surface, 95) < 1.2
    assert np.median(off.landmarks) < 1.7 and np.percentile(off.landmarks, 90) < 3.6
    assert fit.mm_per_unit == mm and f"read in {unit}:" in fit.scale and fit.taken_on == date(2026, 4, 1)
    assert not fit.notes, "neither eyeballs nor a close fit are worth a word"
    skin = fits.surface(ATLAS, fit)
    # Upright and facing forwards, whatever the scan was.
    marks = ATLAS.landmarks_mm(skin)
    assert marks[10, 1] > marks[152, 1] + 80 and marks[263, 0] > marks[33, 0] + 70 and marks[1, 2] > marks[454, 2] + 50
    # No skin of the face is turned over.
    before = ATLAS.surface(fit.body_scale * ATLAS.base("female"))
    face = ATLAS.landmark_triangles[ATLAS.landmark_kept]
    assert (before.triangle_normals[face] * skin.triangle_normals[face]).sum(axis=1).min() > 0.5


def test_a_noisy_front_with_holes_is_fitted_and_the_holes_are_named():
    who = person("male", 2)
    marks = who.landmarks_mm
    scan = without(front_scan(who, step_mm=1.0, noise_mm=0.4), (marks[280], 14), (marks[151], 14))
    fit = fitted(scan)
    off = errors(fit, who)
    assert np.median(off.surface) < 0.3 and np.percentile(off.surface, 95) < 1.8
    assert np.median(off.landmarks) < 2.2
    (holes,) = [note for note in fit.notes if "holes" in note]
    assert "the forehead" in holes and "the left cheek" in holes and "the right cheek" not in holes
    # Over the hole the skin goes on as it is around it.
    skin = fits.surface(ATLAS, fit)
    cheek, other = (ATLAS.landmarks_mm(skin)[i] for i in (280, 50))
    assert abs(abs(cheek[0]) - abs(other[0])) < 6 and abs(cheek[2] - other[2]) < 6


@cache
def face_alone() -> tuple[Surface, str]:
    """A front without a hole, and what is said of it. Without the chest, which would be searched for a face."""
    whole = front_scan(person("female", 3), step_mm=1.2, noise_mm=0.2, below_crown_mm=200)
    return whole, " ".join(fitted(whole).notes)


@pytest.mark.parametrize(("landmark", "radius_mm", "part"), [(151, 10, "forehead"), (4, 14, "nose")])
def test_a_small_hole_is_named_by_its_part(landmark, radius_mm, part):
    whole, said = face_alone()
    scan = without(whole, (person("female", 3).landmarks_mm[landmark], radius_mm))
    assert f"the {part}" in " ".join(fitted(scan).notes)
    assert f"the {part}" not in said


def test_the_face_of_a_whole_body_is_found():
    found = scans.find_face(ATLAS.body("male"))
    true = ATLAS.landmarks_mm(ATLAS.body("male"))
    squarely = found.weights > 0.9
    assert squarely.sum() > 150
    assert np.median(np.linalg.norm(found.landmarks - true, axis=1)[squarely]) < 3


# -------------------------------------------------------------------------------------------------------------- units


def test_units_are_asked_for_and_checked(monkeypatch):
    head = head_scan(person("female", 1))
    found = scans.find_face(head)

    def at_scale(mm_per_unit: float) -> None:
        shrunk = replace(found, landmarks=found.landmarks / mm_per_unit, outer_eyes=found.outer_eyes / mm_per_unit)
        monkeypatch.setattr(scans, "find_face", lambda mesh, upright=None: None if upright is not None else shrunk)

    at_scale(100)
    with pytest.raises(InputError, match=r"are 0\.7\d+ units apart, which is no face in mm, cm, inch, m\. .*true size"):
        fitted(head)
    at_scale(1)
    with pytest.raises(InputError, match=r"read in m, the outer corners of the eyes are .* mm apart.*Write units: mm"):
        fitted(head, units="m")
    with pytest.raises(InputError, match="'furlong' is no unit of length known here"):
        fitted(head, units="furlong")
    # glTF is in metres; when it is not, that is asked about, not guessed.
    with pytest.raises(InputError, match=r"its format counts in m, .*If that is right, write units: mm"):
        scans.fit(Scan(head, "m"), ATLAS, "female")


# ---------------------------------------------------------------------------------------------------------- bad scans


def test_two_heads_are_refused():
    head = head_scan(person("female", 1))
    with pytest.raises(InputError, match=r"more than one face is on it\. Cut away all but the patient's head"):
        fitted(joined(head, placed(head, np.eye(3), shift_mm=(260, 0, 0))))


def test_a_hand_is_not_a_face():
    body = ATLAS.body("female")
    across = body.vertices_mm[:, 0]
    hand = body.triangles[(across[body.triangles] > across.max() - 180).all(axis=1)]
    with pytest.raises(InputError, match="no face was found on it"):
        fitted(Surface(body.vertices_mm, hand))


def broken_glb(folder: Path) -> Path:
    path = written(folder, head_scan(person("female", 1)), "broken.glb")
    path.write_bytes(path.read_bytes()[:2000])
    return path


def with_nan(folder: Path) -> Path:
    head = head_scan(person("female", 1))
    vertices = head.vertices_mm.copy()
    vertices[head.triangles[100, 0]] = np.nan
    return written(folder, Surface(vertices, head.triangles), "nan.ply")


def points_only(folder: Path) -> Path:
    path = folder / "points.ply"
    trimesh.PointCloud(person("female", 1).landmarks_mm).export(path)
    return path


def flat(folder: Path) -> Path:
    return written(folder, Surface(np.zeros((30, 3)), np.arange(30).reshape(10, 3)), "flat.ply")


def missing_vertex(folder: Path) -> Path:
    path = folder / "missing.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n")
    return path


def text(name: str, content: bytes):
    def made(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return made


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (text("scan.stl", b"solid"), "scan.stl: '.stl' is not a mesh that can be read. Export GLB, OBJ or PLY"),
        (text("scan.ply", b""), "scan.ply: the file is empty. Export the scan again"),
        (text("scan.obj", b" \n\n"), "scan.obj: the file is empty. Export the scan again"),
        (text("scan.ply", b"\x89PNG\r\n\x1a\n" + bytes(500)), "scan.ply: the file is broken, or is not what its name"),
        (text("scan.glb", b"{}"), "scan.glb: the file is broken, or is not what its name says"),
        (
            text("huge.ply", b"ply\nformat binary_little_endian 1.0\nelement vertex 99999999999999\n"
                 b"property float x\nproperty float y\nproperty float z\nend_header\n1234"),
            "huge.ply: the file is broken, or is not what its name says",
        ),
        (text("letters.obj", b"this is a letter\nto a doctor\n"), "letters.obj: "),
        (broken_glb, "broken.glb: the file is broken, or is not what its name says. Export the scan again"),
        (missing_vertex, "missing.obj: the file is broken"),
        (with_nan, "nan.ply: some of its vertices have no position (NaN or infinity). Export the scan again"),
        (points_only, "points.ply: it holds 468 points and no triangles. Export a mesh, not a point cloud"),
        (flat, "flat.ply: its triangles have no area. Export the scan again"),
        (lambda folder: folder / "none.ply", "none.ply: the file cannot be opened. Check the path"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_its_sentence(tmp_path, made, says):
    with pytest.raises(InputError) as caught:
        scans.read(made(tmp_path))
    assert str(caught.value).startswith(says)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(scans, "LARGEST_MB", 1)
    (tmp_path / "big.obj").write_bytes(b"v 0 0 0\n" * 300_000)
    with pytest.raises(
        InputError, match=r"big.obj: the file has 2 MB, and 1 MB is the most\. Export it with less detail"
    ):
        scans.read(tmp_path / "big.obj")


# ------------------------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize("name", ["scan.glb", "scan.obj", "scan.ply"])
def test_a_mesh_is_read_as_it_is(tmp_path, name):
    head = head_scan(person("female", 1))
    scan = scans.read(written(tmp_path, head, name))
    assert scan.surface.areas_mm2.sum() == pytest.approx(head.areas_mm2.sum(), rel=1e-4)
    assert len(scan.surface.triangles) == len(head.triangles) and not scan.notes
    assert scan.unit == ("m" if name.endswith("glb") else None)
    # Seams of the file are closed: eyes and skin are three pieces, as they were.
    assert scan.surface.pieces().max() == 2


def test_the_parts_of_a_scene_are_put_where_the_scene_has_them(tmp_path):
    box = trimesh.creation.box()
    scene = trimesh.Scene()
    scene.add_geometry(box, geom_name="a")
    mirrored = np.diag([-1.0, 1, 1, 1])
    mirrored[0, 3] = 10
    scene.add_geometry(box.copy(), geom_name="b", transform=mirrored)
    scene.export(tmp_path / "two.glb")
    surface = scans.read(tmp_path / "two.glb").surface
    assert np.ptp(surface.vertices_mm, axis=0) == pytest.approx([11, 1, 1], abs=1e-5)
    # Wound outwards both, though the second is mirrored.
    volume = np.einsum("mc,mc->m", surface.corners[:, 0], np.cross(surface.corners[:, 1], surface.corners[:, 2])) / 6
    assert volume.sum() == pytest.approx(2, abs=1e-4)


def test_no_other_file_and_no_address_is_opened(tmp_path, monkeypatch):
    (tmp_path / "skin.mtl").write_text("newmtl skin\nmap_Kd http://example.invalid/skin.png\n")
    (tmp_path / "skin.png").write_bytes(b"not a picture")
    obj = tmp_path / "scan.obj"
    obj.write_text("mtllib skin.mtl\nusemtl skin\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n")
    glb = tmp_path / "scan.glb"
    trimesh.creation.box().export(glb)
    glb.write_bytes(_pointing_elsewhere(glb.read_bytes()))
    import builtins
    import socket

    opened: list[str] = []
    original = builtins.open

    def watched(file, *rest, **words):
        opened.append(str(file))
        return original(file, *rest, **words)

    monkeypatch.setattr(builtins, "open", watched)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("an address was opened"))
    for path in (obj, glb):
        assert len(scans.read(path).surface.triangles)
    assert not [name for name in opened if "skin" in name]


def _pointing_elsewhere(content: bytes) -> bytes:
    """A GLB whose material takes its texture from beside the file and from an address."""
    length = struct.unpack("<I", content[12:16])[0]
    tree = json.loads(content[20 : 20 + length])
    tree["images"] = [{"uri": "skin.png"}, {"uri": "http://example.invalid/skin.png"}]
    tree["textures"] = [{"source": 0}, {"source": 1}]
    tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    tree["meshes"][0]["primitives"][0]["material"] = 0
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + length :]
    return content[:8] + struct.pack("<II", 20 + len(text) + len(rest), len(text)) + content[16:20] + text + rest


def dense(faces: int) -> Surface:
    """A head with each triangle cut into four, again and again."""
    surface = head_scan(person("male", 0))
    while len(surface.triangles) < faces:
        vertices, triangles = trimesh.remesh.subdivide(surface.vertices_mm, surface.triangles)
        surface = Surface(vertices, triangles)
    return surface


def _binary_ply(path: Path, surface: Surface) -> Path:
    rows = np.zeros(len(surface.triangles), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    rows["count"], rows["corners"] = 3, surface.triangles
    header = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(surface.vertices_mm)}\nproperty float x\n"
        f"property float y\nproperty float z\nelement face {len(rows)}\nproperty list uchar int vertex_indices\n"
        "end_header\n"
    )
    path.write_bytes(header.encode() + surface.vertices_mm.astype("<f4").tobytes() + rows.tobytes())
    return path


@pytest.mark.parametrize("faces", [600_000, pytest.param(5_000_000, marks=pytest.mark.long)], ids=["600k", "5M"])
def test_a_dense_scan_is_thinned_and_stays_where_it_was(tmp_path, faces):
    surface = dense(faces)
    path = _binary_ply(tmp_path / "dense.ply", surface)
    scan = scans.read(path)
    assert 120_000 < len(scan.surface.triangles) < 260_000
    assert f"{len(surface.triangles):,} triangles were thinned" in scan.notes[0]
    true = head_scan(person("male", 0))
    some = scan.surface.vertices_mm[::50]
    away = true.nearest(some, candidates=8)[2]
    assert np.percentile(away, 99) < 0.25
    off = errors(scans.fit(scan, ATLAS, "female"), person("male", 0))
    assert np.median(off.surface) < 0.15
