/** How a register went on from its last accepted value. */
export type Followed =
  /** `valueWh` is unwrapped: it never falls, whatever the register's width. */
  | { readonly kind: "followed"; readonly valueWh: number }
  | { readonly kind: "fell" }
  | { readonly kind: "jumped"; readonly riseWh: number }
  /** It may have begun again at 0 once more than it seems. */
  | { readonly kind: "ambiguous" }
  /** It shows more than the profile says it can. */
  | { readonly kind: "beyond" };

/**
 * Follows a cumulative register from an unwrapped value to what it shows now. A register that shows
 * less has begun again at 0 if its profile says where that happens and if the rise there is possible;
 * everything else that falls fell. Nothing is guessed: where two counts of rounds are possible, none is taken.
 *
 * @param previousWh unwrapped, whole Wh
 * @param shownWh as the register shows it, whole Wh
 * @param mostWh what it can have risen by since
 * @param rollsOverAtWh count at which it begins again at 0, itself never shown; undefined: never
 */
export function followRegister(
  previousWh: number,
  shownWh: number,
  mostWh: number,
  rollsOverAtWh: number | undefined,
): Followed {
  if (rollsOverAtWh === undefined || !Number.isSafeInteger(rollsOverAtWh)) {
    const riseWh = shownWh - previousWh;
    if (riseWh < 0) return { kind: "fell" };
    return riseWh > mostWh ? { kind: "jumped", riseWh } : { kind: "followed", valueWh: shownWh };
  }
  if (shownWh >= rollsOverAtWh) return { kind: "beyond" };
  const beforeWh = previousWh % rollsOverAtWh;
  const fell = shownWh < beforeWh;
  const riseWh = fell ? shownWh + rollsOverAtWh - beforeWh : shownWh - beforeWh;
  if (riseWh > mostWh) return fell ? { kind: "fell" } : { kind: "jumped", riseWh };
  if (riseWh + rollsOverAtWh <= mostWh) return { kind: "ambiguous" };
  return { kind: "followed", valueWh: previousWh + riseWh };
}
