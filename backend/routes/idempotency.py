"""The Idempotency-Key header: reading it, and answering a repeated one with the first answer."""

import functools
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import g, request

from backend.errors import ValidationError
from backend.routes.parsing import Request, body, raw_body
from backend.services.idempotency import Attempt
from backend.wiring import services

Answer = dict[str, Any] | tuple[dict[str, Any], int]
View = Callable[..., Answer]
IDEMPOTENCY_KEY_LENGTH_MAX = 255


def idempotency_key() -> str | None:
    """The Idempotency-Key header, if there is one. Raises ValidationError."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        raise ValidationError.of(
            "Idempotency-Key", f"Use 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters."
        )
    return key


def required_idempotency_key() -> str:
    """The same, where a request without a key can't be retried safely, so that there is none."""
    key = idempotency_key()
    if key is None:
        raise ValidationError.of("Idempotency-Key", "This header is required.")
    return key


def request_hash() -> str:
    """What makes two requests the same: method, path and the bytes of the body."""
    head = f"{request.method} {request.path}\n".encode()
    return sha256(head + raw_body()).hexdigest()


def attempt() -> Attempt:
    """This request, for what is ordered at most once. Raises ValidationError."""
    return Attempt(idempotency_key(), request_hash())


def idempotent(kind: type[Request]) -> Callable[[View], View]:
    """Reads the body as `kind`, which becomes the view's first argument, and answers a repeated key
    with the first answer. Raises IdempotencyConflict for another request.

    Only answers are kept, no errors: whoever was refused may ask the same again with the same key.
    What can't be read uses no key up.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def keyed(**arguments: Any) -> Answer:
            asked, this = body(kind), attempt()
            if this.idempotency_key is None:
                return view(asked, **arguments)
            kept = services().idempotency
            if first := kept.claim(g.caller.id, this):
                return first["body"], first["status"]
            answer = view(asked, **arguments)
            told, status = answer if isinstance(answer, tuple) else (answer, 200)
            first = kept.keep(g.caller.id, this, told, status)
            return first["body"], first["status"]

        return keyed

    return decorate
