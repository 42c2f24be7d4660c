"""ML Metadata of a recipe: sqlite in the home, or MySQL."""

from __future__ import annotations

from urllib.parse import urlsplit

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.pipeline.settings import Settings

MYSQL_PORT = 3306


def get_connection(settings: Settings) -> metadata_store_pb2.ConnectionConfig:
    """Return where the metadata lies.

    Raises:
        ValueError: `settings.metadata` is not an address this takes.
    """
    config = metadata_store_pb2.ConnectionConfig()
    if not settings.metadata:
        config.sqlite.filename_uri = str(settings.metadata_file)
        config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return config
    address = urlsplit(settings.metadata)
    if address.scheme != "mysql" or not address.hostname or not address.path.strip("/"):
        raise ValueError(
            f"setting metadata is {settings.metadata!r}; it takes mysql://user:password@host:port/database, or nothing"
        )
    config.mysql.host, config.mysql.port = address.hostname, address.port or MYSQL_PORT
    config.mysql.database = address.path.strip("/")
    config.mysql.user, config.mysql.password = address.username or "", address.password or ""
    return config


def open_store(settings: Settings) -> MetadataStore:
    """Open the metadata of the settings' recipe.

    Raises:
        ValueError: the recipe has no run.
    """
    if not settings.metadata and not settings.metadata_file.is_file():
        raise ValueError(
            f"no run of {settings.recipe} in {settings.folder}: begin with `tfx-ocr run {settings.recipe}`"
        )
    return MetadataStore(get_connection(settings))
