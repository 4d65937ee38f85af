import { describe, expect, it } from '@jest/globals';
import { readFlags } from '../../../local/flags.ts';

const DEFAULTS = {
  port: 9000,
  transactions: 300,
  seed: 1,
  data: undefined,
  maxInstances: 4,
  console: true,
  once: false,
};

describe('readFlags', () => {
  it.each([
    { args: [], flags: {} },
    { args: ['--once', '--no-console'], flags: { once: true, console: false } },
    { args: ['--port', '0', '--transactions=0'], flags: { port: 0, transactions: 0 } },
    {
      args: ['--seed', '4294967295', '--max-instances', '1'],
      flags: { seed: 4_294_967_295, maxInstances: 1 },
    },
    { args: ['--data', 'some/folder'], flags: { data: 'some/folder' } },
  ])('$args', ({ args, flags }) => {
    expect(readFlags(args)).toEqual({ ...DEFAULTS, ...flags });
  });

  it.each([['--help'], ['-h']])('%s', (flag) => {
    expect(readFlags([flag])).toBe('help');
  });

  it.each([
    [['--prot', '1'], '--prot'],
    [['--port'], '--port'],
    [['--port', 'abc'], '--port'],
    [['--port', '65533'], '--port'],
    [['--port', '-1'], '--port'],
    [['--transactions', '1e3'], '--transactions'],
    [['--transactions=-1'], '--transactions'],
    [['--transactions', '100001'], '--transactions'],
    [['--seed', ''], '--seed'],
    [['--seed', '4294967296'], '--seed'],
    [['--max-instances', '0'], '--max-instances'],
    [['--data', ''], '--data'],
    [['--once=yes'], '--once'],
    [['extra'], 'extra'],
  ])('refuses %j and names it', (args, name) => {
    expect(() => readFlags(args)).toThrow(name);
  });
});
