"""Stripe's errors: one family, one rendering. https://docs.stripe.com/api/errors"""

from typing import Any

DOCUMENTED_AT = "https://docs.stripe.com/error-codes#"


class StripeError(Exception):
    """An answer other than 200.

    `keeps_work`: a decline is an error to the caller, yet what it did (a failed charge, the
    intent's last error) stays; every other error leaves nothing behind.
    `is_remembered`: whether an idempotency key keeps this answer. Stripe does not keep failures of
    validation, since nothing began to execute.
    """

    status = 400
    type = "invalid_request_error"
    keeps_work = False
    is_remembered = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.more = more

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type, **self.more}
        if self.param:
            error["param"] = self.param
        if self.code:
            error["code"] = self.code
            error["doc_url"] = DOCUMENTED_AT + self.code.replace("_", "-")
        return {"error": error}


class InvalidRequest(StripeError):
    """The request makes sense, its object's state does not allow it."""


class InvalidParams(StripeError):
    """The request itself is malformed: found before anything is executed."""

    is_remembered = False


class NotFound(StripeError):
    status = 404

    @classmethod
    def no_such(cls, object_type: str, object_id: str, param: str = "id") -> "NotFound":
        noun = object_type.replace("checkout.session", "checkout session")
        noun = SPELLED_TOGETHER.get(noun, noun)
        noun = noun if noun in SPELLED_WITH_UNDERSCORE else noun.replace("_", " ")
        return cls(f"No such {noun}: '{object_id}'", code="resource_missing", param=param)

    @classmethod
    def unrecognized_url(cls, method: str, path: str) -> "NotFound":
        return cls(
            f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, "
            "remove the trailing slash. If you are trying to retrieve an object, make sure you "
            "passed a valid (non-empty) identifier in your code. The sandbox only has what the "
            "project uses."
        )


SPELLED_TOGETHER = {"payment_method": "PaymentMethod", "setup_intent": "setupintent"}
SPELLED_WITH_UNDERSCORE = frozenset(["payment_intent"])


class Unauthorized(StripeError):
    status = 401
    is_remembered = False


class CardError(StripeError):
    status = 402
    type = "card_error"
    keeps_work = True


class IdempotencyError(StripeError):
    type = "idempotency_error"
    is_remembered = False


class IdempotencyKeyInUse(IdempotencyError):
    status = 409


class RateLimited(StripeError):
    status = 429
    is_remembered = False


class ServerError(StripeError):
    status = 500
    type = "api_error"
    is_remembered = False
