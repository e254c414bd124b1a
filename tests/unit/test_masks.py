"""What is masked is in no message, wherever it was; what is hashed is the same each time."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from anomaly_app.agents.sampling import sample_of
from anomaly_app.core.alerts.sighting import Origin, sighting_of
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.anomaly import Anomaly, read_anomaly
from anomaly_app.core.scoring.masks import MASKED, text_of
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.scoring.verdict import Message
from anomaly_app.errors import DataError, SettingsError
from anomaly_app.registry.pipelines import build_pipeline
from anomaly_app.schemas.avro import avro_reader
from anomaly_app.settings import Settings
from tests.support.avro import framed, written
from tests.support.factories import NOON, fitted, model, record, transaction
from tests.support.memories import Memories, model_with_memory
from training.history import read_history

KEY = b"a secret of the test"

MARK, NUMBER = "MARK3R", 777_777_777_777_777
"""Values that nothing else has in it: if one is in a message, it was not masked."""


def pipeline(words: str, **options: Any) -> Pipeline:
    given: dict[str, Any] = {"max_record_bytes": 2_000_000, "max_reasons": 5, "hash_key": KEY}
    return Pipeline(options.pop("model", model()), roles=Roles.parse(words), **given | options)


def sent(value: bytes | dict[str, Any], words: str, **options: Any) -> Message:
    """Judge an anomaly, and return what is sent."""
    bytes_of = value if isinstance(value, bytes) else json.dumps(value).encode()
    key = options.pop("key", b"card-1")
    verdict = pipeline(words, **options).judge([record(bytes_of, key=key)], NOON)
    assert [str(one.error) for one in verdict.rejected] == []
    [message] = verdict.anomalies
    return message


def shown(value: bytes | dict[str, Any], words: str, **options: Any) -> Anomaly:
    return read_anomaly(sent(value, words, **options).value or b"")


def odd(**fields: Any) -> dict[str, Any]:
    return {"features": {"amount": 99_999.0, "shop": "casino"}, **fields}


def hash_of(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:16]


def in_transaction(found: Anomaly) -> Any:
    return json.loads(bytes(found.transaction))


VALUES = st.sampled_from(
    [
        *(f'"{MARK}"', f'"a {MARK} b"', str(NUMBER), f"{NUMBER}.5", f"-{NUMBER}{NUMBER}"),
        *(f'["{MARK}", [{NUMBER}]]', f'{{"{MARK}": {{"deep": "{MARK}"}}}}', "null", "true"),
        f'"{MARK[:3]}\\u0052{MARK[4:]}"',
    ]
)
"""JSON of what is masked."""

HARMLESS = st.sampled_from(["1", '"x"', "null", "[]", "{}", "[[1, 2]]", '"\\u0000\\ud83d\\ude00"'])

NAMES = ['"card"', '"c\\u0061rd"', '"customer.card"', '"ssn"']
"""JSON of names that are masked."""


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """JSON objects, in which a name may stand twice."""
    masked = st.tuples(st.sampled_from(NAMES), VALUES)
    other = st.tuples(st.sampled_from(['"a"', '"data"', '"features"', '"cards"', '""']), inner)
    pairs = st.lists(masked | other, max_size=4)
    return pairs.map(lambda found: "{" + ", ".join(f"{n}: {v}" for n, v in found) + "}")


ANYTHING = st.recursive(
    HARMLESS | objects(HARMLESS),
    lambda inner: objects(inner) | st.lists(inner, max_size=3).map(lambda v: f"[{', '.join(v)}]"),
    max_leaves=12,
)

WORDS = ["mask=card,ssn", "hash=card mask=ssn", "hash=card,ssn", "mask=card,ssn key=card id=ssn"]


@given(
    st.sampled_from(WORDS), st.lists(ANYTHING, max_size=3), VALUES, st.sampled_from([0, 45, 60, 90])
)
def test_what_is_masked_is_in_no_byte_of_a_message(
    words: str, fields: list[str], value: str, levels: int
) -> None:
    is_named = value[0] in '"-7'
    key = f'"card": {value}, ' if is_named else ""
    deep = '{"x":' * levels + f'{{"card": "{MARK}", "ssn": {NUMBER}}}' + "}" * levels
    others = "".join(f', "f{place}": {one}' for place, one in enumerate(fields))
    text = f'{{{key}"features": {{"amount": 99999.0, "shop": "casino"}}, "deep": {deep}{others}}}'
    record_key = MARK.encode() if "key=card" in words and is_named else b"harmless"
    message = sent(text.encode(), words, key=record_key)
    for part in (message.key or b"", message.value or b""):
        assert MARK.encode() not in part
        assert str(NUMBER).encode() not in part
    found = read_anomaly(message.value or b"")
    assert in_transaction(found).get("unreadable") in {None, MASKED}


@pytest.mark.parametrize(
    ("said", "value", "expected"),
    [
        ("card", {"card": "x"}, {"card": MASKED}),
        ("card", {"card": None}, {"card": None}),
        (
            "card",
            {"a": [{"card": 1}, {"b": {"card": [2]}}]},
            {"a": [{"card": MASKED}, {"b": {"card": MASKED}}]},
        ),
        (
            "customer.card",
            {"customer": {"card": "x"}, "card": "y"},
            {"customer": {"card": MASKED}, "card": "y"},
        ),
        ("customer.card", {"customer.card": "x"}, {"customer.card": MASKED}),
        ("customer.card", {"customer": [{"card": "x"}]}, {"customer": [{"card": MASKED}]}),
        ("card", {"Card": "x", "cards": "y"}, {"Card": "x", "cards": "y"}),
        ("customer", {"customer": {"name": "x"}}, {"customer": MASKED}),
    ],
)
def test_a_name_is_a_field_at_any_depth_and_a_path_is_the_end_of_one(
    said: str, value: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = in_transaction(shown(odd(**value), f"mask={said}"))
    assert {name: one for name, one in found.items() if name != "features"} == expected


def test_what_is_not_masked_is_as_it_was_received_to_the_digit() -> None:
    value = b'{"features": {"amount": 99999.00, "shop": "casino"}, "n": 1e2, "big": %d, "card": 1}'
    found = bytes(shown(value % 10**40, "mask=card").transaction)
    assert b'"n":1e2' in found
    assert str(10**40).encode() in found
    assert b'"amount":99999.00' in found


@pytest.mark.parametrize("value", [42, 42.0, "42"])
def test_a_hash_is_the_same_wherever_a_value_is(value: Any) -> None:
    found = shown(
        odd(entity=value, card=value, head={"card": "42"}, id=value),
        "key=entity hash=card,entity,id",
    )
    expected = hash_of("42")
    at = in_transaction(found)
    assert {found.entity, found.transaction_id, at["card"], at["head"]["card"]} == {expected}
    assert len(expected) == 16


def test_long_numbers_have_hashes_of_their_own() -> None:
    one, other = (in_transaction(shown(odd(card=10**30 + n), "hash=card")) for n in (1, 2))
    assert (one["card"], other["card"]) == (hash_of(str(10**30 + 1)), hash_of(str(10**30 + 2)))


def test_a_hash_depends_on_the_key() -> None:
    [one], [other] = (
        {in_transaction(shown(odd(card="x"), "hash=card", hash_key=key))["card"]}
        for key in (KEY, b"another secret of the test")
    )
    assert one != other


def test_a_feature_is_masked_in_the_reasons_and_in_the_values_as_well() -> None:
    found = shown(odd(), "mask=amount hash=shop")
    assert found.features == {"amount": MASKED, "shop": hash_of("casino")}
    values = {one.feature: (one.value, one.expected) for one in found.reasons}
    assert values["amount"] == (MASKED, MASKED)
    assert {one.feature for one in found.reasons} <= {"amount", "shop"}
    assert in_transaction(found)["features"] == {"amount": MASKED, "shop": hash_of("casino")}


@pytest.mark.parametrize("said", ["amount", "Amount", "detail.Amount", "detail.amount"])
def test_a_feature_is_masked_by_its_own_name_and_by_that_of_its_field(said: str) -> None:
    value = {"detail": {"Amount": 99_999.0, "amount": "other"}, "shop": "casino"}
    found = shown(value, f"amount=detail.Amount mask={said}")
    if said == "detail.amount":
        assert in_transaction(found)["detail"]["amount"] == MASKED
        return
    assert found.features["amount"] == in_transaction(found)["detail"]["Amount"] == MASKED


@pytest.mark.parametrize(
    "value",
    [{"features": [99_999.0, MARK]}, {"data": [99_999.0, MARK]}, {"data": [[99_999.0, MARK]]}],
)
def test_values_without_names_are_masked_by_the_names_of_the_features(value: Any) -> None:
    message = sent({**value, "more": [MASKED, 1.0, 2.0]}, "mask=shop")
    assert MARK.encode() not in (message.value or b"")
    assert read_anomaly(message.value or b"").features == {"amount": 99_999.0, "shop": MASKED}


@pytest.mark.parametrize("said", ["shop", "payload.after.shop", "after.shop", "features.shop"])
def test_a_change_event_is_masked_before_and_after(said: str) -> None:
    row = {"amount": 99_999.0, "shop": MARK}
    value = {"payload": {"op": "u", "before": row, "after": row}, "schema": {}}
    assert MARK.encode() not in (sent(value, f"mask={said}").value or b"")


def test_what_is_at_a_payload_is_masked_by_its_path_in_the_record() -> None:
    value = {"detail": {"amount": 99_999.0, "shop": MARK}}
    message = sent(value, "mask=detail.shop", payload="detail")
    assert MARK.encode() not in (message.value or b"")


def test_a_framed_transaction_is_masked() -> None:
    schema = {
        "type": "record",
        "name": "T",
        "fields": [{"name": "amount", "type": "double"}, {"name": "shop", "type": "string"}],
    }
    value = framed(7, written(schema, {"amount": 99_999.0, "shop": MARK}))
    readers = {7: avro_reader(json.dumps(schema), {})}
    assert in_transaction(shown(value, "mask=shop", readers=readers))["shop"] == MASKED


def test_what_is_remembered_of_a_masked_number_is_masked() -> None:
    by = pipeline("mask=amount", model=model_with_memory(alert_rate=1.0))
    assert by.entity is not None
    value = transaction(31_337.25, "shop-1", time=NOON)
    [message] = by.judge([record(value)], NOON, Memories(by.entity.plan)).anomalies
    assert b"31337" not in (message.value or b"")
    found = read_anomaly(message.value or b"").features
    assert (found["sum:amount:1d"], found["count:1h"]) == (MASKED, 0.0)


@pytest.mark.parametrize(
    ("words", "entity", "key"),
    [
        ("mask=card", "e-1", b"e-1"),
        ("mask=entity", MASKED, None),
        ("key=card mask=card", MASKED, None),
        ("key=card hash=card", hash_of("c-1"), hash_of("c-1").encode()),
        ("key=card", "c-1", MARK.encode()),
    ],
)
def test_the_key_of_a_message_is_the_entity_that_it_shows(
    words: str, entity: str, key: bytes | None
) -> None:
    message = sent(odd(entity="e-1", card="c-1"), words, key=MARK.encode())
    assert read_anomaly(message.value or b"").entity == entity
    assert message.key == key


def test_an_entity_that_is_kafkas_key_is_masked_by_the_name_entity() -> None:
    message = sent(odd(), "hash=entity", key=MARK.encode())
    assert read_anomaly(message.value or b"").entity == hash_of(MARK)
    assert message.key == hash_of(MARK).encode()


def test_a_feature_that_is_also_the_key_is_masked_as_both() -> None:
    value = {"number": 99_999.0, "shop": "casino", "entity": "e-1"}
    found = shown(value, "key=number amount=number mask=amount")
    assert (found.entity, found.features["amount"]) == (MASKED, MASKED)
    assert in_transaction(found) == {"number": MASKED, "shop": "casino", "entity": MASKED}


def test_without_a_key_to_hash_with_nothing_is_shown() -> None:
    assert in_transaction(shown(odd(card=MARK), "hash=card", hash_key=None))["card"] == MASKED


def test_a_transaction_that_others_cannot_read_is_not_shown_at_all() -> None:
    value = b'{"features": {"amount": 99999.0, "shop": "casino"}, "a": 1e999, "card": "%s"}'
    found = shown(value % MARK.encode(), "mask=card")
    assert in_transaction(found) == {"unreadable": MASKED}


def test_a_large_transaction_is_masked_in_a_moment() -> None:
    value = odd(card=MARK * 100_000, many={f"f{n}": {"card": n} for n in range(30_000)})
    found = in_transaction(shown(value, "mask=card hash=name"))
    assert found["card"] == MASKED
    assert found["many"]["f7"] == {"card": MASKED}


def test_anomalies_are_grouped_by_a_hash_and_not_by_a_mask() -> None:
    origin = Origin("anomalies", 0, 0)
    hashed = sighting_of(shown(odd(card="c-1", shop_id="s"), "key=card hash=card,shop_id"), origin)
    assert (hashed.entity, hashed.fields["shop_id"]) == (hash_of("c-1"), hash_of("s"))
    masked = sighting_of(
        shown(odd(card="c-1", shop_id="s"), "key=card mask=card,shop_id"), origin, "shop_id"
    )
    assert (masked.entity, masked.counterpart) == ("", "")
    assert MASKED not in masked.fields.values()


def test_samples_of_the_traffic_are_masked_in_the_same_way() -> None:
    value = json.dumps(odd(card=MARK, terminal="t-1", name="x")).encode()
    [hashed] = sample_of(
        [record(value)], pipeline("key=card hash=card,terminal mask=name")
    ).transactions
    assert hashed.entity == hash_of(MARK)
    assert hashed.fields["terminal"] == hash_of("t-1")
    assert "name" not in hashed.fields
    [masked] = sample_of([record(value)], pipeline("key=card mask=card")).transactions
    assert masked.entity == ""
    assert MARK not in str(masked)


@pytest.mark.parametrize("value", [0.1, 12.5, 1e300, -0.0, float(2**60)])
def test_a_number_as_a_text_is_that_number(value: float) -> None:
    assert float(text_of(value)) == value


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("mask=card hash=card", "'card' is in mask= and in hash=: choose one of them"),
        ("mask=a,,b", "'a,,b' does not name fields"),
        ("hash=a..b", "'a..b' does not name fields"),
        ("masks=card", "did you mean mask=card?"),
    ],
)
def test_words_that_mask_nothing_are_refused(words: str, said: str) -> None:
    with pytest.raises(DataError, match=said.replace("?", r"\?").replace(".", r"\.")):
        Roles.parse(words)


def test_what_a_topic_masks_adds_to_what_the_model_masks_unless_it_says_otherwise() -> None:
    of_model = Roles.parse("mask=card,name hash=ssn")
    assert of_model.changed_by(Roles()) == of_model
    both = of_model.changed_by(Roles.parse("hash=card mask=phone"))
    assert (both.masked, both.hashed) == (("name", "phone"), ("ssn", "card"))


def test_a_worker_that_hashes_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="hash=card needs a secret to hash with: set ANOMALY"):
        build_pipeline(model(), Settings(_env_file=None, roles="hash=card"), {})
    secret = "0123456789abcdef"  # noqa: S105
    with_key = Settings(_env_file=None, roles="hash=card", hash_key=secret)
    assert build_pipeline(model(), with_key, {}).masks is not None
    assert secret not in repr(with_key)
    assert build_pipeline(model(), Settings(_env_file=None), {}).masks is None


def test_training_keeps_the_words_in_the_model_and_reads_the_fields_as_all_others(
    tmp_path: Path,
) -> None:
    rows = "".join(f"c{n % 3},{n},s{n % 4}\n" for n in range(100))
    (tmp_path / "a.csv").write_text(f"card,amount,shop\n{rows}")
    history = read_history(tmp_path / "a.csv", Roles.parse("key=card hash=card mask=shop,holder"))
    assert (history.roles.masked, history.roles.hashed) == (("shop", "holder"), ("card",))
    assert [*history.frame.columns] == ["amount", "shop"]
    by_model = Pipeline(with_roles(history.roles), max_record_bytes=10_000, max_reasons=5)
    assert by_model.masks is not None


def with_roles(roles: Roles) -> Model:
    """The model of the tests, fitted with other roles."""
    made = fitted()
    manifest = changed(made.manifest, roles=roles)
    return Model.from_bytes(manifest.to_json(), made.pickle, where="factory")
