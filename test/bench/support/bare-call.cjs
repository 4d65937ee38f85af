// node bare-call.cjs HOST N CONCURRENCY: N plain CheckVerifyLog calls by the official client and nothing else; prints the
// processor time of one, in ms.
'use strict';
const { default: Client, $OpenApiUtil } = require('@alicloud/openapi-core');
const { RuntimeOptions } = require('@darabonba/typescript');
const { Config, OpenApiRequest, Params } = $OpenApiUtil;
const [, , host, count, concurrency] = process.argv;

const client = new Client(
  new Config({ accessKeyId: 'local', accessKeySecret: 'local-secret', endpoint: host, protocol: 'http' }),
);
const params = new Params({
  action: 'CheckVerifyLog',
  version: '2022-08-09',
  protocol: 'HTTPS',
  pathname: '/',
  method: 'POST',
  authType: 'AK',
  style: 'RPC',
  reqBodyType: 'formData',
  bodyType: 'json',
});
const runtime = new RuntimeOptions({});

async function calls(total) {
  let started = 0;
  const work = async () => {
    while (started < total) {
      started += 1;
      const body = {
        MerchantBizId: `biz${started}`,
        TransactionId: `hksb${String(started).padStart(28, '0')}`,
      };
      const answer = await client.callApi(params, new OpenApiRequest({ body }), runtime);
      if (answer.body.Code !== 'Success') throw new Error(JSON.stringify(answer.body));
    }
  };
  await Promise.all(Array.from({ length: Number(concurrency) }, work));
}

async function main() {
  await calls(6_000);
  const before = process.cpuUsage();
  await calls(Number(count));
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(String((user + system) / 1_000 / Number(count)));
  process.exit(0);
}

main();
