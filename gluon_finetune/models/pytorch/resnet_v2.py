"""PyTorch counterpart of Gluon's `resnet*_v2`: a file of its own, which needs only torch."""
from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3),
          152: (3, 8, 36, 3)}


class PreActivation(nn.Module):
    """Residual block of arxiv.org/abs/1603.05027: BatchNorm and ReLU before each convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        width = outputs // 4 if bottleneck else outputs
        convs = [(inputs, width, 3, stride), (width, outputs, 3, 1)]
        if bottleneck:
            convs = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        for i, (before, after, size, step) in enumerate(convs, 1):
            self.add_module(f'bn{i}', nn.BatchNorm2d(before))
            self.add_module(f'conv{i}', nn.Conv2d(before, after, size, step, size // 2, bias=False))
        self.downsample = None
        if inputs != outputs:
            self.downsample = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum of the shortcut and the convolutions."""
        y = functional.relu(self.bn1(x))
        shortcut = self.downsample(y) if self.downsample else x
        y = self.conv2(functional.relu(self.bn2(self.conv1(y))))
        if hasattr(self, 'conv3'):
            y = self.conv3(functional.relu(self.bn3(y)))
        return y + shortcut


class ResNetV2(nn.Module):
    """Gluon's resnet18_v2 and so on: (n, 3, height, width) -> (n, classes)."""

    def __init__(self, depth: int = 18, classes: int = 1000) -> None:
        super().__init__()
        bottleneck = depth >= 50
        self.data_bn = nn.BatchNorm2d(3, affine=False)  # Gluon's input BatchNorm learns nothing
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for stage, count in enumerate(BLOCKS[depth], 1):
            before, channels = channels, (256 if bottleneck else 64) * 2 ** (stage - 1)
            first = PreActivation(before, channels, 1 if stage == 1 else 2, bottleneck)
            rest = [PreActivation(channels, channels, 1, bottleneck) for _ in range(count - 1)]
            self.add_module(f'layer{stage}', nn.Sequential(first, *rest))
        self.bn2 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of images."""
        x = functional.relu(self.bn1(self.conv1(self.data_bn(x))))
        x = functional.max_pool2d(x, 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = functional.adaptive_avg_pool2d(functional.relu(self.bn2(x)), 1)
        return self.fc(torch.flatten(x, 1))
