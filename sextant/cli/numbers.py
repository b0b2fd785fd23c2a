"""Numbers of the command line, as types for ``argparse``: anything else is bad usage.

What Python reads as a number is more than people mean by one: digits of any
script, ``nan``, numbers that no field of a message holds.  All of that is
refused here, in one line, before anything is sent.
"""

import argparse
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from sextant.client.environment import read_instance
from sextant.errors import BadRequest
from statemachine.units import PPM_ONE

Answer = TypeVar("Answer")

U16_MAX: Final = (1 << 16) - 1
U32_MAX: Final = (1 << 32) - 1
U64_MAX: Final = (1 << 64) - 1
TIMEOUT_S_MAX: Final = 86_400.0
DIGITS_MAX: Final = 20
SPANS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SPAN_MS_MAX: Final = 1_000_000_000 * SPANS_MS["s"]


def whole(low: int = 0, high: int = U64_MAX) -> Callable[[str], int]:
    """Return a type that takes whole numbers from ``low`` to ``high``."""

    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not is_digits(digits) or len(digits) > DIGITS_MAX or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


def argument_of(read: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Return a type that takes what ``read`` does, and says why it does not."""

    def take(text: str) -> Answer:
        try:
            return read(text)
        except BadRequest as error:
            raise argparse.ArgumentTypeError(error.message) from error

    return take


def is_digits(text: str) -> bool:
    """Return whether ``text`` is one or more of the digits 0 to 9."""
    return text.isascii() and text.isdecimal()


def read_who(text: str | None) -> str | int | None:
    """Return an account's number, or the address that stands there instead.

    Raises
    ------
    BadRequest
        ``ACCOUNT``.
    """
    if text is None or not is_digits(text):
        return text
    if len(text) > DIGITS_MAX or int(text) > U32_MAX:
        raise BadRequest("ACCOUNT", f"there is no account {text}", advice="name an address")
    return int(text)


def read_timeout(text: str) -> float:
    """Return how many seconds a call may take."""
    try:
        seconds = float(text) if text.isascii() else math.nan
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= TIMEOUT_S_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0, such as 2.5")
    return seconds


def read_share(text: str) -> Decimal:
    """Return ``1%`` or ``0.01`` as a share."""
    try:
        value = Decimal(text.removesuffix("%")) if text.isascii() else Decimal("nan")
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value.adjusted()) > DIGITS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: say 0.5% or 0.005")
    return value / 100 if text.endswith("%") else value


def read_ppm(text: str) -> int:
    """Return a share such as ``2.5%`` in parts per million, a whole number of them."""
    exact = read_share(text) * PPM_ONE
    if exact != exact.to_integral_value() or not 0 < exact <= PPM_ONE:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no rate above 0% and up to 100%, in steps of 0.0001%"
        )
    return int(exact)


def read_span(text: str) -> int:
    """Return a span of time such as ``90s``, ``5m`` or ``2h`` in milliseconds."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = SPANS_MS.get(text[len(number) :])
    known = unit is not None and is_digits(number) and len(number) <= DIGITS_MAX
    if unit is None or not known or int(number) * unit > SPAN_MS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no span of time: say 90s, 5m, 2h or 1d")
    return int(number) * unit


def instance_number(text: str) -> int:
    """Return the number of a devnet on this machine."""
    try:
        return read_instance(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(f"{error.message}; {error.advice}") from error
