"""Read YAML that people write: no tags, no aliases, no name twice, and lines in the errors."""

from typing import Any

import yaml

from anomaly_app.core.visible import visible
from anomaly_app.errors import DataError

LONGEST_FILE = 200_000
"""Characters: the parser is slow."""

LONGEST_PROBLEM = 120
"""Characters of the parser's own words."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """Refuses what makes a small file large, or hides a line behind another."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.composer.ComposerError(
                None,
                None,
                "aliases (*name) are not read: write it out",
                self.peek_event().start_mark,
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, "the name is there twice", key.start_mark
                )
            if name is not None:
                seen.add(name)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


def read_yaml(text: str) -> Any:
    """Read YAML.

    Parameters
    ----------
    text
        Untrusted.

    Returns
    -------
    Any
        Dictionaries, lists, strings, numbers and dates; None for an empty file.

    Raises
    ------
    DataError
        It cannot be read; the text is one line that names the line of the file.
    """
    if len(text) > LONGEST_FILE:
        raise DataError(f"it is longer than {LONGEST_FILE:,} characters")
    try:
        return yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = visible(fault.problem or "", LONGEST_PROBLEM)
        if " tag " in problem:
            problem = "tags (!name) are not read"
        raise DataError(f"{place}{problem}") from None
    except yaml.YAMLError:
        raise DataError("it is not YAML, or not text") from None
    except (ValueError, OverflowError):
        raise DataError("it has a date or a number that there is not: put it in quotes") from None
    except RecursionError:
        raise DataError("it is nested too deeply") from None
