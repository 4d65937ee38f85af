import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../http/listen.ts';
import { toHttpAnswer } from './http-event.ts';
import type { FunctionError } from './instance.ts';
import type { InvokeAnswer } from './invoker.ts';
import type { Refusal } from './signature.ts';

/** Limits of HTTP triggers and invocations; over them the answer is a 400. */
export const MAX_SYNC_BYTES = 32 * 1024 * 1024;
export const MAX_ASYNC_BYTES = 128 * 1024;
export const MAX_HEADER_BYTES = 8 * 1024;
const MAX_TARGET_BYTES = 4 * 1024;

export const THROTTLED: Refusal = {
  status: 429,
  code: 'ResourceExhausted',
  message: 'The request was throttled: the concurrency limit of the function or the account is reached.',
};
export const NO_TRIGGER: Refusal = {
  status: 404,
  code: 'TriggerNotFound',
  message: 'no function has an HTTP trigger',
};

export function invalid(message: string): Refusal {
  return { status: 400, code: 'InvalidArgument', message };
}

export function oversized({ rawHeaders, url }: IncomingMessage): Refusal | undefined {
  if (Buffer.byteLength(url ?? '') > MAX_TARGET_BYTES) return invalid('path and query are over 4 KB');
  return Buffer.byteLength(rawHeaders.join('')) > MAX_HEADER_BYTES
    ? invalid('the headers are over 8 KB')
    : undefined;
}

export function sendRefusal(
  response: ServerResponse,
  requestId: string,
  refusal: Refusal = NO_TRIGGER,
): void {
  const { status, code, message } = refusal;
  sendJson(response, { status, body: { RequestId: requestId, Code: code, Message: message } });
}

export function sendFunctionError(response: ServerResponse, status: number, error: FunctionError): void {
  sendJson(response, { status, body: error, headers: { 'x-fc-error-type': 'UnhandledInvocationError' } });
}

export function sendTriggerAnswer(response: ServerResponse, answer: InvokeAnswer): void {
  if (answer.kind === 'throttled') {
    sendRefusal(response, answer.requestId, THROTTLED);
    return;
  }
  if (answer.kind === 'failed') {
    // The trigger's status for a function error is not documented; nobody may take it for an answer.
    sendFunctionError(response, 502, answer.error);
    return;
  }
  try {
    const { status, headers, body } = toHttpAnswer(answer.body);
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(body);
  } catch (error) {
    // A status or header that HTTP does not allow.
    sendFunctionError(response, 502, { errorMessage: String(error), errorType: 'InvalidResponse' });
  }
}
