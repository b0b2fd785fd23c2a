"""One bit flipped in one committed value of an honest batch: caught every time.

What somebody claims is put to the contract itself: it refuses the claim, because
what it hashes is something else by then, or the claim is accused and convicted.
What somebody serves (an entry's bytes, inbox items, proofs) is refused by its hash.

===========  ==================================================================
value        what is flipped
===========  ==================================================================
output       the encoded output; its trace stays
trace        one root; the output commits to the new trace
loose trace  one root; the output commits to the old one
write        one value that a segment wrote; what comes later is written on top
deletion     a value that a segment deleted stays, with a bit flipped
entry        the entry's bytes, as served
posted       the entry's bytes, as the sequencer posts them: what they come to is
             derived and judged alike, and a lie about it is convicted
served       an inbox item's bytes, as served to a challenger
item         an inbox item's bytes, as shown in a proof of fault
frame        the frame's bytes, as shown in a proof of fault
proof        a proof of a leaf under the batch's last root
===========  ==================================================================
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random

from prover.accusation import (
    Accusation,
    accuse,
    build_segment,
    find_fault,
    rehearse,
    tree_at,
)
from prover.contract import bank
from prover.contract.calls import CommitFault, Propose, ProveFault, propose_output
from prover.contract.context import CallResult, Moment
from prover.contract.disputes import commitment_to
from prover.contract.log import entry_of
from prover.contract.records import ClaimStatus, QueuedItem
from prover.derivation import EntryRecord
from prover.drill import corrupt, facts_about
from prover.faults import FaultKind
from prover.l1 import PostedClaim
from prover.outputs import Output, decode_output, trace_root
from prover.replica import Derived, genesis_replica
from prover.traffic import START_MS
from prover.verdict import judge_fault
from prover.witness import Witness
from statemachine.block import Writes
from statemachine.errors import FrameInvalid, SextantError
from statemachine.inbox import InboxItem, decode_inbox_item
from statemachine.merkle.tree import PartialTree, RecordingTree
from tests.simulation.memory_l1 import MemoryChain, MemoryL1
from tests.simulation.test_challenger import BOND, DEFENDER, RIVAL, WINDOW_MS, Scene

ENTRIES = 4
CLAIMS_MAX = 1 << 20
"""For so many claims the liar has bonds."""
FATES = {
    "output": ("convicted", "refused"),
    "trace": ("convicted",),
    "loose trace": ("refused OUTPUT_TRACE",),
    "write": ("convicted SEGMENT",),
    "deletion": ("convicted SEGMENT",),
    "entry": ("refused by its hash",),
    "posted": ("judged as derived",),
    "served": ("refused by its hash", "refused by its decoder"),
    "item": ("refused by its hash",),
    "frame": ("refused by its hash",),
    "proof": ("refused by its",),
}
"""What has to become of each kind, as its fate begins."""


def flipped(data: bytes, random: Random) -> bytes:
    """Return ``data`` with one bit changed."""
    place = random.randrange(8 * len(data))
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


class Gauntlet:
    """A contract, honest batches, and somebody who flips bits."""

    def __init__(self, seed: int) -> None:
        """Post a few entries of all kinds of transactions, and claim them honestly."""
        self.random = Random(seed)
        self.told: dict[bytes, str] = {}
        self.scene = scene = Scene()
        scene.traffic.random = Random(seed)
        self.contract = scene.chain.contract
        self.contract.mint(RIVAL, CLAIMS_MAX * BOND, 0)
        for _ in range(ENTRIES):
            scene.append(frames=3)
        self.parents = [0]
        for derived in scene.derived:
            self.parents.append(scene.propose(self.parents[-1], derived))
        self.block = scene.chain.block
        self.behind = genesis_replica(scene.deployment.rules, START_MS)
        self.behind.add_inbox(0, scene.honest.inbox)
        for derived in scene.derived[:-1]:
            self.behind.feed(posted_as(derived, derived.data))
        opened = self.opened()
        self.with_items = [(derived, n) for derived, n, shown in opened if shown.items]
        self.with_frames = [(derived, n) for derived, n, shown in opened if shown.frame]
        self.kinds: dict[str, Callable[[Derived], str]] = {
            "output": self.flip_output,
            "trace": self.flip_trace,
            "loose trace": self.flip_loose_trace,
            "write": self.flip_write,
            "deletion": self.flip_deletion,
            "entry": self.flip_entry,
            "posted": self.flip_posted,
            "served": self.flip_served,
            "item": self.flip_item,
            "frame": self.flip_frame,
            "proof": self.flip_proof,
        }

    def run(self, count: int, kinds: Sequence[str] = ()) -> Counter[str]:
        """Flip ``count`` bits; return how often each kind met which fate."""
        fates: Counter[str] = Counter()
        names = list(kinds or self.kinds)
        for number in range(count):
            name = names[number % len(names)]
            derived = self.random.choice(self.scene.derived)
            fates[f"{name}: {self.kinds[name](derived)}"] += 1
        return fates

    def end(self) -> None:
        """Let all windows pass; check that nothing but the truth is final."""
        contract, scene = self.contract, self.scene
        scene.chain.skip_to(self.block)
        for _ in range(ENTRIES):
            scene.chain.mine(1, WINDOW_MS)
        bank.check_conservation(contract.state)
        claims = contract.state.claims
        final = [claim.number for claim in claims if claim.status is ClaimStatus.FINAL]
        assert final == self.parents
        convicted = [claim for claim in claims if claim.status is ClaimStatus.CONVICTED]
        assert len(final) + len(convicted) == len(claims)

    # L1

    def call(self, sender: bytes, call: Propose | CommitFault | ProveFault) -> CallResult:
        """Execute a call in an L1 block of its own, all of them in no time."""
        self.block += 1
        return self.contract.call(sender, Moment(self.block, self.scene.chain.time), call)

    def claim(self, derived: Derived, output: Output, trace: Sequence[bytes]) -> str:
        """Claim a spoilt output, and have it convicted if L1 takes it; return its fate."""
        name = output.hash + trace_root(trace)
        if name not in self.told:
            self.told[name] = self.dispute(derived, output, trace)
        return self.told[name]

    def dispute(self, derived: Derived, output: Output, trace: Sequence[bytes]) -> str:
        """Claim what was not claimed before, and have it convicted."""
        parent = self.parents[derived.facts.index]
        proposed = self.call(RIVAL, propose_output(parent, output, list(trace)))
        if not proposed.ok:
            return f"refused {proposed.code.name}"
        rules, recover = self.scene.honest.rules, self.scene.honest.recover
        fault = find_fault(derived, output, trace)
        if fault is None:
            return "ESCAPED: no fault was found"
        accusation = accuse(rules, derived, output, trace, fault, recover)
        proof = self.proof_of(proposed.value, accusation)
        self.call(DEFENDER, CommitFault(commitment_to(proof)))
        self.block += self.scene.deployment.commitment_blocks_min
        proved = self.call(DEFENDER, proof)
        return f"convicted {fault.kind.name}" if proved.ok else f"ESCAPED: {proved.message}"

    @staticmethod
    def proof_of(claim: int, accusation: Accusation) -> ProveFault:
        """Return the call that convicts."""
        kind, segment = int(accusation.kind), accusation.segment
        salt = bytes(32)
        root, witness = accusation.correct_root, accusation.witness
        return ProveFault(kind, claim, segment, root, DEFENDER, salt, witness)

    def claim_trace(self, derived: Derived, trace: list[bytes]) -> str:
        """Claim a spoilt trace under an output that commits to it."""
        root = trace_root(trace)
        return self.claim(
            derived, replace(derived.output, post_root=trace[-1], trace_root=root), trace
        )

    # Claims

    def flip_output(self, derived: Derived) -> str:
        try:
            output = decode_output(flipped(derived.output.encode(), self.random))
        except FrameInvalid:
            return "refused by its decoder"
        return self.claim(derived, output, derived.trace)

    def flip_trace(self, derived: Derived) -> str:
        trace = list(derived.trace)
        place = self.random.randrange(len(trace))
        trace[place] = flipped(trace[place], self.random)
        return self.claim_trace(derived, trace)

    def flip_loose_trace(self, derived: Derived) -> str:
        trace = list(derived.trace)
        place = self.random.randrange(len(trace))
        trace[place] = flipped(trace[place], self.random)
        return self.claim(derived, derived.output, trace)

    def flip_write(self, derived: Derived) -> str:
        segments = segments_of(derived)
        place = self.random.randrange(len(segments))
        written = {key: value for key, value in segments[place].items() if value is not None}
        key = self.random.choice(sorted(written))
        lie = {key: flipped(written[key], self.random)}
        return self.claim_trace(derived, trace_with(derived, place, lie))

    def flip_deletion(self, derived: Derived) -> str:
        tree, gone = derived.before.snapshot(), []
        for place, writes in enumerate(segments_of(derived)):
            held = [(key, tree.get(key)) for key in sorted(writes) if writes[key] is None]
            gone += [(place, key, value) for key, value in held if value is not None]
            tree.update(writes)
        if not gone:
            return "nothing was deleted"
        place, key, value = self.random.choice(gone)
        return self.claim_trace(
            derived, trace_with(derived, place, {key: flipped(value, self.random)})
        )

    # Data

    def flip_entry(self, derived: Derived) -> str:
        index = derived.facts.index
        entry = entry_of(self.contract.state.log[index], flipped(derived.data, self.random))
        return "ESCAPED" if entry.is_intact else "refused by its hash"

    def flip_served(self, derived: Derived) -> str:
        del derived
        place = self.random.randrange(len(self.contract.state.inbox))
        true = self.contract.state.inbox[place].item
        try:
            served = decode_inbox_item(flipped(true.encode(), self.random))
        except FrameInvalid:
            return "refused by its decoder"
        post = self.scene.station(defends=False)
        post.patrol.l1 = LyingL1(self.scene.chain, place, served)
        post.round()
        believed = post.core.replica.next_index or place < len(post.core.items)
        return "ESCAPED" if believed else "refused by its hash"

    def flip_posted(self, derived: Derived) -> str:
        del derived
        replica, last = self.behind, self.scene.derived[-1]
        rules, recover = replica.rules, replica.recover
        made = replica.feed(posted_as(last, flipped(last.data, self.random)))
        segment = 1 + self.random.randrange(made.output.segments)
        honest = build_segment(rules, made, made.trace, segment, recover)
        facts = facts_about(replica, made, made.output)
        verdict = judge_fault(FaultKind.SEGMENT, facts, honest.encode())
        if verdict.guilty or "is right" not in verdict.reason:
            return f"ESCAPED: {verdict.reason}"
        output, trace = corrupt(made, "root", segment, self.random.random())
        fault = find_fault(made, output, trace)
        assert fault is not None
        accusation = accuse(rules, made, output, trace, fault, recover)
        told = rehearse(facts_about(replica, made, output), accusation)
        replica.undo()
        return "judged as derived" if told.guilty else f"ESCAPED: {told.reason}"

    def flip_witness(
        self, derived: Derived, segment: int, change: Callable[[Witness], Witness]
    ) -> str:
        """Accuse a claim of a wrong root, with a proof of which one part is spoilt."""
        replica = self.scene.honest
        trace = list(derived.trace)
        trace[segment:] = [flipped(root, self.random) for root in trace[segment:]]
        output = replace(derived.output, post_root=trace[-1], trace_root=trace_root(trace))
        whole = build_segment(replica.rules, derived, trace, segment, replica.recover)
        facts = facts_about(replica, derived, output)
        assert judge_fault(FaultKind.SEGMENT, facts, whole.encode()).guilty
        guilty = judge_fault(FaultKind.SEGMENT, facts, change(whole).encode()).guilty
        return "ESCAPED" if guilty else "refused by its hash"

    def opened(self) -> list[tuple[Derived, int, Witness]]:
        """Return the proof of every segment of every entry."""
        rules, recover = self.scene.honest.rules, self.scene.honest.recover
        return [
            (derived, n, build_segment(rules, derived, derived.trace, n, recover))
            for derived in self.scene.derived
            for n in range(1, derived.output.segments + 1)
        ]

    def flip_item(self, derived: Derived) -> str:
        derived, segment = self.random.choice(self.with_items)

        def change(witness: Witness) -> Witness:
            items = list(witness.items)
            place = self.random.randrange(len(items))
            items[place] = flipped(items[place], self.random)
            return replace(witness, items=items)

        return self.flip_witness(derived, segment, change)

    def flip_frame(self, derived: Derived) -> str:
        derived, segment = self.random.choice(self.with_frames)

        def change(witness: Witness) -> Witness:
            return replace(witness, frame=flipped(witness.frame, self.random))

        return self.flip_witness(derived, segment, change)

    def flip_proof(self, derived: Derived) -> str:
        tree = tree_at(derived, derived.output.segments + 1)
        key = self.random.choice(sorted(derived.writes))
        recording = RecordingTree(tree)
        value = recording.get(key)
        proof = flipped(recording.witness({}), self.random)
        try:
            shown = PartialTree.decode(proof)
            if shown.root != derived.output.post_root:
                return "refused by its hash"
            return "proves the same" if shown.get(key) == value else "ESCAPED"
        except SextantError:
            return "refused by its decoder"


class LyingL1(MemoryL1):
    """An L1 behind somebody who changes one inbox item on its way."""

    def __init__(self, chain: MemoryChain, place: int, served: InboxItem) -> None:
        super().__init__(chain)
        self.place = place
        self.served = served

    async def inbox_items(self, from_index: int) -> list[QueuedItem]:
        page = await super().inbox_items(from_index)
        return [
            replace(queued, item=self.served) if queued.index == self.place else queued
            for queued in page
        ]

    async def claims(self, from_number: int = 0) -> list[PostedClaim]:
        del from_number  # it is about what is derived, and the liar's claims were not mined
        return []


def posted_as(derived: Derived, data: bytes) -> EntryRecord:
    """Return an entry as it was posted, but for its bytes."""
    facts = derived.facts
    return EntryRecord(facts.index, data, facts.time, facts.inbox_count)


def segments_of(derived: Derived) -> list[Writes]:
    """Return what each segment of an entry wrote."""
    return [writes for made in derived.blocks for writes in made.result.segments]


def trace_with(derived: Derived, place: int, lie: Mapping[bytes, bytes]) -> list[bytes]:
    """Return the trace of an entry whose segment ``place``, from 0, wrote ``lie`` as well."""
    tree, trace = derived.before.snapshot(), [derived.parent.post_root]
    for number, writes in enumerate(segments_of(derived)):
        tree.update({**writes, **lie} if number == place else writes)
        trace.append(tree.root)
    return trace
