import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { TestStatus } from '@stryker-mutator/api/test-runner';
import { build } from 'esbuild';

/**
 * A Stryker test runner that bundles the tests once and runs them in its own process, a hundredth of
 * the time of starting Jest for each mutant; code that runs at load, or remembers, is loaded anew for its mutants. A mutant that never ends is stopped by Stryker, which ends this process.
 */
const ENTRY = 'test/unit/shared/record/all-for-mutation.ts';
const BUNDLE = 'mutation-bundle.mjs';
/** Modules whose results outlive a call: what they say of a line is remembered. */
const REMEMBERED = /line-meaning/;

class InProcessRunner {
  #loads = 0;
  #tests = [];
  /** Nothing is loaded, or what is loaded bears the marks of the mutant before. */
  #stale = true;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    // The sandbox: esbuild would take the folder in which it was first loaded.
    const sandbox = process.cwd();
    await build({
      absWorkingDir: sandbox,
      stdin: {
        contents: `import './${ENTRY}';\nexport { tests } from '@jest/globals';`,
        resolveDir: sandbox,
      },
      outfile: BUNDLE,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      external: ['expect', 'fast-check'],
      alias: { '@jest/globals': './test/support/mutation/jest-globals.mjs' },
      logLevel: 'error',
    });
  }

  async dryRun() {
    namespace().activeMutant = undefined;
    namespace().mutantCoverage = undefined;
    namespace().currentTestId = undefined;
    await this.#load();
    const results = [];
    for (const test of this.#tests) {
      namespace().currentTestId = test.name;
      const started = performance.now();
      const failure = await failureOf(test);
      const result = { id: test.name, name: test.name, timeSpentMs: performance.now() - started };
      results.push(
        failure === undefined
          ? { ...result, status: TestStatus.Success }
          : { ...result, status: TestStatus.Failed, failureMessage: failure },
      );
    }
    namespace().currentTestId = undefined;
    return { status: 'complete', tests: results, mutantCoverage: namespace().mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, mutantActivation }) {
    const isStatic = mutantActivation === 'static';
    const isRemembered = REMEMBERED.test(activeMutant.fileName);
    namespace().activeMutant = isStatic ? activeMutant.id : undefined;
    if (isStatic || isRemembered || this.#stale) {
      this.#stale = isStatic || isRemembered;
      try {
        await this.#load();
      } catch (error) {
        return { status: 'killed', killedBy: ['load'], failureMessage: String(error), nrOfTests: 0 };
      }
    }
    namespace().activeMutant = activeMutant.id;
    const chosen = testFilter && new Set(testFilter);
    let nrOfTests = 0;
    for (const test of this.#tests) {
      if (chosen && !chosen.has(test.name)) continue;
      nrOfTests += 1;
      const failure = await failureOf(test);
      if (failure !== undefined) {
        return { status: 'killed', killedBy: [test.name], failureMessage: failure, nrOfTests };
      }
    }
    return { status: 'survived', nrOfTests };
  }

  async #load() {
    this.#loads += 1;
    const url = `${pathToFileURL(BUNDLE).href}?load=${this.#loads}`;
    ({ tests: this.#tests } = await import(url));
  }
}

function namespace() {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
}

async function failureOf({ run }) {
  try {
    await run();
    return undefined;
  } catch (error) {
    return String(error?.message ?? error);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)];
