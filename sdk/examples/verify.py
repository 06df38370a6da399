"""Verify a code against the demo: ``python -m sdk.examples.verify``, while ``make run`` runs.

Without a code it registers an invented patient and gets a code for them first.
"""

import json
import subprocess
import sys

from sdk import Client, EhcError

demo = json.loads(subprocess.check_output([sys.executable, "manage.py", "demo_credentials", "--json"]))
native = demo["native"]
with Client(demo["base_url"], native["clientId"], native["keyId"], native["secret"]) as ehc:
    try:
        if len(sys.argv) > 1:
            code = sys.argv[1]
        else:
            card = ehc.register_card(name="测试", id_type="01", id_number="11010020171225006X")
            code = ehc.mint_code(card.health_card_id).code
        seen = ehc.verify(code, scene="0101012", terminal_id=demo["terminal"]["terminalId"])
        print(seen.person.name, seen.person.id_number, seen.verified_at)
    except EhcError as error:
        sys.exit(f"{error.code}: {error.detail} (trace {error.trace_id})")
