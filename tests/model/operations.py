"""What can happen to the books, as plain data: a name and small arguments.

A game is a list of operations, `["spend", {"user": 0, "feature": "unit", "quantity": 3}]`, so it can
be drawn at random, shrunk, written down and played again. `nth` counts back from the newest order,
hold or key; where there is none, the operation does nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.ledger.books import UNIT
from tests.model.ledger import DISPUTE_STATES, REFUND_STATES

Operation = tuple[str, dict[str, Any]]

USERS = range(3)
NTH = range(12)
BOOLEANS = (False, True)
FEATURES = (UNIT, "docx_processing", "audio_processing", "image_generation")
# id, credits, price in cents, days: prices and credits that divide badly, and lives of all lengths.
PACKAGES = {"week": (40, 100, 7), "month": (111, 499, 30), "forever": (75, 333, None)}
PARTS_OF_1000 = (1, 250, 333, 500, 999, 1000)


@dataclass(frozen=True)
class Kind:
    """How often it happens, and what each argument is chosen from."""

    weight: int
    choices: dict[str, Sequence[Any]]


KINDS = {
    "order": Kind(7, {"user": USERS, "package": tuple(PACKAGES)}),
    "pay": Kind(10, {"nth": NTH, "twice": BOOLEANS}),
    "pay_wrong_amount": Kind(1, {"nth": NTH}),
    "end_payment": Kind(1, {"nth": NTH, "how": ("expired", "canceled", "failed")}),
    "refund": Kind(
        2, {"nth": NTH, "part": PARTS_OF_1000, "status": REFUND_STATES, "twice": BOOLEANS}
    ),
    "change_refund": Kind(2, {"nth": NTH, "status": REFUND_STATES, "twice": BOOLEANS}),
    "dispute": Kind(
        1, {"nth": NTH, "part": PARTS_OF_1000, "status": DISPUTE_STATES, "twice": BOOLEANS}
    ),
    "change_dispute": Kind(1, {"nth": NTH, "status": DISPUTE_STATES, "twice": BOOLEANS}),
    "spend": Kind(10, {"user": USERS, "feature": FEATURES, "quantity": range(1, 9)}),
    "spend_again": Kind(3, {"nth": NTH, "same": BOOLEANS}),
    "hold": Kind(
        7,
        {"user": USERS, "feature": FEATURES, "quantity": range(1, 9), "hours": range(1, 25)},
    ),
    "hold_again": Kind(2, {"nth": NTH, "same": BOOLEANS}),
    "capture": Kind(6, {"nth": NTH, "quantity": (None, *range(1, 10))}),
    "release": Kind(3, {"nth": NTH}),
    "grant": Kind(4, {"user": USERS, "credits": range(1, 60), "days": (None, 1, 5, 40)}),
    "adjust": Kind(1, {"user": USERS, "credits": range(1, 60)}),
    "grant_again": Kind(1, {"nth": NTH, "same": BOOLEANS}),
    "wait": Kind(2, {"hours": (1, 6, 24, 24 * 6, 24 * 30)}),
    "sweep_credits": Kind(2, {"limit": (1, 100)}),
    "sweep_holds": Kind(2, {"limit": (1, 100)}),
    "ban": Kind(1, {"user": USERS, "banned": BOOLEANS}),
}

_NAMES = list(KINDS)
_WEIGHTS = [kind.weight for kind in KINDS.values()]


def draw(chance: random.Random) -> Operation:
    [name] = chance.choices(_NAMES, _WEIGHTS)
    return name, {argument: chance.choice(of) for argument, of in KINDS[name].choices.items()}
