import type { ProfileFile } from "../schema.js";

/** How the meter is reached. */
export function transportProblems({
  serial,
  tcp,
  sunspec,
  registers,
  defaults,
}: ProfileFile): string[] {
  const problems: string[] = [];
  if (!serial && !tcp) problems.push("serial: expected serial, tcp or both");
  if (serial?.otherBaudRates?.includes(serial.baudRate)) {
    problems.push("serial.otherBaudRates: has the factory setting among the others");
  }
  if (serial?.otherParities?.includes(serial.parity)) {
    problems.push("serial.otherParities: has the factory setting among the others");
  }
  if (sunspec && registers.some(({ table }) => table !== undefined && table !== defaults.table)) {
    problems.push("registers: all registers of a SunSpec model are in one table");
  }
  return problems;
}
