export { type Clock, systemClock } from "./clock.js";
export { crc16 } from "./crc.js";
export { BusError, type BusErrorCode } from "./errors.js";
export type { Fault, FaultScript } from "./faults.js";
export {
  type Answer,
  answerFrame,
  exceptionFrame,
  findAnswer,
  parseRequest,
  type RegisterRange,
  readRequest,
  type Table,
} from "./frame.js";
export type { LineState } from "./line.js";
export type { MeterStatistics } from "./meter-watch.js";
export {
  openRtuMaster,
  openRtuOverTcpMaster,
  type SerialBusOptions,
  type SocketBusOptions,
} from "./open-rtu-master.js";
export type { SerialPlace } from "./port-finder.js";
export type {
  BusOptions,
  MeterTiming,
  ReaderOptions,
  ReadRequest,
  RegisterReader,
} from "./register-reader.js";
export type { RtuMaster } from "./rtu-master.js";
export {
  type ByteStream,
  type RegisterBank,
  type RtuServer,
  type RtuServerCounts,
  type RtuServerOptions,
  serveRtu,
} from "./rtu-server.js";
export { openTcpReader, type TcpOptions } from "./tcp-reader.js";
export {
  characterMs,
  type Parity,
  type StopBits,
  silenceMs,
  type WireTimeOptions,
  wireTimeMs,
} from "./timing.js";
export { listUsbPorts, type UsbPort } from "./usb-ports.js";
