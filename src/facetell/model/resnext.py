"""ResNeXt-50 32x4d (Xie et al. 2017, arXiv:1611.05431) with torchvision's state-dict keys.

So that public ImageNet weights (`resnext50_32x4d-*.pth`) load unchanged, without torchvision.
"""

from __future__ import annotations

from torch import Tensor, nn

GROUPS, WIDTH_PER_GROUP, EXPANSION = 32, 4, 4
LAYERS = (3, 4, 6, 3)


class Bottleneck(nn.Module):
    """1x1, grouped 3x3, 1x1, with a skip."""

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        width, outputs = planes * WIDTH_PER_GROUP * GROUPS // 64, planes * EXPANSION
        self.conv1 = nn.Conv2d(inputs, width, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, kernel_size=3, stride=stride, padding=1, groups=GROUPS, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        skip = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return nn.functional.relu(self.bn3(self.conv3(y)) + skip)


class ResNeXt50(nn.Module):
    """Pixels (N, 3, H, W), normalised → feature maps (N, 2048, H/32, W/32)."""

    feature_channels = 512 * EXPANSION

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        inputs = 64
        for place, count in enumerate(LAYERS):
            planes = 64 * 2**place
            blocks = []
            for k in range(count):
                stride = 2 if k == 0 and place > 0 else 1
                blocks.append(Bottleneck(inputs, planes, stride))
                inputs = planes * EXPANSION
            self.add_module(f"layer{place + 1}", nn.Sequential(*blocks))

    def forward(self, pixels: Tensor) -> Tensor:
        x: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(pixels))))  # (N, 64, H/4, W/4)
        for place in range(len(LAYERS)):
            x = self.get_submodule(f"layer{place + 1}")(x)
        return x  # (N, 2048, H/32, W/32)

    def untrained(self, count: int) -> list[nn.Module]:
        """Return the stem and the first `count` layers, none for 0."""
        layers = [self.get_submodule(f"layer{k + 1}") for k in range(count)]
        return [self.conv1, self.bn1, *layers] if count else []

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Take torchvision's ImageNet weights; their classifier is left out.

        Raises:
            RuntimeError: keys or shapes are another network's.
        """
        self.load_state_dict({k: v for k, v in state.items() if not k.startswith("fc.")})
