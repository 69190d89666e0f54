// Puts a link to this platform's anvil at build/anvil. node_modules/.bin/anvil is a Node wrapper: killed with SIGKILL,
// as a crash test does, it would leave the node running behind it. The link names the program itself.
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const scope = join(here, 'node_modules', '@foundry-rs')
const build = join(here, 'build')

// npm installs the one optional package that fits the operating system and the processor.
const platform = readdirSync(scope).find((name) => name.startsWith('anvil-'))
if (platform === undefined) {
  console.error(`sandbox/evm: no anvil for ${process.platform} on ${process.arch} among the installed packages`)
  process.exit(1)
}
const program = join(scope, platform, 'bin', 'anvil')
chmodSync(program, 0o755)

mkdirSync(build, { recursive: true })
const link = join(build, 'anvil')
rmSync(`${link}.new`, { force: true })
symlinkSync(relative(build, program), `${link}.new`)
renameSync(`${link}.new`, link)
