"""The pictures of the documentation: each one is drawn here, and compared like all that is generated."""

import pathlib

from crds.generate.pictures import badge, counts, deploy, objects

FOLDER = pathlib.Path(__file__).parents[3] / "docs" / "pictures"


def files() -> dict[pathlib.Path, str]:
    """Return each picture as it is kept in the repository."""
    drawn = (objects.picture(), deploy.picture(), counts.picture())
    return {badge.FILE: badge.text(), **{FOLDER / f"{picture.name}.svg": picture.text() for picture in drawn}}
