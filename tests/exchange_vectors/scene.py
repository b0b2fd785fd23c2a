"""A scene: a world with a history, and the block that is shown."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from statemachine.actions import (
    Action,
    OracleMessage,
    OracleUpdate,
    PlaceOrder,
    Transaction,
    encode_transaction,
)
from statemachine.block import Block
from statemachine.errors import Code
from statemachine.identity.signing import oracle_digest, sign_digest
from statemachine.rules import Rules
from statemachine.units import Lots, Millis, Price
from tests.worlds import PUBLISHER_KEYS, USDC, World, world_rules

MID = 6_000_000
SELL, IOC, POST, REDUCE = 1, 2, 4, 8
CLIENT = b"0123456789abcdef"
MAKER, TRADER, OTHER = 1, 0, 2


@dataclass
class Shown:
    """The state before the block, and the block."""

    world: World
    block: Block


@dataclass
class Scene:
    """One vector to be: which handler, which code, and how it comes about."""

    handler: str
    code: Code
    name: str
    about: str
    play: Callable[[], Shown]

    @property
    def file(self) -> str:
        """Return the file's name: in code order."""
        return f"{int(self.code):03d}_{self.code.name.lower()}_{self.name}"


@dataclass
class Stage:
    """The scenes of one module, in the order in which they are written."""

    scenes: list[Scene] = field(default_factory=list)

    def shows(
        self, handler: str, code: Code, name: str, about: str
    ) -> Callable[[Callable[[], Shown]], Callable[[], Shown]]:
        """Register a function as a scene."""

        def register(play: Callable[[], Shown]) -> Callable[[], Shown]:
            self.scenes.append(Scene(handler, code, name, about, play))
            return play

        return register

    def add(
        self,
        handler: str,
        code: Code,
        name: str,
        about: str,
        setting: Callable[[], World],
        act: Callable[[World], Transaction],
    ) -> None:
        """Register a scene of one transaction in a setting."""

        def play() -> Shown:
            world = setting()
            return show(world, act(world))

        self.scenes.append(Scene(handler, code, name, about, play))


def open_world(rules: Rules) -> World:
    """Return a world at genesis."""
    return World(rules)


def ready(traders: int = 3, amount: int = 1_000 * USDC, markets: int = 1, **rules: Any) -> World:
    """Return a world of funded traders and priced markets."""
    world = open_world(world_rules(markets, **rules))
    world.open(traders, MID, amount)
    return world


def show(world: World, *transactions: Transaction, advance: int = 100, valid: bool = True) -> Shown:
    """Return the block to be shown; its inbox holds only what is not consumed yet."""
    consumed = world.cursor.inbox_index
    block = world.block(transactions, advance=advance)
    frame = block.frame if valid else None
    return Shown(world, Block(frame, block.time, block.signers, world.inbox[consumed:], consumed))


def show_without_inbox(world: World, *transactions: Transaction, advance: int = 100) -> Shown:
    """Return a block whose frame names no inbox item."""
    shown = show(world, *transactions, advance=advance)
    block, frame = shown.block, shown.block.frame
    if frame is not None:
        frame = replace(frame, inbox_until=world.cursor.inbox_index)
    block = Block(frame, block.time, block.signers, block.inbox, block.inbox_from)
    return Shown(world, block)


def place(
    size: int = 100, price: int = MID, flags: int = 0, *, market: int = 0, **rest: Any
) -> PlaceOrder:
    """Return an order of trader's sub-account 0."""
    sub, client_id = rest.pop("sub", 0), rest.pop("client_id", b"")
    return PlaceOrder(sub, market, flags, Price(price), Lots(size), client_id)


def signed(trader: int | bytes, action: Action, **options: Any) -> Callable[[World], Transaction]:
    """Return what signs an action in a world."""
    return lambda world: world.sign(trader, action, **options)


def do(world: World, trader: int | bytes, *actions: Action) -> World:
    """Run actions that have to succeed, each in a block of its own."""
    for action in actions:
        name = world.act(trader, action)
        assert name == "OK", f"{action}: {name}"
    return world


Said = tuple[int, int, int]
"""Publisher, price, and time as a difference to the block's."""


def says(world: World, *said: Said, market: int = 0, signer: int | None = None) -> Transaction:
    """Return an oracle update for the next block, 100 ms from now."""
    messages = []
    for publisher, price, after in said:
        time = world.now + 100 + after
        key = PUBLISHER_KEYS[publisher % 3 if signer is None else signer]
        signature = sign_digest(key, oracle_digest(world.domain, market, price, time))
        messages.append(OracleMessage(publisher, Price(price), Millis(time), signature))
    return oracle_transaction(OracleUpdate(market, tuple(messages)))


def oracle_transaction(update: OracleUpdate) -> Transaction:
    """Return an oracle update as a transaction: it has no nonce and no signer."""
    return Transaction(update, 0, 0, b"", encode_transaction(update, 0, 0, b""))


def fall_to(world: World, price: int, market: int = 0) -> World:
    """Let all publishers say ``price``."""
    world.run()
    world.run(world.prices(market, price))
    return world
