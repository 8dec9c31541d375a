#!/usr/bin/env python3
"""Writes torch.safetensors: small f32 cases whose outputs are computed by PyTorch (see README.md).

Written for and run with torch 2.15.0 on Python 3.11 (CPU only; numpy and safetensors are not needed).
Inputs come from Python's own generator seeded with the case's name, so a case does not depend on its neighbours.

    python generate.py --output torch.safetensors
"""
import argparse
import collections
import json
import math
import random
import struct

import torch
import torch.nn as nn
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
SOURCE = "PyTorch " + torch.__version__.split("+")[0]
CASES = {}  # name -> (JSON, tensors)


# ---------------------------------------------------------------------------------------------------------- plumbing

class Rng:
    """Uniform f32 tensors, seeded by a case's name."""

    def __init__(self, name):
        self.random = random.Random(name)

    def __call__(self, *shape, lo=-2.0, hi=2.0):
        return f32([self.random.uniform(lo, hi) for _ in range(math.prod(shape))], *shape)


def f32(values, *shape):
    return torch.tensor(values, dtype=torch.float32).reshape(shape or (-1,))


def single(value):
    """A parameter as the f32 a kernel sees, so that goldens computed in f64 use the same number."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def case(name, op, params, tensors, y):
    """Records a case. `y` may be f64; it is rounded to f32 here, once."""
    assert name not in CASES, name
    assert all(t.dtype == torch.float32 for t in tensors.values()), name
    meta = {"op": op, "dtype": "f32", **params, "source": SOURCE, "license": "CC0-1.0"}
    CASES[name] = meta, {**tensors, "y": y.detach().float()}


def write(path):
    """safetensors by hand: the official writer orders __metadata__ differently on every run."""
    header, data = {"__metadata__": {name: json.dumps(meta) for name, (meta, _) in CASES.items()}}, b""
    for name, (_, tensors) in CASES.items():
        for key, t in tensors.items():
            raw = struct.pack(f"<{t.numel()}f", *t.flatten().tolist())
            header[f"{name}/{key}"] = {"dtype": "F32", "shape": list(t.shape),
                                       "data_offsets": [len(data), len(data) + len(raw)]}
            data += raw
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)
    return 8 + len(text) + len(data)


def epilogue(rng, y, bn, clamp, params, tensors):
    """Batch norm (None, 'affine' or 'plain') and clamp after a convolution, in y's f64."""
    if bn:
        c = y.shape[1]
        params["eps"] = single(1e-5 if bn == "affine" else 1e-3)
        tensors["mean"], tensors["var"] = rng(c), rng(c, lo=0.05, hi=3.0)
        if bn == "affine":
            tensors["gamma"], tensors["beta"] = rng(c), rng(c)
        stats = [tensors[k].double() if k in tensors else None for k in ("mean", "var", "gamma", "beta")]
        y = F.batch_norm(y, *stats, training=False, eps=params["eps"])
    params["activation_min"], params["activation_max"] = clamp
    return y if clamp == (None, None) else y.clamp(*clamp)


def conv2d(name, x, out, k, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1, mode="zeros", bias=True,
           bn=None, clamp=(None, None)):
    """nn.Conv2d in f64. padding: (h, w), 'same', or four sides (t, l, b, r), which are padded by F.pad."""
    rng = Rng(name)
    t = {"x": rng(*x), "w": rng(out, x[1] // groups, *k, lo=-1, hi=1)}
    if bias:
        t["b"] = rng(out)
    sides, own, x64 = padding, padding, t["x"].double()
    if padding == "same":
        total = [d * (n - 1) for d, n in zip(dilation, k)]
        sides = (total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2)
    elif len(padding) == 2:
        sides = padding * 2
    else:
        own = (0, 0)
        pad_mode = "constant" if mode == "zeros" else mode
        x64 = F.pad(x64, (sides[1], sides[3], sides[0], sides[2]), mode=pad_mode)
    m = nn.Conv2d(x[1], out, k, stride, own, dilation, groups, bias, mode).double()
    m.weight.data = t["w"].double()
    if bias:
        m.bias.data = t["b"].double()
    y = m(x64)
    assert padding != "same" or y.shape[2:] == t["x"].shape[2:]
    p = {"kernel_size": k, "stride": stride, "padding": sides, "padding_mode": mode, "dilation": dilation,
         "groups": groups}
    y = epilogue(rng, y, bn, clamp, p, t)
    case(name, "conv2d", p, t, y)


def conv_transpose2d(name, x, out, k, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1,
                     output_padding=(0, 0), bias=True, bn=None, clamp=(None, None)):
    """F.conv_transpose2d in f64; PyTorch's padding is always symmetric."""
    rng = Rng(name)
    t = {"x": rng(*x), "w": rng(x[1], out // groups, *k, lo=-1, hi=1)}
    if bias:
        t["b"] = rng(out)
    y = F.conv_transpose2d(t["x"].double(), t["w"].double(), t["b"].double() if bias else None, stride, padding,
                           output_padding, groups, dilation)
    p = {"kernel_size": k, "stride": stride, "padding": padding * 2, "dilation": dilation, "groups": groups,
         "output_padding": output_padding}
    y = epilogue(rng, y, bn, clamp, p, t)
    case(name, "conv_transpose2d", p, t, y)


def max_pool2d(name, x, k, stride=None, padding=(0, 0), dilation=(1, 1), ceil=False):
    x = Rng(name)(*x, lo=-5, hi=-1) if isinstance(x, tuple) else x  # all negative: a padding of 0 would show
    y = F.max_pool2d(x, k, stride, padding, dilation, ceil)
    case(name, "max_pool2d", {"kernel_size": k, "stride": stride or k, "padding": padding * 2, "dilation": dilation,
         "ceil_mode": ceil, "activation_min": None, "activation_max": None}, {"x": x}, y)


def avg_pool2d(name, x, k, stride=None, padding=(0, 0), ceil=False, include_pad=True, divisor=None):
    x = Rng(name)(*x)
    y = F.avg_pool2d(x.double(), k, stride, padding, ceil, include_pad, divisor)
    case(name, "avg_pool2d", {"kernel_size": k, "stride": stride or k, "padding": padding * 2, "ceil_mode": ceil,
         "count_include_pad": include_pad, "divisor_override": divisor, "activation_min": None,
         "activation_max": None}, {"x": x}, y)


def simple(name, op, x, f, double=True, params=None, **tensors):
    """An op without weights: `f` of x, in f64 unless the result is exact anyway."""
    y = f(*(t.double() if double else t for t in (x, *tensors.values())))
    case(name, op, params or {}, {"x": x, **tensors}, y)


# ------------------------------------------------------------------------------------------------------------- cases

def convolutions():
    largest = {"reflect": (2, 3), "circular": (3, 4), "replicate": (5, 7)}  # on 3 x 4; replicate has no limit
    for mode in ("reflect", "replicate", "circular"):
        n = "conv2d_" + mode
        conv2d(f"{n}_basic", (1, 2, 5, 4), 2, (3, 3), padding=(1, 1), mode=mode)
        conv2d(f"{n}_asymmetric", (2, 2, 6, 5), 3, (3, 2), (2, 1), (1, 2), (1, 2), mode=mode)
        conv2d(f"{n}_groups", (1, 4, 4, 5), 6, (3, 3), (1, 2), (2, 1), groups=2, mode=mode, bias=False)
        conv2d(f"{n}_largest", (1, 2, 3, 4), 2, (2, 3), padding=largest[mode], mode=mode)
        conv2d(f"{n}_same_even", (1, 1, 5, 6), 2, (2, 4), padding="same", dilation=(3, 1), mode=mode)
        conv2d(f"{n}_four_sides", (1, 2, 4, 5), 2, (3, 3), (2, 2), (0, 2, 3, 1), mode=mode)
        conv2d(f"{n}_depthwise", (1, 3, 5, 5), 6, (3, 3), (2, 1), (2, 2), (1, 2), groups=3, mode=mode)
        conv2d(f"{n}_pointwise", (1, 2, 4, 3), 3, (1, 1), (2, 2), (1, 2), mode=mode)
        conv2d(f"{n}_strided_bn_relu6", (1, 2, 5, 5), 4, (3, 3), (2, 2), (1, 1), mode=mode, bn="affine", clamp=(0, 6))
        size, pad = ((1, 4), (0, 3)) if mode == "reflect" else ((1, 1), (1, 1))  # reflect cannot pad a size of 1
        conv2d(f"{n}_one_sized", (1, 2, *size), 2, (1 if mode == "reflect" else 3, 3), padding=pad, mode=mode)

    conv2d("conv2d_same_2x2", (1, 2, 4, 5), 2, (2, 2), padding="same")
    conv2d("conv2d_same_4x3_dilated", (1, 2, 5, 5), 2, (4, 3), padding="same", dilation=(1, 2))
    conv2d("conv2d_same_2x5_dilated", (1, 2, 4, 6), 2, (2, 5), padding="same", dilation=(3, 1), bias=False)
    conv2d("conv2d_same_depthwise_6x2", (1, 3, 4, 4), 3, (6, 2), padding="same", groups=3)
    conv2d("conv2d_same_even_beyond_input", (1, 1, 2, 1), 2, (4, 2), padding="same", dilation=(2, 3))
    conv2d("conv2d_depthwise", (1, 5, 6, 7), 5, (3, 3), padding=(1, 1), groups=5)
    conv2d("conv2d_depthwise_x2", (2, 3, 5, 5), 6, (3, 3), (2, 2), (1, 1), groups=3)
    conv2d("conv2d_depthwise_x3", (1, 2, 6, 4), 6, (5, 2), (1, 2), (2, 1), groups=2, bias=False)
    conv2d("conv2d_depthwise_dilated", (1, 4, 7, 7), 4, (3, 3), padding=(2, 3), dilation=(2, 3), groups=4)
    conv2d("conv2d_depthwise_1x1", (1, 7, 2, 3), 7, (1, 1), groups=7)
    conv2d("conv2d_one_channel_x4", (1, 1, 4, 4), 4, (2, 2), groups=1)
    conv2d("conv2d_groups_narrowing", (1, 8, 4, 3), 4, (2, 3), padding=(0, 1), groups=4)
    conv2d("conv2d_groups_widening", (1, 4, 3, 3), 10, (2, 2), groups=2)
    conv2d("conv2d_1x1_input", (1, 3, 1, 1), 2, (3, 3), padding=(1, 1))
    conv2d("conv2d_1x1_everything", (1, 1, 1, 1), 1, (1, 1))
    conv2d("conv2d_one_row", (1, 2, 1, 7), 2, (1, 3), (1, 2))
    conv2d("conv2d_one_column", (1, 2, 6, 1), 2, (7, 1), padding=(3, 0))
    conv2d("conv2d_kernel_beyond_input", (1, 2, 2, 3), 2, (5, 5), padding=(2, 2))
    conv2d("conv2d_kernel_fills_padded_input", (1, 2, 2, 1), 3, (6, 3), padding=(2, 1))
    conv2d("conv2d_dilation_beyond_input", (1, 2, 3, 2), 2, (3, 2), padding=(4, 3), dilation=(4, 5))
    conv2d("conv2d_padding_beyond_kernel", (1, 2, 2, 3), 2, (2, 2), padding=(3, 4))
    conv2d("conv2d_stride_beyond_kernel", (1, 2, 8, 7), 2, (2, 1), (3, 4), (1, 0))
    conv2d("conv2d_trailing_rows_unused", (2, 1, 7, 8), 2, (3, 2), (3, 5))
    conv2d("conv2d_stride_beyond_input", (1, 2, 3, 3), 2, (3, 3), (9, 9), (1, 1))
    conv2d("conv2d_pointwise_17_19", (1, 17, 3, 3), 19, (1, 1))
    conv2d("conv2d_pointwise_strided_padded", (1, 3, 4, 5), 4, (1, 1), (2, 3), (1, 1))
    conv2d("conv2d_3x3_9_8", (1, 9, 6, 7), 8, (3, 3), padding=(1, 1))
    conv2d("conv2d_clamped", (1, 3, 5, 5), 4, (3, 3), padding=(1, 1), clamp=(-1, 1.5))

    conv2d("conv2d_bn", (1, 3, 5, 4), 4, (3, 3), padding=(1, 1), bn="affine")
    conv2d("conv2d_bn_no_bias", (2, 3, 4, 4), 5, (3, 3), bias=False, bn="affine")
    conv2d("conv2d_bn_plain", (1, 3, 4, 5), 4, (2, 2), bn="plain")
    conv2d("conv2d_bn_plain_no_bias_relu", (1, 2, 4, 4), 3, (3, 3), (2, 2), (1, 1), bias=False, bn="plain",
           clamp=(0, None))
    conv2d("conv2d_bn_groups", (1, 4, 4, 4), 6, (3, 3), padding=(1, 1), groups=2, bn="affine")
    conv2d("conv2d_bn_depthwise_x2_relu6", (1, 3, 5, 5), 6, (3, 3), (2, 2), (1, 1), groups=3, bias=False, bn="affine",
           clamp=(0, 6))
    conv2d("conv2d_bn_pointwise", (1, 5, 3, 3), 7, (1, 1), bias=False, bn="affine")
    conv2d("conv2d_bn_same_even", (1, 2, 4, 4), 3, (4, 2), padding="same", bn="affine")


def transposed_convolutions():
    t = conv_transpose2d
    t("convt_basic", (1, 2, 3, 4), 3, (3, 3))
    t("convt_no_bias", (2, 3, 3, 3), 2, (3, 3), (2, 2), (1, 1), bias=False)
    t("convt_2x2_s2", (1, 3, 3, 4), 4, (2, 2), (2, 2))
    t("convt_4x4_s2_p1", (1, 2, 4, 3), 3, (4, 4), (2, 2), (1, 1))
    t("convt_3x3_s2_p1_op1", (1, 2, 4, 4), 2, (3, 3), (2, 2), (1, 1), output_padding=(1, 1))
    t("convt_groups", (1, 4, 3, 3), 6, (3, 3), (2, 2), (1, 1), groups=2)
    t("convt_groups_4", (2, 4, 3, 2), 4, (3, 2), (1, 2), groups=4, bias=False)
    t("convt_depthwise_x3", (1, 2, 3, 4), 6, (3, 3), (2, 1), (1, 0), groups=2)
    t("convt_groups_narrowing", (1, 6, 3, 3), 2, (2, 3), (2, 2), groups=2)
    t("convt_dilated", (1, 2, 3, 3), 2, (3, 3), dilation=(2, 3))
    t("convt_dilated_strided", (1, 2, 4, 3), 2, (3, 2), (2, 3), (2, 1), (3, 2))
    t("convt_dilated_groups_op", (1, 4, 3, 3), 4, (2, 3), (2, 1), (1, 2), (1, 3), groups=2, output_padding=(1, 2))
    t("convt_output_padding", (1, 1, 3, 3), 2, (3, 3), (3, 4), output_padding=(2, 3))
    t("convt_output_padding_one_axis", (1, 2, 3, 3), 2, (3, 3), (2, 2), (1, 1), output_padding=(0, 1))
    t("convt_output_padding_by_dilation", (1, 2, 3, 2), 2, (2, 2), dilation=(3, 4), output_padding=(2, 3))
    t("convt_stride_beyond_kernel", (1, 2, 3, 4), 3, (2, 1), (4, 3))
    t("convt_stride_beyond_kernel_op", (1, 2, 3, 2), 2, (1, 2), (4, 5), output_padding=(3, 4))
    t("convt_stride_beyond_kernel_crop", (1, 2, 3, 3), 2, (2, 2), (5, 4), (3, 3), output_padding=(1, 0))
    t("convt_crop_beyond_kernel", (1, 2, 5, 6), 2, (2, 3), padding=(2, 3))
    t("convt_crop_beyond_kernel_strided", (1, 2, 4, 5), 3, (3, 3), (2, 2), (3, 4), output_padding=(1, 0))
    t("convt_crop_pointwise", (1, 3, 5, 4), 2, (1, 1), padding=(2, 1))
    t("convt_crop_with_output_padding", (1, 2, 2, 3), 2, (3, 3), (3, 2), (2, 1), output_padding=(2, 1))
    t("convt_crop_to_one", (1, 2, 2, 3), 2, (4, 3), padding=(2, 2))
    t("convt_per_axis", (1, 3, 2, 4), 2, (1, 4), (3, 1), (0, 2), (1, 2), output_padding=(1, 0))
    t("convt_pointwise", (1, 5, 3, 2), 4, (1, 1))
    t("convt_pointwise_strided", (1, 2, 3, 3), 2, (1, 1), (2, 3))
    t("convt_1x1_input", (1, 3, 1, 1), 2, (4, 3), (2, 2))
    t("convt_one_row", (1, 2, 1, 5), 2, (1, 4), (1, 2), (0, 1))
    t("convt_clamped", (1, 2, 3, 3), 3, (3, 3), (2, 2), clamp=(-1, 1.5))

    t("convt_bn", (1, 3, 3, 3), 4, (3, 3), (2, 2), (1, 1), bn="affine")
    t("convt_bn_no_bias", (1, 2, 3, 4), 3, (4, 4), (2, 2), (1, 1), bias=False, bn="affine")
    t("convt_bn_plain", (1, 2, 3, 3), 3, (2, 2), (2, 2), bn="plain")
    t("convt_bn_plain_no_bias", (2, 2, 2, 3), 2, (3, 3), bias=False, bn="plain")
    t("convt_bn_groups", (1, 4, 3, 3), 6, (3, 3), (2, 2), (1, 1), groups=2, output_padding=(1, 1), bn="affine")
    t("convt_bn_groups_plain", (1, 6, 2, 3), 3, (2, 3), groups=3, bias=False, bn="plain")
    t("convt_bn_depthwise_relu6", (1, 4, 3, 3), 4, (3, 3), (2, 2), groups=4, bn="affine", clamp=(0, 6))
    t("convt_bn_stride_beyond_kernel", (1, 2, 2, 3), 3, (2, 1), (3, 3), output_padding=(2, 1), bn="affine")


def pools():
    m = max_pool2d
    m("max_pool2d_default_stride", (1, 2, 5, 6), (2, 3))
    m("max_pool2d_overlapping", (2, 3, 5, 5), (3, 3), (2, 2), (1, 1))
    m("max_pool2d_even_padded", (1, 2, 5, 5), (2, 2), (2, 2), (1, 1))
    m("max_pool2d_half_padding", (1, 1, 4, 5), (4, 5), (1, 2), (2, 2))
    m("max_pool2d_one_axis_padded", (1, 2, 4, 6), (1, 3), (1, 2), (0, 1))
    m("max_pool2d_dilated", (1, 2, 7, 8), (3, 2), (1, 1), dilation=(2, 3))
    m("max_pool2d_dilated_padded", (1, 2, 6, 6), (3, 3), (2, 1), (1, 1), (2, 2))
    m("max_pool2d_dilated_ceil", (1, 1, 7, 8), (3, 2), (3, 3), dilation=(2, 3), ceil=True)
    m("max_pool2d_dilated_padded_ceil", (1, 2, 6, 7), (2, 3), (2, 3), (1, 1), (3, 2), True)
    m("max_pool2d_ceil", (1, 2, 6, 5), (3, 2), (2, 2), ceil=True)
    m("max_pool2d_ceil_overhang", (1, 1, 5, 5), (2, 2), (4, 4), ceil=True)  # the last window holds one row
    m("max_pool2d_ceil_dropped", (1, 2, 4, 4), (2, 2), (3, 3), (1, 1), ceil=True)  # would start in the padding
    m("max_pool2d_ceil_dropped_to_one", (1, 1, 3, 3), (2, 2), (4, 4), (1, 1), ceil=True)
    m("max_pool2d_ceil_dropped_one_axis", (1, 1, 4, 5), (2, 3), (3, 2), (1, 1), ceil=True)
    m("max_pool2d_ceil_not_dropped", (1, 1, 5, 7), (2, 2), (3, 4), (1, 1), ceil=True)
    m("max_pool2d_ceil_kernel_beyond_input", (1, 2, 2, 2), (3, 3), ceil=True)
    m("max_pool2d_ceil_1x1_kernel", (1, 1, 2, 6), (1, 1), (4, 4), ceil=True)
    m("max_pool2d_whole_input", (1, 3, 4, 3), (4, 3))
    m("max_pool2d_stride_beyond_kernel", (1, 1, 8, 7), (2, 1), (3, 4))
    m("max_pool2d_1x1_input", (1, 3, 1, 1), (3, 3), (2, 2), (1, 1))

    geometries = {"a": ((1, 2, 6, 7), (3, 3), (2, 2), (1, 1)), "b": ((1, 1, 7, 5), (4, 3), (4, 3), (2, 1))}
    for geometry, args in geometries.items():
        for ceil in (False, True):
            for include_pad in (True, False):
                for divisor in (None, 5):
                    flags = f"{'_ceil' * ceil}{'_pad' * include_pad}{'_div' * bool(divisor)}"
                    avg_pool2d(f"avg_pool2d_{geometry}{flags}", *args, ceil, include_pad, divisor)
    a = avg_pool2d
    a("avg_pool2d_default_stride", (2, 2, 5, 6), (2, 3))
    a("avg_pool2d_even_padded", (1, 1, 4, 5), (2, 2), (1, 1), (1, 1))
    a("avg_pool2d_ceil_dropped", (1, 1, 4, 4), (2, 2), (3, 3), (1, 1), True)
    a("avg_pool2d_ceil_unpadded", (1, 2, 4, 5), (3, 2), (2, 2), ceil=True)
    a("avg_pool2d_ceil_kernel_beyond_input", (1, 1, 2, 2), (3, 3), ceil=True)
    a("avg_pool2d_stride_beyond_kernel", (1, 1, 8, 7), (2, 1), (3, 4))
    a("avg_pool2d_divisor_1", (1, 1, 4, 4), (2, 2), divisor=1)
    a("avg_pool2d_1x1_input", (1, 2, 1, 1), (3, 3), (1, 1), (1, 1))

    sizes = [((2, 2, 6, 6), (3, 2)), ((1, 2, 7, 5), (3, 3)), ((1, 1, 10, 7), (4, 6)), ((1, 2, 3, 4), (7, 5)),
             ((1, 1, 1, 1), (2, 3)), ((1, 3, 5, 4), (1, 4)), ((1, 1, 4, 9), (4, 9)), ((1, 1, 5, 11), (8, 7))]
    for x, size in sizes:
        tag = f"{x[2]}x{x[3]}_to_{size[0]}x{size[1]}"
        for op, f, double in (("adaptive_avg_pool2d", F.adaptive_avg_pool2d, True),
                              ("adaptive_max_pool2d", F.adaptive_max_pool2d, False)):
            name = f"{op}_{tag}"
            simple(name, op, Rng(name)(*x), lambda v: f(v, size), double, {"output_size": size})
    for i, x in enumerate([(2, 3, 4, 5), (1, 5, 7, 1), (1, 2, 1, 1)]):
        for op, f, double in (("global_avg_pool2d", F.adaptive_avg_pool2d, True),
                              ("global_max_pool2d", F.adaptive_max_pool2d, False)):
            simple(f"{op}_{i}", op, Rng(f"{op}_{i}")(*x, lo=-5, hi=-1), lambda v: f(v, 1), double)


def upsampling():
    def up(name, x, size, mode, corners=None):
        simple(name, "upsample", x, lambda v: F.interpolate(v, size=size, mode=mode, align_corners=corners),
               mode != "nearest", {"size": size, "mode": mode, "align_corners": corners})

    # Index arithmetic shows best on x = 0, 1, 2, ... The first group contains output positions where PyTorch's
    # floor(dst * f32(in / out)) is one less than the exact quotient floor(dst * in / out).
    for i, o in ((26, 22), (14, 46), (39, 33), (52, 22), (62, 14), (6, 74), (2, 82), (3, 123), (21, 69), (60, 58)):
        up(f"nearest_row_{i}_to_{o}", f32(range(i), 1, 1, 1, i), (1, o), "nearest")
    up("nearest_column_26_to_22", f32(range(26), 1, 1, 26, 1), (22, 1), "nearest")
    pairs = [((3, 5), (7, 11)), ((5, 3), (2, 7)), ((7, 7), (3, 3)), ((4, 4), (8, 8)), ((2, 3), (6, 9)),
             ((1, 1), (3, 4)), ((5, 7), (1, 1)), ((6, 9), (4, 5)), ((4, 3), (4, 3)), ((3, 3), (10, 13)),
             ((13, 11), (5, 3)), ((8, 10), (12, 15)), ((1, 9), (2, 8)), ((10, 1), (9, 2)), ((7, 5), (6, 4)),
             ((5, 6), (9, 7))]
    for i, o in pairs:
        up(f"nearest_{i[0]}x{i[1]}_to_{o[0]}x{o[1]}", f32(range(i[0] * i[1]), 1, 1, *i), o, "nearest")
    up("nearest_channels", Rng("nearest_channels")(2, 3, 3, 2), (5, 3), "nearest")

    pairs = [((3, 5), (7, 11)), ((7, 5), (3, 8)), ((2, 2), (4, 4)), ((4, 3), (4, 3)), ((1, 1), (2, 3)),
             ((1, 5), (3, 2)), ((5, 4), (1, 1)), ((9, 2), (4, 9)), ((6, 8), (3, 4)), ((2, 13), (1, 31))]
    for i, o in pairs:
        for corners in (True, False):
            name = f"bilinear_{i[0]}x{i[1]}_to_{o[0]}x{o[1]}{'_corners' * corners}"
            up(name, Rng(name)(1, 1, *i), o, "bilinear", corners)
    up("bilinear_channels", Rng("bilinear_channels")(2, 3, 3, 2), (5, 3), "bilinear", False)
    up("bilinear_channels_corners", Rng("bilinear_channels_corners")(2, 2, 2, 3), (3, 5), "bilinear", True)
    up("bilinear_null", Rng("bilinear_null")(1, 2, 2, 3), (3, 4), "bilinear", None)


def elementwise():
    for op, f in (("add", torch.add), ("mul", torch.mul)):
        for tag, shape, shape2, clamp in (("same", (2, 3, 2, 3), (2, 3, 2, 3), (None, None)),
                                          ("per_channel", (1, 5, 3, 3), (1, 5, 1, 1), (None, None)),
                                          ("per_channel_batch", (2, 3, 3, 2), (2, 3, 1, 1), (None, None)),
                                          ("one_pixel", (1, 4, 1, 1), (1, 4, 1, 1), (None, None)),
                                          ("relu", (1, 2, 3, 3), (1, 2, 3, 3), (0, None))):
            rng = Rng(f"{op}_{tag}")
            params = {"activation_min": clamp[0], "activation_max": clamp[1]}
            g = f if clamp == (None, None) else lambda a, b, f=f, c=clamp: f(a, b).clamp(*c)
            simple(f"{op}_{tag}", op, rng(*shape), g, True, params, x2=rng(*shape2))
    for i, (shape, c2) in enumerate([((1, 2, 3, 4), 3), ((2, 3, 2, 2), 1), ((3, 1, 1, 1), 4), ((2, 5, 1, 3), 5)]):
        rng = Rng(f"concat_{i}")
        simple(f"concat_{i}", "concat", rng(*shape), lambda a, b: torch.cat((a, b), 1), False, {"axis": 1},
               x2=rng(shape[0], c2, *shape[2:]))
    for i, (shape, (t, l, b, r)) in enumerate([((1, 2, 3, 2), (1, 1, 1, 1)), ((2, 1, 2, 3), (0, 2, 3, 1)),
                                               ((1, 1, 1, 1), (2, 0, 0, 3)), ((1, 3, 2, 2), (0, 0, 0, 0))]):
        simple(f"zero_pad2d_{i}", "zero_pad2d", Rng(f"zero_pad2d_{i}")(*shape), nn.ZeroPad2d((l, r, t, b)), False,
               {"padding": (t, l, b, r)})

    bn = "batch_norm2d"
    for tag, shape, keys, lo, eps in (("affine", (2, 3, 3, 2), "gamma beta", 0.1, 1e-5),
                                      ("plain", (1, 3, 2, 3), "", 0.1, 1e-3),
                                      ("small_variance", (1, 4, 2, 2), "gamma beta", 1e-6, 1e-5),
                                      ("one_pixel", (2, 5, 1, 1), "gamma beta", 0.1, 1e-5)):
        rng, c = Rng(f"{bn}_{tag}"), shape[1]
        tensors = {"mean": rng(c), "var": rng(c, lo=lo, hi=3 * lo if lo < 0.01 else 2.0)}
        tensors.update({k: rng(c) for k in keys.split()})
        simple(f"{bn}_{tag}", bn, rng(*shape), lambda x, *s, e=single(eps): F.batch_norm(x, *s, training=False, eps=e),
               True, {"eps": single(eps)}, **tensors)


def activations():
    near = [1e-45, 1.1754943508222875e-38, 1e-20, 1e-7, 1e-4, 0.01, 0.1, 1 / 3, 2.9999998, 3.0000002, 5.9999995,
            6.0000005, 30, 50, 87, 88.5, 89, 90, 100, 200]
    values = [i / 2 for i in range(-40, 41)] + [-0.0] + near + [-v for v in near]
    values += [0.75, -0.75, 1.7, -1.7, 4.2, -4.2]  # 128 in all
    x = f32(values, 1, 2, 8, 8)

    def act(name, op, f, double=True, **params):
        params = {k: single(v) if isinstance(v, float) else v for k, v in params.items()}
        simple(name, op, x, lambda v: f(v, **params), double, params)

    act("relu", "relu", F.relu, False)
    act("relu6", "relu6", F.relu6, False)
    act("clamp_both", "clamp", torch.clamp, False, min=-1.5, max=2.25)
    act("clamp_min", "clamp", torch.clamp, False, min=-0.5, max=None)
    act("clamp_max", "clamp", torch.clamp, False, min=None, max=3.5)
    act("clamp_point", "clamp", torch.clamp, False, min=1.0, max=1.0)
    act("leaky_relu_default", "leaky_relu", F.leaky_relu, negative_slope=0.01)
    act("leaky_relu_negative", "leaky_relu", F.leaky_relu, negative_slope=-0.3)
    act("leaky_relu_above_one", "leaky_relu", F.leaky_relu, negative_slope=1.5)
    act("elu_default", "elu", F.elu, alpha=1.0)
    act("elu_alpha", "elu", F.elu, alpha=0.3)
    act("hardswish", "hardswish", F.hardswish)
    simple("hardsigmoid", "hardsigmoid", x, F.hardsigmoid, True, {"alpha": 1 / 6, "beta": 0.5})
    act("sigmoid", "sigmoid", torch.sigmoid)
    act("tanh", "tanh", torch.tanh)
    act("silu", "silu", F.silu)
    act("gelu_none", "gelu", F.gelu, approximate="none")
    act("gelu_tanh", "gelu", F.gelu, approximate="tanh")
    simple("prelu_one", "prelu", x, F.prelu, True, slope=f32([0.25]))
    simple("prelu_per_channel", "prelu", x, F.prelu, True, slope=f32([0.1, -1.25]))
    simple("prelu_batch", "prelu", Rng("prelu_batch")(2, 3, 2, 3), F.prelu, True, slope=f32([0.0, 1.0, 0.3]))

    def softmax(name, x):
        simple(name, "softmax", x, lambda v: F.softmax(v, 1), True, {"axis": 1})

    softmax("softmax_image", Rng("softmax_image")(2, 5, 3, 4))
    softmax("softmax_large", Rng("softmax_large")(1, 6, 3, 3, lo=-1000, hi=1000))
    softmax("softmax_near_maximum", Rng("softmax_near_maximum")(1, 7, 2, 2, lo=9995, hi=10000))
    softmax("softmax_very_negative", Rng("softmax_very_negative")(1, 4, 2, 3, lo=-1e5, hi=-99990))
    softmax("softmax_one_channel", Rng("softmax_one_channel")(2, 1, 2, 3))
    softmax("softmax_equal", torch.full((1, 3, 2, 2), 88.0))
    softmax("softmax_many_channels", Rng("softmax_many_channels")(1, 67, 1, 2, lo=-10, hi=10))


def not_finite():
    x = f32([NAN, INF, -INF, -0.0, 0.0, 1.0, -1.0, 7.0, -7.0, 3e38, -3e38, NAN], 1, 1, 3, 4)
    for name, op, f, p in (("relu_nan", "relu", F.relu, {}), ("relu6_nan", "relu6", F.relu6, {}),
                           ("clamp_nan", "clamp", torch.clamp, {"min": -1.0, "max": 2.0}),
                           ("clamp_min_nan", "clamp", torch.clamp, {"min": 0.0, "max": None}),
                           ("clamp_max_nan", "clamp", torch.clamp, {"min": None, "max": 0.0})):
        simple(name, op, x, lambda v: f(v, **p), False, p)
    x = Rng("max_pool2d_nan")(1, 2, 5, 5)
    for at, v in (((0, 0, 0), NAN), ((0, 2, 3), NAN), ((0, 4, 0), INF), ((0, 4, 1), NAN), ((1, 1, 1), INF),
                  ((1, 4, 4), NAN)):
        x[(0, *at)] = v
    x[0, 1, 2:4, :4] = -INF
    max_pool2d("max_pool2d_nan", x, (2, 2), (1, 1))
    max_pool2d("max_pool2d_padded_nan", x, (3, 3), (2, 2), (1, 1))
    max_pool2d("max_pool2d_dilated_ceil_nan", x, (2, 2), (2, 2), (1, 1), (2, 2), True)
    # Every tap of the window lies in the padding: -inf.
    max_pool2d("max_pool2d_all_padding_nan", f32(range(16), 1, 1, 4, 4), (2, 2), (1, 1), (1, 1), (5, 5))
    simple("global_max_pool2d_nan", "global_max_pool2d", x, lambda v: F.adaptive_max_pool2d(v, 1), False)
    simple("adaptive_max_pool2d_nan", "adaptive_max_pool2d", x, lambda v: F.adaptive_max_pool2d(v, (3, 2)), False,
           {"output_size": (3, 2)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="torch.safetensors", help="file to write (default: %(default)s)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for group in (convolutions, transposed_convolutions, pools, upsampling, elementwise, activations, not_finite):
        group()
    size = write(args.output)
    counts = collections.Counter(meta["op"] for meta, _ in CASES.values())
    print(f"torch {torch.__version__}: {len(CASES)} cases, {size} bytes")
    print(", ".join(f"{op} {n}" for op, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
