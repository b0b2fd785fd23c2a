"""Items of the L1 inbox: which handler runs which.

An item always runs; one that cannot be done says why in its receipt, and the
block goes on.
"""

from statemachine.handlers.assets import force_asset
from statemachine.handlers.deposit import execute_deposit, execute_forced_withdrawal
from statemachine.handlers.forced import execute_forced
from statemachine.handlers.oracle import execute_queued_message
from statemachine.inbox import InboxItem, InboxKind
from statemachine.step import Step


def execute_inbox(step: Step, item: InboxItem) -> None:
    """Run the next step of an item: its only one, or a continuation."""
    if item.kind == InboxKind.DEPOSIT:
        execute_deposit(step, item)
    elif item.kind == InboxKind.ORACLE:
        execute_queued_message(step, item)
    elif item.kind != InboxKind.FORCED_WITHDRAW:
        execute_forced(step, item)
    elif item.asset:
        force_asset(step, item)
    else:
        execute_forced_withdrawal(step, item)
