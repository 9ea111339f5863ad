"""The keys of one site: a small certificate authority, and the controller's own signing and intake keys.

All lie in one folder that only its owner may read. Private keys are made here and never leave it, except those of an
agent, which are handed to that agent's folder when it is enrolled at set-up.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy.orm import Session

from contract.credential import AGENT_KEY_BYTES
from controller.premises.agent import Agent, Certificate, Enrolment, enrol
from controller.premises.site import Site
from process import secret_file

_AUTHORITY_LIFE = timedelta(days=3650)
_CERTIFICATE_LIFE = timedelta(days=825)
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Authority:
    """The opened keys of a site. `folder` also holds ca.pem, and certificate and key of controller and broker."""

    folder: Path
    signing: Ed25519PrivateKey
    intake: X25519PrivateKey
    ca_key: ec.EllipticCurvePrivateKey
    ca: x509.Certificate


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whom a certificate is for: common name, what it may be used for, and under which names it is reached."""

    name: str
    usage: x509.ObjectIdentifier
    hosts: Sequence[str] = ()


def controller_name(site: str) -> str:
    """The common name and MQTT client id of a site's controller."""
    return f"controller.{site}"


def agent_name(site: str, agent: str) -> str:
    """The common name and MQTT client id of an agent."""
    return f"agent.{site}.{agent}"


def found(folder: Path, site: str, now: datetime, hosts: Sequence[str] = _LOOPBACK) -> Authority:
    """Make all keys of a site in `folder`, which must not hold any yet; `hosts`: the broker's names and addresses."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _self_signed(ca_key, f"Sekisho {site}", now)
    secret_file.write(folder / "ca.key", _pem(ca_key))
    secret_file.write(folder / "ca.pem", ca.public_bytes(serialization.Encoding.PEM))
    secret_file.write(folder / "signing.key", _pem(Ed25519PrivateKey.generate()))
    secret_file.write(folder / "intake.key", _pem(X25519PrivateKey.generate()))
    authority = open_authority(folder)
    _issue_own(authority, site, now, hosts)
    return authority


def renew(authority: Authority, site: str, now: datetime, hosts: Sequence[str] = ()) -> None:
    """Make keys and certificates of controller and broker anew, under the same authority: what doors believe stays.
    hosts: the broker's names and addresses; none: those that its present certificate has."""
    present = x509.load_pem_x509_certificate((authority.folder / "broker.pem").read_bytes())
    names = present.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    _issue_own(authority, site, now, hosts or [str(each.value) for each in names])


def open_authority(folder: Path) -> Authority:
    """The keys that `found` made; ValueError or OSError when they are not there or not ours."""
    signing, intake = _private(folder / "signing.key"), _private(folder / "intake.key")
    ca_key = _private(folder / "ca.key")
    if not isinstance(signing, Ed25519PrivateKey) or not isinstance(intake, X25519PrivateKey):
        raise ValueError(f"{folder}: signing.key or intake.key is of another kind")
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{folder}: ca.key is of another kind")
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    return Authority(folder, signing, intake, ca_key, ca)


def enrol_agent(
    session: Session, authority: Authority, actor: str, now: datetime, site: Site, agent: Agent, folder: Path
) -> None:
    """Make an agent's keys and certificate in `folder` and register their public halves; older ones end with it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    list_key = secrets.token_bytes(AGENT_KEY_BYTES)
    subject = _Subject(agent_name(site.key, agent.key), ExtendedKeyUsageOID.CLIENT_AUTH)
    certificate = _issue(authority, subject, now, folder / "certificate.pem", folder / "broker.key")
    secret_file.write(folder / "signing.key", _pem(signing))
    secret_file.write(folder / "sealing.key", _pem(sealing))
    secret_file.write(folder / "lookup.key", list_key.hex().encode() + b"\n")
    secret_file.write(folder / "ca.pem", authority.ca.public_bytes(serialization.Encoding.PEM))
    secret_file.write(folder / "controller.pub", _public_pem(authority.signing))
    secret_file.write(folder / "intake.pub", _public_pem(authority.intake))
    publics = signing.public_key().public_bytes_raw(), sealing.public_key().public_bytes_raw()
    enrol(session, actor, now, agent, Enrolment(*publics, list_key, certificate))


def _issue_own(authority: Authority, site: str, now: datetime, hosts: Sequence[str]) -> None:
    for stem, subject in (
        ("controller", _Subject(controller_name(site), ExtendedKeyUsageOID.CLIENT_AUTH)),
        ("broker", _Subject(f"broker.{site}", ExtendedKeyUsageOID.SERVER_AUTH, hosts)),
    ):
        _issue(authority, subject, now, authority.folder / f"{stem}.pem", authority.folder / f"{stem}.key")


def _issue(authority: Authority, subject: _Subject, now: datetime, certificate: Path, key_file: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _named(subject.name, authority.ca.subject, key.public_key(), now, _CERTIFICATE_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([subject.usage]), critical=False)
        .add_extension(_authority_id(authority.ca), critical=False)
    )
    if subject.hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(each) for each in subject.hosts]), False)
    made = builder.sign(authority.ca_key, SHA256())
    secret_file.write(key_file, _pem(key))
    secret_file.write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return Certificate(f"{made.serial_number:x}", made.fingerprint(SHA256()).hex(), made.not_valid_after_utc)


def _self_signed(key: ec.EllipticCurvePrivateKey, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _named(name, subject, key.public_key(), now, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _named(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    # An hour back: an agent whose clock is a little slow must still believe its controller.
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
    )


def _authority_id(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


_Private = ec.EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey


def _private(path: Path) -> object:
    return serialization.load_pem_private_key(path.read_bytes(), None)


def _pem(key: _Private) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _public_pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
