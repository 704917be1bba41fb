"""Files people give: read within bounds, errors that name file, place, what is wrong and what to do."""

from __future__ import annotations

import difflib
import json
import re
import sys
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, ScalarNode

from ..knowledge.edition import LOADER
from ..values import Document, InputError
from .answers import Answers

MOST_BYTES = 10_000_000
_MOST_NODES = 200_000
_MOST_DEPTH = 100
T = TypeVar("T", bound=Document)


def _scan(text: str) -> None:
    """Refuse what only a bomb is made of, before anything is built: aliases, endless entries, endless depth."""
    depth = 0
    mark: Any
    for count, event in enumerate(yaml.parse(text, Loader=LOADER)):
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise ConstructorError(None, None, "aliases (*name) are not accepted; write the value out", mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if count > _MOST_NODES:
            raise ConstructorError(None, None, "the file holds far more entries than a patient's file can", None)
        if depth > _MOST_DEPTH:
            raise ConstructorError(None, None, "the file is nested deeper than a patient's file can be", mark)


class _Loader(LOADER):  # type: ignore[misc]
    """Safe YAML without duplicate keys, numbers exact, an impossible date left as the words it is."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise ConstructorError(None, None, "a key must be a word", key.start_mark)
            if key.value in seen:
                raise ConstructorError(None, None, f"the key '{key.value}' stands twice; keep one", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key '{key}' stands twice; keep one")
        found[key] = value
    return found


def _finite(text: str) -> Any:
    number = Decimal(text)
    return number if number.is_finite() else text


def _exact(loader: Any, node: Any) -> Any:
    text = loader.construct_scalar(node).replace("_", "")
    try:
        return Decimal(text)
    except ArithmeticError:
        return float(yaml.SafeLoader.construct_yaml_float(loader, node))


def _day(loader: Any, node: Any) -> Any:
    try:
        return yaml.SafeLoader.construct_yaml_timestamp(loader, node)
    except ValueError:
        return loader.construct_scalar(node)  # 2025-02-30: validation names the place


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def read_bytes(path: str) -> tuple[str, bytes]:
    """A file's name for messages and its bytes; `-` is standard input. Refuses over 10 MB before parsing."""
    if path == "-":
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        name = "standard input"
    else:
        file = Path(path)
        name = path
        if not file.exists():
            raise InputError(name, "there is no such file", "Check the path")
        if file.is_dir():
            raise InputError(name, "this is a folder", "Name one file in it")
        if file.stat().st_size > MOST_BYTES:
            size = file.stat().st_size / 1_000_000
            raise InputError(name, f"the file has {size:.1f} MB, and at most 10 MB are read", "Send one patient's file")
        data = file.read_bytes()
    if len(data) > MOST_BYTES:
        raise InputError(name, "more than 10 MB came in", "Send one patient's file")
    return name, data


def load_yaml(path: str) -> tuple[str, Any]:
    """The name of a YAML or JSON file and what it holds."""
    name, data = read_bytes(path)
    return name, parse_yaml(name, data)


def parse_yaml(name: str, data: bytes) -> Any:
    """YAML (JSON is YAML) from bytes: UTF-8 only, no aliases, no duplicate keys."""
    if data[:2] == b"\x1f\x8b":
        raise InputError(name, "this is a gzip file", "Give it to `nappage screen` as a bundle, or unpack it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{name}, line {line}", f"byte {data[error.start]:#04x} is not UTF-8", "Save the file as UTF-8"
        ) from None
    try:
        if text.lstrip()[:1] in ("{", "["):
            try:
                return json.loads(text, parse_float=_finite, parse_constant=_finite, object_pairs_hook=_once)
            except json.JSONDecodeError:
                pass  # YAML may begin with a bracket too
        _scan(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}, line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(place, str(problem), "Correct the YAML and try again") from None
    except RecursionError:
        raise InputError(name, "the file is nested deeper than a patient's file can be", "Correct it") from None
    except ValueError as error:
        raise InputError(name, str(error), "Correct it and try again") from None


def validated(model: type[T], content: Any, name: str) -> T:
    """`content` as a document, or an InputError that names every place at fault."""
    if not isinstance(content, dict):
        kind = {list: "a list", str: "text", type(None): "empty"}.get(type(content), type(content).__name__)
        raise InputError(name, f"the file is {kind}, not a set of keys", "Start from a file in examples/")
    _printable(content, name)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = [_fault(fault, model) for fault in error.errors()[:5]]
        more = len(error.errors()) - len(faults)
        places = [place for place, _, _ in faults]
        wrong = "; ".join(f"{place}: {what}" if i else what for i, (place, what, _) in enumerate(faults))
        if more > 0:
            wrong += f"; and {more} more"
        raise InputError(f"{name}, {places[0]}", wrong, faults[0][2]) from None


def _printable(content: Any, place: str) -> None:
    """Refuse what no document can print: control characters and halves of characters."""
    if isinstance(content, str):
        wrong = next((c for c in content if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t"), None)
        if wrong is not None:
            raise InputError(place, f"it holds the control character U+{ord(wrong):04X}", "Take it out")
    elif isinstance(content, dict):
        for key, value in content.items():
            _printable(key, place)
            _printable(value, f"{place}, {key}")
    elif isinstance(content, list | tuple):
        for index, value in enumerate(content):
            _printable(value, f"{place}[{index}]")


def _fault(fault: Any, model: type[Document]) -> tuple[str, str, str]:
    steps = [step for step in fault["loc"] if isinstance(step, int) or re.fullmatch(r"\w+", step)]
    if steps and steps[-1] in ("bool", "str", "int", "date", "float", "decimal"):  # a branch of "this or that"
        steps.pop()
    place = ".".join(f"[{step}]" if isinstance(step, int) else step for step in steps).replace(".[", "[")
    given = fault.get("input")
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        last = str(fault["loc"][-1])
        near = difflib.get_close_matches(last, _keys(model, fault["loc"][:-1]), 1)
        hint = f"Did you mean '{near[0]}'?" if near else "Remove it, or see `nappage check --schema`"
        return place, f"'{last}' is not a key here", hint
    if fault["type"] == "missing":
        return place, "this is missing", "Add it"
    shown = "" if isinstance(given, dict | list) else f" (given: {given})"
    said = _PLAIN.get(fault["type"], message[:1].lower() + message[1:])
    for name, bound in (fault.get("ctx") or {}).items():
        said = said.replace("{" + name + "}", re.sub(r"Decimal\('(.*?)'\)", r"\1", str(bound)))
    return place or "the file", said + shown, "Correct it and try again"


# What the validator's kinds of fault are called in plain words.
_PLAIN = {
    **dict.fromkeys(("model_type", "dict_type", "model_attributes_type"), "this must be a set of keys, name: value"),
    **dict.fromkeys(("list_type", "tuple_type"), "this must be a list, with - before each entry or in [ ]"),
    "string_type": "this must be words; put it in quotes",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "this must be a whole number"),
    **dict.fromkeys(("decimal_type", "decimal_parsing", "float_type", "float_parsing"), "this must be a number"),
    "finite_number": "this must be a number",
    **dict.fromkeys(("bool_type", "bool_parsing"), "this must be yes or no"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "this must be a date, YYYY-MM-DD",
    ),
    "greater_than": "this must be more than {gt}",
    "greater_than_equal": "this must be {ge} or more",
    "less_than": "this must be less than {lt}",
    "less_than_equal": "this must be {le} or less",
    "literal_error": "this must be one of {expected}",
}


def _keys(model: type[Document], path: Any) -> list[str]:
    schema = model.model_json_schema()
    here: Any = schema
    for part in path:
        here = _resolve(here, schema)
        here = here.get("items", {}) if isinstance(part, int) else here.get("properties", {}).get(part, {})
    return list(_resolve(here, schema).get("properties", {}))


def _resolve(node: Any, schema: Any) -> Any:
    for _ in range(6):
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        elif "anyOf" in node:
            node = next((n for n in node["anyOf"] if n.get("type") != "null"), {})
        else:
            break
    return node


def load_answers(path: str) -> Answers:
    """A patient's file. Raises InputError."""
    name, content = load_yaml(path)
    return validated(Answers, content, name)


def dumps(value: Any) -> str:
    """JSON for people: two spaces, no ASCII escapes."""
    return json.dumps(value, indent=2, ensure_ascii=False)
