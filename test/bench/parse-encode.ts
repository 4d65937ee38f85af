import { toOutcome } from '../../shared/cloudauth/outcome.ts';
import { toContents } from '../../shared/record/contents.ts';
import { EVENT_FIELDS } from '../../shared/record/event-fields.ts';
import { type RecordOutput, toRecord } from '../../shared/record/record.ts';
import { RECORD_FIELDS } from '../../shared/record/record-fields.ts';
import { encodeLogGroup } from '../../shared/sls/codec.ts';
import { compress } from '../../shared/sls/compression.ts';
import type { Log } from '../../shared/sls/types.ts';
import { type Bench, cpuMs, sampleOf } from './harness.ts';
import { answerBodies } from './support/stub-cloud.ts';

const ROUNDS = 15;
/** Answers per round: what one write of the sweep holds. */
const BATCH = 256;

interface Parts {
  parse: number;
  record: number;
  encode: number;
  compress: number;
}

/** Everything between the bytes of an answer and the bytes of a PutLogs. */
async function transform(bodies: readonly Buffer[], parts: Parts): Promise<void> {
  const outputs: RecordOutput[] = [];
  const results: unknown[] = [];
  parts.parse += await cpuMs(() => {
    for (const body of bodies) {
      const outcome = toOutcome({ status: 200, headers: {}, body });
      if (outcome.kind === 'answered') results.push(outcome.result);
    }
  });
  if (results.length !== bodies.length) throw new Error('an answer was not understood');
  parts.record += await cpuMs(() => {
    for (const [index, result] of results.entries()) {
      outputs.push(
        toRecord({
          transactionId: `hksb${String(index).padStart(28, '0')}`,
          merchantBizId: `biz${index}`,
          source: 'sweep',
          attempt: 1,
          region: 'ap-southeast-1',
          registeredAtMs: 1_795_000_000_000,
          askedAtMs: 1_795_002_000_000,
          final: true,
          disposition: 'answered',
          code: 'Success',
          result,
        }),
      );
    }
  });
  let groups: Uint8Array[] = [];
  parts.encode += await cpuMs(() => {
    const toLog = (contents: Log['contents']): Log => ({ timeSeconds: 1_795_002_000, contents });
    groups = [
      encodeLogGroup({ logs: outputs.map(({ record }) => toLog(toContents(RECORD_FIELDS, record))) }),
      encodeLogGroup({
        logs: outputs.flatMap(({ events }) => events.map((event) => toLog(toContents(EVENT_FIELDS, event)))),
      }),
    ];
  });
  parts.compress += await cpuMs(async () => {
    for (const group of groups) await compress(group);
  });
}

export const parseEncode: Bench = {
  name: 'parse-encode',
  async run() {
    const bodies = answerBodies().slice(0, BATCH);
    const own: number[] = [];
    const bare: number[] = [];
    let parts: Parts = { parse: 0, record: 0, encode: 0, compress: 0 };
    for (let round = -5; round < ROUNDS; round += 1) {
      if (round === 0) parts = { parse: 0, record: 0, encode: 0, compress: 0 };
      const floor = await cpuMs(() => {
        for (const body of bodies) JSON.stringify(JSON.parse(body.toString()));
      });
      const total = await cpuMs(() => transform(bodies, parts));
      if (round < 0) continue;
      bare.push((1_000 * floor) / bodies.length);
      own.push((1_000 * total) / bodies.length);
    }
    const share = (ms: number) => `${((1_000 * ms) / ROUNDS / bodies.length).toFixed(0)} µs`;
    return [
      {
        name: 'parse-encode',
        what: 'per transaction: answer bytes to record and events, encoded and compressed',
        unit: 'µs CPU',
        measured: sampleOf(own),
        floor: { ...sampleOf(bare), what: 'JSON.parse and JSON.stringify of the same bytes' },
        compare: 'ratio',
        target: 20,
        note: `parse ${share(parts.parse)}, record ${share(parts.record)}, encode ${share(parts.encode)}, compress ${share(parts.compress)}; ${bodies.length} drawn sessions of ${Math.round(bodies.reduce((sum, { length }) => sum + length, 0) / bodies.length)} bytes`,
        whatItTakes: 'less work per record: see the shares in the note',
      },
    ];
  },
};
