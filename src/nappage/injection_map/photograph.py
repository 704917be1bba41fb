"""A photograph of the patient's face, measured: 468 points of the skin in millimetres, or what is wrong and what to do.

How: the face finder gives each point's pixel, which is a ray from the camera. How far along its ray a point lies comes
from a mean face posed under the points (perspective n points). The scale comes from a printed marker or from one
distance measured with a calliper. Positions are in the camera's frame: x to the right of the picture, y down, z away.

Accuracy on rendered heads: tests/injection_map/test_photograph.py. On real faces it has not been measured.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, ImageOps, UnidentifiedImageError
from PIL import Image as Pillow

from ..values import InputError
from . import atlas, card, landmarks, scan, zones
from .document import Body, Camera, Fit
from .fit import fit_landmarks, pose, record, similarity
from .landmarks import Face, Image
from .mesh import Floats, Surface

LONGEST_PX = 4096  # larger pictures are shrunk to this; the face finder looks at far less
LARGEST_PX = 150_000_000  # a picture of more is not opened
LARGEST_BYTES = 100_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
FULL_FRAME_MM = math.hypot(36, 24)  # EXIF tells the focal length as if the picture had this diagonal
USUAL_FOCAL = 1.2  # focal length ÷ longer side where the file tells none; the fit hardly depends on it

# Gates. Degrees are from the mean face looking straight at the camera.
SURE = 0.95
FAR_SIDE_DEG = 5.0
DARK, GLARING, GLARE = 45, 250, 0.1  # median brightness of the cheeks; brightness burnt out, and the share that may be
FLAT = 0.4  # contrast of one eye against the other's: below, it is covered
CUT = 0.03  # share of face and forehead beyond one edge of the picture
YAW_DEG, PITCH_DEG, ROLL_DEG = 15.0, 22.0, 25.0
EYES_PX = (50.0, 120.0)  # between the outer corners: below the first refused, below the second noted
BLUR_MM = (2.0, 1.2)  # standard deviation of the blur on the face: above the first refused, above the second noted
OWN_BLUR_PX = 0.7  # laid over the picture before its edges are measured, since noise is no edge
MOUTH_OPEN = (0.35, 0.12)  # opening ÷ width of the mouth
SMILE = 0.66  # width of the mouth ÷ outer eye distance
EYES_SHUT = 0.12  # opening ÷ width of an eye
UNLIKE = 0.35  # log of brightness against the cheeks
ROUGHER = 2.5  # grain against the cheeks'

# Scale.
OUTER_EYES_MM = scan.OUTER_EYES_MM  # no adult's outer eye corners are closer or farther apart
USUAL_EYES_MM = (78.0, 98.0)  # few adults' are: outside, the card may have been at another depth than the face
CARD_OFF_MM = 40.0  # how far nearer or farther than the chin a card is easily held
CALLIPER = {"outer-eyes": (landmarks.OUTER_EYES, OUTER_EYES_MM), "inner-eyes": (landmarks.INNER_EYES, (22.0, 45.0))}
MARKER_MM = (5.0, 100.0)
MARKER_PX = (20.0, 50.0)  # side of the marker: below the first refused, below the second noted
DISAGREE = 0.05  # two sources of the scale
IRIS_MM = 11.7  # across, ± 0.5 between people
IRIS_PX = 25.0  # a smaller iris is not asked
IRIS_DISAGREE = 0.1  # between people and pictures it is off by 4 % and more

# Landmarks by number, for the look of the skin.
CHEEKS = (50, 280, 101, 330, 205, 425)
LOWER_FACE = (199, 208, 428, 210, 432)  # chin and jaw
CHIN = (152, 175, 199)  # from its lowest point up the front
FOREHEAD = 10
HAIRLINE = (10, 109, 338, 67, 297)
UPPER_LIDS, LOWER_LIDS = (159, 386), (145, 374)


@dataclass(frozen=True, eq=False)
class Photograph:
    """`image` (h, w, 3), RGB, upright and of bounded size. `focal_px` and `taken_on` where the file tells them."""

    image: Image
    focal_px: float | None = None
    taken_on: date | None = None
    name: str = "photograph"  # of its file

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, eq=False)
class Measured:
    """A face in millimetres, in the camera's frame.

    `landmarks_mm` (468, 3); `weights` (468,): 1 where the skin faces the camera, 0 where it turns away; angles in
    degrees, positive when the patient turns to the left, looks up, leans to the left; `scale` and `notes` in sentences.
    """

    landmarks_mm: Floats
    weights: Floats
    focal_px: float
    centre_px: tuple[float, float]
    size_px: tuple[int, int]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    scale: str
    notes: tuple[str, ...]
    face: Face


@dataclass(frozen=True, eq=False)
class Marker:
    """`number` in the dictionary; `corners_px` (4, 2) from its upper left clockwise; `centre_mm` (3,) and `normal` (3,)
    in the camera's frame. One marker alone is too small to tell how it is tilted: it has no normal."""

    number: int
    corners_px: Floats
    centre_mm: Floats
    normal: Floats | None = None

    def depth_mm(self, ray: Floats) -> float:
        """Where a ray (x, y, 1) from the camera meets the plane of the card; the middle's depth where that is not
        known."""
        if self.normal is None:
            return float(self.centre_mm[2])
        return float(self.normal @ self.centre_mm / (self.normal @ ray))

    @property
    def middle_px(self) -> Floats:
        return np.asarray(self.corners_px.mean(axis=0))

    @property
    def side_px(self) -> float:
        return float(np.linalg.norm(self.corners_px - np.roll(self.corners_px, 1, axis=0), axis=1).mean())


# ------------------------------------------------------------------------------------------------------- reading


def read(source: Path | str | bytes) -> Photograph:
    """A photograph from a file or its bytes, turned upright as its EXIF says. Raises InputError on what is not one."""
    if isinstance(source, bytes):
        place, content = "photograph", source
    else:
        place = Path(source).name or str(source)
        try:
            if Path(source).stat().st_size > LARGEST_BYTES:
                raise InputError(place, "the file is larger than 100 MB", "Save the photograph as JPEG")
            content = Path(source).read_bytes()
        except OSError as error:
            raise InputError(place, f"the file cannot be read ({error.strerror})", "Check the path") from None
    if len(content) > LARGEST_BYTES:
        raise InputError(place, "the file is larger than 100 MB", "Save the photograph as JPEG")
    if not content:
        raise InputError(place, "the file is empty", "Copy the photograph from the camera again")
    if content[4:8] == b"ftyp":
        raise InputError(place, "this kind of picture (HEIC, AVIF or a film) is not read", "Save it as JPEG or PNG")
    try:
        with warnings.catch_warnings():
            # Of a large picture, whose size is checked right below, and of torn EXIF, which may be left unread.
            warnings.simplefilter("ignore")
            picture = Pillow.open(io.BytesIO(content), formats=FORMATS)
            with picture:
                return _upright(picture, place)
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(place, "this is not a photograph", "Give a JPEG, PNG, WebP, TIFF or BMP file") from None
    except Pillow.DecompressionBombError:
        raise _too_large(place) from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError):  # what Pillow raises on damaged files
        raise InputError(place, "the file is damaged", "Copy the photograph from the camera again") from None


def _too_large(place: str) -> InputError:
    return InputError(place, "the picture has more than 150 million pixels", "Save it smaller: 4000 pixels are enough")


def _upright(picture: Pillow.Image, place: str) -> Photograph:
    width, height = picture.size
    if width * height > LARGEST_PX:
        raise _too_large(place)
    exif = picture.getexif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    shrink = min(1.0, LONGEST_PX / max(width, height))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    picture.draft("RGB", size)  # a JPEG can be read at an eighth, a quarter or half at once
    upright = ImageOps.exif_transpose(picture)
    if upright.mode not in ("RGB", "L"):
        # Transparent parts become white; other kinds of colour become RGB.
        upright = upright.convert("RGBA") if "transparency" in upright.info or upright.mode[-1] in "Aa" else upright
        if upright.mode == "RGBA":
            upright = Pillow.alpha_composite(Pillow.new("RGBA", upright.size, "white"), upright)
        elif upright.mode.startswith("I"):
            upright = upright.point(lambda value: value / 256).convert("L")
    image = np.asarray(upright.convert("RGB"), dtype=np.uint8)
    if max(image.shape[:2]) > LONGEST_PX:
        scale = LONGEST_PX / max(image.shape[:2])
        shape = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, shape, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Photograph(image, _focal_px(details, image), _day(details), place)


def _focal_px(details: Mapping[int, object], image: Image) -> float | None:
    """By the focal length that EXIF gives for full frame; None where it is missing or no camera's."""
    try:
        focal_mm = float(details[ExifTags.Base.FocalLengthIn35mmFilm])  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError):
        return None
    if not 10 <= focal_mm <= 600:
        return None
    return focal_mm / FULL_FRAME_MM * math.hypot(*image.shape[:2])


def _day(details: Mapping[int, object]) -> date | None:
    try:
        return datetime.strptime(str(details[ExifTags.Base.DateTimeOriginal])[:10], "%Y:%m:%d").date()
    except (KeyError, ValueError):
        return None


# ----------------------------------------------------------------------------------------------------- measuring


def measure(
    photograph: Photograph, *, marker_mm: float = card.MARKER_MM, calliper: Mapping[str, float] | None = None
) -> Measured:
    """The face of a photograph in millimetres. `marker_mm`: side of the black square of the markers in shot;
    `calliper`: a distance measured on the patient instead, {"outer-eyes": 90.0} or {"inner-eyes": 32.0}. Raises
    InputError where the photograph cannot be used, with what to do."""
    try:
        return _measured(photograph, marker_mm, calliper)
    except InputError as error:
        if error.place == "calliper":
            raise
        raise InputError(photograph.name, error.wrong, error.remedy) from None


def _measured(photograph: Photograph, marker_mm: float, calliper: Mapping[str, float] | None) -> Measured:
    if not MARKER_MM[0] <= marker_mm <= MARKER_MM[1]:
        raise InputError(
            "marker", f"a marker of {marker_mm:g} mm is not usual", "Give the side of its black square, in mm"
        )
    face = _one_face(photograph.image)
    width, height = photograph.size_px
    focal = photograph.focal_px or USUAL_FOCAL * max(width, height)
    centre = ((width - 1) / 2, (height - 1) / 2)
    posed, turn = _posed(face, focal, centre)
    yaw, pitch, roll = _angles(turn)
    notes = _gates(photograph.image, face, yaw, pitch, roll)
    rays = np.column_stack([(face.points[:, :2] - centre) / focal, np.ones(468)])
    unscaled = rays * posed[:, 2:]
    seen = markers(photograph.image, focal, centre, marker_mm)
    factor, scale, more = _scale(unscaled, face, seen, marker_mm, calliper)
    measured = factor * unscaled
    apart = float(np.linalg.norm(measured[landmarks.OUTER_EYES[0]] - measured[landmarks.OUTER_EYES[1]]))
    if not OUTER_EYES_MM[0] <= apart <= OUTER_EYES_MM[1]:
        raise InputError(
            "calliper" if calliper else "marker",
            f"by the {scale} the outer corners of the eyes would be {apart:.1f} mm apart, "
            f"which no adult's are ({OUTER_EYES_MM[0]:.0f} to {OUTER_EYES_MM[1]:.0f})",
            "Measure again between the corners of the eyes, in millimetres"
            if calliper
            else "Hold the card as far from the camera as the face, and measure the marker's black square with a "
            "ruler: if it is not of that size, give its size or print the card again at 100 %",
        )
    if not USUAL_EYES_MM[0] <= apart <= USUAL_EYES_MM[1]:
        again = "measure it again" if calliper else "check that the card was held as far from the camera as the face"
        more += (f"The outer corners of the eyes would be {apart:.0f} mm apart, which is unusual: {again}.",)
    return Measured(
        landmarks_mm=measured, weights=_weights(measured), focal_px=focal, centre_px=centre, size_px=(width, height),
        yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll, scale=scale, face=face,
        notes=(*notes, *more, *_by_iris(face, measured, focal, bool(calliper))),
    )  # fmt: skip


def fit(
    photograph: Photograph,
    *,
    body: Body,
    marker_mm: float = card.MARKER_MM,
    calliper: Mapping[str, float] | None = None,
    taken_on: date | None = None,
) -> Fit:
    """The atlas fitted to the face of a photograph. `taken_on`: the day; that of the file where none is given. Raises
    InputError as `measure` does."""
    measured = measure(photograph, marker_mm=marker_mm, calliper=calliper)
    whole = atlas.load()
    laid = pose(whole, body, measured.landmarks_mm, measured.weights)
    base = fit_landmarks(whole, body, laid.into_body(measured.landmarks_mm), measured.weights)
    camera = Camera.of(
        laid.rotation,
        laid.translation_mm,
        (measured.focal_px, measured.focal_px),
        measured.centre_px,
        measured.size_px,
    )
    return record(
        whole, base, kind="photograph", body=body, body_scale=laid.scale, scale=measured.scale, camera=camera,
        taken_on=taken_on or photograph.taken_on, notes=(*measured.notes, *_cut(whole, whole.surface(base), camera)),
    )  # fmt: skip


def _cut(whole: atlas.Atlas, skin: Surface, camera: Camera) -> tuple[str, ...]:
    """Which part of the face lies beyond the picture's edges: there the fit is a guess and no point can be drawn."""
    forehead = skin.vertices_mm[zones.zone_field(whole, "forehead", "midline") > 0]
    parts = []
    for points, edges in (
        (forehead, ("forehead",)),
        (whole.landmarks_mm(skin)[whole.landmark_kept], ("forehead", "chin", "right side", "left side")),
    ):
        x, y = camera.project(points)[:, :2].T
        beyond = (y < 0, y >= camera.height_px, x < 0, x >= camera.width_px)
        parts += [part for part, out in zip(edges, beyond, strict=False) if out.mean() > CUT]
    if not parts:
        return ()
    return (
        f"The picture cuts off the face at its {' and '.join(dict.fromkeys(parts))}: what is beyond its edge was "
        "guessed, and points there are not drawn on it. Take it again with the whole face in the frame.",
    )


def _one_face(image: Image) -> Face:
    faces = [face for face in landmarks.find(image) if face.presence > SURE]
    # A face upside down is found too, with its forehead on the mouth, but less surely than when it is upright.
    over = np.ascontiguousarray(image[::-1, ::-1])
    turned = [face for face in landmarks.find(over, irises=False) if face.presence > SURE]
    if max((face.score for face in turned), default=0.0) > max((face.score for face in faces), default=0.0):
        raise InputError("face", "the face is upside down", "Turn the picture upright")
    if not faces:
        raise InputError(
            "face",
            "no face was found",
            "Take the photograph from the front, so that the face fills a third of it or more",
        )
    if len(faces) > 1:
        raise InputError("face", f"{len(faces)} faces were found", "Cut the picture to the patient's face alone")
    return faces[0]


@lru_cache(maxsize=1)
def _mean_face() -> tuple[Floats, NDArray[np.bool_]]:
    """(468, 3), mm, and (468,): which of them are trusted. The mean of the atlas's two bodies, with a quarter of the
    canonical face. The two come from unrelated sources and differ by some millimetres in depth. Rendered MakeHuman
    heads, which are of the atlas's family, are met best without the canonical face; heads of another family were met as
    well with it alone (median 1.4 mm, the project's own study)."""
    whole = atlas.load()
    kept = whole.landmark_kept
    bodies = sum((whole.landmarks_mm(whole.body(body)) / 2 for body in ("female", "male")), np.zeros((468, 3)))
    laid = similarity(whole.canonical_mm[kept], bodies[kept], np.ones(int(kept.sum())))
    return 0.75 * bodies + 0.25 * laid.out_of_body(laid.scale * whole.canonical_mm), kept


def _posed(face: Face, focal: float, centre: tuple[float, float]) -> tuple[Floats, Floats]:
    """The mean face under the points as the camera sees them, (468, 3), in its own millimetres, and its rotation."""
    model, kept = _mean_face()
    lens = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
    _, rotation, translation = cv2.solvePnP(model[kept], face.points[kept, :2].copy(), lens, None)
    turn = np.asarray(cv2.Rodrigues(rotation)[0], dtype=np.float64)
    return np.asarray(model @ turn.T + translation.ravel()), turn


def _angles(turn: Floats) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a rotation from the body to the camera."""
    own = np.diag([1.0, -1.0, -1.0]) @ turn
    yaw, pitch = math.atan2(-own[2, 0], own[2, 2]), -math.asin(float(np.clip(own[2, 1], -1, 1)))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(own[0, 1], own[1, 1]))


def face_turn(face: Face, photograph: Photograph) -> tuple[float, float, float]:
    """Yaw, pitch and roll of a face in degrees; signs as in `Measured`."""
    width, height = photograph.size_px
    focal = photograph.focal_px or USUAL_FOCAL * max(width, height)
    return _angles(_posed(face, focal, ((width - 1) / 2, (height - 1) / 2))[1])


def _weights(measured: Floats) -> Floats:
    """(468,): by how squarely the skin is seen."""
    triangles = atlas.load().canonical_triangles
    corners = measured[triangles]
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(measured)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], crosses)
    away = (normals * measured).sum(axis=1)
    square = -away / np.maximum(np.linalg.norm(normals, axis=1) * np.linalg.norm(measured, axis=1), 1e-12)
    return np.asarray(np.clip((square - 0.2) / 0.5, 0, 1))


# --------------------------------------------------------------------------------------------------------- gates


def _gates(image: Image, face: Face, yaw: float, pitch: float, roll: float) -> tuple[str, ...]:
    """What should be known about the picture; raises InputError where it is too poor."""
    notes = []
    eyes = face.distance_px(landmarks.OUTER_EYES)
    if eyes < EYES_PX[0]:
        raise InputError(
            "face",
            f"the face is too small: {eyes:.0f} pixels across the eyes, and {EYES_PX[0]:.0f} are needed",
            "Go closer or use a camera with more pixels",
        )
    if eyes < EYES_PX[1]:
        notes.append(f"The face is small ({eyes:.0f} pixels across the eyes); a closer picture is more exact.")
    if abs(roll) > ROLL_DEG:
        raise InputError("face", f"the head is tilted by {abs(roll):.0f}°", "Turn the picture upright")
    if abs(yaw) > YAW_DEG:
        side = "left" if yaw > 0 else "right"
        raise InputError(
            "face",
            f"the face is turned {abs(yaw):.0f}° to the patient's {side}, and {YAW_DEG:.0f}° is the most",
            "Take it again with the patient looking straight into the camera",
        )
    if abs(pitch) > PITCH_DEG:
        raise InputError(
            "face",
            f"the patient looks {'up' if pitch > 0 else 'down'} by {abs(pitch):.0f}°, and {PITCH_DEG:.0f}° is the most",
            "Take it again with the camera at the height of the eyes",
        )
    if abs(yaw) > FAR_SIDE_DEG:
        side = "left" if yaw > 0 else "right"
        notes.append(
            f"The face is turned by {abs(yaw):.0f}°: its {side} side is seen at a slant, and its shape there is an "
            "estimate."
        )
    blur = blur_px(image, face) * 90 / eyes
    if blur > BLUR_MM[0]:
        raise InputError(
            "photograph",
            f"it is blurred (by about {blur:.1f} mm on the face)",
            "Take it again with more light, a steady hand and the focus on the eyes",
        )
    if blur > BLUR_MM[1]:
        notes.append("The picture is a little soft; a sharper one is more exact.")
    mouth = face.distance_px(landmarks.MOUTH_CORNERS)
    opening = face.distance_px(landmarks.INNER_LIPS) / max(mouth, 1e-9)
    if opening > MOUTH_OPEN[0]:
        raise InputError("face", "the mouth is open", "Take it again with the lips closed and the face at rest")
    if opening > MOUTH_OPEN[1] or mouth / eyes > SMILE:
        notes.append("Does the patient smile or speak? Cheeks and mouth lie elsewhere when the face is at rest.")
    if min(_lid_openings(face)) < EYES_SHUT:
        notes.append("Are the eyes shut? The lids are drawn better when they are open.")
    return (*notes, *_looks(image, face))


def _lid_openings(face: Face) -> list[float]:
    return [
        face.distance_px(lids) / max(face.distance_px(corners), 1e-9)
        for lids, corners in zip(
            zip(UPPER_LIDS, LOWER_LIDS, strict=True),
            zip(landmarks.OUTER_EYES, landmarks.INNER_EYES, strict=True),
            strict=True,
        )
    ]


def blur_px(image: Image, face: Face) -> float:
    """Standard deviation of the blur around the eyes, where every face has sharp edges: an edge of height h blurred by
    s has a slope of h ÷ (s √2π) at most."""
    corners = face.points[[*landmarks.OUTER_EYES, *landmarks.INNER_EYES], :2]
    reach = 0.15 * face.distance_px(landmarks.OUTER_EYES)
    grey = _grey(image, corners.min(axis=0) - reach, corners.max(axis=0) + reach)
    if min(grey.shape) < 8:
        return math.inf
    grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), OWN_BLUR_PX), dtype=np.float64)
    down, right = np.gradient(grey)
    slope = float(np.percentile(np.hypot(down, right), 99.8))
    low, high = np.percentile(grey, [1, 99])
    blur = float(high - low) / (max(slope, 1e-6) * math.sqrt(2 * math.pi))
    return math.sqrt(max(blur**2 - OWN_BLUR_PX**2, 0))


def _grey(image: Image, low: Floats, high: Floats) -> Floats:
    """The brightness of a piece of the picture, cut at its border."""
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(low).astype(int), 0, [width, height])
    right, bottom = np.clip(np.ceil(high).astype(int) + 1, 0, [width, height])
    return np.asarray(image[top:bottom, left:right] @ np.array([0.299, 0.587, 0.114]))


def _looks(image: Image, face: Face) -> tuple[str, ...]:
    """Questions about what may lie over the skin, by its brightness and grain against the cheeks'."""
    reach = 0.04 * face.distance_px(landmarks.OUTER_EYES)

    def look(number: int) -> tuple[float, float]:
        middle = face.points[number, :2]
        patch = _grey(image, middle - reach, middle + reach)
        if min(patch.shape) < 4:
            return math.nan, math.nan
        return float(patch.mean()) + 1, float((patch - cv2.GaussianBlur(patch, (0, 0), max(1.0, reach / 3))).std())

    cheeks = np.nanmedian([look(number) for number in CHEEKS], axis=0)

    def unlike(numbers: tuple[int, ...]) -> bool:
        looks = np.array([look(number) for number in numbers])
        brightness = np.abs(np.log(looks[:, 0] / cheeks[0]))
        grain = looks[:, 1] / (cheeks[1] + 1)
        return float(np.mean((brightness > UNLIKE) | (grain > ROUGHER))) >= 0.5

    notes = []
    outline = cv2.convexHull(np.round(face.points[:, :2]).astype(np.int32))
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    cv2.fillConvexPoly(mask, outline, 1)
    skin = image[mask > 0]
    if cheeks[0] < DARK:
        notes.append("The face is very dark; take it again with more light if it can be.")
    if len(skin) and float((skin.min(axis=1) >= GLARING).mean()) > GLARE:
        notes.append("Parts of the face are burnt out; take it again with less light if it can be.")
    contrast = [
        _contrast(image, face, corners) for corners in zip(landmarks.OUTER_EYES, landmarks.INNER_EYES, strict=True)
    ]
    if min(contrast) < FLAT * max(contrast):
        side = "right" if contrast[0] < contrast[1] else "left"
        notes.append(
            f"Is the {side} side of the face covered? Its eye is not seen; what is covered was guessed, so erase its "
            "points or take the picture again."
        )
    if unlike(LOWER_FACE):
        notes.append(
            "Is there a beard, a mask or a hand over the lower face? It looks unlike the cheeks; skin that is covered "
            "was guessed, so erase its points or shave first."
        )
    if unlike(HAIRLINE):
        notes.append("Does hair cover the forehead? Erase the points on it, or take it again with the hair held back.")
    return tuple(notes)


def _contrast(image: Image, face: Face, corners: tuple[int, int]) -> float:
    """Standard deviation of the brightness around an eye."""
    there = face.points[list(corners), :2]
    reach = 0.1 * face.distance_px(landmarks.OUTER_EYES)
    patch = _grey(image, there.min(axis=0) - reach, there.max(axis=0) + reach)
    return float(patch.std()) if patch.size else 0.0


# --------------------------------------------------------------------------------------------------------- scale


def markers(image: Image, focal: float, centre: tuple[float, float], marker_mm: float) -> tuple[Marker, ...]:
    """The printed markers in shot, with their places. Two or more of one card are placed together, as one plane."""
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    finder = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(card.DICTIONARY), settings)
    found, numbers, _ = finder.detectMarkers(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    if not len(found):
        return ()
    lens = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
    seen = [
        (int(number), np.asarray(corners, dtype=np.float64).reshape(4, 2))
        for number, corners in zip(numbers.ravel(), found, strict=True)
    ]
    square = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]]) * marker_mm / 2
    ours = [(number, corners) for number, corners in seen if number in card.CENTRES_MM]
    if len(ours) > 1:
        middles = [np.array([*card.CENTRES_MM[number], 0.0]) * marker_mm / card.MARKER_MM for number, _ in ours]
        plane, pixels = np.vstack([square + middle for middle in middles]), np.vstack([corners for _, corners in ours])
        _, turn, move = cv2.solvePnP(plane, pixels, lens, None, flags=cv2.SOLVEPNP_IPPE)
        again = cv2.projectPoints(plane, turn, move, lens, None)[0].reshape(-1, 2)
        if np.linalg.norm(again - pixels, axis=1).max() < 0.05 * np.linalg.norm(pixels[0] - pixels[1]):
            rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)
            move = np.asarray(move, dtype=np.float64)
            return tuple(
                Marker(number, corners, rotation @ middle + move.ravel(), rotation[:, 2])
                for (number, corners), middle in zip(ours, middles, strict=True)
            )
        # Else it is bent, or there are two: each marker for itself.
    placed = []
    for number, corners in ours or seen:
        _, _, move = cv2.solvePnP(square, corners, lens, None, flags=cv2.SOLVEPNP_IPPE_SQUARE)
        placed.append(Marker(number, corners, np.asarray(move, dtype=np.float64).ravel()))
    return tuple(placed)


def _scale(
    unscaled: Floats, face: Face, seen: tuple[Marker, ...], marker_mm: float, calliper: Mapping[str, float] | None
) -> tuple[float, str, tuple[str, ...]]:
    """What to multiply by, where it comes from, and notes."""
    legible = tuple(marker for marker in seen if marker.side_px >= MARKER_PX[0])
    by_marker = [_factor(unscaled, face, marker) for marker in legible]
    if calliper:
        factor, words = _by_calliper(unscaled, calliper)
        notes: tuple[str, ...] = ()
        if by_marker and abs(by_marker[0] / factor - 1) > DISAGREE:
            notes = (
                f"The marker in shot would make the face {100 * abs(by_marker[0] / factor - 1):.0f} % "
                f"{'larger' if by_marker[0] > factor else 'smaller'} than the calliper does: measure both again.",
            )
        return factor, words, notes
    if not seen:
        raise InputError(
            "marker",
            "no printed marker was found, so nothing tells the size",
            "Hold the card that `nappage card` prints below the chin (a mirrored picture hides it), or give the "
            "distance of the outer eye corners measured with a calliper: --calliper outer-eyes=MM",
        )
    if not legible:
        raise InputError(
            "marker",
            f"the marker is too small in the picture: {seen[0].side_px:.0f} pixels, {MARKER_PX[0]:.0f} are needed",
            "Go closer, so that the face fills the picture",
        )
    # The marker nearest to the face is most nearly as far away as the skin.
    nearest = min(range(len(legible)), key=lambda i: float(_from_face(face, legible[i]).min()))
    factor, side = by_marker[nearest], legible[nearest].side_px
    notes = ()
    if side < MARKER_PX[1]:
        notes += (f"The marker is small in the picture ({side:.0f} pixels): the scale may be off by 2 %.",)
    if max(by_marker) / min(by_marker) - 1 > DISAGREE:
        notes += ("The markers in shot disagree on the size: hold the card flat and upright, below the chin.",)
    if not (_on_face(face, legible[nearest]) or _below_chin(face, legible[nearest])):
        notes += ("The marker is neither on the skin nor below the chin: the scale may be off by several per cent.",)
    words = f"printed marker of {marker_mm:g} mm"
    if _below_chin(face, legible[nearest]):
        off = 100 * CARD_OFF_MM / float(legible[nearest].centre_mm[2])
        words += f" held below the chin (at {CARD_OFF_MM:.0f} mm nearer or farther than the chin, {off:.0f} % off)"
    return factor, words, notes


def _factor(unscaled: Floats, face: Face, marker: Marker) -> float:
    """By a marker stuck on the skin, or held as far forward as the front of the chin if it is below it, and as the
    foremost skin near it if it is elsewhere."""
    near = np.argsort(_from_face(face, marker))
    if _on_face(face, marker):
        return float(marker.centre_mm[2] / unscaled[near[:3], 2].mean())
    if _below_chin(face, marker):
        tip = unscaled[CHIN[0]]
        return marker.depth_mm(tip / tip[2]) / float(unscaled[list(CHIN), 2].min())
    return float(marker.centre_mm[2] / unscaled[near[:8], 2].min())


def _from_face(face: Face, marker: Marker) -> Floats:
    """(468,): how far a marker's middle is from each point of the face in the picture, px."""
    return np.asarray(np.linalg.norm(face.points[:, :2] - marker.middle_px, axis=1))


def _on_face(face: Face, marker: Marker) -> bool:
    outline = cv2.convexHull(face.points[:, :2].astype(np.float32))
    x, y = marker.middle_px.tolist()
    return bool(cv2.pointPolygonTest(outline, (x, y), False) >= 0)


def _below_chin(face: Face, marker: Marker) -> bool:
    down = face.points[CHIN[0], :2] - face.points[FOREHEAD, :2]
    return bool((marker.middle_px - face.points[CHIN[0], :2]) @ down > 0)


def _by_calliper(unscaled: Floats, calliper: Mapping[str, float]) -> tuple[float, str]:
    factors = []
    for name, measured_mm in calliper.items():
        if name not in CALLIPER:
            raise InputError("calliper", f"'{name}' is not a distance that is known", f"Give {' or '.join(CALLIPER)}")
        (first, second), (low, high) = CALLIPER[name]
        if not low <= measured_mm <= high:
            raise InputError(
                "calliper",
                f"{name} of {measured_mm:g} mm is no adult's ({low:.0f} to {high:.0f})",
                "Measure again between the corners of the eyes, in millimetres",
            )
        factors.append(measured_mm / float(np.linalg.norm(unscaled[first] - unscaled[second])))
    words = " and ".join(f"{name} {value:g} mm" for name, value in calliper.items())
    return float(np.mean(factors)), f"calliper: {words}"


def _by_iris(face: Face, measured: Floats, focal: float, by_calliper: bool) -> tuple[str, ...]:
    """A cross-check of the scale by the width of the irises, which differs little between people. An estimate."""
    across = np.linalg.norm(face.irises[:, 1] - face.irises[:, 3], axis=1)
    upright = np.linalg.norm(face.irises[:, 2] - face.irises[:, 4], axis=1)
    if across.min() < IRIS_PX or across.max() > 1.05 * across.min() or np.abs(upright / across - 1).max() > 0.1:
        return ()  # not seen well enough
    depth = float(measured[[*landmarks.OUTER_EYES, *landmarks.INNER_EYES], 2].mean())
    ratio = IRIS_MM * focal / float(across.mean()) / depth
    if abs(ratio - 1) <= IRIS_DISAGREE:
        return ()
    return (
        f"By the irises (an estimate) the face would be {100 * abs(ratio - 1):.0f} % "
        f"{'larger' if ratio > 1 else 'smaller'}: "
        + (
            "measure with the calliper again."
            if by_calliper
            else "check the marker's size and how far off it was held."
        ),
    )
