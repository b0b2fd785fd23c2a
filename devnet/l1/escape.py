"""Ways out, as the stub tells them: what is for sale, and how far the end has come."""

from typing import Final

from proto.sextant.v1 import l1_pb2
from prover.contract.escape import NOTHING_OWED, name_of
from prover.contract.freeze import freeze_from
from prover.contract.rules import ContractRules
from prover.contract.state import ContractState
from statemachine.inbox import InboxKind

SALES_MAX: Final = 1_000
REFUNDABLE_MAX: Final = 1_000
REGISTRATIONS_MAX: Final = 1_000


def escape_message(
    state: ContractState, rules: ContractRules, request: l1_pb2.L1GetEscapeRequest
) -> l1_pb2.L1Escape:
    """Return what the contract holds of a freeze, of the books, and of an owner's claims."""
    frozen, books = state.frozen.record, state.books.record
    newest = state.claims[state.newest_final if books is None else books.claim]
    consumed = newest.output.inbox_index
    message = l1_pb2.L1Escape(
        claim=newest.number,
        log_index=newest.output.log_index,
        root=newest.output.post_root,
        inbox_consumed=consumed,
        inbox_count=len(state.inbox),
        freeze_from_ms=freeze_from(state, rules),
        claims_pending=len(state.pending),
        pending_until_ms=max(
            (state.claims[number].time + rules.window_ms for number in state.pending), default=0
        ),
        pots=[
            l1_pb2.L1Pot(
                asset=asset,
                price=pot.price,
                lot_units=pot.lot_units,
                refundable=pot.refundable,
                amount=pot.amount,
            )
            for asset, pot in state.pots.items()
        ],
        registered=[
            name_of(one.kind, one.account, one.place) in state.registered
            for one in request.registrations[:REGISTRATIONS_MAX]
        ],
    )
    if frozen is not None:
        message.frozen = True
        message.frozen_ms, message.reason = frozen.time, frozen.reason
        message.inbox_index = frozen.inbox_index
    if books is not None:
        message.open = True
        message.closes_ms = books.opened_at + rules.escape_ms
        message.claims_micros, message.held_micros = books.claims, books.held
    if request.HasField("owner"):
        owed = state.owed.get(request.owner, NOTHING_OWED)
        message.owed.equity_micros, message.owed.debt_micros = owed.equity, owed.debt
        message.owed.paid = owed.paid == 1
        message.refundable.extend(refundable(state, consumed, request.owner))
    return message


def refundable(state: ContractState, consumed: int, owner: bytes) -> list[int]:
    """Return the deposits of an owner that no final claim consumed and that were not refunded."""
    found = [
        queued.index
        for queued in state.inbox[consumed:]
        if queued.item.owner == owner
        and queued.item.kind is InboxKind.DEPOSIT
        and queued.index not in state.refunded
    ]
    return found[:REFUNDABLE_MAX]


def sales_page(state: ContractState, request: l1_pb2.L1ListSalesRequest) -> l1_pb2.L1SalesPage:
    """Return the sales after one of them, in the order of their names."""
    names = sorted(
        name
        for name, sale in state.sales.items()
        if name > request.after and sale.index not in state.paid
    )
    page = l1_pb2.L1SalesPage()
    for name in names[: min(request.sales_max or SALES_MAX, SALES_MAX)]:
        sale = state.sales[name]
        page.sales.add(
            sale=name,
            index=sale.index,
            claim=sale.claim,
            seller=sale.seller,
            buyer=sale.buyer,
            price_micros=sale.price,
            until_ms=sale.until,
        )
    return page


def is_paid(state: ContractState, index: int) -> bool:
    """Return whether a withdrawal was paid, ahead of its claim or not."""
    return index in state.paid or index in state.ahead.values()
