"""One Python Modbus library under test: bench_peers.py <pymodbus|minimalmodbus> <task as JSON>.

Does exactly what bench-client.ts does with the libraries of Node; the task and the result are the
same. The meter's registers hold their own addresses.
"""

import json
import sys
import time


def open_pymodbus(task):
    from pymodbus.client import ModbusSerialClient

    client = ModbusSerialClient(
        task["path"], baudrate=task["baudRate"], timeout=task["timeoutMs"] / 1000, retries=0
    )
    if not client.connect():
        raise SystemExit("no connection to " + task["path"])

    def read(address, count):
        answer = client.read_input_registers(address, count=count, device_id=1)
        if answer.isError():
            raise IOError(str(answer))
        return answer.registers

    return read, client.close


def open_minimalmodbus(task):
    import minimalmodbus

    instrument = minimalmodbus.Instrument(task["path"], 1)
    instrument.serial.baudrate = task["baudRate"]
    instrument.serial.timeout = task["timeoutMs"] / 1000

    def read(address, count):
        return instrument.read_registers(address, count, functioncode=4)

    return read, instrument.serial.close


def outcome_of(read, block):
    address, count = block["address"], block["count"]
    try:
        registers = read(address, count)
    except Exception:
        return "error"
    return "ok" if list(registers) == list(range(address, address + count)) else "wrong"


def rss_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def run(read, task):
    times_ms, outcomes, cpu = [], [], time.process_time()
    for number in range(-task["warmUp"], task["rounds"]):
        if number == 0:
            cpu = time.process_time()
        started = time.monotonic()
        found = [outcome_of(read, block) for block in task["blocks"]]
        if number >= 0:
            times_ms.append((time.monotonic() - started) * 1000)
            outcomes += found
    cpu_ms = (time.process_time() - cpu) * 1000 / task["rounds"]
    print(
        json.dumps(
            {"timesMs": times_ms, "outcomes": outcomes, "cpuMs": cpu_ms, "rssKb": rss_kb()}
        )
    )


if __name__ == "__main__":
    name, text = sys.argv[1:]
    task = json.loads(text)
    read, close = (open_pymodbus if name == "pymodbus" else open_minimalmodbus)(task)
    run(read, task)
    close()
