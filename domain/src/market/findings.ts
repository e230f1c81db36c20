/** Sentences about what is wrong, bounded: a file that is wrong throughout is not told line by line. */
export class Findings {
  static readonly most = 100;
  readonly #sentences: string[] = [];
  #count = 0;

  expect(condition: boolean, sentence: () => string): void {
    if (condition) return;
    this.#count += 1;
    if (this.#sentences.length < Findings.most) this.#sentences.push(sentence());
  }

  /** Says so where a field does not hold what follows from the orders. */
  equal<T extends string | number>(found: T, expected: T, path: string): void {
    this.expect(found === expected, () => `${path} is ${found}; expected ${expected}`);
  }

  get none(): boolean {
    return this.#count === 0;
  }

  list(): string[] {
    const more = this.#count - this.#sentences.length;
    return more > 0 ? [...this.#sentences, `and ${more} more`] : [...this.#sentences];
  }
}
