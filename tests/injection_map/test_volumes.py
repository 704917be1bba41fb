"""The sum of the points is what the syringes hold, exactly."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nappage.injection_map.volumes import STEP_ML, shared, syringes

amounts = st.decimals("0.0001", "20", places=4)


@given(amounts, st.lists(st.decimals("0", "5", places=2), min_size=1, max_size=80))
def test_shares_sum_exactly_and_follow_the_weights(total: Decimal, weights: list[Decimal]) -> None:
    if not sum(weights):
        with pytest.raises(ValueError, match="share"):
            shared(total, weights)
        return
    parts = shared(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    assert all(abs(part - total * weight / whole) <= STEP_ML for part, weight in zip(parts, weights, strict=True))


def test_two_millilitres_over_137_points() -> None:
    parts = shared(Decimal(2), [Decimal(1)] * 137)
    assert sum(parts) == 2
    assert set(parts) == {Decimal("0.0146"), Decimal("0.0145")}


def test_a_total_finer_than_the_step_is_kept() -> None:
    assert sum(shared(Decimal("1.00005"), [Decimal(1)] * 3)) == Decimal("1.00005")


@given(st.lists(st.decimals("0.01", "0.3", places=2), min_size=1, max_size=60), st.decimals("0.3", "3", places=1))
def test_no_syringe_holds_more_than_it_can_and_none_is_left_out(volumes: list[Decimal], size: Decimal) -> None:
    made, of_point = syringes(volumes, size)
    assert sum(s.volume_ml for s in made) == sum(volumes)
    assert all(s.volume_ml <= size for s in made)
    for syringe in made:
        held = [i for i, number in enumerate(of_point, start=1) if number == syringe.number]
        assert held == list(range(syringe.first_point, syringe.last_point + 1))
        assert sum(volumes[i - 1] for i in held) == syringe.volume_ml
    # A syringe is changed only when it must be.
    for one, following in itertools.pairwise(made):
        assert one.volume_ml + volumes[following.first_point - 1] > size


def test_one_syringe_where_no_size_is_given() -> None:
    made, of_point = syringes([Decimal("0.5")] * 9, None)
    assert [s.volume_ml for s in made] == [Decimal("4.5")]
    assert set(of_point) == {1}


def test_a_point_larger_than_the_syringe_is_refused() -> None:
    with pytest.raises(ValueError, match="point 2"):
        syringes([Decimal("0.5"), Decimal("1.5")], Decimal(1))
