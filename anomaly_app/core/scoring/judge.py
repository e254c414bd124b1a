"""Judge decoded records: score, grade, explain, and write the messages to send."""

from collections.abc import Mapping

import numpy as np

from anomaly_app.core.arrays import Indices, Matrix, Vector
from anomaly_app.core.calibration import score_of
from anomaly_app.core.decoding.decoded import Absent, Decoded, KafkaRecord, Rejected
from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.anomaly import Anomaly, to_anomaly, write_json
from anomaly_app.core.scoring.dead_letter import write_dead_letter
from anomaly_app.core.scoring.masks import Masks
from anomaly_app.core.scoring.severity import severity_of
from anomaly_app.core.scoring.verdict import Finding, Message, Verdict
from anomaly_app.errors import unscorable


class Judge:
    """Judges what a decoder has read; nothing here has side effects.

    Parameters
    ----------
    model
        Scores, decides and explains.
    decoder
        Reads anomalous records a second time.
    max_reasons
        Maximum number of features named by an anomaly.
    masks
        What an anomaly does not show.
    """

    def __init__(
        self, model: Model, decoder: Decoder, max_reasons: int, masks: Masks | None = None
    ) -> None:
        self.model = model
        self.decoder = decoder
        self._max_reasons = max_reasons
        self._masks = masks
        self._names = [feature.name for feature in model.schema.features]
        self._columns = [
            (index, feature.name)
            for index, feature in enumerate(model.schema.features)
            if feature.is_sent
        ]

    def verdict(self, decoded: Decoded, detected_at: float, log_alert_rate: float) -> Verdict:
        """Score decoded records, explain the anomalies, and write the messages to send.

        Parameters
        ----------
        decoded
            Records with the features of their memory.
        detected_at
            Seconds since the epoch.
        log_alert_rate
            Logarithm of the p-value at and below which a transaction is an anomaly.

        Raises
        ------
        ArithmeticError
            A score is not a number. An estimator may raise anything else.
        """
        matrix = self.model.schema.scaled(decoded.matrix, decoded.entities)
        log_p = self.model.log_p_values(matrix)
        if np.isnan(log_p.sum()):
            raise ArithmeticError("the model's score is not a number")
        findings, anomalies, rejected = [], [], [*decoded.rejected]
        anomalous = np.flatnonzero(log_p <= log_alert_rate)
        # With little traffic most batches have none, and finding reasons would double the time.
        for finding in self._find(decoded, matrix, log_p, anomalous) if len(anomalous) else ():
            try:
                anomaly = to_anomaly(finding, self.model.manifest, detected_at, self._masks)
                message = Message(self._key_of(anomaly, finding.record), write_json(anomaly), {})
            except Exception as fault:  # noqa: BLE001  # the record is not scored again for this
                rejected.append(Rejected(finding.record, unscorable(fault)))
            else:
                findings.append(finding)
                anomalies.append(message)
        scored = len(decoded.records) + len(decoded.rejected) - len(rejected)
        letters = [write_dead_letter(one) for one in rejected]
        return Verdict(
            self.model.manifest,
            scored,
            findings,
            [rejected for rejected, _ in letters],
            anomalies,
            [letter for _, letter in letters],
            self._absent(decoded),
        )

    def _key_of(self, anomaly: Anomaly, record: KafkaRecord) -> bytes | None:
        return record.key if self._masks is None else self._masks.key_of(anomaly.entity)

    def _absent(self, decoded: Decoded) -> Mapping[str, Absent]:
        gaps = np.isnan(decoded.matrix)
        if not gaps.any():
            return decoded.absent
        numbers, firsts = gaps.sum(axis=0).tolist(), gaps.argmax(axis=0).tolist()
        absent = {
            name: Absent(numbers[index], decoded.records[firsts[index]])
            for index, name in self._columns
            if numbers[index]
        }
        return {**absent, **decoded.absent}

    def _find(
        self, decoded: Decoded, matrix: Matrix, log_p: Vector, anomalous: Indices
    ) -> list[Finding]:
        transactions = [self.decoder.transaction(decoded.records[index]) for index in anomalous]
        values = [
            self.model.schema.values(t.row, t.time, decoded.matrix[index])
            for t, index in zip(transactions, anomalous, strict=True)
        ]
        entities = decoded.entities and [decoded.entities[index] for index in anomalous]
        reasons = self.model.explain(
            matrix[anomalous],
            log_p[anomalous],
            values,
            most=self._max_reasons,
            entities=entities,
        )
        p_values = np.exp(log_p[anomalous])
        return [
            Finding(
                decoded.records[index],
                transaction,
                float(score_of(p)),
                float(p),
                severity_of(p, self.model.manifest.alert_rate),
                why,
                dict(zip(self._names, row, strict=True)),
            )
            for index, transaction, p, why, row in zip(
                anomalous, transactions, p_values, reasons, values, strict=True
            )
        ]
