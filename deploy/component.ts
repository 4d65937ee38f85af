import { createInterface } from 'node:readline/promises';
import { DASHBOARDS } from '../shared/charts/dashboards.ts';
import type { Credentials } from '../shared/credentials.ts';
import { SlsError, UpstreamNetworkError, UpstreamTimeoutError } from '../shared/errors.ts';
import { slsEndpoint } from '../shared/regions.ts';
import { type ComponentProps, PROPS_SCHEMA, parseProps } from './component-props.ts';
import { LOGSTORES, ttlByLogstore } from './logstores.ts';
import { describe, type ProvisionOptions, plan, provision } from './provision.ts';
import { remove } from './remove.ts';
import { TakenError } from './resources/resource.ts';
import { checkRole } from './role.ts';

/**
 * The Serverless Devs component behind `resources.sls` in s.yaml. Its methods are the commands of `s`; what they
 * return is `${resources.sls.output.…}`. A method that fails throws one line that says what to do; whatever it has
 * created by then stays, and the next `s deploy` continues from there.
 */
export interface ComponentInputs {
  readonly props: unknown;
  /** The arguments after the command: `-y`, `--with-data`. */
  readonly args?: readonly string[];
  getCredential(): Promise<{
    readonly AccountID?: string;
    readonly AccessKeyID: string;
    readonly AccessKeySecret: string;
    readonly SecurityToken?: string;
  }>;
}

interface Terminal {
  readonly write: (line: string) => void;
  /** undefined where nobody can reply. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

export class SlsComponent {
  readonly #terminal: Terminal;

  constructor(terminal: Partial<Terminal> = {}) {
    this.#terminal = {
      write: terminal.write ?? ((line) => void process.stdout.write(`${line}\n`)),
      ask: 'ask' in terminal ? terminal.ask : process.stdin.isTTY ? askInTerminal : undefined,
    };
  }

  /** Lets `s verify` check the properties; it wants JSON text. */
  getSchema(): string {
    return JSON.stringify(PROPS_SCHEMA);
  }

  async deploy(inputs: ComponentInputs): Promise<Record<string, unknown>> {
    const { props, options } = await this.#prepare(inputs);
    await this.#mustHaveRole(props, options);
    const { created, updated } = await this.#explained(options, () => provision(options));
    this.#terminal.write(
      created + updated === 0 ? 'SLS is as it should be' : `SLS: ${created} created, ${updated} updated`,
    );
    if (options.alertReceiver === undefined) {
      this.#terminal.write(
        'alerts notify nobody: vars.alertReceiver is empty (they show in the alert centre)',
      );
    }
    return this.#output(props, options);
  }

  async plan(inputs: ComponentInputs): Promise<Record<string, unknown>> {
    const { props, options } = await this.#prepare(inputs);
    await this.#mustHaveRole(props, options);
    const { changes } = await this.#explained(options, () => plan(options));
    const pending = changes.filter(({ change }) => change !== 'none');
    for (const change of pending) this.#terminal.write(describe(change, 'planned'));
    if (pending.length === 0) this.#terminal.write('SLS is as it should be');
    return this.#output(props, options);
  }

  async remove(inputs: ComponentInputs): Promise<void> {
    const { options } = await this.#prepare(inputs);
    const args = inputs.args ?? [];
    const sure = args.includes('-y') || args.includes('--assume-yes');
    const mayDelete = (logstores: readonly string[]) =>
      this.#mayDelete(options.project, logstores, { withData: args.includes('--with-data'), sure });
    const { deleted, kept } = await this.#explained(options, () => remove({ ...options, mayDelete }));
    for (const line of kept) this.#terminal.write(`kept ${line}`);
    if (deleted.length + kept.length === 0) this.#terminal.write('nothing is there to remove');
    if (kept.some((line) => line.endsWith('it holds rows'))) {
      this.#terminal.write('to delete the rows too: s sls remove --with-data');
    }
  }

  async info(inputs: ComponentInputs): Promise<Record<string, unknown>> {
    const { props, options } = await this.#prepare(inputs);
    return this.#output(props, options);
  }

  async #prepare(inputs: ComponentInputs): Promise<{ props: ComponentProps; options: ProvisionOptions }> {
    const props = parseProps(inputs.props);
    const { AccountID, AccessKeyID, AccessKeySecret, SecurityToken } = await inputs.getCredential();
    const credentials: Credentials = {
      accessKeyId: AccessKeyID,
      accessKeySecret: AccessKeySecret,
      ...(SecurityToken && { securityToken: SecurityToken }),
    };
    const endpoint = props.slsEndpoint || slsEndpoint(props.region, 'public');
    const options: ProvisionOptions = {
      endpoint,
      project: props.project,
      region: props.region,
      credentials,
      accountId: AccountID,
      leaseSeconds: props.leaseSeconds,
      ttlDays: ttlByLogstore(props.retentionDays ?? {}),
      alertReceiver: props.alertReceiver || undefined,
      log: this.#terminal.write,
    };
    return { props, options };
  }

  async #mustHaveRole(
    { role, ramEndpoint }: ComponentProps,
    { credentials }: ProvisionOptions,
  ): Promise<void> {
    const found = await checkRole({ role, credentials, endpoint: ramEndpoint || undefined });
    if (found.state === 'bad') {
      throw new Error(`${found.why}: create it as the README says under "Deploy", or correct vars.role`);
    }
    if (found.state === 'unknown') this.#terminal.write(`role ${role} was not checked: ${found.why}`);
  }

  async #explained<T>({ endpoint }: ProvisionOptions, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw new Error(explain(error, endpoint), { cause: error });
    }
  }

  async #mayDelete(
    project: string,
    logstores: readonly string[],
    { withData, sure }: { withData: boolean; sure: boolean },
  ): Promise<boolean> {
    if (!withData) return false;
    if (sure) return true;
    if (this.#terminal.ask === undefined) {
      throw new Error(`${logstores.join(', ')} hold rows, and nobody is here to ask: add -y to delete them`);
    }
    const answer = await this.#terminal.ask(
      `${logstores.join(', ')} hold rows, which cannot be got back. Type ${project} to delete them: `,
    );
    return answer.trim() === project;
  }

  #output(props: ComponentProps, { endpoint }: ProvisionOptions) {
    const { region, project } = props;
    return { region, project, endpoint, console: consoleLinks(props) };
  }
}

async function askInTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

/** One line for the operator: what is wrong, and what to do. */
export function explain(error: unknown, endpoint: string): string {
  if (error instanceof TakenError) return error.message;
  if (error instanceof SlsError) return explainRefusal(error);
  if (error instanceof UpstreamNetworkError || error instanceof UpstreamTimeoutError) {
    return `${endpoint} does not answer: is the region right, and is the network there?`;
  }
  return error instanceof Error ? error.message : String(error);
}

const AGAIN = 'then deploy again: what is done stays, the rest is finished';

function explainRefusal(error: SlsError): string {
  const { serverCode, message } = error;
  if (/^(InvalidAccessKeyId|SignatureNotMatch)$/.test(serverCode)) {
    return `SLS does not accept the access key (${serverCode}): check the credentials of Serverless Devs, ${AGAIN}`;
  }
  if (/token.*expired/i.test(message)) return `the temporary credentials have expired: renew them, ${AGAIN}`;
  const [, action] = /\baction: ?(log:\w+)/i.exec(message) ?? [];
  const [, resource] = /\bresource: ?(acs:[\w:/*.-]+)/i.exec(message) ?? [];
  if (action !== undefined) {
    const on = resource === undefined ? '' : ` on ${resource}`;
    return `the deploying user lacks the right ${action}${on}: grant it (deploy/policies/deployer.json), ${AGAIN}`;
  }
  if (serverCode === 'ProjectNotExist' || serverCode === 'LogStoreNotExist') {
    return `SLS does not show yet what was just created (${serverCode}): wait a minute, ${AGAIN}`;
  }
  if (error.status === 401 || error.status === 403) {
    return `SLS refused (${message}): check the deploying user's rights (deploy/policies/deployer.json), ${AGAIN}`;
  }
  const id = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  return `${message}${id}`;
}

const SLS_CONSOLE = 'https://sls.console.alibabacloud.com/lognext/project';
const FC_CONSOLE = 'https://fcnext.console.alibabacloud.com';

/** Links to pages of the international console. */
function consoleLinks({ region, project, functions }: ComponentProps) {
  const links = (names: readonly string[], folder: string) =>
    Object.fromEntries(names.map((name) => [name, `${folder}/${name}`]));
  const nameOf = ({ name }: { readonly name: string }) => name;
  return {
    dashboards: links(DASHBOARDS.map(nameOf), `${SLS_CONSOLE}/${project}/dashboard`),
    logstores: links(LOGSTORES.map(nameOf), `${SLS_CONSOLE}/${project}/logsearch`),
    functions: links(functions, `${FC_CONSOLE}/${region}/functions`),
  };
}
