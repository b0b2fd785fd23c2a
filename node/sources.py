"""Where settings come from: defaults, a TOML file, the environment, flags.

The rightmost source that names a setting wins.  A name that no setting has, a
value of the wrong type or outside its bounds is refused with the place where it
was found: a typing error must not silently become a default.
"""

import argparse
import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast, final, get_type_hints

from node.settings import INT_MAX, PORT_MAX, Settings
from statemachine.errors import SextantError

ENV_PREFIX: Final = "SEXTANT_"
INSTANCE_PORTS: Final = 100
TRUE: Final = frozenset({"true", "1", "yes", "on"})
FALSE: Final = frozenset({"false", "0", "no", "off"})
Value = bool | int | str
RESERVED: Final = frozenset({"SEXTANT_CONFIG"})


TableT = TypeVar("TableT")


class SettingsInvalid(SextantError):
    """A setting is unknown, of the wrong type, or out of bounds."""


@final
@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings in force, and where each came from, by dotted name."""

    settings: Settings
    values: Mapping[str, Value]
    origins: Mapping[str, str]


@final
@dataclass(frozen=True, slots=True)
class Slot:
    """One setting: its dotted name, its type, and its declared limits."""

    name: str
    kind: type
    default: Value
    limits: Mapping[str, Any]

    @property
    def variable(self) -> str:
        """Name of its environment variable."""
        return ENV_PREFIX + self.name.replace(".", "_").upper()


def list_slots(kind: type = Settings, prefix: str = "") -> Iterator[Slot]:
    """Yield every setting below ``kind``, in the order of declaration."""
    hints = get_type_hints(kind)
    for item in fields(kind):
        if is_dataclass(hints[item.name]):
            yield from list_slots(hints[item.name], f"{prefix}{item.name}.")
        else:
            default: Any = item.default
            yield Slot(prefix + item.name, hints[item.name], default, item.metadata)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare ``--config`` and one flag per setting; absent flags stay absent."""
    suppress = argparse.SUPPRESS
    parser.add_argument("--config", metavar="FILE", default=suppress, help="TOML file of settings")
    for slot in list_slots():
        options: dict[str, Any] = {"nargs": "?", "const": "true"} if slot.kind is bool else {}
        text = f"{slot.limits['help']} (default: {describe_default(slot)})"
        flag = f"--{slot.name.replace('_', '-')}"
        parser.add_argument(
            flag,
            dest=f"setting:{slot.name}",
            metavar=slot.kind.__name__.upper(),
            default=suppress,
            help=text.replace("%", "%%"),
            **options,
        )


def describe_default(slot: Slot) -> str:
    """Return the default as it would be typed."""
    if slot.kind is bool:
        return "true" if slot.default else "false"
    return str(slot.default) if slot.default != "" else "empty"


def load_arguments(
    arguments: argparse.Namespace, environ: Mapping[str, str] | None = None
) -> Loaded:
    """Load settings for a command whose parser went through :func:`add_flags`.

    Raises
    ------
    SettingsInvalid
        The first thing that is wrong, and where it stands.
    """
    environ = os.environ if environ is None else environ
    given = vars(arguments)
    flags = {name[8:]: text for name, text in given.items() if name.startswith("setting:")}
    file = given.get("config") or environ.get("SEXTANT_CONFIG")
    return load(Path(file) if file else None, environ, flags)


def load(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, str]) -> Loaded:
    """Resolve every setting: flag over environment over file over default.

    Raises
    ------
    SettingsInvalid
        The first thing that is wrong, and where it stands.
    """
    slots = {slot.name: slot for slot in list_slots()}
    values = {name: slot.default for name, slot in slots.items()}
    origins = dict.fromkeys(slots, "default")
    for origin, found in (
        (f"file {file}", read_file(file) if file else {}),
        ("env", read_environ(environ, slots)),
        ("flag", dict(flags)),
    ):
        for name, value in found.items():
            if name not in slots:
                raise SettingsInvalid(f"{origin}: {explain_unknown(name, slots)}")
            slot = slots[name]
            place = {"env": f"env {slot.variable}", "flag": f"flag --{name}"}.get(origin, origin)
            values[name] = judge_value(slot, value, place)
            origins[name] = place
    shift_ports(slots, values, origins)
    return Loaded(build(Settings, values), values, origins)


def read_file(file: Path) -> dict[str, Any]:
    """Return the settings of a TOML file by dotted name.

    Raises
    ------
    SettingsInvalid
        The file cannot be read, or is not TOML.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"file {file}: {error}") from error
    return dict(flatten(tables))


def flatten(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of nested tables."""
    for name, value in tables.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def read_environ(environ: Mapping[str, str], slots: Mapping[str, Slot]) -> dict[str, str]:
    """Return the settings named in the environment; other variables are not ours to judge."""
    return {
        name: environ[slot.variable]
        for name, slot in slots.items()
        if slot.variable in environ and slot.variable not in RESERVED
    }


def explain_unknown(name: str, slots: Mapping[str, Slot]) -> str:
    """Return what to say about a name that no setting has."""
    near = difflib.get_close_matches(name, slots, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "see `sextant config show`"
    return f"there is no setting {name!r}; {hint}"


def judge_value(slot: Slot, value: object, place: str) -> Value:
    """Return ``value`` as the setting's type, within its bounds.

    Raises
    ------
    SettingsInvalid
        It is of another type, or out of bounds.
    """
    if slot.kind is bool:
        text = str(value).lower()
        if text not in TRUE | FALSE:
            raise SettingsInvalid(f"{place}: {slot.name}: {value!r} is neither true nor false")
        return text in TRUE
    if slot.kind is int:
        return judge_number(slot, value, place)
    if not isinstance(value, str):
        raise SettingsInvalid(f"{place}: {slot.name}: {value!r} is not a string")
    choices = slot.limits.get("choices", ())
    if choices and value not in choices:
        raise SettingsInvalid(f"{place}: {slot.name}: {value!r} is none of {', '.join(choices)}")
    return value


def judge_number(slot: Slot, value: object, place: str) -> int:
    """Return ``value`` as an integer within the bounds of ``slot``."""
    try:
        number = int(value) if isinstance(value, str) else as_integer(value)
    except ValueError as error:
        raise SettingsInvalid(f"{place}: {slot.name}: {value!r} is not an integer") from error
    low, high = slot.limits.get("low", 0), slot.limits.get("high", INT_MAX)
    if not low <= number <= high:
        raise SettingsInvalid(f"{place}: {slot.name}: {number} is outside {low}..{high}")
    return number


def as_integer(value: object) -> int:
    """Return an integer of a TOML file; booleans and floats are not."""
    if type(value) is not int:
        raise ValueError(value)
    return value


def shift_ports(
    slots: Mapping[str, Slot], values: dict[str, Value], origins: dict[str, str]
) -> None:
    """Move every default port by 100 per instance, so that several nodes fit on one host."""
    offset = INSTANCE_PORTS * as_integer(values["instance"])
    if not offset:
        return
    for name, slot in slots.items():
        if slot.limits.get("shift") and origins[name] == "default":
            values[name] = shift_port(slot.default, offset)
            origins[name] = f"default, instance {values['instance']}"


def shift_port(default: Value, offset: int) -> Value:
    """Return a port, or a ``host:port``, moved by ``offset``."""
    if isinstance(default, int):
        return min(default + offset, PORT_MAX)
    host, _, number = default.rpartition(":")
    return f"{host}:{min(int(number) + offset, PORT_MAX)}"


def build(kind: type[TableT], values: Mapping[str, Value], prefix: str = "") -> TableT:
    """Return a settings record of type ``kind`` from values by dotted name."""
    hints = get_type_hints(kind)
    parts: dict[str, Any] = {}
    for item in fields(cast("Any", kind)):
        name = prefix + item.name
        if is_dataclass(hints[item.name]):
            parts[item.name] = build(hints[item.name], values, f"{name}.")
        else:
            parts[item.name] = values[name]
    return kind(**parts)
