"""What differs between two rules, field by field, and rules made of others by naming fields.

A field is named as it is in ``Rules``; one of a market or an asset by its place and
symbol: ``referral_ppm``, ``markets.BTC.taker_ppm``, ``assets.WSTETH.cap``.  Values are
written as JSON; bytes as hex with ``0x``.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, final

from statemachine.rules import Rules

GROUPS: Final = ("markets", "assets")


class ChangeUnknown(ValueError):
    """A change names no field of the rules, or a value that it cannot have."""


@final
@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs, and its values before and after, as they are written."""

    name: str
    before: str
    after: str


def list_changes(before: Rules, after: Rules) -> list[Change]:
    """Return every field that differs, in the order of declaration."""
    old, new = dict(list_fields(before)), dict(list_fields(after))
    names = [*old, *(name for name in new if name not in old)]
    return [
        Change(name, old.get(name, "nothing"), new.get(name, "nothing"))
        for name in names
        if old.get(name) != new.get(name)
    ]


def list_fields(rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield each field's name and its value, as they are written."""
    for field in fields(rules):
        value = getattr(rules, field.name)
        if field.name not in GROUPS:
            yield field.name, write_value(value)
            continue
        for member in value:
            place = f"{field.name}.{member.symbol.decode('ascii', 'replace')}"
            for part in fields(member):
                yield f"{place}.{part.name}", write_value(getattr(member, part.name))


def write_value(value: object) -> str:
    """Return a value of a field as it is written."""
    return json.dumps(plain(value))


def plain(value: object) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value


def apply_changes(rules: Rules, changes: Sequence[str]) -> Rules:
    """Return rules with some fields changed; each change is ``NAME=VALUE``.

    Raises
    ------
    ChangeUnknown
        A name or a value that no rules have.
    ValueError
        Such rules could not work.
    """
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise ChangeUnknown(f"{change!r}: say NAME=VALUE, such as referral_ppm=200000")
        rules = change_field(rules, name.strip(), text.strip())
    return rules


def change_field(rules: Rules, name: str, text: str) -> Rules:
    """Return rules with one field changed."""
    group, *rest = name.split(".")
    if group not in GROUPS:
        changed: Rules = put_value(rules, name, text, name)
        return changed
    if len(rest) != 2:
        raise ChangeUnknown(f"{name}: say {group}.SYMBOL.FIELD")
    symbol, field = rest
    members = list(getattr(rules, group))
    for place, member in enumerate(members):
        if member.symbol == symbol.encode():
            members[place] = put_value(member, field, text, name)
            whole: dict[str, Any] = {group: tuple(members)}
            found: Rules = replace(rules, **whole)
            return found
    raise ChangeUnknown(f"{name}: there is no {symbol!r} among the {group}")


def put_value(record: Any, field: str, text: str, name: str) -> Any:  # noqa: ANN401  any rules
    """Return a record with one field read from text, of the kind that it has now."""
    if field not in {each.name for each in fields(record)}:
        raise ChangeUnknown(f"{name}: the rules have no such field")
    now = getattr(record, field)
    try:
        value = json.loads(text) if not text.startswith("0x") else text
        found = read_value(value, now)
    except (ValueError, TypeError) as error:
        raise ChangeUnknown(f"{name}: {text!r} is no value like {write_value(now)}") from error
    return replace(record, **{field: found})


def read_value(value: object, like: object) -> object:
    """Return a value of JSON as a field has it that now is ``like``."""
    if isinstance(like, bytes):
        if not isinstance(value, str):
            raise TypeError(value)
        return bytes.fromhex(value.removeprefix("0x"))
    if isinstance(like, tuple):
        if not isinstance(value, list):
            raise TypeError(value)
        return tuple(read_value(each, like[0] if like else [0]) for each in value)
    if isinstance(value, list):
        return tuple(read_value(each, 0) for each in value)
    if type(value) is not int:
        raise TypeError(value)
    return value
