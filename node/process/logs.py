"""Logs: text for people on a terminal, one JSON object per line for machines.

Modules log through ``structlog.get_logger(__name__)`` with an event and fields;
libraries that use ``logging`` end up in the same lines.  Bytes are written as
hex, secrets never: a field whose name says that it holds one is replaced.
"""

import logging
import sys
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

from node.settings import LogSettings

REDACTED: Final = "***"
SECRET_NAMES: Final = frozenset(
    {"key", "mnemonic", "passphrase", "password", "private", "secret", "seed", "token"}
)
SECRET_ENDINGS: Final = ("_mnemonic", "_password", "_secret", "_token", "private_key", "secret_key")

Event = MutableMapping[str, Any]


def configure_logs(settings: LogSettings, *, stream: TextIO | None = None) -> None:
    """Send all logs of this process where ``settings`` say; may be called again."""
    stream = sys.stderr if stream is None else stream
    as_text = settings.format == "text" or (settings.format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact_secrets,
        write_bytes_as_hex,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(stream)]
    handlers[0].setFormatter(make_formatter(shared, stream if as_text else None))
    if settings.file:
        handlers.append(open_file(settings))
        handlers[1].setFormatter(make_formatter(shared, None))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(settings.level.upper())
    for name, level in parse_levels(settings.levels).items():
        logging.getLogger(name).setLevel(level)


def make_formatter(shared: list[Processor], terminal: TextIO | None) -> logging.Formatter:
    """Return what turns an event into a line: text for ``terminal``, else JSON."""
    render: list[Processor]
    if terminal is not None:
        render = [
            structlog.dev.ConsoleRenderer(
                colors=terminal.isatty(),
                exception_formatter=structlog.dev.plain_traceback,  # the rich one shows locals
            )
        ]
    else:
        render = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )


def open_file(settings: LogSettings) -> RotatingFileHandler:
    """Open the log file, rotated by size."""
    path = Path(settings.file).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(
        path,
        maxBytes=settings.file_bytes_max,
        backupCount=settings.files_max,
        encoding="utf-8",
        delay=True,
    )


def parse_levels(text: str) -> dict[str, str]:
    """Return the level of each logger in ``name=level,name=level``.

    Raises
    ------
    ValueError
        It is not of that form, or a level has no such name.
    """
    levels: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, _, level = part.partition("=")
        if not name or level.upper() not in logging.getLevelNamesMapping():
            raise ValueError(f"log.levels: {part!r} is not of the form logger=level")
        levels[name.strip()] = level.upper()
    return levels


def redact_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Replace what the name of its field calls a secret."""
    for name in event:
        if name in SECRET_NAMES or name.endswith(SECRET_ENDINGS):
            event[name] = REDACTED
    return event


def write_bytes_as_hex(_logger: object, _method: str, event: Event) -> Event:
    """Write hashes and addresses as people know them."""
    for name, value in event.items():
        if isinstance(value, bytes):
            event[name] = f"0x{value.hex()}"
    return event
