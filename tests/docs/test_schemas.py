"""The published schemas are those of the code, and the examples fit them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from nappage.cli import schema_kinds
from nappage.intake import load_yaml

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "reference" / "schemas"


@pytest.mark.parametrize("kind", sorted(schema_kinds()))
def test_the_published_schema_is_the_code_s(kind: str) -> None:
    published = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    assert published == schema_kinds()[kind].model_json_schema(), "run `make reference`"
    Draft202012Validator.check_schema(published)


def test_no_schema_is_left_over() -> None:
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{kind}.schema.json" for kind in schema_kinds()}


# What an example's name begins with, where it holds no answers; scores have no schema, since each scale has its items.
KINDS = {"prices": "prices", "schedule": "schedule", "triage": "report"}
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.yaml") if path.stem != "scores")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_fit(path: Path) -> None:
    _, content = load_yaml(str(path))
    kind = KINDS.get(path.stem.partition("-")[0], "answers")
    given = json.loads(json.dumps(content, default=_plain))
    Draft202012Validator(schema_kinds()[kind].model_json_schema()).validate(given)


def _plain(value: object) -> object:
    from decimal import Decimal

    return float(value) if isinstance(value, Decimal) else str(value)
