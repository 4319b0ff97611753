from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from facetell.report.chart import Axis, Bin, bins, split_at_gaps, timeline_chart
from facetell.verdict import TimelinePoint, TrackVerdict, Verdict
from facetell.weights import ModelCard

if TYPE_CHECKING:
    from tests.report.conftest import MakeVerdict


def _point(time_s: float, p_fake: float, track: int = 1) -> TimelinePoint:
    return TimelinePoint(time_s, track, p_fake, (0.0, 0.0, 1.0, 1.0), 1.0)


def _hour(make_verdict: MakeVerdict) -> Verdict:
    """Every half second of an hour, fake for one minute."""
    points = [_point(i / 2, 0.95 if 1800 <= i / 2 < 1860 else 0.1) for i in range(7200)]
    tracks = (TrackVerdict(1, 0.9, 0.0, 3599.5, 7200, 1.0),)
    media = make_verdict().media
    assert media is not None
    media = replace(media, duration_s=3600.0)
    return make_verdict(timeline=tuple(points), tracks=tracks, media=media)


def test_it_is_well_formed_and_stays_inside(make_verdict: MakeVerdict, card: ModelCard) -> None:
    chart = timeline_chart(make_verdict(), card.thresholds)
    root = ET.fromstring(chart)
    numbers = [
        float(number)
        for line in root.iter("polyline")
        for number in re.split("[ ,]", line.attrib["points"])
    ]
    assert numbers
    assert all(0 <= number <= 1000 for number in numbers)


def test_it_draws_both_thresholds_at_their_height(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    chart = timeline_chart(make_verdict(), card.thresholds)
    heights = [line.get("y1") for line in ET.fromstring(chart).iter("line")]
    assert "29.00%" in heights
    assert "67.00%" in heights
    assert 'class="limit' not in timeline_chart(make_verdict(), None)


def test_it_keeps_a_fake_minute_of_an_hour_visible(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    chart = timeline_chart(_hour(make_verdict), card.thresholds)
    (line,) = ET.fromstring(chart).iter("polyline")
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    high = [x for x, y in points if y < 100]
    assert len(high) >= 4
    assert all(498 <= x <= 520 for x in high)
    assert len(chart) < 40_000, "an hour must not swell the page"


def test_it_tells_the_chart_in_words(make_verdict: MakeVerdict, card: ModelCard) -> None:
    chart = timeline_chart(_hour(make_verdict), card.thresholds)
    label = next(ET.fromstring(chart).iter("svg")).attrib["aria-label"]
    assert "face 1: between 0.10 and 0.95, highest at 30:0" in label


def test_it_draws_nothing_for_a_single_moment(make_verdict: MakeVerdict, card: ModelCard) -> None:
    assert timeline_chart(make_verdict(timeline=(_point(0.0, 0.9),)), card.thresholds) == ""
    assert timeline_chart(make_verdict(timeline=()), card.thresholds) == ""


def test_it_takes_times_before_zero_and_after_the_stated_end(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    points = (_point(-1.0, 0.5, track=3), _point(90.0, 0.5, track=3))
    chart = timeline_chart(make_verdict(timeline=points), card.thresholds)
    (first, *_) = ET.fromstring(chart).iter("circle")
    assert first.get("cx") == "0.00%"


def test_it_keeps_the_extremes_of_each_stretch() -> None:
    found = bins([_point(0.0, 0.2), _point(0.001, 0.8), _point(9.0, 0.5)], 1, Axis(0.0, 10.0))
    assert [(b.low, b.high) for b in found] == [(0.2, 0.8), (0.5, 0.5)]


def test_it_joins_bursts_but_not_what_nobody_saw() -> None:
    burst_times = [burst * 20 + step * 0.1 for burst in range(6) for step in range(5)]
    away = [*(i * 0.5 for i in range(60)), *(300 + i * 0.5 for i in range(60))]
    assert len(split_at_gaps([Bin(t, 0.5, 0.5, 0.5) for t in burst_times])) == 1
    assert len(split_at_gaps([Bin(t, 0.5, 0.5, 0.5) for t in away])) == 2
    assert split_at_gaps([]) == []
