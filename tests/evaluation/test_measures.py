from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn import metrics as sklearn_metrics

from facetell.evaluation.answers import Outcome
from facetell.evaluation.kinds import kind_of
from facetell.evaluation.measures import measure, scored
from facetell.evaluation.slices import confusion, slices
from facetell.evaluation.summary import moved, row_of
from facetell.train.layouts.media import Trait
from facetell.weights import Metric
from tests.evaluation.made_outcomes import many, outcome


def measured(outcomes: list[Outcome]) -> dict[str, Metric]:
    return {metric.name: metric for metric in measure(outcomes, "made up", rounds=50)}


def test_its_numbers_are_those_of_scikit_learn() -> None:
    outcomes = many()
    found = measured(outcomes)
    rows = scored(outcomes)
    fake, p, called = rows.is_fake, rows.p_fake, rows.p_fake >= 0.5
    for name, expected in (
        ("video_auc", sklearn_metrics.roc_auc_score(fake, p)),
        ("average_precision", sklearn_metrics.average_precision_score(fake, p)),
        ("accuracy at 0.5", sklearn_metrics.accuracy_score(fake, called)),
        ("balanced accuracy at 0.5", sklearn_metrics.balanced_accuracy_score(fake, called)),
        ("precision at 0.5", sklearn_metrics.precision_score(fake, called)),
        ("recall at 0.5", sklearn_metrics.recall_score(fake, called)),
        ("f1 at 0.5", sklearn_metrics.f1_score(fake, called)),
        ("log_loss", sklearn_metrics.log_loss(fake, p)),
    ):
        assert found[name].value == pytest.approx(expected, abs=1e-4), name
        low, high = found[name].low, found[name].high
        assert low is not None, name
        assert high is not None, name
        assert low <= found[name].value <= high, name


def test_it_counts_what_was_called_what() -> None:
    outcomes = [outcome(0.9, True), outcome(0.1, True), outcome(0.5, True), outcome(0.2, False)]
    found = measured(outcomes)
    assert found["fake called fake"].value == pytest.approx(1 / 3, abs=1e-4)
    assert found["real called real"].value == 1
    assert found["called inconclusive"].value == 0.25
    assert found["accuracy of decided"].value == pytest.approx(2 / 3, abs=1e-4)
    assert (found["accuracy of decided"].n, found["fake called fake"].n) == (3, 3)
    counts = {"fake": 1, "real": 1, "inconclusive": 1, "no_face": 0, "error": 0}
    assert confusion(outcomes)["fake"] == counts


def test_files_without_a_probability_are_counted_and_not_scored() -> None:
    outcomes = [*many(20), outcome(None, True), outcome(None, False, label="error")]
    assert measured(outcomes) == measured(many(20))
    table = confusion(outcomes)
    assert (table["fake"]["no_face"], table["real"]["error"]) == (1, 1)


def test_a_missing_class_leaves_out_what_needs_it() -> None:
    found = measured([outcome(0.9, False, name="a"), outcome(0.2, False, name="b")])
    assert "video_auc" not in found
    assert found["real called fake"].value == 0.5
    assert measure([], "nothing") == ()


def test_intervals_are_over_sources_unless_there_are_few() -> None:
    assert scored(many(sources=8)).groups_are == "source"
    assert scored(many(sources=2)).groups_are == "original"


def test_frames_are_never_mixed_with_videos() -> None:
    outcomes = many()
    found = measured(outcomes)
    assert found["frame_auc"].n == 2 * len(outcomes)
    assert found["video_auc"].n == len(outcomes)


def test_kinds_gather_the_names_that_data_sets_have() -> None:
    names = {
        "faceswap (GHOST)": "face swap",
        "faceswap+lipsync": "face swap",
        "lipsync on still": "lip-sync",
        "audio2video human": "portrait brought to life",
        "beauty filter": "beauty filter",
    }
    assert {n: kind_of(outcome(0.5, True, manipulation=n)) for n in names} == names
    assert kind_of(outcome(0.5, False)) == ""


def test_a_part_is_set_against_the_whole_other_class() -> None:
    outcomes = [
        outcome(0.9, True, source="a"),
        outcome(0.4, True, source="b"),
        outcome(0.5, False, source="a"),
        outcome(0.1, False, source="b"),
    ]
    parts = {(s.axis, s.name): s for s in slices(outcomes)}
    assert (parts["source", "a"].auc, parts["source", "b"].auc) == (1.0, 0.5)
    assert (parts["source", "a"].real_auc, parts["source", "b"].real_auc) == (0.5, 1.0)
    assert parts["kind", "face swap"].real_auc is None
    assert parts["face size", "64 to 128 px"].fakes == 2


def test_parts_by_what_a_data_set_says_of_people() -> None:
    """Skin tones are made up: the files differ in nothing but the model's answers."""

    def of(tone: str, p_fake: float, is_fake: bool) -> Outcome:
        found = outcome(p_fake, is_fake)
        traits = (Trait("skin_tone", tone), Trait("source", "theirs")) if tone else ()
        return replace(found, media=replace(found.media, traits=traits))

    outcomes = [of("light", 0.1, False), of("light", 0.9, True), of("dark", 0.8, False)]
    outcomes += [of("dark", 0.6, True), of("", 0.2, False)]
    parts = {(s.axis, s.name): s for s in slices(outcomes)}
    light, dark = parts["skin_tone", "light"], parts["skin_tone", "dark"]
    assert (light.reals, light.fakes, dark.reals, dark.fakes) == (1, 1, 1, 1)
    assert (light.reals_called_fake, dark.reals_called_fake) == (0.0, 1.0)
    assert (light.real_auc, dark.real_auc) == (1.0, 0.5)
    assert {name for axis, name in parts if axis == "skin_tone"} == {"light", "dark"}
    assert ("source", "theirs") not in parts


def test_movement_is_measured_on_files_that_both_runs_scored() -> None:
    before = [outcome(0.2, False), outcome(0.4, True), outcome(None, True), outcome(0.5, True)]
    after = [outcome(0.75, False), outcome(0.3, True), outcome(0.9, True), outcome(None, True)]
    found = moved(before, after)
    assert found is not None
    assert found.reals == pytest.approx(0.55)
    assert found.fakes == pytest.approx(-0.1)
    assert found.size == pytest.approx(0.325)
    assert found.called_else == 1.0  # real to fake, inconclusive to real
    assert moved([outcome(None, True)], [outcome(0.4, True)]) is None


def test_a_row_sums_up_a_setting() -> None:
    outcomes = many()
    row = row_of("10", outcomes)
    assert (row.files, row.seconds) == (120, 0.5)
    assert row.low < row.auc < row.high
    assert row.auc == pytest.approx(measured(outcomes)["video_auc"].value, abs=1e-4)
    assert row_of("nothing", [outcome(None, True)]).files == 0
