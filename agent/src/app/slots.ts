/** Start of a slot as the ledger writes it, e.g. `2026-06-01T12:00:00Z`. */
export function slotName(startMs: number): string {
  return new Date(startMs).toISOString().replace(".000Z", "Z");
}
