"""Feeds on S3 and its likes."""

from http import HTTPStatus

from scrapy.extensions.feedexport import S3FeedStorage


class CheckedS3Storage(S3FeedStorage):
    """Scrapy's, which uploads at the end, but asks for the bucket at the start.

    Registered in ``FEED_STORAGES`` for ``s3``.
    """

    def check(self) -> None:
        """Raise what boto3 raises where the bucket cannot be reached.

        A key that may only write is refused this question, and is believed.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415  # optional

        try:
            self.s3_client.head_bucket(Bucket=self.bucketname)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != HTTPStatus.FORBIDDEN:
                raise
