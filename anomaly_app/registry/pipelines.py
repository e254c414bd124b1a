"""Build the pipeline that judges records from an artifact and the settings."""

from difflib import get_close_matches

from anomaly_app.core.decoding.framing import Readers
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.pipeline import Pipeline
from anomaly_app.core.visible import listed
from anomaly_app.errors import SettingsError
from anomaly_app.registry.artifacts import load_model
from anomaly_app.settings import Settings


def load_pipeline(settings: Settings, readers: Readers) -> Pipeline:
    """Load the configured model, and build its pipeline.

    Parameters
    ----------
    settings
        The model's folder, and how records are read.
    readers
        Readers of framed records by schema id; may be filled later.

    Raises
    ------
    ModelError
        The model is missing, or cannot be trusted.
    SettingsError
        The settings name features that the model does not have.
    """
    return build_pipeline(load_model(settings.model), settings, readers)


def build_pipeline(model: Model, settings: Settings, readers: Readers) -> Pipeline:
    """Build the pipeline of a loaded model; see `load_pipeline`.

    Raises
    ------
    SettingsError
        A feature that the roles of the settings rename is not one of the model's, or fields are to
        be hashed without a key.
    """
    roles = _roles_for(model, settings)
    return Pipeline(
        model,
        max_record_bytes=settings.max_record_bytes,
        max_reasons=settings.max_reasons,
        roles=roles,
        payload=settings.payload,
        strict=settings.strict,
        readers=readers,
        hash_key=_hash_key_for(model.manifest.roles.changed_by(roles), settings),
    )


def _hash_key_for(roles: Roles, settings: Settings) -> bytes | None:
    """Return the key with which fields are hashed, after checking that there is one if any are."""
    if settings.hash_key is None and roles.hashed:
        raise SettingsError(
            f"hash={','.join(roles.hashed)} needs a secret to hash with: set ANOMALY_HASH_KEY or "
            "ANOMALY_HASH_KEY_FILE, the same for all workers (openssl rand -base64 32 makes one)"
        )
    return None if settings.hash_key is None else settings.hash_key.get_secret_value().encode()


def _roles_for(model: Model, settings: Settings) -> Roles:
    """Return the roles of the settings, after checking that the model has their features."""
    roles = settings.said_roles
    names = [feature.name for feature in model.schema.wire_features]
    for name in roles.renamed:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            meant = f"did you mean {close[0]}?" if close else f"it has {listed(names, most=9)}"
            raise SettingsError(
                f"ANOMALY_ROLES: the model in {settings.model} has no feature {name!r}; {meant}"
            )
    return roles
