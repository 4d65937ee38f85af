import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OFFICIAL_RESULT } from '../../../local/cloudauth/official-example.ts';
import { LookupWorld, type TriggerServer } from '../../support/lookup-world.ts';
import { acs3TriggerProblem } from '../../support/signature-check.ts';
import { credentials } from '../../support/world.ts';

/** The examples of the README, run as they stand there. */
const root = join(import.meta.dirname, '../../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);
let world: LookupWorld;
let trigger: TriggerServer;

beforeAll(async () => {
  world = await LookupWorld.open();
  trigger = await world.openTrigger();
});
afterAll(async () => {
  await world.close();
});

function example(language: string, holds: string): string {
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))];
  const found = blocks.map(([, code = '']) => code).filter((code) => code.includes(holds));
  if (found.length !== 1) throw new Error(`${found.length} examples in ${language} hold ${holds}`);
  return found[0] ?? '';
}
/** Not every machine has it; where it is missing, these are shown as skipped. */
const withCurl = spawnSync('curl', ['--version']).status === 0 ? it : it.skip;
const environment = () => ({ PATH: process.env.PATH ?? '', URL: trigger.url });

describe('the README', () => {
  it('signs a call as a trigger with authType function wants it', async () => {
    const code = example('js', 'ACS3-HMAC-SHA256');
    const [, id = ''] = /\/v1\/transactions\/(\w+)/.exec(code) ?? [];
    await world.putSession(id, Date.now() - 3_600_000, OFFICIAL_RESULT);
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], {
      cwd: root,
      env: {
        ...environment(),
        ALIBABA_CLOUD_ACCESS_KEY_ID: credentials.accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: credentials.accessKeySecret,
      },
    });
    expect(stdout).toContain(`transactionId: '${id}'`);
    const sent = trigger.requests.at(-1);
    if (sent === undefined) throw new Error('nothing was sent');
    expect(acs3TriggerProblem(sent, credentials.accessKeySecret)).toBeUndefined();
    expect(acs3TriggerProblem(sent, 'another')).toBeDefined();
  });

  withCurl('registers with curl', async () => {
    // The time in the example grows old; everything else is sent as it stands.
    const code = example('sh', 'curl -X POST "$URL/v1/transactions"').replace(
      /"initializedAt": \d+/,
      `"initializedAt": ${Date.now() - 60_000}`,
    );
    const { stdout } = await run('sh', ['-ec', code], { env: environment() });
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 1, rejected: [] });
  });

  withCurl('looks one up with curl', async () => {
    const code = example('sh', 'curl "$URL/v1/transactions/');
    const { stdout } = await run('sh', ['-ec', code], { env: environment() });
    expect(JSON.parse(stdout)).toMatchObject({ stored: expect.anything(), story: expect.any(String) });
  });
});
