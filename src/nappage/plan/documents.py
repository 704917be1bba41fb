"""A plan's documents in a folder: for the clinician plan.pdf, plan.html, plan.json; for the patient patient.pdf,
patient.html; and course.ics."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..knowledge import Edition
from ..values import InputError
from .calendar import calendar
from .compose import clinician, patient
from .page import html
from .pdf import pdf
from .treatment_plan import TreatmentPlan


def write(plan: TreatmentPlan, edition: Edition, folder: Path) -> Mapping[str, Path]:
    """Write every document into `folder/<reference>`; name → path of those there are. All are made before the
    first is written, and each replaces its forerunner whole. Raises InputError where nothing can be written."""
    home = folder / plan.reference
    for_clinician, for_patient = clinician(plan, edition), patient(plan, edition)
    old = home / "course.ics"
    contents: dict[str, bytes | None] = {
        "plan.pdf": pdf(for_clinician),
        "plan.html": html(for_clinician).encode(),
        "plan.json": (plan.model_dump_json(indent=2) + "\n").encode(),
        "course.ics": calendar(plan, edition, old.read_bytes() if old.is_file() else None),
        "patient.pdf": pdf(for_patient),
        "patient.html": html(for_patient).encode(),
    }
    try:
        home.mkdir(parents=True, exist_ok=True)
        written: dict[str, Path] = {}
        for name, content in contents.items():
            if content is None:
                continue
            path = home / name
            part = path.with_name(f".{name}.part")
            part.write_bytes(content)
            os.replace(part, path)
            written[name] = path
        return written
    except OSError as error:
        raise InputError(
            str(home), f"it cannot be written ({error.strerror})", "Choose another folder with --out"
        ) from None
