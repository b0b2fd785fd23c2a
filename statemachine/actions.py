"""What people sign: actions, transactions, and their canonical bytes.

A transaction is ``pack([1, kind, nonce, expires_at, [body...], signature])``;
its hash is the SHA-256 of those bytes.

====  ==============  =====================================================
kind  action          body
====  ==============  =====================================================
1     PlaceOrder      sub, market, flags, price, size, client id
2     Cancel          sub, market, ref
3     CancelAll       sub, market (65535: every market)
4     Modify          sub, market, flags, ref, price, size
5     Bulk            sub, [[market, [leg...]]...]
16    Withdraw        sub, amount
17    Transfer        source sub, target sub, amount
18    ApproveAgent    agent, expiry, kinds mask, markets mask (0: all)
19    RevokeAgent     agent
32    OracleUpdate    market, [[publisher, price, time, signature]...]
33    Poke            account, sub
====  ==============  =====================================================

``flags`` = side (0 buy, 1 sell) + 2 IOC + 4 post-only + 8 reduce-only.
``client id`` is empty or 16 bytes.  ``ref`` is an order id, or a client id.

A bulk's leg is ``[0, flags, price, size, client id]``, ``[1, ref]`` or
``[2, flags, ref, price, size]``, with prices and order ids as differences
from the previous ones of the same market's list, starting at 0.
"""

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final, final

from statemachine.codec import as_bytes, as_int, as_list, as_uint, pack, unpack
from statemachine.errors import FrameInvalid
from statemachine.units import LOTS_LIMIT, PRICE_LIMIT, TIME_LIMIT, Lots, Micros, Millis, Price

TRANSACTION_VERSION: Final = 1
TRANSACTION_BYTES_MAX: Final = 8192
BULK_LEGS_MAX: Final = 64
ORACLE_MESSAGES_MAX: Final = 8
MARKET_EVERY: Final = 65535
MARKETS_LIMIT: Final = 65535
FLAG_SELL: Final = 1
FLAG_IOC: Final = 2
FLAG_POST_ONLY: Final = 4
FLAG_REDUCE_ONLY: Final = 8
FLAGS_LIMIT: Final = 16
SIGNATURE_SIZE: Final = 65
U64: Final = 1 << 64


@final
class Kind(IntEnum):
    """Kinds of transactions.  Numbers are consensus: never reuse."""

    ORDER = 1
    CANCEL = 2
    CANCEL_ALL = 3
    MODIFY = 4
    BULK = 5
    WITHDRAW = 16
    TRANSFER = 17
    APPROVE_AGENT = 18
    REVOKE_AGENT = 19
    ORACLE = 32
    POKE = 33


@final
@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Rest on the book, take from it, or both; a market order is an IOC with a bound."""

    sub: int
    market: int
    flags: int
    price: Price
    size: Lots
    client_id: bytes = b""


@final
@dataclass(frozen=True, slots=True)
class Cancel:
    """Take one order off the book, by order id (``int``) or client id (``bytes``)."""

    sub: int
    market: int
    ref: int | bytes


@final
@dataclass(frozen=True, slots=True)
class CancelAll:
    """Take every order of a market, or of all markets, off the book."""

    sub: int
    market: int


@final
@dataclass(frozen=True, slots=True)
class Modify:
    """Give an order a new price and a new remaining size; shrinking keeps priority."""

    sub: int
    market: int
    flags: int
    ref: int | bytes
    price: Price
    size: Lots


Leg = PlaceOrder | Cancel | Modify


@final
@dataclass(frozen=True, slots=True)
class Bulk:
    """Up to 64 places, cancels and modifies under one signature, each its own step."""

    sub: int
    legs: tuple[Leg, ...]


@final
@dataclass(frozen=True, slots=True)
class Withdraw:
    """Move settled collateral out to the owner's address on L1."""

    sub: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class Transfer:
    """Move settled collateral between two sub-accounts of one owner."""

    source: int
    target: int
    amount: Micros


@final
@dataclass(frozen=True, slots=True)
class ApproveAgent:
    """Let another key trade: until ``expires_at``, the kinds and markets of two masks."""

    agent: bytes
    expires_at: Millis
    kinds: int
    markets: int


@final
@dataclass(frozen=True, slots=True)
class RevokeAgent:
    """End a session key for good: its address can never be approved again."""

    agent: bytes


@final
@dataclass(frozen=True, slots=True)
class OracleMessage:
    """One publisher's own signed price: micro-USDC per lot at an L1 time in ms."""

    publisher: int
    price: Price
    time: Millis
    signature: bytes


@final
@dataclass(frozen=True, slots=True)
class OracleUpdate:
    """Publishers' messages for one market; included by the sequencer, free of charge."""

    market: int
    messages: tuple[OracleMessage, ...]


@final
@dataclass(frozen=True, slots=True)
class Poke:
    """Ask the exchange to look at a portfolio: anyone may."""

    account: int
    sub: int


Action = (
    PlaceOrder
    | Cancel
    | CancelAll
    | Modify
    | Bulk
    | Withdraw
    | Transfer
    | ApproveAgent
    | RevokeAgent
    | OracleUpdate
    | Poke
)

KIND_OF: Final[dict[type, Kind]] = {
    PlaceOrder: Kind.ORDER,
    Cancel: Kind.CANCEL,
    CancelAll: Kind.CANCEL_ALL,
    Modify: Kind.MODIFY,
    Bulk: Kind.BULK,
    Withdraw: Kind.WITHDRAW,
    Transfer: Kind.TRANSFER,
    ApproveAgent: Kind.APPROVE_AGENT,
    RevokeAgent: Kind.REVOKE_AGENT,
    OracleUpdate: Kind.ORACLE,
    Poke: Kind.POKE,
}


@final
class Transaction:
    """An action with its nonce, expiry and signature; ``data`` is what L1 sees."""

    __slots__ = ("action", "data", "expires_at", "hash", "kind", "nonce", "signature")

    def __init__(
        self, action: Action, nonce: int, expires_at: int, signature: bytes, data: bytes
    ) -> None:
        """Take the parts and the bytes they were decoded from."""
        self.action = action
        self.kind = int(KIND_OF[type(action)])
        self.nonce = nonce
        self.expires_at = expires_at
        self.signature = signature
        self.data = data
        self.hash = sha256(data).digest()


def body_of(action: Action) -> list[object]:
    """Return the body of ``action`` as it is packed, signed and hashed."""
    match action:
        case PlaceOrder():
            head = [action.sub, action.market, action.flags]
            return [*head, action.price, action.size, action.client_id]
        case Cancel():
            return [action.sub, action.market, action.ref]
        case CancelAll():
            return [action.sub, action.market]
        case Modify():
            head = [action.sub, action.market, action.flags]
            return [*head, action.ref, action.price, action.size]
        case Bulk():
            return [action.sub, pack_legs(action.legs)]
        case Withdraw():
            return [action.sub, action.amount]
        case Transfer():
            return [action.source, action.target, action.amount]
        case ApproveAgent():
            return [action.agent, action.expires_at, action.kinds, action.markets]
        case RevokeAgent():
            return [action.agent]
        case OracleUpdate():
            messages = [[m.publisher, m.price, m.time, m.signature] for m in action.messages]
            return [action.market, messages]
        case Poke():
            return [action.account, action.sub]


def pack_legs(legs: tuple[Leg, ...]) -> list[object]:
    """Return legs grouped by runs of one market, prices and ids as differences."""
    groups: list[Any] = []
    market = -1
    price = order_id = 0
    for leg in legs:
        if leg.market != market:
            market, price, order_id = leg.market, 0, 0
            groups.append([market, []])
        items = groups[-1][1]
        match leg:
            case PlaceOrder():
                items.append([0, leg.flags, leg.price - price, leg.size, leg.client_id])
                price = leg.price
            case Cancel(ref=int(ref)):
                items.append([1, ref - order_id])
                order_id = ref
            case Cancel():
                items.append([1, leg.ref])
            case Modify(ref=int(ref)):
                items.append([2, leg.flags, ref - order_id, leg.price - price, leg.size])
                order_id, price = ref, leg.price
            case Modify():
                items.append([2, leg.flags, leg.ref, leg.price - price, leg.size])
                price = leg.price
    return groups


def unpack_legs(sub: int, value: object) -> tuple[Leg, ...]:
    """Return the legs that :func:`pack_legs` wrote, or raise ``FrameInvalid``."""
    legs: list[Leg] = []
    before = -1
    if type(value) is not list or not value:
        raise FrameInvalid("bulk: need at least one leg")
    for group in value:
        market, items = as_list(group, 2, "bulk market")
        market = as_uint(market, MARKETS_LIMIT, "market")
        if market == before or type(items) is not list or not items:
            raise FrameInvalid("bulk: two lists in a row for one market, or an empty one")
        before = market
        unpack_group(sub, market, items, legs)
        if len(legs) > BULK_LEGS_MAX:
            raise FrameInvalid(f"bulk: more than {BULK_LEGS_MAX} legs")
    return tuple(legs)


def unpack_group(sub: int, market: int, items: list[Any], legs: list[Leg]) -> None:
    """Append one market's legs, undoing the differences."""
    price = order_id = 0
    for item in items:
        if type(item) is not list or not item:
            raise FrameInvalid("bulk: a leg is an array")
        ref: int | bytes
        if item[0] == 0 and len(item) == 5:
            price += as_int(item[2], PRICE_LIMIT, "price")
            size = size_of(item[3])
            cid = client_id_of(item[4])
            legs.append(PlaceOrder(sub, market, flags_of(item[1]), price_of(price), size, cid))
        elif item[0] == 1 and len(item) == 2:
            ref = ref_of(item[1], order_id)
            order_id = ref if isinstance(ref, int) else order_id
            legs.append(Cancel(sub, market, ref))
        elif item[0] == 2 and len(item) == 5:
            ref = ref_of(item[2], order_id)
            order_id = ref if isinstance(ref, int) else order_id
            price += as_int(item[3], PRICE_LIMIT, "price")
            size = size_of(item[4])
            legs.append(Modify(sub, market, flags_of(item[1]), ref, price_of(price), size))
        else:
            raise FrameInvalid("bulk: a leg is [0, 4 items], [1, ref] or [2, 4 items]")


def price_of(value: object) -> Price:
    """Return a price as signed: 0 is refused later, by the handler."""
    return Price(as_uint(value, PRICE_LIMIT, "price"))


def size_of(value: object) -> Lots:
    """Return a size as signed: 0 is refused later, by the handler."""
    return Lots(as_uint(value, LOTS_LIMIT, "size"))


def flags_of(value: object) -> int:
    """Return an order's flags."""
    return as_uint(value, FLAGS_LIMIT, "flags")


def client_id_of(value: object) -> bytes:
    """Return a client id: nothing, or 16 bytes."""
    if value == b"":
        return b""
    return as_bytes(value, 16, "client id")


def ref_of(value: object, base: int) -> int | bytes:
    """Return an order's reference: an id ``base`` away, or a client id."""
    if type(value) is bytes:
        return as_bytes(value, 16, "client id")
    return as_uint(as_int(value, U64, "order id") + base, U64, "order id")


def decode_action(kind: int, body: object) -> Action:
    """Return the action of one kind and body, or raise ``FrameInvalid``."""
    if kind == Kind.ORDER:
        sub, market, flags, price, size, client_id = as_list(body, 6, "order")
        return PlaceOrder(
            as_uint(sub, 256, "sub"),
            as_uint(market, MARKETS_LIMIT, "market"),
            flags_of(flags),
            price_of(price),
            size_of(size),
            client_id_of(client_id),
        )
    if kind == Kind.CANCEL:
        sub, market, ref = as_list(body, 3, "cancel")
        return Cancel(
            as_uint(sub, 256, "sub"), as_uint(market, MARKETS_LIMIT, "market"), ref_of(ref, 0)
        )
    if kind == Kind.BULK:
        sub, groups = as_list(body, 2, "bulk")
        sub = as_uint(sub, 256, "sub")
        return Bulk(sub, unpack_legs(sub, groups))
    if kind == Kind.MODIFY:
        sub, market, flags, ref, price, size = as_list(body, 6, "modify")
        return Modify(
            as_uint(sub, 256, "sub"),
            as_uint(market, MARKETS_LIMIT, "market"),
            flags_of(flags),
            ref_of(ref, 0),
            price_of(price),
            size_of(size),
        )
    return decode_rare_action(kind, body)


def decode_rare_action(kind: int, body: object) -> Action:
    """Return an action that is not on the hot path, or raise ``FrameInvalid``."""
    if kind == Kind.CANCEL_ALL:
        sub, market = as_list(body, 2, "cancel all")
        return CancelAll(as_uint(sub, 256, "sub"), as_uint(market, 65536, "market"))
    if kind == Kind.WITHDRAW:
        sub, amount = as_list(body, 2, "withdraw")
        return Withdraw(as_uint(sub, 256, "sub"), Micros(as_uint(amount, U64, "amount")))
    if kind == Kind.TRANSFER:
        source, target, amount = as_list(body, 3, "transfer")
        return Transfer(
            as_uint(source, 256, "source"),
            as_uint(target, 256, "target"),
            Micros(as_uint(amount, U64, "amount")),
        )
    if kind == Kind.APPROVE_AGENT:
        agent, expires_at, kinds, markets = as_list(body, 4, "approve agent")
        return ApproveAgent(
            as_bytes(agent, 20, "agent"),
            Millis(as_uint(expires_at, TIME_LIMIT, "expiry")),
            as_uint(kinds, 1 << 32, "kinds"),
            as_uint(markets, U64, "markets"),
        )
    if kind == Kind.REVOKE_AGENT:
        return RevokeAgent(as_bytes(as_list(body, 1, "revoke agent")[0], 20, "agent"))
    if kind == Kind.POKE:
        account, sub = as_list(body, 2, "poke")
        return Poke(as_uint(account, 1 << 32, "account"), as_uint(sub, 256, "sub"))
    if kind == Kind.ORACLE:
        return decode_oracle_update(body)
    raise FrameInvalid(f"kind: {kind!r} is not known")


def decode_oracle_update(body: object) -> OracleUpdate:
    """Return an oracle update of 1..8 messages, or raise ``FrameInvalid``."""
    market, messages = as_list(body, 2, "oracle update")
    if type(messages) is not list or not 1 <= len(messages) <= ORACLE_MESSAGES_MAX:
        raise FrameInvalid(f"oracle update: need 1 to {ORACLE_MESSAGES_MAX} messages")
    decoded = []
    for message in messages:
        publisher, price, time, signature = as_list(message, 4, "oracle message")
        decoded.append(
            OracleMessage(
                as_uint(publisher, 256, "publisher"),
                price_of(price),
                Millis(as_uint(time, TIME_LIMIT, "time")),
                as_bytes(signature, SIGNATURE_SIZE, "signature"),
            )
        )
    return OracleUpdate(as_uint(market, MARKETS_LIMIT, "market"), tuple(decoded))


def encode_transaction(action: Action, nonce: int, expires_at: int, signature: bytes) -> bytes:
    """Return the canonical bytes of a signed transaction."""
    kind = int(KIND_OF[type(action)])
    body = body_of(action)
    return pack([TRANSACTION_VERSION, kind, nonce, expires_at, body, signature])


def decode_transaction(data: bytes) -> Transaction:
    """Return the transaction that ``data`` encodes, or raise ``FrameInvalid``."""
    if len(data) > TRANSACTION_BYTES_MAX:
        raise FrameInvalid(f"transaction: {len(data)} bytes, at most {TRANSACTION_BYTES_MAX}")
    version, kind, nonce, expires_at, body, signature = as_list(unpack(data), 6, "transaction")
    if type(version) is not int or version != TRANSACTION_VERSION:
        raise FrameInvalid(f"transaction version: {version!r} is not known")
    nonce = as_uint(nonce, U64, "nonce")
    expires_at = as_uint(expires_at, TIME_LIMIT, "expiry")
    action = decode_action(as_uint(kind, 256, "kind"), body)
    size = 0 if kind == Kind.ORACLE else SIGNATURE_SIZE
    if size == 0 and (nonce or expires_at):
        raise FrameInvalid("oracle update: carries no nonce or expiry of its own")
    return Transaction(action, nonce, expires_at, as_bytes(signature, size, "signature"), data)
