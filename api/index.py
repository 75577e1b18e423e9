"""Vercel makes functions of what lies in api/ and of nothing else: this one is the whole backend.

vercel.json sends every address below /api/ here; the app sees the address as the browser sent it.
"""

from backend.app import app

__all__ = ["app"]
