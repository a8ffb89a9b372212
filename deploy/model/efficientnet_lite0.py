"""EfficientNet-Lite0 as an OpenVINO graph: what the weights mean, and what the input must look like.

Lite0 is EfficientNet-B0 without squeeze-and-excitation and with ReLU6 for swish, so that it quantises and runs
well on CPUs. The table below is the published one (tensorflow/tpu, efficientnet/lite); the weights are the same
network's, converted to PyTorch by their authors.

The 8-bit graph needs no pictures to be calibrated with: ReLU6 bounds most activations, and of the others the batch
normalisations tell mean and deviation (Nagel et al., Data-Free Quantization, ICCV 2019, section 4.2).
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

DEVIATIONS = 6.0
"""How far from its mean an activation is represented in 8 bits, in standard deviations, as in the paper."""

Weights = dict[str, numpy.ndarray]


@dataclass(frozen=True)
class Statistics:
    """What batch normalisation makes of a tensor's channels, in training and so about in use."""

    mean: numpy.ndarray
    variance: numpy.ndarray

    def __add__(self, other: "Statistics") -> "Statistics":
        """Of the sum of two tensors, taken for independent."""
        return Statistics(self.mean + other.mean, self.variance + other.variance)

    def range(self) -> tuple[float, float]:
        """Of all channels together."""
        reach = DEVIATIONS * numpy.sqrt(self.variance)
        return float((self.mean - reach).min()), float((self.mean + reach).max())


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


def build(weights: Weights, quantised: bool = False) -> Model:
    """The network from 8-bit RGB pixels, [1, 224, 224, 3], to class probabilities, [1, 1000].

    The batch is 1, which compiles to the fastest graph for one image; nothing inside depends on it, so
    `reshape` to any other batch, or to a dynamic one, works. The quantised one has convolutions of 8-bit
    integers; the last layer, a third of a percent of the work, stays as it is.
    Raises ValueError when the weights are not this network's.
    """
    network = _Network(weights, quantised)
    pixels = ops.parameter([1, 3, INPUT_SIZE, INPUT_SIZE], Type.f32, name="image")

    # The 256 values that pixels have, exactly.
    x = network.represented(pixels, ((0 - PIXEL_MEAN) / PIXEL_SCALE, (255 - PIXEL_MEAN) / PIXEL_SCALE))
    x = network.relu6(*network.convolution(x, "_conv_stem", "_bn0", (32, 3, 3, 3), stride=2))
    # Of the stem's output none are needed: the first block adds nothing to it.
    statistics = None
    index = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            channels = stage.input_channels if repeat == 0 else stage.output_channels
            stride = stage.stride if repeat == 0 else 1
            x, statistics = network.block(x, statistics, f"_blocks.{index}", stage, channels, stride)
            index += 1
    x = network.relu6(*network.convolution(x, "_conv_head", "_bn1", (1280, 320, 1, 1)))

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

    def __init__(self, weights: Weights, quantised: bool) -> None:
        self._quantised = quantised
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

    def represented(self, x: openvino.Node, bounds: tuple[float, float]) -> openvino.Node:
        """A tensor in as many values as 8 bits have, if the network is quantised."""
        if not self._quantised:
            return x
        low, high = (ops.constant(numpy.float32(bound)) for bound in bounds)
        return ops.fake_quantize(x, low, high, low, high, 256)

    def kernel(self, weight: numpy.ndarray) -> openvino.Node:
        """A convolution's weights; quantised, each output channel has a scale of its own and zero is kept."""
        constant = ops.constant(weight)
        if not self._quantised:
            return constant
        reach = numpy.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True)
        # A channel without weights would have no scale.
        reach = numpy.maximum(reach, numpy.float32(1e-8))
        low, high = ops.constant(-reach), ops.constant(reach)
        return ops.fake_quantize(constant, low, high, low, high, 255)

    def relu6(self, x: openvino.Node, statistics: Statistics) -> openvino.Node:
        _, high = statistics.range()
        return self.represented(ops.clamp(x, 0.0, 6.0), (0.0, min(6.0, high)))

    def convolution(
        self, x: openvino.Node, name: str, norm: str, shape: tuple[int, ...], stride: int = 1
    ) -> tuple[openvino.Node, Statistics]:
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
            convolution = ops.group_convolution(x, self.kernel(folded), **geometry)
        else:
            convolution = ops.convolution(x, self.kernel(folded), **geometry)
        return ops.add(convolution, bias), Statistics(beta, gamma**2)

    def block(
        self, x: openvino.Node, statistics: Statistics | None, name: str, stage: Stage, channels: int, stride: int
    ) -> tuple[openvino.Node, Statistics]:
        """An inverted residual: expand, filter each channel, project; add the input where the shapes agree."""
        entry, expanded, output = x, channels * stage.expansion, stage.output_channels
        if stage.expansion != 1:
            x = self.relu6(*self.convolution(x, f"{name}._expand_conv", f"{name}._bn0", (expanded, channels, 1, 1)))
        depthwise = (expanded, 1, stage.kernel, stage.kernel)
        x = self.relu6(*self.convolution(x, f"{name}._depthwise_conv", f"{name}._bn1", depthwise, stride))
        x, projected = self.convolution(x, f"{name}._project_conv", f"{name}._bn2", (output, expanded, 1, 1))
        if stride == 1 and channels == output and statistics is not None:
            x, projected = ops.add(x, entry), projected + statistics
        return self.represented(x, projected.range()), projected
