from ..store import Object


def authentication(intent: Object, api_base: str) -> Object:
    """What is next for a payment or setup intent whose card asks for 3D Secure: a redirect when it
    was confirmed with a `return_url`, else Stripe.js.
    https://docs.stripe.com/api/payment_intents/object#payment_intent_object-next_action"""
    secret = intent["client_secret"]
    url = f"{api_base}/authenticate/{intent['id']}?client_secret={secret}"
    return_url = intent.get("_return_url")
    if return_url and not intent.get("_uses_stripe_sdk"):
        return {
            "redirect_to_url": {"return_url": return_url, "url": url},
            "type": "redirect_to_url",
        }
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"stripe_js": url, "type": "three_d_secure_redirect"},
    }
