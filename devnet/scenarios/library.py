"""The scenarios that ship: each is a record, so that a new one is a few lines.

Moves are those of the leading market, in ppm of its first price: 750,000 is a fall by
a quarter.
"""

from typing import Final

from devnet.scenarios.scenario import (
    ASKS_ONLY,
    PPM,
    Divergence,
    Population,
    Quoting,
    Scenario,
    Silence,
)

ALL_PUBLISHERS: Final = (0, 1, 2)
CALM_S: Final = 120
"""Every path begins with two quiet minutes, so that there is something to compare with."""

LIBRARY: Final[dict[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="flash-crash",
            story="a quarter is gone in three minutes, most of it is back ten minutes later",
            seconds=2_400,
            paths={
                "BTC": (
                    *((0, PPM), (CALM_S, PPM), (180, 930_000), (300, 750_000), (330, 760_000)),
                    *((600, 900_000), (900, 940_000), (2_400, 950_000)),
                )
            },
            quoting=(
                Quoting(),
                Quoting(since=180, depth=250_000, spread=3 * PPM),
                Quoting(since=420, depth=500_000, spread=2 * PPM),
                Quoting(since=900),
            ),
        ),
        Scenario(
            name="grinding-fall",
            story="thirty percent in an hour, without a pause and with full books",
            seconds=4_200,
            step_ms=3_000,
            paths={"BTC": ((0, PPM), (CALM_S, PPM), (3_600, 700_000), (4_200, 705_000))},
        ),
        Scenario(
            name="oracle-gap",
            story="publishers fall silent for four minutes while the price drops by 14%",
            seconds=2_100,
            paths={
                "BTC": (
                    *((0, PPM), (CALM_S, PPM), (240, 980_000), (480, 845_000), (900, 850_000)),
                    (2_100, 870_000),
                )
            },
            silences=(Silence(publishers=ALL_PUBLISHERS, since=245, until=485),),
            divergences=(Divergence(publisher=2, since=485, until=900, off=60_000),),
            quoting=(
                Quoting(),
                Quoting(since=240, depth=400_000, spread=2 * PPM),
                Quoting(since=900),
            ),
        ),
        Scenario(
            name="outage",
            story="the sequencer is killed in the middle of a fall, and is away for five minutes",
            seconds=2_400,
            paths={
                "BTC": (
                    *((0, PPM), (CALM_S, PPM), (300, 930_000), (600, 830_000), (900, 820_000)),
                    (2_400, 850_000),
                )
            },
            outage=(300, 600),
            quoting=(Quoting(), Quoting(since=200, depth=500_000), Quoting(since=1_200)),
        ),
        Scenario(
            name="one-sided",
            story="makers pull every bid for six minutes while the price falls by 12%",
            seconds=2_100,
            paths={
                "BTC": (
                    *((0, PPM), (CALM_S, PPM), (420, 880_000), (540, 870_000), (900, 890_000)),
                    (2_100, 900_000),
                )
            },
            quoting=(
                Quoting(),
                Quoting(since=180, sides=ASKS_ONLY, depth=500_000),
                Quoting(since=540, depth=300_000, spread=2 * PPM),
                Quoting(since=900),
            ),
        ),
        Scenario(
            name="collateral-depeg",
            story="a staking derivative that backs two accounts in five loses 60% in ten minutes",
            seconds=2_400,
            paths={
                "WSTETH": (
                    *((0, PPM), (CALM_S, PPM), (300, 850_000), (480, 620_000), (720, 400_000)),
                    *((1_200, 470_000), (2_400, 500_000)),
                ),
                "BTC": ((0, PPM), (CALM_S, PPM), (720, 945_000), (2_400, 960_000)),
                "ETH": ((0, PPM), (CALM_S, PPM), (720, 900_000), (2_400, 930_000)),
                "SOL": ((0, PPM), (CALM_S, PPM), (720, 930_000), (2_400, 950_000)),
            },
            quoting=(Quoting(), Quoting(since=300, depth=500_000), Quoting(since=1_200)),
            population=Population(
                asset_share=400_000,
                asset_part=950_000,
                leverages=((3, 10), (5, 20), (10, 30), (18, 40)),
            ),
        ),
        Scenario(
            name="funding-squeeze",
            story="the perpetual stays far above an index that slips: longs pay funding, and lose",
            seconds=10_800,
            step_ms=5_000,
            paths={"BTC": ((0, PPM), (CALM_S, PPM), (5_400, 980_000), (10_800, 955_000))},
            quoting=(Quoting(), Quoting(since=CALM_S, premium=28_000)),
            population=Population(
                long_share=900_000, leverages=((5, 20), (10, 30), (15, 30), (19, 20))
            ),
        ),
    )
}
