"""Sentences that can be said in another language, and stay strings for everybody else."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from facetell.errors import NotMedia
from facetell.wording import Sentence, said

PLACE = Sentence("the face at {time}", time="4.0 s")
WHOLE = Sentence("Only {place} was judged: face {face}.", place=PLACE, face=2)


def test_it_is_the_english_sentence() -> None:
    assert WHOLE == "Only the face at 4.0 s was judged: face 2."
    assert json.loads(json.dumps([WHOLE])) == ["Only the face at 4.0 s was judged: face 2."]


@pytest.mark.parametrize("taken", [pickle.loads(pickle.dumps(WHOLE)), copy.deepcopy(WHOLE)])
def test_copies_know_how_they_were_made(taken: Sentence) -> None:
    assert (taken, taken.pattern, taken.values) == (WHOLE, WHOLE.pattern, WHOLE.values)
    assert isinstance(taken.values["place"], Sentence)


def test_what_is_put_in_is_never_read_as_a_pattern() -> None:
    name = Sentence("{path}: is empty", path="{path} {0} %s.mp4")
    assert name == "{path} {0} %s.mp4: is empty"
    assert name.changed(path="a{b}.mp4") == "a{b}.mp4: is empty"
    assert pickle.loads(pickle.dumps(name)) == name


def test_an_error_gives_its_sentence_back() -> None:
    assert said(NotMedia(WHOLE)) is WHOLE
    assert str(NotMedia(WHOLE)) == WHOLE
    assert said(ValueError("plain")) == "plain"
    assert said(OSError(2, "no such file")) == "[Errno 2] no such file"
