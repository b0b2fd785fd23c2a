"""Where a devnet's prices come from: a seeded walk, a script, and prices held by hand.

The walk is a pure function of (seed, market, time), so that the publishers agree without talking,
and a restart goes on where it was.  It adds octaves of value noise: at each octave, random heights
at regular times, straight lines between them.  Integers throughout; no state.

Prices that a developer holds are in one small file of the data directory, which every publisher
reads again when it changes: ``{"BTC": 6500000}``, micro-USDC per lot.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, final

from statemachine.errors import SextantError

PPM: Final = 1_000_000
PRICE: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
# Period in ms, and how far the octave may lead from the base price, in ppm.
OCTAVES: Final = (
    (86_400_000, 40_000),
    (14_400_000, 15_000),
    (1_800_000, 5_000),
    (240_000, 1_500),
    (30_000, 500),
    (4_000, 120),
)
BASE_USD: Final = {"BTC": 65_000, "ETH": 3_500, "SOL": 150, "WSTETH": 4_200}


class PricesInvalid(SextantError):
    """A price script or the file of held prices cannot be read."""


def height_of(seed: int, market: int, octave: int, step: int) -> int:
    """Return a random height in -1,000,000 to 1,000,000 for one time of one octave."""
    text = f"{seed}/{market}/{octave}/{step}".encode()
    return int.from_bytes(sha256(text).digest()[:8], "big") % (2 * PPM + 1) - PPM


def walk(seed: int, market: int, base: int, time: int) -> int:
    """Return the price of ``market`` at ``time`` in ms: near ``base``, never below half of it."""
    drift = 0
    for octave, (period, reach) in enumerate(OCTAVES):
        step, within = divmod(time, period)
        before = height_of(seed, market, octave, step)
        after = height_of(seed, market, octave, step + 1)
        height = before + (after - before) * within // period
        drift += height * reach // PPM
    return max(base // 2, base + base * drift // PPM)


@final
@dataclass(frozen=True, slots=True)
class ScriptLine:
    """From ``after_ms`` on, the market is at ``price`` USD per unit, as written."""

    after_ms: int
    symbol: str
    price: str


def read_script(path: Path) -> tuple[ScriptLine, ...]:
    """Return the lines ``SECONDS MARKET PRICE`` of a script; ``#`` begins a comment.

    Raises
    ------
    PricesInvalid
        Names the line that cannot be read.
    """
    lines = []
    try:
        text = path.read_text()
    except OSError as error:
        raise PricesInvalid(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PricesInvalid(f"{path}: not a text file") from error
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            seconds, symbol, price = words
            lines.append(ScriptLine(int(seconds) * 1000, symbol.upper(), price))
        except ValueError:
            raise PricesInvalid(f"{path}:{number}: need SECONDS MARKET PRICE") from None
    return tuple(sorted(lines, key=lambda line: line.after_ms))


def check_script(path: Path) -> None:
    """Read a script, and check what only its readers would find out.

    Raises
    ------
    PricesInvalid
        Says what is wrong with which line.
    """
    for line in read_script(path):
        if line.symbol not in BASE_USD:
            known = ", ".join(BASE_USD)
            raise PricesInvalid(f"{path}: there is no market {line.symbol}; there are {known}")
        if not PRICE.fullmatch(line.price) or not float(line.price):
            raise PricesInvalid(f"{path}: {line.symbol}: {line.price!r} is not a price in USD")


def scripted(script: Sequence[ScriptLine], symbol: str, elapsed_ms: int) -> str | None:
    """Return the price in USD that the script gives ``symbol`` by now, or None."""
    prices = [s.price for s in script if s.symbol == symbol and s.after_ms <= elapsed_ms]
    return prices[-1] if prices else None


@final
class HeldPrices:
    """The file of prices held by hand, read again whenever it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = 0
        self._prices: dict[str, int] = {}

    def read(self) -> Mapping[str, int]:
        """Return market symbol to price in micro-USDC per lot."""
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            self._prices, self._seen = {}, 0
            return self._prices
        if changed != self._seen:
            try:
                found = json.loads(self.path.read_text())
                self._prices = {str(k): int(v) for k, v in found.items()}
            except (OSError, ValueError, AttributeError) as error:
                raise PricesInvalid(f"{self.path}: {error}") from error
            self._seen = changed
        return self._prices

    def hold(self, symbol: str, price: int | None) -> None:
        """Hold ``symbol`` at a price, or release it; the file is replaced at once."""
        prices = dict(self.read())
        if price is None:
            prices.pop(symbol, None)
        else:
            prices[symbol] = price
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(prices, indent=1) + "\n")
        draft.replace(self.path)
