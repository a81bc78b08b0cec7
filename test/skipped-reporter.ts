// Says at the end of a run which tests were skipped and why, so that a green run cannot hide a missing component.
// A test gives its reason with `context.skip("no etcd on this machine")`. Where CI=true everything must be there, so a
// skipped test fails the run.

import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";

interface Skipped {
  readonly name: string;
  readonly why: string;
}

export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => Array.from(module.children.allTests("skipped"), describeSkipped));
    if (skipped.length === 0) return;
    const lines = skipped.map(({ name, why }) => `   ${name}\n      ${why}`);
    console.log(`\n Skipped, and why (${skipped.length})\n${lines.join("\n")}\n`);
    if (isStrict(process.env)) {
      console.log(" CI=true asks for every component to be there, so skipped tests fail this run.\n");
      process.exitCode = 1;
    }
  }
}

function describeSkipped(test: TestCase): Skipped {
  const result = test.result();
  const why = result.state === "skipped" && result.note ? result.note : skippedBy(test);
  return { name: `${test.module.relativeModuleId} > ${test.fullName}`, why };
}

/** Without a reason of its own, the best that can be said is which mark on the test or on a suite around it did it. */
function skippedBy(test: TestCase): string {
  for (let at: TestCase | TestSuite | TestModule = test; at.type !== "module"; at = at.parent) {
    if (at.options.mode === "skip" || at.options.mode === "todo") {
      return `no reason given: the ${at.type} "${at.name}" is marked ${at.options.mode}`;
    }
  }
  return "no reason given: left out by a name filter or by `only`";
}

function isStrict(env: NodeJS.ProcessEnv): boolean {
  return env.CI === "true";
}
