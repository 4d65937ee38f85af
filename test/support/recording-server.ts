import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Answerer = (request: RecordedRequest, response: ServerResponse, socket: Socket) => void;

/** A server on a free port that keeps what it was asked and answers as told. */
export class RecordingServer {
  readonly requests: RecordedRequest[] = [];
  /** Connections ever opened. */
  connections = 0;
  /** Requests whose connection was closed before they were answered. */
  aborted = 0;
  answer: Answerer = (_request, response) => response.end();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#handle(request, response));
    this.#server.on('connection', () => {
      this.connections += 1;
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Answers every request with this. */
  always(status: number, body: string | Uint8Array, headers: Record<string, string> = {}): void {
    this.answer = (_request, response) => response.writeHead(status, headers).end(body);
  }

  dropConnections(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #handle(message: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('error', () => undefined);
    response.on('close', () => {
      if (!response.writableFinished) this.aborted += 1;
    });
    message.on('end', () => {
      const request = {
        method: message.method ?? '',
        target: message.url ?? '',
        headers: message.headers as Record<string, string>,
        body: Buffer.concat(chunks),
      };
      this.requests.push(request);
      this.answer(request, response, message.socket);
    });
  }
}
