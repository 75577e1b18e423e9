"""Events: made in the transaction of the change that they tell of.

`data.object` is the object as it was then, unexpanded. https://docs.stripe.com/api/events/object
"""

from collections.abc import Callable

from stripe._api_version import _ApiVersion

from . import clock
from .ids import new_id
from .store import Object, Transaction, public
from .webhooks import outbox

API_VERSION: str = _ApiVersion.CURRENT

Follower = Callable[[Transaction, Object], None]
_followers: dict[str, list[Follower]] = {}


def follow(event_type: str, follower: Follower) -> None:
    """From now on `follower` is called in the transaction of each such event, with its object: how
    an invoice learns of its payment, and a subscription of its invoice."""
    known = _followers.setdefault(event_type, [])
    if follower not in known:
        known.append(follower)


def emit(tx: Transaction, event_type: str, obj: Object, previous: Object | None = None) -> None:
    """Records the event and queues it for every endpoint that listens to its type."""
    data = {"object": public(obj)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = tx.add(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": clock.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {
                "id": tx.cause.request_id,
                "idempotency_key": tx.cause.idempotency_key,
            },
            "type": event_type,
        }
    )
    tx.change(event, pending_webhooks=outbox.enqueue(tx, event))
    for follower in _followers.get(event_type, []):
        follower(tx, obj)
