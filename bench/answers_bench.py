"""How long one answer takes: the edition from its compiled form, one patient read and screened, one report, one choice.

A fresh interpreter loads the edition; everything else is warm. CPU time, the best of several.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from nappage.aftercare import Report, triage
from nappage.choice import choose
from nappage.intake import Answers, load_answers, load_yaml, read, validated
from nappage.intake.wide import wide
from nappage.knowledge import edition as editions
from nappage.knowledge import load
from nappage.knowledge.site import files
from nappage.screening import screen

EXAMPLES = Path(__file__).parents[1] / "examples"
ON = date(2026, 11, 25)
_LOAD = """
import time
from datetime import date
from nappage.knowledge import load
start = time.process_time()
load(date(2026, 11, 25))
print(time.process_time() - start)
"""


def run() -> list[str]:
    compiled = min(_loaded() for _ in range(5))
    edition = load(ON)
    typical = load_answers(str(EXAMPLES / "facial-rejuvenation.yaml"))
    facts = read(typical, edition, ON)
    nothing = read(Answers(order=typical.order), edition, ON)
    sick = read(_sick(typical), edition, ON)
    _, content = load_yaml(str(EXAMPLES / "triage-report.yaml"))
    report = validated(Report, content, "triage-report.yaml")
    found = screen(sick, edition)
    return [
        "| one answer, warm | CPU ms |",
        "|---|---|",
        f"| the edition from its compiled form, in a fresh interpreter (at most 300) | {1000 * compiled:.0f} |",
        f"| the same from the YAML files | {1000 * _best(_anew, 1):.0f} |",
        f"| the wide dictionary of medicines | {1000 * _best(_wide, 5):.0f} |",
        f"| a patient's answers read | {_ms(lambda: read(typical, edition, ON))} |",
        f"| one screening with its reasons, a typical patient (at most 1) | {_ms(lambda: screen(facts, edition))} |",
        f"| the same with {len(found.findings)} findings | {_ms(lambda: screen(sick, edition))} |",
        f"| the same with nothing answered | {_ms(lambda: screen(nothing, edition))} |",
        f"| one report sorted | {_ms(lambda: triage(report, edition))} |",
        f"| one choice of protocols | {_ms(lambda: choose(typical, facts, edition, ON))} |",
        f"| the reference site, {len(files(edition))} pages | {1000 * _best(lambda: files(edition), 3):.0f} |",
    ]


def _loaded() -> float:
    done = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _anew() -> None:
    editions._compile(editions.DATA)


def _wide() -> None:
    wide.cache_clear()
    wide()


def _sick(answers: Answers) -> Answers:
    """The same patient with much that speaks against a session."""
    data: dict[str, Any] = answers.model_dump()
    data["conditions"] = [{"text": text, "status": "active"} for text in (
        "lupus", "epilepsy", "type 1 diabetes", "keloid scars", "angina", "asthma",
    )]  # fmt: skip
    data["medications"] = [{"name": name} for name in (
        "warfarin", "Roaccutane", "prednisolone 20 mg", "Humira", "fish oil", "aspirin 75 mg", "St John's wort",
    )]  # fmt: skip
    data["allergies"] = [{"substance": "lidocaine"}, {"substance": "latex"}]
    return Answers.model_validate(data)


def _ms(what: Callable[[], Any]) -> str:
    return f"{1000 * _best(what, 100):.2f}"


def _best(what: Callable[[], Any], times: int) -> float:
    what()
    took = []
    for _ in range(times):
        start = time.process_time()
        what()
        took.append(time.process_time() - start)
    return min(took)
