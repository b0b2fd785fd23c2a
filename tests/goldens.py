"""Write the golden bytes anew: ``python -m tests.goldens``.

Only for a deliberate change of the consensus encoding; the difference is then
what a reviewer reads.
"""

import json
from pathlib import Path

from tests.unit.test_actions import golden_rows
from tests.unit.test_records import ROWS

VECTORS = Path(__file__).parent / "vectors"


def main() -> None:
    """Write ``vectors/records.json`` and ``vectors/transactions.json``."""
    records = {
        "format": 1,
        "about": "Every record of the state and every hashed message, as hex.",
        "records": {name: data.hex() for name, (data, _) in ROWS.items()},
    }
    transactions = {
        "format": 1,
        "about": (
            "Each kind of transaction signed with key 0x42..42 for chain 7777, "
            "rollup 0x11..11: EIP-712 digest and canonical bytes."
        ),
        "transactions": golden_rows(),
    }
    for name, content in (("records", records), ("transactions", transactions)):
        (VECTORS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
