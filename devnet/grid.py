"""Text that fits a terminal: tables that drop columns, and items that wrap only between each other.

Nothing here is ever cut in the middle of a number: where room is short, whole columns go, the
least important first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

from rich.text import Text

GAP: Final = 2


@final
@dataclass(frozen=True, slots=True)
class Column:
    """A column with its cells; of those with ``rank`` the highest goes first, 0 never."""

    title: str
    cells: Sequence[str]
    rank: int = 0

    @property
    def width(self) -> int:
        """How many characters the widest cell or the title has."""
        return max(map(len, (self.title, *self.cells)))


def table(columns: Iterable[Column], width: int) -> list[Text]:
    """Return the lines of a table no wider than ``width``, if dropping columns can do it.

    The first column is on the left; numbers follow, aligned on the right.
    """
    kept = list(columns)
    while sum(column.width + GAP for column in kept) - GAP > width:
        rank = max(column.rank for column in kept)
        if rank == 0:
            break
        kept = [column for column in kept if column.rank != rank]
    rows = [[column.title for column in kept], *zip(*(c.cells for c in kept), strict=True)]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(column.width) if place else cell.ljust(column.width)
            for place, (cell, column) in enumerate(zip(row, kept, strict=True))
        ]
        lines.append(Text((" " * GAP).join(cells).rstrip(), style="" if number else "bold"))
    return lines


def flow(label: str, items: Iterable[Text | str], width: int) -> list[Text]:
    """Return ``label`` and the items after it; a line breaks only between two items."""
    indent = len(label) + GAP if label else 0
    lines = [Text(label, style="bold")]
    for item in items:
        line = lines[-1]
        gap = max(indent, line.cell_len + GAP) if line.cell_len else indent
        if line.cell_len > indent and gap + len(item) > width:
            line = Text()
            lines.append(line)
            gap = indent
        line.append(" " * (gap - line.cell_len))
        line.append(item)
    return lines
