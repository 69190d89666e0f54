// A STAND-IN for TRON nodes, for tests and the demo. There is no TRON node in the package registries.
//
// It speaks the HTTP API of java-tron over one ledger in memory, and listens on 127.0.0.1 only. Decoding, hashing,
// addresses and signatures are those of tronweb, TRON's official library; TRC20 contracts run as real EVM code on a
// private anvil (evm.mjs). Its energy figures are EVM gas, not TRON's energy: assert none of them.
//
// Ledger rules that it adds (ledger.mjs): the id is the SHA-256 of the raw data; exactly one contract, a TransferContract
// or a TriggerSmartContract; one signature, by the owner; expiration after the head block's time and at most 24 h later;
// the reference block is one of the last 65,536 (TAPOS_ERROR); DUP_TRANSACTION_ERROR; the owner exists and can pay
// amount, bandwidth and activation (CONTRACT_VALIDATE_ERROR, BANDWITH_ERROR); bandwidth from what is staked, then from the
// free 600 bytes, then burnt; energy from what is staked, then burnt, all under the fee limit; OUT_OF_ENERGY and REVERT
// keep their cost; TRX to a contract is refused; TRX to a new address makes it an account for 1.1 TRX; a block is solidified when 19 more stand on it.
// Not here: voting, staking, unstaking, recovery of used resources, the dynamic energy model, memos, multi-signatures.
//
//   node server.mjs [--port 0] [--nodes 1] [--close-ms 250] [--solid-lag 19]
//
// Prints `listening on http://127.0.0.1:PORT`, one line for each of `--nodes`: several nodes of one chain, which can be
// made to fail one by one.
//
// POST /faults, for the chain: {"drop": n} the next n accepted transactions are forgotten; {"stopped": true} no more
// blocks; {"fork": n, "forget": true|false} the newest n blocks never were, their transactions wait again or are gone.
// For the node that is asked: {"lose": n} the next n broadcasts are taken and not answered; {"hang": true} no answers;
// {"lag": n} its solidified head is n blocks further behind; {"blind": true} it knows of no transaction; {"no_logs": true}
// it tells receipts without logs; {"network": "2b6653dc"} it is of another network; {"pruned": n} of blocks between the first
// and number n it knows nothing, nor of what they hold.
//
// POST /admin/faucet {"address", "sun"}; /admin/delegate {"address", "energy"?, "net"?}; /admin/deploy {"contract", "owner",
// "values"}; /admin/transfer {"contract", "owner", "to", "amount"} of a token, at once; /admin/parameters {key: value};
// /admin/close closes a block now; /admin/state tells what was paid.
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { utils } from 'tronweb'
import { Evm } from './evm.mjs'
import { Ledger, Refusal, address, spelled } from './ledger.mjs'

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    nodes: { type: 'string', default: '1' },
    'close-ms': { type: 'string', default: '250' },
    'solid-lag': { type: 'string', default: '19' }
  }
})
const solidLag = Number(options['solid-lag'])

const ledger = new Ledger(await Evm.start(), Date.now())
/** The account that is rich from the start, and deploys. */
const GENESIS = `41${'be'.repeat(20)}`
ledger.credit(GENESIS, 10n ** 15n)

class Node {
  faults = { lose: 0, hang: false, lag: 0, blind: false, no_logs: false, network: null, pruned: 0 }

  solid () { return Math.max(0, ledger.head.number - solidLag - this.faults.lag) }

  has (number) { return number === 0 || number >= this.faults.pruned }

  block (number) {
    const block = this.has(number) ? ledger.blocks[number] : undefined
    return block === undefined ? {} : this.told(block, true)
  }

  told (block, detail) {
    const id = block.number === 0 && this.faults.network ? block.id.slice(0, 56) + this.faults.network : block.id
    // As protobuf's JSON: a zero is left out.
    const raw = { ...(block.number === 0 ? {} : { number: block.number }), parentHash: block.parent, timestamp: block.time, txTrieRoot: '0'.repeat(64), witness_address: GENESIS, version: 31 }
    const told = { blockID: id, block_header: { raw_data: raw, witness_signature: '00'.repeat(65) } }
    if (detail && block.transactions.length > 0) told.transactions = block.transactions.map(this.transaction)
    return told
  }

  transaction (read) {
    const { txid, rawHex, signatures, contractRet } = read
    const value = read.kind === 'TransferContract'
      ? { owner_address: read.owner, to_address: read.to, amount: Number(read.amount) }
      : { owner_address: read.owner, contract_address: read.contract, data: read.data }
    const contract = [{ parameter: { value, type_url: `type.googleapis.com/protocol.${read.kind}` }, type: read.kind }]
    const raw_data = { contract, ref_block_bytes: read.reference.slice(0, 4), ref_block_hash: read.reference.slice(4), expiration: read.expiration, timestamp: read.timestamp }
    return { ...(contractRet ? { ret: [{ contractRet }] } : {}), signature: signatures, txID: txid, raw_data, raw_data_hex: rawHex }
  }

  find (txid, solid) {
    const found = this.faults.blind ? undefined : ledger.mined.get(txid)
    if (found === undefined || !this.has(found.block.number)) return undefined
    return !solid || found.block.number <= this.solid() ? found : undefined
  }

  info (txid, solid) {
    const found = this.find(txid, solid)
    if (found === undefined) return {}
    const { log, ...rest } = found.info
    return log === undefined || this.faults.no_logs ? rest : { ...rest, log }
  }

  async broadcast (hex) {
    try {
      const txid = await ledger.exclusive(() => ledger.take(hex))
      return { result: true, code: 'SUCCESS', message: '', transaction: '', txid }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { result: false, code: error.code, message: error.message, transaction: '', txid: '' }
    }
  }

  async constant (call, estimate) {
    const data = utils.ethersUtils.id(call.function_selector).slice(2, 10) + (call.parameter ?? '')
    try {
      const { returned, gas, failed } = await ledger.exclusive(() => ledger.dryRun(address(call.owner_address), address(call.contract_address), data))
      const result = failed ? { result: true, message: Buffer.from('REVERT opcode executed').toString('hex') } : { result: true }
      if (estimate) return failed ? { result: { code: 'CONTRACT_EXE_ERROR', message: Buffer.from('REVERT opcode executed').toString('hex') } } : { result, energy_required: Number(gas) }
      return { result, energy_used: Number(gas), constant_result: [returned], transaction: { ret: [failed ? { ret: 'FAILED' } : {}] } }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { result: { code: error.code, message: Buffer.from(error.message).toString('hex') } }
    }
  }

  account (text, visible) {
    const hex41 = address(text)
    if (ledger.contracts.has(hex41)) return { address: visible ? spelled(hex41) : hex41, type: 'Contract' }
    const account = ledger.account(hex41)
    if (!account) return {}
    return { address: visible ? spelled(hex41) : hex41, ...(account.balance > 0n ? { balance: Number(account.balance) } : {}), create_time: ledger.blocks[0].time }
  }

  resources (text) {
    const account = ledger.account(address(text))
    if (!account) return {}
    const told = { freeNetLimit: ledger.parameters.getFreeNetLimit, freeNetUsed: account.freeNetUsed, NetLimit: account.net, NetUsed: account.netUsed, EnergyLimit: account.energy, EnergyUsed: account.energyUsed }
    return Object.fromEntries(Object.entries(told).map(([name, value]) => [name, Number(value)]).filter(([, value]) => value !== 0))
  }

  async answer (path, question) {
    const [, realm, method] = path.split('/')
    const solid = realm === 'walletsolidity'
    if (realm === 'faults') return faults(this, question)
    if (realm === 'admin') return admin[method](question)
    switch (method) {
      case 'getnowblock': return this.block(solid ? this.solid() : ledger.head.number)
      case 'getblock': {
        const number = question.id_or_num === undefined ? (solid ? this.solid() : ledger.head.number) : Number(question.id_or_num)
        const block = this.has(number) ? ledger.blocks[number] : undefined
        return block === undefined || (solid && number > this.solid()) ? {} : this.told(block, question.detail === true)
      }
      case 'getblockbynum': return solid && question.num > this.solid() ? {} : this.block(question.num)
      case 'gettransactionbyid': { const found = this.find(question.value, solid); return found ? this.transaction(found) : {} }
      case 'gettransactioninfobyid': return this.info(question.value, solid)
      case 'gettransactionfrompending': { const found = this.faults.blind ? undefined : ledger.pending.get(question.value); return found ? this.transaction({ ...found, contractRet: undefined }) : {} }
      case 'getaccount': return this.account(question.address, question.visible)
      case 'getaccountresource': return this.resources(question.address)
      case 'getchainparameters': return { chainParameter: Object.entries(ledger.parameters).map(([key, value]) => ({ key, value })) }
      case 'triggerconstantcontract': return this.constant(question, false)
      case 'estimateenergy': return this.constant(question, true)
      case 'broadcasthex': return this.broadcast(question.transaction)
      default: return undefined
    }
  }
}

async function faults (node, { fork, forget, ...changes }) {
  for (const [name, value] of Object.entries(changes)) {
    const target = name in ledger.faults ? ledger.faults : node.faults
    if (!(name in target)) throw new Error(`no fault ${name}`)
    target[name] = value
  }
  if (fork !== undefined) await ledger.exclusive(() => ledger.fork(fork, forget === true))
  return { chain: ledger.faults, node: node.faults }
}

const admin = {
  faucet: ({ address: to, sun }) => { ledger.credit(address(to), BigInt(sun)); return {} },
  delegate: ({ address: to, energy, net }) => {
    ledger.delegate(address(to), { ...(energy === undefined ? {} : { energy: BigInt(energy) }), ...(net === undefined ? {} : { net: BigInt(net) }) })
    return {}
  },
  deploy: ({ contract, owner, values }) => ledger.exclusive(async () => {
    const hex41 = await ledger.deploy(contract, owner === undefined ? GENESIS : address(owner), values)
    return { address: spelled(hex41), hex: hex41 }
  }),
  transfer: ({ contract, owner, to, amount }) => ledger.exclusive(async () => {
    const data = utils.ethersUtils.id('transfer(address,uint256)').slice(2, 10) + utils.abi.encodeParams(['address', 'uint256'], [spelled(address(to)), String(amount)]).replace(/^0x/, '')
    const { result } = await ledger.call(owner === undefined ? GENESIS : address(owner), address(contract), data)
    return { result }
  }),
  parameters: (changes) => Object.assign(ledger.parameters, changes),
  close: () => ledger.exclusive(async () => { await ledger.close(); return { number: ledger.head.number } }),
  state: () => ({
    head: ledger.head.number,
    pending: [...ledger.pending.keys()],
    accounts: Object.fromEntries([...ledger.accounts].map(([hex41, account]) => [spelled(hex41), Object.fromEntries(Object.entries(account).map(([name, value]) => [name, String(value)]))])),
    transactions: [...ledger.mined.values()].map(({ txid, owner, to, contract, data, amount, contractRet, block }) => ({ txid, block: block.number, owner: spelled(owner), to: to && spelled(to), contract: contract && spelled(contract), data, amount: String(amount), contractRet }))
  })
}

function listen (node, port) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const path = new URL(request.url, 'http://stand-in').pathname
    const control = path.startsWith('/admin') || path.startsWith('/faults')
    if (node.faults.hang && !control) return // never answers
    try {
      const answer = await node.answer(path, body === '' ? {} : JSON.parse(body))
      if (path.endsWith('/broadcasthex') && node.faults.lose > 0) {
        node.faults.lose -= 1
        request.socket.destroy() // taken, and the answer is lost
        return
      }
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer ?? {}))
    } catch (error) {
      // java-tron answers 200 with an Error as well.
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ Error: `${error.constructor.name} : ${error.message}` }))
    }
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
}

for (let n = 0; n < Number(options.nodes); n++) listen(new Node(), options.port === '0' ? 0 : Number(options.port) + n)

const period = Number(options['close-ms'])
if (period > 0) {
  const tick = () => {
    const closing = ledger.faults.stopped ? Promise.resolve() : ledger.exclusive(() => ledger.close())
    closing.catch((error) => { console.error(error); process.exit(1) }).finally(() => setTimeout(tick, period))
  }
  setTimeout(tick, period)
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0))
