"""The escape: what a frozen exchange holds is shared out by its last final state.

====================  =======================================================
when                  what
====================  =======================================================
no claim is pending   ``open_escape``: the newest final claim is the last, and
                      its state shows prices, and which deposits it credited
for ``escape_ms``     anyone registers anything that is worth something or
                      owes something (:mod:`prover.equity`), for its owner
from then on          ``pay_escape``: an owner gets, of every asset, ``floor(
                      net * held of it / max(held in all, claims in all))``
any time after        ``refund_deposit``: what the state never credited goes
opening               back whole, and is no part of what is held
====================  =======================================================

``net`` is what was registered for an owner, less what was registered against him.
So payment is in kind, at ``min(1, held / claims)``, and there is no race; whoever
is insolvent in one portfolio cannot be paid for another while others register
the first.  What nobody claims stays where it is.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from prover.contract.bank import escrow_of, pay_withdrawal
from prover.contract.calls import (
    OpenEscape,
    PayEscape,
    RefundDeposit,
    RegisterPortfolio,
    RegisterShare,
    RegisterWithdrawal,
)
from prover.contract.codes import ContractCode, Refusal, require
from prover.contract.context import Context, Handlers
from prover.contract.events import (
    DepositRefunded,
    EscapeOpened,
    EscapePaid,
    PortfolioRegistered,
    ShareRegistered,
    WithdrawalRegistered,
)
from prover.contract.prices import POT_GAS
from prover.contract.proofs import read_proof
from prover.contract.records import UINT_LIMIT, Books, Owed, Pot
from prover.contract.versions import rules_of_entry
from prover.contract.withdrawals import beneficiary, sale_of
from prover.durations import tell_moment
from prover.equity import (
    Worth,
    committed_sums,
    worth_of_portfolio,
    worth_of_share,
    worth_of_withdrawal,
)
from statemachine.codec import pack
from statemachine.inbox import InboxKind
from statemachine.keys import withdrawal_key
from statemachine.state import State
from statemachine.units import div_floor

Found = TypeVar("Found")
NOTHING_OWED: Final = Owed()
OF_PORTFOLIO: Final = 0
"""Kind of a registration that is of no shares."""


# What state says


def read_state(context: Context, claim: int, proof: bytes, read: Callable[[State], Found]) -> Found:
    """Return what ``read`` finds in the state under a claim; refuse a proof of too little."""
    output = context.state.claims[claim].output
    rules = rules_of_entry(context.rules, context.state, output.log_index)
    code = ContractCode.STATE_PROOF
    return read_proof(
        context, proof, output.post_root, code, lambda store: read(State(store, rules))
    )


# Opening


def open_escape(context: Context, call: OpenEscape) -> int:
    """Open the books; return when they are shut, in ms."""
    # READ
    state, now = context.state, context.moment.time

    # CHECKS, in the order of their codes
    check_frozen(context)
    require(
        not state.pending,
        ContractCode.CLAIMS_PENDING,
        f"{len(state.pending)} claims are pending, the last is final "
        f"{context.rules.window_ms} ms after it was proposed",
    )
    require(state.books.record is None, ContractCode.BOOKS_OPEN, "the books are open already")
    claim = state.newest_final
    sums = read_state(context, claim, call.proof, lambda found: list(committed_sums(found)))

    # EFFECTS
    for committed in sums:
        asset = committed.asset
        uncredited = max(0, state.deposited.get(asset, 0) - committed.deposits)
        state.pots.put(asset, Pot(committed.price, committed.lot_units, uncredited))
    state.books.put(Books(claim, now))
    closes = now + context.rules.escape_ms
    context.emit(EscapeOpened(claim, closes))
    return closes


def check_frozen(context: Context) -> None:
    """Refuse to share out what an exchange that goes on holds."""
    require(
        context.state.frozen.record is not None,
        ContractCode.NOT_FROZEN,
        "the exchange is not frozen",
    )


def check_books(context: Context) -> Books:
    """Return the books; refuse while there are none."""
    check_frozen(context)
    books = context.state.books.record
    if books is None:
        raise Refusal(ContractCode.BOOKS_SHUT, "nobody has opened the books yet")
    return books


def check_window(context: Context) -> Books:
    """Return the books while claims may be registered."""
    books = check_books(context)
    closes = books.opened_at + context.rules.escape_ms
    require(
        context.moment.time < closes,
        ContractCode.WINDOW_OVER,
        f"claims could be registered until {tell_moment(closes, context.moment.time)}",
    )
    return books


# Registering


def register_portfolio(context: Context, call: RegisterPortfolio) -> int:
    """Count a portfolio for or against its owner; return its equity or debt in micros."""
    # READ
    account, sub = call.account, call.sub

    # CHECKS, in the order of their codes
    books = check_window(context)
    name = check_new(context, OF_PORTFOLIO, account, sub)
    worth = read_worth(
        context, books, call.proof, lambda state: worth_of_portfolio(state, account, sub)
    )

    # EFFECTS
    context.state.registered.put(name, None)
    owed = count(context, books, worth)
    equity, debt = max(0, worth.micros), max(0, -worth.micros)
    context.emit(PortfolioRegistered(account, sub, worth.owner, equity, debt, owed.net))
    return equity or debt


def register_share(context: Context, call: RegisterShare) -> int:
    """Count shares for their owner; return what they are worth in micros."""
    # READ
    kind, account, place = call.kind, call.account, call.place

    # CHECKS, in the order of their codes
    books = check_window(context)
    name = check_new(context, kind, account, place)
    worth = read_worth(
        context, books, call.proof, lambda state: worth_of_share(state, kind, account, place)
    )

    # EFFECTS
    context.state.registered.put(name, None)
    count(context, books, worth)
    context.emit(ShareRegistered(kind, place, account, worth.owner, worth.micros))
    return worth.micros


def register_withdrawal(context: Context, call: RegisterWithdrawal) -> int:
    """Count an unpaid withdrawal for its owner; return what it is worth in micros."""
    # CHECKS, in the order of their codes
    require(
        call.index not in context.state.paid,
        ContractCode.WITHDRAWAL_PAID,
        f"withdrawal {call.index} was paid or registered before",
    )
    books = check_window(context)
    worth = read_worth(
        context, books, call.proof, lambda state: worth_to_payee(context, state, call)
    )

    # EFFECTS
    context.state.paid.put(call.index, None)
    count(context, books, worth)
    context.emit(WithdrawalRegistered(call.index, worth.owner, worth.micros))
    return worth.micros


def worth_to_payee(context: Context, state: State, call: RegisterWithdrawal) -> Worth | None:
    """Return what a withdrawal is worth, to its owner or to whoever bought it."""
    worth, leaf = (
        worth_of_withdrawal(state, call.index),
        state.store.get(withdrawal_key(call.index)),
    )
    if worth is None or leaf is None or sale_of(call.index, leaf) in context.state.ahead:
        return None
    payee = beneficiary(context.state, sale_of(call.index, leaf), worth.owner)
    return Worth(payee, worth.micros)


def check_new(context: Context, kind: int, account: int, place: int) -> bytes:
    """Return the name of what is registered; refuse it the second time."""
    name = name_of(kind, account, place)
    require(
        name not in context.state.registered,
        ContractCode.REGISTERED,
        f"account {account}, place {place} was registered before",
    )
    return name


def name_of(kind: int, account: int, place: int) -> bytes:
    """Return the name under which a portfolio (0) or shares are registered."""
    return pack([kind, account, place])


def read_worth(
    context: Context, books: Books, proof: bytes, read: Callable[[State], Worth | None]
) -> Worth:
    """Return what is proved to be worth something, or to owe something."""
    worth = read_state(context, books.claim, proof, read)
    if worth is None:
        raise Refusal(ContractCode.NO_CLAIM, "the last state knows no such claim")
    require(
        abs(worth.micros) < UINT_LIMIT >> 16,
        ContractCode.NO_CLAIM,
        f"{worth.micros} micros are more than all money there is",
    )
    return worth


def count(context: Context, books: Books, worth: Worth) -> Owed:
    """Add to what an owner is owed or owes, and to the sum of all that is owed."""
    state = context.state
    before = state.owed.get(worth.owner, NOTHING_OWED)
    after = replace(
        before,
        equity=before.equity + max(0, worth.micros),
        debt=before.debt + max(0, -worth.micros),
    )
    state.owed.put(worth.owner, after)
    state.books.put(replace(books, claims=books.claims + after.net - before.net))
    return after


# Paying


def refund_deposit(context: Context, call: RefundDeposit) -> int:
    """Give back a deposit that was never credited; return the amount."""
    # READ
    state, index = context.state, call.index
    item = state.inbox[index].item if index < len(state.inbox) else None

    # CHECKS, in the order of their codes
    if item is not None and item.kind is InboxKind.DEPOSIT and index not in state.refunded:
        escrowed = escrow_of(state, item.asset)
        require(
            item.amount <= escrowed,
            ContractCode.ESCROW,
            f"deposit of {item.amount}, the escrow holds {escrowed}",
        )
    books = check_books(context)
    first = state.claims[books.claim].output.inbox_index
    if item is None or index < first or item.kind is not InboxKind.DEPOSIT:
        raise Refusal(
            ContractCode.DEPOSIT_CREDITED,
            f"item {index} is no deposit from {first} on, the last the exchange did not credit",
        )
    require(index not in state.refunded, ContractCode.PAID_OUT, f"item {index} was refunded")

    # EFFECTS
    pot = state.pots[item.asset]
    state.refunded.put(index, None)
    state.pots.put(item.asset, replace(pot, refundable=pot.refundable - item.amount))
    pay_withdrawal(state, item.owner, item.amount, item.asset)
    context.emit(DepositRefunded(index, item.owner, item.amount, item.asset))
    return item.amount


def pay_escape(context: Context, call: PayEscape) -> int:
    """Pay an owner his part of every asset; return what he had registered, in micros."""
    # READ
    state, now = context.state, context.moment.time
    owed = state.owed.get(call.owner, NOTHING_OWED)

    # CHECKS, in the order of their codes
    books = check_books(context)
    closes = books.opened_at + context.rules.escape_ms
    require(
        now >= closes,
        ContractCode.WINDOW_OPEN,
        f"claims can be registered until {tell_moment(closes, now)}",
    )
    require(not owed.paid, ContractCode.PAID_OUT, f"{call.owner.hex()} was paid before")
    require(owed.net > 0, ContractCode.NO_CLAIM, f"nothing is owed to {call.owner.hex()}")
    context.meter.charge(len(state.pots) * POT_GAS)

    # EFFECTS
    if not books.shut:
        books = shut_books(context, books)
    state.owed.put(call.owner, replace(owed, paid=1))
    whole = max(books.held, books.claims)
    for asset, pot in state.pots.items():
        amount = div_floor(owed.net * pot.amount, whole)
        if amount:
            pay_withdrawal(state, call.owner, amount, asset)
            context.emit(EscapePaid(call.owner, amount, asset))
    return owed.net


def shut_books(context: Context, books: Books) -> Books:
    """Note what there is to share out, as the first owner is paid."""
    state, held = context.state, 0
    for asset, pot in list(state.pots.items()):
        amount = max(0, escrow_of(state, asset) - pot.refundable)
        state.pots.put(asset, replace(pot, amount=amount))
        held += div_floor(amount * pot.price, pot.lot_units)
    shut = replace(books, held=held, shut=1)
    state.books.put(shut)
    return shut


HANDLERS: Final[Handlers] = {
    OpenEscape: open_escape,
    PayEscape: pay_escape,
    RefundDeposit: refund_deposit,
    RegisterPortfolio: register_portfolio,
    RegisterShare: register_share,
    RegisterWithdrawal: register_withdrawal,
}
