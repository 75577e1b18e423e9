"""Idempotency-Key for requests that make no order of their own."""

import functools
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import g, request

from backend.routes.parsing import idempotency_key
from backend.services.orders import Attempt
from backend.wiring import services

Answer = dict[str, Any] | tuple[dict[str, Any], int]


def request_hash() -> str:
    """What makes two requests the same: method, path and the bytes of the body."""
    head = f"{request.method} {request.path}\n".encode()
    return sha256(head + request.get_data()).hexdigest()


def attempt() -> Attempt:
    """This request, for what is ordered at most once. Raises ValidationError."""
    return Attempt(idempotency_key(), request_hash())


def idempotent(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Answer a repeated key with the first answer. Raises IdempotencyConflict for another request.

    Only answers are kept, no errors: whoever was refused may try again with the same key.
    """

    @functools.wraps(view)
    def keyed(**arguments: Any) -> Answer:
        key = idempotency_key()
        if key is None:
            return view(**arguments)
        database, caller = services().database, g.caller.id
        claim = database.as_service(
            "claim_idempotency_key", caller=caller, key=key, request_hash=request_hash()
        )
        if claim["answer"] is not None:
            return claim["answer"]["body"], claim["answer"].get("status", 200)
        answer = view(**arguments)
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        database.as_service(
            "store_idempotent_answer",
            caller=caller,
            key=key,
            answer={"body": body, "status": status},
        )
        return answer

    return keyed
