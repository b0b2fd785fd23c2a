"""Who trades: everything about each account follows from the seed and its number."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from devnet.identities import Identity, identity_of
from devnet.scenarios.scenario import PPM, Population, Scenario
from prover.contract.calls import Deposit
from statemachine.assets import AssetRules
from statemachine.risk.margin import ISOLATED_FROM
from statemachine.rules import Rules

USDC: Final = 1_000_000
FULL_SIZE: Final = 2_000
"""Accounts at which equities are as declared: more of them share the same sum."""
MARKET_WEIGHTS: Final = (5, 3, 2)
CROSS_MARKETS: Final = ((1, 55), (2, 30), (3, 15))
HEADROOM_PPM: Final = 900_000
"""Of what the leverage allows, so that fees and slippage have room."""
MAKER_USDC: Final = 40_000_000
MAKERS_PER_MARKET: Final = 2
KEEPER_USDC: Final = 1_000
DEPOSITORS: Final = 3


@final
@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody wants to open: notional in micros, positive for a long."""

    market: int
    notional: int


@final
@dataclass(slots=True)
class Trader:
    """One leveraged account: a cross portfolio, or an isolated one."""

    who: Identity
    sub: int
    equity: int
    leverage: int
    holdings: tuple[Holding, ...]
    stops: bool
    units: int = 0
    """Of the exchange's first other asset; ``equity`` is in USDC alone."""
    account: int = 0

    @property
    def portfolio(self) -> int:
        """The number of his portfolio."""
        return self.account << 8 | self.sub


@final
@dataclass(slots=True)
class Cast:
    """Everybody, by what they do."""

    traders: list[Trader]
    makers: dict[int, list[Identity]]
    keepers: list[Identity]
    depositors: list[Identity]
    vault_micros: dict[int, int]
    depth_micros: dict[int, int]
    pool_micros: int
    asset: int = 0

    def deposits(self) -> list[Deposit]:
        """Return everybody's first deposits."""
        found = [Deposit(one.who.address, one.sub, one.equity) for one in self.traders]
        found += [
            Deposit(one.who.address, one.sub, one.units, self.asset)
            for one in self.traders
            if one.units
        ]
        for makers in self.makers.values():
            found += [Deposit(who.address, 0, MAKER_USDC * USDC) for who in makers]
        found += [Deposit(who.address, 0, KEEPER_USDC * USDC) for who in self.keepers]
        backed = sum(self.vault_micros.values()) + self.pool_micros
        each = backed // len(self.depositors) + USDC
        return found + [Deposit(who.address, 0, each) for who in self.depositors]


def draw_cast(
    scenario: Scenario, rules: Rules, first: Mapping[int, int], count: int, seed: int
) -> Cast:
    """Draw ``count`` traders and everybody around them; the same for the same seed.

    ``first`` are the markets' first prices, in micros per lot.
    """
    rng = random.Random(f"{scenario.name}/{seed}")
    population = scenario.population
    markets = [market.market for market in rules.markets if not market.collateral_only]
    traders = [draw_trader(rng, population, markets, count, n) for n in range(count)]
    equity = sum(one.equity for one in traders)
    held = {
        number: sum(abs(h.notional) for one in traders for h in one.holdings if h.market == number)
        for number in markets
    }
    total = max(1, sum(held.values()))
    backed = dict(held)
    asset = rules.assets[0] if rules.assets and population.asset_share else None
    if asset is not None:
        swap_collateral(rng, population, traders, asset, first[asset.market])
        backed[asset.market] = total // len(held)
    return Cast(
        traders=traders,
        makers={
            number: [identity_of(f"scenario-maker-{number}-{n}") for n in range(MAKERS_PER_MARKET)]
            for number in markets
        },
        keepers=[identity_of(f"scenario-keeper-{n}") for n in range(population.keepers)],
        depositors=[identity_of(f"scenario-depositor-{n}") for n in range(DEPOSITORS)],
        vault_micros={
            number: max(100 * USDC, equity * population.vault_share // PPM * part // total)
            for number, part in backed.items()
        },
        pool_micros=max(100 * USDC, equity * population.pool_share // PPM),
        asset=0 if asset is None else asset.asset,
        depth_micros={
            number: max(20_000 * USDC, part * population.depth_share // PPM)
            for number, part in held.items()
        },
    )


def swap_collateral(
    rng: random.Random, population: Population, traders: list[Trader], asset: AssetRules, price: int
) -> None:
    """Let some keep part of their equity in an asset at its first price, in micros per lot.

    It counts for less than it is worth, so that what they hold shrinks with it.
    """
    for trader in traders:
        if rng.randrange(PPM) >= population.asset_share:
            continue
        moved = trader.equity * population.asset_part // PPM
        trader.units = moved * asset.lot_units // price
        trader.equity -= moved
        counted = trader.equity + moved * asset.initial_weight_ppm // PPM
        whole = trader.equity + moved
        trader.holdings = tuple(
            Holding(one.market, one.notional * counted // whole) for one in trader.holdings
        )


def draw_trader(
    rng: random.Random, population: Population, markets: list[int], count: int, number: int
) -> Trader:
    """Draw one trader."""
    low, high = population.equities
    # The square of an even draw: most are small.
    draw = rng.randrange(PPM)
    equity = low * USDC + (high - low) * USDC * draw * draw // PPM**2
    equity = equity * min(FULL_SIZE, count) // count
    times = [value for value, _ in population.leverages]
    leverage = rng.choices(times, [weight for _, weight in population.leverages])[0]
    isolated = rng.randrange(PPM) < population.isolated_share
    parts = 1
    if not isolated:
        parts = rng.choices(
            [value for value, _ in CROSS_MARKETS], [weight for _, weight in CROSS_MARKETS]
        )[0]
    chosen: list[int] = []
    while len(chosen) < min(parts, len(markets)):
        market = rng.choices(markets, MARKET_WEIGHTS[: len(markets)])[0]
        if market not in chosen:
            chosen.append(market)
    notional = equity * leverage * HEADROOM_PPM // PPM // len(chosen)
    is_long = rng.randrange(PPM) < population.long_share
    return Trader(
        who=identity_of(f"scenario-trader-{number}"),
        sub=ISOLATED_FROM + chosen[0] if isolated else 0,
        equity=equity,
        leverage=leverage,
        holdings=tuple(Holding(m, notional if is_long else -notional) for m in sorted(chosen)),
        stops=rng.randrange(PPM) < population.stop_share,
    )
