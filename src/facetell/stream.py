"""Frames of a clip, one by one as they come → its logit so far, equal to that of the whole clip.

A live picture has no next frame yet, and to score a clip anew with each frame would cost five times
as much. So the recurrent network's state is carried along. What attention pooling needs of the
frames before is three numbers, as in online softmax (Milakov and Gimelshein 2018,
https://arxiv.org/abs/1805.02867).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from facetell.errors import ModelError, ModelMismatch
from facetell.options import Runtime
from facetell.runtime import open_session
from facetell.weights import ModelCard, verify, verify_stream

_STATE = "state_"


@dataclass(frozen=True, slots=True, eq=False)
class ClipState:
    """What is carried from one frame of a clip to the next.

    Attributes:
        network: the recurrent network's states, float32, (1, 1, H) each; none for others.
        top: the largest attention so far, before softmax.
        weight: sum of exp(attention - top).
        weighted: the same sum, each term times what the head says of that frame.
    """

    network: tuple[npt.NDArray[np.float32], ...]
    top: float = -math.inf
    weight: float = 0.0
    weighted: float = 0.0

    def after(
        self, attention: float, logit: float, network: tuple[npt.NDArray[np.float32], ...]
    ) -> ClipState:
        """Return the state after one more frame.

        >>> after = ClipState(()).after(0.0, 1.0, ()).after(math.log(3), 2.0, ())
        >>> round(after.weighted / after.weight, 6)
        1.75
        """
        top = max(self.top, attention)
        kept, new = math.exp(self.top - top), math.exp(attention - top)
        weight = self.weight * kept + new
        return ClipState(network, top, weight, self.weighted * kept + new * logit)


@dataclass(frozen=True, slots=True, eq=False)
class StreamScore:
    """What the model says after one more frame; positive logits mean fake, before calibration.

    Attributes:
        logit: of the clip up to this frame.
        frame_logit: of the frame alone.
        state: for the next frame.
    """

    logit: float
    frame_logit: float
    state: ClipState


class StreamScorer:
    """The classifier of one model card whose graph can run as a stream.

    Args:
        card: the model; the SHA-256 of its graph and of the addition to it are checked.
        threads: of the session; 0 takes all cores.
        runtime: "onnxruntime" or "openvino".

    Raises:
        ModelNotFound, ModelAltered: a file is missing or not the card's.
        ModelMismatch: the card names no addition, or the graph cannot run as a stream with it.
    """

    def __init__(self, card: ModelCard, threads: int = 0, runtime: Runtime = "onnxruntime") -> None:
        addition = verify_stream(card)
        if addition is None:
            raise ModelMismatch(f"{card.path}: names nothing to run its graph as a stream with")
        self.card = card
        self._session = open_session(verify(card), threads, runtime, addition)
        self._states = sorted(n for n in self._session.inputs if n.startswith(_STATE))
        self._check()

    def begin(self) -> ClipState:
        """Return the state before a clip's first frame."""
        widths = [self._session.inputs[name].shape[-1] or 0 for name in self._states]
        return ClipState(tuple(np.zeros((1, 1, width), np.float32) for width in widths))

    def step(self, crops: npt.NDArray[np.uint8], states: Sequence[ClipState]) -> list[StreamScore]:
        """Score the next frame of each of N clips.

        Args:
            crops: RGB, uint8, (N, H, W, 3), at the side of the card's input.
            states: of each clip after its frame before.

        Raises:
            ModelError: the graph fails or answers with something that is not a number.
        """
        count = len(states)
        feeds: dict[str, npt.NDArray[Any]] = {
            "pixels": np.ascontiguousarray(crops.transpose(0, 3, 1, 2))[:, None],  # (N, 1, 3, H, W)
            "mask": np.ones((count, 1), np.float32),
        }
        for position, name in enumerate(self._states):
            feeds[name] = np.concatenate([state.network[position] for state in states], axis=1)
        found = self._session.run(feeds)
        return [self._score(found, row, state) for row, state in enumerate(states)]

    def _score(self, found: dict[str, npt.NDArray[Any]], row: int, state: ClipState) -> StreamScore:
        head, attention = float(found["stream_logit"][row]), float(found["attention"][row, 0])
        frame_logit = float(found["frame_logits"][row, 0])
        # copies: a view would keep the states of all clips of this frame alive
        network = tuple(found[f"next_{n}"][:, row : row + 1].copy() for n in self._states)
        if not all(map(math.isfinite, (head, attention, frame_logit))):
            raise ModelError(f"{self.card.graph_path}: its answer is not finite")
        after = state.after(attention, head, network)
        return StreamScore(after.weighted / after.weight, frame_logit, after)

    def _check(self) -> None:
        session, side = self._session, self.card.input.side_px
        wanted = {"stream_logit", "attention", "frame_logits"} | {f"next_{n}" for n in self._states}
        complete = set(session.inputs) == {"pixels", "mask", *self._states}
        shape = session.inputs["pixels"].shape if complete else ()
        fits = len(shape) == 5 and shape[1] is None and set(shape[3:]) <= {None, side}
        if not (fits and wanted <= set(session.outputs)):
            raise ModelMismatch(
                f"{self.card.graph_path}: cannot run as a stream of {side}x{side} px with what its "
                "card names; make that anew: python -m facetell.train.stream_addition CARD"
            )
