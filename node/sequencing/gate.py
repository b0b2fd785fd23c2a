"""What is not even queued: transactions that a block could only reject.

A rejected transaction costs block space and L1 bytes, and burns a nonce.  So
whatever the state as it stands shows to be hopeless is refused here, for
nothing.  This is courtesy, not consensus: the rules judge again in the block.
"""

from typing import Final, final

from node.ledger.feed import Reason, Refusal
from statemachine.actions import OracleUpdate, Transaction
from statemachine.identity.nonces import bucket_of
from statemachine.keys import nonces_key, oracle_key, signer_key
from statemachine.records import decode_nonces, decode_oracle
from statemachine.rules import Rules
from statemachine.storage import Store

TRANSACTION_BYTES_MAX: Final = 16_000
ADDRESS_BYTES: Final = 20


@final
class Gate:
    """Judges transactions by the state; ``signer`` as ``recover_signer`` returned it."""

    def __init__(self, rules: Rules, store: Store) -> None:
        self.rules = rules
        self.store = store

    def refuse(self, transaction: Transaction, signer: bytes, now: int) -> Refusal | None:
        """Return why a transaction is hopeless at chain time ``now`` (ms), if it is."""
        size = len(transaction.data)
        if size > TRANSACTION_BYTES_MAX:
            message = f"transaction: {size} bytes, at most {TRANSACTION_BYTES_MAX}"
            return Refusal(Reason.TOO_LARGE, message)
        if isinstance(transaction.action, OracleUpdate):
            return self.refuse_oracle(transaction.action, signer)
        return self.refuse_signed(transaction, signer, now)

    def refuse_signed(self, transaction: Transaction, signer: bytes, now: int) -> Refusal | None:
        """Return why nobody's account would take it now."""
        if self.store.get(signer_key(signer)) is None:
            message = f"signer: 0x{signer.hex()} has no account here; deposit first"
            return Refusal(Reason.SIGNER_UNKNOWN, message)
        expires_at = transaction.expires_at
        if 0 < expires_at < now:
            return Refusal(Reason.EXPIRED, f"expires_at: {expires_at} is past, it is {now}")
        time = transaction.nonce >> 10
        if time < now - self.rules.nonce_past_ms:
            message = f"nonce: its time {time} is over {self.rules.nonce_past_ms} ms before {now}"
            return Refusal(Reason.NONCE_OLD, message)
        if time > now + self.rules.nonce_future_ms:
            message = f"nonce: its time {time} is over {self.rules.nonce_future_ms} ms after {now}"
            return Refusal(Reason.NONCE_AHEAD, message)
        return None

    def refuse_oracle(self, action: OracleUpdate, addresses: bytes) -> Refusal | None:
        """Return why an update, which costs its sender nothing, has no news in it."""
        key = oracle_key(action.market)
        data = self.store.get(key)
        times = None if data is None else decode_oracle(key, data).times
        publishers = self.rules.publishers
        signed = 0
        for place, message in enumerate(action.messages):
            address = addresses[ADDRESS_BYTES * place : ADDRESS_BYTES * (place + 1)]
            number = message.publisher
            if number < len(publishers) and publishers[number] == address:
                signed += 1
                if times is None or message.time > times[number]:
                    return None
        if not signed:
            return Refusal(Reason.SIGNATURE_INVALID, "oracle update: no publisher signed any of it")
        return Refusal(Reason.NONCE_OLD, "oracle update: every message in it is known or older")

    def is_burnt(self, signer: bytes, nonce: int) -> bool:
        """Return whether a signer can never use a nonce again."""
        key = nonces_key(signer, bucket_of(nonce))
        data = self.store.get(key)
        if data is None:
            return False
        bucket = decode_nonces(key, data)
        return nonce <= bucket.floor or nonce in bucket.burnt()
