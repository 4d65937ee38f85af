import alicloudCredentials from '@alicloud/credentials';
import type { Credentials } from '../../shared/credentials.ts';
import { defaultOf } from '../../shared/openapi/core.ts';
import { slsEndpoint } from '../../shared/regions.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { type Api, type Auth, createApi } from './api.ts';
import { type CommandLine, UsageError } from './arguments.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What a command works with. */
export interface CliContext {
  readonly line: CommandLine;
  readonly api: Api;
  /** Where results go. */
  readonly out: (text: string) => void;
  /** Where everything else goes. */
  readonly err: (text: string) => void;
  /** Standard error is a terminal: a progress bar may be drawn. */
  readonly terminal: boolean;
  /** @throws UsageError when no project is given */
  readonly sls: () => SlsDataPlane;
  readonly now: () => number;
  readonly stopped: () => boolean;
}

const DEFAULT_URL = 'http://127.0.0.1:9000';
/** The cloud that `npm start` runs: SLS listens on the port after the trigger's, and the keys are no secret. */
const LOCAL_CLOUD = {
  project: 'idv-local',
  credentials: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
};
const DEFAULT_REGION = 'ap-southeast-1';
const TIMEOUT_MS = 60_000;

export interface ContextOptions extends Pick<CliContext, 'out' | 'err' | 'terminal' | 'stopped'> {
  readonly line: CommandLine;
  readonly env: Env;
}

/** @throws UsageError */
export function createContext({ line, env, ...rest }: ContextOptions): CliContext {
  const url = line.text('url') ?? given(env.IDV_URL) ?? DEFAULT_URL;
  if (!/^https?:\/\/[^\s?#]+$/.test(url) || !URL.canParse(url))
    throw new UsageError('--url must be an address that begins with http:// or https://');
  const chain = officialChain();
  return {
    line,
    ...rest,
    api: createApi({ url, auth: authOf(line, env, { url, chain }) }),
    sls: () => openSls(line, env, { url, chain }),
    now: Date.now,
  };
}

interface Place {
  readonly url: string;
  readonly chain: () => Promise<Credentials>;
}

function authOf(line: CommandLine, env: Env, { url, chain }: Place): Auth {
  const token = line.text('token') ?? given(env.IDV_TOKEN);
  const kind = line.text('auth') ?? (token !== undefined ? 'bearer' : isLocal(url) ? 'none' : 'sign');
  if (kind === 'none') return { kind };
  if (kind === 'sign') return { kind, credentials: chain };
  if (kind !== 'bearer') throw new UsageError('--auth must be sign, bearer or none');
  if (token === undefined) throw new UsageError('--auth bearer needs --token, or IDV_TOKEN');
  return { kind, token };
}

function openSls(line: CommandLine, env: Env, { url, chain }: Place): SlsDataPlane {
  const project = line.text('project') ?? given(env.SLS_PROJECT);
  const timeouts = { connectTimeoutMs: TIMEOUT_MS, readTimeoutMs: TIMEOUT_MS };
  if (project === undefined && isLocal(url)) {
    const { protocol, hostname, port } = new URL(url);
    return createSlsClient({
      endpoint: line.text('sls-endpoint') ?? `${protocol}//${hostname}:${Number(port) + 1}`,
      project: LOCAL_CLOUD.project,
      credentials: () => LOCAL_CLOUD.credentials,
      ...timeouts,
    });
  }
  if (project === undefined)
    throw new UsageError(`${line.command} reads SLS: it needs --project, or SLS_PROJECT`);
  const region = line.text('region') ?? given(env.FC_REGION) ?? DEFAULT_REGION;
  return createSlsClient({
    endpoint: line.text('sls-endpoint') ?? given(env.SLS_ENDPOINT) ?? slsEndpoint(region, 'public'),
    project,
    credentials: chain,
    ...timeouts,
  });
}

function isLocal(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** The cause lists every place that was tried, most of which nobody uses: not for the message. */
class CredentialsError extends Error {
  override readonly name = 'CredentialsError';

  constructor(cause: unknown) {
    super(
      'no usable Alibaba Cloud credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, ' +
        'or run `aliyun configure`',
      { cause },
    );
  }
}

/**
 * The keys that Alibaba Cloud's own tools would use: environment, OIDC, ~/.aliyun and ~/.alibabacloud, the
 * instance's role. They may be temporary, so they are read for each request; the package renews them.
 */
function officialChain(): () => Promise<Credentials> {
  const Credential = defaultOf(alicloudCredentials);
  let client: InstanceType<typeof Credential> | undefined;
  return async () => {
    client ??= new Credential();
    const { accessKeyId, accessKeySecret, securityToken } = await client.getCredential().catch((cause) => {
      throw new CredentialsError(cause);
    });
    if (!accessKeyId || !accessKeySecret) throw new CredentialsError(undefined);
    return securityToken ? { accessKeyId, accessKeySecret, securityToken } : { accessKeyId, accessKeySecret };
  };
}
