#!/usr/bin/env python3
"""Verifies a citation, the proof of a fork, or a published copy, with nothing but the rules of the format: no network, no
node, none of its code.

    verify.py FILE          prints one JSON object; exit 0 valid, 3 not valid, 2 wrong usage
    verify.py DIR           the same for the folder that `corridor publish-site` writes, or its corridor-site.json alone
    verify.py --self-test   builds a citation from a fixed seed and sees that every change to it is refused

It needs Python 3.9 and one Ed25519 library: `cryptography`, or else `PyNaCl`.

A citation shows that a publisher released one value. The file is JSON in one fixed form (two spaces, keys in
order, one newline at the end), so that a changed byte is a changed file:

    corridor, network, claim, card, header, signature, record, leaf_index, tree_size, path

The claim is what a person reads; everything else is evidence for it. Checked, in this order:

 1. the file is in its fixed form;
 2. the line of national keys holds: each step is signed by its own key (`corridor/succession/1`), which the step
    before has announced by its hash; the card is signed by the last of them (`corridor/card/2`), and so is each
    mandate (`corridor/mandate/1`);
 3. the header is signed by its node key (`corridor/entry/1`), which a mandate of the card allows to release at
    the header's time, and its publisher is the SHA-256 of the first national key; if the card revokes the node key,
    the entry is one of those that stand all the same;
 4. the record leads by its path to the header's record root (RFC 9162, 2.1.3.2);
 5. the claim says exactly what card, header and record say.

A signature covers `context 00 network 00 body`. Bytes are bincode 2 with variable-length integers; what is
written longer than necessary, or goes on after its end, is refused.

The proof of a fork shows that a publisher signed two entries for one place in a feed: card, two headers with their
signatures, and the publisher's resolution (`corridor/resolution/1`, by the national key) if there is one. Checked are
the fixed form, the card, both headers, that they are of one feed and place and differ, the resolution, and the claim.

A published copy is a folder. Its manifest (`corridor-site.json`, signed by `corridor/site/1`) holds the hash of the list
`SHA256SUMS`, and the list that of every other file. Checked are the manifest, the list, each file, that nothing is missing
or was added, each card and citation and that it lies where it belongs, and that each row of each table under `data` is
what the citation of its entry proves. What is not so is named with its file.

What this does not show: that the first national key in the card is the government's. Compare the publisher (SHA-256
of that key) with the fingerprint that the government gives. Nor that a later entry did not revise or retract the value.

Keys of small order and other encodings of a point than the one are refused here only as far as the Ed25519 library
in use refuses them (PyNaCl does; OpenSSL, behind `cryptography`, does not). The node itself always does. Only the
holder of such a key could profit: it could sign something that verifies for other content too.
"""

import base64
import binascii
import csv
import datetime
import hashlib
import io
import json
import os
import re
import stat
import struct
import sys
import unicodedata
import zlib

PURPOSE_RELEASE = 2
KIND_RELEASE = 0
COMPROMISED = 2
MAX_FILE = 1 << 20
MAX_RECORD = 60 << 10
MAX_LIST, MAX_TEXT, MAX_KEYS, MAX_STANDS = 32, 256, 128, 1024
STATEMENT = ["publisher", "country", "agreement", "seq", "released_at", "key", "time_period", "obs_value",
             "obs_status", "conf_status", "revision"]
SITE_MEMBERS = ["corridor", "network", "claim", "card", "node", "signature"]
SITE_CLAIM = ["publisher", "country", "made_at", "files", "bytes", "list_sha256", "sources"]
SOURCE = ["publisher", "agreement", "seq", "entry"]
PUBLIC = hashlib.sha256(b"corridor/agreement/public/1").digest()
MANIFEST, LIST, BLOCKS, BLOCK = "corridor-site.json", "SHA256SUMS", "blocks.txt", 1024
MAX_SITE, MAX_SITE_FILES, MAX_LINES, MAX_FAULTS, MAX_DEPTH, MAX_SOURCES = 2 << 20, 1_000_000, 512 << 20, 100, 16, 4096
DIMENSIONS = ["freq", "ref_area", "counterpart_area", "indicator", "basis", "sex", "age", "education_lev",
              "occupation", "activity", "reason", "duration", "subnat", "unit_measure"]
FORK_MEMBERS = ["corridor", "network", "claim", "card", "headers", "signatures", "resolution"]
PURPOSES = {0: 2, 1: 2, 2: 4, 3: 8, 4: 2, 5: 2, 6: 16}
MEMBERS = ["corridor", "network", "claim", "card", "header", "signature", "record", "leaf_index", "tree_size", "path"]


class Refused(Exception):
    """Why a citation is not valid, in words for the one who got it."""


def require(condition, reason):
    if not condition:
        raise Refused(reason)


# -- Ed25519 -----------------------------------------------------------------------------------------------------

def ed25519():
    """Two functions of whichever library there is: verify(key, signature, message) -> bool, sign(seed, message)."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

        def verify(key, signature, message):
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
                return True
            except (InvalidSignature, ValueError):
                return False

        def pair(seed):
            key = Ed25519PrivateKey.from_private_bytes(seed)
            raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return key.public_key().public_bytes(*raw), key.sign
        return verify, pair
    except ImportError:
        pass
    try:
        from nacl.exceptions import CryptoError
        from nacl.signing import SigningKey, VerifyKey
    except ImportError:
        print("verify.py: needs `cryptography` or `PyNaCl`; install one with pip", file=sys.stderr)
        sys.exit(2)

    def verify(key, signature, message):
        try:
            VerifyKey(key).verify(message, signature)
            return True
        except (CryptoError, ValueError):
            return False

    def pair(seed):
        key = SigningKey(seed)
        return bytes(key.verify_key), lambda message: key.sign(message).signature
    return verify, pair


VERIFY, PAIR = ed25519()


def signed_message(context, network, body):
    return context.encode() + b"\0" + network.encode() + b"\0" + body


def require_signature(key, context, network, body, signature, whose):
    require(VERIFY(key, signature, signed_message(context, network, body)), f"the signature of {whose} does not verify")


# -- Canonical bytes ---------------------------------------------------------------------------------------------

class Reader:
    """Reads canonical bytes from the front; each method takes one value."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def raw(self, length):
        require(length <= len(self.data) - self.at, f"the bytes of {self.what} end too early")
        self.at += length
        return self.data[self.at - length:self.at]

    def byte(self):
        return self.raw(1)[0]

    def uint(self, bits=64):
        first = self.byte()
        if first <= 250:
            return first
        widths = {251: (2, "<H"), 252: (4, "<I"), 253: (8, "<Q"), 254: (16, "<QQ")}
        require(first in widths and widths[first][0] * 8 <= bits, f"{self.what} holds a malformed number")
        width, form = widths[first]
        parts = struct.unpack(form, self.raw(width))
        value = parts[0] | (parts[1] << 64 if len(parts) == 2 else 0)
        least = {2: 251, 4: 1 << 16, 8: 1 << 32, 16: 1 << 64}[width]
        require(value >= least, f"{self.what} is not in canonical form: a number is written longer than necessary")
        return value

    def sint(self, bits=64):
        value = self.uint(bits)
        return (value >> 1) ^ -(value & 1)

    def bytes(self):
        return self.raw(self.uint())

    def text(self):
        try:
            value = self.bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(f"a text in {self.what} is not UTF-8") from None
        return value

    def list(self, item):
        count = self.uint()
        require(count <= len(self.data) - self.at, f"a list in {self.what} is longer than its bytes")
        return [item() for _ in range(count)]

    def option(self, item):
        tag = self.byte()
        require(tag <= 1, f"{self.what} is malformed")
        return item() if tag else None

    def end(self):
        require(self.at == len(self.data), f"bytes follow after the end of {self.what}")


def read_mandate(read):
    start = read.at
    mandate = {"national_key": read.raw(32), "node": read.raw(32), "purposes": read.byte(),
               "from": read.sint(), "until": read.sint()}
    mandate["body"] = read.data[start:read.at]
    mandate["signature"] = read.raw(64)
    return mandate


def read_step(read):
    start = read.at
    step = {"previous": read.raw(32), "key": read.raw(32), "next_key_hash": read.raw(32), "since": read.sint()}
    step["body"] = read.data[start:read.at]
    step["signature"] = read.raw(64)
    return step


def read_revocation(read):
    revocation = {"node": read.raw(32), "at": read.sint(), "reason": read.uint(32)}
    require(revocation["reason"] <= 2, "a revocation on the card has a reason that this program does not know")
    revocation["stands"] = read.list(lambda: (read.raw(32), read.uint(), read.uint(), read.uint(), read.raw(32)))
    return revocation


def read_card(data):
    outer = Reader(data, "the card")
    network, body, signature = outer.text(), outer.bytes(), outer.raw(64)
    outer.end()
    read = Reader(body, "the card")
    card = {"country": read.text(), "names": read.list(lambda: (read.text(), read.text())),
            "line": read.list(lambda: read_step(read)), "mandates": read.list(lambda: read_mandate(read)),
            "revocations": read.list(lambda: read_revocation(read)), "addresses": read.list(read.text),
            "issued_at": read.sint()}
    read.end()
    card.update(network=network, body=body, signature=signature)
    return card


def read_header(data):
    read = Reader(data, "the header")
    require(read.byte() == 1, "the header has a version that this program does not know")
    header = {"publisher": read.raw(32), "agreement": read.raw(32), "node": read.raw(32), "seq": read.uint(),
              "backlink": read.raw(32), "time": read.sint(), "kind": read.byte(), "record_count": read.uint(),
              "record_root": read.raw(32), "payload_length": read.uint(), "payload_hash": read.raw(32)}
    # Whether it travels sealed too changes nothing of what is signed of its content.
    sealing = read.uint(32)
    require(sealing in (0, 1), "the header has a form of sealing that this program does not know")
    if sealing == 1:
        header["sealed"] = {"cipher": read.uint(16), "recipients": read.uint(32), "frames": read.uint(32),
                            "length": read.uint(), "hash": read.raw(32), "opens": read.sint()}
    read.end()
    return header


def read_attributes(read):
    pairs = read.list(lambda: (read.text(), read.text()))
    ids = [name for name, _ in pairs]
    require(ids == sorted(set(ids), key=str.encode), "the attributes of the record are not sorted and unique")
    return pairs


def read_observation(read):
    return {"period": read.text(), "value": read.option(lambda: (read.sint(128), read.byte())),
            "status": chr(read.byte()), "conf": chr(read.byte()), "revision": read.uint(32),
            "attributes": read_attributes(read)}


def read_series(data):
    require(len(data) <= MAX_RECORD, "the record is longer than a record can be")
    read = Reader(data, "the record")
    require(read.uint(32) == 0, "the record is not a series")
    series = {"key": read.text(), "attributes": read_attributes(read),
              "observations": read.list(lambda: read_observation(read))}
    read.end()
    periods = [observation["period"] for observation in series["observations"]]
    require(len(set(periods)) == len(periods), "the record has two observations of one period")
    return series


# -- The five checks ---------------------------------------------------------------------------------------------

def serialise(citation):
    return (json.dumps(citation, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def is_count(value):
    return type(value) is int and 0 <= value < 1 << 64


def unbase64(text, what):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Refused(f"{what} is not base64") from None
    require(base64.b64encode(data).decode() == text, f"{what} is not in the one form of base64")
    return data


def read_file(data):
    """Check 1: the fixed form, so that no byte is without meaning."""
    require(len(data) <= MAX_FILE, "the file is too large for a citation")
    try:
        citation = json.loads(data.decode("utf-8"))
        same = serialise(citation) == data
    except (ValueError, RecursionError):
        raise Refused("the file is damaged: it is not JSON") from None
    require(isinstance(citation, dict) and citation.get("corridor") == "citation/1", "the file is not a citation")
    require(same, "the file is damaged: it is not in the form in which a citation is written")
    require(list(citation) == MEMBERS, "the file is damaged: its members are not those of a citation")
    require(isinstance(citation["claim"], dict) and list(citation["claim"]) == STATEMENT,
            "the claim is damaged: it does not have the members of a claim")
    for name in ("network", "card", "header", "signature", "record"):
        require(isinstance(citation[name], str), f"{name} is not a text")
    for name in ("leaf_index", "tree_size"):
        require(is_count(citation[name]), f"{name} is not a count")
    path = citation["path"]
    require(isinstance(path, list) and len(path) <= 64
            and all(isinstance(one, str) and re.fullmatch("[0-9a-f]{64}", one) for one in path),
            "the path is not a list of SHA-256 values")
    network = citation["network"]
    require(re.fullmatch("main|training/[a-z0-9-]{1,32}", network), "the network has no name of a network")
    return citation


def is_plain(text):
    return (0 < len(text.encode()) <= MAX_TEXT and unicodedata.normalize("NFC", text) == text
            and not any(unicodedata.category(c) == "Cc" for c in text))


def verify_line(line, network):
    """The national keys: each was announced by the one before, and has signed its own step."""
    require(line, "the card names no national key")
    previous, announced = bytes(32), None
    for step in line:
        require(step["previous"] == previous, "the line of national keys on the card has a gap")
        require(announced is None or hashlib.sha256(step["key"]).digest() == announced,
                "a national key on the card is not the one that was announced")
        require_signature(step["key"], "corridor/succession/1", network, step["body"], step["signature"], "a national key")
        previous = hashlib.sha256(signed_message("corridor/succession/1", network, step["body"])).digest()
        announced = step["next_key_hash"]


def verify_card(card, network):
    """Check 2: who speaks, and whom it lets sign."""
    require(card["network"] == network, "the card is of another network than the citation")
    require(re.fullmatch("([A-Z]{3})?", card["country"]), "the country of the card is not a code of three letters")
    texts = card["addresses"] + [text for name in card["names"] for text in name]
    languages = [language for language, _ in card["names"]]
    require(all(map(is_plain, texts)), "a text on the card is empty, too long, not NFC or has control characters")
    require(languages and languages == sorted(set(languages), key=str.encode), "the names on the card are not in order")
    require(max(len(card[name]) for name in ("names", "line", "addresses")) <= MAX_LIST, "the card is too long")
    require(max(len(card["mandates"]), len(card["revocations"])) <= MAX_KEYS, "the card is too long")
    require(sum(len(one["stands"]) for one in card["revocations"]) <= MAX_STANDS, "the card is too long")
    revoked = [one["node"] for one in card["revocations"]]
    require(revoked == sorted(set(revoked)), "the revocations on the card are not sorted and unique")
    for one in card["revocations"]:
        feeds = [stand[0] for stand in one["stands"]]
        require(feeds == sorted(set(feeds)) and all(stand[1] <= stand[2] for stand in one["stands"]),
                "the revocations on the card are not sorted and unique")
    verify_line(card["line"], network)
    key = card["line"][-1]["key"]
    require_signature(key, "corridor/card/2", network, card["body"], card["signature"], "the card")
    for mandate in card["mandates"]:
        require(mandate["national_key"] == key, "a mandate on the card belongs to another national key")
        require_signature(key, "corridor/mandate/1", network, mandate["body"], mandate["signature"], "a mandate")


def verify_header(header, header_bytes, signature, card, network):
    """Check 3: the signer signed it, and was allowed to."""
    require(len(signature) == 64, "the signature has not 64 bytes")
    require_signature(header["node"], "corridor/entry/1", network, header_bytes, signature, "the header")
    require(header["publisher"] == hashlib.sha256(card["line"][0]["key"]).digest(),
            "the header is of another publisher than the card")
    require(header["kind"] == KIND_RELEASE, "the entry is not a release")
    allowed = [mandate for mandate in card["mandates"] if mandate["node"] == header["node"]
               and mandate["purposes"] & PURPOSE_RELEASE and mandate["from"] <= header["time"] < mandate["until"]]
    require(allowed, "no mandate on the card allows the node key to release at the time of the header")
    for one in card["revocations"]:
        if one["node"] != header["node"]:
            continue
        found = [stand[1:] for stand in one["stands"] if stand[0] == header["agreement"]]
        vouched, _, held, head = found[0] if found else (0, 0, 0, b"")
        entry = hashlib.sha256(signed_message("corridor/entry/1", network, header_bytes)).digest()
        stands = header["seq"] < vouched and (header["seq"] + 1 != held or entry == head)
        require(stands, "the node key was revoked, and its government does not vouch for this entry")


def root_from_path(leaf, index, size, path):
    """RFC 9162, 2.1.3.2; nothing when the path cannot belong to a tree of that size."""
    if index >= size:
        return None
    last, root = size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            root = hashlib.sha256(b"\x01" + sibling + root).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = hashlib.sha256(b"\x01" + root + sibling).digest()
        index, last = index >> 1, last >> 1
    return root if last == 0 else None


def verify_inclusion(record_bytes, citation, header):
    """Check 4: the record is one of those that the header stands for."""
    require(citation["tree_size"] == header["record_count"], "the tree size is not the header's count of records")
    leaf = hashlib.sha256(b"\x00" + record_bytes).digest()
    path = [bytes.fromhex(one) for one in citation["path"]]
    root = root_from_path(leaf, citation["leaf_index"], citation["tree_size"], path)
    require(root == header["record_root"], "the record is not in the entry: its path does not lead to the signed root")


def decimal_text(value):
    """The decimal with the digits after the point that its scale says."""
    if value is None:
        return None
    mantissa, scale = value
    require(scale <= 28, "a value has more than 28 digits after the point")
    digits = str(abs(mantissa)).rjust(scale + 1, "0")
    whole, part = (digits[:-scale], digits[-scale:]) if scale else (digits, "")
    return ("-" if mantissa < 0 else "") + whole + ("." + part if part else "")


def utc_text(millis):
    """RFC 3339 in UTC; the fraction of the second as short as it can be, none when it is zero."""
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=millis)
    except OverflowError:
        raise Refused("the time of the header is outside the calendar") from None
    fraction = f".{millis % 1000:03}".rstrip("0").rstrip(".")
    return time.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + fraction + "Z"


def verify_claim(claim, card, header, series):
    """Check 5: what a person reads is what was signed."""
    found = [one for one in series["observations"] if one["period"] == claim["time_period"]]
    require(len(found) == 1, "the record has no observation of the claimed period")
    observation = found[0]
    said = {"publisher": header["publisher"].hex(), "country": card["country"], "agreement": header["agreement"].hex(),
            "seq": header["seq"], "released_at": utc_text(header["time"]), "key": series["key"],
            "time_period": observation["period"], "obs_value": decimal_text(observation["value"]),
            "obs_status": observation["status"], "conf_status": observation["conf"],
            "revision": observation["revision"]}
    for name in STATEMENT:
        same = type(claim[name]) is type(said[name]) and claim[name] == said[name]
        require(same, f"the claim says {name} {claim[name]!r}, but what was signed is {said[name]!r}")


def verify(data):
    """The answer for a valid citation; raises Refused for any other."""
    citation = read_file(data)
    network = citation["network"]
    card = read_card(unbase64(citation["card"], "the card"))
    header_bytes = unbase64(citation["header"], "the header")
    header = read_header(header_bytes)
    record_bytes = unbase64(citation["record"], "the record")
    verify_card(card, network)
    verify_header(header, header_bytes, unbase64(citation["signature"], "the signature"), card, network)
    verify_inclusion(record_bytes, citation, header)
    verify_claim(citation["claim"], card, header, read_series(record_bytes))
    claim = citation["claim"]
    return {"valid": True, "publisher": claim["publisher"], "country": claim["country"],
            "feed": f"{claim['publisher']}/{claim['agreement']}", "seq": claim["seq"],
            "released_at": claim["released_at"]}


# -- Proofs of forks ---------------------------------------------------------------------------------------------

def read_fork_file(data):
    """The fixed form of a proof."""
    try:
        proof = json.loads(data.decode("utf-8"))
        same = serialise(proof) == data
    except (ValueError, RecursionError):
        raise Refused("the file is damaged: it is not JSON") from None
    require(same, "the file is damaged: it is not in the form in which a proof is written")
    require(list(proof) == FORK_MEMBERS, "the file is damaged: its members are not those of a proof")
    texts = [proof["network"], proof["card"]]
    for name in ("headers", "signatures"):
        require(isinstance(proof[name], list) and len(proof[name]) == 2, f"{name} are not two")
        texts += proof[name]
    texts += [] if proof["resolution"] is None else [proof["resolution"]]
    require(all(isinstance(text, str) for text in texts), "a member of the proof is not a text")
    require(re.fullmatch("main|training/[a-z0-9-]{1,32}", proof["network"]), "the network has no name of a network")
    return proof


def read_resolution(data):
    read = Reader(data, "the resolution")
    resolution = {"publisher": read.raw(32), "agreement": read.raw(32), "seq": read.uint(), "kept": read.raw(32),
                  "other": read.raw(32), "reason": read.text(), "resolved_at": read.sint()}
    resolution["body"] = data[:read.at]
    resolution["signature"] = read.raw(64)
    read.end()
    return resolution


def verify_fork_header(header_bytes, signature, card, network):
    """A header of any kind that the card lets its node key sign; and the entry's id."""
    header = read_header(header_bytes)
    require(len(signature) == 64, "a signature has not 64 bytes")
    require_signature(header["node"], "corridor/entry/1", network, header_bytes, signature, "a header")
    require(header["publisher"] == hashlib.sha256(card["line"][0]["key"]).digest(),
            "a header is of another publisher than the card")
    purpose = PURPOSES.get(header["kind"], 0)
    require(any(mandate["node"] == header["node"] and mandate["purposes"] & purpose
                and mandate["from"] <= header["time"] < mandate["until"] for mandate in card["mandates"]),
            "no mandate on the card allows the node key to sign a header at its time")
    return header, hashlib.sha256(signed_message("corridor/entry/1", network, header_bytes)).digest()


def verify_fork(data):
    """The answer for a valid proof of a fork; raises Refused for any other."""
    proof = read_fork_file(data)
    network = proof["network"]
    card = read_card(unbase64(proof["card"], "the card"))
    verify_card(card, network)
    parts = zip(proof["headers"], proof["signatures"])
    (one, first), (other, second) = [verify_fork_header(unbase64(header, "a header"), unbase64(signature, "a signature"),
                                                        card, network) for header, signature in parts]
    place = [one[name] for name in ("publisher", "agreement", "seq")]
    require(place == [other[name] for name in ("publisher", "agreement", "seq")], "the headers are for different places")
    require(first < second, "the headers are one entry, or not in order")
    kept = None
    if proof["resolution"] is not None:
        resolution = read_resolution(unbase64(proof["resolution"], "the resolution"))
        require_signature(card["line"][-1]["key"], "corridor/resolution/1", network, resolution["body"],
                          resolution["signature"], "the resolution")
        require([resolution[name] for name in ("publisher", "agreement", "seq")] == place,
                "the resolution is of another place")
        require(resolution["kept"] != resolution["other"] and resolution["reason"], "the resolution resolves nothing")
        kept = resolution["kept"].hex()
    said = {"publisher": one["publisher"].hex(), "country": card["country"], "agreement": one["agreement"].hex(),
            "seq": one["seq"], "entries": [first.hex(), second.hex()],
            "times": [utc_text(one["time"]), utc_text(other["time"])], "kept": kept}
    require(list(proof["claim"]) == list(said) if isinstance(proof["claim"], dict) else False, "the claim is damaged")
    for name, value in said.items():
        require(type(proof["claim"][name]) is type(value) and proof["claim"][name] == value,
                f"the claim says {name} {proof['claim'][name]!r}, but what was signed is {value!r}")
    return {"valid": True, "publisher": said["publisher"], "country": said["country"],
            "feed": f"{said['publisher']}/{said['agreement']}", "seq": said["seq"], "entries": said["entries"],
            "kept": kept}


# -- Published copies ---------------------------------------------------------------------------------------------

def millis_of(text):
    """The moment of a time in the one form that `utc_text` writes."""
    try:
        whole, _, fraction = text.rstrip("Z").partition(".")
        time = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S") - datetime.datetime(1970, 1, 1)
        millis = (time.days * 86_400 + time.seconds) * 1_000 + int(fraction.ljust(3, "0") or 0)
    except (ValueError, AttributeError):
        raise Refused("a time is malformed") from None
    require(utc_text(millis) == text, "a time is not in the one form")
    return millis


def unhex(text, what):
    require(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text), f"{what} is not 32 bytes in hexadecimal digits")
    return bytes.fromhex(text)


def verify_manifest(data):
    """The manifest's claim; raises Refused if it is not as it was signed."""
    require(len(data) <= MAX_SITE, "it is longer than any manifest")
    try:
        manifest = json.loads(data.decode("utf-8"))
        same = serialise(manifest) == data
    except (ValueError, RecursionError):
        raise Refused("it is damaged: it is not JSON") from None
    require(isinstance(manifest, dict) and manifest.get("corridor") == "site/1", "it is not the manifest of a copy")
    require(same and list(manifest) == SITE_MEMBERS, "it is not in the form in which a manifest is written")
    claim = manifest["claim"]
    require(isinstance(claim, dict) and list(claim) == SITE_CLAIM, "the claim does not have its members")
    texts = [manifest[name] for name in ("network", "card", "node", "signature")]
    require(all(isinstance(text, str) for text in texts), "a member is not a text")
    require(is_count(claim["files"]) and is_count(claim["bytes"]), "a count is none")
    sources = claim["sources"]
    require(isinstance(sources, list) and len(sources) <= MAX_SOURCES
            and all(isinstance(one, dict) and list(one) == SOURCE and is_count(one["seq"]) for one in sources),
            "the sources are not those of a copy")
    network = manifest["network"]
    card = read_card(unbase64(manifest["card"], "the card"))
    verify_card(card, network)
    publisher = hashlib.sha256(card["line"][0]["key"]).digest()
    require(unhex(claim["publisher"], "the publisher") == publisher, "it is of another publisher than the card")
    require(claim["country"] == card["country"], "the country is not that of the card")
    feeds = [(unhex(one["publisher"], "a publisher"), unhex(one["agreement"], "an agreement")) for one in sources]
    require(feeds == sorted(set(feeds)), "the sources are not sorted and unique")
    require(all(agreement == PUBLIC for _, agreement in feeds), "a source is not public")
    made_at = millis_of(claim["made_at"])
    heads = [one + other + put_uint(source["seq"]) + unhex(source["entry"], "an entry")
             for (one, other), source in zip(feeds, sources)]
    body = (publisher + put_sint(made_at) + put_uint(claim["files"]) + put_uint(claim["bytes"])
            + unhex(claim["list_sha256"], "the hash of the list") + put_list(heads))
    node, signature = unhex(manifest["node"], "the node key"), unbase64(manifest["signature"], "the signature")
    require(len(signature) == 64, "the signature has not 64 bytes")
    require_signature(node, "corridor/site/1", network, body, signature, "the manifest")
    require(any(mandate["node"] == node and mandate["purposes"] & PURPOSE_RELEASE
                and mandate["from"] <= made_at < mandate["until"] for mandate in card["mandates"]),
            "no mandate on the card allows the node key to sign at that time")
    for one in card["revocations"]:
        require(one["node"] != node or (one["reason"] != COMPROMISED and made_at < one["at"]), "the node key was revoked")
    return claim


def read_card_file(data):
    """The card of a text file, and that what a person reads in it is what the card says."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("it is not UTF-8") from None
    head, _, coded = text.partition("\n\n")
    raw = unbase64(coded.replace("\n", ""), "the card")
    card = read_card(raw)
    verify_card(card, card["network"])
    publisher = hashlib.sha256(card["line"][0]["key"]).digest()
    said = head.split("\n")
    meant = [f"country: {card['country'] or 'observer'}"] + [f"name ({one}): {name}" for one, name in card["names"]]
    meant += [f"network: {card['network']}", f"issued: {utc_text(card['issued_at'])}"]
    require(said[1:-1] == meant and said[-1].startswith("fingerprint: "), "what it says is not what the card says")
    return card, publisher


def escaped(code):
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 or byte in b"._-" else f"~{byte:02X}"
                   for byte in code.encode())


class Copy:
    """The folder of a copy, and what is found to be wrong in it."""

    def __init__(self, folder):
        self.folder, self.faults, self.good = folder, [], {}
        self.citations, self.names, self.figures = {}, {}, 0

    def add(self, path, what):
        self.faults.append((path, what))

    def read(self, path, most):
        full = os.path.join(self.folder, path)
        try:
            require(stat.S_ISREG(os.lstat(full).st_mode), "it is no plain file")
            with open(full, "rb") as file:
                data = file.read(most + 1)
        except FileNotFoundError:
            raise Refused("the file is missing") from None
        except OSError as error:
            raise Refused(str(error.strerror)) from None
        require(len(data) <= most, f"it is longer than {most} bytes")
        return data

    def attempt(self, path, act):
        try:
            return act()
        except Refused as refused:
            self.add(path, str(refused))
            return None

    def listed(self, claim):
        """The list's paths with their hashes."""
        data = self.read(LIST, MAX_LINES)
        try:
            lines = data.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Refused("it is not a list of hashes") from None
        require(lines[-1] == "" and len(lines) <= MAX_SITE_FILES + 1, "it is cut off, or too long")
        files = {}
        for number, line in enumerate(lines[:-1], 1):
            found = re.fullmatch(r"([0-9a-f]{64})  ((?!\.)[A-Za-z0-9._~-]+(?:/(?!\.)[A-Za-z0-9._~-]+)*)", line)
            if not found:
                self.add(LIST, f"line {number} is not a hash and the path of a file")
                continue
            if files and found[2] <= next(reversed(files)):
                self.add(LIST, f"line {number} is out of order")
            files[found[2]] = found[1]
        if claim and hashlib.sha256(data).hexdigest() != claim["list_sha256"]:
            self.add(LIST, "it is not the list that was signed")
        if claim and len(files) != claim["files"]:
            self.add(LIST, f"it names {len(files)} files, and {claim['files']} were signed")
        return files

    def check_files(self, files, claim):
        blocks, total = {}, 0
        try:
            for line in self.read(BLOCKS, MAX_LINES).decode("utf-8", "replace").split("\n"):
                path, _, rest = line.partition("\t")
                blocks[path] = rest.partition("\t")[2]
        except Refused:
            pass
        for path, digest in files.items():
            full = os.path.join(self.folder, path)
            try:
                require(stat.S_ISREG(os.lstat(full).st_mode), "it is no plain file")
                hasher, sums, size = hashlib.sha256(), [], 0
                with open(full, "rb") as file:
                    while block := file.read(BLOCK):
                        hasher.update(block)
                        sums.append(f"{zlib.crc32(block):08x}")
                        size += len(block)
            except FileNotFoundError:
                self.add(path, "the file is missing")
                continue
            except OSError as error:
                self.add(path, str(error.strerror))
                continue
            except Refused as refused:
                self.add(path, str(refused))
                continue
            total += size
            if hasher.hexdigest() == digest:
                self.good[path] = size
            else:
                self.add(path, "it is not what was signed" + placed(sums, blocks.get(path, "")))
        if claim and not self.faults and total != claim["bytes"]:
            self.add(LIST, f"the files have {total} bytes, and {claim['bytes']} were signed")

    def find_strangers(self, files):
        def refuse(error):
            self.add(os.path.relpath(error.filename, self.folder), str(error.strerror))
        for above, folders, names in os.walk(self.folder, onerror=refuse):
            links = [name for name in folders if os.path.islink(os.path.join(above, name))]
            for name in names + links:
                path = os.path.relpath(os.path.join(above, name), self.folder)
                if path not in files and path not in (MANIFEST, LIST):
                    self.add(path, "it is not of the copy: it was added")

    def check_cards(self):
        for path in sorted(path for path in self.good if path.startswith("cards/")):
            found = self.attempt(path, lambda: read_card_file(self.read(path, MAX_FILE)))
            if not found:
                continue
            card, publisher = found
            name = path[len("cards/"):-len(".txt")]
            if path.endswith(".txt") and name in (card["country"], publisher.hex()[:16]):
                self.names[name] = publisher.hex()
            else:
                self.add(path, "the card in it is of another government than its name says")

    def check_citations(self, claim):
        heads = {one["publisher"]: one["seq"] for one in claim["sources"]} if claim else {}
        for path in sorted(path for path in self.good if path.startswith("evidence/")):
            self.attempt(path, lambda: self.check_citation(path, heads))

    def check_citation(self, path, heads):
        data = self.read(path, MAX_FILE)
        verify(data)
        citation = read_file(data)
        claim, name = citation["claim"], path.split("/")[1]
        header_bytes = unbase64(citation["header"], "the header")
        require(claim["agreement"] == PUBLIC.hex(), "it is of figures that are not public")
        require(claim["publisher"] == self.names.get(name), f"it is of another publisher than cards/{name}.txt")
        indicator = claim["key"].split(".")[3]
        meant = f"evidence/{name}/{escaped(indicator)}/{escaped(claim['key'])}-{claim['seq']}.json"
        require(path == meant, "it proves something that its path does not name")
        require(claim["seq"] <= heads.get(claim["publisher"], -1), "it is of an entry that the manifest does not cover")
        entry = hashlib.sha256(signed_message("corridor/entry/1", citation["network"], header_bytes)).hexdigest()
        series = read_series(unbase64(citation["record"], "the record"))
        by_period = {one["period"]: one for one in series["observations"]}
        self.citations[(claim["publisher"], claim["key"], entry)] = (claim, by_period)

    def check_tables(self):
        for path in sorted(path for path in self.good if path.startswith("data/")):
            self.attempt(path, lambda: self.check_table(path))

    def check_table(self, path):
        publisher = self.names.get(path.split("/")[1])
        require(publisher, f"there is no cards/{path.split('/')[1]}.txt for it")
        try:
            text = self.read(path, MAX_LINES).decode("utf-8")
            rows = csv.reader(io.StringIO(text, newline=""), strict=True)
            header = [column.lower() for column in next(rows, [])]
            wanted = DIMENSIONS + ["time_period", "obs_value", "publisher", "entry", "released_at", "obs_status",
                                   "conf_status", "revision"]
            require(all(header.count(name) == 1 for name in wanted), "a column that must be there once is not")
            for row in rows:
                require(len(row) == len(header), f"line {rows.line_num} is not as long as the first")
                self.check_row(dict(zip(header, row)), publisher, rows.line_num)
                self.figures += not path.endswith(".sdmx.csv")
        except (UnicodeDecodeError, csv.Error):
            raise Refused("it is no table") from None

    def check_row(self, row, publisher, line):
        key = ".".join(row[name] for name in DIMENSIONS)
        claim, by_period = self.citations.get((publisher, key, row["entry"]), (None, {}))
        require(claim, f"line {line}: no citation that holds proves what it says of {key}")
        observation = by_period.get(row["time_period"])
        require(observation, f"line {line}: its entry states nothing for {row['time_period']}")
        shown = "" if row["obs_value"] == "NaN" else row["obs_value"]
        proven = {"obs_value": decimal_text(observation["value"]) or "", "obs_status": observation["status"],
                  "conf_status": observation["conf"], "revision": str(observation["revision"]),
                  "released_at": claim["released_at"]}
        for name, value in proven.items():
            said = shown if name == "obs_value" else row[name]
            require(said == value, f"line {line}: {name} {said!r} stands where {value!r} is proven")
        # SDMX names a publisher by its country where it has one.
        require(row["publisher"] and row["publisher"] in (publisher, claim["country"]),
                f"line {line}: the publisher is not the one that is proven")


def placed(sums, listed):
    """Where a file differs, by the checksums of its blocks."""
    known = [listed[at:at + 8] for at in range(0, len(listed), 8)]
    for at, (one, other) in enumerate(zip(sums, known)):
        if one != other:
            return f": it differs between byte {at * BLOCK} and {(at + 1) * BLOCK}"
    return "" if len(sums) == len(known) else ": its length is another one"


def verify_folder(folder):
    """The answer for a folder: valid, or what is not as it was signed."""
    copy = Copy(folder)
    claim = copy.attempt(MANIFEST, lambda: verify_manifest(copy.read(MANIFEST, MAX_SITE)))
    files = copy.attempt(LIST, lambda: copy.listed(claim)) or {}
    copy.check_files(files, claim)
    copy.find_strangers(files)
    copy.check_cards()
    copy.check_citations(claim)
    # What hangs on a fault that is named already is not named too.
    if not copy.faults:
        copy.check_tables()
    if copy.faults:
        first = copy.faults[0]
        named = [{"file": path, "what": what} for path, what in copy.faults[:MAX_FAULTS]]
        answer = {"valid": False, "reason": f"{first[0]}: {first[1]}", "faults": named}
        more = len(copy.faults) - len(named)
        return {**answer, "more_faults": more} if more else answer
    return {"valid": True, "publisher": claim["publisher"], "country": claim["country"], "made_at": claim["made_at"],
            "files": claim["files"], "bytes": claim["bytes"], "citations": len(copy.citations), "figures": copy.figures}


def form_of(data):
    """What a file says of itself that it is."""
    try:
        return str(json.loads(data.decode("utf-8"))["corridor"])
    except (ValueError, RecursionError, TypeError, KeyError):
        return None


def verify_manifest_alone(data):
    claim = verify_manifest(data)
    return {"valid": True, **{name: claim[name] for name in SITE_CLAIM[:-1]}, "sources": len(claim["sources"])}


# -- Self-test: the same format written by an encoder of its own ---------------------------------------------------

def put_uint(value):
    for limit, mark, width in ((251, None, 1), (1 << 16, 251, 2), (1 << 32, 252, 4), (1 << 64, 253, 8)):
        if value < limit:
            return (b"" if mark is None else bytes([mark])) + value.to_bytes(width, "little")
    return b"\xfe" + value.to_bytes(16, "little")


def put_sint(value):
    return put_uint(value * 2 if value >= 0 else -value * 2 - 1)


def put_bytes(data):
    return put_uint(len(data)) + data


def put_text(text):
    return put_bytes(text.encode())


def put_list(items):
    return put_uint(len(items)) + b"".join(items)


def tree_root(leaves):
    """The root by the definition of RFC 9162, 2.1.1, not by the way that the check takes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


def tree_path(index, leaves):
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return tree_path(index, leaves[:split]) + [tree_root(leaves[split:])]
    return tree_path(index - split, leaves[split:]) + [tree_root(leaves[:split])]


RELEASED = 1_700_000_000_250
KEY = "A.ESP.ITA.MF_IMM_PREV.F._T._Z._Z._Z._Z._Z._Z.PS._Z"


def sample_record(number):
    observations = [
        put_text("2022") + b"\x01" + put_sint(-1234567 - number) + b"\x02" + b"AF" + put_uint(0) + put_list([]),
        put_text("2023") + b"\x00" + b"MC" + put_uint(300) + put_list([put_text("COMMENT") + put_text("é")]),
    ]
    return b"\x00" + put_text(KEY) + put_list([put_text("UNIT_MEASURE") + put_text("PS")]) + put_list(observations)


def build(**change):
    """A citation that is valid, or in one thing correctly signed but wrong."""
    get = change.get
    network = get("network", "training/self-test")
    (first, sign_first), (node, sign_node) = PAIR(bytes([1]) * 32), PAIR(bytes([2]) * 32)
    second, sign_second = PAIR(bytes([3]) * 32)
    steps, signers = [(first, sign_first)], {False: sign_first, True: sign_second}
    succeeded = get("succeeded", False)
    if succeeded:
        steps.append((second, sign_second))
    national, sign_national = steps[-1][0], signers[bool(succeeded)]
    line, previous = [], bytes(32)
    for key, sign in steps:
        announced = hashlib.sha256(get("announced", second)).digest()
        step = previous + key + announced + put_sint(RELEASED)
        line.append(step + get("sign_step", sign)(signed_message("corridor/succession/1", network, step)))
        previous = get("previous", hashlib.sha256(signed_message("corridor/succession/1", network, step)).digest())
    mandate = (get("mandate_key", national) + node + bytes([get("purposes", 15)])
               + put_sint(get("from_", RELEASED)) + put_sint(get("until", RELEASED + 1)))
    mandate += sign_national(signed_message(get("mandate_context", "corridor/mandate/1"), network, mandate))
    body = (put_text(get("country", "ESP")) + put_list([put_text("en") + put_text("Spain"), put_text("es") + put_text("España")])
            + put_list(line) + put_list([mandate]) + put_list(get("revocations", [])) + put_list([]) + put_sint(RELEASED))
    card_network = get("card_network", network)
    card = (put_text(card_network) + put_bytes(body)
            + sign_national(signed_message("corridor/card/2", card_network, body)) + get("card_tail", b""))
    records = [sample_record(number) for number in range(5)]
    leaves = [hashlib.sha256(b"\x00" + record).digest() for record in records]
    publisher, agreement = get("publisher", hashlib.sha256(first).digest()), hashlib.sha256(b"public").digest()
    header = (b"\x01" + publisher + agreement + node + get("seq", put_uint(70_000)) + bytes(32) + put_sint(RELEASED)
              + bytes([get("kind", KIND_RELEASE)]) + put_uint(len(records)) + tree_root(leaves) + put_uint(999)
              + bytes(32) + b"\x00")
    claim = {"publisher": publisher.hex(), "country": get("country", "ESP"), "agreement": agreement.hex(), "seq": 70_000,
             "released_at": "2023-11-14T22:13:20.25Z", "key": KEY, "time_period": "2022", "obs_value": "-12345.70",
             "obs_status": "A", "conf_status": "F", "revision": 0}
    claim.update(get("claim", {}))
    coded = [base64.b64encode(part).decode() for part in
             (card, header, sign_node(signed_message("corridor/entry/1", network, header)), records[3])]
    citation = {"corridor": "citation/1", "network": network, "claim": claim, "card": coded[0], "header": coded[1],
                "signature": coded[2], "record": coded[3], "leaf_index": get("leaf_index", 3), "tree_size": 5,
                "path": [one.hex() for one in tree_path(3, leaves)]}
    return serialise(citation)


def build_site(**change):
    """A manifest that is valid, or in one thing correctly signed but wrong; signed by the card of `build`."""
    get, network = change.get, "training/self-test"
    citation = json.loads(build(**{name: change[name] for name in ("from_", "until", "purposes") if name in change}))
    node, sign = PAIR(bytes([2]) * 32)
    publisher, made_at = get("publisher", citation["claim"]["publisher"]), get("made_at", RELEASED)
    sources = get("sources", [(bytes([5]) * 32, PUBLIC), (bytes([6]) * 32, PUBLIC)])
    heads = [one + agreement + put_uint(70_000) + bytes([9]) * 32 for one, agreement in sources]
    body = (bytes.fromhex(publisher) + put_sint(made_at) + put_uint(12) + put_uint(345_678) + bytes([7]) * 32
            + put_list(heads))
    claim = {"publisher": publisher, "country": "ESP", "made_at": utc_text(made_at), "files": 12, "bytes": 345_678,
             "list_sha256": (bytes([7]) * 32).hex(),
             "sources": [{"publisher": one.hex(), "agreement": agreement.hex(), "seq": 70_000,
                          "entry": (bytes([9]) * 32).hex()} for one, agreement in sources]}
    claim.update(get("claim", {}))
    signature = sign(signed_message(get("context", "corridor/site/1"), network, body))
    return serialise({"corridor": "site/1", "network": network, "claim": claim, "card": citation["card"],
                      "node": node.hex(), "signature": base64.b64encode(signature).decode()})


WRONG_SITES = [
    ("another publisher", {"publisher": bytes(32).hex()}, "another publisher"),
    ("another count of files", {"claim": {"files": 13}}, "signature"),
    ("another country", {"claim": {"country": "ITA"}}, "country"),
    ("a signature of something else", {"context": "corridor/entry/1"}, "signature"),
    ("a source that is not public", {"sources": [(bytes([5]) * 32, bytes(32))]}, "not public"),
    ("sources out of order", {"sources": [(bytes([6]) * 32, PUBLIC), (bytes([5]) * 32, PUBLIC)]}, "sorted"),
    ("a source twice", {"sources": [(bytes([5]) * 32, PUBLIC)] * 2}, "sorted"),
    ("a mandate that has ended", {"made_at": RELEASED + 1}, "no mandate"),
    ("a mandate without release", {"purposes": 13}, "no mandate"),
]


def site_self_test(check):
    """The manifest that was built here, and the golden vector if it lies beside this file."""
    def reason(data):
        try:
            verify_manifest(data)
        except Refused as refused:
            return str(refused)
        return None

    check("a manifest as it should be verifies", reason(build_site()) is None)
    check("a manifest without sources verifies", reason(build_site(sources=[])) is None)
    for name, change, word in WRONG_SITES:
        found = reason(build_site(**change))
        check(f"manifest, {name}: {found}", found is not None and word in found)
    golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "vectors", "site.json")
    all_good = [build_site()]
    if os.path.exists(golden):
        with open(golden, "rb") as file:
            all_good.append(file.read())
    for good in all_good:
        check("a manifest verifies", reason(good) is None)
        for at in range(len(good)):
            changed = bytearray(good)
            changed[at] ^= 0x01
            check(f"manifest, byte {at} changed", reason(bytes(changed)) is not None)
            check(f"manifest, cut at {at}", reason(good[:at]) is not None)


def reason_for(data):
    try:
        verify(data)
    except Refused as refused:
        return str(refused)
    return None


def revocation(vouched, seed=2, agreement=hashlib.sha256(b"public").digest(), held=1 << 20):
    stand = agreement + put_uint(vouched) + put_uint(1 << 20) + put_uint(held) + bytes(32)
    return PAIR(bytes([seed]) * 32)[0] + put_sint(RELEASED) + put_uint(2) + put_list([stand])


WRONG = [
    ("a successor that was not announced", {"succeeded": True, "announced": bytes(32)}, "announced"),
    ("a line with a gap", {"succeeded": True, "previous": bytes(32)}, "gap"),
    ("a step signed by another key", {"sign_step": PAIR(bytes([9]) * 32)[1]}, "national key"),
    ("an entry behind what stands", {"revocations": [revocation(70_000)]}, "vouch"),
    ("another entry than the one that stands", {"revocations": [revocation(1 << 19, held=70_001)]}, "vouch"),
    ("a revoked key in another feed", {"revocations": [revocation(1 << 19, agreement=bytes(32))]}, "vouch"),
    ("revocations out of order", {"revocations": [revocation(1 << 19)] * 2}, "sorted"),
    ("a mandate without release", {"purposes": 13}, "no mandate"),
    ("a mandate that begins later", {"from_": RELEASED + 1, "until": RELEASED + 2}, "no mandate"),
    ("a mandate that has ended", {"from_": 0, "until": RELEASED}, "no mandate"),
    ("a mandate of another key", {"mandate_key": bytes(32)}, "another national key"),
    ("a mandate signed as something else", {"mandate_context": "corridor/card/2"}, "signature of a mandate"),
    ("a card of another network", {"card_network": "main"}, "another network"),
    ("bytes after the card", {"card_tail": b"\0"}, "bytes follow"),
    ("a country that is none", {"country": "Esp"}, "country"),
    ("a network that is none", {"network": "other"}, "network"),
    ("another publisher", {"publisher": bytes(32)}, "another publisher"),
    ("an entry that is no release", {"kind": 1}, "not a release"),
    ("a number longer than necessary", {"seq": b"\xfd" + (70_000).to_bytes(8, "little")}, "canonical"),
    ("another place in the tree", {"leaf_index": 2}, "path"),
    ("another value", {"claim": {"obs_value": "-12345.7"}}, "obs_value"),
    ("a suppressed value shown", {"claim": {"time_period": "2023"}}, "obs_value"),
    ("a period that is not there", {"claim": {"time_period": "2021"}}, "period"),
    ("true for a number", {"claim": {"revision": False}}, "revision"),
]


def self_test():
    failures = []

    def check(name, passed):
        if not passed:
            failures.append(name)

    good = build()
    check("a citation as it should be verifies", reason_for(good) is None)
    check("a citation after a succession verifies", reason_for(build(succeeded=True)) is None)
    check("an entry before the end of its key verifies", reason_for(build(revocations=[revocation(70_001)])) is None)
    check("the end of another key changes nothing", reason_for(build(revocations=[revocation(0, seed=8)])) is None)
    empty = {"time_period": "2023", "obs_value": None, "obs_status": "M", "conf_status": "C", "revision": 300}
    check("a value that is missing verifies as missing", reason_for(build(claim=empty)) is None)
    for name, change, word in WRONG:
        reason = reason_for(build(**change))
        check(f"{name}: {reason}", reason is not None and word in reason)
    for at in range(len(good)):
        for bit in (0x01, 0x20):
            changed = bytearray(good)
            changed[at] ^= bit
            check(f"byte {at} changed by {bit:#x}", reason_for(bytes(changed)) is not None)
        check(f"cut at {at}", reason_for(good[:at]) is not None)
    for name, changed in (("a space added", good + b" "), ("line ends changed", good.replace(b"\n", b"\r\n")),
                          ("a member twice", good.replace(b'  "network"', b'  "corridor": "citation/1",\n  "network"'))):
        check(name, reason_for(changed) is not None)
    for value in (0, 250, 251, 65535, 65536, (1 << 32) - 1, 1 << 32, (1 << 64) - 1, 1 << 64, (1 << 127) - 1):
        for sign in (1, -1):
            check(f"{sign * value} as bytes", Reader(put_sint(sign * value), "a number").sint(128) == sign * value)
    for size in range(1, 34):
        leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]
        for index in range(size):
            root = root_from_path(leaves[index], index, size, tree_path(index, leaves))
            check(f"leaf {index} of {size}", root == tree_root(leaves))
    site_self_test(check)
    for name in failures:
        print(f"FAIL {name}")
    print("PASS self-test" if not failures else f"FAIL self-test: {len(failures)} checks")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: verify.py FILE | verify.py DIR | verify.py --self-test", file=sys.stderr)
        return 2
    if os.path.isdir(arguments[0]):
        answer = verify_folder(arguments[0])
        print(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
        return 0 if answer["valid"] else 3
    try:
        with open(arguments[0], "rb") as file:
            data = file.read(MAX_SITE + 1)
    except OSError as error:
        print(f"verify.py: {arguments[0]}: {error.strerror}", file=sys.stderr)
        return 2
    try:
        answer, status = {"fork/1": verify_fork, "site/1": verify_manifest_alone}.get(form_of(data), verify)(data), 0
    except Refused as refused:
        answer, status = {"valid": False, "reason": str(refused)}, 3
    print(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
