"""Give a model what it needs to run as a stream, and prove that it then says the same.

`facetell export` does so for each new model. For a card that is already there:

    python -m facetell.train.stream_addition model.json
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from facetell.clips import Clip
from facetell.errors import ModelMismatch
from facetell.model.stream_graph import write_stream_graph
from facetell.scorer import Scorer
from facetell.stream import StreamScorer
from facetell.train.cards import sha256_of_graph, write_card
from facetell.weights import ModelCard, StreamAddition, find

TOLERANCE = 1e-5


def add_stream(card: ModelCard) -> tuple[ModelCard, float]:
    """Write the addition beside a card's graph, and the card with its name.

    Returns:
        The new card, and the largest difference of logits between stream and whole clip.

    Raises:
        ModelMismatch: the graph cannot run as a stream, or says something else then.
    """
    target = card.graph_path.with_suffix(".stream")
    write_stream_graph(card.graph_path, target)
    streaming = replace(card, stream=StreamAddition(target.name, sha256_of_graph(target)))
    difference = stream_difference(streaming)
    if difference > TOLERANCE:
        target.unlink()
        raise ModelMismatch(f"{target}: differs from the whole clip by {difference:.1e}")
    write_card(streaming)
    return streaming, difference


def stream_difference(card: ModelCard) -> float:
    """Return the largest difference of logits between a stream and its clip so far, on noise.

    Clips run to three times the length of a burst, so that a state that is lost would show.
    """
    length, side = 3 * card.sampling.burst_frames, card.input.side_px
    crops = np.random.default_rng(0).integers(0, 256, (length, side, side, 3), np.uint8)
    scorer, stream = Scorer(card), StreamScorer(card)
    state, worst = stream.begin(), 0.0
    for frame in range(length):
        (score,) = stream.step(crops[frame : frame + 1], [state])
        state = score.state
        (whole,) = scorer.score([_clip(crops[: frame + 1])])
        worst = max(
            worst,
            abs(score.logit - whole.logit),
            abs(score.frame_logit - float(whole.frame_logits[frame])),
        )
    return worst


def _clip(crops: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Clip:
    length = len(crops)
    return Clip(
        track_id=1,
        burst=0,
        pixels=np.ascontiguousarray(crops.transpose(0, 3, 1, 2)),
        times_s=np.zeros(length),
        frame_indices=np.zeros(length, np.int64),
        boxes_xyxy=np.zeros((length, 4), np.float32),
        quality=np.ones(length, np.float32),
    )


def main(arguments: list[str]) -> int:
    """Do so for each card that is named."""
    for name in arguments:
        card, difference = add_stream(find(Path(name)))
        print(f"{card.path}: runs as a stream, which differs by {difference:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
