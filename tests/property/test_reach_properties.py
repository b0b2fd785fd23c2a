"""How far the log must have come, as a property: never further than it came, and far enough.

Whatever a sequencer posts (frames that name nothing, junk, entries that lie about their
frames), whatever is queued, and whoever appends: the contract's count from the headers
is no more than derivation consumed, and an exit is executed in bounded time.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.contract.calls import AppendEmpty, ForcePoke, ForceWithdraw
from prover.contract.reach import overdue_ms_max
from prover.entry import encode_entry
from statemachine.identity.signing import address_of
from tests.adversaries.world import LIAR, MAKER, RICH, TAKER, Land
from tests.worlds import trader_key

ITEMS_MAX = 3
JUNK = b"\xff"
VICTIM = address_of(trader_key(MAKER))
Deed = Callable[[Land], None]


def queue(count: int) -> Deed:
    """Queue pokes, in one moment."""

    def deed(land: Land) -> None:
        for _ in range(count):
            assert land.chain.execute(LIAR, ForcePoke(VICTIM, 0), 0).ok

    return deed


def wait(milliseconds: int) -> Deed:
    """Let time pass."""
    return lambda land: land.chain.mine(1, milliseconds)


def post_junk(frames: int) -> Deed:
    """Post frames that are none."""

    def deed(land: Land) -> None:
        land.post_bytes(encode_entry([JUNK] * frames))

    return deed


def post_lie(land: Land) -> None:
    """Post an entry that says it has many frames."""
    land.post_bytes(b"\x01\x0f\xffjunk")


def post_blocks(blocks: int, age_ms: int, named: int) -> Deed:
    """Post valid frames, as old as they may be, that name few items or none."""

    def deed(land: Land) -> None:
        consumed, total = land.honest.head.inbox_index, len(land.chain.contract.state.inbox)
        after = land.honest.cursor.time + 1
        land.desk.now = max(after, land.chain.time - age_ms)
        until = min(consumed + named, total)
        frames = [land.frame(place, [], until=until) for place in range(blocks)]
        land.post_bytes(encode_entry(frames))

    return deed


def append_empty(land: Land) -> None:
    """Append what anybody may, if he may."""
    if land.send(LIAR, AppendEmpty(len(land.derived))).ok:
        land.derive(len(land.derived))


def in_turn(*deeds: Deed) -> Deed:
    """Do one after the other."""

    def deed(land: Land) -> None:
        for each in deeds:
            each(land)

    return deed


def deeds() -> st.SearchStrategy[Deed]:
    """Return anything that happens around a log; most of it to an inbox that has items."""
    queues = st.integers(1, 4 * ITEMS_MAX).map(queue)
    waits = st.sampled_from([1_000, 19_000, 21_000, 50_000, 79_000, 150_000]).map(wait)
    posts = st.one_of(
        st.integers(1, 4).map(post_junk),
        st.just(post_lie),
        st.just(append_empty),
        st.builds(
            post_blocks,
            st.integers(1, 3),
            st.sampled_from([0, 30_000, 58_000]),
            st.sampled_from([0, 0, ITEMS_MAX]),
        ),
    )
    return st.one_of(queues, waits, posts, st.builds(in_turn, queues, waits, posts))


def check_reach(land: Land) -> None:
    """Check each header against what its entry was found to do."""
    for header, derived in zip(land.chain.contract.state.log, land.derived, strict=True):
        assert header.reached <= derived.output.inbox_index


@pytest.mark.timeout(120)
@settings(max_examples=150, deadline=None)
@given(st.lists(deeds(), max_size=12), st.lists(deeds(), max_size=4))
def test_the_count_is_sound_and_an_exit_is_behind_nothing(
    before: list[Deed], after: list[Deed]
) -> None:
    land = Land(inbox_items_max=ITEMS_MAX)
    land.open(MAKER, TAKER)
    for deed in before:
        deed(land)
        check_reach(land)
    taker = address_of(trader_key(TAKER))
    assert land.send(taker, ForceWithdraw(0, RICH)).ok
    place, asked = len(land.chain.contract.state.inbox) - 1, land.chain.time
    for deed in after:
        deed(land)
        check_reach(land)
    bound = asked + land.rules.inbox_deadline_ms + overdue_ms_max(land.deployment)
    land.chain.mine(1, max(0, bound - land.chain.time))
    queued, entries = len(land.chain.contract.state.inbox), 0
    while land.send(LIAR, AppendEmpty(len(land.derived))).ok:
        land.derive(len(land.derived))
        entries += 1
    check_reach(land)
    assert land.honest.head.inbox_index > place, "it was executed"
    assert entries <= 1 + -(-queued // ITEMS_MAX)
