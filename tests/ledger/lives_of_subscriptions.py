"""The lives of a subscription: what Stripe tells in each, and how it must end."""

from tests.ledger.billing_says import YEAR, Billing
from tests.ledger.books import Desk
from tests.ledger.lives import Life
from tests.ledger.stripe_says import Event

MONTHLY, MONTHLY_CREDITS = 899, 1000
YEARLY, YEARLY_CREDITS = 8990, 12000


def begin(desk: Desk, user_id: str, **options: bool) -> Billing:
    """An order of the monthly package, its page at Stripe, and what the page needs."""
    payment = desk.order(user_id, "monthly", **({"options": options} if options else {}))
    stripe = Billing(payment["payment_id"], user_id, MONTHLY, price_id=desk.price())
    stripe.ids["cus1"] = desk.customer(user_id)
    stripe.ids["yearly1"] = desk.price("yearly", YEARLY, YEARLY_CREDITS)
    stripe.ids["small1"] = desk.price("monthly", 400, 300)
    desk.facts(payment_id=stripe.payment_id, checkout_session_id=stripe.id("cs_test"))
    return stripe


def begin_with_codes(desk: Desk, user_id: str) -> Billing:
    return begin(desk, user_id, promotion_codes=True)


def bought(stripe: Billing) -> list[Event]:
    return [
        stripe.session("completed", "paid"),
        stripe.subscription("created", "active"),
        stripe.invoice("paid", "paid"),
        stripe.invoice_payment(),
        stripe.renewal_intent("succeeded", "succeeded"),
    ]


def bought_with_a_receipt(stripe: Billing) -> list[Event]:
    return bought(stripe) + [stripe.charge("succeeded", metadata={})]


def bought_with_a_code(stripe: Billing) -> list[Event]:
    stripe.discount = 300
    return bought(stripe)


def renewed(stripe: Billing) -> list[Event]:
    return [
        stripe.session("completed", "paid"),
        stripe.invoice("paid", "paid"),
        stripe.invoice("paid", "paid", 2),
        stripe.invoice_payment(2),
        stripe.renewal_intent("succeeded", "succeeded", 2),
        stripe.subscription("updated", "active", 2),
    ]


def renewal_refused_then_paid(stripe: Billing) -> list[Event]:
    return [
        stripe.invoice("paid", "paid"),
        stripe.invoice("payment_failed", "open", 2),
        stripe.subscription("updated", "past_due", 2),
        stripe.invoice("paid", "paid", 2),
        stripe.invoice_payment(2),
        stripe.subscription("updated", "active", 2),
    ]


def renewal_refused_for_good(stripe: Billing) -> list[Event]:
    return [
        stripe.invoice("paid", "paid"),
        stripe.subscription("updated", "past_due", 2),
        stripe.invoice("payment_failed", "open", 2),
        stripe.invoice("voided", "void", 2),
        stripe.subscription("deleted", "canceled", 2, ended_at=1_900_000_500),
    ]


def changed_to_yearly(stripe: Billing) -> list[Event]:
    """Half of the month is over: its other half counts against the year."""
    lines = [(stripe.price_id, -450), (stripe.id("yearly"), YEARLY)]
    change = {"lines": lines, "reason": "subscription_update", "seconds": YEAR}
    return [
        stripe.invoice("paid", "paid"),
        stripe.invoice_payment(),
        stripe.invoice("paid", "paid", 2, **change),
        stripe.invoice_payment(2, **change),
        stripe.subscription("updated", "active", 2),
    ]


def changed_to_less_then_renewed(stripe: Billing) -> list[Event]:
    """What the smaller plan gives back in money counts against the next credits."""
    lines = [(stripe.price_id, -450), (stripe.id("small"), 200)]
    smaller = {"lines": lines, "reason": "subscription_update"}
    return [
        stripe.invoice("paid", "paid"),
        stripe.invoice("paid", "paid", 2, **smaller),
        stripe.invoice("paid", "paid", 3),
    ]


def renewal_refunded(stripe: Billing) -> list[Event]:
    """Which payment the refunds are of is known only when somebody says which intent paid it."""
    return [
        stripe.invoice("paid", "paid"),
        stripe.invoice("paid", "paid", 2),
        stripe.invoice_payment(2),
        stripe.refund("refund.created", "pending", 299, intent=2),
        stripe.refund("refund.updated", "succeeded", 299, intent=2),
    ]


def renewal_disputed(stripe: Billing) -> list[Event]:
    return [
        stripe.invoice("paid", "paid"),
        stripe.invoice("paid", "paid", 2),
        stripe.invoice_payment(2),
        stripe.dispute("created", "needs_response", MONTHLY, intent=2),
        stripe.dispute("closed", "lost", MONTHLY, intent=2),
    ]


# The unused half of the month, 500.55… credits, counts against the year.
AFTER_CHANGE = YEARLY_CREDITS - 501
# The unused half of the month less the half of a smaller one: 350.55… of the next credits.
LESS_THEN_MORE = 2 * MONTHLY_CREDITS - 351
REFUNDED = MONTHLY_CREDITS * 299 // MONTHLY
TWICE = 2 * MONTHLY_CREDITS
LIVES = {
    "subscribed": Life(bought, ["succeeded"], MONTHLY_CREDITS, MONTHLY_CREDITS, begin),
    "subscribed with a code": Life(
        bought_with_a_code, ["succeeded"], MONTHLY_CREDITS, MONTHLY_CREDITS, begin_with_codes
    ),
    "subscribed, with a receipt": Life(
        bought_with_a_receipt, ["succeeded"], MONTHLY_CREDITS, MONTHLY_CREDITS, begin
    ),
    "renewed": Life(renewed, ["succeeded"] * 2, TWICE, TWICE, begin),
    "renewal refused, then paid": Life(
        renewal_refused_then_paid, ["succeeded"] * 2, TWICE, TWICE, begin
    ),
    "renewal refused for good": Life(
        renewal_refused_for_good, ["succeeded", "canceled"], MONTHLY_CREDITS, MONTHLY_CREDITS, begin
    ),
    "changed to yearly": Life(
        changed_to_yearly,
        ["succeeded"] * 2,
        MONTHLY_CREDITS + AFTER_CHANGE,
        MONTHLY_CREDITS + AFTER_CHANGE,
        begin,
    ),
    "changed to less, then renewed": Life(
        changed_to_less_then_renewed,
        ["succeeded"] * 2,
        LESS_THEN_MORE,
        LESS_THEN_MORE,
        begin,
    ),
    "renewal refunded": Life(
        renewal_refunded, ["succeeded", "partially_refunded"], TWICE - REFUNDED, TWICE, begin
    ),
    "renewal disputed": Life(
        renewal_disputed, ["succeeded", "disputed"], MONTHLY_CREDITS, TWICE, begin
    ),
}
