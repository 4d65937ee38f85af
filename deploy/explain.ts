import { SlsError, UpstreamNetworkError, UpstreamTimeoutError } from '../shared/errors.ts';
import { TakenError } from './resources/resource.ts';

/** What the operator gets to read: one line that says what is wrong and what to do. */
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
