"""Publishers: the true price, each with a little noise of his own, or what went wrong."""

from devnet.prices import height_of
from devnet.scenarios.scenario import PPM
from devnet.scenarios.scene import Scene

NOISE_PPM = 60
NOISE_STEP_MS = 1_000


def say_prices(scene: Scene, seed: int) -> list[bytes]:
    """Return each market's update, of the publishers that speak."""
    signed = []
    scenario, second = scene.scenario, scene.second
    for market in scene.markets:
        price = scene.price(market)
        said = {}
        for publisher in range(len(scene.hand.publishers)):
            if scenario.is_silent(publisher, second):
                continue
            step = scene.ms // NOISE_STEP_MS
            noise = height_of(seed, market, publisher, step) * NOISE_PPM // PPM
            off = noise + scenario.off_at(publisher, second)
            said[publisher] = price * (PPM + off) // PPM
        if said:
            signed.append(scene.hand.prices(market, said))
    return signed
