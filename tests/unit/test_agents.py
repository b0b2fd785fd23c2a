"""Agents: every outcome of approving and revoking, in the order of the codes."""

import pytest

from statemachine.actions import (
    Action,
    ApproveAgent,
    Kind,
    PlaceOrder,
    RevokeAgent,
    Transfer,
    Withdraw,
)
from statemachine.errors import Code
from statemachine.handlers.agents import KINDS_ALLOWED
from statemachine.identity.signing import address_of
from statemachine.records import ROLE_AGENT, ROLE_REVOKED
from statemachine.units import Lots, Micros, Millis, Price
from tests.models.auditor import audit
from tests.worlds import GENESIS_MS, USDC, World, trader_key

ORDER = 1 << Kind.ORDER
LATER = GENESIS_MS + 1_000_000
AGENT, OTHER, REVOKED, STRANGER = (address_of(trader_key(n)) for n in (10, 11, 12, 13))
OWNER, SECOND = (address_of(trader_key(n)) for n in (0, 1))


def approve(
    agent: bytes, expires_at: int = LATER, kinds: int = ORDER, markets: int = 0
) -> ApproveAgent:
    return ApproveAgent(agent, Millis(expires_at), kinds, markets)


def world_with_agents() -> World:
    """Return a world with two owners; 0 has a live agent and a revoked one, 1 has one."""
    world = World()
    world.open(2)
    assert world.act(0, approve(AGENT)) == "OK"
    assert world.act(1, approve(OTHER)) == "OK"
    assert world.act(0, approve(REVOKED)) == "OK"
    assert world.act(0, RevokeAgent(REVOKED)) == "OK"
    return world


@pytest.mark.parametrize(
    ("action", "code", "args"),
    [
        (approve(STRANGER, markets=0b100), Code.MARKET_UNKNOWN, (2,)),
        (approve(bytes(20), markets=1 << 63), Code.MARKET_UNKNOWN, (63,)),
        (approve(bytes(20)), Code.FIELD, (0,)),
        (approve(STRANGER, expires_at=GENESIS_MS), Code.FIELD, (1,)),
        (approve(STRANGER, kinds=0), Code.FIELD, (2,)),
        (approve(STRANGER, kinds=1 << Kind.WITHDRAW), Code.FIELD, (2,)),
        (approve(STRANGER, kinds=ORDER | 1 << Kind.TRANSFER), Code.FIELD, (2,)),
        (approve(STRANGER, kinds=ORDER | 1 << Kind.APPROVE_AGENT), Code.FIELD, (2,)),
        (approve(STRANGER, kinds=ORDER | 1 << Kind.REVOKE_AGENT), Code.FIELD, (2,)),
        (approve(STRANGER, kinds=1 << 31), Code.FIELD, (2,)),
        (approve(OWNER), Code.ACCOUNT_SELF, ()),
        (approve(SECOND), Code.AGENT_USED, ()),
        (approve(OTHER), Code.AGENT_USED, ()),
        (approve(REVOKED), Code.AGENT_USED, ()),
        (approve(STRANGER, kinds=KINDS_ALLOWED, markets=0b11), Code.OK, ()),
        (approve(AGENT, kinds=ORDER, markets=0b10), Code.OK, ()),
        (RevokeAgent(STRANGER), Code.AGENT_UNKNOWN, ()),
        (RevokeAgent(OWNER), Code.AGENT_UNKNOWN, ()),
        (RevokeAgent(OTHER), Code.AGENT_UNKNOWN, ()),
        (RevokeAgent(REVOKED), Code.AGENT_UNKNOWN, ()),
        (RevokeAgent(AGENT), Code.OK, ()),
    ],
)
def test_agents_in_code_order(action: Action, code: Code, args: tuple[int, ...]) -> None:
    world = world_with_agents()
    assert isinstance(action, ApproveAgent | RevokeAgent)
    before = world.store.get(b"\x03" + action.agent)
    receipt = world.run(world.sign(0, action)).receipts[0]
    assert (receipt.name, receipt.args) == (code.name, args)
    audit(world.store.values, world.rules)
    signer = world.state.signer(action.agent)
    if code != Code.OK:
        assert world.store.get(b"\x03" + action.agent) == before
        return
    assert signer is not None
    assert signer.account == 1
    if isinstance(action, ApproveAgent):
        found = (signer.role, signer.expires_at, signer.kinds, signer.markets)
        assert found == (ROLE_AGENT, LATER, action.kinds, action.markets)
    else:
        assert signer.role == ROLE_REVOKED


def test_an_agent_trades_within_its_terms_and_moves_no_money() -> None:
    world = world_with_agents()
    key = trader_key(10)
    order = PlaceOrder(0, 0, 0, Price(6_000_000), Lots(10))
    assert world.act(key, order) == "OK"
    assert world.portfolio(0).open_orders == 1
    for action in (
        Withdraw(0, Micros(USDC)),
        Transfer(0, 1, Micros(USDC)),
        approve(STRANGER),
        RevokeAgent(AGENT),
    ):
        assert world.act(key, action) == "AGENT_ACTION"
    assert world.act(0, approve(AGENT, markets=0b10)) == "OK"
    assert world.act(key, order) == "AGENT_MARKET"
    assert world.act(0, RevokeAgent(AGENT)) == "OK"
    assert world.act(key, order) == "SIGNER_REVOKED"
    assert world.act(0, approve(AGENT)) == "AGENT_USED"
