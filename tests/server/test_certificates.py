"""Certificates for a network: names, other devices, what is told of a refusal, renewal. With curl, OpenSSL's and NSS's tools, and Python's ssl."""

import json
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
from urllib.parse import urlsplit

import pytest

from programs import BUILT_IN, program, wait_until
from sanctum_server import Server

PROMPT = json.dumps({"model": BUILT_IN, "prompt": "What is 17 + 25?", "max_tokens": 1})
REFUSALS_MAX = 20  # lines in a minute: refusal_log.h
SECONDS_MAX = 60


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
        return True
    except OSError:
        return False


def sanctum(*words, state_dir, code=0):
    result = subprocess.run([program("sanctum"), *map(str, words), "--state-dir", str(state_dir)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def run(*words, code=0):
    result = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert code is None or result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """On every address that there is; it was given names before its first start."""
    state = tmp_path_factory.mktemp("certificates")
    sanctum("certs", "init", "--name", "gpu.example", "--name", "192.0.2.77", state_dir=state)
    running = Server(state)
    running.start(mtls_listen="[::]:0" if has_ipv6() else "0.0.0.0:0")
    yield running
    running.stop()


def port_of(url):
    return urlsplit(url).port


def curl(server, host, *words, path="/v1/models", code=0, client=True, cacert=None):
    certificates = server.certificates
    shown = ["--cert", certificates / "client.pem", "--key", certificates / "client.key"] if client is True else client or []
    return run("curl", "-sS", "--max-time", SECONDS_MAX, "--noproxy", "*", "--cacert", cacert or certificates / "ca.pem", *shown, *words,
               f"https://{host}:{port_of(server.mtls_url)}{path}", code=code)


def addresses_of_this_machine():
    return [word for word in run("hostname", "-I").split() if not word.lower().startswith("fe80")] if shutil.which("hostname") else []


def refusals(server):
    return [line for line in server.log().splitlines() if " tls_refused " in line]


def refusal_of(server, action):
    """What the log says of the one client that `action` has turned away."""
    before = len(refusals(server))
    action()
    wait_until(lambda: len(refusals(server)) > before, SECONDS_MAX, "the refusal is told")
    assert server.request("GET", "/health")[0] == 200  # whatever would come after it has come
    told = refusals(server)[before:]
    assert len(told) == 1, told
    assert re.search(r" peer=\S+:\d+ ", told[0]), "who it was"
    return told[0]


# Names.


def test_the_server_is_trusted_by_every_name_and_address(server):
    """A listener on every address had a certificate for localhost alone."""
    names = ["localhost", "127.0.0.1"] + (["[::1]"] if has_ipv6() else [])
    for address in addresses_of_this_machine():
        if ":" not in address:
            names.append(address)
        elif has_ipv6():
            names.append(f"[{address}]")
    for name in names:
        assert BUILT_IN in curl(server, name), name
    for name in ("gpu.example", socket.gethostname()):
        assert BUILT_IN in curl(server, name, "--resolve", f"{name}:{port_of(server.mtls_url)}:127.0.0.1"), name
    refused = curl(server, "other.example", "--resolve", f"other.example:{port_of(server.mtls_url)}:127.0.0.1", code=60)
    assert "no alternative certificate subject name matches" in refused
    shown = sanctum("certs", "show", state_dir=server.state_dir)
    assert re.search(r"  names localhost, 127\.0\.0\.1, ::1, gpu\.example, 192\.0\.2\.77", shown), shown
    assert len(re.findall(r"\.pem\n(?:  .*\n)+?  valid until 20\d\d-\d\d-\d\d \(\d+ days left\)\n", shown)) == shown.count(".pem\n") >= 3, shown


@pytest.mark.parametrize("name", ["a,DNS:b", "a b", "fe80::1%eth0", "-x", "*.example"])
def test_what_is_no_name_is_refused(tmp_path, name):
    told = sanctum("certs", "init", f"--name={name}", state_dir=tmp_path, code=2)
    assert f"'{name}' is neither an address nor a host name" in told
    assert not (tmp_path / "certs" / "server.pem").exists()


def test_a_name_more_is_used_after_a_restart(start_server):
    server = start_server()
    told = sanctum("certs", "server", "--name", "late.example", state_dir=server.state_dir)
    assert "localhost, 127.0.0.1, ::1, late.example" in told and "`sanctum restart`" in told
    ask = ("late.example", "--resolve", f"late.example:{port_of(server.mtls_url)}:127.0.0.1")
    curl(server, *ask, code=60)  # until then the old one is shown
    sanctum("restart", state_dir=server.state_dir)
    wait_until(lambda: BUILT_IN in curl(server, *ask, code=None), SECONDS_MAX, "the new one is shown")


def test_a_name_that_is_gone_leaves_the_certificate(start_server):
    """Each container that was made anew left its name for ever, until there was no room for the next."""
    server = start_server()
    sanctum("certs", "server", "--name", "former-container", state_dir=server.state_dir)
    (server.certificates / "server.names").unlink()  # as if nobody had given it: it was once this machine's
    sanctum("certs", "server", "--name", "given.example", state_dir=server.state_dir)
    assert "former-container" not in sanctum("certs", "show", state_dir=server.state_dir)
    sanctum("certs", "server", "--name", "former-container", state_dir=server.state_dir)
    (server.certificates / "server.names").write_text("given.example\n")
    server.stop()
    server.start(mtls_listen="127.0.0.2:0")
    assert "info server_certificate_names added=127.0.0.2\n" in server.log() and "info server_certificate_names dropped=former-container\n" in server.log()
    assert "  names localhost, 127.0.0.1, ::1, given.example, 127.0.0.2\n" in sanctum("certs", "show", state_dir=server.state_dir)


# Other devices.


def export(state_dir, *words):
    """(what was said, the pass phrase)."""
    said = sanctum("certs", "export", *words, state_dir=state_dir)
    phrases = re.findall(r"^  ([a-z2-9]{5}(?:-[a-z2-9]{5}){3})$", said, re.MULTILINE)
    assert len(phrases) == 1, said
    return said, phrases[0]


def test_a_phone_gets_a_certificate_of_its_own(server):
    said, phrase = export(server.state_dir, "--name", "phone")
    bundle = server.certificates / "devices" / "phone.p12"
    assert f"wrote {bundle}" in said and "it is shown this once and kept nowhere" in said
    assert f"1. install {server.certificates / 'ca.pem'} as a trusted root" in said and f"2. install {bundle} with the pass phrase" in said
    assert "gpu.example, 192.0.2.77" in said, "by which a phone can reach it"
    assert bundle.stat().st_mode & 0o777 == 0o600

    shown = ["--cert-type", "P12", "--cert", f"{bundle}:{phrase}"]
    assert BUILT_IN in curl(server, "localhost", client=shown)
    curl(server, "localhost", client=["--cert-type", "P12", "--cert", f"{bundle}:wrong"], code=58)
    assert '"text"' in curl(server, "localhost", "--json", PROMPT, client=shown, path="/v1/completions")
    wait_until(lambda: re.search(r' request .*certificate="CN=phone" ', server.log()), SECONDS_MAX, "the log says who asked")

    def asked():
        with sqlite3.connect(f"file:{server.state_dir / 'journal.db'}?mode=ro", uri=True, timeout=10) as database:
            return database.execute("SELECT count(*) FROM requests WHERE certificate = 'CN=phone'").fetchone()[0]

    wait_until(asked, SECONDS_MAX, "the journal says who asked")
    kept = [path for path in server.state_dir.rglob("*") if path.is_file() and phrase.encode() in path.read_bytes()]
    assert kept == [] and phrase not in server.log()
    shown = sanctum("certs", "show", state_dir=server.state_dir)
    assert f"{server.certificates}/devices/phone.pem\n  subject CN=phone\n  valid until " in shown


def test_the_bundle_is_one_that_everybody_imports(server, tmp_path):
    """What OpenSSL 3 writes unasked, phones and keychains take for a wrong pass phrase."""
    _, phrase = export(server.state_dir)
    bundle = server.certificates / "client.p12"
    told = run("openssl", "pkcs12", "-in", bundle, "-info", "-nodes", "-passin", f"pass:{phrase}")
    assert "MAC: sha1" in told and "pbeWithSHA1And3-KeyTripleDES-CBC" in told and "PBES2" not in told
    assert told.count("BEGIN CERTIFICATE") == 2 and told.count("BEGIN PRIVATE KEY") == 1
    _, another = export(server.state_dir)
    assert another != phrase
    if not shutil.which("pk12util"):
        pytest.skip("there is no pk12util here (libnss3-tools)")
    run("certutil", "-N", "-d", tmp_path, "--empty-password")
    assert "PKCS12 IMPORT SUCCESSFUL" in run("pk12util", "-i", bundle, "-d", tmp_path, "-W", another)
    listed = run("certutil", "-L", "-d", tmp_path)
    assert re.search(r"^Sanctum sanctum-client +u,u,u", listed, re.MULTILINE), listed
    assert "Sanctum sanctum-client" in run("certutil", "-K", "-d", tmp_path), "with its key"


def test_another_computer_uses_the_pem_files(server, tmp_path):
    said, _ = export(server.state_dir, "--name", "laptop")
    devices = server.certificates / "devices"
    assert str(devices / "laptop.pem") in said and str(devices / "laptop.key") in said
    for path in (server.certificates / "ca.pem", devices / "laptop.pem", devices / "laptop.key"):
        shutil.copy(path, tmp_path)
    given = ["--cacert", tmp_path / "ca.pem", "--cert", tmp_path / "laptop.pem", "--key", tmp_path / "laptop.key"]
    assert "ready" in run(program("sanctum"), "status", "--url", f"https://localhost:{port_of(server.mtls_url)}", *given)


@pytest.mark.parametrize(("words", "told"), [
    (["export", "--name", "../ca"], "a device's name is up to 64 letters, digits"),
    (["export", "--name", "phone"], "no ca.pem with its ca.key"),
    (["export"], "`sanctum certs init` makes them"),
    (["server"], "was not made by `sanctum certs init`, or ca.key is not beside it"),
    (["client"], "was not made by `sanctum certs init`, or ca.key is not beside it"),
    (["show"], "make some with `sanctum certs init`"),
])
def test_without_certificates_each_command_says_what_to_do(tmp_path, words, told):
    assert told in sanctum("certs", *words, state_dir=tmp_path, code=2)


@pytest.mark.parametrize(("command", "example"), [
    ([], "sanctum certs export --name phone"), (["init"], "sanctum certs init --name gpu.example.org"), (["server"], "sanctum certs server --name gpu.example.org"),
    (["client"], "Example:\n  sanctum certs client"), (["export"], "sanctum chat --url https://gpu.example.org:1337 --cacert ca.pem --cert laptop.pem"), (["show"], "Example:\n  sanctum certs show"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_the_help_teaches(command, example):
    assert example in run(program("sanctum"), "certs", *command, "--help")


# How long they hold.


def end_in(certificates, name, days):
    """Another certificate for the key that is there, all the same but that it ends so soon: 0 has ended."""
    path = certificates / name
    run("openssl", "x509", "-x509toreq", "-in", f"{path}.pem", "-signkey", f"{path}.key", "-copy_extensions", "copyall", "-out", f"{path}.csr")
    run("openssl", "x509", "-req", "-in", f"{path}.csr", "-CA", certificates / "ca.pem", "-CAkey", certificates / "ca.key", "-copy_extensions", "copyall", "-days", days,
        "-out", f"{path}.pem")


def test_expiry_is_said_in_words(tmp_path):
    sanctum("certs", "init", state_dir=tmp_path)
    certificates = tmp_path / "certs"
    said, _ = export(tmp_path, "--name", "phone")
    assert "The server has no name that others can reach: `sanctum certs server --name HOST`" in said
    end_in(certificates, "server", 29)
    end_in(certificates, "client", 0)
    end_in(certificates, "devices/phone", 0)
    told = sanctum("certs", "show", state_dir=tmp_path)
    assert re.search(r"valid until \d{4}-\d\d-\d\d \(2[89] days left\): `sanctum certs server` makes another\n", told), told
    assert re.search(r"EXPIRED on \d{4}-\d\d-\d\d \(0 days ago\): `sanctum certs client` makes another\n", told), told
    assert re.search(r"EXPIRED on \d{4}-\d\d-\d\d \(0 days ago\): `sanctum certs export --name phone` makes another\n", told), told
    assert "client.pem: EXPIRED" in sanctum("certs", "export", state_dir=tmp_path, code=2)
    assert "it is used at once; copies that are elsewhere have to be replaced" in sanctum("certs", "client", state_dir=tmp_path)
    for command in (["server"], ["export", "--name", "phone"]):
        sanctum("certs", *command, state_dir=tmp_path)
    assert not re.search("EXPIRED|makes another", sanctum("certs", "show", state_dir=tmp_path))


def test_what_ends_soon_is_renewed_at_a_start_and_told_where_it_cannot_be(start_server):
    """A server whose certificate had run out served on, and nobody could ask it; the restart that would have mended it was refused."""
    server = start_server()
    certificates = server.certificates
    end_in(certificates, "server", 0)
    told = sanctum("probe", "boots", state_dir=server.state_dir)
    assert re.search(r"OK   the certificates .*server\.pem: EXPIRED on .*`sanctum certs server` makes another; so does the next start", told), told
    expired = rf"warning certificate_expires file={certificates}/server\.pem validity=\"EXPIRED on .*`sanctum certs server` makes another"
    wait_until(lambda: re.search(expired, server.log()), SECONDS_MAX, "it is told while it runs, too")
    sanctum("restart", state_dir=server.state_dir)
    wait_until(lambda: re.search(rf"certificate_renewed file={certificates}/server\.pem until=\d{{4}}-\d\d-\d\d", server.log()), SECONDS_MAX, "it is renewed")
    wait_until(lambda: BUILT_IN in curl(server, "localhost", code=None), SECONDS_MAX, "it serves")
    server.stop()
    end_in(certificates, "server", 0)
    (certificates / "ca.key").unlink()
    server.start()
    assert re.search(rf"warning certificate_expires file={certificates}/server\.pem validity=\"EXPIRED on .* ago\): who made it has to make another", server.log())
    refused = sanctum("probe", "boots", state_dir=server.state_dir, code=1)
    assert re.search(r"FAIL the certificates .*server\.pem: EXPIRED on .*who made it has to make another", refused), refused


def test_what_cannot_be_written_is_no_reason_not_to_serve(start_server):
    """A full disk, or a key that may not be read, and another address: there was no server."""
    server = start_server()
    server.stop()
    certificates = server.certificates
    end_in(certificates, "server", 3)
    (certificates / "ca.key").unlink()
    (certificates / "ca.key").mkdir()
    server.start(mtls_listen="127.0.0.2:0")
    log = server.log()
    assert f'warning certificates_not_written reason="{certificates}/ca.key is not a regular file" advice="what is there is used as it is; mend it and restart"' in log
    assert "warning server_certificate_lacks name=127.0.0.2 " in log and "warning certificate_expires " in log
    assert server.request("GET", "/health")[0] == 200


def test_an_expired_authority_beside_a_good_one_is_no_reason_not_to_restart(start_server, tmp_path):
    server = start_server()
    sanctum("certs", "init", state_dir=tmp_path)
    former = tmp_path / "certs" / "ca"
    run("openssl", "x509", "-in", f"{former}.pem", "-signkey", f"{former}.key", "-days", 0, "-out", f"{former}.old")
    ours = server.certificates / "ca.pem"
    ours.write_text((former.parent / "ca.old").read_text() + ours.read_text())
    told = sanctum("probe", "boots", state_dir=server.state_dir)
    assert re.search(r"OK   the certificates .* fine\n", told), told


def test_who_is_no_longer_let_in_and_what_is_no_certificate_is_listed(tmp_path):
    """After `certs init --force` each device was listed as valid, and a file that was none ended the list."""
    sanctum("certs", "init", state_dir=tmp_path)
    export(tmp_path, "--name", "phone")
    devices = tmp_path / "certs" / "devices"
    (devices / "a.pem").write_text("junk")
    assert "junk" not in export(tmp_path, "--name", "phone")[0], "whose pass phrase was lost"
    sanctum("certs", "init", "--force", state_dir=tmp_path)
    told = sanctum("certs", "show", state_dir=tmp_path)
    assert f"{devices}/a.pem\n  {devices}/a.pem is no certificate in PEM form\n" in told
    assert f"{devices}/phone.pem\n  subject CN=phone\n  of another authority than ca.pem: no longer let in: `sanctum certs export --name phone` makes another\n" in told


def test_the_url_to_open_is_named(server, start_server):
    said, _ = export(server.state_dir)
    assert f"Then open https://gpu.example:{port_of(server.mtls_url)}\nThe server's names: gpu.example, 192.0.2.77" in said
    alone = start_server()
    port = port_of(alone.mtls_url)
    said, _ = export(alone.state_dir)
    assert f"The server listens on 127.0.0.1:{port}, and nobody else can reach it: --mtls-listen 0.0.0.0:{port}\n" in said and "Then open" not in said


# Who is turned away.


def test_a_client_without_a_certificate(server):
    told = refusal_of(server, lambda: curl(server, "localhost", client=None, code=56))
    assert "no client certificate was shown: give client.pem and client.key (curl: --cert, --key)" in told


def test_a_client_with_a_foreign_certificate(server, tmp_path):
    sanctum("certs", "init", state_dir=tmp_path)
    foreign = tmp_path / "certs"
    told = refusal_of(server, lambda: curl(server, "localhost", client=["--cert", foreign / "client.pem", "--key", foreign / "client.key"], code=56))
    assert "its certificate is of another authority than our ca.pem" in told


def test_a_client_whose_certificate_has_expired(server):
    export(server.state_dir, "--name", "old")
    devices = server.certificates / "devices"
    end_in(server.certificates, "devices/old", 0)
    told = refusal_of(server, lambda: curl(server, "localhost", client=["--cert", devices / "old.pem", "--key", devices / "old.key"], code=56))
    assert "has expired: `sanctum certs show` tells which" in told
    for path in devices.glob("old.*"):
        path.unlink()


def test_a_client_that_shows_the_servers_certificate(server):
    certificates = server.certificates
    told = refusal_of(server, lambda: curl(server, "localhost", client=["--cert", certificates / "server.pem", "--key", certificates / "server.key"], code=56))
    assert "its certificate is not one for clients" in told


def test_a_client_that_does_not_trust_us(server, tmp_path):
    sanctum("certs", "init", state_dir=tmp_path)
    told = refusal_of(server, lambda: curl(server, "localhost", cacert=tmp_path / "certs" / "ca.pem", code=60))
    assert "it does not trust our certificate: give it ca.pem (curl: --cacert; phones: install it as a trusted root)" in told


def test_a_client_that_finds_our_certificate_expired(start_server):
    server = start_server()
    end_in(server.certificates, "server", 0)
    (server.certificates / "ca.key").rename(server.certificates / "ca.away")
    server.stop()
    server.start()
    told = refusal_of(server, lambda: curl(server, "localhost", code=60))
    assert "our certificate has expired, or its clock is wrong: `sanctum certs server` makes another, `sanctum restart` takes it" in told


def test_a_client_of_old_tls(server):
    where = f"localhost:{port_of(server.mtls_url)}"
    told = refusal_of(server, lambda: run("openssl", "s_client", "-connect", where, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", code=1))
    assert "it speaks no TLS of version 1.2 or later" in told


def test_probes_and_connections_without_a_word_write_nothing(server):
    """Load balancers connect and leave, all day."""
    before = refusals(server)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port_of(server.mtls_url))) as silent:
            silent.shutdown(socket.SHUT_WR)
            assert silent.recv(1) == b""
    assert "OK   listener https" in sanctum("probe", "alive", "--url", f"https://localhost:{port_of(server.mtls_url)}", state_dir=server.state_dir)
    assert refusals(server) == before


# The wrong port.


def test_plain_http_to_the_tls_port_is_told_where_to_go(server):
    port = port_of(server.mtls_url)
    asked = []
    told = refusal_of(server, lambda: asked.append(run("curl", "-sS", "-i", "--noproxy", "*", "--json", PROMPT, f"http://127.0.0.1:{port}/v1/completions")))
    assert "it spoke plain HTTP to the TLS port" in told
    head, _, body = asked[0].partition("\n\n")
    assert "HTTP/1.1 400 " in head and "Connection: close" in head and "application/json" in head
    error = json.loads(body)["error"]
    assert error["code"] == "plain_http_to_tls_port" and error["type"] == "invalid_request_error"
    assert f"this port speaks TLS, and this was plain HTTP: ask https://127.0.0.1:{port} with a client certificate" in error["message"]
    assert error["message"].endswith(f"plain HTTP is on {server.url}")


@pytest.mark.skipif(not [name for name in addresses_of_this_machine() if ":" not in name], reason="this machine has no network")
def test_plain_http_from_elsewhere_is_not_sent_to_its_own_machine(server):
    address = next(name for name in addresses_of_this_machine() if ":" not in name)
    asked = []
    refusal_of(server, lambda: asked.append(run("curl", "-sS", "--noproxy", "*", f"http://{address}:{port_of(server.mtls_url)}/v1/models")))
    told = json.loads(asked[0])["error"]["message"]
    assert f"ask https://{address}:" in told and "plain HTTP is on" not in told, "that listener is on 127.0.0.1 alone"


def test_plain_http_that_stops_in_a_line_is_answered_and_closed(server):
    said = []

    def stop_in_a_line():
        with socket.create_connection(("127.0.0.1", port_of(server.mtls_url)), timeout=SECONDS_MAX) as slow:
            slow.sendall(b"G")
            while more := slow.recv(4096):
                said.append(more)

    assert "it spoke plain HTTP to the TLS port" in refusal_of(server, stop_in_a_line)
    assert said[0].startswith(b"HTTP/1.1 400 ") and said[-1].endswith(b"}")


def test_tls_to_the_plain_port_leaves_a_line(server):
    told = refusal_of(server, lambda: run("curl", "-sS", "--noproxy", "*", f"https://127.0.0.1:{port_of(server.url)}/", code=35))
    assert "it spoke TLS to the port of plain HTTP" in told


def test_a_scanner_cannot_fill_the_log(start_server):
    server = start_server()
    for _ in range(2 * REFUSALS_MAX):
        with socket.create_connection(("127.0.0.1", port_of(server.mtls_url)), timeout=SECONDS_MAX) as scanner:
            scanner.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            scanner.shutdown(socket.SHUT_WR)
            while scanner.recv(4096):
                pass
    assert server.request("GET", "/health")[0] == 200
    wait_until(lambda: len(refusals(server)) >= REFUSALS_MAX, SECONDS_MAX, "those that are told are told")
    minutes = 1 + int(times_apart(refusals(server)) // 60)
    assert len(refusals(server)) <= minutes * REFUSALS_MAX


def times_apart(lines):
    """Seconds between the first and the last."""
    from datetime import datetime
    first, last = (datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")) for line in (lines[0], lines[-1]))
    return (last - first).total_seconds()


def test_a_client_of_pythons_with_the_bundles_key(server, tmp_path):
    _, phrase = export(server.state_dir, "--name", "script")
    bundle, both = server.certificates / "devices" / "script.p12", tmp_path / "both.pem"
    run("openssl", "pkcs12", "-in", bundle, "-nodes", "-passin", f"pass:{phrase}", "-out", both)
    context = ssl.create_default_context(cafile=str(server.certificates / "ca.pem"))
    context.load_cert_chain(both)
    with socket.create_connection(("127.0.0.1", port_of(server.mtls_url))) as connection, context.wrap_socket(connection, server_hostname="localhost") as trusted:
        trusted.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert trusted.recv(4096).startswith(b"HTTP/1.1 200 ")
