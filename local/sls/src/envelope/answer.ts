import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ActionAnswer } from '../action/action.ts';
import type { SlsError } from './error.ts';

/** What every answer bears. */
export interface AnswerStamp {
  readonly requestId: string;
  readonly nowMs: number;
}

/** Sends the answer of an action. An empty answer has no content type: clients parse by it. */
export function sendAnswer(response: ServerResponse, answer: ActionAnswer, stamp: AnswerStamp): void {
  const body =
    answer.json === undefined
      ? answer.body
      : { bytes: Buffer.from(JSON.stringify(answer.json)), contentType: 'application/json' };
  send(response, { status: 200, body, headers: answer.headers ?? {} }, stamp);
}

/** Sends an error as the service words it. */
export function sendError(response: ServerResponse, error: SlsError, stamp: AnswerStamp): void {
  const bytes = Buffer.from(JSON.stringify({ errorCode: error.code, errorMessage: error.message }));
  send(
    response,
    { status: error.status, body: { bytes, contentType: 'application/json' }, headers: {} },
    stamp,
  );
}

interface RawAnswer {
  status: number;
  body: { readonly bytes: Buffer; readonly contentType: string } | undefined;
  headers: Readonly<Record<string, string | number>>;
}

function send(response: ServerResponse, answer: RawAnswer, stamp: AnswerStamp): void {
  const bytes = answer.body?.bytes ?? Buffer.alloc(0);
  response.writeHead(answer.status, {
    Server: 'local-sls',
    // The server's clock, which may not be the machine's: clients reckon with this header.
    Date: new Date(stamp.nowMs).toUTCString(),
    'x-log-requestid': stamp.requestId,
    ...answer.headers,
    ...(bytes.length > 0 && answer.body !== undefined ? { 'Content-Type': answer.body.contentType } : {}),
    'Content-Length': bytes.length,
  });
  response.end(bytes);
}

/** 24 hexadecimal digits, as the service's are. */
export function newRequestId(): string {
  return randomBytes(12).toString('hex').toUpperCase();
}
