// rippled's JSON-RPC methods (API version 1) over the stand-in's ledger, as one server sees it: a server may lag behind,
// lack a part of the history, or lie.
import { isValidClassicAddress } from "ripple-address-codec";
import { EPOCH, FLAG, GENESIS, Invalid } from "./ledger.mjs";

/// The widest range of ledgers that `tx` searches.
const WIDEST_RANGE = 1000;

/// An error of the API: rippled answers it with status 200 and `status: "error"` in the result.
class ApiError extends Error {
  constructor(error, error_code, error_message, more = {}) {
    super(error);
    this.answer = { error, error_code, error_message, status: "error", ...more };
  }
}

export class Server {
  constructor(ledger) {
    this.ledger = ledger;
    /// Ledgers that this server is behind.
    this.lag = 0;
    /// First and last ledger that it lacks.
    this.gap = undefined;
    this.networkId = ledger.networkId;
    /// "not_found": knows no transaction and says it looked everywhere; "paid": calls everything validated and paid.
    this.lie = undefined;
  }

  answer(method, params) {
    const run = METHODS[method];
    try {
      if (!run) throw new ApiError("unknownCmd", 32, "Unknown method.");
      return { ...run(this, params), status: "success" };
    } catch (error) {
      if (error instanceof ApiError) return { ...error.answer, request: { command: method, ...params } };
      throw error;
    }
  }

  get validated() {
    const { ledger } = this;
    return ledger.closed.get(Math.max(ledger.first, ledger.newest.index - this.lag));
  }

  has(index) {
    const { ledger, gap } = this;
    const inGap = gap && index >= gap[0] && index <= gap[1];
    return index >= ledger.first && index <= this.validated.index && !inGap;
  }

  /// The ledgers that it has, as rippled writes them.
  get complete() {
    const { first } = this.ledger;
    const { index } = this.validated;
    if (!this.gap) return `${first}-${index}`;
    const [from, to] = this.gap;
    const parts = [[first, Math.min(from - 1, index)], [to + 1, index]];
    return parts.filter(([a, b]) => a <= b).map(([a, b]) => `${a}-${b}`).join(",") || "empty";
  }
}

const METHODS = {
  submit(server, { tx_blob: blob }) {
    if (typeof blob !== "string") throw new ApiError("invalidParams", 31, "Missing field 'tx_blob'.");
    let entry;
    try {
      entry = server.ledger.read(blob);
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      throw new ApiError("invalidTransaction", 0, undefined, { error_exception: error.message });
    }
    const result = server.ledger.submit(entry);
    const taken = /^(tes|tec|terQUEUED)/.test(result);
    return {
      accepted: taken,
      applied: /^(tes|tec)/.test(result),
      broadcast: taken,
      engine_result: result,
      engine_result_message: `The stand-in says ${result}.`,
      kept: taken || /^ter/.test(result),
      queued: result === "terQUEUED",
      tx_blob: entry.blob,
      tx_json: { ...entry.tx, hash: entry.hash },
      validated_ledger_index: server.validated.index,
    };
  },

  tx(server, { transaction, min_ledger: min, max_ledger: max }) {
    if (!/^[0-9A-Fa-f]{64}$/.test(transaction ?? "")) throw new ApiError("notImpl", 74, "Not a transaction's hash.");
    const ranged = min !== undefined || max !== undefined;
    if (ranged && !(Number.isInteger(min) && Number.isInteger(max) && min <= max)) {
      throw new ApiError("invalidLgrRange", 79, "Ledger range is invalid.");
    }
    if (ranged && max - min > WIDEST_RANGE) throw new ApiError("excessiveLgrRange", 78, "Ledger range exceeds 1000.");
    const hash = transaction.toUpperCase();
    const { ledger } = server;
    let entry = ledger.found.get(hash);
    if (entry && (!server.has(entry.index) || (ranged && (entry.index < min || entry.index > max)))) entry = undefined;
    const open = [...ledger.pending, ...ledger.held.map((held) => held.entry)].find((other) => other.hash === hash);
    if (server.lie === "paid" && open) {
      const { validated } = server;
      const meta = { AffectedNodes: [], TransactionIndex: 0, TransactionResult: "tesSUCCESS", delivered_amount: open.tx.Amount };
      entry = { ...open, index: validated.index, meta };
    }
    if (server.lie === "not_found") entry = undefined;
    if (entry) return told(server, entry);
    if (open && !ranged && server.lie !== "not_found") return { ...open.tx, hash, inLedger: undefined, validated: false };
    const all = server.lie === "not_found" || everyOne(min, max, (index) => server.has(index));
    const searched = ranged ? { searched_all: all } : {};
    throw new ApiError("txnNotFound", 29, "Transaction not found.", searched);
  },

  account_info(server, { account, ledger_index: at }) {
    const { state, ...ledger } = stateAt(server, at);
    const data = existing(state, account, ledger);
    return { account_data: accountRoot(account, data), account_flags: flagsOf(data), ...ledger };
  },

  account_objects(server, { account, type, limit = 200, marker, ledger_index: at }) {
    const { state, ...ledger } = stateAt(server, at);
    const data = existing(state, account, ledger);
    const tickets = type === undefined || type === "ticket" ? [...data.tickets].sort((a, b) => a - b) : [];
    const start = marker === undefined ? 0 : tickets.findIndex((ticket) => String(ticket) === String(marker));
    if (start < 0) throw new ApiError("invalidParams", 31, "Invalid field 'marker'.");
    const size = Math.min(Math.max(limit, 10), 400);
    const shown = tickets.slice(start, start + size);
    const next = tickets[start + size];
    return {
      account,
      account_objects: shown.map((ticket) => ({
        Account: account, Flags: 0, LedgerEntryType: "Ticket", OwnerNode: "0", TicketSequence: ticket,
      })),
      limit: size,
      ...(next === undefined ? {} : { marker: String(next) }),
      ...ledger,
    };
  },

  account_tx(server, { account, ledger_index_min: min = -1, ledger_index_max: max = -1, limit = 200, forward = false, marker }) {
    const { ledger, validated } = server;
    const low = min === -1 ? ledger.first : min;
    const high = max === -1 ? validated.index : Math.min(max, validated.index);
    if (low > high) throw new ApiError("lgrIdxsInvalid", 57, "Ledger indexes invalid.");
    let found = [];
    for (let index = low; index <= high; index++) {
      if (!server.has(index)) continue;
      const touches = ({ tx }) => tx.Account === account || tx.Destination === account;
      found.push(...ledger.closed.get(index).entries.filter(touches));
    }
    if (server.lie === "not_found") found = [];
    if (!forward) found.reverse();
    const start = marker?.seq ?? 0;
    const transactions = found.slice(start, start + limit).map((entry) => {
      const { meta, validated: _, ...tx } = told(server, entry);
      return { meta, tx, validated: true };
    });
    const more = start + limit < found.length ? { marker: { ledger: high, seq: start + limit } } : {};
    return { account, ledger_index_min: low, ledger_index_max: high, limit, transactions, validated: true, ...more };
  },

  deposit_authorized(server, { source_account: source, destination_account: destination, ledger_index: at }) {
    const { state, ...ledger } = stateAt(server, at);
    const closed = existing(state, destination, ledger).flags & FLAG.depositAuth;
    return { deposit_authorized: !closed || source === destination, source_account: source, destination_account: destination, ...ledger };
  },

  fee(server) {
    const { ledger } = server;
    const { baseFee } = ledger.settings;
    const level = (drops) => String((drops * 256n) / baseFee);
    return {
      current_ledger_size: String(ledger.pending.length),
      current_queue_size: String(ledger.held.length),
      drops: {
        base_fee: String(baseFee),
        median_fee: String(baseFee * 500n),
        minimum_fee: String(ledger.minimumFee),
        open_ledger_fee: String(ledger.openFee),
      },
      expected_ledger_size: "1000",
      ledger_current_index: server.validated.index + 1,
      levels: {
        median_level: "128000", minimum_level: level(ledger.minimumFee), open_ledger_level: level(ledger.openFee),
        reference_level: "256",
      },
      max_queue_size: "2000",
    };
  },

  server_info(server) {
    const { ledger, validated } = server;
    const { baseFee, reserveBase, reserveIncrement } = ledger.settings;
    const xrp = (drops) => Number(drops) / 1e6;
    return {
      info: {
        ...common(server),
        validated_ledger: {
          age: Math.max(0, unixNow() - EPOCH - validated.time),
          base_fee_xrp: xrp(baseFee),
          hash: validated.hash,
          reserve_base_xrp: xrp(reserveBase),
          reserve_inc_xrp: xrp(reserveIncrement),
          seq: validated.index,
        },
      },
    };
  },

  server_state(server) {
    const { ledger, validated } = server;
    const { baseFee, reserveBase, reserveIncrement } = ledger.settings;
    return {
      state: {
        ...common(server),
        load_base: 256,
        validated_ledger: {
          base_fee: Number(baseFee),
          close_time: validated.time,
          hash: validated.hash,
          reserve_base: Number(reserveBase),
          reserve_inc: Number(reserveIncrement),
          seq: validated.index,
        },
      },
    };
  },

  ledger(server, { ledger_index: at = "validated" }) {
    const index = at === "validated" || at === "closed" ? server.validated.index : Number(at);
    if (!server.has(index)) throw new ApiError("lgrNotFound", 21, "ledgerNotFound");
    const { hash, parent, time } = server.ledger.closed.get(index);
    return {
      ledger: {
        close_time: time, closed: true, ledger_hash: hash, ledger_index: String(index), parent_hash: parent,
      },
      ledger_hash: hash,
      ledger_index: index,
      validated: true,
    };
  },

  // Of a server in stand-alone mode.
  ledger_accept(server) {
    server.ledger.close();
    return { ledger_current_index: server.ledger.current };
  },

  // The stand-in's own: a payment of the genesis account, in the next ledger.
  faucet(server, { account, drops }) {
    if (!isValidClassicAddress(account)) throw new ApiError("actMalformed", 35, "Account malformed.");
    const { result, hash } = server.ledger.fund(account, drops);
    return { engine_result: result, hash, genesis: GENESIS.address };
  },

  // The stand-in's own: flags of any account, as its owner would have set them.
  set_flags(server, { account, flags }) {
    const { ledger } = server;
    const value = flags.map((name) => FLAG[name]).reduce((sum, flag) => sum | flag, 0);
    for (const state of [ledger.newest.accounts, ledger.open]) existing(state, account, {}).flags = value;
    return {};
  },
};

function common(server) {
  return {
    build_version: "stand-in",
    complete_ledgers: server.complete,
    load_factor: 1,
    network_id: server.networkId,
    server_state: "full",
  };
}

function told(server, entry) {
  const { time, hash } = server.ledger.closed.get(entry.index);
  return {
    ...entry.tx,
    date: time,
    hash: entry.hash,
    inLedger: entry.index,
    ledger_hash: hash,
    ledger_index: entry.index,
    meta: entry.meta,
    validated: true,
  };
}

function stateAt(server, at = "current") {
  const { validated, ledger } = server;
  // A server that lags has an open ledger that lags as well: nothing in it.
  const newest = server.lag === 0 && at === "current";
  if (newest) return { state: ledger.open, ledger_current_index: validated.index + 1, validated: false };
  if (at !== "validated" && at !== "current") throw new ApiError("lgrNotFound", 21, "ledgerNotFound");
  return { state: validated.accounts, ledger_hash: validated.hash, ledger_index: validated.index, validated: true };
}

function existing(state, account, ledger) {
  if (!isValidClassicAddress(account ?? "")) throw new ApiError("actMalformed", 35, "Account malformed.", ledger);
  const data = state.get(account);
  if (!data) throw new ApiError("actNotFound", 19, "Account not found.", { account, ...ledger });
  return data;
}

function accountRoot(address, data) {
  return {
    Account: address,
    Balance: String(data.balance),
    Flags: data.flags,
    LedgerEntryType: "AccountRoot",
    OwnerCount: data.tickets.size,
    Sequence: data.sequence,
    ...(data.tickets.size > 0 ? { TicketCount: data.tickets.size } : {}),
  };
}

function flagsOf(data) {
  return Object.fromEntries(Object.entries(FLAG).map(([name, bit]) => [name, (data.flags & bit) !== 0]));
}

function everyOne(from, to, holds) {
  for (let index = from; index <= to; index++) if (!holds(index)) return false;
  return true;
}

function unixNow() {
  return Math.floor(Date.now() / 1000);
}
