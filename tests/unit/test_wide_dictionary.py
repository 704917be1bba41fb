"""The wide dictionary behind the curated medicines: what is read by it, what it never calls harmless, what is asked."""

from collections.abc import Iterator
from datetime import date

import pytest

from nappage.intake.answers import Answers, MedicationEntry
from nappage.intake.concepts import Dictionary, Part, plain
from nappage.intake.read import read
from nappage.intake.wide import DATA, wide
from nappage.intake.words import ordinary
from nappage.knowledge import load

TODAY = date(2026, 11, 25)
EDITION = load(TODAY)
MEDICINES = Dictionary.of(EDITION, "medicines")


def parts(text: str) -> tuple[Part, ...]:
    line = MEDICINES.line(text, {}, "medications")
    assert not line.unread, line
    return line.parts


def only(text: str) -> Part:
    (part,) = parts(text)
    return part


# --- what is read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Sotyktu", "jak-inhibitor"),  # European Medicines Agency
        ("Kyntheum", "biologic"),
        ("Tapazole", "thiamazole"),  # Canada, by the American name of the substance
        ("Arimidex", "endocrine-therapy"),
        ("Trexall", "methotrexate"),  # United States
        ("Kestin", "antihistamine"),  # France
        ("valdecoxib", "nsaid"),  # a substance that no curated concept is
        ("Bextra", "nsaid"),
        ("bevantolol", "beta-blocker"),
        ("pirarubicin", "antineoplastic"),
        ("parnaparin", "anticoagulant"),
        ("deflazacort", "corticosteroid"),
        ("netilmicin", "aminoglycoside"),
    ],
)
def test_names_reach_the_classes_that_rules_ask_about(text: str, concept: str) -> None:
    found = only(text).concepts
    assert concept in found or concept in {i.replace("carbimazole", "thiamazole") for i in found}


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("enoxaparina", "heparin-group"),
        ("acenocumarol", "vitamin-k-antagonist"),
        ("rivaroxabano", "doac"),
        ("Phenprocoumon", "anticoagulant"),
        ("levotiroxina", "levothyroxine"),
        ("cetoprofeno", "nsaid"),
        ("ibuprofeno", "nsaid"),
        ("ciclosporina", "immunosuppressant"),
        ("Levothyroxin", "levothyroxine"),
        ("bevantololo", "beta-blocker"),
    ],
)
def test_a_substance_in_another_language_is_that_substance_without_a_guess(text: str, concept: str) -> None:
    part = only(text)
    assert concept in part.concepts
    assert part.guess is None


@pytest.mark.parametrize("text", ["Apo-Ramipril", "ramipril-ratiopharm 5 mg", "Omeprazol Cinfa", "Amlodipine Biogaran"])
def test_a_maker_beside_a_substance_names_nothing(text: str) -> None:
    assert only(text).guess is None


def test_a_salt_belongs_to_the_substance_before_it() -> None:
    assert only("losartan potassium").concepts == only("losartan").concepts


def test_curated_names_win_and_a_longer_name_adds_what_the_product_holds() -> None:
    assert only("Advil").concepts == MEDICINES.closure("ibuprofen")
    assert only("Advil PM").concepts > MEDICINES.closure("ibuprofen")


def test_a_product_of_one_route_brings_it() -> None:
    assert only("Ocuflox").route == "eye"


# --- what is asked -----------------------------------------------------------------------------------------------


def asked(*names: str) -> tuple[list[str], list[str], dict[str, object]]:
    """Words asked about, guesses to confirm, values of two facts of a closed list of medicines."""
    entries = tuple(MedicationEntry(name=name) for name in names)
    facts = read(Answers(medications=entries, skincare=(), history_complete=True), EDITION, TODAY)
    values = {name: facts[name] for name in ("nsaid_current", "anticoagulant_current") if name in facts.values}
    return [unread.quote for unread in facts.unread], [guess.quote for guess in facts.guesses], values


def test_a_recognised_harmless_medicine_closes_the_list() -> None:
    unread, guesses, values = asked("Travatan")
    assert not unread
    assert not guesses
    assert set(values.values()) == {False}


def test_a_medicine_known_by_name_only_leaves_every_fact_open() -> None:
    part = only("Kalydeco")
    assert part.known
    unread, guesses, values = asked("Kalydeco")
    assert unread == ["Kalydeco"]
    assert not guesses
    assert set(values.values()) == {None}


def test_a_medicine_nobody_knows_leaves_every_fact_open() -> None:
    unread, _, values = asked("Zorbetanib")
    assert unread == ["Zorbetanib"]
    assert set(values.values()) == {None}


@pytest.mark.parametrize("text", ["Pantozol", "ramiprl"])
def test_a_name_nobody_looked_up_and_a_misspelling_are_shown_for_confirmation(text: str) -> None:
    _, guesses, _ = asked(text)
    assert guesses == [text]


def test_a_guess_of_a_medicine_that_matters_counts_until_it_is_denied() -> None:
    _, guesses, values = asked("valdecoxb")
    assert guesses == ["valdecoxb"]
    assert values.get("nsaid_current", True) is True


def test_a_misspelling_near_several_names_counts_as_each_of_them_on_any_route() -> None:
    part = only("Xerelto")
    assert "anticoagulant" in part.concepts
    assert part.guess is not None
    assert "xarelto" in part.guess.split(" or ")
    assert part.route is None


@pytest.mark.parametrize(
    "text", ["water", "food", "honey", "a holiday", "sandwich", "Freya", "gold", "sunburn", "thyme", "fire", "diesel"]
)
def test_everyday_words_are_no_medicines(text: str) -> None:
    line = MEDICINES.line(text, {}, "medications")
    assert not [part for part in line.parts if part.guess is None and part.concepts - set(EDITION.medicines)]


@pytest.mark.parametrize("text", ["Zorbetanio", "Zorbetania", "Zorbetanum", "???", "Ωζρ"])
def test_a_word_that_sounds_foreign_and_one_without_latin_letters_name_nothing(text: str) -> None:
    line = MEDICINES.line(text, {}, "medications")
    assert not line.parts
    assert line.unread


# --- the tables --------------------------------------------------------------------------------------------------


def names() -> Iterator[tuple[str, str]]:
    for table in DATA.glob("*.tsv"):
        if table.name not in ("substances.tsv", "effects.tsv"):
            for line in table.read_text("utf-8").splitlines():
                for name in line.partition("\t")[2].split("|"):
                    yield table.name, name.partition("~")[0]


def test_names_are_written_as_they_are_looked_up_and_stand_once() -> None:
    found = [name for _, name in names()]
    assert len(found) > 15_000
    assert [name for name in found if plain(name) != name] == []
    assert len(found) == len(set(found))


def test_no_name_is_an_ordinary_word() -> None:
    assert [name for _, name in names() if " " not in name and ordinary(name, "medications")] == []


def test_every_effect_is_a_curated_class_and_every_letter_of_the_index_is_judged() -> None:
    classes = {effect for effects in wide().effects.values() for effect in effects or ()}
    assert classes - set(EDITION.medicines) == set()
    assert {group[0] for group in wide().effects} | {"L"} >= set("ABCDGHJLMNPRSV")


# Groups of the ATC index in which no medicine may be taken for harmless.
GRAVE = ("B01", "H02", "L", "M01", "C07", "C01B", "N01B", "J01G", "D10AD", "D10BA", "D05BB", "N02A", "N06AF", "A10")


def test_no_substance_of_a_group_that_matters_is_taken_for_harmless() -> None:
    harmless = [
        substance
        for substance, codes in wide().codes.items()
        if any(code.startswith(GRAVE) for code in codes)
        and MEDICINES._effect(substance.replace(" ", "-")) == (frozenset(), True)
    ]
    assert set(harmless) <= {"glucosamine", "chondroitin"}


def test_a_substance_without_a_code_is_known_by_name_only() -> None:
    without = [substance for substance, codes in wide().codes.items() if not codes]
    assert without
    for substance in without:
        assert MEDICINES._effect(substance.replace(" ", "-"))[1] is False


def test_the_tables_are_small() -> None:
    assert sum(table.stat().st_size for table in DATA.glob("*.tsv")) < 1_000_000
