"""Where a run computes: a CPU, a GPU of NVIDIA, AMD or Intel, or Apple's; and in which precision.

torch calls AMD's GPUs `cuda` as well (its ROCm build), Apple's `mps`, Intel's `xpu`.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from facetell.errors import UsageError


def choose_device(name: str = "auto") -> torch.device:
    """Return a device that works.

    Args:
        name: `auto` takes the best that there is; under torchrun each process its own GPU.

    Raises:
        UsageError: torch doesn't know the name, or this machine has no such device.
    """
    if name == "auto":
        return _best()
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"device {name!r} does not work here: {reason}") from error
    return device


def _best() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    if torch.backends.mps.is_available():
        return torch.device("mps")
    if torch.xpu.is_available():
        return torch.device("xpu", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def mixed_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Compute in bfloat16 where the device does, and in float32 where it doesn't."""
    kind = device.type
    if kind == "mps" or (kind == "cuda" and not torch.cuda.is_bf16_supported()):
        return nullcontext()
    return torch.autocast(kind, torch.bfloat16)
