"""EfficientNet-Lite0 in plain PyTorch, after the TensorFlow original's table of blocks."""
import math

import torch.nn.functional as F
from torch import nn

# kernel, stride, expansion, output channels of every block
BLOCKS = [
    (3, 1, 1, 16),
    (3, 2, 6, 24), (3, 1, 6, 24),
    (5, 2, 6, 40), (5, 1, 6, 40),
    (3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80),
    (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112),
    (5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192),
    (3, 1, 6, 320),
]


class SameConv2d(nn.Conv2d):
    """TensorFlow's padding="SAME", from the size of what comes in."""

    def __init__(self, cin, cout, kernel, stride=1, groups=1):
        super().__init__(cin, cout, kernel, stride, groups=groups, bias=False)

    def forward(self, x):
        pads = []
        for length in (x.shape[3], x.shape[2]):
            kernel, stride = self.kernel_size[0], self.stride[0]
            total = max((math.ceil(length / stride) - 1) * stride + kernel - length, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


def norm(channels):
    return nn.BatchNorm2d(channels, eps=0.001, momentum=1 - 0.99)


class Block(nn.Module):
    def __init__(self, cin, kernel, stride, expansion, cout):
        super().__init__()
        wide = cin * expansion
        if expansion != 1:
            self._expand_conv, self._bn0 = SameConv2d(cin, wide, 1), norm(wide)
        self._depthwise_conv, self._bn1 = SameConv2d(wide, wide, kernel, stride, groups=wide), norm(wide)
        self._project_conv, self._bn2 = SameConv2d(wide, cout, 1), norm(cout)
        self.expands, self.skips = expansion != 1, stride == 1 and cin == cout

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skips else y


class EfficientNetLite0(nn.Module):
    """[N, 3, H, W] -> [N, 1280], pooled."""

    def __init__(self):
        super().__init__()
        self._conv_stem, self._bn0 = SameConv2d(3, 32, 3, 2), norm(32)
        widths = [32] + [block[-1] for block in BLOCKS]
        self._blocks = nn.ModuleList(Block(cin, *block) for cin, block in zip(widths, BLOCKS))
        self._conv_head, self._bn1 = SameConv2d(320, 1280, 1), norm(1280)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
