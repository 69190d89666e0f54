// A STAND-IN for a provider of TRON energy, for tests and the demo: it quotes a price, and for a rented quote it delegates
// energy on the stand-in of TRON nodes (server.mjs). Real providers differ in their interfaces; this is the one that
// Bursar's gateway speaks, and a small program beside the gateway can translate it for any of them.
//
//   node provider.mjs --node http://127.0.0.1:PORT [--port 0] [--sun-per-energy 60] [--delay-ms 0]
//
// POST /quote {"receiver", "energy", "duration_s"} -> {"quote", "energy", "price_sun", "valid_until_ms"}
// POST /rent  {"quote"} -> {"order"}; renting a quote twice gives the same order and one delegation.
// POST /faults {"refuse": true} no quotes; {"take": true} rents are taken and nothing is delegated; {"hang": true};
// {"sun_per_energy": n}. GET /orders lists what was rented.
// With --key KEY every request needs `Authorization: Bearer KEY`.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    node: { type: 'string' },
    port: { type: 'string', default: '0' },
    key: { type: 'string' },
    'sun-per-energy': { type: 'string', default: '60' },
    'delay-ms': { type: 'string', default: '0' }
  }
})
const VALID_MS = 60_000
const faults = { refuse: false, take: false, hang: false, sun_per_energy: Number(options['sun-per-energy']) }
const quotes = new Map()
const orders = []
/** What each receiver has been delegated so far. */
const delegated = new Map()

const answers = {
  '/quote': ({ receiver, energy, duration_s: duration }) => {
    if (faults.refuse) throw new Error('no energy left')
    const quote = { quote: randomUUID(), energy, price_sun: energy * faults.sun_per_energy, valid_until_ms: Date.now() + VALID_MS }
    quotes.set(quote.quote, { ...quote, receiver, duration })
    return quote
  },
  '/rent': async ({ quote }) => {
    const found = quotes.get(quote)
    if (found === undefined) throw new Error('no such quote')
    if (found.order !== undefined) return { order: found.order }
    if (Date.now() > found.valid_until_ms) throw new Error('the quote has lapsed')
    found.order = randomUUID()
    orders.push({ order: found.order, receiver: found.receiver, energy: found.energy, price_sun: found.price_sun })
    if (!faults.take) setTimeout(() => delegate(found), Number(options['delay-ms']))
    return { order: found.order }
  },
  '/orders': () => orders,
  '/faults': (changes) => Object.assign(faults, changes)
}

async function delegate ({ receiver, energy }) {
  const sum = (delegated.get(receiver) ?? 0) + energy
  delegated.set(receiver, sum)
  await fetch(`${options.node}/admin/delegate`, { method: 'POST', body: JSON.stringify({ address: receiver, energy: sum }) })
}

const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  if (faults.hang && request.url !== '/faults') return
  if (options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`) return answer(401, { error: 'who are you?' })
  const make = answers[request.url]
  if (make === undefined) return answer(404, { error: 'not here' })
  try { answer(200, await make(body === '' ? {} : JSON.parse(body))) } catch (error) { answer(409, { error: error.message }) }
})
server.listen(Number(options.port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0))
