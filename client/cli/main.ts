import { run } from './run.ts';

/** `npx idv-dropoff`. */
const out = (text: string) => void process.stdout.write(`${text}\n`);
/** A text that ends in NUL is a progress bar: the next one overwrites it. */
const err = (text: string) =>
  void process.stderr.write(text.endsWith('\u0000') ? text.slice(0, -1) : `${text}\n`);

const args = process.argv.slice(2);
let stopped = false;
if (args[0] === 'backfill') {
  // The first signal stops the run after the current batch, a second one at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = true;
      process.once(signal, () => process.exit(130));
    });
  }
}

const terminal = process.stderr.isTTY === true && !args.includes('--json');
void run(args, { env: process.env, out, err, terminal, stopped: () => stopped }).then((code) => {
  process.exitCode = code;
});
