"""The loader of named queries."""

import ast
from pathlib import Path

import pytest

from storage.errors import QueryFileWrong, UnknownQuery
from storage.queries import FOLDER, load, parse

ROOT = Path(__file__).parents[3]
ROOMS = sorted(path.stem for path in FOLDER.glob("*.sql"))


def test_a_block_ends_where_the_next_name_begins() -> None:
    text = "-- about the file\n\n-- name: one\nSELECT 1;\n\n-- name: two\n-- why\nSELECT 2\nFROM x\n"
    assert parse("x.sql", text) == {"one": b"SELECT 1", "two": b"SELECT 2\nFROM x"}


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("SELECT 1\n-- name: a\nSELECT 2", "before the first name"),
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "twice"),
        ("-- name: a\n-- name: b\nSELECT 2", "a is empty"),
        ("-- name: A b\nSELECT 2", "is no name"),
    ],
)
def test_a_file_out_of_shape_says_what_is_wrong(text: str, detail: str) -> None:
    with pytest.raises(QueryFileWrong, match=detail):
        parse("x.sql", text)


def test_a_name_that_is_not_there_is_an_error_at_load() -> None:
    with pytest.raises(UnknownQuery, match=r"no query named move_offset in recorder.sql; there are: .*move_offsets"):
        load("recorder", "move_offset")


def test_a_room_without_a_file_is_an_error() -> None:
    with pytest.raises(QueryFileWrong, match=r"nowhere\.sql"):
        load("nowhere")


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_queries_can_be_loaded(room: str) -> None:
    assert load(room)


def test_every_name_that_the_program_writes_after_load_exists() -> None:
    """load("room")["name"] wherever it stands in the source."""
    asked = []
    for path in ROOT.rglob("*.py"):
        if {"tests", "node_modules", ".venv"} & set(path.relative_to(ROOT).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Subscript(
                    value=ast.Call(func=ast.Name(id="load"), args=[ast.Constant(value=str(room)), *_]),
                    slice=ast.Constant(value=str(name)),
                ):
                    asked.append((room, name))
    assert asked
    assert [(room, name) for room, name in asked if name not in load(room)] == []
