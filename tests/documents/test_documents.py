"""The written documents, looked at as a reader would: whole, tagged, sourced, nothing fetched, nothing cut off."""

from __future__ import annotations

import html as html_entities
import json
import re
from datetime import date
from pathlib import Path

import pypdf
import pytest
from jsonschema import Draft202012Validator
from tests.documents.printed import printed

from nappage.plan import Practice, Practitioner, TreatmentPlan, draft, write
from nappage.plan.compose import clinician, patient
from nappage.plan.page import html
from nappage.plan.pdf import pdf

ON = date(2026, 11, 25)


def test_the_documents_are_there(written) -> None:
    assert set(written) == {
        "plan.pdf", "plan.html", "plan.json", "map.html", "course.ics", "patient.pdf", "patient.html"
    }  # fmt: skip
    folder = written["plan.pdf"].parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(written), "no half-written file is left"


def test_the_json_round_trips_and_fits_its_schema(plan, written) -> None:
    content = json.loads(written["plan.json"].read_text())
    assert TreatmentPlan.model_validate(content) == plan
    Draft202012Validator(TreatmentPlan.model_json_schema(mode="serialization")).validate(content)


def test_the_pdf_is_tagged_titled_and_says_ua(plan, written) -> None:
    for name in ("plan.pdf", "patient.pdf"):
        reader = pypdf.PdfReader(written[name])
        catalogue = reader.trailer["/Root"]
        assert catalogue["/MarkInfo"]["/Marked"] == True  # noqa: E712  (a PDF boolean, not a Python one)
        assert catalogue["/Lang"] == "en"
        assert "/StructTreeRoot" in catalogue
        xmp = catalogue["/Metadata"].get_data().decode()
        assert re.search(r"pdfuaid:part>1<|pdfuaid:part=.1.", xmp)
        assert reader.metadata and reader.metadata.title


def test_every_word_of_the_sheet_is_in_the_pdf_and_on_the_page(plan, edition, written) -> None:
    for compose, name in ((clinician, "plan"), (patient, "patient")):
        sheet = compose(plan, edition)
        in_print = _squeezed("".join(page.get_text() for page in printed(written[f"{name}.pdf"].read_bytes())))
        page = _squeezed(html_entities.unescape(re.sub(r"<[^>]+>", " ", _body(written[f"{name}.html"].read_text()))))
        blocks = [block for section in sheet.sections for block in section.blocks]
        drawn = {block.says for block in blocks if block.kind == "strip"}
        drawn |= {block.alt for block in blocks if block.kind == "figure"}
        for words in sheet.words():
            if words in drawn:  # a picture's words are read aloud, not printed
                assert words in html_entities.unescape(written[f"{name}.html"].read_text())
                continue
            for word in words.split():
                assert _squeezed(word) in in_print, (name, word)
                assert _squeezed(word) in page, (name, word)


def _body(page: str) -> str:
    return page[page.index("<body>") :]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u00ad\u200b\-‐]+", "", text)


def test_nothing_is_cut_off_or_written_over_another(written) -> None:
    for name in ("plan.pdf", "patient.pdf"):
        for page in printed(written[name].read_bytes()):
            width, height = page.rect.width, page.rect.height
            for x0, y0, x1, y1, *_ in page.get_text("words"):
                assert x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height


def test_the_page_fetches_nothing_and_runs_nothing(written) -> None:
    for name in ("plan.html", "patient.html"):
        page = written[name].read_text()
        assert "<script" not in page
        assert not re.search(r"(src|@import|url\()\s*=?\s*[\"']?https?:", page)
        assert not re.search(r"<(link|img|iframe)\b", page)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_the_page_fits_phone_tablet_and_desk(written, browser, width: int) -> None:
    view = browser.new_page(viewport={"width": width, "height": 900})
    for name in ("plan.html", "patient.html"):
        view.goto(written[name].as_uri())
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert view.locator("h1").count() == 1
    view.close()


def test_every_source_named_is_listed(plan, edition) -> None:
    sheet = clinician(plan, edition)
    listed = {
        line.key for section in sheet.sections for b in section.blocks if b.kind == "sources" for line in b.sources
    }
    named = set(re.findall(r'"refs":\[([^\]]*)\]', sheet.model_dump_json()))
    keys = {key.strip('"') for group in named for key in group.split(",") if key}
    assert keys and keys <= listed


def test_a_plan_that_may_not_go_ahead_is_still_a_document(answers, edition, tmp_path: Path) -> None:
    pregnant = answers.model_copy(update={"patient": answers.patient.model_copy(update={"pregnancy": "pregnant"})})
    plan = draft(pregnant, edition, ON, reference="pregnant")
    assert plan.screening.verdict == "contraindicated" and not plan.may_proceed
    files = write(plan, edition, tmp_path)
    assert "course.ics" not in files
    text = "".join(page.get_text() for page in printed(files["plan.pdf"].read_bytes()))
    assert "Contraindicated" in text and "No dates" in text
    told = "".join(page.get_text() for page in printed(files["patient.pdf"].read_bytes()))
    assert "not for you as planned" in told and "Keep taking every medicine" in told.replace("\n", " ")


def test_an_empty_order_is_a_document_that_asks(edition, tmp_path: Path) -> None:
    from nappage.intake import Answers

    plan = draft(Answers(), edition, ON, reference="nobody")
    assert plan.screening.incomplete and plan.screening.open_questions and not plan.may_proceed
    sheet = clinician(plan, edition)
    assert sheet.verdict != "Clear"
    files = write(plan, edition, tmp_path)
    assert {"plan.pdf", "plan.html", "plan.json"} <= set(files)


def test_the_same_plan_gives_the_same_bytes(plan, edition) -> None:
    sheet = clinician(plan, edition)
    assert pdf(sheet) == pdf(sheet)
    assert html(sheet) == html(sheet)


def test_a_name_in_any_script_gets_its_documents(answers, edition, tmp_path: Path) -> None:
    named = answers.model_copy(update={"patient": answers.patient.model_copy(update={"name": "王小明 Żółć Ω 😀"})})
    files = write(draft(named, edition, ON, reference="named"), edition, tmp_path)
    text = "".join(page.get_text() for page in printed(files["plan.pdf"].read_bytes()))
    assert "[U+738B][U+5C0F][U+660E] Żółć Ω" in " ".join(text.split())
    assert "王小明 Żółć Ω 😀" in files["plan.html"].read_text()


def test_markup_in_a_name_stays_words(answers, edition, tmp_path: Path) -> None:
    name = '<script>alert(1)</script> & "#eval" $x$ *b* _i_ @ref'
    named = answers.model_copy(update={"patient": answers.patient.model_copy(update={"name": name})})
    files = write(draft(named, edition, ON, reference="named"), edition, tmp_path)
    assert "<script" not in files["plan.html"].read_text()
    text = "".join(page.get_text() for page in printed(files["plan.pdf"].read_bytes()))
    assert _squeezed(name) in _squeezed(text)


def test_a_document_that_cannot_be_written_leaves_none_half_written(plan, edition, tmp_path: Path) -> None:
    from nappage.values import InputError

    home = tmp_path / plan.reference
    (home / "course.ics").mkdir(parents=True)
    with pytest.raises(InputError, match="in the way"):
        write(plan, edition, tmp_path)
    assert [path.name for path in home.iterdir()] == ["course.ics"]


def test_whoever_answers_for_it_stands_on_every_document(plan, edition) -> None:
    """Name, register and number on each page's foot; whom to call, with the numbers, on the patient's sheet."""
    dr, nurse = (
        Practitioner(name="Dr A. Example", role="prescriber", register_name="RPPS", number="10101010101"),
        Practitioner(name="B. Example", role="injector", register_name="NMC", number="22B2222E"),
    )
    practice = Practice(
        clinic="Skin Clinic", phone="+33 1 00 00 00 00", emergency_phone="+33 6 00 00 00 00", practitioners=(dr, nurse)
    )
    named = plan.model_copy(update={"practice": practice})
    assert TreatmentPlan.model_validate_json(named.model_dump_json()).practice == practice
    for sheet in (clinician(named, edition), patient(named, edition)):
        for word in ("Skin Clinic", "RPPS 10101010101", "NMC 22B2222E", "Dr A. Example", "B. Example"):
            assert word in sheet.foot
        assert sheet.foot.endswith(clinician(plan, edition).foot)
    told = " ".join(patient(named, edition).words())
    assert "Skin Clinic: +33 1 00 00 00 00" in told and "When the clinic is closed: +33 6 00 00 00 00" in told
