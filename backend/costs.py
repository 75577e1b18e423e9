"""For an app that mounts its own routes on this backend: what a route costs, beside the route.

    from backend.costs import costs, hold, spend

    @app.post("/documents")
    @policy("user")
    @costs("docx_processing", quantity=started_thousand_words)
    def process_document(): …

`@costs` holds before the work, captures after it and releases when it fails. `quantity` is a number
of units or a function of nothing that gives one (it may read flask.request).
"""

import functools
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import g, make_response

from backend.routes.parsing import idempotency_key
from backend.services.spending import Hold
from backend.wiring import services


def spend(feature: str, quantity: int = 1, key: str | None = None) -> dict[str, Any]:
    """Spend the caller's credits now; {transaction_id, amount, balance, available, replayed}.

    Without a key, the request's Idempotency-Key is used. Raises what Spending raises.
    """
    return services().spending.spend(
        g.caller.id, feature, quantity, key or _key("spend"), request_id=g.request_id
    )


def hold(feature: str, quantity: int = 1, key: str | None = None) -> AbstractContextManager[Hold]:
    """`with hold("feature", 3) as h: …; h.capture(2)`; released when the block fails."""
    return services().spending.hold(
        g.caller.id, feature, quantity, key or _key("hold"), request_id=g.request_id
    )


def costs(
    feature: str, quantity: int | Callable[[], int] = 1
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view of a signed-in user: it runs only when it can be paid, and is paid only when
    it answers with a status below 400."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def paid_view(*args: Any, **kwargs: Any) -> Any:
            units = quantity() if callable(quantity) else quantity
            with hold(feature, units) as held:
                response = make_response(view(*args, **kwargs))
                if response.status_code < 400:
                    held.capture()
            return response

        return paid_view

    return decorate


def _key(verb: str) -> str:
    """The caller's own key, made his: keys of two users must not meet. Random without one."""
    given = idempotency_key()
    return f"{verb}:{g.caller.id}:{given}" if given else f"{verb}:{uuid.uuid4()}"
