"""What Schemathesis cannot know from the document: which bytes are an image, and how parts of a tensor hang together."""

import base64
import hashlib
import json
import struct
import zlib

import schemathesis
from hypothesis import strategies
from schemathesis.generation import GenerationMode


def picture(colour):
    """A PNG of one colour, 32 pixels wide and high: whatever a model takes it for, it is an image."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * 32) * 32
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


MODEL = "efficientnet-lite0"
IMAGES = [picture((200, 30, 30)), picture((20, 60, 220))]
TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/avif", "image/heic"]

# By its first bytes, not by its type, the service knows what it has got.
schemathesis.openapi.media_type("application/octet-stream", strategies.sampled_from(IMAGES))
for media_type in TYPES:
    schemathesis.openapi.media_type(media_type, strategies.sampled_from(IMAGES))


def is_positive(case):
    return case.meta is None or case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context, case, **_):
    """JSON Schema has no words for how the parts of a request hang together: the names are those of models that there are, a
    form's field comes before its file, the shape is the number of images, and an idempotency key is one request's."""
    if not is_positive(case):
        return
    if "model" in case.query:
        case.query["model"] = MODEL
    if case.media_type == "multipart/form-data":
        case.body = form(case.body, case.query.get("model"), "Idempotency-Key" in case.headers)
    elif case.operation.path.endswith("/infer"):
        case.headers.pop("Inference-Header-Content-Length", None)
        if case.media_type == "application/json":
            fill(case.body)
        else:
            case.body, case.headers["Inference-Header-Content-Length"] = binary_body(IMAGES[0])
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = hashlib.sha256(repr((case.body, case.path)).encode()).hexdigest()


def form(fields, model_of_query, has_key):
    """Fields whose names cannot be written into a part's head without escapes are left out."""
    others = {name: value for name, value in fields.items() if name.isalnum() and name != "model"}
    if "model" in fields and (model_of_query or not has_key):
        return {"model": MODEL, **others}
    return others


def fill(request):
    tensor = request["inputs"][0]
    outputs = {output["name"]: output for output in request.get("outputs", [])}
    if outputs:
        request["outputs"] = list(outputs.values())
    tensor["data"] = [with_image(element, IMAGES[index % 2]) for index, element in enumerate(tensor["data"])]
    tensor["shape"] = [len(tensor["data"])] + tensor["shape"][1:]


def with_image(element, image):
    text = base64.b64encode(image).decode()
    if isinstance(element, list):
        return [text]
    return {"b64": text} if isinstance(element, dict) else text


def binary_body(image):
    tensor = struct.pack("<I", len(image)) + image
    text = json.dumps({"inputs": [{
        "name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(tensor)}}]}).encode()
    return text + tensor, str(len(text))
