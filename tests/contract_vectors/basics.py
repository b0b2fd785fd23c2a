"""Refusals of the log, the inbox, claims, disputes and the sequencer's bond.

Where these calls succeed is told by the story of ``tests.l1_vectors``.
"""

from dataclasses import replace
from typing import Any

from prover.contract.calls import (
    Append,
    AppendEmpty,
    BondSequencer,
    ClaimBond,
    CommitFault,
    Deposit,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    LeaveBond,
    Propose,
    ProveBroken,
    ProveEquivocation,
    Settle,
    TakeBond,
    propose_output,
)
from prover.contract.codes import ContractCode
from prover.contract.disputes import commitment_to
from tests.contract_vectors.cases import Cases
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHEAT,
    PROPOSER,
    SEQUENCER,
    USER,
    WINDOW_MS,
    L1World,
    deployment,
    say,
    true_output,
)

C = ContractCode
WITNESS_BYTES_MAX = 1_000


def log_cases(cases: Cases) -> None:
    """Refuse entries."""
    world = L1World()
    cases.call(world, USER, Append(0, b"\x01\x00\x01"), C.NOT_SEQUENCER)
    cases.call(world, SEQUENCER, Append(1, b"\x01\x00\x01"), C.ENTRY_INDEX)
    cases.call(world, SEQUENCER, Append(0, b"\x09"), C.ENTRY_SIZE)
    cases.call(world, SEQUENCER, Append(0, b"\x09\x00\x01"), C.ENTRY_VERSION)
    cases.call(world, SEQUENCER, Append(0, b"\x01\x00\x00"), C.ENTRY_FRAMES)
    world.time += world.rules.liveness_ms_max
    cases.call(world, USER, AppendEmpty(1), C.ENTRY_INDEX)


def inbox_cases(cases: Cases) -> None:
    """Refuse what is to be queued."""
    world = L1World()
    cases.call(world, USER, Deposit(USER[1:], 0, 5_000_000), C.FIELD_LENGTH)
    cases.call(world, USER, Deposit(bytes(20), 0, 5_000_000), C.OWNER)
    cases.call(world, USER, Deposit(USER, 256, 5_000_000), C.SUB)
    cases.call(world, USER, Deposit(USER, 0, 1 << 40), C.TOKEN_BALANCE)
    cases.call(world, USER, Deposit(USER, 0, 5_000_000, 9), C.ASSET)
    cases.call(world, USER, ForceWithdraw(256, 0), C.SUB)
    cases.call(world, USER, ForceClose(256, 1, 0), C.SUB)
    cases.call(world, USER, ForceRevoke(bytes(20)), C.AGENT)
    cases.call(world, USER, ForcePoke(PROPOSER[1:], 0), C.FIELD_LENGTH)
    cases.call(world, USER, ForcePoke(PROPOSER, 256), C.SUB)
    message = say(world)
    cases.call(world, USER, replace(message, signature=b""), C.FIELD_LENGTH)
    cases.call(world, USER, replace(message, market=9), C.MARKET)
    cases.call(world, USER, replace(message, price=0), C.PRICE)
    world.time += 2 * world.rules.rules.oracle_age_ms_max
    cases.call(world, USER, message, C.MESSAGE_TIME)


def claim_cases(cases: Cases) -> None:
    """Refuse claims, and bonds that are asked for too early."""
    world = L1World()
    world.append()
    output, trace = true_output(world.state.claims[0].output)
    false = world.propose(lie=1)
    cases.call(world, PROPOSER, Propose(0, b"", b""), C.CALL_MALFORMED, "output")
    odd = Propose(0, output.encode(), bytes(33))
    cases.call(world, PROPOSER, odd, C.CALL_MALFORMED)
    cases.call(world, PROPOSER, propose_output(9, output, trace), C.PARENT_UNKNOWN)
    rows: list[tuple[dict[str, Any], ContractCode]] = [
        ({"version": 2}, C.OUTPUT_VERSION),
        ({"chain_id": 8}, C.OUTPUT_CHAIN),
        ({"rules_hash": bytes(32)}, C.OUTPUT_RULES),
        ({"previous_output": bytes(32)}, C.OUTPUT_PREVIOUS),
        ({"log_index": 2}, C.OUTPUT_INDEX),
        ({"segments": 0}, C.OUTPUT_SEGMENTS),
        ({"inbox_index": 1}, C.OUTPUT_INBOX),
        ({"segments": 2}, C.OUTPUT_TRACE),
    ]
    for changes, code in rows:
        changed = replace(output, **changes)
        cases.call(world, PROPOSER, propose_output(0, changed, trace), code)
    cases.call(world, CHEAT, ClaimBond(false), C.BOND_PENDING)
    cases.call(world, PROPOSER, world.proposal(false), C.ENTRY_UNKNOWN)
    world.append()
    assert world.convict(false).ok
    cases.call(world, PROPOSER, world.proposal(false), C.PARENT_DEAD)
    for lie in range(2, 10):
        world.propose(lie=lie)
    cases.call(world, CHEAT, world.proposal(lie=11), C.BOND_BALANCE)
    world.wait(WINDOW_MS)
    cases.call(world, PROPOSER, world.proposal(), C.PARENT_DECIDED)


def fault_cases(cases: Cases) -> None:
    """Refuse accusations."""
    world = L1World(deployment(witness_bytes_max=WITNESS_BYTES_MAX))
    world.append()
    false = world.propose(lie=1)
    accusation = world.accusation(false)
    assert world.commit(accusation).ok
    cases.call(world, CHALLENGER, CommitFault(commitment_to(accusation)), C.COMMITMENT_EXISTS)
    fat = replace(accusation, witness=bytes(WITNESS_BYTES_MAX + 1))
    guess = replace(accusation, correct_root=bytes(32))
    for call in (fat, guess):
        assert world.commit(call).ok
    world.wait(1_000)
    cases.call(world, CHALLENGER, replace(accusation, salt=b""), C.FIELD_LENGTH)
    cases.call(world, CHALLENGER, replace(accusation, kind=9), C.FAULT_KIND)
    cases.call(world, CHALLENGER, replace(accusation, claim=9), C.CLAIM_UNKNOWN)
    cases.call(world, CHALLENGER, fat, C.WITNESS_SIZE)
    cases.call(world, CHALLENGER, guess, C.COMMITMENT_MISMATCH)
    assert world.call(CHALLENGER, accusation).ok
    cases.call(world, CHALLENGER, accusation, C.CLAIM_DEAD)


def promise_cases(cases: Cases) -> None:
    """Refuse what is said of the sequencer's bond."""
    world = L1World(deployment(witness_bytes_max=WITNESS_BYTES_MAX))
    cases.call(world, SEQUENCER, BondSequencer(0), C.AMOUNT)
    cases.call(world, SEQUENCER, BondSequencer(100 * BOND), C.ETH_BALANCE)
    cases.call(world, USER, LeaveBond(), C.NOT_SEQUENCER)
    cases.call(world, USER, TakeBond(1), C.NOT_SEQUENCER)
    cases.call(world, SEQUENCER, TakeBond(1), C.CLAIM_UNKNOWN)
    one, two = bytes(32), bytes(65)
    twice = ProveEquivocation(7, one[1:], two, one, two, CHALLENGER, one)
    cases.call(world, CHALLENGER, twice, C.FIELD_LENGTH)
    broken = ProveBroken(1, b"junk", two, b"", CHALLENGER, one)
    cases.call(world, CHALLENGER, replace(broken, salt=b""), C.FIELD_LENGTH)
    cases.call(world, CHALLENGER, broken, C.CLAIM_UNKNOWN)
    world.append()
    world.propose()
    fat = replace(broken, witness=bytes(WITNESS_BYTES_MAX))
    cases.call(world, CHALLENGER, fat, C.WITNESS_SIZE)
    cases.call(world, CHALLENGER, broken, C.SIGNATURES)
    pauper = b"\x77" * 20
    world.contract.mint(pauper, 1, 0)
    cases.call(world, pauper, Settle(), C.GAS_FUNDS)


def add_cases(cases: Cases) -> None:
    """Add all of them."""
    log_cases(cases)
    inbox_cases(cases)
    claim_cases(cases)
    fault_cases(cases)
    promise_cases(cases)
