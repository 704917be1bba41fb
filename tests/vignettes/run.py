"""The vignettes, run: what each case expects, what nappage answers, and how the two compare.

`python -m tests.vignettes.run` prints the table and every case that is not right; `--open` and `--sealed` choose.
README.md beside this file tells a clinician how a case is written.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from nappage.course import Request, plan_course
from nappage.formulation import formulate
from nappage.intake import Answers, read, validated
from nappage.knowledge import Edition, load
from nappage.screening import VERDICTS, screen
from nappage.values import InputError

CASES = Path(__file__).parent / "cases"
KINDS = ("screening", "dose", "course", "triage")
# Gravest first, per kind; what stands in one group is equally grave.
GRAVITY: dict[str, tuple[tuple[str, ...], ...]] = {
    "screening": tuple((verdict,) for verdict in VERDICTS),
    "dose": (
        ("not-allowed",), ("over-limit",), ("volume-mismatch",), ("needs-data",), ("needs-clinician-decision",),
        ("within-limits",),
    ),
    "course": (("refused", "conflict"), ("scheduled", "scheduled-with-notes", "accepted")),
    "triage": (("emergency",), ("same-day-review",), ("routine-review",), ("expected",)),
}  # fmt: skip
HEALTHY: dict[str, Any] = {
    "patient": {
        "birth_date": date(1980, 5, 14), "sex": "female", "pregnancy": "no", "breastfeeding": False, "weight_kg": 60,
        "phototype": "II",
    },
    "conditions": [], "medications": [], "allergies": [], "procedures": [], "previous_mesotherapy": [], "skincare": [],
    "lifestyle": {"smoking": False, "alcohol": "none", "sun": "little", "sunbeds": False},
    "needle_fear": False,
    "context": {
        "skin_state": [], "unwell": False, "recent_sun": False, "planned_events": [], "voluntary": True,
        "expectations": "realistic", "bdd_questionnaire": "negative", "blood_pressure": "controlled",
    },
    "history_complete": True,
    "order": {
        "indication": "facial rejuvenation", "areas": ["cheeks"], "technique": "papule",
        "mixture": [{"ingredient": "hyaluronic acid", "concentration": 10, "unit": "mg/mL", "volume_ml": 2}],
        "accepted_without_ceiling": {"hyaluronic acid": "one vial; accepted by Dr A. Example"},
        "points": 100, "volume_per_point_ml": 0.02, "depth_mm": 1, "planned_start": date(2026, 12, 9),
        "purpose": "cosmetic", "jurisdiction": "FR",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    id: str
    kind: str
    title: str
    on: date
    given: dict[str, Any]
    expect: dict[str, Any]
    traps: tuple[str, ...]
    file: str
    source: tuple[dict[str, Any], ...]
    why: str
    changed: dict[str, Any] | None = None  # where an expectation was changed: from what, why, by which source


@dataclass(frozen=True)
class Result:
    """`judged`: right; wording (right, said otherwise); asks (where it should answer); blocks (graver than a clinician
    could accept); dangerous (milder than that); unasked (a missing answer taken for a safe one); refused (not read)."""

    case: str
    judged: str
    got: str
    detail: str = ""


def cases(*, sealed: bool | None = None) -> list[Case]:
    """Every case, or only the sealed ones (or only the others)."""
    out = []
    for path in sorted(CASES.glob("*.yaml")):
        if sealed is not None and path.stem.startswith("sealed") is not sealed:
            continue
        for raw in yaml.safe_load(path.read_text("utf-8")) or ():
            if True in raw:  # what YAML makes of `on`
                raw["on"] = raw.pop(True)
            source = raw.pop("source")
            out.append(
                Case(
                    **{**raw, "traps": tuple(raw.get("traps", ())), "on": _day(raw.get("on", date(2026, 11, 25)))},
                    file=path.stem,
                    source=tuple(source if isinstance(source, list) else [source]),
                )
            )
    return out


def run(case: Case) -> Result:
    """One case, answered and compared."""
    edition = load(case.on)
    try:
        return _RUN[case.kind](case, edition)
    except InputError as error:  # nothing is judged before it is mended: a way of asking
        right = "needs-data" in case.expect.get("verdict", ())
        return Result(case.id, "right" if right else "refused", "bad input", str(error))


def _screening(case: Case, edition: Edition) -> Result:
    done = screen(read(_answers(case), edition, case.on), edition)
    got = done.verdict + (" (incomplete)" if done.incomplete else "")
    wanted = case.expect
    accepted = tuple(word for word in _listed(wanted["verdict"]) if word != "incomplete") or VERDICTS
    may = bool({"clear", "proceed-with-precautions"} & set(accepted))
    detail = "; ".join(
        [f"{f.severity}: {f.rule}" for f in done.findings if f.severity != "information"]
        + [f"asks {q.question} ({q.could_be})" for q in done.open_questions]
    )
    if wanted.get("incomplete") and not done.incomplete and _gravity(case, done.verdict) > 2:
        return Result(case.id, "unasked", got, detail)
    compared = _compare(case, done.verdict, accepted)
    if done.incomplete and (wanted.get("incomplete") or "incomplete" in _listed(wanted["verdict"])):
        return _worded(case, done.model_dump_json(), got, detail)  # it must ask, and it does
    if compared == "milder":
        return Result(case.id, "asks" if done.incomplete else "dangerous", got, detail)
    if compared == "graver":
        return Result(case.id, "blocks", got, detail)
    if done.incomplete and may and done.verdict in ("clear", "proceed-with-precautions"):
        return Result(case.id, "asks", got, detail)
    if wanted.get("not_before") and (done.earliest_date is None or done.earliest_date < _day(wanted["not_before"])):
        return Result(case.id, "wording", got, f"earliest {done.earliest_date}, not {wanted['not_before']}; {detail}")
    return _worded(case, done.model_dump_json(), got, detail)


def _dose(case: Case, edition: Edition) -> Result:
    answers = _answers(case)
    if answers.order is None:
        return Result(case.id, "refused", "no order")
    done = formulate(answers.order, read(answers, edition, case.on), edition)
    accepted = _listed(case.expect["verdict"])
    detail = "; ".join([done.statement, *done.questions])
    compared = _compare(case, done.verdict, accepted)
    if compared != "within" and done.verdict == "needs-data":
        return Result(case.id, "asks", done.verdict, detail)
    if compared != "within":
        return Result(case.id, "dangerous" if compared == "milder" else "blocks", done.verdict, detail)
    wanted = {key: case.expect[key] for key in ("total_mg", "limit_mg") if case.expect.get(key) is not None}
    said = done.model_dump_json()
    missing = [f"{key} {number}" for key, number in wanted.items() if not _stands(said, float(number))]
    if missing:
        return Result(case.id, "wording", done.verdict, f"nowhere: {', '.join(missing)}; {detail}")
    return _worded(case, said, done.verdict, detail)


def _course(case: Case, edition: Edition) -> Result:
    done = plan_course(validated(Request, case.given, case.id), edition)
    accepted = _listed(case.expect["verdict"])
    days = [session.date for session in done.sessions if session.phase == "initial"]
    detail = f"{done.statement} {', '.join(map(str, days))}"
    compared = _compare(case, done.verdict, accepted)
    if compared == "milder":
        return Result(case.id, "dangerous", done.verdict, detail)
    if compared == "graver":
        return Result(case.id, "blocks", done.verdict, detail)
    if "sessions" in case.expect and len(days) not in _numbers(case.expect["sessions"]):
        return Result(case.id, "wording", done.verdict, f"{len(days)} sessions; {detail}")
    if gap := case.expect.get("gap_days"):
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        if any(not gap[0] <= days_between <= gap[1] for days_between in gaps):
            return Result(case.id, "dangerous" if min(gaps) < gap[0] else "wording", done.verdict, f"{gaps}; {detail}")
    return _worded(case, done.model_dump_json(), done.verdict, detail)


def _triage(case: Case, edition: Edition) -> Result:
    from nappage.aftercare import Report, triage

    done = triage(validated(Report, case.given, case.id), edition)
    got = done.level + (" (incomplete)" if done.incomplete else "")
    accepted = _listed(case.expect["level"])
    detail = "; ".join([f"{f.level}: {f.record}" for f in done.findings] + [f"asks {q.question}" for q in done.ask[:3]])
    compared = _compare(case, done.level, accepted)
    if compared == "milder":
        return Result(case.id, "asks" if done.incomplete else "dangerous", got, detail)
    if compared == "graver":
        return Result(case.id, "blocks", got, detail)
    if case.expect.get("asks") and not done.ask:
        return Result(case.id, "unasked" if done.level == "expected" else "wording", got, f"asks nothing; {detail}")
    if done.incomplete and "expected" in accepted and case.given.get("all_other_signs") in ("no", False):
        return Result(case.id, "asks", got, detail)
    hours = case.expect.get("act_by_hours")
    if hours is not None and (done.within_hours is None or done.within_hours > hours):
        return Result(case.id, "wording", got, f"within {done.within_hours} h, not {hours}; {detail}")
    return _worded(case, done.model_dump_json(), got, detail)


_RUN = {"screening": _screening, "dose": _dose, "course": _course, "triage": _triage}


def _answers(case: Case) -> Answers:
    given = dict(case.given)
    if given.pop("base", None) == "healthy":
        merged = dict(HEALTHY)
        for key, value in given.items():
            own = merged.get(key)
            merged[key] = {**own, **value} if isinstance(own, dict) and isinstance(value, dict) else value
        given = merged
        if "not_asked" in given:  # what is not asked has no answer either
            given = _without(given)
    return validated(Answers, given, case.id)


def _without(given: dict[str, Any]) -> dict[str, Any]:
    topics = {topic.replace("-", "_") for topic in given["not_asked"]}
    out = {key: value for key, value in given.items() if key not in topics}
    for part in ("patient", "context"):
        born = {"birth_date"} if "age" in topics else set()
        out[part] = {
            k: v
            for k, v in out[part].items()
            if k not in topics | born and not (k == "weight_kg" and "weight" in topics)
        }
    return out


def _compare(case: Case, got: str, accepted: tuple[str, ...]) -> str:
    gravities = [_gravity(case, word) for word in accepted]
    place = _gravity(case, got)
    return "milder" if place > max(gravities) else "graver" if place < min(gravities) else "within"


def _gravity(case: Case, word: str) -> int:
    return next(place for place, words in enumerate(GRAVITY[case.kind]) if word in words)


def _worded(case: Case, said: str, got: str, detail: str) -> Result:
    text = said.casefold()
    missing = [word for word in case.expect.get("mentions", ()) if str(word).casefold() not in text]
    forbidden = [word for word in case.expect.get("never", ()) if str(word).casefold() in text]
    if missing or forbidden:
        words = f"does not say {missing}" if missing else f"says {forbidden}"
        return Result(case.id, "wording", got, f"{words}; {detail}")
    return Result(case.id, "right", got, detail)


def _stands(said: str, number: float) -> bool:
    """Whether a figure stands in a document, to half a per cent."""

    def walk(value: Any) -> Iterator[float]:
        if isinstance(value, dict):
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)

    return any(abs(found - number) <= abs(number) * 0.005 for found in walk(json.loads(said)))


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _numbers(value: Any) -> range:
    return range(value[0], value[1] + 1) if isinstance(value, list) else range(value, value + 1)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


@cache
def results(*, sealed: bool | None = None) -> tuple[tuple[Case, Result], ...]:
    return tuple((case, run(case)) for case in cases(sealed=sealed))


def table(found: tuple[tuple[Case, Result], ...]) -> str:
    """Counts per kind, as a table of the documents."""
    columns = ("right", "wording", "asks", "blocks", "dangerous", "unasked", "refused")
    lines = ["| kind | cases | " + " | ".join(columns) + " |", "|---|" + "---|" * (len(columns) + 1)]
    for kind in (*KINDS, "all"):
        counts = Counter(result.judged for case, result in found if kind in ("all", case.kind))
        lines.append(f"| {kind} | {sum(counts.values())} | " + " | ".join(str(counts[c]) for c in columns) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    chosen = {"--sealed": True, "--open": False}.get(next(iter(sys.argv[1:]), ""))
    outcome = results(sealed=chosen)
    print(table(outcome))
    for case, result in outcome:
        if result.judged != "right":
            print(f"\n{result.judged.upper()} {case.file}/{case.id}: {case.title}\n  {result.got}, not {case.expect}")
            print(f"  {result.detail}")
