"""What is closed at the end of an ``async with``."""

from types import TracebackType
from typing import Self


class Closing:
    """Something that connects when it is first used, and has to be closed."""

    async def __aenter__(self) -> Self:
        """Return itself; the first call connects."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Let go of what it holds; calls under way are cancelled."""
        raise NotImplementedError
