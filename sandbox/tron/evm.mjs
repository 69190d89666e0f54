// The contracts of the stand-in: real EVM code on a private anvil. Callers are impersonated, gas costs nothing there,
// and every call is a block of anvil's own, so that TRON's blocks can be undone by going back to a snapshot.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const build = join(dirname(fileURLToPath(import.meta.url)), '../evm/build')

/** More than any call needs: what a call may burn is decided by TRON's fee limit. */
const GAS_CEILING = 1_000_000_000n

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})

export class Evm {
  #url
  #program
  #id = 0
  #snapshot

  static async start () {
    const evm = new Evm()
    const port = await freePort()
    evm.#url = `http://127.0.0.1:${port}`
    const settings = ['--base-fee', '0', '--gas-price', '0', '--auto-impersonate', '--gas-limit', String(GAS_CEILING), '--silent']
    // Where the system has it, `setpriv` sees to it that anvil does not outlive a stand-in that was killed.
    const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find(existsSync)
    const command = [...(setpriv ? [setpriv, '--pdeathsig', 'KILL'] : []), join(build, 'anvil')]
    const [program, ...words] = [...command, '--host', '127.0.0.1', '--port', String(port), ...settings]
    evm.#program = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
    evm.#program.once('exit', (code) => { if (code !== null) process.exit(1) })
    process.once('exit', () => evm.#program.kill('SIGKILL'))
    for (let tries = 0; ; tries++) {
      try { await evm.ask('eth_chainId', []); return evm } catch (error) {
        if (tries === 200) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async ask (method, params) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params })
    const response = await fetch(this.#url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const { result, error } = await response.json()
    if (error) throw Object.assign(new Error(error.message), { data: error.data })
    return result
  }

  /** Deploys a compiled contract of sandbox/evm; `words` is the constructor's encoded arguments in hexadecimal. */
  async deploy (from, name, words) {
    const { bytecode } = JSON.parse(readFileSync(join(build, `${name}.json`), 'utf8'))
    const receipt = await this.#mined({ from, data: bytecode + words, gas: hex(GAS_CEILING) })
    if (receipt.status !== '0x1') throw new Error(`${name} was not deployed`)
    return receipt.contractAddress
  }

  abi (name) {
    return JSON.parse(readFileSync(join(build, `${name}.json`), 'utf8')).abi
  }

  async hasCode (address) {
    return (await this.ask('eth_getCode', [address, 'latest'])) !== '0x'
  }

  /** A call that changes nothing: what it returns, or why it fails, and its gas. */
  async dryRun (from, to, data) {
    const call = { from, to, data, gas: hex(GAS_CEILING) }
    try {
      const returned = await this.ask('eth_call', [call, 'latest'])
      const gas = BigInt(await this.ask('eth_estimateGas', [call]))
      return { returned: returned.slice(2), gas }
    } catch (error) {
      return { returned: typeof error.data === 'string' ? error.data.slice(2) : '', gas: 0n, failed: true }
    }
  }

  /** A call under a gas limit: how it ended, in java-tron's words. */
  async call (from, to, data, limit) {
    const outOfEnergy = { result: 'OUT_OF_ENERGY', used: limit, logs: [], returned: '' }
    const before = await this.ask('eth_call', [{ from, to, data, gas: hex(GAS_CEILING) }, 'latest']).catch(() => '0x')
    let receipt
    try {
      receipt = await this.#mined({ from, to, data, gas: hex(limit < GAS_CEILING ? limit : GAS_CEILING) })
    } catch {
      return outOfEnergy // less than a transaction's intrinsic gas
    }
    const used = BigInt(receipt.gasUsed)
    if (receipt.status !== '0x1') return used === limit ? outOfEnergy : { ...outOfEnergy, result: 'REVERT', used }
    const logs = receipt.logs.map((log) => ({
      address: log.address.slice(2).toLowerCase(),
      topics: log.topics.map((topic) => topic.slice(2)),
      data: log.data.slice(2)
    }))
    return { result: 'SUCCESS', used, logs, returned: before.slice(2) }
  }

  async #mined (transaction) {
    this.#snapshot = undefined
    const hash = await this.ask('eth_sendTransaction', [{ ...transaction, gasPrice: '0x0' }])
    for (;;) {
      const receipt = await this.ask('eth_getTransactionReceipt', [hash])
      if (receipt) return receipt
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** The state as it is now. While nothing is called, it is one snapshot for many blocks. */
  async snapshot () {
    this.#snapshot ??= { id: await this.ask('evm_snapshot', []) }
    return this.#snapshot
  }

  async revert (snapshot) {
    if (snapshot === this.#snapshot) return
    if (!(await this.ask('evm_revert', [snapshot.id]))) throw new Error('the snapshot is gone')
    snapshot.id = await this.ask('evm_snapshot', []) // going back uses it up
    this.#snapshot = snapshot
  }
}

const hex = (number) => `0x${number.toString(16)}`
