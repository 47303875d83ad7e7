"""How a program ends that runs beside Airflow: what stops it is one line on standard error, and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress


class StopError(Exception):
    """What stops a program, in words for the person who runs it. The message holds no secret."""


def ended(name: str, main: Callable[[], int]) -> int:
    """The exit code of `main`; of what it raised: 2, after Ctrl-C 130, and 141 where nobody reads what it prints."""
    try:
        code = main()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        code, why = 130, "interrupted; run it again, and it begins anew"
    except BrokenPipeError:
        code, why = 141, "standard output was closed before everything was written"
    except Exception as error:
        code, why = 2, _why(error)
    with suppress(OSError, ValueError):  # else Python writes what is left once more at its end, and fails again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with suppress(OSError):
        sys.stderr.write(f"{name}: {why}\n")
    return code


def _why(error: Exception) -> str:
    if isinstance(error, StopError):
        return str(error)
    if isinstance(error, ImportError):
        return f"{error}: run it with the Python that has Airflow and its FAB provider, in Airflow's image for example"
    if isinstance(error, OSError):
        place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return f"{place}{error.strerror or error}; mend that, and run it again"
    database = sys.modules.get("sqlalchemy.exc")  # whoever raises one of its errors has imported it
    if database is not None and isinstance(error, database.SQLAlchemyError):
        # The statement and its values, which follow in its text, are nobody's business.
        said = str(getattr(error, "orig", None) or error).partition("\n")[0]
        return f"Airflow's database does not answer: {said}; see that it runs and where Airflow looks for it"
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    return f"a mistake of this program's own, at {place} ({type(error).__name__}); please report it"
