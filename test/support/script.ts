import { FlagError } from '../../local/flags.ts';

export interface Script<T> {
  readonly usage: string;
  /** @throws FlagError */
  readonly read: (args: readonly string[]) => T | 'help';
  /** Returns the exit code. */
  readonly run: (flags: T) => Promise<number>;
}

/** Starts a script of package.json: a wrong command line ends with 2, and with its reason instead of a stack trace. */
export async function runScript<T>({ usage, read, run }: Script<T>): Promise<void> {
  try {
    const flags = read(process.argv.slice(2));
    if (flags === 'help') process.stdout.write(`${usage}\n`);
    else process.exitCode = await run(flags);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exitCode = 2;
  }
}
