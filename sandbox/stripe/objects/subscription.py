from .. import clock
from ..ids import new_id
from ..store import Object
from .price import plan_of

FLEXIBLE = {"flexible": {"proration_discounts": "included"}, "type": "flexible"}


def new_subscription(
    customer: Object,
    items: list[Object],
    *,
    metadata: dict[str, str],
    automatic_tax: bool,
    description: str | None = None,
    trial_end: int | None = None,
    billing_mode: Object | None = None,
) -> Object:
    """One that waits for its first payment (`incomplete`), or begins with a trial."""
    subscription_id = new_id("sub")
    for item in items:
        item["subscription"] = subscription_id
    return {
        "id": subscription_id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": automatic_tax,
            "liability": {"type": "self"} if automatic_tax else None,
        },
        "billing_cycle_anchor": trial_end or clock.now(),
        "billing_cycle_anchor_config": None,
        "billing_mode": billing_mode or FLEXIBLE,
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": clock.now(),
        "currency": items[0]["price"]["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": description,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={subscription_id}",
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": metadata,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": clock.now(),
        "status": "trialing" if trial_end else "incomplete",
        "test_clock": customer["test_clock"],
        "transfer_data": None,
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": clock.now() if trial_end else None,
        "_pending_lines": [],
    }


def new_subscription_item(
    price: Object,
    quantity: int,
    *,
    period: tuple[int, int],
    metadata: dict[str, str] | None = None,
) -> Object:
    """`period` is (start, end) of what is paid for at the moment."""
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": clock.now(),
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": metadata or {},
        "plan": plan_of(price),
        "price": price,
        "quantity": quantity,
        "subscription": "",
        "tax_rates": [],
    }
