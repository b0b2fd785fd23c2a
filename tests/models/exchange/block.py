"""A block: the inbox, what is due, the transactions, in this order."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from statemachine.actions import (
    Action,
    ApproveAgent,
    Bulk,
    Cancel,
    CancelAll,
    Modify,
    OracleUpdate,
    PlaceOrder,
    Poke,
    RevokeAgent,
    Transaction,
    Transfer,
    Withdraw,
)
from statemachine.block import Block
from statemachine.inbox import InboxItem, InboxKind
from tests.models.exchange.custody import (
    approve,
    authorise,
    deposit,
    force_withdrawal,
    revoke,
    transfer,
    withdraw,
)
from tests.models.exchange.liquidation import poke, run_due_slice
from tests.models.exchange.pricing import fund, sample, sample_premium, update_oracle
from tests.models.exchange.state import (
    FUNDING,
    PREMIUM,
    SAMPLE,
    SLICE,
    Due,
    Exchange,
    Outcome,
    Refused,
)
from tests.models.exchange.trading import cancel, cancel_all, modify, place

INBOX_LEG = 255


def attempt(run: Callable[[], Outcome], index: int, leg: int) -> Outcome:
    """Return what came of something, or why it was refused."""
    try:
        outcome = run()
    except Refused as refused:
        outcome = Outcome(refused.code, refused.figures)
    return replace(outcome, index=index, leg=leg)


def apply_block(exchange: Exchange, block: Block) -> list[Outcome]:
    """Run a block and return its receipts, in order."""
    exchange.height += 1
    exchange.now = block.time
    receipts = run_inbox(exchange, block)
    run_due(exchange)
    if block.frame is not None:
        for index, transaction in enumerate(block.frame.transactions):
            receipts += run_transaction(exchange, transaction, block.signers[index], index)
    exchange.backlog = False
    return receipts


# Inbox


def run_inbox(exchange: Exchange, block: Block) -> list[Outcome]:
    """Consume the items that the frame names, and overdue ones, in L1's order."""
    receipts: list[Outcome] = []
    named = block.frame.inbox_until if block.frame is not None else 0
    while len(receipts) < exchange.rules.inbox_items_max:
        index = exchange.inbox_index
        place_of_item = index - block.inbox_from
        if place_of_item >= len(block.inbox):
            break
        item = block.inbox[place_of_item]
        overdue = exchange.now - item.time >= exchange.rules.inbox_deadline_ms
        if index >= named and not overdue:
            break
        receipts.append(attempt(partial(run_item, exchange, item), index, INBOX_LEG))
        exchange.inbox_index += 1
    return receipts


def run_item(exchange: Exchange, item: InboxItem) -> Outcome:
    """Run one item of the inbox."""
    if item.kind == InboxKind.DEPOSIT:
        return deposit(exchange, item)
    return force_withdrawal(exchange, item)


# Due work


def next_due(exchange: Exchange) -> Due | None:
    """Return the earliest item that is due, of equal ones the first armed."""
    found = [item for item in exchange.due if item.time <= exchange.now]
    return min(found, key=lambda item: (item.time, item.number)) if found else None


def run_due(exchange: Exchange) -> None:
    """Run what is due, up to a bound; what is left holds takers up."""
    for _ in range(exchange.rules.due_items_max):
        item = next_due(exchange)
        if item is None:
            return
        exchange.due.remove(item)
        if item.kind == SLICE:
            run_due_slice(exchange, item)
            continue
        number = item.market or 0
        if item.kind == SAMPLE:
            sample(exchange, number)
        elif item.kind == PREMIUM:
            sample_premium(exchange, number)
        elif item.kind == FUNDING:
            fund(exchange, number, item.time)
        exchange.arm(exchange.next_multiple(item.kind), item.kind, number, 0)
    exchange.backlog = next_due(exchange) is not None


# Transactions


def run_transaction(
    exchange: Exchange, transaction: Transaction, address: bytes, index: int
) -> list[Outcome]:
    """Run one transaction; a bulk has a receipt for each of its legs."""
    action = transaction.action
    if isinstance(action, OracleUpdate):
        return [attempt(partial(update_oracle, exchange, action, address), index, 0)]
    try:
        account = authorise(exchange, transaction, address)
    except Refused as refused:
        return [Outcome(refused.code, refused.figures, index=index)]
    steps = action.legs if isinstance(action, Bulk) else (action,)
    return [
        attempt(partial(run_action, exchange, account, step), index, leg)
        for leg, step in enumerate(steps)
    ]


def run_action(exchange: Exchange, account: int, action: Action) -> Outcome:
    """Do what an account asked for."""
    match action:
        case PlaceOrder():
            return place(exchange, account, action)
        case Cancel():
            return cancel(exchange, account, action)
        case CancelAll():
            return cancel_all(exchange, account, action)
        case Modify():
            return modify(exchange, account, action)
        case Withdraw():
            return withdraw(exchange, account, action)
        case Transfer():
            return transfer(exchange, account, action)
        case ApproveAgent():
            return approve(exchange, account, action)
        case RevokeAgent():
            return revoke(exchange, account, action)
        case Poke():
            return poke(exchange, account, action)
        case _:
            raise TypeError(f"no account asks for {action}")
