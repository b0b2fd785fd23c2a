"""Durations as people read them."""

from typing import Final

UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


def tell_duration(time_ms: int) -> str:
    """Return a duration in its two largest units, ``6 d 3 h``; below a second ``0 s``."""
    parts: list[str] = []
    rest = max(time_ms, 0)
    for name, size in UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {name}")
        if len(parts) == 2:
            break
    return " ".join(parts) if parts else "0 s"
