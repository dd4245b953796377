#!/usr/bin/env python3
"""A real node read by R's rsdmx, where R has it: flows, structure, codes and figures, as a provider and by address.

Debian has it as `r-cran-rsdmx`, others as `install.packages("rsdmx")`.
"""

import shutil
import subprocess
import sys

from corridor_node import Checks
from sdmx_clients import node_with_open_data

# Version 0.6-2 warns of a fault of its own for each observation with several attributes.
SCRIPT = r"""
options(warn = -1)
suppressMessages(library(rsdmx))
base <- commandArgs(TRUE)[1]
tell <- function(name, expression) {
  value <- tryCatch(paste(expression, collapse = " "), error = function(e) paste("error:", conditionMessage(e)))
  cat(name, "\t", gsub("[\t\n]", " ", value), "\n", sep = "")
}
builder <- SDMXREST21RequestBuilder(regUrl = base, repoUrl = base, compliant = TRUE)
addSDMXServiceProvider(SDMXServiceProvider(agencyId = "ITA", name = "Italy", builder = builder))
ask <- function(...) readSDMX(providerId = "ITA", verbose = FALSE, ...)
by <- function(path) as.data.frame(readSDMX(paste0(base, path), verbose = FALSE))
tell("flows", as.data.frame(ask(resource = "dataflow"))$id)
tell("one flow", as.data.frame(ask(resource = "dataflow", agencyId = "ITA", resourceId = "RE"))$Name.en)
dsd <- ask(resource = "datastructure", agencyId = "CORRIDOR", resourceId = "MIGPROFILE")
parts <- slot(slot(slot(dsd, "datastructures"), "datastructures")[[1]], "Components")
tell("dimensions", length(slot(parts, "Dimensions")))
tell("codes", by("/codelist/SDMX/CL_SEX/latest")$id)
message <- ask(resource = "data", flowRef = "RE", key = list("A", "ITA", c("USA", "CHE")), start = 2019, end = 2020, dsd = TRUE)
d <- as.data.frame(message, labels = TRUE)
tell("generic", d$obsValue)
tell("labels", unique(d$COUNTERPART_AREA_label.en))
tell("statuses", unique(d$OBS_STATUS))
tell("specific", by("/data/ITA,RE/..USA?startPeriod=2019&endPeriod=2020&format=xml")$OBS_VALUE)
tell("whole", nrow(by("/data/RE")))
tell("flat", nrow(by("/data/RE?dimensionAtObservation=AllDimensions")))
tell("two flows", nrow(by("/data/dataflow/ITA/MS,RE/*/..USA")))
tell("nothing", is.null(by("/data/RE?startPeriod=2999")))
tell("unknown", by("/data/NONE"))
"""

WANTED = {
    "flows": "MIG MS MF RE MIGPROFILE",
    "one flow": "Italy: Remittances",
    "dimensions": "14",
    "codes": "F M _N _O _T _U _Z",
    "generic": "6058 6061 6057 4711",
    "labels": "Switzerland United States",
    "statuses": "A",
    "specific": "6057 4711",
    "whole": "26",
    "flat": "26",
    "nothing": "TRUE",
}


def main() -> int:
    checks = Checks()
    program = shutil.which("Rscript")
    has = program and subprocess.run([program, "-e", "library(rsdmx)"], capture_output=True, check=False).returncode == 0
    if not has:
        checks.skip("rsdmx reads a node", "this machine has no R with rsdmx")
        return checks.end()
    with node_with_open_data() as node:
        done = subprocess.run([program, "-e", SCRIPT, node.url + "/sdmx"], capture_output=True, text=True, check=False)
        told = dict(line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
        for name, wanted in WANTED.items():
            checks.check(f"rsdmx: {name}", told.get(name) == wanted, f"{told.get(name)!r} {done.stderr[-300:]}")
        checks.check("rsdmx: two flows", int(told.get("two flows", "0")) > 9, str(told.get("two flows")))
        checks.check("rsdmx: unknown", "404" in told.get("unknown", ""), str(told.get("unknown")))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
