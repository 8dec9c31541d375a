"""A layer as a TFLite model.

TFLite knows no numbers of padding, only SAME, which puts the odd row or column after the input where PyTorch's
padding puts it before. On mirrored inputs with mirrored kernels both are the same; outputs are then mirrored.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def _options(layer):
    """The operator's code, the kind of its options, and these."""
    if layer.transposed:
        code, options = "TRANSPOSE_CONV", schema.TransposeConvOptionsT()
    elif layer.depthwise:
        code, options = "DEPTHWISE_CONV_2D", schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = 1
    else:
        code, options = "CONV_2D", schema.Conv2DOptionsT()
    if not layer.transposed:
        options.dilationHFactor = options.dilationWFactor = layer.dilation
    options.strideH = options.strideW = layer.stride
    options.padding = schema.Padding.SAME if layer.padding else schema.Padding.VALID
    kind = type(options).__name__.removesuffix("T")
    return getattr(schema.BuiltinOperator, code), getattr(schema.BuiltinOptions, kind), options


def _weight(layer):
    """[out, height, width, in]; depthwise [1, height, width, channels]."""
    weight = np.flip(layer.weight, (2, 3))
    if layer.transposed:
        return weight.transpose(1, 2, 3, 0)
    return weight.transpose(1, 2, 3, 0) if layer.depthwise else weight.transpose(0, 2, 3, 1)


def litert_model(layer):
    """The serialized model."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    graph.tensors = []

    def tensor(name, shape, data=None):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, list(shape), 0
        tensor.type = schema.TensorType.FLOAT32
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
            if data.dtype == np.int32:
                tensor.type = schema.TensorType.INT32
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def nhwc(shape):
        return [1, *shape[1:], shape[0]]

    weight = _weight(layer)
    x = tensor("x", nhwc(layer.input))
    w = tensor("weight", weight.shape, weight)
    bias = tensor("bias", layer.bias.shape, layer.bias)
    y = tensor("y", nhwc(layer.output))
    operator, code = schema.OperatorT(), schema.OperatorCodeT()
    inputs = [x, w, bias]
    if layer.transposed:
        shape = np.array(nhwc(layer.output), np.int32)
        inputs = [tensor("shape", shape.shape, shape), w, x, bias]
    code.builtinCode, operator.builtinOptionsType, operator.builtinOptions = _options(layer)
    code.deprecatedBuiltinCode, code.version = code.builtinCode, 1
    if layer.transposed:
        code.version = 3
    operator.inputs, operator.outputs = inputs, [y]
    model.operatorCodes = [code]
    graph.operators, graph.inputs, graph.outputs = [operator], [x], [y]

    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
