"""Where things are, as the environment says: the same for programs and commands.

==================  ==========================================================
Variable            What it names
==================  ==========================================================
SEXTANT_NODE        ``host:port`` of the node (default 127.0.0.1:50551)
SEXTANT_FOLLOWER    of a follower, for proofs (default 127.0.0.1:50552)
SEXTANT_L1          of the L1 (default 127.0.0.1:50545)
SEXTANT_INSTANCE    a devnet on this machine: moves the defaults by 100 each
SEXTANT_KEY_FILE    the key that signs (default ~/.config/sextant/key)
==================  ==========================================================
"""

import os
from typing import Final, NamedTuple

from sextant.errors import BadRequest

HOST: Final = "127.0.0.1"
INSTANCE_VARIABLE: Final = "SEXTANT_INSTANCE"
INSTANCE_PORTS: Final = 100
INSTANCES_MAX: Final = 100


def read_instance(text: str, *, name: str = "") -> int:
    """Return the number of a devnet on this machine; ``name`` says where it stands.

    Raises
    ------
    BadRequest
        ``INSTANCE``.
    """
    known = text.isascii() and text.isdecimal() and len(text) <= len(str(INSTANCES_MAX))
    if not known or int(text) >= INSTANCES_MAX:
        raise BadRequest(
            "INSTANCE",
            f"{name}{text!r} is no instance of a devnet",
            advice=f"instances are 0 to {INSTANCES_MAX - 1}",
        )
    return int(text)


def instance_of(number: int | None = None) -> int:
    """Return the instance in force: as given, else as the environment says, else 0.

    Raises
    ------
    BadRequest
        ``INSTANCE``: the environment names none that can be.
    """
    if number is not None:
        return read_instance(str(number))
    text = os.environ.get(INSTANCE_VARIABLE)
    return read_instance(text, name=f"{INSTANCE_VARIABLE}=") if text else 0


class Place(NamedTuple):
    """Something to connect to: the variable that names it, and its usual port."""

    variable: str
    port: int

    def resolve(self, named: str | None = None, instance: int | None = None) -> str:
        """Return ``host:port``: as named, by instance, from the environment, or the default."""
        if named:
            return named
        if instance is None:
            found = os.environ.get(self.variable)
            if found:
                return found
        return f"{HOST}:{self.port + INSTANCE_PORTS * instance_of(instance)}"


NODE: Final = Place("SEXTANT_NODE", 50551)
FOLLOWER: Final = Place("SEXTANT_FOLLOWER", 50552)
L1: Final = Place("SEXTANT_L1", 50545)


def starter_of(target: str) -> str:
    """Return the command that starts what listens at ``target`` on this machine."""
    host, _, port = target.removeprefix("the L1 at ").rpartition(":")
    number = 0
    if host in {HOST, "localhost"} and port.isascii() and port.isdecimal():
        for place in (NODE, FOLLOWER, L1):
            count, rest = divmod(int(port) - place.port, INSTANCE_PORTS)
            if not rest and 0 <= count < INSTANCES_MAX:
                number = count
    return f"sextant devnet up --instance {number}" if number else "sextant devnet up"
