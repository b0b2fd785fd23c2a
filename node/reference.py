"""The reference page of a node, written from the code: settings, refusals, codes, figures.

``python -m node.reference`` writes ``docs/reference.md``; a test compares the
page with what this module would write, so it cannot go stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.process.metrics import Metrics
from node.service.errors import CLASSES
from node.sources import describe_default, list_slots
from proto.sextant.v1 import common_pb2
from statemachine.errors import RETRYABLE, Code

PAGE: Final = Path(__file__).parent.parent / "docs" / "reference.md"
OWN_PREFIX: Final = "sextant_"

HEAD: Final = """\
# Reference

```sh
sextant config show --origin    # every setting, and where its value came from
sextant node status             # what a node says about itself
```

Written from the code by `make docs`: what stands here is what the code does.

## Services

| service | for | port |
|---|---|---|
| `sextant.v1.Sequencer` | `Submit`, `SubmitBatch`, `OrderStream` | 50551 |
| `sextant.v1.Query` | status, markets, accounts, books, blocks, receipts, proofs | 50551, 50552 |
| `sextant.v1.Stream` | blocks, books, trades, one account's events | 50551, 50552 |
| `sextant.v1.Dev` | a devnet's controls, on loopback only | 50599 |
| `grpc.health.v1.Health` | `""` and each service by name | all |
| `grpc.reflection.v1alpha` | for generic clients, such as grpcurl | all |

The definitions in `proto/sextant/v1/` say what each field means. Amounts are integers: prices in
micro-USDC per lot, sizes in lots, money in micro-USDC, times in milliseconds of chain time. In
JSON, 64-bit integers are strings.

* **Deadlines.** A unary call without one is refused: a client that waits for ever is a bug.
* **Batches.** One message may carry up to 1,000 transactions, and each gets its own outcome. An
  order stream takes up to 64 unanswered batches; then it is not read until some are answered.
* **Sizes.** A message above `grpc.message_bytes_max` is `TOO_LARGE`, one that is no protobuf
  `MALFORMED`. One above four times that size is cut off by the transport before anyone reads it:
  `RESOURCE_EXHAUSTED`, without `ErrorInfo`.
* **Rates.** Queries and subscriptions of one host beyond `grpc.calls_per_second`, and transactions
  beyond `admission.rate_per_second`, over however many connections, are `RATE_LIMITED`, with
  `RetryInfo`. More than `grpc.streams_per_host_max` streams of one host at once, health and
  reflection included, are `STREAMS_TOO_MANY`. A query that may read whole blocks counts as five
  to a hundred others (`GetWithdrawals`).
* **Retries.** The same bytes are one transaction, however often they are sent: a repetition gets
  the first answer, marked `duplicate`. After `DEADLINE_EXCEEDED`, send the same bytes again, or
  ask `GetTransactionStatus`.
* **Feeds.** A snapshot, then deltas whose `sequence` has no holes. On a hole, on a checksum that
  differs, or on `SLOW_CONSUMER`: subscribe again. The checksum is the CRC-32 of the ten best bids,
  then the ten best asks, best first, each as big-endian u64 price and u64 lots.
"""


def write_page() -> Iterator[str]:
    """Yield the page, line by line."""
    yield from HEAD.splitlines()
    yield from write_reasons()
    yield from write_codes()
    yield from write_settings()
    yield from write_figures()


def write_reasons() -> Iterator[str]:
    """Yield the table of refusals."""
    yield from (
        "",
        "## Refusals",
        "",
        "What was *not* sequenced: the status of a call, with `google.rpc.ErrorInfo{reason,",
        'domain: "sextant"}`, or a `Refusal` in the answer to a batch. No nonce is used up.',
        "",
        "| reason | number | status | same bytes again |",
        "|---|---|---|---|",
    )
    for reason, kind in CLASSES.items():
        number = common_pb2.Reason.Value(f"REASON_{reason}")
        again = "may succeed" if kind.retryable else "never"
        yield f"| `{reason}` | {number} | `{kind.status.name}` | {again} |"


def write_codes() -> Iterator[str]:
    """Yield the table of receipt codes."""
    yield from (
        "",
        "## Codes",
        "",
        "What became of a transaction that *was* sequenced: the `code` of its receipt. Any code",
        "but `OK` leaves no trace but a used nonce.",
        "",
        "| code | number | signed anew |",
        "|---|---|---|",
    )
    for code in Code:
        again = "may succeed later" if code in RETRYABLE else "no use"
        yield f"| `{code.name}` | {int(code)} | {'' if code is Code.OK else again} |"


def write_settings() -> Iterator[str]:
    """Yield the table of settings."""
    yield from (
        "",
        "## Settings",
        "",
        "A flag wins over the environment, that over the file (`--config FILE`,",
        "`SEXTANT_CONFIG`), and that over the default. `--grpc.port 1`, `SEXTANT_GRPC_PORT=1` and",
        "`[grpc] port = 1` are the same. `--instance N` adds 100 * N to every default port.",
        "",
        "| setting | default | what it is |",
        "|---|---|---|",
    )
    for slot in list_slots():
        yield f"| `{slot.name}` | {describe_default(slot)} | {slot.limits['help']} |"


def write_figures() -> Iterator[str]:
    """Yield the table of metrics."""
    yield from (
        "",
        "## Metrics",
        "",
        "At `/metrics` of the metrics port, for Prometheus, beside `/healthz` and `/readyz`.",
        "",
        "| name | kind | what it is |",
        "|---|---|---|",
    )
    for family in sorted(Metrics().registry.collect(), key=lambda family: family.name):
        if family.name.startswith(OWN_PREFIX):
            suffix = "_total" if family.type == "counter" else ""
            yield f"| `{family.name}{suffix}` | {family.type} | {family.documentation} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text("\n".join(write_page()) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
