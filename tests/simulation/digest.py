"""Derive seeded traffic and print what must not depend on the process: roots, receipts, events.

Run as a program, so that a test can vary what surrounds it: the hash seed, the interpreter's
flags, the compiled or the interpreted rules.
"""

import sys
from hashlib import sha256

from prover.replica import genesis_replica
from prover.traffic import START_MS, Traffic
from statemachine import transition

ENTRIES = 30
FRAMES = 3
TRANSACTIONS = 40


def main(seed: int) -> None:
    """Print which form of the rules ran, and one line per log entry."""
    compiled = not str(transition.__file__).endswith(".py")
    sys.stdout.write(f"{'compiled' if compiled else 'interpreted'}\n")
    traffic = Traffic(seed)
    replica = genesis_replica(traffic.rules, START_MS)
    for _ in range(ENTRIES):
        entry = traffic.make_entry(FRAMES, TRANSACTIONS)
        replica.add_inbox(len(replica.inbox), traffic.inbox[len(replica.inbox) :])
        derived = replica.feed(entry)
        digest = sha256(b"".join(derived.trace))
        sys.stdout.write(f"{derived.output.hash.hex()} {digest.hexdigest()}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
