"""What can go wrong at a start, said in sentences."""

import errno


class Problem(Exception):
    """Something a person can mend; the text is a sentence that says what and how."""


def sentence(error: OSError) -> str:
    """Say what a refusal of the operating system means here."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {error.filename or 'a file'} could not be written. Free some space first."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"This user may not write {error.filename or 'a file'}. Another user, such as root, may have "
            "made it: give the whole checkout to one user, or start as that one."
        )
    return f"The launcher failed: {error}"
