"""Medicines and allergens in patients' words and in records' codes: brands, classes, combinations, routes, denials."""

import gzip
import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from nappage.intake.concepts import Dictionary, Recognition
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
BUNDLES = sorted((Path(__file__).parents[1] / "data" / "fhir-sample").glob("*.json.gz"))


def medicine(text: str, codes: dict[str, str] | None = None) -> Recognition:
    return Dictionary.of(EDITION, "medicines").recognise(text, codes)


def allergen(text: str, codes: dict[str, str] | None = None) -> Recognition:
    return Dictionary.of(EDITION, "allergens").recognise(text, codes)


# Words, the concepts they must give (a leading ! : must not), and the route they mean (None: left open).
MEDICINES = [
    # anticoagulants and antiplatelets
    ("Warfarin Sodium 5 MG Oral Tablet", "warfarin vitamin-k-antagonist anticoagulant !doac", "oral"),
    ("Coumadine", "warfarin anticoagulant", None),
    ("Previscan", "fluindione vitamin-k-antagonist", None),
    ("sintrom", "acenocoumarol vitamin-k-antagonist", None),
    ("Eliquis 5mg twice a day", "apixaban doac anticoagulant !vitamin-k-antagonist", None),
    ("Xarelto", "rivaroxaban doac", None),
    ("Clexane injections", "enoxaparin heparin-group anticoagulant", "injected"),
    ("heparin gel", "heparinoid !anticoagulant", "topical"),
    ("blood thinners", "blood-thinner !anticoagulant !antiplatelet", None),
    ("Kardégic 75", "aspirin antiplatelet salicylate !non-aspirin-antiplatelet", None),
    ("baby aspirin", "aspirin antiplatelet", None),
    ("Plavix", "clopidogrel non-aspirin-antiplatelet antiplatelet", None),
    ("DuoPlavin", "aspirin clopidogrel antiplatelet", None),
    ("Asasantin Retard", "aspirin dipyridamole", None),
    # painkillers: every component counts
    ("Nurofen Plus", "ibuprofen codeine nsaid opioid", None),
    ("Anadin Extra", "aspirin paracetamol caffeine antiplatelet", None),
    ("Anadin Paracetamol", "paracetamol !aspirin", None),
    ("Alka-Seltzer", "aspirin", None),
    ("Excedrin", "aspirin paracetamol", None),
    ("Vimovo", "naproxen esomeprazole nsaid", None),
    ("co-codamol 30/500", "paracetamol codeine opioid !nsaid", None),
    ("Lemsip Max", "paracetamol !nsaid", None),
    ("Pepto-Bismol", "salicylate", None),
    ("Voltarol gel", "diclofenac nsaid", "topical"),
    ("ibuprofen 400mg tablets", "ibuprofen nsaid", "oral"),
    ("Doliprane", "paracetamol !nsaid", None),
    ("ibuprofène", "ibuprofen", None),
    ("Profénid LP", "ketoprofen nsaid photosensitiser", None),
    # immune system, cancer, steroids
    ("Prednisolone 5mg", "prednisolone corticosteroid", "oral"),
    ("hydrocortisone", "hydrocortisone corticosteroid", None),
    ("hydrocortisone cream 1%", "hydrocortisone corticosteroid", "topical"),
    ("cortisone injection in the knee", "corticosteroid", "injected"),
    ("steroid inhaler", "corticosteroid", "inhaled"),
    ("budesonide capsules", "budesonide corticosteroid", "oral"),
    ("Pulmicort", "budesonide corticosteroid", "inhaled"),
    ("Symbicort", "budesonide formoterol corticosteroid", "inhaled"),
    ("Seretide", "fluticasone salmeterol corticosteroid", "inhaled"),
    ("Dovobet gel", "betamethasone calcipotriol corticosteroid", "topical"),
    ("biologic for psoriasis", "biologic immunosuppressant", None),
    ("Humira", "adalimumab biologic immunosuppressant", "injected"),
    ("Dupixent", "dupilumab biologic", "injected"),
    ("Olumiant", "baricitinib jak-inhibitor immunosuppressant", None),
    ("methotrexate, once weekly", "methotrexate immunosuppressant !antineoplastic", None),
    ("Protopic ointment", "tacrolimus immunosuppressant", "topical"),
    ("chemo", "antineoplastic", None),
    ("Taxotere", "docetaxel antineoplastic", "infused"),
    ("tamoxifen", "tamoxifen !antineoplastic", None),
    # skin
    ("isotretinoin 20 mg", "isotretinoin oral-retinoid retinoid photosensitiser", "oral"),
    ("Roaccutane", "isotretinoin", "oral"),
    ("Accutane capsules", "isotretinoin", "oral"),
    ("Isotrexin", "isotretinoin-topical retinoid !isotretinoin !photosensitiser", "topical"),
    ("isotretinoin gel", "retinoid !isotretinoin", "topical"),
    ("Retin-A", "tretinoin retinoid", "topical"),
    ("Vesanoid", "tretinoin-oral oral-retinoid antineoplastic", "oral"),
    ("Epiduo", "adapalene benzoyl-peroxide retinoid", "topical"),
    ("retinol serum", "retinol retinoid", "topical"),
    ("retinol eye cream", "retinol", "topical"),
    ("Tri-Luma", "tretinoin hydroquinone corticosteroid retinoid", "topical"),
    ("glycolic acid toner", "exfoliating-acid", "topical"),
    ("niacinamide", "niacinamide !retinoid", None),
    ("SPF 50 sunscreen", "sunscreen", "topical"),
    ("EMLA cream", "lidocaine prilocaine local-anaesthetic-amide", "topical"),
    ("Propecia", "finasteride five-alpha-reductase-inhibitor", None),
    ("doxycycline 100mg", "doxycycline antibiotic photosensitiser", None),
    # heart, sugar, hormones
    ("bisoprolol", "beta-blocker antihypertensive", None),
    ("sotalol", "beta-blocker antiarrhythmic-3", None),
    ("flecainide", "antiarrhythmic-1 !antiarrhythmic-3", None),
    ("Cordarone", "amiodarone antiarrhythmic-3", None),
    ("water tablets", "diuretic antihypertensive", "oral"),
    ("timolol eye drops", "timolol beta-blocker", "eye"),
    ("Metformin hydrochloride 500 MG", "metformin glucose-lowering !insulin", None),
    ("Lantus", "insulin glucose-lowering", "injected"),
    ("Mounjaro", "tirzepatide glucose-lowering", "injected"),
    ("the pill", "combined-hormonal-contraceptive oestrogen hormonal-contraceptive", "oral"),
    ("Microgynon 30", "ethinylestradiol levonorgestrel combined-hormonal-contraceptive", "oral"),
    ("mini pill", "hormonal-contraceptive !combined-hormonal-contraceptive !oestrogen", "oral"),
    ("Cerazette", "desogestrel hormonal-contraceptive !combined-hormonal-contraceptive", "oral"),
    ("Mirena coil", "hormonal-iud !combined-hormonal-contraceptive !oestrogen", "intrauterine"),
    ("oestrogen gel", "estradiol oestrogen", "patch"),
    ("Vagifem vaginal tablets", "oestrogen", "vaginal"),
    ("thyroxine", "levothyroxine", None),
    # mind and nerves
    ("Prozac", "fluoxetine ssri", None),
    ("venlafaxine", "snri !ssri", None),
    ("amitriptyline", "tricyclic", None),
    ("Nardil", "phenelzine maoi", None),
    ("Seroquel", "quetiapine qt-prolonging-antipsychotic", None),
    # what slows or adds to lidocaine; muscle; xanthines
    ("Tagamet", "cimetidine cyp1a2-inhibitor cyp3a4-inhibitor", None),
    ("clarithromycin", "cyp3a4-inhibitor", None),
    ("gentamicin", "aminoglycoside antibiotic", None),
    ("Uniphyllin", "theophylline xanthine", None),
    ("GTN spray under the tongue", "nitrate", "sublingual"),
    # supplements
    ("fish oil capsules", "fish-oil bleeding-supplement", "oral"),
    ("cod liver oil", "fish-oil bleeding-supplement", None),
    ("St John's Wort", "st-johns-wort bleeding-supplement photosensitiser", None),
    ("millepertuis", "st-johns-wort", None),
    ("curcumin", "turmeric bleeding-supplement", None),
    ("CoQ10", "coenzyme-q10 bleeding-supplement", None),
    ("vitamin D", "vitamin-d !bleeding-supplement", None),
    ("vitamin E", "vitamin-e bleeding-supplement", None),
    ("B12 injections", "vitamin-b12", "injected"),
    # several in one line
    ("metformin, ramipril and atorvastatin", "metformin ramipril atorvastatin antihypertensive statin", None),
    ("hydrocortisone cream and prednisolone tablets", "hydrocortisone prednisolone corticosteroid", "oral"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted", "route"), MEDICINES)
def test_a_medicine_in_a_patients_words(text: str, wanted: str, route: str | None) -> None:
    seen = medicine(text)
    assert {c for c in wanted.split() if not c.startswith("!")} <= seen.concepts
    assert not {c[1:] for c in wanted.split() if c.startswith("!")} & seen.concepts
    assert seen.route == route
    assert (seen.guess, seen.negated, seen.family) == (None, False, False)


COMMON = """
paracetamol; levothyroxine; omeprazole; lansoprazole; atorvastatin; simvastatin; amlodipine; ramipril; losartan;
bisoprolol; metformin; salbutamol; Ventolin; sertraline; citalopram; fluoxetine; mirtazapine; amitriptyline; codeine;
co-codamol; tramadol; gabapentin; pregabalin; cetirizine; loratadine; fexofenadine; Piriton; amoxicillin; doxycycline;
clarithromycin; flucloxacillin; nitrofurantoin; folic acid; ferrous fumarate; iron; vitamin C; vitamin B complex;
multivitamins; magnesium; zinc; calcium; probiotics; collagen; HRT; Mirena; copper coil; Yasmin; montelukast; Gaviscon;
Buscopan; Imodium; sumatriptan; propranolol; candesartan; furosemide; tamsulosin; Viagra; allopurinol; colchicine;
alendronic acid; zopiclone; diazepam; melatonin; methylphenidate; lamotrigine; lithium; semaglutide; Wegovy; nicotine
patches; hydroxychloroquine; sulfasalazine; mesalazine; aciclovir; fluconazole; Canesten; E45; CeraVe; Sudocrem;
hyaluronic acid serum; vitamin C serum; benzoyl peroxide; azelaic acid; hydroquinone; minoxidil; spironolactone;
lymecycline; Botox; EpiPen; insulin; Levothyrox; Doliprane; Spasfon; Lexomil; whey protein; creatine; biotin
"""


@pytest.mark.parametrize("text", [" ".join(name.split()) for name in COMMON.split(";")])
def test_what_most_patients_take_needs_no_question(text: str) -> None:
    assert medicine(text).concepts
    assert medicine(text).guess is None


@pytest.mark.parametrize(
    "text",
    ["painkillers", "antidepressants", "herbal tablets", "inhaler", "white tablet, no idea of its name", "Zorbelax"],
)
def test_words_too_vague_to_act_on_are_asked_about(text: str) -> None:
    seen = medicine(text)
    assert not seen.concepts
    assert not seen.negated


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("warfrin", "warfarin"),
        ("apixiban 5mg twice a day", "apixaban"),
        ("klopidogrel", "clopidogrel"),
        ("ibuprophen", "ibuprofen"),
        ("isotretinion", "isotretinoin"),
        ("methatrexate", "methotrexate"),
        ("predisolone", "prednisolone"),
        ("levothyroxne", "levothyroxine"),
        ("metformin and klopidogrel", "clopidogrel"),
    ],
)
def test_a_misspelling_is_a_guess_that_is_shown(text: str, concept: str) -> None:
    seen = medicine(text)
    assert concept in seen.concepts
    assert seen.guess


@pytest.mark.parametrize("text", ["azathioprine", "hydralazine", "hydroxyzine", "prednisone", "chlorpromazine"])
def test_look_alike_names_are_told_apart(text: str) -> None:
    seen = medicine(text)
    assert text in seen.concepts
    assert not ({"azathioprine", "hydralazine", "hydroxyzine", "prednisone", "chlorpromazine"} - {text}) & seen.concepts
    assert seen.guess is None


@pytest.mark.parametrize(
    "text",
    [
        "no aspirin", "never took warfarin", "I don't take warfarin", "denies isotretinoin", "warfarin: no",
        "aspirin - never", "no aspirin, ibuprofen or naproxen", "none", "nil regular", "No regular medicines",
        "nothing", "I do not take any tablets", "N/A",
    ],
)  # fmt: skip
def test_a_denied_medicine(text: str) -> None:
    assert medicine(text).negated


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Warfarin, never missed a dose", "warfarin"),
        ("aspirin (no side effects)", "aspirin"),
        ("no aspirin, takes ibuprofen", "ibuprofen"),
        ("no longer takes warfarin", "warfarin"),
        ("Roaccutane, not taking it any more", "isotretinoin"),
        ("not on isotretinoin at the moment", "isotretinoin"),
        ("not on warfarin since 2024", "warfarin"),
        ("Warfarin; my father died of a clot", "warfarin"),
        ("I take aspirin since my mother had a stroke", "aspirin"),
        ("took my mother's ibuprofen", "ibuprofen"),
    ],
)
def test_a_denial_or_a_relative_beside_a_medicine_does_not_hide_it(text: str, concept: str) -> None:
    seen = medicine(text)
    assert concept in seen.concepts
    assert (seen.negated, seen.family) == (False, False)


@pytest.mark.parametrize("text", ["mother takes warfarin", "warfarin (father)", "Family history: warfarin"])
def test_a_relatives_medicine_is_not_the_patients(text: str) -> None:
    seen = medicine(text)
    assert seen.family
    assert "warfarin" in seen.concepts


ALLERGENS = [
    ("lignocaine", "lidocaine local-anaesthetic-amide local-anaesthetic !local-anaesthetic-ester"),
    ("Novocaine", "procaine local-anaesthetic-ester !local-anaesthetic-amide"),
    ("EMLA", "lidocaine prilocaine local-anaesthetic-amide"),
    ("dental injection", "unclear-local-anaesthetic local-anaesthetic"),
    ("allergic to local anaesthetic", "local-anaesthetic !local-anaesthetic-amide"),
    ("PABA", "para-aminobenzoic-acid"),
    ("methylparaben", "paraben"),
    ("sulphites in wine", "sulfite !sulfonamide"),
    ("sodium metabisulfite", "sulfite"),
    ("sulfa drugs", "sulfonamide !sulfite"),
    ("aspirin", "aspirin salicylate nsaid"),
    ("Nurofen", "ibuprofen nsaid !aspirin"),
    ("Augmentin", "penicillin !cephalosporin"),
    ("bees", "bee-venom insect-venom !wasp-venom"),
    ("insect stings", "bee-venom wasp-venom"),
    ("seafood", "fish shellfish"),
    ("prawns", "shellfish !fish"),
    ("salmon", "salmon fish"),
    ("eggs", "egg !soya"),
    ("soy lecithin", "soya lecithin !egg"),
    ("hazelnuts", "nut !peanut"),
    ("Betadine", "povidone-iodine iodine"),
    ("CT contrast dye", "contrast-medium !iodine"),
    ("Hibiscrub", "chlorhexidine antiseptic"),
    ("chamomile tea", "asteraceae"),
    ("arnica", "arnica asteraceae"),
    ("ragweed", "asteraceae pollen"),
    ("cheap earrings", "nickel"),
    ("sticking plasters", "adhesive !latex"),
    ("rubber latex", "latex"),
    ("dermal filler", "hyaluronic-acid !hyaluronidase"),
    ("Hyalase", "hyaluronidase !hyaluronic-acid"),
    ("streptokinase", "streptococcal-protein"),
    ("theophylline", "theophylline xanthine"),
    ("vitamin B", "thiamine cyanocobalamin pyridoxine"),
    ("cobalamin", "cyanocobalamin !thiamine"),
    ("vitamin C", "ascorbic-acid"),
    ("heparin", "heparin"),
    ("steroids", "corticosteroid"),
    ("hay fever", "pollen"),
    ("cats and dogs", "animal-dander"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ALLERGENS)
def test_an_allergy_in_a_patients_words(text: str, wanted: str) -> None:
    seen = allergen(text)
    assert {c for c in wanted.split() if not c.startswith("!")} <= seen.concepts
    assert not {c[1:] for c in wanted.split() if c.startswith("!")} & seen.concepts
    assert (seen.guess, seen.negated, seen.family) == (None, False, False)


@pytest.mark.parametrize(
    "text",
    ["NKDA", "nka", "No known allergies", "no known drug allergies", "none known", "nil known", "no", "aucune",
     "not allergic to penicillin", "no allergy to lidocaine", "latex: none"],
)  # fmt: skip
def test_no_allergy(text: str) -> None:
    assert allergen(text).negated


def test_a_record_says_there_is_no_allergy() -> None:
    assert allergen("", {"snomed": "716186003"}).concepts == {"no-known-allergy"}


def test_every_substance_that_people_react_to_is_an_allergen_under_its_own_id() -> None:
    harmless = {"sodium-chloride", "water-for-injection", "platelet-rich-plasma"}
    unseen = [
        name
        for name, substance in EDITION.substances.items()
        if substance.salt_of is None and name not in harmless and not allergen(name.replace("-", " ")).concepts
    ]
    assert unseen == []


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        ("atc", "B01AA03", "warfarin"),
        ("atc", "B01AF99", "doac"),
        ("atc", "L04AB04", "biologic"),
        ("atc", "D10BA01", "isotretinoin"),
        ("atc", "M01AE17", "nsaid"),
        ("atc", "G03AA07", "combined-hormonal-contraceptive"),
        ("rxnorm", "1191", "antiplatelet"),
        ("rxnorm", "857005", "opioid"),
    ],
)
def test_codes_alone(system: str, code: str, concept: str) -> None:
    assert concept in medicine("", {system: code}).concepts


@cache
def _kinds(resource_type: str, concept: str) -> list[tuple[str, str]]:
    """Each (code, text) that the sample records hold."""
    resources = (
        entry["resource"] for path in BUNDLES for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]
    )
    named = (resource[concept] for resource in resources if resource["resourceType"] == resource_type)
    return sorted({(each["coding"][0]["code"], each["text"]) for each in named})


def test_every_medicine_of_the_sample_records_by_code_and_by_text() -> None:
    kinds = _kinds("MedicationRequest", "medicationCodeableConcept")
    assert len(kinds) > 90
    assert [text for code, text in kinds if not medicine("", {"rxnorm": code}).concepts] == []
    assert [text for _, text in kinds if not (seen := medicine(text)).concepts or seen.guess or seen.negated] == []
    # Both say the same ingredients; a code may add the form, a text the brand.
    forms = {"contraceptive-patch", "contraceptive-implant", "hydrocortisone-cream", "paracetamol-hydrocodone"}
    assert [t for c, t in kinds if (medicine(t).concepts ^ medicine("", {"rxnorm": c}).concepts) - forms] == []


@pytest.mark.parametrize(
    ("start", "concepts", "route"),
    [
        ("Acetaminophen 21.7", {"paracetamol", "dextromethorphan", "doxylamine"}, "oral"),
        ("Acetaminophen 325 MG / oxyCODONE", {"paracetamol", "oxycodone"}, "oral"),
        ("60 ACTUAT Fluticasone", {"fluticasone", "salmeterol"}, "inhaled"),
        ("Piperacillin", {"piperacillin", "tazobactam"}, "injected"),
        ("Hydrocortisone", {"hydrocortisone"}, "topical"),
        ("168 HR Ethinyl Estradiol", {"ethinylestradiol", "norelgestromin"}, "patch"),
        ("NuvaRing", {"ethinylestradiol", "etonogestrel"}, "vaginal"),
        ("Nitroglycerin", {"glyceryl-trinitrate"}, "sublingual"),
        ("Trinessa", {"ethinylestradiol", "norgestimate", "combined-hormonal-contraceptive"}, "oral"),
    ],
)
def test_components_and_routes_of_the_sample_records(start: str, concepts: set[str], route: str) -> None:
    (text,) = {t for _, t in _kinds("MedicationRequest", "medicationCodeableConcept") if t.startswith(start)}
    seen = medicine(text)
    assert concepts <= seen.concepts
    assert seen.route == route


def test_every_allergy_of_the_sample_records_by_code_and_by_text() -> None:
    kinds = _kinds("AllergyIntolerance", "code")
    assert len(kinds) == 15
    for code, text in kinds:
        assert allergen("", {"snomed": code}).concepts == allergen(text).concepts != frozenset(), text
