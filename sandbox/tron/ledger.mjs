// The ledger of the stand-in: accounts in TRX, blocks, and the rules by which a transaction gets into one. What bytes
// mean, what they hash to and who signed them is decided by tronweb; these rules are java-tron's, as far as payments
// meet them. server.mjs lists them.
import { createHash } from 'node:crypto'
import { TronWeb, utils } from 'tronweb'

const { Transaction, TransferContract, TriggerSmartContract } = globalThis.TronWebProto

/** The last four bytes of the first block's id: network 31338. */
const NETWORK = '00007a6a'
const DAY_MS = 86_400_000
const TAPOS_BLOCKS = 65_536
/** What java-tron adds to a transaction's size for its result, bytes. */
const RESULT_BYTES = 64n

/** Chain parameters, as the main network had them in 2026; POST /admin/parameters changes them. */
const PARAMETERS = {
  getTransactionFee: 1000,
  getEnergyFee: 100,
  getCreateAccountFee: 100_000,
  getCreateNewAccountFeeInSystemContract: 1_000_000,
  getCreateNewAccountBandwidthRate: 1,
  getFreeNetLimit: 600,
  getMaxFeeLimit: 15_000_000_000
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const toHex = (bytes) => Buffer.from(bytes).toString('hex')
const height = (number) => number.toString(16).padStart(16, '0')
const evmAddress = (hex41) => `0x${hex41.slice(2)}`

/** A refusal with java-tron's code. */
export class Refusal extends Error {
  constructor (code, message) {
    super(message)
    this.code = code
  }
}

export class Ledger {
  #evm
  #ready = Promise.resolve()
  accounts = new Map()
  contracts = new Set()
  blocks = []
  /** By id: in a block. */
  mined = new Map()
  /** By id: taken, in no block yet. */
  pending = new Map()
  parameters = { ...PARAMETERS }
  faults = { drop: 0, stopped: false }
  #fork = 0

  constructor (evm, startTime) {
    this.#evm = evm
    this.#push({ number: 0, id: height(0) + toHex(sha256('bursar sandbox')).slice(0, 40) + NETWORK, parent: height(0).repeat(4), time: startTime, transactions: [] })
  }

  /** Everything that waits for the EVM runs one after the other. */
  exclusive (work) {
    const done = this.#ready.then(work)
    this.#ready = done.catch(() => {})
    return done
  }

  get head () { return this.blocks.at(-1) }

  #push (block) {
    this.blocks.push(block)
    for (const transaction of block.transactions) this.mined.set(transaction.txid, { ...transaction, block })
  }

  account (hex41) { return this.accounts.get(hex41) }

  #open (hex41) {
    if (!this.accounts.has(hex41)) {
      this.accounts.set(hex41, { balance: 0n, energy: 0n, energyUsed: 0n, net: 0n, netUsed: 0n, freeNetUsed: 0n })
    }
    return this.accounts.get(hex41)
  }

  credit (hex41, sun) { this.#open(hex41).balance += sun }
  delegate (hex41, resources) { Object.assign(this.#open(hex41), resources) }

  // --- taking a transaction ------------------------------------------------------------------------------------------

  /** Decodes and checks a signed transaction against the head, and queues it. */
  async take (hex) {
    const read = this.#read(hex)
    if (this.pending.has(read.txid) || this.mined.has(read.txid)) throw new Refusal('DUP_TRANSACTION_ERROR', 'Dup transaction.')
    this.#inTime(read)
    this.#refers(read)
    this.#funded(read)
    if (this.faults.drop > 0) {
      this.faults.drop -= 1 // accepted, and never heard of again
      return read.txid
    }
    this.pending.set(read.txid, read)
    return read.txid
  }

  #read (hex) {
    let message
    try { message = Transaction.deserializeBinary(Uint8Array.from(Buffer.from(hex, 'hex'))) } catch { throw new Refusal('OTHER_ERROR', 'not a transaction') }
    const raw = message.getRawData()
    const txid = utils.transaction.txPbToTxID(message).replace(/^0x/, '')
    const contracts = raw?.getContractList() ?? []
    if (contracts.length !== 1) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'contract size should be exactly 1')
    const [contract] = contracts
    const value = contract.getParameter().getValue_asU8()
    const read = {
      txid,
      hex,
      rawHex: utils.transaction.txPbToRawDataHex(message).replace(/^0x/, '').toLowerCase(),
      signatures: message.getSignatureList_asU8().map(toHex),
      size: BigInt(message.serializeBinary().length) + RESULT_BYTES,
      reference: toHex(raw.getRefBlockBytes_asU8()) + toHex(raw.getRefBlockHash_asU8()),
      expiration: raw.getExpiration(),
      timestamp: raw.getTimestamp(),
      feeLimit: BigInt(raw.getFeeLimit())
    }
    switch (contract.getType()) {
      case Transaction.Contract.ContractType.TRANSFERCONTRACT: {
        const transfer = TransferContract.deserializeBinary(value)
        Object.assign(read, { kind: 'TransferContract', owner: toHex(transfer.getOwnerAddress_asU8()), to: toHex(transfer.getToAddress_asU8()), amount: BigInt(transfer.getAmount()) })
        break
      }
      case Transaction.Contract.ContractType.TRIGGERSMARTCONTRACT: {
        const trigger = TriggerSmartContract.deserializeBinary(value)
        Object.assign(read, { kind: 'TriggerSmartContract', owner: toHex(trigger.getOwnerAddress_asU8()), contract: toHex(trigger.getContractAddress_asU8()), data: toHex(trigger.getData_asU8()), amount: 0n })
        break
      }
      default: throw new Refusal('CONTRACT_VALIDATE_ERROR', 'the stand-in knows transfers and calls only')
    }
    this.#signed(read)
    return read
  }

  #signed ({ txid, signatures, owner }) {
    if (signatures.length !== 1 || signatures[0].length !== 130) throw new Refusal('SIGERROR', 'Validate signature error: one signature of 65 bytes')
    const v = signatures[0].slice(128)
    const signature = signatures[0].slice(0, 128) + (Number.parseInt(v, 16) < 27 ? (Number.parseInt(v, 16) + 27).toString(16) : v)
    let signer
    try { signer = utils.crypto.ecRecover(txid, signature).toLowerCase() } catch { signer = 'nobody' }
    if (signer !== owner) throw new Refusal('SIGERROR', `Validate signature error: ${signer} is not the owner`)
  }

  #inTime ({ expiration }) {
    const { time } = this.head
    if (expiration <= time || expiration > time + DAY_MS) {
      throw new Refusal('TRANSACTION_EXPIRATION_ERROR', `Transaction expiration, transaction expiration time is ${expiration}, but headBlockTime is ${time}`)
    }
  }

  #refers ({ reference }) {
    const recent = this.blocks.slice(-TAPOS_BLOCKS)
    if (!recent.some((block) => block.id.slice(12, 16) + block.id.slice(16, 32) === reference)) throw new Refusal('TAPOS_ERROR', 'Tapos check error.')
  }

  // --- what a transaction costs --------------------------------------------------------------------------------------

  #price (name) { return BigInt(this.parameters[name]) }

  /** Fees besides energy, sun, and whether bandwidth was free. */
  #costs (read) {
    const account = this.account(read.owner)
    if (read.kind === 'TransferContract' && !this.account(read.to)) {
      return { activation: this.#price('getCreateNewAccountFeeInSystemContract'), bandwidth: this.#price('getCreateAccountFee'), from: 'burnt' }
    }
    if (account.net - account.netUsed >= read.size) return { activation: 0n, bandwidth: 0n, from: 'staked' }
    if (this.#price('getFreeNetLimit') - account.freeNetUsed >= read.size) return { activation: 0n, bandwidth: 0n, from: 'free' }
    return { activation: 0n, bandwidth: read.size * this.#price('getTransactionFee'), from: 'burnt' }
  }

  #funded (read) {
    const account = this.account(read.owner)
    if (!account) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'Validate TransferContract error, no OwnerAccount.')
    if (read.owner === read.to) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'Cannot transfer TRX to yourself.')
    if (this.contracts.has(read.to)) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'Cannot transfer TRX to a smartContract.')
    if (read.amount < 0n || (read.kind === 'TransferContract' && read.amount === 0n)) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'Amount must be greater than 0.')
    if (read.feeLimit < 0n || read.feeLimit > this.#price('getMaxFeeLimit')) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'feeLimit must be >= 0 and <= the maximum')
    const { activation, bandwidth } = this.#costs(read)
    if (account.balance < bandwidth) throw new Refusal('BANDWITH_ERROR', 'Account resource insufficient error.')
    if (account.balance < read.amount + activation + bandwidth) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'Contract validate error : Validate TransferContract error, balance is not sufficient.')
    return { activation, bandwidth }
  }

  // --- blocks --------------------------------------------------------------------------------------------------------

  /** Closes a block over what is pending, whatever the faults say. */
  async close () {
    const time = Math.max(Date.now(), this.head.time + 1)
    const number = this.head.number + 1
    const before = { accounts: structuredClone(this.accounts), evm: await this.#evm.snapshot() }
    const waiting = [...this.pending.values()]
    const transactions = []
    for (const read of waiting) {
      this.pending.delete(read.txid)
      try {
        this.#inTime(read)
        this.#refers(read)
        this.#funded(read)
      } catch {
        continue // no longer valid: dropped, as a node drops it
      }
      transactions.push(await this.#execute(read, number, time))
    }
    const salt = [this.head.id, time, this.#fork, ...transactions.map(({ txid }) => txid)].join()
    const id = height(number) + toHex(sha256(salt)).slice(16)
    this.#push({ number, id, parent: this.head.id, time, transactions, before })
    const forgotten = this.blocks.at(-200)
    if (forgotten) delete forgotten.before
  }

  async #execute (read, number, time) {
    const account = this.account(read.owner)
    const { activation, bandwidth, from } = this.#costs(read)
    const receipt = {}
    if (from === 'staked') account.netUsed += read.size
    if (from === 'free') account.freeNetUsed += read.size
    if (from === 'burnt') receipt.net_fee = Number(bandwidth)
    else receipt.net_usage = Number(read.size)
    account.balance -= activation + bandwidth
    const info = { id: read.txid, blockNumber: number, blockTimeStamp: time, contractResult: [''], receipt }
    let fee = activation + bandwidth
    let contractRet = 'SUCCESS'
    if (read.kind === 'TransferContract') {
      account.balance -= read.amount
      this.credit(read.to, read.amount)
    } else {
      const price = this.#price('getEnergyFee')
      const staked = account.energy > account.energyUsed ? account.energy - account.energyUsed : 0n
      const affordable = staked + account.balance / price
      const limited = read.feeLimit / price
      const limit = affordable < limited ? affordable : limited
      const outcome = await this.#evm.call(evmAddress(read.owner), evmAddress(read.contract), `0x${read.data}`, limit)
      const free = outcome.used < staked ? outcome.used : staked
      const burnt = (outcome.used - free) * price
      account.energyUsed += free
      account.balance -= burnt
      fee += burnt
      contractRet = outcome.result
      Object.assign(receipt, { energy_usage: Number(free), energy_fee: Number(burnt), energy_usage_total: Number(outcome.used), result: outcome.result })
      Object.assign(info, { contract_address: read.contract, contractResult: [outcome.returned] })
      if (outcome.logs.length > 0) info.log = outcome.logs
      if (outcome.result !== 'SUCCESS') Object.assign(info, { result: 'FAILED', resMessage: toHex(Buffer.from(outcome.result)) })
    }
    if (fee > 0n) info.fee = Number(fee)
    return { ...read, contractRet, info }
  }

  /** Undoes the newest `depth` blocks. Their transactions wait again, or are forgotten. */
  async fork (depth, forget) {
    const undone = this.blocks.slice(-depth)
    if (undone.length === 0 || undone[0].number === 0 || !undone[0].before) throw new Error(`${depth} blocks cannot be undone`)
    this.#fork += 1
    const { accounts, evm } = undone[0].before
    this.accounts = accounts
    await this.#evm.revert(evm)
    this.blocks.length -= undone.length
    for (const transaction of undone.flatMap((block) => block.transactions)) {
      this.mined.delete(transaction.txid)
      if (!forget) this.pending.set(transaction.txid, transaction)
    }
  }

  // --- contracts -----------------------------------------------------------------------------------------------------

  async deploy (name, owner, values) {
    const inputs = this.#evm.abi(name).find((entry) => entry.type === 'constructor')?.inputs ?? []
    const words = utils.abi.encodeParams(inputs.map((input) => input.type), values).replace(/^0x/, '')
    const hex41 = `41${(await this.#evm.deploy(evmAddress(owner), name, words)).slice(2).toLowerCase()}`
    this.contracts.add(hex41)
    return hex41
  }

  async call (owner, contract, data) {
    return this.#evm.call(evmAddress(owner), evmAddress(contract), `0x${data}`, 100_000_000n)
  }

  async dryRun (owner, contract, data) {
    if (!(await this.#evm.hasCode(evmAddress(contract)))) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'No contract or not a valid smart contract')
    return this.#evm.dryRun(evmAddress(owner), evmAddress(contract), `0x${data}`)
  }
}

/** An address in either form, as 42 hex digits. */
export function address (text) {
  if (typeof text !== 'string' || !TronWeb.isAddress(text)) throw new Error('Invalid address')
  return TronWeb.address.toHex(text).toLowerCase()
}

export const spelled = (hex41) => TronWeb.address.fromHex(hex41)
