"""Vision Transformers of patch 16 (Dosovitskiy et al. 2021, arXiv:2010.11929), as encoders.

State-dict keys are those of torchvision's `vit_b_16`; timm's are translated. Only the layer norms
are trained (Yermakov et al. 2025, "Unlocking the hidden potential of CLIP in generalizable deepfake
detection", arXiv:2503.19683): the rest keeps what it learned of pictures in general.
"""

from __future__ import annotations

import re
from typing import cast

import torch
from torch import Tensor, nn

PATCH_PX = 16
WEIGHTS_SIDE_PX = 224
"""Side of the pictures that the position embeddings of both libraries' weights are for."""

TIMM_KEYS = (
    (r"^patch_embed\.proj\.", "conv_proj."),
    (r"^cls_token$", "class_token"),
    (r"^pos_embed$", "encoder.pos_embedding"),
    (r"^blocks\.(\d+)\.norm(\d)\.", r"encoder.layers.encoder_layer_\1.ln_\2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"encoder.layers.encoder_layer_\1.self_attention.in_proj_"),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"encoder.layers.encoder_layer_\1.self_attention.out_proj."),
    (r"^blocks\.(\d+)\.mlp\.fc1\.", r"encoder.layers.encoder_layer_\1.mlp.0."),
    (r"^blocks\.(\d+)\.mlp\.fc2\.", r"encoder.layers.encoder_layer_\1.mlp.3."),
    (r"^norm\.", "encoder.ln."),
)


class SelfAttention(nn.Module):
    """Tokens (N, P, D) → the same; the parameters are named as in `nn.MultiheadAttention`."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, tokens: Tensor) -> Tensor:
        projected = nn.functional.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        shape = *tokens.shape[:2], self.heads, tokens.shape[2] // self.heads
        parts = projected.chunk(3, dim=-1)  # 3 times (N, P, D)
        q, k, v = (part.view(*shape).transpose(1, 2) for part in parts)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)  # (N, heads, P, D/heads)
        return cast(Tensor, self.out_proj(mixed.transpose(1, 2).flatten(2)))  # (N, P, D)


class Block(nn.Module):
    """Attention and a small network, each behind a layer norm and beside a skip."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = SelfAttention(width, heads)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        # the dropouts stand for torchvision's numbering
        layers = (
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(4 * width, width),
        )
        self.mlp = nn.Sequential(*layers, nn.Dropout(0.0))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attention(self.ln_1(x))
        return cast(Tensor, x + self.mlp(self.ln_2(x)))


class VisionTransformer(nn.Module):
    """Pixels (N, 3, H, W), normalised → feature maps (N, 2 D, H/16, W/16).

    The first D channels are the patches' tokens, the others the class token, the same everywhere.

    Args:
        width: channels D of a token.
        depth: blocks.
        heads: of the attention; a divisor of `width`.
    """

    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.feature_channels = 2 * width
        self.conv_proj = nn.Conv2d(3, width, kernel_size=PATCH_PX, stride=PATCH_PX)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width), requires_grad=False)
        places = (WEIGHTS_SIDE_PX // PATCH_PX) ** 2 + 1
        embedding = nn.Parameter(torch.randn(1, places, width) * 0.02, requires_grad=False)
        self.encoder = nn.Module()
        self.encoder.register_parameter("pos_embedding", embedding)
        blocks = {f"encoder_layer_{k}": Block(width, heads) for k in range(depth)}
        self.encoder.add_module("layers", nn.ModuleDict(blocks))
        self.encoder.add_module("ln", nn.LayerNorm(width, eps=1e-6))

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.conv_proj(pixels)  # (N, D, h, w)
        height, width = patches.shape[-2:]
        tokens = patches.flatten(2).transpose(1, 2)  # (N, h*w, D)
        first = self.class_token.to(tokens.dtype).expand(tokens.shape[0], -1, -1)
        tokens = torch.cat([first, tokens], dim=1)  # (N, 1 + h*w, D)
        tokens = tokens + self.places(height, width).to(tokens.dtype)
        for block in self._blocks():
            tokens = block(tokens)
        tokens = self.encoder.get_submodule("ln")(tokens).transpose(1, 2)  # (N, D, 1 + h*w)
        maps = tokens[..., 1:].reshape(*tokens.shape[:2], height, width)  # (N, D, h, w)
        summary = tokens[..., :1].unsqueeze(-1).expand_as(maps)
        return torch.cat([maps, summary], dim=1)  # (N, 2 D, h, w)

    def places(self, height: int, width: int) -> Tensor:
        """Return the position embeddings (1, 1 + h*w, D) of a grid, interpolated where need be."""
        embedding = cast(Tensor, self.encoder.get_parameter("pos_embedding"))
        side = WEIGHTS_SIDE_PX // PATCH_PX
        if (height, width) == (side, side):
            return embedding
        grid = embedding[:, 1:].transpose(1, 2).reshape(1, -1, side, side)  # (1, D, 14, 14)
        grid = nn.functional.interpolate(grid, (height, width), mode="bicubic", align_corners=False)
        return torch.cat([embedding[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)

    def untrained(self, count: int) -> list[nn.Module]:
        """Return everything but the layer norms, whatever `count` is."""
        del count
        layers = [layer for b in self._blocks() for layer in (b.self_attention, b.mlp)]
        return [self.conv_proj, *layers]

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Take weights with torchvision's or timm's keys; their classifier is left out.

        Raises:
            RuntimeError: keys or shapes are another network's.
        """
        known = {torchvision_key(k): v for k, v in state.items()}
        self.load_state_dict({k: v for k, v in known.items() if not k.startswith("head")})

    def _blocks(self) -> list[Block]:
        return [cast(Block, b) for b in self.encoder.get_submodule("layers").children()]


def torchvision_key(key: str) -> str:
    """Translate one of timm's state-dict keys; torchvision's own stay.

    >>> torchvision_key("blocks.3.attn.qkv.bias")
    'encoder.layers.encoder_layer_3.self_attention.in_proj_bias'
    """
    for pattern, replacement in TIMM_KEYS:
        key = re.sub(pattern, replacement, key)
    # torchvision named the small network's layers linear_1 and linear_2 in its older files
    return key.replace("mlp.linear_1.", "mlp.0.").replace("mlp.linear_2.", "mlp.3.")
