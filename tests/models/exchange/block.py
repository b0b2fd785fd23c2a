"""A block: inbox, what is due, oracle, triggers, users' due work, transactions, in this order."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import floor

from statemachine.actions import (
    FLAG_PEG,
    MARKET_EVERY,
    SIDE_BOTH,
    Action,
    ApproveAgent,
    ApproveBuilder,
    Bracket,
    Bulk,
    BuyCollateral,
    Cancel,
    CancelAll,
    CancelAt,
    ClosePosition,
    CreateFund,
    FundDeposit,
    FundWithdraw,
    Modify,
    OracleUpdate,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    RevokeAgent,
    Scale,
    Send,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Transaction,
    Transfer,
    TransferAsset,
    Twap,
    VaultDeposit,
    VaultWithdraw,
    Withdraw,
    WithdrawAsset,
)
from statemachine.block import Block
from statemachine.errors import Code
from statemachine.inbox import InboxItem, InboxKind
from tests.models.exchange import funds
from tests.models.exchange.authority import (
    approve,
    authorise,
    move_rates,
    revoke,
    set_leverage,
    set_margin,
    set_state,
)
from tests.models.exchange.collateral import (
    buy_collateral,
    deposit_asset,
    force_asset,
    transfer_asset,
    withdraw_asset,
)
from tests.models.exchange.custody import (
    deposit,
    force_withdrawal,
    send,
    transfer,
    withdraw,
)
from tests.models.exchange.fees import approve_builder, set_referrer
from tests.models.exchange.forced import close_by_force
from tests.models.exchange.liquidation import poke, run_due_slice
from tests.models.exchange.pool import redeem, supply
from tests.models.exchange.pricing import (
    fund,
    sample,
    sample_premium,
    take_message,
    update_oracle,
)
from tests.models.exchange.settlement import run_settlement
from tests.models.exchange.state import (
    EXIT,
    FUND_EXIT,
    FUNDING,
    GROUP,
    PREMIUM,
    RAMP,
    SAMPLE,
    SETTLE,
    SETTLED,
    SLICE,
    SWITCH,
    TWAP,
    UNWIND,
    Due,
    Exchange,
    Outcome,
    Refused,
)
from tests.models.exchange.trading import close, modify, orders_of_scale
from tests.models.exchange.vaults import buy_shares, leave, pay_shares, unwind
from tests.models.exchange.waiting import (
    cancel,
    cancel_all,
    place,
    place_bracket,
    run_group,
    run_switch,
    run_twap,
    set_switch,
    start_twap,
    wake_all,
)

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
    if block.frame is not None:
        exchange.framed_at = block.time
    receipts = run_inbox(exchange, block)
    run_due(exchange)
    transactions = list(block.frame.transactions) if block.frame is not None else []
    index = 0
    while index < len(transactions) and isinstance(transactions[index].action, OracleUpdate):
        receipts += run_transaction(exchange, transactions[index], block.signers[index], index)
        index += 1
    wake_all(exchange)
    run_user_due(exchange)
    for at in range(index, len(transactions)):
        receipts += run_transaction(exchange, transactions[at], block.signers[at], at)
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
        overdue = exchange.now - item.time >= patience(exchange)
        if index >= named and not overdue:
            break
        exchange.queued_at = item.time
        receipts.append(attempt(partial(run_item, exchange, item), index, INBOX_LEG))
        exchange.queued_at = None
        exchange.inbox_index += 1
        spend(exchange, item)
    return receipts


def patience(exchange: Exchange) -> int:
    """Return how long an item may wait by now."""
    rules = exchange.rules
    least = min(rules.inbox_deadline_ms_min, rules.inbox_deadline_ms)
    return max(least, rules.inbox_deadline_ms - exchange.spent)


def spend(exchange: Exchange, item: InboxItem) -> None:
    """Count for how much of the time since the last item this one has waited for too long."""
    rules = exchange.rules
    late_from = max(item.time + rules.inbox_delay_free_ms, exchange.counted_inbox)
    late = max(0, exchange.now - late_from)
    fine = exchange.now - exchange.counted_inbox - late
    back = floor(fine * Fraction(rules.inbox_refill_ppm, 1_000_000))
    exchange.spent = min(max(0, exchange.spent - back) + late, rules.inbox_deadline_ms)
    exchange.counted_inbox = exchange.now


def run_item(exchange: Exchange, item: InboxItem) -> Outcome:
    """Run one item of the inbox."""
    if item.kind == InboxKind.ORACLE:
        return take_message(exchange, item)
    if item.kind not in (InboxKind.DEPOSIT, InboxKind.FORCED_WITHDRAW):
        return run_forced(exchange, item)
    if item.asset:
        taken = item.kind == InboxKind.DEPOSIT
        return deposit_asset(exchange, item) if taken else force_asset(exchange, item)
    if item.kind == InboxKind.DEPOSIT:
        return deposit(exchange, item)
    return force_withdrawal(exchange, item)


def run_forced(exchange: Exchange, item: InboxItem) -> Outcome:
    """Do what an owner asked L1 for."""
    owners = {address: account for account, address in exchange.owners.items()}
    account = owners.get(item.owner)
    if item.kind == InboxKind.FORCED_POKE:
        if item.other not in owners:
            raise Refused(Code.SIGNER_UNKNOWN)
        return poke(exchange, account, Poke(owners[item.other], item.sub))
    if account is None:
        raise Refused(Code.SIGNER_UNKNOWN)
    if item.kind == InboxKind.FORCED_CANCEL_ALL:
        return cancel_all(exchange, account, CancelAll(item.sub, MARKET_EVERY, SIDE_BOTH))
    if item.kind == InboxKind.FORCED_REVOKE:
        return revoke(exchange, account, RevokeAgent(item.other))
    return close_by_force(exchange, account << 8 | item.sub, item.market, item.price)


# Due work


def next_due(exchange: Exchange, lane: int = 0) -> Due | None:
    """Return the earliest item of a lane that is due, of equal ones the first armed."""
    found = [item for item in exchange.due if item.lane == lane and item.time <= exchange.now]
    return min(found, key=lambda item: (item.time, item.number)) if found else None


def run_due(exchange: Exchange) -> None:
    """Run what is due, up to a bound; what is left holds takers up."""
    for done in range(exchange.rules.due_items_max):
        item = next_due(exchange)
        if item is None:
            return
        exchange.due.remove(item)
        if item.kind == SLICE:
            run_due_slice(exchange, item)
            continue
        if item.kind == UNWIND:
            unwind(exchange, item)
            continue
        number = item.market or 0
        if item.kind == RAMP:
            move_rates(exchange, number)
            continue
        if item.kind == SETTLE:
            run_settlement(exchange, number, done)
            continue
        if exchange.markets[number].state == SETTLED:
            continue
        if item.kind == SAMPLE:
            sample(exchange, number)
        elif item.kind == PREMIUM:
            sample_premium(exchange, number)
        elif item.kind == FUNDING:
            fund(exchange, number, item.time)
        exchange.arm(exchange.next_multiple(item.kind), item.kind, number, 0)
    exchange.backlog = next_due(exchange) is not None


def run_user_due(exchange: Exchange) -> None:
    """Run what users left to be done, up to a bound of its own."""
    for _ in range(exchange.rules.user_items_max):
        item = next_due(exchange, 1)
        if item is None:
            return
        exchange.due.remove(item)
        if item.kind == GROUP:
            run_group(exchange, item.reference)
        elif item.kind == TWAP:
            run_twap(exchange, item.reference)
        elif item.kind == SWITCH:
            run_switch(exchange, item)
        elif item.kind == EXIT:
            pay_shares(exchange, item)
        elif item.kind == FUND_EXIT:
            funds.run_exit(exchange, item)


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
    if isinstance(action, SetMarketState):
        return [attempt(partial(set_state, exchange, address, action), index, 0)]
    if isinstance(action, Bulk) and action.atomic:
        return run_atomic(exchange, account, action, index)
    if isinstance(action, SetMargin):
        return [attempt(partial(set_margin, exchange, address, action), index, 0)]
    steps: Sequence[Action] = (action,)
    if isinstance(action, Bulk):
        steps = action.legs
    elif isinstance(action, Scale) and action.flags & FLAG_PEG:
        refusal = partial(refuse_ladder, action)
        return [attempt(refusal, index, leg) for leg in range(action.orders)]
    elif isinstance(action, Scale):
        steps = orders_of_scale(exchange, action)
    return [
        attempt(partial(run_action, exchange, account, step), index, leg)
        for leg, step in enumerate(steps)
    ]


def run_atomic(exchange: Exchange, account: int, bulk: Bulk, index: int) -> list[Outcome]:
    """Run all legs of a bulk, or put everything back as it was."""
    rules = exchange.rules
    before = exchange.copy()
    outcomes: list[Outcome] = []
    if len(bulk.legs) > rules.atomic_legs_max:
        outcomes = [Outcome(Code.FIELD, (len(bulk.legs), rules.atomic_legs_max))]
    exchange.visits_left = rules.atomic_visits_max
    for leg in bulk.legs[: rules.atomic_legs_max]:
        if outcomes and outcomes[-1].code != Code.OK:
            break
        outcomes.append(attempt(partial(run_action, exchange, account, leg), 0, 0))
    exchange.visits_left = None
    last = outcomes[-1]
    if last.code != Code.OK:
        vars(exchange).update(vars(before))
        failed = len(outcomes) - 1
        outcomes = [Outcome(Code.ATOMIC, (failed, last.code)) for _ in bulk.legs]
        outcomes[failed] = Outcome(last.code, last.args)
    return [replace(outcome, index=index, leg=leg) for leg, outcome in enumerate(outcomes)]


def refuse_ladder(action: Scale) -> Outcome:
    """Refuse an order of a ladder that would have no prices."""
    raise Refused(Code.FIELD, action.flags)


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
        case Send():
            return send(exchange, account, action)
        case ApproveAgent():
            return approve(exchange, account, action)
        case RevokeAgent():
            return revoke(exchange, account, action)
        case Poke():
            return poke(exchange, account, action)
        case _:
            return run_compound(exchange, account, action)


def run_compound(exchange: Exchange, account: int, action: Action) -> Outcome:
    """Do what orders made of orders ask for."""
    match action:
        case Bracket():
            return place_bracket(exchange, account, action)
        case Twap():
            return start_twap(exchange, account, action)
        case CancelAt():
            return set_switch(exchange, account, action)
        case ClosePosition():
            return place(exchange, account, close(exchange, account, action))
        case VaultDeposit():
            return buy_shares(exchange, account, action)
        case VaultWithdraw():
            return leave(exchange, account, action)
        case CreateFund():
            return funds.create(exchange, account, action)
        case FundDeposit():
            return funds.come_in(exchange, account, action)
        case FundWithdraw():
            return funds.leave(exchange, account, action)
        case PoolSupply():
            return supply(exchange, account, action)
        case PoolRedeem():
            return redeem(exchange, account, action)
        case SetLeverage():
            return set_leverage(exchange, account, action)
        case WithdrawAsset():
            return withdraw_asset(exchange, account, action)
        case TransferAsset():
            return transfer_asset(exchange, account, action)
        case BuyCollateral():
            return buy_collateral(exchange, account, action)
        case SetReferrer():
            return set_referrer(exchange, account, action)
        case ApproveBuilder():
            return approve_builder(exchange, account, action)
        case _:
            raise TypeError(f"no account asks for {action}")
