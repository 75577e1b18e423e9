"""One invoice from draft to paid, void or uncollectible. https://docs.stripe.com/invoicing/overview

An invoice follows its payment intent: whoever confirms that (the shop, the hosted page, Stripe by
itself), the invoice hears of the outcome as an event.
"""

from collections.abc import Sequence
from typing import Any

from .. import billing_periods, clock, sums, timers
from ..errors import InvalidRequest
from ..events import emit
from ..ids import random_text
from ..objects.invoice import new_invoice, new_invoice_payment
from ..objects.invoice_line import settle, to_sum
from ..objects.payment_intent import new_payment_intent
from ..objects.tax_rate import new_tax_rate
from ..store import Object, Transaction
from . import payments, saved_cards

FINALIZE = "finalize invoice"
RETRY = "retry invoice"
DRAFT_SECONDS = 60 * 60  # so long a renewal's invoice can be changed
RETRY_AFTER_DAYS = (3, 5, 7)
COLLECTABLE = ("open", "uncollectible")
PURPOSES = {
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
    "subscription_update": "Subscription update",
}


def create(
    tx: Transaction,
    customer: Object,
    lines: list[Object],
    *,
    offers: Sequence[tuple[str, Object]] = (),
    automatic_tax: bool = False,
    **details: Any,
) -> Object:
    """A draft. `offers` are (discount id, coupon); `details` go to `new_invoice`."""
    if automatic_tax and tx.get("tax_rate", new_tax_rate()["id"]) is None:
        tx.add(new_tax_rate())
    settled = sums.of_lines(
        [to_sum(line) for line in lines],
        [coupon for _, coupon in offers],
        lines[0]["currency"],
        is_taxed=automatic_tax,
    )
    discounts = [discount for discount, _ in offers]
    for line, sum_ in zip(lines, settled, strict=True):
        settle(line, sum_, discounts, is_taxed=automatic_tax)
    invoice = new_invoice(
        customer, lines, discounts=discounts, automatic_tax=automatic_tax, **details
    )
    emit(tx, "invoice.created", tx.add(invoice))
    return invoice


def finalize_later(tx: Transaction, invoice: Object) -> None:
    due = clock.now() + DRAFT_SECONDS
    tx.change(invoice, automatically_finalizes_at=due)
    timers.start(tx, invoice["id"], FINALIZE, due, invoice["test_clock"])


def finalize(tx: Transaction, invoice: Object, intent: Object | None = None) -> Object:
    """It gets a number, an address and an intent (or the one that has paid it already). What comes
    to nothing is paid at once."""
    _require(invoice, "finalize", "draft")
    timers.stop(tx, invoice["id"], FINALIZE)
    customer = tx.get("customer", invoice["customer"]) or {}
    number = customer["next_invoice_sequence"]
    url = f"{tx.settings.api_base}/i/{invoice['id']}/{random_text(32)}"
    _use_balance(tx, invoice, customer)
    previous = tx.change(
        invoice,
        status="open",
        number=f"{customer['invoice_prefix']}-{number:04d}",
        hosted_invoice_url=url,
        invoice_pdf=f"{url}/pdf",
        effective_at=clock.now(),
        automatically_finalizes_at=None,
        status_transitions=invoice["status_transitions"] | {"finalized_at": clock.now()},
    )
    tx.change(customer, next_invoice_sequence=number + 1)
    if invoice["amount_due"]:
        tx.add(new_invoice_payment(invoice, intent or _new_intent(tx, invoice)))
    emit(tx, "invoice.finalized", invoice, previous)
    if not invoice["amount_due"]:
        _mark_paid(tx, invoice)
    elif intent:
        _count_attempt(tx, invoice)
        intent_succeeded(tx, intent)
    return fresh(tx, invoice)


def collect(
    tx: Transaction, invoice: Object, method: Object | None, *, next_attempt: int | None = None
) -> Object:
    """Tries to get the money with `method`, without the buyer; `next_attempt` is when it will be
    tried again."""
    _require(invoice, "pay", *COLLECTABLE)
    _count_attempt(tx, invoice, next_payment_attempt=next_attempt, _by_buyer=False)
    if method is None:
        tx.change(invoice, _last_error={"code": "missing", "message": "There is no card."})
        emit(tx, "invoice.payment_failed", invoice)
    else:
        intent = intent_of(tx, invoice)
        payments.attempt(tx, intent, method, off_session=not _asks_for_buyer(method))
    return fresh(tx, invoice)


def collect_by_itself(tx: Transaction, invoice: Object, method: Object | None) -> Object:
    """As Stripe does for renewals: a failure is tried again some days later, three times."""
    tries = invoice["attempt_count"]
    due = None
    if tries < len(RETRY_AFTER_DAYS):
        due = clock.now() + RETRY_AFTER_DAYS[tries] * billing_periods.DAY_SECONDS
        timers.start(tx, invoice["id"], RETRY, due, invoice["test_clock"])
    return collect(tx, invoice, method, next_attempt=due)


def pay_as_buyer(tx: Transaction, invoice: Object, method: Object) -> Object:
    """On the hosted page, with a saved method or a new one, which is kept for the renewals. Returns
    the intent."""
    _require(invoice, "pay", *COLLECTABLE)
    intent = intent_of(tx, invoice)
    is_new = tx.get("payment_method", method["id"]) is None
    if is_new:
        tx.add(method)
    _count_attempt(tx, invoice, _by_buyer=True, _keeps_method=is_new)
    tx.change(
        intent,
        setup_future_usage="off_session" if is_new else intent["setup_future_usage"],
        _return_url=invoice["hosted_invoice_url"],
        _uses_stripe_sdk=False,
    )
    return payments.attempt(tx, intent, method)


def pay_out_of_band(tx: Transaction, invoice: Object) -> Object:
    """The shop got the money elsewhere."""
    _require(invoice, "pay", *COLLECTABLE)
    _cancel_payment(tx, invoice)
    _mark_paid(tx, invoice)
    return fresh(tx, invoice)


def void(tx: Transaction, invoice: Object) -> Object:
    _require(invoice, "void", "open", "uncollectible")
    stop_collecting(tx, invoice)
    _cancel_payment(tx, invoice)
    moments = invoice["status_transitions"] | {"voided_at": clock.now()}
    previous = tx.change(invoice, status="void", status_transitions=moments)
    emit(tx, "invoice.voided", invoice, previous)
    return fresh(tx, invoice)


def mark_uncollectible(tx: Transaction, invoice: Object) -> Object:
    _require(invoice, "mark as uncollectible", "open")
    stop_collecting(tx, invoice)
    moments = invoice["status_transitions"] | {"marked_uncollectible_at": clock.now()}
    previous = tx.change(invoice, status="uncollectible", status_transitions=moments)
    emit(tx, "invoice.marked_uncollectible", invoice, previous)
    return fresh(tx, invoice)


def stop_collecting(tx: Transaction, invoice: Object) -> None:
    """Nothing more happens to it by itself."""
    timers.stop(tx, invoice["id"], FINALIZE)
    timers.stop(tx, invoice["id"], RETRY)
    tx.change(
        invoice, auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None
    )


def intent_of(tx: Transaction, invoice: Object) -> Object:
    """Raises InvalidRequest when there is none: a draft, or nothing to pay."""
    found = tx.select("invoice_payment", {"invoice": invoice["id"]}, limit=1)
    intent = found and tx.get("payment_intent", found[0]["payment"]["payment_intent"])
    if not intent:
        raise InvalidRequest(f"Invoice {invoice['id']} has nothing to pay.")
    return intent


def of_intent(tx: Transaction, intent_id: str) -> Object | None:
    found = tx.select("invoice_payment", {"payment.payment_intent": intent_id}, limit=1)
    return tx.get("invoice", found[0]["invoice"]) if found else None


def subscription_of(invoice: Object) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def fresh(tx: Transaction, invoice: Object) -> Object:
    """As it is by now: followers may have changed it."""
    return tx.get("invoice", invoice["id"]) or invoice


# What an invoice hears of its intent


def intent_succeeded(tx: Transaction, intent: Object) -> None:
    invoice = of_intent(tx, intent["id"])
    if invoice and invoice["status"] in COLLECTABLE:
        _mark_paid(tx, invoice)


def intent_failed(tx: Transaction, intent: Object) -> None:
    invoice = of_intent(tx, intent["id"])
    if invoice and invoice["status"] in COLLECTABLE:
        tx.change(invoice, _last_error=intent["last_payment_error"])
        emit(tx, "invoice.payment_failed", invoice)


def intent_requires_action(tx: Transaction, intent: Object) -> None:
    """The buyer must authenticate. For a renewal, where nobody is there, that is a failure too."""
    invoice = of_intent(tx, intent["id"])
    if invoice and invoice["status"] in COLLECTABLE:
        emit(tx, "invoice.payment_action_required", invoice)
        if not invoice["_by_buyer"] and invoice["billing_reason"] != "subscription_create":
            emit(tx, "invoice.payment_failed", fresh(tx, invoice))


def _asks_for_buyer(method: Object) -> bool:
    """Then the intent waits for him, as `requires_action`."""
    is_set_up = method.get("_is_set_up", False)
    return saved_cards.card_of(method).asks_for_3d_secure(off_session=True, is_set_up=is_set_up)


def _new_intent(tx: Transaction, invoice: Object) -> Object:
    intent = tx.add(
        new_payment_intent(
            amount=invoice["amount_due"],
            currency=invoice["currency"],
            customer=invoice["customer"],
            payment_method_types=["card"],
            metadata={},
            description=PURPOSES.get(invoice["billing_reason"], "Payment for Invoice"),
            receipt_email=invoice["customer_email"],
        )
    )
    emit(tx, "payment_intent.created", intent)
    return intent


def _use_balance(tx: Transaction, invoice: Object, customer: Object) -> None:
    """Credit is used up first, and what is below zero becomes credit."""
    left = min(0, invoice["total"] + customer["balance"])
    due = max(0, invoice["total"] + customer["balance"])
    tx.change(
        invoice,
        starting_balance=customer["balance"],
        ending_balance=left,
        amount_due=due,
        amount_remaining=due,
    )
    previous = tx.change(customer, balance=left)
    if previous:
        emit(tx, "customer.updated", customer, previous)


def _count_attempt(tx: Transaction, invoice: Object, **more: Any) -> None:
    tx.change(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1, **more)


def _mark_paid(tx: Transaction, invoice: Object) -> None:
    stop_collecting(tx, invoice)
    previous = tx.change(
        invoice,
        status="paid",
        attempted=True,
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        status_transitions=invoice["status_transitions"] | {"paid_at": clock.now()},
    )
    emit(tx, "invoice.updated", invoice, previous)
    emit(tx, "invoice.paid", invoice)
    for payment in tx.select("invoice_payment", {"invoice": invoice["id"], "status": "open"}):
        moments = payment["status_transitions"] | {"paid_at": clock.now()}
        tx.change(
            payment,
            status="paid",
            amount_paid=payment["amount_requested"],
            status_transitions=moments,
        )
        emit(tx, "invoice_payment.paid", payment)
    emit(tx, "invoice.payment_succeeded", fresh(tx, invoice))


def _cancel_payment(tx: Transaction, invoice: Object) -> None:
    for payment in tx.select("invoice_payment", {"invoice": invoice["id"], "status": "open"}):
        moments = payment["status_transitions"] | {"canceled_at": clock.now()}
        tx.change(payment, status="canceled", status_transitions=moments)
        intent = tx.get("payment_intent", payment["payment"]["payment_intent"])
        if intent and intent["status"] in payments.CANCELABLE:
            payments.cancel(tx, intent, "void_invoice")


def _require(invoice: Object, verb: str, *statuses: str) -> None:
    if invoice["status"] not in statuses:
        raise InvalidRequest(
            f"You can't {verb} this invoice: its status is {invoice['status']}.",
            code="invoice_already_paid" if invoice["status"] == "paid" else None,
        )
