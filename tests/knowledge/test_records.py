"""The published knowledge: every record is sourced, parses, and its examples hold in both readings."""

from __future__ import annotations

from datetime import date

import duckdb
import narwhals as nw
import polars as pl
import pytest

from nappage.knowledge import Decision, KnowledgeError, load
from nappage.knowledge.check import as_row, check, says
from nappage.knowledge.edition import _load, compiled, fingerprint_of
from nappage.rules.columns import column

ON = date(2026, 11, 25)
EDITION = load(ON)


def test_nothing_is_at_fault() -> None:
    report = check(EDITION, ON)
    assert report.faults == ()
    assert report.overdue == ()


@pytest.mark.parametrize("rule_id", sorted(EDITION.rules))
def test_examples_hold_in_the_column_reading_too(rule_id: str) -> None:
    rule = EDITION.rules[rule_id]
    kinds = {"boolean": pl.Boolean, "number": pl.Float64, "text": pl.String, "list": pl.List(pl.String)}
    names = sorted({fact for example in rule.examples for fact in example.given} | _facts(rule))
    rows = [
        {n: (list(v) if isinstance(v := as_row(example.given).get(n), tuple) else v) for n in names}
        for example in rule.examples
    ]
    frame = pl.DataFrame(rows, schema={n: kinds[EDITION.facts[n].type] for n in names}, strict=False)
    for position in rule.positions:
        if not position.when:
            continue
        expression = column(EDITION.condition(position.when), EDITION.kinds).alias("answer")
        answers = [
            nw.from_native(frame.lazy()).select(expression).collect()["answer"].to_list(),
            [
                row[0]
                for row in nw.from_native(duckdb.from_arrow(frame.to_arrow())).select(expression).to_native().fetchall()
            ],
        ]
        for example, *read in zip(rule.examples, *answers, strict=True):
            wanted = says(EDITION, position, as_row(example.given))
            for answer in read:
                assert ("ask" if answer is None else position.says if answer else "none") == wanted


def _facts(rule) -> set[str]:
    from nappage.rules import facts_of

    return set().union(*(facts_of(EDITION.condition(p.when)) for p in rule.positions if p.when))


def test_every_rule_has_an_example_that_fires_and_one_that_does_not() -> None:
    for rule in EDITION.rules.values():
        said = {says(EDITION, rule.adopted, as_row(example.given)) for example in rule.examples}
        assert rule.adopted.says in said, rule.id
        assert said - {rule.adopted.says}, rule.id


def _absolute():
    return next(
        rule for rule in EDITION.rules.values()
        if rule.adopted.says == "absolute-contraindication" and rule.dissent
    )  # fmt: skip


def _decision(rule, adopts: str, **changes) -> Decision:
    given = {
        "record": rule.id,
        "adopts": adopts,
        "saw": fingerprint_of(rule),
        "reason": "our practice",
        "decided_by": "Dr Example",
        "decided_on": date(2026, 1, 12),
        "review_by": date(2027, 1, 12),
    }
    return Decision(**{**given, **changes})


def test_a_clinic_cannot_weaken_an_absolute_contraindication() -> None:
    rule = _absolute()
    weaker = next(p for p in rule.dissent if p.says != "absolute-contraindication")
    with pytest.raises(KnowledgeError, match="cannot be weakened"):
        load(ON, (_decision(rule, weaker.id),))


def test_a_clinics_choice_is_in_force_and_lapses_when_the_text_changes() -> None:
    rule = next(r for r in EDITION.rules.values() if r.adopted.says == "deferral" and r.dissent)
    other = rule.dissent[0]
    chosen = load(ON, (_decision(rule, other.id),))
    assert chosen.rules[rule.id].adopts == other.id
    assert chosen.fingerprint != EDITION.fingerprint
    lapsed = load(ON, (_decision(rule, other.id, saw="0" * 16),))
    assert lapsed.rules[rule.id].adopts == rule.adopts
    assert [d.record for d in lapsed.lapsed] == [rule.id]


def test_a_clinics_own_position_may_only_be_stricter() -> None:
    rule = next(r for r in EDITION.rules.values() if r.adopted.says == "relative-contraindication")
    own = rule.adopted.model_copy(update={"id": "ours", "says": "precaution"})
    with pytest.raises(KnowledgeError, match="only be stricter"):
        load(ON, (_decision(rule, "ours", own=own),))


def _own(record, **changes):
    own = record.adopted.model_copy(update={"id": "ours", **changes})
    return load(ON, (_decision(record, "ours", own=own),)).record(record.id)


def test_a_clinics_own_ceiling_may_only_be_lower_and_its_own_wait_only_longer() -> None:
    ceiling, spacing = EDITION.values["ceiling-lidocaine-mg-per-kg"], EDITION.values["spacing-cosmetic-sessions"]
    wait = EDITION.rules["isotretinoin-oral"]
    shorter, longer = (wait.adopted.wait.model_copy(update={"months": months}) for months in (1, 9))
    for record, milder, stricter in (
        (ceiling, {"value": ceiling.adopted.value + 1}, {"value": ceiling.adopted.value - 1}),
        (spacing, {"value": spacing.adopted.value - 1}, {"value": spacing.adopted.value + 1}),
        (wait, {"wait": shorter}, {"wait": longer}),
    ):
        with pytest.raises(KnowledgeError, match="only be stricter"):
            _own(record, **milder)
        assert _own(record, **stricter).adopts == "ours"


def test_a_clinics_own_condition_takes_nothing_away() -> None:
    rule = EDITION.rules["pregnancy"]
    narrow = _own(rule, when="age_years > 60")
    assert says(EDITION, narrow.adopted, as_row({"pregnancy": "pregnant", "age_years": 30})) == rule.adopted.says
    assert says(EDITION, narrow.adopted, as_row({"pregnancy": "no", "age_years": 61})) == rule.adopted.says
    with pytest.raises(KnowledgeError, match="only be stricter"):
        _own(rule, when=None)


def test_a_missing_source_and_a_wrong_example_are_found(tmp_path) -> None:
    import shutil

    import yaml

    from nappage.knowledge.edition import DATA

    shutil.copytree(DATA, tmp_path / "data")
    path = next(iter(sorted((tmp_path / "data" / "rules").glob("*.yaml"))))
    record = yaml.safe_load(path.read_text())
    record["positions"][0]["source"] = [{"ref": "NOBODY"}]
    record["examples"][0]["expect"] = "ask" if record["examples"][0]["expect"] != "ask" else "none"
    path.write_text(yaml.safe_dump(record))
    faults = "\n".join(check(_load(ON, (), tmp_path / "data"), ON).faults)
    assert "cites 'NOBODY'" in faults
    assert "the example expects" in faults


def test_every_part_of_the_data_has_something_in_it() -> None:
    for kind, entries in compiled()[0].items():
        assert entries, kind


def test_the_compiled_form_is_kept_until_a_file_changes(tmp_path) -> None:
    import shutil
    import sys

    from nappage.knowledge.edition import DATA

    data = tmp_path / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("__pycache__"))
    parts, digest = compiled(data)
    cache = data / "__pycache__" / f"edition.{sys.implementation.cache_tag}.pickle"
    made = cache.stat().st_mtime_ns
    assert compiled(data) == (parts, digest) and cache.stat().st_mtime_ns == made
    text = data / "texts" / "screening.yaml"
    text.write_text(text.read_text() + 'verdict.more: {en: "more"}\n')
    parts, changed = compiled(data)
    assert parts["texts"]["verdict.more"] == {"en": "more"} and changed != digest
    for broken in (b"", b"broken", b"\x80\x05K\x01."):
        cache.write_bytes(broken)
        assert compiled(data) == (parts, changed)
    assert _load(ON, (), data).say("verdict.more") == "more"


def test_a_folder_that_is_only_read_gives_the_same(tmp_path) -> None:
    import shutil

    from nappage.knowledge.edition import DATA

    data = tmp_path / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("__pycache__"))
    (data / "__pycache__").write_text("no folder can be made here")
    assert compiled(data)[1] == compiled(DATA)[1]
