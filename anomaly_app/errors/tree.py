"""Every error that this project raises on purpose.

::

    AnomalyAppError
    ├── SettingsError          a setting is missing, unknown or out of range
    ├── ModelError             the model's artifact cannot be used
    │   ├── ModelMissing       there is no artifact where the setting points
    │   ├── ModelCorrupt       the artifact is not the one that its manifest describes
    │   └── ModelIncompatible  the artifact was made by other versions of the libraries
    ├── BrokerError            Kafka cannot be used as configured
    │   ├── BrokerUnreachable  no broker answers at the address
    │   ├── BrokerRefused      broker and app do not trust or understand each other
    │   ├── TopicNotCreated    a missing topic cannot be created as the settings say
    │   ├── TopicMissing       a topic does not exist
    │   ├── UnreadableBatch    a fetched batch of records cannot be unpacked
    │   └── MessageTooLarge    a topic does not accept a message of this size
    ├── SchemaError            the schema of a framed record is not available
    │   ├── RegistryUnreachable  the registry does not answer, or answers with an error
    │   │   └── RegistryRefused    it denies access, or is not a schema registry
    │   ├── SchemaUnknown      the registry does not have the schema
    │   └── SchemaUnreadable   records cannot be read with the schema
    ├── DeadLetterError        dead letters cannot be replayed as asked
    │   ├── DeadLetterMissing  there is none at a given place
    │   ├── RepairError        the file of repaired letters cannot be read
    │   └── ReplayStopped      a replay ended before everything was sent
    ├── MemoryRefused          what is remembered of a partition cannot be restored exactly
    ├── WebPortTaken           another process listens on this worker's web port
    ├── PageUnreachable        a page of another worker cannot be read
    ├── ProfileMissing         a worker does not show what is remembered of an entity
    ├── DataError              a file of history cannot be read as a table of transactions
    ├── ImageCorrupt           an image of a block of the memory cannot be used
    ├── ForeignEvents          a message between the two memories is not of a worker like this
    ├── AnomalyUnreadable      a message of the anomalies topic is not an anomaly
    ├── FeedbackUnreadable     a message of the feedback topic is nothing that people say
    ├── AlertsRefused          what is asked of alerts or silences cannot be done
    ├── LabelRefused           what is said of an anomaly is no label
    ├── StoreError             the database of the store cannot be used as configured
    │   ├── StoreUnavailable   it does not answer, or is locked; it may recover later
    │   ├── SchemaDiffers      its tables are of an older or newer version of the app
    │   ├── RowsRefused        it does not take some rows, whenever they come
    │   └── PositionsMoved     it is behind what this worker has read: it was emptied or restored
    ├── EraseRefused           what is to be erased is the name of no entity
    ├── IncidentUnreadable     a message of the incidents topic is no incident
    └── RecordRejected         one Kafka record is not a transaction: it goes to the dead letters
"""


class AnomalyAppError(Exception):
    """Base of all errors of this project; its text is one line that says what to do."""


class SettingsError(AnomalyAppError):
    """A setting is missing, unknown or out of range."""


class ModelError(AnomalyAppError):
    """The model's artifact cannot be used."""


class ModelMissing(ModelError):
    """There is no artifact where the setting points."""


class ModelCorrupt(ModelError):
    """The artifact is not the one that its manifest describes."""


class ModelIncompatible(ModelError):
    """The artifact was made by other versions of the libraries, or of its format."""


class BrokerError(AnomalyAppError):
    """Kafka cannot be used as configured."""


class BrokerUnreachable(BrokerError):
    """No broker answers at the address."""


class BrokerRefused(BrokerError):
    """Broker and app do not trust or understand each other: TLS, user, or permissions."""


class TopicNotCreated(BrokerError):
    """A missing topic cannot be created as the settings say."""


class MessageTooLarge(BrokerError):
    """A topic does not accept a message of this size."""


class TopicMissing(BrokerError):
    """A topic does not exist."""


class UnreadableBatch(BrokerError):
    """A batch of records cannot be unpacked: its text names topic, partition and offsets."""


class SchemaError(AnomalyAppError):
    """The schema of a framed record is not available."""


class RegistryUnreachable(SchemaError):
    """The schema registry does not answer, or answers with an error; it may recover later."""


class RegistryRefused(RegistryUnreachable):
    """The server denies the app access, or is not a schema registry."""


class SchemaUnknown(SchemaError):
    """The schema registry does not have a schema, or hides it from the app."""


class SchemaUnreadable(SchemaError):
    """Records cannot be read with a schema."""


class DeadLetterError(AnomalyAppError):
    """Dead letters cannot be replayed as asked."""


class DeadLetterMissing(DeadLetterError):
    """There is no dead letter at a given place."""


class RepairError(DeadLetterError):
    """The file of repaired letters cannot be read."""


class ReplayStopped(DeadLetterError):
    """A replay ended before everything was sent; its text says how much was."""


class MemoryRefused(AnomalyAppError):
    """A partition's memory cannot be restored exactly, and nothing is judged without it."""


class WebPortTaken(AnomalyAppError):
    """Another process listens on this worker's web port."""


class PageUnreachable(AnomalyAppError):
    """A page of another worker cannot be read; its text goes on after the worker's address."""


class ProfileMissing(AnomalyAppError):
    """A worker does not show what is remembered of an entity, or nothing is."""


class DataError(AnomalyAppError):
    """A file of history cannot be read as a table of transactions."""


class ImageCorrupt(AnomalyAppError):
    """An image of a block of the memory is not as it was written, or of another spec."""


class ForeignEvents(AnomalyAppError):
    """A message between the two memories is not of a worker with the same memory."""


class AnomalyUnreadable(AnomalyAppError):
    """A message of the anomalies topic is not an anomaly; anyone may have written it."""


class FeedbackUnreadable(AnomalyAppError):
    """A message of the feedback topic is nothing that people say; anyone may have written it."""


class AlertsRefused(AnomalyAppError):
    """What is asked of alerts or silences cannot be done."""


class LabelRefused(AnomalyAppError):
    """What is said of an anomaly, a transaction or an entity is no label."""


class StoreError(AnomalyAppError):
    """The database of the store cannot be used as configured."""


class StoreUnavailable(StoreError):
    """The database does not answer, or is locked; it may recover later."""


class SchemaDiffers(StoreError):
    """The tables of the database are of an older or newer version of the app."""


class RowsRefused(StoreError):
    """The database does not take some rows, whenever they come."""


class PositionsMoved(StoreError):
    """The database is behind what this worker has read: it was emptied or restored."""


class EraseRefused(AnomalyAppError):
    """What is to be erased is the name of no entity."""


class IncidentUnreadable(AnomalyAppError):
    """A message of the incidents topic is no incident; anyone may have written it."""
