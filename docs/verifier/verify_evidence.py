#!/usr/bin/env python3
"""Checks evidence files of PowerShare Edge; a second verifier, written from docs/evidence.md alone.

Needs Python 3.10 or newer, the package `cryptography`, and evidence-file.json, the schema, from docs/schemas.

    python3 verify_evidence.py FILE... [--trust CA.pem] [--json] [--schema evidence-file.json]

It knows no meter profiles, so it does not decode raw registers (`evidence.register-value`).
Exit code 0: proven. 1: not proven. 2: no file of this shape.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

SAFE_INTEGER = 2**53 - 1
NO_HASH = "0" * 64
SELECTION_OF_PCR_11 = "00000001000b03000800"
COUNTER_AREA = bytes.fromhex("01805053000b2604001400000008")
GROUP_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


class Refused(Exception):
    """The answer is no: a code, where in the file, and in words."""

    def __init__(self, code: str, place: str, text: str):
        super().__init__(f"{code} at {place or '/'}: {text}")
        self.code, self.place, self.text = code, place, text


class Unreadable(Exception):
    """No file of this shape."""

    def __init__(self, place: str, text: str):
        super().__init__(f"{place or '/'}: {text}")
        self.place = place


def refuse_unless(holds: bool, code: str, place: str, text: str) -> None:
    if not holds:
        raise Refused(code, place, text)


# --- JSON -----------------------------------------------------------------------------------------


def parse_json(data: bytes):
    """JSON (RFC 8259) in UTF-8; every number must be a whole one that a double holds exactly."""

    def whole(text: str) -> int | float:
        value = float(text)
        return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else value

    def constant(text: str):
        raise ValueError(f"{text} is no JSON")

    try:
        return json.loads(
            data.decode("utf-8-sig"), parse_int=whole, parse_float=whole, parse_constant=constant
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable("", f"no JSON: {error}") from error


def canonical(value) -> bytes:
    """RFC 8785 of strings, integers, booleans, null, arrays and objects."""
    return _canonical(value).encode("utf-8")


def _canonical(value) -> str:
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_canonical(n)}:{_canonical(value[n])}" for n in names) + "}"
    raise ValueError(f"{value!r} has no canonical JSON here")


# --- Schema ---------------------------------------------------------------------------------------


def check_schema(value, schema: dict, at: str = "") -> None:
    """The part of JSON Schema that evidence-file.json uses, and the rules that the page adds to it."""
    if "anyOf" in schema:
        return _check_any(value, schema["anyOf"], at)
    checks = {"object": _check_object, "array": _check_array, "string": _check_string}
    checks |= {"integer": _check_integer, "number": _check_integer}
    checks[schema["type"]](value, schema, at)
    if "const" in schema and value != schema["const"]:
        raise Unreadable(at, f"must be {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        raise Unreadable(at, f"must be one of {schema['enum']}")


def _check_any(value, alternatives, at):
    for schema in alternatives:
        try:
            return check_schema(value, schema, at)
        except Unreadable as error:
            last = error
    raise last


def _check_object(value, schema, at):
    if not isinstance(value, dict):
        raise Unreadable(at, "must be an object")
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            raise Unreadable(f"{at}/{name}", "is missing")
    others = schema.get("additionalProperties", {})
    for name, member in value.items():
        place = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        if name in known:
            check_schema(member, known[name], place)
        elif others is False:
            raise Unreadable(place, "is not known")
        else:
            _check_string(name, schema["propertyNames"], place)
            check_schema(member, others, place)
    if "maxProperties" in schema and len(value) > schema["maxProperties"]:
        raise Unreadable(at, "has too many members")
    if at.endswith("/event/details") and len(value) > 32:
        raise Unreadable(at, "has more than 32 members")


def _check_array(value, schema, at):
    if not isinstance(value, list):
        raise Unreadable(at, "must be an array")
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        raise Unreadable(at, "has too few or too many items")
    for index, item in enumerate(value):
        check_schema(item, schema["items"], f"{at}/{index}")


_PATTERNS: dict[str, re.Pattern] = {}


def _check_string(value, schema, at):
    if not isinstance(value, str):
        raise Unreadable(at, "must be a string")
    try:
        units = len(value.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Unreadable(at, "has a lone surrogate") from None
    if not schema.get("minLength", 0) <= units <= schema.get("maxLength", units):
        raise Unreadable(at, "is too short or too long")
    pattern = schema.get("pattern")
    if pattern:
        if pattern not in _PATTERNS:
            text = pattern.removeprefix("^").removesuffix("$")
            _PATTERNS[pattern] = re.compile(text, re.ASCII)
        if not _PATTERNS[pattern].fullmatch(value):
            raise Unreadable(at, f"must match {pattern}")
    if schema.get("title", "").startswith("instant"):
        try:
            instant_ms(value)
        except ValueError:
            raise Unreadable(at, "is no instant of the calendar") from None


def _check_integer(value, schema, at):
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(at, "must be a whole number within ±(2^53 - 1)")
    low, high = schema.get("minimum", -SAFE_INTEGER), schema.get("maximum", SAFE_INTEGER)
    if not low <= value <= high:
        raise Unreadable(at, f"must lie in {low} to {high}")


# --- Bytes, hashes, signatures --------------------------------------------------------------------


def instant_ms(text: str) -> int:
    """Milliseconds since 1970 of an instant in UTC. Raises ValueError where the calendar has none."""
    year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(text)
    # 400 years have always the same number of days; Python's calendar begins with year 1.
    days = datetime.date(year + 400, month, day).toordinal() - 719163 - 146097
    ms = int(text[20:23]) if len(text) == 24 else 0
    return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tagged(tag: int, value) -> str:
    return sha256(bytes([tag]) + canonical(value)).hex()


def leaf_of(record) -> bytes:
    return sha256(b"\x00" + canonical(record))


def node_of(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def head_after(head: bytes, leaf: bytes) -> bytes:
    return sha256(b"\x02" + head + leaf)


def interval_hash(interval) -> str:
    return tagged(3, interval)


def statement_hash(statement) -> str:
    return tagged(4, statement)


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1: level by level; a last node without a sibling rises as it is."""
    while len(leaves) > 1:
        pairs = [node_of(*leaves[i : i + 2]) for i in range(0, len(leaves) - 1, 2)]
        leaves = pairs + (leaves[-1:] if len(leaves) % 2 else [])
    return leaves[0]


def proof_root(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """Root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None for one of a wrong length."""
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            result = node_of(sibling, result)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            result = node_of(result, sibling)
        node, last = node >> 1, last >> 1
    return result if last == 0 else None


def is_signed(key: ec.EllipticCurvePublicKey | None, data: bytes, signature_hex: str) -> bool:
    """ECDSA P-256 with SHA-256 as r || s; s may lie in either half."""
    signature = bytes.fromhex(signature_hex)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if key is None or not (0 < r < GROUP_ORDER and 0 < s < GROUP_ORDER):
        return False
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


# --- Structures of the TPM ------------------------------------------------------------------------


class Malformed(Exception):
    """Bytes that are not the structure."""


class Cursor:
    """Takes fields off the front; nothing may be left over at the end."""

    def __init__(self, data: bytes):
        self.data = data

    def take(self, size: int) -> bytes:
        if len(self.data) < size:
            raise Malformed
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def sized(self) -> bytes:
        return self.take(self.number(2))

    def expect(self, hexadecimal: str) -> None:
        wanted = bytes.fromhex(hexadecimal)
        if self.take(len(wanted)) != wanted:
            raise Malformed

    def end(self) -> None:
        if self.data:
            raise Malformed


def name_of(area: bytes) -> bytes:
    return bytes.fromhex("000b") + sha256(area)


@dataclass
class PublicKey:
    attributes: int
    name: bytes
    spki: bytes
    #: None for a point that is not on the curve: by it no signature is valid.
    key: ec.EllipticCurvePublicKey | None

    def has(self, bit: int) -> bool:
        return bool(self.attributes >> bit & 1)


def parse_key(area_hex: str, schemes: tuple[str, ...]) -> PublicKey:
    """TPMT_PUBLIC of an ECC key on P-256 with one of these schemes."""
    area = bytes.fromhex(area_hex)
    cursor = Cursor(area)
    cursor.expect("0023000b")
    attributes = cursor.number(4)
    cursor.sized()
    cursor.expect("0010")
    scheme = cursor.take(2).hex()
    if scheme == "0018":
        scheme += cursor.take(2).hex()
    if scheme not in schemes:
        raise Malformed
    cursor.expect("00030010")
    x, y = cursor.sized(), cursor.sized()
    cursor.end()
    if not (1 <= len(x) <= 32 and 1 <= len(y) <= 32):
        raise Malformed
    spki = SPKI_PREFIX + x.rjust(32, b"\0") + y.rjust(32, b"\0")
    try:
        key = serialization.load_der_public_key(spki)
    except ValueError:
        key = None
    return PublicKey(attributes, name_of(area), spki, key)


@dataclass
class Attest:
    kind: str
    extra: bytes
    clock_ms: int
    reset_count: int
    restart_count: int
    safe: bool
    name: bytes = b""
    offset: int = 0
    contents: bytes = b""
    pcr_digest: bytes = b""


def parse_attest(attest_hex: str) -> Attest:
    cursor = Cursor(bytes.fromhex(attest_hex))
    cursor.expect("ff544347")
    kind = cursor.take(2).hex()
    cursor.sized()
    extra = cursor.sized()
    clock_ms, resets, restarts = cursor.number(8), cursor.number(4), cursor.number(4)
    safe = cursor.number(1)
    if safe > 1:
        raise Malformed
    cursor.take(8)
    attest = Attest(kind, extra, clock_ms, resets, restarts, safe == 1)
    if kind == "8014":
        attest.name, attest.offset, attest.contents = cursor.sized(), cursor.number(2), cursor.sized()
    elif kind == "8017":
        attest.name = cursor.sized()
        cursor.sized()
    elif kind == "8018":
        cursor.expect(SELECTION_OF_PCR_11)
        attest.pcr_digest = cursor.sized()
    else:
        raise Malformed
    cursor.end()
    return attest


# --- The device -----------------------------------------------------------------------------------


@dataclass
class Device:
    id: str
    attestation: PublicKey
    reading: PublicKey
    counter_name: bytes


def check_device(device: dict) -> Device:
    counter_name = bytes.fromhex(device["counterName"])
    refuse_unless(
        counter_name == name_of(COUNTER_AREA),
        "evidence.counter-name",
        "/device/counterName",
        "is not the name of a device's counter",
    )
    try:
        attestation = parse_key(device["attestationKey"], ("0018000b",))
        reading = parse_key(device["readingKey"], ("0018000b", "0010"))
    except Malformed:
        raise Refused("evidence.key", "/device", "a key is no signing key on P-256") from None
    for key in (attestation, reading):
        fixed = all(map(key.has, (1, 4, 5, 18))) and not key.has(17)
        refuse_unless(fixed, "evidence.key", "/device", "a key was not made in the TPM, or can leave it")
    restricted = attestation.has(16) and not reading.has(16)
    refuse_unless(restricted, "evidence.key", "/device", "only the attestation key is restricted")
    certification = device["certification"]
    signed = is_signed(
        attestation.key, bytes.fromhex(certification["attest"]), certification["signature"]
    )
    refuse_unless(signed, "evidence.certification", "/device", "is not the attestation key's")
    try:
        attest = parse_attest(certification["attest"])
    except Malformed:
        raise Refused("evidence.attestation", "/device", "is no certification") from None
    refuse_unless(attest.kind == "8017", "evidence.attestation", "/device", "is no certification")
    refuse_unless(
        attest.name == reading.name, "evidence.certification", "/device", "names another key"
    )
    return Device(device["device"], attestation, reading, counter_name)


# --- Checkpoints ----------------------------------------------------------------------------------


@dataclass
class Sealed:
    """A checkpoint that held, and where it stands."""

    statement: dict
    hash: str
    counter: int
    attest: Attest
    place: str

    @property
    def first(self) -> int:
        return self.statement["readings"]["first"]

    @property
    def last(self) -> int:
        return self.statement["readings"]["last"]


def check_checkpoint(checkpoint: dict, device: Device, place: str) -> Sealed:
    attest_bytes = bytes.fromhex(checkpoint["attest"])
    refuse_unless(
        is_signed(device.attestation.key, attest_bytes, checkpoint["signature"]),
        "evidence.attestation-signature",
        place,
        "is not the attestation key's",
    )
    try:
        attest = parse_attest(checkpoint["attest"])
    except Malformed:
        raise Refused("evidence.attestation", place, "is no attestation") from None
    is_counter = attest.kind == "8014" and attest.offset == 0 and len(attest.contents) == 8
    refuse_unless(is_counter, "evidence.attestation", place, "certifies no counter")
    digest = statement_hash(checkpoint["statement"])
    refuse_unless(attest.extra.hex() == digest, "evidence.statement", place, "is of another statement")
    refuse_unless(
        attest.name == device.counter_name, "evidence.counter-name", place, "is another counter"
    )
    counter = int.from_bytes(attest.contents, "big")
    return Sealed(checkpoint["statement"], digest, counter, attest, place)


# --- Packages -------------------------------------------------------------------------------------


@dataclass
class Head:
    """What was last accepted from a meter; before its first package, what that says of itself."""

    sequence: int
    hash: str
    epoch: int
    end: str
    registers: dict
    role: str
    counter: int = 0
    reset_count: int = -1


def head_before(interval: dict) -> Head:
    return Head(
        interval["sequence"] - 1,
        interval["previous"],
        interval["epoch"],
        interval["start"],
        interval["first"],
        interval["role"],
    )


def check_package(package, device: Device, participant: str, head: Head, place: str) -> None:
    unsigned = {name: value for name, value in package.items() if name != "signature"}
    refuse_unless(
        is_signed(device.reading.key, b"\x05" + canonical(unsigned), package["signature"]),
        "evidence.signature",
        place,
        "is not the reading key's",
    )
    intervals, checkpoint = package["intervals"], package["checkpoint"]
    same = package["participant"] == participant
    refuse_unless(same, "evidence.participant", place, "is another participant's")
    statement = checkpoint["statement"]
    refuse_unless(statement["device"] == device.id, "evidence.device", place, "is another device's")
    for interval in intervals:
        same = interval["participant"] == participant
        refuse_unless(same, "evidence.participant", place, "has an interval of another participant")
        same = interval["meter"] == package["meter"]
        refuse_unless(same, "evidence.meter", place, "has an interval of another meter")
        same = interval["role"] == head.role
        refuse_unless(same, "evidence.role", place, "the meter changed its role")
    before = head
    inside_from = None
    for interval in intervals:
        check_interval(interval, before, inside_from, place)
        before = Head(
            interval["sequence"],
            interval_hash(interval),
            interval["epoch"],
            interval["end"],
            interval["last"],
            interval["role"],
        )
        inside_from = interval["readings"]["last"]
    named = statement["intervalHeads"].get(package["meter"])
    refuse_unless(
        named == before.hash, "evidence.interval-head", place, "the checkpoint names another interval"
    )
    last = intervals[-1]
    readings = statement["readings"]
    covered = readings["last"] >= last["readings"]["last"]
    refuse_unless(covered, "evidence.uncovered", place, "the checkpoint is older than its interval")
    in_batch = readings["first"] <= last["readings"]["last"] <= readings["last"]
    refuse_unless(
        not in_batch or last["merkleRoot"] == statement["merkleRoot"],
        "evidence.merkle-root",
        place,
        "the interval names another batch",
    )
    sealed = check_checkpoint(checkpoint, device, place)
    refuse_unless(sealed.counter > head.counter, "evidence.counter", place, "the counter did not rise")
    resets = sealed.attest.reset_count
    refuse_unless(resets >= head.reset_count, "evidence.reset-count", place, "resetCount fell")
    before.counter, before.reset_count = sealed.counter, resets
    head.__dict__.update(before.__dict__)


def check_interval(interval, before: Head, inside_from: int | None, place: str) -> None:
    def check(holds: bool, code: str, text: str) -> None:
        refuse_unless(holds, f"evidence.{code}", place, text)

    check(interval["sequence"] == before.sequence + 1, "sequence", "is not the next interval")
    check(interval["previous"] == before.hash, "chain", "does not follow the interval before")
    check(before.sequence > 0 or before.hash == NO_HASH, "chain", "the first follows nothing")
    check(interval["epoch"] >= before.epoch, "epoch", "the epoch fell")
    readings = interval["readings"]
    ordered = readings["first"] < readings["last"]
    joined = inside_from is None or readings["first"] == inside_from
    check(ordered and joined, "readings", "its readings do not join those before")
    start, end = instant_ms(interval["start"]), instant_ms(interval["end"])
    check(start < end, "time-order", "ends before it starts")
    check(interval["start"] == before.end, "time-gap", "does not start where the one before ended")
    first, last = interval["first"], interval["last"]
    for name in ("importWh", "exportWh"):
        check(last[name] >= first[name], "register-went-back", "a register fell")
        check(first[name] == before.registers[name], "register-gap", "a register changed in between")
        check(interval[name] == last[name] - first[name], "energy", "is not last - first")


# --- Statements of the whole file -----------------------------------------------------------------


def check_statements(document: dict, device: Device) -> list[Sealed]:
    """The different statements in the order of their sequence."""
    by_sequence: dict[int, Sealed] = {}
    for place, checkpoint in checkpoints_of(document):
        one = check_checkpoint(checkpoint, device, place)
        same = one.statement["device"] == device.id
        refuse_unless(same, "evidence.device", place, "is another device's")
        known = by_sequence.setdefault(one.statement["sequence"], one)
        refuse_unless(known.hash == one.hash, "evidence.fork", place, "two statements, one sequence")
    ordered = [by_sequence[sequence] for sequence in sorted(by_sequence)]
    for index, after in enumerate(ordered):
        refuse_unless(after.first <= after.last, "evidence.batch", after.place, "its batch is empty")
        if index > 0:
            check_succession(ordered[index - 1], after)
    return ordered


def checkpoints_of(document: dict):
    for index, package in enumerate(document["packages"]):
        yield f"/packages/{index}/checkpoint", package["checkpoint"]
    for index, checkpoint in enumerate(document.get("checkpoints", [])):
        yield f"/checkpoints/{index}", checkpoint


def check_succession(before: Sealed, after: Sealed) -> None:
    adjacent = after.statement["sequence"] == before.statement["sequence"] + 1
    chained = not adjacent or after.statement["previous"] == before.hash
    refuse_unless(chained, "evidence.statement-chain", after.place, "does not follow the one before")
    in_order = after.first == before.last + 1 if adjacent else after.first > before.last
    refuse_unless(in_order, "evidence.batch", after.place, "its batch does not follow the one before")
    rises = after.counter > before.counter
    refuse_unless(rises, "evidence.counter", after.place, "the counter did not rise")
    resets = after.attest.reset_count >= before.attest.reset_count
    refuse_unless(resets, "evidence.reset-count", after.place, "resetCount fell")


# --- Readings and events --------------------------------------------------------------------------


@dataclass
class Record:
    value: dict
    place: str
    proof: list[str] | None
    is_event: bool
    leaf: bytes = field(init=False)

    def __post_init__(self):
        self.leaf = leaf_of(self.value)

    @property
    def sequence(self) -> int:
        return self.value["sequence"]


def records_of(document: dict) -> list[Record]:
    found = []
    for kind, member in (("readings", "reading"), ("events", "event")):
        for index, item in enumerate(document.get(kind, [])):
            place = f"/{kind}/{index}"
            found.append(Record(item[member], place, item.get("proof"), member == "event"))
    return found


def check_records(document: dict, statements: list[Sealed]) -> dict[int, Record]:
    by_sequence: dict[int, Record] = {}
    for record in records_of(document):
        fresh = by_sequence.setdefault(record.sequence, record) is record
        refuse_unless(fresh, "evidence.reading-repeated", record.place, "stands in the file twice")
    ordered = sorted(by_sequence.values(), key=lambda record: record.sequence)
    taken = 0
    for sealed in statements:
        begin = taken
        while taken < len(ordered) and ordered[taken].sequence <= sealed.last:
            taken += 1
        check_batch(sealed, ordered[begin:taken], statements)
    refuse_uncovered(ordered[taken:])
    return by_sequence


def refuse_uncovered(records: list[Record]) -> None:
    place = records[0].place if records else ""
    refuse_unless(not records, "evidence.reading-uncovered", place, "lies in no checkpoint's batch")


def check_batch(sealed: Sealed, records: list[Record], statements: list[Sealed]) -> None:
    refuse_uncovered([record for record in records if record.sequence < sealed.first])
    size = sealed.last - sealed.first + 1
    root = bytes.fromhex(sealed.statement["merkleRoot"])
    for record in records:
        if record.proof is not None:
            path = [bytes.fromhex(hash_) for hash_ in record.proof]
            found = proof_root(record.leaf, record.sequence - sealed.first, size, path)
            refuse_unless(found == root, "evidence.inclusion", record.place, "is not in the batch")
    if len(records) < size:
        for record in records:
            has_proof = record.proof is not None
            refuse_unless(has_proof, "evidence.batch-incomplete", record.place, "has no proof, nor its batch")
        return
    place = records[0].place
    leaves = [record.leaf for record in records]
    refuse_unless(root_of(leaves) == root, "evidence.inclusion", place, "the batch has another root")
    head = head_of_chain_before(sealed, statements)
    if head is None:
        return
    for leaf in leaves:
        head = head_after(head, leaf)
    continues = head.hex() == sealed.statement["chainHead"]
    refuse_unless(continues, "evidence.chain-head", place, "the chain does not lead to its head")


def head_of_chain_before(sealed: Sealed, statements: list[Sealed]) -> bytes | None:
    if sealed.first == 1:
        return bytes(32)
    for other in statements:
        if other.last + 1 == sealed.first:
            return bytes.fromhex(other.statement["chainHead"])
    return None


def check_boundaries(document: dict, records: dict[int, Record]) -> None:
    for package in document["packages"]:
        for interval in package["intervals"]:
            for end, which in (("start", "first"), ("end", "last")):
                record = records.get(interval["readings"][which])
                if record is None:
                    continue
                due = instant_ms(interval[end]) + interval["boundaryErrorMs"][end]
                stands = stands_at_boundary(interval, due, record)
                stands = stands or (end == "start" and opens_epoch(interval, due, record))
                refuse_unless(
                    stands, "evidence.boundary", record.place, "is not the reading at the interval's end"
                )


def stands_at_boundary(interval: dict, due: int, record: Record) -> bool:
    reading = record.value
    return (
        not record.is_event
        and reading["meter"] == interval["meter"]
        and reading["quality"] == "good"
        and instant_ms(reading["at"]) == due
    )


def opens_epoch(interval: dict, due: int, record: Record) -> bool:
    event = record.value
    if not record.is_event or event["event"] != "meter-epoch-opened":
        return False
    details = event["details"]
    registers = {name: details.get(name) for name in ("importWh", "exportWh")}
    try:
        at = instant_ms(str(details.get("at")))
    except ValueError:
        return False
    return event.get("meter") == interval["meter"] and registers == interval["first"] and at == due


# --- Software -------------------------------------------------------------------------------------

QUOTE_DETAILS = {
    "version": {"minLength": 1, "maxLength": 100},
    "bundle": {"pattern": "[0-9a-f]{64}"},
    "configuration": {"pattern": "[0-9a-f]{64}"},
    "pcrBefore": {"pattern": "[0-9a-f]{64}"},
    "attest": {"pattern": "([0-9a-f]{2})+"},
    "signature": {"pattern": "[0-9a-f]{128}"},
}


def check_software(document: dict, device: Device) -> dict:
    quotes = []
    for index, item in enumerate(document.get("events", [])):
        if item["event"]["event"] == "software-quoted":
            pcr = check_quote(item["event"], device, f"/events/{index}")
            quotes.append((item["event"]["sequence"], item["event"], pcr))
    known, unexplained = {bytes(32)}, 0
    for _, event, pcr in sorted(quotes, key=lambda quote: quote[0]):
        unexplained += bytes.fromhex(event["details"]["pcrBefore"]) not in known
        known.add(pcr)
    return {"quotes": len(quotes), "unexplained": unexplained}


def check_quote(event: dict, device: Device, place: str) -> bytes:
    """The PCR after the measurement."""

    def check(holds: bool, text: str) -> None:
        refuse_unless(holds, "evidence.software", place, text)

    details = event["details"]
    check(details.keys() == QUOTE_DETAILS.keys(), "details are not those of a quote")
    for name, schema in QUOTE_DETAILS.items():
        try:
            _check_string(details[name], schema, place)
        except Unreadable as error:
            check(False, f"{name} {error}")
    signed = is_signed(device.attestation.key, bytes.fromhex(details["attest"]), details["signature"])
    check(signed, "is not the attestation key's")
    try:
        attest = parse_attest(details["attest"])
    except Malformed:
        attest = None
    check(attest is not None and attest.kind == "8018", "is no quote of PCR 11")
    stated = {name: value for name, value in event.items() if name != "sequence"}
    stated["details"] = {n: v for n, v in details.items() if n not in ("attest", "signature")}
    check(attest.extra.hex() == tagged(7, stated), "repeats something else")
    software = {name: details[name] for name in ("bundle", "configuration", "version")}
    pcr = sha256(bytes.fromhex(details["pcrBefore"]) + bytes.fromhex(tagged(6, software)))
    check(attest.pcr_digest == sha256(pcr), "the PCR holds something else")
    return pcr


# --- The certificate ------------------------------------------------------------------------------


def check_certificate(document: dict, device: Device, newest: str, trusted) -> None:
    pem = document["device"].get("certificatePem")
    place = "/device/certificatePem"
    if pem is None:
        refuse_unless(not trusted, "evidence.certificate", place, "there is none")
        return
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
        spki = chain[0].public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("evidence.certificate", place, "is no certificate") from None
    refuse_unless(spki == device.reading.spki, "evidence.certificate", place, "is for another key")
    ends = [i["end"] for package in document["packages"] for i in package["intervals"]]
    at_ms = max(map(instant_ms, ends), default=instant_ms(newest))
    is_valid = ms_of(chain[0].not_valid_before_utc) <= at_ms <= ms_of(chain[0].not_valid_after_utc)
    refuse_unless(is_valid, "evidence.certificate", place, "was not valid at the last interval's end")
    if trusted:
        issued = leads_to(chain[0], chain[1:], trusted, at_ms, len(chain))
        refuse_unless(issued, "evidence.certificate", place, "was not issued by a trusted authority")


def ms_of(instant: datetime.datetime) -> int:
    return int(instant.timestamp()) * 1000


def leads_to(certificate, others, trusted, at_ms, depth) -> bool:
    if any(is_issued(certificate, root, at_ms) for root in trusted):
        return True
    issuers = (other for other in others if is_issued(certificate, other, at_ms))
    return depth > 0 and any(leads_to(i, others, trusted, at_ms, depth - 1) for i in issuers)


def is_issued(certificate: x509.Certificate, issuer: x509.Certificate, at_ms) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, UnsupportedAlgorithm):
        return False
    start, end = ms_of(issuer.not_valid_before_utc), ms_of(issuer.not_valid_after_utc)
    return constraints.ca and start <= at_ms <= end


# --- The file -------------------------------------------------------------------------------------


def verify(document: dict, trusted: list[x509.Certificate] | None = None) -> dict:
    """What the file proves. Raises Refused with the first thing wrong."""
    device = check_device(document["device"])
    packages = document["packages"]
    participant = packages[0]["participant"] if packages else None
    heads: dict[str, Head] = {}
    for index, package in enumerate(packages):
        head = heads.setdefault(package["meter"], head_before(package["intervals"][0]))
        check_package(package, device, participant, head, f"/packages/{index}")
    statements = check_statements(document, device)
    records = check_records(document, statements)
    check_boundaries(document, records)
    software = check_software(document, device)
    check_certificate(document, device, statements[-1].statement["at"], trusted)
    resets = [sealed.attest.reset_count for sealed in statements]
    boots = [sealed.statement["bootId"] for sealed in statements]
    events = sum(record.is_event for record in records.values())
    return {
        "participant": participant,
        "packages": len(packages),
        "checkpoints": len(statements),
        "counter": {"first": str(statements[0].counter), "last": str(statements[-1].counter)},
        "resets": resets[-1] - resets[0],
        "resetsWithoutBoot": sum(
            resets[i] > resets[i - 1] and boots[i] == boots[i - 1] for i in range(1, len(boots))
        ),
        "readings": len(records) - events,
        "events": events,
        "software": software,
    }


def verify_bytes(data: bytes, schema: dict, trusted: list[x509.Certificate] | None = None) -> dict:
    """The answer as `powershare evidence verify --json` gives it for a file. Raises Unreadable."""
    document = parse_json(data)
    check_schema(document, schema)
    if not document["packages"] and not document.get("checkpoints"):
        raise Unreadable("/packages", "there must be a package or a checkpoint")
    try:
        return {"proven": True, "proves": verify(document, trusted)}
    except Refused as refused:
        return {"proven": False, "code": refused.code, "place": refused.place, "text": refused.text}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks evidence files of PowerShare Edge.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--trust", metavar="CA.pem", help="authorities that may issue the certificate")
    parser.add_argument("--json", action="store_true", help="one JSON document a line, one line a file")
    beside = Path(__file__).resolve().parent.parent / "schemas" / "evidence-file.json"
    parser.add_argument("--schema", metavar="FILE", default=beside, help="default: docs/schemas")
    options = parser.parse_args(arguments)
    schema = json.loads(Path(options.schema).read_text("utf-8"))
    trusted = None
    if options.trust:
        trusted = x509.load_pem_x509_certificates(Path(options.trust).read_bytes())
    worst = 0
    for name in options.files:
        try:
            answer = verify_bytes(Path(name).read_bytes(), schema, trusted)
        except (OSError, Unreadable) as error:
            answer = {"unreadable": str(error)}
        exit_code = 2 if "unreadable" in answer else 0 if answer["proven"] else 1
        worst = max(worst, exit_code)
        say(name, answer, options.json)
    return worst


def say(name: str, answer: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"file": name, **answer}))
    elif "unreadable" in answer:
        print(f"{name}: no evidence file: {answer['unreadable']}")
    elif answer["proven"]:
        print(f"{name}: proven {json.dumps(answer['proves'])}")
    else:
        print(f"{name}: NOT proven: {answer['code']} at {answer['place']}: {answer['text']}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
