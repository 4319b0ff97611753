from __future__ import annotations

from dataclasses import replace

import pytest

from facetell.errors import UsageError
from facetell.evaluation.comparison import compare, told
from tests.evaluation.made_outcomes import many, outcome


def test_a_model_is_as_good_as_itself() -> None:
    found = compare(many(), many())
    assert (found.files, found.left_out, found.flips) == (120, 0, ())
    for difference in found.differences:
        assert difference.first == difference.second
        assert (difference.low, difference.high) == (0, 0)
        assert not difference.is_clear


def test_a_better_model_is_clearly_better() -> None:
    worse = many()
    better = [
        outcome(0.9 if o.media.is_fake else 0.1, o.media.is_fake, source=o.media.source,
                name=o.media.file)
        for o in worse
    ]  # fmt: skip
    found = {d.name: d for d in compare(worse, better).differences}
    assert found["video_auc"].second == 1
    assert found["video_auc"].is_clear
    assert found["video_auc"].low > 0
    assert found["brier_score"].high < 0


def test_it_lists_what_is_called_something_else() -> None:
    first = [outcome(0.9, True, name="a"), outcome(0.1, False, name="b")]
    second = [outcome(0.2, True, name="a"), outcome(0.1, False, name="b")]
    (flip,) = compare(first, second).flips
    assert (flip.file, flip.first, flip.second) == ("a", "fake", "real")
    assert any("fake 0.90 -> real 0.20" in line for line in told(compare(first, second)))


def test_files_of_one_side_only_are_left_out_and_told() -> None:
    first = [*many(), outcome(0.5, True, name="extra")]
    found = compare(first, many())
    assert (found.files, found.left_out) == (120, 1)
    assert "1 left out" in told(found)[0]


def test_it_needs_a_file_in_common() -> None:
    other = [replace(o, sha256=f"x{k}") for k, o in enumerate(many())]
    with pytest.raises(UsageError, match="no file in common"):
        compare(many(), other)
