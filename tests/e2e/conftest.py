"""The images that run on a real node, and a cluster without our operator."""

import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import debian, operator_image, shop_image
from hack.operator_process import OperatorProcess
from tests.e2e.scripts import GREETS, shop_of
from tests.live import once
from tests.live.client import Client, established, eventually
from tests.live.plugin import Plugin
from tests.live.registry import serving
from tests.shared import pipelines


@pytest.fixture(scope="session")
def shop(real_node: Cluster) -> None:
    """Put two versions of the sample app onto the node."""
    for version in ("v1", "v2"):
        once.load(real_node, shop_image.build(version))


@pytest.fixture(scope="session")
def debian_image(real_node: Cluster) -> None:
    """Put Debian onto the node."""
    once.load(real_node, debian.base())


@pytest.fixture
def person(user: Client, debian_image: None) -> Client:
    """A user with an image that has a shell, and a namespace in which Pods can be created at once."""
    eventually(lambda: user.find("serviceaccount", "default"))  # a controller makes it
    return user


@pytest.fixture
def greeting(person: Client) -> Client:
    """A user with two types that run."""
    person.ready(shop_of(web=GREETS, worker=GREETS))
    return person


@pytest.fixture(scope="module")
def without_operator(real_node: Cluster, operator: OperatorProcess) -> Iterator[Cluster]:
    """A cluster on which no operator runs, with the operator's image; afterwards everything is as before."""
    once.load(real_node, operator_image.build())
    operator.stop()
    yield real_node
    deployment = ("deployment/formation-operator", "--namespace=formation-system", "--ignore-not-found")
    # Its Pod, too, has to be gone: two operators at once would tell everything twice.
    real_node.run_kubectl("delete", *deployment, "--cascade=foreground")
    for folder in ("crds", "manifests/rbac"):
        real_node.run_kubectl("apply", "-k", str(paths.ROOT / folder))
    established(Client(real_node, "default"), "formations.formations.dev")
    operator.start()


@pytest.fixture
def deployer(
    person: Client, administrator: Cluster, formation: Plugin, tmp_path: pathlib.Path
) -> pathlib.Path:
    """The kubeconfig of a pipeline, whose identity an admin of the namespace applies."""
    entitled = Client(administrator, person.namespace)
    entitled("create", "serviceaccount", "boss")
    boss, account = (f"system:serviceaccount:{person.namespace}:{name}" for name in ("boss", "deployer"))
    subject = f"--serviceaccount={person.namespace}:boss"
    entitled("create", "rolebinding", "boss", "--clusterrole=admin", subject)
    may_patch = ("auth", "can-i", "patch", "formations")
    eventually(lambda: entitled(*may_patch, f"--as={boss}", check=False).returncode == 0)
    sample = (pipelines.CI / "deployer.yaml").read_text()
    own = sample.replace("namespace: shop", f"namespace: {person.namespace}")
    entitled("apply", "-f", "-", f"--as={boss}", input=own)
    made = subprocess.run(
        [pipelines.CI / "kubeconfig.sh", person.namespace, "1h"],
        env={**formation.environment(), "KUBECONFIG": str(administrator.kubeconfig)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    file = tmp_path / "deployer.yaml"
    file.write_text(made.stdout)
    eventually(lambda: entitled(*may_patch, f"--as={account}", check=False).returncode == 0)
    return file


@pytest.fixture
def registry() -> Iterator[str]:
    """A registry on this machine alone."""
    with serving() as address:
        yield address


@pytest.fixture
def builder(tmp_path: pathlib.Path) -> dict[str, str]:
    """The environment of a runner that builds: buildah also in place of docker, whose words it takes.

    A build has the options in ``BUILD_OPTIONS``, too.
    """
    shims, found = tmp_path / "bin", shutil.which("buildah")
    assert found, "buildah has to be there, as for a release"
    stored = f"--root={tmp_path / 'stored'} --runroot={tmp_path / 'running'}"
    shims.mkdir()
    for name in ("docker", "buildah"):  # this registry has no certificate
        options = 'login|push) set -- --tls-verify=false "$@" ;; build) set -- $BUILD_OPTIONS "$@"'
        script = [
            "#!/bin/sh",
            "word=$1; shift",
            f"case $word in {options} ;; esac",
            f'exec {found} {stored} "$word" "$@"',
            "",
        ]
        (shims / name).write_text("\n".join(script))
        (shims / name).chmod(0o755)
    (tmp_path / "auth.json").write_text("{}")
    return {
        "PATH": os.pathsep.join([str(shims), *os.get_exec_path()]),
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
        "STORAGE_DRIVER": "vfs",
        "BUILDAH_ISOLATION": "chroot",
        "HOME": str(tmp_path),
        "REGISTRY_USER": "ci",
        "REGISTRY_PASSWORD": "hidden",
    }
