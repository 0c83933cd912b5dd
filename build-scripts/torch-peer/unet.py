"""The CIFAR-10 model of Ho et al. 2020, as PyTorch's users write it."""
import math

import torch
import torch.nn.functional as F
from torch import nn

PARAMETERS = 35_746_307


class ResBlock(nn.Module):
    """Ho et al. 2020: norm, SiLU, 3x3 convolution, twice, with the time embedding between and dropout before the second."""

    def __init__(self, cin, cout, embedding, groups, dropout):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, cin, eps=1e-6)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.time = nn.Linear(embedding, cout)
        self.norm2 = nn.GroupNorm(groups, cout, eps=1e-6)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.shortcut = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x, e):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time(F.silu(e))[:, :, None, None]
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        return h + self.shortcut(x)


class Attention(nn.Module):
    """Self-attention over pixels, one head."""

    def __init__(self, c, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, eps=1e-6)
        self.q, self.k, self.v, self.out = (nn.Linear(c, c) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        t = self.norm(x).permute(0, 2, 3, 1).reshape(n, 1, h * w, c)
        y = self.out(F.scaled_dot_product_attention(self.q(t), self.k(t), self.v(t)))
        return x + y.reshape(n, h, w, c).permute(0, 3, 1, 2)


class UNet(nn.Module):
    """35,746,307 parameters as it stands: the CIFAR-10 model of Ho et al. 2020 as diffusers' UNet2DModel lays it out."""

    def __init__(self, colours=3, widths=(128, 256, 256, 256), blocks=2, attention=(1,), groups=32, dropout=0.1):
        super().__init__()
        self.base = widths[0]
        e = 4 * self.base
        self.time1, self.time2 = nn.Linear(self.base, e), nn.Linear(e, e)
        self.conv_in = nn.Conv2d(colours, self.base, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        skips, c = [self.base], self.base

        def block(cin, level):
            parts = [ResBlock(cin, widths[level], e, groups, dropout)]
            if level in attention:
                parts.append(Attention(widths[level], groups))
            return nn.ModuleList(parts)

        for level, width in enumerate(widths):
            for _ in range(blocks):
                self.down.append(block(c, level))
                c = width
                skips.append(c)
            if level < len(widths) - 1:
                self.down.append(nn.ModuleList([nn.Conv2d(c, c, 3, stride=2)]))
                skips.append(c)
        self.mid = nn.ModuleList([ResBlock(c, c, e, groups, dropout), Attention(c, groups), ResBlock(c, c, e, groups, dropout)])
        for level in reversed(range(len(widths))):
            for _ in range(blocks + 1):
                self.up.append(block(c + skips.pop(), level))
                c = widths[level]
            if level > 0:
                self.up.append(nn.ModuleList([nn.Conv2d(c, c, 3, padding=1)]))
        self.norm_out = nn.GroupNorm(groups, c, eps=1e-6)
        self.conv_out = nn.Conv2d(c, colours, 3, padding=1)

    @staticmethod
    def run(block, x, e):
        for part in block:
            x = part(x, e) if isinstance(part, ResBlock) else part(x)
        return x

    def forward(self, x, t):
        half = self.base // 2
        f = torch.exp(torch.arange(half, device=x.device) * (-math.log(10_000) / (half - 1)))
        a = t[:, None] * f[None]
        e = self.time2(F.silu(self.time1(torch.cat([a.sin(), a.cos()], 1).to(x.dtype))))
        h = self.conv_in(x)
        skips = [h]
        for b in self.down:
            h = b[0](F.pad(h, (0, 1, 0, 1))) if isinstance(b[0], nn.Conv2d) else self.run(b, h, e)
            skips.append(h)
        h = self.run(self.mid, h, e)
        for b in self.up:
            if isinstance(b[0], nn.Conv2d):
                h = b[0](F.interpolate(h, scale_factor=2.0, mode="nearest"))
            else:
                h = self.run(b, torch.cat([h, skips.pop()], 1), e)
        return self.conv_out(F.silu(self.norm_out(h)))
