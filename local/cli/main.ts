import { ServiceError } from '../../shared/errors.ts';
import { ApiError } from './api.ts';
import { type CommandName, readCommandLine, UsageError } from './arguments.ts';
import { backfillCommand } from './command/backfill.ts';
import { latenessCommand } from './command/lateness.ts';
import { ledgerCommand } from './command/ledger.ts';
import { lookupCommand } from './command/lookup.ts';
import { registerCommand } from './command/register.ts';
import { replayCommand } from './command/replay.ts';
import { sweepCommand } from './command/sweep.ts';
import { json } from './print.ts';
import { createWorld, type World } from './world.ts';

/** `npx idv-dropoff`: the same job from a terminal. */
const COMMANDS: Readonly<Record<CommandName, (world: World) => Promise<number>>> = {
  lookup: lookupCommand,
  register: registerCommand,
  backfill: backfillCommand,
  replay: replayCommand,
  sweep: sweepCommand,
  ledger: ledgerCommand,
  lateness: latenessCommand,
};

const out = (text: string) => void process.stdout.write(`${text}\n`);
/** A text that ends in NUL is a progress bar, which the next one writes over. */
const err = (text: string) =>
  void process.stderr.write(text.endsWith('\u0000') ? text.slice(0, -1) : `${text}\n`);

async function main(args: readonly string[]): Promise<number> {
  let wantsJson = args.includes('--json');
  try {
    const line = readCommandLine(args);
    if (typeof line === 'string') {
      out(line);
      return 0;
    }
    wantsJson = line.flag('json');
    let stopped = false;
    if (line.command === 'backfill') {
      // The first asks to end behind the batch under way; a second ends at once.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => {
          stopped = true;
          process.once(signal, () => process.exit(130));
        });
      }
    }
    const terminal = process.stderr.isTTY === true && !wantsJson;
    const world = createWorld({ line, env: process.env, out, err, terminal, stopped: () => stopped });
    return await COMMANDS[line.command](world);
  } catch (error) {
    if (wantsJson)
      out(
        json({
          error: explain(error),
          ...(error instanceof ApiError && error.problem !== undefined ? { problem: error.problem } : {}),
        }),
      );
    err(`idv-dropoff: ${explain(error)}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof ServiceError) return `the log store cannot be used: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
