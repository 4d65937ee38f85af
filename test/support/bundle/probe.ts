import { createCloudauthClient } from '../../../shared/cloudauth/client.ts';
import { createSlsClient } from '../../../shared/sls/client.ts';

/** Makes every call of both clients against the server named first, and prints what came back. */
const endpoint = process.argv[2] ?? '';
const credentials = () => ({ accessKeyId: 'key-id', accessKeySecret: 'key-secret', securityToken: 'token' });
const options = { endpoint, credentials, connectTimeoutMs: 2_000, readTimeoutMs: 2_000 };
const sls = createSlsClient({ ...options, project: 'p' });
const cloudauth = createCloudauthClient(options);

async function main(): Promise<void> {
  const results = [
    await cloudauth.checkVerifyLog({ merchantBizId: 'b', transactionId: 't' }),
    await sls.putLogs('a', [{ timeSeconds: 1, contents: [['k', '值']] }]),
    await sls.listShards('a'),
    await sls.getCursor('a', 0, 'begin'),
    await sls.getCursorTimeMs('a', 0, 'MTA='),
    await sls.pullLogs('a', 0, { cursor: 'MTA=' }),
    await sls.heartbeat('a', 'g', 'c', [0]),
    await sls.getCheckpoints('a', 'g'),
    await sls.updateCheckpoint('a', 'g', { consumer: 'c', shard: 0, checkpoint: 'MTA=' }),
    await sls.query('a', { query: '*', fromSeconds: 1, toSeconds: 2 }),
  ];
  process.stdout.write(JSON.stringify(results.map((result) => result ?? null)));
  process.exit(0);
}

void main();
