"""What comes of a checkout session that is complete: a customer, a subscription, an invoice."""

from .. import clock
from ..events import emit
from ..objects.customer import new_customer
from ..objects.invoice_line import one_time_line
from ..store import Object, Transaction
from . import checkout_sums, discounts, invoices, saved_cards, subscriptions
from .subscriptions import Order


def customer_of(tx: Transaction, session: Object) -> Object | None:
    """The customer who pays; made now where the session wants one and has none."""
    customer = tx.get("customer", session["customer"] or session["_customer"] or "")
    if customer or not _wants_customer(session):
        return customer
    details = session["customer_details"]
    known = {name: details[name] for name in ("email", "name") if details[name]}
    customer = tx.add(new_customer(known) | {"address": details["address"]})
    tx.change(session, _customer=customer["id"])
    emit(tx, "customer.created", customer)
    return customer


def fulfil(tx: Transaction, session: Object, intent: Object | None, method_id: str | None) -> None:
    """Once, when the session becomes complete. `intent` is None where nothing is to be paid."""
    customer = customer_of(tx, session)
    if customer:
        _update_customer(tx, session, customer)
        tx.change(session, customer=customer["id"])
    if session["mode"] == "subscription" and customer:
        _subscribe(tx, session, customer, intent, method_id)
    elif session["mode"] == "payment":
        _redeem(tx, session)
        if intent is None or intent["status"] == "succeeded":
            give_invoice(tx, session, intent)


def give_invoice(tx: Transaction, session: Object, intent: Object | None) -> None:
    """The paid invoice of a one-time payment, where the session asks for one."""
    customer = customer_of(tx, session)
    if not session["invoice_creation"] or not session["invoice_creation"]["enabled"]:
        return
    if customer is None:
        return
    data = session["invoice_creation"]["invoice_data"]
    now = clock.now()
    invoice = invoices.create(
        tx,
        customer,
        [one_time_line(item, (now, now)) for item in session["_line_items"]],
        offers=[
            (discount_id, offer.coupon)
            for discount_id, offer in zip(
                session["_discounts"], checkout_sums.offers_of(tx, session), strict=True
            )
        ],
        automatic_tax=session["automatic_tax"]["enabled"],
        billing_reason="manual",
        period=(now, now),
        metadata=data["metadata"],
        description=data["description"],
        footer=data["footer"],
    )
    tx.change(session, invoice=invoice["id"])
    invoices.finalize(tx, invoice, intent)


def _wants_customer(session: Object) -> bool:
    creation = session["invoice_creation"] or {"enabled": False}
    return (
        session["mode"] == "subscription"
        or session["customer_creation"] == "always"
        or creation["enabled"]
    )


def _update_customer(tx: Transaction, session: Object, customer: Object) -> None:
    """What `customer_update` says the customer takes over from the page."""
    details = session["customer_details"] or {}
    changes = {
        name: details[name]
        for name, wish in session["_customer_update"].items()
        if wish == "auto" and details.get(name)
    }
    previous = tx.change(customer, **changes)
    if previous:
        emit(tx, "customer.updated", customer, previous)


def _redeem(tx: Transaction, session: Object) -> None:
    redeemed = [
        discounts.redeem(tx, offer, customer=session["customer"], checkout_session=session["id"])[
            "id"
        ]
        for offer in checkout_sums.offers_of(tx, session)
    ]
    tx.change(session, _discounts=redeemed)


def _subscribe(
    tx: Transaction,
    session: Object,
    customer: Object,
    intent: Object | None,
    method_id: str | None,
) -> None:
    data = session["_subscription_data"]
    if intent is None and method_id:
        method = tx.get("payment_method", method_id) or {}
        saved_cards.attach(tx, method, customer["id"])
        tx.change(method, _is_set_up=True)
    order = Order(
        items=[
            (item["price"], item["quantity"], item["metadata"])
            for item in session["_line_items"]
            if item["price"]["recurring"]
        ],
        metadata=data.get("metadata", {}),
        offers=checkout_sums.offers_of(tx, session),
        automatic_tax=session["automatic_tax"]["enabled"],
        trial_days=data.get("trial_period_days", 0),
        billing_mode=data.get("billing_mode"),
        description=data.get("description"),
        default_payment_method=method_id,
        checkout_session=session["id"],
    )
    subscription = subscriptions.start(tx, customer, order, paid_with=intent)
    tx.change(session, subscription=subscription["id"], invoice=subscription["latest_invoice"])
