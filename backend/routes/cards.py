"""The caller's saved cards."""

import re
from typing import Any

from flask import Blueprint, g

from backend.auth import policy
from backend.errors import NotFound
from backend.limits import asking_stripe, buying
from backend.routes.callers import buyer
from backend.routes.idempotency import idempotent
from backend.routes.parsing import STRIPE_ID, Request
from backend.wiring import services

blueprint = Blueprint("cards", __name__)


@blueprint.get("/payment-methods")
@policy("user")
def list_payment_methods() -> dict[str, Any]:
    """The caller's cards, the default first."""
    return {"payment_methods": services().cards.saved(g.caller.token)}


@blueprint.post("/payment-methods/refresh")
@buying
@policy("user")
@idempotent(Request)
def refresh(_: Request) -> dict[str, Any]:
    """Ask Stripe now: a card that was saved a moment ago."""
    return {"payment_methods": services().cards.refresh(g.caller.token, g.caller.id)}


@blueprint.post("/payment-methods/setup-intent")
@buying
@policy("user")
@idempotent(Request)
def set_up(_: Request) -> tuple[dict[str, Any], int]:
    """Begin to save a card without paying."""
    return services().cards.set_up(buyer()), 201


@blueprint.post("/payment-methods/<card_id>/default")
@asking_stripe
@policy("user")
@idempotent(Request)
def make_default(_: Request, card_id: str) -> dict[str, Any]:
    """Pay with this card from now on."""
    cards = services().cards.make_default(g.caller.token, g.caller.id, _id(card_id))
    return {"payment_methods": cards}


@blueprint.delete("/payment-methods/<card_id>")
@asking_stripe
@policy("user")
def remove(card_id: str) -> dict[str, Any]:
    """Forget a card, here and at Stripe."""
    cards = services().cards.remove(g.caller.token, g.caller.id, _id(card_id))
    return {"payment_methods": cards}


def _id(card_id: str) -> str:
    """What can't be a card's id is no card. Raises NotFound."""
    if not re.fullmatch(STRIPE_ID, card_id):
        raise NotFound("There is no such card.")
    return card_id
