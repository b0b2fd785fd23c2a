"""Writes the golden vectors of the L1 contract: ``python -m tests.l1_vectors``.

They are part of the protocol.  If this changes a file that is committed, then
contracts on L1 no longer agree with each other.
"""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

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
    ProveBroken,
    ProveEquivocation,
    ProveFault,
    Settle,
    TakeBond,
    call_digest,
    call_hash,
    encode_call,
    propose_output,
    sign_call,
)
from prover.contract.context import CallResult
from prover.contract.events import encode_event
from prover.contract.rules import ContractRules
from prover.faults import ClaimFacts, FaultKind, Verdict
from prover.promises import PromiseKind, equivocation_evidence, promise_commitment
from statemachine.identity.signing import CURVE_ORDER, block_digest, sign_digest
from statemachine.keys import withdrawal_key
from statemachine.merkle.tree import RecordingTree, Tree
from statemachine.records import encode_withdrawal
from tests.escape_vectors import vectors as exits
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
    judge_by_truth,
    output_with,
    say,
)

FOLDER = Path(__file__).parent / "vectors" / "l1"
FORMAT = 1
PEOPLE = (SEQUENCER, PROPOSER, CHEAT, CHALLENGER, USER)


class Recorder(L1World):
    """A world that writes down what is called and what is answered."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steps: list[dict[str, Any]] = []
        self.cases: dict[str, dict[str, Any]] = {}

    def call(self, sender: bytes, call: Call) -> CallResult:
        """Execute a call, and write it down."""
        before = self.state.items()
        result = super().call(sender, call)
        step = {
            "sender": sender.hex(),
            "block": self.block,
            "time": self.time,
            "gas_price": self.gas_price,
            "call": encode_call(call).hex(),
            "code": result.code.name,
            "value": result.value,
            "gas": result.gas,
            "events": [encode_event(event).hex() for event in result.events],
        }
        if isinstance(call, ProveFault):
            step["verdict"] = self.verdict_on(call)
        self.steps.append(step)
        name = f"{KINDS[type(call)].name}_{result.code.name}".lower()
        changes = changes_between(before, self.state.items())
        self.cases.setdefault(name, case_of(self.rules, before, step, changes))
        return result

    def verdict_on(self, call: ProveFault) -> list[Any]:
        """Return what the judge of this world says."""
        claim = self.state.claims[call.claim]
        parent = self.state.claims[claim.parent].output
        entry = self.state.log[claim.output.log_index - 1].facts
        facts = ClaimFacts(self.rules.rules, parent, claim.output, entry, [])
        verdict: Verdict = judge_by_truth(FaultKind(call.kind), facts, call.witness)
        return [verdict.guilty, verdict.segment, verdict.correct_root.hex()]


def changes_between(
    before: dict[bytes, bytes], after: dict[bytes, bytes]
) -> dict[bytes, bytes | None]:
    """Return what was stored (or dropped: ``None``) between two states."""
    names = sorted({*before, *after})
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def case_of(
    rules: ContractRules,
    before: dict[bytes, bytes],
    step: dict[str, Any],
    changes: dict[bytes, bytes | None],
) -> dict[str, Any]:
    """Return one call as a vector of its own: the state before it, and what it changes."""
    return {
        "format": FORMAT,
        "deployment": rules.encode().hex(),
        "pre": {name.hex(): value.hex() for name, value in sorted(before.items())},
        **step,
        "changes": {
            name.hex(): None if value is None else value.hex() for name, value in changes.items()
        },
    }


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


def broken_cases() -> dict[str, dict[str, Any]]:
    """Return broken promises, over an exchange that really executes."""
    from tests.unit.test_promises import Exchange  # noqa: PLC0415  it needs the whole engine

    exchange = Exchange()
    exchange.extend()
    exchange.finish()
    cursor = exchange.ends()[0]
    kept, denied = exchange.sign(cursor), exchange.sign(cursor, cost=cursor.cost ^ 1)
    (found,) = exchange.accuse(denied)
    assert isinstance(found.call, ProveBroken)
    honest = replace(found.call, cursor=kept.cursor, signature=kept.signature)
    late = replace(found.call, witness=b"")
    chain = exchange.chain
    chain.execute(CHALLENGER, found.commit)
    chain.mine(2)
    cases: dict[str, dict[str, Any]] = {}
    for call in (honest, late, found.call, found.call):
        before = chain.contract.state.items()
        moment = chain.open_block(1_000)
        result = chain.contract.call(CHALLENGER, moment, call)
        step = {
            "sender": CHALLENGER.hex(),
            "block": moment.block,
            "time": moment.time,
            "gas_price": moment.gas_price,
            "call": encode_call(call).hex(),
            "code": result.code.name,
            "value": result.value,
            "gas": result.gas,
            "events": [encode_event(event).hex() for event in result.events],
        }
        changes = changes_between(before, chain.contract.state.items())
        name = f"prove_broken_{result.code.name}".lower()
        cases.setdefault(name, case_of(chain.contract.rules, before, step, changes))
    return cases


def call_cases() -> dict[str, dict[str, Any]]:
    """Return one vector for each call and code of the story, and of broken promises."""
    return {**play_story().cases, **broken_cases()}


def sign_envelopes() -> dict[str, Any]:
    """Return signed calls, good and bad."""
    contract = deployment().rules.rollup
    entries: list[dict[str, Any]] = []
    calls: list[Call] = [Settle(), AppendEmpty(7), ForceWithdraw(255, 1 << 62)]
    for nonce, call in enumerate(calls):
        digest = call_digest(L1_CHAIN_ID, contract, nonce, call)
        signature = sign_call(L1_CHAIN_ID, contract, USER_KEY, nonce, call).signature
        high = (CURVE_ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
        good = {
            "nonce": nonce,
            "call": encode_call(call).hex(),
            "digest": digest.hex(),
            "signature": signature.hex(),
            "sender": USER.hex(),
            "hash": call_hash(digest, USER).hex(),
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
    (FOLDER / "calls").mkdir(exist_ok=True)
    for path in (FOLDER / "calls").glob("*.json"):
        path.unlink()
    for name, case in call_cases().items():
        (FOLDER / "calls" / f"{name}.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    write_vectors()
