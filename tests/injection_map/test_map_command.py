"""`nappage map` and `nappage card` as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.distance import pdist
from tests.injection_map import render

from nappage.cli import main
from nappage.injection_map import InjectionMap

ORDER = """
patient: {sex: female, age: 40}
order:
  technique: papule
  areas: [forehead, cheeks]
  spacing_mm: 12
  mixture: [{product: NCTF 135 HA, volume_ml: 2}]
  depth_mm: 1
  map: {aim: field}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An order, two photographs of one head with a marker, and an earlier map."""
    home = tmp_path_factory.mktemp("map")
    (home / "order.yaml").write_text(ORDER)
    person = render.head(401)
    for name, yaw, seed in (("first.jpg", 3, 0), ("next.jpg", -4, 5)):
        shot = render.take(
            person, [render.under_chin(person, seed=seed)], turn=render.turned(yaw), size_px=(1200, 1500), focal_px=2880
        )
        cv2.imwrite(str(home / name), np.ascontiguousarray(shot.image[:, :, ::-1]))
    return home


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_on_the_atlas_the_files_are_written_and_the_scale_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("map", folder / "order.yaml", "--out", folder / "out") == 0
    said = capsys.readouterr().out
    assert "not to this patient's size" in " ".join(said.split())
    written = {path.name for path in (folder / "out" / "order").iterdir()}
    assert {"map.json", "map.html", "map-front.svg", "chart-forehead.svg", "chart-cheek-left.svg"} <= written
    assert "map-photograph.png" not in written


def test_on_a_photograph_then_erased_then_carried(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = folder / "first"
    run("map", folder / "order.yaml", "--photo", folder / "first.jpg", "--out", first)
    map = InjectionMap.model_validate_json((first / "order" / "map.json").read_bytes())
    assert map.surface.to_scale and map.surface.kind == "photograph" and map.surface.fit is not None
    assert cv2.imread(str(first / "order" / "map-photograph.png")) is not None

    capsys.readouterr()
    code = run("map", folder / "order.yaml", "--photo", folder / "first.jpg", "--erase", "600,420,25", "--json")
    erased = InjectionMap.model_validate_json(capsys.readouterr().out)
    assert code in (0, 1)
    assert len(erased.points) < len(map.points)
    assert erased.volume_ml == map.volume_ml == 2

    run("map", "--carry", first / "order" / "map.json", "--photo", folder / "next.jpg", "--out", folder / "second")
    carried = InjectionMap.model_validate_json((folder / "second" / "order" / "map.json").read_bytes())
    assert [point.place for point in carried.points] == [point.place for point in map.points]
    assert [point.volume_ml for point in carried.points] == [point.volume_ml for point in map.points]
    # The same face, measured twice; the frame itself may lie elsewhere.
    before, after = (pdist([point.position_mm for point in one.points]) for one in (map, carried))
    assert np.median(np.abs(after / before - 1)) < 0.03
    assert not np.array_equal(before, after)


def test_a_wrong_word_is_one_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--marker-mm", "abc"], ["--taken-on", "yesterday"], ["--moon"]):
        with pytest.raises(SystemExit) as left:
            run("map", "order.yaml", *words)
        assert left.value.code == 2
        error = capsys.readouterr().err
        assert error.startswith("nappage: ") and error.count("\n") == 1


def test_carried_points_can_be_erased_and_the_rest_hold_what_the_syringes_do(folder: Path) -> None:
    if not (folder / "first" / "order" / "map.json").is_file():
        run("map", folder / "order.yaml", "--photo", folder / "first.jpg", "--out", folder / "first")
    earlier = folder / "first" / "order" / "map.json"
    run("map", "--carry", earlier, "--photo", folder / "next.jpg", "--erase", "600,420,25", "--out", folder / "third")
    before = InjectionMap.model_validate_json(earlier.read_bytes())
    after = InjectionMap.model_validate_json((folder / "third" / "order" / "map.json").read_bytes())
    assert 0 < len(after.points) < len(before.points)
    assert sum(point.volume_ml or 0 for point in after.points) == after.volume_ml == 2
    assert [point.number for point in after.points] == list(range(1, len(after.points) + 1))
    assert sum(zone.points for zone in after.zones) == len(after.points)


def test_a_plan_is_laid_out_on_the_photograph_too(folder: Path) -> None:
    out = folder / "plan"
    run("plan", folder / "order.yaml", "--photo", folder / "first.jpg", "--on", "2026-11-25", "--out", out)
    plan = json.loads((out / "order" / "plan.json").read_text())
    assert plan["map"]["surface"]["kind"] == "photograph"
    assert (out / "order" / "map-photograph.png").is_file()
    assert (out / "order" / "map.html").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["map"], "Name a patient's file"),
        (["map", "order.yaml", "--photo", "order.yaml"], "not a photograph"),
        (["map", "order.yaml", "--photo", "none.jpg"], "none.jpg"),
        (["map", "order.yaml", "--scan", "order.yaml"], "order.yaml"),
        (["map", "order.yaml", "--photo", "first.jpg", "--scan", "x.glb"], "Give one of them"),
        (["map", "order.yaml", "--calliper", "outer-eyes=90"], "--calliper"),
        (["map", "order.yaml", "--photo", "first.jpg", "--calliper", "eyes"], "outer-eyes=90"),
        (["map", "order.yaml", "--photo", "first.jpg", "--erase", "here"], "--erase"),
        (["map", "order.yaml", "--photo", "first.jpg", "--erase", "0,0,10"], "no skin"),
        (["map", "order.yaml", "--photo", "first.jpg", "--erase", "600,420,-3"], "radius of -3 mm"),
        (["map", "order.yaml", "--photo", "first.jpg", "--erase", "600,420,nan"], "radius of nan mm"),
        (["map", "order.yaml", "--photo", "first.jpg", "--taken-on", "2099-01-01"], "has not come yet"),
        (["map", "--carry", "order.yaml", "--photo", "first.jpg"], "no injection map"),
        (["map", "order.yaml", "--carry", "order.yaml"], "--carry"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert run(*words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("nappage: ") and error.count("\n") == 1


def test_the_card_is_a_pdf(tmp_path: Path) -> None:
    assert run("card", "--out", tmp_path / "card.pdf") == 0
    assert (tmp_path / "card.pdf").read_bytes().startswith(b"%PDF-")


def test_a_map_is_checked_and_its_questions_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "asks.yaml").write_text(ORDER.replace("map: {aim: field}", ""))
    assert run("map", folder / "asks.yaml", "--out", folder / "asks") == 1
    capsys.readouterr()
    assert run("check", folder / "asks" / "asks" / "map.json") == 1
    assert "injection map" in capsys.readouterr().out


def test_without_a_map_neither_scipy_nor_opencv_is_loaded() -> None:
    heavy = "import sys, nappage, nappage.cli, nappage.plan, nappage.screening; " + (
        "print([name for name in ('cv2', 'scipy', 'trimesh') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
