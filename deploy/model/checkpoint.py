"""Reads the tensors of a PyTorch checkpoint of the old (before 1.6) format, without PyTorch.

A checkpoint is a pickle, and unpickling runs code. This reader admits the four names such a file needs
and refuses every other, so that a file from a package index can carry numbers and nothing else.

The layout of the file, each part a pickle of its own unless said otherwise:
  1. a magic number, 2. the protocol version, 3. the writer's byte order and type sizes,
  4. the object itself, tensors pointing to storages by "persistent id",
  5. the list of the storages' keys,
  6. for each key, raw: the number of elements (int64), then the elements.
"""

import collections
import pickle
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
STORAGE_TYPES = {"FloatStorage": numpy.dtype("<f4"), "LongStorage": numpy.dtype("<i8")}


@dataclass
class Storage:
    """A flat run of elements; its bytes come after the pickle that refers to it."""

    dtype: numpy.dtype
    count: int
    elements: numpy.ndarray | None = None


@dataclass(frozen=True)
class Tensor:
    """A view of a storage. Offset and strides count elements, not bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> numpy.ndarray:
        """The elements in row-major order. A tensor need not be contiguous, so the strides are obeyed."""
        elements = self.storage.elements
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides))
        if elements is None or self.offset < 0 or min(self.strides, default=0) < 0 or last >= len(elements):
            raise ValueError(f"tensor of shape {self.shape} reaches beyond its storage")
        itemsize = elements.itemsize
        view = numpy.lib.stride_tricks.as_strided(
            elements[self.offset :], self.shape, [stride * itemsize for stride in self.strides]
        )
        return numpy.ascontiguousarray(view)


def _tensor(storage: Storage, offset: int, shape: tuple, strides: tuple, *_requires_grad_and_hooks: Any) -> Tensor:
    return Tensor(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in STORAGE_TYPES:
            return STORAGE_TYPES[name]
        raise pickle.UnpicklingError(f"refused: the checkpoint asks for {module}.{name}")

    def persistent_load(self, identifier: tuple) -> Storage:
        kind, dtype, key, _location, count, view = identifier
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"unknown persistent id {identifier!r}")
        return self.storages.setdefault(key, Storage(dtype, count))


class _PlainUnpickler(pickle.Unpickler):
    """For the parts that are numbers, strings and containers only."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"refused: the checkpoint asks for {module}.{name}")


def read_checkpoint(file: BinaryIO) -> dict[str, numpy.ndarray]:
    """The checkpoint's tensors by name. Raises ValueError or UnpicklingError for anything unexpected."""
    magic, version, system = (_PlainUnpickler(file).load() for _ in range(3))
    if magic != MAGIC_NUMBER or version != PROTOCOL_VERSION:
        raise ValueError("not a PyTorch checkpoint of the old format")
    if not system["little_endian"]:
        raise ValueError("the checkpoint was written on a big-endian machine")

    unpickler = _Unpickler(file)
    tensors = unpickler.load()
    for key in _PlainUnpickler(file).load():
        storage = unpickler.storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != storage.count:
            raise ValueError(f"storage {key} announces {storage.count} elements and has {count}")
        data = file.read(count * storage.dtype.itemsize)
        storage.elements = numpy.frombuffer(data, storage.dtype, count)
    return {name: tensor.array() for name, tensor in tensors.items()}
