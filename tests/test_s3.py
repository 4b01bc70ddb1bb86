"""A feed on S3 is stored whole or not at all."""

import hashlib
import io
import json
import signal
import subprocess
import sys

import pytest

from gorgias_crawler.sandbox.files import RECORDING
from tests.changes import change
from tests.crawling import wait
from tests.expected import expected_files


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A server of Amazon's storage protocol on loopback, with one bucket."""
    boto3 = pytest.importorskip("boto3")
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", "from moto.server import main; main(['-p', '0'])"],
        stderr=subprocess.PIPE,
        stdout=log,
        text=True,
    )
    assert process.stderr is not None
    lines = (line for line in process.stderr if "Running on http" in line)
    endpoint = next(lines).split()[-1]
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="s3cr3t-of-s3",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="exports")
    yield endpoint, client
    process.kill()
    process.wait()
    process.stderr.close()
    log.close()


def test_s3_gets_the_whole_object_or_keeps_that_of_the_night_before(open_shop, s3):
    endpoint, client = s3
    shop = open_shop(latency_s=0.01)
    shop.environ = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-s3",
    }
    options = ["-s", f"AWS_ENDPOINT_URL={endpoint}", "-s", "AWS_REGION_NAME=us-east-1"]
    options += ["-s", "AWS_ACCESS_KEY_ID=test", "-O", "s3://exports/tickets.csv"]
    options += ["-s", "AWS_SECRET_ACCESS_KEY=s3cr3t-of-s3"]
    before = b"of the night before"
    client.put_object(Bucket="exports", Key="tickets.csv", Body=before)

    def stop(call):
        if call.path == "/api/messages" and not stopped:
            stopped.append(call)
            process.send_signal(signal.SIGINT)

    stopped: list[object] = []
    shop.sandbox.on_request = stop
    process = shop.start("-a", "fetch=per-ticket", *options)
    assert wait(process).status == 3
    stored = client.get_object(Bucket="exports", Key="tickets.csv")["Body"].read()
    assert stored == before

    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    stored = client.get_object(Bucket="exports", Key="tickets.csv")["Body"].read()
    shop.run("export", "job", "-O", "local.csv")
    assert stored == (shop.path / "local.csv").read_bytes()
    assert "s3cr3t" not in ended.log + json.dumps(shop.manifest())

    client.put_object(Bucket="exports", Key="other.csv", Body=before)
    kept = [*options[:-4], *options[-2:], "-o"]
    assert shop.run("export", "job", *kept, "s3://exports/tickets.csv").status == 0
    refused = shop.run("export", "job", *kept, "s3://exports/other.csv")
    assert refused.status == 1
    assert "s3://exports/other.csv (-o) exists, and no crawl of this job" in refused.log
    stored = client.get_object(Bucket="exports", Key="other.csv")["Body"].read()
    assert stored == before


def test_files_may_be_kept_on_s3_and_go_with_their_tickets(open_shop, s3):
    endpoint, client = s3
    shop = open_shop(tickets=40)
    options = ["-s", f"AWS_ENDPOINT_URL={endpoint}", "-s", "AWS_REGION_NAME=us-east-1"]
    options += ["-s", "AWS_ACCESS_KEY_ID=test", "-s", "FILES_STORE=s3://exports/files"]
    options += ["-s", "AWS_SECRET_ACCESS_KEY=s3cr3t-of-s3"]

    def kept():
        found = client.list_objects_v2(Bucket="exports", Prefix="files/")
        keys = [each["Key"] for each in found.get("Contents", [])]
        bodies = (client.get_object(Bucket="exports", Key=key)["Body"] for key in keys)
        return sorted(hashlib.sha256(body.read()).hexdigest() for body in bodies)

    def expected():
        files = expected_files(shop.world)
        return sorted(file.sha256() for file in files if file.kind != RECORDING)

    ended = shop.crawl("-a", "files=true", *options)
    assert ended.status == 0, ended.log
    assert kept() == expected()
    assert not [p for p in (shop.jobdir / "files").rglob("*") if p.is_file()]
    change(shop.world, deleted_tickets=10)
    ended = shop.crawl("-a", "relist=true", *options)
    assert ended.status == 0, ended.log
    assert kept() == expected()
    assert "s3cr3t" not in ended.log + json.dumps(shop.manifest())
    verified = shop.run(
        "verify", "job", "--files", "-s", "FILES_STORE=s3://exports/files"
    )
    assert verified.status == 1
    assert "they are in s3://exports/files, and are not read from there" in verified.log


def test_months_go_to_s3_and_those_without_rows_go_away(open_shop, s3):
    endpoint, client = s3
    pq = pytest.importorskip("pyarrow.parquet")
    shop = open_shop(tickets=20)
    options = ["-s", f"AWS_ENDPOINT_URL={endpoint}", "-s", "AWS_REGION_NAME=us-east-1"]
    options += ["-s", "AWS_ACCESS_KEY_ID=test", "-s", "GORGIAS_PARTITION_BY=month"]
    options += ["-s", "AWS_SECRET_ACCESS_KEY=s3cr3t-of-s3"]
    options += ["-O", "s3://exports/lake/:parquet"]

    def stored():
        found = client.list_objects_v2(Bucket="exports", Prefix="lake/messages/")
        keys = [each["Key"] for each in found.get("Contents", [])]
        return {key.removeprefix("lake/messages/"): body(key) for key in keys}

    def body(key):
        return client.get_object(Bucket="exports", Key=key)["Body"].read()

    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    manifest = json.loads(body("lake/manifest.json"))["files"]["messages"]
    first = stored()
    assert manifest["files"] == {
        name: hashlib.sha256(data).hexdigest() for name, data in first.items()
    }
    rows = sum(pq.read_metadata(io.BytesIO(data)).num_rows for data in first.values())
    assert rows == manifest["rows"] == len(shop.expected())

    day = shop.expected()[0]["created_datetime"][:10]
    ended = shop.run(
        "export", "job", *options, "-a", f"since={day}", "-a", f"until={day}"
    )
    assert ended.status == 0, ended.log
    assert 0 < len(stored()) < len(first)

    client.put_object(Bucket="exports", Key="lake/messages/notes.txt", Body=b"mine")
    ended = shop.run("export", "job", *options)
    assert ended.status == 1
    assert "something else than files of months (notes.txt)" in ended.log
    assert "s3cr3t" not in ended.log
