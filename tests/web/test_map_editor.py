"""The map editor in a real Chromium, with a server behind it that really lays the order out: a map by hand, dragged,
drawn, erased, undone, refused, and all of it without the picture."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.web.map_bench import STATIC, Desk, served

from nappage.injection_map import page3d

VIEWER = Path(page3d.__file__).with_name("viewer")
EXAMPLE = yaml.safe_load(Path("examples/facial-rejuvenation.yaml").read_text("utf-8"))["order"]
# What a protocol gives before a zone is chosen.
BARE = {name: EXAMPLE[name] for name in ("technique", "inserted_mm", "angle_deg", "syringe_ml", "mixture", "map")}


def test_the_bundle_is_the_one_whose_hash_is_kept() -> None:
    kept, name = (STATIC / "map-editor.min.js.sha256").read_text().split()
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == kept
    bundle = (STATIC / name).read_text()
    assert (VIEWER / "LICENSE.three").read_text() in bundle
    assert not re.search(r"\beval\(|new Function\(|new Worker\(", bundle)


def test_the_bundle_is_what_the_source_gives() -> None:
    """Where the build tools are installed, it is built again; elsewhere every word of the source is in it."""
    if (VIEWER / "node_modules" / "esbuild").is_dir():
        subprocess.run([VIEWER / "build.sh", "check"], check=True)
    bundle = (STATIC / "map-editor.min.js").read_text()
    for source in (VIEWER / "editor").glob("*.js"):
        for word in re.findall(r"'([a-z][\w-]{3,}|#[0-9a-f]{6})'", source.read_text()):
            assert word in bundle, (source.name, word)


def test_each_language_has_each_word() -> None:
    text = (VIEWER / "editor" / "words.js").read_text("utf-8")
    tables = [
        set(re.findall(r"(?:^|[ ,{])'?([a-z][\w-]*)'?: ['\"]", re.split(rf"const {name} = ", text)[1].split("\n};")[0]))
        for name in ("EN", "FR")
    ]
    assert tables[0] == tables[1] and len(tables[0]) > 120


# In the browser


class Hand:
    """A person at the editor; counts what they do, and hears what the page complains of."""

    def __init__(self, browser: Any, address: str, width: int = 1040, height: int = 640, **more: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **more)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.done = 0
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.settle()

    def settle(self) -> None:
        # The page's policy forbids playwright's wait_for_function, which evaluates text.
        for _ in range(1200):
            if self.look("Boolean(window.editor && editor.session.state && !editor.session.pending && editor.settled)"):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(self.look("document.body.innerText"))

    def look(self, script: str) -> Any:
        return self.page.evaluate(script)

    def tap(self, selector: str) -> None:
        self.done += 1
        self.page.locator(selector).first.click()
        self.settle()

    def tool(self, name: str) -> None:
        self.tap(f"[data-tool={name}]")

    def zone(self, name: str, side: str) -> None:
        """Taps a zone on the skin."""
        at = self.look(f"editor.zoneAt('{name}', '{side}')")
        self.done += 1
        self.page.mouse.click(at["x"], at["y"])
        self.settle()

    def type(self, label: str, text: str) -> None:
        self.done += 1
        field = self.field(label)
        field.fill(text)
        field.press("Enter")
        self.settle()

    def field(self, label: str) -> Any:
        return self.page.get_by_role("textbox", name=label).first

    def keys(self, keys: str) -> None:
        self.done += 1
        self.page.keyboard.press(keys)
        self.settle()

    def stroke(self, places: list[tuple[float, float]]) -> None:
        self.done += 1
        mouse = self.page.mouse
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place, steps=4)
        mouse.up()
        self.settle()

    @property
    def order(self) -> dict[str, Any]:
        return self.look("editor.session.doc.order")

    @property
    def points(self) -> int:
        return self.look("editor.session.state.totals.points")

    def point(self, number: int) -> dict[str, Any]:
        return self.look(f"editor.at({number})")

    def seen_point(self) -> int:
        """The number of a point in sight with no other close by."""
        places = [self.point(i) for i in range(1, self.points + 1)]
        for i, one in enumerate(places):
            if one["visible"] and all(
                abs(one["x"] - other["x"]) + abs(one["y"] - other["y"]) > 20 for j, other in enumerate(places) if j != i
            ):
                return i + 1
        raise AssertionError("no point stands alone in sight")


@contextmanager
def at_hand(browser: Any, order: dict[str, Any], mode: str = "map", **more: Any) -> Iterator[tuple[Hand, Desk]]:
    desk = Desk(json.loads(json.dumps(order, default=str)), language=more.pop("language", "en"))
    with served(desk, mode) as address:
        hand = Hand(browser, address, **more)
        yield hand, desk
        # Chromium notes each refusal, and each time it waits for its own drawing.
        complaints = [text for text in hand.complaints if "422" not in text and "GL Driver Message" not in text]
        hand.context.close()
    assert complaints == []


def test_a_map_of_a_hundred_points_needs_ten_interactions_or_fewer(browser: Any) -> None:
    with at_hand(browser, BARE) as (hand, desk):
        assert hand.points == 0 and "No zone chosen yet" in hand.page.inner_text(".me-totals")
        hand.zone("forehead", "midline")
        for name in ("malar", "cheek", "lower-lid"):
            hand.zone(name, "right")
        hand.tap("[data-value=count]")
        hand.type("Number of points", "100")
        assert hand.points == 100 and hand.done <= 10
        assert desk.order["areas"] == ["forehead", "malar", "cheek", "lower-lid"] and desk.order["points"] == 100
        both = hand.look("editor.session.state.payload.zones.map(zone => zone.id)")
        assert {"cheek-right", "cheek-left", "malar-right", "malar-left"} <= set(both), "a tap takes in both sides"


def test_a_second_tap_leaves_a_zone_out_and_its_area_stays_named(browser: Any) -> None:
    """'cheeks' brings cheek and malar; other rooms read the areas, so one of which something is left stays named."""
    with at_hand(browser, EXAMPLE) as (hand, desk):
        hand.zone("malar", "right")
        assert desk.order["areas"][0] == "cheeks"
        zones = hand.look("editor.session.state.payload.zones.filter(z => z.points).map(z => z.zone)")
        assert "malar" not in zones and "cheek" in zones
        hand.zone("cheek", "right")
        assert "cheeks" not in desk.order["areas"] and desk.order["map"].get("zones", []) == []
        hand.zone("malar", "right")
        assert desk.order["areas"][-1] == "malar"


def test_totals_depth_and_coverage_follow_and_everything_can_be_undone(browser: Any) -> None:
    with at_hand(browser, EXAMPLE) as (hand, desk):
        before, first = hand.page.inner_text(".me-totals"), hand.order
        hand.type("Spacing", "7")
        assert hand.points > 150 and hand.page.inner_text(".me-totals") != before
        hand.tap(".me-told details.me-sources summary")
        assert "MENG2022" in hand.page.inner_text(".me-told")
        hand.type("Angle", "10")
        assert "With the tip 1 mm deep" not in hand.page.inner_text(".me-told")
        hand.keys("Control+z")
        hand.keys("Control+z")
        assert hand.order == first and hand.points == 100 and hand.page.inner_text(".me-totals") == before
        hand.tap("[aria-label=Redo]")
        assert desk.order["spacing_mm"] == 7 and hand.points > 150


def test_a_border_is_dragged_and_mirrored(browser: Any) -> None:
    with at_hand(browser, {**BARE, "areas": ["forehead", "cheek"], "spacing_mm": 8}) as (hand, desk):
        hand.tool("border")
        hand.page.click("[data-view=oblique-right]")
        hand.settle()
        hand.zone("cheek", "right")
        area = "editor.session.state.payload.zones.find(z => z.id === '{}').area_cm2"
        before = [hand.look(area.format(f"cheek-{side}")) for side in ("right", "left")]
        handle = hand.page.locator(".me-handle:visible")
        boxes = [handle.nth(i).bounding_box() for i in range(handle.count())]
        back = min(boxes, key=lambda box: box["x"])  # towards the ear
        assert back["width"] > 43.9 and back["height"] > 43.9
        x, y = back["x"] + back["width"] / 2, back["y"] + back["height"] / 2
        hand.stroke([(x, y), (x + 20, y + 8), (x + 40, y + 16)])
        after = [hand.look(area.format(f"cheek-{side}")) for side in ("right", "left")]
        entry = next(entry for entry in desk.order["map"]["zones"] if entry["zone"] == "cheek")
        assert 4 < len(entry["border"]) <= 40 and "side" not in entry
        assert all(b < a - 0.2 for a, b in zip(before, after, strict=True)), (before, after)
        assert abs(after[0] - after[1]) < 1.0, "the other side follows"
        hand.tap("[aria-label=Undo]")
        assert [hand.look(area.format(f"cheek-{side}")) for side in ("right", "left")] == before
        # By the keyboard: a handle moves with the arrows, and keeps the focus.
        hand.page.locator(".me-handle:visible").first.focus()
        hand.keys("ArrowUp")
        assert desk.order["map"]["zones"] and "handle" in hand.look("document.activeElement.ariaLabel")


def test_a_zone_is_painted_mirrored_and_taken_away(browser: Any) -> None:
    with at_hand(browser, {**BARE, "areas": ["forehead"], "spacing_mm": 8}) as (hand, desk):
        first, start = hand.order, hand.points
        hand.tool("paint")
        at = hand.look("editor.zoneAt('cheek', 'right')")
        x, y = at["x"], at["y"]
        # The hand goes past where it began: the loop at the end is no part of the zone.
        ring = [(0, -20), (35, -10), (50, 30), (10, 40), (-8, 10), (8, -30), (20, -25)]
        hand.stroke([(x + dx, y + dy) for dx, dy in ring])
        assert not hand.page.locator("[role=alert]").is_visible()
        drawn = desk.order["map"]["zones"][-1]
        assert drawn["zone"] == "Painted zone 1" and drawn["side"] == "right" and 6 <= len(drawn["border"]) <= 40
        assert hand.points > start + 5
        # The cheek is treated, so it is an area for the other rooms; its own points stay out.
        assert {"forehead", "cheek"} <= set(desk.order["areas"])
        zones = "Object.fromEntries(editor.session.state.payload.zones.map(z => [z.id, z.points]))"
        assert hand.look(zones)["cheek-right"] == 0
        hand.tap("text=Also on the other side")
        found = hand.look(zones)
        assert abs(found["painted-zone-1-right"] - found["painted-zone-2-left"]) <= 2
        hand.zone("cheek", "left")  # a tap on what was painted takes it away
        assert "painted-zone-2-left" not in hand.look(zones)
        hand.tap(".me-chip:has-text('Painted zone 1')")
        assert hand.points == start and hand.order["areas"] == first["areas"]


def test_points_are_set_and_erased_by_hand(browser: Any) -> None:
    with at_hand(browser, {**BARE, "areas": ["forehead"], "spacing_mm": 12}) as (hand, desk):
        start = hand.points
        hand.tool("erase")
        gone = hand.point(hand.seen_point())
        hand.page.mouse.click(gone["x"], gone["y"])
        hand.settle()
        assert hand.points == start - 1 and len(desk.order["map"]["erase"]) == 1
        hand.tool("add")
        hand.page.mouse.click(gone["x"], gone["y"])
        hand.settle()
        assert hand.points == start
        spot = desk.order["map"]["add"][0]
        at = hand.look("(() => { const p = editor.session.state.payload.points.find(p => p.added).p; return p })()")
        near = hand.look(f"editor.editor.body.at({json.dumps(spot)})")
        assert sum((a - b) ** 2 for a, b in zip(at, near, strict=True)) < 0.1
        added = 1 + hand.look("editor.session.state.payload.points.findIndex(p => p.added)")
        hand.tool("erase")
        place = hand.point(added)
        hand.page.mouse.click(place["x"], place["y"])
        hand.settle()
        assert hand.points == start - 1 and desk.order["map"]["add"] == [] and len(desk.order["map"]["erase"]) == 1
        # Rubbing takes several with one edit.
        places = sorted((hand.point(i) for i in range(1, hand.points + 1)), key=lambda p: p["y"])
        seen = [place for place in places if place["visible"]][:4]
        edits = len(desk.edits)
        hand.stroke([(p["x"], p["y"]) for p in seen])
        assert hand.points <= start - 4 and len(desk.edits) == edits + 1


def test_what_is_refused_is_said_and_the_last_good_map_stays(browser: Any) -> None:
    with at_hand(browser, EXAMPLE) as (hand, desk):
        good = hand.order
        hand.look("editor.edit([{path: 'order.spacing_mm', value: 0.001}])")
        hand.settle()
        assert "a map holds 10000" in hand.page.inner_text("[role=alert]")
        assert hand.order == good == hand.look("editor.session.good.doc.order") and hand.points == 100
        assert hand.page.locator("[aria-label=Undo]").is_disabled(), "what was refused is no step to undo"
        assert hand.field("Spacing").input_value() == "10"
        hand.type("Spacing", "9")
        assert not hand.page.locator("[role=alert]").is_visible() and desk.order["spacing_mm"] == 9


def test_it_answers_the_hand_while_the_map_is_laid_out(browser: Any) -> None:
    """A slow server: each tap shows at once, and what is tapped meanwhile goes in one request."""
    with at_hand(browser, EXAMPLE) as (hand, desk):
        desk.slow_s, before = 2.0, desk.requests
        more = hand.page.get_by_role("button", name="More: Spacing").first
        for _ in range(5):
            more.click()
        assert hand.field("Spacing").input_value() == "15"
        assert hand.look("document.querySelector('.me').hasAttribute('data-pending')")
        assert "Laying out" in hand.page.inner_text("[role=status]")
        hand.page.locator("[data-zone=chin]").click()
        assert hand.page.locator("[data-zone=chin]").get_attribute("aria-pressed") == "true"
        hand.settle()
        assert desk.requests - before <= 3 and desk.order["spacing_mm"] == 15 and "chin" in desk.order["areas"]
        hand.keys("Control+z")
        hand.keys("Control+z")
        assert desk.order["spacing_mm"] == 10, "quick taps are one step"


def test_a_lost_connection_loses_nothing(browser: Any) -> None:
    with at_hand(browser, EXAMPLE) as (hand, desk):
        hand.context.set_offline(True)
        more = hand.page.get_by_role("button", name="More: Spacing").first
        more.click()
        hand.page.wait_for_timeout(300)
        assert "No connection" in hand.page.inner_text("[role=status]")
        assert desk.order["spacing_mm"] == 10
        hand.context.set_offline(False)
        hand.settle()
        assert desk.order["spacing_mm"] == 11
        hand.complaints[:] = [text for text in hand.complaints if "INTERNET_DISCONNECTED" not in text]


@pytest.mark.parametrize("meanwhile", [10, 12])
def test_a_reload_sends_what_had_not_arrived_and_overwrites_nobody(browser: Any, meanwhile: int) -> None:
    with at_hand(browser, EXAMPLE) as (hand, desk):
        hand.page.on("dialog", lambda dialog: dialog.accept())  # the browser asks before it leaves
        hand.page.route("**/edit", lambda route: route.abort())
        hand.page.get_by_role("button", name="More: Spacing").first.click()
        hand.page.wait_for_timeout(200)
        desk.order = {**desk.order, "spacing_mm": meanwhile}  # another tab
        hand.page.unroute("**/edit")
        hand.page.reload()
        hand.settle()
        assert desk.order["spacing_mm"] == hand.order["spacing_mm"] == (11 if meanwhile == 10 else 12)
        assert hand.page.locator("[role=alert]").is_visible() is (meanwhile == 12)
        assert hand.look("sessionStorage.length") == 0
        hand.complaints[:] = [text for text in hand.complaints if "ERR_FAILED" not in text]


def test_without_webgl_the_lists_and_tables_do_everything(browser: Any) -> None:
    """By the keyboard alone: zones, side, settings, border, points."""
    with at_hand(browser, BARE) as (hand, desk):
        hand.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        hand.page.reload()
        hand.settle()
        assert hand.page.locator(".me-no-gl").is_visible()
        hand.complaints[:] = [text for text in hand.complaints if "WebGL" not in text]
        hand.page.locator("[data-zone=forehead]").focus()
        hand.keys("Enter")
        assert desk.order["areas"] == ["forehead"] and hand.points > 10
        hand.page.get_by_label("Settings of").select_option("forehead")
        hand.type("Spacing", "12")
        wide = hand.look("editor.session.state.totals.area_cm2")
        hand.page.get_by_label("Edge").select_option("upper")
        hand.page.get_by_role("button", name="Narrower by 2 mm").focus()
        hand.keys("Enter")
        assert hand.look("editor.session.state.totals.area_cm2") < wide - 0.5
        before = hand.points
        hand.page.get_by_text("Points as a table").click()
        hand.page.get_by_role("button", name="Erase 3", exact=True).focus()
        hand.keys("Enter")
        assert hand.points == before - 1
        hand.page.get_by_role("button", name="Add beside 3", exact=True).focus()
        hand.keys("Enter")
        assert hand.points == before and desk.order["map"]["add"]


def test_concerns_are_marked_without_points(browser: Any) -> None:
    with at_hand(browser, {}, mode="mark") as (hand, desk):
        hand.zone("cheek", "right")
        assert desk.marks == [{"zone": "cheek"}] and desk.order == {}
        hand.page.get_by_role("button", name="Left", exact=True).nth(1).click()
        hand.settle()
        assert desk.marks == [{"zone": "cheek", "side": "left"}]
        hand.tool("paint")
        at = hand.look("editor.zoneAt('forehead', 'midline')")
        x, y = at["x"], at["y"]
        hand.stroke([(x, y), (x + 60, y), (x + 60, y - 40), (x, y - 40), (x, y - 4)])
        drawn = desk.marks[1]
        assert drawn["zone"] == "Painted zone 1" and 4 <= len(drawn["border"]) <= 40
        hand.tap("[aria-label='Remove: Cheek']")
        assert [mark["zone"] for mark in desk.marks] == ["Painted zone 1"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(browser: Any, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with at_hand(browser, EXAMPLE, width=360, color_scheme=scheme, language="fr") as (hand, _):
        for title in ("Les zones en tableau", "Les points en tableau"):
            hand.page.get_by_text(title).click()
        for width in (360, 390, 820, 1280):
            hand.page.set_viewport_size({"width": width, "height": 640})
            hand.settle()
            assert hand.look("document.documentElement.scrollWidth <= innerWidth"), width
            found = Axe().run(hand.page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == [], width
            small = hand.look(
                "[...document.querySelectorAll('.me button:not(.me-link), .me input[type=text], .me select')]"
                ".filter(b => b.offsetParent && Math.min(b.offsetHeight, b.offsetWidth) < 43).map(b => b.outerHTML)"
            )
            assert small == [], width
