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

HOST: Final = "127.0.0.1"
INSTANCE_VARIABLE: Final = "SEXTANT_INSTANCE"
INSTANCE_PORTS: Final = 100


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
            number = os.environ.get(INSTANCE_VARIABLE, "")
            instance = int(number) if number.isdecimal() else 0
        return f"{HOST}:{self.port + INSTANCE_PORTS * instance}"


NODE: Final = Place("SEXTANT_NODE", 50551)
FOLLOWER: Final = Place("SEXTANT_FOLLOWER", 50552)
L1: Final = Place("SEXTANT_L1", 50545)
