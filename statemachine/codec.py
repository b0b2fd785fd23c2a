"""Canonical messages: one value has exactly one encoding.

What is hashed, signed or posted is a small profile of msgpack: integers of
64 bits, byte strings and arrays, each in its shortest form.  No text, no
floats, no booleans, no maps, no nil, no extensions.  ``unpack`` refuses every
input that ``pack`` could not have written, so that a message has one hash.

State *records* are not messages: they are fixed-width, see ``records``.
"""

from typing import Final

import msgpack

from statemachine.errors import FrameInvalid

DEPTH_MAX: Final = 7
"""Levels of nesting; the deepest message is a bulk whose leg has terms."""
PACKER: Final = msgpack.Packer(use_bin_type=True)
"""Made once, as each has a buffer of its own; it calls nothing back, so threads may share it."""


def pack(value: object) -> bytes:
    """Return the canonical bytes of a tree of ints, bytes and lists."""
    packed: bytes = PACKER.pack(value)
    return packed


def unpack(data: bytes) -> object:
    """Return the value that ``data`` encodes.

    Raises
    ------
    FrameInvalid
        If ``pack`` could not have written ``data``.
    """
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=True, use_list=True)
        canonical = PACKER.pack(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FrameInvalid(f"not a message: {error}") from error
    if canonical != data or not is_plain(value, DEPTH_MAX):
        raise FrameInvalid(f"not canonical: {data[:32].hex()}")
    return value


def is_plain(value: object, depth: int) -> bool:
    """Return whether a decoded value holds nothing but ints, bytes and lists."""
    if type(value) is not list:
        return type(value) is int or type(value) is bytes
    if depth == 0:
        return False
    for item in value:
        # Most items are leaves: a call each would cost more than the check.
        if type(item) is int or type(item) is bytes:
            continue
        if type(item) is not list or not is_plain(item, depth - 1):
            return False
    return True


def as_uint(value: object, limit: int, name: str) -> int:
    """Return ``value`` if it is an integer in ``[0, limit)``; else refuse."""
    if type(value) is not int or not 0 <= value < limit:
        raise FrameInvalid(f"{name}: {value!r} is not an integer in [0, {limit})")
    return value


def as_int(value: object, limit: int, name: str) -> int:
    """Return ``value`` if it is an integer in ``(-limit, limit)``; else refuse."""
    if type(value) is not int or not -limit < value < limit:
        raise FrameInvalid(f"{name}: {value!r} is not an integer below {limit} in size")
    return value


def as_bytes(value: object, size: int, name: str) -> bytes:
    """Return ``value`` if it is exactly ``size`` bytes; else refuse."""
    if type(value) is not bytes or len(value) != size:
        raise FrameInvalid(f"{name}: need {size} bytes")
    return value


def as_symbol(value: object) -> bytes:
    """Return the bytes of a name, however long it is."""
    if type(value) is not bytes:
        raise FrameInvalid(f"symbol: {value!r} is not bytes")
    return value


def as_list(value: object, size: int, name: str) -> list[object]:
    """Return ``value`` if it is an array of exactly ``size`` items; else refuse."""
    if type(value) is not list or len(value) != size:
        raise FrameInvalid(f"{name}: need an array of {size}")
    return value
