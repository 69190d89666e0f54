// Writes ethers.json: what ethers 6 makes of transactions, keys, paths and logs, for our code to come out equal with.
// Nothing of ours takes part. Everything is fixed, so that it writes the same file every time:
//
//   npm install ethers@6 --prefix /tmp/ethers && NODE_PATH=/tmp/ethers/node_modules node make.mjs > ethers.json
import { createRequire } from "node:module";
const { ethers, version } = createRequire(import.meta.url)("ethers");

const coder = new ethers.Interface([
  "function transfer(address to, uint256 amount) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);
const key = (n) => ethers.keccak256(ethers.toUtf8Bytes(`golden key ${n}`));
const someone = (n) => ethers.computeAddress(key(`someone ${n}`));
// A number of `bits` bits at most that depends on `name` alone.
const number = (name, bits) => BigInt(ethers.id(`number ${name}`)) >> BigInt(256 - bits);

const USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7";
const USDT_BSC = "0x55d398326f99059ff775485246999027b3197955";
const MAX_256 = (1n << 256n) - 1n;
const MAX_128 = (1n << 128n) - 1n;
const MAX_64 = (1n << 64n) - 1n;
const gwei = 1_000_000_000n;

const asked = [
  { name: "ether on mainnet", chain_id: 1n, nonce: 7n, to: someone(1), amount: 1_100_000_000_000_000_000n, gas_limit: 21_000n, max_fee: 30n * gwei, tip: 2n * gwei },
  { name: "the first transaction of an account", chain_id: 31337n, nonce: 0n, to: someone(2), amount: 1n, gas_limit: 21_000n, max_fee: 2n * gwei, tip: 1n * gwei },
  { name: "no tip", chain_id: 10n, nonce: 1n, to: someone(3), amount: 127n, gas_limit: 21_001n, max_fee: 1n, tip: 0n },
  { name: "free of charge", chain_id: 31337n, nonce: 128n, to: someone(4), amount: 128n, gas_limit: 60_000n, max_fee: 0n, tip: 0n },
  { name: "USDT on mainnet", chain_id: 1n, nonce: 255n, to: someone(5), token: USDT, amount: 1_500_000n, gas_limit: 65_000n, max_fee: 45n * gwei, tip: gwei },
  { name: "legacy BNB", chain_id: 56n, nonce: 256n, to: someone(6), amount: 10n ** 16n, gas_limit: 21_000n, gas_price: 3n * gwei },
  { name: "legacy USDT on BSC", chain_id: 56n, nonce: 65_536n, to: someone(7), token: USDT_BSC, amount: 25n * 10n ** 18n, gas_limit: 80_000n, gas_price: 5n * gwei },
  { name: "legacy on a chain with a large id", chain_id: 2n ** 40n + 1n, nonce: 3n, to: someone(8), amount: 5n, gas_limit: 21_000n, gas_price: 7n },
  { name: "everything at its largest", chain_id: 2n ** 53n - 1n, nonce: 2n ** 53n - 1n, to: someone(9), token: USDT, amount: MAX_256, gas_limit: MAX_64, max_fee: MAX_128, tip: MAX_128 },
  { name: "legacy with everything at its largest", chain_id: 2n ** 51n, nonce: 2n ** 53n - 1n, to: someone(10), amount: MAX_256, gas_limit: MAX_64, gas_price: MAX_128 },
  { name: "a recipient that begins with zeros", chain_id: 137n, nonce: 9n, to: "0x00000000219ab540356cBB839Cbe05303d7705Fa", token: USDT, amount: 256n, gas_limit: 70_000n, max_fee: 200n * gwei, tip: 30n * gwei },
  { name: "void", chain_id: 1n, nonce: 11n, to: "self", amount: 0n, gas_limit: 21_000n, max_fee: 60n * gwei, tip: 4n * gwei },
  { name: "legacy void", chain_id: 56n, nonce: 12n, to: "self", amount: 0n, gas_limit: 21_000n, gas_price: 6n * gwei },
];
for (let i = 0; i < 24; i++) {
  const n = (name, bits) => number(`${i} ${name}`, bits);
  const one = {
    name: `drawn ${i}`, chain_id: 1n + n("chain", 4 + i), nonce: n("nonce", 2 + 2 * i), to: someone(`drawn ${i}`),
    amount: 1n + n("amount", 8 + 9 * i), gas_limit: n("gas", 16 + i),
  };
  if (i % 2) one.token = someone(`token ${i}`).toLowerCase();
  if (i % 3) { one.tip = n("tip", 20 + 3 * i); one.max_fee = one.tip + n("fee", 40); } else one.gas_price = n("price", 20 + 3 * i);
  asked.push(one);
}

const transactions = asked.map((one, i) => {
  const signer = new ethers.SigningKey(key(i));
  const from = ethers.computeAddress(signer.publicKey);
  const to = one.to === "self" ? from : one.to;
  const tx = ethers.Transaction.from({
    type: one.gas_price === undefined ? 2 : 0,
    chainId: one.chain_id,
    nonce: Number(one.nonce),
    to: one.token ?? to,
    value: one.token ? 0n : one.amount,
    data: one.token ? coder.encodeFunctionData("transfer", [to, one.amount]) : "0x",
    gasLimit: one.gas_limit,
    ...(one.gas_price === undefined
      ? { maxFeePerGas: one.max_fee, maxPriorityFeePerGas: one.tip }
      : { gasPrice: one.gas_price }),
  });
  const unsigned = tx.unsignedSerialized;
  const digest = tx.unsignedHash;
  tx.signature = signer.sign(digest);
  if (tx.from !== from) throw new Error("ethers does not recover its own signature");
  return {
    name: one.name,
    chain_id: String(one.chain_id), nonce: String(one.nonce), to, token: one.token ?? null, amount: String(one.amount),
    gas_limit: String(one.gas_limit),
    max_fee_per_gas: one.max_fee === undefined ? null : String(one.max_fee),
    max_priority_fee_per_gas: one.tip === undefined ? null : String(one.tip),
    gas_price: one.gas_price === undefined ? null : String(one.gas_price),
    from, public_key: signer.compressedPublicKey,
    unsigned, digest,
    r: tx.signature.r, s: tx.signature.s, recovery_id: tx.signature.yParity,
    signed: tx.serialized, txid: tx.hash,
  };
});

const wallets = [0, 1, 2, 3].map((n) => {
  const root = ethers.HDNodeWallet.fromSeed(key(`seed ${n}`)).neuter();
  return {
    public_key: root.publicKey,
    chain_code: root.chainCode,
    children: [0, 1, 2, 77, 2 ** 31 - 1].map((index) => {
      const child = root.derivePath(`44/60/0/0/${index}`);
      return { index, public_key: child.publicKey, address: child.address };
    }),
  };
});

const logs = [[1, 2, 1_500_000n], [3, 4, MAX_256], [5, 6, 0n]].map(([from, to, value]) => {
  const { topics, data } = coder.encodeEventLog("Transfer", [someone(from), someone(to), value]);
  return { from: someone(from), to: someone(to), value: String(value), topics, data };
});

const made = `by src/evm/golden/make.mjs with ethers ${version}; not by Bursar`;
console.log(JSON.stringify({ made, transactions, wallets, logs }, null, 1));
