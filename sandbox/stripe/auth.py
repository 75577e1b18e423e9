"""Who may ask: the secret key, as Bearer or as the user name of Basic.
https://docs.stripe.com/api/authentication
"""

import base64
import binascii
import hmac

from .errors import Unauthorized
from .settings import Settings


def require_secret_key(settings: Settings, authorization: str | None) -> None:
    """Raises Unauthorized as Stripe words it."""
    key = _key_of(authorization)
    if not key:
        raise Unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details."
        )
    if hmac.compare_digest(key.encode(), settings.secret_key.encode()):
        return
    if key == settings.publishable_key:
        raise Unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        )
    raise Unauthorized(f"Invalid API Key provided: {_masked(key)}")


def _key_of(authorization: str | None) -> str:
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
