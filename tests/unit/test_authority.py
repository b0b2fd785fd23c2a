"""Who may act: signatures, signers, nonces, expiry, agents; one row per code."""

import pytest

from statemachine.actions import (
    MARKET_EVERY,
    ApproveAgent,
    Bulk,
    Cancel,
    CancelAll,
    PlaceOrder,
    RevokeAgent,
    Transaction,
    Withdraw,
    encode_transaction,
)
from statemachine.identity.signing import CURVE_ORDER, address_of, recover, sign_digest
from statemachine.records import NONCES_PER_BUCKET
from statemachine.units import Lots, Micros, Millis, Price
from tests.worlds import USDC, World, trader_key

AGENT = b"\x77" * 32
BUY = PlaceOrder(0, 0, 0, Price(6_000_000), Lots(10))


@pytest.fixture
def world() -> World:
    made = World()
    made.open(2)
    return made


def resigned(transaction: Transaction, signature: bytes) -> Transaction:
    action, nonce, expires = transaction.action, transaction.nonce, transaction.expires_at
    data = encode_transaction(action, nonce, expires, signature)
    return Transaction(action, nonce, expires, signature, data)


def test_signature(world: World) -> None:
    good = world.sign(0, BUY)
    r, s, v = good.signature[:32], int.from_bytes(good.signature[32:64], "big"), good.signature[64]
    high = r + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([v ^ 1])
    for signature in (bytes(65), high, b"\xff" * 64 + b"\x00", r + good.signature[32:64] + b"\x09"):
        assert world.codes(resigned(good, signature)) == ["SIGNATURE"]
    assert world.codes(good) == ["OK"], "what was refused did not burn the nonce"


def test_a_high_s_signature_is_not_another_encoding_of_a_low_one() -> None:
    digest = b"\x05" * 32
    low = sign_digest(AGENT, digest)
    s = int.from_bytes(low[32:64], "big")
    high = low[:32] + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([low[64] ^ 1])
    assert recover(digest, low) == address_of(AGENT)
    assert recover(digest, high) == b""


def test_signer_unknown(world: World) -> None:
    assert world.act(9, BUY) == "SIGNER_UNKNOWN"


def test_nonce_time(world: World) -> None:
    future, past = world.rules.nonce_future_ms, world.rules.nonce_past_ms
    for offset in (future + 1, -past - 1):
        assert world.act(0, BUY, nonce=(world.now + 100 + offset) << 10) == "NONCE_TIME"
    for nonce in (0, (1 << 64) - 1):
        assert world.act(0, BUY, nonce=nonce) == "NONCE_TIME"


def test_nonce_edges_of_the_window_are_inside(world: World) -> None:
    late = (world.now + 100 + world.rules.nonce_future_ms) << 10
    assert world.act(0, BUY, nonce=late) == "OK"
    old = (world.now + 100 - world.rules.nonce_past_ms) << 10
    assert world.act(0, BUY, nonce=old) == "OK"


def test_nonce_used_even_by_a_refused_transaction(world: World) -> None:
    refused = world.sign(0, PlaceOrder(0, 99, 0, Price(1), Lots(1)))
    assert world.codes(refused) == ["MARKET_UNKNOWN"]
    assert world.codes(refused) == ["NONCE_USED"]
    assert world.act(0, BUY, nonce=refused.nonce) == "NONCE_USED"
    assert world.act(1, BUY, nonce=refused.nonce) == "OK", "nonces are a signer's own"


def test_nonce_low_once_its_bucket_gave_it_up(world: World) -> None:
    base = (world.now - 1_000) << 10
    # One bucket: the same low bits of time, counters 16 apart.
    spread = [base + 16 * i for i in range(NONCES_PER_BUCKET + 1)]
    for nonce in reversed(spread):
        assert world.act(0, BUY, nonce=nonce) == "OK"
    assert world.act(0, BUY, nonce=spread[0]) == "NONCE_LOW"
    assert world.act(0, BUY, nonce=spread[1]) == "NONCE_USED"


def test_concurrent_senders_do_not_collide(world: World) -> None:
    """The last 256 nonces of one signer are all accepted, in whatever order they come."""
    base = world.now << 10
    order = sorted(range(256), key=lambda i: (i * 167) % 256)
    codes = [world.act(0, BUY, nonce=base + i) for i in order]
    assert codes == ["OK"] * 256
    assert {world.act(0, BUY, nonce=base + i) for i in range(256)} == {"NONCE_USED"}


def test_expired(world: World) -> None:
    assert world.act(0, BUY, expires_at=world.now + 100) == "OK"
    assert world.act(0, BUY, expires_at=world.now + 99) == "EXPIRED"


def approve(world: World, kinds: int = 62, markets: int = 0, lifetime: int = 60_000) -> str:
    agent = address_of(AGENT)
    action = ApproveAgent(agent, Millis(world.now + lifetime), kinds, markets)
    return world.act(0, action)


def test_an_agent_trades_for_its_owner(world: World) -> None:
    assert world.act(AGENT, BUY) == "SIGNER_UNKNOWN"
    assert approve(world) == "OK"
    assert world.act(AGENT, BUY) == "OK"
    assert world.portfolio(0).open_orders == 1
    assert world.act(0, CancelAll(0, MARKET_EVERY)) == "OK"


def test_agent_expired(world: World) -> None:
    assert approve(world, lifetime=1_000) == "OK"
    assert world.codes(world.sign(AGENT, BUY), advance=900) == ["OK"]
    assert world.codes(world.sign(AGENT, BUY), advance=101) == ["AGENT_EXPIRED"]


@pytest.mark.parametrize("action", [Withdraw(0, Micros(USDC)), RevokeAgent(bytes(20))])
def test_agent_action(world: World, action: Withdraw | RevokeAgent) -> None:
    assert approve(world, kinds=1 << 1) == "OK"
    assert world.act(AGENT, action) == "AGENT_ACTION"
    assert world.act(AGENT, Cancel(0, 0, 1)) == "AGENT_ACTION"
    assert world.act(AGENT, BUY) == "OK"


def test_agent_market(world: World) -> None:
    assert approve(world, markets=0b10) == "OK"
    other = PlaceOrder(0, 1, 0, Price(6_000_000), Lots(10))
    assert world.act(AGENT, BUY) == "AGENT_MARKET"
    assert world.act(AGENT, Bulk(0, (other, BUY))) == "AGENT_MARKET"
    assert world.act(AGENT, CancelAll(0, MARKET_EVERY)) == "AGENT_MARKET"
    assert world.act(AGENT, other) == "OK"


def test_a_revoked_agent_never_comes_back(world: World) -> None:
    assert approve(world) == "OK"
    assert world.act(0, RevokeAgent(address_of(AGENT))) == "OK"
    assert world.act(AGENT, BUY) == "SIGNER_REVOKED"
    assert approve(world) == "AGENT_USED"
    assert world.act(AGENT, BUY) == "SIGNER_REVOKED"


def test_a_bulk_refused_as_a_whole_has_one_receipt(world: World) -> None:
    bulk = world.sign(9, Bulk(0, (BUY, BUY)))
    assert world.codes(bulk) == ["SIGNER_UNKNOWN"]
    assert trader_key(9) != trader_key(0)
