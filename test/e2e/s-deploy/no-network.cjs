// Loaded into every process of a run (NODE_OPTIONS): refuses each connection that would leave this machine, and
// writes down that it was wanted.
const { appendFileSync } = require('node:fs');
const { Socket } = require('node:net');

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const connect = Socket.prototype.connect;

Socket.prototype.connect = function connectOnlyHere(...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  const leaves = typeof first === 'object' && !first.path && !LOOPBACK.has(first.host);
  if (!leaves) return connect.apply(this, args);
  appendFileSync(process.env.CALLS_OUT_TO, `${first.host}:${first.port}\n`);
  process.nextTick(() => this.destroy(new Error('this run has no network')));
  return this;
};
