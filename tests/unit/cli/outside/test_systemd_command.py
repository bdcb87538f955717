"""systemd units, as they are typed for."""

import pathlib
import re

import pytest
from click.testing import Result

from formation_cli import failures
from tests.unit.cli.typed import run

SHOP = """
kind: Formation
metadata: {name: shop}
spec: {image: x, processes: {web: {command: [serve], port: 80}}}
"""
NAMES = ["shop.target", "shop-web.target", "shop-web@.service"]


FILES = {"shop.yaml": SHOP}


def export(words: str = "", code: int = 0) -> Result:
    return run(f"export systemd -f shop.yaml {words}", code)


def test_units_are_written_over_older_ones(folder: pathlib.Path) -> None:
    export("-d units --port 7000")
    (folder / "units" / "shop.target").chmod(0o644)
    result = export("-d units --root '/srv/our shop/100%' --run-as www-data")
    assert result.stdout.splitlines() == [f"units/{name}" for name in NAMES]
    assert {path.stat().st_mode & 0o777 for path in (folder / "units").iterdir()} == {0o600}
    service = (folder / "units" / "shop-web@.service").read_text()
    assert "User=www-data\n" in service
    assert "WorkingDirectory=/srv/our shop/100%%\n" in service
    assert "shop-web@5000.service" in (folder / "units" / "shop-web.target").read_text()


def test_nothing_of_somebody_else_is_written_over(folder: pathlib.Path) -> None:
    (folder / "shop-web@.service").write_text("[Service]\n")
    stderr = export("-d .", failures.FAILED).stderr
    assert "shop-web@.service exists already, and isn't from this command" in stderr
    assert not (folder / "shop.target").exists()


def test_no_link_is_followed(folder: pathlib.Path) -> None:
    (folder / "mine").write_text("# Written by kubectl formation export systemd.\n")
    (folder / "shop.target").symlink_to(folder / "mine")
    export("-d .", failures.FAILED)
    assert (folder / "mine").read_text() == "# Written by kubectl formation export systemd.\n"


def test_without_a_folder_the_units_are_printed() -> None:
    assert re.findall("^# (shop.*)$", export().stdout, re.MULTILINE) == NAMES


@pytest.mark.parametrize("root", ["srv", "/srv\n[Service]"])
def test_what_a_unit_can_not_take_is_refused(root: str) -> None:
    export(f"--root '{root}'", failures.MISTYPED)
