"""Our own small stand-in for Stripe.js, at Stripe's path for this API version.

It is written as one file for each subject and served as one script, as Stripe's is.
"""

from pathlib import Path

from flask import Blueprint, Response

from ..world import World

FOLDER = Path(__file__).parent / "static" / "stripe_js"
FILES = (
    "api.js",
    "errors.js",
    "payment-element.js",
    "elements.js",
    "challenge.js",
    "intents.js",
    "embedded-checkout.js",
    "stripe.js",
)


def blueprint(world: World) -> Blueprint:
    scripts = Blueprint("stripe_js", __name__)

    @scripts.get("/endive/stripe.js")
    def stripe_js() -> Response:
        parts = "\n".join((FOLDER / name).read_text() for name in FILES)
        script = f'(() => {{\n"use strict";\n{parts}\n}})();\n'
        response = Response(script, mimetype="text/javascript")
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-cache"
        return response

    return scripts
