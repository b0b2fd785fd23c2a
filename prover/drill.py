"""Fraud on purpose: corrupt claims about synthetic traffic, and convict each one.

For an operator, the proof that his challenger works; for the project, the
property that a wrong root in any segment is disproved and that an honest claim
never is.  Nothing here knows an L1: entries come from ``Traffic``, claims are
honest outputs with something changed, verdicts come from ``judge_fault``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from random import Random
from typing import Final, final

from prover.accusation import Accusation, accuse, build_segment, find_fault, rehearse
from prover.cases import SALT_BYTES, Case
from prover.contract.gas import proof_gas
from prover.contract.prices import GAS_CALL_MAX
from prover.faults import ClaimFacts, FaultKind, Verdict, item_hash
from prover.outputs import Output, genesis_output, trace_root
from prover.replica import Derived, Replica, genesis_replica
from prover.traffic import START_MS, Traffic
from prover.verdict import judge_fault
from statemachine.errors import invariant
from statemachine.inbox import InboxItem
from statemachine.keys import account_key, portfolio_key, position_key, signer_key
from statemachine.rules import Rules

CORRUPTIONS: Final = ("root", "short", "long", "start", "post root", "height", "inbox index")
"""Every way in which ``corrupt`` can spoil a claim."""
CROWD_FROM: Final = 1 << 20
"""Account of the first bystander, far above those that traffic opens."""


@final
@dataclass(slots=True)
class DrillReport:
    """What a drill found; times in ns, sizes in bytes."""

    entries: int = 0
    blocks: int = 0
    segments: int = 0
    transactions: int = 0
    derive_ns: int = 0
    convicted: int = 0
    acquitted: int = 0
    witness_bytes: list[int] = field(default_factory=list)
    verdict_ns: list[int] = field(default_factory=list)
    proof_ns: list[int] = field(default_factory=list)
    gas: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def garble(root: bytes, salt: object) -> bytes:
    """Return another root."""
    return sha256(root + repr(salt).encode()).digest()


def facts_about(replica: Replica, derived: Derived, output: Output) -> ClaimFacts:
    """Return what L1 would know of a claim about a derived entry."""
    hashes = [item_hash(item.encode()) for item in replica.inbox]
    return ClaimFacts(derived.rules, derived.parent, output, derived.facts, hashes)


def corrupt(derived: Derived, how: str, segment: int, salt: object) -> tuple[Output, list[bytes]]:
    """Return the honest claim of an entry, spoilt in one of ``CORRUPTIONS``.

    A wrong root is followed by wrong roots, as if someone had gone on from it.
    """
    trace, output = list(derived.trace), derived.output
    match how:
        case "root":
            trace[segment:] = [garble(root, salt) for root in trace[segment:]]
        case "short":
            trace = trace[:-1] if len(trace) > 2 else [*trace, garble(trace[-1], salt)]
        case "long":
            trace.append(garble(trace[-1], salt))
        case "start":
            trace[0] = garble(trace[0], salt)
        case "post root":
            return replace(output, post_root=garble(output.post_root, salt)), trace
        case "height":
            return replace(output, height=output.height + 1), trace
        case _:
            return replace(output, inbox_index=output.inbox_index + 1), trace
    spoilt = replace(
        output, post_root=trace[-1], trace_root=trace_root(trace), segments=len(trace) - 1
    )
    return spoilt, trace


def crowd_replica(rules: Rules, bystanders: int) -> Replica:
    """Return a replica before the first entry, with accounts that never act."""
    replica = genesis_replica(rules, START_MS)
    if not bystanders:
        return replica
    crowd: dict[bytes, bytes | None] = {}
    for number in range(bystanders):
        account = CROWD_FROM + number
        crowd[account_key(account)] = b"bystander"
        crowd[signer_key(sha256(account_key(account)).digest()[:20])] = b"bystander"
        crowd[portfolio_key(account << 8)] = bytes(80)
        crowd[position_key(account << 8, 1)] = bytes(80)
    replica.store.apply(crowd)
    tree = replica.tree
    head = genesis_output(rules.chain_id, rules.hash, tree.update(crowd))
    return Replica(rules, replica.store, tree, head)


@final
class Drill:
    """One run: a replica, its traffic, and what came of it."""

    def __init__(self, seed: int, tick: Callable[[], int], bystanders: int = 0) -> None:
        """``tick`` returns a monotonic time in ns; ``bystanders`` only make the tree deeper."""
        self.random = Random(seed)  # noqa: S311  a seeded choice, no secret
        self.tick = tick
        self.traffic = Traffic(seed)
        self.replica = crowd_replica(self.traffic.rules, bystanders)
        self.report = DrillReport()

    def derive(self, frames: int, transactions: int) -> Derived:
        """Make the next entry and derive it."""
        entry = self.traffic.make_entry(frames, transactions)
        self.replica.add_inbox(len(self.replica.inbox), self.fresh_items())
        started = self.tick()
        derived = self.replica.feed(entry)
        report = self.report
        report.derive_ns += self.tick() - started
        report.entries += 1
        report.blocks += len(derived.blocks)
        report.segments += derived.output.segments
        report.transactions += sum(
            0 if made.block.frame is None else len(made.block.frame.transactions)
            for made in derived.blocks
        )
        return derived

    def fresh_items(self) -> list[InboxItem]:
        """Return the inbox items that the replica has not seen."""
        return list(self.traffic.inbox[len(self.replica.inbox) :])

    def convict(self, derived: Derived, how: str, segment: int) -> Accusation | None:
        """Spoil a claim, find the fault, prove it, and judge it."""
        output, trace = corrupt(derived, how, segment, self.random.random())
        started = self.tick()
        fault = find_fault(derived, output, trace)
        if fault is None:
            self.report.failures.append(f"entry {derived.facts.index}: {how} was not noticed")
            return None
        rules, recover = self.replica.rules, self.replica.recover
        accusation = accuse(rules, derived, output, trace, fault, recover)
        proved = self.tick()
        verdict = rehearse(facts_about(self.replica, derived, output), accusation)
        judged = self.tick()
        self.report.proof_ns.append(proved - started)
        self.report.verdict_ns.append(judged - proved)
        self.report.witness_bytes.append(len(accusation.witness))
        call = Case(0, accusation, bytes(20), bytes(SALT_BYTES)).proof
        self.report.gas.append(proof_gas(call, verdict.work))
        if verdict.guilty:
            self.report.convicted += 1
        else:
            text = f"entry {derived.facts.index}: {how} at {segment}: {verdict.reason}"
            self.report.failures.append(text)
        return accusation

    def accuse_falsely(self, derived: Derived, segment: int) -> Verdict:
        """Accuse an honest claim with a true witness; it must be acquitted."""
        rules, recover = self.replica.rules, self.replica.recover
        witness = build_segment(rules, derived, derived.trace, segment, recover)
        facts = facts_about(self.replica, derived, derived.output)
        verdict = judge_fault(FaultKind.SEGMENT, facts, witness.encode())
        if verdict.guilty or "is right" not in verdict.reason:
            text = f"entry {derived.facts.index}: honest segment {segment}: {verdict.reason}"
            self.report.failures.append(text)
        else:
            self.report.acquitted += 1
        return verdict

    def run(self, faults: int, say: Callable[[str], None]) -> DrillReport:
        """Corrupt ``faults`` random segments, and one claim in each other way."""
        invariant(faults > 0, "a drill needs a fault")
        history: list[Derived] = []
        while sum(derived.output.segments for derived in history) < 3 * faults:
            history.append(self.derive(self.random.randrange(1, 6), self.random.randrange(0, 120)))
        places = [(d, i) for d in history for i in range(1, d.output.segments + 1)]
        for number, (derived, segment) in enumerate(self.random.sample(places, faults), 1):
            accusation = self.convict(derived, "root", segment)
            self.accuse_falsely(derived, segment)
            size = 0 if accusation is None else len(accusation.witness)
            index = derived.facts.index
            say(f"{number:4d} entry {index} segment {segment}: witness {size} bytes")
        for how in CORRUPTIONS[1:]:
            self.convict(self.random.choice(history), how, 0)
        return self.report


def tell_report(report: DrillReport) -> Sequence[str]:
    """Return a drill's figures as lines."""
    witness, gas, verdict, proof = (
        sorted(report.witness_bytes),
        sorted(report.gas),
        sorted(report.verdict_ns),
        sorted(report.proof_ns),
    )
    rate = report.transactions * 1_000_000_000 // max(report.derive_ns, 1)
    made = f"{report.entries} entries, {report.blocks} blocks, {report.segments} segments, "
    made += f"{report.transactions} transactions derived at {rate}/s, recovery included"
    won = f"{report.convicted} of {len(witness)} corrupted claims convicted, "
    won += f"{report.acquitted} false accusations failed"
    return [
        made,
        won,
        f"witness: median {witness[len(witness) // 2]}, largest {witness[-1]} bytes",
        f"gas: median {gas[len(gas) // 2]}, most {gas[-1]} of {GAS_CALL_MAX}",
        f"verdict: median {tell_ms(verdict[len(verdict) // 2])}, slowest {tell_ms(verdict[-1])}",
        f"proof: median {tell_ms(proof[len(proof) // 2])}, slowest {tell_ms(proof[-1])}",
        *report.failures,
    ]


def tell_ms(time_ns: int) -> str:
    """Return a short time in ms."""
    return f"{time_ns / 1e6:.1f} ms"
