"""Orders that work by themselves: brackets, TWAPs, scales, closes, the dead-man's switch."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sextant.client.amounts import Amount, Rounding
from sextant.client.market import Market
from sextant.client.models import Side
from sextant.client.orders import SLIPPAGE, NewOrder, bound_of, read_side
from sextant.client.receipts import Placed, Receipt
from sextant.client.refusals import rejection_of
from sextant.client.trading import Trading
from sextant.errors import BadRequest
from statemachine.actions import (
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    SCALE_ORDERS_MAX,
    SLICES_MAX,
    Bracket,
    CancelAt,
    ClosePosition,
    PlaceOrder,
    Scale,
    Twap,
)
from statemachine.units import Lots, Millis, Price

EXITS_MAX: Final = 2


def check_stop(market: Market, stop: PlaceOrder, bounds: Sequence[tuple[str, int]]) -> None:
    """Refuse a stop that would wake at once: past its entry's price, or past a take-profit.

    Raises
    ------
    BadRequest
        ``BRACKET``.
    """
    sells = bool(stop.flags & FLAG_SELL)
    at = stop.terms.trigger_price
    for name, price in bounds:
        if at >= price if sells else at <= price:
            word = "below" if sells else "above"
            raise BadRequest(
                "BRACKET",
                f"the stop at {market.show_price(at):f} would wake at once",
                advice=f"put it {word} the {name}'s price, {market.show_price(price):f}",
            )


class Strategies(Trading):
    """A session that can leave work to the exchange."""

    async def place_bracket(
        self, entry: NewOrder | None, exits: Sequence[NewOrder], *, sub: int | None = None
    ) -> Placed | Receipt:
        """Place an entry whose exits wake once it is done, or two exits that end each other.

        Exits are stops or take-profits; they only ever reduce, and are no
        larger than what the entry filled.  Returns the entry as placed; for a
        pair without an entry, the receipt.

        Raises
        ------
        BadRequest
            ``BRACKET``, and for each order as for one alone.
        """
        action = await self.compose_bracket(entry, exits, sub=sub)
        receipt = (await self.submit(action)).receipt
        if entry is None or action.entry is None:
            if not receipt.accepted:
                raise rejection_of(receipt)
            return receipt
        return self.placed_of(await self.market(entry.market), action.entry, receipt)

    async def compose_bracket(
        self, entry: NewOrder | None, exits: Sequence[NewOrder], *, sub: int | None = None
    ) -> Bracket:
        """Return the action of a bracket, checked; nothing is sent."""
        if not 1 <= len(exits) <= EXITS_MAX or (entry is None and len(exits) != EXITS_MAX):
            raise BadRequest(
                "BRACKET", f"{len(exits)} exits", advice="an entry and 1 or 2 exits, or 2 exits"
            )
        place = self.sub if sub is None else sub
        actions: list[PlaceOrder] = []
        for order in exits:
            if order.stop is None and order.take_profit is None:
                raise BadRequest(
                    "BRACKET", "an exit without a trigger", advice="give a stop or a take-profit"
                )
            exit_order = replace(order, sub=place, reduce_only=True, client_id=None)
            actions.append(await self.compose(exit_order))
        first = None if entry is None else await self.compose(replace(entry, sub=place))
        market = await self.market(exits[0].market)
        pairs = list(zip(exits, actions, strict=True))
        bounds = [("entry", first.price)] if first is not None else []
        bounds += [("take-profit", a.terms.trigger_price) for o, a in pairs if o.stop is None]
        for order, action in pairs:
            if order.stop is not None:
                check_stop(market, action, bounds)
        return Bracket(place, first, tuple(actions))

    async def place_twap(
        self,
        market: str | int | Market,
        side: Side | str,
        size: Amount,
        *,
        limit: Amount,
        slices: int,
        interval_s: float,
        reduce_only: bool = False,
        rounding: Rounding | None = None,
        sub: int | None = None,
    ) -> Receipt:
        """Trade ``size`` in even slices, never past ``limit``; the receipt's order id cancels it.

        Raises
        ------
        BadRequest
            ``TWAP``: too few slices, or too many.
        """
        found = await self.market(market)
        if not 2 <= slices <= SLICES_MAX:
            raise BadRequest("TWAP", f"{slices} slices", advice=f"use 2 to {SLICES_MAX}")
        flags = FLAG_SELL if read_side(side) is Side.SELL else 0
        action = Twap(
            self.sub if sub is None else sub,
            found.id,
            flags | (FLAG_REDUCE_ONLY if reduce_only else 0),
            Price(found.price(limit, rounding=rounding)),
            Lots(found.size(size, rounding=rounding)),
            slices,
            Millis(int(interval_s * 1000)),
        )
        return await self.execute(action)

    async def place_scale(
        self,
        market: str | int | Market,
        side: Side | str,
        size: Amount,
        *,
        first: Amount,
        last: Amount,
        orders: int,
        post_only: bool = False,
        reduce_only: bool = False,
        rounding: Rounding | None = None,
        sub: int | None = None,
    ) -> tuple[Receipt, ...]:
        """Spread ``size`` evenly over 2 to 32 orders from ``first`` to ``last`` price.

        Raises
        ------
        BadRequest
            ``SCALE``: too few orders, or too many.
        """
        found = await self.market(market)
        if not 2 <= orders <= SCALE_ORDERS_MAX:
            raise BadRequest("SCALE", f"{orders} orders", advice=f"use 2 to {SCALE_ORDERS_MAX}")
        flags = FLAG_SELL if read_side(side) is Side.SELL else 0
        flags |= (FLAG_POST_ONLY if post_only else 0) | (FLAG_REDUCE_ONLY if reduce_only else 0)
        action = Scale(
            self.sub if sub is None else sub,
            found.id,
            flags,
            Price(found.price(first, rounding=rounding)),
            Price(found.price(last, rounding=rounding)),
            Lots(found.size(size, rounding=rounding)),
            orders,
        )
        sequenced = await self.submit(action)
        if len(sequenced.receipts) != orders:
            raise rejection_of(sequenced.receipt, found)
        return sequenced.receipts

    async def close_position(
        self,
        market: str | int | Market,
        *,
        limit: Amount | None = None,
        slippage: Amount = SLIPPAGE,
        sub: int | None = None,
    ) -> Placed | None:
        """Close a position of whatever size it has by then; nothing if there is none.

        The exchange takes the size from its own books, so an old picture of
        it can make this neither fail nor overshoot.
        """
        place = self.sub if sub is None else sub
        found = await self.market(market)
        portfolio = (await self.account(with_orders=False)).portfolio(place)
        positions = portfolio.positions if portfolio is not None else ()
        held = next((p.size for p in positions if p.market.id == found.id), None)
        if not held:
            return None
        side = Side.SELL if held > 0 else Side.BUY
        if limit is None:
            price = bound_of(await self.ticker(found), side, slippage)
        else:
            price = found.price(limit)
        action = ClosePosition(place, found.id, Price(price))
        receipt = (await self.submit(action)).receipt
        order = PlaceOrder(place, found.id, 0, Price(price), Lots(0))
        return self.placed_of(found, order, receipt)

    async def cancel_after(self, seconds: float, *, sub: int | None = None) -> Receipt:
        """Set the dead-man's switch: everything is cancelled unless this is called again.

        0 disarms it.
        """
        time = 0 if seconds == 0 else await self.sync_clock() + int(seconds * 1000)
        return await self.execute(CancelAt(self.sub if sub is None else sub, Millis(time)))
