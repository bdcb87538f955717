from typing import Any

import pytest

from formation_cli.changes import patches, restarts
from formation_cli.failures import Mistyped
from tests.shared import builders


def shop(**spec: Any) -> Any:
    return builders.stored(builders.a_formation(**spec))


@pytest.mark.parametrize("suspended", [True, False])
def test_what_is_so_already_is_not_written(suspended: bool) -> None:
    assert patches.suspend(shop(suspend=suspended), suspended=suspended) == []


def test_the_image_of_a_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(Mistyped, match="no process type wroker"):
        patches.image_field(shop(), "wroker")


def test_a_restart_is_kubectls_own() -> None:
    annotations = restarts.patch("now")["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"kubectl.kubernetes.io/restartedAt": "now"}


def test_a_step_of_a_patch_escapes_its_path() -> None:
    assert patches.operation("add", ("a/b", "c~d"), 1)["path"] == "/a~1b/c~0d"
