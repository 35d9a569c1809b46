/** A wire between client and server that can be cut: before a request has arrived, or before its answer has. */

import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Server as Listener, type Socket } from "node:net";

export class Wire implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #sockets = new Set<Socket>();
  #loseAnswers = 0;
  #cut = false;
  /** Answers that were lost so far. */
  lost = 0;

  private constructor(port: () => number) {
    this.#listener = createServer((near) => this.#join(near, port()));
  }

  /** A wire to the port, whichever it is by then. */
  static async to(port: () => number): Promise<Wire> {
    const wire = new Wire(port);
    wire.#listener.listen(0, "127.0.0.1");
    await once(wire.#listener, "listening");
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Let the server do the next `count` requests and lose what it answers. */
  loseAnswers(count: number): void {
    this.#loseAnswers = count;
    this.#hangUp(); // so that the next request makes a connection that knows of it
  }

  /** Nothing passes until `mend`. */
  cut(): void {
    this.#cut = true;
    this.#hangUp();
  }

  mend(): void {
    this.#cut = false;
  }

  #join(near: Socket, port: number): void {
    this.#sockets.add(near);
    near.on("close", () => this.#sockets.delete(near)).on("error", () => undefined);
    if (this.#cut) return void near.destroy();
    const far = dial(port, "127.0.0.1");
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.pipe(far);
    far.on("data", (data) => {
      if (this.#loseAnswers === 0) return void near.write(data);
      this.#loseAnswers -= 1;
      this.lost += 1;
      near.destroy();
    });
  }

  #hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hangUp();
    this.#listener.close();
  }
}
