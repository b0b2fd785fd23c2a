"""The inbox: deposits and forced actions, which the sequencer cannot refuse.

Items are numbered from 0 and hashed into an accumulator, which is stored with
each item: ``acc[0]`` is 32 zero bytes, ``acc[i + 1]`` is
``sha256(0x25 | acc[i] | item_hash(item i))``.
"""

from hashlib import sha256
from typing import Final

from prover.contract.bank import escrow_of, held_by, take_deposit
from prover.contract.calls import (
    Deposit,
    ForceCancelAll,
    ForceClose,
    ForcePoke,
    ForceRevoke,
    ForceWithdraw,
    QueueOracle,
)
from prover.contract.codes import ContractCode, require
from prover.contract.context import Context, Handlers
from prover.contract.events import ItemQueued
from prover.contract.records import QueuedItem
from prover.contract.state import ContractState
from prover.contract.versions import rules_now
from prover.faults import item_hash
from statemachine.assets import ASSET_USDC, AssetRules
from statemachine.identity.signing import Domain, oracle_digest, recover
from statemachine.inbox import InboxItem, InboxKind
from statemachine.pricing.mark import INDEX_LIMIT
from statemachine.units import Micros, Millis

ACCUMULATOR_EMPTY: Final = bytes(32)
TAG_ACCUMULATOR: Final = b"\x25"
SUBS_MAX: Final = 256


def accumulate(accumulator: bytes, item: InboxItem) -> bytes:
    """Return the accumulator after ``item``."""
    return sha256(TAG_ACCUMULATOR + accumulator + item_hash(item.encode())).digest()


def accumulator_at(state: ContractState, count: int) -> bytes:
    """Return the accumulator of the first ``count`` items."""
    return state.inbox[count - 1].accumulator if count else ACCUMULATOR_EMPTY


def deposit(context: Context, call: Deposit) -> int:
    """Take tokens into escrow and queue the deposit; return the item's index."""
    # READ
    held = held_by(context.state, context.sender, call.asset)
    rules = asset_of(context, call.asset)
    takes = call.asset == ASSET_USDC or rules is not None
    least = context.rules.deposit_micros_min if rules is None else rules.deposit_min
    unit = "micros" if rules is None else "units"

    # CHECKS, in the order of their codes
    check_owner(call.owner)
    check_sub(call.sub)
    require(
        not takes or call.amount >= least,
        ContractCode.AMOUNT,
        f"deposit of {call.amount}, the minimum is {least} {unit}",
    )
    require(
        not takes or held >= call.amount,
        ContractCode.TOKEN_BALANCE,
        f"deposit of {call.amount}, the sender holds {held} {unit}",
    )
    check_asset(context, call.asset)
    if rules is not None:
        escrowed = escrow_of(context.state, call.asset)
        require(
            escrowed + call.amount <= rules.cap,
            ContractCode.CAP,
            f"deposit of {call.amount}, the cap leaves room for {rules.cap - escrowed} units",
        )

    # EFFECTS
    take_deposit(context.state, context.sender, call.amount, call.asset)
    return queue(context, InboxKind.DEPOSIT, call.owner, call.sub, call.amount, call.asset)


def force_withdraw(context: Context, call: ForceWithdraw) -> int:
    """Queue a withdrawal of the sender's own money; return the item's index."""
    check_sub(call.sub)
    check_asset(context, call.asset)
    kind = InboxKind.FORCED_WITHDRAW
    return queue(context, kind, context.sender, call.sub, call.amount, call.asset)


def force_cancel_all(context: Context, call: ForceCancelAll) -> int:
    """Queue the end of all of a sub-account's orders; return the item's index."""
    check_sub(call.sub)
    return queue(context, InboxKind.FORCED_CANCEL_ALL, context.sender, call.sub)


def force_close(context: Context, call: ForceClose) -> int:
    """Queue the close of the sender's position in a market; return the item's index."""
    check_sub(call.sub)
    check_market(context, call.market)
    kind = InboxKind.FORCED_CLOSE
    return queue(context, kind, context.sender, call.sub, market=call.market, price=call.price)


def force_revoke(context: Context, call: ForceRevoke) -> int:
    """Queue the end of one of the sender's agents; return the item's index."""
    require(
        any(call.agent), ContractCode.AGENT, "the agent is the address of zeros, which is nobody's"
    )
    return queue(context, InboxKind.FORCED_REVOKE, context.sender, 0, other=call.agent)


def force_poke(context: Context, call: ForcePoke) -> int:
    """Queue a look at anybody's sub-account; return the item's index."""
    check_owner(call.owner)
    check_sub(call.sub)
    return queue(context, InboxKind.FORCED_POKE, context.sender, call.sub, other=call.owner)


def queue_oracle(context: Context, call: QueueOracle) -> int:
    """Queue a publisher's message that is his, and fresh; return the item's index."""
    # READ
    rules, now = rules_now(context), context.moment.time
    domain = Domain(rules.chain_id, rules.rollup)
    digest = oracle_digest(domain, call.market, call.price, call.time)
    known = call.publisher < len(rules.publishers)
    address = rules.publishers[call.publisher] if known else b""
    oldest, newest = now - rules.oracle_age_ms_max, now + rules.drift_ms

    # CHECKS, in the order of their codes
    check_market(context, call.market)
    require(
        0 < call.price < INDEX_LIMIT,
        ContractCode.PRICE,
        f"price {call.price}, need 1 to {INDEX_LIMIT - 1} micros per lot",
    )
    require(
        known and recover(digest, call.signature) == address,
        ContractCode.PUBLISHER,
        f"the message was not signed by publisher {call.publisher}",
    )
    require(
        oldest <= call.time <= newest,
        ContractCode.MESSAGE_TIME,
        f"message of {call.time} ms, need {oldest} to {newest}",
    )

    # EFFECTS
    return queue(
        context,
        InboxKind.ORACLE,
        address,
        0,
        market=call.market,
        price=call.price,
        publisher=call.publisher,
        told=call.time,
    )


def check_market(context: Context, market: int) -> None:
    """Refuse a market that the exchange does not have."""
    require(
        any(rules.market == market for rules in rules_now(context).markets),
        ContractCode.MARKET,
        f"market {market} is not one of the exchange's",
    )


def check_owner(owner: bytes) -> None:
    """Refuse an owner that cannot exist."""
    require(any(owner), ContractCode.OWNER, "the owner is the address of zeros, which is nobody's")


def asset_of(context: Context, asset: int) -> AssetRules | None:
    """Return an asset's rules; ``None`` for USDC, and for what the exchange does not take."""
    found = [rules for rules in rules_now(context).assets if rules.asset == asset]
    return found[0] if found else None


def check_asset(context: Context, asset: int) -> None:
    """Refuse an asset that the exchange does not take."""
    require(
        asset == ASSET_USDC or asset_of(context, asset) is not None,
        ContractCode.ASSET,
        f"asset {asset} is not one of the exchange's",
    )


def check_sub(sub: int) -> None:
    """Refuse a sub-account that cannot exist."""
    require(sub < SUBS_MAX, ContractCode.SUB, f"sub-account {sub}, need 0 to {SUBS_MAX - 1}")


def queue(
    context: Context,
    kind: InboxKind,
    owner: bytes,
    sub: int,
    amount: int = 0,
    asset: int = ASSET_USDC,
    *,
    market: int = 0,
    price: int = 0,
    other: bytes = b"",
    publisher: int = 0,
    told: int = 0,
) -> int:
    """Store an item and announce it."""
    state, moment = context.state, context.moment
    index = len(state.inbox)
    time = Millis(moment.time)
    item = InboxItem(
        kind, owner, sub, Micros(amount), time, asset, market, price, other, publisher, told
    )
    accumulator = accumulate(accumulator_at(state, index), item)
    state.inbox.put(index, QueuedItem(index, item, moment.block, accumulator))
    context.emit(
        ItemQueued(
            index,
            int(kind),
            owner,
            sub,
            amount,
            accumulator,
            asset,
            market,
            price,
            other,
            publisher,
            told,
        )
    )
    return index


HANDLERS: Final[Handlers] = {
    Deposit: deposit,
    ForceWithdraw: force_withdraw,
    ForceCancelAll: force_cancel_all,
    ForceClose: force_close,
    ForceRevoke: force_revoke,
    ForcePoke: force_poke,
    QueueOracle: queue_oracle,
}
