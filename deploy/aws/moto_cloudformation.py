"""What moto's CloudFormation leaves out, though moto's services have it.

moto makes of a template only resources of types that it knows, and of some of those not all properties: it has no
AWS::CloudWatch::Alarm, AWS::AutoScaling::ScalingPolicy, AWS::S3::BucketPolicy and AWS::SQS::QueuePolicy, and ignores a bucket's
public access block, ownership and lifecycle, a load balancer's and a target group's attributes, a group's lifecycle hooks, and the
form of a role's policies. Here those become the calls that CloudFormation makes of them, to moto itself, which checks them like
anybody's. Its change sets leave out a stack's outputs, forget parameters, and do not see those within Fn::Sub.

Left out still, since moto has nothing for it: DefaultInstanceWarmup, MetricsCollection and UpdatePolicy of Auto Scaling groups,
RedriveAllowPolicy of queues.
"""

import contextlib
import ipaddress
import json
import logging
import re
import urllib.request

import boto3
from moto.autoscaling.models import FakeAutoScalingGroup, autoscaling_backends
from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPCEndPoint
from moto.elbv2.models import FakeListener, FakeLoadBalancer, FakeTargetGroup
from moto.iam.access_control import PermissionResult
from moto.iam.models import Role
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import FakeBucket


class Server:
    """moto at a free port of this machine, empty, for as long as the context lasts."""

    def __enter__(self):
        for name in ("werkzeug", "moto"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self.server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = Server.current = f"http://{host}:{port}"
        # What it keeps is its process's.
        urllib.request.urlopen(urllib.request.Request(self.url + "/moto-api/reset", method="POST")).close()
        return self

    def __exit__(self, *_):
        self.server.stop()


def client(service, region):
    return boto3.client(service, region, endpoint_url=Server.current, aws_access_key_id="test",
                        aws_secret_access_key="test")


class Resource:
    """One that is made and removed by a call each."""

    def __init__(self, identifier, remove):
        self.physical_resource_id = identifier
        self.remove = remove

    def is_created(self):
        return True

    def delete(self, account, region):
        self.remove()


def resource(kind):
    """Registers a function of (name, properties, region) as what makes a resource of this type."""

    def register(make):
        def create(cls, name, document, account, region, **_):
            return make(name, document["Properties"], region)

        # moto finds direct subclasses, as long as they live, and takes their service from their module.
        models.append(type(make.__name__, (CloudFormationModel,), {
            "__module__": "moto.cloudformation." + make.__name__,
            "cloudformation_name_type": staticmethod(lambda: ""),
            "cloudformation_type": staticmethod(lambda: kind),
            "create_from_cloudformation_json": classmethod(create),
        }))
        return make

    return register


models = []


@resource("AWS::CloudWatch::Alarm")
def alarm(name, properties, region):
    cloudwatch = client("cloudwatch", region)
    cloudwatch.put_metric_alarm(**properties)
    identifier = properties["AlarmName"]
    return Resource(identifier, lambda: cloudwatch.delete_alarms(AlarmNames=[identifier]))


@resource("AWS::AutoScaling::ScalingPolicy")
def scaling_policy(name, properties, region):
    autoscaling = client("autoscaling", region)
    autoscaling.put_scaling_policy(PolicyName=name, **properties)
    # moto's answer does not tell it.
    (made,) = autoscaling.describe_policies(PolicyNames=[name])["ScalingPolicies"]

    def remove():
        # The group may have taken it along.
        with contextlib.suppress(autoscaling.exceptions.ClientError):
            autoscaling.delete_policy(PolicyName=name, AutoScalingGroupName=properties["AutoScalingGroupName"])

    return Resource(made["PolicyARN"], remove)


@resource("AWS::S3::BucketPolicy")
def bucket_policy(name, properties, region):
    s3 = client("s3", region)
    bucket = properties["Bucket"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(properties["PolicyDocument"]))

    def remove():
        with contextlib.suppress(s3.exceptions.ClientError):
            s3.delete_bucket_policy(Bucket=bucket)

    return Resource(name, remove)


@resource("AWS::SQS::QueuePolicy")
def queue_policy(name, properties, region):
    sqs = client("sqs", region)
    for queue in properties["Queues"]:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(properties["PolicyDocument"])})
    # It goes with its queues.
    return Resource(name, lambda: None)


def completes(model):
    """Registers a function that does with (resource, properties, region) what moto's own creation has left undone."""

    def register(complete):
        create = model.create_from_cloudformation_json.__func__

        def both(cls, name, document, account, region, **rest):
            made = create(cls, name, document, account, region, **rest)
            complete(made, document["Properties"], region)
            return made

        model.create_from_cloudformation_json = classmethod(both)
        return complete

    return register


@completes(FakeBucket)
def bucket(made, properties, region):
    s3 = client("s3", region)
    s3.put_public_access_block(
        Bucket=made.name, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"])
    s3.put_bucket_ownership_controls(Bucket=made.name, OwnershipControls=properties["OwnershipControls"])
    rules = []
    for rule in properties["LifecycleConfiguration"]["Rules"]:
        rule = {"ID": rule["Id"], "Filter": {"Prefix": rule.get("Prefix", "")}} | {
            key: value for key, value in rule.items() if key not in ("Id", "Prefix")}
        if "ExpirationInDays" in rule:
            rule["Expiration"] = {"Days": rule.pop("ExpirationInDays")}
        rules.append(rule)
    s3.put_bucket_lifecycle_configuration(Bucket=made.name, LifecycleConfiguration={"Rules": rules})


@completes(Role)
def role(made, properties, region):
    """Whose policies moto keeps as Python writes dictionaries, unchecked."""
    for policy in properties["Policies"]:
        client("iam", region).put_role_policy(
            RoleName=made.name, PolicyName=policy["PolicyName"], PolicyDocument=json.dumps(policy["PolicyDocument"]))


@completes(FakeLoadBalancer)
def load_balancer(made, properties, region):
    client("elbv2", region).modify_load_balancer_attributes(
        LoadBalancerArn=made.physical_resource_id, Attributes=properties["LoadBalancerAttributes"])


@completes(FakeTargetGroup)
def target_group(made, properties, region):
    client("elbv2", region).modify_target_group_attributes(
        TargetGroupArn=made.physical_resource_id, Attributes=properties["TargetGroupAttributes"])


@completes(FakeAutoScalingGroup)
def auto_scaling_group(made, properties, region):
    for hook in properties.get("LifecycleHookSpecificationList", []):
        client("autoscaling", region).put_lifecycle_hook(AutoScalingGroupName=made.name, **hook)


def delete(resources):
    """In the reverse order of their creation, as CloudFormation does, and not by chance."""
    made = [name for name in resources._parsed_resources if name in resources._resource_json_map]
    for name in reversed(made):
        resources._delete_resource(resources._parsed_resources.pop(name), resources._resource_json_map[name])


parsing.ResourceMap.delete = delete

# These stay when their stack is removed.
RouteTable.delete = lambda table, _, region: client("ec2", region).delete_route_table(RouteTableId=table.id)
VPCEndPoint.delete = lambda endpoint, _, region: client("ec2", region).delete_vpc_endpoints(VpcEndpointIds=[endpoint.id])
InternetGateway.delete = lambda gateway, account, region: ec2_backends[account][region].internet_gateways.pop(gateway.id)
FakeListener.delete = lambda listener, _, region: client("elbv2", region).delete_listener(ListenerArn=listener.arn)
FakeTargetGroup.delete = lambda group, _, region: client("elbv2", region).delete_target_group(TargetGroupArn=group.arn)


def remove_group(group, account, region, original=FakeAutoScalingGroup.delete):
    """To CloudFormation what is gone is removed."""
    if group.name in autoscaling_backends[account][region].autoscaling_groups:
        original(group, account, region)


FakeAutoScalingGroup.delete = remove_group

# moto heeds the policy of a bucket, but none of its conditions: one that denies what comes without TLS would deny all.
FakeBucket.get_permission = lambda *_, **__: PermissionResult.NEUTRAL


def clean(document, resources, original=parsing.clean_json):
    """Fn::Cidr, which moto does not know."""
    if isinstance(document, dict) and "Fn::Cidr" in document:
        block, count, bits = original(document["Fn::Cidr"], resources)
        subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
        return [str(next(subnets)) for _ in range(int(count))]
    return original(document, resources)


parsing.clean_json = clean


def image(resources, value, kind, original=parsing.ResourceMap.parse_ssm_parameter):
    """AWS's public parameter for Debian's images, of which moto has those for Amazon Linux."""
    if value == DEBIAN:
        return next(iter(ec2_backends[resources._account_id][resources._region_name].amis))
    return original(resources, value, kind)


DEBIAN = "/aws/service/debian/release/12/latest/amd64"
parsing.ResourceMap.parse_ssm_parameter = image


def references(document, original=parsing.get_references_from_template):
    """Those within Fn::Sub, too."""
    found = original(document)
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                found += re.findall(r"\$\{([A-Za-z0-9]+)\}", text)
    return found


parsing.get_references_from_template = references


def values(stack, given):
    """Parameters with their defaults, as texts, which they are to CloudFormation."""
    slots = stack.template_dict.get("Parameters", {})
    defaults = {name: slot["Default"] for name, slot in slots.items() if "Default" in slot}
    return {name: str(value) for name, value in (defaults | given).items()}


def apply(change_set, original=ChangeSet.apply):
    stack = change_set.stack
    stack.template = change_set.template
    stack._parse_template()
    # So that only those that differ are taken for changed.
    stack.resource_map.input_parameters = values(stack, stack.parameters)
    change_set.parameters = stack.parameters = values(stack, change_set.parameters)
    original(change_set)
    stack.output_map = stack._create_output_map()


ChangeSet.apply = apply
Stack.has_parameters = lambda stack, other: values(stack, stack.parameters) == values(stack, other)
Stack.stack_parameters = property(lambda stack: values(stack, stack.parameters))
# What UpdateStack says when nothing has changed; a change set without changes is made, and says so itself.
CloudFormationResponse._validate_different_update = lambda *_: None
