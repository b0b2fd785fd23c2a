"""What became of a call to the contract.

A refused call changes nothing but its sender's nonce and gas.  The codes are
declared in the order in which the checks of a call run, so that the first
failing check, and with it the answer, is the same in every body of the
contract.  Numbers are never reused.
"""

from enum import IntEnum
from typing import Final, final


@final
class ContractCode(IntEnum):
    """Why a call was refused, or ``OK``."""

    OK = 0
    # Gas, at any time: a call needs more than a call has
    OUT_OF_GAS = 1
    # The envelope, checked by whoever hosts the contract (10..19, without 11)
    CALL_MALFORMED = 10
    SIGNATURE = 12
    NONCE_USED = 13
    NONCE_GAP = 14
    MEMPOOL_FULL = 15
    GAS_FUNDS = 16
    # Every call: the exchange goes on, and each of its byte strings has its length
    FROZEN = 17
    FIELD_LENGTH = 18
    # The mempool: a call in the place of one that waits has to bid more
    UNDERPRICED = 19
    # The log (20..39)
    NOT_SEQUENCER = 20
    SEQUENCER_ALIVE = 21
    ENTRY_INDEX = 22
    ENTRY_SIZE = 23
    ENTRY_VERSION = 24
    ENTRY_FRAMES = 25
    ENTRY_RULES = 26
    # The inbox (40..49)
    OWNER = 40
    SUB = 41
    AMOUNT = 42
    TOKEN_BALANCE = 43
    ETH_BALANCE = 44
    ASSET = 45
    CAP = 46
    MARKET = 47
    PRICE = 48
    PUBLISHER = 49
    MESSAGE_TIME = 50
    AGENT = 51
    # Claims (60..79)
    PARENT_UNKNOWN = 60
    PARENT_DEAD = 61
    PARENT_DECIDED = 62
    OUTPUT_VERSION = 63
    OUTPUT_CHAIN = 64
    OUTPUT_RULES = 65
    OUTPUT_PREVIOUS = 66
    OUTPUT_INDEX = 67
    ENTRY_UNKNOWN = 68
    OUTPUT_HEIGHT = 69
    OUTPUT_SEGMENTS = 70
    OUTPUT_INBOX = 71
    OUTPUT_TRACE = 72
    CLAIM_EXISTS = 73
    BOND_BALANCE = 74
    # Faults (80..99)
    COMMITMENT_EXISTS = 80
    FAULT_KIND = 81
    CLAIM_UNKNOWN = 82
    CLAIM_DEAD = 83
    WINDOW_CLOSED = 84
    COMMITMENT_UNKNOWN = 85
    COMMITMENT_YOUNG = 86
    WITNESS_SIZE = 87
    ACQUITTED = 88
    COMMITMENT_MISMATCH = 89
    SIGNATURES = 90
    SAME_BLOCK = 91
    PROMISE_KEPT = 92
    NOT_LATE = 93
    NO_BOND = 94
    BOND_PENDING = 95
    BOND_PAID = 96
    # Withdrawals (100..119)
    CLAIM_PENDING = 100
    WITHDRAWAL_PAID = 101
    PROOF = 102
    WITHDRAWAL_UNKNOWN = 103
    ESCROW = 104
    CAP_DAY = 105
    NOT_OWNER = 106
    OFFER_UNKNOWN = 107
    SOLD = 108
    OFFER_EXPIRED = 109
    PRICE_MAX = 110
    ATTESTED_LIMIT = 111
    PAID_AHEAD = 112
    # The escape (120..139)
    NOT_NEWEST = 120
    FREEZE_PROOF = 121
    FREEZE_EARLY = 122
    NOT_FROZEN = 123
    CLAIMS_PENDING = 124
    BOOKS_OPEN = 125
    BOOKS_SHUT = 126
    WINDOW_OPEN = 127
    WINDOW_OVER = 128
    REGISTERED = 129
    DEPOSIT_CREDITED = 130
    PAID_OUT = 131
    STATE_PROOF = 132
    NO_CLAIM = 133
    # Attesters (140..159)
    ATTESTERS_FULL = 140
    KEY = 141
    POSSESSION = 142
    ATTESTER_UNKNOWN = 143
    INACTIVE = 144
    STAKE_LOCKED = 145
    CLAIM_DECIDED = 146
    OUTPUT_OPEN = 147
    OUTPUT_RIGHT = 148
    SIGNERS = 149
    ATTESTATION = 150
    # Versions of the rules (160..169)
    NOT_GOVERNOR = 160
    RULES_NUMBER = 161
    RULES_PENDING = 162
    RULES_NOTICE = 163
    RULES_UNKNOWN = 164
    RULES_SUCCESSION = 165
    RULES_LOCKED = 166

    @property
    def retryable(self) -> bool:
        """Whether the same call, signed anew, may succeed later."""
        return self in RETRYABLE


RETRYABLE: Final = frozenset(
    {
        # The envelope
        ContractCode.NONCE_GAP,
        ContractCode.MEMPOOL_FULL,
        ContractCode.GAS_FUNDS,
        ContractCode.UNDERPRICED,
        # The log
        ContractCode.SEQUENCER_ALIVE,
        ContractCode.ENTRY_RULES,
        # The inbox
        ContractCode.TOKEN_BALANCE,
        ContractCode.ETH_BALANCE,
        ContractCode.CAP,
        # Claims
        ContractCode.PARENT_UNKNOWN,
        ContractCode.ENTRY_UNKNOWN,
        ContractCode.BOND_BALANCE,
        # Faults
        ContractCode.COMMITMENT_YOUNG,
        ContractCode.NOT_LATE,
        ContractCode.BOND_PENDING,
        # Withdrawals
        ContractCode.CLAIM_PENDING,
        ContractCode.ESCROW,
        ContractCode.CAP_DAY,
        ContractCode.ATTESTED_LIMIT,
        # The escape
        ContractCode.NOT_NEWEST,
        ContractCode.FREEZE_EARLY,
        ContractCode.NOT_FROZEN,
        ContractCode.CLAIMS_PENDING,
        ContractCode.BOOKS_SHUT,
        ContractCode.WINDOW_OPEN,
        # Attesters
        ContractCode.STAKE_LOCKED,
        ContractCode.OUTPUT_OPEN,
        # Versions of the rules
        ContractCode.RULES_PENDING,
    }
)


@final
class Refusal(Exception):
    """A check failed: raised by a call's checks, answered by ``Contract.call``.

    Never leaves the contract: it is a value there, an exception only inside.
    """

    def __init__(self, code: ContractCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = f"{code.name}: {message}"


def require(condition: bool, code: ContractCode, message: str) -> None:
    """Refuse the call with ``code`` unless ``condition`` holds."""
    if not condition:
        raise Refusal(code, message)
