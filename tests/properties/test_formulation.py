"""What must hold for every mixture."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nappage.formulation import Formulation, formulate
from nappage.intake import Answers, Facts, MixtureLine, Order, find_by_name, read
from nappage.knowledge import load
from nappage.values import InputError

ON = date(2026, 11, 25)
EDITION = load(ON)
_ANSWERS = Answers.model_validate({"patient": {"weight_kg": 60, "age": 40}, "order": {"areas": ["thighs"]}})
FACTS: Facts = read(_ANSWERS, EDITION, ON)

NAMES = [
    "lidocaine",
    "procaine",
    "prilocaine",
    "ketoprofen",
    "ketoprofen lysine",
    "biotin",
    "tranexamic acid",
    "saline",
]
volumes = st.decimals("0.1", "40", places=1)
lines = st.builds(
    lambda name, strength, volume: MixtureLine(ingredient=name, concentration=strength, unit="mg/mL", volume_ml=volume),
    st.sampled_from(NAMES),
    st.decimals("0.1", "50", places=1),
    volumes,
)
products = st.builds(
    lambda name, volume: MixtureLine(product=name, volume_ml=volume),
    st.sampled_from(["Profhilo", "Teosyal Redensity 1", "lidocaine 2%", "NCTF 135 HA"]),
    volumes,
)
mixtures = st.lists(st.one_of(lines, products), min_size=1, max_size=5)
quick = settings(max_examples=60, deadline=None, derandomize=True)


def made(mixture: list[MixtureLine], **order: object) -> Formulation:
    return formulate(Order(mixture=tuple(mixture), areas=("thighs",), **order), FACTS, EDITION)  # type: ignore[arg-type]


def said(formulation: Formulation) -> dict[str, object]:
    """Everything but the remark that a line stands twice."""
    return {key: value for key, value in formulation.model_dump().items() if key != "notes"}


@quick
@given(mixtures, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(mixture: list[MixtureLine], random: object) -> None:
    shuffled = list(mixture)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert made(shuffled) == made(mixture)


@quick
@given(mixtures, st.integers(1, 9))
def test_splitting_a_line_changes_nothing(mixture: list[MixtureLine], tenths: int) -> None:
    first, *rest = mixture
    assert first.volume_ml is not None
    part = first.volume_ml * tenths / 10
    halves = [
        first.model_copy(update={"volume_ml": part}),
        first.model_copy(update={"volume_ml": first.volume_ml - part}),
    ]
    assert said(made([*halves, *rest])) == said(made(mixture))


@quick
@given(mixtures, st.sampled_from([Decimal(2), Decimal("0.5"), Decimal(10)]))
def test_scaling_the_volumes_scales_the_milligrams_and_nothing_else(mixture: list[MixtureLine], by: Decimal) -> None:
    scaled = [line.model_copy(update={"volume_ml": (line.volume_ml or 0) * by}) for line in mixture]
    before, after = made(mixture), made(scaled)
    assert before.total_volume_ml is not None and after.total_volume_ml == before.total_volume_ml * by
    for one, other in zip(before.ingredients, after.ingredients, strict=True):
        assert (one.mg is None) == (other.mg is None)
        assert one.mg is None or other.mg == one.mg * by
        assert one.mg_per_ml == other.mg_per_ml


@quick
@given(mixtures, st.one_of(lines, products), st.integers(1, 100), st.booleans())
def test_adding_something_never_brings_a_mixture_within(
    mixture: list[MixtureLine], added: MixtureLine, points: int, pointed: bool
) -> None:
    order = {"points": points, "volume_per_point_ml": Decimal("0.1")} if pointed else {}
    before, after = made(mixture, **order), made([*mixture, added], **order)
    by_strength = all(
        limit.measure in ("max-mg-per-ml", "max-mg-per-point")
        for row in before.ingredients
        for limit in row.limits
        if limit.status == "over-limit"
    )
    if before.verdict == "over-limit" and not by_strength:  # diluting does lower a strength
        assert after.verdict != "within-limits"
    if before.verdict == "not-allowed":
        assert after.verdict == "not-allowed"


@quick
@given(mixtures)
def test_no_milligram_is_lost(mixture: list[MixtureLine]) -> None:
    """The rows of what the lines name add up to concentration × volume over those lines."""
    own = [line for line in mixture if line.ingredient and line.ingredient != "saline"]
    expected = sum(((line.concentration or 0) * (line.volume_ml or 0) for line in own), Decimal(0))
    found = made(own).ingredients if own else ()
    assert sum((row.mg or 0 for row in found), Decimal(0)) == expected
    assert sum((part.mg or 0 for row in found for part in row.parts), Decimal(0)) == expected


@quick
@given(st.decimals("0.1", "40", places=2), st.decimals("1", "50", places=2))
def test_more_is_never_judged_milder(volume: Decimal, more: Decimal) -> None:
    ranks = ["within-limits", "needs-clinician-decision", "over-limit"]

    def verdict(ml: Decimal) -> int:
        return ranks.index(made([MixtureLine(ingredient="lidocaine", concentration=1, unit="%", volume_ml=ml)]).verdict)

    assert verdict(volume + more) >= verdict(volume)


@quick
@given(mixtures)
def test_within_limits_means_every_row_is_within_or_named(mixture: list[MixtureLine]) -> None:
    found = made(mixture)
    if found.verdict == "within-limits":
        assert {row.status for row in found.ingredients} <= {"within-limits", "no-ceiling-known"}
        assert any(row.status == "within-limits" for row in found.ingredients)
    for row in found.ingredients:
        if row.status == "no-ceiling-known":
            assert any(row.title in text for text in found.blocks_signing)


# --- anything a person may write

KNOWN = [
    "lidocaine",
    "Lidocaine hydrochloride",
    "EMLA",
    "Profhilo",
    "NCTF 135 HA",
    "saline",
    "PRP",
    "Kybella",
    "RRS HA",
]
KNOWN += ["hyaluronidase", "biotin", "glutathione", "Lemon Bottle", "BLT cream", "lidocaine with adrenaline"]
KNOWN += ["lidocaine 2%", "ketoprofen injection"]
STRANGE = ["lidocane", "madeupium", "NumbX", "lidocaine 23% tetracaine 7% cream", "lidocaine 4.5% gel", "5 %", "%"]
STRANGE += ["ю", "-", " ", "{name}"]
UNITS = ["mg/mL", "%", "IU", "IU/mL", "mg/vial", "IU/vial", "µg/mL", "g/mL", "g/L", "units"]
names = st.sampled_from(KNOWN) | st.sampled_from(STRANGE) | st.text(min_size=1, max_size=12)
figures = st.none() | st.decimals("0.01", "50", places=2) | st.sampled_from(["0.0001", 1, 5, 100_000])
wild = figures | st.sampled_from(["1e-30", "1e-999999", "0." + "3" * 50])
named = (
    st.fixed_dictionaries({"ingredient": names})
    | st.fixed_dictionaries({"product": names})
    | st.fixed_dictionaries({"ingredient": names, "product": names})
)


def lines_of(
    name: st.SearchStrategy[dict[str, object]], units: list[str], **more: object
) -> st.SearchStrategy[dict[str, object]]:
    rest = {"concentration": figures, "unit": st.sampled_from(units), "volume_ml": figures, "vial_ml": figures}
    return st.builds(lambda one, other: {**one, **other}, name, st.fixed_dictionaries({**rest, **more}))


written_orders = st.fixed_dictionaries(
    {
        "mixture": st.lists(lines_of(named, UNITS), max_size=3),
        "anaesthetic": st.none()
        | st.lists(
            lines_of(
                st.fixed_dictionaries({"product": names}),
                [*UNITS, "mg/g", "bananas", ""],
                route=st.sampled_from([None, "topical", "injected", "subcutaneous", "?"]),
                grams=figures,
                area_cm2=figures,
                dwell_min=figures,
                applied_by=st.sampled_from([None, "clinic", "patient"]),
            ),
            max_size=2,
        ),
        "products": st.lists(names, max_size=1),
        "points": st.sampled_from([None, 1, 75, 5000]),
        "volume_per_point_ml": figures,
        "area_cm2": wild,
        "own_ceilings_mg": st.dictionaries(names, figures.filter(bool), max_size=1),
        "accepted_without_ceiling": st.dictionaries(names, st.just("known to me"), max_size=1),
    }
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(written_orders)
def test_whatever_is_written_is_answered_or_refused_in_words(written: dict[str, object]) -> None:
    try:
        order = Order.model_validate(written)
    except ValidationError:
        return  # which the reader of files turns into an InputError
    try:
        found = formulate(order, FACTS, EDITION)
    except InputError:
        return
    Formulation.model_validate_json(found.model_dump_json())
    assert " 0 answer" not in found.statement
    if found.verdict == "needs-data":
        assert found.questions and set(found.questions) <= set(found.blocks_signing)
    if found.verdict == "within-limits":
        assert not found.questions
        assert not any(row.status == "needs-data" for row in (*found.ingredients, *found.creams))
        assert all(
            find_by_name(EDITION.products, cream.product) or find_by_name(EDITION.substances, cream.product)
            for cream in found.creams
        )
