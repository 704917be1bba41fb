"""The renderer remembers what each pixel shows."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from nappage.injection_map.mesh import Surface
from nappage.injection_map.render import BACKGROUND, camera_towards, render

RADIUS_MM = 60.0
_ball = trimesh.creation.icosphere(5, RADIUS_MM)
BALL = Surface(np.asarray(_ball.vertices), np.asarray(_ball.faces, dtype=np.int64))


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (40, 0), (-25, 30), (180, -50)])
def test_a_pixel_is_cast_back_to_where_its_ray_meets_the_skin(yaw, pitch):
    camera = camera_towards(np.array([5.0, 3, -2]), 500, 160, 200, yaw, pitch)
    picture = render(BALL, camera)
    rows, columns = np.nonzero(picture.triangle >= 0)
    pixels = np.column_stack([columns, rows]).astype(float)
    triangles, weights = picture.cast(pixels)
    points = BALL.at(triangles, weights)
    assert camera.project(points)[:, :2] == pytest.approx(pixels, abs=1e-6)
    # The near side of the ball, not the far one: in front of the plane through its middle and towards the eye.
    eye = -camera.turn.T @ np.array(camera.translation_mm)
    assert (points @ (eye / np.linalg.norm(eye))).min() > RADIUS_MM**2 / np.linalg.norm(eye) - 1.5
    # All of the ball's disc is covered: a cone's ellipse of this many pixels.
    assert len(pixels) == pytest.approx(np.pi * (RADIUS_MM * 500 * 200 / 160 / 500) ** 2, rel=0.05)


def test_yaw_walks_to_the_patients_left_and_pitch_rises():
    for angles, axis in (((90, 0), 0), ((0, 90), 1), ((0, 0), 2)):
        camera = camera_towards(np.zeros(3), 500, 160, 101, *angles)
        eye = -camera.turn.T @ np.array(camera.translation_mm)
        assert eye == pytest.approx(500 * np.eye(3)[axis], abs=1e-9)
        assert camera.project(np.zeros((1, 3)))[0] == pytest.approx([50, 50, 500])


def test_what_lies_behind_is_hidden_and_back_faces_are_not_drawn():
    def square(z: float) -> Surface:
        corners = np.array([[-20, -20, z], [20, -20, z], [20, 20, z], [-20, 20, z]], dtype=float)
        return Surface(corners, np.array([[0, 1, 2], [0, 2, 3]]))

    near, far = square(30), square(-30)
    both = Surface(np.vstack([far.vertices_mm, near.vertices_mm]), np.vstack([far.triangles, near.triangles + 4]))
    camera = camera_towards(np.zeros(3), 500, 160, 200)
    seen = render(both, camera).triangle
    assert seen[100, 100] >= 2 and set(np.unique(seen)) == {-1, 2, 3}
    turned = Surface(both.vertices_mm, np.vstack([both.triangles[:2], both.triangles[2:, ::-1]]))
    assert set(np.unique(render(turned, camera).triangle)) == {-1, 0, 1}
    behind = Surface(both.vertices_mm + np.array([0, 0, 600]), both.triangles)
    assert render(behind, camera).triangle.max() == -1


def test_a_pixel_without_skin_is_cast_to_nothing():
    picture = render(BALL, camera_towards(np.zeros(3), 500, 160, 200))
    triangles, weights = picture.cast(np.array([[0.0, 0], [-5, 10], [999, 10], [np.nan, 3], [100, 100]]))
    assert triangles[:4].tolist() == [-1] * 4 and triangles[4] >= 0
    assert weights.sum(axis=1) == pytest.approx([0, 0, 0, 0, 1])


def test_light_comes_from_above_and_is_the_same_left_and_right():
    picture = render(BALL, camera_towards(np.zeros(3), 500, 160, 201))
    image = picture.image.astype(int)
    assert tuple(image[0, 0]) == BACKGROUND
    assert image[60, 100, 0] > image[140, 100, 0] + 20
    assert np.abs(image[:, 40] - image[:, 160])[picture.triangle[:, 40] >= 0].max() <= 6
    tinted = render(BALL, picture.camera, np.tile([0.0, 0, 255], (len(BALL.triangles), 1))).image
    assert tinted[100, 100, 2] > 100 and tinted[100, 100, 0] == 0
