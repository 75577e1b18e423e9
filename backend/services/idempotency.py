"""The same request again gets the first answer. Keys are kept per caller, in the database."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from backend.gateways.supabase import Database


@dataclass(frozen=True)
class Attempt:
    """What makes two requests the same one."""

    idempotency_key: str | None
    request_hash: str

    def at(self, part: str) -> "Attempt":
        """The same attempt at one part of what is asked, which is kept by itself."""
        if self.idempotency_key is None:
            return self
        whole = sha256(self.idempotency_key.encode()).hexdigest()
        return Attempt(f"{whole} {part}", self.request_hash)


class Idempotency:
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, caller: str, attempt: Attempt) -> dict[str, Any] | None:
        """{body, status} of the first answer; None before there is one. Raises
        IdempotencyConflict where the key was used for another request."""
        claim: dict[str, Any] = self._database.as_service(
            "claim_idempotency_key",
            caller=caller,
            key=attempt.idempotency_key,
            request_hash=attempt.request_hash,
        )
        return claim["answer"]

    def keep(self, caller: str, attempt: Attempt, body: Any, status: int = 200) -> dict[str, Any]:
        """{body, status} of the first answer, for whoever asks with the same key again: this one,
        unless the same request was answered meanwhile."""
        answer = {"body": body, "status": status}
        if attempt.idempotency_key is None:
            return answer
        kept = self._database.as_service(
            "store_idempotent_answer",
            caller=caller,
            key=attempt.idempotency_key,
            answer=answer,
        )
        return kept or answer  # a key that was too old has been deleted meanwhile
