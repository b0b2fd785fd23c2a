"""Nonces: near the node's time, never twice, whoever draws them."""

from sextant.client.clock import NodeClock
from sextant.client.nonces import COUNTER_MASK, NonceSource, time_of

NODE_MS = 1_900_000_000_000


def set_clock() -> NodeClock:
    clock = NodeClock()
    clock.set(NODE_MS, 0)
    return clock


def test_nonce_carries_the_nodes_time_not_the_walls() -> None:
    nonce = NonceSource(set_clock()).draw()
    assert 0 <= time_of(nonce) - NODE_MS < 1_000


def test_half_of_the_round_trip_is_added() -> None:
    clock = NodeClock()
    clock.set(NODE_MS, 40_000_000)
    assert 20 <= clock.now_ms() - NODE_MS < 1_000


def test_unknown_time_is_zero() -> None:
    clock = NodeClock()
    assert not clock.known
    assert clock.now_ms() == 0


def test_a_block_ahead_moves_the_clock_and_one_behind_does_not() -> None:
    clock = set_clock()
    clock.observe(NODE_MS + 3_600_000)
    assert clock.now_ms() >= NODE_MS + 3_600_000
    clock.observe(NODE_MS)
    assert clock.now_ms() >= NODE_MS + 3_600_000


def test_many_draws_are_increasing_and_spread_over_the_low_bits() -> None:
    source = NonceSource(set_clock())
    nonces = [source.draw() for _ in range(5_000)]
    assert nonces == sorted(set(nonces))
    assert {nonce & 15 for nonce in nonces} == set(range(16))
    # 5,000 draws in far less than their milliseconds: the carry stays small.
    assert time_of(nonces[-1]) - time_of(nonces[0]) <= 5_000 // COUNTER_MASK + 1_000


def test_slow_draws_are_spread_over_the_low_bits_as_well() -> None:
    clock = set_clock()
    source = NonceSource(clock)
    low = set()
    for step in range(64):
        clock.set(NODE_MS + 10 * step, 0)
        low.add(source.draw() & 15)
    assert low == set(range(16))


def test_two_sources_in_one_millisecond_differ() -> None:
    clock = set_clock()
    first, second = NonceSource(clock, start=1), NonceSource(clock, start=500)
    drawn = {source.draw() for _ in range(100) for source in (first, second)}
    assert len(drawn) == 200


def test_reset_allows_a_clock_that_went_back() -> None:
    clock = set_clock()
    source = NonceSource(clock)
    source.draw()
    clock.set(NODE_MS - 3_600_000, 0)
    source.reset()
    assert time_of(source.draw()) < NODE_MS - 3_500_000
