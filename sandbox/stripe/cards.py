"""Stripe's test cards, and what each does. https://docs.stripe.com/testing"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from . import clock, declines
from .declines import Decline


class Asks(Enum):
    """When a card wants its owner to authenticate (3D Secure)."""

    NEVER = auto()
    UNLESS_SET_UP = auto()  # set up with authentication once, it is charged without
    ON_SESSION = auto()  # as if set up already: off session it never asks
    ALWAYS = auto()


@dataclass(frozen=True)
class Behaviour:
    """`decline`: what an attempt comes to, after 3D Secure where the card asks for that.
    `can_be_saved`: although a charge is declined, it is attached to a customer."""

    brand: str = "visa"
    decline: Decline | None = None
    asks: Asks = Asks.NEVER
    can_be_saved: bool = False


SUCCEEDS = "4242424242424242"
DISPUTED_AS_FRAUD = "4000000000000259"
DISPUTED_AS_NOT_RECEIVED = "4000000000002685"
DISPUTED_BY_INQUIRY = "4000000000001976"
REFUND_FAILS = "4000000000005126"
REFUND_PENDS = "4000000000007726"

TEST_CARDS = {
    SUCCEEDS: Behaviour(),
    "4000056655665556": Behaviour(),
    "5555555555554444": Behaviour("mastercard"),
    "378282246310005": Behaviour("amex"),
    DISPUTED_AS_FRAUD: Behaviour(),
    DISPUTED_AS_NOT_RECEIVED: Behaviour(),
    DISPUTED_BY_INQUIRY: Behaviour(),
    REFUND_FAILS: Behaviour(),
    REFUND_PENDS: Behaviour(),
    # Declines
    "4000000000000002": Behaviour(decline=declines.GENERIC_DECLINE),
    "4000000000009995": Behaviour(decline=declines.INSUFFICIENT_FUNDS),
    "4000000000009987": Behaviour(decline=declines.LOST_CARD),
    "4000000000009979": Behaviour(decline=declines.STOLEN_CARD),
    "4000000000000069": Behaviour(decline=declines.EXPIRED_CARD),
    "4000000000000127": Behaviour(decline=declines.INCORRECT_CVC),
    "4000000000000119": Behaviour(decline=declines.PROCESSING_ERROR),
    "4000000000006975": Behaviour(decline=declines.VELOCITY_EXCEEDED),
    "4100000000000019": Behaviour(decline=declines.FRAUDULENT),
    "4000000000004954": Behaviour(decline=declines.FRAUDULENT),
    "4000000000000341": Behaviour(decline=declines.GENERIC_DECLINE, can_be_saved=True),
    # 3D Secure
    "4000002500003155": Behaviour(asks=Asks.UNLESS_SET_UP),
    "4000002760003184": Behaviour(asks=Asks.ALWAYS),
    "4000003800000446": Behaviour(asks=Asks.ON_SESSION),
    "4000008260003178": Behaviour(
        decline=declines.INSUFFICIENT_FUNDS, asks=Asks.UNLESS_SET_UP, can_be_saved=True
    ),
    "4000000000003220": Behaviour(asks=Asks.ALWAYS),
    "4000008400001629": Behaviour(decline=declines.GENERIC_DECLINE, asks=Asks.ALWAYS),
    "4000008400001280": Behaviour(decline=declines.PROCESSING_ERROR, asks=Asks.ALWAYS),
    "4000000000003055": Behaviour(),  # supports 3D Secure and does not insist on it
}

# Stripe's names for ready-made payment methods.
METHODS_BY_NAME = {
    "pm_card_visa": SUCCEEDS,
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "pm_card_radarBlock": "4100000000000019",
    "pm_card_riskLevelHighest": "4000000000004954",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredSetupForOffSession": "4000003800000446",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
    "pm_card_threeDSecureRequiredProcessingError": "4000008400001280",
    "pm_card_threeDSecureOptional": "4000000000003055",
    "pm_card_createDispute": DISPUTED_AS_FRAUD,
    "pm_card_createDisputeProductNotReceived": DISPUTED_AS_NOT_RECEIVED,
    "pm_card_createDisputeInquiry": DISPUTED_BY_INQUIRY,
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
        return self._behaviour.brand

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    @property
    def decline(self) -> Decline | None:
        return self._behaviour.decline

    @property
    def decline_when_saved(self) -> Decline | None:
        return None if self._behaviour.can_be_saved else self.decline

    def asks_for_3d_secure(self, *, off_session: bool = False, is_set_up: bool = False) -> bool:
        """`is_set_up`: its owner authenticated when it was saved for later."""
        asks = self._behaviour.asks
        if asks is Asks.UNLESS_SET_UP:
            return not is_set_up
        return asks is Asks.ALWAYS or (asks is Asks.ON_SESSION and not off_session)

    @property
    def _behaviour(self) -> Behaviour:
        return TEST_CARDS[self.number]


def is_known(number: str) -> bool:
    return number in TEST_CARDS


def ready_made(name: str) -> Card | None:
    number = METHODS_BY_NAME.get(name)
    return Card(number, 12, this_year() + 8) if number else None


def this_year() -> int:
    return datetime.fromtimestamp(clock.now(), UTC).year
