"""What an instance meets beside S3 and SQS: its metadata, and what moto's Auto Scaling does not have."""

import contextlib
import http.server
import threading

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult


class Metadata(http.server.BaseHTTPRequestHandler):
    """The instance metadata service: nothing without a token, and a token only by PUT."""

    token = "token-of-this-test"
    documents = {}

    @classmethod
    @contextlib.contextmanager
    def serve(cls):
        """Its URL, for as long as the context lasts."""
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), cls) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            # The aws command line wants the slash.
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()

    def do_PUT(self):
        known = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self.answer(200 if known else 400, self.token if known else "")

    def do_GET(self):
        if self.headers["X-aws-ec2-metadata-token"] != self.token:
            return self.answer(401, "")
        found = self.documents.get(self.path.removeprefix("/latest/meta-data/").rstrip("/"))
        self.answer(404 if found is None else 200, found or "")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


completed = []


def complete_lifecycle_action(response):
    """What moto's Auto Scaling does not have."""
    completed.append({name: response._get_param(name) for name in (
        "AutoScalingGroupName", "InstanceId", "LifecycleHookName", "LifecycleActionResult")})
    return EmptyResult()


AutoScalingResponse.complete_lifecycle_action = complete_lifecycle_action
