"""Which web pages may use the server, by which names it is called, and what a body may look like."""

import gzip
import json
import socket
import subprocess
from urllib.parse import urlsplit

import pytest

from programs import program

EXIT_USAGE = 2
BODY_BYTES_MAX = 64 << 20
EVIL = "https://evil.example"
PAGE = "http://localhost:3000"  # another program's page on this machine


def chat(model, **more):
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "What is 2 + 3?"}], "temperature": 0, "max_tokens": 8, **more})


def answer_to(server, text):
    """(status, all that came until the server closed) of bytes sent as they are."""
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        connection.sendall(text)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(received.split()[1]), received.decode("utf-8", "replace")


def error_of(body):
    return json.loads(body)["error"]


class TestHost:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LocalHost:8080", "localhost.", "[::1]:1338"])
    def test_our_own_names_are_served(self, server, host):
        assert server.request("GET", "/v1/models", headers={"Host": host})[0] == 200

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:1338", "localhost.evil.example", "127.0.0.1.nip.io", "192.0.2.1", ""])
    def test_a_name_that_was_made_to_point_here_is_refused(self, server, model, host):
        for method, path, body in [("GET", "/", None), ("GET", "/health", None), ("POST", "/v1/chat/completions", chat(model))]:
            status, _, answer = server.request(method, path, body, headers={"Host": host})
            assert status == 403, path
            assert error_of(answer)["code"] == "host_not_allowed" and "--allow-host" in error_of(answer)["message"]

    def test_a_target_in_absolute_form_names_a_host_too(self, server):
        assert answer_to(server, b"GET http://evil.example/v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[0] == 403
        assert answer_to(server, b"GET http://localhost/v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")[0] == 403
        assert answer_to(server, b"GET http://localhost:9/v1/models HTTP/1.1\r\nHost: localhost:9\r\nConnection: close\r\n\r\n")[0] == 200

    def test_http_1_0_needs_none(self, server):
        assert answer_to(server, b"GET /health HTTP/1.0\r\n\r\n")[0] == 200
        assert answer_to(server, b"GET /health HTTP/1.0\r\nHost: evil.example\r\n\r\n")[0] == 403

    def test_names_and_origins_can_be_allowed(self, start_server, tmp_path):
        file = tmp_path / "sanctum.toml"
        file.write_text('allow_origin = ["https://app.example"]\n')
        own = start_server("--allow-host", "router.example", "--config", str(file), environment={"SANCTUM_ALLOW_HOST": "not-this.example"})
        assert own.request("GET", "/v1/models", headers={"Host": "Router.example:8080"})[0] == 200
        assert own.request("GET", "/v1/models", headers={"Host": "not-this.example"})[0] == 403, "the flag wins"
        status, headers, _ = own.request("GET", "/v1/models", headers={"Origin": "https://app.example"})
        assert status == 200 and headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert own.request("GET", "/v1/models", headers={"Origin": EVIL})[0] == 403

    @pytest.mark.parametrize(("option", "value"), [("--allow-host", "http://h"), ("--allow-origin", "app.example")])
    def test_a_setting_that_makes_no_sense_is_named(self, tmp_path, option, value):
        refused = subprocess.run([program("sanctum"), "serve", option, value, "--state-dir", str(tmp_path), "--listen", "127.0.0.1:0", "--mtls-listen", "off"],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert refused.returncode == EXIT_USAGE, refused.stderr
        assert option in refused.stderr and value in refused.stderr


class TestOrigin:
    @pytest.mark.parametrize("origin", [EVIL, "http://localhost.evil.example", "null"])
    def test_a_foreign_page_is_refused(self, server, model, origin):
        for method, path, body in [("GET", "/status", None), ("POST", "/v1/chat/completions", chat(model)), ("OPTIONS", "/v1/chat/completions", None)]:
            status, headers, answer = server.request(method, path, body, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
            assert status == 403 and error_of(answer)["code"] == "origin_not_allowed", path
            assert "Access-Control-Allow-Origin" not in headers

    def test_a_page_of_this_machine_reads_answers_errors_and_streams(self, server, model):
        for method, path, body, expected in [("GET", "/v1/models", None, 200), ("GET", "/nothing", None, 404), ("POST", "/v1/chat/completions", "{", 400),
                                             ("POST", "/v1/chat/completions", chat(model), 200), ("POST", "/v1/chat/completions", chat(model, stream=True), 200),
                                             ("DELETE", "/v1/models", None, 405)]:
            status, headers, _ = server.request(method, path, body, headers={"Origin": PAGE})
            assert (status, headers.get("Access-Control-Allow-Origin")) == (expected, PAGE), path
            assert "X-Request-Id" in headers["Access-Control-Expose-Headers"] and headers["Vary"] == "Origin"

    def test_what_is_too_large_can_be_read_too(self, server):
        _, answer = answer_to(server, f"POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: {PAGE}\r\nContent-Type: application/json\r\n"
                                      f"Content-Length: {BODY_BYTES_MAX + 1}\r\n\r\n".encode())
        assert " 413 " in answer and f"Access-Control-Allow-Origin: {PAGE}" in answer

    def test_a_preflight_is_answered_whole(self, server):
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
                 "Access-Control-Request-Private-Network": "true"}
        status, headers, body = server.request("OPTIONS", "/v1/chat/completions", headers=asked)
        assert status == 204 and body == ""
        assert headers["Access-Control-Allow-Origin"] == PAGE and "POST" in headers["Access-Control-Allow-Methods"]
        assert headers["Access-Control-Allow-Headers"] == asked["Access-Control-Request-Headers"]
        assert headers["Access-Control-Allow-Private-Network"] == "true" and int(headers["Access-Control-Max-Age"]) > 0
        status, headers, _ = server.request("OPTIONS", "/v1/models")
        assert status == 204 and headers["Allow"] == "GET, HEAD, OPTIONS"

    def test_our_own_page_works(self, server):
        assert server.request("GET", "/", headers={"Accept": "text/html", "Sec-Fetch-Site": "none"})[0] == 200
        assert server.request("GET", "/status", headers={"Sec-Fetch-Site": "same-origin"})[0] == 200


class TestContentType:
    @pytest.mark.parametrize("browser", [{"Origin": PAGE}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=["origin", "null", "fetch"])
    @pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
    def test_what_a_browser_may_post_unasked_is_refused(self, server, model, browser, kind):
        status, _, answer = server.request("POST", "/v1/chat/completions", chat(model), headers={**browser, "Content-Type": kind})
        assert status == 415 and "application/json" in error_of(answer)["message"]

    @pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"])
    def test_json_is_served(self, server, model, kind):
        assert server.request("POST", "/v1/chat/completions", chat(model), headers={"Origin": PAGE, "Content-Type": kind})[0] == 200

    def test_curl_as_it_is_stays_served(self, server, model):
        as_curl_does = {"User-Agent": "curl/8.0", "Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}
        assert server.request("POST", "/v1/chat/completions", chat(model), headers=as_curl_does)[0] == 200


class TestBody:
    def post(self, server, body, coding="gzip"):
        status, _, answer = server.request("POST", "/v1/chat/completions", body, headers={"Content-Encoding": coding})
        return status, answer

    def test_gzip_is_unpacked(self, server, model):
        plain = server.request("POST", "/v1/chat/completions", chat(model))[2]
        status, answer = self.post(server, gzip.compress(chat(model).encode()))
        assert status == 200 and json.loads(answer)["choices"] == json.loads(plain)["choices"]

    def test_a_bomb_is_refused_at_the_limit(self, server):
        mebibyte = gzip.compress(b" " * (1 << 20))
        status, answer = self.post(server, mebibyte * (BODY_BYTES_MAX >> 20) + gzip.compress(b"{"))
        assert status == 413 and str(BODY_BYTES_MAX) in error_of(answer)["message"]

    def test_other_codings_and_broken_ones_are_named(self, server, model):
        for coding in ("br", "deflate", "gzip, gzip"):
            status, answer = self.post(server, chat(model), coding)
            assert status == 415 and "gzip" in error_of(answer)["message"]
        status, answer = self.post(server, gzip.compress(chat(model).encode())[:-9])
        assert status == 400 and "gzip" in error_of(answer)["message"]

    @pytest.mark.parametrize(("body", "named"), [
        (b"\xef\xbb\xbf{}", "byte order mark"), ("{}".encode("utf-16"), "UTF-16"),
        (b'{"model": "\\ud83d"}', "\\ud83d is a lone surrogate"), (b'{"model": "\xed\xa0\xbd"}', "lone surrogate"), (b'{"model": "\xe9"}', "no UTF-8")])
    def test_what_is_wrong_with_a_text_is_named(self, server, body, named):
        status, _, answer = server.request("POST", "/v1/chat/completions", body)
        assert status == 400 and named in error_of(answer)["message"]

    def test_a_transfer_encoding_without_a_final_chunked_is_400(self, server):
        """Read as a request without a body, its body was served as the next request."""
        hidden = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for lines in ("Transfer-Encoding: gzip", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
                      "Transfer-Encoding: chunked\r\nContent-Length: 4", "Content-Length: 4\r\nContent-Length: 4", "Transfer-Encoding: identity"):
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}\r\n\r\n"
            status, answer = answer_to(server, head.encode() + hidden)
            assert status == 400 and answer.count("HTTP/1.1 ") == 1, lines
