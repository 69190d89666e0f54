// What tronweb, TRON's official JavaScript library, makes of payments, for our code to come out equal with. Nothing of
// ours takes part.
//
//   node oracle.mjs <payments.jsonl >answers.jsonl
//
// A line in: {"key", "to", "token", "amount", "ref_block_bytes", "ref_block_hash", "timestamp", "expiration",
// "fee_limit"}; key, ref_block_bytes and ref_block_hash are hexadecimal, token (a contract) and fee_limit are null for
// TRX, numbers are decimal strings. A line out: {"from", "public_key", "unsigned", "digest", "signed", "signature",
// "txid"} in hexadecimal, but for the address.
import { createInterface } from 'node:readline'
import { TronWeb, utils } from 'tronweb'

const plain = (hex) => hex.replace(/^0x/, '').toLowerCase()
const bytes = (hex) => Uint8Array.from(Buffer.from(plain(hex), 'hex'))

/** A number that the library can hold: it keeps 64-bit fields as IEEE doubles. */
function number (text) {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is more than tronweb can hold`)
  return value
}

export function answer (payment) {
  const from = TronWeb.address.fromPrivateKey(payment.key)
  const value = payment.token === null
    ? { owner_address: TronWeb.address.toHex(from), to_address: TronWeb.address.toHex(payment.to), amount: number(payment.amount) }
    : {
        owner_address: TronWeb.address.toHex(from),
        contract_address: TronWeb.address.toHex(payment.token),
        function_selector: 'transfer(address,uint256)',
        parameter: plain(utils.abi.encodeParams(['address', 'uint256'], [payment.to, payment.amount])),
        call_value: 0
      }
  const type = payment.token === null ? 'TransferContract' : 'TriggerSmartContract'
  const transaction = {
    raw_data: {
      contract: [{ parameter: { value, type_url: `type.googleapis.com/protocol.${type}` }, type }],
      ref_block_bytes: payment.ref_block_bytes,
      ref_block_hash: payment.ref_block_hash,
      timestamp: number(payment.timestamp),
      expiration: number(payment.expiration),
      ...(payment.fee_limit === null ? {} : { fee_limit: number(payment.fee_limit) })
    }
  }
  const message = utils.transaction.txJsonToPb(transaction)
  const txID = plain(utils.transaction.txPbToTxID(message))
  const signature = plain(utils.crypto.signTransaction(payment.key, { ...transaction, txID }).signature[0])
  const unsigned = plain(utils.transaction.txPbToRawDataHex(message))
  message.addSignature(bytes(signature))
  return {
    from,
    public_key: publicKey(payment.key),
    unsigned,
    digest: plain(utils.ethersUtils.sha256(`0x${unsigned}`)),
    signed: Buffer.from(message.serializeBinary()).toString('hex'),
    signature,
    txid: txID
  }
}

/** The compressed form of what the library gives whole. */
function publicKey (key) {
  const whole = Buffer.from(utils.crypto.getPubKeyFromPriKey(bytes(key)))
  const y = whole[whole.length - 1]
  return Buffer.concat([Buffer.from([2 + (y & 1)]), whole.subarray(1, 33)]).toString('hex')
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== '') console.log(JSON.stringify(answer(JSON.parse(line))))
  }
}
