"""The layers of layers.json, with random data and their results in float64."""

import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent.parent / "layers.json"


@dataclass
class Layer:
    """A convolution of batch 1; the names are PyTorch's."""

    id: str
    operator: str
    input: list
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    output_padding: int = 0

    @property
    def transposed(self):
        return self.operator == "conv_transpose2d"

    @property
    def depthwise(self):
        return self.groups > 1 and self.groups == self.input[0] == self.out_channels

    @property
    def output(self):
        """[channels, height, width]."""
        return [self.out_channels, *(self._output_size(size) for size in self.input[1:])]

    def _output_size(self, size):
        reach = self.dilation * (self.kernel - 1)
        if self.transposed:
            return (size - 1) * self.stride + reach + 1 - 2 * self.padding + self.output_padding
        return (size + 2 * self.padding - reach - 1) // self.stride + 1

    @cached_property
    def _random(self):
        random = np.random.default_rng(zlib.crc32(self.id.encode()))

        def numbers(*shape):
            return random.uniform(-1, 1, shape).astype(np.float32)

        first, second = self.out_channels, self.input[0]
        if self.transposed:
            first, second = second, first
        weight = numbers(first, second // self.groups, self.kernel, self.kernel)
        return numbers(*self.input), weight, numbers(self.out_channels)

    @property
    def x(self):
        """[channels, height, width]."""
        return self._random[0]

    @property
    def weight(self):
        """In PyTorch's order."""
        return self._random[1]

    @property
    def bias(self):
        return self._random[2]

    @cached_property
    def reference(self):
        """The output in float64, tap by tap."""
        channels, height, width = self.output
        y = np.zeros((channels, height, width))
        # Everything that padding or cropping would cut off is computed and cut off.
        pad = self.padding
        x = self.x.astype(np.float64)
        if not self.transposed:
            x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        else:
            reach = self.dilation * (self.kernel - 1) + 1
            full = [(size - 1) * self.stride + reach + self.output_padding for size in x.shape[1:]]
            y = np.zeros((channels, *full))
        inputs, outputs = self.input[0] // self.groups, channels // self.groups
        for group in range(self.groups):
            x_group = x[group * inputs : (group + 1) * inputs]
            y_group = y[group * outputs : (group + 1) * outputs]
            for row in range(self.kernel):
                for column in range(self.kernel):
                    self._tap(x_group, y_group, group, row, column)
        if self.transposed:
            y = y[:, pad : pad + height, pad : pad + width]
        return y + self.bias[:, None, None]

    def _tap(self, x, y, group, row, column):
        step, top, left = self.stride, row * self.dilation, column * self.dilation
        if self.transposed:
            per_group = self.input[0] // self.groups
            weight = self.weight[group * per_group : (group + 1) * per_group, :, row, column].T
            height, width = x.shape[1:]
            y[:, top::step, left::step][:, :height, :width] += np.tensordot(weight, x, 1)
        else:
            per_group = self.out_channels // self.groups
            weight = self.weight[group * per_group : (group + 1) * per_group, :, row, column]
            height, width = self.output[1:]
            y += np.tensordot(weight, x[:, top::step, left::step][:, :height, :width], 1)


def load():
    """Every layer by its name."""
    return {entry["id"]: Layer(**entry) for entry in json.loads(FILE.read_text())}
