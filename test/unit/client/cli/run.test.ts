import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../../../../client/cli/run.ts';

/** Whole command lines against an API that answers what the test says. */
const folder = mkdtempSync(join(tmpdir(), 'idv-cli-'));
let server: Server;
let url: string;
interface Sent {
  readonly method: string | undefined;
  readonly path: string;
  readonly body: { readonly transactions?: ReadonlyArray<{ readonly transactionId: string }> };
}
const sent: Sent[] = [];
let reply: (request: Sent) => { status: number; body: unknown };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const one = {
      method: request.method,
      path: request.url ?? '',
      body: text === '' ? {} : JSON.parse(text),
    };
    sent.push(one);
    const { status, body } = reply(one);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  sent.length = 0;
  reply = taken;
});

/** As a registration is answered that is valid as a whole; anything else was not expected. */
function taken({ body }: Sent): { status: number; body: unknown } {
  if (body.transactions === undefined) return { status: 404, body: {} };
  return { status: 202, body: { accepted: body.transactions.length, rejected: [], dueAt: '' } };
}

async function cli(args: readonly string[], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, {
    env: { IDV_URL: url, ...env },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    terminal: false,
    stopped: () => false,
  });
  return { code, stdout: out.join('\n'), stderr: err.join('\n') };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a file that cannot be read as what it is', () => {
  it('leaves nothing in the way of the mended one', async () => {
    const path = file('mended.csv', 'transactionId,note\na,b\n');
    expect((await cli(['backfill', path])).code).not.toBe(0);
    writeFileSync(path, 'transactionId,labels.note\na,b\n');
    expect((await cli(['backfill', path])).stderr).not.toContain('belongs to another file');
  });

  it('moves no cursor and rings no bell', async () => {
    const path = file('bell.csv', 'transactionId,\x1b[31mred\x1b]0;title\x07\na,b\n');
    const { code, stderr } = await cli(['backfill', path]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('red');
    expect(stderr).not.toMatch(/\p{Cc}/u);
  });
});

describe('a wrong command line', () => {
  const here = join(folder, 'a.csv');
  beforeAll(() => {
    writeFileSync(here, 'transactionId\na\n');
    mkdirSync(join(folder, 'd.csv'));
  });

  it.each([
    [['replay', '--cause', 'userleft'], /--cause .*"userleft".*user_left.*camera_permission/],
    [['replay', '--disposition', 'gaveup'], /--disposition .*"gaveup".*gave_up/],
    [['replay', '--code', "a'b"], /--code/],
    [['replay', '--code', 'a', '--from', 'yesterday'], /--from must be unix milliseconds, or ISO 8601/],
    [['replay', 'id', '--from', '2026-11-01'], /--from/],
    [['replay', 'id', '--limit', '5'], /--limit/],
    [['replay', '--file', '/nowhere/ids.txt'], /there is no file \/nowhere\/ids\.txt/],
    [['replay', '--file', folder], /is not a file/],
    [['ledger', '--from', 'yesterday'], /--from must be unix milliseconds, or ISO 8601/],
    [['ledger', '--to', '2026-02-31'], /--to must be/],
    [['ledger', '--from', '2026-11-02', '--to', '2026-11-01'], /--from must be before --to/],
    [['ledger', '--from', ''], /--from needs a value/],
    [['ledger', 'today'], /ledger takes no "today"/],
    [['sweep', 'now'], /sweep takes no "now"/],
    [['lateness', '2'], /lateness takes no "2"/],
    [['lateness', '--hours', '2,,24'], /--hours/],
    [['lookup', 'a', 'b'], /lookup takes one transaction id/],
    [['lookup', 'not valid'], /the transaction id must be/],
    [['lookup', 'a', '--initialized-at', 'yesterday'], /--initialized-at must be/],
    [['lookup', 'a', '--merchant-biz-id', 'no-dash'], /--merchant-biz-id must be/],
    [
      ['register', 'a', '--initialized-at', '2020-01-01'],
      /--initialized-at must be within the last 366 days/,
    ],
    [['register', 'a', '--label', 'Platform=ios'], /labels\.Platform must begin/],
    [['register', 'a', '--label', 'platform'], /--label must be KEY=VALUE/],
    [['backfill', '/nowhere/a.csv'], /there is no file \/nowhere\/a\.csv/],
    [['backfill', join(folder, 'd.csv')], /is not a file/],
    [['backfill', here, '--rate', 'fast'], /--rate must be a whole number/],
    [['backfill', here, '--rejects', here], /--rejects .* another file/],
    [['backfill', here, '--state', here], /--state .* another file/],
    [['sweep', '--url', 'http://['], /--url/],
    [['sweep', '--auth', 'basic'], /--auth must be sign, bearer or none/],
  ])('%j ends with 2 and sends nothing', async (args, words) => {
    expect(await cli(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(words) });
    expect(sent).toEqual([]);
  });

  it('is one, too, when only the API can tell', async () => {
    const problem = {
      code: 'INPUT_INVALID',
      detail: 'bad',
      issues: [{ path: 'from', message: 'is too old' }],
    };
    reply = () => ({ status: 400, body: problem });
    const { code, stderr } = await cli(['ledger', '--from', '2020-01-01']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('from is too old')]);
  });

  it('the control: an API that cannot answer is no wrong command line', async () => {
    reply = () => ({ status: 403, body: {} });
    expect((await cli(['ledger', '--from', '2026-11-01'])).code).toBe(1);
  });

  it('says it in JSON, too', async () => {
    const { code, stdout } = await cli(['ledger', '--from', 'yesterday', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([2, { error: expect.stringContaining('--from') }]);
  });
});

describe('help and version', () => {
  it.each([
    [['--version'], /^\d+\.\d+\.\d+$/],
    [['-v'], /^\d+\.\d+\.\d+$/],
    [['--help'], /Usage: idv-dropoff COMMAND/],
    [['help', 'replay'], /Usage: idv-dropoff replay/],
    [['replay', '-h'], /Usage: idv-dropoff replay/],
  ])('%j', async (args, words) => {
    expect(await cli(args)).toEqual({ code: 0, stdout: expect.stringMatching(words), stderr: '' });
  });

  it('the version is the package’s', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
    );
    expect((await cli(['--version'])).stdout).toBe(version);
  });
});

it('without credentials says so, and what to do', async () => {
  const names = ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'HOME'] as const;
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  process.env.HOME = folder;
  // No network: the instance's role is not looked for.
  process.env.ALIBABA_CLOUD_ECS_METADATA_DISABLED = 'true';
  try {
    const { code, stderr } = await cli(['sweep', '--auth', 'sign']);
    expect(code).toBe(1);
    expect(stderr).toContain('no usable Alibaba Cloud credentials');
    expect(stderr).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
    expect(stderr).not.toMatch(/undefined|ENO/);
  } finally {
    delete process.env.ALIBABA_CLOUD_ECS_METADATA_DISABLED;
    for (const [name, value] of before) if (value !== undefined) process.env[name] = value;
  }
});

describe('a ledger', () => {
  const LEDGER = {
    ...{ registered: 3, finished: 3, interrupted: 0, notStarted: 0, unknown: 0, notCompleted: 0, invalid: 0 },
    ...{ expired: 0, gaveUp: 0, waiting: 0, residual: 0, unreadable: 0, unregistered: 0, complete: true },
  };
  it.each([
    [{}, 0],
    [{ residual: 1 }, 1],
    [{ complete: false }, 1],
  ])('with %j ends with %d', async (change, code) => {
    reply = () => ({ status: 200, body: { ...LEDGER, ...change } });
    expect((await cli(['ledger'])).code).toBe(code);
  });
});

describe('a backfill', () => {
  it('that left lines out does not end as if all were well, nor does the next look at it', async () => {
    const path = file('rejected.csv', `transactionId\n${'bad id\n'.repeat(9)}a\nb\nc\n`);
    const first = await cli(['backfill', path]);
    expect(first).toMatchObject({ code: 1, stdout: '3 registered, 9 left out' });
    const again = await cli(['backfill', path]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is finished')]);
    expect(sent).toHaveLength(1);
  });

  it('ends well when nothing was left out: the control', async () => {
    const path = file('good.csv', 'transactionId\na\nb\n');
    expect(await cli(['backfill', path])).toEqual({
      code: 0,
      stdout: '2 registered, 0 left out',
      stderr: '',
    });
    expect((await cli(['backfill', path])).code).toBe(0);
  });

  it('counts transactions that come again, also across a stop', async () => {
    const path = file(
      'twice.ndjson',
      ['a', 'b', 'a', 'c', 'a'].map((id) => `{"transactionId":"${id}"}\n`).join(''),
    );
    // The first batch is stored; the second meets a refusal.
    reply = (one) => (sent.length === 1 ? taken(one) : { status: 403, body: {} });
    expect((await cli(['backfill', path, '--batch', '3'])).code).toBe(1);
    reply = taken;
    const { code, stdout } = await cli(['backfill', path, '--batch', '1', '--rate', '1000']);
    expect([code, stdout]).toEqual([0, '5 registered (2 of them had been on an earlier line), 0 left out']);
    const { stdout: asJson } = await cli(['backfill', path, '--again', '--json']);
    expect(JSON.parse(asJson)).toMatchObject({ registered: 5, duplicates: 2, rejected: 0 });
  });

  it('takes a line break in a quoted field for what it is', async () => {
    const path = file('lines.csv', 'transactionId,labels.note\r\na,"two\r\nlines"\r\nb,"x, ""y"""\r\n');
    const { code, stderr } = await cli(['backfill', path]);
    expect(code).toBe(1);
    expect(stderr).toBe('line 2 is left out: labels.note must not hold control characters');
    expect(sent.map(({ body }) => body.transactions)).toEqual([
      [{ transactionId: 'b', labels: { note: 'x, "y"' } }],
    ]);
  });

  it('begins its list of rejects anew when it begins anew, and adds to it when it goes on', async () => {
    const path = file('r.csv', 'transactionId\nbad id\n');
    const rejects = join(folder, 'r.rejects');
    const lines = () => readFileSync(rejects, 'utf8').trim().split('\n').length;
    await cli(['backfill', path, '--rejects', rejects]);
    expect(lines()).toBe(1);
    writeFileSync(path, 'transactionId\nbad id\nworse id\n');
    await cli(['backfill', path, '--rejects', rejects]);
    expect(lines()).toBe(2);
    await cli(['backfill', path, '--rejects', rejects, '--again']);
    expect(lines()).toBe(2);
  });

  it.each(['--rejects', '--state'])('says in words that %s cannot be written', async (option) => {
    const path = file('w.csv', 'transactionId\nbad id\n');
    const { code, stderr } = await cli(['backfill', path, option, join(folder, 'no/such/file')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no folder for')]);
    expect(stderr).not.toContain('ENOENT');
  });
});
