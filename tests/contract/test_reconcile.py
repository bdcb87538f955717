"""The children of a Formation follow it, whatever happens to them."""

from tests.builders import a_formation, a_process
from tests.client import COLLECTED, Client, eventually
from tests.contract.counting import count

WEB = a_process("/shop", "web", replicas=2, port=8080)
WORKER = a_process("/shop", "worker", replicas=1)


def test_each_type_becomes_a_deployment_and_each_port_a_service(user: Client) -> None:
    user.apply(a_formation(processes={"web": WEB, "worker": WORKER}))

    formation = user.reported()
    web = user.get("deployment", "shop-web")
    service = user.get("service", "shop-web")
    assert web["spec"]["replicas"] == 2
    assert count(user) == 1
    assert service["spec"]["ports"][0]["port"] == 8080
    assert service["spec"]["selector"] == web["spec"]["selector"]["matchLabels"]
    assert user.find("service", "shop-worker") is None
    for child in (web, service):
        (owner,) = child["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (formation["metadata"]["uid"], True)


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


def test_a_type_that_is_taken_away_is_deleted_with_its_service(user: Client) -> None:
    user.apply(a_formation(processes={"web": WEB, "worker": WORKER}))
    user.reported()

    user.apply(a_formation(processes={"worker": WORKER}))

    eventually(lambda: user.find("deployment", "shop-web") is None)
    eventually(lambda: user.find("service", "shop-web") is None)
    assert count(user) == 1
    assert "web" not in user.reported()["status"]["processes"]


def test_an_edited_image_is_repaired_and_the_event_names_client_and_field(user: Client) -> None:
    user.apply(a_formation())
    user.reported()

    user("set", "image", "deployment/shop-worker", "worker=other:v9")

    eventually(lambda: user.container()["image"] == "registry.example.com/shop:v1")
    (note,) = eventually(lambda: user.events("DriftRepaired"))
    assert "kubectl-set" in note
    assert "containers.worker.image of Deployment shop-worker" in note


def test_a_removed_variable_comes_back(user: Client) -> None:
    user.apply(a_formation(env=[{"name": "COLOUR", "value": "red"}]))
    user.reported()

    user("set", "env", "deployment/shop-worker", "COLOUR-")

    def coloured() -> bool:
        return {"name": "COLOUR", "value": "red"} in user.container()["env"]

    eventually(coloured)
    assert "COLOUR" in eventually(lambda: user.events("DriftRepaired"))[0]


def test_a_variable_that_is_overridden_later_moves_below_what_it_refers_to(user: Client) -> None:
    user.apply(a_formation(env=[{"name": "URL", "value": "sqlite://"}]))
    user.reported()

    own = [{"name": "HOST", "value": "db"}, {"name": "URL", "value": "postgres://$(HOST)"}]
    user.apply(
        a_formation(env=[{"name": "URL", "value": "sqlite://"}], processes={"worker": {**WORKER, "env": own}})
    )

    eventually(lambda: [item for item in user.container()["env"] if item["name"] in ("HOST", "URL")] == own)


def test_a_service_account_can_be_set_and_taken_away_again(user: Client) -> None:
    user.apply(a_formation(podTemplate={"spec": {"serviceAccountName": "shop"}}))
    user.reported()
    before = user.get("deployment", "shop-worker")["spec"]["template"]["spec"]

    user.apply(a_formation())

    accounts = {"serviceAccountName", "serviceAccount"}
    assert {key: before[key] for key in accounts} == dict.fromkeys(accounts, "shop")
    eventually(
        lambda: not accounts & user.get("deployment", "shop-worker")["spec"]["template"]["spec"].keys()
    )


def test_the_times_of_a_rollout_can_be_set_and_taken_away_again(user: Client) -> None:
    def times() -> tuple[int, int]:
        spec = user.get("deployment", "shop-worker")["spec"]
        return spec.get("minReadySeconds", 0), spec["progressDeadlineSeconds"]

    user.apply(
        a_formation(processes={"worker": {**WORKER, "minReadySeconds": 30, "progressDeadlineSeconds": 60}})
    )
    user.reported()
    assert times() == (30, 60)

    user.apply(a_formation(processes={"worker": {**WORKER, "minReadySeconds": 0}}))
    eventually(lambda: times() == (0, 600))

    user.apply(a_formation(processes={"worker": WORKER}))
    eventually(lambda: times() == (5, 600))


def test_what_others_add_stays(user: Client) -> None:
    user.apply(a_formation())
    user.reported()

    user("rollout", "restart", "deployment/shop-worker")
    user("annotate", "deployment", "shop-worker", "team=blue")
    user.apply(a_formation(env=[{"name": "COLOUR", "value": "red"}]))
    user.reported()

    worker = user.get("deployment", "shop-worker")
    assert "kubectl.kubernetes.io/restartedAt" in worker["spec"]["template"]["metadata"]["annotations"]
    assert worker["metadata"]["annotations"]["team"] == "blue"
    assert not user.events("DriftRepaired")


def test_a_deleted_child_comes_back_and_an_event_tells_how_to_stop_it(user: Client) -> None:
    user.apply(a_formation(processes={"web": WEB}))
    user.reported()
    before = user.get("deployment", "shop-web")["metadata"]["uid"]

    user("delete", "deployment", "shop-web")
    user("delete", "service", "shop-web")

    eventually(lambda: user.find("service", "shop-web"))
    web = eventually(lambda: user.find("deployment", "shop-web"))
    assert web["metadata"]["uid"] != before
    eventually(lambda: len(user.events("Recreated")) == 2)
    notes = user.events("Recreated")
    assert any("spec.processes.web.replicas to 0" in note for note in notes)


def test_deleting_the_formation_deletes_its_children(user: Client) -> None:
    user.apply(a_formation(processes={"web": WEB}))
    user.reported()

    user("delete", "formation", "shop")

    eventually(lambda: not user.list_all("deployment") and not user.list_all("service"), patience=COLLECTED)


def test_a_foreign_deployment_is_left_alone_and_reported(user: Client) -> None:
    user("create", "deployment", "shop-worker", "--image=mine:v1")
    before = user.get("deployment", "shop-worker")["spec"]

    user.apply(a_formation(processes={"worker": WORKER, "clock": a_process(replicas=1)}))

    formation = user.reported()
    assert user.find("deployment", "shop-clock"), "the other type is held up"
    stalled = eventually(lambda: user.condition("Stalled"))
    assert stalled["reason"] == "NameTaken"
    assert "shop-worker" in stalled["message"]
    assert "rename" in stalled["message"]
    assert user.get("deployment", "shop-worker")["spec"] == before
    assert formation["status"]["processes"]["worker"]["readyReplicas"] == 0
