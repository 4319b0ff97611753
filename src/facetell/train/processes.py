"""The processes of a run: one, or several that torchrun started, each with a share of each step.

A step averages the gradient over `accumulate` batches. With several processes each takes its share
of them, so the result is the same but for rounding and for the statistics of batch normalisation,
which are averaged over the processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from facetell.errors import UsageError

PATIENCE = timedelta(hours=2)
"""How long the others wait while the first looks at validation."""


@dataclass(frozen=True, slots=True)
class Processes:
    """This process' number and how many there are."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and looks at validation."""
        return self.rank == 0

    def share(self, accumulate: int) -> list[int]:
        """Return which of a step's batches are this process' own.

        Raises:
            UsageError: they cannot be shared evenly.
        """
        if accumulate % self.count:
            raise UsageError(
                f"accumulate is {accumulate}, which {self.count} processes cannot share evenly: "
                f"set it to a multiple of {self.count}"
            )
        return list(range(self.rank, accumulate, self.count))

    def wrap(self, objective: nn.Module, device: torch.device) -> nn.Module:
        """Average gradients over the processes wherever there are several."""
        if self.count == 1:
            return objective
        place = None if device.type == "cpu" else [device]
        return DistributedDataParallel(objective, device_ids=place, broadcast_buffers=False)

    def gradients_stay(self, wrapped: nn.Module, stay: bool) -> AbstractContextManager[None]:
        """Keep gradients to this process while more batches of the same step follow."""
        if stay and isinstance(wrapped, DistributedDataParallel):
            return wrapped.no_sync()
        return nullcontext()

    def average(self, tensors: list[Tensor]) -> None:
        """Set tensors to their mean over the processes."""
        if self.count > 1 and tensors:
            flat = torch.cat([t.flatten() for t in tensors])
            distributed.all_reduce(flat)
            parts = torch.split(flat / self.count, [t.numel() for t in tensors])
            for tensor, part in zip(tensors, parts, strict=True):
                tensor.copy_(part.view_as(tensor))

    def agree(self, value: bool, device: torch.device) -> bool:
        """Return the first process' answer to all."""
        if self.count == 1:
            return value
        answer = torch.tensor([float(value)], device=device)
        distributed.broadcast(answer, src=0)
        return bool(answer.item())


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started; alone without it."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = {"cuda": "nccl", "xpu": "xccl"}.get(device.type, "gloo")
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
