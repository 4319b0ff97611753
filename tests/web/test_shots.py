from __future__ import annotations

import cv2
import numpy as np

from facetell.video import Frame
from facetell.web.analyses.shots import LONGEST_SIDE_PX, MOST, ShotKeeper


def frame(index: int, size: tuple[int, int] = (48, 64)) -> Frame:
    return Frame(index, index / 10, np.full((*size, 3), index % 256, np.uint8), 0)


def test_it_keeps_all_of_a_few() -> None:
    keeper = ShotKeeper()
    for index in range(MOST):
        keeper(frame(index), [])
    assert [shot.time_s for shot in keeper.shots] == [index / 10 for index in range(MOST)]


def test_it_keeps_many_evenly_and_no_more_than_it_should() -> None:
    keeper = ShotKeeper()
    for index in range(1000):
        keeper(frame(index), [])
        assert len(keeper.shots) <= MOST
    times_s = [shot.time_s for shot in keeper.shots]
    assert len(times_s) > MOST / 2
    assert len({round(step, 3) for step in np.diff(times_s)}) == 1
    assert times_s[0] == 0
    assert times_s[-1] > 95


def test_its_pictures_are_small_and_upright() -> None:
    keeper = ShotKeeper()
    rgb = np.zeros((1000, 2000, 3), np.uint8)
    rgb[:, :1000] = (200, 30, 30)
    keeper(Frame(0, 0.0, rgb, 0), [])
    found = cv2.imdecode(np.frombuffer(keeper.shots[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    assert found.shape == (LONGEST_SIDE_PX // 2, LONGEST_SIDE_PX, 3)
    blue, _, red = found[100, 100]
    assert red > 150 > blue
