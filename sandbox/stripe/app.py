"""All wiring on one screen."""

from collections.abc import Callable

from flask import Flask, Response, request

from .api import (
    account,
    balance_transactions,
    charges,
    checkout_sessions,
    coupons,
    customers,
    disputes,
    events,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    portal_configurations,
    portal_sessions,
    prices,
    products,
    promotion_codes,
    refunds,
    setup_intents,
    subscription_items,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)
from .api.pipeline import Pipeline
from .api.routes import Endpoint
from .control import console, levers
from .control.faults import ConnectionDropped
from .errors import NotFound
from .pages import authenticate, checkout, elements, invoice, portal, receipts, stripe_js
from .server import drop_connection
from .world import World

RESOURCES = (
    account,
    balance_transactions,
    charges,
    checkout_sessions,
    coupons,
    customers,
    disputes,
    events,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    portal_configurations,
    portal_sessions,
    prices,
    products,
    promotion_codes,
    refunds,
    setup_intents,
    subscription_items,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)
BODY_BYTES_MAX = 1_000_000


def create_app(world: World) -> Flask:
    app = Flask(__name__, static_folder="pages/static", template_folder="pages/templates")
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX

    pipeline = Pipeline(world.settings, world.store, world.requests, world.faults)
    for resource in RESOURCES:
        for endpoint in resource.routes.endpoints:
            app.add_url_rule(
                endpoint.path,
                endpoint=f"{endpoint.method} {endpoint.path}",
                view_func=_view(pipeline, endpoint),
                methods=[endpoint.method],
                provide_automatic_options=False,
            )
    app.register_blueprint(checkout.blueprint(world))
    app.register_blueprint(authenticate.blueprint(world))
    app.register_blueprint(invoice.blueprint(world))
    app.register_blueprint(portal.blueprint(world))
    app.register_blueprint(elements.blueprint(world))
    app.register_blueprint(receipts.blueprint(world))
    app.register_blueprint(stripe_js.blueprint(world))
    app.register_blueprint(levers.blueprint(world))
    app.register_blueprint(console.blueprint(world))

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.errorhandler(404)
    @app.errorhandler(405)
    def unknown(error: Exception) -> Response | tuple[str, int]:
        if request.path.startswith("/v1/"):
            return pipeline.refuse(request, NotFound.unrecognized_url(request.method, request.path))
        return "Not found", 404

    @app.errorhandler(ConnectionDropped)
    def dropped(error: ConnectionDropped) -> Response:
        drop_connection(request.environ)
        return Response(status=500)

    return app


def _view(pipeline: Pipeline, endpoint: Endpoint) -> Callable[..., Response]:
    def view(**ids: str) -> Response:
        return pipeline.run(endpoint, request, ids)

    return view
