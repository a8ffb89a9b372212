"""Every bound of the sources: the members of the types named …Limits, and constants elsewhere whose names say that they
bound something."""

import dataclasses
import os
import re

TYPE = re.compile(r"^\s*(?:@usableFromInline )?package (?:struct|enum) (\w*Limits|TransportTimeouts|RetryPolicy)\b")
MEMBER = re.compile(
    r"^\s*(?:@usableFromInline )?package (?:nonisolated )?(?:static )?(?:let|var) (\w+)"
    r"(?:: ([^={]+?))?\s*(?:= (.+)|\{(.+)\})?$")
CONSTANT = re.compile(
    r"^\s*(?:(?:package|private|nonisolated|fileprivate) )*static let "
    r"(\w+(?:Max|Min|Limit|Timeout|Delay|Duration|Interval|Patience|Pause|Range))(?:: ([^=]+?))? = (.+)$")

#: Limits that an option sets: type.member → command and option.
OPTIONS = {
    "WebLimits.replayByteCountMax": "saccade web --replay-memory",
    "WebLimits.uploadCountMax": "saccade web --max-uploads",
    "WebLimits.bufferByteCountMax": "saccade web --upload-memory",
    "WebLimits.imageByteCountMax": "saccade web --max-image",
    "WebLimits.bodyByteCountMax": "saccade web --max-image",
    "WebLimits.answerTimeout": "saccade web --answer-timeout",
    "HTTPLimits.connectionCountMax": "saccade web --max-connections",
    "HTTPLimits.connectionsPerAddressMax": "saccade web --max-connections-per-address",
    "HTTPLimits.idleDuration": "saccade web --idle-timeout",
    "HTTPLimits.bodyRateMin": "saccade web --min-upload-rate",
    "HTTPLimits.proxies": "saccade web --trusted-proxy",
    "PreforkLimits.processCountMax": "saccade web --processes",
    "FleetLimits.workerCountMax": "saccade up --max",
    "WorkerLimits.concurrency": "saccade-worker run --concurrency",
    "WorkerLimits.concurrencyRange": "saccade-worker run --concurrency",
    "WorkerLimits.batchSize": "saccade-worker run --batch-size",
    "WorkerLimits.visibilityTimeout": "saccade-worker run --visibility-timeout",
    "WorkerLimits.drainTimeout": "saccade-worker run --drain-timeout",
    "ModelCatalog.countMax": "saccade-worker run --model",
    "ClassifierOptions.batchSizeRange": "saccade-worker run --batch-size",
}


@dataclasses.dataclass
class Bound:
    name: str
    value: str
    text: str


@dataclasses.dataclass
class Group:
    name: str
    path: str
    text: str
    bounds: list


def swift_files(project):
    for folder, _, names in sorted(os.walk(os.path.join(project, "Sources"))):
        for name in sorted(names):
            if name.endswith(".swift"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, project), file.read().splitlines()


def read(project):
    """The types of limits, and the constants elsewhere."""
    groups, others = [], []
    for path, lines in swift_files(project):
        index = 0
        while index < len(lines):
            kind = TYPE.match(lines[index])
            if kind:
                end = closing(lines, index)
                groups.append(group(kind[1], path, lines, index, end))
                index = end
            else:
                found = CONSTANT.match(lines[index])
                if found and ".init" not in found[3] and "(rawValue" not in found[3] and not found[3].endswith("("):
                    name = os.path.basename(path).removesuffix(".swift").split("+")[0] + "." + found[1]
                    others.append((path, Bound(name, value(found[1], found[3]), comment(lines, index))))
            index += 1
    known = {f"`{b.name}`": b.value for _, b in others}
    for b in (b for g in groups for b in g.bounds):
        b.value = known.get(b.value, b.value)
    return sorted(groups, key=lambda g: (g.path, g.name)), others


def closing(lines, start):
    """The line of the brace that closes the one of `start`."""
    depth = 0
    for index in range(start, len(lines)):
        depth += lines[index].count("{") - lines[index].count("}")
        if depth == 0:
            return index
    raise ValueError(f"no end of {lines[start]}")


def group(name, path, lines, start, end):
    indent = len(lines[start]) - len(lines[start].lstrip()) + 2
    assigned = {}
    parameters = dict(re.findall(r"[(,] ?(\w+): [\w?]+ = (\.?\w+(?:\(\w+\))?)", "\n".join(lines[start:end])))
    for line in lines[start:end]:
        found = re.match(r"\s+(?:self\.)?(\w+) = (.+)$", line)
        if found:
            assigned[found[1]] = found[2]
    bounds = []
    for index in range(start + 1, end):
        found = MEMBER.match(lines[index])
        if not found or len(lines[index]) - len(lines[index].lstrip()) != indent:
            continue
        unset = "nil" if (found[2] or "").endswith("?") else ""
        code = found[3] or (found[4] or "").strip() or assigned.get(found[1], unset)
        # What an initialiser sets is its parameter's default, if it has one.
        code = parameters.get(code, "" if code == found[1] else code)
        bounds.append(Bound(found[1], value(found[1], code), comment(lines, index)))
    if name == "Limits":
        name = os.path.basename(path).removesuffix(".swift") + ".Limits"
    return Group(name, path, comment(lines, start), bounds)


def comment(lines, index):
    """The doc comment above a line, without its `- Parameter` lines."""
    found = []
    while index > 0 and lines[index - 1].lstrip().startswith("///"):
        index -= 1
        found.insert(0, lines[index].lstrip()[3:].strip())
    text = []
    for line in found:
        if line.startswith("- "):
            break
        text.append(line)
    return " ".join(" ".join(text).split())


#: Bytes, though their names do not say so.
BYTE_COUNTS = {"policySizeMax", "traceSizeMax"}
UNITS = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def value(name, code):
    """A default as people read it; what is no number stays code."""
    code = code.split(" //")[0].strip()
    duration = re.fullmatch(r"(?:Duration)?\.(seconds|milliseconds|microseconds)\((.+)\)", code)
    if duration:
        amount = arithmetic(duration[2])
        if amount is not None:
            return seconds(amount * {"seconds": 1, "milliseconds": 1e-3, "microseconds": 1e-6}[duration[1]])
    amount = arithmetic(code)
    if amount is not None:
        return byte_count(amount) if "byte" in name.lower() or name in BYTE_COUNTS else grouped(amount)
    if code in ("nil", "[]", ".zero"):
        return {"nil": "none", "[]": "none", ".zero": "0 s"}[code]
    return f"`{code}`" if code else "given"


def arithmetic(code):
    """The value of an expression of whole numbers, `*`, `+` and `<<`; None for anything else."""
    plain = code.replace("_", "")
    if not re.fullmatch(r"[0-9. *+<()]+(e[0-9]+)?", plain) or ".." in plain:
        return None
    return eval(plain, {"__builtins__": {}})  # noqa: S307 - digits and operators only


def byte_count(amount):
    for unit, size in UNITS:
        if amount >= size and amount % size == 0:
            return f"{grouped(amount // size)} {unit}"
    return f"{grouped(amount)} B"


def seconds(amount):
    if amount < 1:
        return f"{amount * 1000:g} ms"
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if amount > size and amount % size == 0:
            return f"{amount // size:g} {unit}"
    return f"{amount:g} s"


def grouped(amount):
    return f"{int(amount):,}".replace(",", " ") if amount == int(amount) else f"{amount:g}"


def text(project):
    groups, others = read(project)
    parts = []
    for g in groups:
        parts.append(f"## {g.name}\n\n[{g.path}](../{g.path}). {g.text}\n")
        parts.append("| bound | default | option | |\n| --- | --- | --- | --- |")
        for b in g.bounds:
            parts.append(f"| `{b.name}` | {b.value} | {option(g.name + '.' + b.name)} | {cell(b.text)} |")
        parts.append("")
    parts.append("## Constants beside what they bound\n")
    parts.append("| constant | value | option | |\n| --- | --- | --- | --- |")
    for path, b in others:
        parts.append(f"| [`{b.name}`](../{path}) | {b.value} | {option(b.name)} | {cell(b.text)} |")
    parts.append("")
    return "\n".join(parts)


def option(name):
    return f"`{OPTIONS[name]}`" if name in OPTIONS else ""


def cell(text):
    return text.replace("``", "`").replace("|", "\\|")
