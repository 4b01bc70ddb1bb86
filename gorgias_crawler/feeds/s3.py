"""Feeds on S3 and its likes."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import S3FeedStorage

from gorgias_crawler.feeds.reasons import not_of_this_job


class CheckedS3Storage(S3FeedStorage):
    """Scrapy's, which uploads at the end, but asks for the bucket at the start.

    Registered in ``FEED_STORAGES`` for ``s3``. ``name`` is its URI; an object that is
    there already stays unless it ``may_replace`` it.
    """

    name: str
    may_replace: bool
    claim_feed: Callable[[str, str], None]

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None
    ) -> Self:
        """Build it as Scrapy does."""
        storage = super().from_crawler(crawler, uri, feed_options=feed_options)
        spider: Any = crawler.spider
        storage.name = f"s3://{storage.bucketname}/{storage.keyname}"
        storage.claim_feed = spider.claim_feed
        # As in Scrapy: -O sets it, -o leaves it out.
        is_asked_for = bool((feed_options or {}).get("overwrite"))
        storage.may_replace = is_asked_for or spider.has_stored(storage.name)
        return storage

    def check(self) -> None:
        """Raise what boto3 raises where the bucket cannot be reached, or `FeedError`.

        A key that may only write is refused these questions, and is believed.
        """
        self._finds(self.s3_client.head_bucket, HTTPStatus.FORBIDDEN)
        lacks = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        ask = self.s3_client.head_object
        if not self.may_replace and self._finds(ask, *lacks, Key=self.keyname):
            raise not_of_this_job(self.name)

    def claim(self, sha256: str) -> None:
        """Note what the object will hold, so that a later run may replace it."""
        self.claim_feed(self.name, sha256)

    def _finds(self, ask: Callable[..., object], *lacks: int, **what: str) -> bool:
        """Tell whether *ask* is answered; where it is not, *lacks* has the status.

        Raises what boto3 raises.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415  # optional

        try:
            ask(Bucket=self.bucketname, **what)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in lacks:
                raise
            return False
        return True
