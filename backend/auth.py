"""Who is calling. Each route names its policy; the rest of the request can trust g.caller.

public   anybody, whatever they bring
visitor  anybody without a token, or a user with a valid one
user     a valid access token of somebody who signed up
admin    a user whose token says app_metadata.role = admin, and the database still does
service  another server of the same owner, with one of SERVICE_API_KEYS
job      the scheduler, with CRON_SECRET
webhook  nobody by header; the route checks Stripe's signature
"""

import functools
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Flask, current_app, g, request

from backend.config import Settings
from backend.errors import Forbidden, Problem, Unauthorized
from backend.gateways.jwks import KeySet
from backend.wiring import services

Policy = Literal["public", "visitor", "user", "admin", "service", "job", "webhook"]
Kind = Literal["user", "service", "job"]
# The policies that ask for a credential, and whose it must be.
KIND_REQUIRED: dict[Policy, Kind] = {
    "user": "user",
    "admin": "user",
    "service": "service",
    "job": "job",
}
CLOCK_SKEW_SECONDS = 5
# One algorithm per kind of key. Supabase signs with ES256 or RS256 keys that its JWKS publishes,
# or with the legacy shared secret: https://supabase.com/docs/guides/auth/signing-keys
PUBLIC_KEY_ALGORITHMS = ("ES256", "RS256")
SHARED_SECRET_ALGORITHM = "HS256"


@dataclass(frozen=True)
class Caller:
    """Somebody whose credential has been checked."""

    kind: Kind
    id: str
    email: str | None = None
    is_admin: bool = False
    is_anonymous: bool = False
    token: str = field(default="", repr=False)


def policy(name: Policy) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Refuse whoever may not call the view, with what `enforce` raises.

    A limit of its own stands above it, so that whoever is refused is counted, too.
    """

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def guarded(**arguments: Any) -> Any:
            enforce(name)
            return view(**arguments)

        guarded.policy = name  # type: ignore[attr-defined]
        return guarded

    return guard


def register(app: Flask, settings: Settings) -> None:
    """Give the app what `identify` needs. Raises RuntimeError for a view without a policy."""
    app.extensions["verifier"] = TokenVerifier(settings)
    for endpoint in app.view_functions:
        _require_policy(app, endpoint)


def identify() -> None:
    """Before each request: find out who calls, without refusing anybody yet.

    Refusing comes after the rate limits, so that guessing credentials is limited too. Raises
    RuntimeError for a view without a policy: a host app may have mounted one since the start.
    """
    if request.endpoint:
        _require_policy(current_app, request.endpoint)
    g.caller, g.refusal = None, None
    try:
        g.caller = _caller(_bearer())
    except Problem as refusal:
        g.refusal = refusal


def _require_policy(app: Flask, endpoint: str) -> None:
    if not hasattr(app.view_functions[endpoint], "policy"):
        raise RuntimeError(f"{endpoint} names no policy: say who may call it.")


def enforce(required: Policy) -> None:
    """Refuse whoever may not. Raises Unauthorized, Forbidden and, for an admin's route,
    DatabaseUnavailable."""
    if required in ("public", "webhook"):
        return
    proxy_key = current_app.config["settings"].proxy_api_key
    if proxy_key and not _equal(request.headers.get("X-API-Key", ""), proxy_key):
        raise Unauthorized("The X-API-Key header is missing or wrong.")
    if g.refusal is not None:
        raise g.refusal
    if required == "visitor":
        return
    if g.caller is None:
        raise Unauthorized()
    if g.caller.kind != KIND_REQUIRED[required] or (required == "admin" and not g.caller.is_admin):
        raise Forbidden()
    if g.caller.is_anonymous and request.method not in ("GET", "HEAD"):
        raise Forbidden("Please create an account first: guests may look, but not buy.")
    if required == "admin":
        services().administration.require(g.caller.id)


class TokenVerifier:
    """Checks access tokens of one Supabase project."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = KeySet(settings.supabase_jwks_url)

    def verify(self, token: str) -> Caller:
        """The user whose token this is. Raises Unauthorized, with one message for every reason."""
        import jwt

        try:
            key, algorithm = self._key_for(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience="authenticated",
                issuer=self._settings.token_issuers,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
            user_id = str(uuid.UUID(claims["sub"]))
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Unauthorized() from error
        app_metadata = claims.get("app_metadata")
        # The database reads the claim itself, and not all that Python takes for a UUID.
        if claims.get("role") != "authenticated" or user_id != claims["sub"].lower():
            raise Unauthorized()
        return Caller(
            kind="user",
            id=user_id,
            email=claims.get("email") or None,
            is_admin=isinstance(app_metadata, dict) and app_metadata.get("role") == "admin",
            is_anonymous=claims.get("is_anonymous") is True,
            token=token,
        )

    def _key_for(self, header: dict[str, Any]) -> tuple[Any, str]:
        """The key and the only algorithm to use it with: a public key never becomes a secret."""
        algorithm = header.get("alg")
        if algorithm == SHARED_SECRET_ALGORITHM and self._settings.supabase_jwt_secret:
            return self._settings.supabase_jwt_secret, SHARED_SECRET_ALGORITHM
        kid = header.get("kid")
        if algorithm not in PUBLIC_KEY_ALGORITHMS or not isinstance(kid, str):
            raise Unauthorized()
        key = self._keys.find(kid)
        if key is None or key.algorithm_name != algorithm:
            raise Unauthorized()
        return key, algorithm


def _caller(credential: str) -> Caller | None:
    settings = current_app.config["settings"]
    if not credential:
        return None
    if any(_equal(credential, key) for key in settings.service_api_keys):
        return Caller(kind="service", id="service")
    if settings.cron_secret and _equal(credential, settings.cron_secret):
        return Caller(kind="job", id="job")
    return current_app.extensions["verifier"].verify(credential)


def _bearer() -> str:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
