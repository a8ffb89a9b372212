"""The manifests as `kubectl apply -k` would send them, against Kubernetes' schemas, KEDA's, and what they rely on.

No cluster is asked. Kubernetes' schemas are those of the package kubernetes-validate, strict: a field that they do not
know is an error. KEDA's are made of its custom resource definitions as the package cloudcoil-models-keda has them; what a
trigger's metadata may hold stands in none of them, and here is as KEDA's documentation has it.
"""

import copy
import fnmatch
import functools
import itertools
import json
import math
import os
import platform
import random
import re
import subprocess
import sys
import unittest

import jsonschema
import kubernetes_validate
import yaml
from cloudcoil.models.keda import v1alpha1 as keda

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.dirname(HERE)
PROJECT = os.path.dirname(DEPLOY)
TOOLS = os.path.dirname(os.path.abspath(sys.executable))

# The oldest that has all fields, and the newest whose schemas there are.
KUBERNETES_VERSIONS = ["1.30", "1.37"]

# https://keda.sh/docs/2.16/scalers/aws-sqs and …/kubernetes-workload: value pattern by key, and the sets of which one
# key at least is needed.
NUMBER, BOOLEAN = r"[0-9]+(\.[0-9]+)?", "true|false"
TRIGGERS = {
    "aws-sqs-queue": (
        {
            "queueURL": "https?://.+|[A-Za-z0-9_-]{1,80}",
            "queueURLFromEnv": "[A-Za-z_][A-Za-z0-9_]*",
            "queueLength": NUMBER,
            "activationQueueLength": NUMBER,
            "awsRegion": "[a-z]{2}(-[a-z]+)+-[0-9]",
            "awsEndpoint": "https?://.+",
            "scaleOnInFlight": BOOLEAN,
            "scaleOnDelayed": BOOLEAN,
        },
        [{"queueURL", "queueURLFromEnv"}, {"awsRegion"}],
    ),
    "kubernetes-workload": (
        {"podSelector": ".+", "value": NUMBER, "activationValue": NUMBER},
        [{"podSelector"}, {"value"}],
    ),
}

# Maps whose keys are names of ours; resources and data are spelled right when something finds what it looks for.
FREE_MAPS = {"labels", "annotations", "matchLabels", "selector", "data", "requests", "limits"}
# It reads its files again for each manifest, which takes longer than all else.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


def tool(*command):
    return subprocess.run(
        [os.path.join(TOOLS, command[0]), *command[1:]], capture_output=True, text=True, timeout=60)


def render(folder):
    result = tool("kubectl", "kustomize", os.path.join(HERE, folder))
    if result.returncode:
        raise AssertionError(result.stderr)
    return list(yaml.safe_load_all(result.stdout))


def strict(schema):
    """The same JSON schema, without room for properties that it does not name."""
    if isinstance(schema, dict):
        schema = {key: strict(value) for key, value in schema.items()}
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        schema = [strict(value) for value in schema]
    return schema


KEDA_SCHEMAS = {
    model.__name__: jsonschema.Draft202012Validator(strict(model.model_json_schema(by_alias=True)))
    for model in [keda.ScaledObject, keda.TriggerAuthentication]
}


def trigger_errors(trigger):
    if trigger.get("type") not in TRIGGERS:
        return [f"unknown trigger {trigger.get('type')}"]
    patterns, needed = TRIGGERS[trigger["type"]]
    metadata = trigger.get("metadata", {})
    errors = [f"unknown parameter {key}" for key in metadata if key not in patterns]
    errors += [f"one of {keys} is missing" for keys in needed if not keys & set(metadata)]
    return errors + [
        f"{key} is not {patterns[key]}" for key, value in metadata.items()
        if key in patterns and not re.fullmatch(patterns[key], str(value))
    ]


def errors(manifest):
    """What an API server would say of it, and KEDA's operator."""
    if manifest.get("apiVersion", "").startswith("keda.sh/"):
        if manifest.get("kind") not in KEDA_SCHEMAS:
            return [f"unknown kind {manifest.get('kind')}"]
        found = [error.message for error in KEDA_SCHEMAS[manifest["kind"]].iter_errors(manifest)]
        return found or list(
            itertools.chain.from_iterable(trigger_errors(t) for t in manifest["spec"].get("triggers", [])))
    found = []
    for version in KUBERNETES_VERSIONS:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.InvalidSchemaError) as error:
            found.append(f"{version}: {error}")
        except (kubernetes_validate.SchemaNotFoundError, KeyError) as error:
            found.append(f"{version}: no such kind: {error}")
    return found


def keys(node, path=()):
    """The paths of all keys that a schema names."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield path + (key,)
            if key not in FREE_MAPS or (key == "selector" and isinstance(value, dict) and "matchLabels" in value):
                yield from keys(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from keys(value, path + (index,))


def at(node, path):
    for step in path:
        node = node[step]
    return node


def named(manifests, kind, name=None):
    found = [m for m in manifests if m["kind"] == kind and name in (None, m["metadata"]["name"])]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} of {kind} {name or ''}")
    return found[0]


def flags(container):
    """Its options: {"drain-timeout": "30"}. An empty value stands as an argument of its own."""
    arguments = "\n".join(container["args"]) + "\n"
    found = dict(re.findall(r"--([a-z-]+)(?:=(.+)|\n)\n", arguments))
    if "".join(f"--{flag}={value}\n" if value else f"--{flag}\n\n" for flag, value in found.items()) != arguments:
        raise AssertionError(f"not all of {container['args']} are options with a value")
    return found


def read(*path):
    with open(os.path.join(PROJECT, *path), encoding="utf-8") as file:
        return file.read()


class Schemas(unittest.TestCase):
    def test_every_manifest_is_valid(self):
        for folder in ["base", "example"]:
            manifests = render(folder)
            self.assertGreater(len(manifests), 10)
            for manifest in manifests:
                with self.subTest(folder=folder, kind=manifest["kind"], name=manifest["metadata"]["name"]):
                    self.assertEqual(errors(manifest), [])

    def test_no_key_can_be_misspelled(self):
        for manifest in render("base"):
            for path in keys(manifest):
                with self.subTest(kind=manifest["kind"], path=path):
                    misspelled = copy.deepcopy(manifest)
                    parent = at(misspelled, path[:-1])
                    parent[path[-1] + "s"] = parent.pop(path[-1])
                    self.assertNotEqual(errors(misspelled), [])

    def test_values_that_nothing_takes_are_found(self):
        manifests = render("base")
        for kind, path, value in [
            ("Deployment", ("spec", "template", "spec", "terminationGracePeriodSeconds"), "soon"),
            ("Deployment", ("spec", "template", "spec", "containers", 0, "ports"), {"containerPort": 8080}),
            ("HorizontalPodAutoscaler", ("spec", "maxReplicas"), None),
            ("ScaledObject", ("spec", "maxReplicaCount"), "nineteen"),
            ("ScaledObject", ("spec", "triggers", 0, "type"), "aws-sqs"),
            ("ScaledObject", ("spec", "triggers", 0, "metadata", "scaleOnInFlight"), "no"),
            ("ScaledObject", ("spec", "triggers", 0, "metadata", "awsRegion"), "Frankfurt"),
            ("TriggerAuthentication", ("spec", "podIdentity", "provider"), "amazon"),
            ("TriggerAuthentication", ("apiVersion",), "keda.sh/v2"),
            ("Service", ("kind",), "Servic"),
        ]:
            with self.subTest(kind=kind, path=path):
                manifest = copy.deepcopy(next(m for m in manifests if m["kind"] == kind))
                at(manifest, path[:-1])[path[-1]] = value
                self.assertNotEqual(errors(manifest), [])


class References(unittest.TestCase):
    def setUp(self):
        self.manifests = render("example")
        self.deployments = {m["metadata"]["name"]: m for m in self.manifests if m["kind"] == "Deployment"}
        self.settings = next(m for m in self.manifests if m["kind"] == "ConfigMap")

    def containers(self):
        for name, deployment in self.deployments.items():
            (container,) = deployment["spec"]["template"]["spec"]["containers"]
            yield name, container

    def test_all_are_in_one_namespace(self):
        for manifests in (render("base"), self.manifests):
            found = {m["metadata"].get("namespace") for m in manifests if m["kind"] != "Namespace"}
            self.assertEqual(found, {named(manifests, "Namespace")["metadata"]["name"]})
            self.assertEqual(found, {"saccade"})

    def test_selectors_find_the_pods_of_their_deployment_only(self):
        labels = {name: d["spec"]["template"]["metadata"]["labels"] for name, d in self.deployments.items()}
        selectors = []
        for manifest in self.manifests:
            spec = manifest.get("spec", {})
            if manifest["kind"] in ("Deployment", "PodDisruptionBudget"):
                selectors.append((manifest, spec["selector"]["matchLabels"]))
            elif manifest["kind"] == "Service":
                selectors.append((manifest, spec["selector"]))
            elif manifest["kind"] == "NetworkPolicy" and manifest["metadata"]["name"] != "saccade":
                selectors.append((manifest, spec["podSelector"]["matchLabels"]))
            elif manifest["kind"] == "ScaledObject":
                (workers,) = [t for t in spec["triggers"] if t["type"] == "kubernetes-workload"]
                selectors.append((manifest, dict([workers["metadata"]["podSelector"].split("=")])))
        self.assertEqual(len(selectors), 6)
        for manifest, selector in selectors:
            with self.subTest(kind=manifest["kind"], name=manifest["metadata"]["name"]):
                found = [name for name, pod in labels.items() if selector.items() <= pod.items()]
                self.assertEqual(found, [manifest["metadata"]["name"]])
        everyone = named(self.manifests, "NetworkPolicy", "saccade")["spec"]["podSelector"]["matchLabels"]
        self.assertTrue(all(everyone.items() <= pod.items() for pod in labels.values()))

    def test_scalers_have_their_deployment_to_themselves(self):
        targets = [
            m["spec"]["scaleTargetRef"]["name"] for m in self.manifests
            if m["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")]
        self.assertEqual(sorted(targets), sorted(self.deployments))
        for deployment in self.deployments.values():
            self.assertNotIn("replicas", deployment["spec"])

    def test_there_are_two_web_pods_at_least(self):
        self.assertGreaterEqual(named(self.manifests, "HorizontalPodAutoscaler")["spec"]["minReplicas"], 2)

    def test_accounts_and_settings_exist(self):
        for name, deployment in self.deployments.items():
            pod = deployment["spec"]["template"]["spec"]
            named(self.manifests, "ServiceAccount", pod["serviceAccountName"])
        for name, container in self.containers():
            with self.subTest(name=name):
                self.assertEqual(
                    container["envFrom"], [{"configMapRef": {"name": self.settings["metadata"]["name"]}}])
                for variable in re.findall(r"\$\(([^)]*)\)", " ".join(container["args"])):
                    self.assertIn(variable, self.settings["data"])

    def test_ports_have_a_name_that_exists(self):
        (web,) = self.deployments["saccade-web"]["spec"]["template"]["spec"]["containers"]
        (port,) = web["ports"]
        self.assertEqual(flags(web)["port"], str(port["containerPort"]))
        used = [p["targetPort"] for p in named(self.manifests, "Service")["spec"]["ports"]]
        used += [web[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
        policy = named(self.manifests, "NetworkPolicy", "saccade-web")
        used += [p["port"] for rule in policy["spec"]["ingress"] for p in rule["ports"]]
        self.assertEqual(set(used), {port["name"]})

    def test_the_example_leaves_nothing_of_the_base_as_it_was(self):
        region = self.settings["data"]["AWS_REGION"]
        self.assertNotEqual(region, named(render("base"), "ConfigMap")["data"]["AWS_REGION"])
        triggers = [
            t["metadata"] for t in named(self.manifests, "ScaledObject")["spec"]["triggers"]
            if t["type"] == "aws-sqs-queue"]
        self.assertEqual([t["awsRegion"] for t in triggers], [region] * 2)
        for trigger in triggers:
            url = self.settings["data"][trigger["queueURLFromEnv"]]
            self.assertIn(region, url)
            self.assertTrue(url.endswith(f"/{self.settings['data']['QUEUE_PREFIX']}-requests"))
        for _, container in self.containers():
            self.assertRegex(container["image"], r"/saccade(:[0-9]|@sha256:)")

    def test_options_are_the_commands_own(self):
        shared = read("Sources", "Logs", "LogOptions.swift")
        folders = {"saccade-web": "saccade", "saccade-worker": "saccade-worker"}
        for name, container in self.containers():
            folder = os.path.join(PROJECT, "Sources", folders[name])
            sources = shared + "".join(read("Sources", folders[name], file) for file in os.listdir(folder))
            for flag in flags(container):
                with self.subTest(name=name, flag=flag):
                    words = flag.split("-")
                    variable = words[0] + "".join(word.capitalize() for word in words[1:])
                    self.assertRegex(sources, rf"\bvar {variable}\b")


class Pods(unittest.TestCase):
    def setUp(self):
        self.manifests = render("base")
        self.pods = {
            m["metadata"]["name"]: m["spec"]["template"]["spec"] for m in self.manifests if m["kind"] == "Deployment"}

    def test_they_keep_to_the_restricted_pod_security_standard(self):
        labels = named(self.manifests, "Namespace")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")
        for name, pod in self.pods.items():
            with self.subTest(name=name):
                self.assertFalse({"hostNetwork", "hostPID", "hostIPC", "volumes", "initContainers"} & set(pod))
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertGreater(pod["securityContext"]["runAsUser"], 0)
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertFalse(pod["automountServiceAccountToken"])
                (container,) = pod["containers"]
                self.assertEqual(
                    container["securityContext"],
                    {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    })

    def test_they_have_bounds(self):
        for name, pod in self.pods.items():
            resources = pod["containers"][0]["resources"]
            for bound in ("requests", "limits"):
                self.assertEqual(set(resources[bound]), {"cpu", "memory"}, name)

    def test_a_worker_has_the_cores_that_it_classifies_on(self):
        worker = self.pods["saccade-worker"]["containers"][0]
        self.assertEqual(flags(worker)["concurrency"], worker["resources"]["requests"]["cpu"])

    def test_the_stop_of_the_web_tier_fits_its_grace_period(self):
        pod = self.pods["saccade-web"]
        options = flags(pod["containers"][0])
        sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        # Who has been let in is answered, or told where the answer will be.
        self.assertGreaterEqual(int(options["drain-timeout"]), int(options["answer-timeout"]))
        # After the drain: see WebMaster.stopGrace.
        rest = int(re.search(r"stopGrace: Duration = \.seconds\((\d+)\)", read("Sources/saccade/WebMaster.swift"))[1])
        self.assertGreater(pod["terminationGracePeriodSeconds"], sleep + int(options["drain-timeout"]) + rest)

    def test_the_drain_of_a_worker_fits_its_grace_period(self):
        pod = self.pods["saccade-worker"]
        drain = int(flags(pod["containers"][0])["drain-timeout"])
        limits = read("Sources/AppTier/WorkerLimits.swift")
        rest = int(re.search(r"giveBackTimeout: Duration = \.seconds\((\d+)\)", limits)[1])
        self.assertGreater(pod["terminationGracePeriodSeconds"], drain + rest)

    def test_a_start_of_the_web_tier_may_wait_for_queue_and_buckets(self):
        probe = self.pods["saccade-web"]["containers"][0]["startupProbe"]
        opening = read("Sources/Jobs/Installation+Open.swift")
        timeout = int(re.search(r"openTimeout: Duration = \.seconds\((\d+)\)", opening)[1])
        self.assertGreater(probe["periodSeconds"] * probe["failureThreshold"], timeout)


class Fleet:
    """What Kubernetes' HorizontalPodAutoscaler makes of a metric of type Value.

    Source: Kubernetes' documentation, "Horizontal Pod Autoscaling", Algorithm details and Configurable scaling behavior.
    """

    INTERVAL = 15
    TOLERANCE = 0.1

    def __init__(self, scaled_object):
        spec = scaled_object["spec"]
        self.bounds = spec["minReplicaCount"], spec["maxReplicaCount"]
        modifiers = spec["advanced"]["scalingModifiers"]
        assert modifiers["metricType"] == "Value"
        # The formula's numbers, operators and functions mean the same in Python.
        assert re.fullmatch(r"[a-z0-9.,/() ]+", modifiers["formula"])
        self.formula = compile(modifiers["formula"], "formula", "eval")
        self.target = float(modifiers["target"])
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        self.window_up = behavior["scaleUp"]["stabilizationWindowSeconds"]
        self.window_down = behavior["scaleDown"]["stabilizationWindowSeconds"]
        (self.up,), (self.down,) = behavior["scaleUp"]["policies"], behavior["scaleDown"]["policies"]
        assert {self.up["type"], self.down["type"]} == {"Pods"}
        assert {self.up["periodSeconds"], self.down["periodSeconds"]} == {self.INTERVAL}
        self.now, self.size, self.past = 0, 1, [(0, 1)]

    def metric(self, visible, in_flight, workers):
        names = {"visible": float(visible), "unfinished": float(visible + in_flight), "workers": float(workers)}
        return eval(self.formula, {"__builtins__": {"max": max, "min": min}}, names)

    def recommendation(self, visible, in_flight, ready=None, workers=None):
        ready = self.size if ready is None else ready
        ratio = self.metric(visible, in_flight, ready if workers is None else workers) / self.target
        return self.size if abs(1 - ratio) <= self.TOLERANCE else math.ceil(ratio * ready)

    def step(self, visible, in_flight, **pods):
        """One look at the queue, 15 s after the last."""
        self.now += self.INTERVAL
        wanted = self.recommendation(visible, in_flight, **pods)
        self.past.append((self.now, wanted))
        lowest = min(value for time, value in self.past if time > self.now - max(self.window_up, 1))
        highest = max(value for time, value in self.past if time > self.now - max(self.window_down, 1))
        size = min(max(self.size, lowest), highest)
        size = min(max(size, self.size - self.down["value"]), self.size + self.up["value"])
        self.size = min(max(size, self.bounds[0]), self.bounds[1])
        return self.size


class Scaling(unittest.TestCase):
    def setUp(self):
        self.scaled_object = named(render("base"), "ScaledObject")
        self.fleet = Fleet(self.scaled_object)

    def test_the_formula_uses_the_triggers_for_what_they_count(self):
        triggers = {t["name"]: t for t in self.scaled_object["spec"]["triggers"]}
        self.assertEqual(set(triggers), {"visible", "unfinished", "workers"})
        self.assertEqual(set(self.fleet.formula.co_names) - {"max", "min"}, set(triggers))
        self.assertEqual(triggers["visible"]["metadata"]["scaleOnInFlight"], "false")
        self.assertEqual(triggers["unfinished"]["metadata"]["scaleOnInFlight"], "true")

    def test_the_formula_is_a_float_whatever_it_is_made_of(self):
        for visible, in_flight, workers in itertools.product([0, 1, 2, 1000, 10**6], [0, 1, 50], [0, 1, 19]):
            self.assertIsInstance(self.fleet.metric(visible, in_flight, workers), float)

    def test_the_numbers_are_those_of_the_policy_on_aws(self):
        policy = json.loads(read("deploy", "aws", "policy.json"))
        self.assertEqual(self.fleet.bounds, (policy["minimum"], policy["maximum"]))
        visible = "ApproximateNumberOfMessagesVisible"
        (out,) = [rule for rule in policy["rules"] if rule["alarm"]["metric"] == visible]
        (back,) = [rule for rule in policy["rules"] if rule["alarm"]["metric"] != visible]
        self.assertEqual(self.fleet.metric(out["alarm"]["threshold"], 0, 1), self.fleet.target)
        self.assertEqual(back["alarm"]["metric"], f"{visible} + ApproximateNumberOfMessagesNotVisible")
        self.assertEqual(back["alarm"]["threshold"], 0)
        self.assertEqual(back["policy"]["adjustmentType"], "ExactCapacity")
        self.assertEqual([step["adjustment"] for step in back["policy"]["steps"]], [self.fleet.bounds[0]])
        self.assertEqual(self.fleet.window_down, back["alarm"]["period"] * back["alarm"]["evaluationPeriods"])

    def test_a_backlog_is_shared_out_at_once(self):
        for visible, size in [(1, 1), (1000, 1), (2000, 2), (5001, 6), (19_000, 19), (10**7, 19)]:
            self.assertEqual(Fleet(self.scaled_object).step(visible, 8), size, visible)

    def test_a_fleet_that_keeps_up_stays_as_it_is(self):
        self.fleet.step(8000, 16)
        for _ in range(1000):
            self.assertEqual(self.fleet.step(0, 1), 8)

    def test_in_flight_alone_adds_nobody(self):
        for in_flight in (1, 100, 120_000):
            self.assertEqual(self.fleet.step(0, in_flight), 1)

    def test_one_worker_is_left_when_nothing_was_in_flight_for_the_whole_window(self):
        self.fleet.step(19_000, 0)
        looks = self.fleet.window_down // Fleet.INTERVAL
        for _ in range(looks - 1):
            self.assertEqual(self.fleet.step(0, 0), 19)
        self.assertEqual(self.fleet.step(0, 1), 19)
        for _ in range(looks - 1):
            self.assertEqual(self.fleet.step(0, 0), 19)
        self.assertEqual(self.fleet.step(0, 0), 1)

    def test_no_worker_that_runs_is_taken_while_there_is_work(self):
        dice = random.Random(5)
        for _ in range(10_000):
            self.fleet.size = dice.randint(1, 19)
            ready = dice.randint(1, self.fleet.size)
            # KEDA counts pods that have not started yet, and those that are about to end.
            workers = ready + dice.randint(0, 19)
            visible, in_flight = dice.choice([0, 1, 10, 10**3, 10**5]), dice.randint(1, 100)
            wanted = self.fleet.recommendation(visible, in_flight, ready=ready, workers=workers)
            self.assertGreaterEqual(wanted, ready)


class Lint(unittest.TestCase):
    RULES = "{extends: default, rules: {document-start: disable, line-length: {max: 125}, braces: {max-spaces-inside: 0}}}"

    def test_yaml(self):
        result = tool("yamllint", "--strict", "-d", self.RULES, HERE)
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        result = subprocess.run(
            [os.path.join(TOOLS, "yamllint"), "--strict", "-d", self.RULES, "-"], input="a: 1\nb: {c: 2}\na: 3\n",
            capture_output=True, text=True, timeout=60)
        self.assertIn("key-duplicates", result.stdout)

    def hadolint(self, text):
        return subprocess.run(
            [os.path.join(TOOLS, "hadolint"), "--failure-threshold", "style", "-"], input=text,
            capture_output=True, text=True, timeout=60)

    def test_the_containerfile(self):
        text = read("deploy", "Containerfile")
        result = self.hadolint(text)
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        for right, wrong, rule in [
            ('CMD ["saccade", "--help"]', "CMD saccade --help", "DL3025"),
            ("USER 65532:65532", "USER root", "DL3002"),
            ("WORKDIR /source", "WORKDIR source", "DL3000"),
            ("install -y --no", "install --no", "DL3014"),
        ]:
            self.assertIn(right, text)
            self.assertIn(rule, self.hadolint(text.replace(right, wrong)).stdout)

    def test_the_image_is_built_from_files_that_are_there_and_not_ignored(self):
        text = read("deploy", "Containerfile")
        patterns = read("deploy", "Containerfile.dockerignore").splitlines()
        ignored, *kept = [pattern for pattern in patterns if pattern == "*" or pattern.startswith("!")]
        self.assertEqual(ignored, "*")
        sources = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)]
        self.assertGreater(len(sources), 5)
        for source in itertools.chain.from_iterable(sources):
            with self.subTest(source=source):
                self.assertTrue(os.path.exists(os.path.join(PROJECT, source)))
                self.assertTrue(any(fnmatch.fnmatchcase("!" + source, pattern) for pattern in kept))

    def test_the_image_is_built_with_a_swift_that_is_new_enough(self):
        def version(text):
            return [int(number) for number in text.split(".")]

        image = re.search(r"BUILD_IMAGE=swift:([0-9.]+)", read("deploy", "Containerfile"))[1]
        minimum = re.search(r"SWIFT_MINIMUM=([0-9.]+)", read("deploy", "bootstrap"))[1]
        self.assertGreaterEqual(version(image), version(minimum))

    @unittest.skipUnless(
        platform.freedesktop_os_release().get("VERSION_CODENAME") == "bookworm", "packages have other names elsewhere")
    def test_the_image_has_the_libraries_of_what_the_bootstrap_builds_with(self):
        bootstrap, image = read("deploy", "bootstrap"), read("deploy", "Containerfile")
        developed = re.search(r"BUILD_PACKAGES=\((.*?)\)", bootstrap, re.DOTALL)[1].split()
        developed = [package for package in developed if package.endswith("-dev") and package != "libc6-dev"]
        self.assertGreater(len(developed), 8)
        installed = re.search(r"ca-certificates \\\n(.*?)\\\n", image, re.DOTALL)[1].split()
        for package in developed:
            depends = subprocess.run(
                ["dpkg-query", "-W", "-f", "${Depends}", package], capture_output=True, text=True, check=True).stdout
            # What is of the same source and version, and no headers, is the library itself.
            libraries = re.findall(r"(lib[a-z0-9.+-]+)(?::\w+)? \(=", depends)
            libraries = {library for library in libraries if not library.endswith("-dev")}
            with self.subTest(package=package):
                self.assertTrue(libraries & set(installed), (libraries, installed))


if __name__ == "__main__":
    unittest.main()
