"""Acting on wrong claims: commit, wait, prove; and come back after a crash.

====================  =======================================================
L1 answers            what the case does
====================  =======================================================
commitment in         waits until L1 takes it back no more, then sends the proof
COMMITMENT_EXISTS     it is there without our knowing the block: waits from now on
claim convicted       won
CLAIM_DEAD            won: somebody else was faster, or an ancestor died
COMMITMENT_UNKNOWN    a re-org lost it: commits again
WINDOW_CLOSED         lost, loudly
anything else         says so, and tries again at the next L1 block
====================  =======================================================

A proof that was seen is no secret any more: if a re-org took the commitment back, anybody
could be the first to commit to it.  So the proof goes out once the commitment's block is
final, or one part in 64 of the claim's window has passed: hours, where windows are days.

However many claims are wrong, what the key holds goes first into proofs: each pays for
many more.  Nothing is committed to beyond what leaves enough for a proof.

What is about to be sent is on disk before it is sent.  A defender who comes back
after a crash goes on from there, without asking anybody: a commitment that was sent
counts from the first block that may have it, and a proof whose claim stands all the
same is taken to have found no commitment (a re-org, or a call that got lost).
"""

from collections.abc import Callable, Mapping
from typing import Final, final

from prover.accusation import ItemHashes, accuse, rehearse
from prover.cases import (
    RETURNED_KEY,
    SALT_BYTES,
    SPENT_KEY,
    Case,
    JudgedClaim,
    KeptCase,
    Stage,
    case_key,
    decode_case,
    decode_spent,
    encode_spent,
)
from prover.contract.calls import CommitFault, ProveFault, encode_call
from prover.contract.codes import ContractCode
from prover.contract.gas import gas_of, limit_of, proof_gas
from prover.contract.prices import fee_of
from prover.contract.rules import ContractRules
from prover.effects import Keep, Outbox, Said, Send
from prover.faults import ClaimFacts
from prover.l1 import CallReceipt, Heads
from prover.purse import Purse
from prover.replica import Derived, Replica
from statemachine.errors import invariant

PATIENCE_PARTS: Final = 64
"""One part of so many of a claim's window may pass until a commitment is final."""

PROOF_RESERVES: Final = 2
"""Fees of a proof, at the price of now, that the key has to hold beyond a commitment's."""


@final
class Defence:
    """The cases of one defender.

    Parameters
    ----------
    payee
        Who is paid for convictions.
    kept
        Values of earlier ``Keep`` effects, by key.
    draw_salt
        Returns 32 fresh random bytes.
    tick
        Returns a monotonic time in ns.
    purse
        What his calls may cost; by default anything.
    only
        The one claim he acts on; by default on all that are wrong.
    rehearses
        Says what he would send, and sends nothing.
    """

    def __init__(
        self,
        deployment: ContractRules,
        payee: bytes,
        kept: Mapping[bytes, bytes],
        draw_salt: Callable[[], bytes],
        tick: Callable[[], int],
        purse: Purse | None = None,
        *,
        only: int | None = None,
        rehearses: bool = False,
    ) -> None:
        self.deployment = deployment
        self.purse = purse or Purse()
        self.purse.spent_gwei += decode_spent(kept.get(SPENT_KEY))
        self.purse.returned_gwei += decode_spent(kept.get(RETURNED_KEY))
        self.only = only
        self.rehearses = rehearses
        self.gas_price = 0
        self.final_block = 0
        self.payee = payee
        self.kept = dict(kept)
        self.draw_salt = draw_salt
        self.tick = tick
        self.cases: dict[int, Case] = {}
        self.convicted = 0
        self.lost = 0
        self.raised = 0
        self.largest_witness = 0

    def open_case(
        self, number: int, claim: JudgedClaim, derived: Derived, replica: Replica, outbox: Outbox
    ) -> None:
        """Build the proof, rehearse the verdict, and get the commitment ready."""
        fault, posted = claim.fault, claim.posted
        invariant(fault is not None, "a case needs a fault")
        if fault is None or self.only not in (None, number):
            return
        started = self.tick()
        output = posted.claim.output
        accusation = accuse(derived.rules, derived, output, posted.trace, fault, replica.recover)
        hashes = ItemHashes(derived)
        facts = ClaimFacts(derived.rules, derived.parent, output, derived.facts, hashes)
        verdict = rehearse(facts, accusation)
        if not verdict.guilty:
            text = f"claim {number}: the proof would not convict: {verdict.reason}"
            outbox.say("alert", text, claim=number)
            return
        self.largest_witness = max(self.largest_witness, len(accusation.witness))
        gas = proof_gas(Case(number, accusation, self.payee, bytes(SALT_BYTES)).proof, verdict.work)
        outbox.say(
            "info",
            f"claim {number}: proof of {len(accusation.witness)} bytes rehearsed "
            f"in {(self.tick() - started) / 1e9:.2f} s, {gas} gas",
            claim=number,
            kind=fault.kind.name,
            witness_bytes=len(accusation.witness),
            gas=gas,
        )
        if self.rehearses:
            case = Case(number, accusation, self.payee, self.draw_salt(), claim.closes_at, gas=gas)
            outbox.push(describe_plan(case, self.gas_price))
            return
        key = case_key(number, claim.output_hash)
        if key not in self.kept:
            self.keep(key, KeptCase(self.payee, self.draw_salt()), outbox)
        kept = decode_case(self.kept[key])
        payee, salt = kept.payee, kept.salt
        case = Case(number, accusation, payee, salt, claim.closes_at, gas=gas, key=key)
        case.resume(kept)
        if case.stage is Stage.COMMITTED:
            text = f"claim {number}: going on with the commitment of L1 block {case.block}"
            outbox.say("info", text, claim=number)
        self.cases[number] = case

    def keep(self, key: bytes, kept: KeptCase, outbox: Outbox) -> None:
        """Have a case survive a crash as it stands, if it stood otherwise."""
        data = kept.encode()
        if self.kept.get(key) != data:
            self.kept[key] = data
            outbox.push(Keep(key, data))

    def keep_spent(self, outbox: Outbox) -> None:
        """Have what is spent, or may be, survive a crash."""
        outbox.push(Keep(SPENT_KEY, encode_spent(self.purse.committed_gwei)))

    def drop(self, number: int) -> None:
        """Forget a case whose claim is no longer there, or no longer wrong."""
        self.cases.pop(number, None)

    def reopen(self, number: int) -> None:
        """Start a won case again: its claim is still open, so a re-org undid the proof."""
        case = self.cases.get(number)
        if case is not None and case.stage is Stage.WON:
            if 0 < case.block <= self.final_block:
                case.stage = Stage.COMMITTED  # L1 has it still: nobody can be faster now
            else:
                case.stage, case.block = Stage.COMMIT, 0

    def on_head(self, heads: Heads, outbox: Outbox) -> None:
        """Send what has become ripe."""
        self.gas_price, self.final_block = heads.gas_price, heads.final.number
        for case in sorted(self.cases.values(), key=lambda case: case.stage is Stage.COMMIT):
            if not case.sending:
                self.advance(case, heads, outbox)

    def advance(self, case: Case, heads: Heads, outbox: Outbox) -> None:
        """Send the next call of a case, if it is time for one and the purse allows it."""
        call: CommitFault | ProveFault
        if case.stage is Stage.COMMIT:
            call, gas = CommitFault(case.commitment), gas_of(CommitFault(case.commitment))
            text = "committing to the fault"
        elif case.stage is Stage.COMMITTED:
            age = heads.latest.number + 1 - case.block
            if age < self.deployment.commitment_blocks_min or self.can_wait(case, heads):
                return
            call, gas, text = case.proof, case.gas, "sending the proof"
        else:
            return
        held = self.shortage(case, call, gas, heads.gas_price)
        if held and held != case.held:
            outbox.say("alert", f"claim {case.claim}: not sent: {held}", claim=case.claim)
        case.held = held
        if not held:
            case.sending = True
            if case.stage is Stage.COMMIT:
                self.keep(case.key, case.kept(heads.latest.number + 1), outbox)
            else:
                case.is_shown = True
                self.keep(case.key, case.kept(case.block, is_proved=True), outbox)
            outbox.say("info", f"claim {case.claim}: {text}", claim=case.claim)
            bid_max = self.purse.price_max(gas)
            self.purse.reserve(case.claim, gas, heads.gas_price)
            self.purse.held_gwei -= self.fee_most(call, heads.gas_price)
            self.keep_spent(outbox)
            outbox.push(Send(case.claim, call, bid_max))

    def fee_most(self, call: CommitFault | ProveFault, gas_price: int) -> int:
        """Return what L1 asks a sender to hold for a call, gwei."""
        return fee_of(limit_of(call, self.deployment.settle_max), gas_price)

    def shortage(self, case: Case, call: CommitFault | ProveFault, gas: int, gas_price: int) -> str:
        """Say why a call has to wait: for the price, or for what other proofs bring in.

        A commitment leaves enough for a proof at twice the price, in the purse and of what
        the key holds.  There is always one call that waits for no other claim.
        """
        others = (other for other in self.cases.values() if other is not case)
        need, held = self.fee_most(call, gas_price), self.purse.held_gwei
        if isinstance(call, CommitFault):
            is_first = not any(o.sending or o.stage is Stage.COMMITTED for o in others)
            need += PROOF_RESERVES * self.fee_most(case.proof, gas_price)
            gas += 0 if is_first else PROOF_RESERVES * case.gas
        else:
            is_first = not any(o.sending for o in others)
        if is_first or need <= held:
            return self.purse.refusal(gas, gas_price)
        return "other claims come first: the key holds too little for a proof besides"

    def can_wait(self, case: Case, heads: Heads) -> bool:
        """Return whether L1 may still take a commitment back, and there is time to wait.

        Once its proof was seen, there is nothing to wait for.
        """
        window = self.deployment.window_ms
        waits_until = case.closes_at - window + window // PATIENCE_PARTS
        is_lasting = case.block <= heads.final.number
        return not (case.is_shown or is_lasting or heads.latest.time >= waits_until)

    def on_receipt(self, number: int, receipt: CallReceipt | None, outbox: Outbox) -> None:
        """Take note of what became of a case's call; ``None``: nobody knows."""
        gas, price = (0, 0) if receipt is None else (receipt.gas, receipt.gas_price)
        self.purse.note(number, gas, price)
        self.keep_spent(outbox)
        case = self.cases.get(number)
        if case is None:
            return
        case.sending = False
        if receipt is not None:
            self.note_bids(number, receipt, outbox)
        if receipt is None:
            text = f"claim {number}: L1 did not answer; trying again at its next block"
            outbox.say("warning", text, claim=number)
        elif case.stage is Stage.COMMIT:
            self.note_commitment(case, receipt, outbox)
        elif case.stage is Stage.COMMITTED:
            self.note_proof(case, receipt, outbox)

    def note_bids(self, number: int, receipt: CallReceipt, outbox: Outbox) -> None:
        """Say if a call came into a block only after its bid was raised."""
        if receipt.raised:
            self.raised += receipt.raised
            times = "once" if receipt.raised == 1 else f"{receipt.raised} times"
            text = f"claim {number}: its bid was raised {times}, it paid {receipt.gas_price}"
            outbox.say("warning", f"{text} gwei per million gas", claim=number)

    def note_commitment(self, case: Case, receipt: CallReceipt, outbox: Outbox) -> None:
        """Learn from which block a commitment counts."""
        number = case.claim
        if receipt.code is ContractCode.OK:
            case.stage, case.block = Stage.COMMITTED, receipt.block
            text = f"claim {number}: committed in L1 block {receipt.block}"
            outbox.say("info", text, claim=number)
        elif receipt.code is ContractCode.COMMITMENT_EXISTS:
            case.stage, case.block = Stage.COMMITTED, receipt.block  # not younger than this
            text = f"claim {number}: the commitment stands from before"
            outbox.say("info", text, claim=number)
        else:
            text = f"claim {number}: cannot commit: {receipt.message}"
            outbox.say("alert", text, claim=number)
        is_made = case.stage is Stage.COMMITTED
        kept = case.kept(case.block) if is_made else KeptCase(case.payee, case.salt)
        self.keep(case.key, kept, outbox)

    def note_proof(self, case: Case, receipt: CallReceipt, outbox: Outbox) -> None:
        """Learn whether the claim died."""
        code, number = receipt.code, case.claim
        level = "info"
        if code is ContractCode.OK:
            case.stage = Stage.WON
            self.convicted += 1
            self.purse.repay(number)
            outbox.push(Keep(RETURNED_KEY, encode_spent(self.purse.returned_gwei)))
            text = f"convicted in L1 block {receipt.block}, reward {receipt.value} gwei"
        elif code is ContractCode.CLAIM_DEAD:
            case.stage = Stage.WON
            text = "dead already: somebody else was faster"
        elif code is ContractCode.COMMITMENT_UNKNOWN:
            case.stage = Stage.COMMIT
            level, text = "warning", "L1 lost the commitment; committing again"
        elif code is ContractCode.COMMITMENT_YOUNG:
            text = "the commitment is too young still"
        elif code is ContractCode.WINDOW_CLOSED:
            case.stage = Stage.LOST
            self.lost += 1
            level, text = "alert", f"too late: {receipt.message}"
        else:
            level, text = "alert", f"proof refused: {receipt.message}"
        if case.stage is Stage.COMMITTED:
            self.keep(case.key, case.kept(case.block), outbox)
        outbox.say(level, f"claim {number}: {text}", claim=number)


def describe_plan(case: Case, gas_price: int) -> Said:
    """Return the line that says what a case would send, and what it would cost."""
    commit = CommitFault(case.commitment)
    gas = gas_of(commit) + case.gas
    return Said(
        "info",
        f"claim {case.claim}: would send CommitFault, then ProveFault of "
        f"{len(case.accusation.witness)} bytes: {gas} gas, {fee_of(gas, gas_price)} gwei at the "
        "price of now; verdict: convicted",
        {
            "claim": case.claim,
            "verdict": "convicted",
            "gas": gas,
            "fee_gwei": fee_of(gas, gas_price),
            "commit_calldata": encode_call(commit).hex(),
            "proof_calldata": encode_call(case.proof).hex(),
        },
    )
