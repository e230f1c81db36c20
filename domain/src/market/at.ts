/** The element at a position that is known to exist. */
export function at<T>(items: readonly T[], position: number): T {
  const item = items[position];
  if (item === undefined) throw new RangeError(`no element ${position} of ${items.length}`);
  return item;
}
