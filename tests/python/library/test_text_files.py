"""What a text file holds is told before a warehouse reads it."""

from __future__ import annotations

import csv
import gzip
import io
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_segmentation.errors import SegmentationError
from customer_segmentation.text_files import look_at, readable


def look(path: Path, encoding: str = "utf-8", delimiter: str = ",", quote: str = '"'):
    return look_at(path, encoding=encoding, delimiter=delimiter, quote=quote)


def write(folder: Path, data: bytes | str, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def fault(path: Path, **declared: str) -> str:
    with pytest.raises(SegmentationError) as error:
        look(path, **declared)
    return str(error.value)


NUMBERS = count()
# Encodings, and letters that they can write.
ALPHABETS = {
    "utf-8": "aä€☃😀 ",
    "utf-8-sig": "aä€☃😀 ",
    "utf-16": "aä€☃😀 ",
    "utf-32": "aä€☃😀 ",
    "latin-1": "aäß ",
    "cp1252": "aä€“ ",
    "cp437": "aä ",
}


@st.composite
def files(draw):
    """Give a file as Python's csv writes it, and what it holds."""
    encoding = draw(st.sampled_from(sorted(ALPHABETS)))
    delimiter = draw(st.sampled_from(",;\t|"))
    quote = draw(st.sampled_from("\"'"))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    letters = ALPHABETS[encoding] + delimiter + quote
    field = st.lists(st.sampled_from([*letters, "\n", "\n\n", "\r\n"]), max_size=6).map(
        "".join
    )
    # A first record of blanks alone would be no header.
    header = draw(st.lists(field, min_size=1, max_size=4).map(lambda x: ["a", *x]))
    rows = draw(st.lists(st.lists(field, min_size=2, max_size=5), max_size=6))
    text, blank, line, record_number, header_lines = "", [], 1, 1, 0
    above = draw(st.integers(0, 2))
    for number, record in enumerate([header, *rows]):
        for _ in range(above if number == 0 else draw(st.integers(0, 2))):
            text += end
            blank.append(record_number)
            line += 1
            record_number += 1
        out = io.StringIO()
        dialect = {"delimiter": delimiter, "quotechar": quote, "quoting": quoting}
        csv.writer(out, lineterminator=end, **dialect).writerow(record)
        text += out.getvalue()
        line += out.getvalue().count("\n")
        record_number += 1
        header_lines = header_lines or out.getvalue().count("\n")
    if rows and draw(st.booleans()):
        text = text.removesuffix(end)
    declared = {"encoding": encoding, "delimiter": delimiter, "quote": quote}
    found = {
        "header": tuple(name.strip() for name in header),
        "lines": line - 1,
        "header_lines": header_lines,
        "lines_before": above,
        "blank_records": tuple(blank),
    }
    return text, declared, found, end


class TestFactsOfAFile:
    """Held to files that Python's csv writes, in every dialect."""

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(file=files(), packed=st.booleans())
    def test_a_written_file_is_told_as_it_is(self, tmp_path_factory, file, packed):
        text, declared, found, end = file
        data = text.encode(declared["encoding"])
        name = f"{next(NUMBERS)}.csv" + ".gz" * packed
        folder = tmp_path_factory.getbasetemp()
        path = write(folder, gzip.compress(data) if packed else data, name)
        facts = look(path, **declared)
        assert {key: getattr(facts, key) for key in found} == found
        others = text.replace("\r\n", "").count("\n") if end == "\r\n" else "\r" in text
        if not others:
            assert not facts.has_mixed_line_ends

    def test_the_header_is_trimmed(self, tmp_path):
        facts = look(write(tmp_path, "\ufeff a ,b\t, \nx,y,z\n"))
        assert facts.header == ("a", "b", "")

    @pytest.mark.parametrize(
        ("text", "is_mixed"),
        [
            ("a\nb\n", False),
            ("a\r\nb\r\n", False),
            ("a\r\nb\n", True),
            ("a\nb\r\n", True),
            ("a\r\nb", False),
            ("a\n\r\n", True),
            ('a\n5" b\r\n6" c\n', True),
        ],
    )
    def test_mixed_line_ends(self, tmp_path, text, is_mixed):
        assert look(write(tmp_path, text)).has_mixed_line_ends == is_mixed

    @pytest.mark.parametrize(
        ("text", "blank"),
        [
            # The line breaks of the field before do not count.
            ('a,b\n"x\n\ny",1\n\n2,3\n', (3,)),
            ('a,b\n"x ""\n\n""y",1\n\n2,3\n', (3,)),
            ('a,b\n5" x,1\n\n2,3\n', (3,)),
            ('a,b\nx 5",1\n\n2,3\n', (3,)),
            ("a,b\n \n\t\n\n", (4,)),
            ("a,b\r\n\r\n1,2\r\n", (2,)),
        ],
    )
    def test_blank_lines_stand_outside_quotes(self, tmp_path, text, blank):
        assert look(write(tmp_path, text)).blank_records == blank

    def test_without_quotes_each_line_is_a_row(self, tmp_path):
        facts = look(write(tmp_path, 'a,b\n"1,2\n\n3,4"\n'), quote="")
        assert (facts.lines, facts.blank_records) == (4, (3,))

    def test_a_changed_file_is_looked_at_again(self, tmp_path):
        path = write(tmp_path, "a\n1\n")
        assert look(path).lines == 2
        assert look(write(tmp_path, "a\n1\n2\n")).lines == 3

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
    def test_a_mark_of_the_byte_order_is_no_letter(self, tmp_path, encoding):
        path = write(tmp_path, "\ufeffa,b\n1,2\n".encode(encoding))
        assert look(path, encoding=encoding).header == ("a", "b")


class TestAFileThatCannotBeReadIsTold:
    """The message says what is wrong, where, and how to mend it."""

    @pytest.mark.parametrize("data", ["", "\n\n", "\r\n", "\ufeff", "\ufeff\n"])
    def test_nothing(self, tmp_path, data):
        assert fault(write(tmp_path, data)).startswith("is empty; needed is a header")

    @pytest.mark.parametrize(
        ("data", "encoding", "words"),
        [
            ("a\nb\nä\n".encode("latin-1"), "utf-8", ["utf-8", "at line 3"]),
            ("a\n".encode("utf-16"), "utf-8", ["utf-8", "at line 1"]),
            (b"a\n1\n", "utf-16", ["utf-16"]),
            ("a\n1\n".encode("utf-16")[:-1], "utf-16", ["utf-16"]),
            (b"a\n\x81\n", "cp1252", ["cp1252"]),
            ("a\nä\n".encode(), "ascii", ["ascii"]),
        ],
    )
    def test_another_encoding(self, tmp_path, data, encoding, words):
        told = fault(write(tmp_path, data), encoding=encoding)
        assert told.startswith(f"is not in the encoding {encoding} (")
        assert [word for word in [*words, "key encoding"] if word not in told] == []

    def test_the_line_is_told_beyond_the_first_block(self, tmp_path):
        data = b"a,b\n" + b"1,2\n" * 100_000 + b"\xff,2\n"
        assert "at line 100002)" in fault(write(tmp_path, data))

    @pytest.mark.parametrize(
        "text", ["a,b\r1,2\r", "a,b\n1,2\r3,4\n", "a\r\r\nb\r\r\n"]
    )
    def test_cr_alone(self, tmp_path, text):
        assert "CR" in fault(write(tmp_path, text))

    def test_cr_alone_within_quotes_is_text(self, tmp_path):
        assert look(write(tmp_path, 'a,b\n"1\r2",3\n')).lines == 2

    def test_a_quote_that_is_not_closed_in_the_header(self, tmp_path):
        text = 'a,"b\n' + "1,2\n" * 100_000
        assert "a quote that is not closed" in fault(write(tmp_path, text))

    def test_too_many_blank_lines(self, tmp_path):
        told = fault(write(tmp_path, "a\n" + "\n" * 10_001))
        assert told.startswith("holds more than 10,000 blank lines")
        assert "line 10002" in told

    @pytest.mark.parametrize("damage", ["cut", "plain", "altered", "checksum"])
    def test_gzip_that_is_damaged(self, tmp_path, damage):
        data = gzip.compress(b"a,b\n" + b"1,2\n" * 50, mtime=0)
        damaged = {
            "cut": data[:-9],
            "plain": b"a,b\n1,2\n",
            "altered": bytes(255 - b if 12 < n < 20 else b for n, b in enumerate(data)),
            "checksum": data[:-8] + bytes(4) + data[-4:],
        }
        told = fault(write(tmp_path, damaged[damage], "sales.csv.gz"))
        assert told.startswith("cannot be unpacked (")


class TestAFileThatAWarehouseCanRead:
    """The file itself; a link where its name is a glob; else a copy in UTF-8."""

    def test_a_plain_name_is_left(self, tmp_path):
        path = write(tmp_path, "a\n")
        assert readable(path) == str(path)

    @pytest.mark.parametrize("name", ["[a].csv", "a*.csv", "a?.csv", "a[1].csv.gz"])
    def test_a_name_that_is_a_glob_is_linked(self, tmp_path, name):
        path = write(tmp_path, "a\n1\n", name)
        link = readable(path)
        assert not set("*?[") & set(link)
        assert Path(link).suffixes == path.suffixes
        assert Path(link).resolve() == path.resolve()
        assert readable(path) == link

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(file=files(), packed=st.booleans())
    def test_a_copy_says_the_same(self, tmp_path_factory, file, packed):
        text, declared, _, _ = file
        data = text.encode(declared["encoding"])
        name = f"{next(NUMBERS)}.csv" + ".gz" * packed
        folder = tmp_path_factory.getbasetemp()
        path = write(folder, gzip.compress(data) if packed else data, name)
        copy = Path(readable(path, encoding=declared["encoding"])).read_bytes().decode()
        expected = text.replace("\r\n", "\n")
        assert copy == expected + "\n" * (not expected.endswith("\n"))

    def test_a_changed_file_is_copied_again(self, tmp_path):
        path = write(tmp_path, "ä\n".encode("cp1252"))
        first = readable(path, encoding="cp1252")
        assert readable(path, encoding="cp1252") == first
        write(tmp_path, "öö\n".encode("cp1252"))
        assert Path(readable(path, encoding="cp1252")).read_text("utf-8") == "öö\n"

    def test_a_copy_is_found_again_among_many(self, tmp_path):
        """Rejects are looked for under the name that was read."""
        paths = [write(tmp_path, "a\n", f"{n}.csv") for n in range(300)]
        first = [readable(path, encoding="cp1252") for path in paths]
        assert [readable(path, encoding="cp1252") for path in paths] == first
