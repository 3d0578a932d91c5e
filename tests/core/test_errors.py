from tocsin.core import errors
from tocsin.core.errors import Detail, InvalidAlertError, TocsinError


def every_error(root: type[TocsinError] = TocsinError) -> set[type[TocsinError]]:
    return {root}.union(*map(every_error, root.__subclasses__()))


def test_the_tree_in_the_docstring_is_the_tree_there_is():
    drawn = {line.strip("│├└─ ").split()[0] for line in (errors.__doc__ or "").splitlines() if "── " in line}
    assert drawn | {"TocsinError"} == {error.__name__ for error in every_error() if error.__module__ == errors.__name__}


def test_every_error_has_a_stable_word_of_its_own():
    words = [error.code for error in every_error()]
    assert len(words) == len(set(words))


def test_an_error_goes_out_with_its_word_its_message_and_its_details():
    error = InvalidAlertError("not an alert", [Detail("price", "must not be negative")])
    assert str(error) == "not an alert"
    assert error.as_json() == {
        "error": {
            "code": "invalid_alert",
            "message": "not an alert",
            "details": [{"path": "price", "message": "must not be negative"}],
        }
    }
