"""Let a second key trade for a day, see that it cannot withdraw, and revoke it.

Run: ``SEXTANT_KEY_FILE=KEY python examples/agent_key.py``
"""

from decimal import Decimal

from sextant import Client, load_key
from sextant.client.amounts import Rounding
from sextant.client.keys import make_key
from sextant.errors import Rejected

session_key = make_key()

with (
    Client.from_environment(key=load_key()) as owner,
    Client.from_environment(key=session_key) as agent,
):
    owner.approve_agent(agent.address, days=1, markets=("BTC",))
    print(f"0x{agent.address.hex()} may trade BTC for a day")

    limit = (agent.ticker("BTC").mark or Decimal(60_000)) * Decimal("0.95")
    placed = agent.place("BTC", "buy", "0.001", limit=limit, rounding=Rounding.DOWN)
    print(f"the agent placed order {placed.order_id}")
    agent.cancel(placed.order_id, market="BTC")

    try:
        agent.withdraw("10")
    except Rejected as error:
        print("the agent cannot withdraw:", error)

    owner.revoke_agent(agent.address)
    print("revoked, for good")
