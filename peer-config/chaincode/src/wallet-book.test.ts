import { emptyWallet, walletChange } from "@powershare/domain/ledger";
import { expect, test } from "vitest";
import { State } from "./state.js";
import { LedgerStub, TestState } from "./testing/ledger-stub.js";
import { foldEntries, WalletBook } from "./wallet-book.js";

/** A world of wallets, changed by one transaction after another. */
class Wallets {
  readonly state = new TestState();
  #transactions = 0;

  async transaction(work: (book: WalletBook) => Promise<unknown>): Promise<void> {
    const { stub, book } = this.#begin();
    await work(book);
    expect(this.state.commit(stub.simulation())).toBe("VALID");
  }
  /** A transaction that fails; what it would have written. */
  async failing(work: (book: WalletBook) => Promise<unknown>): Promise<unknown[]> {
    const { stub, book } = this.#begin();
    await expect(work(book)).rejects.toHaveProperty("code", "ledger.conservation");
    return [...stub.simulation().writes];
  }
  async wallet(id: string) {
    const { stub } = this.#begin();
    return foldEntries(id, await new State(stub.asStub()).scan("wallet", [id], walletChange));
  }
  keys(id: string): number {
    return this.state.range(`\u0000wallet\u0000${id}\u0000`).length;
  }

  #begin() {
    this.#transactions += 1;
    const transactionId = `tx${this.#transactions}`;
    const stub = new LedgerStub(this.state, {
      identity: { mspid: "", idBytes: new Uint8Array(0) },
      name: "",
      args: [],
      transactionId,
      timestamp: new Date(0),
    });
    return { stub, book: new WalletBook(new State(stub.asStub()), transactionId) };
  }
}

const give = (id: string, coinsNano: bigint) => async (book: WalletBook) => {
  book.add(id, { coinsNano });
  await book.flush({ coinsNano });
};

test("credits pile up as entries until a withdrawal folds them into one", async () => {
  const wallets = new Wallets();
  for (let credit = 0; credit < 3; credit += 1) await wallets.transaction(give("a", 5n));
  expect(wallets.keys("a")).toBe(3);
  await wallets.transaction(async (book) => {
    book.add("a", { coinsNano: 1n });
    await book.fold("a");
    book.add("a", { coinsNano: -10n });
    book.add("b", { coinsNano: 9n });
    await book.flush({});
  });
  expect(wallets.keys("a")).toBe(1);
  expect(await wallets.wallet("a")).toEqual({ ...emptyWallet("a"), coinsNano: "6" });
  await wallets.transaction(give("a", 1n));
  expect((await wallets.wallet("a")).coinsNano).toBe("7");
});

test("sums that are not what they should be write nothing", async () => {
  const wallets = new Wallets();
  await wallets.transaction(give("a", 10n));
  const moves: ((book: WalletBook) => void)[] = [
    (book) => book.add("b", { coinsNano: 1n }),
    (book) => book.add("b", { escrowNano: 1n }),
    (book) => book.add("b", { energyWh: 1n }),
    (book) => book.addCash("b", "EUR", 1n),
    (book) => {
      book.addCash("b", "EUR", 1n);
      book.addCash("a", "CHF", -1n);
    },
  ];
  for (const move of moves) {
    const written = await wallets.failing(async (book) => {
      await book.fold("a");
      move(book);
      await book.flush({});
    });
    expect(written).toEqual([]);
  }
});

test("nobody goes below zero, except a utility in energy", async () => {
  const wallets = new Wallets();
  const moveEnergy = async (book: WalletBook) => {
    await book.fold("a");
    book.add("a", { energyWh: -5n });
    book.add("b", { energyWh: 5n });
    await book.flush({}, (id) => id === "a");
  };
  const overdraw = async (book: WalletBook) => {
    await book.fold("b");
    book.add("b", { coinsNano: -5n });
    book.add("a", { coinsNano: 5n });
    await book.flush({}, () => true);
  };
  await wallets.transaction(moveEnergy);
  expect((await wallets.wallet("a")).energyWh).toBe("-5");
  await wallets.failing(overdraw);
  await wallets.failing(async (book) => {
    book.add("a", { energyWh: -1n });
    book.add("b", { energyWh: 1n });
    await book.flush({});
  });
});

test("a wallet that was not folded cannot be looked at", async () => {
  const wallets = new Wallets();
  await wallets.failing(async (book) => book.balance("a"));
});

test("what cannot be paid is owed, and paid when something comes in, as far as it goes", async () => {
  const wallets = new Wallets();
  await wallets.transaction(give("a", 10n));
  await wallets.transaction(async (book) => {
    await book.fold("a");
    book.pay("a", "b", 30n);
    book.pay("a", "c", 5n);
    await book.flush({});
  });
  expect(await wallets.wallet("a")).toMatchObject({
    coinsNano: "0",
    owedNano: { b: "20", c: "5" },
  });
  await wallets.transaction(async (book) => {
    await book.fold("a");
    book.add("a", { coinsNano: 22n });
    book.payDebts();
    await book.flush({ coinsNano: 22n });
  });
  expect(await wallets.wallet("a")).toMatchObject({ coinsNano: "0", owedNano: { c: "3" } });
  expect((await wallets.wallet("b")).coinsNano).toBe("30");
  expect((await wallets.wallet("c")).coinsNano).toBe("2");
});
