import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeGroupList, encodeGroup } from '../../local/sls/test/support/log-group.ts';
import { createRawClient, type RawAnswer, type RawCall } from '../../local/sls/test/support/raw-client.ts';
import type { Target } from '../../local/sls/test/support/target.ts';

/**
 * Load on the local SLS by one client: rows of 10 fields in groups of 100 at a fixed rate; then everything is
 * pulled back and checked, and, if asked for, the logstore is filled up and grouped by SQL.
 *
 *   npx tsx test/bench/sls-load.ts [--seconds 60] [--rate 5000] [--fill 1000000] [--shards 2]
 */
const PROJECT = 'load-project';
const LOGSTORE = 'load';
const GROUP_ROWS = 100;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INDEX = {
  line: { token: [' ', ','] },
  keys: {
    writer: { type: 'text', token: [' '], doc_value: true },
    stage: { type: 'text', token: [' '], doc_value: true },
    serial: { type: 'long', doc_value: true },
    amount: { type: 'double', doc_value: true },
  },
};

type Send = (call: RawCall) => Promise<RawAnswer>;

interface Options {
  seconds: number;
  rate: number;
  fill: number;
  shards: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '5000' },
      fill: { type: 'string', default: '0' },
      shards: { type: 'string', default: '2' },
    },
  });
  const number = (name: keyof typeof values) => {
    const value = Number(values[name]);
    if (!(value >= 0)) throw new Error(`--${name} must be a number`);
    return value;
  };
  return { seconds: number('seconds'), rate: number('rate'), fill: number('fill'), shards: number('shards') };
}

async function startServer(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const args = ['--import', 'tsx', 'local/sls/src/main.ts', '--port', '0', '--data', dataDir];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout?.on('data', (text) => {
      const url = /listens at (\S+)/.exec(String(text))?.[1];
      if (url !== undefined) resolve({ child, url });
    });
  });
}

/** Resident memory of the server in MB: now and at its greatest. */
function memoryOf(child: ChildProcess): { nowMb: number; peakMb: number } {
  const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const read = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { nowMb: read('VmRSS'), peakMb: read('VmHWM') };
}

const STAGES = ['LOADING', 'GUIDE', 'OCR_SCAN', 'OCR_RESULT', 'NFC_INPUT', 'NFC_READ', 'FACE'];

function makeGroup(firstSerial: number): Buffer {
  return encodeGroup(
    Array.from({ length: GROUP_ROWS }, (_, i) => {
      const serial = firstSerial + i;
      return {
        contents: {
          serial: String(serial),
          writer: 'one',
          stage: STAGES[serial % STAGES.length] ?? '',
          amount: String((serial % 1000) / 10),
          transaction_id: `hk${serial.toString(36).padStart(20, '0')}`,
          region: 'ap-southeast-1',
          cause: serial % 3 === 0 ? 'user_left' : 'camera_permission',
          story: 'The user opened the page, read the guide and left before the document was scanned.',
          platform: serial % 2 === 0 ? 'android' : 'ios',
          attempt: '1',
        },
      };
    }),
  );
}

async function writeGroup(send: Send, firstSerial: number): Promise<void> {
  const answer = await send({
    method: 'POST',
    path: `/logstores/${LOGSTORE}/shards/lb`,
    headers: { 'content-type': 'application/x-protobuf' },
    body: makeGroup(firstSerial),
  });
  if (answer.status !== 200) throw new Error(`write refused: ${answer.body.toString()}`);
}

/** Writes at a fixed rate, one group after the other; returns the rows written and each call's time. */
async function writeSteadily(send: Send, options: Options) {
  const callMs: number[] = [];
  const intervalMs = (GROUP_ROWS / options.rate) * 1000;
  const groups = Math.round((options.rate * options.seconds) / GROUP_ROWS);
  const startedAtMs = performance.now();
  for (let i = 0; i < groups; i += 1) {
    const dueInMs = startedAtMs + i * intervalMs - performance.now();
    if (dueInMs > 1) await sleep(dueInMs);
    const sentAtMs = performance.now();
    await writeGroup(send, i * GROUP_ROWS);
    callMs.push(performance.now() - sentAtMs);
  }
  return { rows: groups * GROUP_ROWS, seconds: (performance.now() - startedAtMs) / 1000, callMs };
}

/**
 * Pulls everything and checks that no row is lost or doubled, and that what one client wrote one after the other
 * is in that order within its shard (filling up writes four groups at a time, in no order).
 */
async function verify(send: Send, shards: number, expected: { rows: number; inOrder: number }) {
  const seen = new Uint8Array(expected.rows);
  let rows = 0;
  let misordered = 0;
  const startedAtMs = performance.now();
  for (let shard = 0; shard < shards; shard += 1) {
    const path = `/logstores/${LOGSTORE}/shards/${shard}`;
    let { cursor } = (await send({ path, query: { type: 'cursor', from: 'begin' } })).json<{
      cursor: string;
    }>();
    let last = -1;
    for (;;) {
      const answer = await send({ path, query: { type: 'log', cursor, count: '100' } });
      if (answer.headers['x-log-count'] === '0') break;
      for (const log of decodeGroupList(answer.body).flatMap((group) => group.logs)) {
        const serial = Number(log.contents.serial);
        if (serial < expected.inOrder) {
          if (serial <= last) misordered += 1;
          last = serial;
        }
        seen[serial] = (seen[serial] ?? 0) + 1;
        rows += 1;
      }
      cursor = String(answer.headers['x-log-cursor']);
    }
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  return {
    rows,
    misordered,
    lost: seen.filter((n) => n === 0).length,
    doubled: seen.filter((n) => n > 1).length,
    seconds,
  };
}

async function groupBy(send: Send): Promise<{ seconds: number; rows: number }> {
  const now = Math.floor(Date.now() / 1000);
  const startedAtMs = performance.now();
  const answer = await send({
    method: 'POST',
    path: `/logstores/${LOGSTORE}/logs`,
    body: JSON.stringify({
      from: now - 86_400,
      to: now + 600,
      query: '* | select stage, count(*) as n, avg(amount) as a from log group by stage order by stage',
    }),
  });
  if (answer.status !== 200) throw new Error(`query refused: ${answer.body.toString()}`);
  const { data } = answer.json<{ data: Array<{ n: string }> }>();
  const rows = data.reduce((sum, row) => sum + Number(row.n), 0);
  return { seconds: (performance.now() - startedAtMs) / 1000, rows };
}

function quantile(values: number[], q: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * q)] ?? 0).toFixed(1);
}

async function main(): Promise<void> {
  const options = readOptions();
  const dataDir = fs.mkdtempSync(join(os.tmpdir(), 'sls-load-'));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const { child, url } = await startServer(dataDir);
  try {
    const target = { url, endpoint: new URL(url).host, protocol: 'http', region: 'r', agent };
    const client = createRawClient({
      ...target,
      accessKeyId: 'local',
      accessKeySecret: 'local-secret',
    } as unknown as Target);
    const send: Send = (call) => client({ addressing: 'header', project: PROJECT, ...call });
    await send({ method: 'POST', path: '/', body: JSON.stringify({ projectName: PROJECT }) });
    const settings = { logstoreName: LOGSTORE, ttl: 3, shardCount: options.shards, appendMeta: true };
    await send({ method: 'POST', path: '/logstores', body: JSON.stringify(settings) });
    await send({ method: 'POST', path: `/logstores/${LOGSTORE}/index`, body: JSON.stringify(INDEX) });
    console.log(
      `${os.cpus().length} x ${os.cpus()[0]?.model}, Node ${process.version}, load ${os.loadavg()[0]?.toFixed(1)}`,
    );
    await run(send, child, options);
  } finally {
    agent.destroy();
    child.removeAllListeners('exit');
    child.kill('SIGTERM');
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

async function run(send: Send, child: ChildProcess, options: Options): Promise<void> {
  const written = await writeSteadily(send, options);
  console.log(
    `wrote ${written.rows} rows of 10 fields in groups of ${GROUP_ROWS} in ${written.seconds.toFixed(1)} s: ` +
      `${Math.round(written.rows / written.seconds)} rows/s; a call took ${quantile(written.callMs, 0.5)} ms ` +
      `(median), ${quantile(written.callMs, 0.95)} ms (95 %), ${quantile(written.callMs, 1 - 1e-9)} ms (longest)`,
  );
  console.log(`server memory: ${JSON.stringify(memoryOf(child))}`);
  let rows = written.rows;
  const filledAtMs = performance.now();
  for (; rows < options.fill; rows += GROUP_ROWS * 4) {
    await Promise.all([0, 1, 2, 3].map((i) => writeGroup(send, rows + i * GROUP_ROWS)));
  }
  if (rows > written.rows) {
    const seconds = (performance.now() - filledAtMs) / 1000;
    console.log(`filled up to ${rows} rows: ${Math.round((rows - written.rows) / seconds)} rows/s`);
    console.log(`server memory: ${JSON.stringify(memoryOf(child))}`);
  }
  const checked = await verify(send, options.shards, { rows, inOrder: written.rows });
  console.log(
    `pulled ${checked.rows} rows in ${checked.seconds.toFixed(1)} s: lost ${checked.lost}, ` +
      `doubled ${checked.doubled}, out of order within a shard ${checked.misordered}`,
  );
  for (const which of ['first', 'second']) {
    const grouped = await groupBy(send);
    console.log(`${which} GROUP BY over ${grouped.rows} rows: ${grouped.seconds.toFixed(2)} s`);
  }
  console.log(`server memory: ${JSON.stringify(memoryOf(child))}`);
  if (checked.lost + checked.doubled + checked.misordered > 0 || checked.rows !== rows) process.exitCode = 1;
}

await main();
