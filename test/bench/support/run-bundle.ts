import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

export interface BundleRun {
  /** Of the whole process, from its start to its end, as the shell accounts for it. */
  readonly processCpuMs: number;
  /** Of the process from its start to the report. */
  readonly cpuMs: number;
  readonly maxRssMb: number;
  /** Of the handler alone. */
  readonly handlerCpuMs?: number;
  readonly wallMs?: number;
  readonly answer?: { readonly statusCode?: number; readonly ended?: string };
}

export const LOOKUP_EVENT = JSON.stringify({
  version: 'v1',
  rawPath: '/v1/transactions/hksb7ba1b28130d24e015d694361bee4',
  body: '',
  isBase64Encoded: false,
  headers: {},
  queryParameters: {},
  requestContext: { http: { method: 'GET', path: '/v1/transactions/hksb7ba1b28130d24e015d694361bee4' } },
});
export const TIMER_EVENT = JSON.stringify({
  triggerTime: '2026-11-23T07:00:00Z',
  triggerName: 'sweep',
  payload: '',
});

/** As it is deployed: the limits of the heap are part of what is measured. */
export function deployedNodeOptions(): string[] {
  const [, options = ''] =
    /NODE_OPTIONS:\s*["']?([^"'\n]*)/.exec(readFileSync(join(root, 's.yaml'), 'utf8')) ?? [];
  return options.split(' ').filter((option) => option !== '');
}

export interface BundleRunOptions {
  readonly mode: 'bare' | 'first-call' | 'whole';
  readonly bundle?: 'lookup' | 'sweep';
  readonly event?: string;
  readonly endpoint?: string;
  /** undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly nodeOptions?: readonly string[];
}

/** Runs a bundle in a process of its own, with settings that point it at `endpoint` and lift the quota. */
export async function runBundle(options: BundleRunOptions): Promise<BundleRun> {
  const { mode, bundle, event = '{}', endpoint = '', env = {} } = options;
  const nodeOptions = options.nodeOptions ?? (bundle === undefined ? [] : deployedNodeOptions());
  const file = bundle === undefined ? '' : join(root, 'dist', bundle, 'index.js');
  // Node says what a child cost only while it runs, and half of what an empty one costs is its end.
  const timed = ['-c', 'TIMEFORMAT="%3U %3S"; time "$@"', 'bash', process.execPath, ...nodeOptions];
  const child = spawn('bash', [...timed, join(import.meta.dirname, 'runner.cjs'), mode, file, event], {
    env: {
      ...process.env,
      SLS_PROJECT: 'idv-local',
      SLS_ENDPOINT: endpoint,
      CLOUDAUTH_ENDPOINT: endpoint,
      FC_REGION: 'ap-southeast-1',
      FC_INSTANCE_ID: 'bench',
      QPS_LIMIT: '10000',
      SWEEP_QPS_SHARE: bundle === 'lookup' ? '0.5' : '1',
      ALIYUN_FC_LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-20_000);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const line = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !line.startsWith('{"bench":'))
    throw new Error(`the run failed (${code}): ${output}${errors}`);
  const [user, system] = (errors.trim().split('\n').at(-1) ?? '').split(' ');
  return { ...JSON.parse(line).bench, processCpuMs: (Number(user) + Number(system)) * 1_000 };
}
