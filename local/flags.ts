import { type ParseArgsConfig, parseArgs } from 'node:util';

export const USAGE = `Usage: npm start -- [options]

A local cloud on 127.0.0.1: Function Compute, Simple Log Service, CheckVerifyLog and the console, with the built
functions running in it.

  --port N           first of four ports (9000); 0 takes any free ones
  --transactions N   how many sessions to seed (300); 0 seeds nothing
  --seed N           which sessions (1); the same seed gives the same ones
  --data DIR         keep everything in DIR and resume from it (default: a temporary folder)
  --max-instances N  concurrent instances of the lookup function (4)
  --no-console       leave out the web page
  --once             run the job once, print a line of JSON and exit
  --help             print this text

Settings of the functions (VERIFY_DELAY_SECONDS, QPS_LIMIT ...) are taken from the environment.`;

export interface Flags {
  readonly port: number;
  readonly transactions: number;
  readonly seed: number;
  readonly data: string | undefined;
  readonly maxInstances: number;
  readonly console: boolean;
  readonly once: boolean;
}

/** The message names the flag. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** @throws FlagError */
export function readFlags(args: readonly string[]): Flags | 'help' {
  const { values } = parseFlags({
    args: [...args],
    options: {
      port: { type: 'string', default: '9000' },
      transactions: { type: 'string', default: '300' },
      seed: { type: 'string', default: '1' },
      data: { type: 'string' },
      'max-instances': { type: 'string', default: '4' },
      'no-console': { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.data === '') throw new FlagError('--data needs the name of a folder');
  return {
    // Four ports in a row, the last of them 65535 at most.
    port: whole('--port', values.port, { min: 0, max: 65_532 }),
    transactions: whole('--transactions', values.transactions, { min: 0, max: 100_000 }),
    seed: whole('--seed', values.seed, { min: 0, max: 2 ** 32 - 1 }),
    data: values.data,
    maxInstances: whole('--max-instances', values['max-instances'], { min: 1, max: 100 }),
    console: !values['no-console'],
    once: values.once,
  };
}

/** What `parseArgs` reads. @throws FlagError that names the flag */
export function parseFlags<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // The first sentence names the flag; what follows is advice about positional arguments.
    const [message = ''] = (error as Error).message.split('. ');
    throw new FlagError(message, { cause: error });
  }
}

/** @throws FlagError */
export function whole(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new FlagError(`${flag} must be a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}
