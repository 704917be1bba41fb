"""Patients' and records' words for conditions, procedures, events and skin states, as this edition reads them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from nappage.intake.concepts import Dictionary, Recognition
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
BUNDLES = Path(__file__).parents[1] / "data" / "fhir-sample"
SYSTEMS = {"http://snomed.info/sct": "snomed", "http://hl7.org/fhir/sid/cvx": "cvx"}


def recognise(kind: str, text: str, codes: dict[str, str] | None = None) -> Recognition:
    return Dictionary.of(EDITION, kind).recognise(text, codes)


CONDITIONS = [
    ("diabetic", "diabetes"),
    ("I have sugar diabetes", "diabetes"),
    ("T2DM", "diabetes-type-2"),
    ("Type 2 diabetes, diet only", "diabetes"),
    ("non-insulin-dependent diabetes", "diabetes-type-2"),
    ("type 1 diabetic since childhood", "diabetes-insulin-treated"),
    ("Diabetic renal disease (disorder)", "chronic-kidney-disease"),
    ("poorly controlled diabetes", "uncontrolled"),
    ("asthma, not well controlled", "uncontrolled"),
    ("uncontrolled hypertension", "hypertension-uncontrolled"),
    ("high blood pressure", "hypertension"),
    ("HTN", "hypertension"),
    ("heart attack in 2019", "acute-coronary-syndrome"),
    ("angina", "ischaemic-heart-disease"),
    ("two stents", "heart-disease"),
    ("AF", "arrhythmia"),
    ("Atrial Fibrillation", "heart-disease"),
    ("irregular heartbeat", "arrhythmia"),
    ("Mobitz II", "heart-block"),
    ("complete heart block", "av-block-3"),
    ("ICD fitted", "pacemaker"),
    ("CCF", "heart-failure"),
    ("decompensated heart failure", "severe-heart-disease"),
    ("mini-stroke", "tia"),
    ("TIA", "tia"),
    ("CVA", "stroke"),
    ("DVT after a flight", "thrombosis"),
    ("blood clot in the lung", "pulmonary-embolism"),
    ("Factor V Leiden", "thrombophilia"),
    ("Hughes syndrome", "autoimmune-disease"),
    ("haemophilia A", "bleeding-disorder"),
    ("von Willebrand's", "bleeding-disorder"),
    ("low platelets", "thrombocytopenia"),
    ("RA", "rheumatoid-arthritis"),
    ("SLE", "systemic-lupus"),
    ("lupus", "autoimmune-disease"),
    ("Crohn’s disease", "inflammatory-bowel-disease"),
    ("Hashimoto's", "autoimmune-disease"),
    ("Hashimoto's", "thyroid-disease"),
    ("Graves' disease", "hyperthyroidism"),
    ("underactive thyroid", "hypothyroidism"),
    ("multinodular goitre", "thyroid-nodule"),
    ("MS", "autoimmune-disease"),
    ("MG", "neuromuscular-disease"),
    ("scleroderma", "systemic-sclerosis"),
    ("Behçet's disease", "vasculitis"),
    ("coeliac", "autoimmune-disease"),
    ("psoriatic arthritis", "psoriasis"),
    ("epileptic", "epilepsy"),
    ("epileptic", "seizure-history"),
    ("febrile convulsions as a baby", "seizure-history"),
    ("HIV", "blood-borne-infection"),
    ("hep B", "hepatitis-b"),
    ("Hepatitis C", "liver-disease"),
    ("AIDS", "immunodeficiency"),
    ("no spleen", "immunodeficiency"),
    ("kidney transplant 2015", "organ-transplant"),
    ("CKD", "chronic-kidney-disease"),
    ("CKD stage 4", "severe-renal-impairment"),
    ("on dialysis", "severe-renal-impairment"),
    ("cirrhosis", "severe-liver-disease"),
    ("fatty liver", "liver-disease"),
    ("gall stones", "gallstones"),
    ("stomach ulcer", "ulcer-or-bleed-history"),
    ("breast cancer 2012", "malignant-neoplasm"),
    ("BCC removed from nose", "malignant-neoplasm"),
    ("leukaemia", "malignant-neoplasm"),
    ("keloids", "keloid"),
    ("I scar badly", "hypertrophic-scar-tendency"),
    ("cold sores", "recurrent-herpes-labialis"),
    ("psoriasis of the scalp", "psoriasis"),
    ("melasma", "pigment-disorder"),
    ("acne rosacea", "rosacea"),
    ("mast cell activation syndrome", "mastocytosis"),
    ("aspirin-sensitive asthma", "asthma"),
    ("anaphylactic shock to peanuts", "anaphylaxis-history"),
    ("G6PD", "g6pd-deficiency"),
    ("faint at the sight of blood", "previous-vasovagal"),
    ("scared of needles", "needle-phobia"),
    ("BDD", "body-dysmorphic-disorder"),
    ("trouble swallowing", "dysphagia"),
    ("20 weeks pregnant", "pregnancy"),
    ("tooth abscess", "dental-infection"),
    ("hayfever", "hay-fever"),
    ("low back pain", "musculoskeletal-condition"),
    ("anxiety and depression", "mental-health-condition"),
    ("GORD", "digestive-condition"),
    ("anaemia", "anaemia"),
    ("Full-time employment (finding)", "social-finding"),
    ("Stress (finding)", "social-finding"),
    ("Medication review due (situation)", "social-finding"),
    ("fit and well", "healthy"),
    ("None", "healthy"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "concept"), CONDITIONS)
def test_everyday_words_and_abbreviations(text: str, concept: str) -> None:
    seen = recognise("conditions", text)
    assert concept in seen.concepts
    assert seen.guess is None
    assert not seen.family


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("hypertention", "hypertension"),
        ("rheumatiod arthritis", "rheumatoid-arthritis"),
        ("epilepsey", "epilepsy"),
        ("haemophillia", "bleeding-disorder"),
        ("sclerodema", "systemic-sclerosis"),
        ("hypothyrodism", "thyroid-disease"),
        ("pulmonary embolisim", "thrombosis"),
    ],
)
def test_misspellings_are_read_and_shown_as_guesses(text: str, concept: str) -> None:
    seen = recognise("conditions", text)
    assert concept in seen.concepts
    assert seen.guess


@pytest.mark.parametrize("text", ["no diabetes", "denies epilepsy", "never had cancer", "without heart disease"])
def test_denials(text: str) -> None:
    assert recognise("conditions", text).negated


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("mother had breast cancer", "malignant-neoplasm"),
        ("family history of diabetes", "diabetes"),
        ("my brother has epilepsy", "epilepsy"),
        ("keloids in the family", "keloid"),
        ("grandfather had a stroke", "stroke"),
    ],
)
def test_family_history_is_told_apart(text: str, concept: str) -> None:
    seen = recognise("conditions", text)
    assert seen.family
    assert concept in seen.concepts


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("HIV negative", "hiv"),
        ("non-diabetic", "diabetes"),
        ("borderline diabetic", "diabetes"),
        ("diabetes insipidus", "diabetes"),
        ("gestational diabetes", "diabetes"),
        ("gestational hypertension", "pregnancy"),
        ("tubal pregnancy", "pregnancy"),
        ("low blood pressure", "hypertension"),
        ("heatstroke", "stroke"),
        ("sunstroke", "stroke"),
        ("cold sores", "acute-infection"),
        ("benign tumour", "malignant-neoplasm"),
        ("gastric bypass", "heart-disease"),
        ("hair transplant", "organ-transplant"),
        ("gum disease", "liver-disease"),
        ("HIV", "immunodeficiency"),
        ("hypertension", "heart-disease"),
        ("fit and well", "seizure-history"),
        ("cellulite", "skin-infection-history"),
        ("ex-smoker", "smoking"),
    ],
)
def test_words_that_only_look_alike(text: str, concept: str) -> None:
    seen = recognise("conditions", text)
    assert seen.concepts
    assert concept not in seen.concepts


@pytest.mark.parametrize(
    "text", ["arthritis", "rash", "an allergy", "breastfeeding", "infection", "scars", "Zorbel's syndrome"]
)
def test_words_that_leave_the_disease_open_are_asked_about(text: str) -> None:
    assert not recognise("conditions", text).concepts


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        ("icd10", "E11.9", "diabetes-type-2"),
        ("icd10", "E10.21", "chronic-kidney-disease"),
        ("icd10", "C50.911", "malignant-neoplasm"),
        ("icd10", "C44.31", "skin-cancer"),
        ("icd10", "D17.0", "benign-growth"),
        ("icd10", "N18.3", "chronic-kidney-disease"),
        ("icd10", "N18.5", "severe-renal-impairment"),
        ("icd10", "I44.2", "av-block-3"),
        ("icd10", "I25.2", "myocardial-infarction"),
        ("icd10", "L91.0", "keloid"),
        ("icd10", "M05.79", "autoimmune-disease"),
        ("icd10", "G40.909", "epilepsy"),
        ("icd10", "Z59.0", "social-finding"),
        ("snomed", "44054006", "diabetes-type-2"),
        ("snomed", "49436004", "arrhythmia"),
        ("snomed", "128613002", "epilepsy"),
        ("snomed", "160903007", "social-finding"),
    ],
)
def test_codes_alone(system: str, code: str, concept: str) -> None:
    assert concept in recognise("conditions", "", {system: code}).concepts


@pytest.mark.parametrize(("code", "other"), [("N18.3", "severe-renal-impairment"), ("D17.0", "malignant-neoplasm")])
def test_the_longest_code_prefix_decides(code: str, other: str) -> None:
    assert other not in recognise("conditions", "", {"icd10": code}).concepts


@pytest.mark.parametrize(
    ("kind", "text", "concept"),
    [
        ("procedures", "Botox", "botulinum-toxin"),
        ("procedures", "lip fillers", "ha-filler"),
        ("procedures", "filler", "filler-of-unknown-kind"),
        ("procedures", "Sculptra", "permanent-filler"),
        ("procedures", "lip filler", "filler"),
        ("procedures", "glycolic acid peel", "chemical-peel"),
        ("procedures", "TCA peel", "chemical-peel-deep"),
        ("procedures", "CO2 laser resurfacing", "laser"),
        ("procedures", "Morpheus8", "microneedling"),
        ("procedures", "HydraFacial", "facial"),
        ("procedures", "eyebrow threading", "waxing"),
        ("procedures", "thread lift", "threads"),
        ("procedures", "microblading", "tattoo-in-area"),
        ("procedures", "flu jab", "vaccination"),
        ("procedures", "COVID booster", "vaccination"),
        ("procedures", "root canal", "dental-procedure"),
        ("procedures", "teeth bleaching", "dental-procedure"),
        ("procedures", "nose job", "facial-surgery"),
        ("procedures", "C-section", "childbirth"),
        ("procedures", "sunbed", "intense-sun"),
        ("procedures", "coronary angioplasty with stent", "stent"),
        ("procedures", "Combined chemotherapy and radiation therapy (procedure)", "radiotherapy"),
        ("procedures", "course of antibiotics", "antibiotic-course"),
        ("events", "my sister's wedding", "social-event"),
        ("events", "holiday in the sun", "sun-exposure"),
        ("events", "skiing", "sport"),
        ("events", "skiing", "sun-exposure"),
        ("events", "COVID booster", "vaccination"),
        ("events", "dentist", "dental-procedure"),
        ("events", "fractional laser", "laser"),
        ("events", "HIFU", "device-treatment"),
        ("events", "TCA peel", "chemical-peel"),
        ("events", "lip filler", "ha-filler"),
        ("events", "flight home", "flight"),
        ("events", "half marathon", "sport"),
        ("events", "spa day", "sauna"),
        ("events", "hen do", "alcohol"),
        ("skin_states", "cold sore on the lip", "herpes-simplex-active"),
        ("skin_states", "shingles", "herpes-zoster-active"),
        ("skin_states", "spots", "active-acne"),
        ("skin_states", "boil", "skin-infection"),
        ("skin_states", "impetigo", "bacterial-infection"),
        ("skin_states", "ringworm", "skin-infection"),
        ("skin_states", "sunburnt", "sunburn"),
        ("skin_states", "fresh tan", "sunburn"),
        ("skin_states", "small cut", "open-wound"),
        ("skin_states", "mosquito bites", "erosion"),
        ("skin_states", "a mole that changes", "suspicious-lesion"),
        ("skin_states", "raised mole", "raised-naevus"),
        ("skin_states", "excema flare", "eczema-active"),
        ("skin_states", "clear", "healthy-skin"),
        ("skin_states", "none", "healthy-skin"),
        ("events", "none planned", "no-event"),
        ("procedures", "none", "no-procedure"),
        ("skin_states", "skin intact", "healthy-skin"),
        ("skin_states", "dark spots", "pigmentation"),
    ],
)  # fmt: skip
def test_procedures_events_and_skin(kind: str, text: str, concept: str) -> None:
    assert concept in recognise(kind, text).concepts


@pytest.mark.parametrize(
    ("kind", "text", "concept"),
    [
        ("procedures", "eyebrow threading", "threads"),
        ("procedures", "ultrasound scan", "device-treatment"),
        ("procedures", "Sculptra", "ha-filler"),
        ("procedures", "teeth whitening", "bleaching"),
        ("procedures", "laser eye surgery", "laser"),
        ("procedures", "hip replacement operation", "facial-surgery"),
        ("procedures", "Subcutaneous immunotherapy", "vaccination"),
        ("events", "wedding", "alcohol"),
        ("skin_states", "dark spots", "active-acne"),
        ("skin_states", "cellulite", "cellulitis"),
        ("skin_states", "spray tan", "sunburn"),
        ("skin_states", "freckles", "raised-naevus"),
    ],
)
def test_procedures_events_and_skin_told_apart(kind: str, text: str, concept: str) -> None:
    seen = recognise(kind, text)
    assert seen.concepts
    assert concept not in seen.concepts


def test_a_rash_without_a_name_is_asked_about() -> None:
    assert not recognise("skin_states", "rash").concepts


def test_what_can_be_past_and_planned_has_one_id() -> None:
    limited = {record.about for record in EDITION.values.values() if "-session" in record.id}
    for about in limited & (set(EDITION.procedures) | set(EDITION.events)):
        assert about in EDITION.events
        assert about == "social-event" or about in EDITION.procedures


def _kinds() -> Iterator[tuple[str, str, str, str]]:
    for path in sorted(BUNDLES.glob("*.json.gz")):
        for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] in ("Condition", "Procedure", "Immunization"):
                concept = resource.get("code") or resource["vaccineCode"]
                kind = "conditions" if resource["resourceType"] == "Condition" else "procedures"
                for coding in concept["coding"]:
                    yield kind, SYSTEMS[coding["system"]], coding["code"], concept["text"]


def test_every_condition_procedure_and_immunization_of_the_bundles_by_code_and_by_text() -> None:
    kinds = sorted(set(_kinds()))
    assert len(kinds) > 200
    by_code = [k for k in kinds if not recognise(k[0], "", {k[1]: k[2]}).concepts]
    by_text = [k for k in kinds if not (seen := recognise(k[0], k[3])).concepts or seen.guess]
    assert by_code == []
    assert by_text == []


# Tag of the sample's index → the concept that its patients' conditions must reach, and nobody else's.
TAGS = {
    "pregnancy": "pregnancy",
    "diabetes": "diabetes",
    "epilepsy": "seizure-history",
    "heart": "heart-disease",
    "hypertension": "hypertension",
    "renal": "chronic-kidney-disease",
    "cancer": "malignant-neoplasm",
    "autoimmune": "autoimmune-disease",
    "asthma": "asthma",
    "skin": "eczema",
}


def test_the_tags_of_the_sample_follow_from_its_conditions() -> None:
    rows = (BUNDLES / "index.csv").read_text("utf-8").splitlines()[1:]
    tagged = {row.split(",")[0]: set(row.split(",")[5].split(";")) for row in rows}
    wrong = []
    for path in sorted(BUNDLES.glob("*.json.gz")):
        reached: set[str] = set()
        for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]:
            if entry["resource"]["resourceType"] == "Condition":
                code = entry["resource"]["code"]
                reached |= recognise("conditions", code["text"], {"snomed": code["coding"][0]["code"]}).concepts
        wrong += [
            (path.name, tag) for tag, concept in TAGS.items() if (tag in tagged[path.name]) != (concept in reached)
        ]
    assert wrong == []
