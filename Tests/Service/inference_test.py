#!/usr/bin/env python3
"""The Open Inference Protocol, with Triton's client and with the very bytes that KServe's sends.

The client of KServe's own package would take pandas, gRPC, a Kubernetes client and an ASGI server with it, so its requests
are written here as its `InferRequest.to_rest` makes them.
"""

import base64
import json
import struct
import unittest
import urllib.error
import urllib.request

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from service import PHOTOGRAPHS, SAMPLES, Service

MODEL = "efficientnet-lite0"
OUTPUTS = ["label", "score", "labels", "scores", "wnids", "id"]
COFFEE = (SAMPLES / "coffee.png").read_bytes()
CHELSEA = (SAMPLES / "chelsea.png").read_bytes()
# A test's longest wait; a debug build on a busy machine takes a second an image.
TIMEOUT_S = 120


class InferenceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))
        cls.client = triton.InferenceServerClient(
            cls.service.url.removeprefix("http://"), concurrency=8, connection_timeout=TIMEOUT_S,
            network_timeout=TIMEOUT_S)
        cls.addClassCleanup(cls.client.close)

    def tensor(self, images, *, binary=True, column=False):
        """Images as Triton's client takes them: files as they are, or in base64 where they go into JSON."""
        elements = np.array(images if binary else [base64.b64encode(image) for image in images], dtype=np.object_)
        elements = elements.reshape(-1, 1) if column else elements
        return [triton.InferInput("image", list(elements.shape), "BYTES").set_data_from_numpy(elements, binary_data=binary)]

    def infer(self, images, model=MODEL, **options):
        layout = {key: options.pop(key) for key in ("binary", "column") if key in options}
        return self.client.infer(model, self.tensor(images, **layout), **options)

    def labels(self, result):
        # Bytes where they came as bytes, text where they came in JSON.
        return [label.decode() if isinstance(label, bytes) else str(label) for label in result.as_numpy("label").flatten()]

    def post(self, body, path=f"/v2/models/{MODEL}/infer", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.service.url + path, data=body, headers=headers, method="POST")
        try:
            return urllib.request.urlopen(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            return error

    # Server and models

    def test_the_server_is_live_and_ready_and_says_what_it_is(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        metadata = self.client.get_server_metadata()
        self.assertEqual(metadata["name"], "saccade")
        self.assertIn("binary_tensor_data", metadata["extensions"])

    def test_the_model_is_known_before_it_has_been_asked(self):
        self.assertTrue(self.client.is_model_ready(MODEL))
        metadata = self.client.get_model_metadata(MODEL)
        self.assertEqual(metadata["name"], MODEL)
        self.assertEqual(metadata["inputs"], [{"name": "image", "datatype": "BYTES", "shape": [-1]}])
        self.assertEqual([output["name"] for output in metadata["outputs"]], OUTPUTS)

    def test_another_model_is_not_known(self):
        self.assertFalse(self.client.is_model_ready("nothing"))
        with self.assertRaisesRegex(InferenceServerException, "nothing") as raised:
            self.client.get_model_metadata("nothing")
        self.assertEqual(raised.exception.status(), "404")
        with self.assertRaisesRegex(InferenceServerException, "nothing") as raised:
            self.infer([COFFEE], "nothing")
        self.assertEqual(raised.exception.status(), "404")

    def test_a_version_is_the_one_that_answers(self):
        version = self.infer([COFFEE]).get_response()["model_version"]
        self.assertIn(version, self.client.get_model_metadata(MODEL)["versions"])
        self.assertTrue(self.client.is_model_ready(MODEL, version))
        self.assertEqual(self.labels(self.infer([COFFEE], model_version=version)), ["espresso"])
        self.assertFalse(self.client.is_model_ready(MODEL, "99"))
        with self.assertRaisesRegex(InferenceServerException, "99") as raised:
            self.infer([COFFEE], model_version="99")
        self.assertEqual(raised.exception.status(), "404")

    # Triton's client

    def test_binary_and_json_tensors_bring_the_same_labels(self):
        for binary in (True, False):
            for outputs in (None, [triton.InferRequestedOutput(name, binary_data=False) for name in OUTPUTS]):
                result = self.infer([COFFEE], binary=binary, outputs=outputs, request_id="a/1")
                answer = result.get_response()
                self.assertEqual((answer["id"], answer["model_name"]), ("a/1", MODEL))
                self.assertEqual([output["name"] for output in answer["outputs"]], OUTPUTS)
                self.assertEqual(self.labels(result), ["espresso"])
                self.assertEqual(result.as_numpy("labels").shape, (1, 5))
                self.assertIn(result.as_numpy("labels")[0][0], (b"espresso", "espresso"))
                self.assertEqual(result.as_numpy("scores").dtype, np.float32)
                self.assertAlmostEqual(float(result.as_numpy("scores")[0][0]), float(result.as_numpy("score")[0]))
                self.assertGreater(float(result.as_numpy("score")[0]), 0.5)
                self.assertIn(result.as_numpy("wnids")[0][0], (b"n07920052", "n07920052"))

    def test_the_result_of_each_image_is_kept_under_its_id(self):
        for id in self.infer([COFFEE, CHELSEA]).as_numpy("id"):
            with urllib.request.urlopen(f"{self.service.url}/v1/results/{id.decode()}", timeout=TIMEOUT_S) as response:
                self.assertEqual(json.load(response)["id"], id.decode())

    def test_a_batch_is_answered_in_its_order(self):
        for column in (False, True):
            result = self.infer([COFFEE, CHELSEA, COFFEE], column=column)
            labels = self.labels(result)
            self.assertEqual((labels[0], labels[2]), ("espresso", "espresso"))
            self.assertIn("cat", labels[1].lower())
            self.assertEqual(result.as_numpy("scores").shape, (3, 5))

    def test_photographs_have_the_labels_of_their_names(self):
        if not PHOTOGRAPHS.is_dir():
            self.skipTest(f"there is no {PHOTOGRAPHS}")
        photographs = sorted(PHOTOGRAPHS.iterdir())[:32]
        wnids = self.infer([path.read_bytes() for path in photographs]).as_numpy("wnids")
        right = sum(path.name.startswith(row[0].decode()) for path, row in zip(photographs, wnids))
        self.assertGreaterEqual(right, 24, f"{right} of {len(photographs)}")

    def test_only_what_is_asked_for_comes(self):
        outputs = [triton.InferRequestedOutput("score", binary_data=True), triton.InferRequestedOutput("label", False)]
        result = self.infer([COFFEE], outputs=outputs)
        self.assertEqual([output["name"] for output in result.get_response()["outputs"]], ["score", "label"])
        self.assertIn("data", result.get_output("label"))
        self.assertNotIn("data", result.get_output("score"))
        self.assertEqual(self.labels(result), ["espresso"])

    def test_many_requests_at_once_are_all_answered(self):
        pictures = [COFFEE, CHELSEA] * 12
        requests = [self.client.async_infer(MODEL, self.tensor([picture])) for picture in pictures]
        labels = [self.labels(request.get_result(timeout=TIMEOUT_S))[0] for request in requests]
        self.assertEqual(set(labels[0::2]), {"espresso"})
        self.assertEqual(len(set(labels[1::2])), 1)
        self.assertIn("cat", labels[1].lower())

    def test_what_is_no_image_raises_and_says_which(self):
        with self.assertRaisesRegex(InferenceServerException, "does not begin like") as raised:
            self.infer([b"no image at all"])
        self.assertEqual(raised.exception.status(), "415")
        broken = COFFEE[:5000]
        with self.assertRaisesRegex(InferenceServerException, "^.*Image 2 of 2") as raised:
            self.infer([COFFEE, broken])
        self.assertEqual(raised.exception.status(), "422")

    def test_what_the_protocol_allows_and_this_service_has_not_raises(self):
        for options, words in [
            ({"outputs": [triton.InferRequestedOutput("logits")]}, "logits"),
            ({"outputs": [triton.InferRequestedOutput("scores", class_count=3)]}, "classification"),
            ({"request_compression_algorithm": "gzip"}, "gzip"),
        ]:
            with self.assertRaisesRegex(InferenceServerException, words):
                self.infer([COFFEE], **options)

    # KServe's client

    def test_the_json_of_kserves_client(self):
        text = base64.b64encode(COFFEE).decode()
        for data in ([text], [[text]], [{"b64": text}]):
            request = {
                "id": "0d1c5e7c-7ba4-4d5b-9c2b-2c6d8f2f1a10", "model_name": MODEL,
                "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": data}]}
            with self.post(json.dumps(request).encode(), Content_Type="application/json") as response:
                answer = json.load(response)
            self.assertEqual(answer["id"], request["id"])
            self.assertEqual(answer["outputs"][0], {
                "name": "label", "datatype": "BYTES", "shape": [1], "data": ["espresso"]})

    def test_the_bytes_of_kserves_client(self):
        tensor = struct.pack("<I", len(COFFEE)) + COFFEE
        request = json.dumps({
            "id": "1", "model_name": MODEL, "parameters": {"binary_data_output": False},
            "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES",
                        "parameters": {"binary_data_size": len(tensor)}}]}, separators=(",", ":")).encode()
        with self.post(
            request + tensor, Content_Type="application/octet-stream", Inference_Header_Content_Length=str(len(request))
        ) as response:
            self.assertEqual(response.headers["Content-Type"], "application/json")
            self.assertEqual(json.load(response)["outputs"][0]["data"], ["espresso"])

    # Errors

    def test_errors_are_in_the_shape_of_the_protocol(self):
        def request(**changes):
            tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [base64.b64encode(COFFEE).decode()]}
            return json.dumps({"inputs": [tensor | changes]}).encode()

        json_type = {"Content_Type": "application/json"}
        for status, code, body, headers in [
            (400, "malformed-inference-request", b"", json_type),
            (400, "malformed-inference-request", b"{", json_type),
            (400, "unsuitable-input", request(datatype="FP32"), json_type),
            (400, "unsuitable-input", request(shape=[1, 2]), json_type),
            (400, "tensor-size-mismatch", request(shape=[2]), json_type),
            (400, "malformed-base64", request(data=["a cup of coffee"]), json_type),
            (400, "malformed-header-length", request(), json_type | {"Inference_Header_Content_Length": "-1"}),
            (413, "inference-json-too-large", request(comment="x" * 20_000), json_type),
            (415, "unsupported-media-type", request(), {"Content_Type": "text/plain"}),
            (415, "unsupported-content-encoding", request(), json_type | {"Content_Encoding": "gzip"}),
        ]:
            with self.post(body, **headers) as response:
                answer = json.load(response)
                self.assertEqual((response.status, answer["code"]), (status, code), answer)
                self.assertEqual(response.headers["Content-Type"], "application/json")
                self.assertGreater(len(answer["error"]), 20)
        with self.post(b"", "/v2/models/a/b") as response:
            self.assertEqual((response.status, json.load(response)["code"]), (404, "no-such-route"))
        with self.post(b"", "/v2") as response:
            self.assertEqual((response.status, response.headers["Allow"]), (405, "GET, HEAD"))
            self.assertIn("error", json.load(response))

    def test_metrics_have_the_protocols_routes_and_codes(self):
        with self.post(b"{", Content_Type="application/json"):
            pass
        self.infer([COFFEE])
        with urllib.request.urlopen(self.service.url + "/metrics", timeout=TIMEOUT_S) as response:
            text = response.read().decode()
        self.assertIn('saccade_http_requests_total{route="/v2/models/{name}/infer",status="200"}', text)
        self.assertIn('saccade_problems_total{code="malformed-inference-request",status="400"}', text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
