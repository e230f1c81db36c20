/** A register's address as makers print it: 0x0048. */
export const hex = (address: number): string =>
  `0x${address.toString(16).toUpperCase().padStart(4, "0")}`;
