"""Each tier's role has the rights that it uses, and no other.

Both tiers run against moto's server, through all that they do with S3, SQS and Auto Scaling. Each call is taken down there and
compared with the role's policy, as the template has made it: every call must be allowed, but for those that a tier can do
without, and every right that is given must have been used. Which right a call takes is in the Service Authorization Reference.

Needs the release binaries.
"""

import fnmatch
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

import stack_test
from instance_services import Metadata, completed
from moto_cloudformation import Server, client
from stack_test import ACCOUNT, HERE, REGION, STACK, environment, run

BINARIES = HERE.parent.parent / ".build/release"
COFFEE = (pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
          / "saccade/samples/coffee.png").read_bytes()
# Access keys, by which the calls are told apart.
KEYS = {"web": "AKIAWEBWEBWEBWEBWEBW", "worker": "AKIAWORKERWORKERWORK"}

# S3's REST operations, by method and what the query has: the right, and whether it is the bucket's.
S3_RIGHTS = [
    ("PUT", None, "s3:PutObject", False),
    ("POST", "uploads", "s3:PutObject", False),
    ("POST", "uploadId", "s3:PutObject", False),
    ("DELETE", "uploadId", "s3:AbortMultipartUpload", False),
    ("GET", "uploads", "s3:ListBucketMultipartUploads", True),
    ("GET", "list-type", "s3:ListBucket", True),
    ("DELETE", None, "s3:DeleteObject", False),
    ("GET", None, "s3:GetObject", False),
    ("HEAD", None, "s3:GetObject", False),
]
SQS_BATCHES = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}

used = {role: set() for role in KEYS}


def record(application, environ, start_response, original=DomainDispatcherApplication.__call__):
    """Takes down what a call needs, and hands it on."""
    for role, key in KEYS.items():
        if f"Credential={key}/" in environ.get("HTTP_AUTHORIZATION", ""):
            used[role].update(rights(environ))
    return original(application, environ, start_response)


DomainDispatcherApplication.__call__ = record


def body(environ):
    data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(data)
    return data.decode()


def rights(environ):
    service = environ["HTTP_AUTHORIZATION"].split("/")[3]
    if service == "s3":
        return [s3_right(environ)]
    if service == "sqs":
        return sqs_rights(environ["HTTP_X_AMZ_TARGET"].split(".")[1], json.loads(body(environ)))
    form = dict(urllib.parse.parse_qsl(body(environ)))
    group = form["AutoScalingGroupName"]
    return [(f"autoscaling:{form['Action']}",
             f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:some-id:autoScalingGroupName/{group}")]


def s3_right(environ):
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    query = urllib.parse.parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    if not key and environ["REQUEST_METHOD"] == "HEAD":
        return "s3:ListBucket", f"arn:aws:s3:::{bucket}"
    for method, parameter, right, is_of_bucket in S3_RIGHTS:
        if method == environ["REQUEST_METHOD"] and (parameter is None or parameter in query):
            return right, f"arn:aws:s3:::{bucket}" + ("" if is_of_bucket else f"/{key}")
    raise AssertionError(environ)


def sqs_rights(operation, document):
    if operation == "ListQueues":
        return [("sqs:ListQueues", "*")]
    if "SourceArn" in document:
        queue = document["SourceArn"]
    else:
        name = document.get("QueueName") or document["QueueUrl"].rsplit("/", 1)[1]
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    found = [(f"sqs:{operation.removesuffix('Batch') if operation in SQS_BATCHES else operation}", queue)]
    if operation == "CreateQueue" and document.get("tags"):
        found.append(("sqs:TagQueue", queue))
    return found


class RightsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.enterClassContext(Server())
        release = cls.folder / "saccade-test.tar.gz"
        release.write_bytes(b"")
        pathlib.Path(f"{release}.sha256").write_text(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  -\n")
        run("up", "--release", release)
        outputs = stack_test.StackTest.stack_outputs(STACK)
        cls.input, cls.output = outputs["InputBucketName"], outputs["OutputBucketName"]
        cls.names = ["--input-bucket", cls.input, "--output-bucket", cls.output, "--queue-prefix", STACK]
        (group,) = client("autoscaling", REGION).describe_auto_scaling_groups(
            AutoScalingGroupNames=[f"{STACK}-workers"])["AutoScalingGroups"]
        cls.instance = group["Instances"][0]["InstanceId"]
        Metadata.documents = {"instance-id": cls.instance, "autoscaling/target-lifecycle-state": "InService"}
        cls.metadata = cls.enterClassContext(Metadata.serve())

    def start(self, role, *arguments):
        """A process of a tier; what it says when it is ready."""
        variables = environment() | {
            "AWS_ACCESS_KEY_ID": KEYS[role], "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": Server.current, "AWS_EC2_METADATA_DISABLED": "",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata}
        process = subprocess.Popen(
            [BINARIES / arguments[0], *arguments[1:], *self.names], env=variables, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process, process.stdout.readline()

    def await_use(self, role, right):
        while all(found != right for found, _ in used[role]):
            time.sleep(0.05)

    def post(self, path, data, **headers):
        request = urllib.request.Request(self.url + path, data=data, headers={
            "Content-Type": "image/png", **{name.replace("_", "-"): value for name, value in headers.items()}})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def test_rights(self):
        web, line = self.start("web", "saccade", "web", "--port", "0", "--access-log", "off", "--log-level", "warning")
        self.url = line.split()[-1]
        urllib.request.urlopen(f"{self.url}/readyz").close()
        worker, _ = self.start(
            "worker", "saccade-worker", "run", "--concurrency", "1", "--log-level", "warning", "--instance-notices", "on",
            "--auto-scaling-group", f"{STACK}-workers", "--lifecycle-hook", "drain")
        answer = self.use_web()
        self.use_worker(answer, worker)
        web.terminate()
        self.assertEqual(web.wait(), 0)

        stack = stack_test.StackTest()
        # SQS deletes what it moves by the rights of who has started the move.
        used["web"].add(("sqs:DeleteMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-dead"))
        # What user-data fetches; and what tells a worker earlier that a bucket is missing.
        self.compare("web", stack.statements(f"{STACK}-web"), unused=r".*/(releases/.*|api-keys/\*)$", needless=set())
        self.compare(
            "worker", stack.statements(f"{STACK}-workers"), unused=r".*/releases/.*$",
            needless={("s3:ListBucket", f"arn:aws:s3:::{self.output}")})

    def use_web(self):
        status, answer = self.post("/v1/images", COFFEE)
        self.assertEqual((status, answer["label"]), (200, "espresso"))
        with urllib.request.urlopen(f"{self.url}/v1/results/{answer['id']}") as found:
            self.assertEqual(json.load(found)["label"], "espresso")
        for replayed in (None, "true"):
            status, _ = self.post("/v1/images", COFFEE, Idempotency_Key='"some-key"')
            self.assertEqual(status, 200)
        # Of unknown length and beyond the first window: in parts.
        large = COFFEE + bytes(12 << 20)
        status, _ = self.post("/v1/images", (large[at:at + 65_536] for at in range(0, len(large), 65_536)))
        self.assertIn(status, (200, 422))
        # Given up on the way.
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /v1/images HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (64 << 20) + large)
        self.await_use("web", "s3:AbortMultipartUpload")
        # An image whose form is refused goes again.
        form = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s\r\n' % part
            for part in ((b"a.png", COFFEE), (b"b.txt", b"no image"))) + b"--x--\r\n"
        status, _ = self.post("/v1/images", form, Content_Type="multipart/form-data; boundary=x")
        self.assertEqual(status, 415)
        for right in ("s3:DeleteObject", "s3:ListBucketMultipartUploads", "sqs:DeleteMessage"):
            self.await_use("web", right)
        # The queue of a process that has gone long ago is looked at within a minute.
        client("sqs", REGION).create_queue(
            QueueName=f"{STACK}-replies-01890000-0000-7000-8000-000000000000", tags={"saccade-heartbeat": "1"})
        self.await_use("web", "sqs:ListQueueTags")
        self.use_admin()
        return answer

    def use_admin(self):
        sqs = client("sqs", REGION)
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=f"{STACK}-dead")["QueueUrl"], MessageBody="no job")
        for path in ("state", "dead-letters"):
            with urllib.request.urlopen(f"{self.url}/admin/{path}") as found:
                self.assertEqual(found.status, 200)
        # This server knows neither of the two operations: what is seen is that they are called.
        self.assertEqual(self.post("/admin/redrive", b"{}", Content_Type="application/json")[0], 502)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{self.url}/admin/redrive")
        refused.exception.close()
        for right in ("sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks", "sqs:ChangeMessageVisibility"):
            self.await_use("web", right)

    def use_worker(self, answer, worker):
        sqs = client("sqs", REGION)
        queue = sqs.get_queue_url(QueueName=f"{STACK}-requests")["QueueUrl"]
        (replies,) = (url for url in sqs.list_queues(QueueNamePrefix=f"{STACK}-replies-")["QueueUrls"]
                      if "01890000" not in url)
        # One that it has done already, again.
        job = json.dumps({
            "v": 1, "id": answer["id"], "bucket": self.input, "key": answer["key"], "name": "coffee.png", "replyTo": replies,
            "receivedAt": time.strftime("%FT%T.000Z", time.gmtime())})
        sqs.send_message(QueueUrl=queue, MessageBody=job)
        result = ("s3:GetObject", f"arn:aws:s3:::{self.output}/{answer['key']}.json")
        while result not in used["worker"]:
            time.sleep(0.05)
        # The group takes its instance.
        self.await_use("worker", "autoscaling:SetInstanceProtection")
        Metadata.documents["autoscaling/target-lifecycle-state"] = "Terminated"
        self.assertEqual(worker.wait(), 0)
        self.assertEqual([call["InstanceId"] for call in completed], [self.instance])
        # More than a worker can do before it is told to stop: what it has not begun it gives back.
        for _ in range(100):
            self.assertEqual(self.post("/v1/images", COFFEE, Prefer="respond-async")[0], 202)
        before, used["worker"] = used["worker"], set()
        second, _ = self.start("worker", "saccade-worker", "run", "--concurrency", "1", "--log-level", "warning", "--instance-notices", "off")
        # It has received, and begins.
        self.await_use("worker", "s3:GetObject")
        second.send_signal(signal.SIGTERM)
        self.assertEqual(second.wait(), 0)
        used["worker"] |= before

    def compare(self, role, allowed, unused, needless):
        matched = set()
        for right, resource in used[role]:
            patterns = [pattern for pattern in allowed.get(right, ()) if fnmatch.fnmatchcase(resource, pattern)]
            if not patterns and (right, resource) not in needless:
                self.fail(f"the {role} does without the right to {right} at {resource}")
            matched.update((right, pattern) for pattern in patterns)
        given = {(right, pattern) for right, patterns in allowed.items() for pattern in patterns}
        idle = {(right, pattern) for right, pattern in given - matched if not re.match(unused, pattern)}
        self.assertEqual(idle, set(), f"the {role} has rights that it does not use")


if __name__ == "__main__":
    unittest.main()
