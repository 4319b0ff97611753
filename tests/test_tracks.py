from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facetell.appearance import appearance_of, distance, shot_change, shot_of
from facetell.faces import Face, load_detector
from facetell.tracks import MAX_REMEMBERED, Observation, Tracker, assign
from facetell.video import Frame

Pixels = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 640, 360
FACE_PX = 80


def person(seed: int) -> Pixels:
    """Head and shoulders that look like nobody else's: hair, skin and clothes of their own."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(10, 250, 3), rng.integers(60, 230, 3), rng.integers(10, 250, 3)]
    size = 2 * FACE_PX
    rgb = np.concatenate(
        [np.full((height, size, 3), row) for height, row in zip((40, 70, 50), rows, strict=True)]
    )
    face = cv2.resize(rng.normal(0, 30, (6, 6)), (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
    rgb = rgb.astype(np.float64)
    rgb[40:120, 40:120] += face[..., None]
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)


def scene(
    people: Sequence[tuple[int, float, float]],
    *,
    backdrop: int = 0,
    score: float = 0.9,
    noise: int = 0,
) -> tuple[Pixels, list[Face]]:
    """A picture of people, given as (who, x, y) of the middle of the face, and their faces."""
    rng = np.random.default_rng(1000 + backdrop)
    coarse = rng.integers(0, 256, (5, 8, 3), np.uint8)
    rgb = np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)
    faces = []
    for who, x, y in people:
        figure = person(who)
        left, top = round(x) - FACE_PX, round(y) - FACE_PX
        x0, y0 = max(left, 0), max(top, 0)
        part = figure[y0 - top :, x0 - left :][: HEIGHT - y0, : WIDTH - x0]
        rgb[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
        faces.append(face_at(x, y, score))
    grain = np.random.default_rng(noise).normal(0, 3, rgb.shape)
    return np.clip(rgb + grain, 0, 255).astype(np.uint8), faces


def face_at(x: float, y: float, score: float = 0.9) -> Face:
    half = FACE_PX / 2
    shape = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0.1], [-0.15, 0.3], [0.15, 0.3]])
    points = (shape * FACE_PX + (x, y)).astype(np.float32)
    return Face((x - half, y - half, x + half, y + half), score, points)


class Show:
    """Feeds a tracker, and remembers which number each person got."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.index = 0
        self.numbers: dict[int, Counter[int]] = {}

    def see(
        self,
        time_s: float,
        *people: tuple[int, float, float],
        backdrop: int = 0,
        score: float = 0.9,
        burst: int = 0,
    ) -> list[Observation]:
        rgb, faces = scene(people, backdrop=backdrop, score=score, noise=self.index)
        seen = self.tracker.update(Frame(self.index, time_s, rgb, burst), faces)
        self.index += 1
        for who, face in zip((who for who, _, _ in people), faces, strict=True):
            for observation in seen:
                if observation.face is face:
                    self.numbers.setdefault(who, Counter())[observation.track_id] += 1
        return seen

    def one_number_each(self) -> bool:
        numbers = [set(counts) for counts in self.numbers.values()]
        different = len(set().union(*numbers)) == len(numbers)
        return different and all(len(own) == 1 for own in numbers)


def test_it_says_where_and_when_it_saw_whom() -> None:
    rgb, faces = scene([(1, 200, 150)])
    (seen,) = Tracker().update(Frame(7, 1.25, rgb, 3), faces)
    assert (seen.track_id, seen.frame_index, seen.time_s, seen.burst) == (1, 7, 1.25, 3)
    assert seen.face is faces[0]
    assert 0 < seen.quality <= 1


def test_it_follows_a_face_that_moves_and_rests_over_bursts() -> None:
    show = Show()
    for burst, step in itertools.product(range(6), range(5)):
        show.see(4 * burst + 0.1 * step, (1, 200 + 12 * step, 150 + 8 * burst), burst=burst)
    assert show.numbers == {1: Counter({1: 30})}


def test_it_never_gives_one_number_to_two_faces_of_a_frame() -> None:
    rng = np.random.default_rng(5)
    show = Show()
    for turn in range(40):
        who = rng.integers(0, 3, 4)  # look-alikes in one frame are likely
        spots = [(int(p), 90 + 150 * at, rng.uniform(90, 270)) for at, p in enumerate(who)]
        seen = show.see(0.3 * turn, *spots, backdrop=int(rng.integers(3)))
        numbers = [observation.track_id for observation in seen]
        assert len(numbers) == 4 == len(set(numbers))


def test_two_faces_that_cross_keep_their_numbers() -> None:
    show = Show()
    for step in range(25):
        x = 90 + 19 * step
        hidden = abs(x - (WIDTH - x)) < FACE_PX  # the one behind cannot be found
        people = [(1, x, 180)] if hidden else [(2, WIDTH - x, 180), (1, x, 180)]
        show.see(0.1 * step, *people)
    assert set(show.numbers) == {1, 2}
    assert show.one_number_each()


def test_twins_side_by_side_keep_their_numbers() -> None:
    tracker = Tracker()
    for step in range(20):
        rgb, faces = scene([(1, 150 + 4 * step, 150), (1, 450 - 3 * step, 160)], noise=step)
        seen = tracker.update(Frame(step, 0.1 * step, rgb, 0), faces)
        assert [observation.track_id for observation in seen] == [1, 2]


def test_it_knows_people_again_after_a_cut() -> None:
    show = Show()
    show.see(0.0, (1, 150, 150), (2, 450, 150), backdrop=1)
    show.see(0.1, (1, 152, 150), (2, 450, 152), backdrop=1)
    show.see(0.2, (2, 200, 200), backdrop=2)
    show.see(0.3, (1, 400, 120), backdrop=3)
    show.see(0.4, (1, 450, 150), (2, 150, 150), backdrop=4)
    assert show.one_number_each()


def test_it_knows_somebody_again_who_was_away() -> None:
    show = Show()
    for step in range(4):
        show.see(0.1 * step, (1, 100, 150), (2, 400, 150))
    for step in range(10):
        show.see(5 + step, (2, 400, 150))
    for step in range(4):
        show.see(60 + 0.1 * step, (1, 520, 200), (2, 400, 150))
    assert show.one_number_each()


def test_a_stranger_in_the_same_place_gets_a_number_of_their_own() -> None:
    show = Show()
    show.see(0.0, (1, 300, 150), backdrop=1)
    show.see(0.1, (1, 300, 150), backdrop=1)
    show.see(0.2, (2, 300, 150), backdrop=1)
    show.see(9.0, (3, 300, 150), backdrop=1)
    show.see(9.1, (4, 300, 150), backdrop=2)
    assert show.one_number_each()


def test_bursts_that_interleave_do_not_disturb_it() -> None:
    show = Show()
    for step in range(45):
        show.see(step / 30, (1, 100 + 5 * step, 150), (2, 500 - 3 * step, 250), burst=step % 3)
    assert show.one_number_each()
    assert sum(show.numbers[1].values()) == 45


def test_a_doubtful_face_begins_no_track() -> None:
    show = Show()
    assert show.see(0.0, (1, 300, 150), score=0.45) == []
    assert show.see(0.1, (1, 300, 150), score=0.9)[0].track_id == 1


def test_a_doubtful_face_continues_a_track() -> None:
    show = Show()
    for step, score in enumerate((0.9, 0.45, 0.42, 0.8)):
        show.see(0.1 * step, (1, 300 + 5 * step, 150), score=score)
    assert show.numbers == {1: Counter({1: 4})}


def test_frames_without_faces_give_nothing_and_are_survived() -> None:
    show = Show()
    show.see(0.0, (1, 300, 150))
    assert show.see(0.1) == []
    show.see(0.2, (1, 300, 150))
    assert show.numbers == {1: Counter({1: 2})}


def test_times_that_repeat_or_go_back_are_survived() -> None:
    show = Show()
    for time_s in (1.0, 1.0, 0.5, 0.5):
        show.see(time_s, (1, 300, 150))
    assert show.numbers == {1: Counter({1: 4})}


def test_it_remembers_a_bounded_number_of_people_and_never_reuses_a_number() -> None:
    show = Show()
    for turn in range(150):
        show.see(10.0 * turn, (turn, 300, 150), backdrop=turn)
    assert len(show.tracker._tracks) <= MAX_REMEMBERED
    numbers = sorted(number for counts in show.numbers.values() for number in counts)
    assert len(numbers) > 140  # some strangers do look alike
    assert numbers[-1] <= 150


def test_it_forgets_the_briefest_first() -> None:
    show = Show()
    for step in range(10):
        show.see(0.1 * step, (1, 300, 150))
    for turn in range(2, 90):
        show.see(10.0 * turn, (turn, 300, 150), backdrop=turn)
    (seen,) = show.see(2000, (1, 300, 150))
    assert seen.track_id == 1


@pytest.mark.parametrize("seed", range(30))
def test_assign_finds_the_cheapest_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 5, 2)
    costs = rng.uniform(0, 1.6, (rows, columns))
    choices = itertools.product([None, *range(columns)], repeat=int(rows))
    totals = [
        sum(1.0 if at is None else costs[row, at] for row, at in enumerate(choice))
        for choice in choices
        if len(taken := [at for at in choice if at is not None]) == len(set(taken))
        and all(at is None or costs[row, at] <= 1 for row, at in enumerate(choice))
    ]
    found = assign(costs, limit=1.0)
    total = sum(1.0 if at is None else costs[row, at] for row, at in enumerate(found))
    assert total == pytest.approx(min(totals))
    taken = [at for at in found if at is not None]
    assert len(taken) == len(set(taken))


def test_a_face_looks_like_itself_in_other_light_and_size_and_not_like_others() -> None:
    rgb, _ = scene([(1, 300, 150)])
    box = face_at(300, 150).box_xyxy
    looks = appearance_of(rgb, box)
    darker = appearance_of((rgb * 0.8).astype(np.uint8), box)
    larger = appearance_of(
        np.asarray(cv2.resize(rgb, None, fx=3, fy=3), np.uint8), (780, 330, 1020, 570)
    )
    others = [appearance_of(scene([(who, 300, 150)])[0], box) for who in range(2, 12)]
    assert distance(looks, looks) == pytest.approx(0, abs=1e-3)
    assert distance(looks, larger) < 0.2
    assert distance(looks, larger) < distance(looks, darker) < 0.45
    assert min(distance(looks, other) for other in others) > 0.45


def test_a_face_beyond_the_frame_can_be_described() -> None:
    rgb, _ = scene([])
    for x, y in ((-20, 100), (5000, 5000), (WIDTH, HEIGHT)):
        looks = appearance_of(rgb, face_at(x, y).box_xyxy)
        assert np.isfinite(looks.colours).all()
        assert np.isfinite(looks.picture).all()


def test_a_cut_changes_the_shot_more_than_a_movement_does() -> None:
    first, moved, other = (
        shot_of(scene([(1, x, 150)], backdrop=backdrop)[0])
        for x, backdrop in ((300, 1), (320, 1), (300, 2))
    )
    assert shot_change(first, moved) < 0.06 < 0.12 < shot_change(first, other)


def test_a_real_face_is_one_track(data_dir: Path) -> None:
    detector = load_detector(threads=1)
    clips = sorted((data_dir / "videos").rglob("*.mp4"))[::16]
    single = []
    for clip in clips:
        tracker, numbers = Tracker(), Counter[int]()
        with av.open(str(clip)) as container:
            decoded = itertools.islice(container.decode(video=0), 0, 60, 3)
            for at, picture in enumerate(decoded):
                rgb = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
                frame = Frame(3 * at, 0.1 * at, rgb, at // 5)
                seen = tracker.update(frame, detector.detect(rgb))
                numbers.update(observation.track_id for observation in seen)
        single.append(numbers.most_common(1)[0][1] == numbers.total())
    assert len(single) >= 12
    assert np.mean(single) >= 0.9
