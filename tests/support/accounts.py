"""What came of the transactions that Kafka holds, against what an offline run makes of them."""

from collections import Counter
from dataclasses import dataclass

import msgspec
from aiokafka.structs import ConsumerRecord

from anomaly_app.core.scoring.pipeline import Pipeline
from tests.support.factories import NOON, model
from tests.support.kafka import Kafka


@dataclass
class Account:
    """Everything that one run left behind.

    Parameters
    ----------
    transactions
        How many records the topic holds.
    expected
        Ids of the anomalies that the same model finds offline.
    bad
        Places of the records that are no transactions.
    anomalies
        How often each id stands on the anomalies topic.
    dead_letters
        How often each place stands on the dead letters topic.
    contents
        For each id, its different contents without the time of detection.
    """

    transactions: int
    expected: set[str]
    bad: set[str]
    anomalies: "Counter[str]"
    dead_letters: "Counter[str]"
    contents: dict[str, set[bytes]]

    @property
    def repeats(self) -> int:
        """Anomalies and dead letters that stand there once more than needed."""
        twice = self.anomalies.total() - len(self.anomalies)
        return twice + self.dead_letters.total() - len(self.dead_letters)

    def check(self) -> None:
        """Fail where anything is lost, made up, or differs between repeats."""
        assert set(self.anomalies) == self.expected
        assert set(self.dead_letters) == self.bad
        assert [id_ for id_, contents in self.contents.items() if len(contents) > 1] == []


async def settle(kafka: Kafka) -> Account:
    """Read all topics of a run and settle the account."""
    transactions = await kafka.read_all(kafka.transactions)
    pipeline = Pipeline(model(), max_record_bytes=1_048_576, max_reasons=5)
    verdict = pipeline.judge(transactions, NOON)
    contents: dict[str, set[bytes]] = {}
    anomalies: Counter[str] = Counter()
    for message in await kafka.read_all(kafka.anomalies):
        anomaly = msgspec.json.decode(message.value)
        del anomaly["detected_at"]
        anomalies[anomaly["id"]] += 1
        contents.setdefault(anomaly["id"], set()).add(msgspec.json.encode(anomaly))
    letters = await kafka.read_all(kafka.dead_letters)
    return Account(
        transactions=len(transactions),
        expected={_place(finding.record) for finding in verdict.findings},
        bad={_place(rejected.record) for rejected in verdict.rejected},
        anomalies=anomalies,
        dead_letters=Counter(_source(letter) for letter in letters),
        contents=contents,
    )


def _place(record: ConsumerRecord) -> str:
    return f"{record.topic}-{record.partition}-{record.offset}"


def _source(letter: ConsumerRecord) -> str:
    headers = {name: value.decode() for name, value in letter.headers}
    return "-".join(headers[f"source-{part}"] for part in ("topic", "partition", "offset"))
