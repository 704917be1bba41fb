"""The illustrated walk and its pictures belong together."""

from __future__ import annotations

import re

from .steps import MOST_BYTES, PICTURES

WALK = PICTURES.parents[1] / "explanation" / "app.md"


def test_each_picture_of_the_walk_is_there_and_each_picture_there_is_in_the_walk() -> None:
    named = re.findall(r"!\[[^\]]+\]\(\.\./pictures/web/([\w-]+\.png)\)", WALK.read_text("utf-8"))
    there = sorted(PICTURES.glob("*"))
    assert sorted(named) == [one.name for one in there] and 10 <= len(there) <= 20
    assert all(one.stat().st_size <= MOST_BYTES for one in there)
    source = "".join(one.read_text("utf-8") for one in WALK.parents[2].glob("tests/web/journeys/test_*.py"))
    assert [name for name in named if f'"{name[:-4]}"' not in source] == [], "taken by no journey"
