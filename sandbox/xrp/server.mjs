// A STAND-IN for rippled servers of the XRP Ledger, for Bursar's tests and demo. It is not the real thing: no package
// registry has that. Transactions are read, verified and hashed by the official packages (ripple-binary-codec,
// ripple-keypairs, xrpl), so it is independent of Bursar's own code; the few rules of the ledger that it adds are listed
// in ledger.mjs. Money on it is worth nothing.
//
//   node server.mjs [--port 0] [--servers 1] [--close-ms 250] [--network-id 31337]
//
// It listens on 127.0.0.1 only and prints a line `listening on http://127.0.0.1:PORT` for each server. All servers see
// one ledger, which is kept in memory. A ledger closes every --close-ms (0: by `ledger_accept` only).
//
// POST / is rippled's JSON-RPC: submit, tx, account_info, account_objects, account_tx, deposit_authorized, fee,
// server_info, server_state, ledger, ledger_accept; and two of its own: faucet {account, drops} and set_flags {account, flags}.
//
// GET /faults shows this server's faults, POST /faults switches them; null ends one.
//   of the server:  answer_lost  so many submissions are applied, and their answers lost
//                   lag          it is so many ledgers behind
//                   gap          [first, last] ledger that it lacks (`searched_all: false`)
//                   network_id   it says that it is on this network
//                   hang         methods that it never answers, or ["*"]
//                   down         it closes every connection
//                   lie          "not_found": it knows no transaction and says that it looked everywhere;
//                                "paid": it calls everything validated and paid
//   of the ledger:  drop         so many submissions get tesSUCCESS and are forgotten
//                   forget       recipients: payments to them get tesSUCCESS and are forgotten
//                   tec          codes that the next transactions get at validation
//                   open_fee     drops that a place in the next ledger costs; less is queued
//                   minimum_fee  drops that servers take at least
//                   halt         ledgers stop closing
import http from "node:http";
import { pathToFileURL } from "node:url";
import { Ledger } from "./ledger.mjs";
import { Server } from "./methods.mjs";

const MOST_BYTES = 1 << 20;

/// Starts servers over one ledger. Gives their URLs, the ledger, and how to end them.
export async function start({ port = 0, servers = 1, closeMs = 250, networkId = 31337 } = {}) {
  const ledger = new Ledger({ networkId });
  const listening = [];
  for (let number = 0; number < servers; number++) {
    const server = http.createServer(face(ledger));
    await new Promise((resolve) => server.listen(port === 0 ? 0 : port + number, "127.0.0.1", resolve));
    listening.push(server);
  }
  const timer = closeMs > 0 ? setInterval(() => ledger.halted || ledger.close(), closeMs) : undefined;
  return {
    ledger,
    urls: listening.map((server) => `http://127.0.0.1:${server.address().port}`),
    stop() {
      clearInterval(timer);
      for (const server of listening) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

function face(ledger) {
  const server = new Server(ledger);
  const faults = {};
  return async (request, response) => {
    const send = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    try {
      const body = await read(request);
      if (request.url === "/faults") {
        if (request.method === "POST") switched(ledger, server, faults, JSON.parse(body));
        return send(200, faults);
      }
      if (faults.down) return request.socket.destroy();
      const { method, params = [{}] } = JSON.parse(body);
      if (faults.hang?.some((name) => name === "*" || name === method)) return;
      const result = server.answer(method, params[0] ?? {});
      if (method === "submit" && faults.answer_lost > 0) {
        faults.answer_lost -= 1;
        return request.socket.destroy();
      }
      send(200, { result });
    } catch (error) {
      send(error instanceof SyntaxError ? 400 : 500, { error: String(error?.stack ?? error) });
    }
  };
}

function switched(ledger, server, faults, changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in FAULTS)) throw new SyntaxError(`no fault is called ${name}`);
    FAULTS[name](ledger, server, value ?? undefined);
    if (value === null) delete faults[name];
    else faults[name] = value;
  }
}

const FAULTS = {
  answer_lost() {},
  hang() {},
  down() {},
  lag: (ledger, server, value = 0) => (server.lag = value),
  gap: (ledger, server, value) => (server.gap = value),
  network_id: (ledger, server, value = ledger.networkId) => (server.networkId = value),
  lie: (ledger, server, value) => (server.lie = value),
  drop: (ledger, server, value = 0) => (ledger.drops = value),
  forget: (ledger, server, value = []) => (ledger.forgotten = new Set(value)),
  tec: (ledger, server, value = []) => (ledger.tecs = [...value]),
  open_fee: (ledger, server, value = ledger.settings.baseFee) => (ledger.openFee = BigInt(value)),
  minimum_fee: (ledger, server, value = ledger.settings.baseFee) => (ledger.minimumFee = BigInt(value)),
  halt: (ledger, server, value = false) => (ledger.halted = value),
};

async function read(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new SyntaxError("more than 1 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function argument(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} needs a number`);
  return value;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { urls, stop } = await start({
    port: argument("port", 0),
    servers: argument("servers", 1),
    closeMs: argument("close-ms", 250),
    networkId: argument("network-id", 31337),
  });
  for (const url of urls) console.log(`listening on ${url}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (stop(), process.exit(0)));
}
