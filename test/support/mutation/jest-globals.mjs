// The few of Jest's globals that the tests of shared/record use, for running them in one process. `expect` is
// Jest's own.
export { expect } from 'expect';

/** @type {{ name: string, run: () => unknown }[]} */
export const tests = [];
const path = [];

export function describe(name, body) {
  path.push(name);
  body();
  path.pop();
}

export function it(name, run) {
  tests.push({ name: [...path, name, tests.length].join(' > '), run });
}

const each = (register) => (table) => (name, body) => {
  // As Jest does: rows of arguments only when every row is an array.
  const isTable = table.every(Array.isArray);
  for (const row of table) register(name, () => (isTable ? body(...row) : body(row)));
};
it.each = each(it);
describe.each = each(describe);
