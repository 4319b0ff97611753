// A stream of pictures to the server and of answers back, opened again when it breaks off.

const MOST_WAITING = 2; // one on its way while another is looked at
const LONGEST_PAUSE_S = 30;
const REFUSED = 1013;

export class LiveSocket {
  #path;
  #ticket;
  #told;
  #socket = null;
  #retry = null;
  #closed = false;
  #pauseS = 1;
  #sent = [];
  #held = 0;

  // `ticket` fetches one; `told` has ready(), answer(answer, ms), lost(seconds) and refused(word).
  constructor(path, ticket, told) {
    this.#path = path;
    this.#ticket = ticket;
    this.#told = told;
    this.#connect();
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  get free() {
    return this.#sent.length + this.#held < MOST_WAITING;
  }

  // A picture is being made.
  hold() {
    this.#held += 1;
  }

  async send(takenMs, blob) {
    const picture = blob && (await blob.arrayBuffer());
    this.#held = Math.max(0, this.#held - 1);
    if (!picture || !this.open) return;
    const message = new Uint8Array(8 + picture.byteLength);
    new DataView(message.buffer).setFloat64(0, takenMs, true);
    message.set(new Uint8Array(picture), 8);
    this.#sent.push(takenMs);
    this.#socket.send(message);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
  }

  async #connect() {
    let ticket;
    try {
      ticket = await this.#ticket();
    } catch {
      this.#again();
      return;
    }
    if (this.#closed) return;
    const address = new URL(this.#path, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    [this.#socket, this.#sent, this.#held] = [socket, [], 0];
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ ticket }));
      this.#told.ready();
    });
    socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#lost(event));
  }

  #take(answer) {
    this.#pauseS = 1;
    const ms = performance.now() - this.#sent.shift();
    if (!this.#closed) this.#told.answer(answer, ms);
  }

  #lost(event) {
    if (this.#closed) return;
    if (event.code === REFUSED) this.#told.refused(event.reason);
    else this.#again();
  }

  #again() {
    if (this.#closed) return;
    this.#told.lost(this.#pauseS);
    this.#retry = setTimeout(() => this.#connect(), 1000 * this.#pauseS);
    this.#pauseS = Math.min(2 * this.#pauseS, LONGEST_PAUSE_S);
  }
}
