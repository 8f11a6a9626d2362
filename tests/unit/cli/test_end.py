"""How programs end."""

import subprocess
import sys

_PROGRAM = (
    "import sys; from anyscale_constructs.cli import run; sys.exit(run(lambda: [print('x' * 999) for _ in range(999)]))"
)


def test_a_reader_that_has_seen_enough_gets_no_traceback() -> None:
    """As in `python -m stacks | head`."""
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")
