"""The command lines and programs that the documents show, and a shell to run them in."""

import dataclasses
import os
import re
import select
import subprocess
import tempfile

from service import ROOT

#: What marks an indented block as a drawing rather than something to type.
DRAWING = re.compile("[│─►▼┤]")
PROGRAMS = {"python", "javascript", "swift"}
COMMANDS = {"console", "bash", "sh", ""}


@dataclasses.dataclass
class Command:
    page: str
    #: Without the comment at its end, continued lines joined.
    text: str
    comment: str = ""
    #: What a `console` block shows that it prints.
    output: list = dataclasses.field(default_factory=list)

    def __str__(self):
        return f"{self.page}: {self.text}"


@dataclasses.dataclass
class Document:
    page: str
    commands: list
    #: By the name of the file that the sentence before it says it is: {"classify.py": …}.
    programs: dict
    #: First lines of blocks that are neither commands, programs nor drawings, by `others`.
    others: list


def pages():
    """Every document for users, the opening page first."""
    found = ["README.md"]
    for folder in ("docs", "deploy", "bench"):
        paths = (ROOT / folder).rglob("*.md" if folder == "docs" else "README.md")
        found += sorted(str(path.relative_to(ROOT)) for path in paths)
    return found


def read(page, others=()):
    """What a page shows.
    - others: First lines of blocks that are no commands."""
    document = Document(page, [], {}, [])
    lines = (ROOT / page).read_text().splitlines()
    index, sentence = 0, ""
    while index < len(lines):
        line = lines[index]
        if line.startswith("```"):
            end = lines.index("```", index + 1)
            take(document, line[3:], lines[index + 1 : end], sentence, others)
            index = end
        elif line.startswith("    ") and not lines[index - 1].strip():
            end = index
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            take(document, "", [text[4:] for text in lines[index:end]], sentence, others)
            index = end - 1
        elif line.strip():
            sentence = line
        index += 1
    return document


def take(document, language, lines, sentence, others):
    while lines and not lines[-1].strip():
        lines.pop()
    if language in PROGRAMS:
        (name,) = re.findall(r"`([\w.]+)`\):?$", sentence)
        document.programs[name] = "\n".join(lines) + "\n"
    elif lines[0] in others:
        document.others.append(lines[0])
    elif language not in COMMANDS:
        raise AssertionError(f"{document.page}: nobody knows what to do with a block of {language}")
    elif any(DRAWING.search(line) for line in lines):
        return
    elif language == "console":
        for line in lines:
            if line.startswith("$ "):
                document.commands.append(command(document.page, line[2:]))
            else:
                document.commands[-1].output.append(line)
    else:
        text = ""
        for line in lines:
            text += line.strip() if text else line
            if text.endswith("\\"):
                text = text[:-1]
            elif text.strip():
                document.commands.append(command(document.page, text))
                text = ""


def command(page, text):
    # A comment stands apart; a `#` in quotes does not.
    found = re.fullmatch(r"((?:'[^']*'|\"[^\"]*\"|[^'\"])*?)(?:\s{2,}#\s*(.*))?", text)
    return Command(page, found.group(1).strip(), found.group(2) or "")


class Shell:
    """bash, in which lines are run one after the other as in a terminal: variables and functions stay."""

    TIMEOUT_S = 600

    def __init__(self, folder, environment):
        self.folder = folder
        reader, writer = os.pipe()
        self.statuses = os.fdopen(reader, "rb", buffering=0)
        self.output = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen(
            ["bash", "--norc", "-s", self.output.name, str(writer)], stdin=subprocess.PIPE, pass_fds=[writer], cwd=folder,
            env=environment, text=True, start_new_session=True)
        os.close(writer)

    def run(self, text):
        """Its status, and what it has said on both outputs."""
        self.process.stdin.write(f'{{ {text}\n}} >"$1" 2>&1 </dev/null; printf "%s\\n" $? >&"$2"\n')
        self.process.stdin.flush()
        if not select.select([self.statuses], [], [], self.TIMEOUT_S)[0]:
            os.killpg(self.process.pid, 9)
            raise AssertionError(f"not done after {self.TIMEOUT_S} s: {text}\n{self.said()}")
        status = self.statuses.readline()
        return (int(status) if status else None), self.said()

    def said(self):
        with open(self.output.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait(self.TIMEOUT_S)
        self.statuses.close()
        self.output.close()
