"""The JSON schema of ``alerting.yml``, with which editors complete and check it."""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

import msgspec

from anomaly_app.settings.alerting.faults import STRUCTURES
from anomaly_app.settings.alerting.file import WRITTEN
from anomaly_app.settings.alerting.policy import Alerting

EXAMPLES = {
    "Duration": ["30s", "5m", "4h", "1d"],
    "Rate": ["20/h", "50/d"],
    "Matcher": ["severity >= high", "merchant ~ shop-*"],
    "Calendar": ["0 2 * * *", "30 22 * * SUN"],
}


def alerting_schema() -> str:
    """Return the schema of the file, with what each field is for, and what it is by default."""
    return schema_of(Alerting, STRUCTURES, title="alerting.yml of anomaly-app")


def schema_of(root: Any, structures: Iterable[Any], *, title: str) -> str:
    """Return the schema of a structure as JSON.

    Parameters
    ----------
    root
        The structure.
    structures
        All structures in it, itself included: their fields are described by their docstrings.
    title
        What it is the schema of.
    """
    schema = msgspec.json.schema(root, schema_hook=_written)
    for kind in structures:
        properties = schema["$defs"][kind.__name__]["properties"]
        words = _field_docstrings(kind)
        for field in msgspec.structs.fields(kind):
            described = properties[field.encode_name]
            if field.name in words:
                described["description"] = words[field.name]
            if field.default_factory is not msgspec.NODEFAULT:
                described["default"] = _plain(field.default_factory())
            if "$ref" in described:
                # What stands beside a reference is ignored by older readers.
                properties[field.encode_name] = {
                    "allOf": [{"$ref": described.pop("$ref")}],
                    **described,
                }
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _written(kind: type) -> dict[str, Any]:
    pattern = getattr(kind, "pattern", None)
    return {
        "type": "string",
        **({"pattern": pattern} if pattern else {}),
        "examples": EXAMPLES[kind.__name__],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, WRITTEN):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _plain(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
        }
    return value


def _field_docstrings(kind: type) -> dict[str, str]:
    """Return the texts that stand below the fields of a class and of those that it extends."""
    words: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if not (one.__module__.startswith("anomaly_app") and isinstance(one, type)):
            continue
        [tree] = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        assert isinstance(tree, ast.ClassDef)  # noqa: S101  # narrows the type
        for line, below in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr):
                assert isinstance(line.target, ast.Name)  # noqa: S101
                text = ast.literal_eval(below.value)
                words[line.target.id] = " ".join(text.replace("``", "`").split())
    return words


if __name__ == "__main__":
    sys.stdout.write(alerting_schema())
