/** The disk of dataDir, and the space on it that is set aside for readings. */
export interface Disk {
  space(): { readonly totalBytes: number; readonly freeBytes: number };
  /** Size of the reserve; undefined where it was never made. 0: it was given to the readings. */
  reservedBytes(): number | undefined;
  /** Makes the reserve so much larger. @throws an error where there is no room */
  reserve(bytes: number): void;
  /** Gives the reserve to the readings. */
  release(): void;
}
