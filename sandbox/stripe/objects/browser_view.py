"""What Stripe shows of an object to a browser, which has the publishable key only.
https://docs.stripe.com/api/payment_intents/object: the members marked "retrievable with publishable
key"."""

from typing import Any

from ..store import Object


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHOWN = {
    "payment_intent": _words(
        """
        id object amount amount_details automatic_payment_methods canceled_at cancellation_reason
        capture_method client_secret confirmation_method created currency description
        last_payment_error livemode next_action payment_method
        payment_method_configuration_details payment_method_types processing receipt_email
        setup_future_usage shipping source status
        """
    ),
    "setup_intent": _words(
        """
        id object automatic_payment_methods cancellation_reason client_secret created description
        last_setup_error livemode next_action payment_method payment_method_configuration_details
        payment_method_types status usage
        """
    ),
    "payment_method": _words(
        "id object allow_redisplay billing_details card created livemode type"
    ),
}


def browser_view(value: Any) -> Any:
    """The same without what is the shop's business: metadata, customer, charges."""
    if isinstance(value, list):
        return [browser_view(member) for member in value]
    if not isinstance(value, dict):
        return value
    shown = SHOWN.get(value.get("object", ""), value.keys())
    view: Object = {key: browser_view(member) for key, member in value.items() if key in shown}
    if value.get("object") == "payment_method" and "card" in view:
        view["card"] = {key: member for key, member in view["card"].items() if key != "fingerprint"}
    return view
