"""Who is who on a devnet: keys made from one public phrase, the same on every machine.

They are UNSAFE by design: anyone can derive them, so that anyone can follow a tutorial, and so
that the genesis root and all accounts' addresses are the same everywhere.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from statemachine.identity.signing import address_of

PHRASE: Final = "sextant devnet unsafe keys never hold value"

PUBLISHERS: Final = ("publisher-0", "publisher-1", "publisher-2")
MAKERS: Final = ("maker-0", "maker-1")
TAKERS: Final = ("taker-0", "taker-1", "taker-2")
USERS: Final = ("alice", "bob", "carol", "dave")
OPERATORS: Final = (
    "sequencer",
    "poster",
    "follower",
    "challenger",
    "faucet",
    "guardian",
    "governor",
)
NAMES: Final = (*OPERATORS, *PUBLISHERS, *MAKERS, *TAKERS, *USERS)


@final
@dataclass(frozen=True, slots=True)
class Identity:
    """A name, its 32-byte private key, and its 20-byte address."""

    name: str
    key: bytes
    address: bytes


def identity_of(name: str) -> Identity:
    """Return the devnet's identity of that name; any name has one."""
    key = sha256(f"{PHRASE}/{name}".encode()).digest()
    return Identity(name, key, address_of(key))
