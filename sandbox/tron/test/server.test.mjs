// The stand-ins do what their headers say. Needs sandbox/evm built: contracts run on its anvil.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TronWeb } from 'tronweb'
import { answer } from '../oracle.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const KEY = '01'.repeat(32)
const PAYER = 'TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7'
const PAYEE = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
const TRANSFER = 'transfer(address,uint256)'
const SUPPLY = '1000000000000'

const children = []
async function start (script, words, lines) {
  const child = spawn(process.execPath, [join(here, '..', script), ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const urls = []
  for await (const line of createInterface({ input: child.stdout })) {
    urls.push(line.replace('listening on ', ''))
    if (urls.length === lines) return urls
  }
  throw new Error(`${script} ended`)
}

let nodes
let token
let stamp = Date.now()

const ask = async (path, question = {}, node = 0) => (await fetch(nodes[node] + path, { method: 'POST', body: JSON.stringify(question) })).json()
const close = async (times = 1) => { for (let n = 0; n < times; n++) await ask('/admin/close') }
const info = (txid, realm = 'wallet', node = 0) => ask(`/${realm}/gettransactioninfobyid`, { value: txid }, node)
const send = (paid, node = 0) => ask('/wallet/broadcasthex', { transaction: paid.signed }, node)
const balance = async (address) => BigInt((await ask('/wallet/getaccount', { address, visible: true })).balance ?? 0)
const deploy = async (contract) => {
  const { address } = await ask('/admin/deploy', { contract, values: ['Tether USD', 'USDT', 6, SUPPLY] })
  await ask('/admin/transfer', { contract: address, to: PAYER, amount: '1000000' })
  return address
}

/** A signed payment of one TRX that refers to the solidified head and is good for a minute, but for what `change` says. */
async function pay (change = {}) {
  const { blockID } = await ask('/walletsolidity/getblock')
  stamp = Math.max(stamp + 1, Date.now())
  const { key = KEY, ...rest } = change
  return answer({ key, to: PAYEE, token: null, amount: '1000000', ref_block_bytes: blockID.slice(12, 16), ref_block_hash: blockID.slice(16, 32), timestamp: String(stamp), expiration: String(stamp + 60_000), fee_limit: null, ...rest })
}
const payToken = (change = {}) => pay({ token, amount: '10', fee_limit: '20000000', ...change })

before(async () => {
  nodes = await start('server.mjs', ['--nodes', '2', '--close-ms', '0'], 2)
  await ask('/admin/faucet', { address: PAYER, sun: '1000000000' })
  token = await deploy('TetherLike')
  await close()
})
after(() => Promise.all(children.map((child) => { child.kill(); return once(child, 'exit') })))

test('a transfer to a new address makes it an account for 1.1 TRX, and is solidified under 19 more blocks', async () => {
  const before = await balance(PAYER)
  const paid = await pay()
  assert.equal((await send(paid)).txid, paid.txid)
  assert.deepEqual(await info(paid.txid), {})
  await close()
  const { blockNumber, fee, receipt } = await info(paid.txid)
  assert.equal(fee, 1_100_000)
  assert.deepEqual(receipt, { net_fee: 100_000 })
  assert.equal(before - await balance(PAYER), 2_100_000n)
  assert.equal(await balance(PAYEE), 1_000_000n)
  await close(18)
  assert.deepEqual(await info(paid.txid, 'walletsolidity'), {})
  await close()
  assert.equal((await info(paid.txid, 'walletsolidity')).blockNumber, blockNumber)
  const seen = await ask('/walletsolidity/gettransactionbyid', { value: paid.txid })
  assert.equal(seen.raw_data_hex, paid.unsigned)
  assert.equal(seen.ret[0].contractRet, 'SUCCESS')
})

test('what a node would refuse is refused by its code', async () => {
  const code = async (paid) => (await send(paid)).code
  const good = await pay()
  const strange = { ...good, signed: good.signed.slice(0, -130) + 'ff'.repeat(64) + '1b' }
  assert.equal(await code(strange), 'SIGERROR')
  assert.equal(await code(await pay({ key: '02'.repeat(32) })), 'CONTRACT_VALIDATE_ERROR', 'no such owner')
  assert.equal(await code(await pay({ ref_block_hash: '00'.repeat(8) })), 'TAPOS_ERROR')
  assert.equal(await code(await pay({ expiration: '1000' })), 'TRANSACTION_EXPIRATION_ERROR')
  assert.equal(await code(await pay({ expiration: String(Date.now() + 86_500_000) })), 'TRANSACTION_EXPIRATION_ERROR')
  assert.equal(await code(await pay({ amount: '99000000000' })), 'CONTRACT_VALIDATE_ERROR')
  assert.equal(await code(await pay({ to: PAYER })), 'CONTRACT_VALIDATE_ERROR')
  assert.equal(await code(await pay({ to: token })), 'CONTRACT_VALIDATE_ERROR', 'TRX to a contract')
  assert.equal(await code(good), 'SUCCESS')
  assert.equal(await code(good), 'DUP_TRANSACTION_ERROR')
  await close()
  assert.equal(await code(good), 'DUP_TRANSACTION_ERROR')
})

test('a token moves by the log of a real contract, and its energy is burnt', async () => {
  const paid = await payToken()
  await send(paid)
  await close()
  const { log, receipt, fee, contract_address: contract } = await info(paid.txid)
  assert.equal(receipt.result, 'SUCCESS')
  assert.equal(fee, receipt.energy_fee + (receipt.net_fee ?? 0))
  assert.equal(log.length, 1)
  assert.equal(log[0].address, contract.slice(2))
  assert.equal(BigInt(`0x${log[0].data}`), 10n)
  assert.equal(log[0].topics[2].slice(24), TronWeb.address.toHex(PAYEE).slice(2).toLowerCase())
})

test('too low a fee limit and a contract that refuses cost their energy and move nothing', async () => {
  const outcomes = { OUT_OF_ENERGY: await payToken({ fee_limit: '2500000' }), REVERT: await payToken({ amount: SUPPLY }) }
  for (const paid of Object.values(outcomes)) await send(paid)
  await close()
  for (const [result, paid] of Object.entries(outcomes)) {
    const seen = await info(paid.txid)
    assert.deepEqual([seen.result, seen.receipt.result, seen.log], ['FAILED', result, undefined])
    assert.ok(seen.receipt.energy_fee > 0)
  }
})

test('delegated energy is used before TRX is burnt', async () => {
  await ask('/admin/delegate', { address: PAYER, energy: '1000000' })
  const paid = await payToken()
  await send(paid)
  await close()
  const { receipt } = await info(paid.txid)
  assert.equal(receipt.energy_fee, 0)
  const { EnergyUsed } = await ask('/wallet/getaccountresource', { address: PAYER, visible: true })
  assert.equal(EnergyUsed, receipt.energy_usage_total)
  await ask('/admin/delegate', { address: PAYER, energy: '0' })
})

test('a token that lies moves and says false, another one moves nothing and says false', async () => {
  for (const [contract, logs] of [['LyingToken', 1], ['FalseToken', undefined]]) {
    const paid = await payToken({ token: await deploy(contract) })
    await send(paid)
    await close()
    const seen = await info(paid.txid)
    assert.equal(seen.receipt.result, 'SUCCESS')
    assert.equal(BigInt(`0x${seen.contractResult[0]}`), 0n)
    assert.equal(seen.log?.length, logs)
  }
})

test('a dry run tells the energy or the refusal, and changes nothing', async () => {
  const question = (amount) => ({ owner_address: PAYER, contract_address: token, function_selector: TRANSFER, parameter: TronWeb.address.toHex(PAYEE).slice(2).padStart(64, '0') + BigInt(amount).toString(16).padStart(64, '0'), visible: true })
  const fine = await ask('/wallet/triggerconstantcontract', question(1))
  assert.ok(fine.energy_used > 0 && fine.result.result && fine.result.message === undefined)
  const refused = await ask('/wallet/triggerconstantcontract', question(SUPPLY))
  assert.equal(Buffer.from(refused.result.message, 'hex').toString(), 'REVERT opcode executed')
  assert.equal((await ask('/wallet/triggerconstantcontract', { ...question(1), contract_address: PAYEE })).result.code, 'CONTRACT_VALIDATE_ERROR')
  assert.ok((await ask('/wallet/estimateenergy', question(1))).energy_required > 0)
})

test('an answer can be lost after the transaction was taken, and a taken one be forgotten', async () => {
  const lost = await pay()
  await ask('/faults', { lose: 1 })
  await assert.rejects(send(lost))
  await ask('/faults', { drop: 1 })
  const dropped = await pay()
  assert.equal((await send(dropped)).code, 'SUCCESS')
  await close()
  assert.ok((await info(lost.txid)).blockNumber > 0)
  assert.deepEqual(await info(dropped.txid), {})
  assert.equal((await send(dropped)).code, 'SUCCESS', 'nothing remembers it')
  await close()
})

test('a fork undoes blocks with what they held, and their transactions wait again or are gone', async () => {
  await close()
  for (const forget of [false, true]) {
    const before = await balance(PAYER)
    const [coins, tokens] = [await pay(), await payToken()]
    await send(coins)
    await close()
    await send(tokens)
    await close()
    const { id } = await info(tokens.txid)
    assert.equal(id, tokens.txid)
    await ask('/faults', { fork: 2, forget })
    assert.equal(await balance(PAYER), before)
    assert.deepEqual(await info(coins.txid), {})
    await close()
    assert.equal((await info(coins.txid)).id, forget ? undefined : coins.txid)
    assert.equal((await info(tokens.txid)).log?.length, forget ? undefined : 1)
  }
})

test('nodes of one chain fail one by one', async () => {
  const paid = await payToken()
  await send(paid)
  await close(20)
  await ask('/faults', { lag: 5 }, 1)
  assert.deepEqual(await info(paid.txid, 'walletsolidity', 1), {})
  assert.equal((await info(paid.txid, 'walletsolidity', 0)).id, paid.txid)
  await ask('/faults', { lag: 0, no_logs: true }, 1)
  assert.equal((await info(paid.txid, 'walletsolidity', 1)).log, undefined)
  await ask('/faults', { no_logs: false, blind: true }, 1)
  assert.deepEqual(await info(paid.txid, 'wallet', 1), {})
  await ask('/faults', { blind: false, network: '2b6653dc' }, 1)
  assert.ok((await ask('/wallet/getblock', { id_or_num: '0' }, 1)).blockID.endsWith('2b6653dc'))
  assert.ok((await ask('/wallet/getblock', { id_or_num: '0' }, 0)).blockID.endsWith('00007a6a'))
  await ask('/faults', { network: null, hang: true }, 1)
  await assert.rejects(fetch(`${nodes[1]}/wallet/getblock`, { method: 'POST', body: '{}', signal: AbortSignal.timeout(200) }))
  await ask('/faults', { hang: false }, 1)
})

test('a block takes what its parent is not past the end of, and the next one no more', async () => {
  const end = Date.now() + 300
  const [taken, late] = [await pay({ expiration: String(end) }), await pay({ expiration: String(end) })]
  assert.equal((await send(taken)).code, 'SUCCESS')
  await new Promise((resolve) => setTimeout(resolve, 400))
  await close()
  assert.ok((await info(taken.txid)).blockTimeStamp > end)
  assert.equal((await send(late)).code, 'TRANSACTION_EXPIRATION_ERROR')
})

test('the provider quotes, rents once a quote, and delegates', async () => {
  const [provider] = await start('provider.mjs', ['--node', nodes[0], '--key', 'secret', '--sun-per-energy', '60'], 1)
  const rent = async (path, question, key = 'secret') => fetch(provider + path, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(question) })
  assert.equal((await rent('/quote', {}, 'other')).status, 401)
  const quote = await (await rent('/quote', { receiver: PAYEE, energy: 1000, duration_s: 3600 })).json()
  assert.deepEqual([quote.energy, quote.price_sun], [1000, 60_000])
  const orders = await Promise.all([0, 1].map(async () => (await (await rent('/rent', { quote: quote.quote })).json()).order))
  assert.equal(orders[0], orders[1])
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal((await ask('/wallet/getaccountresource', { address: PAYEE, visible: true })).EnergyLimit, 1000)
  await rent('/faults', { refuse: true })
  assert.equal((await rent('/quote', { receiver: PAYEE, energy: 1, duration_s: 1 })).status, 409)
})
