// The stand-in does what its header says.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { start } from "../server.mjs";
import { Wallet } from "../wallet.mjs";

let running;
let payer;
let payee;
const url = () => running.urls[0];

before(async () => {
  running = await start({ closeMs: 0, servers: 2 });
});
after(() => running.stop());
beforeEach(async () => {
  const fresh = () => new Wallet(url()).funded();
  [payer, payee] = [await fresh(), await fresh()];
});

test("a payment is pending, then validated with what it delivered, and its fee is burnt", async () => {
  const { hash, engine_result } = await payer.pay(payee.address, 1_100_000, { DestinationTag: 123 });
  assert.equal(engine_result, "tesSUCCESS");
  assert.equal((await payer.tx(hash)).validated, false);
  await payer.close();
  const { validated, meta, DestinationTag, ledger_index } = await payer.tx(hash);
  assert.deepEqual([validated, meta.TransactionResult, meta.delivered_amount, DestinationTag], [true, "tesSUCCESS", "1100000", 123]);
  assert.equal((await payer.ask("ledger", { ledger_index })).ledger_index, ledger_index);
  assert.equal((await payer.info()).Balance, String(1_000_000_000 - 1_100_000 - 10));
  assert.equal((await payee.info()).Balance, String(1_000_000_000 + 1_100_000));
});

test("the same bytes again are tefALREADY, another payment of the number is tefPAST_SEQ, a later one waits", async () => {
  const first = await payer.pay(payee.address, 1);
  assert.equal((await payer.ask("submit", { tx_blob: first.blob })).engine_result, "tefALREADY");
  await payer.close();
  assert.equal((await payer.ask("submit", { tx_blob: first.blob })).engine_result, "tefALREADY");
  const { Sequence } = await payer.info();
  assert.equal((await payer.pay(payee.address, 2, { Sequence: Sequence - 1 })).engine_result, "tefPAST_SEQ");
  const early = await payer.pay(payee.address, 3, { Sequence: Sequence + 1 });
  assert.equal(early.engine_result, "terPRE_SEQ");
  await payer.close();
  assert.equal((await payer.tx(early.hash)).validated, false);
  await payer.pay(payee.address, 4, { Sequence });
  await payer.close();
  assert.equal((await payer.tx(early.hash)).validated, true);
});

test("tickets pay in any order, once, and count for the reserve", async () => {
  const { Sequence } = await payer.info();
  await payer.send({ TransactionType: "TicketCreate", TicketCount: 3 });
  await payer.close();
  const { OwnerCount, Sequence: next } = await payer.info();
  assert.deepEqual([OwnerCount, next], [3, Sequence + 4]);
  const { account_objects } = await payer.ask("account_objects", { account: payer.address, type: "ticket", ledger_index: "validated" });
  const tickets = account_objects.map((ticket) => ticket.TicketSequence);
  assert.deepEqual(tickets, [Sequence + 1, Sequence + 2, Sequence + 3]);
  const by = (TicketSequence) => payer.pay(payee.address, 5, { TicketSequence });
  assert.equal((await by(tickets[2])).engine_result, "tesSUCCESS");
  assert.equal((await by(tickets[0])).engine_result, "tesSUCCESS");
  assert.equal((await payer.pay(payee.address, 6, { TicketSequence: tickets[0] })).engine_result, "tefNO_TICKET");
  assert.equal((await by(next + 5)).engine_result, "terPRE_TICKET");
  await payer.close();
  assert.equal((await payer.info()).OwnerCount, 1);
  const many = await payer.send({ TransactionType: "TicketCreate", TicketCount: 250 });
  assert.equal(many.engine_result, "tecDIR_FULL");
});

test("what comes after its last ledger is tefMAX_LEDGER, and is found nowhere", async () => {
  const { state } = await payer.ask("server_state");
  const seq = state.validated_ledger.seq;
  const { blob, hash } = await payer.signed({ Destination: payee.address, Amount: "1", LastLedgerSequence: seq + 1 });
  await payer.close();
  assert.equal((await payer.ask("submit", { tx_blob: blob })).engine_result, "tefMAX_LEDGER");
  const { error, searched_all } = await payer.tx(hash, { min_ledger: seq, max_ledger: seq + 1 });
  assert.deepEqual([error, searched_all], ["txnNotFound", true]);
  assert.equal((await payer.tx(hash, { min_ledger: seq, max_ledger: seq + 2 })).searched_all, false);
  assert.equal((await payer.tx(hash, { min_ledger: 9, max_ledger: 1 })).error, "invalidLgrRange");
});

test("recipients that can't be paid cost a fee and a number", async () => {
  const stranger = new Wallet(url());
  const expected = [];
  const pay = async (to, drops, code, more) => expected.push([(await payer.pay(to, drops, more)).hash, code]) && payer.close();
  await pay(stranger.address, 999_999, "tecNO_DST_INSUF_XRP");
  await payer.ask("set_flags", { account: payee.address, flags: ["requireDestinationTag"] });
  await pay(payee.address, 1, "tecDST_TAG_NEEDED");
  await pay(payee.address, 1, "tesSUCCESS", { DestinationTag: 0 });
  await payer.ask("set_flags", { account: payee.address, flags: ["depositAuth"] });
  await pay(payee.address, 1, "tecNO_PERMISSION");
  await payer.ask("set_flags", { account: payee.address, flags: ["disallowIncomingXRP"] });
  await pay(payee.address, 1, "tesSUCCESS");
  await pay(payee.address, 999_500_000, "tecUNFUNDED_PAYMENT");
  await pay(stranger.address, 1_000_000, "tesSUCCESS");
  for (const [hash, code] of expected) assert.equal((await payer.tx(hash)).meta.TransactionResult, code);
  assert.equal((await payer.info()).Balance, String(1_000_000_000 - 7 * 10 - 2 - 1_000_000));
  assert.equal((await payer.info(stranger.address)).Balance, "1000000");
});

test("bytes that are changed, of another network or unsigned are refused", async () => {
  const { blob } = await payer.signed({ Destination: payee.address, Amount: "1" });
  const changed = blob.replace(/6140000000000000../, "614000000000000009");
  assert.equal((await payer.ask("submit", { tx_blob: changed })).error, "invalidTransaction");
  assert.equal((await payer.ask("submit", { tx_blob: "00" })).error, "invalidTransaction");
  assert.equal((await payer.pay(payee.address, 1, { NetworkID: 31338 })).engine_result, "telWRONG_NETWORK");
  assert.equal((await payer.pay(payee.address, 1, { NetworkID: undefined })).engine_result, "telREQUIRES_NETWORK_ID");
  assert.equal((await payer.pay(payee.address, 1, { Fee: "9" })).engine_result, "telINSUF_FEE_P");
  assert.equal((await payer.pay(payee.address, 1, { Flags: 0x00020000 })).engine_result, "temBAD_SEND_XRP_PARTIAL");
  const other = new Wallet(url());
  const forged = await other.signed({ Destination: payee.address, Amount: "1", Account: payer.address, Sequence: 1 }).catch(() => null);
  assert.equal(forged, null); // an account that does not exist has no number
});

test("under an escalated fee a payment is queued until somebody offers more", async () => {
  await payer.faults({ open_fee: 1000 });
  const cheap = await payer.pay(payee.address, 1);
  assert.equal(cheap.engine_result, "terQUEUED");
  assert.equal((await payer.ask("fee")).drops.open_ledger_fee, "1000");
  await payer.close();
  assert.equal((await payer.tx(cheap.hash)).validated, false);
  assert.equal((await payer.pay(payee.address, 1, { Fee: "12" })).engine_result, "telCAN_NOT_QUEUE_FEE");
  const dear = await payer.pay(payee.address, 1, { Fee: "1000" });
  assert.equal(dear.engine_result, "tesSUCCESS");
  await payer.close();
  assert.equal((await payer.tx(dear.hash)).validated, true);
  assert.equal((await payer.tx(cheap.hash)).error, "txnNotFound");
  await payer.faults({ open_fee: null });
});

test("the answer to a submission can be lost after it was applied", async () => {
  await payer.faults({ answer_lost: 1 });
  const { blob, hash } = await payer.signed({ Destination: payee.address, Amount: "1" });
  await assert.rejects(payer.ask("submit", { tx_blob: blob }));
  await payer.close();
  assert.equal((await payer.tx(hash)).validated, true);
});

test("payments to a recipient can be forgotten as often as they are sent", async () => {
  await payer.faults({ forget: [payee.address] });
  const lost = await payer.pay(payee.address, 1);
  assert.equal(lost.engine_result, "tesSUCCESS");
  await payer.close();
  assert.equal((await payer.tx(lost.hash)).error, "txnNotFound");
  assert.equal((await payer.ask("submit", { tx_blob: lost.blob })).engine_result, "tesSUCCESS");
  await payer.close();
  assert.equal((await payer.tx(lost.hash)).error, "txnNotFound");
  await payer.faults({ forget: null });
  assert.equal((await payer.ask("submit", { tx_blob: lost.blob })).engine_result, "tesSUCCESS");
  await payer.close();
  assert.equal((await payer.tx(lost.hash)).validated, true);
});

test("a payment can be taken with tesSUCCESS and forgotten, and sent again", async () => {
  await payer.faults({ drop: 1 });
  const { blob, hash, engine_result } = await payer.pay(payee.address, 1);
  assert.equal(engine_result, "tesSUCCESS");
  await payer.close();
  assert.equal((await payer.tx(hash)).error, "txnNotFound");
  assert.equal((await payer.ask("submit", { tx_blob: blob })).engine_result, "tesSUCCESS");
  await payer.close();
  assert.equal((await payer.tx(hash)).validated, true);
});

test("validation can end with another result than the open ledger had", async () => {
  await payer.faults({ tec: ["tecPATH_DRY"] });
  const { hash, engine_result } = await payer.pay(payee.address, 1);
  assert.equal(engine_result, "tesSUCCESS");
  await payer.close();
  const { meta } = await payer.tx(hash);
  assert.deepEqual([meta.TransactionResult, meta.delivered_amount], ["tecPATH_DRY", undefined]);
});

test("one server may lack history, lag, be elsewhere, hang or lie while the other does not", async () => {
  const { hash } = await payer.pay(payee.address, 1);
  await payer.close();
  const { ledger_index: at } = await payer.tx(hash);
  const range = { min_ledger: at, max_ledger: at };
  const other = running.urls[1];
  const there = async () => (await payer.ask("tx", { transaction: hash, ...range }, other)).validated;
  await payer.faults({ gap: [at, at] });
  const gone = await payer.tx(hash, range);
  assert.deepEqual([gone.error, gone.searched_all, await there()], ["txnNotFound", false, true]);
  assert.match((await payer.ask("server_info")).info.complete_ledgers, /^\d+-\d+$/);
  await payer.faults({ gap: null, lag: 1 });
  assert.equal((await payer.ask("server_state")).state.validated_ledger.seq, at - 1);
  assert.notEqual((await payer.tx(hash)).validated, true);
  await payer.faults({ lag: null, network_id: 1, lie: "not_found" });
  assert.equal((await payer.ask("server_info")).info.network_id, 1);
  assert.deepEqual([(await payer.tx(hash, range)).searched_all, await there()], [true, true]);
  await payer.faults({ network_id: null, lie: "paid", drop: 0 });
  const { hash: pending } = await payer.pay(payee.address, 2);
  assert.equal((await payer.tx(pending)).meta.TransactionResult, "tesSUCCESS");
  await payer.faults({ lie: null, hang: ["fee"] });
  const slow = payer.ask("fee").then(() => "answered");
  assert.equal(await Promise.race([slow, new Promise((resolve) => setTimeout(resolve, 200, "hangs"))]), "hangs");
  await payer.faults({ hang: null });
});

test("an account's history is told newest first, in pages", async () => {
  const { Sequence } = await payer.info();
  for (let i = 0; i < 3; i++) await payer.pay(payee.address, 10 + i, { Sequence: Sequence + i });
  await payer.close();
  const page = (more) => payer.ask("account_tx", { account: payer.address, limit: 2, ...more });
  const first = await page();
  const second = await page({ marker: first.marker });
  const amounts = [...first.transactions, ...second.transactions].map(({ tx }) => tx.Amount);
  assert.deepEqual(amounts, ["12", "11", "10", "1000000000"]);
});
