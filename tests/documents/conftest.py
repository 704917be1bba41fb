"""One plan of the example, made once for all tests of documents."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from nappage.intake import load_answers
from nappage.knowledge import load
from nappage.plan import draft, write

ON = date(2026, 11, 25)
EXAMPLE = Path(__file__).parents[2] / "examples" / "facial-rejuvenation.yaml"


@pytest.fixture(scope="session")
def edition():
    return load(ON)


@pytest.fixture(scope="session")
def answers():
    return load_answers(str(EXAMPLE))


@pytest.fixture(scope="session")
def plan(answers, edition):
    return draft(answers, edition, ON, reference="facial-rejuvenation")


@pytest.fixture(scope="session")
def written(plan, edition, tmp_path_factory):
    return write(plan, edition, tmp_path_factory.mktemp("out"))
