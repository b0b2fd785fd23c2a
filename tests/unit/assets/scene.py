"""What is looked at, and done, in the scenes with assets."""

from typing import Any

from statemachine.events import Liquidated
from statemachine.risk.collateral import holding_of
from statemachine.risk.margin import Margin, margin_of
from statemachine.risk.vaults import vault_portfolio
from tests.exchange_vectors.assets import ORACLE_ONLY, STAKED
from tests.exchange_vectors.scene import TRADER
from tests.models.auditor import audit
from tests.worlds import World


def margin(world: World, trader: int = TRADER, sub: int = 0) -> Margin:
    return margin_of(world.state, world.portfolio(trader, sub))


def held(world: World, trader: int = TRADER, asset: int = STAKED, sub: int = 0) -> int:
    portfolio = world.account(trader) << 8 | sub
    return holding_of(world.state, portfolio, asset).amount


def vault_held(world: World, asset: int = STAKED) -> int:
    return holding_of(world.state, vault_portfolio(ORACLE_ONLY), asset).amount


def stages(world: World) -> list[int]:
    assert world.last is not None
    return [event.stage for event in world.last.events if isinstance(event, Liquidated)]


def act(world: World, trader: int, action: Any) -> str:
    name = world.act(trader, action)
    audit(world.store.values, world.rules)
    return name
