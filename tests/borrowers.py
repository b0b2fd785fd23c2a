"""A duel of borrowers: hedged across markets, deep in debt, and lenders who come and go.

Prices of three markets part; traders close what lost and keep what gained, so that
their balances fall below zero; then what gained loses, too.  A maker with much
money trades with everybody, and pokes.
"""

from dataclasses import replace

from statemachine.actions import (
    MARKET_EVERY,
    Action,
    Bulk,
    Cancel,
    CancelAll,
    ClosePosition,
    Leg,
    PlaceOrder,
    Poke,
    PoolRedeem,
    PoolSupply,
    SetLeverage,
    Transfer,
    VaultDeposit,
    Withdraw,
)
from statemachine.units import Lots, Micros, Price
from tests.duels import HOUR, SMALL_STEPS, TRADERS, Chooser, Duel, markets_of
from tests.worlds import USDC

MAKER = 0
LENDER = 1
BORROWERS = replace(
    SMALL_STEPS,
    markets=markets_of((0, 1, 2)),
    step_visits_max=6,
    orders_per_portfolio_max=200,
    orders_free_max=200,
    slice_interval_ms=1_000,
    slice_ppm=400_000,
    outage_ms_max=10 * HOUR,
    grace_ms=0,
    grace_updates_min=0,
    insurance_daily_max=USDC,
    rank_notional_min=1 << 62,
    vault_deposit_min=USDC,
    loan_rate_base_ppm=2_000_000,
    loan_slope_below_ppm=5_000_000,
    loan_slope_above_ppm=10_000_000,
    loan_maintenance_ppm=50_000,
    loan_initial_ppm=80_000,
    pool_supply_min=1_000,
)
"""Loans are dear, insurance is small, and nobody is deleveraged: debts stay."""


class BorrowersDuel(Duel):
    """A duel in which most traders owe, and somebody lends."""

    def __init__(self, chooser: Chooser, amount: int = 400 * USDC) -> None:
        super().__init__(BORROWERS, chooser, amount)
        self.trend = dict(zip(self.numbers, (-15, 15, 10), strict=True))
        self.world.deposit(MAKER, 1_000_000 * USDC)
        self.world.deposit(LENDER, 10_000 * USDC)

    def make(self, market: int) -> None:
        """Let the maker offer both sides of a market near its price."""
        base = self.price[market]
        for side in (0, 1):
            price = Price(base * (1_002 if side else 998) // 10_000 * 10)
            order = PlaceOrder(0, market, side, price, Lots(5_000))
            self.pending.append(self.world.sign(MAKER, order))

    def lend(self) -> Action:
        """Return what a lender does."""
        chooser = self.chooser
        if chooser.number(0, 1):
            amounts = (1, 1_000, USDC, 20 * USDC, 300 * USDC, 2_000 * USDC)
            return PoolSupply(chooser.pick((0, 0, 0, 1)), Micros(chooser.pick(amounts)))
        shares = (0, 0, 1, 7, 10 * USDC, 200 * USDC)
        return PoolRedeem(chooser.pick((0, 0, 2)), chooser.pick(shares))

    def model_account(self, trader: int) -> int:
        """Return a trader's first portfolio: accounts were opened in order."""
        return trader + 1 << 8

    def losers(self, trader: int) -> list[int]:
        """Return the markets in which a trader has lost."""
        owner = self.model_account(trader)
        return [
            number
            for (holder, number), held in sorted(self.model.positions.items())
            if holder == owner and held.size * self.model.markets[number].mark < held.cost
        ]

    def close_leg(self, trader: int) -> Leg:
        """Return an order that may realise a loss, or nothing that there is."""
        chooser = self.chooser
        market = chooser.pick((*self.numbers, *self.losers(trader) * 4))
        if chooser.number(0, 5) == 0:
            return Cancel(0, market, 1 << 40)
        price = Price(self.price[market] * chooser.pick((985, 1_015)) // 10_000 * 10)
        return PlaceOrder(0, market, chooser.pick((2, 3, 3)), price, Lots(400))

    def whim(self, trader: int) -> Action:
        """Return what a trader does who minds no debt."""
        chooser = self.chooser
        market = chooser.pick(self.numbers)
        price = Price(self.price[market] * chooser.pick((985, 1_000, 1_015)) // 10_000 * 10)
        kind = chooser.number(0, 15)
        if kind == 0:
            legs = tuple(self.close_leg(trader) for _ in range(chooser.number(1, 4)))
            return Bulk(0, legs, atomic=True)
        if kind < 7:
            flags = chooser.pick((2, 2, 2, 2, 0, 3, 1))
            return PlaceOrder(0, market, flags, price, Lots(chooser.pick((100, 300, 500, 900))))
        if kind < 10:
            market = chooser.pick((market, *self.losers(trader) * 4))
            side = self.model.size_of(self.model_account(trader), market) > 0
            price = Price(self.price[market] * (990 if side else 1_010) // 10_000 * 10)
            return ClosePosition(0, market, price)
        if kind < 12:
            return self.lend()
        if kind == 12:
            return Withdraw(0, Micros(chooser.pick((USDC, 30 * USDC))))
        if kind == 13:
            return Transfer(*chooser.pick(((0, 1), (1, 0))), Micros(50 * USDC))
        if kind == 14:
            return SetLeverage(0, market, chooser.pick((0, 2, 10)))
        if trader < 2:
            return VaultDeposit(0, market, Micros(20 * USDC))
        return Cancel(0, market, self.reference(trader, market))

    def random_block(self) -> None:
        """Let prices part, and everybody act."""
        chooser = self.chooser
        self.wait(chooser.pick((100, 1_000, 1_000, 2_000, 5_000, 59_000, HOUR)))
        crash = chooser.pick((*[0] * 39, -150, -250))
        for market in self.numbers:
            if chooser.number(0, 9) == 0:
                self.trend[market] = chooser.pick((20, -20, 12, -12, 40, -40))
            if chooser.number(0, 19):
                gap = crash or chooser.pick((0, 3, -3, 10, -10))
                self.publish(market, self.trend[market] + gap)
        for _ in range(chooser.number(3, 10)):
            trader = chooser.number(1, TRADERS - 1)
            self.send(trader, self.whim(trader))
        if chooser.number(0, 2) == 0:
            self.send(LENDER, self.lend())
        self.pending.append(self.world.sign(MAKER, CancelAll(0, MARKET_EVERY)))
        for market in self.numbers:
            if chooser.number(0, 5):
                self.make(market)
        for account in range(2, TRADERS + 1):
            if chooser.number(0, 3) == 0:
                self.pending.append(self.world.sign(MAKER, Poke(account, 0)))
        if chooser.number(0, 19) == 0:
            self.queue_on_l1()
        self.finish_block()
