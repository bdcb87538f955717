"""Certificates for one cluster: Kubernetes names its users and servers by them.

The common name is the user, the organization its group.  Everything is made anew for every
cluster, so nothing here is worth keeping, and keys are elliptic since those take no time.
"""

import dataclasses
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=365)
SIGNS = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclasses.dataclass(frozen=True)
class Pair:
    """The files of a certificate and of its key."""

    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """A certificate authority that lives as long as the ``up`` that makes it.

    As Kubernetes' own, its certificates have key identifiers and a key usage: Python wants them from 3.13 on.
    """

    def __init__(self, folder: pathlib.Path, name: str, *, bare: bool = False) -> None:
        """Make the authority and write its own certificate and key; a ``bare`` one leaves all that out."""
        self.folder = folder
        self.bare = bare
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = subject(name, "")
        builder = unsigned(self.name, self.name, self.key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        if not bare:
            identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
            builder = builder.add_extension(identifier, critical=False).add_extension(SIGNS, critical=True)
        self.pair = write(folder, name, builder.sign(self.key, hashes.SHA256()), self.key)

    def issue(self, file: str, user: str, group: str = "", hosts: tuple[str, ...] = ()) -> Pair:
        """Write a certificate for a user (of a group), valid for serving as the hosts as well."""
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = unsigned(subject(user, group), self.name, key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        if not self.bare:
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            builder = builder.add_extension(issuer, critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return write(self.folder, file, builder.sign(self.key, hashes.SHA256()), key)


def subject(user: str, group: str) -> x509.Name:
    """Return the name of a user, as Kubernetes reads it."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def general_name(host: str) -> x509.GeneralName:
    """Return a host's name or address as certificates write it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def unsigned(
    owner: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Return what every certificate here has in common."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(owner)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def write(
    folder: pathlib.Path, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> Pair:
    """Write a certificate, and its key, which only its owner reads."""
    pair = Pair(folder / f"{file}.crt", folder / f"{file}.key")
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.touch(mode=0o600)
    none, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    return pair
