import { parseArgs } from 'node:util';
import { LOCAL_ACCESS_KEY_ID, LOCAL_ACCESS_KEY_SECRET, LOCAL_REGION, MemoryCredentialStore } from './host.ts';
import { createSlsServer } from './server.ts';

const USAGE = `Usage: local-sls [--port 9001] [--data DIR] [--region ${LOCAL_REGION}]
                 [--access-key-id ID --access-key-secret SECRET]

A local Simple Log Service on 127.0.0.1. Without --data it starts empty and forgets everything when it ends.`;

interface Flags {
  port: number;
  data: string | undefined;
  region: string;
  accessKeyId: string;
  accessKeySecret: string;
}

function readFlags(args: string[]): Flags | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '9001' },
      data: { type: 'string' },
      region: { type: 'string', default: LOCAL_REGION },
      'access-key-id': { type: 'string', default: LOCAL_ACCESS_KEY_ID },
      'access-key-secret': { type: 'string', default: LOCAL_ACCESS_KEY_SECRET },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not "${values.port}"`);
  }
  if (values.data === '') throw new Error('--data needs the name of a folder');
  return {
    port: Number(values.port),
    data: values.data,
    region: values.region,
    accessKeyId: values['access-key-id'],
    accessKeySecret: values['access-key-secret'],
  };
}

function explain(error: unknown, flags: Flags | undefined): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `port ${flags?.port} is taken; choose another with --port`;
  if (code === 'EACCES' && flags !== undefined)
    return `port ${flags.port} or folder ${flags.data} is not allowed to this user`;
  return message ?? String(error);
}

async function main(): Promise<void> {
  let flags: Flags | undefined;
  try {
    const read = readFlags(process.argv.slice(2));
    if (read === 'help') {
      console.log(USAGE);
      return;
    }
    flags = read;
    const { accessKeyId, accessKeySecret } = flags;
    const server = await createSlsServer({
      port: flags.port,
      credentials: new MemoryCredentialStore([{ accessKeyId, accessKeySecret }]),
      region: flags.region,
      ...(flags.data === undefined ? {} : { dataDir: flags.data }),
    });
    // First: whoever reads that it listens may stop it at once.
    stopOnSignal(() => server.close());
    console.log(`local SLS listens at ${server.url}`);
    console.log(`rows are kept ${flags.data === undefined ? 'until it ends' : `in ${flags.data}`}`);
  } catch (error) {
    console.error(explain(error, flags));
    if (flags === undefined) console.error(USAGE);
    process.exitCode = flags === undefined ? 2 : 1;
  }
}

function stopOnSignal(close: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void close();
    });
  }
}

await main();
