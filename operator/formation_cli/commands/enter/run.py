"""Run a command once, as a process of its own."""

import contextlib
import math
import secrets
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from formation_cli import cluster_options, options
from formation_cli.changes import one_off
from formation_cli.changes.one_off import OneOff
from formation_cli.cluster import follow, formations, kinds
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import writing
from formation_cli.commands.enter import clock
from formation_cli.commands.enter import output as outputs
from formation_cli.dialects import references
from formation_cli.failures import Failure, Mistyped, TimedOut, again, did_you_mean
from formation_cli.objects import JOB_LABEL, ONE_OFF
from formation_cli.terminal import formats
from formation_cli.views import one_offs
from formation_cli.words import values
from formation_cli.words.values import DURATION
from formation_cli.words.variables import parse
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

TICK = 2.0
ENV = "Set a variable for this command only. Can be repeated."
TIMEOUT = "Send SIGTERM after a time such as 90s or 10m, and SIGKILL after the grace period (default: 30s)."
NOT_CREATED = "FailedCreate"
"""The reason of the Event that tells that a Job's Pod was refused."""


def _seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> int | None:
    """Return how long a command may take; raises `click.BadParameter` for no time at all."""
    if value == 0:
        raise click.BadParameter("must be more than 0; leave it out for no limit", ctx, param)
    return math.ceil(value) if value else None


def _variables(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Return variables that arrive as they are typed."""
    return {key: references.escaped(each) for key, each in parse(value).items()}


def _literal(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return words that arrive as they are typed."""
    return tuple(map(references.escaped, value))


@click.command("run", cls=options.Starter)
@options.formation()
@options.process_type("Use this type's environment, resources and image.")
@click.option("--schedule", shell_complete=cluster_options.SCHEDULE, help="Start a run of this schedule.")
@click.option("-d", "--detach", is_flag=True, help="Don't wait. Print the Job, and keep it for a day.")
@click.option("-i", "--stdin", is_flag=True, help="Send your input, or a pipe's, to the command.")
@click.option("-t", "--tty", is_flag=True, help="Give the command your terminal and your input.")
@click.option("--args", "as_args", is_flag=True, help="Use the words as arguments, not as the command.")
@click.option("--image", callback=options.check_image, help="Use another image, such as the next version's.")
@click.option("--env", multiple=True, metavar="KEY=VALUE", callback=_variables, help=ENV)
@click.option("--size", type=values.SIZE, help="Set CPU and memory, such as cpu=1,memory=2Gi.")
@click.option("--timeout", "seconds", type=DURATION, callback=_seconds, help=TIMEOUT)
@options.dry_run()
@options.output("json", "yaml", "name", text="Print the Job, for programs. Needs --detach or --dry-run.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARG]...", callback=_literal)
@options.pass_cluster
@click.pass_context
def command(
    ctx: click.Context,
    /,
    cluster: Cluster,
    name: str,
    schedule: str | None,
    output: str | None,
    *,
    detach: bool,
    dry_run: bool,
    **typed: Any,
) -> None:
    """Run a command once in a new process, with the image, environment and config of the Formation.

    `run` makes a Job that is never retried, and shows the output of the command. `run` exits with the
    command's exit code, and deletes the Job. Ctrl-C also deletes the Job, which ends the command.

    COMMAND replaces the image's ENTRYPOINT and CMD. `run` uses no shell: if you need one, write /bin/sh -c
    '...'. Arguments arrive as you type them: $(NAME) isn't replaced. With --args, all words are arguments for
    the image's ENTRYPOINT, or for the command of --type. --args without words runs the image or the type as
    it is.

    With --schedule, `run` runs the command of a schedule, and the schedule's CronJob keeps the Job. Ctrl-C
    then only stops the output: the command continues.

    Examples:
      run shop -- /shop migrate
      run shop --image registry.example.com/shop:v2 -- /shop migrate
      run shop -it -- /bin/sh
      run shop --type worker --size cpu=1,memory=2Gi -- /shop reindex
      run shop --detach --timeout 1h -- /shop import
      run shop --env LOG_LEVEL=debug -- /shop import
      run shop --schedule nightly-report   # starts a run of the schedule now
      run shop --args -- migrate   # the image's ENTRYPOINT gets these arguments
    """
    wanted = OneOff(**typed)
    _check(wanted, schedule, detach=detach)
    if output and not (detach or dry_run):
        raise click.UsageError("Without --detach the command's own output is shown: leave out --output.")
    manifest = _manifest(cluster, formations.find(cluster, name), schedule, wanted)
    if dry_run:
        cluster.create(manifest, dry_run=True)
        formats.write_object(manifest, output or "name")
        click.echo("Nothing was made (dry run).", err=True)
        return
    with _made(cluster, manifest, kept=detach or schedule is not None) as made:
        if not detach:
            ctx.exit(_attend(cluster, made, wanted, name, kept=schedule is not None))
        formats.write_object(made, output or "name")
        click.echo(f"To see its output: {again(f'logs {name} {schedule or ONE_OFF} -f')}", err=True)


def _check(wanted: OneOff, schedule: str | None, *, detach: bool) -> None:
    """Raise `click.UsageError` if nothing is to run, or two things, or nobody can type what it waits for."""
    if schedule is not None and wanted != OneOff(seconds=wanted.seconds):
        raise click.UsageError("The schedule says what runs: leave out the command and its options.")
    if schedule is None and not wanted.words and not wanted.as_args:
        raise click.UsageError("What should run? Write -- and the command, or --args for the image's own.")
    if detach and (wanted.stdin or wanted.tty):
        raise click.UsageError("With --detach there is no input: leave out --stdin and --tty.")
    if wanted.tty and not sys.stdin.isatty():
        raise click.UsageError("--tty needs a terminal, and stdin isn't one: leave it out.")


@contextlib.contextmanager
def _made(cluster: Cluster, manifest: Object, *, kept: bool) -> Iterator[Object]:
    """Create a Job, and delete it at the end unless it is ``kept``, whatever ends the block."""
    with contextlib.ExitStack() as afterwards:
        # It may be there though nobody told us.
        afterwards.callback(writing.take_back, cluster, kinds.JOB, manifest["metadata"]["name"])
        try:
            made = cluster.create(manifest)
        except Failure as failure:
            if failure.refused:
                afterwards.pop_all()
            raise
        if kept:
            afterwards.pop_all()
        yield made


def _manifest(cluster: Cluster, formation: Object, schedule: str | None, wanted: OneOff) -> Object:
    """Return the Job of a one-off process, or that of a run of a schedule."""
    suffix = secrets.token_hex(4)
    if schedule is not None:
        return one_off.of_schedule(_cron_job(cluster, formation, schedule), suffix, wanted.seconds)
    if wanted.process_type is not None:
        formations.chosen(formation, [wanted.process_type])
    return one_off.job(formation, wanted, suffix)


def _cron_job(cluster: Cluster, formation: Object, schedule: str) -> Object:
    """Return what makes the runs of a schedule; raises `Failure` where there is none."""
    known, name = formations.schedules(formation), formation["metadata"]["name"]
    if schedule not in known:
        raise Mistyped(f"There is no schedule {schedule}.", hint=did_you_mean(schedule, known))
    found = cluster.get(kinds.CRON_JOB, naming.child(name, schedule))
    if found is None:
        raise Failure(f"{schedule} has no CronJob.", hint=f"{again(f'ps {name}')} says why.")
    return found


def _attend(cluster: Cluster, job: Object, wanted: OneOff, formation: str, *, kept: bool) -> int:
    """Show what the process of a Job writes, and return its exit code; after Ctrl-C say how it goes on."""
    name = job["metadata"]["name"]
    try:
        with clock.kept(wanted.seconds, tty=wanted.tty) as see:
            return _shown(cluster, _sights(cluster, name, wanted.seconds), wanted, see)
    except KeyboardInterrupt:
        grace = lenient.mapping(job, "spec", "template", "spec").get("terminationGracePeriodSeconds")
        goes_on = f"It gets SIGTERM, and has {clock.GRACE if grace is None else grace} s to end."
        end = again(f"stop {formation} --process {name}")
        click.echo(f"The run continues. To end it: {end}" if kept else goes_on, err=True)
        raise


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
    return Failure(
        "The command's Pod was deleted before the command had ended.",
        hint="Somebody deleted it, or its node was drained. Run the command again if that does no harm.",
    )


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
