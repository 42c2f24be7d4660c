import pytest

from tfx_ocr.pipeline.metadata import get_connection, open_store
from tfx_ocr.pipeline.settings import Settings


def test_metadata_is_sqlite_in_the_home_or_mysql_by_one_setting(tmp_path):
    assert get_connection(Settings(home=str(tmp_path))).sqlite.filename_uri == str(
        tmp_path / "digits" / "metadata.sqlite"
    )
    mysql = get_connection(Settings(metadata="mysql://ocr:secret@db:3307/mlmd")).mysql
    assert (mysql.user, mysql.password, mysql.host, mysql.port, mysql.database) == ("ocr", "secret", "db", 3307, "mlmd")
    assert get_connection(Settings(metadata="mysql://ocr@db/mlmd")).mysql.port == 3306


@pytest.mark.parametrize("address", ["postgres://db/mlmd", "mysql://db", "mlmd"])
def test_another_address_for_metadata_is_refused(address):
    with pytest.raises(ValueError, match="it takes mysql://user:password@host:port/database"):
        get_connection(Settings(metadata=address))


def test_metadata_of_a_recipe_without_a_run_says_how_to_begin(tmp_path):
    settings = Settings(home=str(tmp_path), recipe="hangul")
    with pytest.raises(ValueError, match="begin with `tfx-ocr run hangul`"):
        open_store(settings)
    assert not settings.folder.exists()  # and leaves no file
