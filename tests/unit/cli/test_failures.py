import signal
from collections.abc import Iterator

import click
import pytest

from formation_cli import failures

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What these tests do about signals ends with them."""
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_who_is_asked_to_end_does_so_in_order(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_DFL)
    failures.end_when_asked()
    with pytest.raises(SystemExit) as ended:
        signal.raise_signal(number)
    assert ended.value.code == failures.SIGNAL + number


def test_a_signal_that_nohup_keeps_away_stays_away() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    failures.end_when_asked()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("number", failures.ENDINGS)
def test_whoever_ends_us_reads_once_what_stands(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    signal.signal(number, signal.SIG_DFL)
    failures.end_when_asked()
    with (
        pytest.raises((SystemExit, KeyboardInterrupt)),
        failures.saying_when_ended("It stands.", "", "To go back: rollback"),
    ):
        signal.raise_signal(number)
    signal.raise_signal(number)  # nothing interrupts how we end
    assert capsys.readouterr().err == "It stands.\nTo go back: rollback\n"


def test_a_second_ctrl_c_does_not_interrupt_how_the_first_one_ends_us() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    failures.end_when_asked()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert callable(signal.getsignal(signal.SIGINT))  # Python tells of one that comes while SIG_IGN is set


def test_a_command_of_the_status_gets_the_namespace_that_was_typed() -> None:
    text = "go back (kubectl formation{0} rollback shop), or kubectl{0} delete job x, by kubectl"
    with click.Context(click.Command("formation"), obj={"namespace": "demo"}):
        assert failures.pasted(text.format("")) == text.format(" -n demo")
    assert failures.pasted(text.format("")) == text.format("")
