import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseProps } from '../../../../deploy/component-props.ts';
import { loadConfig } from '../../../../shared/config.ts';
import { ConfigError } from '../../../../shared/errors.ts';
import { windowsOf } from '../../../../shared/logstores/retention.ts';

const DAY_MS = 86_400_000;

/** What has to outlive what, in days, as it is asked of an operator. */
interface Days {
  readonly source: number;
  readonly pending: number;
  readonly records: number;
  readonly sweeps: number;
}

const IN_S_YAML = {
  source: 'vars.sourceRetentionDays',
  pending: 'vars.retentionDays.pending',
  records: 'vars.retentionDays.records',
  sweeps: 'vars.retentionDays.sweeps',
} as const;
const IN_SETTINGS = {
  source: 'RETENTION_DAYS',
  pending: 'PENDING_RETENTION_DAYS',
  records: 'RECORDS_RETENTION_DAYS',
  sweeps: 'SWEEPS_RETENTION_DAYS',
} as const;

function refusedBySettings({ source, pending, records, sweeps }: Days): string[] {
  try {
    loadConfig({
      SLS_PROJECT: 'idv-test',
      RETENTION_DAYS: String(source),
      PENDING_RETENTION_DAYS: String(pending),
      RECORDS_RETENTION_DAYS: String(records),
      SWEEPS_RETENTION_DAYS: String(sweeps),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
}

function refusedByDeployment({ source, pending, records, sweeps }: Days): string {
  try {
    parseProps({
      region: 'ap-southeast-1',
      project: 'idv-1',
      role: 'idv-dropoff',
      sourceRetentionDays: String(source),
      retentionDays: { pending: String(pending), records: String(records), sweeps: String(sweeps) },
    });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('days kept', () => {
  it.each<[string, Days]>([
    ['the defaults', { source: 30, pending: 45, records: 180, sweeps: 90 }],
    ['the least', { source: 30, pending: 31, records: 39, sweeps: 31 }],
    ['a short source', { source: 19, pending: 20, records: 28, sweeps: 20 }],
    ['the most', { source: 365, pending: 3_642, records: 3_650, sweeps: 3_650 }],
  ])('are taken where each outlives what needs it: %s', (_what, days) => {
    expect(refusedByDeployment(days)).toBe('');
    expect(refusedBySettings(days)).toEqual([]);
  });

  it.each<[string, Days, keyof Days, keyof Days, string]>([
    [
      'a queue as short as the source',
      { source: 30, pending: 30, records: 180, sweeps: 90 },
      'pending',
      'source',
      ' + 1',
    ],
    [
      'a queue shorter than the source',
      { source: 30, pending: 20, records: 28, sweeps: 20 },
      'pending',
      'source',
      ' + 1',
    ],
    [
      'records a day too short',
      { source: 30, pending: 45, records: 52, sweeps: 90 },
      'records',
      'pending',
      ' + 8',
    ],
    [
      'records shorter than the queue',
      { source: 30, pending: 45, records: 30, sweeps: 90 },
      'records',
      'pending',
      ' + 8',
    ],
    [
      'sweeps a day shorter than the queue',
      { source: 30, pending: 45, records: 180, sweeps: 44 },
      'sweeps',
      'pending',
      '',
    ],
  ])('refuses %s: names the field and what to do', (_what, days, field, than, more) => {
    const deployment = refusedByDeployment(days);
    expect(deployment).toContain(`${IN_S_YAML[field]}: must be at least ${IN_S_YAML[than]}${more}`);
    expect(deployment).toMatch(/raise it, or lower vars\./);
    expect(deployment).not.toContain('\n');
    const settings = refusedBySettings(days);
    expect(settings).toHaveLength(1);
    expect(settings[0]).toContain(`${IN_SETTINGS[field]}: must be at least ${IN_SETTINGS[than]}${more}`);
    expect(settings[0]).toMatch(new RegExp(`raise it, or lower ${IN_SETTINGS[than]}`));
  });

  it('are judged the same at deployment and at the start, and each refused field is named', () => {
    const near = (day: number) => fc.integer({ min: Math.max(1, day - 3), max: day + 3 });
    const days = fc
      .integer({ min: 1, max: 365 })
      .chain((source) => fc.tuple(fc.constant(source), near(source + 1)))
      .chain(([source, pending]) =>
        fc.record({
          source: fc.constant(source),
          pending: fc.constant(pending),
          records: near(pending + 8),
          sweeps: near(pending),
        }),
      );
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(days, (one) => {
        const bad = [
          ...(one.pending > one.source ? [] : ['pending' as const]),
          ...(one.records >= one.pending + 8 ? [] : ['records' as const]),
          ...(one.sweeps >= one.pending ? [] : ['sweeps' as const]),
        ];
        if (bad.length === 0) taken += 1;
        else refused += 1;
        const deployment = refusedByDeployment(one);
        const named = Object.entries(IN_S_YAML).filter(([, name]) => deployment.includes(`${name}: `));
        expect(named.map(([field]) => field)).toEqual(bad);
        expect(refusedBySettings(one).map((line) => line.split(':')[0])).toEqual(
          bad.map((field) => IN_SETTINGS[field]),
        );
      }),
      { numRuns: 500 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(30);
  });

  it('let nothing go that is still needed, and have the ledger look at all that is there', () => {
    const day = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true });
    const days = fc
      .record({
        source: fc.integer({ min: 1, max: 365 }),
        more: fc.nat(40),
        over: fc.nat(40),
        extra: fc.nat(40),
      })
      .map(({ source, more, over, extra }) => {
        const pending = source + 1 + more;
        return { source, pending, records: pending + 8 + over, sweeps: pending + extra };
      });
    // In days from when SLS received a row of the queue.
    const life = days.chain((kept) =>
      fc.record({
        kept: fc.constant(kept),
        eventTime: day(-7, 0),
        opened: day(-kept.source - 1, 1),
        swept: day(0, kept.pending),
        now: day(0, kept.pending),
      }),
    );
    fc.assert(
      fc.property(life, ({ kept, eventTime, opened, swept, now }) => {
        const windows = windowsOf(kept);
        const back = (ms: number) => now - ms / DAY_MS;
        // The service may answer until then, so the row must be there.
        expect(kept.pending).toBeGreaterThanOrEqual(opened + kept.source);
        // The row is there, so what became of it must be, and the ledger must look at all three.
        if (swept > now) return;
        expect(swept + kept.records).toBeGreaterThanOrEqual(now);
        expect(swept + kept.sweeps).toBeGreaterThanOrEqual(now);
        expect(back(windows.pendingEventMs)).toBeLessThanOrEqual(eventTime);
        expect(back(windows.recordsMs)).toBeLessThanOrEqual(swept);
        expect(back(windows.sweepsMs)).toBeLessThanOrEqual(swept);
        // What they give for a limit is what is kept.
        expect(windows.pendingMs / DAY_MS).toBe(kept.pending);
        expect(windows.recordsMs / DAY_MS).toBe(kept.records);
        expect(windows.sweepsMs / DAY_MS).toBe(kept.sweeps);
      }),
      { numRuns: 1_000 },
    );
  });

  it('that are given in part are judged with the defaults of the rest', () => {
    const parts = { region: 'ap-southeast-1', project: 'idv-1', role: 'idv-dropoff' };
    expect(() => parseProps({ ...parts, retentionDays: { records: 52 } })).toThrow(/retentionDays\.records/);
    expect(() => parseProps({ ...parts, retentionDays: { records: 53 } })).not.toThrow();
    expect(() => parseProps({ ...parts, sourceRetentionDays: 45 })).toThrow(/retentionDays\.pending/);
    expect(() => parseProps({ ...parts, sourceRetentionDays: 44 })).not.toThrow();
    // Nothing that has to be right hangs on these two.
    expect(() => parseProps({ ...parts, retentionDays: { events: 1, functions: 1 } })).not.toThrow();
  });
});
