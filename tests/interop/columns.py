#!/usr/bin/env python3
"""A directory of `corridor export --parquet`, read by DuckDB, pyarrow and Spark: their sums are those of the node.

DuckDB must be there. Spark needs Java: where it lacks, that is skipped, visibly.
"""

import csv
import decimal
import io
import os
import pathlib
import shutil
import sys
import tempfile

from corridor_node import AREAS, Checks, node_with_figures

ALL = "SELECT indicator, count(*), count(obs_value), sum(obs_value) FROM figures GROUP BY indicator ORDER BY indicator"


def of_node(node):
    """By indicator: versions, values, sum; of the whole history."""
    told = {}
    for row in csv.DictReader(io.StringIO(node.run("get", "MIGPROFILE", "--history", "--format", "csv").stdout)):
        rows, values, total = told.get(row["indicator"], (0, 0, decimal.Decimal(0)))
        if row["obs_value"]:
            values, total = values + 1, total + decimal.Decimal(row["obs_value"])
        told[row["indicator"]] = (rows + 1, values, total)
    return told


def by_duckdb(directory):
    import duckdb

    files = str(directory / "**" / "*.parquet")
    duckdb.sql(f"CREATE OR REPLACE VIEW figures AS SELECT * FROM read_parquet('{files}', hive_partitioning = true)")
    return {row[0]: (row[1], row[2], row[3]) for row in duckdb.sql(ALL).fetchall()}


def by_pyarrow(directory):
    import pyarrow.dataset

    table = pyarrow.dataset.dataset(directory, format="parquet", partitioning="hive").to_table()
    told = {}
    for indicator, value in zip(table["indicator"].to_pylist(), table["obs_value"].to_pylist()):
        rows, values, total = told.get(indicator, (0, 0, decimal.Decimal(0)))
        told[indicator] = (rows + 1, values + (value is not None), total + (value or 0))
    return told


def by_spark(directory):
    import pyspark.sql

    builder = pyspark.sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    # Its bars of progress end no line, and would hide the next one.
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        session.read.parquet(str(directory)).createOrReplaceTempView("figures")
        return {row[0]: (row[1], row[2], row[3]) for row in session.sql(ALL).collect()}
    finally:
        session.stop()


def compare(checks, name, read, directory, node):
    expected = of_node(node)
    try:
        found = read(directory)
    except ImportError as error:
        if name == "DuckDB":
            checks.check(f"{name} is installed", False, str(error))
        else:
            checks.skip(name, f"{error}: pip install {error.name}")
        return
    checks.check(f"{name} counts and sums as the node does", found == expected, f"{found} is not {expected}")


def main() -> int:
    checks = Checks()
    java = shutil.which("java") or os.environ.get("JAVA_HOME")
    readers = [("DuckDB", by_duckdb), ("pyarrow", by_pyarrow)]
    with node_with_figures() as node, tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary) / "export"
        node.ask("export", "--parquet", str(directory))
        for name, read in readers:
            compare(checks, name, read, directory, node)
        node.release([("PHL", area, "MS_FBORN", 2021, f"{at}.125") for at, area in enumerate(AREAS)])
        node.release([("PHL", "ITA", "RE_RECV", 2021, "-12.0000000001")])
        second = node.ask("export", "--parquet", str(directory))
        checks.check("a second run writes what is new", second["rows_written"] == len(AREAS) + 1, str(second))
        for name, read in readers:
            compare(checks, f"{name}, after a second run,", read, directory, node)
        if java:
            compare(checks, "Spark", by_spark, directory, node)
        else:
            checks.skip("Spark", "no Java here")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
