"""How far the log must have come through the inbox, and who may append because of it."""

from prover.contract.calls import Append, AppendEmpty, ForcePoke
from prover.contract.codes import ContractCode
from prover.contract.reach import blocks_in, overdue_ms_max
from prover.entry import encode_entry
from tests.l1_worlds import CHEAT, SEQUENCER, USER, L1World, deployment, small_rules

ITEMS_MAX = 4


def crowded(items: int) -> L1World:
    """Return a world whose inbox has so many items, in one moment, and no log."""
    rules = small_rules(inbox_items_max=ITEMS_MAX)
    world = L1World(deployment(rules=rules))
    for _ in range(items):
        world.time -= 1_000
        assert world.call(CHEAT, ForcePoke(USER, 0)).ok
    return world


def reached(world: L1World) -> int:
    return world.state.log[-1].reached


def append_empty(world: L1World) -> ContractCode:
    return world.call(USER, AppendEmpty(len(world.state.log))).code


def append(world: L1World, data: bytes) -> None:
    assert world.call(SEQUENCER, Append(len(world.state.log), data)).ok


def wait_overdue(world: L1World) -> None:
    world.wait(world.rules.rules.inbox_deadline_ms + overdue_ms_max(world.rules))


def test_a_full_inbox_is_emptied_at_once_and_no_further() -> None:
    world = crowded(3 * ITEMS_MAX + 1)
    wait_overdue(world)
    codes = [append_empty(world) for _ in range(6)]
    assert codes == [ContractCode.OK] * 4 + [ContractCode.SEQUENCER_ALIVE] * 2
    assert [header.reached for header in world.state.log] == [4, 8, 12, 13]


def test_one_entry_in_each_silence_when_nothing_waits() -> None:
    world = crowded(0)
    wait_overdue(world)
    assert [append_empty(world) for _ in range(2)] == [
        ContractCode.OK,
        ContractCode.SEQUENCER_ALIVE,
    ]
    assert reached(world) == 0


def test_an_item_that_is_not_overdue_is_not_reached() -> None:
    world = crowded(1)
    world.wait(world.rules.rules.inbox_deadline_ms - 2_000)
    assert append_empty(world) is ContractCode.OK
    assert reached(world) == 0
    world.wait(world.rules.liveness_ms_max)
    assert append_empty(world) is ContractCode.OK
    assert reached(world) == 1


def test_an_entry_reaches_as_far_as_it_has_blocks() -> None:
    world = crowded(5 * ITEMS_MAX)
    wait_overdue(world)
    append(world, encode_entry([b"frame"] * 3))
    assert reached(world) == 3 * ITEMS_MAX
    append(world, encode_entry([b"frame"] * 3))
    assert reached(world) == 5 * ITEMS_MAX
    assert append_empty(world) is ContractCode.SEQUENCER_ALIVE


def test_an_entry_that_lies_about_its_frames_is_one_block() -> None:
    world = crowded(5 * ITEMS_MAX)
    wait_overdue(world)
    append(world, b"\x01\x00\x09junk")
    assert reached(world) == ITEMS_MAX
    assert append_empty(world) is ContractCode.OK


def test_a_sequencer_that_appends_in_every_silence_is_left_alone() -> None:
    world = crowded(ITEMS_MAX)
    since = world.time
    late = world.rules.liveness_ms_max - 2_000
    while world.time - since < 2 * world.rules.rules.inbox_deadline_ms:
        append(world, encode_entry([b"frame"]))
        world.wait(late)
        assert append_empty(world) is ContractCode.SEQUENCER_ALIVE
        world.time -= 1_000
    assert reached(world) == ITEMS_MAX


def test_a_frame_may_be_older_than_its_entry() -> None:
    world = crowded(1)
    rules = world.rules.rules
    world.wait(rules.inbox_deadline_ms + rules.receipt_deadline_ms - 2_000)
    append(world, encode_entry([b"frame"]))
    assert reached(world) == 0, "its time may be one at which the item was not overdue"
    append(world, encode_entry([b"frame"]))
    assert reached(world) == 1


def test_blocks_of_an_entry() -> None:
    assert blocks_in(b"") == 1
    assert blocks_in(encode_entry([b"frame"] * 7)) == 7
    assert blocks_in(encode_entry([b"frame"] * 7)[:-1]) == 1
