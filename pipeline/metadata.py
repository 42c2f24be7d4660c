"""ML Metadata of a recipe: sqlite in the home, or MySQL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ml_metadata import MetadataStore, errors
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.data.samples import format_run
from tfx_ocr.pipeline.settings import Settings

MYSQL_PORT = 3306
HOME = "tfx_ocr_home"  # type of the context that names the home whose runs a database holds


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
    config.mysql.user, config.mysql.password = unquote(address.username or ""), unquote(address.password or "")
    return config


def open_store(settings: Settings) -> MetadataStore:
    """Open the metadata of the settings' recipe.

    Raises:
        ValueError: the recipe has no run, or the MySQL server or its database cannot be reached.
    """
    if not settings.metadata and not settings.metadata_file.is_file():
        raise ValueError(
            f"no run of {settings.recipe} in {settings.folder}: begin with `{format_run(settings.recipe)}`"
        )
    config = get_connection(settings)
    try:
        return MetadataStore(config)
    except (RuntimeError, errors.StatusError) as error:
        if settings.metadata:
            raise ValueError(
                f"metadata {_describe(settings)} cannot be opened ({str(error).splitlines()[0]:.200}): check that the "
                "server runs, that the user may use the database, and its password (mysql_native_password)"
            ) from None
        raise


def reserve_database(settings: Settings) -> None:
    """Reserve a MySQL database for the settings' home, which the first run there does.

    Runs are told apart by recipe and time, versions by number: those of two homes would be taken for each other's.

    Raises:
        ValueError: the database holds the runs of another home, or cannot be reached.
    """
    if not settings.metadata:
        return
    store, home = open_store(settings), str(Path(settings.home).absolute())
    kind = store.put_context_type(metadata_store_pb2.ContextType(name=HOME))
    if not store.get_contexts_by_type(HOME):
        store.put_contexts([metadata_store_pb2.Context(type_id=kind, name=home)])
    owner = min(store.get_contexts_by_type(HOME), key=lambda context: context.id)  # of two that came at once, the first
    if owner.name != home:
        raise ValueError(
            f"metadata {_describe(settings)} holds the runs of {owner.name}: give the runs of {home} a database of "
            "their own"
        )


def _describe(settings: Settings) -> str:
    """Return the database's address without user and password."""
    mysql = get_connection(settings).mysql
    return f"mysql://{mysql.host}:{mysql.port}/{mysql.database}"
