"""Who may ask: the shop with the secret key, as Bearer or as the user name of Basic; a browser with
the publishable one, where an endpoint is open to it. https://docs.stripe.com/api/authentication
"""

import base64
import binascii
import hmac

from .errors import InvalidParams, Unauthorized
from .settings import Settings
from .store import Object

SECRET_KEY_REQUIRED = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. "
    "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys."
)


def is_browser(settings: Settings, key: str | None, *, is_open: bool) -> bool:
    """Whether this is the publishable key. Raises Unauthorized as Stripe words it, also for the
    publishable key when the endpoint is not open (`is_open`) to browsers."""
    if not key:
        raise Unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details."
        )
    if hmac.compare_digest(key.encode(), settings.secret_key.encode()):
        return False
    if key != settings.publishable_key:
        raise Unauthorized(f"Invalid API Key provided: {_masked(key)}")
    if not is_open:
        raise Unauthorized(SECRET_KEY_REQUIRED, code="secret_key_required")
    return True


def require_client_secret(obj: Object | None, given: str | None) -> None:
    """A browser may only touch the one object whose secret it was given."""
    if given is None:
        raise Unauthorized(SECRET_KEY_REQUIRED, code="secret_key_required")
    if obj and not hmac.compare_digest((obj.get("client_secret") or "").encode(), given.encode()):
        raise InvalidParams(
            "The client_secret provided does not match the client_secret associated with the "
            f"{'SetupIntent' if obj['object'] == 'setup_intent' else 'PaymentIntent'}.",
            param="client_secret",
        )


def key_in_header(authorization: str | None) -> str:
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(key: str) -> str:
    """`sk_test_` and the last four characters, as Stripe shows a key."""
    visible = key[:8] if key.startswith(("sk_", "pk_", "rk_")) else ""
    return f"{visible}{'*' * max(0, len(key) - len(visible) - 4)}{key[-4:]}"
