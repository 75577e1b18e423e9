"""HTTP: parse, one service call, answer."""

from flask import Flask

from backend.routes import (
    admin,
    admin_reads,
    auto_recharge,
    cards,
    credits,
    jobs,
    metrics,
    pages,
    payments,
    public,
    refunds,
    specification,
    spending,
    subscriptions,
    webhook,
)


def register(app: Flask) -> None:
    """Mount the API below /api, and the pages beside it."""
    for module in (
        public,
        payments,
        cards,
        subscriptions,
        auto_recharge,
        refunds,
        credits,
        spending,
        admin,
        admin_reads,
        metrics,
        jobs,
        webhook,
        specification,
    ):
        app.register_blueprint(module.blueprint, url_prefix="/api")
    app.register_blueprint(pages.blueprint)
