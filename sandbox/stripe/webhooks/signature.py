"""Stripe's signature scheme. https://docs.stripe.com/webhooks#verify-manually"""

import hashlib
import hmac


def sign(payload: bytes, secret: str, timestamp: int) -> str:
    """The value of the header `Stripe-Signature`."""
    signed = f"{timestamp}.".encode() + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
