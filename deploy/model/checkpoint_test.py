"""The checkpoint reader against files made here, as PyTorch 1.5 wrote them and as nobody should."""

import collections
import io
import os
import pickle
import struct
import sys
import types
import unittest

import numpy

import checkpoint
from checkpoint import read_checkpoint


class Persistent:
    def __init__(self, *identifier):
        self.identifier = identifier


class Rebuilt:
    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.identifier if isinstance(value, Persistent) else None


def fake_torch():
    """Modules whose only use is to be pickled by name."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    torch.DoubleStorage = type("DoubleStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2(*_):
        raise AssertionError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    return {"torch": torch, "torch._utils": utils}


def write(offset=0, shape=(2, 3), strides=(3, 1), storage="FloatStorage", count=6, announced=6, extra=None, magic=None):
    """A checkpoint with one tensor `w` over the storage 0, 1, 2, …"""
    modules = fake_torch()
    sys.modules.update(modules)
    try:
        reference = Persistent("storage", getattr(modules["torch"], storage), "key", "cpu", count, None)
        tensors = collections.OrderedDict(w=Rebuilt(reference, offset, shape, strides, False, collections.OrderedDict()))
        if extra is not None:
            tensors["extra"] = extra
        file = io.BytesIO()
        system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
        for part in (magic or checkpoint.MAGIC_NUMBER, checkpoint.PROTOCOL_VERSION, system, tensors, ["key"]):
            Pickler(file, protocol=2).dump(part)
    finally:
        for name in modules:
            del sys.modules[name]
    file.write(struct.pack("<q", announced) + numpy.arange(count, dtype="<f4").tobytes())
    file.seek(0)
    return file


class CheckpointTest(unittest.TestCase):
    def test_a_contiguous_tensor_is_read_in_order(self):
        self.assertEqual(read_checkpoint(write())["w"].tolist(), [[0, 1, 2], [3, 4, 5]])

    def test_a_transposed_tensor_is_read_by_its_strides(self):
        self.assertEqual(read_checkpoint(write(strides=(1, 2)))["w"].tolist(), [[0, 2, 4], [1, 3, 5]])

    def test_a_tensor_may_begin_inside_its_storage(self):
        self.assertEqual(read_checkpoint(write(offset=2, shape=(2,), strides=(3,)))["w"].tolist(), [2, 5])

    def test_a_tensor_that_reaches_beyond_its_storage_is_refused(self):
        for bounds in (dict(offset=1), dict(strides=(4, 1)), dict(offset=-1), dict(strides=(-3, 1))):
            with self.subTest(bounds), self.assertRaisesRegex(ValueError, "beyond its storage"):
                read_checkpoint(write(**bounds))

    def test_a_storage_of_another_length_than_announced_is_refused(self):
        with self.assertRaisesRegex(ValueError, "announces"):
            read_checkpoint(write(announced=7))

    def test_a_truncated_file_is_refused(self):
        with self.assertRaises(ValueError):
            read_checkpoint(io.BytesIO(write().getvalue()[:-1]))

    def test_an_unknown_element_type_is_refused(self):
        with self.assertRaisesRegex(pickle.UnpicklingError, "refused.*DoubleStorage"):
            read_checkpoint(write(storage="DoubleStorage"))

    def test_code_in_a_checkpoint_is_refused_and_not_run(self):
        class Attack:
            def __reduce__(self):
                return os.putenv, ("SACCADE_ATTACK", "1")

        with self.assertRaisesRegex(pickle.UnpicklingError, "refused"):
            read_checkpoint(write(extra=Attack()))
        with self.assertRaisesRegex(pickle.UnpicklingError, "refused"):
            read_checkpoint(write(magic=Attack()))

    def test_another_file_is_refused(self):
        with self.assertRaisesRegex(ValueError, "not a PyTorch checkpoint"):
            read_checkpoint(write(magic=1))


if __name__ == "__main__":
    unittest.main()
