"""What gas costs on L1: the base fee, bids, and how senders raise them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.contract.fees import (
    GAS_TARGET,
    TIP_MAX,
    TIP_STEP,
    Bid,
    FeePolicy,
    bid_floor,
    first_bid,
    is_covered,
    next_base_fee,
    outbids,
    price_of,
    raised_bid,
)

FEES = st.integers(0, 10**13)
BIDS = st.tuples(FEES, FEES).map(lambda both: Bid(max(both), min(both)))


@pytest.mark.parametrize(
    ("base_fee", "gas_used", "after"),
    [
        (1_000_000, GAS_TARGET, 1_000_000),
        (1_000_000, 2 * GAS_TARGET, 1_125_000),
        (1_000_000, 0, 875_000),
        (1_000_000, GAS_TARGET * 3 // 2, 1_062_500),
        (0, 2 * GAS_TARGET, 1),
        (3, 0, 2),
        (1, 0, 1_000),
        (0, 0, 1_000),
    ],
)
def test_the_base_fee_moves_by_an_eighth_at_most(base_fee: int, gas_used: int, after: int) -> None:
    least = 1_000 if after == 1_000 else 0
    assert next_base_fee(base_fee, gas_used, GAS_TARGET, least) == after


@given(FEES, st.integers(0, 2 * GAS_TARGET))
def test_a_block_moves_the_base_fee_towards_its_use(base_fee: int, gas_used: int) -> None:
    after = next_base_fee(base_fee, gas_used, GAS_TARGET, 0)
    assert abs(after - base_fee) <= max(base_fee // 8, 1)
    if gas_used > GAS_TARGET:
        assert after > base_fee
    elif gas_used < GAS_TARGET:
        assert after < base_fee or base_fee == 0


@given(BIDS, FEES)
def test_nobody_pays_more_than_his_bid(bid: Bid, base_fee: int) -> None:
    assert price_of(bid, base_fee) <= bid.fee_max
    if bid.fee_max >= base_fee:
        assert base_fee <= price_of(bid, base_fee) <= base_fee + bid.tip


@given(BIDS)
def test_another_bid_is_higher_by_a_tenth_in_both(waiting: Bid) -> None:
    floor = bid_floor(waiting)
    assert outbids(floor, waiting)
    assert not outbids(waiting, waiting)
    assert is_covered(waiting, floor)
    assert not outbids(Bid(floor.fee_max - 1, floor.tip), waiting)
    assert not outbids(Bid(floor.fee_max, floor.tip - 1), waiting)
    for old, new in zip(waiting, floor, strict=True):
        assert 10 * new >= 11 * old
        assert new > old


@given(st.integers(1, 10**10), st.integers(0, 10**11), st.integers(0, TIP_MAX))
def test_a_raised_bid_replaces_the_one_before_within_bounds(
    base_fee: int, fee_max: int, tip: int
) -> None:
    policy = FeePolicy(fee_max, tip)
    bid, steps = first_bid(policy, base_fee), 0
    while (raised := raised_bid(policy, bid, base_fee)) is not None:
        assert outbids(raised, bid)
        assert not fee_max or raised.fee_max <= fee_max
        assert raised.tip <= max(base_fee, TIP_MAX)
        bid, steps = raised, steps + 1
    assert steps <= 32
    if not fee_max:
        assert bid.fee_max >= 2 * base_fee


def test_a_spike_is_followed_at_once() -> None:
    policy = FeePolicy()
    bid = first_bid(policy, 1_000)
    raised = raised_bid(policy, bid, 1_000_000)
    assert (bid, raised) == (Bid(3_000, 0), Bid(2_001_000, TIP_STEP))


def test_free_gas_needs_no_bids() -> None:
    assert raised_bid(FeePolicy(), first_bid(FeePolicy(), 0), 0) is None


def test_of_two_bounds_the_lower_one_counts() -> None:
    assert FeePolicy(100).bounded(0).fee_max == 100
    assert FeePolicy(0).bounded(70).fee_max == 70
    assert FeePolicy(100).bounded(70).fee_max == 70
    assert first_bid(FeePolicy(50, tip=60), 1_000) == Bid(50, 50)
