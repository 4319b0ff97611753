"""The ResNeXt-50 + LSTM detector of older projects, as it truly computes, and its checkpoints.

The class that those projects share has quirks, and its weights were trained with them (read in
`ml_app/views.py` and `Model_and_train_csv.ipynb` of the first of them, on GitHub:
abhijitjadhav1998/Deepfake_detection_using_deep_learning):

- `nn.LSTM(2048, 2048, 1, False)`: by position `False` is `bias`, and `batch_first` stays False. A
  video is a batch of one, so the LSTM sees each frame as a sequence of length one that begins with
  a zero state. It has no time axis: W_hh and the forget gate never count.
- training takes the mean over frames, the application the last frame only.
- the second class is real: p(fake) is softmax's first number.
- frames come from OpenCV as blue, green, red and are normalised as if they were red, green, blue.
"""

from __future__ import annotations

import pickle  # its exception and its first byte # nosec B403
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from facetell.errors import InputNotFound, ModelMismatch
from facetell.model.detector import MEAN, STD, Output
from facetell.model.resnext import ResNeXt50

SIDE_PX = 112
"""Side of the crops that all these projects use."""

FramePool = Literal["mean", "last"]
ChannelOrder = Literal["bgr", "rgb"]
FRAME_POOLS: tuple[FramePool, ...] = get_args(FramePool)
CHANNEL_ORDERS: tuple[ChannelOrder, ...] = get_args(ChannelOrder)

_FEATURES = ResNeXt50.feature_channels
# `nn.Sequential(*children[:-2])` numbers torchvision's modules; 2 and 3 have no weights.
_ENCODER_NAMES = {"0": "conv1", "1": "bn1"} | {str(k + 3): f"layer{k}" for k in range(1, 5)}
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net")


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a state dict does not tell about the program that it was trained in.

    Attributes:
        frame_pool: "mean" over the frames, as in training, or only the "last" one, as in the
            application.
        fake_index: which of the two classes is fake.
        channels: order in which the network sees the colours.
    """

    frame_pool: FramePool = "mean"
    fake_index: int = 0
    channels: ChannelOrder = "bgr"


class ResNeXtLstm(nn.Module):
    """Pixels uint8 (B, T, 3, H, W) and mask (B, T) → `Output`, each clip by itself.

    Args:
        state: as `read_checkpoint` returns it.
        quirks: how it was used.

    Raises:
        ModelMismatch: its keys or shapes are another network's.
    """

    def __init__(self, state: Mapping[str, Tensor], quirks: Quirks) -> None:
        super().__init__()
        _check_heads(state)
        self.frame_pool = quirks.frame_pool
        self.encoder = ResNeXt50()
        self.gates = nn.Linear(_FEATURES, 3 * _FEATURES, bias=False)
        self.classify = nn.Linear(_FEATURES, 1)
        self._load(state, quirks.fake_index)
        order = (2, 1, 0) if quirks.channels == "bgr" else (0, 1, 2)
        self.order: Tensor
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("order", torch.tensor(order))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1) * 255)

    @torch.no_grad()
    def _load(self, state: Mapping[str, Tensor], fake: int) -> None:
        try:
            self.encoder.load_state_dict(_encoder_state(state))
        except RuntimeError as error:
            raise ModelMismatch(f"its encoder is no ResNeXt-50 32x4d: {error}") from error
        inputs, _, cell, outputs = state["lstm.weight_ih_l0"].chunk(4)  # (F, F) each
        self.gates.weight.copy_(torch.cat([inputs, cell, outputs]))
        weight, bias = state["linear1.weight"], state["linear1.bias"]
        # of two classes softmax asks for the difference only
        self.classify.weight.copy_(weight[fake] - weight[1 - fake])
        self.classify.bias.copy_(bias[fake] - bias[1 - fake])

    def forward(self, pixels: Tensor, mask: Tensor) -> Output:
        batch, time = pixels.shape[:2]
        x = pixels.flatten(0, 1).float().index_select(1, self.order)  # (B*T, 3, H, W)
        maps = self.encoder((x - self.mean) / self.std)  # (B*T, F, h, w)
        features = maps.mean(dim=(2, 3))  # (B*T, F)
        frame_logits = self._head(features).view(batch, time) * mask  # (B, T)
        cells = self._head(maps.permute(0, 2, 3, 1)).view(batch, time, *maps.shape[2:])
        # what the head says of each place, moved so that its mean is the frame's logit
        shift = frame_logits[..., None, None] - cells.mean(dim=(2, 3), keepdim=True)
        weights = self._weights(mask)
        clip_logit = (frame_logits * weights).sum(1) / weights.sum(1)  # (B,)
        kept = features.view(batch, time, -1) * mask.unsqueeze(-1)  # (B, T, F)
        return Output(clip_logit, frame_logits, cells + shift, kept)

    def _head(self, features: Tensor) -> Tensor:
        """Take one step of the LSTM from a zero state, then classify: (..., F) → (...)."""
        inputs, cell, outputs = self.gates(features).chunk(3, dim=-1)  # (..., F) each
        state = torch.sigmoid(inputs) * torch.tanh(cell)  # the forget gate meets a zero
        hidden = torch.sigmoid(outputs) * torch.tanh(state)  # (..., F)
        logits: Tensor = self.classify(hidden).squeeze(-1)
        return logits

    def _weights(self, mask: Tensor) -> Tensor:
        if self.frame_pool == "mean":
            return mask
        later = mask.sum(1, keepdim=True) - mask.cumsum(1)  # frames that follow, (B, T)
        return mask * (later < 0.5).float()


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the state dict of an older project's checkpoint; no code in the file is run.

    Wrapping dicts ("state_dict", …) and the prefix `module.` of DataParallel are taken off.

    Raises:
        InputNotFound: there is no such file.
        ModelMismatch: it is no checkpoint, wants to run code, or holds another network.
    """
    if not path.is_file():
        raise InputNotFound(f"{path}: no such file")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelMismatch(f"{path}: {_refusal(path, error)}") from error
    except (RuntimeError, EOFError, OSError, ValueError, LookupError) as error:
        raise ModelMismatch(f"{path}: not a checkpoint that PyTorch reads: {error}") from error
    state = _state_dict(loaded)
    if state is None:
        raise ModelMismatch(f"{path}: holds no weights of a ResNeXt-50 + LSTM (linear1, lstm, …)")
    return state


def _refusal(path: Path, error: Exception) -> str:
    wanted = re.search(r"unsupported global:? (?:GLOBAL )?([\w.]+)", str(error), re.I)
    if wanted is None and path.read_bytes()[:1] != pickle.PROTO:
        return "not a checkpoint that PyTorch reads"
    named = f" ({wanted[1]})" if wanted else ""
    return (
        f"refused: it is a pickle that wants to run code{named}, and not weights alone. "
        "Save the model's state_dict() with torch.save, and import that"
    )


def _state_dict(loaded: object) -> dict[str, Tensor] | None:
    if not isinstance(loaded, Mapping):
        return None
    for candidate in (loaded, *(loaded.get(name) for name in _WRAPPERS)):
        if isinstance(candidate, Mapping):
            found = {_plain(str(k)): v for k, v in candidate.items() if isinstance(v, Tensor)}
            if "linear1.weight" in found:
                return found
    return None


def _plain(key: str) -> str:
    while key.startswith("module."):
        key = key.removeprefix("module.")
    return key


def _encoder_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for key, value in state.items():
        if key.startswith("model."):
            number, _, rest = key.removeprefix("model.").partition(".")
            found[f"{_ENCODER_NAMES.get(number, number)}.{rest}"] = value
    return found


def _check_heads(state: Mapping[str, Tensor]) -> None:
    expected = {
        "lstm.weight_ih_l0": (4 * _FEATURES, _FEATURES),
        "lstm.weight_hh_l0": (4 * _FEATURES, _FEATURES),
        "linear1.weight": (2, _FEATURES),
        "linear1.bias": (2,),
    }
    heads = {key: tuple(v.shape) for key, v in state.items() if not key.startswith("model.")}
    if any(key.startswith("lstm.bias") for key in heads):
        raise ModelMismatch(
            "its LSTM has biases: it was called in another way than in the projects that are "
            "understood here, and the file does not tell whether it runs over time"
        )
    if heads != expected:
        raise ModelMismatch(f"its heads are another network's: expected {expected}, found {heads}")
