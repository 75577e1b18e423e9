"""Our own small stand-in for Stripe.js, at Stripe's path for this API version."""

from flask import Blueprint, Response, current_app

from ..world import World

FILE = "stripe.js"


def blueprint(world: World) -> Blueprint:
    scripts = Blueprint("stripe_js", __name__)

    @scripts.get("/endive/stripe.js")
    def stripe_js() -> Response:
        response = current_app.send_static_file(FILE)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-cache"
        return response

    return scripts
