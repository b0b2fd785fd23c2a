"""Durations and times as people read them."""

from datetime import UTC, datetime
from typing import Final

TIME_MS_MAX: Final = 253_402_300_799_999
"""The last that a calendar of four-digit years has."""
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


def tell_time(time_ms: int) -> str:
    """Return a time as people read it, in UTC; one after the year 9999 in ms."""
    if not 0 <= time_ms <= TIME_MS_MAX:
        return f"{time_ms} ms"
    return datetime.fromtimestamp(time_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tell_moment(time_ms: int, now_ms: int) -> str:
    """Return a time, and how far off it is: ``2026-11-29T06:06:10Z (in 59 s)``, or ``59 s ago``."""
    left = tell_duration(abs(time_ms - now_ms))
    return f"{tell_time(time_ms)} ({f'in {left}' if time_ms > now_ms else f'{left} ago'})"
