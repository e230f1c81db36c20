import { InvalidArgumentError } from "commander";

/** Parser of an option's or argument's whole number, decimal digits only. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`expected a whole number from ${low} to ${high}`);
    }
    return value;
  };
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Parser of an option's HOST:PORT; an IPv6 address stands in brackets. */
export function endpoint(text: string): Endpoint {
  const match = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || port < 1 || port > 65_535)
    throw new InvalidArgumentError("expected HOST:PORT");
  return { host: match[1], port };
}
