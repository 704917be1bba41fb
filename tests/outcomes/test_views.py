"""The gate of standard views, on rendered heads whose turn is known, and on what goes wrong in a clinic."""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from tests.injection_map.render import head, take, turned, under_chin

from nappage.injection_map.photograph import Photograph, read
from nappage.outcomes import VIEWS, View, grade, stripped


@cache
def taken(yaw: float = 0, roll: float = 0, card: bool = True) -> np.ndarray:
    person = head(100)
    return take(person, [under_chin(person)] if card else [], turn=turned(yaw, 0, roll)).image


def graded(image: np.ndarray, view: View = "front"):
    return grade(Photograph(image), view)


@pytest.mark.parametrize(
    ("yaw", "view", "retake"),
    [
        (0, "front", False),
        (25, "front", True),
        (40, "right-oblique", False),
        (0, "right-oblique", True),
        (-40, "right-oblique", True),
        (-40, "left-oblique", False),
    ],
)
def test_the_turn_must_be_the_views(yaw: float, view: View, retake: bool) -> None:
    result = graded(taken(yaw), view)
    assert any("turned by" in reason for reason in result.retake) == retake, result
    assert result.yaw_deg is not None and abs(result.yaw_deg - yaw) < 8


def test_a_sharp_front_view_with_the_card_is_not_retaken() -> None:
    result = graded(taken())
    assert result.verdict != "retake" and result.markers >= 1


def test_without_the_card_it_says_what_is_lost() -> None:
    result = graded(taken(card=False))
    assert result.verdict == "usable" and result.markers == 0
    assert any("card" in note for note in result.notes)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda i: cv2.GaussianBlur(i, (0, 0), 14), "blurred"),
        (lambda i: (i * 0.12).astype(np.uint8), "too dark"),
        (lambda i: np.clip(i.astype(float) * 3 + 60, 0, 255).astype(np.uint8), "burnt out"),
        (lambda i: cv2.resize(i, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA), "small"),
        (lambda i: np.full_like(i, 128), "No face"),
    ],
)
def test_what_spoils_a_picture_is_told_with_what_to_do(spoil, word: str) -> None:
    result = graded(spoil(taken()))
    assert result.verdict == "retake"
    assert any(word in reason and reason.count(".") >= 2 for reason in result.retake), result.retake


def test_a_leaning_head_is_told() -> None:
    assert any("leans" in reason for reason in graded(taken(roll=22)).retake)


def test_a_body_view_needs_no_face_but_must_be_sharp() -> None:
    noise = np.random.default_rng(1).integers(60, 200, (1200, 1600, 3)).astype(np.uint8)
    skin = cv2.GaussianBlur(noise, (0, 0), 1.2)
    assert graded(skin, "body").verdict != "retake"
    assert graded(cv2.GaussianBlur(skin, (0, 0), 25), "body").verdict == "retake"


def test_every_view_can_be_graded() -> None:
    assert {graded(taken(), view).view for view in VIEWS} == set(VIEWS)


def test_nothing_of_the_camera_stays_in_the_file() -> None:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0112], exif[0x8825] = "Maker", 6, {1: "N", 2: (51.0, 30.0, 0.0)}
    file = io.BytesIO()
    Pillow.fromarray(taken()[:300, :200]).save(file, "JPEG", exif=exif, comment=b"secret")
    clean = stripped(read(file.getvalue()))
    with Pillow.open(io.BytesIO(clean)) as picture:
        assert picture.size == (300, 200), "turned upright before its turn is forgotten"
        assert not picture.getexif() and "comment" not in picture.info
    assert b"secret" not in clean and b"Exif" not in clean and b"GPS" not in clean
