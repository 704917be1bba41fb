"""Danger zones and borders of the map as records: cited, in both languages, readable, refused where they are wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from nappage.injection_map import zones
from nappage.knowledge import load, pages
from nappage.knowledge.check import check
from nappage.knowledge.schema import Citation, Danger
from nappage.values import InputError

DAY = date(2026, 11, 25)
EDITION = load(DAY)
FORAMEN = EDITION.danger["infraorbital-foramen"]


def test_the_dossier_s_records_on_danger_zones_are_carried() -> None:
    carried = {number for one in EDITION.danger.values() for number in one.records}
    assert carried == {"ARE-016", "ARE-017", "ARE-018"}
    assert [float(mm) for mm in FORAMEN.lies["below-orbital-rim"].mm] == [6.1, 11]


def test_both_languages_and_no_promise() -> None:
    for name, one in EDITION.danger.items():
        for text in (one.title, one.says, one.margin_because):
            assert set(text) == {"en", "fr"}, name
            assert " safe" not in text["en"].casefold() and " sûr" not in text["fr"].casefold(), name


def test_every_zone_of_the_map_has_borders_with_a_source() -> None:
    for zone in zones.zone_ids():
        region = EDITION.regions[zone]
        assert region.borders and set(region.borders) == {"en", "fr"} and region.source, zone


def test_a_citation_of_nothing_is_a_fault() -> None:
    broken = FORAMEN.model_copy(update={"margin_source": (Citation(ref="NOBODY1999"),)})
    edition = replace(EDITION, danger={**EDITION.danger, "infraorbital-foramen": broken})
    assert check(edition, DAY).faults == ("danger infraorbital-foramen: cites 'NOBODY1999', which is not in sources",)
    assert "danger/orbit" in check(EDITION, DAY).unsourced
    assert "danger/infraorbital-foramen" not in check(EDITION, DAY).unsourced


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"lies": {"from-midline": {"mm": [28, 24], "source": [{"ref": "AZIZ2000"}]}}}, "starts with its lower end"),
        ({"lies": {"from-midline": {"mm": [24, 28], "source": []}}}, "at least 1 item"),
        ({"lies": {}, "source": []}, "needs a source, if only UNSOURCED"),
        ({"margin_mm": 0}, "greater than 0"),
        ({"kind": "blob"}, "'area', 'point' or 'line'"),
    ],
)
def test_what_may_not_stand(change: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        Danger.model_validate({**FORAMEN.model_dump(mode="json"), **change})


def test_sourced_means_that_a_publication_says_where_it_lies() -> None:
    proposed = {"from-midline": {"mm": [24, 28], "source": [{"ref": "NAPPAGE"}]}}
    assert FORAMEN.sourced
    assert not Danger.model_validate({**FORAMEN.model_dump(mode="json"), "lies": proposed}).sourced


def test_it_can_be_read() -> None:
    page = pages.page(EDITION, "facial-artery")
    assert "Lateral to mouth corner: 10 to 25.2 mm" in page and "LEE2019FA" in page
    assert "may be entered for a reason" in page
    assert "may not be entered" in pages.page(EDITION, "orbit", "fr") and "Orbite" in pages.page(EDITION, "orbit", "fr")
    listed = pages.listing(EDITION, "danger")
    assert f"danger ({len(EDITION.danger)})" in listed and "margin of 2 mm, unsourced  Orbit" in listed
    assert any(line.startswith("SHEIKHI2016    2 positions") for line in _squeezed(pages.sources(EDITION)))
    with pytest.raises(InputError, match="Near it: mental-foramen"):
        pages.page(EDITION, "mental-foramina")


def _squeezed(text: str) -> list[str]:
    return ["    ".join(line.split(None, 1)) for line in text.splitlines()]
