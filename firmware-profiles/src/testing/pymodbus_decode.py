"""Decodes captures with pymodbus and Python's exact fractions, from the declared maps alone.

Standard input: a JSON list of {"map": profile file as declared, "capture": text}. Standard output: a JSON list of
{"values": {quantity: value}} or {"error": text}. Shares no code with the decoder under test: frames are split and checked by pymodbus's framers,
numbers made by its convert_from_registers.
"""

import json
import math
import re
import struct
import sys
from fractions import Fraction

from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

TYPES = {
    "u16": ModbusClientMixin.DATATYPE.UINT16,
    "s16": ModbusClientMixin.DATATYPE.INT16,
    "u32": ModbusClientMixin.DATATYPE.UINT32,
    "s32": ModbusClientMixin.DATATYPE.INT32,
    "u64": ModbusClientMixin.DATATYPE.UINT64,
    "s64": ModbusClientMixin.DATATYPE.INT64,
    "u32-u32": ModbusClientMixin.DATATYPE.UINT64,
    "float32": ModbusClientMixin.DATATYPE.FLOAT32,
    "float64": ModbusClientMixin.DATATYPE.FLOAT64,
    "ascii": ModbusClientMixin.DATATYPE.STRING,
}
PREFIXES = {"k": 1000, "M": 1000000}
TABLES = {3: "holding", 4: "input"}


def registers_in(capture):
    """Register words by (table, address), from the frames that pymodbus accepts."""
    is_tcp = capture.lstrip().lower().startswith("# tcp")
    framer = FramerSocket if is_tcp else FramerRTU
    ask, answer = framer(DecodePDU(True)), framer(DecodePDU(False))
    words, request = {}, None
    for line in capture.splitlines():
        content = line.split("#", 1)[0].strip()
        if not content:
            continue
        data = bytes.fromhex(content[1:])
        used, pdu = (ask if content[0] == ">" else answer).handleFrame(data, 0, 0)
        if pdu is None or used != len(data):
            raise ValueError(f"pymodbus does not take the frame {content}")
        if content[0] == ">":
            request = pdu
        elif request.function_code == pdu.function_code and request.dev_id == pdu.dev_id:
            assert len(pdu.registers) == request.count, f"{content} has another length than was asked for"
            for offset, word in enumerate(pdu.registers):
                words[TABLES[request.function_code], request.address + offset] = word
    return words


def models_in(sunspec, words, table):
    """Addresses of the common and the measuring model, by walking the chain."""
    for base in sunspec["bases"]:
        if (words.get((table, base)), words.get((table, base + 1))) != (0x5375, 0x6E53):
            continue
        common, at = None, base + 2
        while (table, at) in words:
            model, length = words[table, at], words[table, at + 1]
            if model == 1:
                common = at
            if model in sunspec["models"]:
                return common, at
            at += 2 + length
    raise ValueError("no model found")


class Decoder:
    def __init__(self, declared, words):
        self.declared, self.words = declared, words
        self.common = self.model = 0
        if "sunspec" in declared:
            self.common, self.model = models_in(declared["sunspec"], words, declared["defaults"]["table"])
        self.factors = {entry["name"]: entry for entry in declared.get("factors", [])}

    def raw(self, entry, shift):
        """(number or text, words) of an entry; number None where it was not measured."""
        defaults = self.declared["defaults"]
        kind = entry.get("type", defaults["type"])
        order = entry.get("wordOrder", defaults["wordOrder"])
        table = entry.get("table", defaults["table"])
        data_type = TYPES[kind]
        length = data_type.value[1] or entry["length"]
        address = entry["address"] + shift
        if any((table, address + i) not in self.words for i in range(length)):
            return None, [], kind
        regs = [self.words[table, address + i] for i in range(length)]
        if kind == "ascii":
            return self.text(regs), regs, kind
        value = ModbusClientMixin.convert_from_registers(regs, data_type, word_order=order)
        if kind == "u32-u32":
            halves = (regs[:2], regs[2:])
            first, second = (
                ModbusClientMixin.convert_from_registers(half, TYPES["u32"], word_order=order) for half in halves
            )
            value = first - second
        missing = entry.get("notAvailable", defaults.get("notAvailable", {}).get(kind, []))
        bits = 16 * length
        pattern = ModbusClientMixin.convert_from_registers(regs, TYPES[f"u{bits}"], word_order=order)
        for each in missing if isinstance(missing, list) else [missing]:
            number = int(each, 0) if isinstance(each, str) else each
            if pattern == number % (1 << bits):
                return None, regs, kind
        if isinstance(value, float) and not math.isfinite(value):
            return None, regs, kind
        return value, [pattern, bits], kind

    @staticmethod
    def text(regs):
        text = ModbusClientMixin.convert_from_registers(
            regs, ModbusClientMixin.DATATYPE.STRING, string_encoding="latin-1"
        )
        return text.replace("\0", "").strip() or None

    @staticmethod
    def meant(value, kind):
        """A float32 means the shortest decimal that reads back to it."""
        if kind == "float32":
            for digits in range(1, 10):
                short = f"{value:.{digits}g}"
                try:
                    if struct.pack(">f", float(short)) == struct.pack(">f", value):
                        return Fraction(short)
                except OverflowError:
                    continue
        return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)

    def factor(self, name):
        entry = self.factors[name]
        value, _, kind = self.raw(entry, self.model)
        if value is None:
            return None
        number = self.meant(value, kind) * Fraction(repr(entry.get("scale", 1)))
        how = entry["as"]
        if how == "multiplier":
            return number
        if how == "choice":
            return Fraction(repr(entry["choices"][str(number)]))
        return Fraction(10) ** int(number if how == "exponent" else -number)

    def measured(self, entry):
        is_energy = entry["quantity"].endswith(("Wh", "Varh"))
        exact = Fraction(0)
        for address in [entry["address"], *entry.get("plus", [])]:
            value, _, kind = self.raw({**entry, "address": address}, self.model)
            if value is None:
                return None
            exact += Fraction(value) if is_energy else self.meant(value, kind)
        unit = entry["unit"]
        exact *= PREFIXES.get(unit[:1], 1) if len(unit) > 1 else 1
        exact *= Fraction(repr(entry.get("scale", 1))) * entry.get("sign", 1)
        for name in entry.get("factors", []):
            factor = self.factor(name)
            if factor is None:
                return None
            exact *= factor
        if not is_energy:
            return float(exact)
        # Python rounds fractions half to even. Beyond 2^53 a JSON number is not exact, so there is no value.
        whole = round(exact)
        return whole if abs(whole) < 1 << 53 else None

    def identity(self, entry):
        value, pattern, kind = self.raw(entry, self.common)
        if value is None or kind == "ascii":
            return value
        if entry.get("format") == "hex":
            return f"{pattern[0]:0{pattern[1] // 4}X}"
        number = float(self.meant(value, kind)) if kind.startswith("float") else value
        if entry["quantity"] == "serialNumber":
            return re.sub(r"\.0$", "", str(number))
        return number

    def values(self):
        found = {entry["quantity"]: self.measured(entry) for entry in self.declared["registers"]}
        found |= {entry["quantity"]: self.identity(entry) for entry in self.declared["identity"]}
        return {quantity: value for quantity, value in found.items() if value is not None}


def result_of(job):
    try:
        return {"values": Decoder(job["map"], registers_in(job["capture"])).values()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    json.dump([result_of(job) for job in json.load(sys.stdin)], sys.stdout)
