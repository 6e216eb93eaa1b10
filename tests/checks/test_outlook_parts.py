"""The parts of a plan before the first step: versions, who reverts it, numbers, conditions, proof, what is copied."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest

from checks.cluster import ClusterInfo
from checks.errors import Timeout
from checks.judges.versions import parse_version
from checks.layout import load_layout
from checks.outlook.asjson import outlook_json
from checks.outlook.health import conditions_of, proof_of, standing_of
from checks.outlook.keep import keepers_of, writers
from checks.outlook.make import ahead, outlook
from checks.outlook.reach import measured, reach_of, traffic_of
from checks.outlook.scene import Scene
from checks.outlook.text import headline, obstacles, overview, step_parts, to_copy
from checks.outlook.versions import against, versions_of
from checks.plans.inputs import proposals
from kb.model import ExecAction, Guide, Input, PatchAction, RestartAction, Step
from kb.text import Text
from tests.checks.dictcluster import DictCluster, pod
from tests.checks.incident import GUIDE, Ovn, cluster_with, run, step, walk_on

LAYOUT = load_layout()


def scene_of(cluster: DictCluster, guide: Guide = GUIDE, **more: Any) -> Scene:
    return Scene(cluster, LAYOUT, guide, more.pop("results", {}), **more)


# --- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("running", "fits", "fixed"),
    [
        (["v1.12.27"], True, False),
        (["v1.12.35"], True, True),  # its own series is corrected from here on
        (["v1.13.2"], True, False),
        (["v1.15.0"], False, True),  # after the last series that is named
        (["v1.12.35", "v1.12.9"], True, False),  # an upgrade under way: one of them still has the bug
        ([], None, None),
    ],
)
def test_versions_are_held_against_the_article(
    running: list[str], fits: bool | None, fixed: bool | None
) -> None:
    versions = [parse_version(one) for one in running]
    found = against("kube-ovn", [v for v in versions if v], "<1.15", ("1.12.35", "1.13.15", "1.14.2"))
    assert (found.fits, found.fixed) == (fits, fixed)


def test_what_the_article_is_not_for_stands_against_the_plan() -> None:
    cluster = cluster_with(Ovn())
    image = {"containers": [{"name": "cni-server", "image": "kubeovn/kube-ovn:v1.8.2"}]}
    cni = pod("kube-ovn-cni-1", "node-1", app="kube-ovn-cni")
    cluster.add("v1/pods", {**cni, "spec": {**cni["spec"], **image}})
    guide = replace(GUIDE, applies_to={"kube-ovn": ">=1.9", "kubernetes": ">=1.20", "calico": ">=3"})
    found = {one.component: one for one in versions_of(scene_of(cluster, guide))}
    assert (found["kube-ovn"].running, found["kube-ovn"].fits) == (("1.8.2",), False)
    assert found["kubernetes"].fits is True
    assert found["calico"].fits is None, "a version that klinik cannot tell is not guessed"
    seen = ahead(cluster, LAYOUT, guide, {}, "learning")
    assert any("1.8.2" in line.text.en and line.tone == "bad" for line in obstacles(seen))
    assert headline(seen).tone == "bad"


# --- who reverts it ---------------------------------------------------------------------------------------------------

MANAGED = [
    {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    {"manager": "autoscaler", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    {"manager": "elsewhere", "fieldsV1": {"f:spec": {"f:paused": {}}}},
    {"manager": "controller", "subresource": "status", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    {"manager": "lists", "fieldsV1": {"f:spec": {"f:template": {'k:{"name":"a"}': {}}}}},
]


def test_other_writers_of_the_same_field_are_found() -> None:
    obj = {"metadata": {"managedFields": MANAGED}}
    assert writers(obj, [("spec", "replicas")]) == (("autoscaler", "spec.replicas"),)
    assert writers(obj, [("spec", "template", "0")]) == (("lists", "spec.template.0"),)
    assert writers({"metadata": {"managedFields": 7}}, [("spec",)]) == ()


def deployment(**meta: Any) -> dict[str, Any]:
    spec = {"replicas": 3, "template": {}}
    return {"metadata": {"name": "web", "namespace": "shop", **meta}, "spec": spec}


def scale(to: int) -> Step:
    return step("scale", PatchAction("apps/v1/deployments", "web", {"spec": {"replicas": to}}, "shop"))


def test_tools_and_owners_that_revert_a_patch_are_named() -> None:
    cluster = DictCluster()
    owners = [{"kind": "Shop", "name": "main", "controller": True}, {"kind": "Team", "name": "a"}]
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    notes = {"meta.helm.sh/release-name": "web"}
    cluster.add(
        "apps/v1/deployments",
        deployment(labels=labels, annotations=notes, ownerReferences=owners, managedFields=MANAGED),
    )
    said = " ".join(text.en for text in keepers_of(scene_of(cluster), scale(0), {}))
    for name in ("Flux", "Helm", "Shop/main", "Team/a", "autoscaler"):
        assert name in said
    assert "kubectl" not in said


def test_rows_of_the_databases_have_their_writers_too() -> None:
    scene = scene_of(cluster_with(Ovn()))
    write = step("write", ExecAction("ovn-nb-leader", ("ovn-nbctl", "lsp-del", "x")))
    read = step("read", ExecAction("ovn-nb-leader", ("ovn-nbctl", "show")))
    assert "kube-ovn-controller" in keepers_of(scene, write, {})[0].en
    assert keepers_of(scene, read, {}) == ()


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_pods_that_go_because_their_workload_changes_are_counted() -> None:
    cluster = DictCluster()
    cluster.add("apps/v1/deployments", deployment())
    daemons = {"metadata": {"name": "ovs", "namespace": "shop"}, "status": {"desiredNumberScheduled": 7}}
    cluster.add("apps/v1/daemonsets", {**daemons, "spec": {"template": {}}})
    scene = scene_of(cluster)
    assert reach_of(scene, scale(1), {}).stops == 2
    body = [
        {"op": "test", "path": "/spec/template/x", "value": 1},
        {"op": "replace", "path": "/spec/template/spec/containers/0/resources/limits/cpu", "value": "2"},
    ]
    template = step("cpu", PatchAction("apps/v1/daemonsets", "ovs", body, "shop", type="json"))
    only_test = step("none", PatchAction("apps/v1/daemonsets", "ovs", body[:1], "shop", type="json"))
    assert reach_of(scene, template, {}).restarts == 7
    assert reach_of(scene, only_test, {}).restarts == 0
    slow = {**daemons, "spec": {"updateStrategy": {"type": "OnDelete"}, "template": {}}}
    cluster.add("apps/v1/daemonsets", slow)
    assert reach_of(scene_of(cluster), template, {}).restarts == 0, (
        "nothing is replaced before somebody deletes it"
    )


def test_a_restart_counts_whose_traffic_passes_there() -> None:
    cluster = cluster_with(Ovn())
    for number in range(3):
        cluster.add("v1/pods", pod(f"web-{number}", "node-1", "ReplicaSet", app="web"))
    hosted = pod("proxy", "node-1", app="proxy")
    cluster.add("v1/pods", {**hosted, "spec": {**hosted["spec"], "hostNetwork": True}})
    restart = step("restart", RestartAction("ovs@node-1", timeout=20))
    found = reach_of(scene_of(cluster), restart, {})
    assert (found.restarts, found.nodes, found.writes) == (1, 1, 1)
    # the pods of the network in this small cluster have addresses of their own
    assert found.passengers == 3 + 2
    assert traffic_of(restart) == "existing"
    assert traffic_of(replace(restart, traffic="none")) == "none", "the author knows better"
    assert traffic_of(step("c", RestartAction("controller-leader"))) == "changes"


def test_writing_to_a_database_of_ovn_reaches_every_node() -> None:
    scene = scene_of(cluster_with(Ovn()))
    write = step(
        "w", ExecAction("ovn-nb-leader", ("ovn-nbctl", "set", "Logical_Router", "lr", "options:a=b"))
    )
    found = reach_of(scene, write, {})
    assert (found.pods, found.nodes, found.follows) == (1, 1, 2)


# --- conditions, proof, what stays up ---------------------------------------------------------------------------------


def test_a_condition_says_which_earlier_step_brings_it_about() -> None:
    walk = walk_on(cluster_with(Ovn()))
    steps = [walk.guide.step(name) for name in ("stop", "purge")]
    scene = scene_of(walk.cluster, results=walk.results)  # type: ignore[arg-type]
    (found,) = conditions_of(scene, steps[1], steps[:1])
    assert (found.state, found.by) == ("unmet", "stop")
    assert conditions_of(scene, steps[1], ())[0].by == ""
    (blind,) = conditions_of(scene_of(walk.cluster), steps[1], ())  # type: ignore[arg-type]
    assert blind.state == "unknown"


def test_a_proof_that_holds_already_proves_nothing() -> None:
    walk = walk_on(cluster_with(Ovn()))
    stop = walk.guide.step("stop")
    before = proof_of(scene_of(walk.cluster, results=walk.results), stop, {})  # type: ignore[arg-type]
    assert before is not None
    assert before.holds is False
    run(walk, "stop")
    after = proof_of(scene_of(walk.cluster, results=walk.results), stop, {})  # type: ignore[arg-type]
    assert after is not None
    assert after.idle
    restart = replace(stop, action=RestartAction("ovs@node-1"))
    replaced = proof_of(scene_of(walk.cluster, results=walk.results), restart, {})  # type: ignore[arg-type]
    assert replaced is not None
    assert not replaced.idle, "its new uid proves it"
    blind = proof_of(scene_of(walk.cluster), stop, {})  # type: ignore[arg-type]
    assert blind is not None
    assert blind.holds is None


def test_what_stays_up_and_which_budgets_count_are_said() -> None:
    cluster = cluster_with(Ovn())
    sick = pod("ovn-central-2", "node-2", "ReplicaSet", app="ovn-central")
    cluster.add("v1/pods", {**sick, "status": {"phase": "Running", "conditions": []}})
    budget = {
        "metadata": {"name": "central", "namespace": "kube-system"},
        "status": {"disruptionsAllowed": 0},
    }
    selector = {"selector": {"matchLabels": {"app": "ovn-central"}}}
    cluster.add("policy/v1/poddisruptionbudgets", {**budget, "spec": selector})
    other = {"selector": {"matchLabels": {"app": "other"}}}
    cluster.add("policy/v1/poddisruptionbudgets", {"metadata": {"name": "other"}, "spec": other})
    restart = step("r", RestartAction("ovn-nb-leader"))
    (found,) = standing_of(scene_of(cluster), [(restart, {})])
    assert (found.role, found.ready, found.total) == ("ovn-central", 1, 2)
    assert found.against, "a raft cluster of two without the leader has no majority"
    assert [text.en for text in found.budgets] == [
        "PodDisruptionBudget central is over 1 of them and lets 0 go now."
    ]


def test_a_server_that_does_not_answer_is_not_asked_for_ever() -> None:
    class Silent(DictCluster):
        asked = 0

        def can(self, verb: str, resource: Any, **options: Any) -> bool:
            self.asked += 1
            raise Timeout("no answer")

    cluster = cluster_with(Ovn())
    walk = walk_on(cluster)
    cluster.__class__ = Silent
    found = outlook(walk, "learning")
    assert isinstance(cluster, Silent)
    assert cluster.asked <= 8
    assert not found.missing
    assert found.unasked
    assert any(line.tone == "unknown" for line in obstacles(found))


# --- words and copies -------------------------------------------------------------------------------------------------


class Named(DictCluster):
    @property
    def info(self) -> ClusterInfo:
        return ClusterInfo("prod eu; rm -rf /", "https://127.0.0.1:1", production=True)


def test_copied_lines_reach_this_cluster_only_and_stay_single_words() -> None:
    cluster = cluster_with(Ovn())
    walk = walk_on(cluster)
    cluster.__class__ = Named
    seen = outlook(walk, "learning")
    lines = to_copy(seen, seen.steps, "en").split("\n")
    commands = [shlex.split(line) for line in lines if not line.startswith("#")]
    assert commands
    assert all(words[:2] == ["kubectl", "--context=prod eu; rm -rf /"] for words in commands)
    assert lines[-2:] == ["# Step hand", "# A person does it; there is no command to copy."]
    assert {one.confirm for one in seen.steps} == {"cluster-and-target", None}, "production asks for more"
    assert any("production" in line.text.en for part in overview(seen) for line in part.lines)
    drop = next(one for one in seen.steps if one.step.id == "drop")
    assert shlex.split(to_copy(seen, [drop], "en").split("\n")[1])[2:5] == [
        "delete",
        "subnets.kubeovn.io",
        "net-a",
    ]


def test_values_from_evidence_never_break_a_copied_line() -> None:
    guide = GUIDE
    spec = Input("name", Text("name"), "string", default="a\u2028b $(x)")
    bad = step("bad", PatchAction("v1/nodes", "{name}", {"metadata": {"labels": {"a": "b"}}}), inputs=(spec,))
    scene = scene_of(cluster_with(Ovn()), guide)
    with pytest.raises(Exception, match="control characters"):
        measured(scene, bad, proposals(bad.inputs, {}))
    good = replace(bad, inputs=(replace(spec, default="x; y"),))
    _, (line,) = measured(scene, good, proposals(good.inputs, {}))
    assert line[2:4] == ("nodes", "x; y")


def test_a_value_within_a_pointer_is_one_part_of_it_in_every_place() -> None:
    """The line to copy, and the field whose other writers are looked for, are those of the plan."""
    cluster = DictCluster()
    fields = {"f:metadata": {"f:labels": {"f:example.com/tier": {}}}}
    cluster.add("apps/v1/deployments", deployment(managedFields=[{"manager": "labeler", "fieldsV1": fields}]))
    spec = Input("key", Text("key"), "string", default="example.com/tier")
    body = [{"op": "replace", "path": "/metadata/labels/{key}", "value": "a"}]
    action = PatchAction("apps/v1/deployments", "web", body, "shop", type="json")
    mark = step("mark", action, inputs=(spec,))
    values = proposals(mark.inputs, {})
    _, (line,) = measured(scene_of(cluster), mark, values)
    assert json.loads(line[-1])[0]["path"] == "/metadata/labels/example.com~1tier"
    assert "labeler" in " ".join(text.en for text in keepers_of(scene_of(cluster), mark, values))


def test_an_object_that_several_rows_are_about_is_counted_once() -> None:
    cluster = DictCluster()
    cluster.add("apps/v1/deployments", deployment())
    stop = PatchAction("apps/v1/deployments", "{item.of}", {"spec": {"replicas": 0}}, "shop", each="rows")
    reach = reach_of(
        scene_of(cluster), step("stop", stop), {"rows": ({"of": "web", "ip": 1}, {"of": "web", "ip": 2})}
    )
    assert (dict(reach.objects), reach.stops, reach.writes) == ({"deployments.apps": 1}, 3, 2)


def test_a_spec_that_is_put_in_place_as_a_whole_counts_with_what_is_in_it() -> None:
    cluster = DictCluster()
    cluster.add("apps/v1/deployments", deployment())
    body = [{"op": "replace", "path": "/spec", "value": {"replicas": 1, "template": {"a": 1}}}]
    whole = step("whole", PatchAction("apps/v1/deployments", "web", body, "shop", type="json"))
    reach = reach_of(scene_of(cluster), whole, {})
    assert (reach.restarts, reach.stops) == (3, 2)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everything_is_said_in_both_languages_and_as_json(lang: str) -> None:
    seen = outlook(walk_on(cluster_with(Ovn())), "learning")
    for one in seen.steps:
        for part in step_parts(one, seen):
            assert part.lines
            assert all(line.text.get(lang) for line in part.lines), part.title
    document = json.loads(json.dumps(outlook_json(seen, lang), ensure_ascii=False))
    assert [one["id"] for one in document["steps"]] == [one.step.id for one in seen.steps]
    assert document["irreversible"] == ["restart"]
    stop = document["steps"][0]
    assert stop["reach"]["follows"] == 2
    assert stop["commands"][0].startswith("kubectl --context=test -n kube-system exec ")
