from __future__ import annotations

import re

import pytest

pytest.importorskip("torch")

import torch

from facetell.model.detector import Detector
from facetell.model.vit import VisionTransformer, torchvision_key

TIMM = (  # the keys of one block of timm's vit_small_patch16_224
    "norm1.weight", "norm1.bias", "attn.qkv.weight", "attn.qkv.bias", "attn.proj.weight",
    "attn.proj.bias", "norm2.weight", "norm2.bias", "mlp.fc1.weight", "mlp.fc1.bias",
    "mlp.fc2.weight", "mlp.fc2.bias",
)  # fmt: skip


def tiny() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(width=24, depth=2, heads=3).eval()


def test_its_attention_is_torchs_own() -> None:
    block = tiny()._blocks()[0].self_attention
    torch.nn.init.normal_(block.in_proj_bias)
    reference = torch.nn.MultiheadAttention(24, 3, batch_first=True).eval()
    reference.load_state_dict(block.state_dict())  # the same keys
    x = torch.randn(2, 7, 24)
    expected, _ = reference(x, x, x, need_weights=False)
    assert torch.allclose(block(x), expected, atol=1e-5)


def test_it_has_the_keys_of_torchvision() -> None:
    state = tiny().state_dict()
    blocks = {re.sub(r"encoder_layer_\d+", "encoder_layer_N", k) for k in state}
    assert {"class_token", "conv_proj.weight", "encoder.pos_embedding", "encoder.ln.bias"} < blocks
    layer = "encoder.layers.encoder_layer_N."
    assert {k.removeprefix(layer) for k in blocks if k.startswith(layer)} == {
        "ln_1.weight", "ln_1.bias", "self_attention.in_proj_weight", "self_attention.in_proj_bias",
        "self_attention.out_proj.weight", "self_attention.out_proj.bias", "ln_2.weight",
        "ln_2.bias", "mlp.0.weight", "mlp.0.bias", "mlp.3.weight", "mlp.3.bias",
    }  # fmt: skip
    assert state["encoder.pos_embedding"].shape == (1, 197, 24)


@torch.no_grad()
def test_it_takes_the_weights_of_timm() -> None:
    theirs, ours = tiny(), VisionTransformer(width=24, depth=2, heads=3).eval()
    state = theirs.state_dict()
    names = ["cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"]
    names += [f"blocks.{k}.{name}" for k in range(2) for name in TIMM]
    names += ["norm.weight", "norm.bias"]
    timm = {name: state[torchvision_key(name)] for name in names}
    assert len(timm) == len(state)
    ours.load_imagenet({**timm, "head.weight": torch.zeros(1000, 24)})
    pixels = torch.randn(1, 3, 32, 48)
    assert torch.equal(ours(pixels), theirs(pixels))


@torch.no_grad()
def test_patches_lie_in_place_and_the_class_token_is_everywhere() -> None:
    model = tiny()
    pixels = torch.zeros(1, 3, 224, 224)
    before = model(pixels)
    assert before.shape == (1, 48, 14, 14)
    assert torch.equal(before[:, 24:], before[:, 24:, :1, :1].expand(-1, -1, 14, 14))
    pixels[:, :, 32:48, 160:176] = 3.0
    change = (model(pixels) - before)[0, :24].abs().sum(0)
    assert divmod(int(change.argmax()), 14) == (2, 10)


@torch.no_grad()
def test_it_stretches_the_places_over_other_sides() -> None:
    model = tiny()
    assert model.places(14, 14).shape == (1, 197, 24)
    row = torch.linspace(0, 1, 14).repeat(14)  # x, from 0 to 1
    model.encoder.get_parameter("pos_embedding")[0, 1:, 0] = row
    wide = model.places(7, 28)[0, 1:, 0].view(7, 28)
    assert torch.allclose(wide[0], wide[-1], atol=1e-5)
    assert (wide[0].diff() > 0).all()


def test_only_layer_norms_are_trained() -> None:
    model = Detector("vit_small", hidden=4)
    torch.nn.ModuleList(model.encoder.untrained(0)).requires_grad_(False)  # type: ignore[operator]
    trained = [n for n, p in model.encoder.named_parameters() if p.requires_grad]
    assert len(trained) == 2 * (2 * 12 + 1)
    assert all("ln" in name.split(".")[-2] for name in trained)
