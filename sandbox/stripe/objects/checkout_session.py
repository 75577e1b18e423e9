from .. import clock
from ..ids import new_id, random_text
from ..params import Params
from ..store import Object
from .invoice import invoice_creation

LIFETIME_SECONDS_DEFAULT = 24 * 60 * 60


def new_session(
    params: Params,
    line_items: list[Object],
    *,
    customer: Object | None,
    payment_method_types: list[str],
    api_base: str,
) -> Object:
    """An open session, before discounts and tax. What it will put on its intent or subscription is
    kept in its notes."""
    session_id = new_id("cs_test")
    is_hosted = params.get("ui_mode", "hosted_page") == "hosted_page"
    is_payment = params["mode"] == "payment"
    total = sum(item["amount_total"] for item in line_items)
    saving = params.get("saved_payment_method_options")
    expires_at = params.get("expires_at", clock.now() + LIFETIME_SECONDS_DEFAULT)
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": _automatic_tax(params),
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None if is_hosted else f"{session_id}_secret_{random_text(40)}",
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": clock.now(),
        "currency": line_items[0]["currency"],
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "customer_creation": None if customer else _customer_creation(params),
        "customer_details": _prefilled_details(params, customer),
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": (
            invoice_creation(params.get("invoice_creation", {})) if is_payment else None
        ),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if is_payment else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": payment_method_types,
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "redirect_on_completion": (
            None if is_hosted else params.get("redirect_on_completion", "always")
        ),
        "return_url": params.get("return_url"),
        "saved_payment_method_options": _saving(saving) if customer or saving else None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params.get("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{api_base}/c/pay/{session_id}" if is_hosted else None,
        "wallet_options": None,
        "_line_items": line_items,
        "_intent": None,
        "_intent_data": params.get("payment_intent_data", {}),
        "_subscription_data": params.get("subscription_data", {}),
        "_customer": None,
        "_customer_update": params.get("customer_update", {}),
        "_discounts": [],
        "_ends_at": expires_at,
        "_last_error": None,
    }


def customer_details(email: str | None, name: str | None, address: Object | None = None) -> Object:
    return {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _prefilled_details(params: Params, customer: Object | None) -> Object | None:
    email = customer["email"] if customer else params.get("customer_email")
    return (
        customer_details(email, None, customer["address"] if customer else None) if email else None
    )


def _customer_creation(params: Params) -> str:
    default = "if_required" if params["mode"] == "payment" else "always"
    return str(params.get("customer_creation", default))


def _automatic_tax(params: Params) -> Object:
    enabled = params.get("automatic_tax", {}).get("enabled", False)
    return {
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "requires_location_inputs" if enabled else None,
    }


def _saving(wanted: Params | None) -> Object:
    """Whether the page offers to keep the card, and which kept ones it shows."""
    return {
        "allow_redisplay_filters": (wanted or {}).get("allow_redisplay_filters", ["always"]),
        "payment_method_remove": "disabled",
        "payment_method_save": (wanted or {}).get("payment_method_save"),
    }
