"""Units of account, and the only places where rounding happens.

Every amount in the state machine is a plain ``int``; a name below says what
one unit *is*.  Nothing here is a float, so two machines can never disagree
about a digit.

============  =========================================  =================
Name          One unit                                   Range
============  =========================================  =================
``Lots``      the market's smallest size, long positive  abs(x) < 2**63
``Price``     micro-USDC per lot                         0 < x < 2**63
``Micros``    10^-6 USDC                                 abs(x) < 2**95
``Millis``    milliseconds since the Unix epoch          0 <= x < 2**64
============  =========================================  =================

Rates are parts per million, and their names end in ``_ppm``.  ``size * price`` is exact.
Where a division is needed: **what a user owes rounds up, what a user has rounds down**;
the difference is booked as dust.
"""

from typing import Final, NewType

Lots = NewType("Lots", int)
Price = NewType("Price", int)
Micros = NewType("Micros", int)
Millis = NewType("Millis", int)

PPM_ONE: Final = 1_000_000
DAY_MS: Final = 86_400_000
LOTS_LIMIT: Final = 1 << 63
PRICE_LIMIT: Final = 1 << 63
TIME_LIMIT: Final = 1 << 53
"""Times stay below 2**53 ms, so that a nonce (time << 10 | counter) fits 63 bits."""


def div_floor(numerator: int, denominator: int) -> int:
    """Divide, rounding towards minus infinity."""
    return numerator // denominator


def div_ceil(numerator: int, denominator: int) -> int:
    """Divide, rounding towards plus infinity."""
    return -(-numerator // denominator)


def div_trunc(numerator: int, denominator: int) -> int:
    """Divide, rounding towards zero; ``denominator`` is positive."""
    if numerator >= 0:
        return numerator // denominator
    return -(-numerator // denominator)


def clamp(value: int, low: int, high: int) -> int:
    """Return ``value`` moved into ``[low, high]``."""
    if value < low:
        return low
    return min(value, high)


def median(first: int, second: int, third: int) -> int:
    """Return the middle one of three."""
    return max(min(first, second), min(max(first, second), third))
