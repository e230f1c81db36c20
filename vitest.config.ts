import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const resolve = { conditions: ["source"] };
const ssr = { resolve: { conditions: ["source", "module", "node", "development|production"] } };
const exclude = ["**/node_modules/**", "**/dist/**"];

// fast: no process is started, nothing outside the test is touched; runs in `npm run check`.
// parts: one real part each (swtpm, a pseudo-terminal, the command line), or a simulated household for hours of its time.
// system: the whole neighbourhood on one shared Fabric network.
// soak: counts that take an hour; `npm run soak`, never in `npm test`.
export default defineConfig({
  test: {
    // All cores: by default one is left idle, and of two that is half.
    maxWorkers: availableParallelism(),
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "fast",
          // No test keeps state in a module, and loading them anew for each file takes as long as running them.
          pool: "threads",
          isolate: false,
          include: ["**/*.test.{ts,tsx}"],
          exclude: [...exclude, "**/*.{parts,system,soak}.test.ts"],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "parts",
          include: ["**/*.parts.test.ts"],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "system",
          include: ["**/*.system.test.ts"],
          exclude,
          globalSetup: ["simulator/src/testing/shared-network.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "soak",
          include: ["**/*.soak.test.ts"],
          exclude,
          testTimeout: 3_600_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
