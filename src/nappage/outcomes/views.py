"""Standard views of the patient, graded before they count: a picture taken another way proves nothing later.

The limits are this project's own proposals (NAPPAGE): no source that was read gives them for mesotherapy.
"""

from __future__ import annotations

import io
from typing import Literal

import cv2
import numpy as np
from PIL import Image as Pillow

from ..injection_map import landmarks
from ..injection_map.card import MARKER_MM
from ..injection_map.photograph import CHEEKS, USUAL_FOCAL, Photograph, blur_px, face_turn, markers
from ..values import Document

View = Literal["front", "right-oblique", "left-oblique", "right-profile", "left-profile", "scalp", "body"]
# How far the face is turned, in degrees, positive to the patient's left (so that the right side is seen), and how much
# it may differ. None: the face finder does not see this view, so its turn is not checked.
VIEWS: dict[View, tuple[float, float] | None] = {
    "front": (0, 10),
    "right-oblique": (40, 18),
    "left-oblique": (-40, 18),
    "right-profile": None,
    "left-profile": None,
    "scalp": None,
    "body": None,
}
TILT_DEG = 12.0  # head leaning to a shoulder
SHORT_SIDE_PX = (480, 1000)  # below the first retaken, below the second noted
EYES_PX = (60, 140)  # between the outer corners of the eyes, front view
BLUR_OF_EYES = (0.06, 0.03)  # blur ÷ distance between the outer corners of the eyes
EDGES = (4.0, 12.0)  # 99th percentile of the slope of brightness per pixel where there is no face to measure on
DARK, BRIGHT, BURNT = 45, 225, 0.06  # median brightness; share of the skin burnt out


class Grade(Document):
    """Whether a picture may stand for its view. `retake`: reasons to take it again; `notes`: what weakens it. Degrees
    and pixels as measured; None where it could not be measured."""

    view: View
    verdict: Literal["good", "usable", "retake"]
    retake: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    yaw_deg: float | None = None
    roll_deg: float | None = None
    eyes_px: float | None = None
    brightness: int
    markers: int
    width_px: int
    height_px: int


def grade(photograph: Photograph, view: View) -> Grade:
    """What the gate says of a picture taken for a view."""
    image, (width, height) = photograph.image, photograph.size_px
    retake: list[str] = []
    notes: list[str] = []
    _limit(min(width, height), SHORT_SIDE_PX, "The picture is small", "Use the camera's full size.", retake, notes)
    wanted = VIEWS[view]
    faces = [face for face in landmarks.find(image, irises=False) if face.presence > 0.95] if wanted else []
    yaw = roll = eyes = None
    skin = image
    if wanted and len(faces) != 1:
        found = "No face was found" if not faces else f"{len(faces)} faces were found"
        retake.append(f"{found}. Take it again with the patient's face alone, filling most of the frame.")
    elif wanted:
        face = faces[0]
        turn = face_turn(face, photograph)
        yaw, roll = round(turn[0], 1), round(turn[2], 1)
        eyes = round(face.distance_px(landmarks.OUTER_EYES), 1)
        if abs(yaw - wanted[0]) > wanted[1]:
            retake.append(f"The face is turned by {_side(yaw)}; this view wants {_side(wanted[0])}. Turn the head.")
        if abs(roll) > TILT_DEG:
            retake.append(f"The head leans by {abs(roll):.0f}°. Hold it upright.")
        if view == "front":
            _limit(eyes, EYES_PX, "The face is small in the picture", "Come nearer.", retake, notes)
        blur = blur_px(image, face) / max(eyes, 1.0)
        if blur > BLUR_OF_EYES[0]:
            retake.append("The picture is blurred. Focus on the eyes and hold still.")
        elif blur > BLUR_OF_EYES[1]:
            notes.append("The picture is a little soft: fine lines may not show.")
        skin = _patches(image, face)
    else:
        _limit(_edges(image), EDGES, "The picture is blurred", "Focus, hold still, and add light.", retake, notes)
    brightness = int(np.median(skin))
    if brightness < DARK:
        retake.append("The picture is too dark. Add light from the front.")
    elif brightness > BRIGHT or float((skin > 250).all(axis=-1).mean()) > BURNT:
        retake.append("Parts of the skin are burnt out. Take the flash away, or soften it.")
    seen = markers(image, USUAL_FOCAL * max(width, height), (width / 2, height / 2), MARKER_MM)
    if not seen:
        notes.append("The card is not in the picture: colour and size cannot be compared later.")
    return Grade(
        view=view, verdict="retake" if retake else "usable" if notes else "good", retake=tuple(retake),
        notes=tuple(notes), yaw_deg=yaw, roll_deg=roll, eyes_px=eyes, brightness=brightness, markers=len(seen),
        width_px=width, height_px=height,
    )  # fmt: skip


def stripped(photograph: Photograph) -> bytes:
    """The picture as JPEG, upright, without any of what the camera wrote into the file."""
    out = io.BytesIO()
    Pillow.fromarray(photograph.image).save(out, "JPEG", quality=92, optimize=True)
    return out.getvalue()


def _limit(
    value: float, limits: tuple[float, float], wrong: str, remedy: str, retake: list[str], notes: list[str]
) -> None:
    if value < limits[0]:
        retake.append(f"{wrong}. {remedy}")
    elif value < limits[1]:
        notes.append(f"{wrong}: details may not show.")


def _side(degrees: float) -> str:
    if abs(degrees) < 3:
        return "straight ahead"
    return f"{abs(degrees):.0f}° to the patient's {'left' if degrees > 0 else 'right'}"


def _patches(image: landmarks.Image, face: landmarks.Face) -> landmarks.Image:
    """The cheeks' pixels, (n, 3)."""
    reach = max(2, int(0.05 * face.distance_px(landmarks.OUTER_EYES)))
    patches = []
    for x, y in face.points[list(CHEEKS), :2].astype(int):
        patch = image[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
        patches.append(patch.reshape(-1, 3))
    return np.concatenate(patches) if any(len(patch) for patch in patches) else image.reshape(-1, 3)


def _edges(image: landmarks.Image) -> float:
    """How steep the steepest edges are, per pixel of a picture 1000 pixels wide."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    shrink = 1000 / max(grey.shape)
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.7).astype(np.float64)
    down, right = np.gradient(smooth)
    return float(np.percentile(np.hypot(down, right), 99))
