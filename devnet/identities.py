"""Who is who on a devnet: keys made from one public phrase, the same on every machine.

They are UNSAFE by design: anyone can derive them, so that anyone can follow a tutorial, and so
that the genesis root and all accounts' addresses are the same everywhere.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from sextant.client.names import read_address
from sextant.errors import BadRequest
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


def address_of_name(name: str) -> bytes:
    """Return the address of a devnet name such as ``alice``, or the one that is written out.

    Raises
    ------
    BadRequest
        ``ADDRESS``: it is neither.
    """
    if name in NAMES:
        return identity_of(name).address
    try:
        return read_address(name)
    except BadRequest as error:
        known = f"say 0x and 40 hex digits, or one of {', '.join(NAMES)}"
        raise BadRequest(error.code, f"{name!r} is no address and no name", advice=known) from None
