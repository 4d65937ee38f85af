// One function instance: loads the handler, serves one invocation at a time over the IPC channel, and ends with
// its parent. Plain CommonJS, so that a cold start loads the function's bundle and nothing else.
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { format } = require('node:util');

const LEVELS = ['debug', 'info', 'warn', 'error'];
const minLevel = Math.max(0, LEVELS.indexOf(process.env.ALIYUN_FC_LOG_LEVEL ?? 'debug'));
let requestId = '';

// The parent's death closes the channel; without this the instance would live on, warm and unreachable.
process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C reaches the whole process group; the parent decides when its instances end.
process.on('SIGINT', () => {});

/** FC prefixes console lines; what is written to process.stdout directly is left as it is. */
function logger(level) {
  return (...values) => {
    if (LEVELS.indexOf(level) < minLevel) return;
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    process.stdout.write(`${time} ${requestId} [${level}] ${format(...values)}\n`);
  };
}
const loggers = Object.fromEntries(LEVELS.map((level) => [level, logger(level)]));
Object.assign(console, loggers, { log: loggers.info, trace: loggers.debug });

function errorOf(error) {
  const known = error instanceof Error;
  return {
    errorMessage: known ? error.message : String(error),
    errorType: known ? error.name : typeof error,
    stackTrace: known
      ? String(error.stack)
          .split('\n')
          .map((line) => line.trim())
      : [],
  };
}

/** Buffer as it is, object as JSON, anything else as text. */
function bytesOf(value) {
  if (Buffer.isBuffer(value)) return { body: value, json: false };
  if (typeof value === 'object') return { body: Buffer.from(JSON.stringify(value), 'utf8'), json: true };
  return { body: Buffer.from(value === undefined ? '' : String(value), 'utf8'), json: false };
}

async function load() {
  const [file, method] = process.env.FC_FUNCTION_HANDLER.split('.');
  const path = ['js', 'mjs', 'cjs']
    .map((extension) => join(process.env.FC_FUNC_CODE_PATH, `${file}.${extension}`))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`module ${file} not found in the code`);
  const loaded = await import(pathToFileURL(path).href);
  const handler = loaded[method] ?? loaded.default?.[method];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${method}`);
  return handler;
}

async function invoke(handler, message) {
  requestId = message.requestId;
  process.stdout.write(`FC Invoke Start RequestId: ${requestId}\n`);
  const context = {
    ...message.context,
    callbackWaitsForEmptyEventLoop: false,
    logger: { requestId, logLevel: LEVELS[minLevel], ...loggers, log: loggers.info },
  };
  let reply;
  try {
    reply = { type: 'result', ...bytesOf(await handler(Buffer.from(message.event), context)) };
  } catch (error) {
    reply = { type: 'error', error: errorOf(error) };
    process.stdout.write(`${JSON.stringify(reply.error)}\n`);
  }
  process.stdout.write(`FC Invoke End RequestId: ${requestId}\n`);
  process.send(reply);
}

load().then(
  (handler) => {
    process.on('message', (message) => void invoke(handler, message));
    process.send({ type: 'ready' });
  },
  (error) => {
    // The process ends by itself once the parent has read this and closed the channel.
    process.send({ type: 'failed', error: errorOf(error) });
  },
);
