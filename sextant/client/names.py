"""Addresses, hashes, funds and orders, as people name them."""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sextant.errors import BadRequest

ADDRESS_SIZE: Final = 20
HASH_SIZE: Final = 32
CLIENT_ID_SIZE: Final = 16
DIGITS_MAX: Final = 10

ClientId = bytes | str | int | UUID
OrderRef = int | bytes | str | UUID


@dataclass(frozen=True, slots=True)
class FundName:
    """Which fund: its leader's account, and the sub-account that it is."""

    leader: int
    sub: int

    def __str__(self) -> str:
        """Return the form that a person types, such as ``3/64``."""
        return f"{self.leader}/{self.sub}"


def read_address(value: str | bytes) -> bytes:
    """Return a 20-byte address.

    Raises
    ------
    BadRequest
        ``ADDRESS``.
    """
    try:
        address = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value
    except ValueError:
        address = b""
    if len(address) != ADDRESS_SIZE:
        raise BadRequest("ADDRESS", f"{value!r} is no address of 40 hex digits")
    return address


def read_number(value: int, what: str, bits: int = 64) -> int:
    """Return a whole number that a field of ``bits`` holds; ``what`` names it.

    Raises
    ------
    BadRequest
        ``NUMBER``.
    """
    if not 0 <= value < 1 << bits:
        raise BadRequest("NUMBER", f"there is no {what} {value}")
    return value


def read_hash(value: str) -> bytes:
    """Return the 32 bytes of a hash.

    Raises
    ------
    BadRequest
        ``HASH``.
    """
    try:
        found = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != HASH_SIZE:
        raise BadRequest("HASH", f"{value!r} is no hash of 64 hex digits")
    return found


def read_fund(value: str | FundName) -> FundName:
    """Return which fund ``3/64`` is.

    Raises
    ------
    BadRequest
        ``FUND``.
    """
    if isinstance(value, FundName):
        return value
    parts = value.split("/")
    whole = len(parts) == 2 and all(
        part.isascii() and part.isdecimal() and len(part) <= DIGITS_MAX for part in parts
    )
    if not whole or int(parts[0]) >= 1 << 32 or int(parts[1]) >= 1 << 8:
        raise BadRequest(
            "FUND",
            f"{value!r} names no fund",
            advice="say LEADER/SUB, such as 3/64: see `sextant fund list`",
        )
    return FundName(int(parts[0]), int(parts[1]))


def new_client_id() -> bytes:
    """Return a random client id."""
    return secrets.token_bytes(CLIENT_ID_SIZE)


def read_client_id(value: ClientId) -> bytes:
    """Return the 16 bytes of a client id: bytes, 32 hex digits, a UUID or an integer.

    Raises
    ------
    BadRequest
        ``CLIENT_ID``.
    """
    try:
        match value:
            case UUID():
                return value.bytes
            case int():
                return value.to_bytes(CLIENT_ID_SIZE, "big")
            case str():
                found = UUID(hex=value.removeprefix("0x")).bytes if value.isascii() else b""
            case bytes():
                found = value
    except (ValueError, OverflowError):
        found = b""
    if len(found) != CLIENT_ID_SIZE:
        raise BadRequest(
            "CLIENT_ID", f"{value!r} is no client id", advice="use 16 bytes, or 32 hex digits"
        )
    return found


def read_ref(value: OrderRef) -> int | bytes:
    """Return an order's reference: an order id (digits), or a client id.

    Raises
    ------
    BadRequest
        ``ORDER`` or ``CLIENT_ID``.
    """
    number = value if isinstance(value, int) else -1
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
        number = int(value)
    elif not isinstance(value, int):
        return read_client_id(value)
    if not 0 <= number < 1 << 64:
        raise BadRequest("ORDER", f"{value} is no order id", advice="see `sextant order list`")
    return number
