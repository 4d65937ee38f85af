import { ServiceError } from '../../shared/errors.ts';
import { ApiError } from './api.ts';
import { type CommandName, readCommandLine, UsageError } from './arguments.ts';
import { backfillCommand } from './backfill.ts';
import { type CliContext, type ContextOptions, createContext } from './context.ts';
import { latenessCommand } from './lateness.ts';
import { json, plain } from './print.ts';
import { replayCommand } from './replay.ts';
import { ledgerCommand, lookupCommand, registerCommand, sweepCommand } from './requests.ts';

const COMMANDS: Readonly<Record<CommandName, (context: CliContext) => Promise<number>>> = {
  lookup: lookupCommand,
  register: registerCommand,
  backfill: backfillCommand,
  replay: replayCommand,
  sweep: sweepCommand,
  ledger: ledgerCommand,
  lateness: latenessCommand,
};

/** What the process provides. */
export type Terminal = Omit<ContextOptions, 'line'>;

/** Runs one command line, prints what went wrong, and returns the exit code. */
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
    return await COMMANDS[line.command](createContext({ line, ...terminal }));
  } catch (error) {
    // JSON leaves out what is undefined.
    const problem = error instanceof ApiError ? error.problem : undefined;
    if (wantsJson) out(json({ error: explain(error), problem }));
    err(`idv-dropoff: ${explain(error)}`);
    return isWrongCommandLine(error) ? 2 : 1;
  }
}

/** Whatever the API refuses as invalid came from the command line. */
function isWrongCommandLine(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    (error instanceof ApiError && error.status === 400 && error.code === 'INPUT_INVALID')
  );
}

function explain(error: unknown): string {
  if (isSystemError(error)) return explainSystemError(error);
  if (error instanceof ServiceError) return plain(`the log store cannot be used: ${error.message}`);
  // A message may quote a file, which may hold control characters.
  return plain(error instanceof Error ? error.message : String(error));
}

type FileSystemError = NodeJS.ErrnoException & { readonly path: string };

function explainSystemError({ code, path, message }: FileSystemError): string {
  switch (code) {
    // Input files have been checked: this is an output file.
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no folder for ${path}`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `no permission to use ${path}`;
    case 'EISDIR':
      return `${path} is not a file`;
    default:
      return message;
  }
}

function isSystemError(error: unknown): error is FileSystemError {
  return typeof error === 'object' && error !== null && 'code' in error && 'path' in error;
}
