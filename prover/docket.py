"""The claims as a challenger sees them: judged once, followed to their end.

A claim is judged when its entry is derived and its parent is judged.  A wrong
one goes to the defence, if there is one; what builds on it is doomed and needs
no proof of its own.  Whatever L1 decides may be undone by a re-org, so a claim
that is open again is judged again.
"""

from collections.abc import Callable
from typing import Final, final

from prover.accusation import find_fault
from prover.cases import JudgedClaim, Standing
from prover.contract.records import ClaimStatus
from prover.contract.rules import ContractRules
from prover.defence import Defence
from prover.durations import tell_duration
from prover.effects import Outbox
from prover.footing import Footing
from prover.l1 import PostedClaim
from prover.replica import Derived, Replica
from statemachine.errors import invariant

ESCALATIONS_PERCENT: Final = (50, 80, 95)
"""How much of a wrong claim's window may pass before an alert is repeated."""
CLAIMS_KEPT_MAX: Final = 10_000
"""Claims remembered, and as many more as are not decided for good."""


@final
class Docket:
    """Every claim that matters still, and what was found about it.

    Parameters
    ----------
    tick
        Returns a monotonic time in ns, for the durations in lines.
    """

    def __init__(
        self,
        deployment: ContractRules,
        replica: Replica,
        footing: Footing,
        outbox: Outbox,
        tick: Callable[[], int],
        defence: Defence | None,
    ) -> None:
        self.deployment = deployment
        self.replica = replica
        self.footing = footing
        self.outbox = outbox
        self.tick = tick
        self.defence = defence
        self.claims: dict[int, JudgedClaim] = {}
        self.waiting: set[int] = set()
        self.spent_ns: dict[int, int] = {}
        self.final_index = 0
        self.agreed = 0
        self.wrong = 0
        self.doomed = 0
        self.undetected = 0

    def take(self, posted: PostedClaim) -> None:
        """Take note of a claim as it stands now, and judge it if that is possible."""
        claim = posted.claim
        known = self.claims.get(claim.number)
        if known is None or known.output_hash != claim.output.hash:
            self.drop_case(claim.number)
            known = JudgedClaim(posted, 0)
            self.claims[claim.number] = known
            self.make_room()
        known.posted = posted
        known.closes_at = claim.time + self.deployment.window_ms
        if claim.status is ClaimStatus.PENDING:
            self.reopen(known)
        if known.standing is Standing.WAITING:
            self.waiting.add(claim.number)
        self.judge_waiting()
        self.note_status(known)
        self.footing.saw_claim(known)
        if known.settled and claim.status is ClaimStatus.FINAL:
            self.final_index = max(self.final_index, claim.output.log_index)

    def make_room(self) -> None:
        """Forget the oldest claims beyond so many, but none that L1 may still decide about.

        Whoever makes more of them than that has a bond in each, and buries nothing with it.
        """
        while len(self.claims) > CLAIMS_KEPT_MAX:
            oldest = next(iter(self.claims))
            if not self.claims[oldest].settled:
                return
            del self.claims[oldest]
            self.drop_case(oldest)

    def cut(self, count: int) -> None:
        """Forget the claims from number ``count`` on: L1 has them no more."""
        for number in [n for n in self.claims if n >= count]:
            del self.claims[number]
            self.waiting.discard(number)
            self.drop_case(number)

    def withdraw(self, index: int) -> None:
        """Take back what was found about claims that rest on log entry ``index``.

        They are judged anew when they are read again: others may have got
        their numbers.
        """
        for claim in self.claims.values():
            if claim.posted.claim.output.log_index > index:
                claim.standing, claim.fault, claim.settled = Standing.WAITING, None, False
                self.waiting.discard(claim.posted.claim.number)
                self.drop_case(claim.posted.claim.number)

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
            self.drop_case(number)
        elif self.defence is not None:
            self.defence.reopen(number)

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
            claim.standing = Standing.DEAD
            return
        if self.is_settled(posted):
            claim.standing = Standing.FINAL
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
        if claim.standing is Standing.WAITING:
            return
        if posted.status is ClaimStatus.FINAL and claim.standing is not Standing.FINAL:
            if claim.standing in (Standing.WRONG, Standing.DOOMED):
                self.undetected += 1
                self.outbox.say("alert", f"claim {number} is WRONG and became final", claim=number)
            claim.standing = Standing.FINAL
        elif posted.status.is_dead and claim.standing is not Standing.DEAD:
            betrayed = posted.status is ClaimStatus.CONVICTED and claim.standing is Standing.AGREED
            text = f"claim {number} is dead: {posted.status.name.lower()}"
            self.outbox.say("alert" if betrayed else "info", text, claim=number)
            claim.standing = Standing.DEAD
            self.drop_case(number)

    def escalate(self) -> None:
        """Repeat the alerts about wrong claims as their windows run out."""
        for number, claim in self.claims.items():
            if claim.standing is Standing.WRONG:
                self.escalate_claim(number, claim)

    def escalate_claim(self, number: int, claim: JudgedClaim) -> None:
        """Repeat the alert about one wrong claim, if it is time."""
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

    def time_left(self, claim: JudgedClaim) -> int:
        """Return how long a claim stays open, ms of L1 time."""
        heads = self.footing.heads
        now = claim.posted.claim.time if heads is None else heads.latest.time
        return max(claim.closes_at - now, 0)
