// A proxy before the server, as people have them: it can go away, be slow, answer in place of the
// server, change the Host, or let no WebSocket through. Knows nothing of browsers.

import http from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a proxy does with requests. Everything is passed on where nothing is said. */
export interface Behavior {
  /** Whether it answered a request itself, so that the server gets none. */
  answer?: (request: http.IncomingMessage, response: http.ServerResponse) => boolean;
  /** The answer to an upgrade in place of the server's: head and body. */
  refuse?: (request: http.IncomingMessage) => string | undefined;
  /** The Host that the server sees. */
  host?: (host: string) => string;
  /** Milliseconds until a request is passed on. */
  delay?: (request: http.IncomingMessage) => number;
}

export class Proxy {
  url = "";
  /** Requests and upgrades that arrived, as `METHOD path`. */
  readonly requests: string[] = [];
  private isDown = false;
  private readonly sockets = new Set<net.Socket>();
  private readonly target: URL;

  private constructor(
    target: string,
    private readonly server: http.Server,
    readonly behavior: Behavior,
  ) {
    this.target = new URL(target);
  }

  /** Starts one before the server at `target`. Its behavior may change while it runs. */
  static async start(target: string, behavior: Behavior = {}): Promise<Proxy> {
    const proxy = new Proxy(target, http.createServer(), behavior);
    const { server } = proxy;
    server.on("connection", (socket) => proxy.connected(socket));
    server.on("request", (request, response) => void proxy.pass(request, response));
    server.on("upgrade", (request, socket, head) =>
      proxy.upgrade(request, socket as net.Socket, head),
    );
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    proxy.url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    return proxy;
  }

  /** As if the server had gone away: what is open breaks, and nothing new comes through. */
  cut(): void {
    this.isDown = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** The server is back. */
  mend(): void {
    this.isDown = false;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((done) => this.server.close(done));
  }

  private connected(socket: net.Socket): void {
    this.sockets.add(socket);
    // A browser that goes away resets its connections.
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    if (this.isDown) socket.destroy();
  }

  private headers(request: http.IncomingMessage): http.IncomingHttpHeaders {
    const headers = { ...request.headers };
    if (this.behavior.host && headers.host) headers.host = this.behavior.host(headers.host);
    return headers;
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    if (this.behavior.answer?.(request, response)) return;
    const wait = this.behavior.delay?.(request) ?? 0;
    if (wait > 0) await sleep(wait);
    const onward = http.request(
      {
        host: this.target.hostname,
        port: this.target.port,
        method: request.method,
        path: request.url,
        headers: this.headers(request),
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }

  private upgrade(request: http.IncomingMessage, socket: net.Socket, head: Buffer): void {
    this.requests.push(`${request.method} ${request.url}`);
    const refusal = this.behavior.refuse?.(request);
    if (refusal) {
      socket.end(refusal);
      return;
    }
    const onward = net.connect(Number(this.target.port), this.target.hostname, () => {
      const lines = Object.entries(this.headers(request)).flatMap(([name, value]) =>
        [value].flat().map((one) => `${name}: ${one}`),
      );
      onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    socket.on("close", () => onward.destroy());
    onward.on("error", () => socket.destroy());
    onward.on("close", () => socket.destroy());
  }
}
