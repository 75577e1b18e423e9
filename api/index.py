"""Where Vercel looks for functions: every address below /api/ ends here (see vercel.json)."""

from backend.app import app

__all__ = ["app"]
