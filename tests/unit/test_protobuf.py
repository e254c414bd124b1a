"""Protobuf becomes JSON by the descriptor of its file, whatever the bytes are."""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.times import parse_time
from anomaly_app.errors import RecordRejected, SchemaUnreadable
from anomaly_app.schemas.protobuf import protobuf_reader
from anomaly_app.schemas.registry import _blaming
from tests.support.avro import long
from tests.support.protobuf import class_of, file_of, message, pathed, read, text_of

SCALARS = ("double", "float", "int64", "uint64", "sint32", "fixed32", "bool", "string", "bytes")

PAYMENT = file_of(
    message("Payment", *(f"{kind}_field {kind}" for kind in SCALARS))
    + 'message_type { name: "Refund" nested_type { name: "Line" '
    'field { name: "price" number: 1 label: LABEL_OPTIONAL type: TYPE_DOUBLE } } }'
)


def test_scalars_have_their_names_and_int64_is_a_number() -> None:
    sent = class_of("shop.Payment", PAYMENT)(
        double_field=12.5,
        float_field=0.5,
        int64_field=-(2**63),
        uint64_field=2**64 - 1,
        sint32_field=-7,
        fixed32_field=7,
        bool_field=True,
        string_field="ü",
        bytes_field=b"\xff\0",
    )
    assert read(PAYMENT, pathed(sent.SerializeToString())) == {
        "double_field": 12.5,
        "float_field": 0.5,
        "int64_field": -(2**63),
        "uint64_field": 2**64 - 1,
        "sint32_field": -7,
        "fixed32_field": 7,
        "bool_field": True,
        "string_field": "ü",
        "bytes_field": "/wA=",
    }


def test_nan_and_infinity_are_null() -> None:
    sent = class_of("shop.Payment", PAYMENT)(double_field=math.nan, float_field=-math.inf)
    found = read(PAYMENT, pathed(sent.SerializeToString()))
    assert (found["double_field"], found["float_field"]) == (None, None)


def test_zero_is_not_sent_and_is_there() -> None:
    found = read(PAYMENT, pathed(b""))
    assert found == {
        **dict.fromkeys([f"{kind}_field" for kind in SCALARS[:6]], 0),
        "bool_field": False,
        "string_field": "",
        "bytes_field": "",
    }


def test_what_has_presence_is_left_out_where_it_is_not_set() -> None:
    proto2 = file_of(message("Old", "amount double", "shop string"), syntax="proto2")
    assert read(proto2, pathed(b"")) == {}
    sent = class_of("shop.Old", proto2)(amount=0.0)
    assert read(proto2, pathed(sent.SerializeToString())) == {"amount": 0.0}
    oneof = file_of(
        message(
            "Event",
            "amount double oneof_index: 0",
            "note string oneof_index: 0",
            "maybe int64 oneof_index: 1 proto3_optional: true",
            more='oneof_decl { name: "what" } oneof_decl { name: "_maybe" }',
        )
    )
    assert read(oneof, pathed(b"")) == {}
    sent = class_of("shop.Event", oneof)(amount=0.0)
    assert read(oneof, pathed(sent.SerializeToString())) == {"amount": 0.0}


def test_the_path_tells_which_message_of_the_file_it_is() -> None:
    line = class_of("shop.Refund.Line", PAYMENT)(price=3.5).SerializeToString()
    assert read(PAYMENT, pathed(line, (1, 0))) == {"price": 3.5}
    assert read(PAYMENT, pathed(b"", (1,))) == {}
    # Some clients write the short form of the first message at length.
    assert read(PAYMENT, long(1) + long(0))["double_field"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        pathed(b"", (2,)),
        pathed(b"", (0, 0)),
        pathed(b"", (-1,)),
        long(-1),
        long(2**30),
        long(101) + long(0) * 101,
        b"\xff" * 20,
        pathed(b"\x0a\xff\xff\xff\xff\x0f"),
        pathed(b"\x09\1\2"),
        pathed(b"\x42\2\xff\xff"),
    ],
    ids=lambda body: body[:12].hex(),
)
def test_hostile_bytes_are_refused_at_once(body: bytes) -> None:
    begin = time.process_time()
    with pytest.raises((ValueError, IndexError, DecodeError)):
        read(PAYMENT, body)
    assert time.process_time() - begin < 1.0


RICH = file_of(
    message(
        "Rich",
        "at .google.protobuf.Timestamp",
        "took .google.protobuf.Duration",
        "limit .google.protobuf.DoubleValue",
        "tags .google.protobuf.Struct",
        "price .confluent.type.Decimal",
        "kind enum.shop.Kind",
        "kinds repeated enum.shop.Kind",
        "lines repeated .shop.Line",
        "by_name repeated .shop.Rich.ByNameEntry",
        "flags repeated .shop.Rich.FlagsEntry",
        more='nested_type { name: "ByNameEntry" options { map_entry: true } '
        'field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING } '
        'field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE '
        'type_name: ".shop.Line" } } '
        'nested_type { name: "FlagsEntry" options { map_entry: true } '
        'field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_BOOL } '
        'field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_INT64 } }',
    )
    + message("Line", "price double")
    + 'enum_type { name: "Kind" value { name: "CASH" number: 0 } value { name: "CARD" number: 1 } }'
    + "".join(
        f'dependency: "{name}"'
        for name in (
            *(f"google/protobuf/{one}.proto" for one in ("timestamp", "duration", "wrappers")),
            *("google/protobuf/struct.proto", "confluent/type/decimal.proto"),
            # Of options only: nobody has it, and nothing needs it.
            "confluent/meta.proto",
        )
    )
)


def rich_class() -> Any:
    needed = descriptor_pb2.FileDescriptorProto()
    needed.CopyFrom(RICH)
    needed.dependency.remove("confluent/meta.proto")
    return class_of("shop.Rich", needed)


def test_known_types_maps_and_enums_are_as_json_has_them() -> None:
    sent = rich_class()(kind=1, kinds=[0, 1, 9], lines=[{"price": 1.5}, {}])
    sent.at.FromDatetime(datetime(2026, 1, 1, 12, tzinfo=UTC))
    sent.took.FromMilliseconds(1_500)
    sent.limit.value = 0.0
    sent.tags.update({"a": [1, None, {"b": True}]})
    sent.price.value, sent.price.scale = (-1230).to_bytes(2, "big", signed=True), 2
    sent.by_name["x"].price = 2.0
    sent.flags[True] = 7
    assert read(RICH, pathed(sent.SerializeToString())) == {
        "at": "2026-01-01T12:00:00Z",
        "took": 1.5,
        "limit": 0.0,
        "tags": {"a": [1.0, None, {"b": True}]},
        "price": -12.3,
        "kind": "CARD",
        "kinds": ["CASH", "CARD", 9],
        "lines": [{"price": 1.5}, {"price": 0.0}],
        "by_name": {"x": {"price": 2.0}},
        "flags": {"true": 7},
    }
    nothing = {"kind": "CASH", "kinds": [], "lines": [], "by_name": {}, "flags": {}}
    assert read(RICH, pathed(b"")) == nothing


def test_a_timestamp_is_a_time_that_the_decoder_reads_or_a_number() -> None:
    sent = rich_class()()
    sent.at.seconds, sent.at.nanos = 1_767_268_800, 123_456_789
    found = read(RICH, pathed(sent.SerializeToString()))["at"]
    assert parse_time(found) == pytest.approx(1_767_268_800.123456)
    sent.at.seconds = 2**63 - 1
    assert read(RICH, pathed(sent.SerializeToString()))["at"] == 2**63 - 1


def test_imported_files_are_found_by_the_names_that_they_have_there() -> None:
    money = file_of(message("Money", "cents int64"), name="what the registry calls it")
    order = file_of(message("Order", "total .shop.Money") + 'dependency: "money.proto"')
    made = file_of(message("Money", "cents int64"), name="money.proto")
    sent = class_of("shop.Order", made, order)()
    sent.total.cents = 7
    body = pathed(sent.SerializeToString())
    assert read(order, body, money=money) == {"total": {"cents": 7}}
    with pytest.raises(SchemaUnreadable, match=r"imports money\.proto, which the registry lacks"):
        read(order, body)


NODE = file_of(message("Node", "next .shop.Node", "nodes repeated .shop.Node"))


def nested(depth: int) -> bytes:
    sent = class_of("shop.Node", NODE)()
    inner = sent
    for _ in range(depth):
        inner = inner.next
        inner.SetInParent()
    return pathed(sent.SerializePartialToString())


def test_a_message_may_hold_itself_and_depth_is_bounded() -> None:
    assert read(NODE, nested(2))["next"]["next"] == {"nodes": []}
    with pytest.raises(DecodeError):
        read(NODE, b"\0" + b"".join(b"\x0b" for _ in range(10_000)))
    body = b""
    for _ in range(1_000):
        body = b"\x0a" + bytes([0x80 | len(body) & 0x7F, len(body) >> 7]) + body
    with pytest.raises(DecodeError):
        read(NODE, b"\0" + body)


@pytest.mark.parametrize("text", ["", "syntax = proto3;", "AAAA", "é"])
def test_what_is_no_descriptor_is_refused_when_it_is_learnt(text: str) -> None:
    with pytest.raises(Exception, match="."):
        protobuf_reader(text, {})(b"\0")


def test_source_in_place_of_a_descriptor_is_named() -> None:
    with pytest.raises(SchemaUnreadable, match="source text, not as a descriptor"):
        protobuf_reader('syntax = "proto3"; message A {}', {})


@given(
    st.fixed_dictionaries(
        {
            "double_field": st.floats(allow_nan=False, allow_infinity=False),
            "int64_field": st.integers(-(2**63), 2**63 - 1),
            "uint64_field": st.integers(0, 2**64 - 1),
            "sint32_field": st.integers(-(2**31), 2**31 - 1),
            "bool_field": st.booleans(),
            "string_field": st.text(st.characters(exclude_categories=["Cs"])),
            "bytes_field": st.binary(),
        }
    )
)
def test_what_protobuf_writes_is_read_back(fields: dict[str, Any]) -> None:
    sent = class_of("shop.Payment", PAYMENT)(**fields)
    found = read(PAYMENT, pathed(sent.SerializeToString()))
    theirs = json_format.MessageToDict(
        sent, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    # Google's own mapping has numbers of 64 bits as texts.
    numbers = {name: int(theirs[name]) for name in ("int64_field", "uint64_field")}
    assert found == {**theirs, **numbers}


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_do_no_harm(body: bytes) -> None:
    reader = _blaming(protobuf_reader(text_of(RICH), {}), "Protobuf schema 17")
    try:
        found = reader(pathed(body))
    except RecordRejected as error:
        refused = str(error)
        assert refused.startswith("schema-mismatch: the value does not fit Protobuf schema 17: ")
    else:
        json.loads(found)
