"""A real daemon with a real SoftHSM token, for the tests in Python."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from sealkeeper_client import ROOT

BINARIES = Path(os.environ.get("SEALKEEPER_BIN") or Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug")
PICTURES = ROOT / "softhsm-setup/demo"
READY_S = 30
STOP_S = 30

# Name, picture and size in mm of the seal for each key. The last one fits on pages a real seal does not fit on.
SEALS = [("公章", "official-seal.png", 40), ("合同专用章", "contract-seal.png", 40), ("小印", "official-seal.png", 1)]


class Agent:
    """`seal-agent` on a home of its own, its socket in a directory with a short name.

    A context manager: started on entering, stopped in good order on leaving. `seals` are the names of the configured
    seals, `ca` is the PEM of the CA of their certificates.
    """

    def __init__(self, home, office_key=None, remote="", lenient=False):
        """A fresh home with token, journal and seals; nothing is left of earlier runs. With `office_key`, the file with the seal
        office's public key, it has an office, whose first person is `office_person`, and no seals until acts have made some. `remote`
        are lines of `[remote]`. `lenient`: what is found in a document is warned of, whatever it is.
        """
        self.home = Path(home)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.parent.mkdir(parents=True, exist_ok=True)
        setup = [ROOT / "softhsm-setup/setup.sh", "--keys", str(len(SEALS)), f"{self.home}-token"]
        subprocess.run(setup, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.token = _variables(Path(f"{self.home}-token/uris.env"))
        self.pin, self.token_serial, self.ca = self.token["TEST_PIN"], self.token["TOKEN_SERIAL"], Path(self.token["CA_PEM"])
        self.seals = [] if office_key else [name for name, _, _ in SEALS]
        # sun_path holds 108 bytes; the repository's own path may be longer.
        self._run = tempfile.TemporaryDirectory(prefix="seal-")
        self.socket = Path(self._run.name, "agent.sock")
        self.log = Path(f"{self.home}.log")
        self.log.write_text("")
        self.process = None
        authority = ["--office-key", office_key] if office_key else ["--solo"]
        init = [BINARIES / "seal-agent", "init", *authority, "--home", self.home]
        said = subprocess.run(init, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
        if lenient:
            policy = self.home / "policy.toml"
            policy.write_text(re.sub(r'(?m)^(\w+) = "refuse"', r'\1 = "warn"', policy.read_text(encoding="utf-8")), encoding="utf-8")
        # Nobody else tells who the first person is: their key is known, their id was drawn just now.
        self.office_person = re.search(r"office +(p-[0-9a-f]+)", said).group(1) if office_key else None
        # One use at a time: what an act has done on a token must not wait for what the act holds itself.
        office = f'[office]\nissuers = ["{self.ca}"]\n[limits]\nuses_at_once = 1\n'
        office += f"[remote]\n{remote}\n" if remote else ""
        seals = office if office_key else self._seals()
        (self.home / "agent.toml").write_text(self._configuration() + seals, encoding="utf-8")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.alive():
            self.stop()
        self._run.cleanup()

    def start(self):
        """Starts the daemon and waits until it says that it is ready."""
        with open(self.log, "ab") as log:
            command = [BINARIES / "seal-agent", "run", "--home", self.home]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        watchdog = threading.Timer(READY_S, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            self.process.wait()
            raise RuntimeError(f"seal-agent did not get ready: {self.last_words()}")

    def alive(self):
        """Whether the daemon runs."""
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL; returns when the process is gone."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; the daemon must drain and end by itself with 0."""
        self.process.terminate()
        code = self.process.wait(timeout=STOP_S)
        self.process.stdout.close()
        if code != 0:
            raise RuntimeError(f"seal-agent ended with {code}: {self.last_words()}")

    def last_words(self):
        """The end of the daemon's log."""
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def _configuration(self):
        return f"""version = 1
[agent]
socket = "{self.socket}"
[[modules]]
name = "softhsm"
path = "{self.token["MODULE"]}"
environment = {{ SOFTHSM2_CONF = "{self.token["SOFTHSM2_CONF"]}" }}
"""

    def _seals(self):
        text = ""
        for number, (name, picture, size) in enumerate(SEALS, 1):
            text += f"""
[[seals]]
id = "seal-{number}"
name = "{name}"
unit = "示例科技有限公司"
picture = "{PICTURES / picture}"
width_mm = {size}
height_mm = {size}
key = "{self.token[f"KEY{number}_URI"]}"
certificate = "{self.token[f"CERT{number}_URI"]}"
issuers = ["{self.ca}"]
"""
        return text


def _variables(path):
    """The variables of a file written by setup.sh, which quotes no more than a plain value needs."""
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}
