"""What xrpl-py makes of transactions, for our code to come out equal with. Nothing of ours takes part.

    python oracle.py <transactions.jsonl >answers.jsonl

Lines in and out are those of oracle.mjs.
"""

import hashlib
import json
import sys

from ecpy.curves import Curve
from ecpy.keys import ECPrivateKey
from xrpl.core.binarycodec import encode, encode_for_signing
from xrpl.core.keypairs import derive_classic_address, sign
from xrpl.models.transactions.transaction import Transaction

CURVE = Curve.get_curve("secp256k1")
# tfFullyCanonicalSig: the one flag that Bursar sets.
FLAGS = 0x80000000


def half(prefix, data):
    return hashlib.sha512(prefix + data).hexdigest()[:64].upper()


def public_key(secret):
    point = ECPrivateKey(int(secret, 16), CURVE).get_public_key().W
    return bytes(CURVE.encode_point(point, compressed=True)).hex().upper()


def answer(asked):
    """All that an independent library says of one transaction."""
    key = public_key(asked["key"])
    fields = {
        "TransactionType": asked["kind"],
        "Account": derive_classic_address(key),
        "NetworkID": asked["network"] if asked["network"] > 1024 else None,
        "Flags": FLAGS,
        "Sequence": asked["sequence"] or 0,
        "TicketSequence": asked["ticket"],
        "LastLedgerSequence": asked["last_ledger"],
        "Fee": asked["fee"],
        "SigningPubKey": key,
        "Destination": asked["to"],
        "DestinationTag": asked["tag"],
        "Amount": asked["amount"],
        "SetFlag": asked["set_flag"],
        "ClearFlag": asked["clear_flag"],
        "TicketCount": asked["count"],
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    # Through the library's own model of the transaction, so that it says what it knows of each field.
    fields = Transaction.from_xrpl(fields).to_xrpl()
    signing = bytes.fromhex(encode_for_signing(fields))
    unsigned = encode(fields)
    signature = sign(signing, "00" + asked["key"].upper())
    signed = encode({**fields, "TxnSignature": signature})
    return {
        "account": fields["Account"],
        "public_key": key,
        "unsigned": unsigned,
        "digest": half(b"", signing),
        "signed": signed,
        "signature": signature,
        "txid": half(b"TXN\0", bytes.fromhex(signed)),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(json.loads(line))))
