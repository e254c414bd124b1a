"""The story of a batch: decode, score, decide, explain."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from anomaly_app.core.calibration import score_of
from anomaly_app.core.decide import Severity, severity_of
from anomaly_app.core.decode import Decoder, KafkaRecord, Rejected, Transaction
from anomaly_app.core.errors import RecordRejected, Rejection
from anomaly_app.core.explain import Reason
from anomaly_app.core.model import Model


class Finding(NamedTuple):
    """One anomalous transaction, with the reasons."""

    record: KafkaRecord
    transaction: Transaction
    score: float
    p_value: float
    severity: Severity
    reasons: list[Reason]


class Verdict(NamedTuple):
    """What became of a batch: each record was scored or rejected, exactly one of the two."""

    scored: int
    findings: list[Finding]
    rejected: list[Rejected]


class Pipeline:
    """Judge runs of records with one model.

    Parameters
    ----------
    model
        Scores, decides and explains.
    max_record_bytes
        Records with a longer value are rejected unread.
    max_reasons
        How many features an anomaly names at most.
    """

    def __init__(self, model: Model, *, max_record_bytes: int, max_reasons: int) -> None:
        self.model = model
        self._decoder = Decoder(model.schema, max_bytes=max_record_bytes)
        self._max_reasons = max_reasons

    def judge(self, records: Sequence[KafkaRecord]) -> Verdict:
        """Judge a run of records, any bytes at all.

        A record at which the estimator itself raises is found by halving the run, and rejected,
        as long as the model can score its own expected row. Where it cannot, the model is at
        fault and not the record, and what it raises is passed on.
        """
        try:
            return self._judge(records)
        except _ModelRaised as raised:
            fault = raised.fault
            if not records or not self.model.is_sound():
                raise fault from None
            if len(records) == 1:
                why = f"the model raised {type(fault).__name__}: {fault}"
                return Verdict(
                    0, [], [Rejected(records[0], RecordRejected(Rejection.UNSCORABLE, why))]
                )
        middle = len(records) // 2
        first, second = self.judge(records[:middle]), self.judge(records[middle:])
        return Verdict(
            first.scored + second.scored,
            first.findings + second.findings,
            first.rejected + second.rejected,
        )

    def _judge(self, records: Sequence[KafkaRecord]) -> Verdict:
        decoded = self._decoder.decode(records)
        with _blaming_the_model():
            log_p = self.model.log_p_values(decoded.matrix)
        anomalous = np.flatnonzero(log_p <= self.model.log_alert_rate)
        transactions = [self._decoder.transaction(decoded.records[place]) for place in anomalous]
        values = [self.model.schema.values(t.row, t.time) for t in transactions]
        with _blaming_the_model():
            reasons = self.model.explain(
                decoded.matrix[anomalous], log_p[anomalous], values, most=self._max_reasons
            )
        p_values = np.exp(log_p[anomalous])
        findings = [
            Finding(
                decoded.records[place],
                transaction,
                float(score_of(p)),
                float(p),
                severity_of(p, self.model.manifest.alert_rate),
                why,
            )
            for place, transaction, p, why in zip(
                anomalous, transactions, p_values, reasons, strict=True
            )
        ]
        return Verdict(len(decoded.records), findings, decoded.rejected)


class _ModelRaised(Exception):
    def __init__(self, fault: Exception) -> None:
        super().__init__(fault)
        self.fault = fault


@contextmanager
def _blaming_the_model() -> Iterator[None]:
    """Tell what an estimator raises from a fault of ours, which no record is to blame for."""
    try:
        yield
    except Exception as fault:
        raise _ModelRaised(fault) from fault
