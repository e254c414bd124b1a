"""Where the parts of a transaction are in a record, by the schema, roles and settings."""

from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import NamedTuple, Self

from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.times import zone_of

PLAIN, DEBEZIUM = "plain", "debezium"
"""Named payloads; anything else is a path."""

DOCUMENTED = {"key": ("entity",), "time": ("time", "current_time"), "id": ("id",)}
"""Names that each part always has, whatever the roles."""

ENVELOPE = frozenset({"after", "payload"})
"""Fields of a Debezium envelope that hold other fields."""


class Parts(NamedTuple):
    """Names of the fields that may hold each part, in the order in which they are tried."""

    key: tuple[str, ...]
    time: tuple[str, ...]
    id: tuple[str, ...]


class Wire(NamedTuple):
    """Where everything that is read is in a record, and how it is read.

    Parameters
    ----------
    features
        The features that a transaction itself contains.
    fields
        Their fields, in the same order.
    parts
        Where key, time and id are if the features are in an object of their own.
    flat_parts
        The same if the features are themselves fields of the record: a field that is a feature
        has no other part, unless the roles say so.
    roles
        The roles for this topic.
    payload
        `PLAIN`, `DEBEZIUM`, or the path to the object that holds the transaction; None is plain,
        but Debezium envelopes are recognised.
    strict
        Whether numbers and epoch times in quotes are refused.
    zone
        Time zone of times that do not name one.
    needs_key
        Whether the entity of every record is needed, and not only that of anomalies.
    recognises_envelopes
        Whether a Debezium envelope is opened if a record has one.
    """

    features: tuple[Feature, ...]
    fields: tuple[str, ...]
    parts: Parts
    flat_parts: Parts
    roles: Roles
    payload: str | None = None
    strict: bool = False
    zone: tzinfo = UTC
    needs_key: bool = False
    recognises_envelopes: bool = True

    @classmethod
    def of(
        cls,
        schema: FeatureSchema,
        roles: Roles | None = None,
        *,
        payload: str | None = None,
        strict: bool = False,
    ) -> Self:
        """Combine schema, roles and settings.

        Raises
        ------
        DataError
            The roles name a time zone that does not exist.
        """
        roles = roles or Roles()
        features = schema.wire_features
        fields = tuple(roles.field_of(feature.name) for feature in features)
        part_names = (name for name in (roles.key, roles.time, roles.id) if name)
        first_names = {name.partition(".")[0] for name in (*fields, *part_names)}
        return cls(
            features,
            fields,
            _parts(roles, taken=()),
            _parts(roles, taken=fields),
            roles,
            payload,
            strict,
            zone_of(roles.timezone),
            roles.key is not None or schema.needs_entities,
            payload is None and not first_names & ENVELOPE,
        )


def _parts(roles: Roles, taken: Iterable[str]) -> Parts:
    own_names = {"key": roles.key, "time": roles.time, "id": roles.id}
    found = []
    for part, documented in DOCUMENTED.items():
        others = {*taken, *(name for other, name in own_names.items() if name and other != part)}
        others |= {name.partition(".")[0] for name in others}
        own = own_names[part]
        free = [name for name in documented if name not in others and name != own]
        found.append((*([own] if own else []), *free))
    return Parts(*found)
