"""MLX's affine quantization in numpy/torch: 8 bits, groups of 64 along the input, bf16 scales and biases."""

import torch

from shape import QUANTIZATION

GROUP, LEVELS = QUANTIZATION["group_size"], 2 ** QUANTIZATION["bits"] - 1


def quantize(weight):
    """(packed uint32, scales, biases), the layout of mx.quantize."""
    w = weight.float().reshape(weight.shape[0], -1, GROUP)
    low, high = w.amin(-1), w.amax(-1)
    scale = ((high - low) / LEVELS).clamp(min=1e-7)
    below = low.abs() > high.abs()
    scale = torch.where(below, scale, -scale)
    edge = torch.where(below, low, high)
    steps = torch.round(edge / scale)
    scale = torch.where(steps != 0, edge / torch.where(steps != 0, steps, torch.ones_like(steps)), scale)
    bias = torch.where(steps != 0, edge, torch.zeros_like(edge))
    scale, bias = scale.bfloat16(), bias.bfloat16()
    codes = torch.round((w - bias.float()[..., None]) / scale.float()[..., None]).clamp(0, LEVELS).to(torch.uint8)
    packed = codes.reshape(weight.shape[0], -1).contiguous().view(torch.uint32)
    return packed, scale, bias


def dequantize(packed, scale, bias):
    codes = packed.view(torch.uint8).reshape(packed.shape[0], -1, GROUP).float()
    return (codes * scale.float()[..., None] + bias.float()[..., None]).reshape(packed.shape[0], -1)
