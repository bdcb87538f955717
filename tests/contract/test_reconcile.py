"""The children of a Formation follow it, whatever happens to them."""

from tests.live.client import Client, eventually
from tests.shared.builders import a_formation, a_process

WEB = a_process("/shop", "web", replicas=2, port=8080)
WORKER = a_process("/shop", "worker", replicas=1)


def test_every_letter_of_a_formation_arrives_as_it_was_written(user: Client) -> None:
    words = [f"a {letter} b" for letter in '\t\x7f\x85\x93\xa0\u2028\u2029\ufeff\ufffe\uffff\U0001f4a9"\\']
    user.apply(a_formation(processes={"worker": a_process("/shop", *words)}))

    user.reported()
    assert user.container()["command"] == ["/shop", *words]


def test_nothing_of_ours_is_written_to_the_formation_but_its_status(user: Client) -> None:
    user.apply(a_formation())

    metadata = user.reported()["metadata"]
    assert "finalizers" not in metadata
    assert list(metadata["annotations"]) == ["kubectl.kubernetes.io/last-applied-configuration"]
    ours = [entry for entry in metadata["managedFields"] if entry["manager"].startswith("formation")]
    assert [entry.get("subresource") for entry in ours] == ["status"]


def test_what_is_edited_or_removed_is_repaired_and_the_event_names_client_and_field(user: Client) -> None:
    user.applied(a_formation(env=[{"name": "COLOUR", "value": "red"}]))

    user("set", "image", "deployment/shop-worker", "worker=other:v9")

    eventually(lambda: user.container()["image"] == "registry.example.com/shop:v1")
    (note,) = eventually(lambda: user.events("DriftRepaired"))
    assert "kubectl-set" in note
    assert "containers.worker.image of Deployment shop-worker" in note

    user("set", "env", "deployment/shop-worker", "COLOUR-")

    eventually(lambda: {"name": "COLOUR", "value": "red"} in user.container()["env"])
    eventually(lambda: "COLOUR" in " ".join(user.events("DriftRepaired")))


def test_a_variable_that_is_overridden_later_moves_below_what_it_refers_to(user: Client) -> None:
    user.applied(a_formation(env=[{"name": "URL", "value": "sqlite://"}]))

    own = [{"name": "HOST", "value": "db"}, {"name": "URL", "value": "postgres://$(HOST)"}]
    user.apply(
        a_formation(env=[{"name": "URL", "value": "sqlite://"}], processes={"worker": {**WORKER, "env": own}})
    )

    eventually(lambda: [item for item in user.container()["env"] if item["name"] in ("HOST", "URL")] == own)


def test_an_account_and_the_times_of_a_rollout_can_be_set_and_taken_away_again(user: Client) -> None:
    account = {"spec": {"serviceAccountName": "shop"}}
    slow, quick = {"minReadySeconds": 30, "progressDeadlineSeconds": 60}, {"minReadySeconds": 0}

    def there() -> tuple[int, int, str | None, str | None]:
        spec = user.get("deployment", "shop-worker")["spec"]
        pod = spec["template"]["spec"]
        times = spec.get("minReadySeconds", 0), spec["progressDeadlineSeconds"]
        return *times, pod.get("serviceAccountName"), pod.get("serviceAccount")

    user.applied(a_formation(podTemplate=account, processes={"worker": {**WORKER, **slow}}))
    assert there() == (30, 60, "shop", "shop")

    user.apply(a_formation(processes={"worker": {**WORKER, **quick}}))
    eventually(lambda: there() == (0, 600, None, None))

    user.apply(a_formation(processes={"worker": WORKER}))
    eventually(lambda: there() == (5, 600, None, None))


def test_a_deleted_child_comes_back_and_an_event_tells_how_to_stop_it(user: Client) -> None:
    user.applied(a_formation(processes={"web": WEB}))
    before = user.get("deployment", "shop-web")["metadata"]["uid"]

    user("delete", "deployment", "shop-web")
    user("delete", "service", "shop-web")

    eventually(lambda: user.find("service", "shop-web"))
    web = eventually(lambda: user.find("deployment", "shop-web"))
    assert web["metadata"]["uid"] != before
    eventually(lambda: len(user.events("Recreated")) == 2)
    notes = user.events("Recreated")
    assert any("spec.processes.web.replicas to 0" in note for note in notes)
