"""How files are fetched: calls, time, memory, and what kills leave behind.

Run ``python bench/files.py``; it asks a sandbox in this process. ``--kills N`` kills so
many runs at random moments, ``--large`` fetches one file of 200 MB.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World
from gorgias_crawler.sandbox.files import RECORDING, asked_as
from tests.expected import expected_files

PROJECT = Path(__file__).parent.parent
MB = 1_000_000


def environment(sandbox: Sandbox) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GORGIAS_")}
    return kept | {
        "GORGIAS_API_USER": API_USER,
        "GORGIAS_API_KEY": API_KEY,
        "GORGIAS_API_URL": sandbox.url,
    }


def start(path: Path, sandbox: Sandbox) -> subprocess.Popen[str]:
    (path / "scrapy.cfg").write_text("[settings]\ndefault = gorgias_crawler.settings\n")
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "gorgias", "-s", "JOBDIR=job",
         "-a", "files=true"],
        cwd=path, env=environment(sandbox), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def expected(world: World) -> dict[str, str]:
    files = [file for file in expected_files(world) if file.kind != RECORDING]
    return {asked_as(file.path): file.sha256() for file in files}


def kept(root: Path) -> dict[str, str]:
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[path.relative_to(root).as_posix()] = digest
    return found


def peak_mb(process: subprocess.Popen[str]) -> float:
    """Wait for the end; return the most memory that the process held."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


def asked(sandbox: Sandbox) -> int:
    return sum("/attachment/download/" in call.path for call in sandbox.calls)


def whole(world: World, rate: str | None) -> None:
    """Fetch everything once, beside a plain loop over the same files."""
    files = expected(world)
    total = sum(f.size for f in expected_files(world) if f.kind != RECORDING)
    with Sandbox(world, rate=rate) as sandbox, tempfile.TemporaryDirectory() as name:
        began_s = time.monotonic()
        process = start(Path(name), sandbox)
        log = process.stdout.read() if process.stdout else ""
        peak = peak_mb(process)
        took_s = time.monotonic() - began_s
        stored = kept(Path(name) / "job" / "files")
        manifest = json.loads((Path(name) / "job" / "run.json").read_text())
        assert process.returncode == 0, log[-2000:]
        assert sorted(stored.values()) == sorted(files.values())
        calls = len(sandbox.calls)
        spaced = ""
        if rate:
            burst, seconds = map(int, rate.split("/"))
            least_s = max(0, calls - burst * 0.8) / (burst / seconds)
            spaced = f", the bucket alone takes {least_s:.0f} s"
        print(
            f"rate {rate}: {len(files):,} files, {total / MB:,.0f} MB in {took_s:.0f} s"
            f"{spaced}; {asked(sandbox):,} calls for them (least {len(files):,}), "
            f"{len(sandbox.file_host.calls):,} of the host, {len(sandbox.refused)} refused, "
            f"peak {peak:.0f} MB, exit {manifest['exit_status']}"
        )


def plain(world: World) -> None:
    """Download all files one after another, as a script would."""
    files = expected(world)
    with Sandbox(world, rate=None) as sandbox, tempfile.TemporaryDirectory() as name:
        began_s = time.monotonic()
        for index, path in enumerate(files):
            with urllib.request.urlopen(sandbox.file_host.signed(path, 600)) as body:
                (Path(name) / str(index)).write_bytes(body.read())
        print(f"a plain loop without the API: {time.monotonic() - began_s:.0f} s")


def kills(world: World, number: int) -> None:
    """Kill runs at random moments; count what is torn, lost and fetched twice."""
    files = expected(world)
    draw = random.Random(1)
    done = torn = lost = again = jobs = 0
    while done < number:
        jobs += 1
        with (
            Sandbox(world, rate=None, latency_s=0.005) as sandbox,
            tempfile.TemporaryDirectory() as name,
        ):
            root = Path(name) / "job" / "files"
            at_job = 0
            while True:
                process = start(Path(name), sandbox)
                # From when files begin to come: before, nothing is at stake.
                before = len(sandbox.file_host.calls)
                while process.poll() is None and len(sandbox.file_host.calls) <= before:
                    time.sleep(0.005)
                time.sleep(draw.uniform(0, 0.25))
                process.send_signal(signal.SIGKILL)
                log = process.communicate()[0]
                if process.returncode != -signal.SIGKILL:
                    assert process.returncode == 0, log[-2000:]
                    break
                done += 1
                at_job += 1
                for place, digest in kept(root).items() if root.exists() else ():
                    is_hidden = place.startswith(".unfinished-")
                    torn += not is_hidden and digest not in files.values()
            stored = kept(root)
            lost += len(set(files.values()) - set(stored.values()))
            torn += len(set(stored.values()) - set(files.values()))
            twice = len(sandbox.file_host.calls) - len(files)
            again += max(0, twice - 4 * at_job)
    print(
        f"{done} kills over {jobs} jobs of {len(files)} files: {torn} torn, {lost} lost,"
        f" {again} fetched twice beyond those in flight"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--rate", default="none")
    parser.add_argument("--files", type=int, default=3_000)
    given = parser.parse_args()
    if given.large:
        whole(
            World(
                tickets=8, files_per_message=0.1, file_bytes=(200 * MB, 200 * MB + 1)
            ),
            None,
        )
    elif given.kills:
        kills(World(tickets=60, file_bytes=(50_000, 2 * MB)), given.kills)
    else:
        tickets, messages = 400, 2_000
        world = World(
            tickets=tickets,
            files_per_message=given.files / messages,
            file_bytes=(1_000, 20 * MB),
        )
        found = len(expected(world)), len(world.messages)
        print(f"{found[1]:,} messages, {found[0]:,} files")
        whole(world, None if given.rate == "none" else given.rate)
        plain(world)


if __name__ == "__main__":
    main()
