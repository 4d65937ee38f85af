import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MetaStore } from '../../src/storage/meta-store.ts';

describe('MetaStore', () => {
  let directory = '';

  beforeEach(() => {
    directory = fs.mkdtempSync(join(tmpdir(), 'meta-store-'));
  });
  afterEach(() => {
    fs.rmSync(directory, { recursive: true, force: true });
  });

  it('is a map that outlives its process, whatever was done to it', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'p/c', 'p/d'),
      value: fc.option(fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 20 }), { maxLength: 4 }), (sessions) => {
        fs.rmSync(join(directory, 'meta.journal'), { force: true });
        const expected = new Map<string, unknown>();
        for (const steps of sessions) {
          const store = MetaStore.open(directory);
          for (const { key, value } of steps) {
            if (value === null) {
              expected.delete(key);
              store.delete(key);
            } else {
              expected.set(key, JSON.parse(JSON.stringify(value)));
              store.put(key, value);
            }
          }
          store.close();
        }
        const store = MetaStore.open(directory);
        expect(new Map(store.entries(''))).toEqual(expected);
        expect(new Map(store.entries('p/')).has('a')).toBe(false);
        store.close();
      }),
      { numRuns: 50 },
    );
  });

  it('does not change when the caller changes what it gave', () => {
    const store = MetaStore.open(directory);
    const value = { list: [1] };
    store.put('k', value);
    value.list.push(2);
    expect(store.get('k')).toEqual({ list: [1] });
    store.close();
  });

  it('is rewritten when most of it is outdated, and then smaller', () => {
    const store = MetaStore.open(directory);
    for (let i = 0; i < 500; i += 1) store.put('k', { i, filler: 'x'.repeat(100) });
    store.close();
    const before = fs.statSync(join(directory, 'meta.journal')).size;
    const again = MetaStore.open(directory);
    expect(again.get('k')).toEqual({ i: 499, filler: 'x'.repeat(100) });
    again.put('other', 1);
    again.close();
    expect(fs.statSync(join(directory, 'meta.journal')).size).toBeLessThan(before / 100);
    const last = MetaStore.open(directory);
    expect(last.get('other')).toBe(1);
    last.close();
  });
});
