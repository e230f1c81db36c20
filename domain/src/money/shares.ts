/**
 * Shares a whole number pro rata: floors first, then one each by largest remainder. Exact: no step
 * goes through a fraction.
 *
 * @param total - what is shared, a safe integer from 0
 * @param weights - safe integers from 0 whose sum is a safe integer, above 0 where `total` is
 * @param tieOrder - compares two indices of `weights` whose remainders are equal; the lower is served first
 * @returns one share per weight; they sum to `total`, and each is its exact quota, floored or ceiled
 * @throws RangeError where an argument is outside its range
 */
export function sharesByLargestRemainder(
  total: number,
  weights: ArrayLike<number>,
  tieOrder: (a: number, b: number) => number,
): number[] {
  const sum = sumOf(weights);
  requireNatural(total, "total");
  if (total === 0) return Array.from(weights, () => 0);
  if (sum === 0) throw new RangeError(`${total} cannot be shared: all weights are 0`);
  const remainders = new Float64Array(weights.length);
  let left = total;
  const shares = Array.from(weights, (weight, index) => {
    const [share, remainder] = quota(total, weight, sum);
    remainders[index] = remainder;
    left -= share;
    return share;
  });
  for (const index of largest(remainders, left, tieOrder)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}

/** Floor and remainder of `total` × `weight` / `sum`. */
function quota(total: number, weight: number, sum: number): [share: number, remainder: number] {
  const product = total * weight;
  if (Number.isSafeInteger(product)) {
    const remainder = product % sum;
    return [(product - remainder) / sum, remainder];
  }
  const exact = BigInt(total) * BigInt(weight);
  return [Number(exact / BigInt(sum)), Number(exact % BigInt(sum))];
}

/** Indices of the `count` largest values; only those equal at the cut are compared by `tieOrder`. */
function largest(
  values: Float64Array,
  count: number,
  tieOrder: (a: number, b: number) => number,
): number[] {
  if (count === 0) return [];
  const cut = Float64Array.from(values).sort()[values.length - count] ?? 0;
  const above: number[] = [];
  const tied: number[] = [];
  values.forEach((value, index) => {
    if (value > cut) above.push(index);
    else if (value === cut) tied.push(index);
  });
  return above.concat(tied.sort(tieOrder).slice(0, count - above.length));
}

function sumOf(weights: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index] ?? 0;
    requireNatural(weight, `weight ${index}`);
    sum += weight;
  }
  requireNatural(sum, "sum of weights");
  return sum;
}

function requireNatural(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${what} is ${value}; expected a safe integer from 0`);
  }
}
