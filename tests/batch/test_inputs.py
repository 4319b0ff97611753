from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facetell.batch.inputs import names_a_list, read_list
from facetell.errors import InputUnreadable, UsageError

NAMES = ["a b.mp4", "s3://bucket/c.mp4"]


def test_it_reads_lines(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"a b.mp4\r\n\ns3://bucket/c.mp4\ncaf\xe9.mp4")
    assert list(read_list(str(listed))) == [*NAMES, "caf\udce9.mp4"]
    listed.write_bytes(b"a\nb.mp4\0c.mp4\0")
    assert list(read_list(str(listed))) == ["a\nb.mp4", "c.mp4"]


def test_it_reads_a_column_of_csv(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text('\ufeffid,uri\n1,"a b.mp4"\n2,\n3,s3://bucket/c.mp4\n')
    assert list(read_list(str(table), "uri")) == NAMES


def test_it_reads_a_column_of_parquet(tmp_path: Path) -> None:
    table = tmp_path / "table.parquet"
    pq.write_table(pa.table({"id": [1, 2, 3], "uri": [NAMES[0], None, NAMES[1]]}), table)
    assert list(read_list(str(table), "uri")) == NAMES


def test_one_column_needs_no_name(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("anything\na.mp4\n")
    assert list(read_list(str(table))) == ["a.mp4"]


@pytest.mark.parametrize(
    ("column", "told"), [(None, "say by --column"), ("url", "no column 'url'")]
)
def test_it_says_which_columns_there_are(column: str | None, told: str, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("id,uri\n1,a.mp4\n")
    with pytest.raises(UsageError, match=f"{told}.*it has id, uri"):
        list(read_list(str(table), column))


def test_it_refuses_what_is_no_list(tmp_path: Path) -> None:
    for name, content, told in (
        ("video.txt", b"\0\0\0\x18ftypmp42", "not a list"),
        ("table.parquet", b"PAR0", "not a Parquet"),
        ("mac.csv", b"uri\ra.mp4\rb.mp4\r", "not a CSV table"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=told):
            list(read_list(str(tmp_path / name)))
    (tmp_path / "list.txt").write_text("a.mp4")
    with pytest.raises(UsageError, match="plain list"):
        list(read_list(str(tmp_path / "list.txt"), "uri"))


def test_it_says_that_a_list_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"gone\.csv: No such file"):
        list(read_list(str(tmp_path / "gone.csv")))


def test_it_knows_lists_by_their_ending() -> None:
    assert [names_a_list(n) for n in ("a.CSV", "s3://b/a.parquet", "https://h/l.txt?sig=a.mp4")]
    assert not names_a_list("footage")
    assert not names_a_list("https://h/a.mp4?list=b.csv")
