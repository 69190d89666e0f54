// Compiles every contract in contracts/ to build/<Contract>.json. The same sources and lock file give the same bytes:
// the compiler's version is pinned, the EVM version and the optimiser are fixed, and no metadata hash is appended.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import solc from 'solc'

const here = dirname(fileURLToPath(import.meta.url))
const contracts = join(here, 'contracts')
const build = join(here, 'build')

const settings = {
  evmVersion: 'cancun', // understood by every EVM chain that we serve, and by anvil's default fork
  optimizer: { enabled: true, runs: 200 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } }
}

const names = readdirSync(contracts).filter((name) => name.endsWith('.sol')).sort()
const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(contracts, name), 'utf8') }]))
const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })))

// A warning stops us as an error does: a test contract that surprises its compiler will surprise its reader.
const complaints = (output.errors ?? []).filter((entry) => entry.severity !== 'info')
if (complaints.length > 0) {
  for (const entry of complaints) console.error(entry.formattedMessage)
  process.exit(1)
}

mkdirSync(build, { recursive: true })
const written = new Set()
for (const [source, found] of Object.entries(output.contracts)) {
  for (const [contract, { abi, evm }] of Object.entries(found)) {
    const artifact = {
      contract,
      source,
      compiler: solc.version(),
      evmVersion: settings.evmVersion,
      abi,
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`
    }
    // Written beside and renamed: a test that reads meanwhile sees the old file or the new one, never half of one.
    const target = join(build, `${contract}.json`)
    writeFileSync(`${target}.new`, `${JSON.stringify(artifact, null, 2)}\n`)
    renameSync(`${target}.new`, target)
    written.add(`${contract}.json`)
  }
}
for (const stale of readdirSync(build)) {
  if (stale.endsWith('.json') && !written.has(stale)) rmSync(join(build, stale))
}
