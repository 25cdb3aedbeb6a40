"""The vision tower of Qwen3-VL: patches, interpolated position table, 2D rope, merger, deepstack mergers."""

import torch
import torch.nn.functional as F
from torch import nn

import shape


def grid_places(height, width, device):
    """Row and column of each patch in merge order (the four patches of a merged cell stand together)."""
    m = shape.VISION["spatial_merge_size"]
    rows = torch.arange(height, device=device)[:, None].expand(height, width)
    cols = torch.arange(width, device=device)[None, :].expand(height, width)
    return [p.reshape(height // m, m, width // m, m).permute(0, 2, 1, 3).reshape(-1) for p in (rows, cols)]


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c["num_heads"]
        self.qkv = nn.Linear(c["hidden_size"], 3 * c["hidden_size"])
        self.proj = nn.Linear(c["hidden_size"], c["hidden_size"])

    def forward(self, x, cos, sin):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).unbind(2)
        half = q.shape[-1] // 2

        def turn(t):
            return t * cos + torch.cat([-t[..., half:], t[..., :half]], -1) * sin
        q, k, v = turn(q).transpose(1, 2), turn(k).transpose(1, 2), v.transpose(1, 2)
        if x.device.type == "cuda":
            y = F.scaled_dot_product_attention(q, k, v)
        else:  # there the fused one's backward is several times slower
            y = torch.softmax(q @ k.mT * (2 * half) ** -0.5, -1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, d))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.linear_fc1 = nn.Linear(c["hidden_size"], c["intermediate_size"])
        self.linear_fc2 = nn.Linear(c["intermediate_size"], c["hidden_size"])

    def forward(self, x):
        return self.linear_fc2(F.gelu(self.linear_fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(c["hidden_size"], eps=1e-6), nn.LayerNorm(c["hidden_size"], eps=1e-6)
        self.attn, self.mlp = Attention(c), MLP(c)

    def forward(self, x, cos, sin):
        x = x + self.attn(self.norm1(x), cos, sin)
        return x + self.mlp(self.norm2(x))


class Merger(nn.Module):
    def __init__(self, c, after_shuffle):
        super().__init__()
        self.wide, self.after_shuffle = c["hidden_size"] * c["spatial_merge_size"] ** 2, after_shuffle
        self.norm = nn.LayerNorm(self.wide if after_shuffle else c["hidden_size"], eps=1e-6)
        self.linear_fc1 = nn.Linear(self.wide, self.wide)
        self.linear_fc2 = nn.Linear(self.wide, c["out_hidden_size"])

    def forward(self, x):
        if self.after_shuffle:
            x = self.norm(x.reshape(-1, self.wide))
        else:
            x = self.norm(x).reshape(-1, self.wide)
        return self.linear_fc2(F.gelu(self.linear_fc1(x)))


class VisionModel(nn.Module):
    def __init__(self, c=shape.VISION):
        super().__init__()
        self.c = c
        self.patch_embed = nn.Module()
        # A still picture fills both temporal slices with one frame, so one slice is learned and halved onto two at export.
        self.patch_embed.proj = nn.Linear(3 * c["patch_size"] ** 2, c["hidden_size"])
        self.pos_embed = nn.Embedding(c["num_position_embeddings"], c["hidden_size"])
        self.blocks = nn.ModuleList(Block(c) for _ in range(c["depth"]))
        self.merger = Merger(c, False)
        self.deepstack_merger_list = nn.ModuleList(Merger(c, True) for _ in c["deepstack_visual_indexes"])

    def positions(self, rows, cols, height, width):
        side = round(self.c["num_position_embeddings"] ** 0.5)

        def corners(at, count):
            x = torch.linspace(0, side - 1, count, device=at.device)[at]
            low = x.int().long()
            return low, (low + 1).clamp(max=side - 1), (x - low)[:, None]
        top, bottom, dy = corners(rows, height)
        left, right, dx = corners(cols, width)
        table = self.pos_embed.weight
        dy, dx = dy.to(table.dtype), dx.to(table.dtype)
        return ((1 - dy) * (1 - dx) * table[top * side + left] + (1 - dy) * dx * table[top * side + right]
                + dy * (1 - dx) * table[bottom * side + left] + dy * dx * table[bottom * side + right])

    def rope(self, rows, cols, dtype):
        quarter = self.c["hidden_size"] // self.c["num_heads"] // 4
        inverse = 10000.0 ** (-torch.arange(quarter, device=rows.device, dtype=torch.float32) / quarter)
        angles = torch.cat([rows[:, None] * inverse, cols[:, None] * inverse], -1)
        angles = torch.cat([angles, angles], -1)[None, :, None]
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def forward(self, patches, height, width):
        """patches [B, height*width, 768] in merge order -> merged features and deepstack features, each [B*cells, out]."""
        rows, cols = grid_places(height, width, patches.device)
        x = self.patch_embed.proj(patches) + self.positions(rows, cols, height, width)
        cos, sin = self.rope(rows, cols, x.dtype)
        deep = []
        for at, block in enumerate(self.blocks):
            x = block(x, cos, sin)
            if at in self.c["deepstack_visual_indexes"]:
                deep.append(self.deepstack_merger_list[self.c["deepstack_visual_indexes"].index(at)](x))
        return self.merger(x), deep
