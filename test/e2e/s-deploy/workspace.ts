import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LOCAL_ACCOUNT_ID } from '../../../local/credentials.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const S = join(ROOT, 'node_modules/@serverless-devs/s/bin/s');
const HERE = import.meta.dirname;

export interface Recorded {
  method: string;
  resource: string;
  props: Record<string, unknown>;
}

export interface Run {
  code: number;
  output: string;
}

/** A folder with a copy of s.yaml that deploys to local servers, and the real `s` to run in it. */
export class Workspace {
  readonly dir = mkdtempSync(join(tmpdir(), 'idv-s-'));
  readonly #records = join(this.dir, 'records.jsonl');
  readonly #callsOut = join(this.dir, 'calls-out.txt');
  readonly #built = join(this.dir, 'built');

  constructor(services: { sls: string; ram: string }, edit: (yaml: string) => string = (yaml) => yaml) {
    mkdirSync(join(this.dir, 'home'));
    const yaml = readFileSync(join(ROOT, 's.yaml'), 'utf8');
    const copy = yaml
      .replaceAll('component: fc3', `component: ${join(HERE, 'recorder.cjs')}`)
      .replace(/component: \$\{path\('\.\/deploy'\)\}/, `component: ${join(ROOT, 'deploy')}`)
      // The bundles are built before the tests, and other tests are running them.
      .replace('run: npm run --silent build', `run: touch ${this.#built}`)
      .replace(
        /^ {6}bearerTokenSha256: .*\n/m,
        (line) => `${line}      slsEndpoint: ${services.sls}\n      ramEndpoint: ${services.ram}\n`,
      );
    writeFileSync(join(this.dir, 's.yaml'), edit(copy));
  }

  run(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
    const environment = {
      PATH: process.env.PATH ?? '',
      HOME: join(this.dir, 'home'),
      // Serverless Devs then starts none of its helpers, which look for updates and report its use.
      NODE_ENV: 'test',
      NODE_OPTIONS: `--require ${join(HERE, 'no-network.cjs')}`,
      CALLS_OUT_TO: this.#callsOut,
      RECORD_TO: this.#records,
      AccountID: LOCAL_ACCOUNT_ID,
      AccessKeyID: 'local',
      AccessKeySecret: 'local-secret',
      ...env,
    };
    return new Promise((done) => {
      const options = { cwd: this.dir, env: environment, timeout: 50_000 };
      const child = execFile(process.execPath, [S, ...args], options, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        done({ code, output: `${stdout}${stderr}` });
      });
      child.stdin?.end();
    });
  }

  get built(): boolean {
    return existsSync(this.#built);
  }

  /** What the stand-in for fc3 was called with since the last look. */
  takeRecords(): Recorded[] {
    const lines = linesOf(this.#records);
    rmSync(this.#records, { force: true });
    return lines.map((line) => JSON.parse(line) as Recorded);
  }

  /** Hosts that some process wanted to reach beyond this machine. */
  get callsOut(): string[] {
    return linesOf(this.#callsOut);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
