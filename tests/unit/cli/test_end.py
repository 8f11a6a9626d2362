"""How programs end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import ROOT
from tests.unit.cli.parts import CLOUD, files, write

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


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("begun", ["cdktf.out/.cdktf.out.*", "cdktf.out/.cdktf.out.*/stacks/*/cdk.tf.json"])
def test_a_synthesis_that_is_told_to_stop_leaves_nothing(
    begun: str, number: signal.Signals, status: int, folder: Path
) -> None:
    """As when CI cancels it: while it reads the clouds, and while Node.js writes the files."""
    (folder / "cdktf.out").mkdir()
    write(folder, **{f"cloud-{index}": CLOUD for index in range(15)})
    before = files(folder)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-m", "stacks"], env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr
        while not list(folder.glob(begun)):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(number)
        said = process.stderr.read()
    assert (process.returncode, said) == (status, b"")
    assert files(folder) == before
    assert list((folder / "cdktf.out").iterdir()) == []
