"""A failed attempt to pay with a method or to save it: as its intent remembers it, and as the API
answers it."""

from typing import Any

from ..declines import Decline
from ..errors import CardError
from ..store import Object, public

NOT_AUTHENTICATED = (
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again."
)


def described(decline: Decline, method: Object) -> Object:
    """An intent's `last_payment_error` or `last_setup_error`."""
    error = {
        "code": decline.code,
        "doc_url": f"https://docs.stripe.com/error-codes#{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": public(method),
        "type": "invalid_request_error",
    }
    optional = {
        "decline_code": decline.decline_code,
        "advice_code": decline.advice_code,
        "network_decline_code": decline.network_decline_code,
    }
    return error | {name: value for name, value in optional.items() if value}


def answered(error: Object, **about: Any) -> CardError:
    """The answer to the request that caused an intent's last error; `about` is the intent."""
    members: Object = {key: value for key, value in error.items() if key not in ("type", "doc_url")}
    message, code = members.pop("message"), members.pop("code")
    return CardError(message, code=code, **about, **members)
