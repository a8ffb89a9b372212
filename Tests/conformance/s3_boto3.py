"""S3 as boto3 and the aws command use it, against a `saccade cloud` that this program starts.

    python3 s3_boto3.py path/to/saccade [unittest arguments]

Exit status 0: everything held.
"""

import base64
import concurrent.futures
import datetime
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
import zlib

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions

BINARY = ""
MIB = 1024 * 1024


class Cloud:
    """A server of its own data folder, on a free port."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [BINARY, "cloud", "--port", "0", "--data", folder],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "S3 and SQS at " not in line:
            raise RuntimeError(f"the server did not start: {line!r}")
        self.url = line.split(" at ")[1].strip()
        keys = dict(
            line.split(" = ", 1) for line in pathlib.Path(folder, "credentials").read_text().splitlines() if " = " in line)
        self.key, self.secret = keys["aws_access_key_id"], keys["aws_secret_access_key"]

    def client(self, secret=None, region="us-east-1", **config):
        return boto3.client(
            "s3", endpoint_url=self.url, region_name=region, aws_access_key_id=self.key,
            aws_secret_access_key=secret or self.secret,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, max_pool_connections=32, **config))

    def aws(self, *arguments, check=True, **options):
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "AWS_SHARED_CREDENTIALS_FILE": self.folder + "/credentials",
            "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""}
        aws = pathlib.Path(sys.executable).parent / "aws"
        command = [sys.executable, str(aws)] if aws.exists() else ["aws"]
        return subprocess.run(
            [*command, *arguments], env=environment, check=check, capture_output=True, text=True, **options)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        return status


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.cloud = Cloud(cls.temporary.name + "/data")
        cls.s3 = cls.cloud.client()

    @classmethod
    def tearDownClass(cls):
        status = cls.cloud.stop()
        cls.temporary.cleanup()
        assert status == 0, f"the server ended with {status}"

    def setUp(self):
        self.bucket = "bucket-" + self.id().rsplit(".", 1)[1].replace("_", "-")[:50].rstrip("-")
        self.s3.create_bucket(Bucket=self.bucket)

    def assertCode(self, code, status, call, *arguments, **keywords):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*arguments, **keywords)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], status)
        return caught.exception.response

    def put(self, key, body=b"x", **keywords):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **keywords)

    def get(self, key, **keywords):
        return self.s3.get_object(Bucket=self.bucket, Key=key, **keywords)

    def keys(self, **keywords):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, **keywords)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


class Buckets(Case):
    def test_life(self):
        self.assertIn(self.bucket, [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]])
        self.s3.head_bucket(Bucket=self.bucket)
        self.assertIsNone(self.s3.get_bucket_location(Bucket=self.bucket)["LocationConstraint"])
        self.assertCode("BucketAlreadyOwnedByYou", 409, self.s3.create_bucket, Bucket=self.bucket)
        self.put("k")
        self.assertCode("BucketNotEmpty", 409, self.s3.delete_bucket, Bucket=self.bucket)
        self.s3.delete_object(Bucket=self.bucket, Key="k")
        self.s3.delete_bucket(Bucket=self.bucket)
        self.assertCode("404", 404, self.s3.head_bucket, Bucket=self.bucket)
        self.assertCode("NoSuchBucket", 404, self.s3.delete_bucket, Bucket=self.bucket)
        self.assertCode("NoSuchBucket", 404, self.put, "k")
        self.assertCode("NoSuchBucket", 404, self.s3.list_objects_v2, Bucket=self.bucket)

    def test_names(self):
        free = self.cloud.client()
        free.meta.events.unregister("before-parameter-build.s3", botocore.handlers.validate_bucket_name)
        for name in ["Upper", "ab", "192.168.1.1", "a..b", "-a-b", "a_b", "xn--abc", "b-s3alias"]:
            self.assertCode("InvalidBucketName", 400, free.create_bucket, Bucket=name)

    def test_any_region_is_accepted(self):
        elsewhere = self.cloud.client(region="eu-west-3")
        elsewhere.create_bucket(
            Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        elsewhere.put_object(Bucket="elsewhere", Key="k", Body=b"1")
        self.assertEqual(self.s3.get_object(Bucket="elsewhere", Key="k")["Body"].read(), b"1")

    def test_what_is_not_there_says_so(self):
        for call in [self.s3.get_bucket_acl, self.s3.get_bucket_policy, self.s3.get_bucket_cors]:
            self.assertCode("NotImplemented", 501, call, Bucket=self.bucket)
        self.put("k")
        self.assertCode(
            "NotImplemented", 501, self.s3.put_object_tagging, Bucket=self.bucket, Key="k",
            Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        self.assertCode("NotImplemented", 501, self.put, "k", Tagging="a=b")
        self.assertCode("NotImplemented", 501, self.put, "k", ServerSideEncryption="aws:kms")
        self.assertCode("InvalidStorageClass", 400, self.put, "k", StorageClass="GLACIER")
        self.assertCode("AccessControlListNotSupported", 400, self.put, "k", ACL="public-read")
        self.assertEqual(self.get("k")["Body"].read(), b"x")


class Objects(Case):
    def test_round_trip(self):
        for size in [0, 1, 100_000, 262_143, 262_144, 262_145, 1_500_000]:
            body = random.Random(size).randbytes(size)
            answer = self.put("k", body)
            self.assertEqual(answer["ETag"], f'"{hashlib.md5(body).hexdigest()}"')
            got = self.get("k")
            self.assertEqual(got["ContentLength"], size)
            self.assertEqual(got["Body"].read(), body)

    def test_metadata_and_headers(self):
        self.put(
            "k", b"1", Metadata={"a": "1", "b-c": "x y"}, ContentType="image/jpeg", CacheControl="max-age=9",
            ContentDisposition='attachment; filename="f"', ContentEncoding="gzip", ContentLanguage="de",
            Expires=datetime.datetime(2030, 1, 1))
        for got in [self.get("k"), self.s3.head_object(Bucket=self.bucket, Key="k")]:
            self.assertEqual(got["Metadata"], {"a": "1", "b-c": "x y"})
            self.assertEqual(
                (got["ContentType"], got["CacheControl"], got["ContentDisposition"], got["ContentEncoding"],
                 got["ContentLanguage"], got["ContentLength"], got["ExpiresString"]),
                ("image/jpeg", "max-age=9", 'attachment; filename="f"', "gzip", "de", 1,
                 "Tue, 01 Jan 2030 00:00:00 GMT"))
        self.assertEqual(self.get("k", ResponseContentType="text/plain")["ContentType"], "text/plain")
        self.put("plain", b"1")
        self.assertEqual(self.get("plain")["ContentType"], "binary/octet-stream")
        self.assertCode("MetadataTooLarge", 400, self.put, "k", Metadata={"a": "x" * 2048})

    def test_keys_are_data(self):
        for key in ["a b", "a+b", "a%20b", "ä/ö", "..%2f..", "a//b", "a/../b", "/lead", "trail/", "x" * 1024, "?q=1&r",
                    "\x01\x1f", "<&>\"'", "🦊", "a\nb", "~*'()!"]:
            self.put(key, key.encode())
            self.assertEqual(self.get(key)["Body"].read(), key.encode(), key)
            self.assertIn(key, self.keys())
            self.s3.delete_object(Bucket=self.bucket, Key=key)
            self.assertNotIn(key, self.keys())
        self.assertCode("KeyTooLongError", 400, self.put, "x" * 1025)

    def test_errors(self):
        self.assertCode("NoSuchKey", 404, self.get, "absent")
        self.assertCode("404", 404, self.s3.head_object, Bucket=self.bucket, Key="absent")
        self.s3.delete_object(Bucket=self.bucket, Key="absent")

    def test_ranges(self):
        body = bytes(range(256)) * 2000
        self.put("k", body)
        n = len(body)
        for text, low, high in [
                ("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), (f"bytes={n - 3}-", n - 3, n), ("bytes=-7", n - 7, n),
                (f"bytes=10-{10 * n}", 10, n), (f"bytes=-{10 * n}", 0, n), ("bytes=1000-400000", 1000, 400001)]:
            got = self.get("k", Range=text)
            self.assertEqual(got["ResponseMetadata"]["HTTPStatusCode"], 206)
            self.assertEqual(got["ContentRange"], f"bytes {low}-{high - 1}/{n}")
            self.assertEqual(got["Body"].read(), body[low:high], text)
        for text in ["bytes=0-1,4-5", "items=0-1", "bytes=9-5"]:
            self.assertEqual(self.get("k", Range=text)["ContentLength"], n)
        self.assertCode("InvalidRange", 416, self.get, "k", Range=f"bytes={n}-")
        self.assertCode("InvalidRange", 416, self.get, "k", Range="bytes=-0")
        self.put("empty", b"")
        self.assertCode("InvalidRange", 416, self.get, "empty", Range="bytes=0-")

    def test_conditional_reads(self):
        etag = self.put("k", b"1")["ETag"]
        modified = self.s3.head_object(Bucket=self.bucket, Key="k")["LastModified"]
        earlier, later = modified - datetime.timedelta(hours=1), modified + datetime.timedelta(seconds=1)
        for holds in [{"IfMatch": etag}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": earlier},
                      {"IfUnmodifiedSince": later}, {"IfMatch": etag, "IfUnmodifiedSince": earlier}]:
            self.assertEqual(self.get("k", **holds)["Body"].read(), b"1", holds)
        self.assertCode("PreconditionFailed", 412, self.get, "k", IfMatch='"other"')
        self.assertCode("PreconditionFailed", 412, self.get, "k", IfUnmodifiedSince=earlier)
        for fresh in [{"IfNoneMatch": etag}, {"IfNoneMatch": "*"}, {"IfModifiedSince": modified},
                      {"IfNoneMatch": etag, "IfModifiedSince": earlier}]:
            self.assertCode("304", 304, self.get, "k", **fresh)

    def test_conditional_writes(self):
        etag = self.put("k", b"1", IfNoneMatch="*")["ETag"]
        self.assertCode("PreconditionFailed", 412, self.put, "k", b"2", IfNoneMatch="*")
        self.assertCode("PreconditionFailed", 412, self.put, "k", b"2", IfMatch='"other"')
        self.assertCode("NoSuchKey", 404, self.put, "absent", b"2", IfMatch=etag)
        self.put("k", b"3", IfMatch=etag)
        self.assertEqual(self.get("k")["Body"].read(), b"3")

    def test_of_many_writers_with_if_none_match_one_wins(self):
        def attempt(number):
            try:
                self.put("one", str(number).encode(), IfNoneMatch="*")
                return number
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "PreconditionFailed", error
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            winners = [number for number in pool.map(attempt, range(64)) if number is not None]
        self.assertEqual(len(winners), 1)
        self.assertEqual(self.get("one")["Body"].read(), str(winners[0]).encode())

    def test_delete_many(self):
        keys = [f"{number:04}<&>" for number in range(500)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(self.put, keys))
        answer = self.s3.delete_objects(
            Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys[:400]] + [{"Key": "absent"}]})
        self.assertEqual(len(answer["Deleted"]), 401)
        self.assertEqual(self.keys(), keys[400:])
        quiet = self.s3.delete_objects(
            Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys[400:]], "Quiet": True})
        self.assertNotIn("Deleted", quiet)
        self.assertEqual(self.keys(), [])
        self.assertCode(
            "MalformedXML", 400, self.s3.delete_objects, Bucket=self.bucket,
            Delete={"Objects": [{"Key": str(number)} for number in range(1001)]})

    def test_copies(self):
        body = random.Random(1).randbytes(300_000)
        etag = self.put("from ä", body, Metadata={"a": "1"}, ContentType="image/png")["ETag"]
        source = {"Bucket": self.bucket, "Key": "from ä"}
        copied = self.s3.copy_object(Bucket=self.bucket, Key="to", CopySource=source)
        self.assertEqual(copied["CopyObjectResult"]["ETag"], etag)
        self.s3.delete_object(Bucket=self.bucket, Key="from ä")
        got = self.get("to")
        self.assertEqual((got["Body"].read(), got["Metadata"], got["ContentType"]), (body, {"a": "1"}, "image/png"))
        source["Key"] = "to"
        self.assertCode("InvalidRequest", 400, self.s3.copy_object, Bucket=self.bucket, Key="to", CopySource=source)
        self.s3.copy_object(
            Bucket=self.bucket, Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
        self.assertEqual(self.get("to")["Metadata"], {"b": "2"})
        self.assertEqual(self.get("to")["Body"].read(), body)
        self.assertCode(
            "PreconditionFailed", 412, self.s3.copy_object, Bucket=self.bucket, Key="x", CopySource=source,
            CopySourceIfNoneMatch=etag)
        self.assertCode(
            "NoSuchKey", 404, self.s3.copy_object, Bucket=self.bucket, Key="x",
            CopySource={"Bucket": self.bucket, "Key": "absent"})


class Listings(Case):
    def fill(self, keys):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(self.put, keys))

    def test_order_is_that_of_bytes(self):
        keys = ["a", "B", "ä", "z", "é", "\U0001F98A", "\uFFFD", "a/b", "a0", "a-", "Z", "~"]
        self.fill(keys)
        self.assertEqual(self.keys(), sorted(keys, key=lambda key: key.encode()))

    def test_against_a_model(self):
        generator = random.Random(7)
        keys = {"/".join(generator.choice(["a", "b", "bb", "c-", "é"]) for _ in range(generator.randint(1, 4)))
                + generator.choice(["", "/", "x"]) for _ in range(250)}
        self.fill(keys)
        for case in range(150):
            prefix = generator.choice(["", "a", "a/", "b", "bb/", "é/a", "nothing"])
            delimiter = generator.choice(["", "/", "/a", "b"])
            after = generator.choice(["", "", "a/", "a/b", "bb", "z"])
            size = generator.choice([1, 2, 3, 7, 1000])
            expected = []
            for key in sorted(keys, key=lambda key: key.encode()):
                if not key.startswith(prefix):
                    continue
                rest = key[len(prefix):]
                item = prefix + rest[:rest.index(delimiter)] + delimiter if delimiter and delimiter in rest else key
                if item.encode() > after.encode() and item not in expected:
                    expected.append(item)
            for version in [1, 2]:
                with self.subTest(prefix=prefix, delimiter=delimiter, after=after, size=size, version=version):
                    self.assertEqual(self.listed(version, prefix, delimiter, after, size), expected)

    def listed(self, version, prefix, delimiter, after, size):
        items, position = [], {"Marker" if version == 1 else "StartAfter": after}
        while True:
            page = (self.s3.list_objects if version == 1 else self.s3.list_objects_v2)(
                Bucket=self.bucket, Prefix=prefix, Delimiter=delimiter, MaxKeys=size, **position)
            found = [entry["Key"] for entry in page.get("Contents", [])]
            found += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
            found.sort(key=lambda item: item.encode())
            self.assertLessEqual(len(found), size)
            if version == 2:
                self.assertEqual(page["KeyCount"], len(found))
            items += found
            if not page["IsTruncated"]:
                return items
            position = ({"Marker": page.get("NextMarker") or found[-1]} if version == 1
                        else {"ContinuationToken": page["NextContinuationToken"]})

    def test_bad_arguments(self):
        self.assertCode(
            "InvalidArgument", 400, self.s3.list_objects_v2, Bucket=self.bucket, ContinuationToken="nonsense")
        self.assertCode("InvalidArgument", 400, self.s3.list_objects_v2, Bucket=self.bucket, MaxKeys=-1)
        self.put("k")
        page = self.s3.list_objects_v2(Bucket=self.bucket, MaxKeys=0)
        self.assertEqual((page["KeyCount"], page["IsTruncated"]), (0, False))


class Multipart(Case):
    def start(self, key="k", **keywords):
        return self.s3.create_multipart_upload(Bucket=self.bucket, Key=key, **keywords)["UploadId"]

    def part(self, upload, number, body, key="k", **keywords):
        answer = self.s3.upload_part(
            Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, **keywords)
        return {"PartNumber": number, **{name: value for name, value in answer.items()
                                         if name == "ETag" or name.startswith("Checksum") and name != "ChecksumType"}}

    def complete(self, upload, parts, key="k", **keywords):
        return self.s3.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **keywords)

    def test_life(self):
        bodies = [random.Random(number).randbytes(size) for number, size in enumerate([5 * MIB, 5 * MIB + 1, 17])]
        upload = self.start(Metadata={"a": "1"}, ContentType="image/png")
        parts = [self.part(upload, number, body) for number, body in zip([1, 3, 10000], bodies)]
        self.part(upload, 2, b"left out")
        parts[1] = self.part(upload, 3, bodies[1])
        listed = self.s3.list_parts(Bucket=self.bucket, Key="k", UploadId=upload, MaxParts=2)
        self.assertEqual([part["PartNumber"] for part in listed["Parts"]], [1, 2])
        self.assertTrue(listed["IsTruncated"])
        uploads = self.s3.list_multipart_uploads(Bucket=self.bucket)["Uploads"]
        self.assertEqual([(entry["Key"], entry["UploadId"]) for entry in uploads], [("k", upload)])
        self.assertCode("NoSuchKey", 404, self.get, "k")
        answer = self.complete(upload, parts)
        joined = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
        self.assertEqual(answer["ETag"], f'"{joined}-3"')
        got = self.get("k")
        self.assertEqual((got["Body"].read(), got["Metadata"], got["ContentType"]),
                         (b"".join(bodies), {"a": "1"}, "image/png"))
        across = self.get("k", Range=f"bytes={5 * MIB - 2}-{10 * MIB + 3}")["Body"].read()
        self.assertEqual(across, b"".join(bodies)[5 * MIB - 2:10 * MIB + 4])
        second = self.get("k", PartNumber=2)
        self.assertEqual((second["Body"].read(), second["PartsCount"]), (bodies[1], 3))
        self.assertNotIn("Uploads", self.s3.list_multipart_uploads(Bucket=self.bucket))
        self.assertCode("NoSuchUpload", 404, self.part, upload, 1, b"x")
        # A copy has the plain MD5, as S3 gives it.
        copied = self.s3.copy_object(
            Bucket=self.bucket, Key="copy", CopySource={"Bucket": self.bucket, "Key": "k"})
        self.assertEqual(copied["CopyObjectResult"]["ETag"], f'"{hashlib.md5(b"".join(bodies)).hexdigest()}"')

    def test_abort(self):
        upload = self.start()
        self.part(upload, 1, b"x" * MIB)
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key="k", UploadId=upload)
        self.assertCode("NoSuchUpload", 404, self.s3.list_parts, Bucket=self.bucket, Key="k", UploadId=upload)
        self.assertCode("NoSuchUpload", 404, self.complete, upload, [{"PartNumber": 1, "ETag": "x"}])

    def test_errors(self):
        upload = self.start()
        small, last = self.part(upload, 1, b"x"), self.part(upload, 2, b"y")
        self.assertCode("EntityTooSmall", 400, self.complete, upload, [small, last])
        self.assertCode("InvalidPartOrder", 400, self.complete, upload, [last, small])
        self.assertCode("InvalidPart", 400, self.complete, upload, [{"PartNumber": 1, "ETag": '"no"'}])
        self.assertCode("InvalidPart", 400, self.complete, upload, [{"PartNumber": 7, "ETag": small["ETag"]}])
        self.assertCode("MalformedXML", 400, self.complete, upload, [])
        self.assertCode("NoSuchUpload", 404, self.complete, upload, [small], key="other")
        self.assertCode("InvalidArgument", 400, self.part, upload, 10001, b"x")
        self.complete(upload, [small])
        self.assertEqual(self.get("k")["Body"].read(), b"x")

    def test_copied_parts(self):
        body = random.Random(3).randbytes(11 * MIB)
        self.put("source", body)
        upload = self.start()
        source = {"Bucket": self.bucket, "Key": "source"}
        parts = []
        for number, (low, high) in enumerate([(0, 6 * MIB), (6 * MIB, 11 * MIB)], 1):
            answer = self.s3.upload_part_copy(
                Bucket=self.bucket, Key="k", UploadId=upload, PartNumber=number, CopySource=source,
                CopySourceRange=f"bytes={low}-{high - 1}")
            parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
        self.complete(upload, parts)
        self.assertEqual(self.get("k")["Body"].read(), body)
        self.assertCode(
            "InvalidArgument", 400, self.s3.upload_part_copy, Bucket=self.bucket, Key="k",
            UploadId=self.start(), PartNumber=1, CopySource=source, CopySourceRange=f"bytes=0-{11 * MIB}")

    def test_uploads_are_listed_by_key_and_age(self):
        wanted = sorted([(key, self.start(key)) for key in ["b", "a/1", "a/2", "a/1", "c"]])
        self.assertEqual(
            [entry["Prefix"] for entry in self.s3.list_multipart_uploads(
                Bucket=self.bucket, Delimiter="/")["CommonPrefixes"]], ["a/"])
        found, marker = [], {}
        while True:
            page = self.s3.list_multipart_uploads(Bucket=self.bucket, MaxUploads=2, **marker)
            found += [(entry["Key"], entry["UploadId"]) for entry in page["Uploads"]]
            if not page["IsTruncated"]:
                break
            marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
        self.assertEqual(found, wanted)
        self.s3.delete_bucket(Bucket=self.bucket)

    def test_crc32_of_the_whole_is_put_together_from_the_parts(self):
        bodies = [random.Random(9).randbytes(5 * MIB), b"end"]
        upload = self.start(ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        parts = [self.part(upload, number, body, ChecksumAlgorithm="CRC32") for number, body in enumerate(bodies, 1)]
        whole = base64.b64encode(zlib.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
        self.assertCode(
            "BadDigest", 400, self.complete, upload, parts, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT")
        answer = self.complete(upload, parts, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT")
        self.assertEqual((answer["ChecksumCRC32"], answer["ChecksumType"]), (whole, "FULL_OBJECT"))
        self.assertEqual(self.get("k", ChecksumMode="ENABLED")["Body"].read(), b"".join(bodies))

    def test_upload_file_and_download_file(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "source")
            source.write_bytes(random.Random(4).randbytes(21 * MIB))
            self.s3.upload_file(str(source), self.bucket, "k")
            head = self.s3.head_object(Bucket=self.bucket, Key="k", ChecksumMode="ENABLED")
            self.assertTrue(head["ETag"].endswith('-3"'))
            self.assertTrue(head["ChecksumCRC32"].endswith("-3"))
            self.s3.download_file(self.bucket, "k", folder + "/copy")
            self.assertEqual(pathlib.Path(folder, "copy").read_bytes(), source.read_bytes())


class Integrity(Case):
    def test_checksums_are_verified_kept_and_returned(self):
        body = random.Random(5).randbytes(100_000)
        for name, digest in [("CRC32", zlib.crc32(body).to_bytes(4, "big")), ("SHA1", hashlib.sha1(body).digest()),
                             ("SHA256", hashlib.sha256(body).digest())]:
            value = base64.b64encode(digest).decode()
            answer = self.put("k", body, **{f"Checksum{name}": value})
            self.assertEqual(answer[f"Checksum{name}"], value)
            got = self.get("k", ChecksumMode="ENABLED")
            self.assertEqual((got["Body"].read(), got[f"Checksum{name}"]), (body, value))
            wrong = base64.b64encode(bytes(len(digest))).decode()
            self.assertCode("BadDigest", 400, self.put, "wrong", body, **{f"Checksum{name}": wrong})
            self.assertCode("InvalidRequest", 400, self.put, "wrong", body, **{f"Checksum{name}": "AAAA"})
        # The known answers of "123456789".
        self.put("crc", b"123456789", ChecksumCRC32C="4waSgw==")
        self.put("crc", b"123456789", ChecksumCRC64NVME="rosUhgp5mIg=")
        self.assertCode("BadDigest", 400, self.put, "wrong", b"123456780", ChecksumCRC64NVME="rosUhgp5mIg=")
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        self.put("k", body, ContentMD5=md5)
        self.assertCode("BadDigest", 400, self.put, "wrong", b"other", ContentMD5=md5)
        self.assertCode("InvalidDigest", 400, self.put, "wrong", b"other", ContentMD5="AAAA")
        self.assertEqual(self.keys(Prefix="wrong"), [])


class Signatures(Case):
    def request(self, method, path, body=b"", headers=None, secret=None, tamper=None, now=None):
        """A request signed by hand, and then perhaps changed. Returns status and body."""
        request = botocore.awsrequest.AWSRequest(method, self.cloud.url + path, data=body, headers=headers or {})
        signer = botocore.auth.S3SigV4Auth(
            botocore.credentials.Credentials(self.cloud.key, secret or self.cloud.secret), "s3", "us-east-1")
        if now:
            shifted = datetime.datetime.now(datetime.timezone.utc) + now
            with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *_: shifted.replace(tzinfo=None)):
                signer.add_auth(request)
        else:
            signer.add_auth(request)
        prepared = request.prepare()
        sent = urllib.request.Request(
            prepared.url, data=prepared.body or None, headers=dict(prepared.headers.items()), method=method)
        if tamper:
            tamper(sent)
        return fetch(sent)

    def test_wrong_secret_and_unknown_key(self):
        other = self.cloud.client(secret="0" * 40)
        self.assertCode("SignatureDoesNotMatch", 403, other.put_object, Bucket=self.bucket, Key="k", Body=b"1")
        stranger = boto3.client(
            "s3", endpoint_url=self.cloud.url, region_name="us-east-1", aws_access_key_id="AKIANOBODY",
            aws_secret_access_key="x")
        self.assertCode("InvalidAccessKeyId", 403, stranger.list_buckets)
        self.assertEqual(fetch(urllib.request.Request(f"{self.cloud.url}/{self.bucket}/k"))[0], 403)
        self.assertEqual(self.keys(), [])

    def test_what_is_signed_cannot_be_changed(self):
        self.put("k", b"1")
        path = f"/{self.bucket}/k"
        self.assertEqual(self.request("GET", path), (200, b"1"))

        def other_key(request):
            request.full_url = request.full_url[:-1] + "j"

        def other_header(request):
            request.add_header("X-Amz-Meta-A", "2")
        status, body = self.request("GET", path, tamper=other_key)
        self.assertEqual((status, b"<Code>SignatureDoesNotMatch</Code>" in body), (403, True))
        status, body = self.request("PUT", path, b"2", {"X-Amz-Meta-A": "1"}, tamper=other_header)
        self.assertEqual((status, b"<Code>SignatureDoesNotMatch</Code>" in body), (403, True))

        def added_header(request):
            request.add_header("X-Amz-Acl", "private")
        status, body = self.request("GET", path, tamper=added_header)
        self.assertEqual((status, b"not signed" in body), (403, True))

    def test_a_body_that_is_not_the_signed_one_never_shows(self):
        def other_body(request):
            request.data = b"0"
        status, body = self.request("PUT", f"/{self.bucket}/k", b"1", tamper=other_body)
        self.assertEqual((status, b"<Code>XAmzContentSHA256Mismatch</Code>" in body), (400, True))
        self.assertEqual(self.keys(), [])

    def test_clock_skew(self):
        path = f"/{self.bucket}"
        for minutes in [-14, 14]:
            self.assertEqual(self.request("GET", path, now=datetime.timedelta(minutes=minutes))[0], 200)
        for minutes in [-16, 16]:
            status, body = self.request("GET", path, now=datetime.timedelta(minutes=minutes))
            self.assertEqual((status, b"<Code>RequestTimeTooSkewed</Code>" in body), (403, True))

    def test_presigned(self):
        for version in ["s3v4", "s3"]:
            client = self.cloud.client(signature_version=version)
            parameters = {"Bucket": self.bucket, "Key": "ä b+c"}
            url = client.generate_presigned_url("put_object", parameters, ExpiresIn=60)
            self.assertEqual(fetch(urllib.request.Request(url, data=b"1", method="PUT", headers={"Content-Type": ""}))[0], 200)
            url = client.generate_presigned_url("get_object", parameters, ExpiresIn=60)
            self.assertEqual(fetch(urllib.request.Request(url)), (200, b"1"))
            status, body = fetch(urllib.request.Request(url[:-6] + "AAAAAA"))
            self.assertEqual(status, 403, body)
            self.assertEqual(fetch(urllib.request.Request(url.replace("b%2Bc", "b%2Bd")))[0], 403)
            typed = client.generate_presigned_url(
                "get_object", {**parameters, "ResponseContentType": "text/html"}, ExpiresIn=60)
            with urllib.request.urlopen(typed) as answer:
                self.assertEqual(answer.headers["Content-Type"], "text/html")
        old = self.cloud.client(signature_version="s3v4")
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=61)
        with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *_: past.replace(tzinfo=None)):
            url = old.generate_presigned_url("get_object", parameters, ExpiresIn=60)
        status, body = fetch(urllib.request.Request(url))
        self.assertEqual((status, b"Request has expired" in body), (403, True))
        v2 = self.cloud.client(signature_version="s3")
        status, body = fetch(urllib.request.Request(v2.generate_presigned_url("get_object", parameters, ExpiresIn=-5)))
        self.assertEqual((status, b"Request has expired" in body), (403, True))


class CommandLine(Case):
    def test_cp_ls_sync_rm_presign_rb(self):
        bucket = "s3://" + self.bucket
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder, "tree")
            (tree / "deep" / "er").mkdir(parents=True)
            files = {"a.txt": b"a", "deep/b c.jpg": b"b" * 300_000, "deep/er/big.bin": random.Random(6).randbytes(9 * MIB)}
            for name, body in files.items():
                (tree / name).write_bytes(body)
            self.cloud.aws("s3", "sync", str(tree), bucket + "/tree")
            self.assertEqual(self.keys(), ["tree/" + name for name in files])
            again = self.cloud.aws("s3", "sync", str(tree), bucket + "/tree")
            self.assertEqual(again.stdout, "")
            self.cloud.aws("s3", "sync", bucket + "/tree", folder + "/back")
            for name, body in files.items():
                self.assertEqual(pathlib.Path(folder, "back", name).read_bytes(), body)
            (tree / "a.txt").unlink()
            self.cloud.aws("s3", "sync", "--delete", str(tree), bucket + "/tree")
            self.assertNotIn("tree/a.txt", self.keys())
            listed = self.cloud.aws("s3", "ls", bucket + "/tree/").stdout
            self.assertIn("PRE deep/", listed)
            recursive = self.cloud.aws("s3", "ls", "--recursive", bucket).stdout
            self.assertIn("tree/deep/b c.jpg", recursive)
            self.assertIn(self.bucket, self.cloud.aws("s3", "ls").stdout)
            self.cloud.aws("s3", "cp", bucket + "/tree/deep/er/big.bin", bucket + "/copy.bin")
            self.cloud.aws("s3", "mv", bucket + "/copy.bin", bucket + "/moved.bin")
            out = self.cloud.aws("s3", "cp", "-", bucket + "/piped", input="from a pipe")
            self.assertEqual(self.cloud.aws("s3", "cp", bucket + "/piped", "-").stdout, "from a pipe")
            url = self.cloud.aws("s3", "presign", bucket + "/moved.bin").stdout.strip()
            self.assertEqual(fetch(urllib.request.Request(url)), (200, files["deep/er/big.bin"]))
            refused = self.cloud.aws("s3", "rb", bucket, check=False)
            self.assertIn("BucketNotEmpty", refused.stderr)
            self.cloud.aws("s3", "rm", "--recursive", bucket + "/tree")
            self.assertEqual(self.keys(), ["moved.bin", "piped"])
            self.cloud.aws("s3", "rb", "--force", bucket)
            self.assertNotIn(self.bucket, self.cloud.aws("s3", "ls").stdout)
            self.cloud.aws("s3", "mb", bucket)
            self.cloud.aws("s3api", "head-bucket", "--bucket", self.bucket)


class Endurance(unittest.TestCase):
    def test_what_was_acknowledged_survives_kill_9_whole(self):
        """Writers overwrite, upload parts and delete; the server is killed under them, again and again."""
        with tempfile.TemporaryDirectory() as temporary:
            folder = temporary + "/data"
            seed = random.randrange(1 << 30)
            print(f"seed {seed}", file=sys.stderr)
            generator = random.Random(seed)
            cloud = Cloud(folder)
            cloud.client().create_bucket(Bucket="kill")
            # Of each key: what was acknowledged last, and what may have happened since (None is "deleted").
            known, possible = {}, {}

            def body_of(key, version):
                return hashlib.sha256(f"{key} {version}".encode()).digest() * random.Random(f"{key}{version}").choice(
                    [1, 100, 3000, 20_000])

            def work(worker, client, stop):
                for step in range(10_000):
                    if stop.is_set():
                        return
                    key = f"{worker}/{step % 7}"
                    version = None if step % 5 == 4 else f"{attempt}-{step}"
                    possible.setdefault(key, []).append(version)
                    try:
                        if version is None:
                            client.delete_object(Bucket="kill", Key=key)
                        elif step % 11 == 3:
                            upload = client.create_multipart_upload(Bucket="kill", Key=key)["UploadId"]
                            part = client.upload_part(
                                Bucket="kill", Key=key, UploadId=upload, PartNumber=1, Body=body_of(key, version))
                            client.complete_multipart_upload(
                                Bucket="kill", Key=key, UploadId=upload,
                                MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
                        else:
                            client.put_object(Bucket="kill", Key=key, Body=body_of(key, version))
                    except Exception:
                        return
                    known[key], possible[key] = version, []

            for attempt in range(4):
                stop = threading.Event()
                client = cloud.client()
                threads = [threading.Thread(target=work, args=(worker, client, stop)) for worker in range(8)]
                for thread in threads:
                    thread.start()
                stop.wait(generator.uniform(0.3, 1.2))
                cloud.kill()
                stop.set()
                for thread in threads:
                    thread.join()
                cloud = Cloud(folder)
                client = cloud.client()
                listed = {entry["Key"]: entry["Size"]
                          for page in client.get_paginator("list_objects_v2").paginate(Bucket="kill")
                          for entry in page.get("Contents", [])}
                for key in set(known) | set(possible) | set(listed):
                    allowed = {known.get(key), *possible.get(key, [])}
                    if key in listed:
                        body = client.get_object(Bucket="kill", Key=key)["Body"].read()
                        found = [version for version in allowed if version and body_of(key, version) == body]
                        self.assertTrue(found, f"{key} holds {len(body)} bytes that nobody wrote last")
                        known[key], possible[key] = found[0], []
                    else:
                        self.assertIn(None, allowed, f"{key} was acknowledged and is lost")
                        known[key], possible[key] = None, []
                # Nothing lies about that has no name, once uploads that never ended are aborted.
                for entry in client.list_multipart_uploads(Bucket="kill").get("Uploads", []):
                    client.abort_multipart_upload(Bucket="kill", Key=entry["Key"], UploadId=entry["UploadId"])
                self.assertEqual(list(pathlib.Path(folder, "staging").iterdir()), [])
            self.assertGreater(len(known), 20)
            self.assertEqual(cloud.stop(), 0)
            # Files removed in the background are all gone after a clean stop and start.
            files = [path for path in pathlib.Path(folder, "objects").glob("*/*")]
            self.assertEqual(len(files), sum(1 for version in known.values() if version))

    def test_one_process_a_folder(self):
        with tempfile.TemporaryDirectory() as temporary:
            cloud = Cloud(temporary + "/data")
            second = subprocess.run(
                [BINARY, "cloud", "--port", "0", "--data", temporary + "/data"], capture_output=True, text=True)
            self.assertNotEqual(second.returncode, 0)
            self.assertIn("another process serves this folder", second.stderr)
            mode = pathlib.Path(temporary, "data", "credentials").stat().st_mode & 0o777
            self.assertEqual(mode, 0o600)
            key = cloud.key
            self.assertEqual(cloud.stop(), 0)
            again = Cloud(temporary + "/data")
            self.assertEqual(again.key, key)
            again.stop()


def fetch(request):
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


if __name__ == "__main__":
    import unittest.mock
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
