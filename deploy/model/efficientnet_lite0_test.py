"""The network's parts: what is said of activations without having seen any, and what 8 bits make of them."""

import unittest

import numpy
import openvino
from openvino import Model, Type
from openvino import opset13 as ops

import efficientnet_lite0
from efficientnet_lite0 import Statistics


def run(node, parameter, values):
    compiled = openvino.Core().compile_model(Model([node], [parameter], "part"), "CPU")
    return compiled(numpy.asarray(values, numpy.float32))[0]


class StatisticsTest(unittest.TestCase):
    def test_the_range_holds_six_deviations_of_every_channel(self):
        statistics = Statistics(numpy.array([0.0, 10.0]), numpy.array([4.0, 1.0]))
        self.assertEqual(statistics.range(), (-12.0, 16.0))

    def test_of_a_sum_means_and_variances_add(self):
        one = Statistics(numpy.array([1.0]), numpy.array([9.0]))
        other = Statistics(numpy.array([2.0]), numpy.array([16.0]))
        self.assertEqual((one + other).range(), (3.0 - 30.0, 3.0 + 30.0))


class QuantisedTest(unittest.TestCase):
    def network(self, weights=None, quantised=True):
        return efficientnet_lite0._Network(weights or {}, quantised)

    def test_pixels_are_represented_exactly(self):
        pixels = (numpy.arange(256) - efficientnet_lite0.PIXEL_MEAN) / efficientnet_lite0.PIXEL_SCALE
        parameter = ops.parameter([256], Type.f32)
        found = run(self.network().represented(parameter, (float(pixels[0]), float(pixels[-1]))), parameter, pixels)
        numpy.testing.assert_allclose(found, pixels, atol=1e-6)

    def test_activations_take_256_values_within_their_range(self):
        parameter = ops.parameter([10_000], Type.f32)
        values = numpy.linspace(-10, 20, 10_000)
        found = run(self.network().represented(parameter, (-1.0, 6.0)), parameter, values)
        self.assertEqual(len(set(found.tolist())), 256)
        self.assertAlmostEqual(float(found.min()), -1.0, places=5)
        self.assertAlmostEqual(float(found.max()), 6.0, places=5)

    def test_weights_keep_zero_and_have_a_scale_a_channel(self):
        channels = [[-1.0, 0.0, 0.5], [-100.0, 0.0, 3.0], [0.0, 0.0, 0.0]]
        weights = numpy.array(channels, numpy.float32).reshape(3, 3, 1, 1)
        parameter = ops.parameter([1], Type.f32)
        found = run(ops.add(self.network().kernel(weights), ops.multiply(parameter, numpy.float32(0))), parameter, [0])
        steps = numpy.array([1.0, 100.0, 1e-8]).reshape(3, 1, 1, 1) / 127
        self.assertTrue((abs(found - weights) <= steps / 2 + 1e-6).all())
        self.assertEqual(found[weights == 0].tolist(), [0.0] * 5)

    def test_a_network_that_is_not_quantised_is_left_alone(self):
        parameter = ops.parameter([1], Type.f32)
        self.assertIs(self.network(quantised=False).represented(parameter, (0.0, 1.0)), parameter)

    def test_weights_of_another_network_are_refused(self):
        with self.assertRaisesRegex(ValueError, "_conv_stem.weight"):
            efficientnet_lite0.build({"_conv_stem.weight": numpy.zeros((1, 3, 3, 3), numpy.float32)}, quantised=True)


if __name__ == "__main__":
    unittest.main()
