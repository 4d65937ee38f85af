import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ActionResult } from '../action/action.ts';
import type { SlsError } from './error.ts';

/** What every response bears. */
export interface ResponseStamp {
  readonly requestId: string;
  readonly nowMs: number;
}

/** Sends the result of an action. An empty response has no content type: clients parse by it. */
export function sendResponse(response: ServerResponse, result: ActionResult, stamp: ResponseStamp): void {
  const body =
    result.json === undefined
      ? result.body
      : { bytes: Buffer.from(JSON.stringify(result.json)), contentType: 'application/json' };
  send(response, { status: 200, body, headers: result.headers ?? {} }, stamp);
}

/** Sends an error as the service words it. */
export function sendError(response: ServerResponse, error: SlsError, stamp: ResponseStamp): void {
  const bytes = Buffer.from(JSON.stringify({ errorCode: error.code, errorMessage: error.message }));
  send(
    response,
    { status: error.status, body: { bytes, contentType: 'application/json' }, headers: {} },
    stamp,
  );
}

interface Content {
  status: number;
  body: { readonly bytes: Buffer; readonly contentType: string } | undefined;
  headers: Readonly<Record<string, string | number>>;
}

function send(response: ServerResponse, content: Content, stamp: ResponseStamp): void {
  const bytes = content.body?.bytes ?? Buffer.alloc(0);
  response.writeHead(content.status, {
    Server: 'local-sls',
    // The server's clock, which may not be the machine's: clients reckon with this header.
    Date: new Date(stamp.nowMs).toUTCString(),
    'x-log-requestid': stamp.requestId,
    ...content.headers,
    ...(bytes.length > 0 && content.body !== undefined ? { 'Content-Type': content.body.contentType } : {}),
    'Content-Length': bytes.length,
  });
  response.end(bytes);
}

/** 24 hexadecimal digits, as the service's are. */
export function newRequestId(): string {
  return randomBytes(12).toString('hex').toUpperCase();
}
