"""The patient's intake by a link: walked as a person would, without an account."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from nappage.intake import Answers
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import commands
from nappage_web.patients.models import Document, Draft, Edit, Link, Patient

from .world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(clinics: World) -> tuple[Patient, str, World]:
    patient = clinics.here.patient(sex="female", language="en")
    _, secret = commands.send_intake_link(clinics.here.actor(Role.FRONT_DESK), patient)
    return patient, f"/i/{secret}/", clinics


def asked(page: str) -> str:
    found = re.search(r'name="question" value="([^"]+)"', page)
    assert found, page[:2000]
    return found[1]


def answer(client: Client, url: str, question: str, **fields: str):
    return client.post(url, {"question": question, "key": str(uuid.uuid4()), **fields}, follow=True)


def healthy(client: Client, url: str, most: int = 12) -> list[str]:
    """Answers as a healthy person: yes, that is me; none of these. Returns the questions met."""
    met = []
    for _ in range(most + 1):
        page = client.get(url).content.decode()
        if "Send my answers" in page:
            return met
        question = asked(page)
        met.append(question)
        fields = {"none": "on"} if 'name="none"' in page else {"value": "yes" if question == "identity" else "female"}
        assert answer(client, url, question, **fields).status_code == 200, question
    raise AssertionError(f"more than {most} questions: {met}")


def test_a_healthy_person_is_done_in_twelve(sent) -> None:
    patient, url, clinics = sent
    client = Client()
    met = healthy(client, url)
    assert met[0] == "identity" and len(met) <= 12
    assert "Thank you" in client.post(url, {"send": "1", "key": str(uuid.uuid4())}, follow=True).content.decode()
    actor = clinics.here.actor(Role.LEAD)
    document = Document.objects.of(actor).get(kind=Document.Kind.ANSWERS)
    answers = Answers.model_validate_json(document.body)
    assert answers.medications == () and answers.allergies == () and answers.patient.name == patient.name
    assert (document.author_kind, document.author_name) == ("patient", patient.name)
    assert Draft.objects.of(actor).get(kind="intake").status == Draft.Status.DONE
    assert AuditEvent.objects.filter(action="intake.hand-in", patient=patient.pk).count() == 1


def test_each_answer_is_saved_and_found_again_on_another_device(sent) -> None:
    _, url, clinics = sent
    first, other = Client(), Client()
    answer(first, url, "identity", value="yes")
    question = asked(first.get(url).content.decode())
    answer(first, url, question, none="on")
    assert asked(other.get(url).content.decode()) == asked(first.get(url).content.decode()) != question
    edits = Edit.objects.of(clinics.here.actor(Role.LEAD))
    assert [e.value["question"] for e in edits.order_by("revision")] == ["identity", question]


def test_what_was_ticked_and_taken_back_is_shown_to_the_clinician(sent) -> None:
    patient, url, clinics = sent
    client = Client()
    answer(client, url, "identity", value="yes")
    answer(client, url, "medicines", **{"item-blood-thinner": "yes"})
    answer(client, url, "medicines", none="on")
    healthy(client, url)
    client.post(url, {"send": "1", "key": str(uuid.uuid4())})
    page = clinics.here.client(Role.INJECTOR).get(f"/patients/{patient.pk}/answers/").content.decode()
    assert "<s>A blood thinner</s>" in page and "None, as asked" in page
    commands.edit_answers(clinics.here.actor(Role.INJECTOR), patient, Answers(allergies=()), "asked by phone", "e")
    page = clinics.here.client(Role.INJECTOR).get(f"/patients/{patient.pk}/answers/").content.decode()
    assert "<s>A blood thinner</s>" not in page


def test_sending_a_form_twice_answers_once(sent) -> None:
    _, url, clinics = sent
    key = str(uuid.uuid4())
    for _ in range(2):
        Client().post(url, {"question": "identity", "key": key, "value": "yes"})
    assert Edit.objects.of(clinics.here.actor(Role.LEAD)).count() == 1


def test_nothing_ticked_is_no_answer(sent) -> None:
    _, url, _ = sent
    client = Client()
    answer(client, url, "identity", value="yes")
    question = asked(client.get(url).content.decode())
    page = answer(client, url, question)
    assert page.status_code == 422 and 'role="alert"' in page.content.decode()
    assert asked(client.get(url).content.decode()) == question


def test_a_medicine_is_read_and_shown_for_confirmation(sent) -> None:
    _, url, _ = sent
    client = Client()
    answer(client, url, "identity", value="yes")
    for _ in range(12):
        page = client.get(url).content.decode()
        if 'name="row-0-name"' in page and 'data-kind="medications"' in page:
            break
        answer(client, url, asked(page), none="on")
    question = asked(page)
    shown = answer(client, url, question, **{"row-0-name": "Sintrom", "more": "1"}).content.decode()
    assert "acenocoumarol" in shown.casefold() and "Sintrom" in shown
    assert "acenocoumarol" in json.dumps(client.get(f"{url}read?kind=medications&q=Sintrom").json()).casefold()
    resumed = Client().get(url).content.decode()
    assert asked(resumed) == question and "Anything else?" in resumed, "on another device, until it is all"
    assert "One question is still open" in client.post(url, {"send": "1", "key": ""}).content.decode()
    assert asked(answer(client, url, question, **{"row-0-name": "Sintrom"}).content.decode()) != question
    names = client.get(f"{url}suggest?kind=medications&q=sint").json()
    assert any("sintrom" in name.casefold() for name in names)


def test_what_is_wrong_is_told_in_the_patients_language(clinics: World) -> None:
    patient = clinics.here.patient(language="fr", sex="female")
    _, secret = commands.send_intake_link(clinics.here.actor(Role.FRONT_DESK), patient)
    url, client = f"/i/{secret}/", Client()

    def told(question: str, **fields: str) -> str:
        page = answer(client, url, question, **fields)
        found = re.search(r'role="alert"><p>([^<]+)</p>', page.content.decode())
        assert page.status_code == 422 and found, (question, fields)
        return found[1]

    sintrom = {"row-0-name": "Sintrom"}
    assert told("identity") == "Rien n’est choisi. Choisissez l’une des réponses."
    assert answer(client, url, "identity", value="yes").status_code == 200
    assert told("heart").startswith("Rien n’est coché.")
    for date_of in ({"last-month": "3"}, {"last-year": "2020", "last-day": "3"}, {"last-year": "soon"}):
        fields = {f"row-0-{name}": value for name, value in date_of.items()}
        assert told("medicines", **sintrom, **fields).startswith("Cette date est incomplète."), date_of
    assert "n’est pas encore" in told("medicines", **sintrom, **{"row-0-last-year": "2999"})
    assert "naissance" in told("medicines", **sintrom, **{"row-0-last-year": "1930"})
    assert "trop long" in told("medicines", **{"row-0-name": "x" * 501})
    assert "ne va pas avec" in told("medicines", **{"none": "on", "item-blood-thinner": "yes"})
    assert told("medicines", **{"row-0-prescribed": "yes"}).startswith("Écrivez aussi le nom")
    taken = answer(client, url, "medicines", **sintrom, none="on")
    assert taken.status_code == 200, "a medicine that was added beside “none of these” is a medicine"


def test_somebody_else_is_sent_away(sent) -> None:
    _, url, _ = sent
    client = Client()
    assert "do not go on" in answer(client, url, "identity", value="no").content.decode()


@pytest.mark.parametrize(("change", "status", "words"), [
    ({"expires": timedelta(days=-1)}, 410, "expired"), ({"revoked": timedelta()}, 410, "no longer in use"),
])  # fmt: skip
def test_a_link_ends(sent, change, status: int, words: str) -> None:
    _, url, _ = sent
    Link._base_manager.update(**{name: timezone.now() + by for name, by in change.items()})
    page = Client().get(url)
    assert page.status_code == status and words in page.content.decode()
    assert Client().post(url, {"question": "identity", "key": str(uuid.uuid4()), "value": "yes"}).status_code == status


def test_a_new_link_ends_the_old_one_and_goes_on_where_it_was(sent) -> None:
    patient, url, clinics = sent
    client = Client()
    answer(client, url, "identity", value="yes")
    _, secret = commands.send_intake_link(clinics.here.actor(Role.FRONT_DESK), patient)
    assert client.get(url).status_code == 410
    assert asked(client.get(f"/i/{secret}/").content.decode()) != "identity"


def test_no_secret_is_guessed_or_kept(sent) -> None:
    _, url, _ = sent
    assert Client().get("/i/guess/").status_code == 404
    secret = url.split("/")[2]
    assert secret not in Link._base_manager.values_list("secret", flat=True)


def test_it_speaks_french(clinics: World) -> None:
    patient = clinics.here.patient(language="fr", sex="female")
    _, secret = commands.send_intake_link(clinics.here.actor(Role.FRONT_DESK), patient)
    page = Client().get(f"/i/{secret}/").content.decode()
    assert '<html lang="fr">' in page and "Est-ce bien vous" in page and "Enregistrer et continuer" in page
    assert "[en]" not in page


def test_every_word_of_the_patients_pages_is_in_french() -> None:
    """Of the portal and of the frame around it; clinical texts are the edition's, held in tests/interview."""
    import gettext
    from pathlib import Path

    import nappage_web

    root = Path(nappage_web.__file__).parent
    catalogues = []
    for app in ("portal", "design"):
        with open(root / app / "locale" / "fr" / "LC_MESSAGES" / "django.mo", "rb") as file:
            catalogues.append(gettext.GNUTranslations(file))
    texts = set()
    for path in [*(root / "portal").rglob("*.html"), root / "design" / "templates" / "design" / "portal.html"]:
        source = path.read_text()
        texts |= set(re.findall(r"""{% translate (?:"([^"]+)"|'[^']+')""", source)) - {""}
        texts |= set(re.findall(r"{% translate '([^']+)'", source))
    for path in (root / "portal").glob("*.py"):
        texts |= set(re.findall(r'\b(?:_|gettext_lazy)\("([^"]+)"\)', path.read_text()))
    assert len(texts) > 35
    missing = [text for text in sorted(texts) if all(one.gettext(text) == text for one in catalogues)]
    assert not missing
