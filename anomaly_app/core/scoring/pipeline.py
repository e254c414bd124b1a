"""Turn a batch of records into a verdict: decode, remember and judge, whatever the records are."""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from anomaly_app.core.decoding.decoded import Decoded, KafkaRecord, Rejected
from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.decoding.framing import NO_READERS, Readers
from anomaly_app.core.decoding.ordinary import ordinary_records
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.judge import Judge
from anomaly_app.core.scoring.masks import Masks
from anomaly_app.core.scoring.parts import in_parts
from anomaly_app.core.scoring.verdict import Verdict
from anomaly_app.errors import Rejection, unscorable

if TYPE_CHECKING:
    from anomaly_app.core.memory.partition_memory import PartitionMemory
    from anomaly_app.core.scoring.remembering import MemoryOf, Remembering


class Pipeline:
    """Judge batches of records with one model.

    Parameters
    ----------
    model
        Scores, decides and explains.
    max_record_bytes
        Records with a longer value are rejected unread.
    max_reasons
        Maximum number of features named by an anomaly.
    roles
        Overrides of the model's roles for these records.
    payload
        Where in a record the transaction is; see `anomaly_app.core.decoding.wire.Wire`.
    strict
        Whether numbers and epoch times in quotes are refused.
    readers
        Readers for values written by a schema registry's serializers.
    hash_key
        Secret with which fields are hashed; None: those of ``hash=`` are masked.

    Raises
    ------
    DataError
        The roles name a time zone that does not exist.
    """

    def __init__(
        self,
        model: Model,
        *,
        max_record_bytes: int,
        max_reasons: int,
        roles: Roles | None = None,
        payload: str | None = None,
        strict: bool = False,
        readers: Readers = NO_READERS,
        hash_key: bytes | None = None,
    ) -> None:
        self.model = model
        self.decoder = Decoder(
            model.schema,
            model.manifest.roles.changed_by(roles or Roles()),
            max_bytes=max_record_bytes,
            payload=payload,
            strict=strict,
            readers=readers,
        )
        self.entity: Remembering | None = None
        self.counterpart: Remembering | None = None
        if model.schema.memory is not None:
            # Its compiled loop is not loaded where nothing is remembered.
            from anomaly_app.core.scoring.remembering import remembering_of  # noqa: PLC0415

            self.entity, self.counterpart = remembering_of(model.schema, model.schema.memory)
        self.masks = Masks.of(self.decoder.wire, model.schema, hash_key)
        """What messages do not show; None: they show all."""
        self._judge = Judge(model, self.decoder, max_reasons, self.masks)
        self._ordinary = self._readable(ordinary_records(self.decoder.wire))

    @property
    def usually_absent(self) -> dict[str, float]:
        """Share of training rows without each of the fields that records may lack."""
        features = {f.name: f.missing_rate for f in self.model.schema.wire_features}
        return {**features, **dict.fromkeys(self.decoder.watched, 0.0)}

    @property
    def both_memories(self) -> "tuple[Remembering, Remembering]":
        """What is remembered of entities, and of counterparts.

        Raises
        ------
        LookupError
            The model does not remember counterparts.
        """
        if self.entity is None or self.counterpart is None:
            raise LookupError("the model does not remember counterparts")
        return self.entity, self.counterpart

    def judge(
        self,
        records: Sequence[KafkaRecord],
        detected_at: float,
        memory_of: "MemoryOf | None" = None,
    ) -> Verdict:
        """Judge a batch of records, whatever bytes they hold, and write the messages to send.

        If the model or this code raises for a record, only that record is rejected, as long as
        ordinary records can be judged. If they cannot, the fault is not in the record, and the
        exception propagates. The only side effect is on the memory, which has these records in it
        when this returns (the layouts that the decoder remembers only affect its speed). Without a
        memory, records may be judged again, in other batches.

        Parameters
        ----------
        records
            Records as fetched from Kafka; those of one partition are in the order of its log.
        detected_at
            Seconds since the epoch.
        memory_of
            Returns the memory of a partition, by topic and number. By default every batch is judged
            as the first of all. Counterparts have no past here: see `second_stage.SecondStage`.
        """
        decoded = self.decode(records, detected_at)
        self._remember(decoded, memory_of)
        return self.score(decoded, detected_at)

    def decode(self, records: Sequence[KafkaRecord], detected_at: float) -> Decoded:
        """Decode records: the first step of `judge`."""
        try:
            return self.decoder.decode(records)
        except Exception:
            if not records or not self._is_sound(detected_at):
                raise
        nothing = self.decoder.decode([])
        parts = in_parts(
            lambda begin, end: self.decoder.decode(records[begin:end]),
            range(len(records)),
            lambda at, fault: nothing.without(Rejected(records[at], unscorable(fault))),
        )
        return reduce(Decoded.followed_by, parts)

    def replay(self, memory: "PartitionMemory", records: Sequence[KafkaRecord]) -> None:
        """Remember records of one partition that were judged before.

        Raises
        ------
        LookupError
            The model has no memory.
        """
        if self.entity is None:
            raise LookupError("the model has no memory")
        memory.replay(self.entity.events_of(self.decode(records, detected_at=0.0)))

    def _remember(self, decoded: Decoded, memory_of: "MemoryOf | None") -> None:
        if self.entity is not None:
            self.entity.fill(decoded, memory_of)
        if self.counterpart is not None:
            self.counterpart.fill(decoded, None)

    def score(self, decoded: Decoded, detected_at: float) -> Verdict:
        """Judge decoded records, with the features of their memories: the last step of `judge`."""
        try:
            verdict = self._judge.verdict(decoded, detected_at, self.model.log_alert_rate)
        except Exception:
            if not decoded.records or not self._is_sound(detected_at):
                raise
            verdict = self._divide(decoded, detected_at)
        blamed = [error for _, error in verdict.rejected if error.rejection == Rejection.UNSCORABLE]
        if blamed and not self._is_sound(detected_at):
            raise blamed[0].__cause__ or blamed[0]
        return verdict

    def _divide(self, decoded: Decoded, detected_at: float) -> Verdict:
        def judge(some: Decoded) -> Verdict:
            return self._judge.verdict(some, detected_at, self.model.log_alert_rate)

        nothing = decoded.part(0, 0)
        refused = judge(nothing.without(*decoded.rejected)._replace(absent=decoded.absent))
        parts = in_parts(
            lambda begin, end: judge(decoded.part(begin, end)),
            range(len(decoded.records)),
            lambda at, fault: judge(
                nothing.without(Rejected(decoded.records[at], unscorable(fault)))
            ),
        )
        return reduce(Verdict.followed_by, parts, refused)

    def _readable(self, records: Sequence[KafkaRecord]) -> Sequence[KafkaRecord]:
        """Leave out what the roles refuse: for some, `time` is the key and not a time."""
        refused = [
            rejected.record.offset
            for rejected in self.decoder.decode(records).rejected
            if rejected.error.rejection != Rejection.UNSCORABLE
        ]
        return [record for record in records if record.offset not in refused]

    def _is_sound(self, detected_at: float) -> bool:
        """Return whether ordinary records can be judged and reported as anomalies."""
        try:
            decoded = self.decoder.decode(self._ordinary)
            self._remember(decoded, None)
            verdict = self._judge.verdict(decoded, detected_at, log_alert_rate=0.0)
        except Exception:  # noqa: BLE001
            return False
        return 0 < len(verdict.anomalies) == len(self._ordinary)
