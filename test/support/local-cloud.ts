import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** `npm start` in a process of its own, as a person runs it. */
export interface RunningCloud {
  readonly port: number;
  readonly output: () => string;
  stop(): Promise<number | null>;
}

const ROOT = join(import.meta.dirname, '../..');

/** Four ports in a row that were free a moment ago. */
export async function freePorts(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 20_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all([0, 1, 2, 3].map((place) => isFree(base + place)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no four free ports in a row');
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      const { port: got } = server.address() as AddressInfo;
      server.close(() => resolve(got === port));
    });
  });
}

export interface CloudFlags {
  readonly transactions: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Resolves once the output holds this. */
  readonly until: RegExp;
  readonly timeoutMs?: number;
}

export async function startLocalCloud({
  transactions,
  env = {},
  flags = [],
  until,
  timeoutMs = 240_000,
}: CloudFlags): Promise<RunningCloud> {
  const port = await freePorts();
  const args = [
    '--import',
    'tsx',
    'local/main.ts',
    '--port',
    String(port),
    '--transactions',
    String(transactions),
    ...flags,
  ];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const stop = () => stopped(child);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the local cloud did not get ready:\n${text}`)),
      timeoutMs,
    );
    const look = () => {
      if (!until.test(text)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', look);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the local cloud ended with ${code}:\n${text}`));
    });
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port, output: () => text, stop };
}

function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.once('exit', (code) => {
      clearTimeout(force);
      resolve(code);
    });
    child.kill('SIGINT');
  });
}
