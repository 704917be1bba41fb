"""Concerns and areas marked on the patient's photographs, and the map fitted to the face of one.

Marks stand in the draft (`consultation.photo_marks`, by autosave), never in the picture's file:
{photograph, about, shape, points}. `about`: "concern:<indication>" or "area:<region>"; points from 0 to 1 of the
picture's width and height. The fit (`consultation.fit`) is the core's own, from the landmarks that it finds itself in
a picture from the front; a handful of points set by hand could not carry it: it needs thirty, in three dimensions.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from nappage.injection_map import documents as map_documents
from nappage.injection_map import photograph as core
from nappage.injection_map.atlas import Body
from nappage.values import InputError

from ..clinic import audit
from ..clinic.access import CLINICAL, acting, get, page
from ..clinic.commands import Refused
from ..patients.models import Draft
from ..planning import desk as desks
from . import commands, photographs
from .models import Photograph

SHAPES = ("spot", "line", "area")
_MOST_MARKS, _MOST_POINTS, _MOST_PICTURES = 200, 200, 24


@dataclass(frozen=True)
class Mark:
    """`words`: what it is about, in the page's language. `points`: x and y, from 0 to 1 of the picture."""

    number: int
    photograph: str
    about: str
    words: str
    shape: str
    points: tuple[tuple[float, float], ...]

    def drawn(self, height: float) -> dict[str, Any]:
        """Over a picture 1000 wide: the d of an SVG path, and where the number stands."""
        places = [(round(1000 * x, 1), round(height * y, 1)) for x, y in self.points]
        way = "M" + "L".join(f"{x:g} {y:g}" for x, y in places)
        end = {"spot": "h0", "area": "Z"}.get(self.shape, "")
        x, y = places[0]
        return {"mark": self, "of": self.about.partition(":")[0], "d": way + end, "x": x, "y": y}

    def sent(self) -> dict[str, Any]:
        """As the draft keeps it."""
        return {"photograph": self.photograph, "about": self.about, "shape": self.shape, "points": self.points}


def marks(desk: desks.Desk) -> tuple[Mark, ...]:
    """The draft's marks; what is none is left out."""
    consulted = desk.draft.body.get("consultation")
    out: list[Mark] = []
    for one in _list(consulted, "photo_marks")[:_MOST_MARKS]:
        points = _points(one.get("points")) if isinstance(one, Mapping) else ()
        if points and one.get("shape") in SHAPES:
            about = str(one.get("about") or "")[:80]
            out.append(Mark(len(out) + 1, str(one.get("photograph")), about, words(desk, about), one["shape"], points))
    return tuple(out)


def _points(sent: Any) -> tuple[tuple[float, float], ...]:
    """Empty where any of them is no place in the picture."""
    if not isinstance(sent, list) or not 0 < len(sent) <= _MOST_POINTS:
        return ()
    for point in sent:
        if not (isinstance(point, list) and len(point) == 2):
            return ()
        if not all(isinstance(n, int | float) and 0 <= n <= 1 for n in point):
            return ()
    return tuple((x, y) for x, y in sent)


def words(desk: desks.Desk, about: str) -> str:
    """What a mark is about, as the consultation's lists call it."""
    kind, _colon, name = about.partition(":")
    edition = desk.edition
    if kind == "concern" and name in edition.indications:
        return str(edition.indications[name].title or _plain(name))
    if kind == "area" and name in edition.regions:
        return str(edition.text(edition.regions[name].title, desk.language))
    return _plain(name) if name else _("not said")


def _plain(name: str) -> str:
    return name.replace("-", " ").capitalize()


def subjects(desk: desks.Desk) -> list[tuple[str, str]]:
    """What can be marked: the draft's concerns and areas."""
    body = desk.draft.body
    consulted, order = body.get("consultation"), body.get("order")
    chosen = [
        *(f"concern:{one}" for one in _list(consulted, "concerns")), *(f"area:{one}" for one in _list(order, "areas")),
    ]  # fmt: skip
    return [(one, words(desk, one)) for one in chosen]


def _list(part: Any, key: str) -> Sequence[Any]:
    found = part.get(key) if isinstance(part, Mapping) else None
    return found if isinstance(found, list) else []


# --- pages ------------------------------------------------------------------------------------------------------------


@require_GET
@page("draft.marks", CLINICAL)
def panel(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """A part of the consultation: one of the patient's pictures (`photo`) to mark. With `read`, a part of the review:
    every picture that was marked."""
    desk = desks.at(acting(request), draft)
    return _panel(request, desk, request.GET.get("photo", ""), read="read" in request.GET)


def _panel(
    request: HttpRequest, desk: desks.Desk, wanted: str, *, read: bool = False, error: str = "", changed: bool = False
) -> HttpResponse:
    actor, patient = desk.actor, desk.draft.patient
    pictures, withdrawn = photographs.shown(actor, patient)
    pictures = pictures[:_MOST_PICTURES]
    drawn, fit = marks(desk), photographs.fitted(desk)
    marked = {one.photograph for one in drawn} | ({fit} if fit else set())
    if read:
        chosen = [one for one in pictures if str(one.pk) in marked]
    else:
        front = [one for one in pictures if one.view == "front"]
        chosen = [one for one in pictures if str(one.pk) == wanted] or (front or pictures)[:1]
    ids = {str(one.pk) for one in pictures}
    audit.looked(actor, "draft.view", desk.draft, patient=desk.draft.patient_id)
    context = {
        "desk": desk, "draft": desk.draft, "patient": patient, "error": error, "withdrawn": withdrawn,
        "pictures": [(one, photographs.TITLES.get(one.view, one.view)) for one in pictures],
        "shown": [_shown(desk, one, drawn, fit) for one in chosen], "subjects": subjects(desk),
        "hidden": sum(one.photograph not in ids for one in drawn), "marks": drawn,
        "kept": json.dumps([one.sent() for one in drawn]), "names": json.dumps({one.about: one.words for one in drawn}),
        "editable": desk.draft.status == Draft.Status.OPEN and not read,
    }  # fmt: skip
    part = "care/_marking.html" if context["editable"] else "care/_marked.html"
    answer = desks.shown(request, part, context, status=422 if error else 200)
    if changed:
        answer["HX-Trigger"] = json.dumps({"draft:followed": {"revision": desk.draft.revision}})
    return answer


def _shown(desk: desks.Desk, photo: Photograph, drawn: Sequence[Mark], fit: str) -> dict[str, Any]:
    """One picture with what is marked on it, and whether the map was fitted to it and can be drawn over it."""
    here = fit == str(photo.pk)
    worn = desk.fit if here else None
    height = round(1000 * photo.height / photo.width, 1)
    return {
        "photo": photo, "title": photographs.TITLES.get(photo.view, photo.view), "front": photo.view == "front",
        "marks": [one.drawn(height) for one in drawn if one.photograph == str(photo.pk)], "height": height,
        "fit": worn, "map": worn is not None and desk.reading.map is not None,
    }  # fmt: skip


@require_http_methods(["POST"])
@page("draft.fit", CLINICAL)
def fit(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Fits the map to the face of a picture from the front, by the card in it or by a distance measured; or, with
    `off`, goes back to the atlas. Answers with the panel."""
    desk = desks.at(acting(request), draft)
    wanted, error = request.POST.get("photo", ""), ""
    try:
        photo = get(desk.actor, Photograph, wanted)
        if photo.patient_id not in {one.pk for one in desk.draft.patient.everyone()}:
            raise Http404
        found = None
        if not request.POST.get("off"):
            audit.looked(desk.actor, "photograph.view", photo, patient=photo.patient_id)
            body: Body = "male" if desk.reading.answers.patient.sex == "male" else "female"
            found = core.fit(
                core.read(bytes(photo.content)), body=body, calliper=_measured(request.POST.get("outer_eyes", "")),
                taken_on=photo.created.astimezone(desk.actor.here.zone()).date(),
            )  # fmt: skip
        commands.fit_face(desk.actor, desk.draft, photo, found)
    except InputError as wrong:
        error = wrong.sentence
    except Refused as refused:
        error = f"{refused.sentence} {refused.way_out}"
    return _panel(request, desks.at(desk.actor, draft), wanted, error=error, changed=not error)


def _measured(typed: str) -> dict[str, float] | None:
    """Between the outer corners of the eyes, mm, as typed; None where nothing was."""
    if not typed.strip():
        return None
    try:
        return {"outer-eyes": float(typed.strip().replace(",", "."))}
    except ValueError:
        raise InputError("outer_eyes", _("this is no number of millimetres"), _("Write a number such as 88")) from None


@require_GET
@cache_control(private=True, no_store=True)
@page("draft.map_photograph", CLINICAL)
def map_over(request: HttpRequest, draft: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """The map's zones and points over the picture that it was fitted to; a look at the picture, and noted as one."""
    desk = desks.at(acting(request), draft)
    picture = get(desk.actor, Photograph, photo)
    if desk.fit is None or photographs.fitted(desk) != str(picture.pk) or desk.reading.map is None:
        raise Http404
    audit.looked(desk.actor, "photograph.view", picture, patient=picture.patient_id)
    drawn = map_documents.over(desk.reading.map, core.read(bytes(picture.content)))
    if drawn is None:
        raise Http404
    return HttpResponse(drawn, content_type="image/png")
