"""An image for each kind of process: Debian's packages of a system, and a small app in ``/app``.

The base is the one that the operator's image has. The machine's own apt-get installs into it, so
that packages come from where this machine's packages come from.
"""

import dataclasses
import pathlib
import shutil

from hack.cluster import images, paths
from hack.images import debian, workshop

APPS = paths.ROOT / "tests" / "systems"
USER = "1000"

# In a mount namespace of its own: what is mounted goes with it, even if it is killed.
MOUNTED = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec "$@"'
# What packages need that the base leaves out, and what keeps them from starting their services.
FOLDERS = ("usr/share/man/man1", "var/cache/apt/archives/partial", "var/cache/debconf", "var/log/apt")
START_NOTHING = "#!/bin/sh\nexit 101\n"


@dataclasses.dataclass(frozen=True)
class System:
    """What runs processes of a kind; ``build`` runs in ``/app``, by packages that the image doesn't keep."""

    name: str
    packages: tuple[str, ...] = ()
    stop_signal: str = ""
    build: tuple[str, ...] = ()
    build_packages: tuple[str, ...] = ()

    @property
    def image(self) -> images.Image:
        """Return what the image says about itself."""
        return images.Image(
            f"registry.example.com/{self.name}:v1",
            env=(("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin"),),
            user=USER,
            working_dir="/app",
            stop_signal=self.stop_signal,
        )

    @property
    def app(self) -> pathlib.Path:
        """Return the folder of its app."""
        return APPS / self.name


SYSTEMS = {
    system.name: system
    for system in (
        System("apache", ("apache2", "libapache2-mod-php"), stop_signal="SIGWINCH"),
        System("celery", ("celery", "curl", "python3-redis", "redis-server")),
        System("django", ("gunicorn", "python3-django", "python3-psycopg2")),
        System("eventmachine", ("ruby", "ruby-eventmachine")),
        System("gunicorn", ("gunicorn",)),
        System(
            "jvm",
            ("openjdk-17-jre-headless",),
            build=("javac", "Web.java"),
            build_packages=("openjdk-17-jdk-headless",),
        ),
        System("node", ("nodejs",)),
        System("plain"),
        System("puma", ("puma",)),
        System("rails", ("puma", "ruby-pg", "ruby-rails")),
        System("twisted", ("python3-twisted",)),
        System("uvicorn", ("uvicorn",)),
        System("uwsgi", ("uwsgi-core", "uwsgi-plugin-python3")),
    )
}
"""Those that `make systems` runs."""
IN_EVERY_RUN = ("node", "plain")
"""Those that `make test` runs: one with a single thread, and no server."""


def build(name: str) -> pathlib.Path:
    """Return a system's image as a docker-archive, building it if these sources have none in the cache."""
    system = SYSTEMS[name]
    base = debian.base()

    def make(folder: pathlib.Path, target: pathlib.Path) -> None:
        root = folder / "root"
        unpack(base, root)
        shutil.copytree(system.app, root / "app")
        install(root, *system.packages, *system.build_packages)
        compile_app(root, system)
        debian.strip(root)
        images.write(target, root, system.image)

    return images.once(f"system-{name}", images.digest((system.app,), base.name, system, system.image), make)


def unpack(base: pathlib.Path, root: pathlib.Path) -> None:
    """Unpack the root file system of a base image, with its owners and modes."""
    with images.layer(base) as layer:
        layer.extractall(root, filter="fully_trusted")


def install(root: pathlib.Path, *names: str) -> None:
    """Install packages into a root, with this machine's sources and lists of packages."""
    if not names:
        return
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text(START_NOTHING)
    policy.chmod(0o755)
    places = {
        "DPkg::Chroot-Directory": root,
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::State::extended_states": root / "var/lib/apt/extended_states",
        "Dir::Cache::archives": root / "var/cache/apt/archives",
        "Dir::Log": root / "var/log/apt",
    }
    options = [f"--option={name}={place}" for name, place in places.items()]
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *options, *names]
    workshop.run_apt(inside(root, *command))


def compile_app(root: pathlib.Path, system: System) -> None:
    """Build the app where it needs that, and take away again what only that needs."""
    if system.build:
        in_app = ("sh", "-c", 'cd /app && exec "$@"', "sh", *system.build)
        for command in (in_app, ("dpkg", "--purge", *system.build_packages)):
            workshop.run(inside(root, "chroot", str(root), *command))


def inside(root: pathlib.Path, *command: str) -> list[str]:
    """Return a command of this machine with /proc and /dev in the root."""
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTED, str(root)]
    return [*apart, "env", "DEBIAN_FRONTEND=noninteractive", *command]
