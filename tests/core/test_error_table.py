"""The page of error codes is what the code says."""

from portal import error_table


def test_the_page_of_error_codes_is_up_to_date() -> None:
    assert error_table.PATH.read_text("utf-8") == error_table.render(), "run manage.py write_errors"
