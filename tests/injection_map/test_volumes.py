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


@given(st.lists(st.decimals("0.01", "0.3", places=2), min_size=1, max_size=60), st.decimals("0.1", "3", places=1))
def test_every_syringe_but_the_last_is_full_and_every_point_is_in_one(volumes: list[Decimal], size: Decimal) -> None:
    made, of_point = syringes(volumes, size)
    assert sum(s.volume_ml for s in made) == sum(volumes)
    assert all(s.volume_ml == size for s in made[:-1])
    assert 0 < made[-1].volume_ml <= size
    assert made[0].first_point == 1 and made[-1].last_point == len(volumes)
    for one, following in itertools.pairwise(made):
        assert following.first_point - one.last_point in (0, 1)  # 0: the point is finished from the next syringe
    given_before = Decimal(0)
    for number, volume in zip(of_point, volumes, strict=True):
        assert (number - 1) * size <= given_before < number * size
        given_before += volume


def test_three_millilitres_over_102_points_are_three_full_syringes() -> None:
    made, of_point = syringes(shared(Decimal(3), [Decimal(1)] * 102), Decimal(1))
    assert [(s.volume_ml, s.first_point, s.last_point) for s in made] == [(1, 1, 34), (1, 35, 68), (1, 69, 102)]
    assert of_point[33:35] == (1, 2)


def test_a_point_that_outlasts_its_syringe_is_finished_from_the_next() -> None:
    made, of_point = syringes([Decimal("0.3")] * 5, Decimal(1))
    assert [(s.volume_ml, s.first_point, s.last_point) for s in made] == [(1, 1, 4), (Decimal("0.5"), 4, 5)]
    assert of_point == (1, 1, 1, 1, 2)


def test_one_syringe_where_no_size_is_given() -> None:
    made, of_point = syringes([Decimal("0.5")] * 9, None)
    assert [s.volume_ml for s in made] == [Decimal("4.5")]
    assert set(of_point) == {1}


def test_no_points_no_syringes() -> None:
    assert syringes([], Decimal(1)) == ((), ())
