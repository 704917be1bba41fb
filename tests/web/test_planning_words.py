"""What planning pages say when something is wrong, missing or not there yet: places in words, and what to do next."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from nappage.intake import Order
from nappage.intake.answers import Anaesthetic, MapOrder, MixtureLine, ZoneOrder
from nappage_web.clinic.models import Role
from nappage_web.planning import desk, places, starting
from nappage_web.planning import reading as readings
from nappage_web.planning.reading import Fault

from .test_planning_pages import edit_map, known, ordered, put, text, url
from .world import World

PAGES = ("plan-consultation", "plan-formulation", "plan-map", "plan-course", "plan-whole")
KEY = re.compile(r"\b(?:order|answers|schedule)\.\w|\b[a-z]+_(?:mm|ml|mg|cm2|deg|min|minutes|kg|start)\b")


@pytest.mark.parametrize("path, words", [
    ("order.spacing_mm", "Spacing, mm"),
    ("order.mixture.0.volume_ml", "Mixture, no. 1: volume, mL"),
    ("order.map.zones[2].zone", "Zones, no. 3: zone"),
    ("order.map", "Map"),
    ("answers.context.skin_state", "On the skin of the area now"),
    ("answers.answered.recent_sun", "Recent sun"),
    ("mixture 2.volume_ml", "Mixture, no. 2: volume, mL"),
    ("order", "Order"),
    ("", ""),
])  # fmt: skip
def test_a_place_is_named_in_words(path: str, words: str) -> None:
    assert places.named(path) == words


@pytest.mark.parametrize("model", [Order, MixtureLine, Anaesthetic, ZoneOrder, MapOrder])
def test_every_field_of_an_order_has_a_name_of_its_own(model: Any) -> None:
    assert [name for name in model.model_fields if name not in places._NAMES] == []


@pytest.mark.parametrize("path, value, name", [
    ("order.spacing_mm", "wide", "Spacing, mm"),
    ("order.mixture.0.volume_ml", "three", "Mixture, no. 1: volume, mL"),
    ("order.visit_minutes", "long", "Visit, minutes"),
    ("order.sessions", "900", "Number of sessions"),
    ("order.planned_start", "soon", "First session"),
    ("order.needle_mm", "4 or 6", "Needle, mm"),
    ("answers.patient.weight_kg", "heavy", "Weight, kg"),
])  # fmt: skip
def test_no_page_speaks_in_keys(clinics: World, path: str, value: str, name: str) -> None:
    place = clinics.here
    draft = ordered(place)
    put(place, draft, path, value)
    client = place.client(Role.INJECTOR)
    said = {one: text(client, one, draft) for one in PAGES}
    assert {one: KEY.findall(words) for one, words in said.items() if KEY.search(words)} == {}
    assert name in said["plan-consultation"] and name in said["plan-whole"]


def test_what_is_wrong_and_the_way_out_are_whole_sentences_in_the_pages_language() -> None:
    fault = Fault("order.spacing_mm", "this must be a number (given: wide)", "Correct it and try again")
    assert fault.sentence == "Spacing, mm: This must be a number (given: wide). Correct it where it was typed."
    with translation.override("fr"):
        assert fault.sentence.startswith("Espacement, mm: Il faut un nombre")
    told = Fault("order.depth_mm", "it is 4 mm long", "Give it as inserted_mm with angle_deg")
    assert "_" not in told.sentence
    assert "nappage" not in str(Fault("order", "'x' is not a key here", "Remove it, or see `nappage check --schema`"))
    assert str(Fault("order.areas", "no area", "Name one or more of crow-s-feet")).endswith("are offered there.")


def test_the_map_names_the_field_it_refuses_and_opens_on_what_is_wrong_already(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    client = place.client(Role.INJECTOR)
    refused = edit_map(client, draft, [{"path": "order.spacing_mm", "value": "wide"}])
    assert refused.status_code == 422 and refused.json()["sentence"].startswith("Spacing, mm: This must be a number")
    put(place, draft, "order.depth_mm", "deep")
    assert edit_map(client, draft, []).status_code == 200, "or nobody could mend it"
    assert edit_map(client, draft, [{"path": "order.spacing_mm", "value": 6}]).status_code == 422
    assert edit_map(client, draft, [{"path": "order.depth_mm", "value": 3}]).status_code == 200


@pytest.mark.parametrize("name, next_step", [
    ("plan-formulation", "No doses yet"),
    ("plan-formulation", "A protocol brings its product along"),
    ("plan-map", "No technique is chosen yet"),
    ("plan-course", "Choose a protocol"),
    ("plan-whole", "Nothing is ordered yet"),
])  # fmt: skip
def test_a_new_draft_says_what_to_do_next(clinics: World, name: str, next_step: str) -> None:
    place = clinics.here
    draft = place.draft(known(place))
    page = place.client(Role.INJECTOR).get(url(name, draft)).content.decode()
    assert next_step in page and f'href="/drafts/{draft.pk}' in page


def test_an_empty_diary_packages_and_protocols_say_what_to_do_next(clinics: World) -> None:
    place = clinics.here
    client = place.client(Role.INJECTOR)
    diary = client.get(reverse("diary")).content.decode()
    assert "No visit on this day" in diary and reverse("patients") in diary
    assert "No visit this week" in client.get(reverse("diary") + "?view=week").content.decode()
    assert "last page of a plan" in client.get(reverse("plan-protocols")).content.decode()
    front = place.client(Role.FRONT_DESK)
    assert "counted as they are given" in front.get(reverse("packages", args=[known(place).pk])).content.decode()


def test_what_was_drawn_differs_as_one_place() -> None:
    def order(spot: int, count: int = 3) -> dict[str, Any]:
        border = [{"triangle": spot + n, "barycentric": [1, 0, 0]} for n in range(count)]
        return {"technique": "x", "map": {"zones": [{"zone": "forehead", "border": border}]}}

    (anew,) = starting.differences(order(1), order(9))
    assert (anew.path, anew.before, anew.now) == ("map.zones 1.border", "3 spots", "3 spots, drawn anew")
    (more,) = starting.differences(order(1), order(1, 4))
    assert (more.before, more.now) == ("3 spots", "4 spots")
    assert starting.differences(order(1), order(1)) == ()


def test_the_map_has_words_while_it_loads_and_a_way_out_where_it_cannot(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    for name in ("plan-map", "plan-consultation"):
        page = place.client(Role.INJECTOR).get(url(name, draft)).content.decode()
        assert "data-map-wait" in page and "data-map-failed" in page and "data-map-again" in page


def test_each_obstacle_leads_to_the_page_where_it_is_settled(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place, indication=None, areas=None, technique=None, planned_start=None, visit_minutes=None)
    at = desk.Desk(place.actor(Role.INJECTOR), draft)
    stage = {one.sentence: one.stage for one in readings.ready_to_sign(at.reading, at.plan())}
    assert stage["Name the indication."] == stage["Name the areas."] == "consultation"
    assert stage["Name the technique."] == stage["Enter how long the visit takes."] == "formulation"
    assert stage["Enter the day of the first session."] == "course"
    assert all(one == "map" for text, one in stage.items() if "number of points" in text)


def test_a_reason_too_short_to_be_one_is_told_at_its_danger_zone(clinics: World) -> None:
    draft = ordered(clinics.here)
    put(clinics.here, draft, "order.map.enter.facial-artery", "ok")
    page = text(clinics.here.client(Role.INJECTOR), "plan-map", draft)
    assert "Danger zone entered: facial artery" in page and "3 letters or more" in page
