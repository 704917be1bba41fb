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
    wanted = {home / name: content for name, content in contents.items() if content is not None}
    parts = {path: path.with_name(f".{path.name}.part") for path in wanted}
    try:
        home.mkdir(parents=True, exist_ok=True)
        for path, content in wanted.items():
            if path.is_dir():
                raise IsADirectoryError(0, "a folder of that name is in the way", str(path))
            parts[path].write_bytes(content)
        for path, part in parts.items():
            os.replace(part, path)
    except OSError as error:
        for part in parts.values():
            part.unlink(missing_ok=True) if home.is_dir() else None
        place = error.filename or home
        raise InputError(
            str(place), f"it cannot be written ({error.strerror})", "Choose another folder with --out"
        ) from None
    return {path.name: path for path in wanted}
