"""Schemas are learnt once, and a registry that is away makes nobody's record bad."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anomaly_app.agents.schemas import learn_schemas
from anomaly_app.core.decoding.framing import schemas_of, unframe
from anomaly_app.errors import (
    RecordRejected,
    RegistryRefused,
    RegistryUnreachable,
    SettingsError,
)
from anomaly_app.schemas import client, registry
from anomaly_app.schemas.client import RegistryClient
from anomaly_app.schemas.registry import LARGEST_ID, SchemaRegistry, open_registry
from anomaly_app.settings.app import Settings
from anomaly_app.worker import check_registry
from harness.processes import free_port
from tests.support.avro import TRANSACTION, framed, record_of, written
from tests.support.clock import FakeClock
from tests.support.protobuf import class_of, file_of, message, pathed, text_of
from tests.support.registry_server import PASSWORD, USER, RegistryServer, registry_server

BODY = written(TRANSACTION, {"amount": 12.5, "shop": "food"})


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def run(
    url: str,
    story: Callable[[SchemaRegistry], Awaitable[Any]],
    *,
    clock: Clock | None = None,
    **settings: Any,
) -> Any:
    made = RegistryClient(Settings(_env_file=None, schema_registry=url, **settings))
    async with SchemaRegistry(made, clock=clock or Clock()) as schemas:
        return await story(schemas)


def refusal(schemas: SchemaRegistry, schema: int, body: bytes = b"x") -> str:
    with pytest.raises(RecordRejected) as caught:
        unframe(framed(schema, body), schemas.readers)
    return str(caught.value)


async def test_schemas_are_asked_for_at_once_and_only_once(server: RegistryServer) -> None:
    ids = [server.add(json.dumps({**TRANSACTION, "name": f"T{n}"})) for n in range(20)]

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn(ids)
        await schemas.learn(ids[::-1])
        for schema in ids:
            found = json.loads(unframe(framed(schema, BODY), schemas.readers))
            assert found == {"amount": 12.5, "shop": "food"}

    await run(server.url, story)
    assert sorted(server.asked) == sorted(f"/schemas/ids/{schema}" for schema in ids)
    assert 2 <= server.most_under_way <= registry.AT_ONCE


async def test_a_schema_that_the_registry_lacks_is_asked_for_again_after_a_while(
    server: RegistryServer,
) -> None:
    clock = Clock()

    async def story(schemas: SchemaRegistry) -> None:
        for _ in range(3):
            await schemas.learn([17])
        assert refusal(schemas, 17) == "no-schema: schema 17: the registry does not have it"
        assert server.asked == ["/schemas/ids/17"]
        assert server.add(json.dumps(TRANSACTION)) == 17
        clock.now = registry.REFUSED_FOR
        await schemas.learn([17])
        assert unframe(framed(17, BODY), schemas.readers)

    await run(server.url, story, clock=clock)


async def test_numbers_that_no_registry_counts_to_are_not_asked_for(server: RegistryServer) -> None:
    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([LARGEST_ID + 1])
        assert refusal(schemas, LARGEST_ID + 1).startswith("no-schema: ")

    await run(server.url, story)
    assert server.asked == []


async def test_readers_are_kept_up_to_a_bound_and_those_of_the_batch_in_any_case(
    server: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MOST_READERS", 3)
    ids = [server.add(json.dumps({**TRANSACTION, "name": f"T{n}"})) for n in range(6)]

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn(ids[:3])
        await schemas.learn([*ids[2:4], 99])
        assert set(schemas.readers) == {*ids[2:4], 99}
        await schemas.learn(ids)
        assert set(schemas.readers) == {*ids}
        await schemas.learn([99])
        assert len(schemas.readers) == 3

    await run(server.url, story)


PROXY = "<html>gateway</html>"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error_code": 50001, "message": "store"}),
        (503, PROXY),
        (429, {"error_code": 42901, "message": "slow down"}),
        (404, PROXY),
        (403, PROXY),
        (401, {"error_code": 401, "message": "Unauthorized"}),
        (301, ""),
        (200, PROXY),
        (200, ["a", "list"]),
    ],
)
async def test_an_answer_that_is_no_registrys_own_makes_no_dead_letters(
    server: RegistryServer, status: int, body: Any
) -> None:
    known, wanted = server.add('"long"'), server.add(json.dumps(TRANSACTION))

    async def story(schemas: SchemaRegistry) -> None:
        server.faults[f"/schemas/ids/{wanted}"] = (status, body)
        await schemas.learn([known])
        with pytest.raises(RegistryUnreachable):
            await schemas.learn([known, wanted])
        assert set(schemas.readers) == {known}
        server.faults.clear()
        await schemas.learn([known, wanted])
        assert unframe(framed(wanted, BODY), schemas.readers)

    await run(server.url, story)


async def test_nobody_at_the_address_is_said_with_the_address() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    async def story(schemas: SchemaRegistry) -> None:
        with pytest.raises(RegistryUnreachable, match=f"^schema registry {url} does not answer"):
            await schemas.learn([17])
        assert schemas.readers == {}

    await run(url, story)


async def test_a_registry_that_never_answers_is_not_waited_for_for_ever(
    server: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "REQUEST_TIMEOUT", 0.001)

    async def story(schemas: SchemaRegistry) -> None:
        with pytest.raises(RegistryUnreachable, match="does not answer"):
            await schemas.learn([server.add('"long"')])

    await run(server.url, story)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("AVRO", "{", "schema 17: JSONDecodeError"),
        ("AVRO", '{"type": "array", "items": "null"}', "schema 17: it has an array of items"),
        (
            "PROTOBUF",
            "AAAA",
            "schema 17: the registry returns it as source text, not as a descriptor",
        ),
        ("XML", "<schema/>", "schema 17: its type XML is not supported"),
    ],
)
async def test_a_schema_that_is_odd_costs_its_own_records_only(
    server: RegistryServer, kind: str, text: str, words: str
) -> None:
    server.add(text, kind)
    other = server.add(json.dumps(TRANSACTION))

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([17, other])
        assert refusal(schemas, 17).startswith(f"no-schema: {words}")
        assert unframe(framed(other, BODY), schemas.readers)

    await run(server.url, story)


@pytest.mark.parametrize("status", [200, 400, 422, 500, 501])
async def test_a_registry_without_descriptors_says_so_of_protobuf(
    server: RegistryServer, status: int
) -> None:
    schema = server.add(text_of(file_of(message("A", "x int64"))), "PROTOBUF")

    async def story(schemas: SchemaRegistry) -> None:
        server.status_of_descriptors = status
        await schemas.learn([schema])
        assert "as a descriptor" in refusal(schemas, schema)

    await run(server.url, story)


async def test_a_registry_that_holds_the_descriptor_itself_is_not_asked_for_it(
    server: RegistryServer,
) -> None:
    schema = server.add(text_of(file_of(message("A", "x int64"))), "PROTOBUF")

    async def story(schemas: SchemaRegistry) -> None:
        server.holds_descriptors = True
        await schemas.learn([schema])
        assert unframe(framed(schema, b"\0\x08\7"), schemas.readers) == b'{"x":7}'

    await run(server.url, story)
    assert server.asked == [f"/schemas/ids/{schema}"]


async def test_a_schema_that_the_user_may_not_see_is_said_to_be_so(server: RegistryServer) -> None:
    schema = server.add(json.dumps(TRANSACTION))
    server.faults[f"/schemas/ids/{schema}"] = (403, {"error_code": 40301, "message": "denied"})

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        assert "does not let the app see it" in refusal(schemas, schema)

    await run(server.url, story)


async def test_an_answer_without_end_is_not_read_to_it(
    server: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LONGEST_ANSWER", 1_000)
    schema = server.add(json.dumps({**TRANSACTION, "doc": "x" * 2_000}))

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        assert "more than 1,000 bytes" in refusal(schemas, schema)

    await run(server.url, story)


async def test_json_with_a_schema_is_taken_as_it_is(server: RegistryServer) -> None:
    schema = server.add('{"type": "object"}', "JSON")

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        assert unframe(framed(schema, b' {"amount": 1}'), schemas.readers) == b' {"amount": 1}'

    await run(server.url, story)


def reference(name: str, subject: str, version: int = 1) -> dict[str, Any]:
    return {"name": name, "subject": subject, "version": version}


async def test_references_of_avro_are_followed(server: RegistryServer) -> None:
    money = record_of("long", name="shop.Money")
    price = record_of("shop.Money", name="shop.Price")
    order = record_of("shop.Price", name="shop.Order")
    server.add(json.dumps(money), subject="money/of the shop")
    to_money = [reference("shop.Money", "money/of the shop")]
    server.add(json.dumps(price), subject="price", references=to_money)
    schema = server.add(json.dumps(order), references=[reference("shop.Price", "price"), *to_money])

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        found = json.loads(unframe(framed(schema, b"\x0e"), schemas.readers))
        assert found == {"f0": {"f0": {"f0": 7}}}

    await run(server.url, story)


async def test_references_of_protobuf_are_followed(server: RegistryServer) -> None:
    money = file_of(message("Money", "cents int64"), name="money.proto")
    order = file_of(message("Order", "total .shop.Money") + 'dependency: "money.proto"')
    server.add(text_of(money), "PROTOBUF", subject="money")
    to_money = [reference("money.proto", "money")]
    schema = server.add(text_of(order), "PROTOBUF", references=to_money)
    sent = class_of("shop.Order", money, order)()
    sent.total.cents = 7

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        body = pathed(sent.SerializeToString())
        assert json.loads(unframe(framed(schema, body), schemas.readers)) == {"total": {"cents": 7}}

    await run(server.url, story)


@pytest.mark.parametrize(
    ("references", "words"),
    [
        ([reference("A", "nowhere")], "the registry does not have nowhere version 1, to which it"),
        ([{"name": "A"}], "its references cannot be read"),
        (["A"], "its references cannot be read"),
        ([reference("A", "\ud800")], "UnicodeEncodeError"),
    ],
)
async def test_references_that_lead_nowhere_are_said(
    server: RegistryServer, references: Any, words: str
) -> None:
    schema = server.add(json.dumps(TRANSACTION), references=references)

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        assert words in refusal(schemas, schema)

    await run(server.url, story)


async def test_references_in_a_circle_come_to_an_end(server: RegistryServer) -> None:
    one = {**TRANSACTION, "name": "One"}
    server.add(json.dumps(one), subject="one", references=[reference("Two", "two")])
    two = {**TRANSACTION, "name": "Two"}
    schema = server.add(json.dumps(two), subject="two", references=[reference("One", "one")])

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.learn([schema])
        assert schema in schemas.readers

    await run(server.url, story)
    assert len(server.asked) <= 4


SECRETS: dict[str, Any] = {"schema_registry_user": USER, "schema_registry_password": PASSWORD}


async def test_the_registry_is_told_who_asks(server: RegistryServer) -> None:
    server.secured = True
    schema = server.add(json.dumps(TRANSACTION))

    async def story(schemas: SchemaRegistry) -> None:
        await schemas.check()
        await schemas.learn([schema])
        assert unframe(framed(schema, BODY), schemas.readers)

    await run(server.url, story, **SECRETS)


async def test_a_wrong_password_is_refused_and_shown_nowhere(
    server: RegistryServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.secured = True
    caplog.set_level(logging.DEBUG)
    wrong = {**SECRETS, "schema_registry_password": "wr0ng"}

    async def story(schemas: SchemaRegistry) -> str:
        with pytest.raises(RegistryRefused, match="check ANOMALY_SCHEMA_REGISTRY_USER") as caught:
            await schemas.learn([17])
        return f"{caught.value} {caught.value.__cause__!r} {schemas.client.__dict__['_tls']!r}"

    said = await run(server.url, story, **wrong)
    assert "wr0ng" not in said + caplog.text
    assert server.asked == []


async def test_another_server_is_no_registry(server: RegistryServer) -> None:
    async def story(schemas: SchemaRegistry) -> None:
        with pytest.raises(RegistryRefused, match="not a schema registry .*/apis/ccompat/v7"):
            await schemas.learn([17])

    await run(f"{server.url}/elsewhere", story)


def test_without_the_extra_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "LIBRARIES", ("fastavro", "not_there.at_all"))
    with pytest.raises(SettingsError, match=r"install anomaly-app\[registry\]$"):
        open_registry(Settings(_env_file=None, schema_registry="http://localhost:8081"))
    assert open_registry(Settings(_env_file=None)) is None


def test_a_file_of_authorities_that_holds_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.touch()
    settings = Settings(_env_file=None, schema_registry="https://there", tls_ca_file=file)
    with pytest.raises(SettingsError, match=r"ANOMALY_TLS_CA_FILE: .*ca\.pem contains no PEM cert"):
        open_registry(settings)


async def test_records_wait_for_a_registry_that_is_away_and_go_on_when_it_is_back(
    server: RegistryServer, caplog: pytest.LogCaptureFixture
) -> None:
    backoff = FakeClock().backoff(0.5, 5.0)
    schema = server.add(json.dumps(TRANSACTION))
    server.status = 503
    looked: list[str | None] = []

    async def story(schemas: SchemaRegistry) -> bool:
        def look() -> bool:
            looked.append(schemas.waits_for)
            if len(looked) == 8:
                server.status = 200
            return False

        values = [framed(schema, BODY), b"{}", None]
        learnt = await learn_schemas(values, schemas, look, backoff=backoff)
        assert schemas.waits_for is None
        assert unframe(framed(schema, BODY), schemas.readers)
        return learnt

    with caplog.at_level(logging.INFO, "anomaly_app.agents.schemas"):
        assert await run(server.url, story) is True
    assert looked[0] == f"schema registry {server.url} returned an unexpected response (HTTP 503)"
    assert [line.levelname for line in caplog.records] == ["WARNING", "INFO"]
    assert caplog.messages[0] == (
        f"records are waiting for their schemas (nothing is lost): {looked[0]}"
    )


async def test_records_that_wait_are_abandoned_at_a_stop(server: RegistryServer) -> None:
    server.status = 503

    async def story(schemas: SchemaRegistry) -> bool:
        return await learn_schemas([framed(17, BODY)], schemas, should_abandon=lambda: True)

    assert await run(server.url, story) is False


async def test_a_stop_does_not_wait_for_a_registry_that_is_silent(server: RegistryServer) -> None:
    server.silent = True

    async def story(schemas: SchemaRegistry) -> float:
        values = [framed(schema, BODY) for schema in range(100)]
        looks = iter([False, True])
        begin = asyncio.get_running_loop().time()
        assert not await learn_schemas(values, schemas, should_abandon=lambda: next(looks))
        return asyncio.get_running_loop().time() - begin

    assert await run(server.url, story) < client.REQUEST_TIMEOUT / 2


def test_values_that_are_not_framed_ask_for_nothing() -> None:
    assert schemas_of([None, b"", b"{}", b"\0\0\0\0\1", b'{"a": 1}', framed(7, b"x")]) == {7}


async def test_a_start_ends_where_the_registry_refuses_and_goes_on_where_it_is_away(
    server: RegistryServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.secured = True
    with pytest.raises(RegistryRefused, match="HTTP 401"):
        await run(server.url, check_registry)
    assert caplog.messages == []
    server.status = 503
    await run(server.url, check_registry)
    assert caplog.messages == [
        f"schema registry {server.url} returned an unexpected response (HTTP 503): framed records "
        "will wait for it"
    ]
    await check_registry(None)
