"""The frame of the Payment Element. https://docs.stripe.com/payments/payment-element"""

from flask import Blueprint, Response, render_template, request

from ..control.faults import When
from ..errors import StripeError
from ..objects.account import account
from ..world import World
from .element_texts import TEXTS


def blueprint(world: World) -> Blueprint:
    elements = Blueprint("elements", __name__)

    @elements.before_request
    def strike() -> None:
        """A fault with this path keeps the form from loading."""
        if taken := world.faults.take(request.method, request.path, When.BEFORE):
            fault, cleared = taken
            fault.strike(cleared)

    @elements.get("/elements/payment")
    def payment() -> str:
        business = account()["settings"]["dashboard"]["display_name"]
        return render_template("payment_element.html", texts=TEXTS, business=business)

    @elements.errorhandler(StripeError)
    def refused(error: StripeError) -> Response:
        return Response(status=error.status)

    return elements
