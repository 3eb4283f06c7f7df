"""Runs MiniStack; with SERVER_ENDS_WITH_STDIN it ends when its standard input does, so with
whoever started it. MiniStack checks signatures by itself."""

import os
import sys
import threading
from importlib.metadata import entry_points


def end_with_standard_input():
    """Standard input is a pipe that nobody writes to: it ends when the other side is gone."""

    def wait():
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    if os.environ.get("SERVER_ENDS_WITH_STDIN"):
        end_with_standard_input()
    # What its own command does.
    (command,) = entry_points(group="console_scripts", name="ministack")
    sys.argv = ["ministack"]
    sys.exit(command.load()())
