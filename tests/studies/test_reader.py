"""YAML in: plain data, line numbers, and one message for whatever is not a study."""

from pathlib import Path

import pytest

from studies.errors import InputError
from studies.schema.reader import read_text, read_value, read_yaml


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_yaml(text, "file.yaml")
    return str(caught.value)


def test_words_stay_words_and_numbers_are_numbers() -> None:
    data = read_yaml("{a: on, b: no, c: 1:30, d: 1e-3, e: 0x10, f: 010, g: 2026-01-01, h: true, i: ~, j: '1'}").data
    assert data == {
        "a": "on", "b": "no", "c": "1:30", "d": 1e-3, "e": "0x10", "f": 10, "g": "2026-01-01", "h": True,
        "i": None, "j": "1",
    }  # fmt: skip


def test_lines_of_keys_and_entries() -> None:
    document = read_yaml("a: 1\nb:\n  - c: 2\n  - d: 3\n")
    assert document.lines[("a",)] == 1
    assert document.lines[("b", 1, "d")] == 4


def test_all_duplicate_keys_are_reported() -> None:
    problems = read_yaml("a: 1\nb: {c: 1, c: 2}\na: 3\n").problems
    assert sorted((p.path, p.line) for p in problems) == [("a", 3), ("b.c", 2)]


def test_the_first_of_duplicate_keys_is_kept() -> None:
    assert read_yaml("a: 1\na: 2\n").data == {"a": 1}


@pytest.mark.parametrize("text", ["a: [1, 2", "a: 'x", "a: b: c", "a:\n\t- 1", "%YAML 9 9", "a: *nothing", "\x00"])
def test_malformed_yaml_gives_one_message_with_the_line(text: str) -> None:
    text = message("ok: 1\n" + text)
    assert "Traceback" not in text
    assert text.startswith("file.yaml: ")


def test_malformed_yaml_names_the_line() -> None:
    assert "line 3" in message("a: 1\nb: 2\nc: ]\n")


def test_two_documents() -> None:
    assert "more than one" in message("a: 1\n---\nb: 2\n")


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['true']", "a: !!python/name:os.system x", "a: !own 3"]
)
def test_tags_are_refused(text: str) -> None:
    assert any("not allowed" in p.message for p in read_yaml(text).problems)


def test_deep_nesting() -> None:
    assert "nested deeper" in message("[" * 5000 + "]" * 5000)


def test_alias_bomb() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "aliases" in message("\n".join(lines))


def test_alias_of_itself() -> None:
    assert "nested deeper" in message("a: &a [*a]")


def test_aliases_in_moderation() -> None:
    assert read_yaml("a: &x {b: 1}\nc: *x\n").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_keys_must_be_words() -> None:
    assert "words" in read_yaml("{[1, 2]: 3}").problems[0].message


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, word in (
        (tmp_path, "folder"),
        (tmp_path / "none.yaml", "no such file"),
        (Path("/dev/null"), "regular"),
    ):
        with pytest.raises(InputError, match=word):
            read_text(path)


def test_binary_and_large_files(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="UTF-8"):
        read_text(binary)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 600_000)
    with pytest.raises(InputError, match="larger"):
        read_text(large)


def test_names_that_no_file_can_have() -> None:
    for name in ("a\x00b", "x" * 5000):
        with pytest.raises(InputError):
            read_text(Path(name))


def test_values_of_the_command_line() -> None:
    assert read_value("1 um") == "1 um"
    assert read_value("[1, 2]") == [1, 2]
    assert read_value("3") == 3
    assert read_value("a: b: c") == "a: b: c"
