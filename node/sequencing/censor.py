"""A sequencer that ignores people, on request: what the inbox is there for.

A devnet's alone.  It takes no transaction of the owners it ignores, nor of their
agents' own keys unless they are named too, and it names no inbox item of theirs;
as items are taken in order, it names nothing behind one either.  More it cannot do:
an overdue item executes in its very next block.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import final

from statemachine.inbox import InboxItem


@final
@dataclass(frozen=True, slots=True)
class Censor:
    """Whom a sequencer ignores: owners by their addresses, or all of the inbox."""

    addresses: frozenset[bytes] = frozenset()
    inbox: bool = False

    def ignores(self, signer: bytes) -> bool:
        """Return whether transactions of ``signer`` are not taken.

        An oracle update has as many signers as messages, one after the other.
        """
        return any(signer[at : at + 20] in self.addresses for at in range(0, len(signer), 20))

    def named(self, items: Collection[InboxItem], most: int) -> int:
        """Return how many of the next inbox items a block names, at most ``most``."""
        if self.inbox:
            return 0
        passed = takewhile(lambda item: item.owner not in self.addresses, islice(items, most))
        return sum(1 for _ in passed) if self.addresses else min(len(items), most)
