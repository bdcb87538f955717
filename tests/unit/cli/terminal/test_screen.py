import io

import pytest
from rich.console import Console

from formation_cli.terminal import screen, window
from formation_cli.views import processes
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ended, waiting


@pytest.mark.parametrize(("colour", "shown"), [("red", "\x1b[31mtext\x1b[0m"), ("", "text")])
def test_a_line_without_a_colour_is_written_at_a_terminal_as_it_is(
    colour: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert screen.coloured("text", colour) == shown


def drawn(width: int) -> list[str]:
    pod = a_pod(a_container(waiting("CrashLoopBackOff"), last=ended(1, before=200), restarts=5))
    pod["metadata"]["name"] = "shop-worker-7c9d8f6b5d-x7k2p"
    shop = builders.stored(builders.a_formation())
    table = processes.table(processes.processes(shop, [pod], builders.NOW), builders.NOW)
    console = Console(width=width, file=io.StringIO())
    with console.capture() as capture:
        console.print(window.rendered(table, width))
    return capture.get().splitlines()


def test_a_window_of_80_columns_has_a_line_for_each_process_with_its_short_name() -> None:
    assert len(drawn(80)) == 2
    assert drawn(80)[1].split()[1] == "worker.x7k2p"
    assert drawn(140)[1].split()[1] == "shop-worker-7c9d8f6b5d-x7k2p"
