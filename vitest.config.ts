// How the tests run. Five sorts, told apart by the end of the file's name, so that a name says what a test needs:
//   x.test.ts         needs nothing; shares one process with the others (leaves nothing behind)
//   x.pg.test.ts      needs a real PostgreSQL; a process of its own, one after the other
//   x.proc.test.ts    starts processes or opens sockets; a process of its own, one after the other
//   x.check.test.ts   explores every reachable state of a protocol
//   test/lab/x.test.ts  starts whole regions and tells a story with them

import { configDefaults, defineConfig } from "vitest/config";

const exclude = [...configDefaults.exclude, "dist/**", "coverage/**", ".leeward/**", "test/fixtures/**"];

const needsPostgres = "**/*.pg.test.ts";
const startsProcesses = "**/*.proc.test.ts";
const exploresStates = "**/*.check.test.ts";
const tellsStories = "test/lab/**/*.test.ts";

export default defineConfig({
  test: {
    reporters: ["default", "./test/skipped-reporter.ts"],
    passWithNoTests: true,
    // The pools below are small on purpose: a laptop has other work to do, and the lab measures times.
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [...exclude, needsPostgres, startsProcesses, exploresStates, tellsStories],
          pool: "forks",
          isolate: false,
        },
      },
      {
        test: {
          name: "proc",
          include: [startsProcesses],
          exclude: [...exclude, tellsStories],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "pg",
          include: [needsPostgres],
          exclude: [...exclude, tellsStories],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "protocol",
          include: [exploresStates],
          exclude,
          pool: "forks",
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: "lab",
          include: [tellsStories],
          exclude,
          pool: "forks",
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
