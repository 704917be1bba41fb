"""docs/explanation/vignettes.md: what the vignettes are, their first run, where they stand, and what is not right.

`python -m tests.vignettes.page` writes it; a test holds it to the cases and the code.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml
from tests.vignettes.run import KINDS, Case, Result, cases, results, table

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "explanation" / "vignettes.md"
# Kept as they were: the first run of each file, and each case that stands otherwise, with the reason.
KEPT = yaml.safe_load((HERE / "kept.yaml").read_text("utf-8"))
# What a case wants: something caught, or somebody let pass.
_PASSES = {
    "screening": {"clear", "proceed-with-precautions"}, "dose": {"within-limits"},
    "course": {"scheduled", "scheduled-with-notes", "accepted"}, "triage": {"expected"},
}  # fmt: skip


_INTRODUCTION = """\
# Vignettes

Cases with the answer of a careful clinician, each from a source that was looked up. Those who wrote them had seen
neither the rules nor an answer of this software, and the files were committed before their first run. What a case is
and how to add one: `tests/vignettes/README.md`. `python -m tests.vignettes.run` runs them.

*dangerous*: milder than a clinician could accept. *unasked*: a missing answer taken for a safe one. *blocks*: graver
than a clinician could accept. *asks*: it asks where it should answer. *wording*: right, but something that should be
named is not, or is said otherwise.
"""


def page() -> str:
    """The page, as the cases and the code make it now."""
    opened = results(sealed=False)
    lines = [*_INTRODUCTION.split("\n"), "## First run", ""]
    for run in KEPT["first_runs"]:
        lines += [
            f"{run['what']}, at commit `{run['commit']}`, {run['on']}: {run['note']}",
            "",
            *run["table"].split("\n"),
        ]
    lines += ["## Now", "", table(opened), ""]
    lines += _blocking(opened)
    lines += ["## Sealed cases", "", *KEPT["sealed"].rstrip().split("\n"), ""]
    lines += ["## Cases that are not right", ""]
    lines += [_line(case, result) for case, result in opened if result.judged != "right"] or ["None."]
    lines += ["", "## Expectations that were changed", ""]
    lines += [
        f"- `{case.id}` ({case.title}): was {_said(case.changed['was'])}, is {_said(case.expect)}. "
        f"{case.changed['because']} Source: {case.changed['source']}"
        for case in cases()
        if case.changed
    ] or ["None."]
    lines += ["", "## Traps, both sides", "", *_traps(cases())]
    return "\n".join(lines) + "\n"


def _blocking(found: tuple[tuple[Case, Result], ...]) -> list[str]:
    let_pass = [(case, result) for case, result in found if _PASSES[case.kind] & set(_verdicts(case))]
    blocked = [case.id for case, result in let_pass if result.judged in ("blocks", "asks", "refused")]
    share = 100 * len(blocked) / len(let_pass)
    return [
        f"Of {len(let_pass)} cases that may pass, {len(blocked)} are blocked or asked more ({share:.1f} %).",
        "",
    ]


def _line(case: Case, result: Result) -> str:
    reason = KEPT["explained"].get(case.id, "NOT EXPLAINED")
    return f"- {result.judged}: `{case.id}` ({case.title}): {result.got}, not {_said(case.expect)}. {reason}"


def _verdicts(case: Case) -> tuple[str, ...]:
    wanted = case.expect.get("verdict", case.expect.get("level", ()))
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def _said(expect: dict[str, object]) -> str:
    wanted = expect.get("verdict", expect.get("level", ()))
    return " or ".join([wanted] if isinstance(wanted, str) else [str(word) for word in wanted])  # type: ignore[union-attr]


def _traps(found: list[Case]) -> list[str]:
    passes, caught = Counter[str](), Counter[str]()
    for case in found:
        for trap in case.traps:
            (passes if _PASSES[case.kind] & set(_verdicts(case)) else caught)[trap] += 1
    lines = ["| trap | must be caught | may pass |", "|---|---|---|"]
    return [*lines, *(f"| {trap} | {caught[trap]} | {passes[trap]} |" for trap in sorted(caught | passes))]


def not_explained() -> list[str]:
    """Cases that are not right, and of which nothing is said."""
    wrong = {case.id for case, result in results(sealed=False) if result.judged != "right"}
    return sorted(wrong - set(KEPT["explained"]))


__all__ = ["KINDS", "PAGE", "not_explained", "page"]

if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
