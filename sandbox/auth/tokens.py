"""Access tokens: ES256 with a key id, the claims of a hosted project, valid for an hour."""

import time
from typing import Any

import jwt

from sandbox.auth.database import SETTINGS, Row
from sandbox.auth.errors import AuthError
from sandbox.credentials import ensure_credentials
from sandbox.signing_keys import private_keys, public_half

LIFETIME_SECONDS = 3600
AUDIENCE = "authenticated"
ISSUER = f"{SETTINGS.address('gateway')}/auth/v1"


def access_token(user: Row, session: Row) -> tuple[str, int]:
    """A token for `user` in `session`, and when it expires (Unix seconds)."""
    key = private_keys(SETTINGS.data)[0]
    now = int(time.time())
    method = "anonymous" if user["is_anonymous"] else "password"
    claims = {
        "iss": ISSUER,
        "sub": str(user["id"]),
        "aud": AUDIENCE,
        "exp": now + LIFETIME_SECONDS,
        "iat": now,
        "email": user["email"] or "",
        "phone": "",
        "app_metadata": user["raw_app_meta_data"],
        "user_metadata": user["raw_user_meta_data"],
        "role": user["role"],
        "aal": "aal1",
        "amr": [{"method": method, "timestamp": int(session["created_at"].timestamp())}],
        "session_id": str(session["id"]),
        "is_anonymous": user["is_anonymous"],
    }
    token = jwt.encode(claims, jwt.PyJWK(key), algorithm="ES256", headers={"kid": key["kid"]})
    return token, claims["exp"]


def key_set() -> dict[str, Any]:
    return {"keys": [public_half(key) for key in private_keys(SETTINGS.data)]}


def user_claims(token: str) -> dict[str, Any]:
    """The claims of a user's token. Raises AuthError (403 bad_jwt)."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next(key for key in private_keys(SETTINGS.data) if key["kid"] == kid)
        return jwt.decode(
            token,
            jwt.PyJWK(public_half(key)),
            algorithms=["ES256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "sub", "session_id"]},
        )
    except (jwt.PyJWTError, StopIteration) as cause:
        raise _bad_jwt(cause) from cause


def require_service_role(token: str) -> None:
    """Raises AuthError unless `token` is the legacy service key, or was made of the new one."""
    secret = ensure_credentials(SETTINGS.data)["SUPABASE_JWT_SECRET"]
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"])
    except jwt.PyJWTError as cause:
        raise _bad_jwt(cause) from cause
    if claims.get("role") != "service_role":
        raise AuthError(403, "not_admin", "User not allowed")


def _bad_jwt(cause: Exception) -> AuthError:
    reason = str(cause) or "no key is known by that id"
    return AuthError(403, "bad_jwt", f"invalid JWT: unable to parse or verify signature, {reason}")
