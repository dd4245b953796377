#!/usr/bin/env python3
"""The pages of a real node in a real browser: Chromium clicks through every page in three languages, the numbers are held
against the API, axe-core looks for what keeps people out, and pictures of all pages are left in target/portal.

Needs Chromium and the packages of requirements-browser.txt. Where Chromium is missing, Debian's package is installed if
that is possible; else this says SKIP, and FAIL under CI.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from corridor_node import ROOT, Checks, Node

PICTURES = ROOT / "target" / "portal"
MAX_PAGE = 300_000
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# The words of each language: the ways to the pages, in their order, and a country's name.
LANGUAGES = {
    "en": (["Map", "Countries", "Indicators", "Regions", "Quality", "This node"], "Philippines", "Foreign-born population"),
    "fr": (["Carte", "Pays", "Indicateurs", "Régions", "Qualité", "Ce nœud"], "Philippines", "Population née à l'étranger"),
    "es": (["Mapa", "Países", "Indicadores", "Regiones", "Calidad", "Este nodo"], "Filipinas", "Población nacida en el extranjero"),
}
ORIGIN = {1990: 90_100, 2000: 180_250, 2010: 300_900, 2020: 395_400}
DESTINATION = {1990: 107_227, 2000: 222_330, 2010: 402_970, 2020: 651_015}


def chromium() -> str | None:
    """The program, installed if it must be and can be."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Chromium is missing: installing Debian's package", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "-q", "update"], **quiet)
        subprocess.run(["apt-get", "-qy", "install", "chromium"], **quiet)
        found = shutil.which("chromium")
    return found


def two_nodes(directory: pathlib.Path) -> tuple[Node, Node]:
    """An origin and a destination that hold each other's public figures."""
    public = ["--public", "MS_FBORN", "--public", "ES_NBORN_ABR"]
    origin = Node(directory, "PHL", "Statistics <Authority>", *public)
    destination = Node(directory, "CAN", "Statistics Canada, replay", *public)
    for node in (origin, destination):
        node.start()
    for node, other in ((origin, destination), (destination, origin)):
        card = directory / f"{other.dir.name}.card"
        card.write_text(other.ask("card")["card"])
        node.ask("partner", "add", "--yes", str(card))
    origin.release([("PHL", "CAN", "ES_NBORN_ABR", year, value) for year, value in ORIGIN.items()])
    others = [("CAN", area, "MS_FBORN", 2020, 1000 * at + 17) for at, area in enumerate(["ITA", "ESP", "IND", "CHN"], 1)]
    destination.release([("CAN", "PHL", "MS_FBORN", year, value) for year, value in DESTINATION.items()] + others)
    for _ in range(300):
        if len(api(destination, "mirror?origin=PHL&destination=CAN").get("pairs", [])) == len(ORIGIN):
            return origin, destination
        time.sleep(0.1)
    raise RuntimeError("the figures of the origin do not arrive")


def api(node: Node, path: str):
    try:
        with urllib.request.urlopen(f"{node.url}/api/v1/{path}", timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError:
        return {}


def digits(text: str, language: str) -> str:
    """A number without what sets thousands apart, with a point."""
    return text.replace(",", "") if language == "en" else re.sub(r"\s", "", text).replace(",", ".")


class Reader:
    """A browser with a window of one size, in one language."""

    def __init__(self, browser, axe, checks: Checks, node: Node, language: str, size: dict, **more):
        self.axe, self.checks, self.node, self.language, self.name = axe, checks, node, language, f"{language}-{size['width']}"
        self.context = browser.new_context(viewport=size, locale=language, accept_downloads=True, **more)
        self.page = self.context.new_page()
        self.troubles, self.outside = [], []
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.troubles.append(said.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda asked: asked.url.startswith((node.url, "blob:", "data:")) or self.outside.append(asked.url))

    def look(self, name: str):
        """What must hold of every page, and a picture of it."""
        page, where = self.page, f"{self.name} {name}"
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(PICTURES / f"{self.name}-{name}.png"), full_page=True)
        found = self.axe.run(page).response["violations"]
        what = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]
        self.checks.check(f"{where}: axe-core finds nothing", not found, "; ".join(what)[:900])
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.checks.check(f"{where}: nothing stands out at the side", width <= 0, f"{width} px")
        size = len(page.content())
        once = page.evaluate("document.querySelectorAll('h1').length === 1 && document.documentElement.lang")
        self.checks.check(f"{where}: is in its language, short, and asks nobody else",
                          once == self.language and size < MAX_PAGE and not self.outside and not self.troubles,
                          f"{once}, {size} bytes, {self.outside}, {self.troubles}")
        self.troubles.clear()

    def follow(self, text: str, inside: str = "main"):
        self.page.locator(inside).get_by_role("link", name=text, exact=True).first.click()
        self.page.wait_for_load_state()


def click_through(reader: Reader):
    """Every page, as one comes to it by clicking."""
    page, (ways, country, indicator) = reader.page, LANGUAGES[reader.language]
    page.goto(reader.node.url + "/")
    for at, way in enumerate(ways):
        reader.follow(way, "header")
        reader.look(["map", "countries", "indicators", "regions", "quality", "node"][at])
    reader.follow(ways[1], "header")
    reader.follow(country)
    reader.look("country")
    reader.follow(ways[2], "header")
    reader.follow(indicator)
    reader.look("indicator")
    page.locator("main table").get_by_role("link", name=re.compile(f"^{country} →")).first.click()
    page.wait_for_load_state()
    reader.look("corridor")
    numbers(reader)
    page.locator("td a.figure").first.click()
    page.wait_for_load_state()
    reader.look("evidence")
    reader.checks.check(f"{reader.name}: the proof holds", page.locator(".verdict.holds").count() == 1, page.content()[:200])
    page.goto(f"{reader.node.url}/{reader.language}/quality/CAN")
    reader.look("quality-of")
    page.goto(f"{reader.node.url}/{reader.language}/region/public")
    reader.look("region")
    answer = page.goto(f"{reader.node.url}/{reader.language}/nowhere")
    reader.troubles.clear()
    reader.checks.check(f"{reader.name}: what is not there says so", answer.status == 404, str(answer.status))


def numbers(reader: Reader):
    """The table of both ends is what the API answers."""
    pairs = api(reader.node, "mirror?origin=PHL&destination=CAN")["pairs"]
    wanted = {pair["time_period"]: [pair[name] for name in ("origin_value", "destination_value", "ratio", "asymmetry")] for pair in pairs}
    rows = reader.page.locator("h2#mirror ~ .wide").first.locator("tbody tr").all()
    shown = {}
    for row in rows:
        cells = [cell.inner_text() for cell in row.locator("th,td").all()]
        shown[cells[0]] = [digits(cell.split("◆")[0].strip(), reader.language) for cell in cells[1:]]
    reader.checks.check(f"{reader.name}: the numbers are those of the API", shown == wanted and len(wanted) == 4, f"{shown} {wanted}")


def by_hand(browser, axe, checks: Checks, node: Node):
    """What script, keyboard, paper and a dark room need."""
    corridor = f"{node.url}/en/corridor/PHL/CAN"
    reader = Reader(browser, axe, checks, node, "en", WIDE, color_scheme="dark")
    reader.name = "dark"
    page = reader.page
    page.goto(corridor)
    reader.look("corridor")
    page.keyboard.press("Tab")
    checks.check("keyboard: the first stop leads past the head", page.evaluate("document.activeElement.className") == "skip")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    checks.check("keyboard: the next stop is in the content", inside)
    for kind, begins in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as waiting:
            page.locator(f"button[data-save={kind}]").first.click()
        data = pathlib.Path(waiting.value.path()).read_bytes()
        checks.check(f"a picture is saved as {kind}", data.startswith(begins) and len(data) > 1000, f"{len(data)} bytes {data[:40]}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile("XLSX")).click()
    checks.check("both ends are saved as a sheet", pathlib.Path(waiting.value.path()).read_bytes().startswith(b"PK"))
    checks.check("the script breaks no policy", not reader.troubles, str(reader.troubles))
    checks.check("it prints", len(page.pdf(format="A4")) > 5000)
    plain = browser.new_context(java_script_enabled=False, viewport=WIDE).new_page()
    plain.goto(corridor)
    page.goto(corridor)
    same = [one.locator("main").inner_text() for one in (plain, page)]
    without = [re.sub(r"Save as (SVG|PNG)", " ", text).split() for text in same]
    checks.check("without script the page says the same", without[0] == without[1] and len(without[0]) > 50,
                 " ".join(f"{a}/{b}" for a, b in zip(*without) if a != b)[:300])


def in_browser(what: str, play) -> int:
    """Plays with a browser, axe-core, a directory and a list of nodes, each of which is stopped in the end."""
    checks = Checks()
    program = chromium()
    if not program:
        why = "Chromium is missing: apt-get install chromium"
        if os.environ.get("CI") == "true":
            checks.check("there is a browser", False, why)
        else:
            checks.skip(what, why)
        return checks.end()
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        nodes: list[Node] = []
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            play((browser, Axe()), checks, pathlib.Path(directory), nodes)
        finally:
            browser.close()
            for node in nodes:
                node.stop()
    return checks.end()


def play(tools, checks: Checks, directory: pathlib.Path, nodes: list[Node]):
    """The pages for everybody."""
    browser, axe = tools
    nodes += two_nodes(directory)
    for language in LANGUAGES:
        for size in (WIDE, PHONE):
            click_through(Reader(browser, axe, checks, nodes[1], language, size))
    by_hand(browser, axe, checks, nodes[1])


if __name__ == "__main__":
    sys.exit(in_browser("pages in a browser", play))
