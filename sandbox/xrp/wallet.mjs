// A key and its account on a stand-in, for the tests in test/.
import binary from "ripple-binary-codec";
import keypairs from "ripple-keypairs";
import { hashes } from "xrpl";

export class Wallet {
  constructor(url, networkId = 31337) {
    this.url = url;
    this.networkId = networkId;
    Object.assign(this, keypairs.deriveKeypair(keypairs.generateSeed({ algorithm: "ecdsa-secp256k1" })));
    this.address = keypairs.deriveAddress(this.publicKey);
  }

  async ask(method, params = {}, url = this.url) {
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ method, params: [params] }) });
    return (await response.json()).result;
  }

  async faults(changes, url = this.url) {
    const response = await fetch(`${url}/faults`, { method: "POST", body: JSON.stringify(changes) });
    if (!response.ok) throw new Error(await response.text());
  }

  async funded(drops = 1_000_000_000) {
    await this.ask("faucet", { account: this.address, drops: String(drops) });
    await this.close();
    return this;
  }

  close() {
    return this.ask("ledger_accept");
  }

  async info(account = this.address) {
    return (await this.ask("account_info", { account, ledger_index: "validated" })).account_data;
  }

  async signed(fields) {
    const { Sequence } = await this.info();
    const { state } = await this.ask("server_state");
    const tx = {
      TransactionType: "Payment", Account: this.address, Fee: "10", Sequence, Flags: 0x80000000,
      LastLedgerSequence: state.validated_ledger.seq + 20, SigningPubKey: this.publicKey,
      ...(this.networkId > 1024 ? { NetworkID: this.networkId } : {}),
      ...fields,
    };
    if (tx.TicketSequence !== undefined) tx.Sequence = 0;
    for (const name of Object.keys(tx)) if (tx[name] === undefined) delete tx[name];
    tx.TxnSignature = keypairs.sign(binary.encodeForSigning(tx), this.privateKey);
    const blob = binary.encode(tx);
    return { tx, blob, hash: hashes.hashSignedTx(blob) };
  }

  async send(fields) {
    const { blob, hash } = await this.signed(fields);
    const { engine_result } = await this.ask("submit", { tx_blob: blob });
    return { blob, hash, engine_result };
  }

  pay(Destination, Amount, more = {}) {
    return this.send({ Destination, Amount: String(Amount), ...more });
  }

  tx(transaction, more = {}) {
    return this.ask("tx", { transaction, ...more });
  }
}
