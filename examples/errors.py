"""What can go wrong has a code, a reason, and says whether a retry makes sense.

Run: ``SEXTANT_KEY_FILE=KEY python examples/errors.py``
"""

from sextant import Client, load_key
from sextant.errors import BadRequest, ClientError, Rejected

with Client.from_environment(key=load_key()) as client:
    try:
        client.place("BTC", "buy", "0.001", limit="60000.03")
    except BadRequest as error:
        print("not sent:   ", error)

    mark = client.ticker("BTC").mark
    if mark is None:
        raise SystemExit("no price yet")
    try:
        client.place("BTC", "buy", "90000", limit=round(mark))
    except Rejected as error:
        print("rejected:   ", error, f"(retryable: {error.retryable})")

    try:
        client.cancel(1, market="BTC")
    except ClientError as error:
        print(f"{type(error).__name__.lower() + ':':<12}", error)
