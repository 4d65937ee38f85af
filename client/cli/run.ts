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
import { fileTrouble } from './files.ts';
import { json, plain } from './print.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

const COMMANDS: Readonly<Record<CommandName, (world: World) => Promise<number>>> = {
  lookup: lookupCommand,
  register: registerCommand,
  backfill: backfillCommand,
  replay: replayCommand,
  sweep: sweepCommand,
  ledger: ledgerCommand,
  lateness: latenessCommand,
};

/** What a run has of its process. */
export type Terminal = Omit<WorldOptions, 'line'>;

/** Runs one command line, says what went wrong, and answers the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  let wantsJson = args.includes('--json');
  try {
    const line = readCommandLine(args);
    if (typeof line === 'string') {
      out(line);
      return 0;
    }
    wantsJson = line.flag('json');
    return await COMMANDS[line.command](createWorld({ line, ...terminal }));
  } catch (error) {
    if (wantsJson)
      out(
        json({
          error: explain(error),
          ...(error instanceof ApiError && error.problem !== undefined ? { problem: error.problem } : {}),
        }),
      );
    err(`idv-dropoff: ${explain(error)}`);
    return isWrongCommandLine(error) ? 2 : 1;
  }
}

/** What the API calls invalid came from the command line. */
function isWrongCommandLine(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    (error instanceof ApiError && error.status === 400 && error.code === 'INPUT_INVALID')
  );
}

function explain(error: unknown): string {
  const trouble = fileTrouble(error);
  if (trouble !== undefined) return trouble;
  if (error instanceof ServiceError) return plain(`the log store cannot be used: ${error.message}`);
  // A message may repeat what stands in a file.
  return plain(error instanceof Error ? error.message : String(error));
}
