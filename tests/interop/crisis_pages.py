#!/usr/bin/env python3
"""The common picture of a crisis in a real browser: five governments exchange bulletins, an operator of one signs in, and
the page is held against `corridor crisis show` in three languages, on a desk, on a telephone and on paper. The figures
are scaled from what crossed Libya's borders in 2011. Needs what browser.py needs; pictures are left in target/portal.
"""

import csv
import datetime
import io
import json
import pathlib
import sys
import time

from browser import LANGUAGES, PHONE, PICTURES, WIDE, Reader, digits, in_browser
from corridor_node import Checks, Node

KINDS = ["known", "present", "crossed", "home"]
MEMBERS = {
    "PHL": "Department of Migrant Workers, replay",
    "BGD": "Bureau of Manpower, replay",
    "LBY": "Ministry of Labour, replay",
    "TUN": "Protection civile, replay",
    "EGY": "Border Guard, replay",
}
# An A4 sheet less the margins that browsers leave, in CSS pixels.
SHEET = {"width": 718, "height": 1040}
# What the two neighbours count of two origins at two points each, from one day to the next.
DAYS = [(310, 2_900, 120, 1_050), (640, 4_480, 390, 2_200), (1_204, 6_015, 560, 3_980), (915, 5_110, 705, 4_402),
        (430, 3_306, 388, 2_750), (218, 1_707, 190, 1_216)]
# Arrivals are rounded to fives on their way out, as the catalogue has it.
HOME = [(0, 0), (205, 1_120), (690, 3_040), (1_015, 5_500), (760, 4_410), (400, 2_235)]


def ago(days: int, hour: int) -> str:
    """A moment of a day before today."""
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=days)
    return f"{day}T{hour:02}:00:00Z"


def wait(what: str, is_so):
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    raise RuntimeError(what)


def members(directory: pathlib.Path, nodes: list[Node]) -> dict[str, Node]:
    """Five governments that know each other and have agreed on what to do in a crisis."""
    for country, name in MEMBERS.items():
        node = Node(directory, country, name)
        nodes.append(node)
        node.start()
    cards = []
    for node in nodes:
        cards.append(directory / f"{node.dir.name}.card")
        cards[-1].write_text(node.ask("card")["card"])
    for node in nodes:
        for card in cards:
            if card.stem != node.dir.name:
                node.ask("partner", "add", "--yes", str(card))
    first, *others = nodes
    parties = [word for country in list(MEMBERS)[1:] for word in ("--with", country)]
    first.ask("agreement", "draft", "--title", "ARR", *parties, "--purpose", "PROTECT", "--indicator", "CR_*",
              "--crisis-signatures", "1", "--crisis-days", "28", "--crisis-lower", "CR_NATREG=D0")
    first.ask("agreement", "propose", "ARR")
    for node in others:
        wait("the agreement does not arrive", lambda: node.run("agreement", "show", "ARR", check=False).returncode == 0)
        node.ask("agreement", "sign", "ARR")
    for node in nodes:
        wait("the agreement is not in force", lambda: node.ask("agreement", "show", "ARR")["standing"] == "in force")
    first.ask("crisis", "declare", "ARR", "--area", "LBY", "--name", "LC-1")
    for node in others:
        wait("the lane does not arrive", lambda: lane_of(node).get("standing") == "in force")
    return dict(zip(MEMBERS, nodes))


def lane_of(node: Node) -> dict:
    """The picture as the command line has it."""
    done = node.run("--json", "crisis", "show", check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def report(node: Node, observed: str, place: str, *figures: str, more: tuple = ()):
    said = [word for figure in figures for word in ("--set", figure)]
    node.ask("crisis", "report", *said, "--observed", observed, "--place", place, "--new-place", *more)


def bulletins(of: dict[str, Node]):
    """Registers, what the host counts, six days at four border points, arrivals, needs, a correction."""
    report(of["PHL"], ago(8, 6), "", "CR_NATREG:LBY=26015")
    report(of["BGD"], ago(8, 7), "", "CR_NATREG:LBY=60100")
    report(of["LBY"], ago(7, 9), "Tripoli", "CR_NATPRES:PHL=11240", "CR_NATPRES:BGD=24300", "CR_NATPRES:NPL=2150")
    for at, (few, many, other_few, other_many) in enumerate(DAYS):
        day = 6 - at
        report(of["TUN"], ago(day, 14), "Ras Ajdir", f"CR_BORDER:PHL:TN-82={few}", f"CR_BORDER:BGD:TN-82={many}")
        report(of["TUN"], ago(day, 16), "Dehiba", f"CR_BORDER:PHL:TN-83={few // 8}", f"CR_BORDER:BGD:TN-83={many // 9}")
        report(of["EGY"], ago(day, 15), "Salloum", f"CR_BORDER:PHL:EG-MT={other_few}", f"CR_BORDER:BGD:EG-MT={other_many}")
        for country, count in zip(("PHL", "BGD"), HOME[at]):
            if count:
                report(of[country], ago(day, 20), "airport", f"CR_ARRIV:LBY={count}")
    report(of["TUN"], ago(1, 17), "Choucha camp", "CR_NEED:BGD:TN-82:STRAND=5420", "CR_NEED:PHL:TN-82:MED=37",
           more=("--bulletin", "CHOUCHA-1"))
    report(of["TUN"], ago(1, 17), "Choucha camp", "CR_NEED:BGD:TN-82:STRAND=4520",
           more=("--corrects", "CHOUCHA-1", "--reason", "two digits were exchanged"))


def crisis(node: Node) -> dict:
    """The picture, once all of it is there."""
    crossed = sum(few + few // 8 + many + many // 9 + other + others for few, many, other, others in DAYS)
    home = sum(few + many for few, many in HOME)

    def is_whole() -> bool:
        lane = lane_of(node)
        totals = lane["totals"]
        return ((totals["crossed"] or {}).get("count"), (totals["home"] or {}).get("count")) == (crossed, home) \
            and (totals["present"] or {}).get("count") == 37_690 and len(lane["corrections"]) == 1

    try:
        wait("the bulletins do not arrive", is_whole)
    except RuntimeError as why:
        raise RuntimeError(f"{why}: {crossed} crossed and {home} home of {json.dumps(lane_of(node)['publishers'])}") from None
    return lane_of(node)


def sign_in(reader: Reader):
    """As an operator does: by the link of the command line."""
    reader.page.goto(reader.node.ask("sign-in")["url"])
    reader.page.locator("main form button").click()
    reader.page.wait_for_load_state()


def table(reader: Reader, anchor: str) -> list[list[str]]:
    """The cells of the table below a heading, or of the first one; numbers without what sets thousands apart."""
    where = reader.page.locator(f"h2#{anchor} ~ .wide" if anchor else "main .wide").first
    rows = where.locator("tbody tr").all()
    plain = [[cell.inner_text().strip() for cell in row.locator("th,td").all()] for row in rows]
    number = lambda text: digits(text, reader.language).replace("\u2212", "-").replace("\u2013", "")
    return [[number(text) if text[:1] in "0123456789\u2212\u2013" else text for text in row] for row in plain]


def said(value) -> str:
    return "" if value is None else str(value)


def numbers(reader: Reader, lane: dict):
    """The tables say what the command line says."""
    count = lambda row, kind: said((row[kind] or {}).get("count"))
    totals = [row[1] for row in table(reader, "")]
    wanted = [count(lane["totals"], kind) for kind in KINDS] + [said(lane["totals"]["unaccounted"])]
    reader.checks.check(f"{reader.name}: the balance is that of the command line", totals == wanted, f"{totals} {wanted}")
    origins = [row[1:6] for row in table(reader, "origins")]
    wanted = [[count(row, kind) for kind in KINDS] + [said(row["unaccounted"])] for row in lane["origins"]]
    reader.checks.check(f"{reader.name}: so are those of the origins", origins == wanted and len(wanted) == 3, f"{origins} {wanted}")
    shown = [[row[0], *row[-2:]] for row in table(reader, "days")]
    wanted = [[row["day"], said(row.get("crossed")), said(row.get("home"))] for row in lane["days"]]
    reader.checks.check(f"{reader.name}: so are those of the days", shown == wanted and len(wanted) == 6, f"{shown} {wanted}")
    points = sorted(row[3] for row in table(reader, "places"))
    wanted = sorted(said(row["count"]) for row in lane["places"])
    reader.checks.check(f"{reader.name}: so are those of the places", points == wanted and len(wanted) >= 3, f"{points} {wanted}")


def to_the_proof(reader: Reader, node: Node):
    """From a figure by its bulletins to what one of them states, and to the proof of that."""
    page, checks = reader.page, reader.checks
    back = page.url
    page.locator("main a[href$='/rests/origins/PHL/crossed']").click()
    page.wait_for_load_state()
    reader.look("crisis-rests")
    wanted = node.ask("crisis", "show", "--figure", "origins/PHL/crossed")
    rows = [[row[0], row[2]] for row in table(reader, "rests")]
    checks.check(f"{reader.name}: a figure rests on what the command line names",
                 rows == [[row["bulletin"], said(row["count"])] for row in wanted["rests"]] and len(rows) == 18, str(rows))
    page.locator("main tbody a").first.click()
    page.wait_for_load_state()
    reader.look("crisis-bulletin")
    page.locator("main a[href*='/proof/']").first.click()
    page.wait_for_load_state()
    reader.look("crisis-proof")
    checks.check(f"{reader.name}: the proof holds", page.locator(".verdict.holds").count() == 1)
    with page.expect_download() as waiting:
        page.locator("main a[href$='.json']").click()
    done = node.run("verify", waiting.value.path(), check=False)
    checks.check(f"{reader.name}: the program verifies its file", done.returncode == 0, done.stderr)
    page.goto(back)


def observations(reader: Reader, lane: dict):
    """What is taken away as SDMX-CSV adds up to the same crossings and arrivals."""
    with reader.page.expect_download() as waiting:
        reader.page.locator("main a[href$='.sdmx.csv']").click()
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(waiting.value.path()).read_text())))
    for indicator, kind in (("CR_BORDER", "crossed"), ("CR_ARRIV", "home")):
        total = sum(int(row["OBS_VALUE"]) for row in rows if row["INDICATOR"] == indicator)
        reader.checks.check(f"{reader.name}: SDMX-CSV adds up to who is {kind}", total == lane["totals"][kind]["count"], str(total))


def sheet(reader: Reader, lane: dict):
    """The table that is taken away adds up to the same."""
    with reader.page.expect_download() as waiting:
        reader.page.locator("main a[href$='.csv']:not([href$='.sdmx.csv'])").click()
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(waiting.value.path()).read_text())))
    for kind in KINDS + ["unaccounted"]:
        figure = lane["totals"][kind]
        wanted = said(figure if kind == "unaccounted" else figure["count"])
        total = [row["people"] for row in rows if (row["table"], row["kind"]) == ("totals", kind)]
        parts = sum(int(row["people"] or 0) for row in rows if (row["table"], row["kind"]) == ("origins", kind))
        holds = total == [wanted] and (kind == "unaccounted" or parts == int(wanted))
        reader.checks.check(f"{reader.name}: the CSV file adds up to who is {kind}", holds, f"{total} {parts} {wanted}")


def on_the_map(reader: Reader, lane: dict):
    """Each country that counts crossings is a flow, with its border points in its label, and so is each way home."""
    labels = [digits(text, reader.language).replace("\u202f", "") for text in reader.page.locator(".flows title").all_text_contents()]
    points = [f"{row['place']} {row['count']}".replace(" ", "") for row in lane["places"]]
    plain = ["".join(label.split()) for label in labels]
    reader.checks.check(f"{reader.name}: the map leads to who counts and to who came home", len(labels) == 4, str(labels))
    missing = [point for point in points if not any(point in label for label in plain)]
    reader.checks.check(f"{reader.name}: the map names every border point", not missing, f"{missing} {plain}")
    for kind, count in (("out", 2), ("in", 2)):
        drawn = reader.page.locator(f".flows path.{kind}").count()
        reader.checks.check(f"{reader.name}: {count} flows are drawn as {kind}", drawn == count, str(drawn))


def paper(reader: Reader):
    """On a sheet nothing is cut off."""
    page = reader.page
    page.emulate_media(media="print")
    page.set_viewport_size(SHEET)
    cut = page.evaluate("""[...document.querySelectorAll("main, main .wide, main svg")].filter(one => one.scrollWidth > one.clientWidth + 1
        || one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map(one => (one.getAttribute("aria-label") || one.tagName) + " " + one.scrollWidth)""")
    reader.checks.check(f"{reader.name}: nothing is cut off on paper", cut == [], str(cut))
    for part in ("header nav", "footer form", "figcaption button"):
        shown = page.locator(part).first.is_visible()
        reader.checks.check(f"{reader.name}: paper has no {part}", not shown)
    (PICTURES / f"{reader.name}-crisis.pdf").write_bytes(page.pdf(format="A4", print_background=True))
    page.screenshot(path=str(PICTURES / f"{reader.name}-crisis-print.png"), full_page=True)
    page.emulate_media(media="screen")
    page.set_viewport_size(WIDE)


def by_itself(reader: Reader, address: str, of: dict[str, Node]):
    """The page has the next bulletin without being asked, says when it cannot have it, and goes on when it can again."""
    page, checks, node = reader.page, reader.checks, reader.node
    page.clock.install()
    page.goto(address)
    before = table(reader, "")[2][1]
    report(of["EGY"], ago(0, 0), "Salloum", "CR_BORDER:PHL:EG-MT=7")
    wait("the new bulletin does not arrive", lambda: said(lane_of(node)["totals"]["crossed"]["count"]) != before)
    page.locator(".wide").first.focus()
    page.clock.run_for(31_000)
    wait("the page does not move", lambda: table(reader, "")[2][1] != before)
    after = table(reader, "")[2][1]
    checks.check("the page has the next bulletin by itself", int(after) == int(before) + 7, f"{before} {after}")
    checks.check("while it is fresh it does not say that it is old", not page.locator("[data-old]").is_visible())
    page.route("**/*", lambda route: route.abort())
    page.clock.run_for(31_000)
    page.locator("[data-old]").wait_for(state="visible")
    checks.check("without the node it stays, and says that it is old", table(reader, "")[2][1] == after)
    reader.troubles.clear()
    reader.look("crisis-old")
    page.unroute("**/*")
    page.clock.run_for(31_000)
    page.locator("[data-old]").wait_for(state="hidden")
    checks.check("with the node it goes on", table(reader, "")[2][1] == after)
    focus = page.evaluate("document.activeElement.className")
    checks.check("the keyboard stays where it was", focus == "wide", focus)


def play(tools, checks: Checks, directory: pathlib.Path, nodes: list[Node]):
    browser, axe = tools
    of = members(directory, nodes)
    bulletins(of)
    node = of["PHL"]
    lane = crisis(node)
    path = f"operator/crises/{lane['lane'][:16]}"
    for language in LANGUAGES:
        for size in (WIDE, PHONE):
            reader = Reader(browser, axe, checks, node, language, size)
            answer = reader.page.goto(f"{node.url}/{language}/{path}")
            checks.check(f"{reader.name}: who is not signed in sees nothing", answer.status == 401 and "26" not in reader.page.locator("main").inner_text())
            reader.troubles.clear()
            sign_in(reader)
            reader.page.goto(f"{node.url}/{language}/operator/crises")
            reader.look("crises")
            reader.follow("LC-1")
            reader.look("crisis")
            numbers(reader, lane)
            on_the_map(reader, lane)
            sheet(reader, lane)
            observations(reader, lane)
            to_the_proof(reader, node)
            if size == WIDE:
                paper(reader)
    dark = Reader(browser, axe, checks, node, "en", WIDE, color_scheme="dark")
    dark.name = "dark"
    sign_in(dark)
    dark.page.goto(f"{node.url}/en/{path}")
    dark.look("crisis")
    by_itself(dark, f"{node.url}/en/{path}", of)


if __name__ == "__main__":
    sys.exit(in_browser("the page of a crisis in a browser", play))
