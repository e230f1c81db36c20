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
export {
  openRtuMaster,
  openRtuOverTcpMaster,
  type SerialBusOptions,
  type SocketBusOptions,
} from "./open-rtu-master.js";
export type { BusOptions, ReadRequest, RegisterReader, RtuMaster } from "./rtu-master.js";
export {
  type ByteStream,
  type RegisterBank,
  type RtuServer,
  type RtuServerCounts,
  type RtuServerOptions,
  serveRtu,
} from "./rtu-server.js";
export { openTcpReader } from "./tcp-reader.js";
export { characterMs, type Parity, silenceMs, wireTimeMs } from "./timing.js";
