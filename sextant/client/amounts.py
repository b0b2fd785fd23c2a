"""Between what people write and the integers that are signed.

People write ``"65000.5"``; the rules know only integers (`micro-USDC`,
lots, micro-USDC per lot).  This module is the edge between the two: exact
both ways, and rounding only where the caller asks for it by name.  Floats
are refused: ``0.1`` is not a tenth.
"""

from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from typing import Final

from sextant.errors import BadRequest

Amount = Decimal | str | int

USDC_DECIMALS: Final = 6
AMOUNT_CHARACTERS_MAX: Final = 64


class Rounding(Enum):
    """Which way to move a number that is not on the grid."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


def read_decimal(value: Amount) -> Decimal:
    """Return ``value`` exactly, or refuse it.

    Raises
    ------
    BadRequest
        ``FLOAT`` for a float, ``NUMBER`` for what is no finite number.
    """
    if isinstance(value, float):
        raise BadRequest(
            "FLOAT", f"{value!r} is a float, and floats round", advice=f'write "{value}"'
        )
    if isinstance(value, str) and len(value) > AMOUNT_CHARACTERS_MAX:
        raise BadRequest("NUMBER", f"a number of {len(value)} characters is no amount")
    if isinstance(value, str) and not value.isascii():
        raise BadRequest("NUMBER", f"{value!r} is not a number", advice="use the digits 0 to 9")
    try:
        number = Decimal(value.replace("_", "") if isinstance(value, str) else value)
    except (InvalidOperation, TypeError, ValueError):
        raise BadRequest("NUMBER", f"{value!r} is not a number", advice='such as "0.25"') from None
    if not number.is_finite() or abs(number.adjusted()) > AMOUNT_CHARACTERS_MAX:
        raise BadRequest("NUMBER", f"{value!r} is not a finite amount")
    return number


def scale_exact(value: Amount, decimals: int) -> Fraction:
    """Return ``value * 10**decimals``, exactly; ``decimals`` may be negative."""
    return Fraction(read_decimal(value)) * Fraction(10) ** decimals


def round_to(value: Fraction, step: int, rounding: Rounding) -> int:
    """Return a multiple of ``step`` near ``value``; halves go up."""
    below = step * (value // step)
    match rounding:
        case Rounding.DOWN:
            return below
        case Rounding.UP:
            return below if below == value else below + step
        case Rounding.NEAREST:
            return below if 2 * (value - below) < step else below + step


def to_decimal(value: int, decimals: int) -> Decimal:
    """Return ``value / 10**decimals``, exactly, with that many decimals."""
    digits = tuple(map(int, str(abs(value))))
    if decimals < 0:
        digits, decimals = digits + (0,) * -decimals, 0
    return Decimal((int(value < 0), digits, -decimals))


def to_micros(value: Amount) -> int:
    """Return an amount of USDC in micro-USDC.

    Raises
    ------
    BadRequest
        ``PRECISION``: finer than a millionth.
    """
    micros = scale_exact(value, USDC_DECIMALS)
    if micros.denominator != 1:
        raise BadRequest(
            "PRECISION", f"{value} USDC is finer than 0.000001", advice="use at most 6 decimals"
        )
    return int(micros)


def from_micros(value: int) -> Decimal:
    """Return micro-USDC as USDC, with six decimals."""
    return to_decimal(value, USDC_DECIMALS)


def show_decimal(value: Decimal) -> str:
    """Return a plain number: no exponent, no zeros that say nothing, no sign of nothing."""
    text = f"{value or Decimal(0):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_usdc(micros: int) -> str:
    """Return money with full precision and its unit, cents at least."""
    whole, _, fraction = f"{from_micros(micros):,f}".partition(".")
    return f"{whole}.{fraction[:2]}{fraction[2:].rstrip('0')} USDC"
