"""After a replay: whether those who derive from L1 alone come to the same root.

The follower knows nothing but what the poster put on L1.  Once it is past the
replay's last block, its root there is compared with the sequencer's.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final, final

from devnet.health import wait_serving
from devnet.layout import Layout
from sextant.client.api import AsyncClient
from sextant.errors import ClientError

FOLLOWER_SECONDS_MAX: Final = 1.0
WAIT_SECONDS_MAX: Final = 180.0
POLL_S: Final = 0.25


@final
@dataclass(frozen=True, slots=True)
class Agreement:
    """Both roots at one height, ``follower`` empty if it did not get there in time."""

    height: int
    sequencer: bytes
    follower: bytes
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether both are known and the same."""
        return bool(self.follower) and self.follower == self.sequencer

    def __str__(self) -> str:
        """Say it in a line."""
        if not self.follower:
            return f"no follower reached height {self.height} within {self.seconds:.0f} s"
        word = "have the same root" if self.holds else "DIFFER"
        found = f"{self.sequencer.hex()[:16]} and {self.follower.hex()[:16]}"
        return (
            f"sequencer and follower {word} at height {self.height}: {found}, "
            f"{self.seconds:.1f} s after the last order"
        )


async def await_agreement(layout: Layout, height: int) -> Agreement | None:
    """Wait until the follower is past ``height``; ``None`` if none runs here."""
    started = time.monotonic()
    if not await wait_serving(layout.address("follower"), FOLLOWER_SECONDS_MAX):
        return None
    async with (
        AsyncClient(layout.address("grpc"), verify=False) as sequencer,
        AsyncClient(layout.address("follower"), verify=False) as follower,
    ):
        while time.monotonic() - started < WAIT_SECONDS_MAX:
            try:
                rooted = (await follower.status()).roots
                if rooted.height >= height and rooted.root:
                    theirs = (await sequencer.block(rooted.height)).segment_roots
                    if theirs:
                        seconds = time.monotonic() - started
                        return Agreement(rooted.height, theirs[-1], rooted.root, seconds)
            except ClientError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(POLL_S)
    return Agreement(height, b"", b"", time.monotonic() - started)
