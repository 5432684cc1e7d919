"""Signatures of plans: ed25519 over `plan_file.signed_text`. The only importer of cryptography, an optional extra.

Keys are PEM files as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from tierops import plan_file
from tierops.errors import BadFile, PlanRefused
from tierops.host import disk
from tierops.model import Plan, Signature
from tierops.text.visible import printable

ALGORITHM = "ed25519"
_LARGEST = 64 * 1024  # bytes of a key file; one takes about 120
_NO_KEY = (ValueError, UnsupportedAlgorithm)


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key to sign with. Raises `BadFile` unless the file holds an unencrypted ed25519 private key."""
    content = disk.read(path, _LARGEST)
    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        raise BadFile(f"{path}: the private key is encrypted; tierops asks for no passphrase") from None
    except _NO_KEY:
        is_public = b"PUBLIC KEY" in content
        found = "a public key, which cannot sign" if is_public else "no private key in PEM"
        raise BadFile(f"{path} holds {found}: make one with `openssl genpkey -algorithm ed25519`") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadFile(f"{path} holds a private key, but not of the kind ed25519")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The key to verify with. Raises `BadFile` unless the file holds an ed25519 public key."""
    content = disk.read(path, _LARGEST)
    try:
        key = load_pem_public_key(content)
    except _NO_KEY:
        is_private = b"PRIVATE KEY" in content
        found = "a private key, which belongs to the signer alone" if is_private else "no public key in PEM"
        raise BadFile(f"{path} holds {found}: take the public one with `openssl pkey -pubout`") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadFile(f"{path} holds a public key, but not of the kind ed25519")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """`sha256:` and the hex digest of the key's DER form, as of `openssl pkey -pubin -outform DER`."""
    return "sha256:" + sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def sign(plan: Plan, key: Ed25519PrivateKey) -> Plan:
    """The plan with a signature, in place of one that it may have."""
    value = key.sign(plan_file.signed_text(plan).encode())
    return plan._replace(signature=Signature(ALGORITHM, fingerprint(key.public_key()), b64encode(value).decode()))


def verify(plan: Plan, key: Ed25519PublicKey) -> None:
    """Raise `PlanRefused` unless the plan carries a signature of this key that fits it."""
    wanted, signature = fingerprint(key), plan.signature
    if signature is None:
        raise PlanRefused(f"the plan is not signed, and a signature by the key {wanted} is required")
    if signature.algorithm != ALGORITHM:
        raise PlanRefused(f"the plan is signed with {printable(signature.algorithm)[:40]}, not with {ALGORITHM}")
    if signature.key != wanted:
        raise PlanRefused(f"the plan is signed by the key {printable(signature.key)[:80]}, not by {wanted}")
    try:
        key.verify(b64decode(signature.value, validate=True), plan_file.signed_text(plan).encode())
    except (InvalidSignature, ValueError):
        raise PlanRefused(
            f"the signature is not one of this plan by the key {wanted}: the plan or the signature was altered"
        ) from None
