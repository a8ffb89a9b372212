"""User-data run for real: in a clean Debian with systemd, with what EC2, S3 and SQS are to an instance.

The template is made at moto's server by `up`, and the user-data of its launch templates is run as cloud-init runs it, byte for
byte, but for lines put behind its variables that say where the services are. S3 and SQS are `saccade cloud`, where the release
lies too; Auto Scaling is moto's; the instance metadata service, version 2, is here. Both tiers run in one Debian, each from its
own user-data, as units of a systemd that is the first process of its namespace: their jails, notifications and watchdogs are
real. What namespaces do not give: a kernel and a network of its own, and, where the host's cgroups are of version 1, MemoryMax.

Usage: user_data_test.py BASE RELEASE; test-user-data makes both.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import boto3
import botocore.config

from instance_services import Metadata, completed
from moto_cloudformation import Server, client
from stack_test import HERE, REGION, STACK, run, template

BASE, RELEASE = (pathlib.Path(argument) for argument in sys.argv[1:3])
SACCADE = HERE.parent.parent / ".build/release/saccade"
SAMPLES = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "saccade/samples"


class Guest:
    """A Debian that runs, made by the script of this name."""

    def __init__(self, folder):
        self.folder = folder
        mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        top = next(pathlib.Path(mount[1]) for mount in mounts if mount[2] == "cgroup2")
        self.cgroup = top / f"saccade-guest-{os.getpid()}"
        self.cgroup.mkdir()
        with (folder / "console").open("w") as console:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child",
                 HERE / "guest", BASE, folder],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                preexec_fn=lambda: (self.cgroup / "cgroup.procs").write_text(str(os.getpid())))
        self.init = self.find_init()
        assert self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip() == "running"

    def find_init(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while True:
            assert self.process.poll() is None, (self.folder / "console").read_text()
            found = children.read_text().split()
            if found and pathlib.Path(f"/proc/{found[0]}/comm").read_text() == "systemd\n":
                # systemd listens as soon as it has made this.
                if pathlib.Path(f"/proc/{found[0]}/root/run/systemd/private").exists():
                    return int(found[0])
            time.sleep(0.05)

    def run(self, *command, check=True, timeout=600):
        done = subprocess.run(
            ["nsenter", "--target", str(self.init), "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd",
             "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}"
        return done

    def path(self, inside):
        return pathlib.Path(f"/proc/{self.init}/root{inside}")

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def close(self):
        # The first process of a PID namespace takes all others with it.
        os.kill(self.init, signal.SIGKILL)
        self.process.wait()
        while True:
            try:
                # Deepest first; the kernel's own files in them do not count.
                for folder in sorted(self.cgroup.rglob("*/"), reverse=True):
                    folder.rmdir()
                return self.cgroup.rmdir()
            except OSError:
                time.sleep(0.05)


class UserDataTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="saccade-user-data-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.enterClassContext(Server())
        run("up", "--release", RELEASE)
        cls.start_cloud()
        cls.fill_cloud()
        cls.start_metadata()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cls.port = probe.getsockname()[1]
        (cls.folder / "guest").mkdir()
        cls.guest = Guest(cls.folder / "guest")
        cls.addClassCleanup(cls.guest.close)

    @classmethod
    def start_cloud(cls):
        # Temporary ones, as a role has.
        cls.keys = {
            "aws_access_key_id": "ASIATESTTESTTESTTEST", "aws_secret_access_key": "secret" * 6, "aws_session_token": "session"}
        (cls.folder / "cloud").mkdir()
        credentials = cls.folder / "cloud/credentials"
        credentials.touch(0o600)
        credentials.write_text("[default]\n" + "".join(f"{key} = {value}\n" for key, value in cls.keys.items()))
        process = subprocess.Popen(
            [SACCADE, "cloud", "--port", "0", "--data", cls.folder / "cloud"], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        cls.addClassCleanup(process.stdout.close)
        cls.cloud = process.stdout.readline().split()[-1]

    @classmethod
    def cloud_client(cls, service):
        return boto3.client(
            service, REGION, endpoint_url=cls.cloud, config=botocore.config.Config(s3={"addressing_style": "path"}),
            **cls.keys)

    @classmethod
    def fill_cloud(cls):
        """What the template has made at moto, at the service that works: buckets, queues and the release."""
        s3, sqs = cls.cloud_client("s3"), cls.cloud_client("sqs")
        for bucket in client("s3", REGION).list_buckets()["Buckets"]:
            s3.create_bucket(
                Bucket=bucket["Name"], CreateBucketConfiguration={"LocationConstraint": REGION})
            for item in client("s3", REGION).list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                s3.upload_file(str(RELEASE), bucket["Name"], item["Key"])
        dead = sqs.create_queue(QueueName=f"{STACK}-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        properties = template("saccade.yaml")["Resources"]["RequestQueue"]["Properties"]
        sqs.create_queue(QueueName=f"{STACK}-requests", Attributes={
            "VisibilityTimeout": str(properties["VisibilityTimeout"]),
            "RedrivePolicy": json.dumps({
                "deadLetterTargetArn": arn, "maxReceiveCount": properties["RedrivePolicy"]["maxReceiveCount"]})})

    @classmethod
    def start_metadata(cls):
        (instance,) = cls.worker_instances()
        cls.instance = instance["InstanceId"]
        Metadata.documents = {
            "instance-id": cls.instance, "placement/region": REGION,
            "autoscaling/target-lifecycle-state": "InService",
            "iam/security-credentials": f"{STACK}-role",
            f"iam/security-credentials/{STACK}-role": json.dumps({
                "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2000-01-01T00:00:00Z",
                "AccessKeyId": cls.keys["aws_access_key_id"], "SecretAccessKey": cls.keys["aws_secret_access_key"],
                "Token": cls.keys["aws_session_token"], "Expiration": time.strftime("%FT%TZ", time.gmtime(time.time() + 6 * 3600))}),
        }
        cls.metadata = cls.enterClassContext(Metadata.serve())

    @staticmethod
    def worker_instances():
        groups = client("autoscaling", REGION).describe_auto_scaling_groups(
            AutoScalingGroupNames=[f"{STACK}-workers"])["AutoScalingGroups"]
        return groups[0]["Instances"]

    # The user-data.

    def user_data(self, group):
        """As EC2 would give it to an instance of the group."""
        templates = client("ec2", REGION).describe_launch_templates()["LaunchTemplates"]
        for found in templates:
            version = client("ec2", REGION).describe_launch_template_versions(
                LaunchTemplateId=found["LaunchTemplateId"], Versions=["$Latest"])["LaunchTemplateVersions"][0]
            text = base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()
            if f"\nrole={group}\n" in text:
                return text
        raise AssertionError(group)

    def elsewhere(self, text, options=""):
        """With lines behind the variables that say where the services are."""
        head, tail = text.split("set -euo pipefail\n", 1)
        return (
            head + f"settings+='{options}\nAWS_ENDPOINT_URL={self.cloud}\nAWS_ENDPOINT_URL_AUTO_SCALING={Server.current}\n"
            f"AWS_EC2_METADATA_SERVICE_ENDPOINT={self.metadata}'\n"
            f"export AWS_ENDPOINT_URL={self.cloud} AWS_EC2_METADATA_SERVICE_ENDPOINT={self.metadata}\n"
            + "set -euo pipefail\n" + tail)

    def boot(self, text, check=True):
        """Runs it like cloud-init: as a file that is made executable."""
        script = self.guest.path("/var/lib/user-data")
        script.write_text(text)
        script.chmod(0o700)
        return self.guest.run("/var/lib/user-data", check=check)

    def ask(self, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body)
        request.add_header("Content-Type", "image/png")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def assert_answers(self):
        """Through the web tier, S3, the queue, the worker and back."""
        answer = json.loads(self.ask("/v1/images", (SAMPLES / "coffee.png").read_bytes()))
        self.assertEqual(answer["label"], "espresso")
        self.assertTrue(answer["worker"].startswith("ip-10-47-0-10-"), answer["worker"])

    def started(self):
        return [self.guest.property(f"saccade-{role}.service", "MainPID") for role in ("worker", "web")]

    def test_user_data(self):
        worker = self.elsewhere(self.user_data("worker"))
        web = self.elsewhere(self.user_data("web"), f" --port {self.port}")

        said = self.boot(worker).stdout
        self.assertIn("saccade-worker.service is ready", said)
        self.assertIn("saccade-web.service is ready", self.boot(web).stdout)
        self.assertEqual(self.ask("/readyz").strip(), "ready")
        self.assert_answers()
        self.assert_processes()
        self.assert_units()
        self.assert_commands()

        # The group knows that it has work.
        (instance,) = self.worker_instances()
        self.assertTrue(instance["ProtectedFromScaleIn"])

        before = self.started()
        self.boot(worker)
        self.boot(web)
        self.assertEqual(self.started(), before, "a second run starts nothing anew")
        self.assert_answers()

        # Its operators find what it did, where they look.
        log = self.guest.path("/var/log/saccade-user-data.log").read_text()
        self.assertEqual(log.count("saccade-user-data: done"), 4)
        self.assertTrue(any(self.guest.path("/var/log/journal").iterdir()))

        self.assert_change(worker)
        self.assert_restart()
        self.assert_wrong_release(worker)
        self.assert_termination()

    def assert_processes(self):
        """One process a core, each of which hears of the others, confined as they are."""
        if (count := os.cpu_count()) > 1:
            up = re.findall(r'^saccade_process_up\{process="(\d+)"\} 1$', self.ask("/metrics"), re.MULTILINE)
            self.assertEqual(len(up), count)

    def assert_units(self):
        for role, seccomp in (("worker", "2"), ("web", "2")):
            unit = f"saccade-{role}.service"
            pid = self.guest.property(unit, "MainPID")
            status = self.guest.path(f"/proc/{pid}/status").read_text()
            fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            self.assertNotIn("0", fields["Uid"].split())
            self.assertEqual((fields["CapEff"], fields["NoNewPrivs"], fields["Seccomp"]), ("0" * 16, "1", seccomp))
            self.assertNotEqual(self.guest.property(unit, "WatchdogTimestampMonotonic"), "0")
            self.assertEqual(self.guest.property(unit, "UnitFileState"), "enabled")
            # What they say at work: no complaint about what they may not do.
            journal = self.guest.run("journalctl", "--quiet", "--output", "cat", "--unit", unit).stdout
            self.assertNotIn("Permission denied", journal)
            self.assertNotIn("Operation not permitted", journal)
        journal = self.guest.run("journalctl", "--quiet", "--output", "cat", "--unit", "saccade-worker.service").stdout
        self.assertRegex(journal, "decoders are confined by seccomp")
        # Compiled models are kept for the next start.
        compiled = self.guest.path("/var/cache/private/saccade/compiled")
        self.assertTrue(any(compiled.rglob("*.blob")), list(compiled.rglob("*")))
        # A decoder's jail holds within the unit's.
        properties = [
            f"--property={line}" for line in self.guest.path(
                "/etc/systemd/system/saccade-worker.service").read_text().splitlines()
            if re.match(r"(Dynamic|Protect|Private|Restrict|SystemCall|NoNew|Capability|Lock|Device|Keyring|UMask)", line)]
        self.guest.run(
            "systemd-run", "--quiet", "--wait", "--pipe", *properties, "/opt/saccade/current/bin/saccade-worker", "decode",
            "--self-check")

    def assert_commands(self):
        """Who logs in has both, and bash completes them."""
        for name in ("saccade", "saccade-worker"):
            self.guest.run(f"/usr/local/bin/{name}", "--help")
            completions = f"/usr/local/share/bash-completion/completions/{name}"
            self.guest.run("bash", "-c", f"source {completions} && complete -p {name}")

    def assert_change(self, worker):
        """Other settings start the daemon anew, and only the one whose they are."""
        before = self.started()
        self.boot(worker.replace("--lifecycle-hook drain", "--drain-timeout 10 --lifecycle-hook drain"))
        after = self.started()
        self.assertNotEqual(after[0], before[0])
        self.assertEqual(after[1], before[1])
        self.assert_answers()

    def assert_restart(self):
        """What dies comes back, and so does what hangs."""
        for role, fault in (("worker", "KILL"), ("web", "STOP")):
            unit = f"saccade-{role}.service"
            before = self.guest.property(unit, "NRestarts")
            self.guest.run("systemctl", "kill", "--kill-whom", "main", "--signal", fault, unit)
            while self.guest.property(unit, "NRestarts") == before or self.guest.property(unit, "ActiveState") != "active":
                time.sleep(0.1)
        self.assert_answers()

    def assert_wrong_release(self, worker):
        """One that is not what the stack says is not run, and the instance ends itself."""
        before = self.started()
        releases = sorted(path.name for path in self.guest.path("/opt/saccade/releases").iterdir())
        done = self.boot(re.sub(r"\nsha256=\w+", "\nsha256=" + "0" * 64, worker), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the instance ends in 15 minutes", done.stdout)
        self.assertTrue(self.guest.path("/run/systemd/shutdown/scheduled").exists())
        self.guest.run("shutdown", "-c")
        self.assertEqual(sorted(path.name for path in self.guest.path("/opt/saccade/releases").iterdir()), releases)
        self.assertEqual([path.name for path in self.guest.path("/opt/saccade").glob("staging.*")], [])
        self.assertEqual(self.started(), before)

    def assert_termination(self):
        """The group takes the instance away: the worker drains, and takes nothing more though it is started again."""
        Metadata.documents["autoscaling/target-lifecycle-state"] = "Terminated"
        unit = "saccade-worker.service"
        while "no jobs are taken" not in self.guest.run(
                "journalctl", "--quiet", "--output", "cat", "--unit", unit).stdout:
            time.sleep(0.2)
        self.assertEqual(completed, [{
            "AutoScalingGroupName": f"{STACK}-workers", "InstanceId": self.instance, "LifecycleHookName": "drain",
            "LifecycleActionResult": "CONTINUE"}])
        # Nobody answers any more.
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/images", data=(SAMPLES / "coffee.png").read_bytes(),
            headers={"Content-Type": "image/png", "Prefer": "wait=2"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.assertEqual(answer.status, 202)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
