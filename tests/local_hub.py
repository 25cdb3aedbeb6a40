"""A hub on this machine: what huggingface.co does for those who download, and what goes wrong on the way.

Two servers, each with a port of its own: the hub, and the store that it sends people to for large files. Every request is kept.
"""

import hashlib
import json
import ssl
import threading
import urllib.parse
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 16384
HELD_SECONDS_MAX = 600  # longer than any test waits for what should not have waited
POINTER_SIZE = 133  # of what git has in a large file's place


def git_sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def is_large(path):
    return path.endswith((".safetensors", ".bin", ".gguf"))


class Held:
    """A download that stands still after `after` bytes until it is let go."""

    def __init__(self, after):
        self.after, self.reached, self.go = after, threading.Event(), threading.Event()


class LocalHub:
    """Answers are right unless something else was put in their way: each entry of `mishaps[path]` is for one GET of that file's bytes.

    ("cut", N)            N bytes, then the end of the connection
    ("corrupt", None)     a byte in the middle is another
    ("longer", N)         N bytes more than there are, by Content-Length too
    ("no ranges", None)   the whole file, whatever was asked for
    ("status", CODE, HEADERS)
    ("held", Held)
    ("to", URL)           a redirect
    ("raw", CODE, TEXT)   for "list", the list of files

    `files_told` are a commit's files as its list has them, where the list lies.
    """

    def __init__(self, tls=None, store_tls=None):
        self.models, self.tokens, self.gated = {}, {}, set()
        self.mishaps, self.requests = defaultdict(deque), []
        self.named = {}  # model: more entries of its list, as they are
        self.files_told = {}  # commit: the files that its list tells of, where they are others than those that come
        self.tells_blobs = True
        self.versions = {}  # path: [(ETag, content)] that small files have, one a request after another, the last for good
        self.lock = threading.Lock()
        self.hub, self.store = self._serve(HubHandler, tls), self._serve(StoreHandler, store_tls)
        self.url, self.store_url = (f"{'https' if context else 'http'}://localhost:{server.server_port}"
                                    for server, context in ((self.hub, tls), (self.store, store_tls)))

    def _serve(self, handler, tls):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads, server.world = True, self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def close(self):
        for server in (self.hub, self.store):
            server.shutdown()
            server.server_close()

    def add(self, name, files, revision="main"):
        """Returns the commit."""
        commit = hashlib.sha1(json.dumps({path: sha256(content) for path, content in files.items()}).encode()).hexdigest()
        self.models.setdefault(name, {})[revision] = commit
        self.models[name][commit] = files
        return commit

    def content_with(self, digest):
        for revisions in self.models.values():
            for files in revisions.values():
                for path, content in files.items() if isinstance(files, dict) else ():
                    if is_large(path) and sha256(content) == digest:
                        return path, content
        return None

    def asked(self, server, path):
        """The GET requests for a path's bytes at one of the servers, their headers."""
        with self.lock:
            return [headers for where, method, what, headers in self.requests if where == server and method == "GET" and what == path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def world(self):
        return self.server.world

    def keep(self, what):
        with self.world.lock:
            self.world.requests.append((self.place, self.command, what, dict(self.headers)))

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if "Content-Length" not in dict(headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, b"{}", {"X-Error-Code": code, "X-Error-Message": f"{code} it is"})

    def do_HEAD(self):
        self.do_GET()

    def send_file(self, path, content, headers):
        if self.command == "HEAD":
            return self.answer(200, b"", {**headers, "Content-Length": len(content)})
        with self.world.lock:
            mishap = self.world.mishaps[path].popleft() if self.world.mishaps[path] else ("none",)
        if mishap[0] == "status":
            return self.answer(mishap[1], b"{}", mishap[2])
        if mishap[0] == "to":
            return self.answer(302, b"", {**headers, "Location": mishap[1]})
        begin = 0
        asked = self.headers.get("Range", "")
        same = self.headers.get("If-Range", headers["ETag"]) == headers["ETag"]
        if asked.startswith("bytes=") and mishap[0] != "no ranges" and same:
            begin = int(asked[6:].split("-")[0])
            if begin >= len(content):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            headers = {**headers, "Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"}
        body = content[begin:]
        if mishap[0] == "corrupt":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:]
        if mishap[0] == "longer":
            body += b"x" * mishap[1]
        self.send_response(206 if begin else 200)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.send_body(body, mishap)

    def send_body(self, body, mishap):
        if mishap[0] == "cut":
            self.wfile.write(body[:mishap[1]])
            self.close_connection = True
            return
        if mishap[0] == "held":
            held = mishap[1]
            self.wfile.write(body[:held.after])
            self.wfile.flush()
            held.reached.set()
            held.go.wait(HELD_SECONDS_MAX)
            body = body[held.after:]
        try:
            for at in range(0, len(body), PIECE):
                self.wfile.write(body[at:at + PIECE])
        except OSError:  # whoever asked has gone
            self.close_connection = True


class HubHandler(Handler):
    place = "hub"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(part) for part in url.path.strip("/").split("/")]
        if parts[:2] == ["api", "models"] and len(parts) >= 4:
            name, what, revision = "/".join(parts[2:4]), (parts[4:5] or ["revision"])[0], (parts[5:6] or ["main"])[0]
            self.keep("list")
            if self.lets_in(name, revision):
                self.send_list(name, what, self.commit_of(name, revision), "blobs=true" in url.query.lower())
        elif len(parts) >= 5 and parts[2] == "resolve":
            name, revision, path = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
            self.keep(path)
            if self.lets_in(name, revision):
                self.send_resolved(name, self.commit_of(name, revision), path)
        else:
            self.refuse(404, "RepoNotFound")

    def commit_of(self, name, revision):
        known = self.world.models[name].get(revision)
        return revision if isinstance(known, dict) else known

    def lets_in(self, name, revision):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.world.lock:
            busy = self.world.mishaps["list"].popleft() if self.path.startswith("/api") and self.world.mishaps["list"] else None
        if busy and busy[0] == "raw":
            self.answer(busy[1], busy[2].encode())
        elif busy:
            self.answer(busy[1], b"{}", busy[2])
        elif token and token not in self.world.tokens:
            self.answer(401, b"{}", {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif name not in self.world.models:
            self.refuse(404 if token else 401, "RepoNotFound")
        elif name in self.world.gated and name not in self.world.tokens.get(token, ()):
            self.refuse(403 if token else 401, "GatedRepo")
        elif self.commit_of(name, revision) is None:
            self.refuse(404, "RevisionNotFound")
        else:
            return True
        return False

    def send_list(self, name, what, commit, blobs):
        files = self.world.files_told.get(commit, self.world.models[name][commit])
        if what == "tree":
            told = [{"type": "file", "path": path, "size": len(content), "oid": git_sha1(content),
                     **({"lfs": {"oid": sha256(content), "size": len(content), "pointerSize": POINTER_SIZE}} if is_large(path) else {})}
                    for path, content in files.items()]
        else:
            siblings = []
            for path, content in files.items():
                entry = {"rfilename": path}
                if blobs and self.world.tells_blobs:
                    entry |= {"size": len(content), "blobId": git_sha1(content)}
                    if is_large(path):
                        entry["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": POINTER_SIZE}
                siblings.append(entry)
            told = {"id": name, "modelId": name, "sha": commit, "private": False, "siblings": siblings + self.world.named.get(name, [])}
        self.answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def send_resolved(self, name, commit, path):
        content = self.world.models[name][commit].get(path)
        if content is None:
            return self.refuse(404, "EntryNotFound")
        headers = {"X-Repo-Commit": commit}
        if not is_large(path):
            etag, content = self.version_of(path) or (git_sha1(content), content)
            return self.send_file(path, content, {**headers, "ETag": f'"{etag}"'})
        self.answer(302, b"see there", {**headers, "X-Linked-Etag": f'"{sha256(content)}"', "X-Linked-Size": len(content), "ETag": '"a-redirect"',
                                        "Location": f"{self.world.store_url}/{sha256(content)}?signature=1"})


    def version_of(self, path):
        with self.world.lock:
            versions = self.world.versions.get(path)
            return versions and (versions.pop(0) if len(versions) > 1 else versions[0])


class StoreHandler(Handler):
    place = "store"

    def do_GET(self):
        found = self.world.content_with(urllib.parse.urlsplit(self.path).path.strip("/"))
        self.keep(found[0] if found else self.path)
        if found is None:
            return self.answer(404)
        self.send_file(*found, {"ETag": '"the-store-has-its-own"'})
