"""Writes the golden vectors of the L1 contract: ``python -m tests.l1_vectors``.

They are part of the protocol.  If this changes a file that is committed, then
contracts on L1 no longer agree with each other.
"""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from prover.bls import default_bls
from prover.contract.calls import (
    KINDS,
    AppendEmpty,
    BondSequencer,
    Call,
    ClaimBond,
    ClaimWithdrawal,
    CommitFault,
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    LeaveBond,
    ProveEquivocation,
    Settle,
    TakeBond,
    call_digest,
    call_hash,
    encode_call,
    propose_output,
    sign_call,
)
from prover.contract.context import CallResult
from prover.contract.fees import Bid
from prover.promises import PromiseKind, equivocation_evidence, promise_commitment
from statemachine.identity.signing import CURVE_ORDER, block_digest, sign_digest
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.contract_vectors import attesters, basics, escape, room, sales, versions
from tests.contract_vectors.broken import broken_cases
from tests.contract_vectors.cases import FORMAT, Case, Cases, case_of, changes_between, step_of
from tests.escape_vectors import vectors as exits
from tests.guilds import Guild
from tests.l1_worlds import (
    BOND,
    CHALLENGER,
    CHEAT,
    L1_CHAIN_ID,
    PROPOSER,
    SEQUENCER,
    SIGNER_KEY,
    STAKED,
    USER,
    USER_KEY,
    WINDOW_MS,
    L1World,
    deployment,
    output_with,
    say,
)

FOLDER = Path(__file__).parent / "vectors" / "l1"
PEOPLE = (SEQUENCER, PROPOSER, CHEAT, CHALLENGER, USER)


class Recorder(L1World):
    """A world that writes down what is called and what is answered."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steps: list[dict[str, Any]] = []
        self.cases: dict[str, Case] = {}

    def call(self, sender: bytes, call: Call) -> CallResult:
        """Execute a call, and write it down."""
        before = self.state.items()
        result = super().call(sender, call)
        step = step_of(self, sender, call, result)
        self.steps.append(step)
        name = f"{KINDS[type(call)].name}_{result.code.name}".lower()
        changes = changes_between(before, self.state.items())
        self.cases.setdefault(name, case_of(self.rules, before, step, changes))
        return result


def tell_of_force(world: Recorder) -> None:
    """Let a user ask for everything else that no sequencer can refuse."""
    world.call(USER, ForceCancelAll(1))
    world.call(USER, ForceCancelAll(256))
    world.call(USER, ForceClose(0, 1, 6_000_000))
    world.call(USER, ForceClose(0, 9, 0))
    world.call(USER, ForceRevoke(CHEAT))
    world.call(USER, ForceRevoke(CHEAT[1:]))
    world.call(USER, ForcePoke(PROPOSER, 2))
    world.call(USER, ForcePoke(bytes(20), 0))
    world.call(USER, say(world))
    world.call(USER, replace(say(world), publisher=1))


def play_story() -> Recorder:
    """Return a story in which every kind of call succeeds and many are refused."""
    world = Recorder(gas_price=100)
    world.deposit()
    world.deposit(1)
    world.call(USER, ForceWithdraw(1, 0))
    world.append()
    world.call(USER, AppendEmpty(1))
    world.call(USER, Deposit(USER, 0, 3_000_000, STAKED))
    world.call(USER, Deposit(USER, 0, 50_000_000, STAKED))
    world.call(USER, ForceWithdraw(0, 5, STAKED))
    world.call(USER, ForceWithdraw(0, 5, 9))
    tell_of_force(world)
    leaves = [encode_withdrawal(USER, 2_000_000, world.time, asset) for asset in (0, STAKED)]
    tree = Tree.from_items([(withdrawal_key(3 + n), leaf) for n, leaf in enumerate(leaves)])
    output, trace = output_with(world.state.claims[0].output, tree.root, 2)
    first = world.call(PROPOSER, propose_output(0, output, trace)).value
    world.call(PROPOSER, propose_output(0, replace(output, height=0), trace))
    world.call(CHEAT, propose_output(0, output, trace))
    world.append()
    wrong = world.propose(first, lie=1)
    world.append()
    world.propose(wrong, lie=2)
    accusation = world.accusation(wrong)
    world.call(CHALLENGER, accusation)
    world.commit(accusation)
    world.call(CHALLENGER, accusation)
    world.call(CHEAT, CommitFault(bytes(32)))
    empty = replace(accusation, witness=b"nothing")
    world.commit(empty)
    world.call(CHALLENGER, CommitFault(b"short"))
    world.call(CHALLENGER, replace(accusation, payee=PROPOSER))
    world.call(CHALLENGER, empty)
    world.call(CHALLENGER, accusation)
    right = world.propose(first)
    recording = RecordingTree(tree)
    recording.get(withdrawal_key(3))
    recording.get(withdrawal_key(4))
    payment = ClaimWithdrawal(first, 3, recording.witness({}))
    world.call(USER, payment)
    world.time += WINDOW_MS
    world.call(USER, Settle())
    world.call(USER, payment)
    world.call(USER, replace(payment, index=4))
    world.call(USER, payment)
    world.call(CHALLENGER, world.accusation(right))
    for claim in (3, 3, 2, 99):
        world.call(CHEAT, ClaimBond(claim))
    world.time += world.rules.liveness_ms_max
    world.call(USER, AppendEmpty(3))
    tell_promises(world, right)
    return world


def tell_story() -> dict[str, Any]:
    """Return the story as it is written down."""
    world = play_story()
    return {
        "format": FORMAT,
        "deployment": world.rules.encode().hex(),
        "mints": [[address.hex(), 10 * BOND, 100_000_000] for address in PEOPLE],
        "asset_mints": [[USER.hex(), STAKED, 100_000_000]],
        "steps": world.steps,
        "digest": world.state.digest().hex(),
    }


def tell_promises(world: Recorder, tip: int) -> None:
    """Go on: two bonds of the sequencer, of which one is lost and one is taken back."""
    world.call(USER, BondSequencer(1_000))
    world.call(SEQUENCER, BondSequencer(1_000))
    world.call(SEQUENCER, BondSequencer(500))
    first, second = sha256(b"one").digest(), sha256(b"another").digest()
    chain_id = world.rules.rules.chain_id
    one, another = (
        sign_digest(SIGNER_KEY, block_digest(chain_id, 7, block)) for block in (first, second)
    )
    twice = ProveEquivocation(7, first, one, second, another, CHALLENGER, bytes(32))
    world.call(CHALLENGER, replace(twice, height=8))
    world.call(CHALLENGER, replace(twice, second=first, second_signature=one))
    evidence = equivocation_evidence(first, one, second, another)
    kind = int(PromiseKind.EQUIVOCATION)
    named = promise_commitment(kind, 7, evidence, CHALLENGER, bytes(32))
    world.call(CHALLENGER, CommitFault(named))
    world.wait(1_000)
    world.call(CHALLENGER, twice)
    world.call(CHALLENGER, twice)
    world.call(SEQUENCER, LeaveBond())
    world.call(SEQUENCER, BondSequencer(700))
    world.call(SEQUENCER, LeaveBond())
    world.time += world.rules.rules.receipt_deadline_ms + world.rules.liveness_ms_max
    world.call(USER, AppendEmpty(4))
    while world.state.claims[tip].output.log_index < len(world.state.log):
        tip = world.propose(tip)
    world.call(SEQUENCER, TakeBond(tip))
    world.time += 2 * WINDOW_MS
    world.call(SEQUENCER, TakeBond(tip))
    world.call(SEQUENCER, TakeBond(tip))


def call_cases() -> dict[str, Case]:
    """Return one vector for each kind of call and code, and more where there is more to say."""
    cases, bls = Cases(), default_bls()
    basics.add_cases(cases)
    sales.add_cases(cases, Guild((2_000_000, 19_000_000), bls=bls))
    attesters.add_cases(cases, bls)
    escape.add_cases(cases)
    versions.add_cases(cases)
    room.add_cases(cases)
    return {**cases.found, **play_story().cases, **broken_cases()}


def sign_envelopes() -> dict[str, Any]:
    """Return signed calls, good and bad."""
    contract = deployment().rules.rollup
    entries: list[dict[str, Any]] = []
    calls: list[Call] = [Settle(), AppendEmpty(7), ForceWithdraw(255, 1 << 62)]
    for nonce, call in enumerate(calls):
        bid = Bid(nonce * 2_000_000_000_000, nonce * 300)
        digest = call_digest(L1_CHAIN_ID, contract, nonce, call, bid)
        signature = sign_call(L1_CHAIN_ID, contract, USER_KEY, nonce, call, bid).signature
        high = (CURVE_ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
        good = {
            "nonce": nonce,
            "fee_max": bid.fee_max,
            "tip": bid.tip,
            "call": encode_call(call).hex(),
            "digest": digest.hex(),
            "signature": signature.hex(),
            "sender": USER.hex(),
            "hash": call_hash(L1_CHAIN_ID, contract, nonce, call, USER).hex(),
        }
        flipped = signature[:32] + high + bytes([signature[64] ^ 1])
        bad = {"sender": "", "hash": ""}
        entries += [good, {**good, **bad, "signature": flipped.hex()}]
        entries.append({**good, **bad, "signature": signature[:64].hex()})
    return {
        "format": FORMAT,
        "l1_chain_id": L1_CHAIN_ID,
        "contract": contract.hex(),
        "key": USER_KEY.hex(),
        "envelopes": entries,
    }


def write_vectors() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stories = {"story": tell_story(), "envelopes": sign_envelopes(), "exits": exits()}
    for name, content in stories.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
    cases = call_cases()
    (FOLDER / "calls").mkdir(exist_ok=True)
    for path in (FOLDER / "calls").glob("*.json"):
        path.unlink()
    for name, case in cases.items():
        (FOLDER / "calls" / f"{name}.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    write_vectors()
