import { describe, expect, it } from '@jest/globals';
import { indexOf, LOGSTORES } from '../../../deploy/logstores.ts';

const table = {
  id: { type: 'text' },
  words: { type: 'text', chinese: true },
  count: { type: 'long' },
  labels: { type: 'json' },
  share: { type: 'double' },
} as const;

describe('indexOf', () => {
  const index = indexOf(table);

  it('makes every field searchable and countable', () => {
    expect(Object.keys(index.keys)).toEqual([
      'id',
      'words',
      'count',
      'labels',
      'share',
      '__tag__:__receive_time__',
    ]);
    for (const key of Object.values(index.keys)) expect(key.docValue).toBe(true);
  });

  it('segments Chinese only where there is some', () => {
    expect(index.keys.id?.chn).toBe(false);
    expect(index.keys.words?.chn).toBe(true);
    expect(index.line.chn).toBe(true);
    expect(indexOf({ id: table.id }).line.chn).toBe(false);
  });

  it('indexes numbers as numbers, JSON by its leaves, and the receive time as text', () => {
    expect(index.keys.count).toEqual({ type: 'long', docValue: true });
    expect(index.keys.share).toEqual({ type: 'double', docValue: true });
    expect(index.keys.labels).toMatchObject({ type: 'json', indexAll: true, maxDepth: -1 });
    expect(index.keys['__tag__:__receive_time__']).toMatchObject({ type: 'text' });
  });

  it('splits words at none of the characters of a transaction id', () => {
    expect(index.line.token.filter((token) => /^[A-Za-z0-9_-]$/.test(token))).toEqual([]);
    expect(index.line.token).toEqual(expect.arrayContaining([' ', ',', '"', ':', '\n']));
  });

  it('keeps as much text for SQL as SLS allows', () => {
    expect(index.maxTextLen).toBe(16_384);
  });
});

describe('the logstores', () => {
  it.each([
    ['idv-pending', 45, false],
    ['idv-records', 180, true],
    ['idv-events', 90, true],
    ['idv-sweeps', 90, true],
    ['idv-functions', 30, true],
  ])('%s is kept for %i days; split automatically: %s', (name, ttlDays, autoSplit) => {
    expect(LOGSTORES.find((one) => one.name === name)).toMatchObject({ ttlDays, autoSplit });
  });

  it('are these five', () => {
    expect(LOGSTORES).toHaveLength(5);
  });
});
