"""Duels with everything an exchange offers: terms of orders, compounds, settings, a guardian."""

from dataclasses import replace

from statemachine.actions import (
    NO_TERMS,
    Action,
    ApproveAgent,
    ApproveBuilder,
    Bracket,
    CancelAll,
    CancelAt,
    ClosePosition,
    Modify,
    PlaceOrder,
    PoolRedeem,
    PoolSupply,
    Scale,
    Send,
    SetLeverage,
    SetMargin,
    SetMarketState,
    SetReferrer,
    Terms,
    Transfer,
    Twap,
    VaultDeposit,
    VaultWithdraw,
)
from statemachine.actions import Leg as LegAction
from statemachine.identity.signing import address_of
from statemachine.rules import MarketRules, Rules
from statemachine.units import Lots, Micros, Millis, Price
from tests.duels import AGENTS, HOUR, SECOND, SMALL_STEPS, STRANGER, TRADERS, Chooser, Duel
from tests.worlds import USDC, trader_key

ISOLATED = 128
DAY = 24 * HOUR


def crowded(market: MarketRules) -> MarketRules:
    """Return a market in which every limit is met sometimes."""
    return replace(
        market,
        tiers=((300 * USDC, 200_000, 100_000), (900 * USDC, 500_000, 250_000)),
        open_interest_lower=900 * USDC,
        open_interest_upper=2_000 * USDC,
        open_interest_max=600,
        index_band_ppm=20_000,
    )


FIRST, SECOND_MARKET, THIRD = SMALL_STEPS.markets
VARIED = replace(
    SMALL_STEPS,
    guardian=address_of(trader_key(0)),
    markets=(FIRST, SECOND_MARKET, crowded(THIRD)),
    orders_per_portfolio_max=12,
    order_equity=100 * USDC,
    atomic_legs_max=5,
    atomic_visits_max=3,
    user_items_max=4,
    triggers_max=3,
    scan_cost_max=12,
    outage_ms_max=30_000,
    grace_ms=2_000,
    grace_updates_min=2,
    liquidation_ramp_ms=5_000,
    insurance_daily_max=2 * USDC,
    rank_notional_min=USDC,
    victims_max=2,
    velocity_min=500 * USDC,
    velocity_ppm=1_000,
    velocity_period_ms=60_000,
    average_factor_max=2,
    vault_notice_ms=5_000,
    vault_deposit_min=USDC,
    loan_rate_base_ppm=1_000_000,
    loan_slope_below_ppm=4_000_000,
    loan_slope_above_ppm=10_000_000,
    ramp_notice_ms=20_000,
    ramp_step_ms=1_500,
    fee_tiers=((3_000 * USDC, 500_000, 800_000), (9_000 * USDC, 250_000, 333_333)),
    fee_ramp_ms=20_000,
    referral_ppm=333_333,
)
"""Small steps, and small limits of everything: a market with tiers, caps and a band."""


class VariedDuel(Duel):
    """A duel in which anything may be asked for."""

    def __init__(self, chooser: Chooser, amount: int = 1_000 * USDC, rules: Rules = VARIED) -> None:
        super().__init__(rules, chooser, amount)
        for trader in range(3):
            self.world.deposit(trader, amount, sub=ISOLATED)

    def send(self, trader: int, action: Action) -> None:
        """Send an action; what only the guardian may do mostly comes from him."""
        guarded = isinstance(action, SetMargin | SetMarketState)
        super().send(0 if guarded and self.chooser.number(0, 3) else trader, action)

    def near(self, market: int) -> Price:
        """Return a price near a market's, or near some market's if there is none such."""
        return self.price_near(market if market in self.price else self.numbers[0])

    def order(self, trader: int) -> PlaceOrder:
        """Return an order of any kind, with terms or without."""
        order = super().order(trader)
        flags = (*[order.flags] * 16, 16, 17, 18, 19, 20, 26, 27, 32, 36, 37, 36, 37, 45, 64)
        sub = self.chooser.pick((*[order.sub] * 20, ISOLATED))
        terms = self.terms(order.market)
        if order.terms.offset:
            # Seldom with other flags than those with which an offset makes sense.
            more = self.chooser.pick((*[0] * 20, 2, 16))
            terms = replace(terms, offset=order.terms.offset)
            if self.chooser.number(0, 9):
                terms = replace(terms, trigger_price=Price(0))
            return replace(order, sub=sub, flags=order.flags | more, terms=terms)
        return replace(order, sub=sub, flags=self.chooser.pick(flags), terms=terms)

    def leg(self, trader: int) -> LegAction:
        """Return a leg; a modify may slide, count in all, or ask for what it cannot."""
        leg = super().leg(trader)
        if isinstance(leg, Modify):
            more = self.chooser.pick((0, 0, 0, 64, 64, 36, 16, 32))
            return replace(leg, flags=leg.flags | more)
        return leg

    def terms(self, market: int) -> Terms:
        """Return what an order asks for beyond price and size: mostly nothing."""
        chooser, now = self.chooser, self.world.now
        if chooser.number(0, 2):
            return NO_TERMS
        expiries = (0, 0, now, now + 1, now + SECOND, now + 5 * SECOND, now + HOUR)
        expiry = Millis(chooser.pick(expiries))
        mode = chooser.number(0, 7)
        builder, rate = self.built()
        fee = chooser.pick((*[1_000_000] * 9, 500, 499, 700))
        if chooser.number(0, 1):
            return replace(Terms(expiry, mode, fee), builder=builder, builder_ppm=rate)
        terms = Terms(expiry, mode, fee, chooser.number(0, 5), self.near(market))
        return replace(terms, builder=builder, builder_ppm=rate)

    def built(self) -> tuple[int, int]:
        """Return who sent an order, and what he asks for: mostly nobody."""
        if self.chooser.number(0, 2):
            return 0, 0
        return self.chooser.pick((1, 2, 2, 99)), self.chooser.pick((0, 100, 100, 100, 333, 1_001))

    def random_block(self) -> None:
        """Let something happen, seldom some days later: what was traded counts for tiers then."""
        if self.chooser.number(0, 14) == 0:
            self.wait(self.chooser.pick((1, 1, 1, 2, 13, 14, 15)) * DAY)
        super().random_block()

    def exit_of(self, market: int, flags: int) -> PlaceOrder:
        """Return an exit of a bracket, mostly of the other side."""
        chooser = self.chooser
        side = flags & 1 if chooser.number(0, 9) == 0 else 1 - (flags & 1)
        more = chooser.pick((0, 2, 2, 2, 8, 10, 4))
        terms = Terms(trigger=chooser.number(0, 5), trigger_price=self.near(market))
        return PlaceOrder(0, market, side | more, self.near(market), self.size(), b"", terms)

    def bracket(self, order: PlaceOrder) -> Bracket:
        """Return an entry with exits, or two exits."""
        chooser, market = self.chooser, order.market
        if chooser.number(0, 2) == 0:
            size = self.model.size_of(chooser.pick((1, 2, 3)) << 8, market)
            side = int(size < 0)
            return Bracket(0, None, (self.exit_of(market, side), self.exit_of(market, side)))
        exits = tuple(self.exit_of(market, order.flags) for _ in range(chooser.number(1, 2)))
        terms = order.terms if chooser.number(0, 2) == 0 else NO_TERMS
        return Bracket(0, replace(order, terms=terms), exits)

    def compound(self, trader: int) -> Action:
        """Return orders made of orders, or what closes a position."""
        chooser = self.chooser
        order = replace(self.order(trader), sub=0)
        kind = chooser.number(0, 8)
        if kind < 3:
            return self.bracket(order)
        if kind < 5:
            flags = order.flags & chooser.pick((1, 1, 9, 127))
            wait = Millis(chooser.pick((999, 1_000, 1_000, 2_000, 60_000)))
            slices = chooser.pick((1, 2, 3, 10))
            return Twap(0, order.market, flags, order.price, order.size, slices, wait)
        if kind < 6:
            later = self.world.now + chooser.pick((0, 1, SECOND, 5 * SECOND))
            return CancelAt(0, Millis(chooser.pick((0, later, later, later))))
        if kind < 7:
            return ClosePosition(0, order.market, order.price)
        last, count = self.near(order.market), chooser.number(2, 9)
        size = Lots(min(order.size * 5, 2**53))
        return Scale(0, order.market, order.flags, order.price, last, size, count)

    def errand(self) -> Action:
        """Return anything that is not an order: compounds and settings as well."""
        chooser = self.chooser
        kind = chooser.number(0, 22)
        if kind < 6:
            return self.compound(chooser.number(0, 4))
        if kind == 6:
            agent = address_of(chooser.pick(AGENTS))
            expiry = Millis(self.world.now + HOUR)
            money = chooser.pick((0, 300 * USDC)), chooser.pick((0, USDC))
            return ApproveAgent(agent, expiry, 0x1007FE, 0, Micros(money[0]), Micros(money[1]))
        if kind == 7:
            return SetLeverage(chooser.pick((0, 0, 1)), self.market(), chooser.pick((0, 1, 5, 26)))
        if kind == 8:
            # Mostly back to what it was: a market that stands still shows little.
            # An end is for ever: the last market is left alone.
            state = chooser.pick((*[1] * 12, 2, 3, 4, 5))
            return SetMarketState(self.market() if state != 5 else chooser.pick((0, 1)), state)
        if kind == 9:
            return CancelAll(0, chooser.pick((*self.numbers, 65535)), chooser.number(0, 1))
        if kind == 10:
            return Transfer(0, ISOLATED, Micros(50 * USDC))
        if kind == 11:
            amount = chooser.pick((USDC - 1, USDC, 30 * USDC, 200 * USDC))
            return VaultDeposit(0, self.market(), Micros(amount))
        if kind == 12:
            return VaultWithdraw(chooser.pick((0, 1)), self.market(), chooser.pick((0, 0, USDC)))
        if kind in (14, 15):
            initial = chooser.pick((40_000, 60_000, 60_000, 120_000, 200_001, 1_000_001, 1))
            maintenance = chooser.pick((20_000, 30_000, 30_000, 100_000, 0))
            return SetMargin(self.market(), initial, maintenance)
        if kind == 13:
            return replace(self.order(0), sub=ISOLATED)
        if kind == 16:
            # To owners, one of whom may be the sender, to agents and to strangers.
            to = chooser.pick((*(trader_key(n) for n in range(TRADERS)), *AGENTS, STRANGER))
            return Send(
                address_of(to), chooser.pick((0, 0, 1)), chooser.pick((0, 2)), self.amount()
            )
        if kind == 17:
            sub = chooser.pick((0, 0, 0, 1, ISOLATED))
            return PoolSupply(sub, Micros(chooser.pick((USDC - 1, USDC, 40 * USDC, 300 * USDC))))
        if kind == 18:
            return PoolRedeem(chooser.pick((0, 0, 1)), chooser.pick((0, 1, USDC, 50 * USDC)))
        if kind == 19:
            return SetReferrer(chooser.pick((0, 0, 1, 2)), self.account())
        if kind == 20:
            rate = chooser.pick((0, 99, 100, 500, 1_001))
            return ApproveBuilder(chooser.pick((1, 2, 2, 3, 99)), rate)
        return super().errand()
