import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Refused } from '../http/listen.ts';
import type { PlannedAnswer } from './plan.ts';
import { RETURN_CODES, type ReturnCode } from './return-codes.ts';

/** A response, or one of the ways to send none. */
export type Reply =
  | {
      readonly name: string;
      readonly status: number;
      readonly headers?: Record<string, string>;
      body: Buffer;
    }
  | { readonly name: 'reset' | 'hang' };

export function send(response: ServerResponse, reply: Reply): void {
  if (!('status' in reply)) {
    // A hang holds the connection until the caller gives up or the server closes.
    if (reply.name === 'reset') response.destroy();
    return;
  }
  response.writeHead(reply.status, {
    'content-type': 'application/json;charset=utf-8',
    ...reply.headers,
    'content-length': reply.body.length,
  });
  response.end(reply.body);
}

/** The return code in a planned body. */
function codeIn(body: unknown): string | undefined {
  const code = typeof body === 'object' && body !== null && 'Code' in body ? body.Code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** As on the page's example: a UUID in capitals. */
const requestId = () => randomUUID().toUpperCase();

export function successReply(result: unknown): Reply {
  const { status, message } = RETURN_CODES.Success;
  return jsonReply('Success', status, {
    RequestId: requestId(),
    Code: 'Success',
    Message: message,
    Result: result,
  });
}

export function codeReply(code: ReturnCode, detail?: string): Reply {
  const { status, message } = RETURN_CODES[code];
  return refusalReply({ status, code, message: detail ?? message });
}

export function refusalReply({ status, code, message }: Pick<Refused, 'status' | 'code' | 'message'>): Reply {
  return jsonReply(code, status, {
    RequestId: requestId(),
    HostId: 'cloudauth-intl.ap-southeast-1.aliyuncs.com',
    Code: code,
    Message: message,
    Recommend: `https://api.alibabacloud.com/troubleshoot?q=${code}&product=Cloudauth-intl`,
  });
}

function jsonReply(name: string, status: number, body: unknown): Reply {
  return { name, status, body: Buffer.from(JSON.stringify(body), 'utf8') };
}

/** Returns undefined where the plan says Success: the truth is sent. */
export function plannedReply(answer: PlannedAnswer): Reply | undefined {
  switch (answer.kind) {
    case 'code':
      return answer.code === 'Success' ? undefined : codeReply(answer.code);
    case 'reset':
    case 'hang':
      return { name: answer.kind };
    case 'garbage':
      return { name: 'garbage', status: 200, body: Buffer.from('<html><body>upstream busy</body></html>') };
    case 'empty':
      return { name: 'empty', status: 200, body: Buffer.alloc(0) };
    case 'custom': {
      const { status, headers, body } = answer;
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
      return {
        name: codeIn(body) ?? String(status),
        status,
        headers: { ...headers },
        body: Buffer.from(text, 'utf8'),
      };
    }
  }
}
