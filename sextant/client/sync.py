"""``Client``: the same client without ``await``.

There is one implementation, ``AsyncClient``.  Here it runs on an event loop
in a thread of its own, and each method waits for its answer; so a
``Client`` may be shared between threads.
"""

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from prover.contract.fees import FeePolicy
from sextant.client.anchors import Anchor, Trust
from sextant.client.api import AsyncClient
from sextant.client.attesters import Attesters
from sextant.client.connection import DEFAULT_TARGET, TIMEOUT_S
from sextant.client.environment import FOLLOWER, L1, NODE
from sextant.client.escape import Escape
from sextant.client.l1_sender import POLICY, OnRaised
from sextant.client.market import Market
from sextant.client.models import Order
from sextant.client.names import OrderRef
from sextant.client.proved_margin import ProvedMargin
from sextant.client.receipt_store import ReceiptStore
from sextant.client.sales import Sales
from sextant.client.secret import Secret
from sextant.client.state_reads import ProvedAccount, ProvedPosition, Who
from sextant.client.sync_exits import SyncAttesters, SyncEscape, SyncSales
from sextant.client.verified import ORDERS, ProvedBook, Verified

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

JOIN_S: Final = 5.0


def waiting(
    method: Callable[Concatenate[AsyncClient, Parameters], Awaitable[Answer]],
) -> Callable[Concatenate["Client", Parameters], Answer]:
    """Return the form of a method that waits for its answer."""

    @functools.wraps(method)
    def call(client: "Client", /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        return client.wait_for(method(client.core, *args, **kwargs))

    return call


def iterating(
    method: Callable[Concatenate[AsyncClient, Parameters], AsyncGenerator[Answer, None]],
) -> Callable[Concatenate["Client", Parameters], Iterator[Answer]]:
    """Return the form of a feed that is an ordinary iterator."""

    @functools.wraps(method)
    def call(
        client: "Client", /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Iterator[Answer]:
        feed = method(client.core, *args, **kwargs)
        try:
            while True:
                try:
                    yield client.wait_for(anext(feed))
                except StopAsyncIteration:
                    return
        finally:
            client.wait_for(feed.aclose())

    return call


class SyncVerified:
    """Reads under one anchor, each waiting for its answer; see ``Verified``."""

    def __init__(self, client: "Client", core: Verified) -> None:
        self.client = client
        self.core = core

    @property
    def anchor(self) -> Anchor:
        """The claim on L1 that all answers follow from."""
        return self.core.anchor

    @property
    def time_ms(self) -> int:
        """Chain time of the state; known after the first read."""
        return self.core.time_ms

    def account(self, who: Who) -> ProvedAccount | None:
        """Return an account with all its sub-accounts; ``None`` is proved: there is none."""
        return self.client.wait_for(self.core.account(who))

    def margin(self, who: Who, *, sub: int = 0) -> ProvedMargin | None:
        """Return a sub-account's margin; ``None`` is proved: there is no such one."""
        return self.client.wait_for(self.core.margin(who, sub=sub))

    def position(
        self, who: Who, which: str | int | Market, *, sub: int = 0
    ) -> ProvedPosition | None:
        """Return a position; ``None`` is proved: the sub-account has none in this market."""
        return self.client.wait_for(self.core.position(who, which, sub=sub))

    def order(self, ref: OrderRef, who: Who, *, sub: int = 0) -> Order | None:
        """Return an open order by its number or client id; ``None`` is proved: not open."""
        return self.client.wait_for(self.core.order(ref, who, sub=sub))

    def orders(self, who: Who, *, sub: int = 0) -> list[Order]:
        """Return all open orders of a sub-account, by market and age."""
        return self.client.wait_for(self.core.orders(who, sub=sub))

    def book(self, which: str | int | Market, *, orders: int = ORDERS) -> ProvedBook:
        """Return the best orders of both sides, up to about ``orders`` each."""
        return self.client.wait_for(self.core.book(which, orders=orders))


class Client:
    """A synchronous client of one node; parameters and methods are ``AsyncClient``'s.

    Examples
    --------
    >>> with Client(key=load_key()) as client:
    ...     client.place("BTC", "buy", "0.5", limit="65000")
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        key: Secret | None = None,
        sub: int = 0,
        timeout: float = TIMEOUT_S,
        verify: bool = True,
        sequencer: bytes | None = None,
        l1: str | None = None,
        l1_policy: FeePolicy = POLICY,
        l1_raised: OnRaised | None = None,
        follower: str | None = None,
        receipts: ReceiptStore | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="sextant-client", daemon=True
        )
        self._thread.start()

        async def build() -> AsyncClient:
            # The channel belongs to the loop that is running when it is made.
            return AsyncClient(
                target,
                key=key,
                sub=sub,
                timeout=timeout,
                verify=verify,
                sequencer=sequencer,
                l1=l1,
                l1_policy=l1_policy,
                l1_raised=l1_raised,
                follower=follower,
                receipts=receipts,
            )

        self.core = self.wait_for(build())

    @classmethod
    def from_environment(cls, *, key: Secret | None = None, sub: int = 0) -> Self:
        """Return a client with the places that the environment names.

        See ``sextant.client.environment``; without a key it only reads.
        """
        return cls(NODE.resolve(), key=key, sub=sub, l1=L1.resolve(), follower=FOLLOWER.resolve())

    def __enter__(self) -> Self:
        """Return itself; the first call connects."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection and stop the thread; closing twice is harmless."""
        if self._loop.is_closed():
            return
        self.wait_for(self.core.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN_S)
        self._loop.close()

    def wait_for(self, work: Awaitable[Answer]) -> Answer:
        """Run ``work`` on the client's loop and return its result."""

        async def run() -> Answer:
            return await work

        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @property
    def address(self) -> bytes:
        """The address that signs."""
        return self.core.address

    def verified(self, trust: Trust = Trust.FINAL, *, claim: int | None = None) -> SyncVerified:
        """Return a reader whose answers follow from one claim on L1, whatever the node says."""
        return SyncVerified(self, self.wait_for(self.core.verified(trust, claim=claim)))

    def escape(self) -> SyncEscape:
        """Return the end of the exchange: freeze it, register claims, be paid."""

        async def build() -> Escape:
            return Escape(self.core)

        return SyncEscape(self, self.wait_for(build()))

    def sales(self) -> SyncSales:
        """Return the market for withdrawals that are not final yet."""

        async def build() -> Sales:
            return Sales(self.core)

        return SyncSales(self, self.wait_for(build()))

    def attesters(self) -> SyncAttesters:
        """Return who vouches for claims; ``claim_withdrawal(.., ahead=True)`` relies on them."""

        async def build() -> Attesters:
            return Attesters(self.core)

        return SyncAttesters(self, self.wait_for(build()))

    status = waiting(AsyncClient.status)
    sync_clock = waiting(AsyncClient.sync_clock)
    markets = waiting(AsyncClient.markets)
    market = waiting(AsyncClient.market)
    tickers = waiting(AsyncClient.tickers)
    ticker = waiting(AsyncClient.ticker)
    book = waiting(AsyncClient.book)
    trades = waiting(AsyncClient.trades)
    account = waiting(AsyncClient.account)
    fees = waiting(AsyncClient.fees)
    assets = waiting(AsyncClient.assets)
    asset = waiting(AsyncClient.asset)
    signer = waiting(AsyncClient.signer)
    order = waiting(AsyncClient.order)
    block = waiting(AsyncClient.block)
    transaction = waiting(AsyncClient.transaction)
    wait_stage = waiting(AsyncClient.wait_stage)
    withdrawals = waiting(AsyncClient.withdrawals)
    withdrawal = waiting(AsyncClient.withdrawal)
    proof = waiting(AsyncClient.proof)

    sign = waiting(AsyncClient.sign)
    sign_many = waiting(AsyncClient.sign_many)
    send = waiting(AsyncClient.send)
    submit = waiting(AsyncClient.submit)
    submit_signed = waiting(AsyncClient.submit_signed)
    execute = waiting(AsyncClient.execute)

    place = waiting(AsyncClient.place)
    place_many = waiting(AsyncClient.place_many)
    bulk = waiting(AsyncClient.bulk)
    replace = waiting(AsyncClient.replace)
    cancel = waiting(AsyncClient.cancel)
    cancel_all = waiting(AsyncClient.cancel_all)
    modify = waiting(AsyncClient.modify)
    close_position = waiting(AsyncClient.close_position)
    place_bracket = waiting(AsyncClient.place_bracket)
    place_twap = waiting(AsyncClient.place_twap)
    place_scale = waiting(AsyncClient.place_scale)
    cancel_after = waiting(AsyncClient.cancel_after)

    withdraw = waiting(AsyncClient.withdraw)
    transfer = waiting(AsyncClient.transfer)
    withdraw_asset = waiting(AsyncClient.withdraw_asset)
    transfer_asset = waiting(AsyncClient.transfer_asset)
    buy_collateral = waiting(AsyncClient.buy_collateral)
    send_usdc = waiting(AsyncClient.send_usdc)
    approve_agent = waiting(AsyncClient.approve_agent)
    set_referrer = waiting(AsyncClient.set_referrer)
    approve_builder = waiting(AsyncClient.approve_builder)
    set_leverage = waiting(AsyncClient.set_leverage)
    set_market_state = waiting(AsyncClient.set_market_state)
    set_margin = waiting(AsyncClient.set_margin)
    revoke_agent = waiting(AsyncClient.revoke_agent)
    poke = waiting(AsyncClient.poke)

    create_fund = waiting(AsyncClient.create_fund)
    deposit_fund = waiting(AsyncClient.deposit_fund)
    withdraw_fund = waiting(AsyncClient.withdraw_fund)
    fund = waiting(AsyncClient.fund)
    funds = waiting(AsyncClient.funds)

    l1_account = waiting(AsyncClient.l1_account)
    upgrades = waiting(AsyncClient.upgrades)
    deposit = waiting(AsyncClient.deposit)
    force_withdraw = waiting(AsyncClient.force_withdraw)
    force_cancel_all = waiting(AsyncClient.force_cancel_all)
    force_close = waiting(AsyncClient.force_close)
    force_revoke = waiting(AsyncClient.force_revoke)
    force_poke = waiting(AsyncClient.force_poke)
    force_oracle = waiting(AsyncClient.force_oracle)
    inbox_deadline_ms = waiting(AsyncClient.inbox_deadline_ms)
    wait_forced = waiting(AsyncClient.wait_forced)
    claim_withdrawal = waiting(AsyncClient.claim_withdrawal)

    watch_book = iterating(AsyncClient.watch_book)
    watch_trades = iterating(AsyncClient.watch_trades)
    watch_account = iterating(AsyncClient.watch_account)
    watch_blocks = iterating(AsyncClient.watch_blocks)
    watch_markets = iterating(AsyncClient.watch_markets)
