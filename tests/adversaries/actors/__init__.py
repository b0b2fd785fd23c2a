"""The actors, by what they attack; importing this enters all of them into the library."""

from tests.adversaries.actors import claims, forgeries

__all__ = ["claims", "forgeries"]
