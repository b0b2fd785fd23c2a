"""Which deployment a devnet is: its salt, and with that its chain id and its contract's address.

The keys of all devnets are the same, and what is signed names the chain id, or the chain id and
the contract.  With one deployment for all, what the sequencer of one devnet signed would convict
that of the next.  So a new data directory draws a salt, keeps it for its life, and whoever needs
a constant (tests, scenarios, replays, the story) names ``SALT_FIXED``.
"""

import secrets
from typing import Final

from devnet.genesis import SALT_FIXED, SALT_MAX, devnet_contract, salt_of
from devnet.layout import Layout
from devnet.supervisor import DevnetBlocked
from prover.contract.rules import ContractRules, decode_contract_rules
from statemachine.errors import FrameInvalid

SALT_FIRST: Final = SALT_FIXED + 1


def keep_deployment(layout: Layout, salt: int | None) -> ContractRules:
    """Return the deployment of a data directory; a new one becomes that of ``salt``.

    ``None``: a new one draws its salt, an old one has whichever it has.

    Raises
    ------
    DevnetBlocked
        What is there is another deployment, or was made under other rules: no process could
        go on with it.
    """
    try:
        kept = layout.deployment.read_bytes()
    except FileNotFoundError:
        drawn = SALT_FIRST + secrets.randbelow(SALT_MAX) if salt is None else salt
        made = devnet_contract(drawn)
        fresh = layout.deployment.with_suffix(".new")
        fresh.write_bytes(made.encode())
        fresh.replace(layout.deployment)  # whole or not at all, whenever this ends
        return made
    found = read_salt(kept)
    if found is None or devnet_contract(found).encode() != kept:
        raise DevnetBlocked(
            f"this data directory was made under other rules: {layout.directory}; "
            "use another --datadir, or remove it"
        )
    if salt not in {None, found}:
        raise DevnetBlocked(
            f"this data directory holds the devnet with --salt {found}, not {salt}: "
            f"{layout.directory}; use another --datadir, or remove it"
        )
    return devnet_contract(found)


def read_salt(kept: bytes) -> int | None:
    """Return the salt of a deployment's bytes; ``None`` if they are of no devnet known here."""
    try:
        return salt_of(decode_contract_rules(kept).rules.chain_id)
    except (FrameInvalid, ValueError):
        return None
