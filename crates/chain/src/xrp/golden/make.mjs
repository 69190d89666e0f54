// Writes xrpl.json: what xrpl.js (ripple-binary-codec, ripple-keypairs, ripple-address-codec) makes of transactions,
// keys and addresses, for our code to come out equal with. Nothing of ours takes part. Everything is fixed, so that it
// writes the same file every time:
//
//   cd sandbox/xrp && npm ci && node ../../crates/chain/src/xrp/golden/make.mjs > ../../crates/chain/src/xrp/golden/xrpl.json
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
const require = createRequire(`${process.cwd()}/`);
const binary = require("ripple-binary-codec");
const keypairs = require("ripple-keypairs");
const { classicAddressToXAddress } = require("ripple-address-codec");
const { hashes, validate } = require("xrpl");
const version = require("xrpl/package.json").version;

const hash = (text) => createHash("sha512").update(text).digest();
const number = (name, bits) => BigInt(`0x${hash(name).toString("hex")}`) >> BigInt(512 - bits);
const pair = (name) => keypairs.deriveKeypair(keypairs.generateSeed({ entropy: hash(name).subarray(0, 16), algorithm: "ecdsa-secp256k1" }));
const someone = (name) => keypairs.deriveAddress(pair(name).publicKey);
const ALL = 10n ** 17n;

const asked = [
  { name: "the vendor's example", network: 0, ticket: 77, tag: 123, to: "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc", drops: 1_100_000n, fee: 12n, last: 90_000_123 },
  { name: "no tag", network: 0, sequence: 1, to: someone("a"), drops: 1n, fee: 10n, last: 7 },
  { name: "tag zero", network: 1, sequence: 2, tag: 0, to: someone("b"), drops: 25_000_000n, fee: 10n, last: 8 },
  { name: "everything at its largest", network: 2 ** 32 - 1, ticket: 2 ** 32 - 1, tag: 2 ** 32 - 2, to: someone("c"), drops: ALL, fee: ALL, last: 2 ** 32 - 1 },
  { name: "the first network that is named", network: 1025, sequence: 3, tag: 1, to: someone("d"), drops: 255n, fee: 11n, last: 256 },
  { name: "the last network that is not", network: 1024, sequence: 4, tag: 1, to: someone("d"), drops: 256n, fee: 11n, last: 257 },
  { name: "the account of one", network: 0, sequence: 5, to: "rrrrrrrrrrrrrrrrrrrrBZbvji", drops: 65_536n, fee: 11n, last: 65_536 },
  { name: "void by sequence", network: 31337, sequence: 9, act: "nothing", fee: 15n, last: 100 },
  { name: "void by ticket", network: 0, ticket: 10, act: "nothing", fee: 15n, last: 100 },
  { name: "ten tickets", network: 31337, sequence: 11, act: "tickets", count: 10, fee: 12n, last: 101 },
  { name: "250 tickets by ticket", network: 2, ticket: 12, act: "tickets", count: 250, fee: 12n, last: 102 },
  ...[["require_dest", 1], ["disallow_xrp", 3], ["deposit_auth", 9]].flatMap(([flag, asf]) => [
    { name: `set ${flag}`, network: 31337, sequence: 20 + asf, act: "set", flag, asf, fee: 12n, last: 103 },
    { name: `clear ${flag}`, network: 0, ticket: 40 + asf, act: "clear", flag, asf, fee: 12n, last: 104 },
  ]),
];
for (let i = 0; i < 32; i++) {
  const n = (name, bits) => number(`${i} ${name}`, bits);
  const one = { name: `drawn ${i}`, network: Number(n("network", 1 + i)), to: someone(`drawn ${i}`), drops: 1n + n("drops", 4 + (3 * i) / 2 | 0), fee: 1n + n("fee", 3 + i), last: 1 + Number(n("last", 1 + (i % 31))) };
  one[i % 2 ? "ticket" : "sequence"] = 1 + Number(n("token", 1 + (i % 31)));
  if (i % 3) one.tag = Number(n("tag", 1 + (i % 32)));
  if (one.tag === 2 ** 32 - 1) one.tag -= 1;
  asked.push(one);
}

const transactions = asked.map((one, i) => {
  const { publicKey, privateKey } = pair(`golden ${i}`);
  const account = keypairs.deriveAddress(publicKey);
  const kinds = { nothing: "AccountSet", set: "AccountSet", clear: "AccountSet", tickets: "TicketCreate" };
  const tx = {
    TransactionType: kinds[one.act] ?? "Payment",
    Account: account,
    Flags: 0x80000000,
    Fee: String(one.fee),
    Sequence: one.sequence ?? 0,
    LastLedgerSequence: one.last,
    SigningPubKey: publicKey,
  };
  if (one.network > 1024) tx.NetworkID = one.network;
  if (one.ticket !== undefined) tx.TicketSequence = one.ticket;
  if (one.act === "set") tx.SetFlag = one.asf;
  if (one.act === "clear") tx.ClearFlag = one.asf;
  if (one.act === "tickets") tx.TicketCount = one.count;
  if (!one.act) {
    Object.assign(tx, { Destination: one.to, Amount: String(one.drops) });
    if (one.tag !== undefined) tx.DestinationTag = one.tag;
  }
  validate({ ...tx });
  const unsigned = binary.encode(tx);
  const signing = binary.encodeForSigning(tx);
  if (signing !== `53545800${unsigned}`) throw new Error("not what is signed");
  const digest = createHash("sha512").update(Buffer.from(signing, "hex")).digest("hex").slice(0, 64);
  tx.TxnSignature = keypairs.sign(signing, privateKey);
  if (!keypairs.verify(signing, tx.TxnSignature, publicKey)) throw new Error("not its own signature");
  const signed = binary.encode(tx);
  const der = Buffer.from(tx.TxnSignature, "hex");
  const r = der.subarray(4, 4 + der[3]);
  const s = der.subarray(4 + der[3] + 2);
  const scalar = (bytes) => bytes.toString("hex").padStart(64, "0").slice(-64);
  return {
    name: one.name,
    network: String(one.network),
    token: one.ticket === undefined ? `sequence:${one.sequence}` : `ticket:${one.ticket}`,
    act: one.act ?? "pay", to: one.to ?? null, tag: one.tag ?? null, drops: one.drops === undefined ? null : String(one.drops),
    flag: one.flag ?? null, count: one.count ?? null,
    fee: String(one.fee), last_ledger: one.last,
    account, public_key: publicKey,
    unsigned, digest, r: scalar(r), s: scalar(s), signed, txid: hashes.hashSignedTx(signed),
  };
});

const addresses = [0, 1, 2, 3, 4, 5].map((n) => {
  const classic = someone(`address ${n}`);
  const tag = [false, 0, 1, 65536, 4294967294, false][n];
  return {
    classic, tag: tag === false ? null : tag,
    main: classicAddressToXAddress(classic, tag, false), test: classicAddressToXAddress(classic, tag, true),
  };
});

const made = `by src/xrp/golden/make.mjs with xrpl ${version}; not by Bursar`;
console.log(JSON.stringify({ made, transactions, addresses }, null, 1));
