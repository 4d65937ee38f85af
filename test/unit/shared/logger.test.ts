import { describe, expect, it } from '@jest/globals';
import { createLogger, LOG_LEVELS } from '../../../shared/logger.ts';

function capture(level: (typeof LOG_LEVELS)[number]) {
  const lines: string[] = [];
  const logger = createLogger({
    level,
    fields: { requestId: 'r-1' },
    write: (line) => lines.push(line),
    now: () => 0,
  });
  for (const each of LOG_LEVELS) logger[each](`${each} happened`, { n: 1 });
  return lines;
}

describe('createLogger', () => {
  it('writes one JSON object per line with the time, the level and the given fields', () => {
    const [line] = capture('error');
    expect(line?.endsWith('\n')).toBe(true);
    expect(JSON.parse(line ?? '')).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'error',
      event: 'error happened',
      requestId: 'r-1',
      n: 1,
    });
  });

  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('at level %s lets %i of four lines through', (level, count) => {
    expect(capture(level)).toHaveLength(count);
  });

  it('keeps a line break inside a value from breaking the line', () => {
    const lines: string[] = [];
    createLogger({ level: 'info', write: (line) => lines.push(line) }).info('a\nb', { c: 'd\r\ne' });
    expect(lines.join('').trimEnd()).not.toMatch(/[\r\n]/);
  });
});
