"""The challenger: judge every claim by what L1's data alone makes of it.

A core without clocks, sockets or disks.  It is told what L1 has (heads, inbox
items, entries, claims) and what became of its calls; it answers with effects
for its process to carry out, in order: lines to say, secrets to keep, calls to
send.  It judges nothing that it has not derived itself, and a claim only once
its parent is judged.

    core = Challenger(deployment, genesis_replica(...), defends=True, ...)
    for effect in core.on_entry(entry): ...
"""

from collections.abc import Callable
from typing import Final, final

from prover.accusation import find_fault
from prover.cases import JudgedClaim, Standing
from prover.contract.log import LogEntry
from prover.contract.records import ClaimStatus, QueuedItem
from prover.contract.rules import ContractRules
from prover.defence import Defence
from prover.durations import tell_duration
from prover.effects import Effect, Outbox, Settled
from prover.footing import Footing
from prover.l1 import CallReceipt, Heads, PostedClaim
from prover.replica import Derived, Replica
from prover.vigil import Vigil
from statemachine.errors import invariant

ESCALATIONS_PERCENT: Final = (50, 80, 95)
"""How much of a wrong claim's window may pass before an alert is repeated."""
CLAIMS_KEPT_MAX: Final = 10_000
"""Claims remembered; all but the last few are decided."""


@final
class Challenger:
    """See the module.

    Parameters
    ----------
    deployment
        The contract's parameters.
    replica
        Where derivation stands: genesis, or the last state that was settled.
    tick
        Returns a monotonic time in ns, for the durations in lines.
    defence
        Acts on what is found; ``None`` for a mere watcher.
    vigil
        Alarms about what no claim shows; by default one without a purse.
    """

    def __init__(
        self,
        deployment: ContractRules,
        replica: Replica,
        tick: Callable[[], int],
        defence: Defence | None = None,
        vigil: Vigil | None = None,
    ) -> None:
        self.deployment = deployment
        self.replica = replica
        self.tick = tick
        self.defence = defence
        self.vigil = vigil or Vigil(deployment.liveness_ms_max, 0)
        self.outbox = Outbox()
        self.footing = Footing(replica.next_index)
        self.items: list[QueuedItem] = []
        self.entries: dict[int, LogEntry] = {}
        self.spent_ns: dict[int, int] = {}
        self.claims: dict[int, JudgedClaim] = {}
        self.waiting: set[int] = set()
        self.final_index = 0
        self.agreed = 0
        self.wrong = 0
        self.doomed = 0
        self.undetected = 0

    # What to read next

    @property
    def heads(self) -> Heads | None:
        """L1's tags as of this round."""
        return self.footing.heads

    @property
    def next_item(self) -> int:
        """The inbox index to read from: the first item that L1 may still change."""
        return self.footing.next_item

    @property
    def next_entry(self) -> int:
        """The log index to read from: the first entry that L1 may still change."""
        return self.footing.next_entry

    @property
    def next_claim(self) -> int:
        """The claim to read from: the first whose fate L1 may still change."""
        return self.footing.next_claim(self.claims)

    # What L1 says

    def note_heads(self, heads: Heads) -> None:
        """Take note of L1's tags, before anything else of a round."""
        self.footing.note_heads(heads)

    def on_head(self, heads: Heads) -> list[Effect]:
        """Finish a round: settle what is final, send what has become ripe."""
        self.footing.note_heads(heads)
        self.settle()
        if self.entries:
            since = heads.latest.time - self.entries[max(self.entries)].time
            self.vigil.on_silence(since, self.outbox)
        if self.defence is not None:
            self.defence.on_head(heads, self.outbox)
        for number, claim in self.claims.items():
            self.escalate(number, claim)
        return self.outbox.take()

    def on_balance(self, balance_gwei: int) -> list[Effect]:
        """Take note of what the defender's key holds on L1."""
        self.vigil.on_balance(balance_gwei, self.outbox)
        return self.outbox.take()

    def on_items(self, items: list[QueuedItem]) -> list[Effect]:
        """Take note of inbox items; known ones may have been replaced by a re-org."""
        if items:
            first = items[0].index
            invariant(first <= len(self.items), f"inbox: item {len(self.items)} comes next")
            self.items[first:] = items
            self.replica.add_inbox(first, [queued.item for queued in items])
            self.footing.saw_items(items)
        return self.outbox.take()

    def on_entry(self, entry: LogEntry) -> list[Effect]:
        """Derive an entry, unless it is known; take back what it replaces."""
        known = self.entries.get(entry.index)
        if known is not None and is_same_entry(known, entry):
            self.entries[entry.index] = entry
            self.footing.saw_entry(entry)
            return self.outbox.take()
        if entry.index > self.replica.next_index:
            return self.outbox.take()
        while self.replica.next_index > entry.index:
            self.revert()
        if not entry.is_intact:
            self.outbox.say(
                "alert", f"entry {entry.index}: L1 serves bytes that are not under its root"
            )
            return self.outbox.take()
        started = self.tick()
        self.replica.feed(entry)
        self.spent_ns[entry.index] = self.tick() - started
        self.entries[entry.index] = entry
        self.footing.saw_entry(entry)
        self.judge_waiting()
        return self.outbox.take()

    def on_claim(self, posted: PostedClaim) -> list[Effect]:
        """Take note of a claim as it stands now, and judge it if that is possible."""
        claim = posted.claim
        known = self.claims.get(claim.number)
        if known is None or known.output_hash != claim.output.hash:
            self.drop_case(claim.number)
            known = JudgedClaim(posted, claim.time + self.deployment.window_ms)
            self.claims[claim.number] = known
            self.waiting.add(claim.number)
            self.claims.pop(claim.number - CLAIMS_KEPT_MAX, None)
        known.posted = posted
        known.closes_at = claim.time + self.deployment.window_ms
        if claim.status is ClaimStatus.PENDING:
            self.reopen(known)
        self.judge_waiting()
        self.note_status(known)
        self.footing.saw_claim(known)
        return self.outbox.take()

    def on_receipt(self, number: int, receipt: CallReceipt | None) -> list[Effect]:
        """Take note of what became of a call about claim ``number``; None: unknown."""
        if self.defence is not None:
            self.defence.on_receipt(number, receipt, self.outbox)
        return self.outbox.take()

    # Judging

    def drop_case(self, number: int) -> None:
        """Stop acting on a claim."""
        if self.defence is not None:
            self.defence.drop(number)

    def reopen(self, claim: JudgedClaim) -> None:
        """Go back to a claim whose end a re-org has undone."""
        number = claim.posted.claim.number
        if claim.is_decided:
            self.outbox.say("warning", f"L1 re-organised: claim {number} is open again")
            claim.standing, claim.fault, claim.settled = Standing.WAITING, None, False
            self.waiting.add(number)
            self.drop_case(number)
        elif self.defence is not None:
            self.defence.reopen(number)

    def revert(self) -> None:
        """Take back the last entry, and every judgement that rested on it."""
        derived = self.replica.undo()
        index = derived.facts.index
        self.entries.pop(index, None)
        self.outbox.say("warning", f"L1 re-organised: log entry {index} is taken back")
        for claim in self.claims.values():
            if claim.posted.claim.output.log_index > index:
                claim.standing, claim.fault = Standing.WAITING, None
                self.waiting.add(claim.posted.claim.number)
                self.drop_case(claim.posted.claim.number)

    def judge_waiting(self) -> None:
        """Judge every claim whose entry is derived and whose parent is judged."""
        for number in sorted(self.waiting):
            claim = self.claims[number]
            self.judge(number, claim)
            if claim.standing is not Standing.WAITING:
                self.waiting.discard(number)
                self.note_status(claim)

    def judge(self, number: int, claim: JudgedClaim) -> None:
        """Compare one claim with what its entry was found to do."""
        posted = claim.posted
        if posted.claim.status.is_dead:
            self.decide(claim, Standing.DEAD)
            return
        if self.is_settled(posted):
            self.decide(claim, Standing.FINAL)
            return
        parent = self.claims.get(posted.claim.parent)
        if parent is not None and parent.standing in (Standing.WRONG, Standing.DOOMED):
            claim.standing = Standing.DOOMED
            self.doomed += 1
            text = f"claim {number} builds on claim {posted.claim.parent}, which is wrong"
            self.outbox.say("warning", text, claim=number)
            return
        derived = self.replica.derived_at(posted.claim.output.log_index - 1)
        if derived is None or derived.parent.hash != posted.claim.output.previous_output:
            return
        started = self.tick()
        claim.fault = find_fault(derived, posted.claim.output, posted.trace)
        spent = self.tick() - started + self.spent_ns.get(derived.facts.index, 0)
        if claim.fault is None:
            self.agree(number, claim, spent)
        else:
            self.disagree(number, claim, derived)

    def is_settled(self, posted: PostedClaim) -> bool:
        """Return whether a claim is final, and about an entry from before this state."""
        history = self.replica.history
        first = history[0].facts.index if history else self.replica.next_index
        is_old = posted.claim.output.log_index <= first
        return is_old and posted.claim.status is ClaimStatus.FINAL

    def agree(self, number: int, claim: JudgedClaim, spent_ns: int) -> None:
        """Say that a claim is right, in how long it was found, and how long it stays open."""
        claim.standing = Standing.AGREED
        self.agreed += 1
        output = claim.posted.claim.output
        self.outbox.say(
            "info",
            f"agreed with claim {number} root {output.post_root.hex()[:16]}.. "
            f"in {spent_ns / 1e9:.2f} s, {tell_duration(self.time_left(claim))} left",
            claim=number,
            height=output.height,
            segments=output.segments,
        )

    def disagree(self, number: int, claim: JudgedClaim, derived: Derived) -> None:
        """Say what is wrong with a claim; open a case if this challenger defends."""
        fault = claim.fault
        invariant(fault is not None, "a claim is wrong for a reason")
        if fault is None:
            return
        claim.standing = Standing.WRONG
        self.wrong += 1
        self.outbox.say(
            "alert",
            f"disagreed with claim {number}: {fault.kind.name}: {fault.reason}; "
            f"{tell_duration(self.time_left(claim))} left",
            claim=number,
            claimed_root=claim.posted.claim.output.post_root.hex(),
            correct_root=derived.output.post_root.hex(),
            segment=fault.segment,
        )
        if self.defence is not None and claim.posted.claim.status is ClaimStatus.PENDING:
            self.defence.open_case(number, claim, derived, self.replica, self.outbox)

    def note_status(self, claim: JudgedClaim) -> None:
        """Follow what the contract decided about a claim."""
        posted, number = claim.posted.claim, claim.posted.claim.number
        if posted.status is ClaimStatus.FINAL:
            self.final_index = max(self.final_index, posted.output.log_index)
        if claim.standing is Standing.WAITING:
            return
        if posted.status is ClaimStatus.FINAL and claim.standing is not Standing.FINAL:
            if claim.standing in (Standing.WRONG, Standing.DOOMED):
                self.undetected += 1
                self.outbox.say("alert", f"claim {number} is WRONG and became final", claim=number)
            self.decide(claim, Standing.FINAL)
        elif posted.status.is_dead and claim.standing is not Standing.DEAD:
            level = (
                "alert"
                if claim.standing is Standing.AGREED and (posted.status is ClaimStatus.CONVICTED)
                else "info"
            )
            self.outbox.say(
                level, f"claim {number} is dead: {posted.status.name.lower()}", claim=number
            )
            self.decide(claim, Standing.DEAD)
            self.drop_case(number)

    def decide(self, claim: JudgedClaim, standing: Standing) -> None:
        """Take note of L1's decision, and of when it was seen."""
        claim.standing = standing
        claim.decided_block = self.footing.latest_number()

    def settle(self) -> None:
        """Let go of what is final, unless L1 could still take its data back."""
        while self.replica.history:
            oldest = self.replica.history[0]
            entry = self.entries.get(oldest.facts.index)
            if oldest.output.log_index > self.final_index or entry is None:
                return
            if entry.index >= self.footing.next_entry:
                return
            dropped = self.replica.forget(oldest.output.log_index)
            del self.entries[entry.index]
            self.spent_ns.pop(entry.index, None)
            self.outbox.push(Settled(dropped))

    def escalate(self, number: int, claim: JudgedClaim) -> None:
        """Repeat the alert about a wrong claim as its window runs out."""
        if claim.standing is not Standing.WRONG:
            return
        left = self.time_left(claim)
        passed = 100 - 100 * left // self.deployment.window_ms
        due = [percent for percent in ESCALATIONS_PERCENT if claim.warned_percent < percent]
        if due and passed >= due[0]:
            claim.warned_percent = passed
            self.outbox.say(
                "alert",
                f"claim {number} is wrong and still stands, {tell_duration(left)} left",
                claim=number,
            )

    # Telling

    def time_left(self, claim: JudgedClaim) -> int:
        """Return how long a claim stays open, ms of L1 time."""
        now = claim.posted.claim.time if self.heads is None else self.heads.latest.time
        return max(claim.closes_at - now, 0)


def is_same_entry(known: LogEntry, entry: LogEntry) -> bool:
    """Return whether L1 still has the entry that was derived."""
    return (known.data_root, known.time, known.inbox_count, known.inbox_accumulator) == (
        entry.data_root,
        entry.time,
        entry.inbox_count,
        entry.inbox_accumulator,
    )
