"""The options of every command, as both binaries tell them (`--experimental-dump-help`)."""

import json
import os
import subprocess

BINARIES = ("saccade", "saccade-worker")


def commands(folder):
    """The commands of both binaries, (full name, description) each, in the order of their help; `help` itself not."""
    found = []
    for binary in BINARIES:
        dump = subprocess.run(
            [os.path.join(folder, binary), "--experimental-dump-help"], capture_output=True, text=True, check=True)
        walk(json.loads(dump.stdout)["command"], "", found)
    return found


def walk(command, prefix, found):
    name = (prefix + " " + command["commandName"]).strip()
    found.append((name, command))
    for child in command.get("subcommands", []):
        if child["commandName"] != "help":
            walk(child, name, found)


def split_examples(text):
    """A discussion's paragraphs, and the command lines under its `Example:` or `Examples:`."""
    paragraphs, examples, is_example = [], [], False
    for line in (text or "").splitlines():
        if line.rstrip() in ("Example:", "Examples:"):
            is_example = True
        elif is_example and line.startswith("  "):
            examples.append(line.strip())
        else:
            paragraphs.append(line)
    return "\n".join(paragraphs).strip(), examples


def examples(folder):
    """Every example of every command: (command's name, line)."""
    return [
        (name, line) for name, command in commands(folder) for line in split_examples(command.get("discussion"))[1]]


def option_names(folder):
    """The long options of each command: {"saccade web": {"--host", …}, …}."""
    return {
        name: {
            "--" + n["name"] for a in command.get("arguments", []) for n in a.get("names", []) if n["kind"] == "long"}
        for name, command in commands(folder)}


def text(folder):
    """The page's part with all commands."""
    return "\n".join(section(name, command) for name, command in commands(folder))


def section(name, command):
    discussion, lines = split_examples(command.get("discussion"))
    parts = [f"### {name}\n", command["abstract"] + "\n"]
    if not command.get("shouldDisplay", True):
        parts.append("(Not listed by `--help`.)\n")
    if discussion:
        parts.append(discussion + "\n")
    if lines:
        parts.append("\n".join("    " + line for line in lines) + "\n")
    if command.get("defaultSubcommand"):
        parts.append(f"Without a command's name it is `{name} {command['defaultSubcommand']}`.\n")
    shown = [a for a in command.get("arguments", []) if a["shouldDisplay"] and a.get("valueName") != "help"]
    if shown:
        # A title once the first option of a group has it; what has none comes first.
        parts.append("| option | default | what it does |\n| --- | --- | --- |")
        parts += [row(a) for a in sorted(shown, key=lambda a: a.get("sectionTitle") is not None)]
        parts.append("")
    return "\n".join(parts)


def row(argument):
    value = f" <{argument['valueName']}>" if argument["kind"] == "option" else ""
    if argument["kind"] == "positional":
        shape = f"<{argument['valueName']}>"
    else:
        shape = "--" + argument["preferredName"]["name"] + value
    if argument.get("isRepeating"):
        shape += " …"
    sentence, default = split_default(argument.get("abstract", ""))
    default = argument.get("defaultValue") or default
    if argument.get("discussion"):
        sentence += " " + argument["discussion"]
    if argument.get("allValues"):
        sentence += " Values: " + ", ".join(f"`{v}`" for v in argument["allValues"]) + "."
    if default is None:
        default = "off" if argument["kind"] == "flag" else "required" if not argument["isOptional"] else ""
    return f"| `{shape}` | {cell(default)} | {cell(sentence)} |"


def split_default(sentence):
    """Defaults that are no value of the option's type stand at its sentence's end: `(default: …)`."""
    start = sentence.rfind(" (default")
    if start < 0 or not sentence.endswith(")"):
        return sentence, None
    return sentence[:start], sentence[start + 1 : -1].removeprefix("(default").lstrip(":, ")


def cell(text):
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
