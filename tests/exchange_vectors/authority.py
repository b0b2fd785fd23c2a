"""Who may act: signatures, nonces, expiry, agents' terms."""

from statemachine.actions import (
    ApproveAgent,
    Bulk,
    Cancel,
    CancelAll,
    Kind,
    RevokeAgent,
    Transaction,
    Withdraw,
    encode_transaction,
)
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.units import Micros, Millis
from tests.exchange_vectors.scene import TRADER, Shown, Stage, do, place, ready, show, signed
from tests.worlds import USDC, World, trader_key

STAGE = Stage()
AGENT = trader_key(40)
STRANGER = trader_key(41)
ORDERS = 1 << Kind.ORDER
TRADING = ORDERS | 1 << Kind.CANCEL | 1 << Kind.CANCEL_ALL | 1 << Kind.MODIFY | 1 << Kind.BULK


def approve(world: World, *, lasts: int = 60_000, kinds: int = TRADING, markets: int = 0) -> World:
    """Let ``AGENT`` act for the trader."""
    expiry = Millis(world.now + lasts)
    return do(world, TRADER, ApproveAgent(address_of(AGENT), expiry, kinds, markets))


@STAGE.shows("authority", Code.SIGNATURE, "of_zeros", "no key makes this signature")
def signature() -> Shown:
    world = ready()
    action, nonce = place(), world.nonce()
    data = encode_transaction(action, nonce, 0, bytes(65))
    return show(world, Transaction(action, nonce, 0, bytes(65), data))


@STAGE.shows("authority", Code.SIGNATURE, "high_s", "the same signature with the other s")
def high_s() -> Shown:
    world = ready()
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    good = world.sign(TRADER, place())
    other = (order - int.from_bytes(good.signature[32:64], "big")).to_bytes(32, "big")
    bad = good.signature[:32] + other + bytes([good.signature[64] ^ 1])
    data = encode_transaction(good.action, good.nonce, 0, bad)
    return show(world, Transaction(good.action, good.nonce, 0, bad, data))


STAGE.add(
    "authority",
    Code.SIGNER_UNKNOWN,
    "stranger",
    "an address without an account; its nonce is kept",
    ready,
    signed(STRANGER, place()),
)


@STAGE.shows("authority", Code.SIGNER_REVOKED, "agent", "an agent whose role was ended")
def revoked() -> Shown:
    world = do(approve(ready()), TRADER, RevokeAgent(address_of(AGENT)))
    return show(world, world.sign(AGENT, place()))


def with_nonce(code: Code, name: str, about: str, away_ms: int) -> None:
    """Register an order whose nonce's time is ``away_ms`` from the block's."""

    def play() -> Shown:
        world = ready()
        return show(world, world.sign(TRADER, place(), nonce=(world.now + 100 + away_ms) << 10))

    STAGE.shows("authority", code, name, about)(play)


with_nonce(Code.NONCE_TIME, "past", "a millisecond beyond the past bound", -7_200_001)
with_nonce(Code.NONCE_TIME, "future", "a millisecond beyond the future bound", 60_001)
with_nonce(Code.OK, "oldest_nonce", "as far in the past as a nonce may be", -7_200_000)
with_nonce(Code.OK, "newest_nonce", "as far in the future as a nonce may be", 60_000)


@STAGE.shows("authority", Code.NONCE_LOW, "evicted", "17 later nonces filled its bucket of 16")
def nonce_low() -> Shown:
    world = ready()
    base = world.now << 10
    for number in range(1, 18):
        world.run(world.sign(TRADER, CancelAll(0, 0), nonce=base + 256 * 16 * 16 * number))
    return show(world, world.sign(TRADER, place(), nonce=base))


@STAGE.shows("authority", Code.NONCE_USED, "again", "the same transaction, a block later")
def nonce_used() -> Shown:
    world = ready()
    transaction = world.sign(TRADER, place())
    world.run(transaction)
    return show(world, transaction)


@STAGE.shows("authority", Code.NONCE_USED, "refused_before", "a refusal burns its nonce too")
def nonce_of_a_refusal() -> Shown:
    world = ready()
    nonce = world.nonce()
    assert world.act(TRADER, place(size=0), nonce=nonce) == "SIZE_RANGE"
    return show(world, world.sign(TRADER, place(), nonce=nonce))


@STAGE.shows("authority", Code.EXPIRED, "by_a_millisecond", "expired before the block; nonce burnt")
def expired() -> Shown:
    world = ready()
    return show(world, world.sign(TRADER, place(), expires_at=world.now + 99))


@STAGE.shows("authority", Code.OK, "expires_now", "valid up to and with its expiry")
def expires_now() -> Shown:
    world = ready()
    return show(world, world.sign(TRADER, place(), expires_at=world.now + 100))


@STAGE.shows(
    "authority", Code.AGENT_EXPIRED, "by_a_millisecond", "its terms ended before the block"
)
def agent_expired() -> Shown:
    world = approve(ready(), lasts=199)
    return show(world, world.sign(AGENT, place()))


@STAGE.shows("authority", Code.AGENT_ACTION, "withdraw", "no agent moves money")
def agent_action() -> Shown:
    world = approve(ready())
    return show(world, world.sign(AGENT, Withdraw(0, Micros(USDC))))


@STAGE.shows("authority", Code.AGENT_ACTION, "cancel", "approved for orders only")
def agent_kind() -> Shown:
    world = approve(ready(), kinds=ORDERS)
    return show(world, world.sign(AGENT, Cancel(0, 0, 1)))


@STAGE.shows("authority", Code.AGENT_MARKET, "bulk", "one leg is in a market outside its mask")
def agent_market() -> Shown:
    world = approve(ready(markets=2), markets=1)
    return show(world, world.sign(AGENT, Bulk(0, (place(), place(market=1)))))


@STAGE.shows("authority", Code.AGENT_MARKET, "cancel_all", "a mask, and all markets at once")
def agent_every_market() -> Shown:
    world = approve(ready(markets=2), markets=3)
    return show(world, world.sign(AGENT, CancelAll(0, 65_535)))


@STAGE.shows("authority", Code.OK, "agent", "an agent's order is its account's")
def agent() -> Shown:
    world = approve(ready(markets=2), markets=1)
    return show(world, world.sign(AGENT, place()))
