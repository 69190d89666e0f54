// Writes tronweb.json and tronpy.json: what two independent libraries make of payments and keys, for our code to come out
// equal with. Nothing of ours takes part. Everything is fixed, so that it writes the same files every time:
//
//   scripts/setup test && node crates/chain/src/tron/golden/make.mjs
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../../../../..')
const sandbox = join(root, 'sandbox/tron')
const require = createRequire(join(sandbox, 'oracle.mjs'))
const { TronWeb, utils } = require('tronweb')
const { ethers } = require('ethers')

const hash = (text) => createHash('sha256').update(text).digest('hex')
const key = (n) => hash(`golden key ${n}`)
const someone = (n) => TronWeb.address.fromPrivateKey(hash(`someone ${n}`))
// A number of `bits` bits at most that depends on `name` alone.
const number = (name, bits) => BigInt(`0x${hash(`number ${name}`)}`) >> BigInt(256 - bits)

const USDT = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
const NOW = 1_764_064_800_000n
const MAX_256 = (1n << 256n) - 1n
const MAX_53 = (1n << 53n) - 1n // tronweb's largest; the libraries' own limits are tested elsewhere

const block = { ref_block_bytes: 'a1b2', ref_block_hash: '0011223344556677' }
const minutes = { timestamp: NOW, expiration: NOW + 300_000n }
const asked = [
  { name: 'TRX', to: someone(1), amount: 1_500_000n, ...block, ...minutes },
  { name: 'one sun', to: someone(2), amount: 1n, ...block, ...minutes },
  { name: 'the most TRX', to: someone(3), amount: MAX_53, ...block, ...minutes },
  { name: 'a block of zeros', to: someone(4), amount: 128n, ref_block_bytes: '0000', ref_block_hash: '0000000000000000', ...minutes },
  { name: 'a day, and the first milliseconds', to: someone(5), amount: 127n, ...block, timestamp: 1n, expiration: 86_400_001n },
  { name: 'USDT', to: someone(6), token: USDT, amount: 1_500_000n, fee_limit: 15_000_000n, ...block, ...minutes },
  { name: 'one unit of USDT', to: someone(7), token: USDT, amount: 1n, fee_limit: 1n, ...block, ...minutes },
  { name: 'everything at its largest', to: someone(8), token: USDT, amount: MAX_256, fee_limit: MAX_53, ref_block_bytes: 'ffff', ref_block_hash: 'ffffffffffffffff', timestamp: MAX_53 - 1n, expiration: MAX_53 },
  { name: 'a recipient that begins with zeros', to: TronWeb.address.fromHex('4100000000000000000000000000000000000000ff'), token: USDT, amount: 256n, fee_limit: 30_000_000n, ...block, ...minutes }
]
for (let i = 0; i < 24; i++) {
  const n = (name, bits) => number(`${i} ${name}`, bits)
  const timestamp = 1n + n('timestamp', 10 + (i % 42))
  const one = {
    name: `drawn ${i}`,
    to: someone(`drawn ${i}`),
    amount: 1n + n('amount', i % 2 ? 8 + 10 * i : 2 + 2 * i),
    ref_block_bytes: hash(`bytes ${i}`).slice(0, 4),
    ref_block_hash: hash(`hash ${i}`).slice(0, 16),
    timestamp,
    expiration: timestamp + 1n + n('validity', 26)
  }
  if (i % 2) Object.assign(one, { token: someone(`token ${i}`), fee_limit: 1n + n('fee', 4 + 2 * i) })
  asked.push(one)
}

const text = (value) => (value === undefined ? null : String(value))
const payments = asked.map((one, i) => ({
  name: one.name,
  key: key(i),
  to: one.to,
  token: one.token ?? null,
  amount: text(one.amount),
  ref_block_bytes: one.ref_block_bytes,
  ref_block_hash: one.ref_block_hash,
  timestamp: text(one.timestamp),
  expiration: text(one.expiration),
  fee_limit: text(one.fee_limit)
}))
const lines = payments.map((payment) => `${JSON.stringify(payment)}\n`).join('')
const answers = (command, script) =>
  execFileSync(command, [join(sandbox, script)], { input: lines, encoding: 'utf8' }).trim().split('\n').map(JSON.parse)

const write = (file, made, transactions, rest = {}) => {
  const joined = payments.map((payment, i) => ({ ...payment, key: undefined, ...transactions[i] }))
  writeFileSync(join(here, file), `${JSON.stringify({ made, transactions: joined, ...rest }, null, 1)}\n`)
}

// Children of public keys, as the library below tronweb derives them, with tronweb's addresses.
const wallets = [0, 1, 2, 3].map((n) => {
  const root = ethers.HDNodeWallet.fromSeed(`0x${key(`seed ${n}`)}`).neuter()
  const children = [195, 1].flatMap((coin) => [0, 1, 77, 2 ** 31 - 1].map((index) => {
    const child = root.derivePath(`44/${coin}/0/0/${index}`)
    const whole = [...Buffer.from(ethers.SigningKey.computePublicKey(child.publicKey, false).slice(2), 'hex')]
    const address = TronWeb.address.fromHex(Buffer.from(utils.crypto.computeAddress(whole)).toString('hex'))
    return { coin, index, public_key: child.publicKey.slice(2), address }
  }))
  return { public_key: root.publicKey.slice(2), chain_code: root.chainCode.slice(2), children }
})

const { version } = JSON.parse(readFileSync(join(sandbox, 'node_modules/tronweb/package.json'), 'utf8'))
write('tronweb.json', `by src/tron/golden/make.mjs with tronweb ${version}; not by Bursar`, answers(process.execPath, 'oracle.mjs'), { wallets })
const python = process.env.PYTHON ?? join(root, '.tools/venv/bin/python')
const tronpy = execFileSync(python, ['-c', 'from importlib.metadata import version; print(version("tronpy"))'], { encoding: 'utf8' }).trim()
write('tronpy.json', `by src/tron/golden/make.mjs with tronpy ${tronpy}; not by Bursar`, answers(python, 'oracle.py'))
