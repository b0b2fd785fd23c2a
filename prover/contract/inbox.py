"""The inbox: deposits and forced actions, which the sequencer cannot refuse.

Items are numbered from 0 and hashed into an accumulator, which is stored with
each item: ``acc[0]`` is 32 zero bytes, ``acc[i + 1]`` is
``sha256(0x25 | acc[i] | item_hash(item i))``.
"""

from hashlib import sha256
from typing import Final

from prover.contract.bank import take_deposit
from prover.contract.calls import Deposit, ForceWithdraw
from prover.contract.codes import ContractCode, require
from prover.contract.context import Context
from prover.contract.events import ItemQueued
from prover.contract.records import QueuedItem
from prover.contract.state import ContractState
from prover.faults import item_hash
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis

ACCUMULATOR_EMPTY: Final = bytes(32)
TAG_ACCUMULATOR: Final = b"\x25"
SUBS_MAX: Final = 256
ADDRESS_BYTES: Final = 20


def accumulate(accumulator: bytes, item: InboxItem) -> bytes:
    """Return the accumulator after ``item``."""
    return sha256(TAG_ACCUMULATOR + accumulator + item_hash(item.encode())).digest()


def accumulator_at(state: ContractState, count: int) -> bytes:
    """Return the accumulator of the first ``count`` items."""
    return state.inbox[count - 1].accumulator if count else ACCUMULATOR_EMPTY


def deposit(context: Context, call: Deposit) -> int:
    """Take tokens into escrow and queue the deposit; return the item's index."""
    # READ
    held = context.state.account_of(context.sender).token

    # CHECKS, in the order of their codes
    require(
        len(call.owner) == ADDRESS_BYTES and any(call.owner),
        ContractCode.OWNER,
        f"owner {call.owner.hex()} is not an address",
    )
    check_sub(call.sub)
    require(
        call.amount >= context.rules.deposit_micros_min,
        ContractCode.AMOUNT,
        f"deposit of {call.amount}, the minimum is {context.rules.deposit_micros_min} micros",
    )
    require(
        held >= call.amount,
        ContractCode.TOKEN_BALANCE,
        f"deposit of {call.amount}, the sender holds {held} micros",
    )

    # EFFECTS
    take_deposit(context.state, context.sender, call.amount)
    return queue(context, InboxKind.DEPOSIT, call.owner, call.sub, call.amount)


def force_withdraw(context: Context, call: ForceWithdraw) -> int:
    """Queue a withdrawal of the sender's own money; return the item's index."""
    check_sub(call.sub)
    return queue(context, InboxKind.FORCED_WITHDRAW, context.sender, call.sub, call.amount)


def check_sub(sub: int) -> None:
    """Refuse a sub-account that cannot exist."""
    require(sub < SUBS_MAX, ContractCode.SUB, f"sub-account {sub}, need 0 to {SUBS_MAX - 1}")


def queue(context: Context, kind: InboxKind, owner: bytes, sub: int, amount: int) -> int:
    """Store an item and announce it."""
    state, moment = context.state, context.moment
    index = len(state.inbox)
    item = InboxItem(kind, owner, sub, Micros(amount), Millis(moment.time))
    accumulator = accumulate(accumulator_at(state, index), item)
    state.put_item(QueuedItem(index, item, moment.block, accumulator))
    context.emit(ItemQueued(index, int(kind), owner, sub, amount, accumulator))
    return index
