"""The web of the sample app, as its clients reach it."""

import json

from tests.live.client import Client, fetch


def answer(user: Client) -> dict[str, str]:
    """Ask it through its Service, from this machine, who it is."""
    service = user.get("service", "shop-web")
    address = f"{service['spec']['clusterIP']}:{service['spec']['ports'][0]['port']}"
    return dict(json.loads(fetch(f"http://{address}/")))
