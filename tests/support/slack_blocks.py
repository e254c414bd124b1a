"""Slack's rules for blocks and modals, as its reference documents them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

MOST_BLOCKS, MOST_BLOCKS_OF_VIEW = 50, 100
LARGEST = 13_200
"""Characters of all blocks as JSON: not documented, but found by people who reached it."""
MOST_CELL_CHARACTERS = 10_000

Part = dict[str, Any]
Faults = Iterator[str]


def faults_in_blocks(blocks: Any, *, is_ready: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Say what Slack would not take in the blocks of a message."""
    return [*_faults(blocks, MOST_BLOCKS, is_ready)]


def is_too_long(blocks: Any) -> bool:
    """Whether the blocks are more than Slack takes in one message."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > LARGEST


def faults_in_view(view: Part) -> list[str]:
    """Say what Slack would not take in a modal."""
    return [*_view_faults(view)]


def _view_faults(view: Part) -> Faults:
    if view.get("type") != "modal":
        yield "the type is not modal"
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _text(view[name], 24, f"/{name}", kinds={"plain_text"})
    if "title" not in view:
        yield "there is no title"
    if len(view.get("private_metadata", "")) > 3_000 or len(view.get("callback_id", "")) > 255:
        yield "the private metadata or the callback id is too long"
    if any(block.get("type") == "input" for block in view["blocks"]) and "submit" not in view:
        yield "there are inputs, but nothing to submit them"
    yield from _faults(view["blocks"], MOST_BLOCKS_OF_VIEW, lambda _: True)


def _faults(blocks: Any, most: int, is_ready: Callable[[str], bool]) -> Faults:
    if not isinstance(blocks, list):
        yield "blocks are no list"
        return
    if len(blocks) > most:
        yield f"more than {most} blocks"
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield "only one table is allowed"
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(names)) < len(names) or any(len(name) > 255 for name in names):
        yield "block ids are not unique, or too long"
    for place, block in enumerate(blocks):
        kind = block.get("type")
        if kind not in CHECKS and kind != "image":
            yield f"unsupported type: {kind} [json-pointer:/blocks/{place}]"
            continue
        found = _image(block, is_ready) if kind == "image" else CHECKS[kind](block)
        yield from (f"{fault} [json-pointer:/blocks/{place}]" for fault in found)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(text: Any, most: int, where: str, *, kinds: set[str]) -> Faults:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"no text object {where}"
        return
    written = text.get("text")
    if not isinstance(written, str) or not written:
        yield f"must be more than 0 characters {where}"
    elif _units(written) > most:
        yield f"must be less than {most + 1} characters {where}"
    unknown = set(text) - {"type", "text", "emoji", "verbatim"}
    if unknown or ("emoji" in text and text["type"] != "plain_text"):
        yield f"unknown properties {unknown} {where}"


ANY_TEXT = {"plain_text", "mrkdwn"}


def _header(block: Part) -> Faults:
    yield from _text(block.get("text"), 150, "/text", kinds={"plain_text"})


def _section(block: Part) -> Faults:
    if "text" not in block and "fields" not in block:
        yield "a section without text and fields"
    if "text" in block:
        yield from _text(block["text"], 3_000, "/text", kinds=ANY_TEXT)
    fields = block.get("fields", [])
    if len(fields) > 10:
        yield "more than 10 fields"
    for field in fields:
        yield from _text(field, 2_000, "/fields", kinds=ANY_TEXT)


def _context(block: Part) -> Faults:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= 10:
        yield "not 1 to 10 elements"
    for element in elements:
        yield from _text(element, 3_000, "/elements", kinds=ANY_TEXT)


def _divider(block: Part) -> Faults:
    if set(block) - {"type", "block_id"}:
        yield "unknown properties of a divider"


def _actions(block: Part) -> Faults:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= 25:
        yield "not 1 to 25 elements"
    names = [element.get("action_id") for element in elements]
    if len(set(names)) < len(names):
        yield "action ids are not unique"
    for element in elements:
        yield from _button(element)


def _button(element: Part) -> Faults:
    if element.get("type") != "button":
        yield f"unsupported element {element.get('type')}"
    yield from _text(element.get("text"), 75, "/text", kinds={"plain_text"})
    if len(element.get("action_id", "")) > 255 or len(element.get("value", "")) > 2_000:
        yield "the action id or the value is too long"
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield f"unknown style {element['style']}"


def _image(block: Part, is_ready: Callable[[str], bool]) -> Faults:
    if not 1 <= len(block.get("alt_text", "")) <= 2_000:
        yield "no alt_text, or a long one"
    if ("image_url" in block) == ("slack_file" in block):
        yield "not one of image_url and slack_file"
    file = block.get("slack_file", {})
    if "slack_file" in block and (set(file) != {"id"} or not is_ready(file["id"])):
        yield "invalid slack file"


STYLES = {"bold", "italic", "strike", "code", "underline"}


def _rich_text(block: Part) -> Faults:
    for element in block.get("elements", []) or [{}]:
        kind = element.get("type")
        if kind in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}:
            yield from _spans(element)
        elif kind == "rich_text_list":
            if element.get("style") not in {"bullet", "ordered"} or not element.get("elements"):
                yield "a list without a style or elements"
            for section in element["elements"]:
                yield from _spans(section)
        else:
            yield f"unknown rich text element {kind}"


def _spans(section: Part) -> Faults:
    if not section.get("elements"):
        yield "a section without elements"
    for span in section.get("elements", []):
        if span.get("type") == "text":
            if not span.get("text"):
                yield "must be more than 0 characters"
            if set(span.get("style", {})) - STYLES:
                yield f"unknown style {span['style']}"
        elif span.get("type") == "date":
            if not isinstance(span.get("timestamp"), int) or span["timestamp"] <= 0:
                yield f"no timestamp: {span.get('timestamp')}"
            if not span.get("format") or not span.get("fallback"):
                yield "a date without format or fallback"
        else:
            yield f"unknown element {span.get('type')}"


def _table(block: Part) -> Faults:
    rows = block.get("rows", [])
    if not 1 <= len(rows) <= 100 or any(not 1 <= len(row) <= 20 for row in rows):
        yield "not 1 to 100 rows of 1 to 20 cells"
    if len(block.get("column_settings", [])) > 20:
        yield "more than 20 columns"
    if sum(_units(text) for row in rows for cell in row for text in texts_in(cell)) > (
        MOST_CELL_CHARACTERS
    ):
        yield "too many characters in all cells"
    for cell in (cell for row in rows for cell in row):
        if cell.get("type") == "rich_text":
            yield from _rich_text(cell)
        elif cell.get("type") != "raw_text" or not cell.get("text"):
            yield "a cell without text"


def _input(block: Part) -> Faults:
    yield from _text(block.get("label"), 2_000, "/label", kinds={"plain_text"})
    if "hint" in block:
        yield from _text(block["hint"], 2_000, "/hint", kinds={"plain_text"})
    element = block.get("element", {})
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, "/placeholder", kinds={"plain_text"})
    if element.get("type") == "plain_text_input":
        if not 0 < element.get("max_length", 3_000) <= 3_000:
            yield "max_length is not 1 to 3,000"
        if len(element.get("initial_value", "")) > element.get("max_length", 3_000):
            yield "initial_value is too long"
    elif element.get("type") == "static_select":
        yield from _select(element)
    else:
        yield f"unknown input {element.get('type')}"


def _select(element: Part) -> Faults:
    options = element.get("options", [])
    if not 1 <= len(options) <= 100:
        yield "not 1 to 100 options"
    if "initial_option" in element and element["initial_option"] not in options:
        yield "the initial option is none of the options"
    for option in options:
        yield from _text(option.get("text"), 75, "/options", kinds={"plain_text"})
        if not 1 <= len(option.get("value", "")) <= 150:
            yield "the value of an option is not 1 to 150 characters"


CHECKS: dict[str, Callable[[Part], Faults]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": _divider,
    "actions": _actions,
    "rich_text": _rich_text,
    "table": _table,
    "input": _input,
}


def texts_in(part: Any) -> Iterator[str]:
    """Give all texts that people see in blocks."""
    if isinstance(part, list):
        for one in part:
            yield from texts_in(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "text" and isinstance(value, str):
                yield value
            elif isinstance(value, dict | list):
                yield from texts_in(value)


def markup_in(part: Any) -> Iterator[Part]:
    """Give the text objects that Slack would search for mentions, links and formatting."""
    if isinstance(part, list):
        for one in part:
            yield from markup_in(one)
    elif isinstance(part, dict):
        if part.get("type") in {"mrkdwn", "link", "user", "usergroup", "channel", "broadcast"}:
            yield part
        if part.get("type") == "plain_text" and part.get("emoji", True):
            yield part
        for value in part.values():
            yield from markup_in(value)
