/** The dark modules of a QR code, row by row; the four light ones around it are not in it. */
export interface QrCode {
  readonly size: number;
  readonly dark: readonly { readonly row: number; readonly column: number }[];
}

/** A QR code that still reads with a stain on it (error correction M). */
export async function qrCode(text: string): Promise<QrCode> {
  const { create } = (await import("qrcode")).default;
  const { modules } = create(text, { errorCorrectionLevel: "M" });
  const { size } = modules;
  const dark = Array.from({ length: size * size }, (_, index) => ({
    row: Math.floor(index / size),
    column: index % size,
  })).filter(({ row, column }) => modules.get(row, column) === 1);
  return { size, dark };
}

/** Light modules around a code (ISO/IEC 18004). */
export const quietZone = 4;
