"""A hostile sequencer: what he posts, when he posts it, and what he claims about it.

Every entry has one reading.  What is no valid frame is an empty block; who claims
that it was executed all the same claims something wrong.
"""

from collections.abc import Sequence
from dataclasses import replace

from prover.contract.calls import Append
from prover.entry import ENTRY_BYTES_MAX, FRAME_BYTES_MAX, FRAMES_MAX, HEAD, LENGTH, encode_entry
from prover.replica import Derived
from statemachine.actions import Transaction
from statemachine.codec import pack, unpack
from statemachine.frame import encode_frame
from statemachine.state import State
from tests.adversaries.forgery import Forgery, cheat, execute
from tests.adversaries.library import Outcome, adversary
from tests.adversaries.world import MAKER, SELL, TAKER, Land, convict
from tests.simulation.test_challenger import SEQUENCER


def opened() -> Land:
    """Return a land with prices, in which nothing was traded yet."""
    land = Land()
    land.open(MAKER, TAKER)
    return land


def deal(land: Land) -> list[Transaction]:
    """Return an offer and an order that takes it."""
    return [land.order(MAKER, SELL, 10), land.order(TAKER, 0, 10)]


def entry_with(frames: Sequence[bytes]) -> bytes:
    """Return the bytes of an entry, whatever the sizes of its frames."""
    lengths = b"".join(LENGTH.pack(len(frame)) for frame in frames)
    return HEAD.pack(1, len(frames)) + lengths + b"".join(frames)


def claimed_all_the_same(land: Land, derived: Derived, frame: bytes, time: int = 0) -> Outcome:
    """Play who claims that ``frame`` was executed, where the entry is an empty block.

    ``time`` is the L1 time that would have made it valid.
    """
    assert [made.block.frame for made in derived.blocks] == [None]
    facts = replace(derived.facts, time=time or derived.facts.time)
    forged = execute(land.rules, replace(derived, facts=facts), [frame])
    assert land.position(land.state_in(forged), MAKER).size == -10
    return convict(land, derived, Forgery(forged.output, forged.trace, forged.tree))


@adversary("unknown frame version", "3", "SEGMENT convicted")
def unknown_frame_version() -> Outcome:
    """Post a frame of a version that is not active, and claim that it was executed."""
    land = opened()
    frame = land.frame(0, deal(land))
    fields = unpack(frame)
    assert isinstance(fields, list)
    derived = land.post_bytes(encode_entry([pack([2, *fields[1:]])]))
    return claimed_all_the_same(land, derived, frame)


@adversary("oversized frame", "3", "SEGMENT convicted")
def oversized_frame() -> Outcome:
    """Post a frame of more than 64 KiB, and claim that its first half was executed."""
    land = opened()
    pair = deal(land)
    big = land.frame(0, [*pair, *[land.order(TAKER, 0, 1, 10 * (n + 1)) for n in range(900)]])
    assert len(big) > FRAME_BYTES_MAX
    derived = land.post_bytes(entry_with([big]))
    fields = unpack(big)
    assert isinstance(fields, list)
    return claimed_all_the_same(land, derived, pack([*fields[:4], fields[4][:200]]))


@adversary("non-canonical frame", "3", "SEGMENT convicted")
def uncanonical_frame() -> Outcome:
    """Post a frame with one number in a longer form, and claim that it was executed."""
    land = opened()
    frame = land.frame(0, deal(land))
    assert frame[:2] == b"\x95\x01"
    derived = land.post_bytes(encode_entry([b"\x95\xcc\x01" + frame[2:]]))
    return claimed_all_the_same(land, derived, frame)


@adversary("trailing bytes after a frame", "3", "SEGMENT convicted")
def trailing_bytes() -> Outcome:
    """Post a frame with a byte after its end, and claim that it was executed."""
    land = opened()
    frame = land.frame(0, deal(land))
    derived = land.post_bytes(encode_entry([frame + b"\x00"]))
    return claimed_all_the_same(land, derived, frame)


@adversary("junk in the log", "3", "SEGMENT convicted")
def junk() -> Outcome:
    """Post bytes that are no entry, and claim a block of trades."""
    land = opened()
    frame = land.frame(0, deal(land))
    derived = land.post_bytes(b"\x01\x00\x01" + b"junk" * 100)
    return claimed_all_the_same(land, derived, frame)


@adversary("flood of frames", "3", "SEGMENT convicted")
def flood() -> Outcome:
    """Post as many frames of junk as an entry holds, and lie about one of the blocks."""
    land = opened()
    derived = land.post_bytes(encode_entry([b"junk"] * FRAMES_MAX))
    assert len(derived.blocks) == FRAMES_MAX

    def enrich(after: State, before: State) -> None:
        del before
        land.portfolio(after, MAKER).balance += 1

    return convict(land, derived, cheat(land.rules, derived, FRAMES_MAX // 2, enrich))


@adversary("transactions out of class order", "3", "SEGMENT convicted")
def out_of_order() -> Outcome:
    """Post an order ahead of the price that it should have waited for, and claim both."""
    land = opened()
    pair, quotes = deal(land), land.quotes()
    land.desk.now += 100
    state = land.chain.contract.state
    height = land.honest.head.height + 1
    frame = encode_frame(height, land.desk.now, len(state.inbox), [*pair, *quotes])
    derived = land.post_bytes(encode_entry([frame]))
    return claimed_all_the_same(land, derived, land.frame_again(frame, [*quotes, *pair]))


@adversary("skipped height", "3", "SEGMENT convicted")
def skipped_height() -> Outcome:
    """Post a frame for the block after the next, and claim that it was executed as the next."""
    land = opened()
    batch = deal(land)
    frame = land.frame(0, batch)
    derived = land.post_bytes(encode_entry([land.frame_again(frame, batch, height=1)]))
    return claimed_all_the_same(land, derived, frame)


@adversary("inbox item before it is queued", "5", "SEGMENT convicted")
def early_item() -> Outcome:
    """Name an inbox item that L1 does not have, and claim that it was consumed."""
    land = opened()
    frame = land.frame(0, deal(land))
    derived = land.post_bytes(encode_entry([land.frame_again(frame, deal(land), until=1)]))
    return claimed_all_the_same(land, derived, frame)


@adversary("late batch", "3", "SEGMENT convicted")
def late_batch() -> Outcome:
    """Post a block past its deadline, and claim that it was executed."""
    land = opened()
    frame = land.frame(0, deal(land))
    made_at = land.desk.now
    land.chain.mine(1, land.rules.receipt_deadline_ms + 1_000)
    derived = land.post_bytes(encode_entry([frame]))
    return claimed_all_the_same(land, derived, frame, made_at)


@adversary("batch from the future", "3", "SEGMENT convicted")
def early_batch() -> Outcome:
    """Post a block whose time has not come yet, and claim that it was executed."""
    land = opened()
    batch = deal(land)
    land.desk.now = land.chain.time + land.rules.drift_ms + 1_000
    frame = land.frame(0, batch)
    made_at = land.desk.now
    index = len(land.derived)
    assert land.send(SEQUENCER, Append(index, encode_entry([frame]))).ok
    return claimed_all_the_same(land, land.derive(index), frame, made_at)


def refused(data: bytes, sender: bytes = SEQUENCER) -> Outcome:
    """Play who has an entry refused by L1."""
    land = opened()
    receipt = land.send(sender, Append(len(land.derived), data))
    land.close()
    return land.outcome(f"refused {receipt.code.name}")


@adversary("unknown entry version", "3", "refused ENTRY_VERSION")
def unknown_entry_version() -> Outcome:
    """Post an entry of a version that is not active."""
    return refused(b"\x02" + encode_entry([b"frame"])[1:])


@adversary("oversized entry", "3", "refused ENTRY_SIZE")
def oversized_entry() -> Outcome:
    """Post more than an entry may hold."""
    return refused(encode_entry([b"frame"]) + bytes(ENTRY_BYTES_MAX))
