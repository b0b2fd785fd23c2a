"""Orders: place, cancel, modify; one at a time, in bulks, or many at once.

A single order raises when it is refused.  Many orders never raise for one
of them: each gets an outcome of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sextant.client.amounts import Amount, Rounding, from_micros
from sextant.client.market import Market
from sextant.client.models import Order, Side
from sextant.client.names import ClientId, OrderRef, new_client_id, read_ref
from sextant.client.orders import (
    SLIPPAGE,
    NewOrder,
    TimeInForce,
    compose_modify,
    compose_order,
    read_side,
)
from sextant.client.reads import Reads
from sextant.client.receipts import Placed, Receipt
from sextant.client.refusals import rejection_of
from sextant.errors import BadRequest, ClientError
from statemachine.actions import (
    ATOMIC_LEGS_MAX,
    BULK_LEGS_MAX,
    MARKET_EVERY,
    SIDE_BOTH,
    Bulk,
    Cancel,
    CancelAll,
    Leg,
    PlaceOrder,
)

EXISTS: Final = "CLIENT_ID_EXISTS"
MICRO: Final = Decimal("0.000001")
"""Average prices are rounded to it."""
UNDONE: Final = "ATOMIC"
"""Another leg failed: what that one's receipt says is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one of many orders: ``placed``, or ``error`` with a code."""

    placed: Placed | None
    error: ClientError | None

    @property
    def ok(self) -> bool:
        """Whether the order was taken."""
        return self.placed is not None


class Trading(Reads):
    """A session that can trade."""

    async def place(
        self,
        market: str | int | Market,
        side: Side | str,
        size: Amount,
        *,
        limit: Amount | None = None,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
        client_id: ClientId | None = None,
        rounding: Rounding | None = None,
        slippage: Amount = SLIPPAGE,
        sub: int | None = None,
        peg: Amount | None = None,
    ) -> Placed:
        """Place one order; without ``limit`` a market order, bounded by ``slippage``.

        With ``peg`` it follows the index at that distance, and ``limit`` is its hard limit.

        Every order gets a client id.  Pass your own to make retries safe
        across restarts: placing it again answers ``existed=True`` while it
        is live, and never doubles it.

        Raises
        ------
        BadRequest
            It could not be right; nothing was sent.
        Refused, Rejected
            The node or the rules said no.
        """
        order = NewOrder(
            market=market,
            side=side,
            size=size,
            limit=limit,
            time_in_force=time_in_force,
            post_only=post_only,
            reduce_only=reduce_only,
            client_id=client_id,
            rounding=rounding,
            slippage=slippage,
            sub=sub,
            peg=peg,
        )
        return await self.place_order(order)

    async def place_order(self, order: NewOrder) -> Placed:
        """Place one order, as :meth:`place` does."""
        if order.client_id is None:
            order = replace(order, client_id=new_client_id())
        action = await self.compose(order)
        sequenced = await self.submit(action)
        return self.placed_of(await self.market(order.market), action, sequenced.receipt)

    async def compose(self, order: NewOrder) -> PlaceOrder:
        """Return the action for ``order``, checked; nothing is sent."""
        market = await self.market(order.market)
        if market.state != "active":
            # It may have opened since it was first asked for.
            market = (await self.markets(fresh=True)).find(market.id)
        ticker = None if order.limit is not None else await self.ticker(market)
        watched = order.take_profit if order.stop is None else order.stop
        if ticker is not None and watched is not None:
            # It will trade where it wakes, not where the market is now.
            price = market.price(watched, rounding=order.rounding)
            ticker = replace(ticker, mark=market.show_price(price))
        return compose_order(order, market, sub=self.sub, ticker=ticker)

    async def place_many(
        self, orders: Sequence[NewOrder], *, atomic: bool = False
    ) -> list[Outcome]:
        """Place up to 64 orders under one signature; each has its own outcome.

        With ``atomic`` up to 8, all of them or none.

        Raises
        ------
        BadRequest
            One of them could not be right; nothing was sent.
        Rejected
            With ``atomic``: one was refused, so none was placed.
        """
        actions = [await self.compose(order) for order in orders]
        receipts = await self.bulk(actions, atomic=atomic)
        outcomes = []
        for order, action, receipt in zip(orders, actions, receipts, strict=True):
            market = await self.market(order.market)
            try:
                placed = self.placed_of(market, action, receipt)
                outcomes.append(Outcome(placed=placed, error=None))
            except ClientError as error:
                outcomes.append(Outcome(placed=None, error=error))
        return outcomes

    async def bulk(self, legs: Sequence[Leg], *, atomic: bool = False) -> tuple[Receipt, ...]:
        """Submit up to 64 places, cancels and modifies of one sub-account as one transaction.

        Each leg has its own receipt, and is done or not by itself.  With
        ``atomic`` (up to 8 legs, which together visit few resting orders) all
        of them are done or none.

        Raises
        ------
        BadRequest
            ``BULK``: no legs, too many, or of several sub-accounts.
        Rejected
            With ``atomic``: a leg was refused, and nothing was done.  Carries
            that leg's receipt.
        """
        subs = {leg.sub for leg in legs}
        most = ATOMIC_LEGS_MAX if atomic else BULK_LEGS_MAX
        if not 0 < len(legs) <= most or len(subs) != 1:
            raise BadRequest(
                "BULK",
                f"{len(legs)} legs of {len(subs)} sub-accounts",
                advice=f"use 1 to {most} legs of one sub-account",
            )
        sequenced = await self.submit(Bulk(subs.pop(), tuple(legs), atomic))
        if len(sequenced.receipts) != len(legs):
            # Refused as a whole, before its first leg ran.
            raise rejection_of(sequenced.receipt)
        failed = [r for r in sequenced.receipts if not r.accepted and r.code_name != UNDONE]
        if atomic and failed:
            raise rejection_of(failed[0], await self.market(legs[failed[0].leg].market))
        return sequenced.receipts

    async def replace(self, ref: OrderRef, order: NewOrder) -> Placed:
        """Cancel an order and place another of any kind, in one step: both happen, or neither.

        Unlike :meth:`modify` it may change side, market, kind and terms; it
        never leaves both orders, or none.

        Raises
        ------
        Rejected
            The first order is gone, or the second was refused.  The first one,
            if it was there, still is.
        """
        cancel, placed = await self.replacement(ref, order)
        receipts = await self.bulk((cancel, placed), atomic=True)
        return self.placed_of(await self.market(order.market), placed, receipts[1])

    async def compose_replace(self, ref: OrderRef, order: NewOrder) -> Bulk:
        """Return the action of :meth:`replace`, checked; nothing is sent."""
        legs = await self.replacement(ref, order)
        return Bulk(legs[0].sub, legs, atomic=True)

    async def replacement(self, ref: OrderRef, order: NewOrder) -> tuple[Cancel, PlaceOrder]:
        """Return the two legs of :meth:`replace`."""
        old = await self.order(read_ref(ref), sub=self.sub if order.sub is None else order.sub)
        if order.client_id is None:
            order = replace(order, client_id=new_client_id())
        placed = await self.compose(replace(order, sub=old.sub))
        return Cancel(old.sub, old.market.id, old.order_id), placed

    async def cancel(
        self,
        ref: OrderRef,
        *,
        market: str | int | Market | None = None,
        sub: int | None = None,
    ) -> Receipt:
        """Cancel one order by order id or client id.

        ``market`` saves the question where the order rests.
        """
        found = read_ref(ref)
        place = self.sub if sub is None else sub
        if market is None:
            order = await self.order(found, sub=place)
            number, place = order.market.id, order.sub
        else:
            number = (await self.market(market)).id
        return await self.execute(Cancel(place, number, found))

    async def cancel_all(
        self,
        market: str | int | Market | None = None,
        *,
        side: Side | str | None = None,
        sub: int | None = None,
    ) -> Receipt:
        """Cancel every order of a sub-account in one market, or in all; or of one side."""
        number = MARKET_EVERY if market is None else (await self.market(market)).id
        place = self.sub if sub is None else sub
        taken = SIDE_BOTH
        if side is not None:
            taken = 1 if read_side(side) is Side.SELL else 0
        return await self.execute(CancelAll(place, number, taken))

    async def modify(
        self,
        ref: OrderRef,
        *,
        limit: Amount | None = None,
        size: Amount | None = None,
        rounding: Rounding | None = None,
        sub: int | None = None,
    ) -> Placed:
        """Give an order a new price, a new *remaining* size, or both.

        Returns the order's new id.  Making it smaller keeps its priority; a
        pegged order can only get smaller.
        """
        if limit is None and size is None:
            raise BadRequest("MODIFY", "nothing to change", advice="give a price, a size, or both")
        found = read_ref(ref)
        order = await self.order(found, sub=self.sub if sub is None else sub)
        market = order.market
        if order.offset is not None and limit is not None:
            raise BadRequest(
                "MODIFY",
                f"order {order.order_id} follows the index",
                advice="cancel it and place another",
            )
        action = compose_modify(
            market,
            found,
            side=order.side,
            price=market.price(order.price if limit is None else limit, rounding=rounding),
            size=market.size(order.remaining if size is None else size, rounding=rounding),
            post_only=order.post_only,
            reduce_only=order.reduce_only,
            sub=order.sub,
        )
        receipt = (await self.submit(action)).receipt
        return self.placed_of(market, order, receipt)

    def placed_of(self, market: Market, source: PlaceOrder | Order, receipt: Receipt) -> Placed:
        """Return what an accepted receipt says about an order.

        Raises
        ------
        Rejected
            The receipt is not one of success, nor says that the order exists.
        """
        existed = receipt.code_name == EXISTS and bool(receipt.arguments)
        # Filled in part, then stopped by the limit on visits: what is filled, is filled.
        if not (receipt.accepted or existed or receipt.filled):
            raise rejection_of(receipt, market)
        average = None
        if receipt.filled:
            lots = market.show_size(receipt.filled)
            average = (from_micros(receipt.notional) / lots).quantize(MICRO)
        return Placed(
            order_id=receipt.arguments[0] if existed else receipt.order_id,
            client_id=source.client_id,
            filled=market.show_size(receipt.filled),
            average_price=average,
            fee=from_micros(receipt.fee),
            existed=existed,
            receipt=receipt,
        )
