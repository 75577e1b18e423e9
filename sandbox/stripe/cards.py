"""Stripe's test cards, and what each does. https://docs.stripe.com/testing"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from . import clock


@dataclass(frozen=True)
class Decline:
    """Why a bank refuses: Stripe's `code`, the bank's `decline_code`, and a buyer's sentence."""

    code: str
    message: str
    decline_code: str | None = None
    advice_code: str | None = "try_again_later"
    network_decline_code: str | None = None


GENERIC_DECLINE = Decline("card_declined", "Your card was declined.", "generic_decline")
INSUFFICIENT_FUNDS = Decline(
    "card_declined",
    "Your card has insufficient funds.",
    "insufficient_funds",
    network_decline_code="51",
)
EXPIRED_CARD = Decline("expired_card", "Your card has expired.", None, "confirm_card_data", "54")
INCORRECT_CVC = Decline(
    "incorrect_cvc", "Your card's security code is incorrect.", None, "confirm_card_data", "N7"
)
LOST_CARD = Decline("card_declined", "Your card was declined.", "lost_card", "do_not_try_again")
STOLEN_CARD = Decline("card_declined", "Your card was declined.", "stolen_card", "do_not_try_again")
PROCESSING_ERROR = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    None,
)

SUCCEEDS = "4242424242424242"
ASKS_FOR_3D_SECURE = frozenset(["4000002500003155", "4000002760003184", "4000000000003220"])
DISPUTED_AS_FRAUD = "4000000000000259"
REFUND_FAILS = "4000000000005126"
REFUND_PENDS = "4000000000007726"

DECLINES = {
    "4000000000000002": GENERIC_DECLINE,
    "4000000000009995": INSUFFICIENT_FUNDS,
    "4000000000000069": EXPIRED_CARD,
    "4000000000000127": INCORRECT_CVC,
    "4000000000009987": LOST_CARD,
    "4000000000009979": STOLEN_CARD,
    "4000000000000119": PROCESSING_ERROR,
}
BRANDS = {
    SUCCEEDS: "visa",
    "4000056655665556": "visa",
    "5555555555554444": "mastercard",
    "378282246310005": "amex",
    DISPUTED_AS_FRAUD: "visa",
    REFUND_FAILS: "visa",
    REFUND_PENDS: "visa",
    **dict.fromkeys(ASKS_FOR_3D_SECURE, "visa"),
    **dict.fromkeys(DECLINES, "visa"),
}

# Stripe's names for ready-made payment methods.
METHODS_BY_NAME = {
    "pm_card_visa": SUCCEEDS,
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_authenticationRequired": "4000002500003155",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_createDispute": DISPUTED_AS_FRAUD,
    "pm_card_refundFail": REFUND_FAILS,
    "pm_card_pendingRefund": REFUND_PENDS,
}


@dataclass(frozen=True)
class Card:
    number: str
    exp_month: int
    exp_year: int

    @property
    def brand(self) -> str:
        return BRANDS[self.number]

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    @property
    def decline(self) -> Decline | None:
        return DECLINES.get(self.number)

    @property
    def asks_for_3d_secure(self) -> bool:
        return self.number in ASKS_FOR_3D_SECURE


def is_known(number: str) -> bool:
    return number in BRANDS


def ready_made(name: str) -> Card | None:
    number = METHODS_BY_NAME.get(name)
    return Card(number, 12, this_year() + 8) if number else None


def this_year() -> int:
    return datetime.fromtimestamp(clock.now(), UTC).year
