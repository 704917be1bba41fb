"""Marks on photographs, and the map on the face of one: kept in the draft, shown again, hidden when consent goes."""

from __future__ import annotations

import io
import json
import re
import uuid
from functools import cache
from typing import Any

import pytest
from PIL import Image as Pillow
from tests.injection_map.render import head, take, under_chin

from nappage_web.care import commands, consents, photographs, signing
from nappage_web.care.models import Photograph
from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.demo.people import FACE_ORDER
from nappage_web.patients import commands as patients
from nappage_web.patients.models import Draft
from nappage_web.planning import desk as desks

from .conftest import Server
from .journeys.steps import look, picture, saved, sign_in, until
from .test_care import allowed, basis_of, ready, sign
from .world import Place, World, world

pytestmark = pytest.mark.django_db


@cache
def face(card: bool = True, turn: int = 100) -> bytes:
    """A drawn person from the front, as a file."""
    person, file = head(turn), io.BytesIO()
    shot = take(person, [under_chin(person)] if card else [], focal_px=2400, size_px=(1000, 1250))
    Pillow.fromarray(shot.image).save(file, "JPEG", quality=92)
    return file.getvalue()


def photographed(place: Place, draft: Draft, content: bytes | None = None, view: Any = "front") -> Photograph:
    if consents.standing(place.actor(Role.INJECTOR), draft.patient, "photographs") is None:
        allowed(place, draft)
    kept, _grade = commands.add_photograph(
        place.actor(Role.INJECTOR), draft, view, content or face(), keep_because="for the test"
    )
    assert kept is not None
    return kept


def put(place: Place, draft: Draft, path: str, value: Any) -> None:
    draft.refresh_from_db()
    patients.edit_draft(place.actor(Role.INJECTOR), draft, uuid.uuid4(), draft.revision, path, value)
    draft.refresh_from_db()


def mark(photo: Photograph | uuid.UUID, **how: Any) -> dict[str, Any]:
    key = photo.pk if isinstance(photo, Photograph) else photo
    return {"photograph": str(key), "about": "area:cheek", "shape": "spot", "points": [[0.5, 0.25]], **how}


def withdraw(place: Place, draft: Draft) -> None:
    one = consents.standing(place.actor(Role.INJECTOR), draft.patient, "photographs")
    assert one is not None
    commands.withdraw_consent(place.actor(Role.FRONT_DESK), one.document, "")


def test_marks_are_shown_again_beside_the_review_and_each_picture_is_a_look(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(), order={"areas": ["cheek"]}, consultation={"concerns": ["facial-rejuvenation"]})
    photo = photographed(here, draft)
    area = mark(photo, about="concern:facial-rejuvenation", shape="area", points=[[0.1, 0.1], [0.2, 0.1], [0.2, 0.4]])
    put(here, draft, "consultation.photo_marks", [mark(photo), area])
    client = here.client(Role.INJECTOR)
    panel = client.get(f"/drafts/{draft.pk}/marks").content.decode()
    assert f'src="/photographs/{photo.pk}"' in panel and "Facial rejuvenation" in panel
    review = client.get(f"/drafts/{draft.pk}/marks?read").content.decode()
    assert "M500 312.5h0" in review and "M100 125L200 125L200 500Z" in review
    assert "1. Cheek" in review and "2. Facial rejuvenation" in review
    assert f"/drafts/{draft.pk}/marks?read" in client.get(f"/drafts/{draft.pk}/review").content.decode()
    assert not AuditEvent.objects.filter(action="photograph.view").exists(), "the picture was not sent yet"
    client.get(f"/photographs/{photo.pk}")
    assert AuditEvent.objects.filter(action="photograph.view", subject=str(photo.pk)).count() == 1


@pytest.mark.parametrize(
    "kept",
    [
        "words", 7, [7], [{}], [{"shape": "spot"}], [mark(uuid.UUID(int=1), points=[])],
        [mark(uuid.UUID(int=1), points=[[0.5, 1.5]])], [mark(uuid.UUID(int=1), points=[["<b>", 0]])],
        [mark(uuid.UUID(int=1), points=[[10**400, 0]])],
        [mark(uuid.UUID(int=1), shape="star")], [mark(uuid.UUID(int=1), points=[[0.1, 0.1]] * 300)],
    ],
)  # fmt: skip
def test_what_is_no_mark_is_left_out(clinics: World, kept: Any) -> None:
    here = clinics.here
    draft = here.draft(here.patient())
    photographed(here, draft)
    put(here, draft, "consultation.photo_marks", kept)
    answer = here.client(Role.INJECTOR).get(f"/drafts/{draft.pk}/marks")
    assert answer.status_code == 200 and 'data-kept="[]"' in answer.content.decode()


def test_a_withdrawn_consent_hides_the_picture_and_says_so(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient())
    photo = photographed(here, draft)
    put(here, draft, "consultation.photo_marks", [mark(photo)])
    client = here.client(Role.INJECTOR)
    before = client.get(f"/drafts/{draft.pk}/marks").content.decode()
    withdraw(here, draft)
    for address in (f"/drafts/{draft.pk}/marks?photo={photo.pk}", f"/drafts/{draft.pk}/marks?read"):
        after = client.get(address).content.decode()
        assert str(photo.pk) in before and str(photo.pk) not in after
        assert "taken back" in after and "1 mark on them stays in the draft" in after
    draft.refresh_from_db()
    assert draft.body["consultation"]["photo_marks"], "the mark itself is kept"


def test_only_this_patients_pictures_can_be_marked(clinics: World) -> None:
    here = clinics.here
    mine, other = here.draft(here.patient()), here.draft(here.patient("Bo Other"))
    photo = photographed(here, other)
    client = here.client(Role.INJECTOR)
    assert str(photo.pk) not in client.get(f"/drafts/{mine.pk}/marks?photo={photo.pk}").content.decode()
    assert client.post(f"/drafts/{mine.pk}/fit", {"photo": photo.pk}).status_code == 404
    assert client.post(f"/drafts/{mine.pk}/fit", {"photo": "x"}).status_code == 404


def fitted(place: Place, draft: Draft, photo: Photograph, **sent: str) -> Any:
    return place.client(Role.INJECTOR).post(f"/drafts/{draft.pk}/fit", {"photo": photo.pk, **sent})


def test_the_map_is_laid_out_on_the_face_of_the_picture(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(sex="female"), order=FACE_ORDER)
    photo, actor = photographed(here, draft), here.actor(Role.INJECTOR)
    atlas_map = desks.at(actor, draft.pk).reading.map
    assert atlas_map is not None and atlas_map.surface.kind == "atlas"
    answer = fitted(here, draft, photo)
    assert answer.status_code == 200 and "marker of 20 mm" in answer.content.decode()
    draft.refresh_from_db()
    assert json.loads(answer["HX-Trigger"]) == {"draft:followed": {"revision": draft.revision}}
    desk = desks.at(actor, draft.pk)
    drawn = desk.reading.map
    assert drawn is not None and drawn.surface.kind == "photograph" and drawn.surface.to_scale
    assert drawn.points[0].position_mm != atlas_map.points[0].position_mm
    client = here.client(Role.INJECTOR)
    over = client.get(f"/drafts/{draft.pk}/photographs/{photo.pk}/map.png")
    assert over["Content-Type"] == "image/png" and "no-store" in over["Cache-Control"]
    assert AuditEvent.objects.filter(action="photograph.view", subject=str(photo.pk)).exists()
    state = client.post(
        f"/drafts/{draft.pk}/map/edit", {"edits": [], "skin": None, "base": draft.revision, "mode": "map"},
        content_type="application/json",
    ).json()  # fmt: skip
    assert re.search(r"-female-[0-9a-f]{16}$", state["payload"]["skin_key"]), "the editor shows this face"
    assert fitted(here, draft, photo, off="1").status_code == 200
    assert desks.at(actor, draft.pk).reading.map.surface.kind == "atlas"
    assert client.get(f"/drafts/{draft.pk}/photographs/{photo.pk}/map.png").status_code == 404


def test_a_face_without_a_scale_is_refused_with_the_way_out_and_fitted_by_a_measured_distance(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(sex="female"), order=FACE_ORDER)
    photo = photographed(here, draft, face(card=False))
    answer = fitted(here, draft, photo)
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert fitted(here, draft, photo, outer_eyes="ninety").status_code == 422
    assert fitted(here, draft, photo, outer_eyes="9").status_code == 422
    draft.refresh_from_db()
    assert "fit" not in (draft.body.get("consultation") or {})
    assert fitted(here, draft, photo, outer_eyes="88,5").status_code == 200
    assert desks.at(here.actor(Role.INJECTOR), draft.pk).fit is not None


def test_only_a_view_from_the_front_is_fitted(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(sex="female"), order=FACE_ORDER)
    photo = photographed(here, draft, view="right-profile")
    assert fitted(here, draft, photo).status_code == 422


def test_a_withdrawn_consent_takes_the_face_from_the_map(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(sex="female"), order=FACE_ORDER)
    photo = photographed(here, draft)
    fitted(here, draft, photo)
    withdraw(here, draft)
    desk = desks.at(here.actor(Role.INJECTOR), draft.pk)
    assert desk.fit is None and desk.reading.map is not None and desk.reading.map.surface.kind == "atlas"
    found = desks.at(here.actor(Role.INJECTOR), draft.pk)
    with pytest.raises(Refused, match="taken back"):
        commands.fit_face(here.actor(Role.INJECTOR), found.draft, photo, drawn_fit())


@cache
def drawn_fit() -> Any:
    from nappage.injection_map import photograph as core

    return core.fit(core.read(face()), body="female")


@pytest.mark.parametrize("kept", ["words", {"fit": {}}, {"fit": 7, "consent": "x"}, {"consent": str(uuid.UUID(int=1))},
                                  {"fit": {}, "consent": 7}])  # fmt: skip
def test_what_is_no_fit_is_none(clinics: World, kept: Any) -> None:
    here = clinics.here
    draft = here.draft(here.patient(), order=FACE_ORDER)
    put(here, draft, "consultation.fit", kept)
    assert desks.at(here.actor(Role.INJECTOR), draft.pk).fit is None


def test_a_face_is_this_patients_and_never_typed(clinics: World) -> None:
    """Neither a hand-made edit nor another patient's fit, as a merge that was taken back leaves it, moves the map."""
    here = clinics.here
    mine, other = here.draft(here.patient(), order=FACE_ORDER), here.draft(here.patient("Bo Other"), order=FACE_ORDER)
    photographed(here, mine)
    fitted(here, other, photographed(here, other))
    other.refresh_from_db()
    theirs = other.body["consultation"]["fit"]
    assert desks.at(here.actor(Role.INJECTOR), other.pk).fit is not None
    unsigned = {**theirs, "consent": str(uuid.uuid4())}
    for path, value in (
        ("consultation.fit", theirs), ("consultation.fit.fit", theirs["fit"]), ("consultation", {"fit": theirs}),
    ):  # fmt: skip
        sent = {"id": str(uuid.uuid4()), "base": mine.revision, "path": path, "value": value}
        answer = here.client(Role.INJECTOR).post(f"/drafts/{mine.pk}/edits", sent, content_type="application/json")
        assert answer.status_code == 422 and answer.json()["error"]["place"] == "edit.path", path
    for value in (theirs, unsigned):
        put(here, mine, "consultation.fit", value)
        assert desks.at(here.actor(Role.INJECTOR), mine.pk).fit is None


def test_a_picture_whose_consent_was_taken_back_is_sent_to_nobody_and_counts_no_more(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(), order={"areas": ["cheek"]})
    photo, actor = photographed(here, draft), here.actor(Role.INJECTOR)
    assert here.client(Role.AUDITOR).get(f"/photographs/{photo.pk}").status_code == 200
    assert "front" not in photographs.missing(actor, draft)
    withdraw(here, draft)
    for role in (Role.INJECTOR, Role.PRESCRIBER, Role.LEAD, Role.AUDITOR):
        assert here.client(role).get(f"/photographs/{photo.pk}").status_code == 404, role
    allowed(here, draft)  # a new consent is for new pictures
    assert str(photo.pk) not in here.client(Role.INJECTOR).get(f"/drafts/{draft.pk}/photographs/").content.decode()
    assert "front" in photographs.missing(actor, draft)


def test_a_plan_is_signed_on_the_face_and_carries_it(clinics: World) -> None:
    here = clinics.here
    draft = ready(here, consented_days_ago=None)
    photo = photographed(here, draft)
    fitted(here, draft, photo)
    before = basis_of(here, draft)
    agreed_to(here, draft, days=2)
    draft.refresh_from_db()
    document = sign(here, draft)
    body = json.loads(document.body)
    assert body["map"]["surface"]["kind"] == "photograph" and body["map"]["surface"]["fit"]["head"]
    withdraw(here, draft)
    assert before != basis_of(here, draft)
    assert json.loads(type(document).objects.of(here.actor(Role.INJECTOR)).get(pk=document.pk).body) == body


def agreed_to(place: Place, draft: Draft, days: int) -> None:
    from datetime import timedelta

    from nappage.plan.consent import consent

    actor = place.actor(Role.INJECTOR)
    desk = desks.at(actor, draft.pk)
    plan = signing.plan_of(desk)
    assert plan is not None
    text = consent(plan, desk.edition, place.clinic.today() - timedelta(days=days), row=desk.reading.facts.row)
    sent = {"name": "Ana Flores", "strokes": "M10 20L30 40L50 60L70 20", "identity": "known"}
    commands.give_consent(actor, draft.patient, text, {**sent, "agreed": [s.id for s in text.statements]})


def test_the_review_calls_nothing_clear_that_cannot_be_cleared_yet(clinics: World) -> None:
    here = clinics.here
    draft = here.draft(here.patient(sex="female"), order=FACE_ORDER)
    review = here.client(Role.INJECTOR).get(f"/drafts/{draft.pk}/whole").content.decode()
    top = review[: review.index("</section>")]
    assert "Cannot be cleared yet" in top and ">Clear<" not in top.replace(" ", "").replace("\n", "")


# --- in a browser -----------------------------------------------------------------------------------------------------


def to(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where the page shows a place of the picture."""
    box = page.locator(".marking-picture svg").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def marks_of(draft: Draft) -> list[dict[str, Any]]:
    draft.refresh_from_db()
    return (draft.body.get("consultation") or {}).get("photo_marks") or []


@pytest.mark.browser
def test_marks_are_tapped_drawn_and_set_by_keys_undone_and_there_after_a_reload(live: Server, opened: Any) -> None:
    here = world().here
    draft = here.draft(here.patient(sex="female"), order={**FACE_ORDER, "areas": ["cheek"]})
    photo = photographed(here, draft)
    page = opened("desk")
    sign_in(page, live, here, Role.INJECTOR)
    page.goto(f"{live.url}/drafts/{draft.pk}/")
    assert page.locator(".marking-picture").count() == 0, "the picture is fetched when it is wanted"
    page.get_by_text("Mark on a photograph").click()
    canvas = page.locator(".marking-picture svg")
    canvas.scroll_into_view_if_needed()
    page.mouse.click(*to(page, 0.4, 0.4))
    saved(page)
    [spot] = marks_of(draft)
    assert spot["photograph"] == str(photo.pk) and spot["about"] == "area:cheek" and spot["shape"] == "spot"
    assert spot["points"][0] == pytest.approx([0.4, 0.4], abs=0.01)

    page.get_by_text("Facial rejuvenation", exact=True).first.click()
    saved(page)
    page.get_by_label("Concern or area").select_option("concern:facial-rejuvenation")
    page.get_by_text("Outline", exact=True).click()
    canvas.scroll_into_view_if_needed()
    ring = [(0.5, 0.5), (0.6, 0.5), (0.62, 0.6), (0.5, 0.6)]
    page.mouse.move(*to(page, *ring[0]))
    page.mouse.down()
    for place in ring[1:]:
        page.mouse.move(*to(page, *place), steps=6)
    page.mouse.up()
    saved(page)
    outline = marks_of(draft)[1]
    assert outline["about"] == "concern:facial-rejuvenation" and outline["shape"] == "area"
    assert 10 < len(outline["points"]) <= 150

    page.get_by_text("Line", exact=True).click()
    canvas.focus()
    for key in ("ArrowLeft", "Enter", "ArrowDown", "ArrowDown", "Enter", "Enter"):
        page.keyboard.press(key)
    saved(page)
    line = marks_of(draft)[2]
    assert line["shape"] == "line" and line["points"] == [[0.48, 0.5], [0.48, 0.54]]
    look(page)
    page.get_by_role("button", name="Undo").click()
    saved(page)
    assert len(marks_of(draft)) == 2
    page.get_by_role("button", name="Remove: 1. Cheek").click()
    saved(page)
    assert [one["shape"] for one in marks_of(draft)] == ["area"]
    page.get_by_role("button", name="Undo").click()
    saved(page)
    assert [one["shape"] for one in marks_of(draft)] == ["spot", "area"]

    page.reload()
    page.get_by_text("Mark on a photograph (2)").click()
    page.locator(".marking-list li").nth(1).wait_for()
    assert "1. Cheek" in page.locator(".marking-list").inner_text()
    assert page.locator(".marking-picture path.of-concern.area").count() == 1
    page.get_by_role("button", name="Fit the map to this face").click()
    page.get_by_text("The map is laid out on this face").wait_for()
    until(page, "document.querySelector('.marking-map')?.naturalWidth > 300 || window.scrollTo(0, 1e6)")
    picture(page, "photograph-marks", page.locator(".marking-map"))
    look(page)
    page.goto(f"{live.url}/drafts/{draft.pk}/review")
    page.get_by_text("Marked on the photographs").wait_for()
    until(page, "!document.querySelector('#whole .skeleton')")
    page.locator(".marked").first.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    page.evaluate("window.scrollTo(0, 0)")
    look(page)
