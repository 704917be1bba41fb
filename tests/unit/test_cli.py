"""The command as people run it: exit codes, one sentence for bad input, JSON that carries its sources."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.forks import Forks

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SAMPLES = ROOT / "tests" / "data" / "fhir-sample"


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def nappage(forks: Forks) -> Run:
    def run(*args: str, stdin: bytes = b"", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return forks.run("nappage.cli:main", args, stdin, cwd, os.environ)

    return run


def from_the_start(*args: str) -> subprocess.CompletedProcess[str]:
    """In a process that has nothing loaded: a verb loads what it uses."""
    command = [sys.executable, "-m", "nappage", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def planned(nappage: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of an example that was planned, and what was said."""
    out = tmp_path_factory.mktemp("planned")
    done = nappage("plan", str(EXAMPLES / "facial-rejuvenation.yaml"), "--out", str(out), "--on", "2026-11-25")
    return out / "facial-rejuvenation", done


def test_plan_writes_the_documents_and_says_where(planned: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = planned
    assert done.returncode == 0, done.stderr
    for name in ("plan.pdf", "plan.html", "plan.json", "course.ics", "patient.pdf", "patient.html"):
        assert (folder / name).stat().st_size > 500
        assert name in done.stdout
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["screening"]["verdict"] in ("clear", "proceed-with-precautions")
    assert len(plan["course"]["sessions"]) >= 3


def test_every_verb_has_worked_examples_that_work(nappage: Run, tmp_path: Path) -> None:
    for verb in ("plan", "screen", "formulate", "schedule", "knowledge", "check"):
        shown = nappage(verb, "--help").stdout
        lines = re.findall(r"^  (nappage .*?)(?:   .*)?$", shown, re.M)
        assert lines, verb
        for line in lines:
            words = line.split()[1:]
            if "patient.json.gz" in words or any(w.startswith("out/") for w in words):
                continue
            stdin = b""
            if "<" in words:
                stdin = (ROOT / words[words.index("<") + 1]).read_bytes()
                words = words[: words.index("<")]
            if verb == "plan":
                words = [*[w for w in words if w not in ("--out", "out")], "--out", str(tmp_path)]
            done = nappage(*words, stdin=stdin)
            assert done.returncode in (0, 1), (line, done.stderr)
            assert done.stdout and not done.stderr, (line, done.stderr)


def test_screen_json_has_what_the_readme_promises(nappage: Run) -> None:
    done = nappage("screen", str(EXAMPLES / "deferred-isotretinoin.yaml"), "--on", "2026-11-25", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["verdict"] == "defer" and said["earliest_date"] == "2027-03-09"
    finding = said["findings"][0]
    assert finding["rule"] and finding["position"] and finding["sources"][0]["ref"]
    assert finding["because"][0]["quotes"]
    assert said["open_questions"] == []


def test_a_half_filled_form_is_never_clear(nappage: Run) -> None:
    done = nappage("screen", str(EXAMPLES / "open-questions.yaml"), "--on", "2026-11-25", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1 and said["incomplete"]
    assert any("little white heart pill" in question["question"] for question in said["open_questions"])


def test_formulate_json_names_rule_position_and_source_of_each_ceiling(nappage: Run) -> None:
    done = nappage("formulate", str(EXAMPLES / "mixture-lidocaine.yaml"), "--on", "2026-11-25", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0, said
    assert said["verdict"] == "within-limits" and said["total_volume_ml"] == 3
    dose = next(i for i in said["ingredients"] if i["ingredient"] == "lidocaine")
    assert dose["mg"] == 10 and dose["ceiling_mg"] == 180 and dose["status"] == "within-limits"


def test_schedule_json_and_exit_codes(nappage: Run) -> None:
    made = from_the_start("schedule", str(EXAMPLES / "schedule-facial.yaml"), "--json")
    said = json.loads(made.stdout)
    assert made.returncode == 0 and said["verdict"] in ("scheduled", "scheduled-with-notes")
    assert [s["phase"] for s in said["sessions"]][:3] == ["initial"] * 3 and all(s["why"] for s in said["sessions"])
    proposed = nappage("schedule", str(EXAMPLES / "schedule-proposed.yaml"), "--json")
    said = json.loads(proposed.stdout)
    assert proposed.returncode == 1 and said["verdict"] == "refused" and said["conflicts"]


def test_a_bundle_alone_leaves_its_silence_open_and_answers_settle_it(nappage: Run, tmp_path: Path) -> None:
    bundle = str(SAMPLES / "patient-004.json.gz")
    alone = json.loads(nappage("screen", bundle, "--on", "2021-06-01", "--json").stdout)
    assert alone["incomplete"] and alone["open_questions"]
    answers = tmp_path / "answers.yaml"
    answers.write_text("history_complete: true\n")
    both = nappage("screen", bundle, str(answers), "--on", "2021-06-01", "--json")
    assert len(json.loads(both.stdout)["open_questions"]) < len(alone["open_questions"])


def test_a_bundle_from_standard_input_unpacked(nappage: Run) -> None:
    packed = (SAMPLES / "patient-004.json.gz").read_bytes()
    plain = nappage("screen", "-", "--on", "2021-06-01", "--json", stdin=gzip.decompress(packed))
    zipped = nappage("screen", "-", "--on", "2021-06-01", "--json", stdin=packed)
    assert plain.stdout == zipped.stdout and json.loads(plain.stdout)["verdict"]


def test_a_deceased_patient_gets_a_sentence_and_no_plan(nappage: Run, tmp_path: Path) -> None:
    done = nappage("plan", str(SAMPLES / "patient-008.json.gz"), "--on", "2021-06-01", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "has died" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("verb", "content", "says"),
    [
        ("plan", b"patient: {age: thirty}", "patient.age"),
        ("screen", b"medications: [{name: aspirin, stopped: 2026-02-30}]", "medications[0].stopped"),
        ("screen", b'{"resourceType": "Patient"}', "not a FHIR bundle"),
        ("screen", b"\xff\xfe\x00", "not UTF-8"),
        ("screen", b"a: &a [x]\nb: [*a, *a]", "aliases"),
        ("formulate", b"patient: {age: 30}", "no order"),
        ("formulate", b"order: {mixture: [{ingredient: lidocaine, volume_ml: -3}]}", "order.mixture[0].volume_ml"),
        ("schedule", b"protocol: nothing-such\nstart: 2026-03-01", "nothing-such"),
        ("schedule", b"protocol: facial-rejuvenation\nstart: soon", "start"),
        ("schedule", b"[]", "a list"),
        ("check", b"patient: {agee: 3}", "Did you mean 'age'"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_written(
    nappage: Run, verb: str, content: bytes, says: str, tmp_path: Path
) -> None:
    done = nappage(verb, "-", stdin=content, cwd=tmp_path)
    assert says in refused(done)
    assert not list(tmp_path.iterdir())


def test_over_ten_megabytes(nappage: Run, tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(10_000_001)
    assert "10 MB" in refused(nappage("screen", str(huge)))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("screen", "none.yaml"), "no such file"),
        (("screen", "."), "folder"),
        (("knowledge", "show", "isotretinion"), "isotretinoin"),
        (("knowledge", "list", "things"), "rules"),
        (("check", "--schema", "things"), "answers"),
        (("check",), "no file"),
        (("screen", "examples/open-questions.yaml", "examples/deferred-isotretinoin.yaml"), "second file"),
        (("screen", str(SAMPLES / "patient-001.json.gz"), str(SAMPLES / "patient-002.json.gz")), "second bundle"),
    ],
)
def test_a_wrong_command_says_what_to_do(nappage: Run, args: tuple[str, ...], says: str) -> None:
    assert says in refused(nappage(*args))


def test_a_folder_that_cannot_be_written(nappage: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = nappage("plan", str(EXAMPLES / "facial-rejuvenation.yaml"), "--out", str(tmp_path / "out"))
    assert done.returncode == 2 and "cannot be written" in done.stderr and "Traceback" not in done.stderr


def test_knowledge_reads_like_a_book(nappage: Run) -> None:
    checked = from_the_start("knowledge", "check")
    assert checked.returncode == 0 and "fault" not in checked.stdout
    assert "no translation into 'fr'" in checked.stdout
    for what in ("list", "sources", "conflicts"):
        assert len(nappage("knowledge", what).stdout) > 5_000
        json.loads(nappage("knowledge", what, "--json").stdout)


def test_check_knows_its_own_documents(
    nappage: Run, planned: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    plan, changed = planned[0] / "plan.json", tmp_path / "plan.json"
    same = from_the_start("check", str(plan), "--on", "2026-11-25")
    assert same.returncode == 0 and "treatment plan" in same.stdout
    changed.write_text(re.sub(r'"edition": "[0-9a-f]+"', '"edition": "0000000000000000"', plan.read_text(), count=1))
    other = nappage("check", str(changed), "--on", "2026-11-25")
    assert other.returncode == 1 and "Plan again" in other.stdout


def test_an_order_may_stand_in_a_file_of_its_own(nappage: Run, tmp_path: Path) -> None:
    answers, wrapped, bare = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"
    answers.write_text("history_complete: true\npatient: {age: 40, sex: male}\n")
    wrapped.write_text("order: {indication: melasma, areas: [face], planned_start: 2026-12-09}\n")
    bare.write_text("{indication: melasma, areas: [face], planned_start: 2026-12-09}\n")
    said = [nappage("screen", str(answers), str(o), "--on", "2026-11-25", "--json").stdout for o in (wrapped, bare)]
    assert said[0] == said[1] and json.loads(said[0])["planned"] == "2026-12-09"


def test_what_the_verbs_print_as_json_is_checked_too(nappage: Run, tmp_path: Path) -> None:
    for verb, example, kind in (
        ("screen", "open-questions.yaml", "screening"),
        ("formulate", "mixture-lidocaine.yaml", "formulation"),
        ("schedule", "schedule-facial.yaml", "course"),
    ):
        path = tmp_path / f"{kind}.json"
        path.write_text(nappage(verb, str(EXAMPLES / example), "--on", "2026-11-25", "--json").stdout)
        done = nappage("check", str(path))
        assert done.returncode == 0 and kind in done.stdout, (kind, done)
