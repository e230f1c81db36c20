"""Prints as JSON what pyocmf makes of each line of a file: strictly parsed, and its signature by a key."""

import json
import sys

from pyocmf import OCMF

records, key_path = sys.argv[1:]
with open(key_path, encoding="ascii") as file:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_public_key(file.read().encode())
spki = key.public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
).hex()
answers = []
with open(records, encoding="utf-8") as file:
    for line in file:
        record = OCMF.from_string(line.rstrip("\n"), strict=True)
        answers.append({"strict": True, "signature": record.verify_signature(spki)})
print(json.dumps(answers))
