"""A plan's documents in a folder: for the clinician plan.pdf, plan.html, plan.json and map.html; for the patient
patient.pdf, patient.html; and course.ics."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..injection_map.kept import kept
from ..knowledge import Edition
from ..values import InputError
from .calendar import calendar
from .compose import clinician, patient, practice_line
from .page import html
from .pdf import pdf
from .treatment_plan import TreatmentPlan
from .words import Words

if TYPE_CHECKING:
    from ..injection_map import InjectionMap
    from ..injection_map.documents import Pictures
    from ..injection_map.photograph import Photograph


def write(
    plan: TreatmentPlan,
    edition: Edition,
    folder: Path,
    photograph: Photograph | None = None,
    *,
    reference: str | None = None,
) -> Mapping[str, Path]:
    """Write every document into `folder/<reference>`, the map also over the photograph it was fitted to; name → path of
    those there are. All are made before the first is written, and each replaces its forerunner whole. `reference`: the
    way from the plan's folder to the reference site, to which plan.html then links. Raises InputError where nothing can
    be written."""
    home = folder / plan.reference
    put(home, {})  # a folder that cannot be made is said before all is drawn
    old = home / "course.ics"
    before = old.read_bytes() if old.is_file() else None
    return put(home, contents(plan, edition, photograph, reference=reference, before=before))


def contents(
    plan: TreatmentPlan,
    edition: Edition,
    photograph: Photograph | None = None,
    *,
    reference: str | None = None,
    before: bytes | None = None,
) -> Mapping[str, bytes]:
    """Every document as bytes, by its name. `before`: the calendar that was given out earlier."""
    drawn, page, over = None, None, None
    if plan.map is not None:
        from ..injection_map import documents as maps

        answering = practice_line(plan.practice, Words(edition, plan.language)) if plan.practice else ""
        drawn = _pictures(plan.map, edition)
        page = _page(plan.map, edition, plan.patient.name or plan.reference, answering)
        over = maps.over(plan.map, photograph)
    for_clinician, for_patient = clinician(plan, edition, drawn), patient(plan, edition, drawn)
    made: dict[str, bytes | None] = {
        "plan.pdf": pdf(for_clinician),
        "plan.html": html(for_clinician, reference).encode(),
        "plan.json": (plan.model_dump_json(indent=2) + "\n").encode(),
        "map.html": page,
        "map-photograph.png": over,
        "course.ics": calendar(plan, edition, before),
        "patient.pdf": pdf(for_patient),
        "patient.html": html(for_patient).encode(),
    }
    return {name: content for name, content in made.items() if content is not None}


# Most of what printing takes. A plan that is printed again mostly has the same map, since it was amended elsewhere.
@kept(1)
def _pictures(map: InjectionMap, edition: Edition) -> Pictures:
    from ..injection_map import documents as maps

    return maps.pictures(map, edition)


@kept(1)
def _page(map: InjectionMap, edition: Edition, title: str, under: str) -> bytes:
    from ..injection_map import documents as maps

    return maps.page(map, edition, title, under)


def put(home: Path, contents: Mapping[str, bytes]) -> Mapping[str, Path]:
    """Write files into a folder, each whole or not at all; name → path. Raises InputError where that cannot be."""
    wanted = {home / name: content for name, content in contents.items()}
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
