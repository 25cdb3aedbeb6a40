"""The language model of Qwen3-VL: q/k norm, interleaved mrope, SwiGLU, tied embedding, deepstack."""

import torch
import torch.nn.functional as F
from torch import nn

import shape


def rope_tables(positions, dtype):
    """cos and sin for positions [L] or [3, B, L] (time, height, width interleaved along the frequencies)."""
    half = shape.TEXT["head_dim"] // 2
    inverse = shape.TEXT["rope_theta"] ** (-torch.arange(half, device=positions.device, dtype=torch.float32) / half)
    if positions.dim() == 1:
        angles = positions.float()[:, None] * inverse
    else:
        section = shape.TEXT["rope_scaling"]["mrope_section"]
        axis = torch.zeros(half, dtype=torch.long, device=positions.device)
        for dim in (1, 2):
            axis[dim:min(section[dim] * 3, half):3] = dim
        angles = positions.float()[axis].permute(1, 2, 0) * inverse
        angles = angles[:, :, None]
    if positions.dim() == 1:
        angles = angles[None, :, None]
    return torch.cat([angles.cos()] * 2, -1).to(dtype), torch.cat([angles.sin()] * 2, -1).to(dtype)


def rotate(x, cos, sin):
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat([-high, low], -1) * sin


def causal(length, like):
    return torch.full((1, length, length), float("-inf"), dtype=like.dtype, device=like.device).triu(1)


def attend(q, k, v, mask):
    """Plain attention: on CPUs its backward is several times faster than that of the fused one."""
    b, h, l, d = q.shape
    q, k, v = (t.reshape(b * h, -1, d) for t in (q, k, v))
    scores = torch.baddbmm(mask, q, k.mT, alpha=d ** -0.5)
    return torch.bmm(torch.softmax(scores, -1), v).view(b, h, l, d)


class Norm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, shape.TEXT["rms_norm_eps"])


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, self.heads, self.kv_heads, self.head = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        self.q_proj = nn.Linear(d, self.heads * self.head, bias=False)
        self.k_proj = nn.Linear(d, self.kv_heads * self.head, bias=False)
        self.v_proj = nn.Linear(d, self.kv_heads * self.head, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head, d, bias=False)
        self.q_norm, self.k_norm = Norm(self.head), Norm(self.head)

    def forward(self, x, rope, cache=None):
        b, l, _ = x.shape
        q = rotate(self.q_norm(self.q_proj(x).view(b, l, self.heads, self.head)), *rope).transpose(1, 2)
        k = rotate(self.k_norm(self.k_proj(x).view(b, l, self.kv_heads, self.head)), *rope).transpose(1, 2)
        v = self.v_proj(x).view(b, l, self.kv_heads, self.head).transpose(1, 2)
        if cache is not None:
            k, v = cache.extend(self, k, v)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        if x.device.type == "cuda" and cache is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            y = attend(q, k, v, causal(l, q) if cache is None else cache.mask)
        return self.o_proj(y.transpose(1, 2).reshape(b, l, -1))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.up_proj = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.down_proj = nn.Linear(c["intermediate_size"], c["hidden_size"], bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.mlp = Attention(c), MLP(c)
        self.input_layernorm, self.post_attention_layernorm = Norm(c["hidden_size"]), Norm(c["hidden_size"])

    def forward(self, x, rope, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), rope, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class TextModel(nn.Module):
    def __init__(self, c=shape.TEXT):
        super().__init__()
        self.embed_tokens = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm = Norm(c["hidden_size"])

    def forward(self, ids, positions=None, seen=None, deep=(), image_at=None, cache=None):
        """Hidden states. seen: vision features, deep: deepstack features, at the places image_at (flat indices)."""
        x = self.embed_tokens(ids)
        b, l, d = x.shape
        if seen is not None:
            x = x.reshape(b * l, d).index_copy(0, image_at, seen.to(x.dtype)).view(b, l, d)
        if positions is None:
            positions = torch.arange(l, device=ids.device)
        rope = rope_tables(positions, x.dtype)
        for at, layer in enumerate(self.layers):
            x = layer(x, rope, cache)
            if at < len(deep):
                x = x.reshape(b * l, d).index_add(0, image_at, deep[at].to(x.dtype)).view(b, l, d)
        return self.norm(x)
