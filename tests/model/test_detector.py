from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from facetell.errors import UsageError
from facetell.model.detector import Detector
from facetell.model.efficientnet import EfficientNetLite, EfficientNetLiteStages
from facetell.model.encoders import ENCODERS, EncoderPair, make_encoder

SIDE = 64


@pytest.fixture(scope="module")
def model() -> Detector:
    torch.manual_seed(0)
    model = Detector("efficientnet_lite0", hidden=16, dropout=0.0)
    # random weights shrink the signal to nothing unless batch norm has seen some pictures
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(clips(4, 2), torch.ones(4, 2))
    return model.eval()


def clips(count: int, time: int, seed: int = 0) -> torch.Tensor:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, time, 3, SIDE, SIDE), np.uint8)
    return torch.from_numpy(pixels)


@torch.no_grad()
def test_an_early_frame_changes_the_clip_and_the_order_matters(model: Detector) -> None:
    pixels, mask = clips(1, 4), torch.ones(1, 4)
    before = model(pixels, mask).clip_logit
    changed = pixels.clone()
    changed[:, 0] = 255 - changed[:, 0]
    assert (model(changed, mask).clip_logit - before).abs() > 1e-6
    assert (model(pixels.flip(1), mask).clip_logit - before).abs() > 1e-7


@torch.no_grad()
def test_a_clip_is_scored_alike_whatever_its_neighbours_and_padding(model: Detector) -> None:
    pixels, alone = clips(3, 3), torch.ones(1, 3)
    expected = model(pixels[:1], alone)
    batch = model(pixels, torch.ones(3, 3))
    longer = torch.cat([pixels[:1], clips(1, 2, seed=9)], 1)
    padded = model(longer, torch.tensor([[1.0] * 3 + [0] * 2]))
    assert torch.allclose(batch.clip_logit[:1], expected.clip_logit, atol=1e-5)
    assert torch.allclose(padded.clip_logit, expected.clip_logit, atol=1e-5)
    assert torch.allclose(padded.frame_logits[:, :3], expected.frame_logits, atol=1e-5)
    assert not padded.frame_logits[:, 3:].any()


@torch.no_grad()
def test_the_activation_map_sums_up_to_the_frames_logit(model: Detector) -> None:
    output = model(clips(2, 2), torch.ones(2, 2))
    assert torch.allclose(output.activation_maps.mean((2, 3)), output.frame_logits, atol=1e-4)


@torch.no_grad()
def test_training_and_inference_score_alike(model: Detector) -> None:
    pixels, mask = clips(2, 3), torch.tensor([[1.0, 1, 1], [1, 0, 0]])
    clip, frames, features = model.logits(pixels, mask)
    output = model(pixels, mask)
    assert torch.allclose(clip, output.clip_logit, atol=1e-4)
    assert torch.allclose(frames, output.frame_logits, atol=1e-4)
    assert torch.allclose(features, output.features, atol=1e-4)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_gives_maps_of_its_channels(name: str) -> None:
    encoder = make_encoder(name).eval()
    with torch.no_grad():
        maps = encoder(torch.zeros(1, 3, SIDE, SIDE))
    cell = 16 if name.startswith("vit") else 32
    assert maps.shape == (1, encoder.feature_channels, SIDE // cell, SIDE // cell)


def test_it_names_the_encoders_that_there_are() -> None:
    with pytest.raises(UsageError, match="efficientnet_lite0"):
        make_encoder("resnet18")


def test_resnext_has_torchvisions_keys() -> None:
    state = make_encoder("resnext50_32x4d").state_dict()
    assert state["layer1.0.conv2.weight"].shape == (128, 4, 3, 3)
    assert state["layer3.0.downsample.0.weight"].shape == (1024, 512, 1, 1)
    assert state["layer4.2.bn3.running_var"].shape == (2048,)
    assert sum(v.numel() for k, v in state.items() if "num_batches" not in k) == 23_048_128


def test_a_pair_shows_both_halves_and_trains_one() -> None:
    pair = EncoderPair(EfficientNetLite(0), EfficientNetLiteStages(0)).eval()
    pixels = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        maps = pair(pixels)
        halves = pair.trained(pixels), pair.general(pixels)
    assert torch.equal(maps, torch.cat(halves, dim=1))
    untrained = {id(p) for module in pair.untrained(0) for p in module.parameters()}
    assert untrained == {id(p) for p in pair.general.parameters()}


def test_stages_show_means_and_deviations_of_the_middle_of_the_encoder_on_one_grid() -> None:
    whole, stages = EfficientNetLite(0).eval(), EfficientNetLiteStages(0).eval()
    state = whole.state_dict()
    stages.load_imagenet(state)
    seen: list[torch.Tensor] = []
    for k in (4, 7, 10, 14, 15):  # the last block of each stage from stride 8 on
        whole._blocks[k].register_forward_hook(lambda _, __, out: seen.append(out))
    pixels = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        whole(pixels)
        maps = stages(pixels)
    assert maps.shape == (2, stages.feature_channels, 7, 7)
    assert stages.feature_channels == 2 * (40 + 80 + 112 + 192 + 320)
    told = []
    for out in seen:
        mean = out.mean((2, 3))
        told += [mean, (out - mean[:, :, None, None]).abs().mean((2, 3))]
    torch.testing.assert_close(maps.mean((2, 3)), torch.cat(told, dim=1), rtol=1e-4, atol=1e-5)
    assert stages(torch.rand(1, 3, 100, 100)).shape[-2:] == (4, 4)
