/** Real plant servers for tests: processes of their own, each on a copy of one plant that is set up once a run. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PYTHON, ROOT } from "../scripts/python.mjs";

/** People of the plant, with their PINs. */
export const PEOPLE = {
  admin: { id: "U-ANA", name: "Ana", role: "ADMIN", pin: "4711" },
  operator: { id: "U-OLGA", name: "Olga", role: "OPERATOR", pin: "5501" },
  other: { id: "U-OSCAR", name: "Óscar", role: "OPERATOR", pin: "5502" },
} as const;

export const MACHINE = { id: "M-01", name: "Conformadora 1", type: "CONFORMADORA", status: "IDLE" } as const;
export const ITEM = { id: "I-1", name: "Bobina", sku: "B-1", unit: "kg", quantity: 100 } as const;
export const JOB = {
  id: "J-1",
  projectId: "P-1",
  machineType: "CONFORMADORA",
  productName: "Perfil C 100",
  targetQuantity: 500,
  unit: "m",
} as const;

const CLOCKED = join(ROOT, "tests", "system", "clocked.py");
const IMPATIENT = `
import sys
from structura_local import trial
from structura_local.__main__ import main
trial.PATIENCE = SECONDS
sys.exit(main())
`;

/** Run the program to its end; returns what it printed. */
export async function program(...args: string[]): Promise<string> {
  const process = start(args);
  let out = "";
  let err = "";
  process.stdout?.on("data", (text) => (out += text));
  process.stderr?.on("data", (text) => (err += text));
  const [code] = await once(process, "close");
  if (code !== 0) throw new Error(`structura-local ${args.join(" ")}: ${err}`);
  return out;
}

function start(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
  program: readonly string[] = ["-m", "structura_local"],
): ChildProcess {
  // Byte code is kept, as where the program is installed; without it every start compiles everything.
  const { PYTHONDONTWRITEBYTECODE: _, ...inherited } = process.env;
  const env = { ...inherited, PYTHONPATH: ROOT, STRUCTURA_TIME_ZONE: "UTC", ...more };
  return spawn(PYTHON, [...program, ...args], { cwd: tmpdir(), env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Set a plant up; returns its data folder. */
export async function makeTemplate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "structura-frontend-"));
  const [data, file] = [join(folder, "data"), join(folder, "start.json")];
  await program("init", "--data-dir", data, "--plant", "Planta", "--admin-name", "Nadie", "--admin-pin", "90817263");
  const jobs = [JOB];
  const projects = [{ id: "P-1", name: "Casa", deadline: "2031-01-31" }];
  const content = { users: Object.values(PEOPLE), machines: [MACHINE], inventory: [ITEM], jobs, projects };
  await writeFile(file, JSON.stringify(content));
  await program("import", file, "--data-dir", data);
  return folder;
}

/** A served plant. `await using` stops it and removes its data. */
export class Server implements AsyncDisposable {
  readonly #folder: string;
  readonly #frontend: string | undefined;
  readonly #program: readonly string[] | undefined;
  #process: ChildProcess | null = null;
  #port = 0;
  #isByFile = false;
  #log = "";

  private constructor(folder: string, frontend?: string, patience?: number, isClocked?: boolean) {
    this.#folder = folder;
    this.#frontend = frontend;
    if (isClocked) this.#program = [CLOCKED, join(folder, "clock")];
    if (patience !== undefined) this.#program = ["-c", IMPATIENT.replace("SECONDS", String(patience))];
  }

  /**
   * Serve a copy of the template, with a built frontend at `/` and the lines of a settings file if they are given; one
   * that `isNew` has no plant. With a `port`, the file says where to listen; settings on trial wait `patience` seconds.
   * The clock of one that `isClocked` can be set wrong.
   */
  static async start({
    frontend,
    settings = "",
    isNew = false,
    port,
    patience,
    isClocked = false,
  }: {
    frontend?: string;
    settings?: string;
    isNew?: boolean;
    port?: number;
    patience?: number;
    isClocked?: boolean;
  } = {}): Promise<Server> {
    const template = process.env["STRUCTURA_TEMPLATE"];
    if (!template) throw new Error("the plant was not set up (test/setup.ts)");
    const folder = await mkdtemp(join(tmpdir(), "structura-frontend-"));
    if (!isNew) await cp(join(template, "data"), join(folder, "data"), { recursive: true });
    const place = port === undefined ? "" : `host = "127.0.0.1"\nport = ${port}\nmdns = false\n`;
    if (place + settings) await writeFile(join(folder, "data", "settings.toml"), place + settings);
    const server = new Server(folder, frontend, patience, isClocked);
    await server.setClock(0);
    server.#isByFile = port !== undefined;
    await server.restart();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get data(): string {
    return join(this.#folder, "data");
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Start again, at the same address, with these settings in its environment. */
  async restart(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const args = ["serve", "--data-dir", this.data];
    if (!this.#isByFile) args.push("--host", "127.0.0.1", "--port", `${this.#port}`);
    if (this.#frontend) args.push("--frontend", this.#frontend);
    const child = start(args, settings, this.#program);
    this.#process = child;
    child.stderr?.on("data", (text) => (this.#log += text));
    if (!child.stdout) throw new Error("no output to read");
    for await (const line of createInterface(child.stdout)) {
      const port = / serves http:\/\/[^ ]*:(\d+)/.exec(line)?.[1];
      if (port) {
        this.#port = Number(port);
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`the server did not start: ${this.#log}`);
  }

  /** Set its clock wrong by so many milliseconds. */
  async setClock(error: number): Promise<void> {
    await writeFile(join(this.#folder, "clock"), `${error}`);
  }

  /** Kill -9, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Let it hang: connections are taken, and nothing is answered. */
  async freeze(): Promise<void> {
    this.#process?.kill("SIGSTOP");
  }

  /** Stop it in good order. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What stands after the address in the link with which a new plant is set up. */
  async setupPath(): Promise<string> {
    await until(() => this.#log.includes("/setup#"), "a setup link");
    return /(\/setup#\S+)/.exec(this.#log)?.[1] ?? "";
  }

  /** A code that pairs a terminal, as the owner of this machine gets it. */
  async code(name: string): Promise<string> {
    const said = await program("terminals", "add", name, "--data-dir", join(this.#folder, "data"));
    return /: (\d{4}-\d{4})$/m.exec(said)?.[1] ?? "";
  }

  /** What `structura-local export` writes; the server may run. */
  async export(...switches: string[]): Promise<string> {
    const file = join(this.#folder, "export.json");
    await program("export", file, ...switches, "--data-dir", join(this.#folder, "data"));
    return readFile(file, "utf8");
  }
}

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Wait until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 40_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
