import { toOutcome } from '../../../shared/cloudauth/outcome.ts';
import { EVENT_FIELDS } from '../../../shared/logstores/events.ts';
import { toContents } from '../../../shared/logstores/field-table.ts';
import { RECORD_FIELDS } from '../../../shared/logstores/records.ts';
import { type RecordOutput, toRecord } from '../../../shared/record/to-record.ts';
import { compress, withEncoded } from '../../../shared/sls/codec.ts';
import type { Log } from '../../../shared/sls/types.ts';
import { cpuMs } from '../harness.ts';
import { answerBodies } from './stub-cloud.ts';

const ROUNDS = 15;
/** Rounds until V8 has compiled everything as it stays. */
const WARM_UP = 15;
/** Answers per round: what one write of the sweep holds. */
const BATCH = 256;

export interface Parts {
  parse: number;
  record: number;
  encode: number;
  compress: number;
}

/** Per answer, in µs. */
export interface ParseEncodeFigures {
  readonly own: number[];
  readonly bare: number[];
  readonly parts: Parts;
  readonly answers: number;
  readonly meanBytes: number;
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
  const groups: readonly Log[][] = [
    outputs.map(({ record }) => lazyLog(() => toContents(RECORD_FIELDS, record))),
    outputs.flatMap(({ events }) => events.map((event) => lazyLog(() => toContents(EVENT_FIELDS, event)))),
  ];
  for (const logs of groups) {
    let encoded: Uint8Array = new Uint8Array();
    let size = 0;
    parts.encode += await cpuMs(() =>
      withEncoded({ logs }, async (bytes) => {
        encoded = bytes.slice();
        size = bytes.length;
      }),
    );
    if (size === 0) throw new Error('nothing was encoded');
    parts.compress += await cpuMs(() => compress(encoded));
  }
}

/** As the sweep writes rows: their pairs are made when they are encoded. */
function lazyLog(contents: () => Log['contents']): Log {
  return {
    timeSeconds: 1_795_002_000,
    get contents() {
      return contents();
    },
  };
}

async function main(): Promise<void> {
  const bodies = answerBodies().slice(0, BATCH);
  const own: number[] = [];
  const bare: number[] = [];
  const none = () => ({ parse: 0, record: 0, encode: 0, compress: 0 });
  let parts: Parts = none();
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    if (round === 0) parts = none();
    const floor = await cpuMs(() => {
      for (const body of bodies) JSON.stringify(JSON.parse(body.toString()));
    });
    const total = await cpuMs(() => transform(bodies, parts));
    if (round < 0) continue;
    bare.push((1_000 * floor) / bodies.length);
    own.push((1_000 * total) / bodies.length);
  }
  for (const part of Object.keys(parts) as (keyof Parts)[]) parts[part] *= 1_000 / ROUNDS / bodies.length;
  const meanBytes = bodies.reduce((sum, { length }) => sum + length, 0) / bodies.length;
  const figures: ParseEncodeFigures = { own, bare, parts, answers: bodies.length, meanBytes };
  process.stdout.write(JSON.stringify(figures));
}

void main();
