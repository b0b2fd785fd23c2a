"""Who may act for whom, and once."""

from typing import Final

from tests.mutation.mutant import Mutant
from tests.mutation.suites import AGENTS, AUTHORITY

MUTANTS: Final = (
    Mutant(
        "records/signers.py",
        "if data == used[place : place + NONCE_BYTES]:",
        "if not data:",
        "a transaction is accepted twice",
        (AUTHORITY,),
    ),
    Mutant(
        "records/signers.py",
        'self.floor = int.from_bytes(used[:NONCE_BYTES], "big")',
        "pass",
        "a forgotten nonce is accepted again",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/nonces.py",
        "step.now - rules.nonce_past_ms <= time",
        "0 <= time",
        "a nonce of any age is accepted",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/authority.py",
        "transaction.expires_at < step.now:",
        "transaction.expires_at <= step.now:",
        "a transaction expires a millisecond early",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/authority.py",
        "    if not burn_nonce(step, signer, transaction.nonce):\n        return False\n"
        "    step.account = signer.account\n    step.signer = signer\n"
        "    if transaction.expires_at and transaction.expires_at < step.now:\n"
        "        step.refuse(Code.EXPIRED, (transaction.expires_at, step.now))\n"
        "        return False\n",
        "    step.account = signer.account\n    step.signer = signer\n"
        "    if transaction.expires_at and transaction.expires_at < step.now:\n"
        "        step.refuse(Code.EXPIRED, (transaction.expires_at, step.now))\n"
        "        return False\n"
        "    if not burn_nonce(step, signer, transaction.nonce):\n        return False\n",
        "an expired transaction keeps its nonce",
        (AUTHORITY,),
    ),
    Mutant(
        "identity/authority.py",
        "if signer.role == ROLE_REVOKED:",
        "if signer.role == 9:",
        "a revoked agent still acts",
        (AGENTS,),
    ),
    Mutant(
        "identity/authority.py",
        "return all(mask >> leg.market & 1 for leg in action.legs)",
        "return any(mask >> leg.market & 1 for leg in action.legs)",
        "an agent leaves its markets in a bulk",
        (AUTHORITY,),
    ),
    Mutant(
        "handlers/agents.py",
        "(signer.role != ROLE_AGENT or signer.account != step.account):\n"
        "        step.refuse(Code.AGENT_USED)",
        "signer.account != step.account:\n        step.refuse(Code.AGENT_USED)",
        "a tombstone is approved again",
        (AGENTS,),
    ),
)
