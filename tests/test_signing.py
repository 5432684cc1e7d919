"""Signed plans: whom a plan is from can be required, with keys and tools that others have too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness import CAMPAIGN, Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tierops import config, plan_file
from tierops.emulator import Emulator
from tierops.errors import Exit
from tierops.host import extras
from tierops.model import Plan
from tierops.plan_file import signing
from tierops.text import jsontext

PLAN = Path("plan.json")
SIGN = ("plan", "--out", str(PLAN), "--sign", "key.pem")
APPLY = ("apply", str(PLAN), "--require-signature", "key.pub")


def save_private(path: str, key, encryption: form.KeySerializationEncryption | None = None) -> None:
    Path(path).touch(0o600)
    none = form.NoEncryption()
    Path(path).write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, encryption or none))


def save_public(path: str, key) -> None:
    Path(path).write_bytes(key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))


@pytest.fixture
def middle_missing(emulator: Emulator, tierops: Run, sample: Path) -> Emulator:
    """One create to plan, and two pairs of keys: key.pem, key.pub and other.pem, other.pub."""
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(CAMPAIGN, "Middle")
    for name in ("key", "other"):
        key = Ed25519PrivateKey.generate()
        save_private(f"{name}.pem", key)
        save_public(f"{name}.pub", key.public_key())
    return emulator


def test_a_signed_plan_is_applied_where_its_signature_is_required(middle_missing: Emulator, tierops: Run) -> None:
    planned = tierops(*SIGN)
    assert (planned.code, "warning" in planned.err) == (Exit.DONE, False)
    ended = tierops(*APPLY)
    assert (ended.code, middle_missing.writes) == (Exit.DONE, 1)
    assert "created: Middle" in ended.out


def test_a_signed_plan_is_a_plan_like_another_where_no_signature_is_required(
    middle_missing: Emulator, tierops: Run
) -> None:
    tierops(*SIGN)
    assert (tierops("apply", str(PLAN)).code, middle_missing.writes) == (Exit.DONE, 1)


def test_a_signature_is_all_that_is_added_to_a_plan(middle_missing: Emulator, tierops: Run) -> None:
    tierops("plan", "--out", str(PLAN))
    unsigned = json.loads(PLAN.read_text())
    assert "signature" not in unsigned
    tierops(*SIGN)
    signed = json.loads(PLAN.read_text())
    Draft202012Validator(json.loads(config.schema("plan"))).validate(signed)
    assert [*signed] == [*(key for key in unsigned if key != "digest"), "signature", "digest"]
    whole = plan_file.loads(PLAN.read_bytes())
    bare = whole._replace(signature=None)
    assert "signature" not in json.loads(plan_file.dumps(bare))
    assert plan_file.signed_text(bare) == plan_file.signed_text(whole)


def test_show_says_by_whom_a_plan_is_signed(middle_missing: Emulator, tierops: Run) -> None:
    planned = tierops(*SIGN, "--format", "json")
    signature = json.loads(PLAN.read_text())["signature"]
    lines = tierops("show", str(PLAN)).out.splitlines()
    assert lines[:3] == ["Plan", "signed (ed25519; not checked here) by", f"  key {signature['key']}"]
    assert json.loads(planned.out)["plan"]["signature"] == signature
    assert json.loads(tierops("show", str(PLAN), "--format", "json").out)["plan"] == json.loads(PLAN.read_text())


# Refused.


def unsigned(plan: Plan) -> Plan:
    return plan._replace(signature=None)


def by_other(plan: Plan) -> Plan:
    return signing.sign(plan, signing.private_key(Path("other.pem")))


def by_other_in_the_name_of_key(plan: Plan) -> Plan:
    return signature(lambda s: s._replace(key=signing.fingerprint(signing.public_key(Path("key.pub")))))(by_other(plan))


def signature(change: Callable) -> Callable[[Plan], Plan]:
    return lambda plan: plan._replace(signature=change(plan.signature))


def flipped(text: str) -> str:
    content = bytearray(b64decode(text))
    content[7] ^= 1
    return b64encode(content).decode()


REFUSED = {
    "unsigned": (unsigned, "the plan is not signed, and a signature by the key sha256:"),
    "by another key": (by_other, "the plan is signed by the key sha256:"),
    "by another key in its name": (by_other_in_the_name_of_key, "the signature is not one of this plan by the key"),
    "for another environment": (lambda plan: plan._replace(environment="x"), "the plan or the signature was altered"),
    "for longer": (lambda plan: plan._replace(expires_at="2037-01-01T00:00:00+00:00"), "was altered"),
    "for less": (lambda plan: plan._replace(targets=()), "was altered"),
    "a bit flipped": (signature(lambda s: s._replace(value=flipped(s.value))), "was altered"),
    "cut short": (signature(lambda s: s._replace(value=s.value[:40])), "was altered"),
    "empty": (signature(lambda s: s._replace(value="")), "was altered"),
    "not base64": (signature(lambda s: s._replace(value="\u202e!")), "was altered"),
    "another algorithm": (signature(lambda s: s._replace(algorithm="none\x1b")), r"with none\x1b, not with ed25519"),
    "another fingerprint": (signature(lambda s: s._replace(key="sha256:0\x1b")), r"by the key sha256:0\x1b, not by "),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_plan_without_the_required_signature_is_refused(how: str, middle_missing: Emulator, tierops: Run) -> None:
    change, sentence = REFUSED[how]
    tierops(*SIGN)
    PLAN.write_text(plan_file.dumps(change(plan_file.loads(PLAN.read_bytes()))))
    requests = len(middle_missing.requests)
    ended = tierops(*APPLY)
    assert (ended.code, middle_missing.writes) == (Exit.REFUSED, 0)
    assert sentence in ended.err
    assert len(middle_missing.requests) == requests


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_one_byte_of_a_signed_plan_altered_is_refused(
    data: st.DataObject, middle_missing: Emulator, tierops: Run
) -> None:
    if not Path("signed.json").exists():
        tierops(*SIGN)
        PLAN.rename("signed.json")
    content = bytearray(Path("signed.json").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    PLAN.write_bytes(content)
    assert tierops(*APPLY).code == Exit.REFUSED
    assert tierops("apply", str(PLAN)).code == Exit.REFUSED  # the digest covers the signature too
    assert middle_missing.writes == 0


# Keys and command lines that are no good. Nothing is sent then.


def secret(path: str) -> None:
    save_private(path, Ed25519PrivateKey.generate(), form.BestAvailableEncryption(b"passphrase"))


PRIVATE = {
    "rsa": (lambda p: save_private(p, rsa.generate_private_key(65537, 2048)), "but not of the kind ed25519"),
    "ec": (lambda p: save_private(p, ec.generate_private_key(ec.SECP256R1())), "but not of the kind ed25519"),
    "ed448": (lambda p: save_private(p, ed448.Ed448PrivateKey.generate()), "but not of the kind ed25519"),
    "encrypted": (secret, "the private key is encrypted; tierops asks for no passphrase"),
    "public": (lambda p: shutil.copy("key.pub", p), "holds a public key, which cannot sign: make one with `openssl"),
    "text": (lambda p: Path(p).write_text("hello"), "holds no private key in PEM: make one with `openssl genpkey"),
    "cut short": (lambda p: Path(p).write_text(Path("key.pem").read_text()[:60]), "holds no private key in PEM"),
    "empty": (lambda p: Path(p).touch(), "holds no private key in PEM"),
    "missing": (lambda p: None, "cannot read bad.pem: No such file or directory"),
    "pipe": (os.mkfifo, "cannot read bad.pem: it is not a regular file"),
    "folder": (lambda p: Path(p).mkdir(), "Is a directory"),
}
PUBLIC = {
    "rsa": (
        lambda p: save_public(p, rsa.generate_private_key(65537, 2048).public_key()),
        "holds a public key, but not of the kind ed25519",
    ),
    "private": (lambda p: shutil.copy("key.pem", p), "holds a private key, which belongs to the signer alone: take"),
    "text": (lambda p: Path(p).write_text("hello"), "holds no public key in PEM: take the public one with `open"),
    "empty": (lambda p: Path(p).touch(), "holds no public key in PEM"),
    "missing": (lambda p: None, "cannot read bad.pem: No such file or directory"),
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_a_key_that_cannot_sign_is_refused(kind: str, middle_missing: Emulator, tierops: Run) -> None:
    make, reason = PRIVATE[kind]
    make("bad.pem")
    ended = tierops("plan", "--out", str(PLAN), "--sign", "bad.pem")
    assert (ended.code, middle_missing.requests) == (Exit.FAILED, [])
    assert reason in " ".join(ended.err.split())
    assert not PLAN.exists()


@pytest.mark.parametrize("kind", PUBLIC)
def test_a_key_that_cannot_verify_is_refused(kind: str, middle_missing: Emulator, tierops: Run) -> None:
    make, reason = PUBLIC[kind]
    tierops(*SIGN)
    make("bad.pem")
    ended = tierops("apply", str(PLAN), "--require-signature", "bad.pem")
    assert (ended.code, middle_missing.writes) == (Exit.FAILED, 0)
    assert reason in ended.err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("plan --sign key.pem", "say with --out where to save it"),
        ("apply --auto-approve --require-signature key.pub", "--require-signature is for a plan file: name one"),
        ("apply --require-signature key.pub", "--require-signature is for a plan file: name one"),
    ],
)
def test_a_signature_belongs_to_a_plan_file(line: str, reason: str, middle_missing: Emulator, tierops: Run) -> None:
    ended = tierops(*line.split())
    assert (ended.code, middle_missing.requests) == (Exit.USAGE, [])
    assert reason in ended.err


def test_a_private_key_that_others_can_read_is_warned_about_even_when_quiet(
    middle_missing: Emulator, tierops: Run
) -> None:
    Path("key.pem").chmod(0o640)
    ended = tierops(*SIGN, "--quiet")
    assert (ended.code, PLAN.exists()) == (Exit.DONE, True)
    assert ended.err == "warning: other users of this machine can read key.pem: chmod 600 key.pem\n"


@pytest.mark.parametrize("line", [SIGN, APPLY])
def test_without_the_extra_a_signature_says_what_to_install(
    line: tuple[str, ...], middle_missing: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tierops("plan", "--out", str(PLAN))
    before = PLAN.read_bytes()
    monkeypatch.delitem(sys.modules, "tierops.plan_file.signing")
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    ended = tierops(*line)
    assert ended.code == Exit.FAILED
    assert ended.err == "error: signatures need cryptography: pip install 'tierops[sign]'\n"
    assert (PLAN.read_bytes(), middle_missing.writes) == (before, 0)


def test_a_module_that_is_missing_for_no_known_reason_is_no_user_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        extras.load("nowhere")


def test_nothing_of_cryptography_is_imported_where_nothing_is_signed(middle_missing: Emulator, tierops: Run) -> None:
    tierops(*SIGN)
    program = (
        "import sys\nfrom tierops.cli import run\n"
        "for line in (['plan', '--out', 'new.json'], ['show', 'plan.json'], ['apply', 'plan.json']):\n"
        "    assert run(line) == 0\n"
        "assert not {'cryptography', 'tierops.plan_file.signing'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)


# With OpenSSL's own tool.


def openssl(*arguments: str) -> bytes:
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("there is no openssl here")
    return subprocess.run([tool, *arguments], capture_output=True, check=True).stdout


def test_keys_by_openssl_sign_and_verify(middle_missing: Emulator, tierops: Run) -> None:
    openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub")
    tierops(*SIGN)
    assert (tierops(*APPLY).code, middle_missing.writes) == (Exit.DONE, 1)


def test_openssl_verifies_what_tierops_signed(middle_missing: Emulator, tierops: Run) -> None:
    tierops(*SIGN)
    data = jsontext.loads(PLAN.read_bytes())
    signed = data.pop("signature")
    del data["digest"]
    Path("signed").write_text(json.dumps(json.loads(jsontext.dumps(data)), sort_keys=True, separators=(",", ":")))
    Path("value").write_bytes(b64decode(signed["value"]))
    verify = ("pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin", "-in", "signed", "-sigfile", "value")
    assert b"Signature Verified Successfully" in openssl(*verify)
    Path("der").write_bytes(openssl("pkey", "-pubin", "-in", "key.pub", "-outform", "DER"))
    assert openssl("dgst", "-sha256", "-r", "der").split()[0].decode() == signed["key"].removeprefix("sha256:")
    Path("signed").write_text(Path("signed").read_text().replace("Middle", "Muddle"))
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify)
