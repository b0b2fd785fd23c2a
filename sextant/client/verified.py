"""Reads that need no trust: what a node tells, proved under a claim on L1.

    verified = await client.verified()               # under the newest final claim
    account = await verified.account("0x1234..")
    print(verified.anchor.root, account.portfolios)

Whatever the node answers, the values here follow from the anchor's root alone
(:mod:`sextant.client.anchors`): a value that differs, an order left out or slipped in,
another root, an older state are all ``ProofInvalid``.  What is absent is proved to be.
All answers of one reader are about one state: that of ``height``, made at ``time_ms``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from prover.ranges import KeyRange, RangeItems
from sextant.client.decoding import (
    is_hidden,
    order_leaf,
    price_of,
    resting_order,
    sleeping_order,
    twap_order,
)
from sextant.client.market import Market
from sextant.client.models import Level, Order
from sextant.client.names import OrderRef, read_number, read_ref
from sextant.client.state_reads import PAGE, StateReads, Who, decoded
from statemachine import keys
from statemachine.book.resting import hash_client_id
from statemachine.records import (
    OWNED_TWAP,
    decode_client_id,
    decode_market,
    decode_order,
    decode_owned,
    decode_sleeper,
    decode_twap,
)

ORDERS: Final = 100
ORDERS_MAX: Final = 250
"""Of one side of a book in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedBook:
    """The best orders of both sides, best first; ``whole`` sides end where their list ends."""

    market: Market
    mark: Decimal | None
    index: Decimal | None
    bids: tuple[Order, ...]
    asks: tuple[Order, ...]
    bids_whole: bool
    asks_whole: bool

    def levels(self, side: str) -> tuple[Level, ...]:
        """Return the ``bid`` or ``ask`` orders added up by price."""
        sums: dict[Decimal, Level] = {}
        for order in self.bids if side == "bid" else self.asks:
            price = order.price if order.price_now is None else order.price_now
            before = sums.get(price, Level(price, Decimal(0), 0))
            sums[price] = Level(price, before.size + order.remaining, before.orders + 1)
        return tuple(sums.values())


class Verified(StateReads):
    """Reads under one anchor; ``prove`` asks the node."""

    # Orders

    async def order(self, ref: OrderRef, who: Who, *, sub: int = 0) -> Order | None:
        """Return an open order by its number or client id; ``None`` is proved: not open.

        Resting, asleep or slicing; what was filled or cancelled has no leaf any more.
        """
        number, found = await self.account_number(who), read_ref(ref)
        if number is None:
            return None
        place = number << 8 | read_number(sub, "sub-account", 8)
        markets = list(self.markets)
        client_id = b""
        if isinstance(found, bytes):
            key = keys.client_id_key(place, hash_client_id(found))
            values, _ = await self.read([key])
            value = values[key]
            if value is None:
                return None
            client_id, market, found = decoded(decode_client_id, value)
            if client_id != read_ref(ref):
                return None  # another id with the same 8 bytes of hash
            markets = [market]
        wanted = [keys.owned_key(place, market, found) for market in markets]
        values, _ = await self.read(wanted)
        entries = [(key, value) for key in wanted if (value := values[key]) is not None]
        orders = await self.open_orders(entries)
        return orders[0] if orders else None

    async def orders(self, who: Who, *, sub: int = 0) -> list[Order]:
        """Return all open orders of a sub-account, by market and age."""
        number = await self.account_number(who)
        if number is None:
            return []
        place = number << 8 | read_number(sub, "sub-account", 8)
        return await self.open_orders(await self.read_all(keys.owned_range(place)))

    async def open_orders(self, entries: Sequence[tuple[bytes, bytes]]) -> list[Order]:
        """Return the orders that their owner's leaves name."""
        found: list[Order] = []
        for first in range(0, len(entries), PAGE):
            leaves = []
            for key, value in entries[first : first + PAGE]:
                market, sequence = keys.owned_place(key)
                side, price = decoded(decode_owned, value)
                leaves.append((market, side, order_leaf(market, sequence, side, price)))
            values, _ = await self.read([leaf for _, _, leaf in leaves])
            found += [
                self.open_order(market, side, leaf, values[leaf]) for market, side, leaf in leaves
            ]
        return found

    def open_order(self, market: int, side: int, key: bytes, value: bytes | None) -> Order:
        """Return one open order from its own leaf."""
        data, shown, height = value or b"", self.markets[market], self.height
        if key[0] in {keys.TABLE_ORDER, keys.TABLE_PEGGED}:
            return resting_order(shown, decoded(decode_order, key, data), height)
        if side == OWNED_TWAP:
            return twap_order(shown, decoded(decode_twap, key, data), height)
        return sleeping_order(shown, decoded(decode_sleeper, key, data), height)

    # Books

    async def book(self, which: str | int | Market, *, orders: int = ORDERS) -> ProvedBook:
        """Return the best orders of both sides, up to about ``orders`` each.

        Complete as far as it goes: before the last price shown there is no other order; at
        that price there may be, unless the side is whole.  Pegged ones stand where the
        index of the same state puts them.
        """
        market = self.market(which)
        count = max(1, min(read_number(orders, "number of orders"), ORDERS_MAX))
        key = keys.market_key(market.id)
        values, ranges = await self.read(
            [key],
            [
                KeyRange(prefix(market.id, side), count)
                for prefix in (keys.order_range, keys.pegged_range)
                for side in (keys.BUY, keys.SELL)
            ],
        )
        record = decoded(decode_market, key, values[key] or b"")
        across = [
            keys.order_place(found.items[0][0])[2] if found.items else 0 for found in ranges[:2]
        ]
        sides = []
        for side in (keys.BUY, keys.SELL):
            pair = (ranges[side], ranges[2 + side])
            sides.append(self.side_of(market, record.index, side, pair, across[1 - side]))
        (bids, bids_whole), (asks, asks_whole) = sides
        return ProvedBook(
            market=market,
            mark=market.show_price(record.mark) if record.mark else None,
            index=market.show_price(record.index) if record.index else None,
            bids=bids,
            asks=asks,
            bids_whole=bids_whole,
            asks_whole=asks_whole,
        )

    def side_of(
        self,
        market: Market,
        index: int,
        side: int,
        ranges: tuple[RangeItems, RangeItems],
        across: int,
    ) -> tuple[tuple[Order, ...], bool]:
        """Return one side's orders, best first, as far as both its ranges tell; and if it ends.

        Where a range was cut, what the other one has beyond that price is left out: there
        may be more in between.
        """
        sign = 1 if side == keys.SELL else -1
        placed: list[tuple[int, int, Order]] = []
        ends: list[int] = []
        for found in ranges:
            price = 0
            for key, value in found.items:
                record = decoded(decode_order, key, value)
                price = price_of(market, record, index, across)
                if not is_hidden(record, side, price):
                    order = resting_order(market, record, self.height)
                    shown = market.show_price(price) if record.limit else None
                    placed.append((sign * price, order.order_id, replace(order, price_now=shown)))
            if not found.is_whole:
                ends.append(sign * price)
        placed.sort(key=lambda each: each[:2])
        if ends:
            placed = [each for each in placed if each[0] <= min(ends)]
        return tuple(order for _, _, order in placed), not ends
