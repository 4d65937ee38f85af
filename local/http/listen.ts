import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalServer } from '../sls/src/host.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface ListenOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly handle: Handle;
  /** Of request headers, in bytes; Node's own default is 16 KB. */
  readonly maxHeaderBytes?: number;
}

/**
 * A server on 127.0.0.1 whose `close` also ends open connections.
 * @throws Error that names the port when it is taken
 */
export async function listen({ port, handle, maxHeaderBytes }: ListenOptions): Promise<LocalServer> {
  const server = createServer(
    {
      // If both ends close an idle connection at the same moment, the client sees a reset. Waiting longer than
      // any client leaves the closing to the client.
      keepAliveTimeout: 120_000,
      ...(maxHeaderBytes === undefined ? {} : { maxHeaderSize: maxHeaderBytes }),
    },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else sendJson(response, { status: 500, body: { Code: 'InternalError', Message: String(error) } });
      });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} is taken on 127.0.0.1`, { cause: error })
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A refused request. Each service writes the response in its own format. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * Reads a request's body to its end, even past the limit, so that the response reaches the client.
 * @throws what `tooLarge` makes of the message
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  tooLarge: (message: string) => Error,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= maxBytes) parts.push(part);
  }
  if (bytes > maxBytes) throw tooLarge(`the body is over ${maxBytes} bytes`);
  return Buffer.concat(parts);
}

/** Path and query of a request target as it came over the wire. */
export function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

interface JsonResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function sendJson(response: ServerResponse, { status, body, headers }: JsonResponse): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, {
    'content-type': 'application/json;charset=utf-8',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}
