"""EfficientNet-Lite0 as an OpenVINO graph: what the weights mean, and what the input must look like.

Lite0 is EfficientNet-B0 without squeeze-and-excitation and with ReLU6 for swish, so that it quantises and runs
well on CPUs. The table below is the published one (tensorflow/tpu, efficientnet/lite); the weights are the same
network's, converted to PyTorch by their authors.
"""

from dataclasses import dataclass

import numpy
import openvino
from openvino import Layout, Model, Type
from openvino import opset13 as ops
from openvino.preprocess import PrePostProcessor

INPUT_SIZE = 224
"""Width and height of the image the network sees."""

RESIZE_SHORTER_SIDE = 256
"""An image is scaled so that its shorter side has this length, then INPUT_SIZE is cut from the middle."""

PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0
BATCH_NORM_EPSILON = 1e-3

Weights = dict[str, numpy.ndarray]


@dataclass(frozen=True)
class Stage:
    """A run of inverted residual blocks; the stride and the change of channels are the first block's."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    input_channels: int
    output_channels: int


STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)


def build(weights: Weights) -> Model:
    """The network from 8-bit RGB pixels, [1, 224, 224, 3], to class probabilities, [1, 1000].

    The batch is 1, which compiles to the fastest graph for one image; nothing inside depends on it, so
    `reshape` to any other batch, or to a dynamic one, works.
    Raises ValueError when the weights are not this network's.
    """
    network = _Network(weights)
    pixels = ops.parameter([1, 3, INPUT_SIZE, INPUT_SIZE], Type.f32, name="image")

    x = network.relu6(network.convolution(pixels, "_conv_stem", "_bn0", (32, 3, 3, 3), stride=2))
    index = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            channels = stage.input_channels if repeat == 0 else stage.output_channels
            stride = stage.stride if repeat == 0 else 1
            x = network.block(x, f"_blocks.{index}", stage, channels, stride)
            index += 1
    x = network.relu6(network.convolution(x, "_conv_head", "_bn1", (1280, 320, 1, 1)))

    x = ops.reduce_mean(x, [2, 3], keep_dims=False)
    x = ops.matmul(x, network.take("_fc.weight", (1000, 1280)), False, True)
    x = ops.add(x, network.take("_fc.bias", (1000,)))
    probabilities = ops.softmax(x, axis=1, name="probabilities")
    probabilities.output(0).set_names({"probabilities"})
    network.require_all_taken()

    return _with_pixel_input(Model([probabilities], [pixels], "efficientnet-lite0"))


def _with_pixel_input(model: Model) -> Model:
    """Moves layout and normalisation into the graph: who feeds it hands over decoded pixels as they are."""
    steps = PrePostProcessor(model)
    image = steps.input()
    image.tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    image.model().set_layout(Layout("NCHW"))
    image.preprocess().convert_element_type(Type.f32).mean(PIXEL_MEAN).scale(PIXEL_SCALE)
    model = steps.build()
    model.input().set_names({"image"})
    return model


class _Network:
    """Takes weights by name, each once, and checks their shapes."""

    def __init__(self, weights: Weights) -> None:
        self._weights = {name: w for name, w in weights.items() if not name.endswith("num_batches_tracked")}

    def take(self, name: str, shape: tuple[int, ...]) -> numpy.ndarray:
        weight = self._weights.pop(name, None)
        if weight is None or weight.shape != shape or weight.dtype != numpy.float32:
            found = "none" if weight is None else f"{weight.dtype} {weight.shape}"
            raise ValueError(f"{name}: expected float32 {shape}, found {found}")
        return weight

    def require_all_taken(self) -> None:
        if self._weights:
            raise ValueError("weights without a place: " + ", ".join(self._weights))

    def relu6(self, x: openvino.Node) -> openvino.Node:
        return ops.clamp(x, 0.0, 6.0)

    def convolution(
        self, x: openvino.Node, name: str, norm: str, shape: tuple[int, ...], stride: int = 1
    ) -> openvino.Node:
        """A convolution with its batch normalisation folded into weights and bias.

        `shape` is [output, input, height, width]; an input of 1 under many outputs means depthwise.
        """
        weight = self.take(f"{name}.weight", shape).astype(numpy.float64)
        gamma, beta, mean, variance = (
            self.take(f"{norm}.{part}", shape[:1]).astype(numpy.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / numpy.sqrt(variance + BATCH_NORM_EPSILON)
        folded = (weight * factor.reshape(-1, 1, 1, 1)).astype(numpy.float32)
        bias = (beta - mean * factor).astype(numpy.float32).reshape(1, -1, 1, 1)

        # SAME_UPPER, because the network was trained in TensorFlow, which pads the bottom and right first.
        geometry = dict(strides=[stride] * 2, pads_begin=[0, 0], pads_end=[0, 0], dilations=[1, 1], auto_pad="same_upper")
        if shape[1] == 1:
            folded = folded.reshape(shape[0], 1, *shape[1:])
            return ops.add(ops.group_convolution(x, folded, **geometry), bias)
        return ops.add(ops.convolution(x, folded, **geometry), bias)

    def block(self, x: openvino.Node, name: str, stage: Stage, channels: int, stride: int) -> openvino.Node:
        """An inverted residual: expand, filter each channel, project; add the input where the shapes agree."""
        entry, expanded, output = x, channels * stage.expansion, stage.output_channels
        if stage.expansion != 1:
            x = self.relu6(self.convolution(x, f"{name}._expand_conv", f"{name}._bn0", (expanded, channels, 1, 1)))
        depthwise = (expanded, 1, stage.kernel, stage.kernel)
        x = self.relu6(self.convolution(x, f"{name}._depthwise_conv", f"{name}._bn1", depthwise, stride))
        x = self.convolution(x, f"{name}._project_conv", f"{name}._bn2", (output, expanded, 1, 1))
        return ops.add(x, entry) if stride == 1 and channels == output else x
