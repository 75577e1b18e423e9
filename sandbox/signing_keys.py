"""The ES256 keys that sign access tokens: newest first, older ones still accepted.

`signing-keys.json` holds the private keys for Auth. `postgrest-jwks.json` holds what PostgREST
accepts: the public halves and the legacy HS256 secret.
"""

import base64
import json
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from sandbox.files import read_json, write_json

Jwk = dict[str, Any]

# Beyond these the oldest is forgotten, and tokens it signed are refused.
KEYS_KEPT_MAX = 3


def ensure_signing_keys(data: Path, jwt_secret: str) -> None:
    """Make the first key when there is none, and write PostgREST's key set."""
    keys = private_keys(data) or [_make()]
    _write(data, keys, jwt_secret)


def rotate(data: Path, jwt_secret: str) -> str:
    """Sign with a new key from now on; returns its key id."""
    keys = [_make(), *private_keys(data)][:KEYS_KEPT_MAX]
    _write(data, keys, jwt_secret)
    return str(keys[0]["kid"])


def private_keys(data: Path) -> list[Jwk]:
    """All keys, the one that signs first."""
    return read_json(data / "signing-keys.json") or []


def public_half(key: Jwk) -> Jwk:
    """What a key server may show of a key."""
    return {name: value for name, value in key.items() if name != "d"} | {"key_ops": ["verify"]}


def _write(data: Path, keys: list[Jwk], jwt_secret: str) -> None:
    legacy = base64.urlsafe_b64encode(jwt_secret.encode()).rstrip(b"=").decode()
    accepted = [*map(public_half, keys), {"kty": "oct", "alg": "HS256", "k": legacy}]
    write_json(data / "signing-keys.json", keys)
    write_json(data / "postgrest-jwks.json", {"keys": accepted})


def _make() -> Jwk:
    key = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1())))
    named = {"alg": "ES256", "use": "sig", "kid": str(uuid.uuid4())}
    return {**key, **named, "key_ops": ["sign", "verify"]}
