"""For an app that mounts its own routes on this backend: what a route costs, beside the route.

    from backend.app import app
    from backend.auth import policy
    from backend.costs import costs, hold, spend

    @app.post("/api/documents")  # pages of other origins may call what is below /api/
    @policy("user")
    @costs("docx_processing", quantity=started_thousand_words)
    def process_document(): …

Mount what is called, not what is looked at: every view needs a policy, so a blueprint with a static
folder does not start to work, and `/` and the security headers are this backend's. A route refuses
with `raise Forbidden("Ask its owner.")` and the like of backend/errors.py; of Flask's `abort(403)`
the status counts, and the words are ours.

A body has 64 KiB at most, unless `request.max_content_length` is set before it is read. On Vercel,
api/index.py imports the app, and .vercelignore and vercel.json name its folder.

`@costs` holds before the work, captures after it and releases when it fails. `quantity` is a number
of units or a function of nothing that gives one (it may read flask.request). Work that may take
longer than 15 minutes says so with `ttl_seconds`, 1 to 86400.

Who is charged may be who chooses the key: a browser can send one Idempotency-Key with ever new
bodies. So the request's key pays for one request, and one that comes again is refused with a 409,
also where the work had failed and nothing was paid.
"""

import functools
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import g, make_response

from backend.errors import IdempotencyConflict
from backend.routes.idempotency import idempotency_key
from backend.services.spending import HOLD_TTL_SECONDS, Hold
from backend.wiring import services


def spend(feature: str, quantity: int = 1, key: str | None = None) -> dict[str, Any]:
    """Spend the caller's credits now; {transaction_id, amount, balance, available, replayed}.

    Without `key`, the request's Idempotency-Key counts: once used, IdempotencyConflict. A `key` of
    the app's own may come again: it charges nothing, answers as the first time and says `replayed`.
    So make it from the work and the user, never from what he sends at will, and on a replay give
    him the work that was paid for, not new work. Raises what Spending raises.
    """
    answer = services().spending.spend(
        g.caller.id, feature, quantity, key or _key("spend"), request_id=_request_id()
    )
    if answer["replayed"] and not key:
        raise IdempotencyConflict("This key has been used. Use a new one for new work.")
    return answer


def hold(
    feature: str,
    quantity: int = 1,
    key: str | None = None,
    ttl_seconds: int = HOLD_TTL_SECONDS,
) -> AbstractContextManager[Hold]:
    """`with hold("feature", 3) as h: …; h.capture(2)`; released when the block fails.

    After `ttl_seconds`, 1 to 86400, it can't be captured any more, and the job frees its credits:
    choose more than the work can take. Raises what Spending raises; IdempotencyConflict for any
    key that has been used, the app's own too.
    """
    return services().spending.hold(
        g.caller.id,
        feature,
        quantity,
        key or _key("hold"),
        ttl_seconds=ttl_seconds,
        request_id=_request_id(),
    )


def costs(
    feature: str,
    quantity: int | Callable[[], int] = 1,
    ttl_seconds: int = HOLD_TTL_SECONDS,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view of a signed-in user: it runs only when it can be paid, and is paid only when
    it answers with a status below 400. `ttl_seconds` as for hold."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def paid_view(*args: Any, **kwargs: Any) -> Any:
            units = quantity() if callable(quantity) else quantity
            with hold(feature, units, ttl_seconds=ttl_seconds) as held:
                response = make_response(view(*args, **kwargs))
                if response.status_code < 400:
                    held.capture()
            return response

        return paid_view

    return decorate


def _key(verb: str) -> str:
    """The caller's own key, made his: keys of two users must not meet. Random without one.

    A request that pays twice pays with two keys. They are counted in front of the caller's id,
    where no key that he sends can look like another's second.
    """
    given = idempotency_key()
    if given is None:
        return f"{verb}:{uuid.uuid4()}"
    made = g.setdefault("keys_made", Counter())
    made[verb] += 1
    nth = "" if made[verb] == 1 else str(made[verb])
    return f"{verb}{nth}:{g.caller.id}:{given}"


def _request_id() -> str:
    """This request's, and none that a browser may send again: who asks with it a second time is the
    gateway, because an answer was lost, and that is no replay."""
    return f"{g.request_id}:{uuid.uuid4().hex}"
