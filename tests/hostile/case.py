"""What must become of a file: it is refused for these reasons, or stamped with these findings."""

from collections.abc import Callable
from dataclasses import dataclass

# The centre of A4, in µm from the top left corner.
CENTRE = (105_000, 148_500)


@dataclass(frozen=True)
class Verdict:
    """`told` are reason codes, each with those particulars that must be among its own: `pdf-damaged what=prev-loop`. Where it depends on
    the machine which of several it is, they stand together: `this|that`.

    Nothing else may be told, and each as often as it stands here.
    """

    stamped: bool
    told: tuple[str, ...]

    def __str__(self):
        if self.stamped:
            return " with ".join(["stamped", ", ".join(self.told)] if self.told else ["stamped"])
        return f"refused: {', '.join(self.told)}"

    def differs(self, stamped, told):
        """Whether what happened is anything else. `told` are pairs of a code and its particulars."""
        left = list(told)
        for expected in self.told:
            code, *details = expected.split()
            details = dict(detail.split("=", 1) for detail in details)
            match = next((one for one in left if one[0] in code.split("|") and details.items() <= dict(one[1]).items()), None)
            if match is None:
                return True
            left.remove(match)
        return stamped != self.stamped or bool(left)


def refused(*told):
    """It must be refused, for exactly these."""
    return Verdict(False, told)


def stamped(*findings):
    """It must be stamped, with exactly these findings shown before, and every judge must call it valid."""
    return Verdict(True, findings)


BLANK = refused("blank-document", "stamp-on-blank-page page=1")


def damaged(what):
    """It must be refused as damaged in this way."""
    return refused(f"pdf-damaged what={what}")


@dataclass(frozen=True)
class File:
    """One file. `pages` and `at` are where the seal is to go, µm from the top left."""

    name: str
    says: str
    verdict: Verdict
    make: Callable[[], bytes]
    pages: str = "last"
    at: tuple[int, int] = CENTRE


class Kind(dict):
    """The files of one kind, by name."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __call__(self, verdict, **where):
        """Decorates what makes a file; its name is the function's, what is wrong with it is the function's documentation."""

        def added(make):
            self.add(make.__name__.replace("_", "-"), verdict, make.__doc__, make, **where)
            return make

        return added

    def add(self, name, verdict, says, make, **where):
        """A file of a family."""
        name = f"{self.name}/{name}"
        if name in self:
            raise ValueError(f"{name} is there twice")
        self[name] = File(name, says, verdict, make, **where)
