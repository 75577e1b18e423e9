"""HTTP: parse, one service call, answer."""

from flask import Flask

from backend.routes import (
    admin,
    credits,
    jobs,
    pages,
    payments,
    public,
    specification,
    spending,
    webhook,
)


def register(app: Flask) -> None:
    """Mount the API below /api, and the pages beside it."""
    for module in (public, payments, credits, spending, admin, jobs, webhook, specification):
        app.register_blueprint(module.blueprint, url_prefix="/api")
    app.register_blueprint(pages.blueprint)
