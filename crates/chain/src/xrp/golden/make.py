"""Writes xrpl-py.json: what xrpl-py makes of transactions, for our code to come out equal with. Nothing of ours takes part.
Everything is fixed, so that it writes the same file every time:

    cd sandbox/xrp && ../../.tools/venv/bin/python ../../crates/chain/src/xrp/golden/make.py >../../crates/chain/src/xrp/golden/xrpl-py.json
"""

import hashlib
import json
import os
import sys
from importlib.metadata import version

sys.path.insert(0, os.getcwd())
from oracle import answer, derive_classic_address, public_key  # noqa: E402

NONE = {name: None for name in ["sequence", "ticket", "to", "tag", "amount", "set_flag", "clear_flag", "count"]}


def number(name, bits):
    return int.from_bytes(hashlib.sha512(name.encode()).digest(), "big") >> (512 - bits)


def drawn(i):
    def draw(name, bits):
        return number(f"{i} {name}", bits)

    asked = {
        **NONE,
        "key": hashlib.sha256(f"key {i}".encode()).hexdigest(),
        "network": [0, 1, 1024, 1025, 31337, draw("network", 32)][i % 6],
        "last_ledger": 1 + draw("last", 1 + i % 31),
        "fee": str(1 + draw("fee", 1 + i % 56)),
    }
    asked["ticket" if i % 2 else "sequence"] = 1 + draw("token", 1 + i % 31)
    kind = ["Payment", "Payment", "AccountSet", "TicketCreate"][i % 4]
    if kind == "Payment":
        asked["to"] = derive_classic_address(public_key(hashlib.sha256(f"payee {i}".encode()).hexdigest()))
        asked["amount"] = str(1 + draw("amount", 1 + i % 56))
        asked["tag"] = draw("tag", i % 32) if i % 3 else None
    elif kind == "AccountSet":
        flag = [None, 1, 3, 9][draw("flag", 2)]
        asked["set_flag" if draw("way", 1) else "clear_flag"] = flag
    else:
        asked["count"] = 1 + draw("count", 8) % 250
    return {**asked, "kind": kind}


questions = [drawn(i) for i in range(48)]
made = f"by src/xrp/golden/make.py with xrpl-py {version('xrpl-py')}; not by Bursar"
transactions = [{"asked": asked, "answer": answer(asked)} for asked in questions]
print(json.dumps({"made": made, "transactions": transactions}, indent=1))
