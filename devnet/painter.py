"""One screen, drawn again in place: nothing wraps, and nothing old is left behind.

Each frame goes back to its first line and erases what follows.  When the size has changed, where
the old lines are now is the terminal's secret: the whole screen is erased instead.
"""

from collections.abc import Sequence
from typing import Final, final

from rich.console import Console
from rich.text import Text

HOME_AND_ERASE: Final = "\x1b[H\x1b[2J"
ERASE_BELOW: Final = "\x1b[J"


@final
class Painter:
    """Draws frames on a terminal, below what stands there already."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._size = console.size
        self._rows = 0

    @property
    def width(self) -> int:
        """How wide a line may be; the last column stays empty, lest the terminal wraps."""
        return self.console.size.width - 1

    def draw(self, lines: Sequence[Text]) -> None:
        """Draw a frame in place of the last one; lines that do not fit are left out."""
        size = self.console.size
        if size != self._size:
            start, self._size = HOME_AND_ERASE, size
        else:
            start = (f"\x1b[{self._rows}A\r" if self._rows else "\r") + ERASE_BELOW
        shown = lines[: max(1, size.height - 1)]
        with self.console.capture() as captured:
            for line in shown:
                self.console.print(fitted(line, size.width - 1), no_wrap=True, soft_wrap=True)
        self.console.file.write(start + captured.get())
        self.console.file.flush()
        self._rows = len(shown)


def fitted(line: Text, width: int) -> Text:
    """Return ``line``, cut with an ellipsis if it is longer than ``width``."""
    shown = line.copy()
    shown.truncate(width, overflow="ellipsis")
    return shown
