"""The injection map in the plan's documents: its tables, its drawings, its sources, and the patient's plain picture."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import pypdf
import pytest
from tests.documents.printed import printed
from tests.injection_map.fake_map import fake_map

from nappage.injection_map import atlas as atlases
from nappage.injection_map import drawing
from nappage.injection_map.document import Notice
from nappage.injection_map.documents import Pictures
from nappage.plan import terminal
from nappage.plan.compose import clinician, map_sheet, patient, summary
from nappage.plan.map_blocks import _ranged
from nappage.plan.page import html
from nappage.plan.pdf import pdf
from nappage.plan.sheet import Figure


@pytest.fixture(scope="module")
def made():
    return fake_map({"forehead": ("grid", 14.0), "chin": ("named", 9.0)})


@pytest.fixture(scope="module")
def mapped(plan, made):
    return plan.model_copy(update={"map": made[0], "map_note": None})


@pytest.fixture(scope="module")
def drawn(made, edition):
    map, surface = made
    charts = {zone.id: drawing.chart(map, zone.id, edition) for zone in map.zones}
    return Pictures(drawing.views(map, surface, atlases.load(), edition), charts)


@pytest.fixture(scope="module")
def sheet(mapped, edition, drawn):
    return clinician(mapped, edition, drawn)


def section(sheet, title: str):
    return next(section for section in sheet.sections if section.title == title)


def figures(sheet) -> list[Figure]:
    return [block for section in sheet.sections for block in section.blocks if isinstance(block, Figure)]


def test_summary_then_what_is_open_then_points_then_views_then_charts(sheet, drawn) -> None:
    blocks = section(sheet, "Injection map").blocks
    kinds = [block.kind for block in blocks]
    first_view, last_view = kinds.index("figure"), kinds.index("figure") + len(drawn.views) - 1
    tables = [i for i, kind in enumerate(kinds) if kind == "table"]
    assert tables[0] < kinds.index("entries") < tables[-1] < first_view <= last_view
    assert kinds[last_view + 1 :] == ["figure"] * len(drawn.charts)


def test_what_is_asked_stands_before_warnings_and_notes(sheet) -> None:
    entries = next(b for b in section(sheet, "Injection map").blocks if b.kind == "entries").entries
    assert [entry.mark for entry in entries] == ["To answer", "Warning", "Note"]


def test_every_zone_and_every_point_is_told(sheet, made) -> None:
    map, _ = made
    tables = [block for block in section(sheet, "Injection map").blocks if block.kind == "table"]
    assert [row[0].text for row in tables[0].rows] == [zone.title for zone in map.zones]
    for row, zone in zip(tables[0].rows, map.zones, strict=True):
        assert row[1].text == str(zone.points)
        assert "40 % (30–50)" in row[5].text
    told: list[int] = []
    for row in tables[-1].rows:
        low, _, high = row[0].text.partition("–")
        told += range(int(low), int(high or low) + 1)
    assert told == [point.number for point in map.points]


def test_both_thickness_sets_stand_side_by_side_and_each_suggestion_once(sheet, made) -> None:
    blocks = section(sheet, "Injection map").blocks
    table = next(b for b in blocks if b.kind == "table" and b.columns[0].title == "Depth, by zone")
    assert [column.title for column in table.columns[2:4]] == ["The tip lies in: a", "The tip lies in: b"]
    assert {row[2].text for row in table.rows} == {"epidermis 1 %, dermis 80 %, fat 19 %"}
    assert {row[3].text for row in table.rows} == {"epidermis 2 %, dermis 60 %, fat 38 % (figures: malar)"}
    assert sum(row[0].text.count(";") + 1 for row in table.rows) == len({zone.zone for zone in made[0].zones})
    said = [zone.depth.suggestion for zone in made[0].zones if zone.depth.suggestion]
    lines = [line.text for b in blocks if b.kind == "entries" for e in b.entries for line in e.lines]
    for suggestion in set(said):
        assert lines.count(suggestion) == 1


def test_what_is_said_of_many_zones_is_said_once_with_ranges() -> None:
    zones = fake_map({"cheek": ("grid", 20.0), "chin": ("named", 9.0)})[0].zones
    said = [(zone, (f"{n} % of 10 are out.",)) for zone, n in zip(zones, (45, 8, 23), strict=True)]
    assert _ranged(said) == ["8–45 % of 10 are out."]
    assert _ranged([*said[:2], (zones[2], ("{All} in.",))]) == [
        f"{zones[0].title.partition(',')[0]}: 8–45 % of 10 are out.",
        f"{zones[2].title}: {{All}} in.",
    ]


def test_a_notice_is_titled_by_what_it_is_about_not_by_an_id(made, edition) -> None:
    def titles(language: str, *about: str) -> list[str]:
        notices = tuple(Notice(kind="note", about=name, text="So.") for name in about)
        sheet = map_sheet(made[0].model_copy(update={"notices": notices}), edition, language)
        return [e.title for b in sheet.sections[0].blocks if b.kind == "entries" for e in b.entries
                if any(line.text == "So." for line in e.lines)]  # fmt: skip

    assert titles("en", "mental-foramen", "cheek-left", "aim", "atlas") == [
        "Mental foramen", "Cheek, left", "Aim", "Size",
    ]  # fmt: skip
    assert titles("fr", "spacing", "sex") == ["Espacement", "Sexe"]


def test_every_source_of_the_map_is_named(sheet) -> None:
    named = re.findall(r'"refs":\[([^\]]*)\]', section(sheet, "Injection map").model_dump_json())
    assert any("khabir-2020" in keys for keys in named)


def test_the_pdf_is_accessible_and_holds_the_drawings(sheet, drawn) -> None:
    content = pdf(sheet)
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert "pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_data().decode()
    alts = set(_alts(reader.trailer["/Root"]["/StructTreeRoot"]))
    wanted = {figure.alt for figure in figures(sheet)}
    assert wanted and wanted <= alts
    text = "".join(page.get_text() for page in printed(content))
    for figure in figures(sheet):
        assert _squeezed(figure.caption) in _squeezed(text)


def _alts(node, depth: int = 0):
    node = node.get_object()
    if depth > 40:
        return
    if isinstance(node, pypdf.generic.ArrayObject):
        for child in node:
            yield from _alts(child, depth + 1)
    elif isinstance(node, pypdf.generic.DictionaryObject):
        if "/Alt" in node:
            yield str(node["/Alt"])
        if "/K" in node:
            yield from _alts(node["/K"], depth + 1)


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u00ad\u200b\-‐]+", "", text)


def test_a_chart_is_printed_true_to_scale(mapped, edition, drawn) -> None:
    """Ten millimetres on the chart's bar are as many millimetres on paper as its scale says."""
    chart = drawn.charts["forehead"]
    only = clinician(mapped, edition, Pictures({}, {"forehead": chart}))
    scale = re.search(r"Printed ([\d.]+):([\d.]+)", chart.svg)
    assert scale
    wanted = 10 * float(scale[1]) / float(scale[2]) * 72 / 25.4
    lengths = []
    for page in printed(pdf(only)):
        for path in page.get_drawings():
            for item in path["items"]:
                if item[0] == "l" and abs(item[1].y - item[2].y) < 0.01:
                    lengths.append(abs(item[1].x - item[2].x))
    assert any(abs(length - wanted) < 0.02 * wanted for length in lengths)


def test_the_page_holds_the_drawings_once_and_fetches_nothing(sheet) -> None:
    page = html(sheet)
    assert page.count("<figcaption>") == len(figures(sheet))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert not re.search(r'(src|href)="https?:[^"]*\.(png|jpe?g|svg|js|css)', page) and "<script" not in page


def test_the_patient_sees_where_without_numbers(mapped, edition, drawn) -> None:
    sheet = patient(mapped, edition, drawn)
    (figure,) = figures(sheet)
    assert "Forehead, Chin" in figure.alt
    assert "<text" not in figure.svg and "<circle" not in figure.svg and "hatch)" not in figure.svg
    words = " ".join(sheet.words())
    assert "mm" not in " ".join(figure.caption.split()) and "Forehead, Chin" in words
    assert pdf(sheet) and "<figcaption>" in html(sheet)


def test_in_a_terminal_there_are_captions_and_tables(mapped, made, edition, sheet, capsys) -> None:
    terminal.show(sheet)
    shown = capsys.readouterr().out
    assert "<svg" not in shown and "From the front:" in shown
    terminal.show(map_sheet(made[0], edition, "en"))
    assert "Cannot be signed yet" in capsys.readouterr().out
    terminal.show(summary(mapped, edition))
    assert "Forehead" in capsys.readouterr().out


def test_without_a_map_the_reason_stands(plan, edition) -> None:
    bare = plan.model_copy(update={"map": None, "map_note": "No area is named."})
    sheet = clinician(bare, edition)
    assert "Injection map" not in [section.title for section in sheet.sections]
    assert "No area is named." in " ".join(sheet.words())
    assert not figures(patient(bare, edition))


def test_points_that_differ_by_rounding_share_a_row(made, mapped, edition) -> None:
    map, _ = made
    volumes = [Decimal("0.0100") if i % 3 else Decimal("0.0101") for i in range(len(map.points))]
    points = tuple(
        point.model_copy(update={"volume_ml": volume, "name": None, "syringe": 1})
        for point, volume in zip(map.points, volumes, strict=True)
    )
    told = clinician(mapped.model_copy(update={"map": map.model_copy(update={"points": points})}), edition)
    table = [block for block in section(told, "Injection map").blocks if block.kind == "table"][-1]
    assert [row[3].text for row in table.rows] == ["0.01–0.0101"] * len(map.zones)
