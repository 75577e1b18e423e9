"""A subscription from its first invoice to its end. https://docs.stripe.com/billing/subscriptions/overview

Each period has an invoice of its own, made when the period begins and collected an hour later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .. import billing_periods, clock, timers
from ..errors import InvalidRequest
from ..events import emit
from ..objects.subscription import new_subscription, new_subscription_item
from ..store import Object, Transaction
from . import discounts, invoices
from .discounts import Offer
from .subscription_invoices import discounts_after, draft_invoice, lines_of_period

RENEW = "renew subscription"
GIVE_UP = "expire incomplete subscription"
INCOMPLETE_SECONDS = 23 * 60 * 60
LIVING = ("active", "past_due", "trialing", "unpaid")
OVER = ("canceled", "incomplete_expired")


class AfterLastRetry(StrEnum):
    """What becomes of a subscription whose renewal could not be collected."""

    CANCEL = "canceled"
    LEAVE_UNPAID = "unpaid"
    LEAVE_PAST_DUE = "past_due"


@dataclass
class Policy:
    """The shop's setting; a restart begins with the default again."""

    after_last_retry: AfterLastRetry = AfterLastRetry.CANCEL


policy = Policy()


@dataclass(frozen=True)
class Order:
    """What is subscribed to: (price, quantity, metadata) each, and on which terms."""

    items: Sequence[tuple[Object, int, dict[str, str]]]
    metadata: dict[str, str] = field(default_factory=dict)
    offers: Sequence[Offer] = ()
    automatic_tax: bool = False
    trial_days: int = 0
    billing_mode: Object | None = None
    description: str | None = None
    default_payment_method: str | None = None
    checkout_session: str | None = None


def start(
    tx: Transaction, customer: Object, order: Order, *, paid_with: Object | None = None
) -> Object:
    """The subscription and its first invoice. That is paid with the intent `paid_with`; else, where
    there is something to pay, it stays open, for `collect_first`."""
    subscription = _new(customer, order)
    tx.add(subscription)
    redeemed = [
        discounts.redeem(
            tx,
            offer,
            customer=customer["id"],
            subscription=subscription["id"],
            checkout_session=order.checkout_session,
        )
        for offer in order.offers
    ]
    subscription["discounts"] = [discount["id"] for discount in redeemed]
    subscription["default_payment_method"] = order.default_payment_method
    lines = lines_of_period(subscription)
    invoice = draft_invoice(tx, subscription, lines, "subscription_create")
    subscription["latest_invoice"] = invoice["id"]
    subscription["discounts"] = discounts_after(tx, subscription, invoice)
    tx.replace(subscription)
    emit(tx, "customer.subscription.created", subscription)
    wake_at_period_end(tx, subscription)
    if subscription["status"] == "incomplete":
        due = clock.now() + INCOMPLETE_SECONDS
        timers.start(tx, subscription["id"], GIVE_UP, due, subscription["test_clock"])
    invoices.finalize(tx, invoice, paid_with)
    return fresh(tx, subscription)


def collect_first(tx: Transaction, subscription: Object) -> Object:
    """Tries to pay the first invoice of a subscription that the API made."""
    invoice = tx.get("invoice", subscription["latest_invoice"]) or {}
    if invoice["status"] == "open":
        invoices.collect(tx, invoice, method_of(tx, subscription))
    return fresh(tx, subscription)


def renew(tx: Transaction, subscription_id: str) -> None:
    """The timer's verb, at the end of each period."""
    subscription = tx.get("subscription", subscription_id)
    if subscription is None or subscription["status"] not in LIVING:
        return
    if subscription["cancel_at"] and subscription["cancel_at"] <= clock.now():
        _end(tx, subscription, "canceled", subscription["cancellation_details"]["reason"])
        return
    before = period_of(subscription)
    items = [_in_next_period(item, subscription) for item in subscription["items"]["data"]]
    subscription_now = subscription | {"items": subscription["items"] | {"data": items}}
    lines = [*subscription["_pending_lines"], *lines_of_period(subscription_now)]
    invoice = draft_invoice(tx, subscription, lines, "subscription_cycle", before)
    status = subscription["status"]
    previous = tx.change(
        subscription,
        items=subscription_now["items"],
        latest_invoice=invoice["id"],
        status="active" if status == "trialing" else status,
        discounts=discounts_after(tx, subscription, invoice),
        _pending_lines=[],
    )
    emit(tx, "customer.subscription.updated", subscription, previous)
    wake_at_period_end(tx, subscription)
    if status == "unpaid":
        invoices.stop_collecting(tx, invoice)
    else:
        invoices.finalize_later(tx, invoice)


def finalize_due(tx: Transaction, invoice_id: str) -> None:
    """The timer's verb: a draft has waited long enough."""
    invoice = tx.get("invoice", invoice_id)
    if invoice and invoice["status"] == "draft" and invoice["auto_advance"]:
        invoice = invoices.finalize(tx, invoice)
        if invoice["status"] == "open":
            collect_due(tx, invoice_id)


def collect_due(tx: Transaction, invoice_id: str) -> None:
    """The timer's verb: try to collect (again)."""
    invoice = tx.get("invoice", invoice_id)
    if invoice and invoice["status"] == "open" and invoice["auto_advance"]:
        subscription = tx.get("subscription", invoices.subscription_of(invoice) or "") or {}
        invoices.collect_by_itself(tx, invoice, method_of(tx, subscription))


def give_up(tx: Transaction, subscription_id: str) -> None:
    """The timer's verb: the first payment never came."""
    subscription = tx.get("subscription", subscription_id)
    if subscription and subscription["status"] == "incomplete":
        _end(tx, subscription, "incomplete_expired", None)
        invoice = tx.get("invoice", subscription["latest_invoice"])
        if invoice and invoice["status"] == "open":
            invoices.void(tx, invoice)


def cancel(tx: Transaction, subscription: Object, details: Object) -> Object:
    """At once."""
    if subscription["status"] in OVER:
        raise InvalidRequest(
            f"No such subscription: '{subscription['id']}'", code="resource_missing", param="id"
        )
    tx.change(subscription, cancellation_details=subscription["cancellation_details"] | details)
    return _end(tx, subscription, "canceled", "cancellation_requested")


def cancel_at_period_end(subscription: Object, *, wanted: bool) -> Object:
    """The changes that plan (or take back) the end with the period that is paid for."""
    if not wanted:
        return {
            "cancel_at_period_end": False,
            "cancel_at": None,
            "canceled_at": None,
            "cancellation_details": subscription["cancellation_details"] | {"reason": None},
        }
    return {
        "cancel_at_period_end": True,
        "cancel_at": period_of(subscription)[1],
        "canceled_at": clock.now(),
        "cancellation_details": subscription["cancellation_details"]
        | {"reason": "cancellation_requested"},
    }


def end_trial(tx: Transaction, subscription: Object) -> Object:
    """Now: what comes is a period that must be paid."""
    if subscription["status"] != "trialing":
        raise InvalidRequest("The subscription is not in a trial.", param="trial_end")
    now = clock.now()
    items = [item | {"current_period_end": now} for item in subscription["items"]["data"]]
    tx.change(
        subscription,
        trial_end=now,
        billing_cycle_anchor=now,
        items=subscription["items"] | {"data": items},
    )
    renew(tx, subscription["id"])
    subscription = fresh(tx, subscription)
    finalize_due(tx, subscription["latest_invoice"])
    return fresh(tx, subscription)


def invoice_now(tx: Transaction, subscription: Object, lines: list[Object]) -> Object:
    """An invoice between two renewals, collected at once."""
    invoice = draft_invoice(tx, subscription, lines, "subscription_update")
    left = discounts_after(tx, subscription, invoice)
    tx.change(subscription, latest_invoice=invoice["id"], discounts=left)
    return invoice


def method_of(tx: Transaction, subscription: Object) -> Object | None:
    """What renewals are paid with: the subscription's own method, else the customer's default."""
    customer = tx.get("customer", subscription.get("customer") or "") or {}
    default = (customer.get("invoice_settings") or {}).get("default_payment_method")
    method_id = subscription.get("default_payment_method") or default
    method = tx.get("payment_method", method_id or "")
    return method if method and method["customer"] == customer.get("id") else None


def period_of(subscription: Object) -> tuple[int, int]:
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def fresh(tx: Transaction, subscription: Object) -> Object:
    return tx.get("subscription", subscription["id"]) or subscription


# What a subscription hears of its invoices


def invoice_paid(tx: Transaction, invoice: Object) -> None:
    subscription = tx.get("subscription", invoices.subscription_of(invoice) or "")
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    if invoice["_keeps_method"]:
        intent = invoices.intent_of(tx, invoice)
        tx.change(subscription, default_payment_method=intent["payment_method"])
    if subscription["status"] in ("incomplete", "past_due", "unpaid"):
        timers.stop(tx, subscription["id"], GIVE_UP)
        _set_status(tx, subscription, "active")


def invoice_failed(tx: Transaction, invoice: Object) -> None:
    subscription = tx.get("subscription", invoices.subscription_of(invoice) or "")
    if subscription is None or subscription["status"] not in ("active", "past_due"):
        return
    if invoice["next_payment_attempt"] or invoice["billing_reason"] == "subscription_update":
        _set_status(tx, subscription, "past_due")
    elif policy.after_last_retry == AfterLastRetry.CANCEL:
        _end(tx, subscription, "canceled", "payment_failed")
    else:
        _set_status(tx, subscription, policy.after_last_retry)


def invoice_forgiven(tx: Transaction, invoice: Object) -> None:
    """Void or uncollectible: nothing is owed any more."""
    subscription = tx.get("subscription", invoices.subscription_of(invoice) or "")
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] in ("past_due", "unpaid"):
        _set_status(tx, subscription, "active")


def customer_left(tx: Transaction, customer: Object) -> None:
    """A deleted customer has no subscriptions any more."""
    for subscription in tx.select("subscription", {"customer": customer["id"]}):
        if subscription["status"] not in OVER:
            _end(tx, subscription, "canceled", "cancellation_requested")


def _new(customer: Object, order: Order) -> Object:
    now = clock.now()
    trial_end = now + order.trial_days * billing_periods.DAY_SECONDS if order.trial_days else None
    items = []
    for price, quantity, metadata in order.items:
        end = trial_end or billing_periods.end_after(now, price["recurring"], now)
        items.append(new_subscription_item(price, quantity, period=(now, end), metadata=metadata))
    return new_subscription(
        customer,
        items,
        metadata=order.metadata,
        automatic_tax=order.automatic_tax,
        description=order.description,
        trial_end=trial_end,
        billing_mode=order.billing_mode,
    )


def _in_next_period(item: Object, subscription: Object) -> Object:
    start = item["current_period_end"]
    end = billing_periods.end_after(
        start, item["price"]["recurring"], subscription["billing_cycle_anchor"]
    )
    return item | {"current_period_start": start, "current_period_end": end}


def _end(tx: Transaction, subscription: Object, status: str, reason: str | None) -> Object:
    timers.stop(tx, subscription["id"], RENEW)
    timers.stop(tx, subscription["id"], GIVE_UP)
    now = clock.now()
    tx.change(
        subscription,
        status=status,
        ended_at=now,
        canceled_at=subscription["canceled_at"] or now,
        cancellation_details=subscription["cancellation_details"] | {"reason": reason},
        _pending_lines=[],
    )
    if status == "canceled":
        emit(tx, "customer.subscription.deleted", subscription)
    else:
        emit(tx, "customer.subscription.updated", subscription, {"status": "incomplete"})
    for invoice in _unfinished_invoices(tx, subscription):
        invoices.stop_collecting(tx, invoice)
    return subscription


def _unfinished_invoices(tx: Transaction, subscription: Object) -> list[Object]:
    about = {"parent.subscription_details.subscription": subscription["id"]}
    return [i for i in tx.select("invoice", about) if i["status"] in ("draft", "open")]


def _set_status(tx: Transaction, subscription: Object, status: str) -> None:
    previous = tx.change(subscription, status=status)
    if previous:
        emit(tx, "customer.subscription.updated", subscription, previous)


def wake_at_period_end(tx: Transaction, subscription: Object) -> None:
    due = period_of(subscription)[1]
    timers.start(tx, subscription["id"], RENEW, due, subscription["test_clock"])
