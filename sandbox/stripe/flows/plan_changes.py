"""A subscription changes its price or quantity in the middle of a period.
https://docs.stripe.com/billing/subscriptions/prorations

What is not used of the old price is credited, the rest of the period is charged at the new one:
with the next invoice (`create_prorations`), at once (`always_invoice`), or never (`none`). Another
billing interval begins a new period at once, whatever was asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from .. import billing_periods, clock, sums
from ..errors import InvalidParams, InvalidRequest
from ..events import emit
from ..objects.invoice_line import subscription_line
from ..objects.price import plan_of
from ..objects.subscription import new_subscription_item
from ..store import Object, Transaction
from . import invoices, subscriptions


@dataclass(frozen=True)
class Wish:
    """What an item shall be: the item's id (None makes a new one), and what changes of it."""

    item_id: str | None
    price: Object | None
    quantity: int | None
    is_deleted: bool = False


def change(
    tx: Transaction,
    subscription: Object,
    wishes: Sequence[Wish],
    *,
    behavior: str = "create_prorations",
    at: int | None = None,
) -> Object:
    """`at` is the moment that prorations are counted from. Returns the subscription."""
    if subscription["status"] == "incomplete":
        raise InvalidRequest("An incomplete subscription can't change its items.")
    at = at or clock.now()
    before = subscription["items"]["data"]
    after = _items_after(subscription, wishes)
    if _interval(before) != _interval(after):
        return _begin_anew(tx, subscription, before, after, at, is_credited=behavior != "none")
    is_free = behavior == "none" or subscription["status"] == "trialing"
    lines = [] if is_free else _prorations(tx, before, after, at)
    return _change(tx, subscription, after, lines, is_invoiced=behavior == "always_invoice")


def _change(
    tx: Transaction,
    subscription: Object,
    items: list[Object],
    lines: list[Object],
    *,
    is_invoiced: bool,
) -> Object:
    """The period stays as it is; `lines` are the prorations."""
    pending = subscription["_pending_lines"] + ([] if is_invoiced else lines)
    previous = tx.change(
        subscription,
        items=subscription["items"] | {"data": items},
        _pending_lines=pending,
    )
    invoice = subscriptions.invoice_now(tx, subscription, lines) if is_invoiced and lines else None
    emit(tx, "customer.subscription.updated", subscription, previous)
    return _collect(tx, subscription, invoice)


def _begin_anew(
    tx: Transaction,
    subscription: Object,
    before: list[Object],
    after: list[Object],
    at: int,
    *,
    is_credited: bool,
) -> Object:
    now = clock.now()
    for item in after:
        end = billing_periods.end_after(now, item["price"]["recurring"], now)
        item |= {"current_period_start": now, "current_period_end": end}
    credits = _prorations(tx, before, [], at) if is_credited else []
    charges = [
        subscription_line(item, (now, item["current_period_end"]), description="") for item in after
    ]
    was_trial = subscription["status"] == "trialing"
    previous = tx.change(
        subscription,
        items=subscription["items"] | {"data": after},
        billing_cycle_anchor=now,
        status="active" if was_trial else subscription["status"],
        trial_end=now if was_trial else subscription["trial_end"],
        _pending_lines=[],
    )
    lines = [*subscription["_pending_lines"], *([] if was_trial else credits), *charges]
    invoice = subscriptions.invoice_now(tx, subscription, lines)
    emit(tx, "customer.subscription.updated", subscription, previous)
    subscriptions.wake_at_period_end(tx, subscription)
    return _collect(tx, subscription, invoice)


def _collect(tx: Transaction, subscription: Object, invoice: Object | None) -> Object:
    if invoice:
        invoice = invoices.finalize(tx, invoice)
        if invoice["status"] == "open":
            method = subscriptions.method_of(tx, subscription)
            invoices.collect_by_itself(tx, invoice, method)
    return subscriptions.fresh(tx, subscription)


def _items_after(subscription: Object, wishes: Sequence[Wish]) -> list[Object]:
    items = {item["id"]: item for item in subscription["items"]["data"]}
    period = subscriptions.period_of(subscription)
    for wish in wishes:
        if wish.item_id is None:
            item = _new_item(wish, period) | {"subscription": subscription["id"]}
            items[item["id"]] = item
        elif wish.item_id not in items:
            raise InvalidParams(
                f"No such subscription item: '{wish.item_id}'",
                code="resource_missing",
                param="items[0][id]",
            )
        elif wish.is_deleted:
            del items[wish.item_id]
        else:
            items[wish.item_id] = _changed(items[wish.item_id], wish)
    if not items:
        raise InvalidRequest("A subscription must have at least one active item.")
    after = list(items.values())
    if len({str(item["price"]["recurring"]) for item in after}) > 1:
        raise InvalidRequest("All items of a subscription have the same billing interval.")
    if len({item["price"]["currency"] for item in after} | {subscription["currency"]}) > 1:
        raise InvalidRequest("A subscription's currency can't be changed.")
    return after


def _new_item(wish: Wish, period: tuple[int, int]) -> Object:
    if wish.price is None:
        raise InvalidParams("An item needs a price.", param="items[0][price]")
    return new_subscription_item(wish.price, wish.quantity or 1, period=period)


def _changed(item: Object, wish: Wish) -> Object:
    price = wish.price or item["price"]
    quantity = wish.quantity or item["quantity"]
    return item | {"price": price, "plan": plan_of(price), "quantity": quantity}


def _prorations(
    tx: Transaction, before: Sequence[Object], after: Sequence[Object], at: int
) -> list[Object]:
    """Credits for what is not used of the old items, then charges for the rest at the new."""
    unchanged = [item for item in before if item in after]
    credits = [_proration(tx, item, at, -1) for item in before if item not in unchanged]
    charges = [_proration(tx, item, at, 1) for item in after if item not in unchanged]
    return [*credits, *charges]


def _proration(tx: Transaction, item: Object, at: int, sign: int) -> Object:
    start, end = item["current_period_start"], item["current_period_end"]
    left = Decimal(max(0, end - max(at, start))) / (end - start)
    whole = item["price"]["unit_amount"] * item["quantity"]
    amount = sign * sums.rounded(whole * left, item["price"]["currency"])
    product = tx.get("product", item["price"]["product"]) or {"name": "Subscription"}
    what = f"{item['quantity']} × " * (item["quantity"] > 1) + product["name"]
    day = datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
    word = "Unused time on" if sign < 0 else "Remaining time on"
    return subscription_line(
        item, (at, end), amount=amount, description=f"{word} {what} after {day}", proration=True
    )


def _interval(items: Sequence[Object]) -> tuple[str, int]:
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]
