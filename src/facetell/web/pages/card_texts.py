"""What the bundled models' cards say to people, marked for the catalogues.

A card is JSON, in which nothing can be marked; a test compares this list with the cards.
"""

from __future__ import annotations

from facetell.wording import gettext_noop

TEXTS = (
    gettext_noop(
        "stills of 12,805 originals of the Deepfake Detection Challenge (DFDC) and of "
        "60,832 fakes made from them, one face crop a video; 2,499 photos of Labeled "
        "Faces in the Wild; 400 photos and 400 StyleGAN faces; 163 clips of 20 public "
        "sources (face swaps, lip-sync, talking heads, plain recordings); self-blended "
        "and autoencoded fakes made from the reals among them. Begun from ImageNet "
        "weights."
    ),
    gettext_noop(
        "For research only: the terms of DFDC, Labeled Faces in the Wild and most of "
        "the clips allow no commercial use. Whoever uses the model commercially needs "
        "one trained on data of their own."
    ),
    gettext_noop(
        "two EfficientNet-Lite0 side by side at 224 px, one trained and one as ImageNet "
        "made it, one logit a frame, causal LSTM (256) with attention over each burst, "
        "one logit a burst; weights stored as float16"
    ),
    gettext_noop(
        "facetell train with the recipes stills, mixed and default as they stood in the "
        "first landed version, on a CPU; facetell export; facetell calibrate "
        "(MODEL_CARD.md)"
    ),
    gettext_noop(
        "A first model: on kinds of forgery that it was not trained on it is often "
        "wrong, in both directions."
    ),
    gettext_noop("Whole-frame syntheses by recent video generators are often missed."),
    gettext_noop(
        "Strong compression, beauty filters and faces under 64 px make errors more likely."
    ),
    gettext_noop(
        "Thresholds, calibration and the choice among training runs rest on 67 clips: "
        "expect worse elsewhere."
    ),
    gettext_noop(
        "Most faces in the training data are of adults filmed from the front; how "
        "errors differ between groups of people was not measured."
    ),
    gettext_noop("DFDC stills of 597 originals, persons not trained on"),
    gettext_noop("validation clips"),
    gettext_noop("validation clips, cross-fitted"),
    gettext_noop(
        "stills of 13,106 originals of the Deepfake Detection Challenge (DFDC) and of "
        "fakes made from them, one face crop a video; 2,499 photos of Labeled Faces in "
        "the Wild; 400 photos and 400 StyleGAN faces; 163 clips of 20 public sources "
        "(face swaps, lip-sync, talking heads, plain recordings); self-blended and "
        "autoencoded fakes made from the reals among them. Begun from ImageNet weights, "
        "at last taught by the model default."
    ),
    gettext_noop(
        "EfficientNet-Lite0 at 160 px, one logit a frame; over time the mean of the "
        "frames; weights stored as float16"
    ),
    gettext_noop(
        "facetell train with the recipe fast, on a CPU; facetell export; facetell "
        "calibrate (MODEL_CARD.md)"
    ),
    gettext_noop(
        "small boards: its network takes a quarter of the work of default's and is less accurate"
    ),
    gettext_noop("DFDC stills of 500 originals, persons not trained on"),
)
"""Purpose, origin, terms, build, limits and what was measured on."""
