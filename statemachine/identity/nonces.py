"""Nonces: nothing accepted is accepted twice, and senders need not wait for each other.

A nonce is ``time_ms << 10 | counter``.  It is accepted if its time is near
the block's, it is above its bucket's floor and was not used.  A full bucket
gives up its lowest nonce and raises its floor to it, so what is forgotten is
refused as too low, never taken again.
"""

from typing import Final

from statemachine.errors import Code
from statemachine.records import NONCE_BUCKETS, Signer
from statemachine.step import Step

NONCE_TIME_SHIFT: Final = 10


def bucket_of(nonce: int) -> int:
    """Return the bucket of a nonce: mixes its counter with its time."""
    return (nonce ^ nonce >> NONCE_TIME_SHIFT) % NONCE_BUCKETS


def burn_nonce(step: Step, signer: Signer, nonce: int) -> bool:
    """Use up ``nonce`` of ``signer``, or refuse the step."""
    time = nonce >> NONCE_TIME_SHIFT
    rules = step.rules
    if not step.now - rules.nonce_past_ms <= time <= step.now + rules.nonce_future_ms:
        step.refuse(Code.NONCE_TIME, (time, step.now))
        return False
    bucket = step.state.nonce_bucket(signer, bucket_of(nonce))
    if nonce <= bucket.floor:
        step.refuse(Code.NONCE_LOW, (bucket.floor,))
        return False
    if not bucket.burn(nonce):
        step.refuse(Code.NONCE_USED, (nonce,))
        return False
    step.state.touch(bucket)
    return True
