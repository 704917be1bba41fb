"""The 3D page, looked at in a browser with the network off: turned, tapped, walked, switched, printed, and read without
WebGL."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest
from tests.injection_map.fake_map import fake_map

from nappage.injection_map import atlas as atlases
from nappage.injection_map import page3d
from nappage.injection_map.document import DangerDrawn, InjectionMap
from nappage.injection_map.mesh import Surface
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
VIEWER = Path(page3d.__file__).with_name("viewer")


@pytest.fixture(scope="module")
def made() -> tuple[InjectionMap, Surface]:
    return fake_map()


def written(map: InjectionMap, surface: Surface, language: str = "en") -> str:
    return page3d.page(
        map, surface, atlas=atlases.load(), edition=EDITION, language=language, title="Map of <b>Anna</b> & Co"
    )


@pytest.fixture(scope="module")
def text(made) -> str:
    return written(*made)


@pytest.fixture(scope="module")
def data(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])


# The page as text


def test_the_bundle_is_the_one_whose_hash_is_kept() -> None:
    kept, name = (VIEWER / "viewer.min.js.sha256").read_text().split()
    assert hashlib.sha256((VIEWER / name).read_bytes()).hexdigest() == kept
    bundle = (VIEWER / name).read_text()
    assert (VIEWER / "LICENSE.three").read_text() in bundle
    assert "</script" not in bundle and "<!--" not in bundle and "\r" not in bundle


def test_the_bundle_is_what_the_source_gives() -> None:
    """Where the build tools are installed, the bundle is built again; elsewhere every word of the source is in it."""
    if (VIEWER / "node_modules" / "esbuild").is_dir():
        subprocess.run([VIEWER / "build.sh", "check"], check=True)
    bundle = (VIEWER / "viewer.min.js").read_text()
    for source in VIEWER.glob("*.js"):
        if source.name != "viewer.min.js":
            for word in re.findall(r"'([a-z][\w-]{3,}|#[0-9a-f]{6})'", source.read_text()):
                assert word in bundle, (source.name, word)


def test_nothing_is_loaded_and_only_the_own_script_may_run(text: str) -> None:
    assert not re.search(r"<(link|img|iframe|object|embed)\b", text)
    assert not re.search(r'\s(src|action|style|on\w+)=["\']', re.sub(r"<script>.*?</script>", "", text, flags=re.S))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy and policy[1].startswith("default-src 'none'") and "unsafe" not in policy[1]
    for kind, tag in (("script", "script"), ("style", "style")):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert content
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]


def test_the_page_is_small_even_for_700_points(made, text: str) -> None:
    map, surface = made
    assert len(text.encode()) < 1_500_000
    many = [map.points[i % len(map.points)].model_copy(update={"number": i + 1}) for i in range(700)]
    assert len(written(map.model_copy(update={"points": tuple(many)}), surface).encode()) < 1_500_000


def test_words_of_others_stay_words(made) -> None:
    map, surface = made
    evil = "</script><script>alert(1)</script>"
    points = (map.points[0].model_copy(update={"name": evil}), *map.points[1:])
    text = written(map.model_copy(update={"points": points}), surface)
    assert "<script>alert" not in text and "&lt;b&gt;Anna&lt;/b&gt; &amp; Co" in text


def test_the_skin_is_the_surface(made, data) -> None:
    """Unpacked as the script does it, the fine triangles are those of the surface."""
    _, surface = made
    packed = data["skin"]
    steps = np.frombuffer(base64.b64decode(packed["positions"]), dtype="<u2").reshape(-1, 3)
    positions = np.array(packed["origin"]) + packed["step"] * steps
    back, number, shift = [], 0, 0
    for byte in base64.b64decode(packed["triangles"]):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            back.append(number)
            number, shift = 0, 0
    coarse, fresh = [], 0
    for gap in back:
        coarse.append(fresh - gap)
        fresh += gap == 0
    made_between: dict[tuple[int, int], int] = {}
    triangles = []
    for a, b, c in np.array(coarse).reshape(-1, 3).tolist():
        ab, bc, ca = (
            made_between.setdefault((min(pair), max(pair)), fresh + len(made_between))
            for pair in ((a, b), (b, c), (c, a))
        )
        triangles += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (bc, ca, ab)]
    shown = Surface(positions, np.array(triangles))
    assert len(positions) == np.max(triangles) + 1
    _, _, away = surface.nearest(shown.corners.mean(axis=1))
    assert away.max() < 0.02
    assert shown.areas_mm2.sum() < surface.areas_mm2.sum() * 0.5, "a part of the body only"


def test_zones_are_painted_and_lines_lie_on_the_skin(made, data) -> None:
    map, surface = made
    marks = np.frombuffer(base64.b64decode(data["skin"]["marks"]), dtype=np.uint8)
    painted = marks[: len(marks) // 2]
    assert set(np.unique(painted)) == set(range(len(map.zones) + 1))
    assert (painted == 1 + [zone.zone for zone in map.zones].index("forehead")).sum() > 150, "not its points alone"
    lines = [line for zone in data["zones"] for line in zone["border"] + zone["threads"]] + data["path"]
    dots = np.concatenate([np.array(line).reshape(-1, 3) for line in lines])
    _, _, away = surface.nearest(dots)
    assert 0.3 < np.median(away) < 0.9 and away.max() < 1.0
    for zone in data["zones"]:
        for ring in zone["border"]:
            assert ring[:3] == ring[-3:], "a border is closed"


def test_every_danger_has_its_own_name_at_its_place(made, data) -> None:
    map, _ = made
    assert len(data["dangers"]) == len(map.dangers) > 3
    for drawn, danger in zip(data["dangers"], map.dangers, strict=True):
        assert (drawn["title"], drawn["sourced"]) == (danger.title, danger.sourced)
        for at, _ in drawn["labels"]:
            middles = [np.mean(line, axis=0) for line in danger.outline]
            reach = [
                np.linalg.norm(np.array(line) - m, axis=1).max()
                for line, m in zip(danger.outline, middles, strict=True)
            ]
            assert min(np.linalg.norm(np.array(at) - m) - r for m, r in zip(middles, reach, strict=True)) < 3


def test_the_table_holds_every_point_with_its_figures(made, text: str) -> None:
    map, _ = made
    rows = re.findall(r'<tr data-point="(\d+)">(.*?)</tr>', text)
    assert [int(number) for number, _ in rows] == [point.number for point in map.points]
    cells = re.findall(r"<td>(.*?)</td>", rows[0][1])
    assert cells[1] == "1.4" and cells[2] == "80 %" and cells[3].startswith("60 %<abbr") and cells[4:] == ["0.01", "1"]
    assert "new syringe" in rows[len(rows) // 2][1]


def test_what_must_be_said_is_said(made, text: str) -> None:
    map, surface = made
    assert "Estimated area under the blebs" in text and "Not a prediction of drug level or result." in text
    assert "Not this patient&#x27;s size" in text and "This map cannot be signed yet." in text
    for notice in map.notices:
        assert notice.text.replace("'", "&#x27;") in text
    for source in {source.ref for danger in map.dangers for source in danger.sources}:
        assert f"<li><b>{source}</b> " in text, "every source that is named is listed"
    assert "A: a. B: b." in text, "the letters of the sets of thicknesses are explained"
    settled = map.model_copy(
        update={"notices": (), "surface": map.surface.model_copy(update={"to_scale": True, "scale": "20 mm marker"})}
    )
    fits = written(settled, surface)
    assert "Not this patient" not in fits and "cannot be signed" not in fits and "20 mm marker" in fits


def test_the_page_speaks_french_throughout(made) -> None:
    french = written(*made, language="fr")
    assert '<html lang="fr">' in french and "Surface estimée sous les papules" in french
    own = {key: text for key, text in EDITION.texts.items() if key.startswith("map.page-")}
    for key, text in own.items():
        assert set(text) == {"en", "fr"}, key
        assert sorted(re.findall(r"{\w+}", text["en"])) == sorted(re.findall(r"{\w+}", text["fr"])), key


def test_hands_and_trunk_are_shown_too(made) -> None:
    map, surface = fake_map({"dorsal-hands": ("grid", 10.0), "abdomen": ("grid", 25.0)})
    text = written(map, surface)
    assert len(text.encode()) < 1_500_000
    found = re.search(r'id="map-data">(.*?)</script>', text, re.S)
    assert found
    parts = json.loads(found[1])["parts"]
    assert 1 <= len(parts) <= 3


def test_a_map_without_points_volumes_or_depths_is_still_a_page(made) -> None:
    map, surface = made
    zones = tuple(
        zone.model_copy(
            update={
                "volume_ml": None, "coverage": None,
                "depth": zone.depth.model_copy(update={"tip_depth_mm": None, "chances": ()}),
            }
        )
        for zone in map.zones
    )  # fmt: skip
    points = tuple(point.model_copy(update={"volume_ml": None}) for point in map.points)
    bare = map.model_copy(update={"zones": zones, "points": points, "volume_ml": None, "dangers": ()})
    text = written(bare, surface)
    assert "not settled" in text and 'data-layer="coverage"' not in text and 'data-layer="dangers"' not in text
    assert 'id="points"' in written(bare.model_copy(update={"points": (), "zones": ()}), surface)
    assert 'id="points"' in written(bare.model_copy(update={"points": ()}), surface)


# The page in a browser


@pytest.fixture(scope="module")
def file(text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "map.html"
    path.write_text(text, "utf-8")
    return path


class Reader:
    """A page opened with the network off; what it complained of is kept."""

    def __init__(self, browser: Any, file: Path, width: int, height: int, **more: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, reduced_motion="reduce", **more
        )
        self.view = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.view.on("console", self.heard)
        self.view.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.view.on("request", lambda request: self.requests.append(request.url))
        self.view.goto(file.as_uri())
        self.settle()

    def heard(self, message: Any) -> None:
        if "GL Driver Message" not in message.text:  # Chromium notes each time it waits for its own drawing
            self.complaints.append(message.text)

    def settle(self) -> None:
        # The page's own policy forbids playwright's wait_for_function, which evaluates text.
        for _ in range(300):
            if self.view.evaluate("Boolean(window.injectionMap && injectionMap.settled)"):
                return
            self.view.wait_for_timeout(30)
        raise AssertionError("the picture does not come to rest")

    def picture(self) -> np.ndarray:
        self.settle()
        clip = self.view.evaluate(
            "(({x, y, width, height}) => ({x, y, width, height}))"
            "(document.getElementById('view').getBoundingClientRect())"
        )
        shot = pymupdf.Pixmap(self.view.screenshot(clip=clip))
        return (
            np.frombuffer(shot.samples, dtype=np.uint8).reshape(shot.height, shot.width, shot.n)[:, :, :3].astype(int)
        )

    @property
    def selected(self) -> int | None:
        return self.view.evaluate("injectionMap.selected")

    def card(self) -> str:
        return self.view.locator("#card .point").inner_text()

    def current_row(self) -> str | None:
        return self.view.locator("#points tr[aria-current]").get_attribute("data-point")


@pytest.fixture(scope="module")
def reader(browser, file: Path) -> Iterator[Reader]:
    opened = Reader(browser, file, 1000, 640)
    yield opened
    opened.context.close()


def test_it_draws_in_3d_without_a_request_or_a_complaint(reader: Reader, file: Path) -> None:
    assert reader.view.evaluate("document.documentElement.classList.contains('gl')")
    assert reader.requests == [file.as_uri()] and reader.complaints == []
    picture = reader.picture()
    background = picture[-3, 3]
    drawn = (abs(picture - background).sum(axis=2) > 40).mean()
    assert 0.2 < drawn < 0.95, "a head stands in the picture"
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 2000, "shaded, not flat"


def test_a_tap_on_a_point_shows_it_and_its_row(reader: Reader, made) -> None:
    map, _ = made
    reader.view.click('[data-view="front"]')
    reader.settle()
    for number in range(5, len(map.points), 37):
        at = reader.view.evaluate(f"injectionMap.at({number})")
        if not at["visible"]:
            continue
        reader.view.mouse.click(at["x"], at["y"])
        assert reader.selected == number
        zone = next(zone for zone in map.zones if zone.id == map.points[number - 1].zone)
        for words in (str(number), zone.title, "1.4 ± 0.3 mm", "80 %", "60 %", "0.01 mL"):
            assert words in reader.card()
        assert reader.current_row() == str(number)
        assert f"Point {number} of {len(map.points)}, {zone.title}" in reader.view.locator("#said").inner_text()
        reader.settle()
    assert reader.selected


def test_a_point_behind_the_head_is_not_tapped(reader: Reader, made) -> None:
    reader.view.click('[data-view="back"]')
    reader.settle()
    seen = [reader.view.evaluate(f"injectionMap.at({number}).visible") for number in (1, 40, 80)]
    assert seen == [False, False, False]
    before = reader.selected
    at = reader.view.evaluate("injectionMap.at(40)")
    reader.view.mouse.click(at["x"], at["y"])
    assert reader.selected == before


def test_keys_and_buttons_walk_in_the_needles_order(reader: Reader, made) -> None:
    map, _ = made
    reader.view.locator("#view").focus()
    reader.view.keyboard.press("Home")
    assert reader.selected == 1
    for _ in range(3):
        reader.view.keyboard.press("ArrowRight")
    reader.view.keyboard.press("ArrowLeft")
    assert reader.selected == 3
    reader.settle()
    assert reader.view.evaluate("injectionMap.at(3).visible"), "the camera turns to the point"
    reader.view.click("#next")
    assert reader.selected == 4
    reader.view.click("#previous")
    assert reader.selected == 3
    reader.view.keyboard.press("Home")
    reader.view.locator("#view").focus()
    reader.view.keyboard.press("End")
    assert reader.selected == len(map.points)
    reader.view.keyboard.press("ArrowRight")
    assert reader.selected == len(map.points), "it ends at the last point"
    for number in (1, 60, 100, 130):
        reader.view.evaluate(f"injectionMap.select({number})")
        reader.settle()
        assert reader.view.evaluate(f"injectionMap.at({number}).visible"), number
    before = reader.picture()
    reader.view.locator("#view").focus()
    for keys in ("Shift+ArrowLeft", "Alt+ArrowUp", "+"):
        reader.view.keyboard.press(keys)
        after = reader.picture()
        assert (abs(after - before).sum(axis=2) > 30).mean() > 0.02, keys
        before = after


def test_row_and_search_select_the_point(reader: Reader, made) -> None:
    map, _ = made
    reader.view.click('#points tr[data-point="12"] button')
    assert reader.selected == 12 and "12" in reader.card()
    reader.view.keyboard.press("ArrowDown")
    assert reader.selected == 13
    assert reader.view.evaluate("document.activeElement.textContent") == "13"
    reader.view.fill("#wanted", "77")
    reader.view.press("#wanted", "Enter")
    assert reader.selected == 77 and reader.current_row() == "77"
    box = reader.view.locator(".scroll").bounding_box()
    row = reader.view.locator('#points tr[data-point="77"]').bounding_box()
    assert box["y"] <= row["y"] <= box["y"] + box["height"], "the table scrolls to it"
    for wrong in ("900", "0", "x", ""):
        reader.view.fill("#wanted", wrong)
        reader.view.press("#wanted", "Enter")
        assert reader.selected == 77
        assert f"the map has {len(map.points)}" in reader.view.locator("#said").inner_text()
        assert reader.view.locator("#said").evaluate("e => e.getBoundingClientRect().height") > 10


def test_every_switch_changes_the_picture(reader: Reader) -> None:
    reader.view.click('[data-view="front"]')
    switches = reader.view.locator("[data-layer]")
    layers = switches.evaluate_all("all => all.map(one => one.dataset.layer)")
    assert layers == ["zones", "numbers", "depth", "coverage", "path", "dangers", "threads"]
    first = before = reader.picture()
    for layer in layers:
        box = reader.view.locator(f'[data-layer="{layer}"]')
        box.set_checked(not box.is_checked())
        after = reader.picture()
        assert (abs(after - before).sum(axis=2) > 24).sum() > 40, layer
        before = after
    for layer in layers:
        box = reader.view.locator(f'[data-layer="{layer}"]')
        box.set_checked(not box.is_checked())
    assert (abs(reader.picture() - first).sum(axis=2) > 24).sum() < 40, "all comes back"
    views = [reader.picture()]
    for view in ("oblique-right", "oblique-left", "side-right", "side-left", "top", "back"):
        reader.view.click(f'[data-view="{view}"]')
        views.append(reader.picture())
        assert all((abs(views[-1] - other).sum(axis=2) > 30).mean() > 0.05 for other in views[:-1]), view
    assert reader.complaints == []


@pytest.mark.parametrize(("width", "height"), [(768, 1024), (1024, 768), (390, 844)])
def test_it_fits_tablet_and_telephone(browser, file: Path, width: int, height: int) -> None:
    reader = Reader(browser, file, width, height, has_touch=True, color_scheme="dark" if width == 768 else "light")
    view = reader.view
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert view.locator("h1").count() == 1
    small = view.locator("button, .switch, summary, #wanted").evaluate_all(
        "all => all.filter(e => e.offsetParent && !e.closest('tbody'))"
        ".map(e => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, r]) => r.height < 44 || r.width < 44).map(([t]) => t)"
    )
    assert small == [], "large enough for a gloved finger"
    assert view.locator("tbody tr").first.bounding_box()["height"] >= 44
    view.locator("#stage").evaluate("e => e.scrollIntoView()")
    view.click('[data-view="front"]')
    reader.settle()
    at = view.evaluate("injectionMap.at(30)")
    view.touchscreen.tap(at["x"], at["y"])
    near = {30} | {n for n in range(1, 150) if _near(view.evaluate(f"injectionMap.at({n})"), at)}
    assert reader.selected in near
    card = view.locator("#card").bounding_box()
    assert card["y"] + card["height"] <= height + 1, "the card is on the screen with the picture"
    assert reader.complaints == []
    reader.context.close()


def _near(one: dict[str, float] | None, other: dict[str, float]) -> bool:
    return bool(one) and abs(one["x"] - other["x"]) < 3 and abs(one["y"] - other["y"]) < 3


def test_without_webgl_the_drawing_and_the_table_remain(launch: Callable[..., Any], file: Path) -> None:
    launched = launch("--disable-3d-apis")
    try:
        view = launched.new_page(viewport={"width": 1024, "height": 768})
        view.goto(file.as_uri())
        assert "WebGL is off" in view.locator(".still").inner_text()
        assert view.locator(".still svg circle").count() > 60
        view.click("#next")
        assert "Forehead" in view.locator("#card").inner_text()
        view.click('#points tr[data-point="3"] button')
        assert view.evaluate("injectionMap.selected") == 3
        quiet = launched.new_context(java_script_enabled=False).new_page()
        quiet.goto(file.as_uri())
        assert "Scripts are off" in quiet.locator(".still").inner_text()
        assert quiet.locator("#points tbody tr").count() > 100
        assert not quiet.locator("#card").is_visible()
    finally:
        launched.close()


def test_it_prints_the_whole_table(reader: Reader, made, tmp_path: Path) -> None:
    map, _ = made
    reader.view.pdf(path=str(tmp_path / "map.pdf"), prefer_css_page_size=True)
    printed = "".join(page.get_text() for page in pymupdf.open(tmp_path / "map.pdf"))
    numbers = re.findall(r"^(\d+)$", printed, re.M)
    assert {str(point.number) for point in map.points} <= set(numbers)
    assert "Not this patient" in printed and "Oblique" not in printed


def test_names_of_dangers_are_told_apart(made) -> None:
    """A danger without a source is dashed in the legend, too, and one that was entered says why."""
    map, surface = made
    first: DangerDrawn = map.dangers[0]
    entered = first.model_copy(update={"entered": "ultrasound guided", "sourced": False})
    text = written(map.model_copy(update={"dangers": (entered,)}), surface)
    assert "line dashed" in text and "ultrasound guided" in text and "no source found; drawn dashed" in text
