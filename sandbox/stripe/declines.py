"""Why a bank refuses a card: every decline code of Stripe's, and a way to make each of them happen.
https://docs.stripe.com/declines/codes

Only some decline codes have a test card. For all the others (and for cards that are saved already)
a test orders one with the lever `POST /_sandbox/next-decline {"decline_code": …, "times": …}`: the
next attempts to charge or save a card, whichever it is, are declined so.
"""

from collections import deque
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DECLINE_CODES = _words(
    """
    approve_with_id authentication_required call_issuer card_not_supported card_velocity_exceeded
    currency_not_supported do_not_honor do_not_try_again duplicate_transaction expired_card
    fraudulent generic_decline incorrect_address incorrect_cvc incorrect_number incorrect_pin
    incorrect_zip insufficient_funds invalid_account invalid_amount invalid_cvc
    invalid_expiry_month invalid_expiry_year invalid_number invalid_pin issuer_not_available
    lost_card merchant_blacklist mobile_device_authentication_required
    new_account_information_available no_action_taken not_permitted offline_pin_required
    online_or_offline_pin_required pickup_card pin_try_exceeded processing_error
    reenter_transaction restricted_card revocation_of_all_authorizations
    revocation_of_authorization security_violation service_not_allowed stolen_card
    stop_payment_order test_mode_live_card testmode_decline transaction_not_allowed
    try_again_later withdrawal_count_limit_exceeded
    """
)
ORDERS_MAX = 1_000


@dataclass(frozen=True)
class Decline:
    """Stripe's `code`, the bank's `decline_code` (only where the code is `card_declined` or
    `authentication_required`), and a sentence for the buyer."""

    code: str
    message: str
    decline_code: str | None = None
    advice_code: str | None = "try_again_later"
    network_decline_code: str | None = None
    is_blocked: bool = False  # by Stripe's Radar, before any bank is asked


def _declined(
    decline_code: str,
    message: str = "Your card was declined.",
    advice_code: str = "try_again_later",
    network_decline_code: str | None = None,
) -> Decline:
    return Decline("card_declined", message, decline_code, advice_code, network_decline_code)


GENERIC_DECLINE = _declined("generic_decline")
INSUFFICIENT_FUNDS = _declined(
    "insufficient_funds", "Your card has insufficient funds.", network_decline_code="51"
)
LOST_CARD = _declined("lost_card", advice_code="do_not_try_again")
STOLEN_CARD = _declined("stolen_card", advice_code="do_not_try_again")
VELOCITY_EXCEEDED = _declined(
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount "
    "limit.",
)
FRAUDULENT = Decline("card_declined", "Your card was declined.", "fraudulent", None, None, True)
REAL_CARD = _declined(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list "
    "of valid test cards, visit: https://stripe.com/docs/testing.",
)
EXPIRED_CARD = Decline("expired_card", "Your card has expired.", None, "confirm_card_data", "54")
INCORRECT_CVC = Decline(
    "incorrect_cvc", "Your card's security code is incorrect.", None, "confirm_card_data", "N7"
)
INCORRECT_NUMBER = Decline(
    "incorrect_number", "Your card number is incorrect.", None, "confirm_card_data"
)
PROCESSING_ERROR = Decline(
    "processing_error", "An error occurred while processing your card. Try again in a little bit."
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
    None,
)
KNOWN = {
    decline.decline_code or decline.code: decline
    for decline in (
        GENERIC_DECLINE,
        INSUFFICIENT_FUNDS,
        LOST_CARD,
        STOLEN_CARD,
        VELOCITY_EXCEEDED,
        FRAUDULENT,
        REAL_CARD,
        EXPIRED_CARD,
        INCORRECT_CVC,
        INCORRECT_NUMBER,
        PROCESSING_ERROR,
        AUTHENTICATION_REQUIRED,
    )
}
_ordered: deque[Decline] = deque(maxlen=ORDERS_MAX)


def named(decline_code: str) -> Decline:
    """Raises ValueError for what is no decline code of Stripe's."""
    if decline_code not in DECLINE_CODES:
        raise ValueError(f"no decline code of Stripe's: {decline_code}")
    return KNOWN.get(decline_code) or _declined(decline_code)


def order(decline_code: str, times: int) -> None:
    """The next `times` attempts are declined so. A restart forgets it."""
    _ordered.extend([named(decline_code)] * times)


def take_ordered() -> Decline | None:
    return _ordered.popleft() if _ordered else None


def cancel_orders() -> None:
    _ordered.clear()
