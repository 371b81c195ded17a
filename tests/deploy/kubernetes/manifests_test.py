"""The Kubernetes manifests, checked against the API's types as Debian's python3-kubernetes knows them.

No cluster runs them here. What is checked: every field exists in its type and has its kind of value, labels and names that
have to be equal are, what is mounted is there, and the programs know the flags that they are given.
"""

import os
import pathlib
import re
import subprocess
import unittest

import yaml
from kubernetes.client import models

FOLDER = pathlib.Path(os.environ["CAVIAR_SOURCE_DIRECTORY"]) / "deploy/kubernetes"
BINARIES = pathlib.Path(os.environ["CAVIAR_BINARY_DIRECTORY"])

KINDS = {
    "Service": models.V1Service,
    "StatefulSet": models.V1StatefulSet,
    "Deployment": models.V1Deployment,
    "NetworkPolicy": models.V1NetworkPolicy,
}
# Newer than Debian's python3-kubernetes (API 1.22), stable since 1.27.
NEWER = {(models.V1Probe, "grpc"): {"port", "service"}}
# Of kustomize's strategic merge.
PATCH = {"$patch"}


def objects(name):
    """The objects of base/ or plain/, as their files say them."""
    found = []
    for path in sorted((FOLDER / name).glob("*.yaml")):
        if path.name != "kustomization.yaml":
            found += [document for document in yaml.safe_load_all(path.read_text()) if document]
    return found


def mistakes(value, kind, path):
    """What in `value` is none of `kind`, a type of the API as python3-kubernetes writes it."""
    if kind.startswith("list["):
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [m for i, each in enumerate(value) for m in mistakes(each, kind[5:-1], f"{path}[{i}]")]
    if kind.startswith("dict("):
        inner = kind[5:-1].split(", ")[1]
        return [m for key, each in value.items() for m in mistakes(each, inner, f"{path}.{key}")]
    plain = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": (str, int, dict, list)}
    if kind in plain:
        return [] if isinstance(value, plain[kind]) else [f"{path}: {value!r} is no {kind}"]
    return wrong_fields(value, getattr(models, kind), path)


def wrong_fields(value, model, path):
    if value is None and path.rsplit(".", 1)[-1] in {"exec"}:
        return []  # a patch that removes it
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no {model.__name__}"]
    names = {wire: name for name, wire in model.attribute_map.items()}
    wrong = []
    for key, inner in value.items():
        if (model, key) in NEWER:
            wrong += [f"{path}.{key}.{k} is unknown" for k in set(inner) - NEWER[(model, key)]]
        elif key in names:
            wrong += mistakes(inner, model.openapi_types[names[key]], f"{path}.{key}")
        elif key not in PATCH:
            wrong.append(f"{path}.{key}: {model.__name__} has no such field")
    return wrong


class ManifestsTest(unittest.TestCase):
    def one(self, kind):
        found = [each for each in objects("base") if each["kind"] == kind]
        self.assertEqual(len(found), 1, kind)
        return found[0]

    def pods(self):
        return [self.one(kind)["spec"]["template"]["spec"] for kind in ("StatefulSet", "Deployment")]

    def test_every_field_is_one_of_the_api(self):
        for folder in ("base", "plain"):
            for each in objects(folder):
                if each["kind"] in KINDS:
                    self.assertEqual(wrong_fields(each, KINDS[each["kind"]], each["kind"]), [])

    def test_the_check_sees_mistakes(self):
        wrong = {"spec": {"replicas": "1", "volumes": [], "template": {"spec": {"containers": [{"nam": "x"}]}}}}
        self.assertEqual(
            sorted(wrong_fields(wrong, models.V1StatefulSet, "s")),
            [
                "s.spec.replicas: '1' is no int",
                "s.spec.template.spec.containers[0].nam: V1Container has no such field",
                "s.spec.volumes: V1StatefulSetSpec has no such field",
            ],
        )

    def test_kustomizations_name_files_that_are_there(self):
        for folder in ("base", "plain"):
            kustomization = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
            named = set(kustomization["resources"]) | {p["path"] for p in kustomization.get("patches", [])}
            for name in named:
                self.assertTrue((FOLDER / folder / name).exists(), name)
            files = {path.name for path in (FOLDER / folder).glob("*.yaml")} - {"kustomization.yaml"}
            self.assertEqual(files, {name for name in named if name.endswith(".yaml")})

    def test_there_is_one_coordinator_with_a_volume(self):
        spec = self.one("StatefulSet")["spec"]
        self.assertEqual(spec["replicas"], 1)
        self.assertEqual(spec["serviceName"], self.one("Service")["metadata"]["name"])
        self.assertEqual(spec["volumeClaimTemplates"][0]["metadata"]["name"], "data")
        args = spec["template"]["spec"]["containers"][0]["args"]
        self.assertIn("--data-dir=/data", args)

    def test_selectors_find_their_pods(self):
        for kind in ("StatefulSet", "Deployment"):
            spec = self.one(kind)["spec"]
            self.assertEqual(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"])
        labels = self.one("StatefulSet")["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(self.one("Service")["spec"]["selector"], labels)
        self.assertEqual(self.one("PodMonitor")["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(self.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels)

    def test_ports_are_the_containers(self):
        container = self.pods()[0]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        self.assertIn(f"--listen=0.0.0.0:{ports['grpc']}", container["args"])
        self.assertIn(f"--metrics-listen=0.0.0.0:{ports['metrics']}", container["args"])
        self.assertEqual(self.one("PodMonitor")["spec"]["podMetricsEndpoints"][0]["port"], "metrics")
        worker = self.pods()[1]["containers"][0]
        address = next(each["value"] for each in worker["env"] if each["name"] == "CAVIAR_COORDINATOR")
        self.assertEqual(address, f"{self.one('Service')['metadata']['name']}:{ports['grpc']}")

    def test_what_is_mounted_is_there_and_what_is_read_is_mounted(self):
        claims = {each["metadata"]["name"] for each in self.one("StatefulSet")["spec"]["volumeClaimTemplates"]}
        for pod in self.pods():
            container = pod["containers"][0]
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            self.assertLessEqual(set(mounts), claims | {volume["name"] for volume in pod["volumes"]})
            values = container["args"] + [each.get("value", "") for each in container["env"]]
            for path in re.findall(r"/secrets/[a-z]+", " ".join(values)):
                self.assertIn(path, mounts.values())

    def test_a_worker_is_given_the_time_to_leave_that_it_takes(self):
        pod = self.pods()[1]
        grace = next(arg for arg in pod["containers"][0]["args"] if arg.startswith("--grace="))
        self.assertGreater(pod["terminationGracePeriodSeconds"], int(re.fullmatch(r"--grace=(\d+)s", grace)[1]))
        self.assertIn("kill -TERM 1", pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][2])

    def test_the_programs_know_their_flags(self):
        for pod in self.pods() + [each["spec"]["template"]["spec"] for each in objects("plain")]:
            container = pod["containers"][0]
            program = {"coordinator": "caviar-coordinator", "worker": "caviar-worker"}[container["name"]]
            known = subprocess.run([BINARIES / program, "--help"], capture_output=True, text=True, check=True)
            for flag in container.get("args", []):
                self.assertIn(flag.split("=")[0] + " ", known.stdout + known.stderr, program)


if __name__ == "__main__":
    unittest.main()
