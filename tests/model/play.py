"""Games of random operations on the real books: drawn, played, and shrunk when they fail."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.ledger.books import Books, Desk
from tests.model.operations import Operation, draw
from tests.model.world import World, prepare

# What is committed here need not survive a power cut.
FAST = {"synchronous_commit": "off"}


class Table:
    """Books at which one game after the other is played."""

    def __init__(self, books: Books, stack: ExitStack) -> None:
        self._owner = stack.enter_context(books.connect("postgres", **FAST))
        self._desk = Desk(stack.enter_context(books.connect(**FAST)))
        self._prices = prepare(books)

    def new_game(self) -> World:
        return World(self._owner, self._desk, self._prices)

    def audit(self) -> None:
        broken = self._owner.execute("select * from private.audit()").fetchall()
        assert broken == [], broken

    def replay(self, operations: list[Operation], audits: bool = True) -> None:
        """Play from the start; the audit after each operation, or none."""
        world = self.new_game()
        for nth in range(len(operations)):
            world.play(operations, nth)
            if audits:
                self.audit()
        world.finish()


@contextmanager
def table(books: Books) -> Iterator[Table]:
    with ExitStack() as stack:
        yield Table(books, stack)


def drawn_game(seed: str, length: int) -> list[Operation]:
    """The same seed, the same game."""
    chance = random.Random(seed)
    return [draw(chance) for _ in range(length)]


def shrunk(table: Table, operations: list[Operation]) -> list[Operation]:
    """The game without whatever it can do without and still fail, in one pass from the end."""
    for nth in reversed(range(len(operations))):
        shorter = operations[:nth] + operations[nth + 1 :]
        if failure(table, shorter):
            operations = shorter
    return operations


def failure(table: Table, operations: list[Operation]) -> AssertionError | None:
    try:
        table.replay(operations)
    except AssertionError as error:
        return error
    return None
