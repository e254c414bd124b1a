"""The store on PostgreSQL: the tests of the store on SQLite, and what only a server can do."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, text

from anomaly_app.errors import SchemaDiffers, StoreUnavailable
from anomaly_app.store import schema
from anomaly_app.store.backup import export, restore
from anomaly_app.store.engine import open_engine, reading, writing
from harness.errors import PostgresNotStarted
from harness.postgres import Postgres, postgres
from tests.support.stores import (
    anomaly_id,
    answer,
    contents,
    emptied,
    follow,
    found,
    in_order,
    label,
    member,
    sqlite_store,
    take,
    verdicts,
)
from tests.unit.test_store_backup import (
    test_a_file_that_was_cut_off_changes_nothing,
    test_a_restored_store_is_the_same,
    test_a_store_with_rows_is_not_overwritten,
    test_hostile_text_survives,
    test_many_rows_are_restored,
)
from tests.unit.test_store_erasing import (
    test_a_comparison_agrees_after_an_erasure_also_if_a_topic_has_lost_its_anomalies,
    test_any_name_can_be_erased,
    test_every_order_of_some_messages_leaves_the_same,
    test_many_anomalies_of_an_entity_are_erased,
    test_nothing_names_what_is_erased_and_the_rest_stays,
    test_what_is_left_depends_on_no_order_repetition_or_batch,
    test_what_is_left_is_what_all_messages_together_leave,
)
from tests.unit.test_store_queries import (
    test_a_page_goes_on_after_the_one_before,
    test_a_search_finds_what_matches,
    test_counts_end_at_their_bound,
    test_the_queue_begins_with_the_rarest_or_with_the_most_borderline,
    test_what_was_said_of_an_anomaly_is_listed_with_what_was_taken_back,
)
from tests.unit.test_store_schema import (
    test_a_filled_database_goes_to_the_next_schema_and_back,
    test_a_step_that_fails_changes_nothing,
    test_preparing_a_second_time_changes_nothing,
    test_taken_back_to_the_base_nothing_is_left,
    test_the_migrations_make_the_tables_that_the_code_knows,
    test_what_is_erased_is_known_again_after_a_way_back,
    versions,
)
from tests.unit.test_store_taking import (
    test_a_comparison_names_what_differs,
    test_a_store_that_was_emptied_says_so,
    test_old_anomalies_without_a_label_are_deleted_and_nothing_else,
    test_only_what_the_database_refuses_is_left_out,
    test_what_cannot_be_read_is_counted_and_passed,
)
from tests.unit.test_store_writing import (
    test_a_message_stands_in_its_table_once,
    test_a_store_that_was_emptied_takes_nothing_out_of_the_middle,
    test_an_answer_reaches_what_was_merged_into_its_incident,
    test_columns_are_what_the_message_says,
    test_incidents_merged_in_a_circle_end,
    test_nothing_of_a_batch_is_written_if_the_database_refuses_a_row,
    test_order_repetition_and_batches_change_nothing,
    test_positions_go_with_the_rows_and_only_forward,
    test_the_trail_has_who_did_what_and_when,
    test_two_of_two_opinions_are_disputed,
    test_verdicts_are_those_of_all_messages_put_together,
    test_what_is_taken_back_is_no_verdict_any_more,
)

__all__ = [
    "test_a_comparison_agrees_after_an_erasure_also_if_a_topic_has_lost_its_anomalies",
    "test_a_comparison_names_what_differs",
    "test_a_file_that_was_cut_off_changes_nothing",
    "test_a_filled_database_goes_to_the_next_schema_and_back",
    "test_a_message_stands_in_its_table_once",
    "test_a_page_goes_on_after_the_one_before",
    "test_a_restored_store_is_the_same",
    "test_a_search_finds_what_matches",
    "test_a_step_that_fails_changes_nothing",
    "test_a_store_that_was_emptied_says_so",
    "test_a_store_that_was_emptied_takes_nothing_out_of_the_middle",
    "test_a_store_with_rows_is_not_overwritten",
    "test_an_answer_reaches_what_was_merged_into_its_incident",
    "test_any_name_can_be_erased",
    "test_columns_are_what_the_message_says",
    "test_counts_end_at_their_bound",
    "test_every_order_of_some_messages_leaves_the_same",
    "test_hostile_text_survives",
    "test_incidents_merged_in_a_circle_end",
    "test_many_anomalies_of_an_entity_are_erased",
    "test_many_rows_are_restored",
    "test_nothing_names_what_is_erased_and_the_rest_stays",
    "test_nothing_of_a_batch_is_written_if_the_database_refuses_a_row",
    "test_old_anomalies_without_a_label_are_deleted_and_nothing_else",
    "test_only_what_the_database_refuses_is_left_out",
    "test_order_repetition_and_batches_change_nothing",
    "test_positions_go_with_the_rows_and_only_forward",
    "test_preparing_a_second_time_changes_nothing",
    "test_taken_back_to_the_base_nothing_is_left",
    "test_the_migrations_make_the_tables_that_the_code_knows",
    "test_the_queue_begins_with_the_rarest_or_with_the_most_borderline",
    "test_the_trail_has_who_did_what_and_when",
    "test_two_of_two_opinions_are_disputed",
    "test_verdicts_are_those_of_all_messages_put_together",
    "test_what_cannot_be_read_is_counted_and_passed",
    "test_what_is_erased_is_known_again_after_a_way_back",
    "test_what_is_left_depends_on_no_order_repetition_or_batch",
    "test_what_is_left_is_what_all_messages_together_leave",
    "test_what_is_taken_back_is_no_verdict_any_more",
    "test_what_was_said_of_an_anomaly_is_listed_with_what_was_taken_back",
    "versions",
]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    try:
        with postgres(fsync="off") as started:
            yield started
    except PostgresNotStarted as fault:
        pytest.skip(str(fault))


@pytest.fixture(scope="module")
def store(server: Postgres) -> Iterator[Engine]:
    engine = open_engine(server.address)
    schema.prepare(engine)
    yield engine
    engine.dispose()


def test_a_backup_goes_from_one_kind_of_database_to_the_other_and_back(
    store: Engine, tmp_path: Path
) -> None:
    follow(
        emptied(store),
        in_order(*(found(n) for n in range(20)), member(1, "i-1"), answer("i-1"), label()),
    )
    before = contents(store, positions=True)
    export(store, tmp_path / "one.gz")
    with sqlite_store(tmp_path) as other:
        restore(other, tmp_path / "one.gz")
        assert contents(other, positions=True) == before
        export(other, tmp_path / "two.gz")
    restore(emptied(store), tmp_path / "two.gz")
    assert contents(store, positions=True) == before


def test_an_older_schema_waits_for_an_operator(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = schema.Schema(found="0", wanted="1", known=frozenset({"0", "1"}))
    monkeypatch.setattr(schema, "schema_of", lambda _: older)
    with pytest.raises(SchemaDiffers, match="store upgrade"):
        schema.prepare(store)


def test_labels_and_anomalies_that_come_at_once_are_settled_against_each_other(
    store: Engine, server: Postgres
) -> None:
    emptied(store)
    anomalies = in_order(*(found(place) for place in range(300)))
    said = in_order(*(label(anomaly_id(n), named=f"l-{n}") for n in range(300)))
    other = open_engine(server.address)
    threads = [
        Thread(target=take, args=(store, anomalies), kwargs={"at_once": 7}),
        Thread(target=take, args=(other, said), kwargs={"at_once": 11}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert set(verdicts(store).values()) == {"fraud"}


def test_a_transaction_of_a_frozen_process_holds_up_nobody_for_long(
    store: Engine, monkeypatch: pytest.MonkeyPatch, server: Postgres
) -> None:
    monkeypatch.setattr("anomaly_app.store.engine.IDLE_TIMEOUT", 1)
    frozen = open_engine(server.address)

    def write_while_another_one_waits() -> None:
        with writing(frozen) as connection:
            connection.execute(text("SELECT 1"))
            # The other one waits for the lock, and gets it.
            take(emptied(store), in_order(found(1)))
            connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        write_while_another_one_waits()
    frozen.dispose()
    assert verdicts(store) == {anomaly_id(1): None}


def test_a_connection_that_the_server_ended_is_opened_anew(store: Engine) -> None:
    with reading(store) as connection:
        connection.execute(text("SELECT 1"))
    with reading(store) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid != pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    take(emptied(store), in_order(found(1)))
    assert verdicts(store) == {anomaly_id(1): None}
