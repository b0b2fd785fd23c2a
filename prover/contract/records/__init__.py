"""What the contract stores: one small record per thing, each with its bytes.

Bulk (the bytes of a log entry, the roots of a claim's trace) is call data: the
contract hashes it and forgets it, whoever hosts the contract keeps it.

======  ============  =====================  ==================================
table   name          key                    record
======  ============  =====================  ==================================
A       accounts      address 20             :class:`Account`
B       holdings      asset 1, address 20    units that an address holds, 8
C       claims        number 8               :class:`Claim`
D       refunded      inbox index 8          nothing: it is in the table
E       pots          asset 1                :class:`Pot`
F       commitments   hash 32                :class:`Commitment`
G       bond          none                   :class:`SequencerBond`, while there is one
I       inbox         index 8                :class:`QueuedItem`
J       attesters     number 8               :class:`Attester`
K       attestations  output hash 32         :class:`Attestation`
L       log           index 8                :class:`LogHeader`
M       ahead         hash 32                index of a withdrawal that was paid ahead, 8
N       books         none                   :class:`Books`, once they are open
O       stakes        none                   :class:`Stakes`
P       paid          withdrawal index 8     nothing: it is in the table
R       versions      number 8               :class:`RulesVersion`, from the second on
S       asset_totals  asset 1                :class:`AssetTotals`
T       sums          none                   :class:`Totals`
U       deposited     asset 1                all that was ever deposited of it, 8
V       owed          address 20             :class:`Owed`
W       sales         hash 32                :class:`Sale`
X       exits         asset 1                :class:`ExitBucket`
Y       registered    kind, account, place   nothing: it is in the table
Z       frozen        none                   :class:`Freeze`, once it is frozen
======  ============  =====================  ==================================
"""

from prover.contract.records.attesters import (
    Attestation,
    Attester,
    Stakes,
    decode_attestation,
    decode_attester,
    decode_stakes,
)
from prover.contract.records.claims import (
    Claim,
    ClaimStatus,
    Commitment,
    decode_claim,
    decode_commitment,
)
from prover.contract.records.escape import (
    Books,
    Freeze,
    FreezeReason,
    Owed,
    Pot,
    decode_books,
    decode_freeze,
    decode_owed,
    decode_pot,
)
from prover.contract.records.fields import (
    UINT_LIMIT,
    as_message,
)
from prover.contract.records.inbox import (
    QueuedItem,
    decode_queued_item,
)
from prover.contract.records.log import (
    LogHeader,
    decode_log_header,
)
from prover.contract.records.money import (
    Account,
    AssetTotals,
    Totals,
    decode_account,
    decode_asset_totals,
    decode_totals,
)
from prover.contract.records.promises import (
    SequencerBond,
    decode_sequencer_bond,
)
from prover.contract.records.sales import (
    NOBODY,
    ExitBucket,
    Sale,
    decode_exit_bucket,
    decode_sale,
)
from prover.contract.records.versions import (
    RulesVersion,
    decode_rules_version,
)

__all__ = [
    "NOBODY",
    "UINT_LIMIT",
    "Account",
    "AssetTotals",
    "Attestation",
    "Attester",
    "Books",
    "Claim",
    "ClaimStatus",
    "Commitment",
    "ExitBucket",
    "Freeze",
    "FreezeReason",
    "LogHeader",
    "Owed",
    "Pot",
    "QueuedItem",
    "RulesVersion",
    "Sale",
    "SequencerBond",
    "Stakes",
    "Totals",
    "as_message",
    "decode_account",
    "decode_asset_totals",
    "decode_attestation",
    "decode_attester",
    "decode_books",
    "decode_claim",
    "decode_commitment",
    "decode_exit_bucket",
    "decode_freeze",
    "decode_log_header",
    "decode_owed",
    "decode_pot",
    "decode_queued_item",
    "decode_rules_version",
    "decode_sale",
    "decode_sequencer_bond",
    "decode_stakes",
    "decode_totals",
]
