"""Assets: what may be collateral beyond USDC, and what it counts for.

Asset 0 is USDC, and no entry of the rules.  An asset's amounts are units of
10**-``decimals``; its price is the index of a market, in micros per lot of
10**-``lot_decimals``, so that ``lot_units = 10**(decimals - lot_decimals)`` units
are worth one lot's price: exact, as an asset is never coarser than its market's lots.

=====================  ========================================================
``weight_ppm``         of its value at the index: what keeps one from liquidation
``initial_weight_ppm`` of its value at the worse of index and slow price: what
                       one may trade or withdraw against; at most the other weight
``penalty_ppm``        how far below the index a vault buys it in a liquidation;
                       at most what the weight leaves, so that such a sale never
                       makes its owner poorer than he was counted
``cap``                units that L1 holds at most
``deposit_min``        units that L1 takes at least
=====================  ========================================================
"""

from dataclasses import dataclass, fields
from typing import Any, Final, final

from statemachine.codec import as_list, as_symbol, as_uint
from statemachine.units import PPM_ONE

ASSET_USDC: Final = 0
ASSETS_MAX: Final = 8
"""Assets that rules may have: one bit each in a portfolio's mask."""
ASSETS_PER_PORTFOLIO_MAX: Final = 4
"""Assets that a portfolio may count: each is read for its margin."""
DECIMALS_MAX: Final = 9
UNITS_LIMIT: Final = 1 << 63
"""More than any cap: amounts, and sums of a pair of them, stay within 8 bytes."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRules:
    """Parameters of one asset; see the module's table.

    ``market`` is the one whose index is its price; ``lot_units`` follows from
    the market, and is checked against it by :class:`statemachine.rules.Rules`.
    """

    asset: int
    symbol: bytes
    decimals: int
    market: int
    lot_units: int
    weight_ppm: int
    initial_weight_ppm: int
    penalty_ppm: int
    cap: int
    deposit_min: int = 1

    def __post_init__(self) -> None:
        """Refuse parameters that could not work, once, at the edge."""
        if not 1 <= self.asset <= ASSETS_MAX or not 1 <= len(self.symbol) <= 16:
            raise ValueError(f"need an asset of 1 to {ASSETS_MAX} and a symbol of 1 to 16 bytes")
        if not 0 <= self.decimals <= DECIMALS_MAX:
            raise ValueError(f"need 0 to {DECIMALS_MAX} decimals, have {self.decimals}")
        if not 0 <= self.initial_weight_ppm <= self.weight_ppm:
            raise ValueError(
                "need 0 <= initial_weight_ppm <= weight_ppm, "
                f"have {self.initial_weight_ppm} and {self.weight_ppm}"
            )
        if self.penalty_ppm < 0 or self.weight_ppm + self.penalty_ppm > PPM_ONE:
            raise ValueError(
                "need penalty_ppm >= 0 and weight_ppm + penalty_ppm <= 1000000, "
                f"have {self.weight_ppm} and {self.penalty_ppm}"
            )
        if not 0 < self.deposit_min <= self.cap < UNITS_LIMIT:
            raise ValueError(
                f"need 0 < deposit_min <= cap < 2**63, have {self.deposit_min} and {self.cap}"
            )


ASSET_FIELDS: Final = tuple(field.name for field in fields(AssetRules))


def check_assets(assets: tuple[AssetRules, ...], lot_decimals: dict[int, int]) -> None:
    """Refuse assets that do not fit the markets, given by number and lot decimals."""
    numbers = [asset.asset for asset in assets]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"need assets in ascending order, have {numbers}")
    for asset in assets:
        decimals = lot_decimals.get(asset.market)
        if decimals is None:
            raise ValueError(f"asset {asset.asset}: there is no market {asset.market}")
        if asset.decimals < decimals or asset.lot_units != 10 ** (asset.decimals - decimals):
            raise ValueError(
                f"asset {asset.asset}: need lot_units = 10**(decimals - lot_decimals) >= 1, "
                f"have {asset.lot_units} with {asset.decimals} and {decimals}"
            )
    for market in lot_decimals:
        if sum(asset.market == market for asset in assets) > ASSETS_PER_PORTFOLIO_MAX:
            raise ValueError(
                f"market {market}: its vault can hold {ASSETS_PER_PORTFOLIO_MAX} assets at most"
            )


def encode_asset_rules(asset: AssetRules) -> list[Any]:
    """Return an asset's parameters in the order of their declaration."""
    return [getattr(asset, name) for name in ASSET_FIELDS]


def decode_asset_rules(value: object) -> AssetRules:
    """Return the parameters that :func:`encode_asset_rules` wrote."""
    items = as_list(value, len(ASSET_FIELDS), "asset rules")
    named: dict[str, Any] = dict(zip(ASSET_FIELDS, items, strict=True))
    for name, item in named.items():
        if name == "symbol":
            as_symbol(item)
        else:
            as_uint(item, UNITS_LIMIT, name)
    return AssetRules(**named)
