"""Whose count it is, as a tree of questions: the first yes decides."""

from typing import NamedTuple

from crds.generate.pictures.canvas import LINE, SMALL, WIDTH, Picture

LEFT, ASKED, ANSWER = 12, 190, 240
HEIGHT, GAP, TOP = 58, 22, 16


class Question(NamedTuple):
    """A question, and the count if the answer is yes."""

    asks: tuple[str, ...]
    gives: str
    says: tuple[str, ...]


QUESTIONS = (
    Question(("Is the Formation", "paused?"), "as it is", ("nothing is changed",)),
    Question(("Is suspend true?",), "0", ("its count comes back", "afterwards")),
    Question(
        ("Does an HPA or KEDA", "scale the Deployment?"),
        "the autoscaler's",
        ("replicas isn't used", "meanwhile"),
    ),
    Question(("Is replicas set?",), "the Formation's", ("kubectl scale of the", "Deployment changes it")),
    Question(("Is it a singleton?",), "1", ("never two at once",)),
)
OTHERWISE = ("Anyone who scales the Deployment decides.", "It starts with 1.")


def picture() -> Picture:
    """Draw the questions below each other, each with its answer on the right."""
    told = [f"{' '.join(each.asks)} If yes: {each.gives}, {' '.join(each.says)}." for each in QUESTIONS]
    drawn = Picture("counts", "Whose count it is", " ".join((*told, "If none:", *OTHERWISE)))
    y: float = TOP
    for each in QUESTIONS:
        _question(drawn, each, y)
        y += HEIGHT + GAP
    drawn.box((LEFT, y), (WIDTH - 2 * LEFT, 48), "page", "new")
    drawn.words((LEFT + 10, y + 20), OTHERWISE[0], "ink", size=SMALL + 1)
    drawn.words((LEFT + 10, y + 20 + LINE), OTHERWISE[1], "dim", size=SMALL)
    drawn.words((LEFT, y + 68), "A canary is one process more, and isn't counted.", "dim", size=SMALL)
    return drawn.end(y + 82)


def _question(drawn: Picture, each: Question, top: float) -> None:
    middle = top + HEIGHT / 2
    drawn.box((LEFT, top), (ASKED - LEFT, HEIGHT), "band", "edge")
    first = middle + 5 - (len(each.asks) - 1) * LINE / 2
    drawn.lines((LEFT + 10, first), each.asks, "ink", SMALL + 1)
    drawn.arrow((ASKED, middle), (ANSWER - 2, middle))
    drawn.words(((ASKED + ANSWER) / 2 - 3, middle - 6), "yes", "dim", size=SMALL, centred=True)
    drawn.box((ANSWER, top), (WIDTH - ANSWER - LEFT, HEIGHT), "page", "new")
    drawn.words((ANSWER + 10, top + 18), each.gives, "ink strong")
    drawn.lines((ANSWER + 10, top + 18 + LINE), each.says)
    drawn.arrow((LEFT + 40, top + HEIGHT), (LEFT + 40, top + HEIGHT + GAP - 2))
    drawn.words((LEFT + 50, top + HEIGHT + 15), "no", "dim", size=SMALL)
