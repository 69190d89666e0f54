// The ledger of the stand-in: accounts, tickets, and the rules of the real one that Bursar's payouts meet.
//
// Reading transactions, checking their form and signature, and hashing them is done by the official packages. The rules
// added here, after rippled's sources and the XRP Ledger's documentation:
//
//   order of tokens   tefPAST_SEQ, terPRE_SEQ (held for later ledgers), tefNO_TICKET, terPRE_TICKET, tefALREADY
//   validity          tefMAX_LEDGER, telWRONG_NETWORK, telREQUIRES_NETWORK_ID, telNETWORK_ID_MAKES_TX_NON_CANONICAL
//   fees              telINSUF_FEE_P, terINSUF_FEE_B, terQUEUED under an escalated fee, 25 % more to replace what is
//                     queued (telCAN_NOT_QUEUE_FEE); the fee is burnt by tes and tec alike
//   reserves          base and owner reserve, a ticket counts as an owned object; tecUNFUNDED_PAYMENT,
//                     tecNO_DST_INSUF_XRP, tecINSUFFICIENT_RESERVE, tecDIR_FULL (250 tickets)
//   recipients        tecDST_TAG_NEEDED, tecNO_PERMISSION (deposit authorisation); lsfDisallowXRP is advice only
//
// Not here: issued currencies, offers, escrows, regular keys, multi-signing, consensus (a ledger is validated as soon as
// it closes), and the order of transactions inside a ledger (here that of their arrival).
import { createHash } from "node:crypto";
import binary from "ripple-binary-codec";
import keypairs from "ripple-keypairs";
import { hashes, validate } from "xrpl";

export const GENESIS = {
  address: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
  seed: "snoPBrXtMeMyMHUVTgbuqAfg1SUTb", // of the published passphrase "masterpassphrase"
};
/// Seconds from the Unix epoch to the ledger's own.
export const EPOCH = 946684800;

export const FLAG = { requireDestinationTag: 0x00020000, disallowIncomingXRP: 0x00080000, depositAuth: 0x01000000 };
const BY_ASF = { 1: FLAG.requireDestinationTag, 3: FLAG.disallowIncomingXRP, 9: FLAG.depositAuth };

const ALL_DROPS = 10n ** 17n;
const MAX_TICKETS = 250;
const CURVE_HALF = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const FULLY_CANONICAL = 0x80000000;
const PARTIAL_PAYMENT = 0x00020000;
/// How many ledgers a transaction that came too early is kept.
const HELD_FOR = 20;

/// A refusal before the ledger's rules: `error` and `error_exception` of a JSON-RPC answer.
export class Invalid extends Error {}

export class Ledger {
  constructor({ networkId = 31337, baseFee = 10, reserveBase = 1_000_000, reserveIncrement = 200_000, first = 5 } = {}) {
    this.networkId = networkId;
    this.settings = { baseFee: BigInt(baseFee), reserveBase: BigInt(reserveBase), reserveIncrement: BigInt(reserveIncrement) };
    /// What an open place in the next ledger costs, and the least that servers relay.
    this.openFee = BigInt(baseFee);
    this.minimumFee = BigInt(baseFee);
    this.halted = false;
    /// Codes that the next transactions get at validation instead of success.
    this.tecs = [];
    /// How many submissions are taken with tesSUCCESS and then forgotten.
    this.drops = 0;
    /// Recipients whose payments are, too.
    this.forgotten = new Set();
    this.pending = []; // in the open ledger
    this.held = []; // came too early, or pay too little: { entry, until }
    this.closed = new Map(); // index -> { index, hash, parent, time, accounts, entries }
    this.found = new Map(); // txid -> entry, validated only
    const accounts = new Map([[GENESIS.address, account(ALL_DROPS, 1)]]);
    this.newest = { index: first, hash: sha512Half(`genesis ${first}`), parent: "0".repeat(64), time: now(), accounts, entries: [] };
    this.closed.set(first, this.newest);
    this.first = first;
    this.reopen();
  }

  /// The index of the ledger that is open.
  get current() {
    return this.newest.index + 1;
  }

  reopen() {
    this.open = cloned(this.newest.accounts);
  }

  reserve(owned) {
    return this.settings.reserveBase + this.settings.reserveIncrement * BigInt(owned);
  }

  /// Reads signed bytes as a server does before it applies any rule of the ledger.
  read(blob) {
    let tx;
    try {
      tx = binary.decode(blob);
      if (binary.encode(tx) !== blob.toUpperCase()) throw new Error("not the canonical encoding");
    } catch (error) {
      throw new Invalid(error.message);
    }
    if (!this.isSigned(tx)) throw new Invalid("fails local checks: Invalid signature.");
    return { tx, blob: blob.toUpperCase(), hash: hashes.hashSignedTx(blob), seen: this.current };
  }

  isSigned(tx) {
    const { TxnSignature, SigningPubKey, Flags = 0 } = tx;
    if (!TxnSignature || !SigningPubKey) return false;
    if (Flags & FULLY_CANONICAL && sOf(TxnSignature) > CURVE_HALF) return false;
    try {
      return keypairs.verify(binary.encodeForSigning(tx), TxnSignature, SigningPubKey);
    } catch {
      return false;
    }
  }

  /// Takes a transaction for the open ledger. Gives the engine's result.
  submit(entry) {
    if (this.found.has(entry.hash) || this.pending.some((other) => other.hash === entry.hash)) return "tefALREADY";
    if (this.held.some((other) => other.entry.hash === entry.hash)) return "terQUEUED";
    const early = this.check(this.open, entry.tx, this.current);
    if (early === "terPRE_SEQ" || early === "terPRE_TICKET") {
      this.hold(entry, HELD_FOR);
      return early;
    }
    if (early) return early;
    const fee = BigInt(entry.tx.Fee);
    if (fee < this.openFee) {
      const rival = this.held.findIndex((other) => sameToken(other.entry.tx, entry.tx));
      if (rival >= 0) {
        if (fee * 4n < BigInt(this.held[rival].entry.tx.Fee) * 5n) return "telCAN_NOT_QUEUE_FEE";
        this.held.splice(rival, 1);
      }
      this.hold(entry, HELD_FOR);
      return "terQUEUED";
    }
    if (this.forgotten.has(entry.tx.Destination)) return "tesSUCCESS";
    if (this.drops > 0) {
      this.drops -= 1;
      return "tesSUCCESS";
    }
    this.held = this.held.filter((other) => !sameToken(other.entry.tx, entry.tx));
    const { result } = this.apply(this.open, entry.tx, this.current);
    this.pending.push(entry);
    return result;
  }

  hold(entry, ledgers) {
    this.held.push({ entry, until: this.current + ledgers });
  }

  /// Why a transaction is not applied at all; nothing if it will be, with tes or tec.
  check(accounts, tx, index) {
    const network = this.networkId > 1024 ? this.networkId : undefined;
    if (network === undefined && tx.NetworkID !== undefined) return "telNETWORK_ID_MAKES_TX_NON_CANONICAL";
    if (network !== undefined && tx.NetworkID === undefined) return "telREQUIRES_NETWORK_ID";
    if (tx.NetworkID !== network) return "telWRONG_NETWORK";
    const malformed = this.malformed(tx);
    if (malformed) return malformed;
    if (BigInt(tx.Fee) < this.minimumFee) return "telINSUF_FEE_P";
    const payer = accounts.get(tx.Account);
    if (!payer) return "terNO_ACCOUNT";
    if (keypairs.deriveAddress(tx.SigningPubKey) !== tx.Account) return "tefBAD_AUTH";
    if (tx.TicketSequence !== undefined) {
      if (tx.Sequence !== 0) return "temSEQ_AND_TICKET";
      if (tx.TicketSequence >= payer.sequence) return "terPRE_TICKET";
      if (!payer.tickets.has(tx.TicketSequence)) return "tefNO_TICKET";
    } else {
      if (tx.Sequence < payer.sequence) return "tefPAST_SEQ";
      if (tx.Sequence > payer.sequence) return "terPRE_SEQ";
    }
    if (tx.LastLedgerSequence !== undefined && tx.LastLedgerSequence < index) return "tefMAX_LEDGER";
    if (BigInt(tx.Fee) > payer.balance) return "terINSUF_FEE_B";
    return undefined;
  }

  malformed(tx) {
    try {
      validate({ ...tx });
    } catch {
      return "temMALFORMED";
    }
    switch (tx.TransactionType) {
      case "Payment":
        if (typeof tx.Amount !== "string" || tx.SendMax !== undefined || tx.Paths !== undefined) return "temDISABLED";
        if ((tx.Flags ?? 0) & PARTIAL_PAYMENT) return "temBAD_SEND_XRP_PARTIAL";
        if (BigInt(tx.Amount) <= 0n) return "temBAD_AMOUNT";
        return tx.Account === tx.Destination ? "temREDUNDANT" : undefined;
      case "TicketCreate":
        return tx.TicketCount >= 1 && tx.TicketCount <= MAX_TICKETS ? undefined : "temINVALID_COUNT";
      case "AccountSet": {
        const { SetFlag: set = 0, ClearFlag: clear = 0 } = tx;
        if (set !== 0 && set === clear) return "temINVALID_FLAG";
        return [set, clear].every((flag) => flag === 0 || BY_ASF[flag]) ? undefined : "temDISABLED";
      }
      default:
        return "temDISABLED"; // not a transaction that the stand-in knows
    }
  }

  /// Applies a transaction that `check` lets through: the token is spent and the fee burnt, whatever the result is.
  apply(accounts, tx, index, forced) {
    const payer = accounts.get(tx.Account);
    const before = payer.balance;
    payer.balance -= BigInt(tx.Fee);
    if (tx.TicketSequence === undefined) payer.sequence += 1;
    else payer.tickets.delete(tx.TicketSequence);
    if (forced) return { result: forced };
    switch (tx.TransactionType) {
      case "Payment":
        return this.pay(accounts, payer, before, tx, index);
      case "TicketCreate":
        return this.createTickets(payer, before, tx);
      default:
        payer.flags = (payer.flags | (BY_ASF[tx.SetFlag] ?? 0)) & ~(BY_ASF[tx.ClearFlag] ?? 0);
        return { result: "tesSUCCESS" };
    }
  }

  pay(accounts, payer, before, tx, index) {
    const amount = BigInt(tx.Amount);
    const recipient = accounts.get(tx.Destination);
    if (!recipient && amount < this.settings.reserveBase) return { result: "tecNO_DST_INSUF_XRP" };
    if (recipient && recipient.flags & FLAG.requireDestinationTag && tx.DestinationTag === undefined) {
      return { result: "tecDST_TAG_NEEDED" };
    }
    // A ticket that is spent frees its reserve only afterwards.
    const owned = payer.tickets.size + (tx.TicketSequence === undefined ? 0 : 1);
    const kept = [this.reserve(owned), BigInt(tx.Fee)].reduce((a, b) => (a > b ? a : b));
    if (before < amount + kept) return { result: "tecUNFUNDED_PAYMENT" };
    const small = recipient && amount <= this.settings.reserveBase && recipient.balance <= this.settings.reserveBase;
    if (recipient && recipient.flags & FLAG.depositAuth && !small) return { result: "tecNO_PERMISSION" };
    payer.balance -= amount;
    if (recipient) recipient.balance += amount;
    else accounts.set(tx.Destination, account(amount, index));
    return { result: "tesSUCCESS", delivered: tx.Amount };
  }

  createTickets(payer, before, tx) {
    const wanted = payer.tickets.size + tx.TicketCount;
    if (wanted > MAX_TICKETS) return { result: "tecDIR_FULL" };
    if (before < this.reserve(wanted)) return { result: "tecINSUFFICIENT_RESERVE" };
    for (let number = 0; number < tx.TicketCount; number++) payer.tickets.add(payer.sequence + number);
    payer.sequence += tx.TicketCount;
    return { result: "tesSUCCESS" };
  }

  /// Closes and validates the open ledger.
  close() {
    const index = this.current;
    const accounts = cloned(this.newest.accounts);
    const entries = [];
    const early = this.held.map(({ entry, until }) => ({ entry, until }));
    this.held = [];
    const offered = [...this.pending.map((entry) => ({ entry, until: index + HELD_FOR })), ...early];
    this.pending = [];
    for (let again = true; again; ) {
      again = false;
      for (const offer of offered.splice(0)) {
        const { entry, until } = offer;
        if (BigInt(entry.tx.Fee) < this.openFee && early.includes(offer)) {
          if (until > index && !this.check(accounts, entry.tx, index)) this.held.push(offer);
          continue;
        }
        const refused = this.check(accounts, entry.tx, index);
        if (refused?.startsWith("terPRE_")) offered.push(offer);
        if (refused) continue;
        const forced = entry.tx.Account !== GENESIS.address ? this.tecs.shift() : undefined;
        const { result, delivered } = this.apply(accounts, entry.tx, index, forced);
        const meta = { AffectedNodes: [], TransactionIndex: entries.length, TransactionResult: result };
        if (delivered !== undefined) meta.delivered_amount = delivered;
        entries.push({ ...entry, meta, index });
        again = true; // its account's next one may fit now
      }
    }
    for (const offer of offered) {
      if (offer.until > index && !(offer.entry.tx.LastLedgerSequence <= index)) this.held.push(offer);
    }
    const { hash: parent, time } = this.newest;
    const hash = sha512Half([index, parent, ...entries.map((entry) => entry.hash)].join(" "));
    this.newest = { index, hash, parent, time: Math.max(time, now()), accounts, entries };
    this.closed.set(index, this.newest);
    for (const entry of entries) this.found.set(entry.hash, entry);
    this.closed.get(index - 512)?.accounts.clear(); // only servers that lag look at old states, and not that old ones
    this.reopen();
    return index;
  }

  /// A payment of the genesis account, signed like any other.
  fund(destination, drops) {
    const { privateKey, publicKey } = keypairs.deriveKeypair(GENESIS.seed);
    const tx = {
      TransactionType: "Payment",
      Account: GENESIS.address,
      Destination: destination,
      Amount: String(drops),
      Fee: String(this.openFee),
      Sequence: this.open.get(GENESIS.address).sequence,
      LastLedgerSequence: this.current + 20,
      SigningPubKey: publicKey,
      ...(this.networkId > 1024 ? { NetworkID: this.networkId } : {}),
    };
    tx.TxnSignature = keypairs.sign(binary.encodeForSigning(tx), privateKey);
    const entry = this.read(binary.encode(tx));
    return { result: this.submit(entry), hash: entry.hash };
  }
}

function account(balance, sequence) {
  return { balance, sequence, flags: 0, tickets: new Set() };
}

function cloned(accounts) {
  return new Map([...accounts].map(([address, one]) => [address, { ...one, tickets: new Set(one.tickets) }]));
}

function tokenOf(tx) {
  return tx.TicketSequence === undefined ? `sequence:${tx.Sequence}` : `ticket:${tx.TicketSequence}`;
}

function sameToken(one, other) {
  return one.Account === other.Account && tokenOf(one) === tokenOf(other);
}

/// The second integer of a DER signature.
function sOf(signature) {
  const der = Buffer.from(signature, "hex");
  const rLength = der[3];
  const s = der.subarray(4 + rLength + 2);
  return BigInt(`0x${s.toString("hex") || "0"}`);
}

function sha512Half(text) {
  return createHash("sha512").update(text).digest("hex").slice(0, 64).toUpperCase();
}

function now() {
  return Math.floor(Date.now() / 1000) - EPOCH;
}
