"""The lives of cards, and of the recharges that they pay: what Stripe tells in each, and how it
must end."""

from tests.ledger.books import Desk
from tests.ledger.cards_say import Wallet
from tests.ledger.lives import AMOUNT, CREDITS, Life
from tests.ledger.stripe_says import Event

CARD_ERROR = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
ASKS = {"type": "card_error", "code": "authentication_required", "decline_code": None}


def begin(desk: Desk, user_id: str) -> Wallet:
    """A customer without a card."""
    wallet = Wallet("", user_id, AMOUNT)
    wallet.ids["cus1"] = desk.customer(user_id)
    return wallet


def begin_recharging(desk: Desk, user_id: str) -> Wallet:
    """He has agreed, is below his threshold, and the job has ordered."""
    wallet = begin(desk, user_id)
    wallet.ids["pm1"] = desk.card(wallet.id("cus"))
    desk.recharge(user_id)
    [order] = [order for order in desk.claim(1000) if order["payment"]["user_id"] == user_id]
    wallet.payment_id = order["payment"]["payment_id"]
    return wallet


def saved_and_renewed(wallet: Wallet) -> list[Event]:
    return [
        wallet.card("attached"),
        wallet.card("updated", exp_year=2031),
        wallet.card("automatically_updated", exp_year=2036),
    ]


def exchanged(wallet: Wallet) -> list[Event]:
    return [
        wallet.card("attached"),
        wallet.card("attached", 2),
        wallet.customer("updated", default=2),
        wallet.card("detached"),
    ]


def customer_deleted(wallet: Wallet) -> list[Event]:
    return [
        wallet.card("attached"),
        wallet.card("updated", exp_year=2031),
        wallet.customer("updated", default=1),
        wallet.customer_deleted(),
    ]


def recharged(wallet: Wallet) -> list[Event]:
    return [
        wallet.intent("processing", "processing"),
        wallet.intent("succeeded", "succeeded"),
        wallet.charge("succeeded"),
    ]


def recharge_declined(wallet: Wallet) -> list[Event]:
    declined = {"last_payment_error": CARD_ERROR}
    return [
        wallet.intent("payment_failed", "requires_payment_method", **declined),
        wallet.intent("canceled", "canceled", **declined, cancellation_reason="abandoned"),
    ]


def recharge_asks_then_succeeds(wallet: Wallet) -> list[Event]:
    asks = {"last_payment_error": ASKS}
    return [
        wallet.intent("payment_failed", "requires_payment_method", **asks),
        wallet.intent("succeeded", "succeeded"),
        wallet.charge("succeeded"),
    ]


def recharge_and_the_card_removed(wallet: Wallet) -> list[Event]:
    return [
        wallet.intent("succeeded", "succeeded"),
        wallet.card("detached"),
        wallet.refund("refund.created", "succeeded", AMOUNT),
    ]


LIVES = {
    "card saved, and renewed": Life(saved_and_renewed, [], 0, 0, begin),
    "card exchanged for another": Life(exchanged, [], 0, 0, begin),
    "customer deleted": Life(customer_deleted, [], 0, 0, begin),
    "recharged": Life(recharged, ["succeeded"], CREDITS, begin=begin_recharging),
    "recharge declined": Life(recharge_declined, ["expired"], 0, 0, begin_recharging),
    "recharge asks for its buyer": Life(
        recharge_asks_then_succeeds, ["succeeded"], CREDITS, begin=begin_recharging
    ),
    "recharge, then its card removed": Life(
        recharge_and_the_card_removed, ["refunded"], 0, begin=begin_recharging
    ),
}
