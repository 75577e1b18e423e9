"""What 2026-03-25.dahlia changed."""

from ..store import Object, Transaction

UI_MODES = {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}


def session_before(tx: Transaction, session: Object) -> Object:
    """`ui_mode` had other words."""
    return session | {"ui_mode": UI_MODES.get(session["ui_mode"], session["ui_mode"])}
