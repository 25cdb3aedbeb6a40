"""Who may use the page, and what it may do: keys, the origin policy, the content policy."""

import subprocess

import pytest
from playwright.sync_api import Error, expect

from programs import program
from sanctum_server import Server


def keys(server, *words):
    return subprocess.run([program("sanctum"), "keys", *words, "--state-dir", str(server.state_dir)], env=server.environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.fixture(scope="module")
def lockable(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("lockable"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def key(lockable):
    """An API key of the server, which wants one as long as the test runs."""
    yield keys(lockable, "add", "page")
    keys(lockable, "remove", "page")


def test_with_a_key_the_browser_sends_it(browser, open_page, lockable, key):
    context = browser.new_context()
    with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):  # nobody is there to give them
        context.new_page().goto(lockable.url)
    context.close()
    chat = open_page(lockable, http_credentials={"username": "", "password": key, "send": "unauthorized"})
    chat.ask("What is 17 + 25?")
    expect(chat.text()).to_have_text("17 + 25 = 42")
    chat.page.get_by_role("link", name="Server").click()
    expect(chat.page.locator("#curl-chat")).to_contain_text("Authorization: Bearer $SANCTUM_API_KEY")


def test_a_key_in_the_address(open_page, lockable, key):
    chat = open_page(lockable, base=lockable.url.replace("//", f"//me:{key}@"))
    chat.network_fails = True  # the 401 after which Chromium shows the key
    chat.ask("What is 17 + 25?")
    expect(chat.text()).to_have_text("17 + 25 = 42")


def test_a_page_that_was_open_says_what_to_do(open_page, lockable, request):
    chat = open_page(lockable)
    chat.network_fails = True
    request.getfixturevalue("key")
    chat.ask("Hello")
    expect(chat.note()).to_contain_text("This server wants an API key. Load this page again")
    expect(chat.page.locator("#state")).to_have_text("wants a key")


def test_nothing_that_is_not_the_servers_runs_or_is_asked(chat):
    """Each of these is what the policy is there for; Chromium tells the console."""
    assert "default-src 'none'" in chat.page.request.get(chat.server.url).headers["content-security-policy"]
    refused = chat.page.evaluate("""async () => {
      const broken = [];
      document.addEventListener("securitypolicyviolation", (event) => broken.push(event.effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "document.title = 'taken'";
      document.body.append(script);
      const picture = new Image();
      picture.src = "http://localhost:1/x.png";
      await fetch("http://localhost:1/").catch(() => 0);
      document.body.setAttribute("onclick", "document.title = 'taken'");
      document.body.click();
      while (broken.length < 4) await new Promise(requestAnimationFrame);
      return broken.sort();
    }""")
    assert refused == ["connect-src", "img-src", "script-src-attr", "script-src-elem"]
    assert chat.page.title() == "Sanctum"
    told, chat.said = chat.said, []
    assert len(told) >= 4 and all("Content Security Policy" in line for line in told), told
    chat.asked = [request for request in chat.asked if not request.url.startswith("http://localhost:1/")]
