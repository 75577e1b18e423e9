"""What is on sale, in one currency and one language."""

import logging
from typing import Any

from backend.config import Settings
from backend.errors import Problem, ValidationError
from backend.gateways.supabase import Database, DatabaseError

log = logging.getLogger("topup.catalog")

LOCALES = ("en", "zh")
DEFAULT_LOCALE = "en"


class Catalog:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def packages(self, currency: str | None, locale: str | None) -> list[dict[str, Any]]:
        """The packages sold in `currency` (the shop's own without one), in the order of the shop.

        Names are in `locale` where there is one, English otherwise. Raises ValidationError for a
        currency in which nothing is sold.
        """
        listed = self._database.as_anyone("list_packages")
        wanted = (currency or self._settings.default_currency).lower()
        packages = [
            {
                **package,
                "name": in_language(package["name"], locale),
                "description": in_language(package["description"], locale),
            }
            for package in listed
            if package["currency"] == wanted
        ]
        if not packages and currency:
            sold = ", ".join(_currencies(listed))
            raise ValidationError.of(
                "currency", f"Nothing is sold in that currency; sold in: {sold}."
            )
        return packages

    def status(self) -> str:
        """`ok`, or the code of what keeps the database from telling what is on sale."""
        try:
            self._database.as_anyone("list_packages")
        except Problem as problem:
            return problem.code
        except DatabaseError:
            log.exception("the database is not what it should be")
            return "error"
        return "ok"

    def currencies(self) -> list[str]:
        """Every currency in which something is sold, sorted."""
        return _currencies(self._database.as_anyone("list_packages"))


def language_of(locale: str | None) -> str:
    """The language of ours that fits a browser's locale: `zh-Hans-CN` → `zh`, `fr` → `en`."""
    language = (locale or "").replace("_", "-").split("-")[0].lower()
    return language if language in LOCALES else DEFAULT_LOCALE


def in_language(texts: dict[str, str], locale: str | None) -> str:
    """The text for `locale`, else the English one, else nothing."""
    return texts.get(language_of(locale)) or texts.get(DEFAULT_LOCALE, "")


def _currencies(listed: list[dict[str, Any]]) -> list[str]:
    return sorted({package["currency"] for package in listed})
