"""Money in and out: inbox items, withdrawals, transfers; agents approved and revoked."""

from statemachine.actions import ApproveAgent, Kind, RevokeAgent, Send, Transfer, Withdraw
from statemachine.errors import Code
from statemachine.identity.signing import address_of
from statemachine.inbox import InboxItem, InboxKind
from statemachine.units import Micros, Millis
from tests.exchange_vectors.rescue import flagged
from tests.exchange_vectors.scene import (
    MAKER,
    OTHER,
    SELL,
    TRADER,
    Shown,
    Stage,
    do,
    place,
    ready,
    show,
    signed,
)
from tests.worlds import GENESIS_MS, USDC, World, trader_key

STAGE = Stage()
HELD = 1_000 * USDC
FREE = HELD - 300_000 - 30 * USDC
"""600 USDC of notional: 0.3 USDC of fee paid, 30 USDC of margin to keep."""
OWNER, NEW = address_of(trader_key(TRADER)), address_of(trader_key(30))
AGENT, STRANGER = address_of(trader_key(40)), address_of(trader_key(41))
LATER = Millis(GENESIS_MS + 1_000_000)
ORDERS = 1 << Kind.ORDER


def traded() -> World:
    """Return a world in which the trader is long 100 lots."""
    world = do(ready(markets=2), MAKER, place(flags=SELL))
    return do(world, TRADER, place())


def stale() -> World:
    """Return the same, a minute after the last price."""
    world = traded()
    world.run(advance=60_001)
    return world


# Withdrawals and transfers


def withdraws(code: Code, name: str, about: str, amount: int, sub: int = 0) -> None:
    """Register a withdrawal of the trader who is long."""
    action = Withdraw(sub, Micros(amount))
    STAGE.add("withdraw", code, name, about, traded, signed(TRADER, action))


def transfers(code: Code, name: str, about: str, *, target: int = 1, amount: int = USDC) -> None:
    """Register a transfer of the trader who is long."""
    action = Transfer(0, target, Micros(amount))
    STAGE.add("transfer", code, name, about, traded, signed(TRADER, action))


withdraws(Code.OK, "all_that_is_free", "down to the margin, to the unit", FREE)
withdraws(Code.OK, "least", "the least that may leave", USDC)
withdraws(Code.AMOUNT, "nothing", "nothing is no withdrawal", 0)
withdraws(Code.AMOUNT, "small", "below the minimum, and something stays", USDC - 1)
withdraws(Code.BALANCE, "never_opened", "a sub-account that does not exist", USDC, sub=9)
withdraws(Code.BALANCE, "margin", "one micro of margin", FREE + 1)
STAGE.add(
    "withdraw",
    Code.ORACLE_STALE,
    "market",
    "no fresh price for a market it is in",
    stale,
    signed(TRADER, Withdraw(0, Micros(USDC))),
)
STAGE.add(
    "withdraw",
    Code.LIQUIDATING,
    "flagged",
    "nothing leaves a portfolio that is being closed",
    flagged,
    signed(TRADER, Withdraw(0, Micros(USDC))),
)


@STAGE.shows("withdraw", Code.OK, "the_last_micro", "less than the minimum, but all there is")
def last_micro() -> Shown:
    world = do(ready(), TRADER, Transfer(0, 3, Micros(1)))
    return show(world, world.sign(TRADER, Withdraw(3, Micros(1))))


@STAGE.shows("withdraw", Code.BALANCE, "unrealised", "a profit that is not settled cannot leave")
def unrealised() -> Shown:
    world = traded()
    world.run()
    world.run(world.prices(0, 12_000_000))
    return show(world, world.sign(TRADER, Withdraw(0, Micros(HELD))))


transfers(Code.OK, "opens_target", "to a sub-account that did not exist")
transfers(Code.AMOUNT, "nothing", "nothing is no transfer", amount=0)
transfers(Code.BALANCE, "margin", "one micro of margin", amount=FREE + 1)
transfers(Code.ACCOUNT_SELF, "same", "from a sub-account to itself", target=0)
STAGE.add(
    "transfer",
    Code.BALANCE,
    "never_opened",
    "from a sub-account that does not exist",
    traded,
    signed(TRADER, Transfer(9, 0, Micros(USDC))),
)
STAGE.add(
    "transfer",
    Code.ORACLE_STALE,
    "market",
    "no fresh price for a market it is in",
    stale,
    signed(TRADER, Transfer(0, 1, Micros(USDC))),
)
STAGE.add(
    "transfer",
    Code.LIQUIDATING,
    "flagged",
    "nothing leaves a portfolio that is being closed",
    flagged,
    signed(TRADER, Transfer(0, 1, Micros(USDC))),
)


def sends(
    code: Code, name: str, about: str, to: bytes, *, sub: int = 0, amount: int = USDC
) -> None:
    """Register what the trader who is long sends; ``AGENT`` is his, ``NEW`` was."""

    def setting() -> World:
        world = do(traded(), TRADER, ApproveAgent(AGENT, LATER, ORDERS, 0))
        return do(world, TRADER, ApproveAgent(NEW, LATER, ORDERS, 0), RevokeAgent(NEW))

    STAGE.add("send", code, name, about, setting, signed(TRADER, Send(to, sub, 3, Micros(amount))))


PEER = address_of(trader_key(OTHER))
sends(Code.OK, "opens_target", "to a sub-account of another owner", PEER)
sends(Code.OK, "all_that_is_free", "down to the margin, to the unit", PEER, amount=FREE)
sends(Code.AMOUNT, "nothing", "nothing is not sent", PEER, amount=0)
sends(Code.BALANCE, "margin", "one micro of margin", PEER, amount=FREE + 1)
sends(Code.BALANCE, "never_opened", "from a sub-account that does not exist", PEER, sub=9)
sends(Code.ACCOUNT_SELF, "own", "to oneself: that is a transfer", OWNER)
sends(Code.RECIPIENT, "stranger", "to an address that owns nothing", STRANGER)
sends(Code.RECIPIENT, "agent", "to a session key, one's own at that", AGENT)
sends(Code.RECIPIENT, "revoked", "to a session key that is no more", NEW)
for code, name, about, setting in (
    (Code.ORACLE_STALE, "market", "no fresh price for a market it is in", stale),
    (Code.LIQUIDATING, "flagged", "nothing leaves a portfolio that is being closed", flagged),
):
    STAGE.add("send", code, name, about, setting, signed(TRADER, Send(PEER, 0, 3, Micros(USDC))))


# Inbox


def queue(world: World, kind: InboxKind, owner: bytes, amount: int, sub: int = 0) -> Shown:
    """Show a block that consumes one inbox item."""
    world.inbox.append(InboxItem(kind, owner, sub, Micros(amount), Millis(world.now)))
    return show(world)


def deposits(code: Code, name: str, about: str, owner: bytes, amount: int, sub: int = 0) -> None:
    """Register a deposit into the traded world."""

    def play() -> Shown:
        world = do(traded(), TRADER, ApproveAgent(AGENT, LATER, ORDERS, 0))
        return queue(world, InboxKind.DEPOSIT, owner, amount, sub)

    STAGE.shows("deposit", code, name, about)(play)


deposits(Code.OK, "opens_account", "an owner's first deposit gives an account", NEW, USDC)
deposits(Code.OK, "again", "a second one is added", OWNER, USDC)
deposits(Code.OK, "opens_sub", "into a sub-account that did not exist", OWNER, USDC, 255)
deposits(Code.OK, "ends_an_agent", "an agent's own deposit makes it an owner", AGENT, USDC)
deposits(Code.AMOUNT, "nothing", "nothing opens no account", NEW, 0)


@STAGE.shows("deposit", Code.OVERFLOW, "all_deposits", "all deposits ever would reach 2**64")
def all_deposits() -> Shown:
    world = ready()
    world.deposit(MAKER, 2**63 - 1)
    world.run()
    return queue(world, InboxKind.DEPOSIT, NEW, 2**63 - 1)


def forces(code: Code, name: str, about: str, owner: bytes, amount: int, sub: int = 0) -> None:
    """Register a forced withdrawal from the traded world."""

    def play() -> Shown:
        return queue(traded(), InboxKind.FORCED_WITHDRAW, owner, amount, sub)

    STAGE.shows("forced_withdrawal", code, name, about)(play)


forces(Code.OK, "all", "0 asks for all that may leave", OWNER, 0)
forces(Code.OK, "some", "as much as was asked for", OWNER, 5)
forces(Code.OK, "more_than_free", "what may leave of it", OWNER, 2**62)
forces(Code.SIGNER_UNKNOWN, "stranger", "an address that owns nothing", STRANGER, 0)
forces(Code.BALANCE, "never_opened", "a sub-account that does not exist", OWNER, 0, 9)


@STAGE.shows("forced_withdrawal", Code.BALANCE, "nothing_free", "all of it is margin")
def nothing_free() -> Shown:
    world = do(traded(), TRADER, Withdraw(0, Micros(FREE)))
    return queue(world, InboxKind.FORCED_WITHDRAW, OWNER, 0)


@STAGE.shows("forced_withdrawal", Code.ORACLE_STALE, "market", "no fresh price for its market")
def forced_stale() -> Shown:
    return queue(stale(), InboxKind.FORCED_WITHDRAW, OWNER, 0)


@STAGE.shows("forced_withdrawal", Code.LIQUIDATING, "flagged", "it is being closed")
def forced_flagged() -> Shown:
    return queue(flagged(), InboxKind.FORCED_WITHDRAW, OWNER, 0)


# Agents


def approves(
    code: Code,
    name: str,
    about: str,
    agent: bytes = STRANGER,
    *,
    expires_at: int = LATER,
    kinds: int = ORDERS,
    markets: int = 0,
) -> None:
    """Register an approval; ``AGENT`` serves the trader already, ``NEW`` served once."""

    def setting() -> World:
        world = do(ready(), TRADER, ApproveAgent(AGENT, LATER, ORDERS, 0))
        return do(world, TRADER, ApproveAgent(NEW, LATER, ORDERS, 0), RevokeAgent(NEW))

    action = ApproveAgent(agent, Millis(expires_at), kinds, markets)
    STAGE.add("approve_agent", code, name, about, setting, signed(TRADER, action))


approves(Code.OK, "new", "an address that never signed for anything")
approves(Code.OK, "new_terms", "a live agent of one's own", AGENT, kinds=62, markets=1)
approves(Code.MARKET_UNKNOWN, "mask", "a market that the rules do not have", markets=0b100)
approves(Code.FIELD, "address", "the zero address", bytes(20))
approves(Code.FIELD, "expiry", "terms that are over", expires_at=GENESIS_MS)
approves(Code.FIELD, "no_kinds", "no kind of action", kinds=0)
approves(Code.FIELD, "kinds", "a kind that moves money", kinds=ORDERS | 1 << Kind.WITHDRAW)
approves(Code.ACCOUNT_SELF, "owner", "oneself", OWNER)
approves(Code.AGENT_USED, "owner", "another owner", address_of(trader_key(MAKER)))
approves(Code.AGENT_USED, "tombstone", "an agent that was revoked", NEW)


def agents() -> World:
    """Return a world with an agent of the trader's and one of the maker's."""
    world = do(ready(), TRADER, ApproveAgent(AGENT, LATER, ORDERS, 0))
    return do(world, MAKER, ApproveAgent(NEW, LATER, ORDERS, 0))


for code, name, about, agent in (
    (Code.OK, "agent", "ends an agent's role; a tombstone stays", AGENT),
    (Code.AGENT_UNKNOWN, "stranger", "an address without a role", STRANGER),
    (Code.AGENT_UNKNOWN, "of_another", "another account's agent", NEW),
    (Code.AGENT_UNKNOWN, "owner", "an owner", OWNER),
):
    STAGE.add("revoke_agent", code, name, about, agents, signed(TRADER, RevokeAgent(agent)))
