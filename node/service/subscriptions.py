"""Subscriptions: one bounded queue per client, and an honest end for the slow.

A publisher never waits for a reader.  A reader that falls behind by more than
its queue holds is told so, and closed: it subscribes again and starts from a
fresh snapshot, rather than going on with a hole it cannot see.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from typing import Generic, TypeVar, final

from node.service.errors import Refused

Update = TypeVar("Update")


@final
class Subscription(Generic[Update]):
    """One reader's queue of updates."""

    def __init__(self, updates_max: int) -> None:
        self.queue: asyncio.Queue[Update | None] = asyncio.Queue(updates_max + 1)
        self.updates_max = updates_max
        self.ending: Refused | None = None

    def publish(self, update: Update) -> None:
        """Hand over an update, or end a reader that is too slow."""
        if self.ending is not None:
            return
        if self.queue.qsize() >= self.updates_max:
            self.end(
                Refused(
                    "SLOW_CONSUMER",
                    f"slow consumer, resubscribe: {self.updates_max} updates behind",
                )
            )
            return
        self.queue.put_nowait(update)

    def end(self, reason: Refused) -> None:
        """Close the subscription; a reader learns why at once, not after what it missed."""
        if self.ending is None:
            self.ending = reason
            self.queue.put_nowait(None)

    async def updates(self) -> AsyncIterator[Update]:
        """Yield updates until the subscription ends; raises ``Refused`` then."""
        while True:
            update = await self.queue.get()
            if self.ending is not None:
                raise self.ending
            if update is not None:
                yield update


@final
class Topic(Generic[Update]):
    """The subscriptions to one kind of feed, by key (a market, an account)."""

    def __init__(self, updates_max: int) -> None:
        self.updates_max = updates_max
        self.readers: dict[Hashable, set[Subscription[Update]]] = {}

    def subscribe(self, key: Hashable) -> Subscription[Update]:
        """Open a subscription; close it with :meth:`unsubscribe`."""
        subscription: Subscription[Update] = Subscription(self.updates_max)
        self.readers.setdefault(key, set()).add(subscription)
        return subscription

    def unsubscribe(self, key: Hashable, subscription: Subscription[Update]) -> None:
        """Forget a subscription."""
        readers = self.readers.get(key)
        if readers is not None:
            readers.discard(subscription)
            if not readers:
                del self.readers[key]

    def publish(self, key: Hashable, update: Update) -> None:
        """Hand an update to every reader of ``key``."""
        for reader in self.readers.get(key, ()):
            reader.publish(update)

    def end_all(self, reason: Refused) -> None:
        """Close every subscription."""
        for readers in self.readers.values():
            for reader in readers:
                reader.end(reason)

    def __contains__(self, key: object) -> bool:
        """Whether anybody reads ``key``."""
        return key in self.readers
