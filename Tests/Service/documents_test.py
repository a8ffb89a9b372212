#!/usr/bin/env python3
"""Every command line in the documents is run.

`WAYS` says of each how: as it stands, but for ports and addresses; with something else in its place; or not at all, with the
reason, and with what is looked at instead. A line without a way fails, and so does a way without a line.
"""

import datetime
import hashlib
import ipaddress
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from documents import Shell, pages, read
from service import BINARIES, CACHE, ROOT, SAMPLES, Service

sys.path.insert(0, str(ROOT / "deploy/aws"))
from moto_cloudformation import Server  # noqa: E402 - found by the line above

READY_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60


class Way:
    """As it stands; `http://127.0.0.1:8080` and `:9000` are where the service is."""

    def __init__(self, expect="", text=None, status=0):
        self.expect, self.text, self.status = expect, text, status

    def run(self, test, command):
        text = test.localised(self.text(command.text) if callable(self.text) else self.text or command.text)
        status, said = test.shell(command.page).run(text)
        end = "\n".join(said.splitlines()[-40:])
        test.assertEqual(status, self.status, f"{text}\n{end}")
        test.assertTrue(re.search(self.expect, said), f"{text}\n{end}\nis not like {self.expect}")
        return said


def instead(text, expect="", status=0):
    """Something else is run: a text, or what a function makes of the line's."""
    return Way(expect, text, status)


def loading(shorter, expect):
    """With less to send: pairs of what stands there and what is run. The service is where the test has it."""
    url = "saccade load --url http://127.0.0.1:8080/ "
    return Way(expect, lambda text: text.replace(*shorter).replace("saccade load ", url))


def adding(options, expect=""):
    return Way(expect, lambda text: f"{text} {options}")


class Printing(Way):
    """What it prints looks as the document shows: `…` stands for anything."""

    def run(self, test, command):
        said = super().run(test, command).splitlines()
        test.assertEqual(len(said), len(command.output))
        for line, shown in zip(said, command.output):
            test.assertRegex(line, "^" + ".+".join(re.escape(part) for part in shown.split("…")) + "$")


class PrintingAnswer(Way):
    """An answer as JSON: its keys, and what does not change from one time to the other."""

    def run(self, test, command):
        answer = json.loads(super().run(test, command).splitlines()[-1])
        shown = json.loads("".join(line.strip() for line in command.output).replace(", …", ""))
        test.assertEqual(sorted(answer), sorted(shown))
        test.assertEqual(sorted(answer["timings"]), sorted(shown["timings"]))
        for key in ("label", "model", "modelVersion", "name", "v"):
            test.assertEqual(answer[key], shown[key])
        test.assertEqual([c["label"] for c in answer["top"][:2]], [c["label"] for c in shown["top"][:2]])
        # Processors differ in how exactly they compute.
        test.assertAlmostEqual(answer["confidence"], shown["confidence"], delta=0.03)


class PrintingStatus(Way):
    """The same lines but for their numbers; there may be fewer workers."""

    def run(self, test, command):
        said = {self.shape(line) for line in super().run(test, command).splitlines()}
        test.assertEqual(said, {self.shape(line) for line in command.output})

    @staticmethod
    def shape(line):
        for number in (r"http://\S+", r"\d+(\.\d+)?( min \d+)?", r"# (ms|s)\b", r"(starting|idle|busy|draining) +#",
                       r", # (starting|draining)"):
            line = re.sub(number, "#", line)
        return re.sub(r"\s+", " ", line)


class Serving(Way):
    """Runs until it is told to stop: started, tried when it says that it is ready, stopped; it must end well."""

    def __init__(self, ready, attempt=None, text=None, stop=signal.SIGINT, status=0):
        super().__init__(text=text, status=status)
        self.ready, self.attempt, self.stop = ready, attempt, stop

    def run(self, test, command):
        text = test.localised(self.text(command.text) if callable(self.text) else self.text or command.text)
        folder = pathlib.Path(tempfile.mkdtemp(dir=test.folder))
        for path in test.folder.iterdir():
            if path.name != "saccade-data" and path != folder:
                (folder / path.name).symlink_to(path)
        log, found, is_over = [], [], threading.Event()
        process = subprocess.Popen(
            ["bash", "-c", "exec " + text], cwd=folder, env=test.environment | test.cloud, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

        def follow():
            for line in process.stdout:
                log.append(line)
                match = re.search(self.ready, line)
                if match and not found:
                    found.append(match.groups())
                    is_over.set()
            is_over.set()

        reader = threading.Thread(target=follow, daemon=True)
        reader.start()
        try:
            is_over.wait(READY_TIMEOUT_S)
            test.assertTrue(found, f"{text} did not say {self.ready}\n{''.join(log)}")
            if self.attempt:
                self.attempt(test, *found[0])
        finally:
            process.send_signal(self.stop)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reader.join(STOP_TIMEOUT_S)
            process.stdout.close()
        test.assertEqual(process.returncode, self.status, f"{text}\n{''.join(log)}")


class Never(Way):
    """Not run, for a reason; `look` looks at what can be looked at."""

    def __init__(self, reason, look=None):
        super().__init__()
        self.reason, self.look = reason, look

    def run(self, test, command):
        if self.look:
            self.look(test, command)


# What is tried of services while they run.


def classifies(test, url):
    done = subprocess.run(
        ["curl", "-sS", "-F", f"image=@{SAMPLES}/coffee.png", url + "/"], capture_output=True, text=True, timeout=60)
    test.assertEqual(done.stdout.strip(), "espresso", done.stderr)


def wants_a_key(test, url):
    with test.assertRaises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(url + "/metrics", timeout=10)
    test.assertEqual(refusal.exception.code, 401)
    key = {"Authorization": "Bearer " + (test.folder / "key").read_text()}
    with urllib.request.urlopen(urllib.request.Request(url + "/metrics", headers=key), timeout=10) as answer:
        test.assertEqual(answer.status, 200)


def speaks_tls(test, url):
    done = subprocess.run(
        ["curl", "-sS", "--cacert", test.folder / "chain.pem", url + "/healthz"], capture_output=True, text=True, timeout=60)
    test.assertEqual(done.stdout, "ok\n", done.stderr)


def is_in_the_manifests(*texts):
    def look(test, command):
        test.kubernetes = getattr(test, "kubernetes", None) or subprocess.run(
            ["kubectl", "kustomize", ROOT / "deploy/kubernetes/example"], env=test.environment, capture_output=True, text=True,
            check=True, timeout=60).stdout
        for text in texts:
            test.assertIn(text, test.kubernetes)

    return look


def makes(*texts):
    """`make` says that it would do this, without doing it."""

    def look(test, command):
        target = command.text.split()[1]
        done = subprocess.run(
            ["make", "--dry-run", target, "ARGS=--port 0"], cwd=ROOT, capture_output=True, text=True, timeout=60)
        test.assertEqual(done.returncode, 0, done.stderr)
        for text in texts:
            test.assertIn(text, done.stdout)

    return look


def begins_another(test, command):
    test.assertTrue([text for text in WAYS["deploy/aws/README.md"] if text.startswith(command.text)])


UP = Serving(
    r"Saccade is up at (http://\S+)", classifies, lambda text: text.replace("--port 8080", "") + " --port 0 --cloud-port 0")
UP_JSON = Serving(r"Saccade is up at (http://[\d.:]+)", classifies, lambda text: text + " --port 0 --cloud-port 0")
WORKER = Serving(r"saccade-worker: ready \(model", stop=signal.SIGTERM)
WEB = r"listening at (https?://\S+)"
AWS = "--release release.tar.gz --endpoint-url $MOTO"
HELP = " --help"

WAYS = {
    "README.md": {
        "make up": Never(
            "it would build the release; the recipe is this, and the service that everything here uses is `saccade up`",
            makes("deploy/bootstrap", "deploy/build", "saccade up --port 0")),
        "curl -F image=@coffee.png http://127.0.0.1:8080/": Way("(?m)^espresso$"),
        "curl -F image=@coffee.png http://127.0.0.1:8080/v1/images": PrintingAnswer(),
        "curl -F a=@coffee.png -F b=@chelsea.png http://127.0.0.1:8080/v1/images": Way(r'\[\{.*"espresso".*\},\{.*cat.*\]'),
        "curl --data-binary @coffee.png -H 'Content-Type: image/png' http://127.0.0.1:8080/": Way("espresso"),
        "curl -F image=@coffee.png -H 'Prefer: respond-async' http://127.0.0.1:8080/v1/images": Way("/v1/results/"),
        "python3 classify.py coffee.png": Way("^espresso$"),
        "node classify.mjs coffee.png": Way("^espresso$"),
        "swiftc classify.swift && ./classify coffee.png": Way("^espresso$"),
        "export AWS_SHARED_CREDENTIALS_FILE=saccade-data/cloud/credentials AWS_DEFAULT_REGION=us-east-1": Way(),
        "aws --endpoint-url http://127.0.0.1:9000 s3 ls --recursive s3://saccade-output/": Way(r"/coffee\.png\.json"),
        "deploy/aws/up --region eu-central-1": Never("deploy/aws/README.md has it with options", begins_another),
        "deploy/aws/down --region eu-central-1": Never("deploy/aws/README.md has it, too", begins_another),
        "make test": Never("this is a part of it", makes("Tests/Service/run", "swift test")),
        "make bench": Never("it takes ten minutes", makes("bench/run")),
        "make docs": Never("it builds; reference_test.py compares the pages", makes("docs/generate")),
        "make help": Way("make completions"),
    },
    "docs/api.md": {
        "curl -sS http://127.0.0.1:8080/openapi.json": Way('"openapi": "3.1.0"'),
        "curl -sS -F image=@coffee.png http://127.0.0.1:8080/v1/images": Way('"label":"espresso"'),
        "curl -sS -F a=@coffee.png -F b=@chelsea.png http://127.0.0.1:8080/": Way("^espresso\n.*cat"),
        "curl -sS --data-binary @coffee.png -H 'Content-Type: image/png' "
        "'http://127.0.0.1:8080/v1/images?model=efficientnet-lite0'": Way('"label":"espresso"'),
        "curl -sS -F image=@coffee.png -H 'Prefer: respond-async' -D head.txt http://127.0.0.1:8080/v1/images": Way('"pending"'),
        "curl -sS \"http://127.0.0.1:8080$(sed -n 's/^Location: \\(.*\\)\\r$/\\1/p' head.txt)?wait=30\"": Way('"label":"espresso"'),
        "curl -sS -F image=@coffee.png -H 'Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\"' "
        "http://127.0.0.1:8080/": Way("espresso"),
        "python3 infer.py coffee.png chelsea.png": Way(
            r"^espresso 0\.\d+\n.*cat 0\.\d+", lambda text: text.replace("python3", f"{CACHE}/api-venv/bin/python")),
        "printf '{\"inputs\": [{\"name\": \"image\", \"shape\": [1], \"datatype\": \"BYTES\", \"data\": [\"%s\"]}]}' "
        "\"$(base64 -w 0 coffee.png)\" > request.json": Way(),
        "curl -sS -H 'Content-Type: application/json' --data-binary @request.json "
        "http://127.0.0.1:8080/v2/models/efficientnet-lite0/infer": Way('"name":"label".*"espresso"'),
    },
    "docs/configuration.md": {
        "saccade up": UP,
        "curl -F image=@coffee.png http://127.0.0.1:8080/": Way("espresso"),
        "saccade up --port 8080 --min 1 --max 4": UP,
        "saccade up --workers 2 --access-log on --log-format json": UP_JSON,
        "saccade status --watch": Serving(r"wanted \d", text="saccade status --watch --data $DATA"),
        "saccade status --data saccade-data --json": Way(r'^\{.*"workers"'),
        "saccade web --host 0.0.0.0 --api-keys keys --key-rate 10/s:20": Serving(
            WEB, wants_a_key, lambda text: text.replace("0.0.0.0", "127.0.0.1") + " --port 0"),
        "saccade web --processes auto --tls-certificate chain.pem --tls-key key.pem": Serving(
            WEB, speaks_tls, lambda text: text + " --port 0"),
        "saccade cloud --data saccade-data/cloud --fsync": Serving(
            r"S3 and SQS at http://", text=lambda text: text + " --port 0"),
        "saccade cloud --sink --answer-delay 50": Serving(
            r"a sink for S3 and SQS at http://", text=lambda text: text + " --port 0"),
        "saccade key alice --rate 100/m:20": Way(r"^key:  saccade_\w+\nline: alice:[0-9a-f]{64}:100/m:20$"),
        # A day of 300 a second is 26 million images, for a debug build too many.
        "saccade plan": adding("--duration 600", r"threshold-1"),
        "saccade plan --print-policy > mine.json": Way(),
        "saccade plan --arrivals poisson:500 --policy default --policy mine.json": adding("--duration 600", r"mine\.json"),
        "saccade plan --arrivals burst:50000 --svg fleet.svg": Way("burst"),
        "saccade load --url http://127.0.0.1:8080/ --images photos --print": Way(
            r"espresso\.png uploaded!\nClassification result: espresso"),
        "saccade load --images photos --labels --connections 100 --svg load.svg": loading(("", ""), "right"),
        "saccade load --images photos --rate 50 --duration 60 --warm-up 5 --json": loading(
            ("--duration 60 --warm-up 5", "--duration 2 --warm-up 1"), r'"dropped":0'),
        "saccade-worker classify coffee.png": Way("^coffee.png: espresso$"),
        "saccade-worker --concurrency 2 --log-format json": WORKER,
        "saccade-worker --model model.xml --model other=other.xml": WORKER,
        "saccade-worker classify --top 3 coffee.png": Way(r"^coffee.png: espresso [\d.]+, .+ [\d.]+, .+ [\d.]+$"),
        "saccade-worker classify --json - < coffee.png": Way('"espresso"'),
        "saccade-worker evaluate --verbose photos": Way(r"right: +2 of 2"),
        "saccade-worker benchmark --seconds 10 photos": instead(
            "saccade-worker benchmark --seconds 1 photos", r"with decoding +[\d.]+ images/s"),
        "saccade-worker decode --self-check": Way("killed"),
    },
    "docs/operations.md": {
        "saccade status": PrintingStatus(),
        "export AWS_SHARED_CREDENTIALS_FILE=saccade-data/cloud/credentials AWS_DEFAULT_REGION=us-east-1": Way(),
        'sqs() { aws --endpoint-url http://127.0.0.1:9000 sqs "$@"; }': Way(),
        # With a dead letter in it: of a queue that allows but one receive.
        "dead=$(sqs get-queue-url --queue-name saccade-dead --query QueueUrl --output text)": adding(
            "&& once=$(sqs create-queue --queue-name once --attributes "
            '\'{"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"arn:aws:sqs:us-east-1:000000000000:saccade-dead\\",'
            '\\"maxReceiveCount\\":\\"1\\"}"}\' --query QueueUrl --output text) && sqs send-message --queue-url "$once" '
            '--message-body "given up" && for time in 1 2; do sqs receive-message --queue-url "$once" --visibility-timeout 0; '
            "done"),
        'sqs receive-message --queue-url "$dead" --max-number-of-messages 10 --visibility-timeout 0': Way('"given up"'),
        'arn=$(sqs get-queue-attributes --queue-url "$dead" --attribute-names QueueArn --query Attributes.QueueArn '
        "--output text)": Way(),
        'sqs start-message-move-task --source-arn "$arn"': Way("TaskHandle"),
        'sqs list-message-move-tasks --source-arn "$arn"': Way('"(RUNNING|COMPLETED)"'),
        'sqs purge-queue --queue-url "$dead"': Way(),
    },
    "docs/security.md": {
        "saccade key alice --rate 100/m": Printing(),
        "saccade-worker decode --self-check": Way("killed"),
    },
    "deploy/README.md": {
        "saccade plan --policy default --arrivals burst:500 --duration 15 --period 1 --samples-per-period 2 --warm-up 1 "
        "--metric-delay 0 --boot-time 0.3 --concurrency 1 --service-time 7.5 --overhead 20 --max 4 --json": Way(r'"dollars"'),
    },
    "deploy/aws/README.md": {
        "deploy/aws/up --region eu-central-1 --api-keys keys --email you@example.com": adding(AWS, r"http://\S+\n$"),
        "deploy/aws/status --region eu-central-1": adding("--endpoint-url $MOTO", r"web instances take requests"),
        "deploy/aws/down --region eu-central-1": adding("--yes --endpoint-url $MOTO"),
    },
    "deploy/kubernetes/README.md": {
        "podman build -f deploy/Containerfile -t registry.example.com/saccade:1.0.0 .": Never(
            "it takes base images from a registry; manifests_test.py has the file checked by hadolint",
            lambda test, command: test.assertTrue((ROOT / "deploy/Containerfile").exists())),
        "podman push registry.example.com/saccade:1.0.0": Never("there is no such registry"),
        "aws s3 mb s3://example-saccade-input": Way("make_bucket"),
        "aws s3 mb s3://example-saccade-output": Way("make_bucket"),
        "dead=$(aws sqs create-queue --queue-name saccade-dead --attributes MessageRetentionPeriod=1209600 "
        "--query QueueUrl --output text)": Way(),
        'arn=$(aws sqs get-queue-attributes --queue-url "$dead" --attribute-names QueueArn '
        "--query Attributes.QueueArn --output text)": Way(),
        "aws sqs create-queue --queue-name saccade-requests --attributes "
        '\'{"VisibilityTimeout":"60","RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"\'"$arn"\'\\",'
        '\\"maxReceiveCount\\":\\"5\\"}"}\'': Way("QueueUrl"),
        # The command line checks what it is given and asks nobody.
        "aws eks create-pod-identity-association --cluster-name NAME --role-arn ARN "
        "--namespace saccade --service-account saccade-web": adding("--generate-cli-skeleton output", "associationArn"),
        "aws eks create-pod-identity-association --cluster-name NAME --role-arn ARN "
        "--namespace keda --service-account keda-operator": adding("--generate-cli-skeleton output", "associationArn"),
        "kubectl apply -k deploy/kubernetes/example": instead(
            "kubectl kustomize deploy/kubernetes/example", "kind: ScaledObject"),
        "kubectl -n saccade rollout status deployment/saccade-web": Never(
            "there is no cluster", is_in_the_manifests("kind: Deployment", "name: saccade-web", "namespace: saccade\n")),
        "kubectl -n saccade port-forward service/saccade-web 8080:80": Never(
            "there is no cluster", is_in_the_manifests("kind: Service\n", "port: 80\n")),
        "curl -F image=@coffee.png http://127.0.0.1:8080/": Way("espresso"),
    },
    # What they measure with is there where somebody measures; that the options are right is seen without.
    "bench/README.md": {
        "bench/run": instead("bench/run --help", "--quick"),
        "bench/run --quick": adding(HELP),
        "bench/run --only cost": adding(HELP),
        "bench/recognition": instead("bench/recognition --help", "--only"),
        "bench/recognition --only start": adding(HELP),
        "bench/load": instead("bench/load --help", "--quick"),
        "bench/load --quick": adding(HELP),
    },
    "bench/wrk/README.md": {
        "IMAGES=photos wrk -t2 -c50 -d30s --timeout 60s -s bench/wrk/upload_folder.lua http://127.0.0.1:8080/": instead(
            "IMAGES=$PWD/photos wrk -t2 -c5 -d5s --timeout 60s -s bench/wrk/upload_folder.lua http://127.0.0.1:8080/",
            r"answered +[1-9]\d* in .*\n +refused +0 "),
    },
}

#: Blocks that are neither drawings nor commands, by their first line, and where what they show is tested.
OTHERS = {
    "docs/architecture.md": {
        "Sources/EventLoop    the libuv loop as a Swift executor; TCP, TLS, timers, signals, child processes":
            "test_folders_are_there"},
    "deploy/README.md": {"scrape_configs:": "test_prometheus_takes_its_configuration"},
    "deploy/kubernetes/README.md": {"patches:": "test_the_patch_fits"},
}


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Nothing that could lead to a real account, and no proxy between this machine and itself.
        kept = {
            name: value for name, value in os.environ.items()
            if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="saccade-documents.")))
        cls.service = cls.enterClassContext(Service("--min", "1", "--max", "2"))
        (cls.cloud_url,) = re.findall(r"AWS_ENDPOINT_URL=(\S+)", "".join(cls.wait_for_log("AWS_ENDPOINT_URL=")))
        cls.cloud = {
            "AWS_ENDPOINT_URL": cls.cloud_url, "AWS_REGION": "us-east-1",
            "AWS_SHARED_CREDENTIALS_FILE": f"{cls.service.data}/cloud/credentials", "AWS_EC2_METADATA_DISABLED": "true"}
        cls.moto = cls.enterClassContext(Server())
        cls.environment = kept | {
            "PATH": f"{BINARIES}:{CACHE}/test-venv/bin:{CACHE}/kubernetes-venv/bin:{os.environ['PATH']}",
            "AWS_CONFIG_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", "DATA": cls.service.data,
            "MOTO": cls.moto.url,
            # Debian's Node.js 18 says of File, which forms are made with, that it is an experiment.
            "NODE_NO_WARNINGS": "1"}
        cls.documents = {page: read(page, OTHERS.get(page, ())) for page in pages()}
        cls.fill()
        # What tells of latencies has some to tell of.
        classifies(cls("run_page"), cls.service.url)
        cls.shells = {}
        cls.addClassCleanup(lambda: [shell.close() for shell in cls.shells.values()])

    @classmethod
    def wait_for_log(cls, text):
        for _ in range(100):
            if any(text in line for line in cls.service.log):
                return cls.service.log
            threading.Event().wait(0.1)
        raise AssertionError(f"saccade up did not say {text}")

    @classmethod
    def fill(cls):
        """The folder in which commands are run: that of a clone, with samples, and what else the lines name."""
        for name in ("deploy", "bench", "Makefile"):
            (cls.folder / name).symlink_to(ROOT / name)
        (cls.folder / "saccade-data").symlink_to(cls.service.data)
        for sample in SAMPLES.iterdir():
            shutil.copy(sample, cls.folder)
        (cls.folder / "photos").mkdir()
        shutil.copy(SAMPLES / "coffee.png", cls.folder / "photos/n07920052_espresso.png")
        shutil.copy(SAMPLES / "coffee.png", cls.folder / "photos/espresso-2.png")
        model = CACHE / "models/efficientnet-lite0"
        for name in ("model.xml", "model.bin", "labels.txt", "model.json"):
            (cls.folder / name).symlink_to(model / name)
        for kind in ("xml", "bin"):
            (cls.folder / f"other.{kind}").symlink_to(model / f"model.{kind}")
        for document in cls.documents.values():
            for name, text in document.programs.items():
                (cls.folder / name).write_text(cls.localised(text))
        made = subprocess.run([BINARIES / "saccade", "key", "tests"], capture_output=True, text=True, check=True, timeout=60)
        key, line = re.fullmatch(r"key:  (\S+)\nline: (\S+)\n", made.stdout).groups()
        (cls.folder / "key").write_text(key)
        (cls.folder / "keys").write_text(line + "\n")
        release = b"a release in name only"
        (cls.folder / "release.tar.gz").write_bytes(release)
        (cls.folder / "release.tar.gz.sha256").write_text(f"{hashlib.sha256(release).hexdigest()}  release.tar.gz\n")
        cls.make_certificate()

    @classmethod
    def make_certificate(cls):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.datetime.now(datetime.timezone.utc)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1)).add_extension(address, critical=False)
            .sign(key, hashes.SHA256()))
        pem = serialization.Encoding.PEM
        (cls.folder / "chain.pem").write_bytes(certificate.public_bytes(pem))
        (cls.folder / "key.pem").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    @classmethod
    def localised(cls, text):
        return text.replace("http://127.0.0.1:8080", cls.service.url).replace("http://127.0.0.1:9000", cls.cloud_url)

    @classmethod
    def shell(cls, page):
        """One for each page: what a line sets the next ones have."""
        if page not in cls.shells:
            shell = cls.shells[page] = Shell(cls.folder, cls.environment)
            if page.startswith("deploy/aws"):
                shell.run("export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")
            elif page.startswith("deploy/kubernetes"):
                # An account without anything in it.
                shell.run(
                    "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1;"
                    'aws() { command aws --endpoint-url "$MOTO" "$@"; }')
        return cls.shells[page]

    def test_every_line_has_a_way_and_every_way_a_line(self):
        lines = {(c.page, c.text) for document in self.documents.values() for c in document.commands}
        ways = {(page, text) for page, entries in WAYS.items() for text in entries}
        self.assertEqual(lines - ways, set(), "say in WAYS how these are run")
        self.assertEqual(ways - lines, set(), "these are in no document any more")
        others = {page: set(document.others) for page, document in self.documents.items() if document.others}
        self.assertEqual(others, {page: set(entries) for page, entries in OTHERS.items()})
        for entries in OTHERS.values():
            for name in entries.values():
                self.assertTrue(hasattr(self, name), name)

    def run_page(self, page):
        for command in self.documents[page].commands:
            way = WAYS[page].get(command.text)
            if way:
                with self.subTest(str(command)):
                    if isinstance(way, Never):
                        print(f"not run, {way.reason}: {command}", file=sys.stderr)
                    way.run(self, command)

    def test_folders_are_there(self):
        text = (ROOT / "docs/architecture.md").read_text()
        named = set(re.findall(r"^    (?:\S.*, )?Sources/([\w-]+)", text, re.M)) | set(re.findall(r"Sources/([\w-]+),", text))
        there = {path.name for path in (ROOT / "Sources").iterdir() if path.is_dir()} - {"System"}
        self.assertEqual(named, there)

    def test_prometheus_takes_its_configuration(self):
        text = (ROOT / "deploy/README.md").read_text()
        configuration = re.search(r"^```yaml\n(scrape_configs:.*?)^```", text, re.M | re.S).group(1)
        folder = self.folder / "prometheus"
        shutil.copytree(ROOT / "deploy/prometheus", folder)
        # promtool wants to see the file.
        configuration = configuration.replace("/etc/prometheus/saccade.key", str(self.folder / "key"))
        (folder / "prometheus.yml").write_text(configuration)
        done = subprocess.run(
            [CACHE / "bin/promtool", "check", "config", folder / "prometheus.yml"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_patch_fits(self):
        """deploy/kubernetes/README.md: in a copy of `example` it gives the service account its role."""
        lines = (ROOT / "deploy/kubernetes/README.md").read_text().splitlines()
        start = lines.index("    patches:")
        patch = "\n".join(line[4:] for line in lines[start : lines.index("", start)])
        copy = self.folder / "patched"
        copy.mkdir()
        shutil.copytree(ROOT / "deploy/kubernetes/base", copy / "base")
        shutil.copytree(ROOT / "deploy/kubernetes/example", copy / "example")
        with open(copy / "example/kustomization.yaml", "a", encoding="utf-8") as file:
            file.write("\n" + patch + "\n")
        done = subprocess.run(
            ["kubectl", "kustomize", copy / "example"], env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("eks.amazonaws.com/role-arn: ARN", done.stdout)


for number, page in enumerate(pages()):

    def test(self, page=page):
        self.run_page(page)

    if page in WAYS:
        test.__doc__ = page
        setattr(DocumentsTest, f"test_page_{number:02}", test)


if __name__ == "__main__":
    unittest.main(verbosity=2)
