"""Run a command once, as a process of its own."""

import contextlib
import math
import secrets
import signal
import sys
from collections.abc import Callable, Iterator

import click

from formation_cli import options
from formation_cli.changes import one_off, scheduled
from formation_cli.changes.one_off import OneOff
from formation_cli.cluster import follow, formations, kinds
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands.enter import clock
from formation_cli.commands.enter import output as outputs
from formation_cli.dialects import references
from formation_cli.failures import Failure, Mistyped, TimedOut, again, did_you_mean
from formation_cli.naming import JOB_LABEL
from formation_cli.terminal import formats
from formation_cli.views import one_offs
from formation_cli.words import sizes
from formation_cli.words.durations import DURATION
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

TICK = 2.0
NOT_CREATED = "FailedCreate"
"""The reason of the Event that tells that a Job's Pod was refused."""


def _check_timeout(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Return how long a command may take; raises `click.BadParameter` for no time at all."""
    if value == 0:
        raise click.BadParameter("it needs more than 0; leave it out for no limit", ctx, param)
    return value


@click.command(
    "run",
    cls=options.Starter,
    examples=(
        "run shop -- /shop migrate",
        "run shop --image registry.example.com/shop:v2 -- /shop migrate",
        "run shop -it -- /bin/sh",
        "run shop --type worker --size cpu=1,memory=2Gi -- /shop reindex",
        "run shop --detach --timeout 1h -- /shop import",
        "run shop --schedule nightly-report   # now, once",
        "run shop --args -- migrate   # the image's ENTRYPOINT gets these arguments",
    ),
)
@options.formation()
@options.process_type("Also use the environment, resources and image of this type.")
@click.option(
    "--schedule", shell_complete=options.complete_schedule, help="Start a run of this schedule now."
)
@click.option(
    "-d", "--detach", is_flag=True, help="Don't wait: print the name of the Job, which is kept for a day."
)
@click.option("-i", "--stdin", is_flag=True, help="Send it your input, or that of a pipe.")
@click.option("-t", "--tty", is_flag=True, help="Give it your terminal and your input.")
@click.option(
    "--args",
    "as_args",
    is_flag=True,
    help="Use the words as arguments for the image's ENTRYPOINT, or for the command of --type.",
)
@click.option("--image", callback=options.check_image, help="Another image, such as the one to be deployed.")
@click.option("--size", type=sizes.SIZE, help="Its CPU and memory, such as cpu=1,memory=2Gi.")
@click.option(
    "--timeout",
    type=DURATION,
    callback=_check_timeout,
    help="Send it SIGTERM after 90s, 10m or 1h; then it has its grace period (30 s unless declared).",
)
@options.dry_run()
@options.output("json", "yaml", "name", text="Print the Job, with --detach or --dry-run, for programs.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARG]...")
@options.pass_cluster
@click.pass_context
def command(
    ctx: click.Context,
    cluster: Cluster,
    name: str,
    process_type: str | None,
    schedule: str | None,
    image: str | None,
    size: dict[str, str] | None,
    timeout: float | None,
    output: str | None,
    words: tuple[str, ...],
    *,
    as_args: bool,
    detach: bool,
    dry_run: bool,
    stdin: bool,
    tty: bool,
) -> None:
    """Run a command in a new process, with the image, environment and config of the Formation.

    It runs in a Job, once, and is never retried. `run` shows what it writes, ends with its exit code, and
    deletes the Job; Ctrl-C ends it. No shell is involved: write /bin/sh -c '...' if you need one. Arguments
    arrive as you type them: $(NAME) isn't replaced.

    COMMAND runs instead of the image's ENTRYPOINT and CMD. With --args all words are arguments for that
    ENTRYPOINT, or for the command of --type; without words the image, or the type, runs as it is.

    With --schedule it runs what the schedule says, whose CronJob keeps the Job: Ctrl-C stops showing the
    output, and doesn't end the run.
    """
    if schedule is not None:
        if words or process_type or image or size or as_args or stdin or tty:
            raise click.UsageError("The schedule says what runs: leave out the command and its options.")
        _check_output(output, shown=not (detach or dry_run))
        ctx.exit(_run_schedule(cluster, name, schedule, timeout, output, detach=detach, dry_run=dry_run))
    if not words and not as_args:
        raise click.UsageError("What should run? Write -- and the command, or --args for the image's own.")
    _check_output(output, shown=not (detach or dry_run))
    _check_typing(detach=detach, stdin=stdin, tty=tty)
    formation = formations.find(cluster, name)
    if process_type is not None:
        formations.chosen(formation, [process_type])
    literal = [references.escaped(word) for word in words]
    seconds = math.ceil(timeout) if timeout else None
    wanted = OneOff(literal, process_type, size or {}, seconds, stdin or tty, tty, image, as_args)
    manifest = one_off.job(formation, wanted, secrets.token_hex(4))
    if dry_run:
        formats.write_object(cluster.create(manifest, dry_run=True), output or "name")
        return
    job = manifest["metadata"]["name"]
    with contextlib.ExitStack() as afterwards:
        afterwards.callback(_delete, cluster, job)
        try:
            made = cluster.create(manifest)
        except Failure as failure:
            if failure.refused:
                afterwards.pop_all()
            raise
        if not detach:
            ctx.exit(_attend(cluster, job, wanted))
        afterwards.pop_all()
    _tell(cluster, made, output)


def _tell(cluster: Cluster, made: Object, output: str | None) -> None:
    formats.write_object(made, output or "name")
    click.echo(f"kubectl -n {cluster.namespace} logs -f job/{made['metadata']['name']}", err=True)


def _check_output(output: str | None, *, shown: bool) -> None:
    """Raise `click.UsageError` if a Job is to be printed where the command's own output is."""
    if output and shown:
        raise click.UsageError("Without --detach the command's own output is shown: leave out --output.")


def _run_schedule(
    cluster: Cluster,
    name: str,
    schedule: str,
    timeout: float | None,
    output: str | None,
    *,
    detach: bool,
    dry_run: bool,
) -> int:
    """Begin a run of a schedule, and return its exit code, which is 0 if nobody waits for its end."""
    known = formations.schedules(formations.find(cluster, name))
    if schedule not in known:
        raise Mistyped(f"There is no schedule {schedule}.", hint=did_you_mean(schedule, known))
    cron_job = cluster.get(kinds.CRON_JOB, naming.child(name, schedule))
    if cron_job is None:
        raise Failure(f"{schedule} has no CronJob.", hint=f"{again(f'ps {name}')} says why.")
    seconds = math.ceil(timeout) if timeout else None
    made = cluster.create(scheduled.job(cron_job, secrets.token_hex(4), seconds), dry_run=dry_run)
    if dry_run:
        formats.write_object(made, output or "name")
        return 0
    if detach:
        _tell(cluster, made, output)
        return 0
    return _attend(cluster, made["metadata"]["name"], OneOff([], seconds=seconds))


def _check_typing(*, detach: bool, stdin: bool, tty: bool) -> None:
    """Raise `click.UsageError` if nobody can type what the command would wait for."""
    if detach and (stdin or tty):
        raise click.UsageError("With --detach there is no input: leave out --stdin and --tty.")
    if tty and not sys.stdin.isatty():
        raise click.UsageError("--tty needs a terminal, and stdin isn't one: leave it out.")


def _delete(cluster: Cluster, job: str) -> None:
    """Delete a Job, and so its process, whatever has happened: it may be there though nobody told us.

    Who presses Ctrl-C again, or closes the terminal, would leave it behind.
    """
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        cluster.delete(kinds.JOB, job)
    except Failure as failure:
        click.echo(f"Job {job} may be left behind: {failure.message}", err=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _attend(cluster: Cluster, job: str, wanted: OneOff) -> int:
    """Show what the process of a Job writes, and return its exit code."""
    with clock.kept(wanted.seconds, tty=wanted.tty) as see:
        return _shown(cluster, _sights(cluster, job, wanted.seconds), wanted, see)


def _shown(cluster: Cluster, pods: Iterator[Object], wanted: OneOff, see: Callable[[Object], None]) -> int:
    told = ""
    for pod in pods:
        see(pod)
        stage = one_offs.stage(pod)
        if stage.waits and stage.waits != told:
            told = stage.waits
            click.echo(f"It waits: {told}", err=True)
        if stage.failure:
            failure = Failure(f"It can't be run: {stage.failure}")
            if stage.exit_code is None:
                raise failure
            failure.show()
            return stage.exit_code
        if stage.started:
            outputs.show(cluster, pod, wanted)
            return _ended(pod, pods, wanted.seconds)
    raise AssertionError("a watch continues until something is wrong")


def _ended(pod: Object, later: Iterator[Object], seconds: int | None) -> int:
    """Return the exit code of a process, which it has, or will have; if it was ended, that says nothing."""
    while (code := one_offs.stage(pod).exit_code) is None:
        pod = next(later)
    if "deletionTimestamp" in pod["metadata"]:
        raise _cut_short(pod, seconds)
    return code


def _cut_short(pod: Object, seconds: int | None) -> Failure:
    """Return how a command ends whose Pod was deleted: when its time is over, the Job does that."""
    if seconds is not None:
        grace = lenient.number(lenient.mapping(pod, "spec"), "terminationGracePeriodSeconds")
        hint = f"It had {grace} s to end after SIGTERM (terminationGracePeriodSeconds)."
        return TimedOut(f"Its {seconds} s are over: it was stopped.", hint=hint)
    return Failure("Its Pod was deleted before it had ended.")


def _sights(cluster: Cluster, job: str, seconds: int | None) -> Iterator[Object]:
    """Yield the Pod of a Job whenever it has changed; raises `Failure` if it can't be made, or is gone."""
    there = False
    for news in follow.together(cluster, Subject(kinds.POD, labels=f"{JOB_LABEL}={job}"), tick=TICK):
        if news is not None:
            there = True
            pod = news.change.object
            if news.change.type == "DELETED":
                raise _cut_short(pod, seconds)
            yield pod
        elif not there:
            _raise_if_refused(cluster, job)


def _raise_if_refused(cluster: Cluster, job: str) -> None:
    for event in cluster.select(kinds.EVENT, fields=f"regarding.name={job}").items:
        if event.get("reason") == NOT_CREATED:
            raise Failure(f"It can't be run: {lenient.text(event, 'note')}")
