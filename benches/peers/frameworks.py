"""One class for each peer: prepares a layer, runs it on one thread, and gives its output.

`native` says which layout the timed part takes and returns where it is not plain NCHW; conversions to it are not
timed. `limit` is how a peer is kept to AVX2: an environment variable, or None where there is no way.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


def onnx_model(layer):
    """The layer as a serialized ONNX model."""
    from onnx import TensorProto, helper, numpy_helper

    attributes = {
        "kernel_shape": [layer.kernel] * 2,
        "strides": [layer.stride] * 2,
        "pads": [layer.padding] * 4,
        "dilations": [layer.dilation] * 2,
        "group": layer.groups,
    }
    if layer.transposed:
        attributes["output_padding"] = [layer.output_padding] * 2
    operator = "ConvTranspose" if layer.transposed else "Conv"
    node = helper.make_node(operator, ["x", "weight", "bias"], ["y"], **attributes)

    def tensor(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shape])

    weights = [
        numpy_helper.from_array(layer.weight, "weight"),
        numpy_helper.from_array(layer.bias, "bias"),
    ]
    graph = helper.make_graph(
        [node], layer.id, [tensor("x", layer.input)], [tensor("y", layer.output)], weights
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


class OnnxRuntime:
    package = "onnxruntime"
    native = None
    limit = None

    def __init__(self, layer):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        model = onnx_model(layer)
        self.session = onnxruntime.InferenceSession(model, options, providers=providers)
        self.x = onnxruntime.OrtValue.ortvalue_from_numpy(layer.x[None])
        zeros = np.zeros((1, *layer.output), np.float32)
        self.y = onnxruntime.OrtValue.ortvalue_from_numpy(zeros)
        self.binding = self.session.io_binding()
        self.binding.bind_ortvalue_input("x", self.x)
        self.binding.bind_ortvalue_output("y", self.y)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def output(self):
        return self.y.numpy()[0]


class OpenVino:
    package = "openvino"
    native = None
    limit = "ONEDNN_MAX_CPU_ISA"

    def __init__(self, layer):
        import openvino

        core = openvino.Core()
        model = core.read_model(onnx_model(layer))
        settings = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,
        }
        compiled = core.compile_model(model, "CPU", settings)
        self.request = compiled.create_infer_request()
        self.request.set_input_tensor(openvino.Tensor(np.ascontiguousarray(layer.x[None])))

    def run(self):
        self.request.infer()

    def output(self):
        return self.request.get_output_tensor().data[0]


class Ncnn:
    package = "ncnn"
    native = None
    limit = None

    def __init__(self, layer):
        import ncnn

        self.net = ncnn.Net()
        self.net.opt.num_threads = 1
        for half in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "bf16_packed"):
            setattr(self.net.opt, "use_" + half, False)
        channels, height, width = layer.input
        name = "Deconvolution" if layer.transposed else "Convolution"
        fields = {
            0: layer.out_channels,
            1: layer.kernel,
            2: layer.dilation,
            3: layer.stride,
            4: layer.padding,
            5: 1,
            6: layer.weight.size,
        }
        if layer.groups > 1:
            name += "DepthWise"
            fields[7] = layer.groups
        if layer.transposed:
            fields[18] = fields[19] = layer.output_padding
        fields = " ".join(f"{key}={value}" for key, value in fields.items())
        param = (
            "7767517\n2 2\n"
            f"Input x 0 1 x 0={width} 1={height} 2={channels}\n"
            f"{name} layer 1 1 x y {fields}\n"
        )
        # It has output channels before input channels.
        weight = layer.weight.swapaxes(0, 1) if layer.transposed else layer.weight
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            path.with_suffix(".param").write_text(param)
            tag = bytes(4)
            path.with_suffix(".bin").write_bytes(tag + weight.tobytes() + layer.bias.tobytes())
            if self.net.load_param(str(path.with_suffix(".param"))) != 0:
                raise RuntimeError("load_param failed")
            if self.net.load_model(str(path.with_suffix(".bin"))) != 0:
                raise RuntimeError("load_model failed")
        self.x = ncnn.Mat(layer.x).clone()

    def run(self):
        extractor = self.net.create_extractor()
        extractor.input("x", self.x)
        _, self.y = extractor.extract("y")

    def output(self):
        return np.array(self.y)


class Mnn:
    package = "mnn"
    native = "NC4HW4"
    limit = None

    def __init__(self, layer):
        import MNN

        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "model.onnx", Path(folder) / "model.mnn"
            source.write_bytes(onnx_model(layer))
            arguments = ["-f", "ONNX", "--modelFile", source, "--MNNModel", target, "--bizCode", "x"]
            converter = [sys.executable, "-m", "MNN.tools.mnnconvert"]
            done = subprocess.run([*converter, *arguments], capture_output=True, text=True)
            if not target.exists():
                raise RuntimeError(f"mnnconvert: {done.stdout}{done.stderr}")
            self.interpreter = MNN.Interpreter(str(target))
        settings = {"backend": "CPU", "numThread": 1, "precision": "high"}
        self.session = self.interpreter.createSession(settings)
        x = self.interpreter.getSessionInput(self.session)
        nchw = MNN.Tensor_DimensionType_Caffe
        x.copyFrom(MNN.Tensor((1, *layer.input), MNN.Halide_Type_Float, layer.x, nchw))
        self.host = MNN.Tensor(
            (1, *layer.output),
            MNN.Halide_Type_Float,
            np.zeros(layer.output, np.float32),
            nchw,
        )
        self.shape = layer.output

    def run(self):
        self.interpreter.runSession(self.session)

    def output(self):
        self.interpreter.getSessionOutput(self.session).copyToHostTensor(self.host)
        return np.array(self.host.getData()).reshape(self.shape)


class LiteRt:
    package = "ai-edge-litert"
    native = "NHWC"
    limit = None

    def __init__(self, layer):
        from ai_edge_litert.interpreter import Interpreter

        from litert_model import litert_model

        self.interpreter = Interpreter(model_content=litert_model(layer), num_threads=1)
        self.interpreter.allocate_tensors()
        x = np.flip(layer.x.transpose(1, 2, 0), (0, 1))[None]
        self.interpreter.set_tensor(self.interpreter.get_input_details()[0]["index"], x)

    def run(self):
        self.interpreter.invoke()

    def output(self):
        y = self.interpreter.get_tensor(self.interpreter.get_output_details()[0]["index"])
        return np.flip(y[0], (0, 1)).transpose(2, 0, 1)


PEERS = {
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "ncnn": Ncnn,
    "mnn": Mnn,
    "litert": LiteRt,
}
