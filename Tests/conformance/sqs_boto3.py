"""SQS as boto3 sees it: every operation, its errors, long polls, redrive, and what survives kill -9.

Usage: sqs_boto3.py COMMAND...

COMMAND starts the server; `{data}` in it becomes a fresh folder. It is to print its address, `http://HOST:PORT`, in a line
of its standard output or error, and to leave its key pair in `{data}/credentials`. boto3 itself verifies the MD5 of every body and of all attributes it sends and receives.
"""

import concurrent.futures
import configparser
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

import boto3
import botocore.config
import botocore.exceptions

COMMAND = []
ACCOUNT = "000000000000"


class Server:
    """The server as a process of its own, on one folder that outlives it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sqs-conformance-")
        self.start()

    def start(self):
        command = [word.replace("{data}", self.folder) for word in COMMAND]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
        for line in self.process.stdout:
            match = re.search(r"http://[^\s\"]+?:\d+", line)
            if match:
                self.url = match.group(0)
                break
        else:
            raise RuntimeError("the server printed no address")
        # Whatever else it says is read, so that it never waits for us.
        self.reader = threading.Thread(target=lambda output: [None for _ in output], args=(self.process.stdout,))
        self.reader.start()
        self.client = self.new_client()

    def new_client(self):
        credentials = configparser.ConfigParser()
        credentials.read(os.path.join(self.folder, "credentials"))
        return boto3.client(
            "sqs", endpoint_url=self.url, region_name="us-east-1", **credentials["default"],
            config=botocore.config.Config(
                retries={"max_attempts": 0}, max_pool_connections=80, parameter_validation=False, read_timeout=40))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self):
        self.process.terminate()
        return self.wait()

    def wait(self):
        status = self.process.wait(timeout=30)
        self.client.close()
        # Its end is the end of its output, and so of the thread that reads it.
        self.reader.join()
        self.process.stdout.close()
        return status

    def close(self):
        status = self.stop()
        shutil.rmtree(self.folder)
        return status


class SQSTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        if cls.server.close() != 0:
            raise RuntimeError("the server did not stop cleanly")

    @property
    def sqs(self):
        return self.server.client

    def queue(self, **attributes):
        return self.sqs.create_queue(
            QueueName="q-" + uuid.uuid4().hex, Attributes={k: str(v) for k, v in attributes.items()})["QueueUrl"]

    def attributes(self, url, *names):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"]).get("Attributes", {})

    def arn(self, url):
        return self.attributes(url, "QueueArn")["QueueArn"]

    def counts(self, url):
        a = self.attributes(url)
        return tuple(int(a["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible", "Delayed"))

    def receive(self, url, count=10, **options):
        return self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **options).get("Messages", [])

    def receive_all(self, url, **options):
        messages = []
        while batch := self.receive(url, **options):
            messages += batch
        return messages

    def raises(self, name, call, /, code=None, **arguments):
        """Expects the modeled exception class, and the code that scripts for the older protocol look for."""
        exception = getattr(self.sqs.exceptions, name, None) or botocore.exceptions.ClientError
        with self.assertRaises(exception) as context:
            call(**arguments)
        error = context.exception.response["Error"]
        self.assertIn(code or name, (error["Code"], error.get("QueryErrorCode")))
        self.assertTrue(error["Message"])
        self.assertTrue(context.exception.response["ResponseMetadata"]["RequestId"])
        return error


class Queues(SQSTest):
    def test_a_queue_is_created_found_listed_and_deleted(self):
        name = "found-" + uuid.uuid4().hex
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.assertTrue(url.endswith(f"/{ACCOUNT}/{name}"), url)
        self.assertTrue(url.startswith(self.server.url), url)
        self.assertEqual(self.sqs.get_queue_url(QueueName=name)["QueueUrl"], url)
        self.assertEqual(self.sqs.list_queues(QueueNamePrefix=name)["QueueUrls"], [url])
        self.assertEqual(self.arn(url), f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}")
        self.sqs.delete_queue(QueueUrl=url)
        self.raises("QueueDoesNotExist", self.sqs.get_queue_url, "AWS.SimpleQueueService.NonExistentQueue",
                    QueueName=name)
        self.raises("QueueDoesNotExist", self.sqs.delete_queue, QueueUrl=url)
        self.assertNotIn("QueueUrls", self.sqs.list_queues(QueueNamePrefix=name))
        # At once, and empty.
        self.assertEqual(self.sqs.create_queue(QueueName=name)["QueueUrl"], url)

    def test_creating_again_is_allowed_with_the_same_attributes_only(self):
        name = "again-" + uuid.uuid4().hex
        url = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
        for attributes in ({}, {"VisibilityTimeout": "5"}, {"DelaySeconds": "0"}):
            self.assertEqual(self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], url)
        self.raises("QueueNameExists", self.sqs.create_queue, "QueueAlreadyExists", QueueName=name,
                    Attributes={"VisibilityTimeout": "6"})

    def test_bad_names_and_fifo_queues_are_refused(self):
        for name in ("", "a b", "ä", "x" * 81, "a.b"):
            self.raises("InvalidParameterValue", self.sqs.create_queue, QueueName=name)
        self.raises("UnsupportedOperation", self.sqs.create_queue, "AWS.SimpleQueueService.UnsupportedOperation",
                    QueueName="a.fifo", Attributes={"FifoQueue": "true"})
        self.raises("UnsupportedOperation", self.sqs.create_queue, QueueName="a", Attributes={"FifoQueue": "true"})

    def test_attributes_have_defaults_and_ranges(self):
        before = int(time.time())
        url = self.queue()
        a = self.attributes(url)
        self.assertEqual(
            {k: a[k] for k in ("VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod", "MaximumMessageSize",
                               "ReceiveMessageWaitTimeSeconds")},
            {"VisibilityTimeout": "30", "DelaySeconds": "0", "MessageRetentionPeriod": "345600",
             "MaximumMessageSize": "1048576", "ReceiveMessageWaitTimeSeconds": "0"})
        self.assertTrue(before - 1 <= int(a["CreatedTimestamp"]) <= time.time() + 1)
        self.assertNotIn("RedrivePolicy", a)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0", "DelaySeconds": "900"})
        self.assertEqual(self.attributes(url, "VisibilityTimeout", "DelaySeconds"),
                         {"VisibilityTimeout": "0", "DelaySeconds": "900"})
        for name, value in (("VisibilityTimeout", "43201"), ("VisibilityTimeout", "-1"), ("DelaySeconds", "901"),
                            ("MessageRetentionPeriod", "59"), ("MaximumMessageSize", "1023"),
                            ("ReceiveMessageWaitTimeSeconds", "21"), ("VisibilityTimeout", "soon")):
            self.raises("InvalidAttributeValue", self.sqs.set_queue_attributes, QueueUrl=url, Attributes={name: value})
        for name in ("Nonsense", "QueueArn"):
            self.raises("InvalidAttributeName", self.sqs.set_queue_attributes, QueueUrl=url, Attributes={name: "1"})
        self.raises("InvalidAttributeName", self.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Nonsense"])
        self.assertEqual(self.attributes(url, "VisibilityTimeout"), {"VisibilityTimeout": "0"})
        self.assertEqual(self.sqs.get_queue_attributes(QueueUrl=url).get("Attributes", {}), {})
        for name, value in (("KmsMasterKeyId", "alias/aws/sqs"), ("Policy", "{}"), ("SqsManagedSseEnabled", "true")):
            self.raises("UnsupportedOperation", self.sqs.set_queue_attributes, QueueUrl=url, Attributes={name: value})

    def test_listing_goes_page_by_page(self):
        prefix = "page-" + uuid.uuid4().hex
        urls = [self.sqs.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"] for n in range(7)]
        pages = list(self.sqs.get_paginator("list_queues").paginate(
            QueueNamePrefix=prefix, PaginationConfig={"PageSize": 3}))
        self.assertEqual([len(p["QueueUrls"]) for p in pages], [3, 3, 1])
        self.assertEqual([u for p in pages for u in p["QueueUrls"]], sorted(urls))
        self.raises("InvalidParameterValue", self.sqs.list_queues, MaxResults=1001)

    def test_tags(self):
        name = "tags-" + uuid.uuid4().hex
        url = self.sqs.create_queue(QueueName=name, tags={"a": "1"})["QueueUrl"]
        self.sqs.tag_queue(QueueUrl=url, Tags={"b": "2", "a": "3"})
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"a": "3", "b": "2"})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["a", "absent"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"b": "2"})
        self.raises("InvalidParameterValue", self.sqs.tag_queue, QueueUrl=url, Tags={f"k{n}": "" for n in range(50)})

    def test_unknown_queues_and_operations(self):
        url = f"{self.server.url}/{ACCOUNT}/absent"
        calls = (self.sqs.receive_message, self.sqs.purge_queue, self.sqs.get_queue_attributes, self.sqs.list_queue_tags,
                 self.sqs.list_dead_letter_source_queues)
        for call in calls:
            self.raises("QueueDoesNotExist", call, "AWS.SimpleQueueService.NonExistentQueue", QueueUrl=url)
        self.raises("QueueDoesNotExist", self.sqs.send_message, QueueUrl=url, MessageBody="x")
        self.raises("QueueDoesNotExist", self.sqs.receive_message, QueueUrl=f"{self.server.url}/{ACCOUNT}")
        self.raises("UnsupportedOperation", self.sqs.add_permission, QueueUrl=url, Label="l",
                    AWSAccountIds=[ACCOUNT], Actions=["SendMessage"])
        self.raises("MissingParameter", self.sqs.purge_queue)

    def test_the_error_on_the_wire(self):
        """The JSON protocol's error shape, and the header by which SDKs know the older codes."""
        with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist) as context:
            self.sqs.get_queue_url(QueueName="absent")
        metadata = context.exception.response["ResponseMetadata"]
        self.assertEqual(metadata["HTTPStatusCode"], 400)
        self.assertEqual(metadata["HTTPHeaders"]["content-type"], "application/x-amz-json-1.0")
        self.assertEqual(metadata["HTTPHeaders"]["x-amzn-query-error"],
                         "AWS.SimpleQueueService.NonExistentQueue;Sender")
        self.assertEqual(metadata["HTTPHeaders"]["x-amzn-requestid"], metadata["RequestId"])


class Messages(SQSTest):
    def test_a_message_is_sent_received_and_deleted(self):
        url = self.queue()
        body = "grüße \U0001f600 \"quoted\" \\ / \t\r\n <xml/> \u2028"
        before = time.time() * 1000
        sent = self.sqs.send_message(QueueUrl=url, MessageBody=body)
        self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
        uuid.UUID(sent["MessageId"])
        self.assertEqual(self.counts(url), (1, 0, 0))
        [message] = self.receive(url, MessageSystemAttributeNames=["All"])
        self.assertEqual(message["Body"], body)
        self.assertEqual(message["MessageId"], sent["MessageId"])
        a = message["Attributes"]
        self.assertEqual(a["ApproximateReceiveCount"], "1")
        self.assertTrue(before - 1000 <= int(a["SentTimestamp"]) <= int(a["ApproximateFirstReceiveTimestamp"]))
        self.assertEqual(a["SenderId"], ACCOUNT)
        self.assertNotIn("DeadLetterQueueSourceArn", a)
        self.assertEqual(self.counts(url), (0, 1, 0))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(self.counts(url), (0, 0, 0))
        # Deleting twice is not an error.
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        # An empty answer has no list at all.
        self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url))

    def test_bodies_that_are_refused(self):
        url = self.queue(MaximumMessageSize=1024)
        for character in ("\x00", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff"):
            self.raises("InvalidMessageContents", self.sqs.send_message, QueueUrl=url, MessageBody="a" + character)
        self.raises("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x" * 1025)
        self.raises("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="ä" * 513)
        self.raises("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="")
        self.raises("MissingParameter", self.sqs.send_message, QueueUrl=url)
        self.raises("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=901)
        self.raises("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g")
        self.raises("SerializationException", self.sqs.send_message, QueueUrl=url, MessageBody={"a": 1})
        self.sqs.send_message(QueueUrl=url, MessageBody="x" * 1024)
        self.assertEqual(self.counts(url), (1, 0, 0))
        big = self.queue()
        body = "\U0001f600" * (1_048_576 // 4)
        self.sqs.send_message(QueueUrl=big, MessageBody=body)
        self.assertEqual(self.receive(big)[0]["Body"], body)

    def test_message_attributes_and_their_selection(self):
        url = self.queue()
        attributes = {
            "text": {"DataType": "String", "StringValue": "größer"},
            "text.more": {"DataType": "String.custom", "StringValue": "x"},
            "number": {"DataType": "Number.int", "StringValue": "-12.5e3"},
            "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
        }
        sent = self.sqs.send_message(
            QueueUrl=url, MessageBody="b", MessageAttributes=attributes,
            MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}})
        self.assertEqual(sent["MD5OfMessageAttributes"], digest(attributes))
        self.assertEqual(sent["MD5OfMessageSystemAttributes"],
                         digest({"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}))
        for names, expected in (
                ([], set()), (["All"], set(attributes)), ([".*"], set(attributes)), (["text"], {"text"}),
                (["text.*"], {"text", "text.more"}), (["number", "bytes", "absent"], {"number", "bytes"})):
            [message] = self.receive(url, VisibilityTimeout=0, MessageAttributeNames=names, AttributeNames=["All"])
            self.assertEqual(message.get("MessageAttributes", {}), {k: attributes[k] for k in expected})
            if expected:
                self.assertEqual(message["MD5OfMessageAttributes"], digest(message["MessageAttributes"]))
            else:
                self.assertNotIn("MD5OfMessageAttributes", message)
            self.assertEqual(message["Attributes"]["AWSTraceHeader"], "Root=1-2-3")
        [message] = self.receive(url, VisibilityTimeout=0, MessageSystemAttributeNames=["SentTimestamp"])
        self.assertEqual(set(message["Attributes"]), {"SentTimestamp"})
        [message] = self.receive(url, VisibilityTimeout=0)
        self.assertNotIn("Attributes", message)
        self.raises("InvalidAttributeName", self.receive, url=url, AttributeNames=["Nonsense"])

    def test_message_attributes_that_are_refused(self):
        url = self.queue()
        good = {"DataType": "String", "StringValue": "x"}
        for attributes in (
                {"AWS.x": good}, {"a..b": good}, {"a b": good}, {f"a{n}": good for n in range(11)},
                {"a": {"DataType": "Text", "StringValue": "x"}}, {"a": {"DataType": "Number", "StringValue": "one"}},
                {"a": {"DataType": "String", "StringValue": ""}}, {"a": {"DataType": "String"}}):
            self.raises("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="b",
                        MessageAttributes=attributes)
        self.assertEqual(self.counts(url), (0, 0, 0))

    def test_batches(self):
        url = self.queue()
        entries = [{"Id": f"e{n}", "MessageBody": f"body {n}"} for n in range(10)]
        entries[3]["MessageBody"] = "bad \x01"
        entries[4]["DelaySeconds"] = 60
        entries[5]["MessageAttributes"] = {"n": {"DataType": "Number", "StringValue": "5"}}
        answer = self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual({e["Id"] for e in answer["Successful"]}, {f"e{n}" for n in range(10)} - {"e3"})
        [failure] = answer["Failed"]
        self.assertEqual((failure["Id"], failure["Code"], failure["SenderFault"]), ("e3", "InvalidMessageContents", True))
        self.assertEqual(self.counts(url), (8, 0, 1))
        messages = self.receive(url)
        self.assertEqual(len(messages), 8)
        answer = self.sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": "good", "ReceiptHandle": messages[0]["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "garbage"}])
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["good"])
        self.assertEqual([(e["Id"], e["Code"]) for e in answer["Failed"]], [("bad", "ReceiptHandleIsInvalid")])
        answer = self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
            {"Id": "good", "ReceiptHandle": messages[1]["ReceiptHandle"], "VisibilityTimeout": 0},
            {"Id": "gone", "ReceiptHandle": messages[0]["ReceiptHandle"], "VisibilityTimeout": 0},
            {"Id": "far", "ReceiptHandle": messages[2]["ReceiptHandle"], "VisibilityTimeout": 43_201}])
        self.assertEqual([e["Id"] for e in answer["Successful"]], ["good"])
        self.assertEqual({(e["Id"], e["Code"]) for e in answer["Failed"]},
                         {("gone", "InvalidParameterValue"), ("far", "InvalidParameterValue")})
        self.assertEqual(self.counts(url), (1, 6, 1))

    def test_batches_that_are_refused_as_a_whole(self):
        url = self.queue()

        def entry(name, body="b"):
            return {"Id": name, "MessageBody": body}

        prefix = "AWS.SimpleQueueService."
        for name, entries in (
                ("EmptyBatchRequest", []), ("TooManyEntriesInBatchRequest", [entry(f"e{n}") for n in range(11)]),
                ("BatchEntryIdsNotDistinct", [entry("a"), entry("a")]), ("InvalidBatchEntryId", [entry("a b")]),
                ("InvalidBatchEntryId", [entry("")]), ("InvalidBatchEntryId", [entry("x" * 81)]),
                ("BatchRequestTooLong", [entry("a", "x" * 600_000), entry("b", "x" * 600_000)])):
            self.raises(name, self.sqs.send_message_batch, prefix + name, QueueUrl=url, Entries=entries)
        self.raises("EmptyBatchRequest", self.sqs.delete_message_batch, QueueUrl=url, Entries=[])
        self.raises("EmptyBatchRequest", self.sqs.change_message_visibility_batch, QueueUrl=url, Entries=[])
        self.assertEqual(self.counts(url), (0, 0, 0))

    def test_receive_parameters_are_checked(self):
        url = self.queue()
        for arguments in ({"MaxNumberOfMessages": 0}, {"MaxNumberOfMessages": 11}, {"WaitTimeSeconds": 21},
                          {"WaitTimeSeconds": -1}, {"VisibilityTimeout": 43_201}, {"VisibilityTimeout": -1}):
            self.raises("InvalidParameterValue", self.sqs.receive_message, QueueUrl=url, **arguments)
        self.raises("SerializationException", self.sqs.receive_message, QueueUrl=url, MaxNumberOfMessages="many")

    def test_purging_empties_the_queue(self):
        url = self.queue()
        for n in range(5):
            self.sqs.send_message(QueueUrl=url, MessageBody=str(n), DelaySeconds=60 if n == 4 else 0)
        [message] = self.receive(url, count=1)
        self.sqs.purge_queue(QueueUrl=url)
        self.assertEqual(self.counts(url), (0, 0, 0))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.sqs.send_message(QueueUrl=url, MessageBody="after")
        self.assertEqual([m["Body"] for m in self.receive(url)], ["after"])


class Visibility(SQSTest):
    def test_a_message_comes_back_after_its_timeout_and_old_handles_do_nothing(self):
        url = self.queue(VisibilityTimeout=3)
        self.sqs.send_message(QueueUrl=url, MessageBody="b")
        [first] = self.receive(url)
        self.assertEqual(self.receive(url), [])
        # The long poll is woken by the end of the visibility timeout.
        begun = time.monotonic()
        [second] = self.receive(url, WaitTimeSeconds=20, VisibilityTimeout=30, AttributeNames=["All"])
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(second["Attributes"]["ApproximateReceiveCount"], "2")
        self.assertNotEqual(first["ReceiptHandle"], second["ReceiptHandle"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        self.assertEqual(self.counts(url), (0, 1, 0))
        self.raises("MessageNotInflight", self.sqs.change_message_visibility, QueueUrl=url, VisibilityTimeout=0,
                    ReceiptHandle=first["ReceiptHandle"], code="AWS.SimpleQueueService.MessageNotInflight")
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
        self.assertEqual(self.counts(url), (0, 0, 0))

    def test_a_late_delete_works_while_nobody_else_received_the_message(self):
        url = self.queue()
        self.sqs.send_message(QueueUrl=url, MessageBody="b")
        [message] = self.receive(url, VisibilityTimeout=0)
        self.assertEqual(self.counts(url), (1, 0, 0))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(self.counts(url), (0, 0, 0))

    def test_changing_the_visibility_timeout(self):
        url = self.queue()
        self.sqs.send_message(QueueUrl=url, MessageBody="b")
        [message] = self.receive(url, VisibilityTimeout=3)
        handle = message["ReceiptHandle"]
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=600)
        self.assertEqual(self.receive(url, WaitTimeSeconds=5), [])
        self.raises("InvalidParameterValue", self.sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle,
                    VisibilityTimeout=43_201)
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        self.raises("MessageNotInflight", self.sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle,
                    VisibilityTimeout=5)
        self.assertEqual(len(self.receive(url)), 1)

    def test_handles_that_are_none(self):
        url, other = self.queue(), self.queue()
        self.sqs.send_message(QueueUrl=other, MessageBody="b")
        [message] = self.receive(other)
        for handle in ("garbage", message["ReceiptHandle"][:-4], message["ReceiptHandle"]):
            self.raises("ReceiptHandleIsInvalid", self.sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)
            self.raises("ReceiptHandleIsInvalid", self.sqs.change_message_visibility, QueueUrl=url,
                        ReceiptHandle=handle, VisibilityTimeout=0)

    def test_delays(self):
        url = self.queue(DelaySeconds=3)
        self.sqs.send_message(QueueUrl=url, MessageBody="later")
        self.sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
        self.assertEqual([m["Body"] for m in self.receive(url)], ["now"])
        self.assertEqual(self.counts(url), (0, 1, 1))
        begun = time.monotonic()
        self.assertEqual([m["Body"] for m in self.receive(url, WaitTimeSeconds=20)], ["later"])
        self.assertLess(time.monotonic() - begun, 10)


class LongPolls(SQSTest):
    def test_a_long_poll_is_answered_as_soon_as_a_message_comes(self):
        url = self.queue(ReceiveMessageWaitTimeSeconds=20)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            poll = pool.submit(self.receive, url)
            self.await_waiting(poll)
            begun = time.monotonic()
            self.sqs.send_message_batch(
                QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(10)])
            messages = poll.result(timeout=30)
            self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual([m["Body"] for m in messages], [str(n) for n in range(10)])

    def test_an_empty_long_poll_ends_when_it_is_to(self):
        url = self.queue()
        begun = time.monotonic()
        self.assertEqual(self.receive(url, WaitTimeSeconds=1), [])
        self.assertGreaterEqual(time.monotonic() - begun, 0.99)

    def test_receivers_that_wait_share_what_comes(self):
        url = self.queue()
        with concurrent.futures.ThreadPoolExecutor(max_workers=20) as pool:
            polls = [pool.submit(self.receive, url, count=1, WaitTimeSeconds=20) for _ in range(20)]
            for start in (0, 10):
                self.sqs.send_message_batch(QueueUrl=url, Entries=[
                    {"Id": str(n), "MessageBody": str(start + n)} for n in range(10)])
            bodies = [m["Body"] for poll in polls for m in poll.result(timeout=30)]
        self.assertEqual(sorted(bodies, key=int), [str(n) for n in range(20)])

    def test_a_receiver_that_went_away_takes_no_message_with_it(self):
        """Raw sockets, cut while their long polls wait: what is sent next goes to those who are still there."""
        url = self.queue(VisibilityTimeout=600)
        host, port = re.match(r"http://([^:]+):(\d+)", self.server.url).groups()
        request = signed_request(self.sqs, self.server.url, "ReceiveMessage",
                                 {"QueueUrl": url, "WaitTimeSeconds": 20, "MaxNumberOfMessages": 10})
        sockets = []
        for _ in range(20):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(request)
            sockets.append(connection)
        # An answer to a later request on another connection shows that the polls were read.
        self.counts(url)
        for number, connection in enumerate(sockets):
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            poll = pool.submit(self.receive, url, WaitTimeSeconds=20)
            self.await_waiting(poll)
            self.sqs.send_message(QueueUrl=url, MessageBody="for the living")
            [message] = poll.result(timeout=30)
        self.assertEqual(message["Body"], "for the living")

    def test_deleting_a_queue_ends_its_long_polls(self):
        url = self.queue()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            poll = pool.submit(self.receive, url, WaitTimeSeconds=20)
            self.await_waiting(poll)
            self.sqs.delete_queue(QueueUrl=url)
            with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist):
                poll.result(timeout=10)

    def await_waiting(self, poll):
        # The server does not say who waits; a poll that has not come back after a while does.
        done, _ = concurrent.futures.wait([poll], timeout=0.3)
        self.assertFalse(done)


class DeadLetters(SQSTest):
    def pair(self, count=2):
        dead = self.queue()
        policy = json.dumps({"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": str(count)})
        return self.queue(RedrivePolicy=policy, VisibilityTimeout=0), dead

    def test_a_message_received_too_often_moves_as_it_is(self):
        url, dead = self.pair()
        attributes = {"n": {"DataType": "Number", "StringValue": "1"}}
        sent = self.sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes=attributes)
        seen = [self.receive(url, AttributeNames=["All"])[0] for _ in range(2)]
        self.assertEqual(self.receive(url), [])
        [message] = self.receive(dead, WaitTimeSeconds=10, AttributeNames=["All"], MessageAttributeNames=["All"])
        self.assertEqual((message["MessageId"], message["Body"]), (sent["MessageId"], "poison"))
        self.assertEqual(message["MessageAttributes"], attributes)
        self.assertEqual(message["Attributes"]["SentTimestamp"], seen[0]["Attributes"]["SentTimestamp"])
        self.assertEqual(message["Attributes"]["DeadLetterQueueSourceArn"], self.arn(url))
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "3")
        self.assertEqual(self.counts(url), (0, 0, 0))
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"], [])

    def test_redrive_policies_are_checked(self):
        url, dead = self.pair()
        policy = json.loads(self.attributes(url)["RedrivePolicy"])
        self.assertEqual(policy, {"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": 2})
        for bad in ("nonsense", "{}", json.dumps({**policy, "maxReceiveCount": 0}),
                    json.dumps({**policy, "deadLetterTargetArn": self.arn(dead) + "-absent"})):
            self.raises("InvalidParameterValue", self.sqs.set_queue_attributes, QueueUrl=url,
                        Attributes={"RedrivePolicy": bad})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
        self.assertNotIn("RedrivePolicy", self.attributes(url))
        self.sqs.set_queue_attributes(
            QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})})
        self.raises("InvalidParameterValue", self.sqs.set_queue_attributes, QueueUrl=url,
                    Attributes={"RedrivePolicy": json.dumps(policy)})

    def test_a_queue_whose_dead_letter_queue_is_gone_keeps_its_messages(self):
        url, dead = self.pair(count=1)
        self.sqs.send_message(QueueUrl=url, MessageBody="b")
        self.sqs.delete_queue(QueueUrl=dead)
        for _ in range(3):
            self.assertEqual(len(self.receive(url)), 1)

    def test_moving_messages_back(self):
        url, dead = self.pair(count=1)
        for start in range(0, 250, 10):
            self.sqs.send_message_batch(QueueUrl=url, Entries=[
                {"Id": str(n), "MessageBody": str(start + n)} for n in range(10)])
        before = {m["MessageId"] for m in self.receive_all(url)}
        self.assertEqual(len(before), 250)
        self.until(lambda: self.counts(dead)[0] == 250)
        task = self.sqs.start_message_move_task(SourceArn=self.arn(dead))["TaskHandle"]
        self.assertTrue(task)
        self.until(lambda: self.tasks(dead)[0]["Status"] == "COMPLETED")
        [entry] = self.tasks(dead)
        self.assertEqual((entry["ApproximateNumberOfMessagesMoved"], entry["ApproximateNumberOfMessagesToMove"]),
                         (250, 250))
        self.assertEqual(self.counts(dead), (0, 0, 0))
        after = self.receive_all(url, AttributeNames=["All"])
        self.assertEqual({m["Body"] for m in after}, {str(n) for n in range(250)})
        self.assertFalse(before & {m["MessageId"] for m in after})
        self.assertEqual({m["Attributes"]["ApproximateReceiveCount"] for m in after}, {"1"})

    def test_a_move_can_go_elsewhere_slowly_and_be_cancelled(self):
        url, dead = self.pair()
        other = self.queue()
        for n in range(10):
            self.sqs.send_message(QueueUrl=dead, MessageBody=str(n))
        task = self.sqs.start_message_move_task(
            SourceArn=self.arn(dead), DestinationArn=self.arn(other), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
        self.raises("UnsupportedOperation", self.sqs.start_message_move_task, SourceArn=self.arn(dead))
        self.sqs.cancel_message_move_task(TaskHandle=task)
        self.until(lambda: self.tasks(dead)[0]["Status"] == "CANCELLED")
        moved, left = self.counts(other)[0], self.counts(dead)[0]
        self.assertEqual(moved + left, 10)
        self.assertGreater(left, 0)
        self.raises("ResourceNotFoundException", self.sqs.cancel_message_move_task, TaskHandle=task)

    def test_moves_that_are_refused_or_fail(self):
        url, dead = self.pair()
        self.raises("InvalidParameterValue", self.sqs.start_message_move_task, SourceArn=self.arn(url))
        self.raises("ResourceNotFoundException", self.sqs.start_message_move_task, SourceArn=self.arn(url) + "-absent")
        self.sqs.send_message(QueueUrl=dead, MessageBody="sent here directly")
        self.sqs.start_message_move_task(SourceArn=self.arn(dead))
        self.until(lambda: self.tasks(dead)[0]["Status"] == "FAILED")
        self.assertEqual(self.tasks(dead)[0]["FailureReason"], "CouldNotDetermineMessageSource")
        self.assertEqual(self.counts(dead), (1, 0, 0))

    def tasks(self, url):
        return self.sqs.list_message_move_tasks(SourceArn=self.arn(url), MaxResults=10)["Results"]

    def until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


class Durability(SQSTest):
    def test_everything_is_there_after_a_clean_restart(self):
        dead = self.queue()
        policy = json.dumps({"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": 3})
        name = "kept-" + uuid.uuid4().hex
        url = self.sqs.create_queue(
            QueueName=name, tags={"a": "b"}, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "77"})["QueueUrl"]
        attributes = {"n": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
        self.sqs.send_message(QueueUrl=url, MessageBody="in flight")
        [flying] = self.receive(url, VisibilityTimeout=600)
        self.sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=600)
        sent = self.sqs.send_message(QueueUrl=url, MessageBody="visible", MessageAttributes=attributes)
        before = self.attributes(url)
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self.assertEqual(self.attributes(url), before)
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"a": "b"})
        # A handle from before is as good as it was.
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=flying["ReceiptHandle"], VisibilityTimeout=0)
        again, visible = self.receive(url, AttributeNames=["All"], MessageAttributeNames=["All"])
        self.assertEqual((again["Body"], again["Attributes"]["ApproximateReceiveCount"]), ("in flight", "2"))
        self.assertEqual((visible["MessageId"], visible["MessageAttributes"]), (sent["MessageId"], attributes))

    def test_a_killed_server_loses_no_accepted_message_and_brings_back_no_deleted_one(self):
        name = "killed-" + uuid.uuid4().hex
        url = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
        accepted, deleted, in_doubt = set(), set(), set()
        lock = threading.Lock()
        client = self.sqs
        stop = threading.Event()

        def send(thread):
            number = 0
            while not stop.is_set():
                bodies = [f"{thread}/{number + n}" for n in range(10)]
                number += 10
                try:
                    answer = client.send_message_batch(QueueUrl=url, Entries=[
                        {"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)])
                    with lock:
                        accepted.update(bodies[int(entry["Id"])] for entry in answer["Successful"])
                except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                    return

        def consume():
            while not stop.is_set():
                try:
                    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])[:5]
                    if not messages:
                        continue
                    bodies = {m["Body"] for m in messages}
                    with lock:
                        in_doubt.update(bodies)
                    client.delete_message_batch(QueueUrl=url, Entries=[
                        {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)])
                    with lock:
                        in_doubt.difference_update(bodies)
                        deleted.update(bodies)
                except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                    return

        threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
        threads += [threading.Thread(target=consume) for _ in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while (len(accepted) < 2000 or len(deleted) < 100) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        self.assertGreaterEqual(len(accepted), 2000)
        self.assertGreaterEqual(len(deleted), 100)

        self.server.start()
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        # What was in flight comes back when its visibility timeout is over.
        found = {m["Body"] for m in self.receive_all(url, VisibilityTimeout=600, WaitTimeSeconds=7)}
        self.assertFalse(found & deleted, "deleted messages came back")
        self.assertFalse(accepted - found - deleted - in_doubt, "accepted messages were lost")

    def test_a_killed_server_keeps_delays_and_dead_letters(self):
        dead_name, name = "dead-" + uuid.uuid4().hex, "alive-" + uuid.uuid4().hex
        dead = self.sqs.create_queue(QueueName=dead_name)["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": 1})
        url = self.sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
        self.sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=600)
        self.sqs.send_message(QueueUrl=url, MessageBody="poison")
        self.assertEqual(len(self.receive(url, VisibilityTimeout=0)), 1)
        self.assertEqual(self.receive(url), [])
        self.assertEqual(len(self.receive(dead, WaitTimeSeconds=10, VisibilityTimeout=0)), 1)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.counts(self.sqs.get_queue_url(QueueName=name)["QueueUrl"]), (0, 0, 1))
        dead = self.sqs.get_queue_url(QueueName=dead_name)["QueueUrl"]
        [message] = self.receive(dead, AttributeNames=["All"])
        self.assertEqual(message["Body"], "poison")
        self.assertTrue(message["Attributes"]["DeadLetterQueueSourceArn"].endswith(name))


def digest(attributes):
    """The published algorithm, once more and independently."""
    data = b""
    for name in sorted(attributes):
        kind = attributes[name]["DataType"]
        is_binary = kind.startswith("Binary")
        value = attributes[name]["BinaryValue"] if is_binary else attributes[name]["StringValue"].encode()
        for field in (name.encode(), kind.encode()):
            data += struct.pack(">I", len(field)) + field
        data += (b"\x02" if is_binary else b"\x01") + struct.pack(">I", len(value)) + value
    return hashlib.md5(data).hexdigest()


def signed_request(client, url, operation, parameters):
    """A request as boto3 would send it, as bytes for a socket of our own."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    body = json.dumps(parameters)
    request = AWSRequest("POST", url + "/", data=body, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS." + operation})
    SigV4Auth(client._request_signer._credentials, "sqs", "us-east-1").add_auth(request)
    head = f"POST / HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return (head + "\r\n" + body).encode()


if __name__ == "__main__":
    COMMAND = sys.argv[1:]
    if not COMMAND:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1], verbosity=2)
