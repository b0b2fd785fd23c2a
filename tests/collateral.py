"""Duels in which most of what a trader has is not USDC."""

from dataclasses import replace

from statemachine.actions import (
    Action,
    BuyCollateral,
    Transfer,
    TransferAsset,
    VaultDeposit,
    Withdraw,
    WithdrawAsset,
)
from statemachine.assets import AssetRules
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis, Price
from tests.duels import AGENTS, STRANGER, TRADERS, Chooser
from tests.variety import ISOLATED, VARIED, VariedDuel
from tests.worlds import USDC, market_rules, trader_key

ORACLE_ONLY = 5
STAKED, COIN, GEM = 1, 2, 7


def asset_rules(asset: int, market: int, lot_units: int, decimals: int = 6) -> AssetRules:
    """Return an asset: nine tenths count, eight against initial margin; 5% below in a sale."""
    return AssetRules(
        asset=asset,
        symbol=b"A%d" % asset,
        decimals=decimals,
        market=market,
        lot_units=lot_units,
        weight_ppm=900_000,
        initial_weight_ppm=800_000,
        penalty_ppm=50_000,
        cap=10**15,
    )


COLLATERAL = replace(
    VARIED,
    markets=(*VARIED.markets, market_rules(ORACLE_ONLY, collateral_only=1, index_band_ppm=200_000)),
    assets=(
        asset_rules(STAKED, ORACLE_ONLY, 100),
        asset_rules(COIN, 0, 1, decimals=4),
        replace(asset_rules(GEM, ORACLE_ONLY, 100_000, decimals=9), weight_ppm=950_000),
    ),
)
"""One asset with a price of its own, one that is what a market trades, one of fine units."""
UNITS = {STAKED: 100, COIN: 1, GEM: 100_000}
"""Units of each that are worth a lot."""


class CollateralDuel(VariedDuel):
    """A duel of traders who own assets, and lose their USDC soon."""

    def __init__(self, chooser: Chooser, amount: int = 60 * USDC) -> None:
        super().__init__(chooser, amount, COLLATERAL)
        for trader in range(TRADERS):
            asset = chooser.pick((STAKED, COIN, GEM))
            self.deposit_asset(trader, asset, chooser.pick((50, 150)) * UNITS[asset])
        # Somebody stands behind the market that prices collateral.
        self.world.deposit(0, 2_000 * USDC, sub=9)
        self.finish_block()
        while self.model.inbox_index < len(self.world.inbox):
            self.wait(100)
            self.finish_block()
        action = VaultDeposit(9, ORACLE_ONLY, Micros(1_500 * USDC))
        self.pending.append(self.world.sign(0, action))
        self.wait(100)
        self.finish_block()

    def deposit_asset(self, trader: int, asset: int, amount: int, sub: int = 0) -> None:
        """Queue a deposit of an asset on L1."""
        owner = address_of(trader_key(trader))
        time = Millis(self.world.now)
        item = InboxItem(InboxKind.DEPOSIT, owner, sub, Micros(amount), time, asset)
        self.world.inbox.append(item)

    def market(self) -> int:
        """Return a market, seldom one that takes no orders."""
        numbers = [number for number in self.numbers if number != ORACLE_ONLY]
        return self.chooser.pick([*numbers * 12, ORACLE_ONLY, 9])

    def publish(self, number: int, permille: int) -> None:
        """Move a market's price, farther than others do: collateral is lost as well as gained."""
        super().publish(number, permille * self.chooser.pick((1, 2, 4)))

    def asset(self) -> int:
        """Return an asset, seldom one that does not exist."""
        return self.chooser.pick((*[STAKED, COIN, GEM] * 6, 0, 3))

    def units(self, asset: int) -> int:
        """Return an amount of an asset, mostly of use."""
        lots = self.chooser.pick((1, 3, 10, 10, 40, 40, 100))
        unit = UNITS.get(asset, 1)
        return self.chooser.pick((*[lots * unit] * 6, lots * unit + 1, 0, 1, 2**63))

    def errand(self) -> Action:
        """Return anything that is not an order, most often about an asset."""
        chooser = self.chooser
        kind = chooser.number(0, 11)
        asset = self.asset()
        amount = self.units(asset)
        sub = chooser.pick((0, 0, 0, 1, ISOLATED))
        if kind == 0:
            return WithdrawAsset(sub, asset, amount)
        if kind == 1:
            return TransferAsset(sub, chooser.pick((0, 1, 2, ISOLATED)), asset, amount)
        if kind in (2, 3):
            base = self.price[0 if asset == COIN else ORACLE_ONLY]
            price = chooser.pick((base, base, base * 975 // 1_000, base * 9 // 10))
            return BuyCollateral(sub, asset, amount, Price(price))
        if kind == 4:
            # What is left of the USDC goes, so that a loss becomes a debt.
            return Transfer(0, 3, Micros(chooser.pick((5, 20, 50)) * USDC))
        if kind == 5:
            return Withdraw(0, Micros(chooser.pick((5, 20, 50)) * USDC))
        if kind == 6:
            market = chooser.pick((0, ORACLE_ONLY, ORACLE_ONLY))
            return VaultDeposit(chooser.pick((0, 9)), market, Micros(30 * USDC))
        return super().errand()

    def queue_on_l1(self) -> None:
        """Queue a deposit or a forced withdrawal on L1, mostly of an asset."""
        chooser = self.chooser
        if chooser.number(0, 3) == 0:
            super().queue_on_l1()
            return
        keys = (*(trader_key(trader) for trader in range(TRADERS)), AGENTS[0], STRANGER)
        owner = address_of(chooser.pick(keys))
        kind = chooser.pick((InboxKind.DEPOSIT, InboxKind.DEPOSIT, InboxKind.FORCED_WITHDRAW))
        asset = chooser.pick((*[STAKED, COIN, GEM] * 4, 3))
        amount = chooser.pick((0, self.units(asset), self.units(asset)))
        sub = chooser.pick((0, 0, 1, ISOLATED))
        time = Millis(self.world.now)
        item = InboxItem(kind, owner, sub, Micros(min(amount, 2**62)), time, asset)
        self.world.inbox.append(item)
