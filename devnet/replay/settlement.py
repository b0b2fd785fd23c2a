"""Receipts against what was planned: what each order became, and where the book went wrong."""

from collections.abc import Sequence
from typing import Final, final

from devnet.replay.mirror import Mirror
from devnet.replay.plan import Planned, Step, Wanted
from devnet.replay.tally import Tally
from proto.sextant.v1 import common_pb2, sequencer_pb2
from statemachine.actions import Cancel, Modify
from statemachine.errors import Code

OK: Final = int(Code.OK)
UNFILLED: Final = int(Code.IOC_UNFILLED)


def kind_of(planned: Planned, wanted: Wanted) -> str:
    """Return what an order is called in the summary."""
    if planned.maker < 0:
        return "take"
    if isinstance(wanted.leg, Cancel):
        return "cancel"
    return "modify" if isinstance(wanted.leg, Modify) else "place"


@final
class Settlement:
    """Goes through the outcome of one batch, in the order of its steps."""

    def __init__(self, outcome: sequencer_pb2.BatchOutcome, mirror: Mirror, tally: Tally) -> None:
        self.outcome = outcome
        self.mirror = mirror
        self.tally = tally
        self.refused = {item.position: item.refusal for item in outcome.refusals}
        self.transaction = 0
        self.receipt = 0
        self.fault = ""
        """Why the mirror is wrong from here on, once it is."""

    def skip(self, transactions: int) -> None:
        """Pass over transactions that are not part of a step."""
        for _ in range(transactions):
            self.receipt += self.outcome.receipt_counts[self.transaction]
            self.transaction += 1

    def settle(self, steps: Sequence[Step]) -> str:
        """Take in the receipts of all steps; return why the mirror is wrong, or nothing."""
        for step in steps:
            for planned in step.planned:
                self.settle_transaction(planned)
            self.judge(step)
        return self.fault

    def settle_transaction(self, planned: Planned) -> None:
        """Take in one transaction's receipts."""
        tally, outcome = self.tally, self.outcome
        place, count = self.transaction, outcome.receipt_counts[self.transaction]
        self.transaction += 1
        tally.transactions += 1
        for wanted in planned.wanted:
            tally.orders[kind_of(planned, wanted)] += 1
        refusal = self.refused.get(place)
        if refusal is not None:
            reason = common_pb2.Reason.Name(refusal.reason).removeprefix("REASON_")
            tally.refusals[reason] += 1
            self.fault = self.fault or reason
            return
        if count != len(planned.wanted):
            # Refused as a whole: one receipt says why.
            name = Code(outcome.codes[self.receipt]).name
            tally.codes[name] += len(planned.wanted)
            self.fault = self.fault or name
            self.receipt += count
            return
        for wanted in planned.wanted:
            self.settle_leg(planned, wanted)
            self.receipt += 1

    def settle_leg(self, planned: Planned, wanted: Wanted) -> None:
        """Take in one receipt."""
        tally, outcome, place = self.tally, self.outcome, self.receipt
        code, filled = outcome.codes[place], outcome.filled_lots[place]
        if code != OK:
            tally.codes[Code(code).name] += 1
        if planned.maker < 0:
            tally.lots_filled += filled
            tally.notional += outcome.notional_micros[place]
            tally.takers_filled += filled > 0
        elif code == OK and wanted.order is not None and not isinstance(wanted.leg, Cancel):
            wanted.order.order_id = outcome.order_ids[place]
        expected = code == OK or (code == UNFILLED and planned.maker < 0)
        if not expected:
            self.fault = self.fault or Code(code).name
        elif filled != wanted.filled:
            self.fault = self.fault or "filled otherwise than by our own book"

    def judge(self, step: Step) -> None:
        """Say whether the exchange's best bid and ask are the recording's after a diff."""
        if step.best is None:
            return
        tally = self.tally
        if step.outside:
            tally.outside += 1
            return
        tally.compared += 1
        own = f"{step.own_best[0]} / {step.own_best[1]}"
        recorded = f"{step.best[0]} / {step.best[1]}"
        if self.fault:
            tally.differ(step.line, f"order refused: {self.fault}", f"{recorded} recorded")
        elif step.own_best != step.best:
            tally.differ(
                step.line, "level that the market cannot express", f"{own}, {recorded} recorded"
            )
