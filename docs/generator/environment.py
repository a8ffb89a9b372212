"""The environment variables that the sources read: declared here, and held against the sources by the test."""

import re

from . import bounds

#: Title, who reads them, and each with what it says.
SECTIONS = (
    ("Where S3 and SQS are, and who asks", "`saccade web`, `saccade-worker run`", (
        ("AWS_REGION",
         "Region; the first that is set of this, the next and the profile's. Without all three the instance is "
         "asked. With endpoints of one's own for S3 and SQS it is `us-east-1`"),
        ("AWS_DEFAULT_REGION", "The same, after `AWS_REGION`"),
        ("AWS_ENDPOINT_URL", "Where all services are: `http://` or `https://`, host, port, perhaps a path"),
        ("AWS_ENDPOINT_URL_S3", "Where S3 is, before `AWS_ENDPOINT_URL`"),
        ("AWS_ENDPOINT_URL_SQS", "Where SQS is, likewise"),
        ("AWS_ENDPOINT_URL_AUTO_SCALING", "Where Auto Scaling is, likewise"),
        ("AWS_ENDPOINT_URL_STS", "Where STS is, likewise"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "`true`: none of these, nor the profile's"),
        ("AWS_CA_BUNDLE", "File of certificate authorities to trust instead of the system's"),
    )),
    ("Credentials, in the order in which they are looked for", "`saccade web`, `saccade-worker run`", (
        ("AWS_ACCESS_KEY_ID", "1: key; with the next"),
        ("AWS_SECRET_ACCESS_KEY", "1: its secret"),
        ("AWS_SESSION_TOKEN", "1: of temporary credentials"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "2: file with the token that is exchanged at STS for a role's credentials"),
        ("AWS_ROLE_ARN", "2: that role"),
        ("AWS_ROLE_SESSION_NAME", "2: what CloudTrail shows (`saccade`)"),
        ("AWS_PROFILE", "3: profile of the shared files (`default`)"),
        ("AWS_SHARED_CREDENTIALS_FILE", "3: the credentials' file (`~/.aws/credentials`)"),
        ("AWS_CONFIG_FILE", "3: the configuration's file (`~/.aws/config`)"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "4: path at `http://169.254.170.2`, as ECS sets it"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "4: the same, whole: `https`, or `http` on this machine, 169.254.170.2 or 169.254.170.23, as EKS Pod "
         "Identity sets it"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "4: file with the token for it, read each time"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "4: the token itself"),
        ("AWS_EC2_METADATA_DISABLED",
         "5: `true`: the instance metadata service is not asked, neither for credentials nor for notices"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "5: where it is (`http://169.254.169.254`)"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "5: `IPv6`: it is at `http://[fd00:ec2::254]`"),
    )),
    ("Proxies", "`saccade web`, `saccade-worker run`; libcurl, as soon as one of them is set", (
        ("https_proxy", "Proxy of requests to `https` endpoints"),
        ("HTTPS_PROXY", "The same"),
        ("http_proxy", "Proxy of requests to `http` endpoints; in lower case only"),
        ("all_proxy", "Proxy of both"),
        ("ALL_PROXY", "The same"),
        ("no_proxy", "Hosts that are asked without one, by commas; or `*`. Also `NO_PROXY`"),
    )),
    ("Folders", "`saccade-worker`; HOME also for `~/.aws`", (
        ("XDG_CACHE_HOME",
         "Absolute path: models are looked for in `saccade/models` there, compiled ones kept in `saccade/compiled`"),
        ("HOME", "Without it `~/.cache` is meant"),
    )),
    ("The workload generator", "`saccade load`", (
        ("SACCADE_API_KEY", "The key that it presents, without `--api-key`"),
    )),
    ("From systemd", "`saccade web`, `saccade-worker run`", (
        ("NOTIFY_SOCKET", "Where readiness and the watchdog's signs of life go"),
        ("WATCHDOG_USEC", "How often, in microseconds"),
        ("WATCHDOG_PID", "Whose watchdog it is"),
    )),
    ("Between the processes of one program: not to be set by hand", "", (
        ("SACCADE_SUPERVISOR", "Process id of the parent, with which a child ends"),
        ("SACCADE_PROCESS", "Number of a process of `saccade web --processes`"),
        ("SACCADE_PEERS_DESCRIPTOR", "Descriptor of the socket on which the others ask it for its figures; the next one tells how "
         "to ask them"),
        ("SACCADE_STATE_FOLDER", "Folder with the `up.json` of the `saccade up` that has started this web tier"),
        ("SACCADE_SECRET_DESCRIPTOR", "Descriptor from which such a process reads the group's secret for TLS tickets"),
        ("UV_THREADPOOL_SIZE", "Set, not read: libuv's threads, one more than `--concurrency`"),
        ("LD_LIBRARY_PATH", "Handed on to decoders, which get nothing else of the environment but this and the next"),
        ("LIBHEIF_PLUGIN_PATH", "Likewise"),
    )),
)

#: Named by libraries, not by our sources.
BY_LIBRARIES = {"no_proxy"}

#: Names that the sources put together: the expression, where it stands, and what comes of it.
COMPOSED = {
    ("Sources/AWS/AWSConfiguration.swift", '"AWS_ENDPOINT_URL_" + service.uppercased()'): {
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_AUTO_SCALING", "AWS_ENDPOINT_URL_STS"},
    ("Sources/AWS/Credentials/WebIdentity.swift", "$0"): {
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"},
}

#: Reads by a name that a variable holds; its literal is found as one.
BY_VARIABLE = {
    ("Sources/AWS/Credentials/SharedProfile.swift", "variable"),
    ("Sources/AWS/Credentials/SharedProfile.swift", "name"),
    ("Sources/AWS/Transport/Transport.swift", "name"),
    ("Sources/Recognition/DecoderProcess.swift", "name"),
    ("Sources/EventLoop/EndWithSupervisor.swift", "supervisorVariable"),
    ("Sources/Elasticity/PreforkMaster.swift", "supervisorVariable"),
    ("Sources/Elasticity/SupervisedProcess.swift", "supervisorVariable"),
    ("Sources/Elasticity/PreforkMaster.swift", "PreforkChild.slotVariable"),
    ("Sources/Elasticity/PreforkMaster.swift", "PreforkChild.peersVariable"),
    ("Sources/Elasticity/PreforkMaster.swift", "PreforkChild.secretVariable"),
    ("Sources/Elasticity/PreforkChild.swift", "supervisorVariable"),
    ("Sources/Elasticity/PreforkChild.swift", "PreforkChild.slotVariable"),
    ("Sources/Elasticity/PreforkChild.swift", "PreforkChild.peersVariable"),
    ("Sources/Elasticity/PreforkChild.swift", "PreforkChild.secretVariable"),
    ("Sources/saccade/Machine.swift", "variable"),
    ("Sources/saccade/Machine.swift", "StateFile.folderVariable"),
    ("Sources/saccade/SupervisedFleet.swift", "StateFile.folderVariable"),
}

#: Text in capitals that names no environment variable.
OTHER_CAPITALS = re.compile(
    r"FULL_OBJECT|AWS_|AWS_ENDPOINT_URL_|PR_SET_\w+|SCMP_\w+|INFERENCE_\w+|PERFORMANCE_HINT|NUM_STREAMS|CACHE_DIR"
    r"|ENABLE_\w+")

READ = re.compile(
    r"(?:\bgetenv\(|\bsetenv\(|\benvironment\[|\benvironment\.setting\()\s*((?:[^\])(]|\(\))+)[\])]")
READ_ANY = re.compile(r"\b(?:getenv|setenv|secure_getenv|putenv)\b|\benvironment(?:\[|\.setting\()")
LITERAL = re.compile(r'"([A-Z][A-Z0-9]*_[A-Z0-9_]*|HOME|PATH|TZ|TMPDIR|[a-z]+_proxy|[A-Z]+_PROXY)"')


def declared():
    return {name for _, _, variables in SECTIONS for name, _ in variables}


def read(project):
    """What the sources read: ({variable: file}, [(file, expression)] that cannot be told)."""
    names, unclear = {}, []
    for path, lines in bounds.swift_files(project):
        for line in lines:
            code = line.split("//")[0] if line.lstrip().startswith("//") else line
            for name in LITERAL.findall(code):
                if not OTHER_CAPITALS.fullmatch(name):
                    names.setdefault(name, path)
            if not READ_ANY.search(code):
                continue
            for expression in READ.findall(code):
                expression = expression.split(", ")[0]
                if (path, expression) in COMPOSED:
                    for name in COMPOSED[path, expression]:
                        names.setdefault(name, path)
                elif not LITERAL.fullmatch(expression) and (path, expression) not in BY_VARIABLE:
                    unclear.append((path, expression))
    return names, unclear


def text():
    parts = []
    for title, readers, variables in SECTIONS:
        parts.append(f"### {title}\n")
        if readers:
            parts.append(f"Read by {readers}.\n")
        parts.append("| variable | |\n| --- | --- |")
        parts += [f"| `{name}` | {what} |" for name, what in variables]
        parts.append("")
    return "\n".join(parts)
