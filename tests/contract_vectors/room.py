"""An inbox so full that its items wait for room: who may append, and how far that reaches."""

from prover.contract.calls import Append, AppendEmpty, ForcePoke
from prover.contract.codes import ContractCode
from prover.contract.reach import overdue_ms_max
from prover.entry import encode_entry
from tests.contract_vectors.cases import Cases
from tests.l1_worlds import CHEAT, SEQUENCER, USER, L1World, deployment, small_rules


def add_cases(cases: Cases) -> None:
    """Append to a full inbox: with a true head, a false one, and without any."""
    world = L1World(deployment(rules=small_rules(inbox_items_max=1)))
    for _ in range(5):
        assert world.call(CHEAT, ForcePoke(USER, 0)).ok
    world.wait(world.rules.rules.inbox_deadline_ms + overdue_ms_max(world.rules))
    cases.call(world, SEQUENCER, Append(0, encode_entry([b"one", b"two"])), word="frames")
    cases.call(world, SEQUENCER, Append(1, b"\x01\x00\x09junk"), word="false-head")
    cases.call(world, USER, AppendEmpty(2), word="room")
    cases.call(world, USER, AppendEmpty(3), word="last-room")
    cases.call(world, USER, AppendEmpty(4), ContractCode.SEQUENCER_ALIVE, word="no-room")
