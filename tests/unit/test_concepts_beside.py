"""What stands beside a name: ordinary words of five languages, relatives, promises of a package, how an illness is."""

from datetime import date

import pytest

from nappage.intake.answers import Answers, ConditionEntry, MedicationEntry, MixtureLine, Order
from nappage.intake.concepts import Dictionary, Line
from nappage.intake.read import contents_of, read
from nappage.knowledge import load
from nappage.screening import screen

TODAY = date(2026, 11, 25)
EDITION = load(TODAY)


def medicine(text: str) -> Line:
    return Dictionary.of(EDITION, "medicines").line(text, {}, "medications")


def condition(text: str) -> Line:
    return Dictionary.of(EDITION, "conditions").line(text, {}, "conditions")


def concepts(line: Line) -> frozenset[str]:
    return frozenset().union(*(part.concepts for part in line.parts))


def asked(line: Line) -> bool:
    return bool(line.unread) or any(part.guess or part.may_be for part in line.parts)


# --- beside a medicine -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("OKi bustine ogni giorno", "ketoprofen"),
        ("Thomapyrin Classic, 2-3 mal pro Woche", "aspirin"),
        ("enalapril 10 mg para la tensión", "enalapril"),
        ("Marcumar nach Plan", "vitamin-k-antagonist"),
        ("Ibuprofen wegen Rückenschmerzen", "nsaid"),
        ("una pastilla de Sintrom al día", "vitamin-k-antagonist"),
        ("Metoprolol Retardtabletten zweimal täglich", "beta-blocker"),
        ("atorvastatina 20 mg un comprimido por la noche", "statin"),
        ("ramipril 5 mg um comprimido por dia", "ramipril"),
        ("Doliprane comprimés effervescents trois fois par jour", "paracetamol"),
        ("Tachipirina compresse al bisogno", "paracetamol"),
        ("Gaviscon Advance", "antacid"),
    ],
)
def test_forms_and_frequencies_of_other_languages_are_ordinary_words(text: str, wanted: str) -> None:
    line = medicine(text)
    assert wanted in concepts(line)
    assert not asked(line)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Eliquis zakjes dagelijks", "apixaban"),
        ("warfarin klopidogrel", "warfarin"),
        ("OKi belustina ogni giorno", "ketoprofen"),
        ("ramipril Zorbelax", "ramipril"),
        ("ramipril per la pressione, Zorbelax", "ramipril"),
        ("ramipril 2 per day Zorbelax 1 per day", "ramipril"),
    ],
)
def test_a_strange_word_beside_a_name_is_asked_about_and_guessed_as_nothing(text: str, named: str) -> None:
    line = medicine(text)
    own = {part.guess for part in line.parts}
    assert named in concepts(line)
    assert line.unread
    assert own == {None}


@pytest.mark.parametrize("text", ["bustine per il mal di testa", "Tabletten nach Plan", "comprimidos por la noche"])
def test_ordinary_words_alone_are_asked_about_and_guessed_as_nothing(text: str) -> None:
    line = medicine(text)
    assert not line.parts
    assert line.unread


@pytest.mark.parametrize("text", ["ramipril und eine Tablette gegen Kopfschmerzen", "ramipril y una pastilla"])
def test_a_medicine_nobody_named_is_asked_about_in_other_languages(text: str) -> None:
    assert medicine(text).unread


def test_a_misspelling_that_stands_alone_is_still_a_guess() -> None:
    (_, second) = medicine("aspirin and klopidogrel").parts
    assert "clopidogrel" in second.concepts
    assert second.guess


# --- relatives -------------------------------------------------------------------------------------------------------

LONG = (
    "Generally well, my husband has atrial fibrillation and takes Eliquis so I know all about bruises, "
    "I myself have never been ill"
)


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "my wife takes Eliquis so I know it well",
        "my mother takes Eliquis because I do not trust warfarin",
        "my brother, who has a stent and takes Eliquis, drove me",
        "my best friend takes Eliquis, I take nothing",
    ],
)
def test_what_a_relative_takes_is_not_the_patients(text: str) -> None:
    line = medicine(text)
    assert "anticoagulant" not in concepts(line)
    assert "apixaban" in line.relatives


@pytest.mark.parametrize(
    "text",
    [
        "my husband has AF and takes Eliquis so I take Eliquis too",
        "my husband says the Eliquis I take is too much",
        "my husband brought my Eliquis",
        "my mother takes care of my Eliquis",
        "my wife has diabetes so I cook, I take Eliquis",
        "took my mother's Eliquis",
    ],
)
def test_what_the_patient_takes_counts_in_a_clause_that_names_a_relative(text: str) -> None:
    assert "apixaban" in concepts(medicine(text))


def test_an_illness_of_ones_own_counts_beside_a_relatives() -> None:
    assert "asthma" in concepts(condition("my daughter has epilepsy so I carry diazepam and my asthma is mild"))
    assert "asthma" in concepts(condition("my mother is worried about my asthma"))
    assert "systemic-lupus" not in concepts(condition("my sister had lupus so I was tested"))


def test_a_relatives_medicine_among_the_illnesses_is_not_the_patients() -> None:
    def facts(text: str) -> object:
        answers = Answers(medications=(), skincare=(), conditions=(ConditionEntry(text=text),), history_complete=True)
        return read(answers, EDITION, TODAY)["anticoagulant_current"]

    assert facts(LONG) is False
    assert facts("atrial fibrillation, takes Eliquis") is True


# --- what a package promises -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'krill oil ("natural blood thinner" on the bottle)',
        "fish oil, it says blood thinner on the label",
        "garlic capsules, sold as a natural anticoagulant",
        "ginger “natural blood thinner”",
    ],
)
def test_what_the_package_of_a_supplement_promises_is_no_medicine(text: str) -> None:
    line = medicine(text)
    assert "bleeding-supplement" in concepts(line)
    assert not concepts(line) & {"blood-thinner", "anticoagulant"}
    assert not asked(line)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('krill oil and my "blood thinner"', "blood-thinner"),
        ('krill oil, "natural blood thinner", and a blood thinner', "blood-thinner"),
        ('krill oil ("natural warfarin" on the bottle)', "warfarin"),
        ('"blood thinner" on the box', "blood-thinner"),
        ('took "Eliquis" with ramipril', "apixaban"),
        ('warfarin ("blood thinner" on the label)', "warfarin"),
    ],
)
def test_a_quoted_medicine_counts(text: str, wanted: str) -> None:
    assert wanted in concepts(medicine(text))


# --- how an illness is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("type 2 diabetes, HbA1c 6.3 %", "diabetes-type-2"),
        ("type 2 diabetes, last HbA1c was 48 mmol/mol", "diabetes-type-2"),
        ("acne as a teenager, only scars now", "acne"),
        ("epilepsy, no longer followed", "epilepsy"),
        ("thyroid removed, blood tests normal", "thyroid-disease"),
        ("caesarean scar 2015, thin and pale", "scar-of-an-operation"),
        ("I bruise easily, doctor tested my blood last year, all normal", "easy-bruising"),
        ("nosebleeds, blood tests all normal", "easy-bruising"),
    ],
)
def test_how_a_recognised_illness_stands_needs_no_question(text: str, wanted: str) -> None:
    line = condition(text)
    assert wanted in concepts(line)
    assert not asked(line)


@pytest.mark.parametrize(
    "text", ["HIV, undetectable for 8 years", "breast cancer 2012, treated, discharged from follow-up"]
)
def test_status_words_beside_an_illness_are_read(text: str) -> None:
    line = condition(text)
    assert line.parts
    assert not line.unread


@pytest.mark.parametrize(
    "text",
    [
        "HbA1c 6.3",
        "type 2 diabetes, HbA1c 10.4 %",
        "type 2 diabetes, HbA1c 86",
        "Zorb syndrome, undetectable for 8 years",
        "Zorb syndrome, blood tests normal",
        "acne, with some odd brown lumps",
        "sugars all over the place",
        "poorly controlled",
        "caesarean scar",
        "caesarean scar, not flat",
        "appendix scar, red and lumpy",
        "I bruise easily, never tested",
        "I bruise easily, blood tests not normal",
        "I bruise easily, waiting for blood tests, otherwise all normal",
        "liver problem, tests normal",
    ],
)
def test_status_words_make_nothing_unknown_safe(text: str) -> None:
    assert asked(condition(text))


def test_raised_scars_are_no_status() -> None:
    assert "hypertrophic-scar-tendency" in concepts(condition("acne, only raised scars now"))


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("tensión alta controlada", "hypertension_uncontrolled", False),
        ("Bluthochdruck, gut eingestellt", "hypertension_uncontrolled", False),
        ("hypertension bien contrôlée", "hypertension_uncontrolled", False),
        ("tensión alta no controlada", "hypertension_uncontrolled", True),
        ("Bluthochdruck, schlecht eingestellt", "hypertension_uncontrolled", True),
        ("hypertension mal contrôlée", "hypertension_uncontrolled", True),
        ("tensión alta", "hypertension_uncontrolled", None),
        ("type 1 diabetes, sugars all over the place", "diabetes_uncontrolled", True),
        ("type 1 diabetes", "diabetes_uncontrolled", None),
    ],
)
def test_control_in_words_of_several_languages(text: str, fact: str, value: bool | None) -> None:
    answers = Answers(conditions=(ConditionEntry(text=text, status="active"),), history_complete=True)
    assert read(answers, EDITION, TODAY)[fact] is value


def test_rhythm_trouble_is_an_arrhythmia_whose_kind_is_open() -> None:
    line = condition("rhythm trouble")
    assert "arrhythmia" in concepts(line)
    assert asked(line)


# --- codes and orders ------------------------------------------------------------------------------------------------


def test_an_allergy_among_the_illnesses_is_read_by_its_code() -> None:
    def facts(code: str) -> tuple[object, bool]:
        entry = ConditionEntry(text="allergy: yes", codes={"icd10": code}, status="active")
        found = read(Answers(conditions=(entry,), allergies=(), history_complete=True), EDITION, TODAY)
        return found["any_allergy"] if "any_allergy" in found.values else None, bool(found.unread)

    assert facts("Z88.0")[1] is False
    assert facts("Z99.9")[1] is True  # a code of no allergy


def test_an_order_by_name_and_strength_is_the_substance_and_its_ingredient_counts() -> None:
    def contents(product: str, ingredient: str) -> tuple[frozenset[str], tuple[str, ...]]:
        found = contents_of(EDITION, Order(mixture=(MixtureLine(product=product, ingredient=ingredient),)))
        return found.ingredients, found.gaps

    ingredients, gaps = contents("organic silicon 0.5%", "monomethylsilanetriol salicylate")
    assert {"silicium", "salicylate"} <= ingredients
    assert not gaps
    assert contents("organic silicon 0.5%", "zorbelane")[1]  # nobody knows what it is
    assert contents("zorbelane 0.5%", "organic silicon")[1]


@pytest.mark.parametrize(
    ("text", "wanted", "other"),
    [
        ("ebastine", "ebastine", "bilastine"),
        ("Suliqua", "lixisenatide", "liraglutide"),
        ("Xultophy", "liraglutide", "lixisenatide"),
        ("Byetta", "exenatide", "dulaglutide"),
    ],
)
def test_substances_of_one_class_are_told_apart(text: str, wanted: str, other: str) -> None:
    found = concepts(medicine(text))
    assert wanted in found
    assert other not in found


# --- a medicine of unknown effect ------------------------------------------------------------------------------------


def screened(name: str, no_effect: str | None) -> tuple[list[str], list[str], object]:
    """Questions of the screening, what was accepted, and whether an anticoagulant is taken."""
    entry = MedicationEntry(name=name, no_effect=no_effect, prescribed=True)
    facts = read(Answers(medications=(entry,), skincare=(), history_complete=True), EDITION, TODAY)
    result = screen(facts, EDITION)
    return (
        [q.question for q in result.open_questions if q.quote == name],
        [f"{accepted.quote}: {accepted.reason}" for accepted in result.accepted],
        facts["anticoagulant_current"],
    )


def test_of_a_medicine_known_by_name_only_its_effect_is_asked() -> None:
    (question,), accepted, value = screened("Kalydeco", None)
    assert "ivacaftor" in question
    assert "clinician" in question
    assert not accepted
    assert value is None


@pytest.mark.parametrize("name", ["Kalydeco", "Zorbetanib"])
def test_a_clinicians_reason_closes_the_question_and_is_shown(name: str) -> None:
    questions, accepted, value = screened(name, "a corrector for cystic fibrosis; Dr A. Example")
    assert not questions
    assert accepted == [f"{name}: a corrector for cystic fibrosis; Dr A. Example"]
    assert value is False


@pytest.mark.parametrize("name", ["warfarin", "warfrin", "Kalydeco and warfarin", "blood thinners"])
def test_a_clinicians_reason_overrides_no_recognised_medicine(name: str) -> None:
    _, accepted, value = screened(name, "nothing to do with it; Dr A. Example")
    assert not accepted
    assert value is not False


def test_a_clinicians_reason_closes_one_medicine_only() -> None:
    _, accepted, value = screened("Kalydeco and Zorbetanib", "both harmless; Dr A. Example")
    assert not accepted
    assert value is None
    with pytest.raises(ValueError, match="at least 3"):
        MedicationEntry(name="Kalydeco", no_effect="ok")
