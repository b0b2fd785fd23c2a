"""What the stories of the services send: limit orders of this world's traders."""

from proto.sextant.v1 import sequencer_pb2
from statemachine.actions import PlaceOrder, Transaction
from statemachine.units import Lots, Price
from tests.e2e.serving import Served

BUY, SELL, IOC, POST_ONLY = 0, 1, 2, 4
CLIENT_ID = b"client-id-000001"
SECONDS = 10.0


def limit(flags: int, price: int, size: int, client_id: bytes = b"") -> PlaceOrder:
    return PlaceOrder(0, 0, flags, Price(price), Lots(size), client_id)


async def submit(served: Served, transaction: Transaction) -> sequencer_pb2.Outcome:
    request = sequencer_pb2.SubmitRequest(transaction=transaction.data, with_paths=True)
    return await served.sequencer.Submit(request, timeout=SECONDS)
