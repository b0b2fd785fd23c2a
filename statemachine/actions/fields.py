"""Fields of messages, each refused where no signer could have meant it."""

from typing import Final

from statemachine.actions.kinds import FEE_ANY, NO_TERMS, PlaceOrder, Terms
from statemachine.codec import as_bytes, as_int, as_list, as_uint
from statemachine.errors import FrameInvalid
from statemachine.units import LOTS_LIMIT, PRICE_LIMIT, TIME_LIMIT, Lots, Millis, Price

MARKETS_LIMIT: Final = 65535
FLAGS_LIMIT: Final = 256
OFFSET_LIMIT: Final = 1 << 46
"""No index reaches this, so no offset needs to."""
TRIGGERS_LIMIT: Final = 6
SELF_TRADE_LIMIT: Final = 8
U64: Final = 1 << 64


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


def terms_of(value: object) -> Terms:
    """Return an order's terms; those that ask for nothing are not written."""
    built = type(value) is list and len(value) == 8
    items = as_list(value, 8 if built else 6, "terms")
    expires_at, self_trade, max_fee, trigger, trigger_price, offset = items[:6]
    builder = as_uint(items[6], 1 << 32, "builder") if built else 0
    if built and builder == 0:
        raise FrameInvalid("terms: without a builder, nothing is written of one")
    terms = Terms(
        Millis(as_uint(expires_at, TIME_LIMIT, "order expiry")),
        as_uint(self_trade, SELF_TRADE_LIMIT, "self-trade mode"),
        as_uint(max_fee, FEE_ANY + 1, "max fee"),
        as_uint(trigger, TRIGGERS_LIMIT, "trigger"),
        price_of(trigger_price),
        as_int(offset, OFFSET_LIMIT, "offset"),
        builder,
        as_uint(items[7], FEE_ANY + 1, "builder's fee") if built else 0,
    )
    if terms == NO_TERMS:
        raise FrameInvalid("terms: nothing is asked for, so nothing is written")
    return terms


def pack_order(order: PlaceOrder) -> list[object]:
    """Return an order as an array of 6 items, or 7 where it has terms."""
    packed: list[object] = [order.sub, order.market, order.flags, order.price, order.size]
    packed.append(order.client_id)
    if order.terms != NO_TERMS:
        packed.append(pack_terms(order.terms))
    return packed


def pack_terms(terms: Terms) -> list[object]:
    """Return terms as an array of 6 items, or 8 where they name a builder."""
    first: list[object] = [terms.expires_at, terms.self_trade, terms.max_fee_ppm]
    first += [terms.trigger, terms.trigger_price, terms.offset]
    return [*first, terms.builder, terms.builder_ppm] if terms.builder else first


def unpack_order(value: object) -> PlaceOrder:
    """Return the order that :func:`pack_order` wrote, or raise ``FrameInvalid``."""
    with_terms = type(value) is list and len(value) == 7
    items = as_list(value, 7 if with_terms else 6, "order")
    return PlaceOrder(
        as_uint(items[0], 256, "sub"),
        as_uint(items[1], MARKETS_LIMIT, "market"),
        flags_of(items[2]),
        price_of(items[3]),
        size_of(items[4]),
        client_id_of(items[5]),
        terms_of(items[6]) if with_terms else NO_TERMS,
    )
