"""Whether Apache Spark reads a Parquet file of messages as it is.

Needs ``pip install pyspark`` and Java 17. It counts the rows, says what types Spark
sees, and answers two questions.

    python bench/spark.py tickets.parquet
"""

import sys
from typing import Any

QUESTIONS = (
    (
        "SELECT date_format(created_datetime, 'yyyy-MM') AS month, "
        "count(DISTINCT ticket_id) AS tickets FROM messages GROUP BY month ORDER BY month"
    ),
    (
        "SELECT tag, count(DISTINCT ticket_id) AS tickets FROM messages "
        "LATERAL VIEW explode(tags) AS tag GROUP BY tag ORDER BY tickets DESC, tag LIMIT 5"
    ),
)


def main(path: str) -> int:
    """Ask; return the exit status."""
    sql: Any = __import__("pyspark.sql", fromlist=["SparkSession"])
    spark = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")  # no port for others
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    rows = spark.read.parquet(path)
    rows.createOrReplaceTempView("messages")
    print(f"{rows.count():,} rows")
    for name in ("ticket_id", "created_datetime", "tags", "custom_fields"):
        print(f"{name}: {rows.schema[name].dataType.simpleString()}")
    for question in QUESTIONS:
        spark.sql(question).show()
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
