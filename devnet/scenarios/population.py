"""Who trades: everything about each account follows from the seed and its number."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from devnet.identities import Identity, identity_of
from devnet.scenarios.scenario import PPM, Population, Scenario
from statemachine.risk.margin import ISOLATED_FROM
from statemachine.rules import MarketRules

USDC: Final = 1_000_000
FULL_SIZE: Final = 2_000
"""Accounts at which equities are as declared: more of them share the same sum."""
MARKET_WEIGHTS: Final = (5, 3, 2)
CROSS_MARKETS: Final = ((1, 55), (2, 30), (3, 15))
HEADROOM_PPM: Final = 900_000
"""Of what the leverage allows, so that fees and slippage have room."""
MAKER_USDC: Final = 25_000_000
MAKERS_PER_MARKET: Final = 3
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

    def deposits(self) -> list[tuple[bytes, int, int]]:
        """Return everybody's first deposit: (owner, sub, micros)."""
        found = [(one.who.address, one.sub, one.equity) for one in self.traders]
        for makers in self.makers.values():
            found += [(who.address, 0, MAKER_USDC * USDC) for who in makers]
        found += [(who.address, 0, KEEPER_USDC * USDC) for who in self.keepers]
        each = sum(self.vault_micros.values()) // len(self.depositors) + USDC
        return found + [(who.address, 0, each) for who in self.depositors]


def draw_cast(
    scenario: Scenario, markets: Mapping[int, MarketRules], count: int, seed: int
) -> Cast:
    """Draw ``count`` traders and everybody around them; the same for the same seed."""
    rng = random.Random(f"{scenario.name}/{seed}")
    population = scenario.population
    traders = [draw_trader(rng, population, sorted(markets), count, n) for n in range(count)]
    equity = sum(one.equity for one in traders)
    held = {
        number: sum(abs(h.notional) for one in traders for h in one.holdings if h.market == number)
        for number in markets
    }
    total = max(1, sum(held.values()))
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
            for number, part in held.items()
        },
        depth_micros={
            number: max(20_000 * USDC, part * population.depth_share // PPM)
            for number, part in held.items()
        },
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
