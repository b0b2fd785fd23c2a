"""The read model: the state's records, as messages.

A view reads the flat state through the same records and the same margin rule as
the state machine, so that what a client is shown is what a handler will judge.
"""

from collections.abc import Iterable
from typing import Final, Protocol, final

from node.l1.postings import Posting
from node.ledger import feed
from node.service.answers import Answers, receipt_of, saturate, told_by
from node.service.assets import holdings_of
from node.service.backstops import payable_ppm, vault_view
from node.service.errors import Refused, few
from node.service.fees import fees_view
from node.service.lending import pool_view
from node.service.orders import orders_of
from node.service.positions import position_view
from node.service.previews import preview_action
from proto.sextant.v1 import common_pb2, query_pb2
from statemachine import keys
from statemachine.book.room import orders_limit
from statemachine.identity.budgets import notional_today
from statemachine.records import (
    PORTFOLIO_LIQUIDATING,
    ROLE_AGENT,
    ROLE_REVOKED,
    Portfolio,
    Signer,
    decode_account,
    decode_signer,
)
from statemachine.risk.margin import margin_of
from statemachine.risk.pool import unsettled_interest
from statemachine.state import State

ADDRESS_BYTES: Final = 20
SUBS: Final = range(256)
ORDERS_MAX: Final = 8_192
"""Orders in one answer: more would hold up everything else."""


class Whose(Protocol):
    """A request that names an account, or an address of it."""

    address: bytes
    account: int

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return which of the two is given."""
        ...


def subs_of(request: query_pb2.GetAccountRequest) -> Iterable[int]:
    """Return the sub-accounts to show, each once: those named, or all."""
    few(request.subs, len(SUBS), "sub-accounts")
    for sub in request.subs:
        if sub not in SUBS:
            raise Refused("ARGUMENT_INVALID", f"sub-accounts are 0 to 255, not {sub}")
    return dict.fromkeys(request.subs) or SUBS


@final
class Views:
    """Reads of one node's state."""

    def __init__(self, ledger: feed.Ledger, answers: Answers) -> None:
        self.ledger = ledger
        self.answers = answers

    def open(self) -> State:
        """Return the state as it is now, for reads that belong together."""
        return State(self.ledger.store, self.ledger.rules)

    # Accounts

    def signer(self, address: bytes) -> Signer:
        """Return what an address may sign for."""
        if len(address) != ADDRESS_BYTES:
            raise Refused("ARGUMENT_INVALID", f"an address has 20 bytes, this one {len(address)}")
        key = keys.signer_key(address)
        data = self.ledger.store.get(key)
        if data is None:
            raise Refused("NOT_FOUND", f"0x{address.hex()} has no account here; deposit first")
        return decode_signer(key, data)

    def need_account(self, request: Whose) -> int:
        """Return the account that a request names."""
        which = request.WhichOneof("who")
        if which == "address":
            return self.signer(request.address).account
        if which != "account":
            raise Refused("ARGUMENT_INVALID", "name an address or an account")
        self.owner(request.account)
        return request.account

    def owner(self, account: int) -> bytes:
        """Return the address that owns an account."""
        data = self.ledger.store.get(keys.account_key(account))
        if data is None:
            raise Refused("NOT_FOUND", f"there is no account {account}")
        return decode_account(data)

    def account_view(self, request: query_pb2.GetAccountRequest) -> query_pb2.Account:
        """Return balances, margin, positions and orders of an account."""
        account = self.need_account(request)
        state = self.open()
        answer = query_pb2.Account(
            height=state.cursor.height,
            time_ms=state.cursor.time,
            account=account,
            owner=self.owner(account),
            payable_ppm=payable_ppm(state),
        )
        orders = 0
        for sub in subs_of(request):
            portfolio = state.portfolio(account << 8 | sub)
            if portfolio is not None:
                orders += portfolio.open_orders if request.with_orders else 0
                if orders > ORDERS_MAX:
                    raise Refused(
                        "ARGUMENT_INVALID",
                        f"more than {ORDERS_MAX} orders: name fewer sub-accounts",
                        most=str(ORDERS_MAX),
                    )
                view = self.portfolio_view(state, portfolio, with_orders=request.with_orders)
                answer.portfolios.append(view)
        return answer

    def vault_view(self, request: query_pb2.GetVaultRequest) -> query_pb2.Vault:
        """Return a market's backstop vault, and what somebody has in it."""
        named = request.WhichOneof("who") is not None
        return vault_view(self.open(), request.market, self.need_account(request) if named else 0)

    def pool_view(self, request: query_pb2.GetPoolRequest) -> query_pb2.Pool:
        """Return the lending pool, and what somebody has in it."""
        named = request.WhichOneof("who") is not None
        return pool_view(self.open(), self.need_account(request) if named else 0)

    def fees_view(self, request: query_pb2.GetFeesRequest) -> query_pb2.Fees:
        """Return what is paid, by anybody or by somebody."""
        named = request.WhichOneof("who") is not None
        if request.sub not in SUBS:
            raise Refused("ARGUMENT_INVALID", f"sub-accounts are 0 to 255, not {request.sub}")
        return fees_view(self.open(), self.need_account(request) if named else 0, request.sub)

    def portfolio_view(
        self, state: State, portfolio: Portfolio, *, with_orders: bool
    ) -> query_pb2.PortfolioState:
        """Return one portfolio."""
        margin = margin_of(state, portfolio)
        free = margin.free
        number = portfolio.portfolio
        return query_pb2.PortfolioState(
            account=number >> 8,
            sub=number & 255,
            balance_micros=saturate(portfolio.balance),
            equity_micros=saturate(margin.equity),
            equity_initial_micros=saturate(margin.equity_initial),
            initial_margin_micros=saturate(margin.initial),
            maintenance_margin_micros=saturate(margin.maintenance),
            available_micros=saturate(max(0, free)),
            withdrawable_micros=saturate(max(0, min(free, portfolio.balance))),
            liquidating=bool(portfolio.flags & PORTFOLIO_LIQUIDATING),
            positions=[
                position_view(state, portfolio, position, margin)
                for position in state.all_positions(portfolio)
            ],
            orders=list(orders_of(state, number)) if with_orders else (),
            open_orders=portfolio.open_orders,
            open_orders_max=orders_limit(state.rules, portfolio),
            cancel_at_ms=portfolio.cancel_at,
            assets=holdings_of(state, portfolio, margin),
            loan_micros=saturate(max(0, -portfolio.balance)),
            loan_interest_micros=saturate(unsettled_interest(state, portfolio)),
            loan_margined_micros=saturate(max(0, -margin.cushion)),
        )

    # Previews

    def preview_view(
        self, request: query_pb2.PreviewRequest, account: int
    ) -> query_pb2.PreviewResponse:
        """Return what an action of ``account``'s signer would do."""
        cursor = self.ledger.cursor
        now = max(self.ledger.status().time, cursor.time + 1)
        preview = preview_action(
            self.ledger.store,
            self.ledger.rules,
            request.signer,
            request.transaction,
            cursor.height,
            now,
        )
        state = State(preview.store, self.ledger.rules)
        answer = query_pb2.PreviewResponse(height=cursor.height, time_ms=now)
        answer.receipts.extend(map(told_by, preview.receipts))
        for sub in preview.subs_of(account):
            portfolio = state.portfolio(account << 8 | sub)
            if portfolio is not None:
                view = self.portfolio_view(state, portfolio, with_orders=False)
                answer.after.append(view)
        return answer

    # Blocks

    def block_of(
        self, block: feed.SealedBlock, *, with_frame: bool, with_receipts: bool
    ) -> query_pb2.Block:
        """Return a block."""
        answer = query_pb2.Block(
            header=self.answers.header_of(block),
            frame_bytes=len(block.frame),
            transactions=len(block.hashes),
            inbox=[item.encode() for item in block.inbox],
            inbox_from=block.inbox_from,
            segment_roots=block.roots,
            stage=self.stage_of(block.height),
        )
        posting = self.posting_of(block.height)
        if posting is not None:
            answer.log_index = posting.log_index
        if with_frame:
            answer.frame = block.frame
        if with_receipts:
            answer.receipts.extend(
                receipt_of(block, leaf, receipt, with_path=False)
                for leaf, receipt in enumerate(block.receipts)
            )
        return answer

    def posting_of(self, height: int) -> Posting | None:
        """Return the log entry that carries a block, if there is one and it is known."""
        return self.ledger.posted(height) if height <= self.ledger.status().safe.height else None

    def stage_of(self, height: int) -> common_pb2.Stage:
        """Return how far a block has come."""
        status = self.ledger.status()
        if height <= status.final.height:
            return common_pb2.STAGE_FINAL
        if height <= status.safe.height:
            return common_pb2.STAGE_POSTED
        return common_pb2.STAGE_SEQUENCED

    def signer_view(self, address: bytes) -> query_pb2.Signer:
        """Return who an address signs for."""
        signer = self.signer(address)
        return query_pb2.Signer(
            address=address,
            account=signer.account,
            is_agent=signer.role == ROLE_AGENT,
            revoked=signer.role == ROLE_REVOKED,
            expires_at_ms=signer.expires_at,
            actions=signer.kinds,
            markets=signer.markets,
            notional_per_day_micros=signer.notional_max,
            loss_per_day_micros=signer.loss_max,
            notional_today_micros=notional_today(signer, self.ledger.status().time),
        )
