// What xrpl.js, the ledger's official JavaScript library, makes of transactions, for our code to come out equal with.
// Nothing of ours takes part.
//
//   node oracle.mjs <transactions.jsonl >answers.jsonl
//
// A line in: {"key", "network", "sequence", "ticket", "last_ledger", "fee", "kind", "to", "tag", "amount", "set_flag",
// "clear_flag", "count"}. key is a secret key in hexadecimal, fee and amount are drops as decimal strings, all others
// but to and kind are numbers; what a transaction does not have is null. kind is a TransactionType.
// A line out: {"account", "public_key", "unsigned", "digest", "signed", "signature", "txid"} in upper-case hexadecimal,
// but for the account.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import binary from "ripple-binary-codec";
import keypairs from "ripple-keypairs";
import { hashes, validate } from "xrpl";

/// tfFullyCanonicalSig: the one flag that Bursar sets.
const FLAGS = 0x80000000;

export function answer(asked) {
  const publicKey = Buffer.from(secp256k1.getPublicKey(Buffer.from(asked.key, "hex"), true)).toString("hex").toUpperCase();
  const tx = {
    TransactionType: asked.kind,
    Account: keypairs.deriveAddress(publicKey),
    NetworkID: asked.network > 1024 ? asked.network : null,
    Flags: FLAGS,
    Sequence: asked.sequence ?? 0,
    TicketSequence: asked.ticket,
    LastLedgerSequence: asked.last_ledger,
    Fee: asked.fee,
    SigningPubKey: publicKey,
    Destination: asked.to,
    DestinationTag: asked.tag,
    Amount: asked.amount,
    SetFlag: asked.set_flag,
    ClearFlag: asked.clear_flag,
    TicketCount: asked.count,
  };
  for (const [name, value] of Object.entries(tx)) if (value === null) delete tx[name];
  validate({ ...tx });
  const signing = binary.encodeForSigning(tx);
  const unsigned = binary.encode(tx);
  const signature = keypairs.sign(signing, `00${asked.key}`.toUpperCase());
  const signed = binary.encode({ ...tx, TxnSignature: signature });
  return {
    account: tx.Account,
    public_key: publicKey,
    unsigned,
    digest: createHash("sha512").update(Buffer.from(signing, "hex")).digest("hex").slice(0, 64).toUpperCase(),
    signed,
    signature,
    txid: hashes.hashSignedTx(signed),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
