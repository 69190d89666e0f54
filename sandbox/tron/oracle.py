"""What tronpy makes of payments, for our code to come out equal with. Nothing of ours takes part.

    python oracle.py <payments.jsonl >answers.jsonl

Lines in and out are those of oracle.mjs. tronpy writes the last byte of a signature as 0 or 1, tronweb as 27 or 28;
nodes take both.
"""

import hashlib
import json
import sys

from tronpy import keys
from tronpy.abi import trx_abi
from tronpy.proto import transaction, tron_pb2

TRANSFER = keys.keccak256(b"transfer(address,uint256)")[:4].hex()


def contract(payment, owner):
    """The payment in the form that nodes and tronpy give it in JSON."""
    if payment["token"] is None:
        kind = "TransferContract"
        value = {
            "owner_address": owner.to_hex_address(),
            "to_address": keys.to_hex_address(payment["to"]),
            "amount": int(payment["amount"]),
        }
    else:
        kind = "TriggerSmartContract"
        arguments = trx_abi.encode_single("(address,uint256)", [payment["to"], int(payment["amount"])])
        value = {
            "owner_address": owner.to_hex_address(),
            "contract_address": keys.to_hex_address(payment["token"]),
            "data": TRANSFER + arguments.hex(),
        }
    url = "type.googleapis.com/protocol." + kind
    return {"parameter": {"value": value, "type_url": url}, "type": kind}


def answer(payment):
    """All that an independent library says of one payment."""
    key = keys.PrivateKey(bytes.fromhex(payment["key"]))
    raw = {
        "contract": [contract(payment, key.public_key)],
        "ref_block_bytes": payment["ref_block_bytes"],
        "ref_block_hash": payment["ref_block_hash"],
        "timestamp": int(payment["timestamp"]),
        "expiration": int(payment["expiration"]),
    }
    if payment["fee_limit"] is not None:
        raw["fee_limit"] = int(payment["fee_limit"])
    txid = transaction.calculate_txid_from_raw_data(raw)
    message = transaction._raw_data_to_protobuf(raw)
    unsigned = message.SerializeToString()
    signature = key.sign_msg_hash(bytes.fromhex(txid)).to_bytes()
    whole = key.public_key.to_bytes()
    return {
        "from": key.public_key.to_base58check_address(),
        "public_key": (bytes([2 + (whole[-1] & 1)]) + whole[:32]).hex(),
        "unsigned": unsigned.hex(),
        "digest": hashlib.sha256(unsigned).hexdigest(),
        "signed": tron_pb2.Transaction(raw_data=message, signature=[signature]).SerializeToString().hex(),
        "signature": signature.hex(),
        "txid": txid,
    }


if __name__ == "__main__":
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(json.loads(line))))
