from .. import clock
from ..ids import new_id, random_text
from ..store import Object


def new_setup_intent(
    *,
    customer: str | None,
    usage: str,
    metadata: dict[str, str],
    description: str | None,
    automatic_payment_methods: Object | None,
    payment_method_types: list[str],
    card_options: Object,
) -> Object:
    """An intent to save a payment method for later, that waits for one."""
    intent_id = new_id("seti")
    return {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": automatic_payment_methods,
        "cancellation_reason": None,
        "client_secret": f"{intent_id}_secret_{random_text(25)}",
        "created": clock.now(),
        "customer": customer,
        "customer_account": None,
        "description": description,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
                **card_options,
            }
        },
        "payment_method_types": payment_method_types,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": usage,
    }
