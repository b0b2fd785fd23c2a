"""The legs of a bulk, packed as differences.

A leg is ``[0, flags, price, size, client id]`` (and the terms, if any), ``[1,
ref]`` or ``[2, flags, ref, price, size]``, with prices and order ids as differences from the
previous ones of the same market's list, starting at 0.  A third item of the body,
which can only be 1, asks for all of the legs or none.
"""

from typing import Any, Final

from statemachine.actions.fields import (
    MARKETS_LIMIT,
    client_id_of,
    flags_of,
    pack_terms,
    price_of,
    ref_of,
    size_of,
    terms_of,
)
from statemachine.actions.kinds import NO_TERMS, Bulk, Cancel, Leg, Modify, PlaceOrder
from statemachine.codec import as_int, as_list, as_uint
from statemachine.errors import FrameInvalid
from statemachine.units import PRICE_LIMIT

BULK_LEGS_MAX: Final = 64
ATOMIC_LEGS_MAX: Final = 8


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
                item = [0, leg.flags, leg.price - price, leg.size, leg.client_id]
                if leg.terms != NO_TERMS:
                    item.append(pack_terms(leg.terms))
                items.append(item)
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


def decode_bulk(body: object) -> Bulk:
    """Return a bulk of 1 to 64 legs, an atomic one of 1 to 8, or raise ``FrameInvalid``."""
    atomic = type(body) is list and len(body) > 2
    items = as_list(body, 3 if atomic else 2, "bulk")
    if atomic and (type(items[2]) is not int or items[2] != 1):
        raise FrameInvalid("bulk: what follows the legs is 1 for an atomic one, or nothing")
    sub = as_uint(items[0], 256, "sub")
    legs = unpack_legs(sub, items[1])
    if atomic and len(legs) > ATOMIC_LEGS_MAX:
        raise FrameInvalid(f"bulk: more than {ATOMIC_LEGS_MAX} legs in an atomic one")
    return Bulk(sub, legs, atomic)


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
        if item[0] == 0 and 5 <= len(item) <= 6:
            price += as_int(item[2], PRICE_LIMIT, "price")
            size = size_of(item[3])
            cid = client_id_of(item[4])
            terms = terms_of(item[5]) if len(item) == 6 else NO_TERMS
            flags = flags_of(item[1])
            legs.append(PlaceOrder(sub, market, flags, price_of(price), size, cid, terms))
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
            raise FrameInvalid("bulk: a leg is [0, 4 or 5 items], [1, ref] or [2, 4 items]")
