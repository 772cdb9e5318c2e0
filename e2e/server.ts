// The real server as a child process: a port, a data folder and a private PostgreSQL of its own.
// It can be killed and comes back on the same port with the same data. Knows nothing of browsers.

import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = process.env.STELLAR_BIN ?? join(root, "target/debug/stellar-canvas");
const listening = /^listening on (http:\/\/\S+)$/;
/** How many of the newest lines a failure shows. */
const keptLines = 50;

export class Server {
  /** `http://127.0.0.1:PORT`, the same after a restart. */
  url = "";
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private lines: string[] = [];

  private constructor(
    private readonly dataFolder: string,
    private readonly settings: Record<string, string>,
  ) {}

  /** Starts one. `settings` are environment variables as in `stellar-canvas --help`. */
  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const dataFolder = await mkdtemp(join(tmpdir(), "stellar-e2e-"));
    // As root, PostgreSQL runs as another user, who must reach its own folder in there.
    await chmod(dataFolder, 0o755);
    const server = new Server(dataFolder, settings);
    try {
      await server.start();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Starts it again after `kill` or `shutDown`. */
  async start(): Promise<void> {
    if (this.child) throw new Error("the server is running already");
    const child = spawn(program, {
      // Nothing of this shell's settings, and no demo canvas.
      env: {
        PATH: process.env.PATH,
        RUST_LOG: process.env.RUST_LOG,
        RUST_BACKTRACE: "1",
        BIND: this.url ? new URL(this.url).host : "127.0.0.1:0",
        STELLAR_DATA: this.dataFolder,
        DIST: process.env.STELLAR_DIST ?? resolve(root, "dist"),
        // Many users sign in from one address, quickly.
        RATE_LIMITS: "off",
        ...this.settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const forceEnd = () => child.kill("SIGKILL");
    process.once("exit", forceEnd);
    this.ended = new Promise<void>((done) => {
      // "error" alone comes when it could not be started.
      for (const event of ["close", "error"]) child.once(event, () => done());
    }).then(() => {
      process.off("exit", forceEnd);
      this.child = undefined;
    });
    createInterface({ input: child.stderr }).on("line", (line) => this.keep(line));
    this.url = await new Promise<string>((found, failed) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        this.keep(line);
        const address = listening.exec(line)?.[1];
        if (address) found(address);
      });
      child.once("error", failed);
      child.once("close", (code) =>
        failed(new Error(`the server did not start (${code}):\n${this.output}`)),
      );
    });
  }

  /** Makes an account that may use `/admin`, as an administrator would at a terminal. */
  async createAdmin(username: string, password: string): Promise<void> {
    const child = spawn(program, ["admin", "create", username], {
      env: { PATH: process.env.PATH, STELLAR_DATA: this.dataFolder },
      stdio: ["pipe", "ignore", "pipe"],
    });
    child.stdin.end(`${password}\n`);
    createInterface({ input: child.stderr }).on("line", (line) => this.keep(line));
    const code = await new Promise<number | null>((ended, failed) => {
      child.once("error", failed);
      child.once("close", ended);
    });
    if (code !== 0) throw new Error(`no admin was made (${code}):\n${this.output}`);
  }

  /** Ends it as a power cut would, and returns once it is gone. */
  async kill(): Promise<void> {
    this.child?.kill("SIGKILL");
    await this.ended;
  }

  /** Ends it as an administrator would, keeping its data. */
  async shutDown(): Promise<void> {
    this.child?.kill("SIGTERM");
    await this.ended;
  }

  /** Ends it for good and removes its data. */
  async stop(): Promise<void> {
    await this.shutDown();
    await rm(this.dataFolder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** The newest lines it wrote. */
  get output(): string {
    return this.lines.join("\n");
  }

  private keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > keptLines) this.lines.shift();
  }
}
