"""The CloudFormation template: made by `up` through the aws command line at moto's server, and read back service by service.

What moto lacks is checked in the template itself; moto_cloudformation.py says what that is.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

from moto_cloudformation import Server, client

HERE = pathlib.Path(__file__).resolve().parent
REGION = "eu-central-1"
STACK = "pictures"
ACCOUNT = "123456789012"
BIN = pathlib.Path(sys.executable).parent


class TemplateLoader(yaml.SafeLoader):
    """Reads YAML's short forms of intrinsic functions as the long ones."""


def function(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


TemplateLoader.add_multi_constructor("!", function)


def template(name):
    return yaml.load((HERE / name).read_text(), TemplateLoader)


def environment():
    """Without anything that could lead to a real account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return kept | {
        "PATH": f"{BIN}:{os.environ['PATH']}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}


def run(script, *arguments, status=0):
    """Runs one of the scripts as people do; what it has said."""
    done = subprocess.run(
        [HERE / script, "--stack", STACK, "--region", REGION, "--endpoint-url", Server.current, *arguments],
        env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, f"{script} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def aslist(value):
    return value if isinstance(value, list) else [value]


def swift_number(file, pattern):
    """A number in the sources, of which there must be one."""
    found = re.findall(pattern, (HERE.parent.parent / "Sources" / file).read_text())
    assert len(found) == 1, f"{file}: {pattern} is there {len(found)} times"
    return int(found[0])


class TemplateTest(unittest.TestCase):
    """Without any server."""

    def test_lint(self):
        for name in ("saccade.yaml", "release.yaml"):
            done = subprocess.run([BIN / "cfn-lint", HERE / name], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_scripts(self):
        for name in ("up", "down", "status", "release"):
            done = subprocess.run([HERE / name, "--help"], capture_output=True, text=True, env=environment())
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"Usage: deploy/aws/{name}", done.stdout)
            done = subprocess.run([HERE / name, "--nonsense"], capture_output=True, text=True, env=environment())
            self.assertEqual((done.returncode, done.stdout), (64, ""))

    def test_groups(self):
        """What moto does not keep."""
        resources = template("saccade.yaml")["Resources"]
        for name in ("WebGroup", "WorkerGroup"):
            rolling = resources[name]["UpdatePolicy"]["AutoScalingRollingUpdate"]
            self.assertEqual(rolling["MinInstancesInService"], 1)
            self.assertIn("AlarmNotification", rolling["SuspendProcesses"])
            self.assertEqual(
                resources[name]["Properties"]["MetricsCollection"],
                [{"Granularity": "1Minute", "Metrics": ["GroupDesiredCapacity", "GroupInServiceInstances"]}])
        # A group's own warm-up would take the place of the policy's.
        self.assertNotIn("DefaultInstanceWarmup", resources["WorkerGroup"]["Properties"])
        self.assertNotIn("DesiredCapacity", resources["WorkerGroup"]["Properties"])

    def test_dead_letters(self):
        """What moto does not keep: nobody else's queue may send there."""
        allow = template("saccade.yaml")["Resources"]["DeadLetterQueue"]["Properties"]["RedriveAllowPolicy"]
        self.assertEqual(allow["redrivePermission"], "byQueue")
        (source,) = allow["sourceQueueArns"]
        self.assertTrue(source["Fn::Sub"].endswith(":${AWS::StackName}-requests"))

    def test_dashboard_names_metrics(self):
        body = template("saccade.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        titles = [widget["properties"]["title"] for widget in json.loads(body)["widgets"]]
        self.assertEqual(len(titles), 6)


class StackTest(unittest.TestCase):
    """All on one stack, which is made once."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.enterClassContext(Server())
        # A release in name only: what is in one is tested by running it.
        cls.release = cls.folder / "saccade-test.tar.gz"
        cls.release.write_bytes(b"not a tarball")
        cls.sha256 = hashlib.sha256(b"not a tarball").hexdigest()
        pathlib.Path(f"{cls.release}.sha256").write_text(f"{cls.sha256}  {cls.release.name}\n")
        cls.keys = cls.folder / "keys"
        cls.keys.write_text(f"tests:{'0' * 64}\n")
        cls.made = run(
            "up", "--release", cls.release, "--api-keys", cls.keys, "--email", "ops@example.com", "--spot", "70",
            "--parameter", "WebMaximum=6")
        cls.outputs = cls.stack_outputs(STACK)

    @staticmethod
    def stack_outputs(name):
        stack = client("cloudformation", REGION).describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def group(self, name):
        groups = client("autoscaling", REGION).describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return groups["AutoScalingGroups"][0]

    def launch_data(self, group):
        specification = group.get("LaunchTemplate") or (
            group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"])
        versions = client("ec2", REGION).describe_launch_template_versions(
            LaunchTemplateId=specification["LaunchTemplateId"], Versions=[specification["Version"]])
        return versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]

    def user_data(self, name):
        return base64.b64decode(self.launch_data(self.group(f"{STACK}-{name}"))["UserData"]).decode()

    def alarm(self, name):
        return client("cloudwatch", REGION).describe_alarms(AlarmNames=[f"{STACK}-{name}"])["MetricAlarms"][0]

    def policies(self, group):
        return client("autoscaling", REGION).describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]

    # Buckets and queues.

    def test_buckets(self):
        s3 = client("s3", REGION)
        release = self.stack_outputs(f"{STACK}-release")["ReleaseBucketName"]
        abort = {"abort-uploads": {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}}
        for bucket, rules in (
            (self.outputs["InputBucketName"], abort | {"expire-images": {"Expiration": {"Days": 30}}}),
            (self.outputs["OutputBucketName"], abort | {"expire-results": {"Expiration": {"Days": 365}}}),
            (release, abort),
        ):
            with self.subTest(bucket):
                encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
                self.assertEqual(
                    [rule["ApplyServerSideEncryptionByDefault"] for rule in encryption], [{"SSEAlgorithm": "AES256"}])
                block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
                self.assertEqual(block, dict.fromkeys(
                    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True))
                ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
                self.assertEqual(ownership, [{"ObjectOwnership": "BucketOwnerEnforced"}])
                found = {}
                for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]:
                    self.assertEqual((rule["Status"], rule["Filter"]), ("Enabled", {"Prefix": ""}))
                    found[rule["ID"]] = {
                        key: rule[key] for key in ("Expiration", "AbortIncompleteMultipartUpload") if key in rule}
                self.assertEqual(found, rules)
                self.assert_tls_only(
                    json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]), f"arn:aws:s3:::{bucket}")

    def assert_tls_only(self, policy, resource):
        """It denies, and allows nothing."""
        (statement,) = policy["Statement"]
        self.assertEqual((statement["Effect"], statement["Principal"]), ("Deny", "*"))
        self.assertEqual(statement["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
        self.assertIn(resource, aslist(statement["Resource"]))

    def test_queues(self):
        sqs = client("sqs", REGION)
        queues = {}
        for output in ("RequestQueueUrl", "DeadLetterQueueUrl"):
            name = self.outputs[output].rsplit("/", 1)[1]
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            queues[name] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(set(queues), {f"{STACK}-requests", f"{STACK}-dead"})
        requests, dead = queues[f"{STACK}-requests"], queues[f"{STACK}-dead"]
        # As `Installation` makes them on one machine, and the workers expect them.
        receives = swift_number("Jobs/Installation.swift", r"receiveCountMax = (\d+)")
        visibility = swift_number("Jobs/Installation.swift", r"visibilityTimeout: Duration = \.seconds\((\d+)\)")
        days = swift_number("Jobs/Installation.swift", r"deadLetterRetention: Duration = \.seconds\((\d+) \* 24 \* 3600\)")
        redrive = json.loads(requests["RedrivePolicy"])
        self.assertEqual(redrive["deadLetterTargetArn"], dead["QueueArn"])
        self.assertEqual(int(redrive["maxReceiveCount"]), receives)
        self.assertEqual(int(requests["VisibilityTimeout"]), visibility)
        self.assertEqual(int(dead["MessageRetentionPeriod"]), days * 86_400)
        for attributes in queues.values():
            self.assertEqual(attributes["SqsManagedSseEnabled"], "true")
            self.assert_tls_only(
                json.loads(attributes["Policy"]), f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-*")

    # Rights.

    def statements(self, group):
        """What instances of a group may do, by action."""
        iam = client("iam", REGION)
        arn = self.launch_data(self.group(group))["IamInstanceProfile"]["Arn"]
        (profile,) = (p for p in iam.list_instance_profiles()["InstanceProfiles"] if p["Arn"] == arn)
        (role,) = profile["Roles"]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual((trust["Principal"], trust["Action"]), ({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole"))
        self.assertEqual(iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"], [])
        allowed = {}
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                self.assertEqual(statement["Effect"], "Allow")
                for action in aslist(statement["Action"]):
                    allowed.setdefault(action, set()).update(aslist(statement["Resource"]))
        return allowed

    def test_web_rights(self):
        images = f"arn:aws:s3:::{self.outputs['InputBucketName']}"
        results = f"arn:aws:s3:::{self.outputs['OutputBucketName']}"
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}"
        release = f"arn:aws:s3:::{self.stack_outputs(f'{STACK}-release')['ReleaseBucketName']}"
        release = {f"{release}/releases/{self.sha256}.tar.gz", f"{release}/api-keys/*"}
        replies = dict.fromkeys(
            ("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:TagQueue", "sqs:ListQueueTags", "sqs:ReceiveMessage",
             "sqs:DeleteMessage"), {f"{queue}-replies-*"})
        dead = dict.fromkeys(
            ("sqs:ChangeMessageVisibility", "sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks"), {f"{queue}-dead"})
        replies["sqs:ReceiveMessage"] = replies["sqs:DeleteMessage"] = {f"{queue}-replies-*", f"{queue}-dead"}
        self.assertEqual(self.statements(f"{STACK}-web"), replies | dead | {
            "s3:PutObject": {f"{images}/*"},
            "s3:DeleteObject": {f"{images}/*"},
            "s3:AbortMultipartUpload": {f"{images}/*"},
            "s3:ListBucketMultipartUploads": {images},
            "s3:ListBucket": {images, results},
            "s3:GetObject": {f"{images}/*", f"{results}/*"} | release,
            "sqs:GetQueueUrl": {f"{queue}-requests", f"{queue}-dead"},
            "sqs:GetQueueAttributes": {f"{queue}-requests", f"{queue}-dead"},
            "sqs:SendMessage": {f"{queue}-requests"},
            "sqs:ListQueues": {"*"},
        })

    def test_worker_rights(self):
        images = f"arn:aws:s3:::{self.outputs['InputBucketName']}"
        results = f"arn:aws:s3:::{self.outputs['OutputBucketName']}"
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}"
        release = f"arn:aws:s3:::{self.stack_outputs(f'{STACK}-release')['ReleaseBucketName']}"
        group = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/{STACK}-workers"
        self.assertEqual(self.statements(f"{STACK}-workers"), {
            "s3:GetObject": {f"{images}/*", f"{results}/*", f"{release}/releases/{self.sha256}.tar.gz"},
            "s3:ListBucket": {images},
            "s3:PutObject": {f"{results}/*"},
            "sqs:GetQueueUrl": {f"{queue}-requests"},
            "sqs:ReceiveMessage": {f"{queue}-requests"},
            "sqs:DeleteMessage": {f"{queue}-requests"},
            "sqs:ChangeMessageVisibility": {f"{queue}-requests"},
            "sqs:SendMessage": {f"{queue}-replies-*"},
            "autoscaling:SetInstanceProtection": {group},
            "autoscaling:CompleteLifecycleAction": {group},
        })

    def test_no_action_is_open(self):
        for group in ("web", "workers"):
            for action in self.statements(f"{STACK}-{group}"):
                self.assertNotIn("*", action)

    # Scaling, by the numbers of the policy that Saccade's own fleet and the planner have.

    def test_worker_group(self):
        policy = json.loads((HERE / "policy.json").read_text())
        group = self.group(f"{STACK}-workers")
        self.assertEqual((policy["minimum"], policy["maximum"]), (1, 19))
        self.assertEqual((group["MinSize"], group["MaxSize"]), (1, 19))
        self.assertEqual(group["HealthCheckType"], "EC2")
        mixed = group["MixedInstancesPolicy"]
        self.assertEqual(
            [override["InstanceType"] for override in mixed["LaunchTemplate"]["Overrides"]], ["c7a.large", "m7a.large"])
        distribution = mixed["InstancesDistribution"]
        self.assertEqual(int(distribution["OnDemandBaseCapacity"]), 1)
        self.assertEqual(int(distribution["OnDemandPercentageAboveBaseCapacity"]), 30)
        (hook,) = client("autoscaling", REGION).describe_lifecycle_hooks(
            AutoScalingGroupName=group["AutoScalingGroupName"])["LifecycleHooks"]
        self.assertEqual(
            (hook["LifecycleHookName"], hook["LifecycleTransition"], hook["HeartbeatTimeout"], hook["DefaultResult"]),
            ("drain", "autoscaling:EC2_INSTANCE_TERMINATING", 120, "CONTINUE"))

    def test_policy(self):
        policy = json.loads((HERE / "policy.json").read_text())
        made = {found["PolicyARN"]: found for found in self.policies(f"{STACK}-workers")}
        self.assertEqual(len(made), len(policy["rules"]))
        for rule in policy["rules"]:
            with self.subTest(rule["alarm"]["name"]):
                alarm = self.alarm(rule["alarm"]["name"])
                self.assert_alarm(alarm, rule["alarm"])
                (action,) = alarm["AlarmActions"]
                self.assert_steps(made[action], rule["policy"])

    def assert_alarm(self, alarm, expected):
        metrics = expected["metric"].split(" + ")
        if len(metrics) == 1:
            self.assert_request_metric(alarm, metrics[0])
            self.assertEqual((alarm["Statistic"], alarm["Period"]), (expected["statistic"], expected["period"]))
        else:
            queries = {query["Id"]: query for query in alarm["Metrics"]}
            (sum_of,) = (query for query in queries.values() if query.get("Expression"))
            parts = [queries[name] for name in sum_of["Expression"].split(" + ")]
            self.assertEqual(len(queries), 1 + len(parts))
            for query, metric in zip(parts, metrics, strict=True):
                self.assert_request_metric(query["MetricStat"]["Metric"], metric)
                self.assertEqual(
                    (query["MetricStat"]["Stat"], query["MetricStat"]["Period"], query["ReturnData"]),
                    (expected["statistic"], expected["period"], False))
        self.assertEqual(alarm["ComparisonOperator"], expected["comparison"])
        self.assertEqual(alarm["Threshold"], expected["threshold"])
        self.assertEqual(alarm["EvaluationPeriods"], expected["evaluationPeriods"])
        self.assertEqual(alarm["DatapointsToAlarm"], expected["datapointsToAlarm"])
        self.assertEqual(alarm["TreatMissingData"], expected["missingData"])

    def assert_request_metric(self, metric, name):
        self.assertEqual((metric["Namespace"], metric["MetricName"]), ("AWS/SQS", name))
        self.assertEqual(metric["Dimensions"], [{"Name": "QueueName", "Value": f"{STACK}-requests"}])

    def assert_steps(self, made, expected):
        self.assertNotIn("cooldown", expected)
        self.assertEqual((made["PolicyType"], made["AdjustmentType"]), ("StepScaling", expected["adjustmentType"]))
        self.assertEqual(int(made.get("EstimatedInstanceWarmup") or 0), expected["estimatedInstanceWarmup"])
        steps = [
            {"lowerBound": step.get("MetricIntervalLowerBound"), "upperBound": step.get("MetricIntervalUpperBound"),
             "adjustment": step["ScalingAdjustment"]} for step in made["StepAdjustments"]]
        self.assertEqual(steps, [
            {"lowerBound": step.get("lowerBound"), "upperBound": step.get("upperBound"),
             "adjustment": step["adjustment"]} for step in expected["steps"]])

    def test_alarms_for_people(self):
        topic = self.outputs["AlarmTopicArn"]
        for name, queue, metric, threshold in (
            ("dead-letters", "dead", "ApproximateNumberOfMessagesVisible", 0),
            ("oldest-job", "requests", "ApproximateAgeOfOldestMessage", 300),
        ):
            alarm = self.alarm(name)
            self.assertEqual((alarm["Namespace"], alarm["MetricName"]), ("AWS/SQS", metric))
            self.assertEqual(alarm["Dimensions"], [{"Name": "QueueName", "Value": f"{STACK}-{queue}"}])
            self.assertEqual((alarm["ComparisonOperator"], alarm["Threshold"]), ("GreaterThanThreshold", threshold))
            self.assertEqual((alarm["Statistic"], alarm["Period"]), ("Maximum", 60))
            self.assertEqual((alarm["AlarmActions"], alarm["OKActions"]), ([topic], [topic]))
        (subscription,) = client("sns", REGION).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual((subscription["Protocol"], subscription["Endpoint"]), ("email", "ops@example.com"))

    def test_dashboard(self):
        (entry,) = client("cloudwatch", REGION).list_dashboards()["DashboardEntries"]
        body = client("cloudwatch", REGION).get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]
        self.assertEqual(entry["DashboardName"], STACK)
        self.assertIn(f"{STACK}-requests", json.dumps(json.loads(body)))

    # Web tier and network.

    def test_load_balancer(self):
        elb = client("elbv2", REGION)
        (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
        self.assertEqual((balancer["Type"], balancer["Scheme"]), ("application", "internet-facing"))
        self.assertEqual(len({zone["ZoneName"] for zone in balancer["AvailabilityZones"]}), 2)
        attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
        attributes = {attribute["Key"]: attribute["Value"] for attribute in attributes}
        self.assertEqual(attributes["routing.http.drop_invalid_header_fields.enabled"], "true")
        idle = int(attributes["idle_timeout.timeout_seconds"])
        # Silent longer than any answer is waited for, and less than the web tier keeps connections.
        self.assertGreater(idle, swift_number(
            "WebTier/WebLimits.swift", r"longPollDurationMax: Duration = \.seconds\((\d+)\)"))
        (kept,) = re.findall(r"--idle-timeout (\d+)", self.user_data("web"))
        self.assertGreater(int(kept), idle)
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        self.assertEqual((listener["Protocol"], listener["Port"]), ("HTTP", 80))
        (target,) = elb.describe_target_groups()["TargetGroups"]
        self.assertEqual(listener["DefaultActions"][0]["TargetGroupArn"], target["TargetGroupArn"])
        self.assertEqual(
            (target["HealthCheckPath"], target["HealthCheckProtocol"], target["Matcher"]["HttpCode"], target["Port"]),
            ("/readyz", "HTTP", "200", 8080))
        group = self.group(f"{STACK}-web")
        self.assertEqual(group["TargetGroupARNs"], [target["TargetGroupArn"]])
        self.assertEqual((group["MinSize"], group["MaxSize"]), (1, 6))
        (tracking,) = self.policies(f"{STACK}-web")
        configuration = tracking["TargetTrackingConfiguration"]
        self.assertEqual(
            configuration["PredefinedMetricSpecification"]["PredefinedMetricType"], "ASGAverageCPUUtilization")

    def test_network(self):
        ec2 = client("ec2", REGION)
        (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.47.0.0/16"]}])["Vpcs"]
        here = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        subnets = ec2.describe_subnets(Filters=here)["Subnets"]
        self.assertEqual({subnet["CidrBlock"] for subnet in subnets}, {"10.47.0.0/20", "10.47.16.0/20"})
        self.assertEqual(len({subnet["AvailabilityZone"] for subnet in subnets}), 2)
        groups = {}
        for group in ec2.describe_security_groups(Filters=here)["SecurityGroups"]:
            groups[group["Description"]] = group
        balancer = groups["Load balancer of Saccade"]
        self.assertEqual({rule["FromPort"] for rule in balancer["IpPermissions"]}, {80, 443})
        (web,) = groups["Web tier of Saccade"]["IpPermissions"]
        self.assertEqual((web["FromPort"], web["ToPort"], web["IpRanges"]), (8080, 8080, []))
        self.assertEqual([pair["GroupId"] for pair in web["UserIdGroupPairs"]], [balancer["GroupId"]])
        self.assertEqual(groups["Workers of Saccade"]["IpPermissions"], [])
        for name in ("web", "workers"):
            data = self.launch_data(self.group(f"{STACK}-{name}"))
            (security,) = data["SecurityGroupIds"]
            self.assertIn(security, [groups[key]["GroupId"] for key in groups if key != balancer["Description"]])

    def test_launch_templates(self):
        for name in ("web", "workers"):
            data = self.launch_data(self.group(f"{STACK}-{name}"))
            self.assertRegex(data["ImageId"], "^ami-")
            self.assertEqual(data["MetadataOptions"]["HttpTokens"], "required")
            self.assertEqual(data["MetadataOptions"]["HttpPutResponseHopLimit"], 1)
            self.assertNotIn("KeyName", data)
            (device,) = data["BlockDeviceMappings"]
            self.assertTrue(device["Ebs"]["Encrypted"])
            # EC2's limit, before Base64.
            self.assertLess(len(self.user_data(name)), 16_384)

    def test_user_data(self):
        release = self.stack_outputs(f"{STACK}-release")["ReleaseBucketName"]
        buckets = f"--input-bucket {self.outputs['InputBucketName']} --output-bucket {self.outputs['OutputBucketName']}"
        options = {
            "web": f"{buckets} --queue-prefix {STACK} --trusted-proxy 10.47.0.0/16 --idle-timeout 130"
                   " --api-keys /etc/saccade/api-keys",
            "workers": f"{buckets} --queue-prefix {STACK} --instance-notices on"
                       f" --auto-scaling-group {STACK}-workers --lifecycle-hook drain",
        }
        key = hashlib.sha256(self.keys.read_bytes()).hexdigest()
        for name, expected in options.items():
            script = self.user_data(name)
            self.assertTrue(script.startswith("#!/bin/bash\n"))
            # The lines that set variables, by the shell itself.
            variables = script.split("set -euo pipefail")[0]
            said = subprocess.run(
                ["bash", "-euc", variables + 'printf "%s|" "$role" "$region" "$release" "$sha256" "$api_keys" "$settings"'],
                capture_output=True, text=True, check=True).stdout.split("|")
            self.assertEqual(said[:5], [
                "web" if name == "web" else "worker", REGION, f"s3://{release}/releases/{self.sha256}.tar.gz", self.sha256,
                f"s3://{release}/api-keys/{key}" if name == "web" else ""])
            self.assertEqual(said[5], f"AWS_REGION={REGION}\nSACCADE_OPTIONS={expected}")
            path = self.folder / name
            path.write_text(script)
            subprocess.run(["bash", "-n", path], check=True)
            if shutil.which("shellcheck"):
                # SC2034: what `set` lines of the other role read.
                done = subprocess.run(["shellcheck", "-e", "SC2034", path], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_release_is_uploaded(self):
        release = self.stack_outputs(f"{STACK}-release")["ReleaseBucketName"]
        body = client("s3", REGION).get_object(Bucket=release, Key=f"releases/{self.sha256}.tar.gz")["Body"].read()
        self.assertEqual(body, self.release.read_bytes())

    def test_url(self):
        (balancer,) = client("elbv2", REGION).describe_load_balancers()["LoadBalancers"]
        self.assertEqual(self.made.stdout, f"http://{balancer['DNSName']}\n")


class LifeTest(unittest.TestCase):
    """From nothing to nothing, in order."""

    def snapshot(self):
        """When which stack was changed, and what is in the release bucket."""
        stacks = client("cloudformation", REGION).describe_stacks()["Stacks"]
        events = {
            stack["StackName"]: len(client("cloudformation", REGION).describe_stack_events(
                StackName=stack["StackName"])["StackEvents"]) for stack in stacks}
        s3 = client("s3", REGION)
        objects = {
            (bucket["Name"], item["Key"]): item["LastModified"] for bucket in s3.list_buckets()["Buckets"]
            for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])}
        return events, objects

    def test_life(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        release = folder / "saccade-test.tar.gz"
        release.write_bytes(b"not a tarball")
        pathlib.Path(f"{release}.sha256").write_text(f"{hashlib.sha256(b'not a tarball').hexdigest()}  x\n")
        with Server():
            before = self.leftovers()
            self.assertIn("no stack", run("status", status=2).stderr)
            options = ["--release", release, "--spot", "100"]
            made = run("up", *options)
            snapshot = self.snapshot()
            # Parameters that are not given again stay.
            self.assertEqual(run("up", "--release", release).stdout, made.stdout)
            self.assertEqual(self.snapshot(), snapshot, "a second up changes nothing")
            self.assert_status(run("status").stdout)

            # A new release is a new version of the launch templates.
            release.write_bytes(b"another")
            self.assertIn("is not what its .sha256 says", run("up", *options, status=1).stderr)
            sha256 = hashlib.sha256(b"another").hexdigest()
            pathlib.Path(f"{release}.sha256").write_text(f"{sha256}  x\n")
            run("up", *options)
            versions = client("ec2", REGION).describe_launch_templates()["LaunchTemplates"]
            self.assertEqual({template["LatestVersionNumber"] for template in versions}, {2})

            # Images, results and the queue of a web process that was killed.
            stack = StackTest.stack_outputs(STACK)
            for bucket in (stack["InputBucketName"], stack["OutputBucketName"]):
                client("s3", REGION).put_object(Bucket=bucket, Key="some/photo.jpg", Body=b"x")
            client("sqs", REGION).create_queue(QueueName=f"{STACK}-replies-0")
            client("sqs", REGION).create_queue(QueueName="somebody-elses")
            self.assertIn("--yes is needed", run("down", status=64).stderr)
            run("down", "--yes")
            after = self.leftovers()
            self.assertEqual(after.pop("queues"), ["somebody-elses"])
            self.assertEqual(before.pop("queues"), [])
            self.maxDiff = None
            self.assertEqual(after, before)
            run("down", "--yes")

    def assert_status(self, text):
        for line in (
            f"stack         {STACK}, CREATE_COMPLETE", "jobs          0 wait, 0 in flight",
            "dead letters  0 wait, 0 in flight", "web tier      1 in service, 1 wanted (1 to 4)",
            "workers       1 in service, 1 wanted (1 to 19)", "alarms        none",
        ):
            self.assertIn(line + "\n", text)

    def leftovers(self):
        """Of every kind of resource that the template has."""
        ec2, iam = client("ec2", REGION), client("iam", REGION)
        elb, autoscaling = client("elbv2", REGION), client("autoscaling", REGION)
        cloudwatch = client("cloudwatch", REGION)
        stacks = client("cloudformation", REGION).describe_stacks()["Stacks"]
        running = [
            instance["InstanceId"] for reservation in ec2.describe_instances()["Reservations"]
            for instance in reservation["Instances"] if instance["State"]["Name"] != "terminated"]
        return {
            "stacks": [stack["StackName"] for stack in stacks],
            "buckets": client("s3", REGION).list_buckets()["Buckets"],
            "queues": [url.rsplit("/", 1)[1] for url in client("sqs", REGION).list_queues().get("QueueUrls", [])],
            "roles": iam.list_roles()["Roles"], "profiles": iam.list_instance_profiles()["InstanceProfiles"],
            "groups": autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"],
            "policies": autoscaling.describe_policies()["ScalingPolicies"],
            "templates": ec2.describe_launch_templates()["LaunchTemplates"], "instances": running,
            "balancers": elb.describe_load_balancers()["LoadBalancers"],
            "targets": elb.describe_target_groups()["TargetGroups"],
            "networks": [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]],
            "subnets": {subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]},
            "gateways": ec2.describe_internet_gateways()["InternetGateways"],
            "endpoints": [
                endpoint for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"] if endpoint["State"] != "deleted"],
            "tables": {table["RouteTableId"] for table in ec2.describe_route_tables()["RouteTables"]},
            "security": {group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]},
            "alarms": cloudwatch.describe_alarms()["MetricAlarms"],
            "dashboards": cloudwatch.list_dashboards()["DashboardEntries"],
            "topics": client("sns", REGION).list_topics()["Topics"],
        }


if __name__ == "__main__":
    unittest.main()
