// node runner.cjs MODE BUNDLE [EVENT]: runs a bundle as Function Compute would and prints what it cost, as the last
// line. Plain CommonJS, so that nothing but the bundle is loaded.
'use strict';
const [, , mode, bundle, event] = process.argv;

function report(figures) {
  const { user, system } = process.cpuUsage();
  const line = JSON.stringify({
    bench: { cpuMs: (user + system) / 1_000, maxRssMb: process.resourceUsage().maxRSS / 1_024, ...figures },
  });
  require('node:fs').writeSync(1, `\n${line}\n`);
  process.exit(0);
}

const context = {
  requestId: '1-65f0-bench',
  credentials: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
  function: { name: 'bench', handler: 'index.handler', memory: 512, timeout: 600 },
  region: 'ap-southeast-1',
  accountId: '1234567890123456',
};

/** The program ends in the middle of its first call to the API. */
function reportAtFirstCall() {
  const http = require('node:http');
  const { request } = http;
  http.request = (options) => {
    if (options.headers?.['x-acs-action'] === 'CheckVerifyLog') report({});
    return request(options);
  };
}

async function main() {
  if (mode === 'bare') report({});
  if (mode === 'first-call') reportAtFirstCall();
  const { handler } = require(bundle);
  const before = process.cpuUsage();
  const started = process.hrtime.bigint();
  const answer = await handler(Buffer.from(event), context);
  const { user, system } = process.cpuUsage(before);
  report({
    handlerCpuMs: (user + system) / 1_000,
    wallMs: Number(process.hrtime.bigint() - started) / 1e6,
    answer: { statusCode: answer.statusCode, ended: answer.ended, called: answer.calls },
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
