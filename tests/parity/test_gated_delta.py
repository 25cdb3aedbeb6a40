"""The gated delta layer of Qwen3.5 against mlx-lm's own module, from the projections to the gated norm.

The module's projections are made selections of the input's features, so that what meets its convolution, its gates
and its recurrence are the numbers that our side is given.
"""

import subprocess

import mlx.core as mx
import pytest
from mlx_lm.models.cache import ArraysCache
from mlx_lm.models.qwen3_5 import GatedDeltaNet, TextModelArgs

from programs import program

ERROR_MAX = 1e-5  # float32, of numbers around one
TAPS = 4
BEFORE = 5  # rows after which the states are taken over

SHAPES = {  # key heads, value heads, key size, value size
    "heads that share keys": (2, 6, 48, 64),
    "as many keys as values": (3, 3, 32, 32),
}


def layer(key_heads, value_heads, key_size, value_size):
    channels, values = 2 * key_heads * key_size + value_heads * value_size, value_heads * value_size
    widths = {"qkv": channels, "z": values, "b": value_heads, "a": value_heads}
    net = GatedDeltaNet(TextModelArgs(hidden_size=sum(widths.values()), rms_norm_eps=1e-6, linear_num_key_heads=key_heads,
                                      linear_num_value_heads=value_heads, linear_key_head_dim=key_size,
                                      linear_value_head_dim=value_size, linear_conv_kernel_dim=TAPS))
    first = 0
    for name, width in widths.items():
        net[f"in_proj_{name}"].weight = mx.eye(width, sum(widths.values()), k=first)
        first += width
    net.out_proj.weight = mx.eye(values)
    net.conv1d.weight = 0.5 * mx.random.normal(net.conv1d.weight.shape)
    net.dt_bias = mx.random.normal([value_heads])
    net.norm.weight = 1 + 0.3 * mx.random.normal([value_size])
    return net, widths


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [1, 23])
def test_a_step_is_mlx_lms(shape, rows, tmp_path):
    key_heads, value_heads, key_size, value_size = SHAPES[shape]
    mx.random.seed(5)
    with mx.stream(mx.cpu):
        net, widths = layer(*SHAPES[shape])
        x = mx.random.normal([1, BEFORE + rows, sum(widths.values())])
        cache = ArraysCache(size=2)
        net(x[:, :BEFORE], cache=cache)
        given = {"conv_state": cache[0][0], "state": cache[1][0], "conv": net.conv1d.weight, "a_log": net.A_log,
                 "dt_bias": net.dt_bias, "norm": net.norm.weight}
        first = 0
        for name, width in widths.items():
            given[name] = x[0, BEFORE:, first:first + width]
            first += width
        given["z"] = given["z"].reshape(rows, value_heads, value_size)
        mx.save_safetensors(str(tmp_path / "in.safetensors"), {name: mx.contiguous(array) for name, array in given.items()})
        out = net(x[:, BEFORE:], cache=cache)
        right = {"out": out[0].reshape(rows, value_heads, value_size), "conv_state": cache[0][0], "state": cache[1][0]}
        mx.eval(right)

    run = subprocess.run([program("sanctum-delta-probe"), str(key_heads), tmp_path / "in.safetensors", tmp_path / "out.safetensors"],
                         capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    ours = mx.load(str(tmp_path / "out.safetensors"))
    for arithmetic in ("cpu", "mlx"):
        for name, array in right.items():
            error = mx.abs(ours[f"{arithmetic}.{name}"] - array).max().item()
            assert error <= ERROR_MAX, f"{arithmetic}, {name}: {error}, of numbers up to {mx.abs(array).max().item()}"
