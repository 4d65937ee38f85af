import { describe, expect, it } from '@jest/globals';
import { readChaosFlags } from '../../support/chaos-flags.ts';

describe('the command line of npm run chaos', () => {
  it('has the full run for its defaults', () => {
    expect(readChaosFlags([])).toEqual({
      transactions: 10_000,
      seed: 1,
      kills: 20,
      doubles: 20,
      runSeconds: 12,
      shards: 1,
    });
    expect(readChaosFlags(['--seed', '42', '--kills=0'])).toMatchObject({ seed: 42, kills: 0 });
  });

  it.each([['--help'], ['-h']])('%s', (flag) => expect(readChaosFlags([flag])).toBe('help'));

  it.each([
    [['--frobnicate'], '--frobnicate'],
    [['--transactions', '1e4'], '--transactions'],
    [['--transactions', '0'], '--transactions'],
    [['--seed=-1'], '--seed'],
    [['--kills'], '--kills'],
    [['10000'], '10000'],
  ])('refuses %j and names it', (args, named) => {
    expect(() => readChaosFlags(args)).toThrow(named);
  });
});
