"""The leveraged crowd: it opens, protects itself, trades a little, panics, and withdraws."""

import random
from collections.abc import Iterator, Sequence
from typing import Final, final

from devnet.scenarios.population import Cast, Holding, Trader
from devnet.scenarios.scenario import PPM
from devnet.scenarios.scene import Scene
from statemachine.actions import (
    FLAG_IOC,
    FLAG_REDUCE_ONLY,
    FLAG_SELL,
    TRIGGER_FALL,
    TRIGGER_MARK,
    TRIGGER_RISE,
    ClosePosition,
    PlaceOrder,
    Terms,
    Withdraw,
)
from statemachine.records import PORTFOLIO_LIQUIDATING, Position
from statemachine.units import Lots, Micros, Price

OPENING_DEPTH_SHARE: Final = 3
"""A step opens at most a third of what one side of a book has."""
OPENING_ORDERS_MAX: Final = 150
SLIPPAGE_PPM: Final = 12_000
STOP_SHARE_PPM: Final = 600_000
"""A stop is so far on the way from entry to bankruptcy."""
LOOKED_AT_A_STEP: Final = 16
PANIC_PPM: Final = 250_000
NOISE_PPM: Final = 60_000
NERVOUS_PPM: Final = 1_150_000
"""Equity in terms of initial margin below which somebody may panic."""
NOISE_SHARE: Final = 10
WITHDRAWALS_PERIOD_S: Final = 20
WITHDRAWAL_SHARE: Final = 4


@final
class Crowd:
    """All traders of one play."""

    def __init__(self, cast: Cast, seed: str) -> None:
        self.cast = cast
        self.rng = random.Random(seed)
        self.withdrawn_at = 0

    def openings(self, scene: Scene) -> Iterator[list[bytes]]:
        """Yield, step by step, the orders with which everybody opens."""
        chunk: list[bytes] = []
        taken: dict[tuple[int, bool], int] = {}
        for trader in self.cast.traders:
            for holding in trader.holdings:
                side = (holding.market, holding.notional > 0)
                most = self.cast.depth_micros[holding.market] // OPENING_DEPTH_SHARE
                full = taken.get(side, 0) + abs(holding.notional) > most and taken.get(side, 0)
                if full or len(chunk) >= OPENING_ORDERS_MAX:
                    yield chunk
                    chunk, taken = [], {}
                order = self.opening(scene, trader, holding)
                if order is not None:
                    chunk.append(scene.hand.sign(trader.who, order))
                    taken[side] = taken.get(side, 0) + abs(holding.notional)
        if chunk:
            yield chunk

    def opening(self, scene: Scene, trader: Trader, holding: Holding) -> PlaceOrder | None:
        """Return the order with which somebody opens; nothing if it is too small."""
        rules = scene.markets[holding.market]
        mark = scene.mark(holding.market)
        lots = abs(holding.notional) // mark
        if lots * mark < rules.notional_min * 2:
            return None
        sells = holding.notional < 0
        price = bound_price(mark, rules.tick, SLIPPAGE_PPM, sells=sells)
        flags = FLAG_IOC | (FLAG_SELL if sells else 0)
        return PlaceOrder(trader.sub, holding.market, flags, price, Lots(lots))

    def stops(self, scene: Scene) -> list[bytes]:
        """Return the stops of those who have one."""
        signed = []
        for trader in self.cast.traders:
            if not trader.stops:
                continue
            for position in positions_of(scene, trader):
                rules = scene.markets[position.market]
                mark = scene.mark(position.market)
                away = mark * STOP_SHARE_PPM // PPM // trader.leverage
                sells = position.size > 0
                price = mark - away if sells else mark + away
                trigger = Price(max(1, price // rules.tick) * rules.tick)
                terms = Terms(
                    trigger=TRIGGER_MARK + (TRIGGER_FALL if sells else TRIGGER_RISE),
                    trigger_price=trigger,
                )
                limit = bound_price(trigger, rules.tick, 2 * SLIPPAGE_PPM, sells=sells)
                flags = FLAG_IOC | FLAG_REDUCE_ONLY | (FLAG_SELL if sells else 0)
                size = Lots(abs(position.size))
                order = PlaceOrder(trader.sub, position.market, flags, limit, size, terms=terms)
                signed.append(scene.hand.sign(trader.who, order))
        return signed

    def act(self, scene: Scene) -> list[bytes]:
        """Return what a few of them do now."""
        rng = self.rng
        count = min(LOOKED_AT_A_STEP, len(self.cast.traders))
        signed = []
        for trader in rng.sample(self.cast.traders, count):
            panic, noise = rng.randrange(PPM) < PANIC_PPM, rng.randrange(PPM) < NOISE_PPM
            rises = rng.randrange(2) == 0
            if not panic and not noise:
                continue
            portfolio = scene.observer.portfolio(trader.portfolio)
            if portfolio is None or portfolio.flags & PORTFOLIO_LIQUIDATING:
                continue
            positions = positions_of(scene, trader)
            if not positions:
                continue
            position = positions[rng.randrange(len(positions))]
            margin = scene.observer.margin(portfolio)
            if panic and margin.equity_initial * PPM < margin.initial * NERVOUS_PPM:
                signed.append(self.close(scene, trader, position))
            elif noise:
                signed += self.trade_some(scene, trader, position, rises=rises)
        return signed

    def close(self, scene: Scene, trader: Trader, position: Position) -> bytes:
        """Return the close of a whole position, at the worst price that may trade."""
        rules = scene.markets[position.market]
        mark = scene.mark(position.market)
        price = bound_price(mark, rules.tick, 2 * SLIPPAGE_PPM, sells=position.size > 0)
        return scene.hand.sign(trader.who, ClosePosition(trader.sub, position.market, price))

    def trade_some(
        self, scene: Scene, trader: Trader, position: Position, *, rises: bool
    ) -> list[bytes]:
        """Return an order for a tenth of a position, in one direction or the other."""
        rules = scene.markets[position.market]
        mark = scene.mark(position.market)
        lots = abs(position.size) // NOISE_SHARE
        if lots * mark < rules.notional_min:
            return []
        price = bound_price(mark, rules.tick, SLIPPAGE_PPM, sells=not rises)
        flags = FLAG_IOC | (0 if rises else FLAG_SELL)
        order = PlaceOrder(trader.sub, position.market, flags, price, Lots(lots))
        return [scene.hand.sign(trader.who, order)]

    def withdrawals(self, scene: Scene, traders: Sequence[Trader]) -> list[bytes]:
        """Return withdrawals of a quarter of somebody's balance."""
        signed = []
        for trader in traders:
            portfolio = scene.observer.portfolio(trader.portfolio)
            if portfolio is None or portfolio.balance < WITHDRAWAL_SHARE * 2_000_000:
                continue
            amount = Micros(portfolio.balance // WITHDRAWAL_SHARE)
            signed.append(scene.hand.sign(trader.who, Withdraw(trader.sub, amount)))
        return signed

    def withdraw_now(self, scene: Scene) -> list[bytes]:
        """Return what is withdrawn during the path: now and then somebody's quarter."""
        if scene.second - self.withdrawn_at < WITHDRAWALS_PERIOD_S:
            return []
        self.withdrawn_at = scene.second
        return self.withdrawals(scene, [self.rng.choice(self.cast.traders)])


def positions_of(scene: Scene, trader: Trader) -> list[Position]:
    """Return a trader's positions that are not flat."""
    view = scene.observer.view
    portfolio = view.portfolio(trader.portfolio)
    if portfolio is None:
        return []
    return [position for position in view.all_positions(portfolio) if position.size]


def bound_price(price: int, tick: int, slippage: int, *, sells: bool) -> Price:
    """Return a price so much worse for its owner, on a tick."""
    off = price * slippage // PPM
    if sells:
        return Price(max(1, -(-(price - off) // tick)) * tick)
    return Price((price + off) // tick * tick)
